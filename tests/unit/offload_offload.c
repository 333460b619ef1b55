/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue before a back end: order, batches, readings, and work that is done elsewhere. */
#include "offload/offload.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum { MANY = 1000 };

/* A back end that writes down what it is asked for. */
static struct {
	GString *said;
	unsigned calls, at_once, largest;
	int refuse, read_error;
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

static int take_away(void *handle, struct offload_item *const *items, unsigned count,
	struct offload_counts *ret_counts)
{
	(void)handle;
	enter(count);
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

/* What cannot be read is not lost. */
static void test_reading_fails(void)
{
	struct offload *o = new_at_once();
	struct offload_item a = item_of(1);

	offload_add(o, &a);
	backend.forgets = true;
	backend.read_error = -ENOBUFS;
	for (unsigned i = 0; i < 4; i++)
		offload_tick(o, i);
	g_assert_cmpuint(offload_count(o), ==, 1);
	offload_remove(o, &a);
	g_assert_cmpstr(told->str, ==, "s1 g1* ");
	end(o);
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
	g_test_add_func("/offload/refreshed-every-five-seconds", test_refreshed_every_five_seconds);
	g_test_add_func("/offload/many-on-helpers", test_many_on_helpers);
	return g_test_run();
}
