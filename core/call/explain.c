/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole call explained: its sections one by one, then its events, as text and as a tree, both
 * within the bounds of explain.h.
 */
#include "call/explain_priv.h"

#include "base/clock.h"
#include "call/sentence.h"

enum {
	ENTRY_BYTES = 100,   /* of keys and numbers of an entry of a list */
	SECTION_BYTES = 500, /* the same of a section */
	DROP_BYTES = 40,     /* the same of a reason */
	RAW_BYTES = 6,       /* a byte as received, in JSON */
};

/* What is being made. Amounts are bytes that are left. */
struct explain {
	const struct call *call;
	const struct party *only;
	struct dict *dict;
	GString *text;
	size_t tree_left, text_left;
	/* Left out, or in part. */
	unsigned sections_omitted, text_sections_omitted;
	int64_t now_us;
};

static size_t json_bytes(const char *text, size_t len)
{
	size_t bytes = len;

	for (size_t i = 0; i < len; i++)
		bytes += text[i] == '"' || text[i] == '\\' || text[i] == '\n';
	return bytes;
}

static bool take(size_t *left, size_t bytes)
{
	if (bytes > *left)
		return false;
	*left -= bytes;
	return true;
}

/* Each line one entry. */
static void add_sentences(struct explain *e, struct value *v, const GString *lines)
{
	struct value *list = dict_add_list(e->dict, v, "text");
	struct str rest = { lines->str, lines->len }, line;

	while (rest.len && str_cut(&rest, '\n', &line))
		dict_add_copy(e->dict, list, NULL, line);
}

/* What a list of such sentences takes. */
static size_t sentences_bytes(const GString *lines)
{
	size_t bytes = json_bytes(lines->str, lines->len);

	for (size_t i = 0; i < lines->len; i++)
		bytes += lines->str[i] == '\n' ? 8 : 0;
	return bytes;
}

static void append_indented(GString *out, const char *indent, const GString *lines)
{
	struct str rest = { lines->str, lines->len }, line;

	while (rest.len && str_cut(&rest, '\n', &line))
		g_string_append_printf(out, "%s%.*s\n", indent, STR_ARG(line));
}

static void add_addr(
	struct explain *e, struct value *parent, const char *key, const struct addr *addr)
{
	struct value *v;
	char text[ADDR_TEXT];

	if (!addr->family)
		return;
	v = dict_add_dict(e->dict, parent, key);
	dict_add_copy(e->dict, v, "address", str_of(addr_print_ip(addr, text)));
	dict_add_int(e->dict, v, "port", addr->port);
}

static void add_drops(struct explain *e, struct value *v, const struct arrivals *in)
{
	struct value *drops = dict_add_dict(e->dict, v, "drops");

	for (unsigned r = 0; r < REASON_DROPS; r++) {
		uint64_t n = (uint64_t)in->rtp.drops[r] + in->rtcp.drops[r];

		if (n)
			dict_add_int(e->dict, drops, reason_row((enum reason)r)->name, (int64_t)n);
	}
}

/* The tree of one section, whose sentences are `lines`. */
static struct value *add_section(struct explain *e, struct value *medias, const struct media *media,
	const struct arrivals *in, const GString *lines)
{
	struct value *v = dict_add_dict(e->dict, medias, NULL);
	const char *profile = sdp_transport_info(media->transport)->name;
	struct addr shown = explain_shown_addr(media, 0);

	dict_add_int(e->dict, v, "index", media->index + 1);
	if (profile)
		dict_add_str(e->dict, v, "protocol", str_of(profile));
	add_addr(e, v, "signalled", &media->advertised);
	add_addr(e, v, "told", &shown);
	if (media->learn != PLAN_LEARN_OFF && in->rtp.at_peer)
		add_addr(e, v, "source", &in->rtp.peer);
	dict_add_int(e->dict, v, "packets", (int64_t)in->rtp_packets);
	dict_add_int(e->dict, v, "RTCP packets", (int64_t)in->rtcp_packets);
	if (in->rtp_last_us)
		dict_add_int(e->dict, v, "last packet ms", (e->now_us - in->rtp_last_us) / 1000);
	add_drops(e, v, in);
	add_sentences(e, v, lines);
	return dict_add_list(e->dict, v, "directions");
}

static size_t tag_bytes(const struct party *party)
{
	return RAW_BYTES * (party->tag.len + (party->label.s ? party->label.len : 0)) + ENTRY_BYTES;
}

/* What is dropped only where it was to be transcoded has passed all else. */
static const char *state_name(const struct explained *flow)
{
	return explain_is_undecodable(flow) ? "undecodable"
					    : explain_state_name(explain_state(flow));
}

static void add_direction(
	struct explain *e, struct value *list, const struct explained *flow, const GString *lines)
{
	struct value *v = dict_add_dict(e->dict, list, NULL);

	if (flow->to && flow->to->party->tag.s)
		dict_add_copy(e->dict, v, "to", flow->to->party->tag);
	dict_add_str(e->dict, v, "state", str_of(state_name(flow)));
	dict_add_int(e->dict, v, "packets sent", (int64_t)flow->out.packets_out);
	add_sentences(e, v, lines);
}

static struct explained flow_of(const struct explain *e, const struct media *from,
	const struct media *to, const struct arrivals *in)
{
	struct explained flow = {
		.call = e->call, .from = from, .to = to, .in = in, .now_us = e->now_us
	};

	if (to && to->stream_count)
		stream_stats_read(to->streams[0].stats, &flow.out);
	return flow;
}

/* Once there was no room, nothing more comes in: what is left out is the end of it. */
static bool take_tree(struct explain *e, size_t bytes)
{
	if (take(&e->tree_left, bytes))
		return true;
	e->tree_left = 0;
	e->sections_omitted++;
	return false;
}

static void append_text(struct explain *e, const GString *text)
{
	if (take(&e->text_left, json_bytes(text->str, text->len))) {
		g_string_append_len(e->text, text->str, (gssize)text->len);
		return;
	}
	e->text_sections_omitted += e->text_left > 0;
	e->text_left = 0;
}

/* Into text and tree, as far as there is room. False: there is none left in the tree. */
static bool explain_direction(struct explain *e, struct value *list, const struct explained *flow)
{
	g_autoptr(GString) lines = g_string_new(NULL), text = g_string_new("  To ");
	size_t bytes = ENTRY_BYTES + (flow->to ? tag_bytes(flow->to->party) : 0);

	if (explain_is_undecodable(flow))
		explain_why_undecodable(lines, flow);
	explain_flow(lines, flow);
	if (flow->to)
		sentence_party(text, flow->to->party);
	else
		g_string_append(text, "nobody");
	g_string_append_printf(text, ": %s\n", state_name(flow));
	append_indented(text, "    ", lines);
	append_text(e, text);
	if (!take_tree(e, bytes + sentences_bytes(lines)))
		return false;
	add_direction(e, list, flow, lines);
	return true;
}

/* Who receives it; links go both ways, one of them may be cut. */
static bool is_sink(const struct explain *e, const struct media *media, const struct media *sink)
{
	if (!media_receives_from(sink, media))
		return false;
	return !e->only || media->party == e->only || sink->party == e->only;
}

static bool concerns(const struct explain *e, const struct media *media)
{
	if (!e->only || media->party == e->only)
		return true;
	for (unsigned i = 0; i < media->source_count; i++)
		if (is_sink(e, media, media->sources[i]))
			return true;
	return false;
}

static void explain_directions(
	struct explain *e, struct value *list, const struct media *media, const struct arrivals *in)
{
	bool any = false;

	for (unsigned i = media->source_count; i-- > 0;) {
		struct explained flow = flow_of(e, media, media->sources[i], in);

		if (!is_sink(e, media, media->sources[i]))
			continue;
		any = true;
		if (!explain_direction(e, list, &flow))
			return;
	}
	if (!any) {
		struct explained flow = flow_of(e, media, NULL, in);

		explain_direction(e, list, &flow);
	}
}

static size_t section_bytes(const struct arrivals *in)
{
	size_t bytes = SECTION_BYTES;

	for (unsigned r = 0; r < REASON_DROPS; r++)
		bytes += in->rtp.drops[r] || in->rtcp.drops[r] ? DROP_BYTES : 0;
	return bytes;
}

static void explain_media(struct explain *e, struct value *medias, const struct media *media)
{
	g_autoptr(GString) lines = g_string_new(NULL), text = g_string_new(NULL);
	struct arrivals in;

	e->text_sections_omitted += !e->text_left;
	if (!e->tree_left) {
		e->sections_omitted++;
		e->text_sections_omitted += e->text_left > 0;
		return;
	}
	explain_read(media, &in);
	explain_section(lines, media, &in, e->now_us);
	sentence_party(text, media->party);
	if (media->party->label.s) {
		g_string_append(text, ", label ");
		sentence_quote(text, media->party->label);
	}
	g_string_append_printf(text, ", section %u", media->index + 1);
	if (media->type != SDP_OTHER && media->type_text.len)
		g_string_append_printf(text, " (%.*s)", STR_ARG(media->type_text));
	g_string_append(text, ":\n");
	append_indented(text, "  ", lines);
	append_text(e, text);
	if (!take_tree(e, section_bytes(&in) + sentences_bytes(lines)))
		return;
	explain_directions(e, add_section(e, medias, media, &in, lines), media, &in);
}

static void explain_party(struct explain *e, struct value *parties, const struct party *party)
{
	struct value *v = NULL, *medias = NULL;

	for (unsigned m = 0; m < party->media_count; m++) {
		if (!concerns(e, party->media[m]))
			continue;
		if (!v && take(&e->tree_left, tag_bytes(party))) {
			v = dict_add_dict(e->dict, parties, NULL);
			if (party->tag.s)
				dict_add_copy(e->dict, v, "tag", party->tag);
			if (party->label.s)
				dict_add_copy(e->dict, v, "label", party->label);
			medias = dict_add_list(e->dict, v, "medias");
		} else if (!v) {
			e->tree_left = 0;
		}
		explain_media(e, medias, party->media[m]);
	}
}

static void add_event(struct explain *e, struct value *list, const struct event *event)
{
	struct value *v = dict_add_dict(e->dict, list, NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	event_print(event, e->call->model, text);
	dict_add_int(e->dict, v, "after ms", event->after_us / 1000);
	dict_add_str(e->dict, v, "kind", str_of(event_name(event->kind)));
	dict_add_copy(e->dict, v, "text", (struct str){ text->str, text->len });
}

static void append_event(GString *out, const struct explain *e, const struct event *event)
{
	g_string_append_printf(out, "  %9.3f s  ", (double)(event->after_us / 1000) / 1000);
	event_print(event, e->call->model, out);
	g_string_append_c(out, '\n');
}

/* The first of the latest events that fit into `left`; in the tree they take more. */
static unsigned first_event(const struct explain *e, size_t left, bool tree)
{
	g_autoptr(GString) line = g_string_new(NULL);
	unsigned at = e->call->events.count;
	struct event event;

	for (; at > 0 && event_at(&e->call->events, at - 1, &event); at--) {
		g_string_truncate(line, 0);
		append_event(line, e, &event);
		if (!take(&left, json_bytes(line->str, line->len) + (tree ? ENTRY_BYTES : 0)))
			break;
	}
	return at;
}

static void explain_events(struct explain *e, struct value *into, unsigned *ret_omitted)
{
	const struct event_ring *ring = &e->call->events;
	unsigned tree_at = first_event(e, EXPLAIN_EVENTS_BYTES, true);
	unsigned text_at = first_event(e, EXPLAIN_TEXT_EVENTS_BYTES, false);
	struct value *list = dict_add_list(e->dict, into, "events");
	struct event event;

	g_string_append(e->text, "\nWhat happened, by the time since the call began:\n");
	if (ring->lost + text_at)
		g_string_append_printf(
			e->text, "  (earlier events left out: %u)\n", ring->lost + text_at);
	for (unsigned i = 0; event_at(ring, i, &event); i++) {
		if (i >= tree_at)
			add_event(e, list, &event);
		if (i >= text_at)
			append_event(e->text, e, &event);
	}
	*ret_omitted = ring->lost + tree_at;
}

static void append_head(struct explain *e)
{
	const struct call *call = e->call;

	g_string_append(e->text, "Call ");
	sentence_quote(e->text, call->id);
	g_string_append(e->text, " began ");
	sentence_time(e->text, e->now_us - call->created_mono_us);
	g_string_append(e->text, " ago by a command of ");
	sentence_addr(e->text, &call->created_from);
	g_string_append(e->text, "; the latest signalling was ");
	sentence_time(e->text, e->now_us - call->model->last_signal_mono_us);
	g_string_append(e->text, " ago.\n\n");
}

void call_explain(
	const struct call *call, const struct party *only, struct dict *dict, struct value *into)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct explain e = {
		.call = call,
		.only = only,
		.dict = dict,
		.text = text,
		.tree_left = EXPLAIN_SECTIONS_BYTES,
		.text_left = EXPLAIN_TEXT_SECTIONS_BYTES,
		.now_us = clock_mono_us(),
	};
	struct value *parties = dict_add_list(dict, into, "parties"), *omitted;
	unsigned events_omitted;

	append_head(&e);
	for (unsigned p = 0; p < call->model->party_count; p++)
		explain_party(&e, parties, call->model->parties[p]);
	if (e.text_sections_omitted)
		g_string_append_printf(text,
			"(Sections left out, or in part: %u. Ask for one party.)\n",
			e.text_sections_omitted);
	explain_events(&e, into, &events_omitted);
	omitted = dict_add_dict(dict, into, "omitted");
	dict_add_int(dict, omitted, "sections", e.sections_omitted);
	dict_add_int(dict, omitted, "events", events_omitted);
	dict_add_copy(dict, into, "text", (struct str){ text->str, text->len });
}

static void log_silence_of(const struct call *call, const struct media *media)
{
	struct explain e = { .call = call, .now_us = clock_mono_us() };
	struct arrivals in;

	explain_read(media, &in);
	if (in.rtp_packets || media->rejected || !media_ports(media))
		return;
	for (unsigned i = media->source_count; i-- > 0;) {
		g_autoptr(GString) line = g_string_new(NULL);
		struct explained flow = flow_of(&e, media, media->sources[i], &in);

		if (!is_sink(&e, media, media->sources[i]))
			continue;
		if (explain_state(&flow) == EXPLAIN_UNANSWERED)
			continue; /* most often nobody took the call: nothing to wonder about */
		g_string_append_printf(line, "section %u to ", media->index + 1);
		sentence_party(line, media->sources[i]->party);
		g_string_append(line, ": ");
		explain_why(line, &flow);
		log_info("No media in " MARKED("%s"), MARK(line->str));
	}
}

void call_log_silence(const struct call *call)
{
	if (!log_enabled(LOG_L_INFO) || !call->model)
		return;
	for (unsigned p = 0; p < call->model->party_count; p++)
		for (unsigned m = 0; m < call->model->parties[p]->media_count; m++)
			log_silence_of(call, call->model->parties[p]->media[m]);
}
