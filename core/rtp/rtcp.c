/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTCP compounds, walked packet by packet. Sound is what is forwarded: a packet of a type unknown
 * here is kept, and a count of reports that the length does not bear out is only not believed.
 */
#include "rtp/rtcp.h"

#include <errno.h>
#include <string.h>

enum {
	VERSION = 2,
	COUNT_MASK = 0x1f,
	HEADER_BYTES = 4,
	SSRC_END = 8, /* header and the sender's SSRC */
	SR_BYTES = 28,
	APP_BYTES = 12,
	FEEDBACK_BYTES = 12,
	REPORT_BYTES = 24,
};

static uint32_t get_u32(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* SDES and BYE may be about nobody (RFC 3550 6.5 and 6.6: count 0 is valid, but useless). */
static size_t fixed_bytes(uint8_t type, uint8_t count)
{
	switch (type) {
	case RTCP_SR:
		return SR_BYTES;
	case RTCP_RR:
	case RTCP_XR:
		return SSRC_END;
	case RTCP_SDES:
	case RTCP_BYE:
		return count > 0 ? SSRC_END : HEADER_BYTES;
	case RTCP_APP:
		return APP_BYTES;
	case RTCP_RTPFB:
	case RTCP_PSFB:
		return FEEDBACK_BYTES;
	default:
		return HEADER_BYTES;
	}
}

int rtcp_next(const uint8_t *data, size_t len, size_t *offset, struct rtcp_packet *ret)
{
	if (*offset == len)
		return 0;
	if (*offset > len || len - *offset < HEADER_BYTES)
		return -EBADMSG;
	const uint8_t *packet = data + *offset;
	size_t bytes = HEADER_BYTES + 4 * ((size_t)packet[2] << 8 | packet[3]);
	uint8_t type = packet[1];
	uint8_t count = packet[0] & COUNT_MASK;
	size_t fixed = fixed_bytes(type, count);

	if (packet[0] >> 6 != VERSION || bytes > len - *offset || bytes < fixed)
		return -EBADMSG;
	*ret = (struct rtcp_packet){
		.type = type,
		.count = count,
		.data = packet,
		.len = bytes,
		/* Not guessed at where the type does not promise one. */
		.ssrc = fixed >= SSRC_END ? get_u32(packet + HEADER_BYTES) : 0,
	};
	*offset += bytes;
	return 1;
}

bool rtcp_valid(const uint8_t *data, size_t len)
{
	struct rtcp_packet packet;
	size_t offset = 0;
	int r;

	if (len == 0)
		return false;
	do
		r = rtcp_next(data, len, &offset, &packet);
	while (r > 0);
	return r == 0;
}

bool rtcp_sender_info(const struct rtcp_packet *packet, struct rtcp_sender_info *ret)
{
	if (packet->type != RTCP_SR || packet->len < SR_BYTES)
		return false;
	*ret = (struct rtcp_sender_info){
		.ntp_sec = get_u32(packet->data + 8),
		.ntp_frac = get_u32(packet->data + 12),
		.rtp_timestamp = get_u32(packet->data + 16),
		.packets = get_u32(packet->data + 20),
		.octets = get_u32(packet->data + 24),
	};
	return true;
}

static int32_t sign_extend_24(uint32_t value)
{
	return (int32_t)((value & 0xffffff) ^ 0x800000) - 0x800000;
}

bool rtcp_report(const struct rtcp_packet *packet, unsigned index, struct rtcp_report *ret)
{
	if (packet->type != RTCP_SR && packet->type != RTCP_RR)
		return false;
	size_t first = packet->type == RTCP_SR ? SR_BYTES : SSRC_END;
	if (index >= packet->count || packet->len < first + ((size_t)index + 1) * REPORT_BYTES)
		return false;
	const uint8_t *block = packet->data + first + (size_t)index * REPORT_BYTES;

	*ret = (struct rtcp_report){
		.ssrc = get_u32(block),
		.fraction_lost = block[4],
		.cumulative_lost = sign_extend_24(get_u32(block + 4)),
		.highest_seq = get_u32(block + 8),
		.jitter = get_u32(block + 12),
		.last_sr = get_u32(block + 16),
		.delay_since_last_sr = get_u32(block + 20),
	};
	return true;
}

uint32_t rtcp_number(const uint8_t *data, unsigned bytes)
{
	uint32_t n = 0;

	while (bytes--)
		n = n << 8 | *data++;
	return n;
}

/* Header included. */
static size_t xr_fixed_bytes(uint8_t type)
{
	switch (type) {
	case RTCP_XR_REFERENCE_TIME:
		return 12;
	case RTCP_XR_STATISTICS:
		return 40;
	case RTCP_XR_VOIP_METRICS:
		return 36;
	default:
		return HEADER_BYTES;
	}
}

bool rtcp_xr_next(const struct rtcp_packet *packet, size_t *offset, struct rtcp_xr_block *ret)
{
	if (packet->type != RTCP_XR)
		return false;
	if (*offset < SSRC_END)
		*offset = SSRC_END;
	while (packet->len - *offset >= HEADER_BYTES) {
		const uint8_t *data = packet->data + *offset;
		size_t len = HEADER_BYTES + 4 * (size_t)rtcp_number(data + 2, 2);

		if (len > packet->len - *offset)
			return false;
		*offset += len;
		if (len < xr_fixed_bytes(data[0]))
			continue;
		*ret = (struct rtcp_xr_block){
			.type = data[0], .specific = data[1], .data = data, .len = len
		};
		return true;
	}
	return false;
}

size_t rtcp_strip_feedback(uint8_t *data, size_t len)
{
	struct rtcp_packet packet;
	size_t offset = 0, kept = 0;

	while (rtcp_next(data, len, &offset, &packet) > 0) {
		if (packet.type == RTCP_RTPFB || packet.type == RTCP_PSFB)
			continue;
		memmove(data + kept, packet.data, packet.len);
		kept += packet.len;
	}
	return kept;
}
