/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One script being run. The notation is described in README.md; a statement's function gets what
 * stands behind its word. Statements that fail say why by script_fail, and the script ends.
 */
#ifndef FLOW_SCRIPT_H
#define FLOW_SCRIPT_H

#include "../mock/world.h"
#include "media/plan.h"
#include "stats/counter.h"
#include "stats/reason.h"

#include <glib.h>

enum packet_kind { PACKET_RTP, PACKET_RTCP, PACKET_RAW, PACKET_KINDS };

struct script {
	const char *path;
	GPtrArray *lines;
	unsigned at;   /* the line being run */
	unsigned base; /* lines of the file before `lines`, in a repeat */
	GString *why;  /* not empty: it failed */

	struct world world;
	bool opened;
	unsigned calls_made;
	char call_id[32];
	GArray *ports;     /* struct port_name */
	GHashTable *peers; /* name → struct addr */

	bool lf, json;      /* of the next request */
	GString *sent_sdp;  /* of the latest request */
	struct dict *reply; /* to it */
	GString *reply_bytes;

	GByteArray *sent[PACKET_KINDS]; /* latest packet of each kind */
	uint16_t next_seq;
	uint32_t latest_ssrc;      /* of the RTP expected last, where its fields were */
	uint32_t latest_timestamp; /* of that packet */
	GHashTable *keys;          /* as scripts write them → struct srtp_context that protects */
	uint64_t reasons[REASON_COUNT]; /* as last looked at */
	uint64_t counters[COUNTER_COUNT];
	GQueue log;
	char *cause; /* of fetches that fail */

	struct plan *plan; /* remembered */
	GString *state;
	unsigned ports_used;
};

/* Runs it as a test of its own. */
void script_run(const char *path);

void script_fail(struct script *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool script_failed(const struct script *s)
{
	return s->why->len > 0;
}
/* The indented lines behind the one being run, without indentation; moves behind them. */
char *const *script_block(struct script *s, unsigned *ret_count);
/* The current call, or NULL and a failure. */
struct call *script_call(struct script *s);
/* A, B+1, $P1, $P1+1, 192.0.2.10:41000: false and a failure if it is none of these. */
bool script_addr(struct script *s, const char *text, struct addr *ret);

/* messages.c */
void statement_request(struct script *s, const char *rest);
void statement_reply(struct script *s, const char *rest);
void statement_remember(struct script *s, const char *rest);
void statement_unchanged(struct script *s, const char *rest);
void statement_wire(struct script *s, const char *rest);

/* packets.c */
void statement_rtp(struct script *s, const char *rest);
void statement_rtcp(struct script *s, const char *rest);
void statement_raw(struct script *s, const char *rest);
void statement_expect(struct script *s, const char *rest);

#endif
