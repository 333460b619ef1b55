/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue before a back end: one job at a time does what was asked for, in order, then what is
 * due (refresh, reading). What came of it is told when the job is over.
 *
 * A target counts as removed only when the back end says so, since its ports are used for others
 * then. Where removals keep failing, nothing is refreshed, or set, until the targets have expired.
 */
#include "offload/offload.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

enum { OPS_PER_JOB = 512, ERRNOS = 256 };

struct op {
	struct offload_item *item;
	bool remove;
};

struct offload {
	const struct offload_backend *backend;
	void *handle;
	struct helper_pool *helpers; /* borrowed; NULL: none */
	offload_news_fn on_news;
	void *arg;
	GHashTable *by_id; /* struct offload_item; those asked for and not gone */
	uint64_t next_id;
	unsigned set_count;
	GQueue waiting; /* struct op */
	GArray *kept;   /* struct offload_item *: to be removed once more */
	bool read_due, refresh_due, retry_due;
	unsigned remove_failures;        /* ticks in a row with some of `kept` */
	unsigned read_failures;          /* in a row, since targets were set or taken back */
	int64_t ticked_us, refreshed_us; /* asked for */
	int64_t alive_us;                /* no refresh was later */
	/* What the log has said. */
	bool told_refused[ERRNOS];
	int told_refresh, told_read, told_remove; /* errors that last */
	/* The job under way, if any; its fields are the helper's meanwhile. */
	struct job job;
	bool busy;
	GArray *ops;      /* struct op */
	GArray *news;     /* struct offload_news, of ops */
	GArray *readings; /* struct offload_counts */
	GArray *failed;   /* struct offload_item *, not removed */
	bool reads, refreshes;
	bool closed;  /* nothing is set any more: all is to expire */
	bool expired; /* … and has */
	int read_error, refresh_error, remove_error;
	int64_t read_us;
};

bool offload_target_equal(const struct offload_target *a, const struct offload_target *b)
{
	if (!addr_equal(&a->local, &b->local) || !addr_equal(&a->source, &b->source) ||
		a->sink_count != b->sink_count || a->type_count != b->type_count)
		return false;
	for (unsigned i = 0; i < a->sink_count; i++)
		if (!addr_equal(&a->sinks[i].local, &b->sinks[i].local) ||
			!addr_equal(&a->sinks[i].peer, &b->sinks[i].peer) ||
			a->sinks[i].tos != b->sinks[i].tos)
			return false;
	for (unsigned i = 0; i < a->type_count; i++)
		if (a->types[i].number != b->types[i].number ||
			a->types[i].clock_hz != b->types[i].clock_hz)
			return false;
	return true;
}

bool offload_ssrcs_equal(const struct offload_target *a, const struct offload_target *b)
{
	return a->ssrc_count == b->ssrc_count &&
	       !memcmp(a->ssrcs, b->ssrcs, a->ssrc_count * sizeof(*a->ssrcs));
}

struct offload *offload_new(const struct offload_backend *backend, void *handle,
	struct helper_pool *helpers, offload_news_fn on_news, void *arg)
{
	struct offload *o = g_new0(struct offload, 1);

	o->backend = backend;
	o->handle = handle;
	o->helpers = helpers;
	o->on_news = on_news;
	o->arg = arg;
	o->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_queue_init(&o->waiting);
	o->kept = g_array_new(FALSE, FALSE, sizeof(struct offload_item *));
	return o;
}

void offload_free(struct offload *o)
{
	if (!o)
		return;
	g_assert(!o->busy && g_queue_is_empty(&o->waiting));
	o->backend->close(o->handle);
	g_array_free(o->kept, TRUE);
	g_hash_table_destroy(o->by_id);
	g_free(o);
}

const char *offload_name(const struct offload *o)
{
	return o->backend->name;
}

unsigned offload_count(const struct offload *o)
{
	return o->set_count;
}

/* ---- on the helper ---- */

static void add_news(struct offload *o, enum offload_what what, struct offload_item *item,
	int error, const struct offload_counts *counts)
{
	struct offload_news news = { .what = what, .item = item, .error = error };

	news.read_us = what == OFFLOAD_LOST ? 0 : clock_mono_us();
	if (counts && counts->id) {
		news.has_counts = true;
		news.counts = *counts;
	}
	g_array_append_val(o->news, news);
}

static void set_items(struct offload *o, struct offload_item *const *items, unsigned count)
{
	int errors[OFFLOAD_BATCH] = { 0 };

	if (!o->closed)
		o->backend->set(o->handle, items, count, errors);
	for (unsigned i = 0; i < count; i++) {
		if (o->closed)
			errors[i] = -ESTALE;
		add_news(o, errors[i] ? OFFLOAD_REFUSED : OFFLOAD_SET, items[i], errors[i], NULL);
	}
}

/* Those that were passed over were not there; what has no room for counters removes all the same. */
static bool is_removed(int error)
{
	return !error || error == -ENOENT || error == -ENOBUFS || error == -ESTALE;
}

static void remove_items(struct offload *o, struct offload_item *const *items, unsigned count)
{
	g_autofree struct offload_counts *counts = g_new0(struct offload_counts, count);
	int all = o->backend->remove(o->handle, items, count, counts);
	/* One of them may be what the back end does not like; silence costs its time for each. */
	bool each = count > 1 && !is_removed(all) && all != -ETIMEDOUT;

	for (unsigned i = 0; i < count; i++) {
		int error = all;

		if (each && !counts[i].id)
			error = o->backend->remove(o->handle, items + i, 1, &counts[i]);
		if (is_removed(error) || counts[i].id || o->expired) {
			add_news(o, OFFLOAD_GONE, items[i], 0, &counts[i]);
			continue;
		}
		o->remove_error = error;
		g_array_append_val(o->failed, items[i]);
	}
}

/* Runs of one kind go together; the order between kinds stays. */
static void carry_out(struct offload *o)
{
	struct offload_item *items[OFFLOAD_BATCH];
	unsigned count = 0;

	for (unsigned i = 0; i < o->ops->len; i++) {
		const struct op *op = &g_array_index(o->ops, struct op, i);
		bool last = i + 1 == o->ops->len || count + 1 == OFFLOAD_BATCH ||
			    g_array_index(o->ops, struct op, i + 1).remove != op->remove;

		items[count++] = op->item;
		if (!last)
			continue;
		if (op->remove)
			remove_items(o, items, count);
		else
			set_items(o, items, count);
		count = 0;
	}
}

static void work(struct job *job)
{
	struct offload *o = container_of(job, struct offload, job);

	carry_out(o);
	if (o->refreshes)
		o->refresh_error = o->backend->refresh(o->handle);
	o->read_us = clock_mono_us();
	if (o->reads)
		o->read_error = o->backend->read(o->handle, o->readings);
}

/* ---- on control ---- */

static void start(struct offload *o);

static void take_set(struct offload *o, const struct offload_news *news)
{
	if (news->what == OFFLOAD_SET) {
		news->item->is_set = true;
		news->item->seen = true;
		o->set_count++;
	} else if (!o->told_refused[MIN(-news->error, ERRNOS - 1)]) {
		o->told_refused[MIN(-news->error, ERRNOS - 1)] = true;
		log_warn("Offload (%s): a stream was refused (%s); no more is said of others like "
			 "it",
			o->backend->name, g_strerror(-news->error));
	}
}

static void forget(struct offload *o, struct offload_item *item)
{
	if (item->is_set)
		o->set_count--;
	item->is_set = false;
	g_hash_table_remove(o->by_id, &item->id);
}

/* Their numbers are those of items that are not set any more where the target was lost. */
static void take_ops(struct offload *o)
{
	for (unsigned i = 0; i < o->news->len; i++) {
		struct offload_news *news = &g_array_index(o->news, struct offload_news, i);

		if (news->what == OFFLOAD_GONE)
			forget(o, news->item);
		else
			take_set(o, news);
	}
}

static void take_readings(struct offload *o)
{
	for (unsigned i = 0; i < o->readings->len; i++) {
		const struct offload_counts *c = &g_array_index(
			o->readings, struct offload_counts, i);
		struct offload_item *item = g_hash_table_lookup(o->by_id, &c->id);

		if (!item || !item->is_set)
			continue;
		item->seen = true;
		add_news(o, OFFLOAD_COUNTS, item, 0, c);
		g_array_index(o->news, struct offload_news, o->news->len - 1).read_us = o->read_us;
	}
}

static void lose(struct offload *o, struct offload_item *item, int error)
{
	item->is_set = false;
	o->set_count--;
	add_news(o, OFFLOAD_LOST, item, error, NULL);
}

/* What was set before the reading and is not in it has gone; of `unread` nobody knows. */
static void find_lost(struct offload *o, int unread)
{
	GHashTableIter it;
	gpointer value;

	g_hash_table_iter_init(&it, o->by_id);
	while (g_hash_table_iter_next(&it, NULL, &value)) {
		struct offload_item *item = value;

		if (item->is_set && (unread || !item->seen))
			lose(o, item, unread ? unread : -ESTALE);
		item->seen = false;
	}
}

/* What cannot be read for so long must not count as silent, nor be forwarded unseen. */
static void take_reading(struct offload *o)
{
	if (!o->read_error) {
		take_readings(o);
		find_lost(o, 0);
	} else if (++o->read_failures < OFFLOAD_READ_TRIES) {
		return;
	} else {
		find_lost(o, o->read_error);
	}
	o->read_failures = 0;
}

/* Said when it begins, when it is another one, and when it is over. */
static void tell_error(const struct offload *o, const char *what, int error, int *told)
{
	if (error && error != *told)
		log_warn("Offload (%s): %s (%s)", o->backend->name, what, g_strerror(-error));
	else if (!error && *told)
		log_notice("Offload (%s): no more: %s", o->backend->name, what);
	*told = error;
}

static void tell_errors(struct offload *o)
{
	if (o->refreshes)
		tell_error(o, "targets cannot be kept alive", o->refresh_error, &o->told_refresh);
	if (o->reads)
		tell_error(o, "counters cannot be read", o->read_error, &o->told_read);
	if (o->remove_error || !o->kept->len)
		tell_error(o, "targets cannot be removed", o->remove_error, &o->told_remove);
}

static void done(struct job *job)
{
	struct offload *o = container_of(job, struct offload, job);
	GArray *news = o->news;

	take_ops(o);
	if (o->reads)
		take_reading(o);
	if (o->refreshes)
		o->alive_us = o->ticked_us;
	g_array_append_vals(o->kept, o->failed->data, o->failed->len);
	tell_errors(o);
	g_array_free(o->failed, TRUE);
	g_array_free(o->ops, TRUE);
	g_array_free(o->readings, TRUE);
	o->news = NULL;
	o->busy = false;
	if (news->len)
		o->on_news(news, o->arg);
	else
		g_array_free(news, TRUE);
	start(o);
}

static void retry(struct offload *o)
{
	for (unsigned i = 0; i < o->kept->len; i++) {
		struct op op = { g_array_index(o->kept, struct offload_item *, i), true };

		g_array_append_val(o->ops, op);
	}
	g_array_set_size(o->kept, 0);
}

static void start(struct offload *o)
{
	if (o->busy ||
		(g_queue_is_empty(&o->waiting) && !o->read_due && !o->refresh_due && !o->retry_due))
		return;
	o->busy = true;
	o->ops = g_array_new(FALSE, FALSE, sizeof(struct op));
	o->news = g_array_new(FALSE, TRUE, sizeof(struct offload_news));
	o->readings = g_array_new(FALSE, TRUE, sizeof(struct offload_counts));
	o->failed = g_array_new(FALSE, FALSE, sizeof(struct offload_item *));
	if (o->retry_due)
		retry(o);
	while (o->ops->len < OPS_PER_JOB && !g_queue_is_empty(&o->waiting)) {
		struct op *op = g_queue_pop_head(&o->waiting);

		g_array_append_vals(o->ops, op, 1);
		g_free(op);
	}
	o->reads = o->read_due;
	o->refreshes = o->refresh_due;
	o->read_due = o->refresh_due = o->retry_due = false;
	o->closed = o->remove_failures > OFFLOAD_REMOVE_TRIES;
	o->expired = o->closed && o->ticked_us >= o->alive_us + OFFLOAD_EXPIRE_US;
	o->read_error = o->refresh_error = o->remove_error = 0;
	o->job.work = work;
	o->job.done = done;
	if (o->helpers) {
		helper_run(o->helpers, &o->job);
		return;
	}
	work(&o->job);
	done(&o->job);
}

static void ask(struct offload *o, struct offload_item *item, bool remove)
{
	struct op op = { .item = item, .remove = remove };

	g_queue_push_tail(&o->waiting, g_memdup2(&op, sizeof(op)));
	start(o);
}

void offload_add(struct offload *o, struct offload_item *item)
{
	item->id = ++o->next_id;
	g_hash_table_insert(o->by_id, &item->id, item);
	ask(o, item, false);
}

void offload_remove(struct offload *o, struct offload_item *item)
{
	ask(o, item, true);
}

void offload_tick(struct offload *o, int64_t now_us)
{
	o->ticked_us = now_us;
	/* Those of a job under way are neither here nor there. */
	if (!o->busy)
		o->remove_failures = o->kept->len ? o->remove_failures + 1 : 0;
	o->retry_due = o->kept->len > 0;
	if (now_us >= o->refreshed_us + OFFLOAD_REFRESH_US &&
		o->remove_failures <= OFFLOAD_REMOVE_TRIES) {
		o->refreshed_us = now_us;
		o->refresh_due = true;
	}
	o->read_due |= o->set_count > 0;
	start(o);
}
