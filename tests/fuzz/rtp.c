/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP headers from any bytes: what is accepted lies within them and can be written again. */
#include "rtp/rtp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_header h, again;
	uint8_t written[RTP_HEADER_BYTES];

	enum datagram_kind kind = datagram_kind(data, size);
	if (rtp_parse(data, size, &h) < 0)
		return 0;
	check(kind == DATAGRAM_RTP || kind == DATAGRAM_RTCP);
	check(h.payload_offset >= RTP_HEADER_BYTES + 4 * (size_t)h.csrc_count);
	check(h.payload_offset + h.payload_len + h.padding <= size);
	check(h.padding || h.payload_offset + h.payload_len == size);
	check(h.ssrc == rtp_ssrc(data) && h.seq == rtp_seq(data));

	h.padding = false;
	rtp_write(written, &h);
	check(rtp_parse(written, sizeof(written), &again) == 0);
	check(again.marker == h.marker && again.payload_type == h.payload_type);
	check(again.seq == h.seq && again.timestamp == h.timestamp && again.ssrc == h.ssrc);
	return 0;
}
