/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted. Of a namespace, per CPU; of what a target takes, under its lock: these come in on
 * one CPU nearly always, and what is known of an SSRC cannot be split by CPU. What a target does not
 * take may come from anybody and on all CPUs: it is counted beside the lock.
 */
#ifndef KERNEL_STATS_H
#define KERNEL_STATS_H

#include "receive.h"

/* Not taken, for enum forward_pass. Says what becomes of it: NF_ACCEPT or NF_DROP. */
unsigned int fwd_count_passed(struct packet *p, unsigned int reason);
/* Taken: about to be sent to the sinks that want it. */
void fwd_count_taken(struct packet *p);
/* It could not be sent to `s`, after all. */
void fwd_count_unsent(struct packet *p, struct sink *s);
/* A copy was, or was not, taken by the tap. */
void fwd_count_tapped(struct packet *p, bool taken);

/* Does the packet go to `s`? */
static inline bool fwd_sink_wants(const struct sink *s, const struct packet *p)
{
	if (p->rtcp)
		return s->flags & FORWARD_SINK_RTCP;
	if (!(s->flags & FORWARD_SINK_RTP))
		return false;
	return !p->rtp || s->payloads >> p->payload_place & 1;
}

/* All CPUs together. */
void fwd_totals_read(const struct forward_net *fn, struct totals *ret);

/* What has been counted of a target, at one moment; what was not taken, a moment later. */
struct stats_copy {
	struct forward_counts counts;
	struct forward_sink_counts sinks[FORWARD_MAX_SINKS];
	struct forward_ssrc ssrcs[FORWARD_MAX_SSRCS];
	struct forward_payload_counts payloads[FORWARD_MAX_PAYLOADS];
};

void fwd_stats_read(struct target *t, struct stats_copy *ret);

#endif
