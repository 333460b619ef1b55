/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of quality: reading and freeing. They are written by rtcp_in.c. */
#include "media/quality.h"

#include <glib.h>

#include "media/stats.h"

void quality_free(struct session_quality *quality)
{
	if (!quality)
		return;
	for (unsigned i = 0; i < QUALITY_SSRC_MAX; i++)
		g_free(atomic_load_explicit(&quality->ssrc[i], memory_order_relaxed));
	g_free(quality);
}

bool quality_read(const struct session_quality *quality, unsigned index, struct quality_counts *ret)
{
	const struct ssrc_quality *q = NULL;

	if (quality && index < QUALITY_SSRC_MAX)
		q = atomic_load_explicit(&quality->ssrc[index], memory_order_acquire);
	if (!q)
		return false;
	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "whole words");
	stats_copy(&quality->seq, ret, &q->counts, sizeof(*ret));
	return true;
}
