/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring of a call's events, and their sentences. */
#include "call/events.h"

#include "base/clock.h"
#include "call/call.h"
#include "call/sentence.h"

enum { FIRST_ROOM = 4 };

/* As kept: a call at rest has about eight of them. */
struct event_record {
	uint32_t after_ms, number;
	uint8_t ip[16];
	uint16_t port, party;
	uint8_t kind, reason, media;
	uint8_t family : 4, stream : 4;
};

_Static_assert(sizeof(struct event_record) == 32, "memory of idle calls is counted");
_Static_assert(MODEL_MAX_MEDIA <= UINT8_MAX + 1 && 2 * MODEL_MAX_PORT_PAIRS <= 16 &&
		       EVENT_COUNT <= UINT8_MAX && REASON_COUNT <= UINT8_MAX,
	"fits a record");

static const struct {
	const char *name, *text;
} rows[EVENT_COUNT] = {
#define EVENT_ROW(id, name_, text_) [EVENT_##id] = { name_, text_ },
	EVENTS(EVENT_ROW)
#undef EVENT_ROW
};

static const char *const commands[EVENT_COMMANDS] = {
	[EVENT_COMMAND_OTHER] = "a command",
	[EVENT_COMMAND_OFFER] = "offer",
	[EVENT_COMMAND_ANSWER] = "answer",
	[EVENT_COMMAND_DELETE] = "delete",
	[EVENT_COMMAND_BLOCK_MEDIA] = "block media",
	[EVENT_COMMAND_UNBLOCK_MEDIA] = "unblock media",
	[EVENT_COMMAND_SILENCE_MEDIA] = "silence media",
	[EVENT_COMMAND_UNSILENCE_MEDIA] = "unsilence media",
	[EVENT_COMMAND_BLOCK_DTMF] = "block DTMF",
	[EVENT_COMMAND_UNBLOCK_DTMF] = "unblock DTMF",
	[EVENT_COMMAND_PLAY_MEDIA] = "play media",
	[EVENT_COMMAND_STOP_MEDIA] = "stop media",
	[EVENT_COMMAND_PLAY_DTMF] = "play DTMF",
};

enum event_command event_command_find(struct str name)
{
	for (unsigned i = EVENT_COMMAND_OTHER + 1; i < EVENT_COMMANDS; i++)
		if (str_is(name, commands[i]))
			return (enum event_command)i;
	return EVENT_COMMAND_OTHER;
}

const char *event_name(enum event_kind kind)
{
	return rows[kind].name;
}

/* Grown only while nothing was lost yet, so the oldest one is at 0. */
static void make_room(struct event_ring *ring)
{
	ring->room = ring->room ? (uint8_t)MIN(2 * ring->room, EVENTS_MAX) : FIRST_ROOM;
	ring->records = g_renew(struct event_record, ring->records, ring->room);
}

static struct event_record *next_record(struct event_ring *ring)
{
	struct event_record *r;

	if (ring->count == ring->room && ring->room < EVENTS_MAX)
		make_room(ring);
	if (ring->count < ring->room)
		return &ring->records[ring->count++];
	r = &ring->records[ring->first];
	ring->first = (uint8_t)((ring->first + 1) % EVENTS_MAX);
	ring->lost++;
	return r;
}

void event_add(struct call *call, const struct event *event)
{
	struct event_record *r = next_record(&call->events);
	int64_t after_ms = (clock_mono_us() - call->created_mono_us) / 1000;

	*r = (struct event_record){
		.after_ms = (uint32_t)CLAMP(after_ms, 0, UINT32_MAX),
		.number = event->number,
		.port = event->addr.port,
		.party = (uint16_t)MIN(event->party, EVENT_NO_PARTY),
		.kind = (uint8_t)event->kind,
		.reason = (uint8_t)event->reason,
		.media = (uint8_t)event->media,
		.family = event->addr.family & 0xf,
		.stream = event->stream & 0xf,
	};
	memcpy(r->ip, event->addr.ip, sizeof(r->ip));
}

bool event_at(const struct event_ring *ring, unsigned index, struct event *ret)
{
	const struct event_record *r;

	if (index >= ring->count)
		return false;
	r = &ring->records[(ring->first + index) % ring->room];
	*ret = (struct event){
		.kind = (enum event_kind)r->kind,
		.after_us = (int64_t)r->after_ms * 1000,
		.party = r->party,
		.media = r->media,
		.stream = r->stream,
		.reason = (enum reason)r->reason,
		.addr = { .family = r->family, .port = r->port },
		.number = r->number,
	};
	memcpy(ret->addr.ip, r->ip, sizeof(r->ip));
	return true;
}

void event_ring_clear(struct event_ring *ring)
{
	g_free(ring->records);
	*ring = (struct event_ring){ 0 };
}

static void print_party(GString *out, const struct event *e, const struct model *model)
{
	if (e->party == EVENT_NO_PARTY) {
		g_string_append(out, "the whole call");
		return;
	}
	for (unsigned i = 0; model && i < model->party_count; i++)
		if (model->parties[i]->number == e->party) {
			sentence_party(out, model->parties[i]);
			return;
		}
	sentence_party(out, NULL);
}

static void print_field(
	GString *out, struct str field, const struct event *e, const struct model *model)
{
	if (str_is(field, "party"))
		print_party(out, e, model);
	else if (str_is(field, "section"))
		g_string_append_printf(out, "%u", e->media + 1);
	else if (str_is(field, "flow"))
		g_string_append(out, e->stream % 2 ? "RTCP" : "RTP");
	else if (str_is(field, "address"))
		sentence_addr(out, &e->addr);
	else if (str_is(field, "reason"))
		g_string_append(out, reason_row(e->reason)->text);
	else if (str_is(field, "number"))
		g_string_append_printf(out, "%u", (unsigned)e->number);
	else if (str_is(field, "command"))
		g_string_append(out, commands[e->number < EVENT_COMMANDS ? e->number : 0]);
}

void event_print(const struct event *event, const struct model *model, GString *out)
{
	struct str rest = str_of(rows[event->kind].text), part;

	while (str_cut(&rest, '{', &part)) {
		g_string_append_len(out, part.s, (gssize)part.len);
		if (rest.s && str_cut(&rest, '}', &part))
			print_field(out, part, event, model);
	}
}
