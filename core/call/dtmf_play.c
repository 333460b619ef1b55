/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digits put into what parties send, by a command; see dtmf.h. */
#include "call/dtmf.h"

#include "call/call.h"
#include "call/select.h"

#include <errno.h>

static const struct plan_stream *find_stream(const struct plan *plan, uint32_t id)
{
	for (unsigned i = 0; i < plan->stream_count; i++)
		if (plan->streams[i].id == id)
			return &plan->streams[i];
	return NULL;
}

static bool is_prepared(const struct plan *plan, uint32_t id)
{
	const struct plan_stream *s = find_stream(plan, id);

	for (unsigned p = 0; s && s->transcodes && p < s->rtp_sink_count; p++)
		if (s->transcodes[p] && s->transcodes[p]->inject)
			return true;
	return false;
}

static bool is_event(const struct plan_stream *s, uint8_t type)
{
	return s->events[type / 64 % 2] >> type % 64 & 1;
}

/* Digits go along with audio, so there must be some. */
static int check_audio(const struct plan_stream *s, struct err *err)
{
	struct stream_counts counts;
	bool any = false;

	stream_stats_read(s->stats, &counts);
	for (unsigned i = 0; i < STREAM_SSRC_MAX; i++) {
		any |= counts.ssrc[i].used;
		if (counts.ssrc[i].used && !is_event(s, counts.ssrc[i].payload_type))
			return 0;
	}
	return err_set(err, ENOENT,
		any ? "No RTP payload type found to be in use"
		    : "No SSRC context present for DTMF injection");
}

/* The stream that the party's digit goes into. */
static int find_way(
	const struct party *party, const struct plan *plan, uint32_t *ret_stream, struct err *err)
{
	const char *why = "Monologue has no media capable of DTMF injection";

	for (unsigned m = 0; party->inject_dtmf && m < party->media_count; m++) {
		const struct media *media = party->media[m];

		if (media->type != SDP_AUDIO || !media->stream_count || media->rejected)
			continue;
		why = "There is no sink media capable of DTMF playback";
		if (!is_prepared(plan, media->streams[0].id))
			continue;
		*ret_stream = media->streams[0].id;
		return check_audio(find_stream(plan, media->streams[0].id), err);
	}
	return err_set(err, ENOENT, "%s", why);
}

static struct digit digit_of(const struct dtmf_options *o)
{
	enum { VOLUME = 8, DURATION_MS = 250, PAUSE_MS = 100 };

	return (struct digit){
		.code = (uint8_t)o->code,
		.volume = (uint8_t)dtmf_given(o->volume, VOLUME),
		.duration_ms = (uint16_t)dtmf_given(o->duration_ms, DURATION_MS),
		.pause_ms = (uint16_t)dtmf_given(o->pause_ms, PAUSE_MS),
	};
}

static int play(struct call *call, const struct party *only, const struct call_options *o,
	const struct plan *plan, struct err *err)
{
	const struct model *model = call->model;
	struct digit digit = digit_of(&o->dtmf);
	uint32_t ways[MODEL_MAX_PARTIES];
	unsigned count = 0;

	for (unsigned i = 0; i < model->party_count; i++) {
		int ret;

		if (only && only != model->parties[i])
			continue;
		ret = find_way(model->parties[i], plan, &ways[count], err);
		if (ret < 0)
			return ret;
		count++;
	}
	for (unsigned i = 0; i < count; i++)
		session_put_digit(call->session, ways[i], &digit);
	return 0;
}

int call_play_dtmf(struct call_table *table, const struct call_options *o, struct err *err)
{
	struct call *call = call_table_find(table, o->call_id);
	struct party *party;
	struct plan *plan;
	int ret;

	if (!call)
		return err_set(err, ENOENT, "Unknown call-ID");
	ret = select_party(call->model, o, SELECT_TAG_ALWAYS, &party, err);
	if (ret < 0)
		return ret;
	if (!party && !o->select.all)
		return err_set(err, EINVAL, "No participant party specified");
	if (o->dtmf.code < 0)
		return err_set(err, EINVAL, "Out of range 'code' specified");
	plan = call_compile(call, call->model);
	ret = play(call, party, o, plan, err);
	plan_free(plan);
	return ret;
}
