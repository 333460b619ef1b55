/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path out: from a sink stream's port to its peer. */
#include "media/packet.h"
#include "media/secure.h"

#include "rtp/rtcp.h"
#include "stats/counter.h"

#include <errno.h>

static void refuse(struct packet *packet, struct stream *out, enum reason reason)
{
	media_count_drop(packet, out, reason);
	buf_put(packet->buf);
}

static enum reason reason_of(int error)
{
	return error == -EAGAIN || error == -ENOBUFS ? REASON_SEND_QUEUE_FULL : REASON_SEND_FAILED;
}

/* Which packet it was is not known any more, only whose. */
void media_unsent(struct port *port, int error)
{
	struct stream *out = port->owner;
	enum reason reason = reason_of(error);

	reason_count(reason);
	counter_add(COUNTER_PACKET_ERRORS, 1);
	if (!out)
		return;
	stream_stats_begin(out->stats);
	out->stats->counts.drops[reason]++;
	stream_stats_end(out->stats);
}

void media_send(struct packet *packet, struct stream *out)
{
	const struct stream *way = out->carrier;
	uint32_t len;
	int ret;

	if (!way->dest_len) {
		refuse(packet, out, way->no_consent ? REASON_ICE_NO_CONSENT : REASON_NO_PEER);
		return;
	}
	if (packet->kind == DATAGRAM_RTCP && out->strip_feedback) {
		len = (uint32_t)rtcp_strip_feedback(packet->buf->data, packet->buf->len);
		packet->changed |= len != packet->buf->len;
		packet->buf->len = len;
		if (!packet->buf->len) {
			media_count_drop(packet, out, REASON_FEEDBACK_REMOVED);
			buf_put(packet->buf);
			return;
		}
	}
	if (out->secured) {
		int verdict = media_protect(packet, out);

		if (verdict != PACKET_OK) {
			refuse(packet, out, (enum reason)verdict);
			return;
		}
	}
	len = packet->buf->len;
	ret = way->port->engine->send(way->port, packet->buf, &way->dest, way->dest_len);
	if (ret < 0) {
		/* The buffer is gone; only the count is left to do. */
		packet->buf = NULL;
		refuse(packet, out, reason_of(ret));
		return;
	}
	stream_stats_begin(out->stats);
	out->stats->counts.packets_out++;
	out->stats->counts.bytes_out += len;
	stream_stats_end(out->stats);
	counter_add(COUNTER_PACKETS_OUT, 1);
	counter_add(COUNTER_BYTES_OUT, len);
}

struct buf *media_copy(const struct buf *buf)
{
	struct buf *copy = buf_get(buf->pool);

	if (!copy) {
		reason_count(REASON_NO_BUFFER);
		return NULL;
	}
	memcpy(copy->data, buf->data, buf->len);
	copy->len = buf->len;
	return copy;
}
