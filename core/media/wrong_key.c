/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What packets that no key fits tell. */
#include "media/wrong_key.h"

#include "media/packet.h"
#include "rtp/rtcp.h"

enum { FORMER_TRIES = 3 };

static const int64_t TELL_US = 1000000;

/* Both sources may send at a time, so that a key fits now and then. */
static void tell(const struct packet *packet)
{
	struct stream *in = packet->in;

	if (in->refused_us && packet->now_us < in->refused_us + TELL_US)
		return;
	in->refused_us = packet->now_us;
	media_tell_control(in, (struct media_event){
				       .type = MEDIA_EVENT_WRONG_KEY,
				       .reason = REASON_SRTP_FORGED,
				       .source = addr_of_sock(packet->from),
			       });
}

void wrong_key_count(const struct packet *packet, bool former)
{
	struct wrong_key *w = &packet->in->stats->counts.wrong_key;
	struct rtp_header header;

	if (!w->packets)
		tell(packet);
	stream_stats_begin(packet->in->stats);
	if (!w->packets++)
		w->since_us = packet->now_us;
	w->last_us = packet->now_us;
	w->from = addr_of_sock(packet->from);
	w->former |= former;
	if (packet->kind == DATAGRAM_RTCP) {
		w->plain_rtcp |= rtcp_valid(packet->buf->data, packet->buf->len);
	} else if (rtp_parse(packet->buf->data, packet->buf->len, &header) == 0) {
		w->payload_bytes = (uint16_t)header.payload_len;
		w->payload_type = header.payload_type;
	}
	stream_stats_end(packet->in->stats);
}

bool wrong_key_is_new(const struct stream *in)
{
	return in->stats->counts.wrong_key.packets < FORMER_TRIES;
}

void wrong_key_end(struct stream *in)
{
	if (!in->stats->counts.wrong_key.packets)
		return;
	stream_stats_begin(in->stats);
	in->stats->counts.wrong_key = (struct wrong_key){ 0 };
	stream_stats_end(in->stats);
}

void wrong_key_forget(struct stream *rtp)
{
	struct stream_set *set = rtp->set;

	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].rtp_of == rtp)
			wrong_key_end(&set->streams[i]);
}
