/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * First step of the path in: what is this datagram, and may it come in here? Decided by the
 * first bytes (RFC 7983, RFC 5761) before any state changes.
 */
#include "media/packet.h"

#include "rtp/rtcp.h"

static int check_rtp(const struct packet *packet)
{
	if (!packet->in->rtp)
		return REASON_RTP_ON_RTCP_PORT;
	if (packet->buf->len < RTP_HEADER_BYTES)
		return REASON_RUNT;
	return PACKET_OK;
}

static int check_rtcp(const struct packet *packet)
{
	if (!packet->in->rtcp)
		return REASON_RTCP_NOT_MUXED;
	/* Encrypted, all but its first packet is noise. */
	if (!packet->in->secured && !rtcp_valid(packet->buf->data, packet->buf->len))
		return REASON_RTCP_MALFORMED;
	return PACKET_OK;
}

int media_demux(struct packet *packet)
{
	if (packet->in->opaque) {
		packet->kind = DATAGRAM_OTHER;
		return PACKET_OK;
	}
	packet->kind = datagram_kind(packet->buf->data, packet->buf->len);
	switch (packet->kind) {
	case DATAGRAM_RTP:
		return check_rtp(packet);
	case DATAGRAM_RTCP:
		return check_rtcp(packet);
	case DATAGRAM_STUN:
		return packet->in->checked ? PACKET_OK : REASON_STUN_UNEXPECTED;
	case DATAGRAM_DTLS:
		return packet->in->dtls ? PACKET_OK : REASON_DTLS_UNEXPECTED;
	case DATAGRAM_OTHER:
		break;
	}
	return packet->buf->len < 2 ? REASON_RUNT : REASON_NOT_RTP;
}
