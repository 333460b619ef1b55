/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statistics records: made, and counted for their address when they go (traffic.c). They are written
 * on the packet path (receive.c), but for what stands for sources that are transcoded.
 */
#include "media/stats.h"

#include "base/ref.h"
#include "media/traffic.h"

#include <glib.h>

static void retire(void *stats)
{
	struct stream_stats *self = stats;

	traffic_leave(self);
	g_free(self->sent);
}

struct stream_stats *stream_stats_new(void)
{
	return ref_alloc(sizeof(struct stream_stats), retire);
}

void stream_stats_make_sent(struct stream_stats *stats)
{
	if (!stats->sent)
		stats->sent = g_new0(struct sent_counts, 1);
}

/* The place of an SSRC: its own, else a free one, else that of the one unused for longest. */
static unsigned place_of(const struct sent_counts *sent, uint32_t ssrc)
{
	unsigned place = 0;

	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		if (sent->ssrc[i].used && sent->ssrc[i].ssrc == ssrc)
			return i;
		if (sent->ssrc[place].used &&
			(!sent->ssrc[i].used || sent->ssrc[i].last_us < sent->ssrc[place].last_us))
			place = i;
	}
	return place;
}

void stream_stats_sent(struct stream_stats *stats, const struct sent_packet *packet)
{
	struct ssrc_stats *s;
	unsigned place;

	if (!stats->sent)
		return;
	place = place_of(stats->sent, packet->out);
	s = &stats->sent->ssrc[place];
	stream_stats_begin(stats);
	if (!s->used || s->ssrc != packet->out)
		*s = (struct ssrc_stats){ .ssrc = packet->out, .used = true };
	stats->sent->in[place] = packet->in;
	s->packets++;
	s->bytes += packet->bytes;
	s->last_seq = packet->seq;
	s->last_timestamp = packet->timestamp;
	s->payload_type = packet->payload_type;
	s->last_us = packet->now_us;
	stream_stats_end(stats);
}
