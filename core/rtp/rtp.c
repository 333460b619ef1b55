/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP headers read and written, and datagrams told apart by their first two bytes. */
#include "rtp/rtp.h"

#include <errno.h>

enum {
	FLAG_PADDING = 0x20,
	FLAG_EXTENSION = 0x10,
	CSRC_COUNT_MASK = 0x0f,
	FLAG_MARKER = 0x80,
	PAYLOAD_TYPE_MASK = 0x7f,
	EXTENSION_HEADER_BYTES = 4,
};

/*
 * RFC 7983 7. The ranges for ZRTP (16 to 19) and TURN channels (64 to 79) are DATAGRAM_OTHER. An
 * RTCP type is an RTP marker bit and a payload type of 64 to 95, which RFC 5761 4 forbids to RTP.
 */
enum datagram_kind datagram_kind(const uint8_t *data, size_t len)
{
	if (len < 2)
		return DATAGRAM_OTHER;
	if (data[0] <= 3)
		return DATAGRAM_STUN;
	if (data[0] >= 20 && data[0] <= 63)
		return DATAGRAM_DTLS;
	if (data[0] < 128 || data[0] > 191)
		return DATAGRAM_OTHER;
	return data[1] >= 192 && data[1] <= 223 ? DATAGRAM_RTCP : DATAGRAM_RTP;
}

/* Where the payload begins, or 0 when CSRCs or extension run over the end. */
static size_t header_bytes(const uint8_t *data, size_t len)
{
	size_t bytes = RTP_HEADER_BYTES + 4 * (size_t)(data[0] & CSRC_COUNT_MASK);

	if (bytes > len)
		return 0;
	if (!(data[0] & FLAG_EXTENSION))
		return bytes;
	if (len - bytes < EXTENSION_HEADER_BYTES)
		return 0;
	size_t words = (size_t)data[bytes + 2] << 8 | data[bytes + 3];
	bytes += EXTENSION_HEADER_BYTES + 4 * words;
	return bytes <= len ? bytes : 0;
}

int rtp_parse(const uint8_t *data, size_t len, struct rtp_header *ret)
{
	if (len < RTP_HEADER_BYTES || data[0] >> 6 != RTP_VERSION)
		return -EBADMSG;
	size_t offset = header_bytes(data, len);
	if (offset == 0)
		return -EBADMSG;
	size_t payload_len = len - offset;
	bool padding = data[0] & FLAG_PADDING;
	if (padding) {
		/* With an empty payload this is a byte of the header, and too much either way. */
		uint8_t pad = data[len - 1];

		if (pad == 0 || pad > payload_len)
			return -EBADMSG;
		payload_len -= pad;
	}
	*ret = (struct rtp_header){
		.padding = padding,
		.extension = data[0] & FLAG_EXTENSION,
		.marker = data[1] & FLAG_MARKER,
		.csrc_count = data[0] & CSRC_COUNT_MASK,
		.payload_type = data[1] & PAYLOAD_TYPE_MASK,
		.seq = rtp_seq(data),
		.timestamp = rtp_timestamp(data),
		.ssrc = rtp_ssrc(data),
		.payload_offset = offset,
		.payload_len = payload_len,
	};
	return 0;
}

static void put_u32(uint8_t *data, uint32_t value)
{
	data[0] = (uint8_t)(value >> 24);
	data[1] = (uint8_t)(value >> 16);
	data[2] = (uint8_t)(value >> 8);
	data[3] = (uint8_t)value;
}

void rtp_write(uint8_t *data, const struct rtp_header *h)
{
	data[0] = (uint8_t)(RTP_VERSION << 6 | (h->padding ? FLAG_PADDING : 0));
	data[1] = (uint8_t)((h->marker ? FLAG_MARKER : 0) | (h->payload_type & PAYLOAD_TYPE_MASK));
	data[2] = (uint8_t)(h->seq >> 8);
	data[3] = (uint8_t)h->seq;
	put_u32(data + 4, h->timestamp);
	put_u32(data + 8, h->ssrc);
}
