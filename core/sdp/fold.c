/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sections that stand twice in a body, once with SRTP and once without, made one. */
#include "sdp/sdp.h"

#include <string.h>

bool sdp_is_doubled(const struct sdp *sdp, unsigned index)
{
	const struct sdp_transport_info *a, *b;

	if (index + 1 >= sdp->media_count || sdp->media[index].type != sdp->media[index + 1].type)
		return false;
	a = sdp_transport_info(sdp->media[index].transport);
	b = sdp_transport_info(sdp->media[index + 1].transport);
	return a->rtp && b->rtp && a->srtp != b->srtp;
}

void sdp_fold(struct sdp *sdp, unsigned index, bool keep_second)
{
	/* The list is the parser's own; it is const for those who share it. */
	struct sdp_media *at = (struct sdp_media *)&sdp->media[index];
	bool second_is_plain = !sdp_transport_info(at[1].transport)->srtp;

	if (keep_second)
		at[0] = at[1];
	at->doubled = second_is_plain ? SDP_SRTP_FIRST : SDP_PLAIN_FIRST;
	memmove(&at[1], &at[2], sizeof(*at) * (sdp->media_count - index - 2));
	sdp->media_count--;
}
