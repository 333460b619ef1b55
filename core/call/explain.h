/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a call has the media it has, in plain sentences: put together from its model, what the
 * workers counted, the table of reasons and the call's events. [control]
 *
 * A direction is what one section of a party sends to one that receives from it.
 */
#ifndef CALL_EXPLAIN_H
#define CALL_EXPLAIN_H

#include "call/call.h"

/*
 * What is explained of one call at most, in bytes of JSON, so that a reply with all of it fits
 * a datagram. Sections left out (or shown in part) and events left out are counted in "omitted"
 * and in the text.
 */
enum {
	EXPLAIN_SECTIONS_BYTES = 18000,
	EXPLAIN_EVENTS_BYTES = 20000,
	EXPLAIN_TEXT_SECTIONS_BYTES = 10000,
	EXPLAIN_TEXT_EVENTS_BYTES = 14000,
};

/* id, name: how a direction is. The first that applies. */
#define EXPLAIN_STATES(ROW)                   \
	ROW(DECLINED, "declined")             \
	ROW(NOT_RELAYED, "not-relayed")       \
	ROW(NO_KEYS, "no-keys")               \
	ROW(WRONG_KEYS, "wrong-keys")         \
	ROW(UNANSWERED, "unanswered")         \
	ROW(NO_ICE, "no-ice")                 \
	ROW(NO_DTLS, "no-dtls")               \
	ROW(RTCP_ONLY, "rtcp-only")           \
	ROW(ALL_DROPPED, "all-dropped")       \
	ROW(HELD, "held")                     \
	ROW(NEVER, "never-arrived")           \
	ROW(STOPPED, "stopped")               \
	ROW(NOBODY, "nobody-receives")        \
	ROW(BLOCKED, "blocked")               \
	ROW(NO_DESTINATION, "no-destination") \
	ROW(SEND_FAILS, "send-fails")         \
	ROW(FLOWS, "flows")

enum explain_state {
#define EXPLAIN_ID(id, name) EXPLAIN_##id,
	EXPLAIN_STATES(EXPLAIN_ID)
#undef EXPLAIN_ID
		EXPLAIN_STATE_COUNT
};

/* Of the whole call, or of what `only` sends and receives: into a reply. */
void call_explain(
	const struct call *call, const struct party *only, struct dict *dict, struct value *into);
/* One log line for each direction in which nothing ever came. */
void call_log_silence(const struct call *call);

#endif
