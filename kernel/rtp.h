/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTP and RTCP headers, and how RTP arrives: all by given bytes and times. */
#ifndef KERNEL_RTP_H
#define KERNEL_RTP_H

#include <linux/types.h>

#include "compat.h"
#include "uapi/forward.h"

enum { RTP_HEADER_BYTES = 12 };

/* By the first two bytes, as RFC 7983 and RFC 5761 have it. */
static inline bool rtcp_by_type(const u8 *data)
{
	return data[0] >> 6 == 2 && data[1] >= 192 && data[1] <= 223;
}

static inline bool rtp_by_type(const u8 *data)
{
	return data[0] >> 6 == 2 && !rtcp_by_type(data);
}

/* Fields of a packet known to have RTP_HEADER_BYTES. */
static inline u8 rtp_payload(const u8 *data)
{
	return data[1] & 0x7f;
}

static inline u16 rtp_sequence(const u8 *data)
{
	return get_unaligned_be16(data + 2);
}

static inline u32 rtp_timestamp(const u8 *data)
{
	return get_unaligned_be32(data + 4);
}

static inline u32 rtp_ssrc(const u8 *data)
{
	return get_unaligned_be32(data + 8);
}

/* A compound each packet of which has the length its type needs. */
bool rtcp_sound(const u8 *data, size_t len);

/* Bytes of header, CSRCs and extension; 0: they contradict `len`. */
size_t rtp_header_bytes(const u8 *data, size_t len);
/* Extensions whose numbers are in `masked` become padding (RFC 8285); the header is all there. */
void rtp_mask_extensions(u8 *data, size_t header_bytes, const u64 *masked);

/*
 * One more packet of an SSRC: RTP of `bytes`, whose header is at `data`, of a type with `clock_hz`.
 * What is counted is what the daemon's user space counts, to the bit.
 */
void rtp_arrived(struct forward_ssrc *s, const u8 *data, u32 bytes, u32 clock_hz, u64 now_us);

#endif
