/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of an offer: find or make the call, then exchange (exchange.c). */
#include "call/draft.h"

#include "stats/counter.h"

#include <errno.h>

static int refuse(
	struct exchange_result *ret, enum reason reason, const char *text, struct err *err)
{
	reason_count(reason);
	ret->refused = reason_row(reason)->name;
	return err_set(err, EDQUOT, "%s", text);
}

/* May there be one more call? The first limit that says no decides (spec daemon 6.1). */
static int admit(const struct call_table *table, struct exchange_result *ret, struct err *err)
{
	const struct call_settings *set = call_table_settings(table);
	const struct load *load = call_table_load(table);
	double average = load->average_hundredths / 100.0;
	long long max_bandwidth = set->max_bandwidth_bytes;

	if (set->max_sessions >= 0 && call_table_count(table) >= (unsigned)set->max_sessions) {
		log_err("Parallel session limit reached (%d)", set->max_sessions);
		return refuse(ret, REASON_CALL_LIMIT, "Parallel session limit reached", err);
	}
	/* Both have two decimals, which no double holds exactly; no integer holds every limit. */
	if (set->max_load > 0 && load->average_hundredths + 0.5 > set->max_load * 100) {
		log_warn("Load limit exceeded (%.2f > %.2f)", average, set->max_load);
		return refuse(ret, REASON_LOAD_LIMIT, "Load limit exceeded", err);
	}
	if (set->max_cpu > 0 && load->cpu_percent >= set->max_cpu) {
		log_warn("CPU usage limit exceeded (%.1f%% > %.1f%%)", load->cpu_percent,
			set->max_cpu);
		return refuse(ret, REASON_CPU_LIMIT, "CPU usage limit exceeded", err);
	}
	if (max_bandwidth > 0 && load->bytes_per_s >= (uint64_t)max_bandwidth) {
		log_warn("Bandwidth limit exceeded (%llu > %lld)",
			(unsigned long long)load->bytes_per_s, max_bandwidth);
		return refuse(ret, REASON_BANDWIDTH_LIMIT, "Bandwidth limit exceeded", err);
	}
	return 0;
}

int call_offer(struct call_table *table, const struct call_options *o, const struct addr *client,
	GString *body, struct exchange_result *ret, struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	bool created = !call;
	struct draft draft;
	int r = created ? admit(table, ret, err) : 0;

	if (r < 0)
		return r;
	if (created) {
		struct event event = {
			.kind = EVENT_COMMAND,
			.party = EVENT_NO_PARTY,
			.addr = *client,
			.number = EVENT_COMMAND_OFFER,
		};

		call = call_new(table, o->call_id, client);
		event_add(call, &event);
	}
	draft_begin(&draft, call, created);
	r = exchange(&draft, o, false, body, ret, err);
	if (!r && created && !ret->looped)
		log_notice("Creating new call");
	return r;
}
