/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The timer wheel. A slot holds the timers of all ticks with the same remainder; those of a later
 * round are passed over.
 */
#include "base/wheel.h"

static unsigned slot_of(int64_t tick)
{
	return (unsigned)((uint64_t)tick % WHEEL_SLOTS);
}

static void mark(struct wheel *wheel, unsigned slot)
{
	wheel->used[slot / 64] |= UINT64_C(1) << slot % 64;
}

static void unmark_if_empty(struct wheel *wheel, unsigned slot)
{
	if (list_empty(&wheel->slots[slot]))
		wheel->used[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

void wheel_init(struct wheel *wheel, int64_t now_us)
{
	*wheel = (struct wheel){ .tick = now_us / WHEEL_TICK_US };
	for (unsigned i = 0; i < WHEEL_SLOTS; i++)
		list_init(&wheel->slots[i]);
}

void wheel_timer_init(struct wheel_timer *timer, wheel_timer_fn fn)
{
	list_init(&timer->link);
	timer->due_tick = 0;
	timer->fn = fn;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_us)
{
	wheel_clear(wheel, timer);
	timer->due_tick = (due_us + WHEEL_TICK_US - 1) / WHEEL_TICK_US;
	if (timer->due_tick <= wheel->tick)
		timer->due_tick = wheel->tick + 1;
	list_append(&wheel->slots[slot_of(timer->due_tick)], &timer->link);
	mark(wheel, slot_of(timer->due_tick));
	wheel->count++;
}

void wheel_clear(struct wheel *wheel, struct wheel_timer *timer)
{
	if (!timer->due_tick)
		return;
	list_remove(&timer->link);
	unmark_if_empty(wheel, slot_of(timer->due_tick));
	timer->due_tick = 0;
	wheel->count--;
}

/* First those that are due leave the slot: what runs may put others into it. */
static void run_slot(struct wheel *wheel, unsigned slot, int64_t now_us)
{
	struct list due;

	list_init(&due);
	list_each_safe(l, &wheel->slots[slot])
	{
		struct wheel_timer *timer = container_of(l, struct wheel_timer, link);

		if (timer->due_tick > wheel->tick)
			continue;
		list_remove(l);
		list_append(&due, l);
	}
	unmark_if_empty(wheel, slot);
	while (!list_empty(&due)) {
		struct wheel_timer *timer = container_of(due.next, struct wheel_timer, link);

		wheel_clear(wheel, timer);
		timer->fn(timer, now_us);
	}
}

/* How many ticks on, from `tick`, the first slot with timers is; WHEEL_SLOTS: none. */
static unsigned ahead_of(const struct wheel *wheel, int64_t tick)
{
	unsigned first = slot_of(tick);

	for (unsigned n = 0; n < WHEEL_SLOTS;) {
		unsigned slot = (first + n) % WHEEL_SLOTS;
		uint64_t word = wheel->used[slot / 64] >> slot % 64;

		if (word)
			return n + (unsigned)__builtin_ctzll(word);
		n += 64 - slot % 64;
	}
	return WHEEL_SLOTS;
}

/* After a long rest each slot is looked at once: `tick` is then as late as it may be. */
void wheel_run(struct wheel *wheel, int64_t now_us)
{
	int64_t last = now_us / WHEEL_TICK_US;

	if (last - wheel->tick > WHEEL_SLOTS)
		wheel->tick = last - WHEEL_SLOTS;
	while (wheel->tick < last) {
		int64_t next = wheel->tick + 1 + ahead_of(wheel, wheel->tick + 1);

		if (next > last) {
			wheel->tick = last;
			return;
		}
		wheel->tick = next;
		run_slot(wheel, slot_of(next), now_us);
	}
}

int64_t wheel_next_us(const struct wheel *wheel)
{
	if (!wheel->count)
		return -1;
	return (wheel->tick + 1 + ahead_of(wheel, wheel->tick + 1)) * WHEEL_TICK_US;
}
