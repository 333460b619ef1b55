/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP contexts made with a set of streams, kept over plans by their keys' generation, and used. */
#include "media/secure.h"

#include <glib.h>

#include "media/packet.h"
#include "media/wrong_key.h"
#include "rtp/rtcp.h"
#include "srtp/srtp.h"

static const int64_t FORMER_US = 2000000;

static bool same_key(const struct plan_srtp *a, const struct plan_srtp *b)
{
	return a && b && a->generation == b->generation;
}

static bool has_key_of(const struct stream *in, const struct stream *out)
{
	const struct plan_srtp *a = in->rtp_of->plan->srtp_in, *b = out->rtp_of->plan->srtp_out;

	return a && b && out->secured && srtp_params_equal(&a->params, &b->params);
}

static int open_context(struct srtp_context **context, const struct plan_srtp *wanted,
	const struct plan_srtp *running, enum srtp_direction direction, struct err *err)
{
	if (!wanted || same_key(wanted, running))
		return 0;
	*context = srtp_context_new(&wanted->params, direction, err);
	return *context ? 0 : -ENOTSUP;
}

/* Does what comes in by `s`, or is carried by it, go to somebody under the same key? */
static bool find_shared_key(const struct stream_set *set, const struct stream *s)
{
	for (unsigned i = 0; s->plan->srtp_in && i < set->plan->stream_count; i++) {
		const struct stream *part = &set->streams[i];

		if (part->carrier->rtp_of != s)
			continue;
		for (unsigned n = 0; n < part->rtp_sink_count; n++)
			if (has_key_of(part, part->rtp_sinks[n]))
				return true;
		for (unsigned n = 0; n < part->rtcp_sink_count; n++)
			if (has_key_of(part, part->rtcp_sinks[n]))
				return true;
	}
	return false;
}

static int open_stream(struct stream *s, const struct plan_stream *latest, struct err *err)
{
	const struct plan_stream *plan = s->plan;
	int ret;

	s->srtp = g_new0(struct stream_srtp, 1);
	s->srtp->seals = find_shared_key(s->set, s);
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

		if (s->dtls)
			s->srtp = g_new0(struct stream_srtp, 1);
		else if (s->rtp_of == s && (s->plan->srtp_in || s->plan->srtp_out))
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

	/* What there is serves until the next association has its keys. */
	if (s->dtls) {
		*to = *from;
		to->seals = false; /* the plan has no key any more that could be shared */
		*from = (struct stream_srtp){ 0 };
		return;
	}
	if (same_key(s->plan->srtp_out, before->plan->srtp_out))
		move(&to->out, &from->out);
	if (!same_key(s->plan->srtp_in, before->plan->srtp_in)) {
		wrong_key_forget(s);
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

void secure_replace(
	struct stream *stream, struct srtp_context *in, struct srtp_context *out, int64_t now_us)
{
	struct stream_srtp *srtp = stream->srtp;

	if (srtp->in) {
		srtp_context_free(srtp->former);
		srtp->former = srtp->in;
		srtp->former_until_us = now_us + FORMER_US;
	}
	srtp_context_free(srtp->out);
	srtp->in = in;
	srtp->out = out;
}

static struct stream_srtp *keys_of(const struct stream *stream)
{
	return stream->srtp ? stream->srtp : stream->rtp_of->srtp;
}

static int no_key(const struct stream *stream)
{
	return stream->carrier->dtls ? REASON_DTLS_NO_KEY : REASON_SRTP_NO_KEY;
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

static void keep_sealed(struct packet *packet)
{
	static _Thread_local uint8_t sealed[BUF_PAYLOAD];

	memcpy(sealed, packet->buf->data, packet->buf->len);
	packet->sealed = sealed;
	packet->sealed_len = packet->buf->len;
	packet->sealed_generation = packet->in->rtp_of->plan->srtp_in->generation;
}

bool media_is_sealed_for(const struct packet *packet, const struct stream *out)
{
	const struct plan_srtp *key = packet->sealed ? packet->in->rtp_of->plan->srtp_in : NULL;

	return key && key->generation == packet->sealed_generation && has_key_of(packet->in, out);
}

void media_forget_sealed(struct packet *packet)
{
	packet->sealed = NULL;
	packet->sealed_len = 0;
}

/* Only to tell what is wrong: the packet is dropped, so it does not matter what becomes of it. */
static void count_wrong_key(struct packet *packet, struct stream_srtp *srtp)
{
	bool try_former = srtp->former && packet->now_us >= srtp->former_until_us &&
			  wrong_key_is_new(packet->in);
	size_t len;

	wrong_key_count(
		packet, try_former && run(srtp->former, packet, &len, packet->buf->len) == SRTP_OK);
}

int media_unprotect(struct packet *packet)
{
	struct stream_srtp *srtp = keys_of(packet->in);
	enum srtp_result result;
	size_t len;

	if (!srtp || !srtp->in)
		return no_key(packet->in);
	if (srtp->seals)
		keep_sealed(packet);
	result = run(srtp->in, packet, &len, packet->buf->len);
	if (result == SRTP_OK) {
		srtp->former_until_us = 0;
	} else if (result == SRTP_AUTH_FAILED && srtp->former &&
		   packet->now_us < srtp->former_until_us) {
		/* Its receiver has the new key, under which its sender has sent nothing yet. */
		media_forget_sealed(packet);
		packet->former = true;
		result = run(srtp->former, packet, &len, packet->buf->len);
	}
	if (result == SRTP_AUTH_FAILED)
		count_wrong_key(packet, srtp);
	if (result != SRTP_OK)
		return reason_of(result);
	wrong_key_end(packet->in);
	packet->buf->len = (uint32_t)len;
	if (packet->kind == DATAGRAM_RTCP && !rtcp_valid(packet->buf->data, packet->buf->len))
		return REASON_RTCP_MALFORMED;
	return PACKET_OK;
}

int media_protect(struct packet *packet, struct stream *out)
{
	struct stream_srtp *srtp = keys_of(out->carrier);
	size_t len;

	if (!srtp || !srtp->out)
		return REASON_SRTP_NO_KEY_OUT;
	if (media_is_sealed_for(packet, out)) {
		if (packet->changed)
			return REASON_SRTP_SHARED_KEY;
		memcpy(packet->buf->data, packet->sealed, packet->sealed_len);
		packet->buf->len = packet->sealed_len;
		return PACKET_OK;
	}
	/* By an index of ours that its sender will use, too: those of RTCP are no numbers of packets. */
	if (packet->former && packet->kind == DATAGRAM_RTCP && has_key_of(packet->in, out))
		return REASON_SRTP_SHARED_KEY;
	if (run(srtp->out, packet, &len, buf_room(packet->buf)) != SRTP_OK)
		return REASON_SRTP_NOT_SENT;
	packet->buf->len = (uint32_t)len;
	return PACKET_OK;
}
