/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events that are over, told to those who want to know (spec media 4.7, daemon 2.10). */
#include "call/call.h"

#include "base/clock.h"
#include "ng/ng.h"

static void describe(const struct call *call, const struct party *from,
	const struct media_event *event, struct dict *d)
{
	struct value *root = dict_root(d), *tags;
	char source[ADDR_TEXT];

	dict_add_str(d, root, "callid", call->id);
	dict_add_str(d, root, "source_tag", from->tag);
	if (from->label.s)
		dict_add_str(d, root, "source_label", from->label);
	tags = dict_add_list(d, root, "tags");
	for (unsigned i = 0; i < call->model->party_count; i++)
		if (call->model->parties[i]->tag.s)
			dict_add_str(d, tags, NULL, call->model->parties[i]->tag);
	dict_add_str(d, root, "type", STR_LIT("DTMF"));
	dict_add_int(d, root, "timestamp", clock_wall_us() / 1000000);
	dict_add_copy(d, root, "source_ip", str_of(addr_print_ip(&event->source, source)));
	dict_add_int(d, root, "event", event->dtmf.code);
	dict_add_int(d, root, "duration", event->dtmf.duration_ms);
	dict_add_int(d, root, "volume", event->dtmf.volume);
}

void call_tell_dtmf(
	const struct call *call, const struct party *from, const struct media_event *event)
{
	const struct call_settings *set = call_table_settings(call->table);
	const struct addr *dest = call->model->dtmf_dest.family ? &call->model->dtmf_dest
								: &set->dtmf_dest;
	g_autoptr(GString) text = NULL;
	struct dict *d;

	if (event->dtmf.injected && set->dtmf_no_log_injects)
		return;
	if (set->dtmf_facility < 0 && !(dest->family && set->report) && !set->notify_dtmf)
		return;
	text = g_string_new(NULL);
	d = dict_new();
	describe(call, from, event, d);
	json_encode(dict_root(d), text);
	if (set->notify_dtmf)
		set->notify_dtmf(dict_root(d), set->notify_arg);
	dict_free(d);
	if (set->dtmf_facility >= 0)
		log_record(set->dtmf_facility, text->str);
	if (dest->family && set->report)
		set->report(dest, text->str, text->len);
}
