/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What has happened to a call: its latest EVENTS_MAX events, for `explain`. Control appends to
 * it; what workers see comes as struct media_event first (table.c). A new kind of event is a row
 * of the table below and a call of event_add. [control]
 */
#ifndef CALL_EVENTS_H
#define CALL_EVENTS_H

#include "net/addr.h"
#include "stats/reason.h"

#include <glib.h>

struct call;
struct model;

enum { EVENTS_MAX = 128 };

/*
 * id, name, sentence. In the sentence stand for what the event has: {party}, {section} (from 1),
 * {flow} (RTP or RTCP), {address}, {reason}, {number}, {command}.
 */
#define EVENTS(ROW)                                                                                \
	ROW(COMMAND, "command", "{command} received from {address}")                               \
	ROW(REFUSED, "refused", "{command} refused: {reason}")                                     \
	ROW(PARTY_LEFT, "party-left", "{party} was taken out of the call")                         \
	ROW(PORTS_OPENED, "ports-opened",                                                          \
		"{party}, section {section}: is told to send to {address} ({number} ports)")       \
	ROW(PORTS_CHANGED, "ports-changed",                                                        \
		"{party}, section {section}: is told to send to {address} instead")                \
	ROW(PORTS_CLOSED, "ports-closed", "{party}, section {section}: has no ports any more")     \
	ROW(ENDPOINT_CHANGED, "endpoint-changed",                                                  \
		"{party}, section {section}: receives {flow} at {address} now")                    \
	ROW(DECLINED, "declined", "{party}, section {section}: declined (port 0)")                 \
	ROW(TAKEN_UP, "taken-up", "{party}, section {section}: no longer declined")                \
	ROW(HELD, "held", "{party}, section {section}: is to receive nothing (hold)")              \
	ROW(RESUMED, "resumed", "{party}, section {section}: is to receive media again")           \
	ROW(CODECS_CHOSEN, "codecs-chosen",                                                        \
		"{party}, section {section}: was shown {number} codecs, not those offered")        \
	ROW(MUX_AGREED, "mux-agreed", "{party}, section {section}: rtcp-mux agreed")               \
	ROW(SECURED, "secured", "{party}, section {section}: speaks SRTP from now on")             \
	ROW(REKEYED, "rekeyed", "{party}, section {section}: SRTP goes on with new keys")          \
	ROW(UNSECURED, "unsecured", "{party}, section {section}: no longer speaks SRTP")           \
	ROW(WRONG_KEY, "wrong-key",                                                                \
		"{party}, section {section}: {flow} from {address} fits none of its SRTP keys")    \
	ROW(FIRST_PACKET, "first-packet",                                                          \
		"{party}, section {section}: first {flow} packet; it is sent to at {address}")     \
	ROW(PEER_LEARNED, "peer-learned",                                                          \
		"{party}, section {section}: {flow} comes from {address}: sent there from now on") \
	ROW(SOURCE_CHANGED, "source-changed",                                                      \
		"{party}, section {section}: {flow} is taken from {address} now: {reason}")        \
	ROW(SOURCE_COMMITTED, "source-committed",                                                  \
		"{party}, section {section}: {flow} is taken from {address} alone from now on")    \
	ROW(SOURCE_REFUSED, "source-refused",                                                      \
		"{party}, section {section}: {flow} from {address} is refused: {reason}")          \
	ROW(DTLS_UP, "dtls-up",                                                                    \
		"{party}, section {section}: DTLS with {address} gave the keys of {flow}")         \
	ROW(DTLS_FAILED, "dtls-failed",                                                            \
		"{party}, section {section}: no keys for {flow} with {address}: {reason}")         \
	ROW(DTLS_CLOSED, "dtls-closed",                                                            \
		"{party}, section {section}: DTLS for {flow} was ended by {address}")              \
	ROW(ICE_PAIR, "ice-pair",                                                                  \
		"{party}, section {section}: ICE sends {flow} to {address} from now on")           \
	ROW(ICE_COMPLETED, "ice-completed", "{party}, section {section}: ICE is complete")         \
	ROW(ICE_FAILED, "ice-failed", "{party}, section {section}: ICE found no way to the peer")  \
	ROW(ICE_CONSENT_LOST, "ice-consent-lost",                                                  \
		"{party}, section {section}: {address} does not answer: {flow} is not sent there") \
	ROW(ICE_ROLE, "ice-role",                                                                  \
		"{party}, section {section}: both sides had one role in ICE: we changed ours")     \
	ROW(OFFLOADED, "offloaded",                                                                \
		"{party}, section {section}: {flow} from {address} is forwarded by the kernel")    \
	ROW(TAKEN_BACK, "taken-back",                                                              \
		"{party}, section {section}: {flow} is not forwarded by the kernel now: {reason}") \
	ROW(DTMF, "dtmf", "{party}, section {section}: sent DTMF, {number} ms long")               \
	ROW(SOURCES_TOGETHER, "sources-together",                                                  \
		"{party}, section {section}: {address} sends several SSRCs at once")               \
	ROW(BLOCKED, "blocked", "{party}: what it sends is kept back: {reason}")                   \
	ROW(UNBLOCKED, "unblocked", "{party}: no longer kept back: {reason}")                      \
	ROW(SILENCED, "silenced", "{party}: what it sends is made silent")                         \
	ROW(UNSILENCED, "unsilenced", "{party}: what it sends is no longer made silent")           \
	ROW(TRAFFIC_DROPPED, "traffic-dropped", "all media of the call are discarded from now on") \
	ROW(TRAFFIC_PASSED, "traffic-passed", "media of the call are passed on again")             \
	ROW(DELETE_PLANNED, "delete-planned", "{party}: to be deleted in {number} s")              \
	ROW(DELETE_REVOKED, "delete-revoked", "{party}: not to be deleted after all")              \
	ROW(MOVED, "moved", "media moved to worker {number}")                                      \
	ROW(ENDED, "ended", "{reason}")

enum event_kind {
#define EVENT_ID(id, name, text) EVENT_##id,
	EVENTS(EVENT_ID)
#undef EVENT_ID
		EVENT_COUNT
};

/* Commands that change a call, as {command} knows them. */
enum event_command {
	EVENT_COMMAND_OTHER,
	EVENT_COMMAND_OFFER,
	EVENT_COMMAND_ANSWER,
	EVENT_COMMAND_DELETE,
	EVENT_COMMAND_BLOCK_MEDIA,
	EVENT_COMMAND_UNBLOCK_MEDIA,
	EVENT_COMMAND_SILENCE_MEDIA,
	EVENT_COMMAND_UNSILENCE_MEDIA,
	EVENT_COMMAND_BLOCK_DTMF,
	EVENT_COMMAND_UNBLOCK_DTMF,
	EVENT_COMMAND_PLAY_MEDIA,
	EVENT_COMMAND_STOP_MEDIA,
	EVENT_COMMAND_PLAY_DTMF,
	EVENT_COMMANDS
};

/* As messages have it; EVENT_COMMAND_OTHER when it is none of these. */
enum event_command event_command_find(struct str name);

enum { EVENT_NO_PARTY = 0xffff }; /* it concerns the whole call */

struct event {
	enum event_kind kind;
	int64_t after_us; /* since the call began, in whole milliseconds. Set by event_add */
	unsigned party;   /* its number (model.h), or EVENT_NO_PARTY */
	unsigned media;   /* index */
	unsigned stream;  /* index */
	enum reason reason;
	struct addr addr;
	uint32_t number;
};

struct event_record;

/* Zeroed: empty. It takes 32 bytes an event, made room for four at a time and more. */
struct event_ring {
	struct event_record *records; /* owned */
	uint8_t room, count, first;
	uint32_t lost; /* older ones that had to make place */
};

/* Appends; the oldest goes when there are EVENTS_MAX. */
void event_add(struct call *call, const struct event *event);
/* The one at `index`, 0 being the oldest; false: there are not so many. */
bool event_at(const struct event_ring *ring, unsigned index, struct event *ret);
/* Its sentence without capital or full stop. `model` may be NULL. */
void event_print(const struct event *event, const struct model *model, GString *out);
const char *event_name(enum event_kind kind);
void event_ring_clear(struct event_ring *ring);

/* events_diff.c: what is different in a version of the model that is about to be committed. */
void events_of_commit(struct call *call, const struct model *before, const struct model *after);

#endif
