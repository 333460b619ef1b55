/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP packets of our own (RFC 3550 6.4 and 6.5; spec media 3.10). Fields in, bytes out. */
#include "rtp/rtcp.h"

#include <string.h>

enum {
	VERSION_BITS = 0x80,
	HEADER_BYTES = 8, /* with the sender's SSRC */
	SENDER_BYTES = 20,
	REPORT_BYTES = 24,
	ITEM_CNAME = 1,
	ITEM_MID = 15, /* RFC 9143 */
};

static const uint32_t NTP_EPOCH_S = 0x83aa7e80; /* from 1900 to 1970 */

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
	return at + 4;
}

static void write_header(uint8_t *at, unsigned count, enum rtcp_type type, size_t bytes)
{
	at[0] = (uint8_t)(VERSION_BITS | count);
	at[1] = (uint8_t)type;
	at[2] = (uint8_t)((bytes / 4 - 1) >> 8);
	at[3] = (uint8_t)(bytes / 4 - 1);
}

uint8_t rtcp_fraction_lost(uint32_t expected, int32_t lost)
{
	uint64_t fraction = expected && lost > 0 ? (uint64_t)lost * 256 / expected : 0;

	return fraction < UINT8_MAX ? (uint8_t)fraction : UINT8_MAX;
}

void rtcp_set_time(struct rtcp_sender_info *info, int64_t wall_us)
{
	info->ntp_sec = (uint32_t)(wall_us / 1000000) + NTP_EPOCH_S;
	info->ntp_frac = (uint32_t)(((uint64_t)(wall_us % 1000000) << 32) / 1000000);
}

static uint8_t *put_report(uint8_t *at, const struct rtcp_report *r)
{
	at = put_u32(at, r->ssrc);
	at = put_u32(
		at, (uint32_t)r->fraction_lost << 24 | ((uint32_t)r->cumulative_lost & 0xffffff));
	at = put_u32(at, r->highest_seq);
	at = put_u32(at, r->jitter);
	at = put_u32(at, r->last_sr);
	return put_u32(at, r->delay_since_last_sr);
}

size_t rtcp_write_report(uint8_t *data, uint32_t ssrc, const struct rtcp_sender_info *info,
	const struct rtcp_report *reports, unsigned count)
{
	size_t bytes = HEADER_BYTES + (info ? SENDER_BYTES : 0) + count * REPORT_BYTES;
	uint8_t *at;

	write_header(data, count, info ? RTCP_SR : RTCP_RR, bytes);
	at = put_u32(data + 4, ssrc);
	if (info) {
		at = put_u32(at, info->ntp_sec);
		at = put_u32(at, info->ntp_frac);
		at = put_u32(at, info->rtp_timestamp);
		at = put_u32(at, info->packets);
		at = put_u32(at, info->octets);
	}
	for (unsigned i = 0; i < count; i++)
		at = put_report(at, &reports[i]);
	return bytes;
}

static uint8_t *put_item(uint8_t *at, uint8_t type, struct str text)
{
	size_t len = text.len < UINT8_MAX ? text.len : UINT8_MAX;

	at[0] = type;
	at[1] = (uint8_t)len;
	memcpy(at + 2, text.s, len);
	return at + 2 + len;
}

/* The list of items ends with a zero, and then with the word. */
size_t rtcp_write_sdes(uint8_t *data, uint32_t ssrc, struct str cname, struct str mid)
{
	uint8_t *at = put_item(put_u32(data + 4, ssrc), ITEM_CNAME, cname);
	size_t bytes;

	if (mid.len)
		at = put_item(at, ITEM_MID, mid);
	do
		*at++ = 0;
	while ((at - data) % 4);
	bytes = (size_t)(at - data);
	write_header(data, 1, RTCP_SDES, bytes);
	return bytes;
}
