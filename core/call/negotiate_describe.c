/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An agreement on codecs in words: what was said, shown and taken, and what is done about it. */
#include "call/negotiate.h"

static void add_name(GString *out, const struct sdp_format *f)
{
	g_string_append_printf(out, " %u", f->payload_type);
	if (f->encoding.len)
		g_string_append_printf(out, " %.*s/%u", STR_ARG(f->encoding), f->clock_hz);
	if (f->encoding.len && f->channels > 1)
		g_string_append_printf(out, "/%u", f->channels);
}

/* Those with one of these marks; all when `marks` is 0. */
static void add_list(GString *out, const char *title, struct codec_list list, unsigned marks)
{
	unsigned count = 0;

	for (unsigned i = 0; i < list.count; i++) {
		if (marks && !(list.entries[i].marks & marks))
			continue;
		g_string_append(out, count++ ? "," : title);
		add_name(out, &list.entries[i].format);
	}
	if (count)
		g_string_append_c(out, '\n');
}

static void add_flow(GString *out, const char *title, const struct codec_flow *flow)
{
	static const char *const words[] = {
		[PLAN_PASS] = "passes",
		[PLAN_TRANSCODE] = "is transcoded to",
		[PLAN_EVENT] = "becomes",
		[PLAN_NOISE] = "becomes",
		[PLAN_TONE] = "is heard in",
		[PLAN_DISCARD] = "is discarded",
	};
	struct plan_transcode plan = { 0 };
	bool transcodes = choose_transcode(flow, &plan);

	for (unsigned i = 0; i < flow->from.count; i++) {
		const struct sdp_format *f = &flow->from.entries[i].format;
		const struct plan_handler *h = &plan.handler[f->payload_type & 0x7f];
		unsigned handling = transcodes ? h->handling : PLAN_PASS;

		g_string_append_printf(out, "%s:", title);
		add_name(out, f);
		g_string_append_printf(out, " %s", words[handling]);
		if (handling != PLAN_PASS && handling != PLAN_DISCARD) {
			const struct plan_format *to = &plan.encoders[h->encoder];

			g_string_append_printf(out, " %u %s/%u", to->payload_type, to->codec->name,
				to->params.clock_hz);
			if (to->params.channels > 1)
				g_string_append_printf(out, "/%u", to->params.channels);
			if (to->params.ptime_ms && handling == PLAN_TRANSCODE)
				g_string_append_printf(out, ", %u ms", to->params.ptime_ms);
		}
		g_string_append_c(out, '\n');
	}
}

void negotiate_describe(const struct codec_agreement *a, GString *out)
{
	struct codec_flow forth = agreement_flow(a, true), back = agreement_flow(a, false);

	add_list(out, "offered:", a->said, 0);
	add_list(out, "ignored:", a->said, ENTRY_IGNORED);
	add_list(out, "stripped:", a->said, ENTRY_STRIPPED);
	add_list(out, "masked:", a->said, ENTRY_MASKED);
	add_list(out, "accepted in any case:", a->said, ENTRY_ACCEPTED);
	add_list(out, "shown:", a->shown, 0);
	add_list(out, "added:", a->shown, ENTRY_FOR_TRANSCODING);
	if (a->settled)
		add_list(out, "answered:", a->answered, 0);
	if (a->settled)
		add_list(out, "answer shown:", a->answer, 0);
	add_flow(out, "to the answerer", &forth);
	add_flow(out, "to the offerer", &back);
}
