/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call through the daemon between a phone in namespace "a", which makes the offer, and one in
 * "b". Both send PCMU (0), type 96 or events (101); RTCP has ports of its own.
 */
#ifndef KERNEL_TALK_H
#define KERNEL_TALK_H

#include "engine.h"
#include "world.h"

enum { TALK_TYPE = 96, TALK_EVENTS = 101, TALK_RTP_BYTES = 172, TALK_PACE_US = 20000 };

struct phone {
	const char *ns, *ip, *gate; /* gate: the daemon's address for it */
	int rtp, rtcp;
	uint16_t port, to; /* its own, and the daemon's for it; RTCP's are the next ones */
	uint32_t ssrc;
	uint16_t seq; /* of the latest packet sent */
};

struct talk {
	struct engine *engine;
	const char *id, *keys; /* keys: more of the offer */
	struct phone phone[2];
};

/* `keys`: more for the offer, as ",\"key\":\"value\"", or "". False: it failed, and said why. */
bool talk_begin(struct talk *t, struct engine *e, const char *id, int family, const char *keys);
bool talk_signal(struct talk *t); /* offer and answer, once more */
/* Deletes it. The totals of RTP that the reply has, or -1. */
long long talk_end(struct talk *t);
bool talk_ask(struct talk *t, const char *command, const char *keys); /* about it; is it done? */

/* The next packet of RTP of phone `from`. */
void talk_send(struct talk *t, unsigned from);
void talk_pace(unsigned us); /* time passes */
/* So many each way, each of which must come out as it went in before the next is sent. */
bool talk_pass(struct talk *t, unsigned count);
void talk_drain(struct talk *t); /* what has come is forgotten */

/* "kernel", or the reason why what phone `from` sends is not forwarded there. */
const char *talk_path(struct talk *t, unsigned from);
/* Of the stream that phone `from` sends: of query, by path from the stream on. */
long long talk_number(struct talk *t, unsigned from, const char *path);
/* Packets pass until both ways are what talk_path tells; false: they never are. */
bool talk_until(struct talk *t, const char *path);

#endif
