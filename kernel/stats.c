// SPDX-License-Identifier: GPL-2.0-or-later
/* Counting, and reading what was counted. */
#include "stats.h"

#include <linux/netfilter.h>
#include <linux/percpu.h>

#include "rtp.h"

unsigned int fwd_count_passed(struct packet *p, unsigned int reason)
{
	struct target *t = p->target;
	bool drop = reason == FORWARD_PASS_SOURCE && t->flags & FORWARD_TARGET_DROP_OTHERS;

	this_cpu_inc(p->fn->totals->passed);
	atomic64_inc(&t->passed[reason]);
	if (drop)
		atomic64_inc(&t->dropped);
	return drop ? NF_DROP : NF_ACCEPT;
}

static void count_rtp(struct target *t, const struct packet *p)
{
	struct payload *payload = &t->payloads[p->payload_place];

	payload->packets++;
	payload->bytes += p->payload_bytes;
	rtp_arrived(&t->ssrcs[p->ssrc_place], p->skb->data + p->payload_offset, p->payload_bytes,
		payload->clock_hz, p->now_us);
}

void fwd_count_taken(struct packet *p)
{
	struct target *t = p->target;
	struct sink *s;

	this_cpu_inc(p->fn->totals->packets);
	this_cpu_add(p->fn->totals->bytes, p->payload_bytes);
	spin_lock(&t->lock);
	t->counts.packets++;
	t->counts.bytes += p->payload_bytes;
	t->counts.last_us = p->now_us;
	if (p->rtp)
		count_rtp(t, p);
	for_each_sink(s, t) {
		if (!fwd_sink_wants(s, p))
			continue;
		s->counts.packets++;
		s->counts.bytes += p->payload_bytes;
	}
	spin_unlock(&t->lock);
}

void fwd_count_unsent(struct packet *p, struct sink *s)
{
	this_cpu_inc(p->fn->totals->unsent);
	spin_lock(&p->target->lock);
	s->counts.packets--;
	s->counts.bytes -= p->payload_bytes;
	s->counts.unsent++;
	p->target->counts.unsent++;
	spin_unlock(&p->target->lock);
}

void fwd_count_tapped(struct packet *p, bool taken)
{
	struct target *t = p->target;

	spin_lock(&t->lock);
	if (taken) {
		t->counts.tapped++;
		t->lost_copies = 0;
	} else {
		t->counts.untapped++;
		t->lost_copies++;
	}
	spin_unlock(&t->lock);
}

void fwd_totals_read(const struct forward_net *fn, struct totals *ret)
{
	int cpu;

	memset(ret, 0, sizeof(*ret));
	for_each_possible_cpu(cpu) {
		const struct totals *t = per_cpu_ptr(fn->totals, cpu);

		ret->packets += READ_ONCE(t->packets);
		ret->bytes += READ_ONCE(t->bytes);
		ret->passed += READ_ONCE(t->passed);
		ret->unsent += READ_ONCE(t->unsent);
	}
}

void fwd_stats_read(struct target *t, struct stats_copy *ret)
{
	const struct sink *s;
	unsigned int i = 0;

	spin_lock_bh(&t->lock);
	ret->counts = t->counts;
	memcpy(ret->ssrcs, t->ssrcs, sizeof(ret->ssrcs));
	for_each_sink(s, t)
		ret->sinks[i++] = s->counts;
	for (i = 0; i < t->payload_count; i++) {
		ret->payloads[i] = (struct forward_payload_counts){
			.type = t->payloads[i].type,
			.packets = t->payloads[i].packets,
			.bytes = t->payloads[i].bytes,
		};
	}
	spin_unlock_bh(&t->lock);
	for (i = 0; i < FORWARD_PASS_REASONS; i++)
		ret->counts.passed[i] = atomic64_read(&t->passed[i]);
	ret->counts.dropped = atomic64_read(&t->dropped);
}
