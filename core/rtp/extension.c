/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A walk through the header extensions of a packet; padding between them is passed over. */
#include "rtp/extension.h"

#include "rtp/rtp.h"

enum { FLAG_EXTENSION = 0x10, ONE_BYTE = 0xbede, TWO_BYTES = 0x1000, STOP_ID = 15 };

bool rtp_extensions_begin(uint8_t *packet, size_t len, struct rtp_extensions *ret)
{
	uint8_t *at = packet + RTP_HEADER_BYTES + 4u * (packet[0] & 0x0f), *end = packet + len;
	unsigned profile, words;

	if (!(packet[0] & FLAG_EXTENSION) || end - at < 4)
		return false;
	profile = (unsigned)at[0] << 8 | at[1];
	words = (unsigned)at[2] << 8 | at[3];
	if (profile != ONE_BYTE && (profile & 0xfff0) != TWO_BYTES)
		return false;
	at += 4;
	if (4u * words < (size_t)(end - at))
		end = at + 4u * words;
	*ret = (struct rtp_extensions){ at, end, profile != ONE_BYTE };
	return true;
}

bool rtp_extensions_next(struct rtp_extensions *walk, struct rtp_extension *ret)
{
	size_t header = walk->two_bytes ? 2 : 1, left, len;
	uint8_t *at, id;

	while (walk->at < walk->end && !(walk->two_bytes ? *walk->at : *walk->at >> 4))
		walk->at++;
	at = walk->at;
	left = (size_t)(walk->end - at);
	if (left < header)
		return false;
	id = walk->two_bytes ? at[0] : at[0] >> 4;
	if (!walk->two_bytes && id == STOP_ID)
		return false;
	len = walk->two_bytes ? at[1] : (at[0] & 0x0fu) + 1;
	if (len > left - header)
		len = left - header;
	*ret = (struct rtp_extension){ id, at, header + len, at + header, len };
	walk->at = at + header + len;
	return true;
}
