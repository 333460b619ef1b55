/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ICE has found, as workers tell it: kept with the call, by stream, beside its model. */
#include "call/call.h"

#include "base/clock.h"

#include <glib.h>

static struct ice_found *find(const struct call *call, uint32_t stream_id)
{
	for (unsigned i = 0; call->ice_found && i < call->ice_found->len; i++) {
		struct ice_found *f = &g_array_index(call->ice_found, struct ice_found, i);

		if (f->stream_id == stream_id)
			return f;
	}
	return NULL;
}

static const struct ice_found *find_current(
	const struct call *call, const struct media *media, unsigned component)
{
	const struct ice_found *f = NULL;

	if (component <= media->stream_count)
		f = find(call, media->streams[component - 1].id);
	return f && f->generation == media->ice.generation ? f : NULL;
}

void call_ice_add(struct call *call, const struct ice_found *found)
{
	struct ice_found *f = find(call, found->stream_id);

	if (f) {
		*f = *found;
		return;
	}
	if (!call->ice_found)
		call->ice_found = g_array_new(FALSE, FALSE, sizeof(*found));
	if (call->ice_found->len < PLAN_MAX_STREAMS)
		g_array_append_vals(call->ice_found, found, 1);
}

bool call_ice_told(struct call *call, struct media *media, const struct media_event *event)
{
	const struct ice_found *before = find(call, event->stream_id);
	struct ice_found now = { .stream_id = event->stream_id };

	if (event->ice_generation != media->ice.generation)
		return false;
	/* What signalling gave us was settled otherwise; it goes on with the credentials. */
	if (event->type == MEDIA_EVENT_ICE_ROLE) {
		media->ice.controlling = event->controlling;
		return true;
	}
	if (before && before->generation == event->ice_generation)
		now = *before;
	now.generation = event->ice_generation;
	now.at_us = clock_mono_us();
	switch (event->type) {
	case MEDIA_EVENT_ICE_PAIR:
		now.local = event->local;
		now.remote = event->peer;
		break;
	case MEDIA_EVENT_ICE_COMPLETED:
		now.completed = true;
		now.failed = false;
		break;
	case MEDIA_EVENT_ICE_FAILED:
		now.failed = true;
		break;
	default: /* consent is lost */
		now.local = now.remote = (struct addr){ 0 };
		break;
	}
	call_ice_add(call, &now);
	return true;
}

const struct ice_found *call_ice_pair(
	const struct call *call, const struct media *media, unsigned component)
{
	const struct ice_found *section = find_current(call, media, 1);
	const struct ice_found *f = find_current(call, media, component);

	return section && section->completed && f && f->remote.family ? f : NULL;
}

const struct ice_found *call_ice_section(const struct call *call, const struct media *media)
{
	return find_current(call, media, 1);
}

int64_t call_ice_active_us(const struct call *call, const struct media *media, int64_t now_us)
{
	const struct ice_found *f;
	int64_t last_us;

	if (!media->ice.shown || !media->ice.said || !media->stream_count)
		return 0;
	f = find_current(call, media, 1);
	if (f && (f->completed || f->failed))
		return f->at_us;
	last_us = MAX(media->streams[0].since_us, f ? f->at_us : 0);
	return MIN(now_us, last_us + ICE_PATIENCE_US);
}
