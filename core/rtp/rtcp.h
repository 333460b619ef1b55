/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP compounds (RFC 3550 6, RFC 4585, RFC 3611). Bytes in, fields out. [any] */
#ifndef RTP_RTCP_H
#define RTP_RTCP_H

#include "api/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rtcp_type {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_RTPFB = 205,
	RTCP_PSFB = 206,
	RTCP_XR = 207,
};

/* Blocks of extended reports (RFC 3611) that something is made of. */
enum rtcp_xr_type {
	RTCP_XR_REFERENCE_TIME = 4,
	RTCP_XR_DLRR = 5,
	RTCP_XR_STATISTICS = 6,
	RTCP_XR_VOIP_METRICS = 7,
};

struct rtcp_xr_block {
	uint8_t type;        /* enum rtcp_xr_type, or another */
	uint8_t specific;    /* to the type */
	const uint8_t *data; /* with its header of 4 bytes */
	size_t len;          /* bytes, a multiple of 4; enough for what its type must have */
};

/* One packet of a compound. */
struct rtcp_packet {
	uint8_t type;        /* enum rtcp_type, or one unknown to us */
	uint8_t count;       /* reception reports, sources, or feedback format */
	const uint8_t *data; /* with its header */
	size_t len;          /* bytes, a multiple of 4 */
	uint32_t ssrc;       /* of the sender; 0 when the packet has none */
};

struct rtcp_report {
	uint32_t ssrc; /* of the source reported on */
	uint8_t fraction_lost;
	int32_t cumulative_lost; /* 24 bit, signed */
	uint32_t highest_seq;
	uint32_t jitter;                       /* in clock ticks */
	uint32_t last_sr, delay_since_last_sr; /* middle NTP bits; 1/65536 s */
};

struct rtcp_sender_info {
	uint32_t ntp_sec, ntp_frac, rtp_timestamp, packets, octets;
};

/*
 * Takes the packet at *offset out of the compound and moves *offset behind it. 1: there is one;
 * 0: the end was reached; -EBADMSG: version or length are wrong, or the packet is shorter than
 * its type must be (spec media 11.1).
 */
int rtcp_next(const uint8_t *data, size_t len, size_t *offset, struct rtcp_packet *ret);
/* Is every packet of the compound sound? */
bool rtcp_valid(const uint8_t *data, size_t len);
/* Of an SR. False otherwise. */
bool rtcp_sender_info(const struct rtcp_packet *packet, struct rtcp_sender_info *ret);
/* Report block `index` of an SR or RR; false when there is none. */
bool rtcp_report(const struct rtcp_packet *packet, unsigned index, struct rtcp_report *ret);
/*
 * Of an XR, the block at *offset (0: the first), which moves behind it; blocks shorter than their
 * type must be are skipped. False at the end, or where lengths contradict each other.
 */
bool rtcp_xr_next(const struct rtcp_packet *packet, size_t *offset, struct rtcp_xr_block *ret);
/* `bytes` (1 to 4) in network order. */
uint32_t rtcp_number(const uint8_t *data, unsigned bytes);
/*
 * Takes feedback (types 205, 206) out, in place. Returns the new length; 0: nothing is left to
 * send. The compound must be valid.
 */
size_t rtcp_strip_feedback(uint8_t *data, size_t len);

/* What we write ourselves: one packet each, at most so many bytes. */
enum {
	RTCP_MAX_REPORTS = 30, /* in one packet, of 31 that its header could count */
	RTCP_REPORT_BYTES = 28 + RTCP_MAX_REPORTS * 24,
	RTCP_SDES_BYTES = 8 + 2 * (2 + 255) + 4,
};

/* In 256ths, 255 at most (RFC 3550 6.4.1); where more came than were expected, 0. */
uint8_t rtcp_fraction_lost(uint32_t expected, int32_t lost);
/* NTP time, from the UNIX epoch's. */
void rtcp_set_time(struct rtcp_sender_info *info, int64_t wall_us);
/* An SR of `ssrc`, an RR where `info` is NULL, with that many reports. Its bytes. */
size_t rtcp_write_report(uint8_t *data, uint32_t ssrc, const struct rtcp_sender_info *info,
	const struct rtcp_report *reports, unsigned count);
/* An SDES with a CNAME and, unless that is empty, a MID. Its bytes. */
size_t rtcp_write_sdes(uint8_t *data, uint32_t ssrc, struct str cname, struct str mid);

#endif
