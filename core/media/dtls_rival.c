/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Without ICE nothing shows who is the peer before its certificate does. So while a handshake is
 * unfinished that somebody has begun, others whose addresses fit the signalling as well may have one
 * beside it, within the same caps. The first to show the signalled certificate is the peer.
 */
#include <glib.h>

#include "base/ref.h"
#include "media/dtls_priv.h"
#include "media/secure.h"

static bool is_from(const struct stream_dtls *d, const struct packet *packet)
{
	return d->peer_len && media_same_source(&d->peer, packet->from);
}

/* Would it be kept out by who was first alone? */
static bool competes(const struct stream_dtls *d, const struct packet *packet)
{
	return !d->plan->active && !stream_dtls_is_over(d) && !d->stream->srtp->in &&
	       !d->stream->checked && !is_from(d, packet) &&
	       dtls_begins_hello(packet->buf->data, packet->buf->len) && media_fits_as_well(packet);
}

static void drop(struct stream_dtls *rival)
{
	struct stream_dtls **places = rival->rival_of->rivals;

	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++)
		if (places[i] == rival)
			places[i] = NULL;
	stream_dtls_stop(rival);
	stream_dtls_free(rival);
}

/* A free place, or that of one that has had its time; NULL. */
static struct stream_dtls **find_place(struct stream_dtls *d, int64_t now_us)
{
	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++) {
		if (d->rivals[i] && now_us >= d->rivals[i]->began_us + DTLS_RIVAL_US)
			drop(d->rivals[i]);
		if (!d->rivals[i])
			return &d->rivals[i];
	}
	return NULL;
}

static int add(struct stream_dtls *d, const struct packet *packet, struct stream_dtls **ret_rival)
{
	struct stream_dtls **place = find_place(d, packet->now_us), *rival;
	int verdict;

	if (!place)
		return REASON_DTLS_HALF_OPEN;
	rival = stream_dtls_new(d->stream, d->plan);
	rival->rival_of = d;
	verdict = stream_dtls_accept(rival, packet);
	if (verdict != PACKET_OK) {
		stream_dtls_free(rival);
		return verdict;
	}
	*ret_rival = *place = rival;
	return PACKET_OK;
}

int rivals_take(struct stream_dtls *d, const struct packet *packet, struct stream_dtls **ret_rival)
{
	*ret_rival = NULL;
	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++) {
		struct stream_dtls *rival = d->rivals[i];

		if (!rival || !is_from(rival, packet))
			continue;
		*ret_rival = rival;
		return stream_dtls_begins(rival, packet->buf) ? stream_dtls_accept(rival, packet)
							      : PACKET_OK;
	}
	return competes(d, packet) ? add(d, packet, ret_rival) : PACKET_OK;
}

bool rival_reap(struct stream_dtls *rival)
{
	if (!stream_dtls_is_over(rival))
		return false;
	drop(rival);
	return true;
}

void rivals_lose(struct stream_dtls *d)
{
	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++)
		if (d->rivals[i] && d->rivals[i]->dtls)
			drop(d->rivals[i]);
}

void rivals_drop(struct stream_dtls *d)
{
	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++)
		if (d->rivals[i])
			drop(d->rivals[i]);
}

/* Its association is that of its stream from now on; it is left with none. */
static void win(struct stream_dtls *rival, int64_t now_us)
{
	struct stream_dtls *d = rival->rival_of;

	dtls_free(d->dtls);
	d->dtls = rival->dtls;
	rival->dtls = NULL;
	dtls_set_send(d->dtls, stream_dtls_send, d);
	d->peer = rival->peer;
	d->peer_len = rival->peer_len;
	d->port = rival->port;
	d->began_us = rival->began_us;
	memcpy(d->random, rival->random, sizeof(d->random));
	stream_dtls_drop_waiting(d);
	media_learn_proven(d->stream, d->port ? d->port : d->stream->port, &d->peer, now_us);
	stream_dtls_note_state(d, DTLS_HANDSHAKING, now_us);
	stream_dtls_set_timer(d);
}

void rival_note_state(struct stream_dtls *rival, enum dtls_state state, int64_t now_us)
{
	if (state == DTLS_FAILED) {
		reason_count(dtls_failure(rival->dtls));
		stream_dtls_tell(rival, MEDIA_EVENT_DTLS_FAILED, dtls_failure(rival->dtls));
	} else if (state == DTLS_UP) {
		win(rival, now_us);
	}
}

void rivals_carry_on(struct stream_dtls *d, bool moved, int64_t now_us)
{
	if (moved)
		rivals_drop(d);
	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++) {
		struct stream_dtls *rival = d->rivals[i];
		enum dtls_state before;

		if (!rival)
			continue;
		before = dtls_state(rival->dtls);
		rival->stream = d->stream;
		rival->port = NULL;
		ref_drop(rival->plan);
		rival->plan = ref_take(d->plan);
		dtls_set_peer(rival->dtls, &d->plan->peer);
		stream_dtls_note_state(rival, before, now_us);
	}
	for (unsigned i = 0; i < DTLS_MAX_RIVALS; i++)
		if (d->rivals[i])
			rival_reap(d->rivals[i]);
}
