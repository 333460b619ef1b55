/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP compounds from any bytes: walked within their bounds, and sound without their feedback. */
#include "rtp/rtcp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void walk_blocks(const struct rtcp_packet *packet)
{
	struct rtcp_xr_block block;
	size_t offset = 0, before = 8;

	while (rtcp_xr_next(packet, &offset, &block)) {
		check(block.data >= packet->data + before && offset <= packet->len);
		check(block.len >= 4 && block.data + block.len == packet->data + offset);
		check(block.type != RTCP_XR_VOIP_METRICS || block.len >= 36);
		before = offset;
	}
}

/* Bytes of all packets that are no feedback. */
static size_t walk(const uint8_t *data, size_t size, bool *ret_sound)
{
	struct rtcp_packet packet;
	struct rtcp_sender_info info;
	struct rtcp_report report;
	size_t offset = 0, before = 0, other = 0;
	int r;

	while ((r = rtcp_next(data, size, &offset, &packet)) > 0) {
		check(packet.data == data + before && offset == before + packet.len);
		check(packet.len >= 4 && packet.len % 4 == 0 && offset <= size);
		before = offset;
		check(rtcp_sender_info(&packet, &info) == (packet.type == RTCP_SR));
		for (unsigned i = 0; rtcp_report(&packet, i, &report); i++)
			check(i < packet.count && report.cumulative_lost >= -0x800000 &&
				report.cumulative_lost <= 0x7fffff);
		walk_blocks(&packet);
		if (packet.type != RTCP_RTPFB && packet.type != RTCP_PSFB)
			other += packet.len;
	}
	*ret_sound = r == 0;
	return other;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool sound, still_sound;
	size_t other = walk(data, size, &sound);

	check(rtcp_valid(data, size) == (sound && size > 0));
	if (size == 0)
		return 0;
	uint8_t *copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	size_t left = rtcp_strip_feedback(copy, size);
	check(left == other);
	check(walk(copy, left, &still_sound) == left && still_sound);
	free(copy);
	return 0;
}
