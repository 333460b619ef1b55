/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue between those who log and the main thread, who writes. The lock is held for linking
 * a line in or the whole queue out, never while anything is formatted, freed or written.
 */
#include "base/log_priv.h"

#include <pthread.h>
#include <stdatomic.h>

#include <glib.h>

static struct {
	pthread_mutex_t lock; /* guards what follows */
	bool open;
	void (*wake)(void);
	struct log_line *first, *last;
	unsigned lines;
	size_t bytes;
	uint64_t dropped; /* since the last line that found room */
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_uint_fast64_t dropped_ever;

void log_ring_open(void (*wake)(void))
{
	pthread_mutex_lock(&ring.lock);
	ring.open = true;
	ring.wake = wake;
	pthread_mutex_unlock(&ring.lock);
}

void log_ring_close(void)
{
	pthread_mutex_lock(&ring.lock);
	ring.open = false;
	ring.wake = NULL;
	pthread_mutex_unlock(&ring.lock);
}

/* Under the lock. False: no room. */
static bool link_line(struct log_line *line)
{
	size_t bytes = sizeof(*line) + line->len + 1;

	if (ring.lines >= LOG_RING_LINES || bytes > LOG_RING_BYTES - ring.bytes) {
		ring.dropped++;
		return false;
	}
	line->next = NULL;
	line->dropped_before = ring.dropped;
	ring.dropped = 0;
	if (ring.last)
		ring.last->next = line;
	else
		ring.first = line;
	ring.last = line;
	ring.lines++;
	ring.bytes += bytes;
	return true;
}

bool log_ring_put(struct log_line *line)
{
	void (*wake)(void) = NULL;
	bool open, linked = false;

	pthread_mutex_lock(&ring.lock);
	open = ring.open;
	if (open) {
		if (!ring.first)
			wake = ring.wake;
		linked = link_line(line);
	}
	pthread_mutex_unlock(&ring.lock);

	if (!open)
		return false;
	if (!linked) {
		atomic_fetch_add_explicit(&dropped_ever, 1, memory_order_relaxed);
		g_free(line);
	}
	if (linked && wake)
		wake();
	return true;
}

struct log_line *log_ring_take(bool closing, uint64_t *ret_dropped)
{
	struct log_line *first;

	pthread_mutex_lock(&ring.lock);
	first = ring.first;
	ring.first = ring.last = NULL;
	ring.lines = 0;
	ring.bytes = 0;
	*ret_dropped = closing ? ring.dropped : 0;
	if (closing)
		ring.dropped = 0;
	pthread_mutex_unlock(&ring.lock);
	return first;
}

uint64_t log_dropped(void)
{
	return atomic_load_explicit(&dropped_ever, memory_order_relaxed);
}
