/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 4733 events; see telephone_event.h. */
#include "rtp/telephone_event.h"

#include "rtp/seq.h"

#include <string.h>

static const int64_t LOST_US = 500000; /* nothing came of an event for so long: it is over */

enum { END = 0x80, VOLUME = 0x3f };

static const char digits[] = "0123456789*#ABCD";

bool telephone_event_parse(const uint8_t *payload, size_t len, struct telephone_event *ret)
{
	if (len < TELEPHONE_EVENT_BYTES)
		return false;
	*ret = (struct telephone_event){
		.code = payload[0],
		.end = payload[1] & END,
		.volume = payload[1] & VOLUME,
		.duration = (uint16_t)(payload[2] << 8 | payload[3]),
	};
	return true;
}

void telephone_event_write(uint8_t *payload, const struct telephone_event *event)
{
	payload[0] = event->code;
	payload[1] = (uint8_t)((event->end ? END : 0) | (event->volume & VOLUME));
	payload[2] = (uint8_t)(event->duration >> 8);
	payload[3] = (uint8_t)event->duration;
}

char telephone_event_digit(uint8_t code)
{
	return code < TELEPHONE_EVENT_DIGITS ? digits[code] : '\0';
}

int telephone_event_code(char digit)
{
	const char *at;

	if (digit >= 'a' && digit <= 'd')
		digit = (char)(digit - 'a' + 'A');
	at = digit ? strchr(digits, digit) : NULL;
	return at ? (int)(at - digits) : -1;
}

static bool is_same(const struct event_track *track, const struct rtp_header *header)
{
	return track->known && track->ssrc == header->ssrc && track->timestamp == header->timestamp;
}

static bool is_older(const struct event_track *track, const struct rtp_header *header)
{
	return track->known && track->ssrc == header->ssrc &&
	       timestamp_diff(header->timestamp, track->timestamp) < 0;
}

static bool is_next_segment(const struct event_track *track, const struct rtp_header *header,
	const struct telephone_event *event)
{
	return track->active && track->ssrc == header->ssrc && track->event.code == event->code &&
	       telephone_event_follows(track->timestamp, header->timestamp);
}

static enum event_step go_on(
	struct event_track *track, const struct telephone_event *event, int64_t now_us)
{
	if (!track->active)
		return EVENT_STEP_NONE;
	track->latest_us = now_us;
	if (event->duration > track->event.duration)
		track->event.duration = event->duration;
	if (!event->end)
		return EVENT_STEP_NONE;
	track->event.end = true;
	track->active = false;
	return EVENT_STEP_END;
}

enum event_step event_track_take(struct event_track *track, const struct rtp_header *header,
	const struct telephone_event *event, uint32_t clock_hz, int64_t now_us)
{
	if (is_next_segment(track, header, event)) {
		track->timestamp = header->timestamp;
		track->before += UINT16_MAX;
		track->event.duration = 0;
	}
	/* An event of the same timestamp but another code is a new one (RFC 4733, 2.5.1.4). */
	if (is_same(track, header) && track->event.code == event->code)
		return go_on(track, event, now_us);
	if (is_older(track, header) && now_us - track->latest_us < LOST_US)
		return EVENT_STEP_OLD;
	*track = (struct event_track){
		.ssrc = header->ssrc,
		.timestamp = header->timestamp,
		.clock_hz = clock_hz,
		.latest_us = now_us,
		.event = *event,
		.known = true,
		.active = !event->end,
	};
	return event->end ? EVENT_STEP_BOTH : EVENT_STEP_BEGIN;
}

uint32_t event_track_ms(const struct event_track *track)
{
	uint32_t clock_hz = track->clock_hz ? track->clock_hz : 8000;

	return (uint32_t)(((uint64_t)track->before + track->event.duration) * 1000 / clock_hz);
}

bool event_track_expire(struct event_track *track, int64_t now_us)
{
	if (!track->active || now_us - track->latest_us < LOST_US)
		return false;
	track->active = false;
	return true;
}
