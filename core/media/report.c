/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/report.h"

#include <glib.h>

#include "media/stream.h"

enum { CNAME_DIGITS = 12 };

struct str report_cname(void)
{
	static char cname[CNAME_DIGITS + 1];
	static gsize made;

	if (g_once_init_enter(&made)) {
		uint64_t random = (uint64_t)g_random_int() << 32 | g_random_int();

		g_snprintf(cname, sizeof(cname), "%012" G_GINT64_MODIFIER "x",
			random & UINT64_C(0xffffffffffff));
		g_once_init_leave(&made, 1);
	}
	return (struct str){ cname, CNAME_DIGITS };
}

struct stream *report_way(struct stream *rtp)
{
	if (rtp->rtcp)
		return rtp;
	for (unsigned i = 0; i < rtp->set->plan->stream_count; i++)
		if (rtp->set->streams[i].rtp_of == rtp && rtp->set->streams[i].rtcp)
			return &rtp->set->streams[i];
	return NULL;
}
