/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP fixed header (RFC 3550 5.1) and what kind of datagram something is (RFC 7983). [any] */
#ifndef RTP_RTP_H
#define RTP_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_HEADER_BYTES = 12,
	RTP_VERSION = 2,
};

/* By first byte, and for RTP/RTCP by the second (RFC 5761 4). */
enum datagram_kind {
	DATAGRAM_RTP,
	DATAGRAM_RTCP,
	DATAGRAM_STUN,
	DATAGRAM_DTLS,
	DATAGRAM_OTHER,
};

/* Looks at no more than the first two bytes; shorter ones are DATAGRAM_OTHER. */
enum datagram_kind datagram_kind(const uint8_t *data, size_t len);

struct rtp_header {
	bool padding, extension, marker;
	uint8_t csrc_count;
	uint8_t payload_type;
	uint16_t seq;
	uint32_t timestamp;
	uint32_t ssrc;
	size_t payload_offset; /* behind CSRCs and extension */
	size_t payload_len;    /* without padding */
};

/* 0, or -EBADMSG when version, CSRCs, extension or padding contradict `len`. */
int rtp_parse(const uint8_t *data, size_t len, struct rtp_header *ret);
/* The 12 bytes of a header without CSRCs and extension; for tests and generators. */
void rtp_write(uint8_t *data, const struct rtp_header *h);

/* Fields of a packet known to have RTP_HEADER_BYTES. */
static inline uint32_t rtp_ssrc(const uint8_t *data)
{
	return (uint32_t)data[8] << 24 | (uint32_t)data[9] << 16 | (uint32_t)data[10] << 8 |
	       data[11];
}

static inline uint32_t rtp_timestamp(const uint8_t *data)
{
	return (uint32_t)data[4] << 24 | (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7];
}

static inline uint16_t rtp_seq(const uint8_t *data)
{
	return (uint16_t)(data[2] << 8 | data[3]);
}

#endif
