/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue before a back end: order, batches, readings, and work that is done elsewhere. */
#include "offload/offload.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"

enum { MANY = 1000 };

/* A back end that writes down what it is asked for. */
static struct {
	GString *said;
	unsigned calls, at_once, largest;
	int refuse, read_error, remove_error;
	uint16_t stuck; /* the port of one that cannot be removed alone; 0: none */
	bool forgets;
	GArray *set; /* struct offload_counts */
} backend;

static void say(char what, const struct offload_item *item)
{
	g_string_append_printf(backend.said, "%c%u ", what, item->target.local.port);
}

static void enter(unsigned count)
{
	g_assert_cmpuint(backend.at_once++, ==, 0);
	g_assert_cmpuint(count, <=, OFFLOAD_BATCH);
	backend.largest = MAX(backend.largest, count);
	backend.calls++;
}

static void set(void *handle, struct offload_item *const *items, unsigned count, int *ret_errors)
{
	g_assert_true(handle == &backend);
	enter(count);
	for (unsigned i = 0; i < count; i++) {
		struct offload_counts counts = { .id = items[i]->id, .packets = 5 };

		say('+', items[i]);
		ret_errors[i] = backend.refuse;
		if (!backend.refuse)
			g_array_append_val(backend.set, counts);
	}
	backend.at_once--;
}

static bool removal_fails(struct offload_item *const *items, unsigned count)
{
	bool has_stuck = !backend.stuck;

	for (unsigned i = 0; i < count; i++)
		has_stuck |= items[i]->target.local.port == backend.stuck;
	return backend.remove_error && has_stuck;
}

static int take_away(void *handle, struct offload_item *const *items, unsigned count,
	struct offload_counts *ret_counts)
{
	(void)handle;
	enter(count);
	if (removal_fails(items, count)) {
		g_string_append_printf(backend.said, "(%u) ", count);
		backend.at_once--;
		return backend.remove_error;
	}
	for (unsigned i = 0; i < count; i++) {
		say('-', items[i]);
		for (unsigned n = 0; n < backend.set->len; n++)
			if (g_array_index(backend.set, struct offload_counts, n).id ==
				items[i]->id) {
				ret_counts[i] = g_array_index(
					backend.set, struct offload_counts, n);
				g_array_remove_index(backend.set, n);
				break;
			}
	}
	backend.at_once--;
	return 0;
}

static int read_all(void *handle, GArray *counts)
{
	(void)handle;
	enter(0);
	g_string_append(backend.said, "read ");
	if (!backend.forgets)
		g_array_append_vals(counts, backend.set->data, backend.set->len);
	backend.at_once--;
	return backend.read_error;
}

static int refresh(void *handle)
{
	(void)handle;
	g_string_append(backend.said, "refresh ");
	return 0;
}

static void close_backend(void *handle)
{
	(void)handle;
	g_string_append(backend.said, "close ");
}

static const struct offload_backend recorder = {
	.name = "recorder",
	.set = set,
	.remove = take_away,
	.read = read_all,
	.refresh = refresh,
	.close = close_backend,
};

static GString *told;

static void take_news(GArray *news, void *arg)
{
	static const char names[] = {
		[OFFLOAD_SET] = 's',
		[OFFLOAD_REFUSED] = 'r',
		[OFFLOAD_COUNTS] = 'c',
		[OFFLOAD_LOST] = 'l',
		[OFFLOAD_GONE] = 'g',
	};

	(void)arg;
	for (unsigned i = 0; i < news->len; i++) {
		const struct offload_news *n = &g_array_index(news, struct offload_news, i);

		g_string_append_printf(told, "%c%u%s ", names[n->what], n->item->target.local.port,
			n->has_counts ? "*" : "");
	}
	g_array_unref(news);
}

static void begin(void)
{
	memset(&backend, 0, sizeof(backend));
	backend.said = g_string_new(NULL);
	backend.set = g_array_new(FALSE, FALSE, sizeof(struct offload_counts));
	told = g_string_new(NULL);
}

static void end(struct offload *o)
{
	offload_free(o);
	g_assert_true(g_str_has_suffix(backend.said->str, "close "));
	g_string_free(backend.said, TRUE);
	g_string_free(told, TRUE);
	g_array_free(backend.set, TRUE);
}

static struct offload *new_at_once(void)
{
	begin();
	return offload_new(&recorder, &backend, NULL, take_news, NULL);
}

static struct offload_item item_of(uint16_t port)
{
	return (struct offload_item){ .target.local.port = port };
}

static void test_each_is_told_of(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	g_assert_cmpstr(offload_name(o), ==, "recorder");
	offload_add(o, &a);
	g_assert_cmpuint(offload_count(o), ==, 1);
	offload_tick(o, 0);
	offload_remove(o, &a);
	g_assert_cmpuint(offload_count(o), ==, 0);
	g_assert_cmpstr(told->str, ==, "s1 c1* g1* ");
	g_assert_cmpstr(backend.said->str, ==, "+1 read -1 ");
	end(o);
}

static void test_refused(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	backend.refuse = -ENOSPC;
	offload_add(o, &a);
	g_assert_cmpuint(offload_count(o), ==, 0);
	offload_remove(o, &a);
	g_assert_cmpstr(told->str, ==, "r1 g1 ");
	end(o);
}

static void test_lost_once(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	offload_add(o, &a);
	backend.forgets = true;
	offload_tick(o, 0); /* it may have been set after this reading began */
	offload_tick(o, 1);
	offload_tick(o, 2);
	g_assert_cmpstr(told->str, ==, "s1 l1 ");
	g_assert_cmpuint(offload_count(o), ==, 0);
	offload_remove(o, &a);
	end(o);
}

/* What cannot be read is not lost, unless that goes on. */
static void test_reading_fails(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	offload_add(o, &a);
	for (unsigned i = 0; i < 6; i++) {
		backend.read_error = i % 3 == 2 ? 0 : -ENOBUFS;
		offload_tick(o, i);
	}
	g_assert_cmpuint(offload_count(o), ==, 1);
	g_assert_cmpstr(told->str, ==, "s1 c1* c1* ");
	backend.read_error = -ENOBUFS;
	for (unsigned i = 6; i < 12; i++)
		offload_tick(o, i);
	g_assert_cmpuint(offload_count(o), ==, 0);
	offload_remove(o, &a);
	g_assert_cmpstr(told->str, ==, "s1 c1* c1* l1 g1* ");
	end(o);
}

static unsigned lines;

static void count_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
	lines++;
}

/* An error that lasts is one line, and one more when it is over. */
static void test_errors_are_told_once(void)
{
	struct offload *o = new_at_once();
	struct offload_item items[3] = { item_of(1), item_of(2), item_of(3) };

	lines = 0;
	log_set_level(LOG_L_NOTICE);
	log_set_sink(count_line, NULL);
	offload_add(o, &items[0]);
	backend.read_error = -ENOBUFS;
	offload_tick(o, 0);
	offload_tick(o, 1);
	g_assert_cmpuint(lines, ==, 1);
	backend.read_error = 0;
	offload_tick(o, 2);
	offload_tick(o, 3);
	g_assert_cmpuint(lines, ==, 2);
	backend.refuse = -ENOSPC;
	offload_add(o, &items[1]);
	offload_add(o, &items[2]);
	g_assert_cmpuint(lines, ==, 3);
	backend.refuse = -EADDRINUSE;
	offload_remove(o, &items[1]);
	offload_add(o, &items[1]);
	g_assert_cmpuint(lines, ==, 4);
	for (unsigned i = 0; i < 3; i++)
		offload_remove(o, &items[i]);
	log_set_sink(NULL, NULL);
	end(o);
}

/* What was not removed is not gone: its ports are not free. */
static void test_removal_fails(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	offload_add(o, &a);
	backend.remove_error = -ENOMEM;
	offload_remove(o, &a);
	g_assert_cmpstr(told->str, ==, "s1 ");
	offload_tick(o, 0);
	g_assert_cmpstr(told->str, ==, "s1 c1* ");
	backend.remove_error = 0;
	offload_tick(o, 1);
	g_assert_cmpstr(told->str, ==, "s1 c1* g1* ");
	g_assert_cmpstr(backend.said->str, ==, "+1 (1) (1) read -1 read ");
	end(o);
}

static void test_removed_without_counters(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	offload_add(o, &a);
	backend.remove_error = -ENOBUFS;
	offload_remove(o, &a);
	g_assert_cmpstr(told->str, ==, "s1 g1 ");
	end(o);
}

/* One that cannot be removed does not keep the others. */
static void test_one_removal_fails(void)
{
	struct mailbox *home = mailbox_new();
	struct helper_pool *pool = helper_pool_new(1, home);
	struct offload_item items[3] = { item_of(1), item_of(2), item_of(3) };
	struct offload *o;

	begin();
	/* Stopped: a job begins with what was asked for until its mailbox is read. */
	helper_pool_stop(pool);
	o = offload_new(&recorder, &backend, pool, take_news, NULL);
	for (unsigned i = 0; i < 3; i++)
		offload_add(o, &items[i]);
	while (mailbox_pending(home))
		mailbox_run(home);
	offload_tick(o, 0); /* busy, so that removals wait for one job */
	backend.remove_error = -EINVAL;
	backend.stuck = 2;
	for (unsigned i = 0; i < 3; i++)
		offload_remove(o, &items[i]);
	while (mailbox_pending(home))
		mailbox_run(home);
	g_assert_nonnull(strstr(backend.said->str, "(3) -1 (1) -3 "));
	g_assert_nonnull(strstr(told->str, "g1* g3* "));
	backend.remove_error = 0;
	offload_tick(o, 1);
	while (mailbox_pending(home))
		mailbox_run(home);
	g_assert_true(g_str_has_suffix(told->str, "g2* "));
	end(o);
	helper_pool_free(pool);
	mailbox_free(home);
}

/* All is let expire, and then they are gone, whatever the back end says. */
static void test_removal_keeps_failing(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1), b = item_of(2);
	int64_t s = 100;

	offload_add(o, &a);
	backend.remove_error = -EIO;
	offload_remove(o, &a);
	for (; s < 106; s++)
		offload_tick(o, s * 1000000);
	g_string_truncate(backend.said, 0);
	for (; s < 134; s++)
		offload_tick(o, s * 1000000);
	g_assert_null(strstr(backend.said->str, "refresh"));
	g_assert_null(strstr(told->str, "g1"));
	offload_add(o, &b);
	g_assert_nonnull(strstr(told->str, "r2"));
	offload_remove(o, &b);
	for (; s < 145; s++)
		offload_tick(o, s * 1000000);
	g_assert_nonnull(strstr(told->str, "g1"));
	g_assert_nonnull(strstr(told->str, "g2"));
	g_assert_nonnull(strstr(backend.said->str, "refresh"));
	end(o);
}

/* What is sent is part of what is asked for. */
static void test_tos_makes_a_difference(void)
{
	struct offload_target a = { .sink_count = 1 }, b = a;

	g_assert_true(offload_target_equal(&a, &b));
	b.sinks[0].tos = 184;
	g_assert_false(offload_target_equal(&a, &b));
}

static void test_refreshed_every_five_seconds(void)
{
	struct offload *o = new_at_once();

	for (int64_t s = 100; s < 110; s++)
		offload_tick(o, s * 1000000);
	g_assert_cmpstr(backend.said->str, ==, "refresh refresh ");
	end(o);
}

/* On helpers: in order all the same, in batches, one call at a time. */
static void test_many_on_helpers(void)
{
	struct mailbox *home = mailbox_new();
	struct helper_pool *pool = helper_pool_new(3, home);
	struct pollfd fd = { .fd = mailbox_fd(home), .events = POLLIN };
	g_autofree struct offload_item *items = g_new0(struct offload_item, MANY);
	g_autoptr(GString) wanted = g_string_new(NULL);
	struct offload *o;

	begin();
	o = offload_new(&recorder, &backend, pool, take_news, NULL);
	for (unsigned i = 0; i < MANY; i++) {
		items[i].target.local.port = (uint16_t)i;
		offload_add(o, &items[i]);
		g_string_append_printf(wanted, "+%u ", i);
	}
	for (unsigned i = 0; i < MANY; i++) {
		offload_remove(o, &items[i]);
		g_string_append_printf(wanted, "-%u ", i);
	}
	while (!strstr(told->str, "g999*")) {
		g_assert_cmpint(poll(&fd, 1, 20000), ==, 1);
		mailbox_run(home);
	}
	g_assert_cmpstr(backend.said->str, ==, wanted->str);
	g_assert_cmpuint(backend.largest, ==, OFFLOAD_BATCH);
	g_assert_cmpuint(backend.calls, <, MANY / 4);
	helper_pool_stop(pool);
	mailbox_run(home);
	end(o);
	helper_pool_free(pool);
	mailbox_free(home);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/offload/each-is-told-of", test_each_is_told_of);
	g_test_add_func("/offload/refused", test_refused);
	g_test_add_func("/offload/lost-once", test_lost_once);
	g_test_add_func("/offload/reading-fails", test_reading_fails);
	g_test_add_func("/offload/errors-are-told-once", test_errors_are_told_once);
	g_test_add_func("/offload/removal-fails", test_removal_fails);
	g_test_add_func("/offload/removed-without-counters", test_removed_without_counters);
	g_test_add_func("/offload/one-removal-fails", test_one_removal_fails);
	g_test_add_func("/offload/removal-keeps-failing", test_removal_keeps_failing);
	g_test_add_func("/offload/tos-makes-a-difference", test_tos_makes_a_difference);
	g_test_add_func("/offload/refreshed-every-five-seconds", test_refreshed_every_five_seconds);
	g_test_add_func("/offload/many-on-helpers", test_many_on_helpers);
	return g_test_run();
}
