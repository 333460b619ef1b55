/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP contexts made with a set of streams, kept over plans by their keys' generation, and used. */
#include "media/secure.h"

#include <glib.h>

#include "media/packet.h"
#include "rtp/rtcp.h"
#include "srtp/srtp.h"

static const int64_t FORMER_US = 2000000;

static bool same_key(const struct plan_srtp *a, const struct plan_srtp *b)
{
	return a && b && a->generation == b->generation;
}

static int open_context(struct srtp_context **context, const struct plan_srtp *wanted,
	const struct plan_srtp *running, enum srtp_direction direction, struct err *err)
{
	if (!wanted || same_key(wanted, running))
		return 0;
	*context = srtp_context_new(&wanted->params, direction, err);
	return *context ? 0 : -ENOTSUP;
}

static int open_stream(struct stream *s, const struct plan_stream *latest, struct err *err)
{
	const struct plan_stream *plan = s->plan;
	int ret;

	s->srtp = g_new0(struct stream_srtp, 1);
	ret = open_context(
		&s->srtp->in, plan->srtp_in, latest ? latest->srtp_in : NULL, SRTP_UNPROTECT, err);
	if (!ret)
		ret = open_context(&s->srtp->out, plan->srtp_out, latest ? latest->srtp_out : NULL,
			SRTP_PROTECT, err);
	return ret;
}

static const struct plan_stream *find_plan(const struct stream_set *set, uint32_t id)
{
	for (unsigned i = 0; set && i < set->plan->stream_count; i++)
		if (set->plan->streams[i].id == id)
			return &set->plan->streams[i];
	return NULL;
}

int secure_open(struct stream_set *set, const struct stream_set *latest, struct err *err)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];
		int ret = 0;

		if (s->rtp_of == s && (s->plan->srtp_in || s->plan->srtp_out))
			ret = open_stream(s, find_plan(latest, s->plan->id), err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

void secure_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream_srtp *srtp = set->streams[i].srtp;

		if (!srtp)
			continue;
		srtp_context_free(srtp->in);
		srtp_context_free(srtp->out);
		srtp_context_free(srtp->former);
		g_free(srtp);
	}
}

static void move(struct srtp_context **to, struct srtp_context **from)
{
	struct srtp_context *had = *to;

	*to = *from;
	*from = had;
}

static void inherit(struct stream *s, struct stream *before, int64_t now_us)
{
	struct stream_srtp *to = s->srtp, *from = before->srtp;

	if (same_key(s->plan->srtp_out, before->plan->srtp_out))
		move(&to->out, &from->out);
	if (!same_key(s->plan->srtp_in, before->plan->srtp_in)) {
		if (to->in && from->in) {
			move(&to->former, &from->in);
			to->former_until_us = now_us + FORMER_US;
		}
		return;
	}
	move(&to->in, &from->in);
	move(&to->former, &from->former);
	to->former_until_us = from->former_until_us;
	/* Another device under the same key counts as it likes. */
	if (to->in && s->plan->endpoint_gen != before->plan->endpoint_gen)
		srtp_context_import(to->in, NULL, 0);
}

void secure_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us)
{
	for (unsigned i = 0; before && i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];
		struct stream *old = s->srtp ? stream_set_find(before, s->plan->id) : NULL;

		if (old && old->srtp)
			inherit(s, old, now_us);
	}
}

static enum reason reason_of(enum srtp_result result)
{
	switch (result) {
	case SRTP_AUTH_FAILED:
		return REASON_SRTP_FORGED;
	case SRTP_REPLAYED:
		return REASON_SRTP_REPLAYED;
	default:
		return REASON_SRTP_MALFORMED;
	}
}

static enum srtp_result run(
	struct srtp_context *context, struct packet *packet, size_t *len, size_t room)
{
	*len = packet->buf->len;
	if (packet->kind == DATAGRAM_RTCP)
		return srtp_context_rtcp(context, packet->buf->data, len, room);
	return srtp_context_rtp(context, packet->buf->data, len, room);
}

int media_unprotect(struct packet *packet)
{
	struct stream_srtp *srtp = packet->in->rtp_of->srtp;
	enum srtp_result result;
	size_t len;

	if (!srtp || !srtp->in)
		return REASON_SRTP_NO_KEY;
	result = run(srtp->in, packet, &len, packet->buf->len);
	if (result == SRTP_OK)
		srtp->former_until_us = 0;
	else if (result == SRTP_AUTH_FAILED && srtp->former &&
		 packet->now_us < srtp->former_until_us)
		result = run(srtp->former, packet, &len, packet->buf->len);
	if (result != SRTP_OK)
		return reason_of(result);
	packet->buf->len = (uint32_t)len;
	if (packet->kind == DATAGRAM_RTCP && !rtcp_valid(packet->buf->data, packet->buf->len))
		return REASON_RTCP_MALFORMED;
	return PACKET_OK;
}

int media_protect(struct packet *packet, struct stream *out)
{
	struct stream_srtp *srtp = out->carrier->rtp_of->srtp;
	size_t len;

	if (!srtp || !srtp->out)
		return REASON_SRTP_NO_KEY;
	if (run(srtp->out, packet, &len, buf_room(packet->buf)) != SRTP_OK)
		return REASON_SRTP_NOT_SENT;
	packet->buf->len = (uint32_t)len;
	return PACKET_OK;
}
