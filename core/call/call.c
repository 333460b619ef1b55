/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call from its first offer to its end. */
#include "call/call.h"

#include "base/clock.h"
#include "call/explain.h"
#include "call/table_priv.h"
#include "record/recorder.h"
#include "stats/counter.h"

static unsigned least_loaded(const struct call_table *table)
{
	unsigned best = 0;

	for (unsigned i = 1; i < table->worker_count; i++)
		if (table->load[i] < table->load[best])
			best = i;
	return best;
}

/* Call-IDs may hold any byte. */
static struct str copy_id(struct str id)
{
	char *copy = g_malloc0(id.len + 1);

	if (id.len)
		memcpy(copy, id.s, id.len);
	return (struct str){ copy, id.len };
}

struct call *call_new(struct call_table *table, struct str id, const struct addr *created_from)
{
	struct call *call = g_new0(struct call, 1);

	call->table = table;
	call->id = copy_id(id);
	call->log.call_id = call->id;
	call->created_wall_us = clock_wall_us();
	call->created_mono_us = clock_mono_us();
	call->created_from = *created_from;
	call->worker = least_loaded(table);
	table->load[call->worker]++;
	call->session = session_new(
		++table->next_session_id, table->workers[call->worker], table->control);
	return call;
}

void call_publish(struct call *call)
{
	struct call_table *table = call->table;

	g_hash_table_insert(table->by_id, &call->id, call);
	g_hash_table_insert(table->by_session, GUINT_TO_POINTER(session_id(call->session)), call);
	call_claim_leases(call);
	call_claim_traffic(call);
	counter_add(COUNTER_CALLS_CREATED, 1);
}

void call_free(struct call *call)
{
	call->table->load[call->worker]--;
	session_drop(call->session, NULL, NULL);
	if (call->model && call->model->recording)
		recording_end(call->model->recording);
	model_free(call->model);
	event_ring_clear(&call->events);
	if (call->watches)
		g_array_free(call->watches, TRUE);
	if (call->ice_found)
		g_array_free(call->ice_found, TRUE);
	g_free((char *)call->id.s);
	g_free(call);
}

void call_end(struct call *call, enum reason reason)
{
	struct call_table *table = call->table;
	const struct log_context *before = log_set_context(&call->log);
	struct event ended = { .kind = EVENT_ENDED, .party = EVENT_NO_PARTY, .reason = reason };

	reason_count(reason);
	event_add(call, &ended);
	call_log_summary(call);
	call_log_silence(call);
	call_tally(call);
	call_log_record(call, reason);
	counter_add(COUNTER_CALLS_ENDED, 1);
	g_hash_table_remove(table->by_id, &call->id);
	g_hash_table_remove(table->by_session, GUINT_TO_POINTER(session_id(call->session)));
	log_set_context(before == &call->log ? NULL : before);
	call_free(call);
}

void call_move(struct call *call, unsigned worker)
{
	struct call_table *table = call->table;
	struct event moved = { .kind = EVENT_MOVED, .party = EVENT_NO_PARTY, .number = worker };

	if (worker >= table->worker_count || !session_move(call->session, table->workers[worker]))
		return;
	table->load[call->worker]--;
	table->load[worker]++;
	call->worker = worker;
	event_add(call, &moved);
}
