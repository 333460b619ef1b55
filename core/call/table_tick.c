/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is done for all calls of a table once a second, and how they end: by time, at the operator's
 * word, with the table.
 */
#include "call/table_priv.h"

#include "base/clock.h"
#include "base/ref.h"
#include "call/delete_priv.h"
#include "call/dtmf.h"
#include "call/fragment.h"
#include "call/play.h"
#include "offload/offload.h"

static void renew_old_cert(struct call_table *table)
{
	struct err err;

	if (table->cert && dtls_cert_is_old(table->cert, clock_wall_us()) &&
		call_table_renew_cert(table, &err) < 0)
		log_err("%s", err.text);
}

/* Calls that are over, with the reason; ended after the walk. */
struct over {
	struct call *call;
	enum reason reason;
};

void call_table_tick(struct call_table *table)
{
	int64_t now_us = clock_mono_us();
	GArray *over = NULL;
	GHashTableIter it;
	gpointer value;

	renew_old_cert(table);
	fragments_expire(table, now_us);
	if (table->settings->clips)
		clips_sweep(table->settings->clips);
	if (table->settings->offload)
		offload_tick(table->settings->offload, now_us);
	g_hash_table_iter_init(&it, table->by_id);
	while (g_hash_table_iter_next(&it, NULL, &value)) {
		struct over o = { .call = value };

		if (o.call->piercing)
			call_pierce(o.call);
		if (o.call->playing)
			call_play_tick(o.call);
		if (o.call->watches)
			call_dtmf_expire(o.call, now_us);
		if (now_us < o.call->look_at_us)
			continue;
		if (call_delete_due_branches(o.call, now_us))
			o.reason = REASON_DELETED;
		else if (!call_timed_out(o.call, now_us, &o.reason))
			continue;
		if (!over)
			over = g_array_new(FALSE, FALSE, sizeof(struct over));
		g_array_append_val(over, o);
	}
	for (unsigned i = 0; over && i < over->len; i++) {
		const struct over *o = &g_array_index(over, struct over, i);
		const struct log_context *before = log_set_context(&o->call->log);

		if (o->reason == REASON_DELETED)
			log_info("Deleting entire call");
		else if (o->reason == REASON_FINAL_TIMEOUT)
			log_info("Closing call due to final timeout");
		else
			log_info("Closing call due to timeout");
		log_set_context(before);
		call_end(o->call, o->reason);
	}
	if (over)
		g_array_free(over, TRUE);
#ifdef CHECK_INVARIANTS
	g_assert_cmpuint(call_table_check_leases(table).conflicts, ==, 0);
#endif
}

unsigned call_table_terminate(struct call_table *table, struct str id)
{
	struct call *call = call_table_find(table, id);

	if (!call)
		return 0;
	call_end(call, REASON_TERMINATED);
	return 1;
}

unsigned call_table_terminate_all(struct call_table *table)
{
	g_autoptr(GList) calls = g_hash_table_get_values(table->by_id);
	unsigned count = 0;

	for (GList *c = calls; c; c = c->next, count++)
		call_end(c->data, REASON_TERMINATED);
	return count;
}

void call_table_free(struct call_table *table)
{
	g_autoptr(GList) calls = NULL;

	if (!table)
		return;
	calls = g_hash_table_get_values(table->by_id);
	for (GList *c = calls; c; c = c->next)
		call_free(c->data);
	g_hash_table_destroy(table->by_id);
	g_hash_table_destroy(table->by_session);
	g_hash_table_destroy(table->traffic);
	ref_drop(table->cert);
	fragments_free(table);
	g_free(table->load);
	g_free(table);
}
