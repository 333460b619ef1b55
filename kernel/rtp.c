// SPDX-License-Identifier: GPL-2.0-or-later
/* RTP and RTCP: what headers say, and what sequence numbers and timestamps tell. */
#include "rtp.h"

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/time64.h>

enum {
	RTP_EXTENSION = 0x10,
	EXTENSION_HEADER_BYTES = 4,
	ONE_BYTE_FORM = 0xbede,
	TWO_BYTE_FORM = 0x1000, /* and 15 more */
	STOP_ID = 15,
	RTCP_HEADER_BYTES = 4,
	SEQUENCE_RESET = 256, /* a number further off begins anew */
	SEQUENCE_LATE = 32,   /* this far behind a packet is still known to have been missing */
	NO_PAYLOAD = 255,
	TRANSIT_MAX = 100000, /* one that differs more from the one before tells nothing */
};

/* What the type has to have; SDES and BYE may be about nobody. */
static size_t rtcp_least_bytes(u8 type, u8 count)
{
	switch (type) {
	case 200: /* sender report */
		return 28;
	case 201: /* receiver report */
	case 207: /* extended report */
		return 8;
	case 202: /* source description */
	case 203: /* good bye */
		return count ? 8 : RTCP_HEADER_BYTES;
	case 204: /* of an application */
	case 205: /* feedback: transport */
	case 206: /* feedback: payload */
		return 12;
	}
	return RTCP_HEADER_BYTES;
}

bool rtcp_sound(const u8 *data, size_t len)
{
	if (!len)
		return false;
	while (len) {
		size_t bytes;

		if (len < RTCP_HEADER_BYTES || data[0] >> 6 != 2)
			return false;
		bytes = RTCP_HEADER_BYTES + 4 * (size_t)get_unaligned_be16(data + 2);
		if (bytes > len || bytes < rtcp_least_bytes(data[1], data[0] & 0x1f))
			return false;
		data += bytes;
		len -= bytes;
	}
	return true;
}

size_t rtp_header_bytes(const u8 *data, size_t len)
{
	size_t bytes = RTP_HEADER_BYTES + 4 * (size_t)(data[0] & 0x0f);

	if (bytes > len)
		return 0;
	if (!(data[0] & RTP_EXTENSION))
		return bytes;
	if (len - bytes < EXTENSION_HEADER_BYTES)
		return 0;
	bytes += EXTENSION_HEADER_BYTES + 4 * (size_t)get_unaligned_be16(data + bytes + 2);
	return bytes <= len ? bytes : 0;
}

/* Behind the element at `at`, or the end; of forms of one byte and two bytes. */
static u8 *mask_element(u8 *at, u8 *end, bool two_bytes, const u64 *masked)
{
	size_t header = two_bytes ? 2 : 1, left = end - at, bytes;
	u8 id;

	if (left < header)
		return end;
	id = two_bytes ? at[0] : at[0] >> 4;
	if (!two_bytes && id == STOP_ID)
		return end;
	bytes = header + (two_bytes ? at[1] : (at[0] & 0x0f) + 1);
	if (bytes > left)
		bytes = left;
	if (masked[id / 64] >> id % 64 & 1)
		memset(at, 0, bytes);
	return at + bytes;
}

void rtp_mask_extensions(u8 *data, size_t header_bytes, const u64 *masked)
{
	u8 *at = data + RTP_HEADER_BYTES + 4 * (data[0] & 0x0f), *end = data + header_bytes;
	bool two_bytes;
	u16 form;

	if (!(data[0] & RTP_EXTENSION))
		return;
	form = get_unaligned_be16(at);
	two_bytes = (form & 0xfff0) == TWO_BYTE_FORM;
	if (form != ONE_BYTE_FORM && !two_bytes)
		return;
	for (at += EXTENSION_HEADER_BYTES; at < end;) {
		if (two_bytes ? !at[0] : !(at[0] >> 4))
			at++;
		else
			at = mask_element(at, end, two_bytes, masked);
	}
}

static void begin(struct forward_ssrc *s, u16 sequence)
{
	s->flags = FORWARD_SSRC_STARTED;
	s->first = s->highest = sequence;
	s->missing = s->transit = s->jitter = s->ticks = 0;
	s->lost = s->duplicates = s->skips = s->resets = s->reordered = 0;
	s->clock_payload = NO_PAYLOAD;
}

/* The next wrap begins, so that the extended number still rises. */
static void begin_anew(struct forward_ssrc *s, u16 sequence)
{
	s->resets++;
	s->highest = ((s->highest & 0xffff0000) + 0x10000) | sequence;
	s->first = s->highest;
	s->missing = 0;
	s->flags &= ~FORWARD_SSRC_TRANSIT_KNOWN;
}

static void skip(struct forward_ssrc *s, unsigned int ahead)
{
	unsigned int gap = ahead - 1;

	s->skips++;
	s->lost += gap;
	s->highest += ahead;
	s->missing = ahead < 32 ? s->missing << ahead : 0;
	s->missing |= gap < 32 ? (1u << gap) - 1 : U32_MAX;
}

static void came_late(struct forward_ssrc *s, unsigned int behind)
{
	u32 bit = behind <= SEQUENCE_LATE ? 1u << (behind - 1) : 0;

	/* Before the first one, or too long ago: it cannot be told whether it came before. */
	if (!bit || s->highest - behind - s->first > s->highest - s->first) {
		s->reordered++;
	} else if (s->missing & bit) {
		s->missing &= ~bit;
		s->lost--;
		s->reordered++;
	} else {
		s->duplicates++;
	}
}

static void count_sequence(struct forward_ssrc *s, u16 sequence)
{
	int ahead = (s16)(sequence - (u16)s->highest);

	if (likely(ahead == 1)) {
		s->highest++;
		s->missing <<= 1;
	} else if (ahead > SEQUENCE_RESET || ahead < -SEQUENCE_RESET) {
		begin_anew(s, sequence);
	} else if (ahead > 0) {
		skip(s, ahead);
	} else if (ahead < 0) {
		came_late(s, -ahead);
	} else {
		s->duplicates++;
	}
}

static void set_clock(struct forward_ssrc *s, u8 payload, u32 clock_hz)
{
	u64 ticks = div_u64((u64)clock_hz << 32, USEC_PER_SEC);

	s->clock_payload = payload;
	if (ticks > U32_MAX)
		ticks = 0;
	if (ticks == s->ticks)
		return;
	s->ticks = ticks;
	s->jitter = 0;
	s->flags &= ~FORWARD_SSRC_TRANSIT_KNOWN;
}

static void count_arrival(struct forward_ssrc *s, u32 timestamp, u64 now_us)
{
	/* Only the product's middle bits count, so it may overflow. */
	u32 transit = (u32)(now_us * s->ticks >> 32) - timestamp;
	u32 d = transit - s->transit;

	if (!s->ticks)
		return;
	if (d & 0x80000000)
		d = -d;
	s->transit = transit;
	if (s->flags & FORWARD_SSRC_TRANSIT_KNOWN && d < TRANSIT_MAX)
		s->jitter += d - ((s->jitter + 8) >> 4);
	s->flags |= FORWARD_SSRC_TRANSIT_KNOWN;
}

void rtp_arrived(struct forward_ssrc *s, const u8 *data, u32 bytes, u32 clock_hz, u64 now_us)
{
	bool started = s->flags & FORWARD_SSRC_STARTED;
	u32 timestamp = rtp_timestamp(data);

	s->last_sequence = rtp_sequence(data);
	s->last_payload = rtp_payload(data);
	if (likely(started))
		count_sequence(s, s->last_sequence);
	else
		begin(s, s->last_sequence);
	if (s->last_payload != s->clock_payload)
		set_clock(s, s->last_payload, clock_hz);
	/* Parts of a frame, or of a tone, leave at another time than their timestamp tells. */
	if (!started || timestamp != s->last_timestamp)
		count_arrival(s, timestamp, now_us);
	s->packets++;
	s->bytes += bytes;
	s->last_timestamp = timestamp;
	s->last_us = now_us;
}
