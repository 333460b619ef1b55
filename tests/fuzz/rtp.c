/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP headers and events from any bytes: what is accepted lies within them and can be written
 * again.
 */
#include "rtp/telephone_event.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void follow_events(const uint8_t *payload, size_t len, const struct rtp_header *first)
{
	struct event_track track = { 0 };
	struct rtp_header h = *first;
	struct telephone_event e, again;
	uint8_t written[TELEPHONE_EVENT_BYTES];

	for (; telephone_event_parse(payload, len, &e); payload += 4, len -= 4) {
		telephone_event_write(written, &e);
		check(telephone_event_parse(written, sizeof(written), &again));
		check(again.code == e.code && again.end == e.end && again.volume == e.volume &&
			again.duration == e.duration);
		h.timestamp += e.code;
		event_track_take(&track, &h, &e, e.duration, (int64_t)len * e.volume * 1000);
		check(track.known && event_track_ms(&track) <= 65535u * 1000);
		check(!track.active || !track.event.end);
	}
	event_track_expire(&track, INT64_MAX / 2);
	check(!track.active);
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

	follow_events(data + h.payload_offset, h.payload_len, &h);
	h.padding = false;
	rtp_write(written, &h);
	check(rtp_parse(written, sizeof(written), &again) == 0);
	check(again.marker == h.marker && again.payload_type == h.payload_type);
	check(again.seq == h.seq && again.timestamp == h.timestamp && again.ssrc == h.ssrc);
	return 0;
}
