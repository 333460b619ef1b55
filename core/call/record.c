/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which calls are recorded (spec NG 2.8). It is part of a call's model, so that a command that
 * fails records nothing; files are made when a draft is committed.
 */
#include "base/ref.h"
#include "call/draft.h"
#include "call/negotiate.h"
#include "codec/format.h"
#include "codec/registry.h"
#include "record/recorder.h"

#include <errno.h>

static int start(struct draft *draft, const struct call_options *o, struct err *err)
{
	struct recorder *recorder = call_table_settings(draft->call->table)->recorder;
	struct model *model = draft->model;
	const struct recording_request request = {
		.call_id = draft->call->id,
		.label = o->label,
		.metadata = o->metadata.s ? o->metadata : draft->model->metadata,
		.file = o->record.file,
		.dir = o->record.dir,
		.pattern = o->record.pattern,
	};
	struct recording *recording;
	int ret;

	if (!recorder)
		return err_set(err, ENOTSUP,
			"Call recording requested, but no spool directory configured");
	ret = recording_new(recorder, &request, &recording, err);
	if (ret < 0)
		return ret;
	ref_drop(model->recording);
	model->recording = recording;
	model->recording_mode = RECORDING_ON;
	model->recording_number++;
	return 0;
}

static bool has_failed(const struct recording *recording)
{
	struct recording_status status;

	recording_read_status(recording, &status);
	return status.state == RECORDING_TRUNCATED;
}

int record_apply(struct draft *draft, enum record_action action, const struct call_options *o,
	struct err *err)
{
	struct model *model = draft->model;

	switch (action) {
	case RECORD_START:
		if (model->recording_mode == RECORDING_OFF || has_failed(model->recording))
			return start(draft, o, err);
		model->recording_mode = RECORDING_ON;
		break;
	case RECORD_STOP:
		draft->record_discard = o->record.discard;
		model->recording_mode = RECORDING_OFF;
		break;
	case RECORD_PAUSE:
		if (model->recording_mode == RECORDING_ON)
			model->recording_mode = RECORDING_PAUSED;
		break;
	case RECORD_KEEP:
		break;
	}
	return 0;
}

void record_body(struct draft *draft, const struct party *from, bool answer, struct str sdp)
{
	draft->body = sdp;
	draft->body_label = from->label;
	draft->body_party_since_us = from->created_us;
	draft->body_is_answer = answer;
}

/* ---- what the streams are ---- */

static struct sink_format format_of(
	struct arena *arena, const struct sdp_media *in, const struct sdp_format *f)
{
	struct sink_format format = {
		.payload_type = f->payload_type,
		.name = arena_str(arena, f->encoding),
		.codec = codec_find(f->encoding),
		.params = {
			.clock_hz = f->clock_hz,
			.channels = f->channels,
			.fmtp = arena_str(arena, f->fmtp),
			.ptime_ms = (uint16_t)CLAMP(in->ptime_ms, 0, CODEC_MAX_PACKET_MS),
		},
	};

	return format;
}

static bool has_type(const struct sink_stream *s, uint8_t payload_type)
{
	for (unsigned i = 0; i < s->format_count; i++)
		if (s->formats[i].payload_type == payload_type)
			return true;
	return false;
}

static void add_formats(
	struct arena *arena, struct sink_stream *s, const struct media *media, unsigned room)
{
	for (unsigned i = 0; media->in && i < media->in->format_count; i++) {
		const struct sdp_format *f = &media->in->formats[i];

		if (s->format_count < room && !has_type(s, f->payload_type))
			s->formats[s->format_count++] = format_of(arena, media->in, f);
	}
}

/* What a party sends is as it described it, or else as who receives it did. */
static void describe(struct arena *arena, struct sink_stream *s, const struct media *media)
{
	unsigned room = media->in ? media->in->format_count : 0;

	for (unsigned i = 0; i < media->source_count; i++)
		room += media->sources[i]->in ? media->sources[i]->in->format_count : 0;
	s->formats = arena_new_array(arena, struct sink_format, room);
	add_formats(arena, s, media, room);
	for (unsigned i = 0; i < media->source_count; i++)
		add_formats(arena, s, media->sources[i], room);
}

/* Its channel, from 0. */
static unsigned slot_of(const struct party *party)
{
	return party->record_slot ? (unsigned)party->record_slot - 1 : party->number;
}

/* RTP only: RTCP of its own has no audio. */
static void add_streams(struct record_layout *layout, const struct media *media)
{
	for (unsigned n = 0; n < media->stream_count; n += 2) {
		struct sink_stream *s = &layout->streams[layout->stream_count++];

		s->id = media->streams[n].id;
		s->slot = slot_of(media->party);
		layout->slots = MAX(layout->slots, s->slot + 1);
		s->audio = media->type == SDP_AUDIO && sdp_transport_info(media->transport)->rtp;
		if (s->audio)
			describe(layout->arena, s, media);
	}
}

/* ---- how good the audio can be ---- */

/* 0: nothing is heard of it. */
static uint32_t rate_of(const struct sdp_format *f)
{
	const struct codec *codec = codec_find(f->encoding);

	if (!codec || !codec->decoder || codec_flags(f->encoding) & (CODEC_EVENT | CODEC_NOISE))
		return 0;
	return codec_sample_hz(codec, f->clock_hz);
}

static bool has_codec(const struct sdp_media *in, const struct sdp_format *f)
{
	for (unsigned i = 0; in && i < in->format_count; i++)
		if (format_is_same_codec(&in->formats[i], f))
			return true;
	return false;
}

/* May `media` send it to `other`, as both have signalled? */
static bool is_agreed(
	const struct media *media, const struct media *other, const struct sdp_format *f)
{
	const struct codec_agreement *own = media_agreement(media, other->party);
	const struct codec_agreement *others = media_agreement(other, media->party);

	if (own && own->settled && !own->as_is)
		return codec_list_find(own->answered, f);
	if (others && others->settled && !others->as_is)
		return codec_list_find(others->answer, f);
	return has_codec(other->in, f);
}

static void look_at_rates(const struct media *media, uint32_t *agreed_hz, uint32_t *said_hz)
{
	for (unsigned i = 0; media->in && i < media->in->format_count; i++) {
		const struct sdp_format *f = &media->in->formats[i];
		uint32_t hz = rate_of(f);

		*said_hz = MAX(*said_hz, hz);
		for (unsigned n = 0; n < media->source_count; n++)
			if (hz > *agreed_hz && is_agreed(media, media->sources[n], f))
				*agreed_hz = hz;
	}
}

/* Of all that parties agreed upon; before they did, of all that was said. */
static uint32_t find_best_rate(const struct model *model)
{
	uint32_t agreed_hz = 0, said_hz = 0;

	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++)
			if (model->parties[p]->media[m]->type == SDP_AUDIO)
				look_at_rates(model->parties[p]->media[m], &agreed_hz, &said_hz);
	return agreed_hz ? agreed_hz : said_hz;
}

static struct record_layout *make_layout(const struct model *model)
{
	struct arena *arena = arena_new(2000);
	struct record_layout *layout = arena_alloc(arena, sizeof(*layout));
	unsigned room = 0;

	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++)
			room += model->parties[p]->media[m]->stream_count;
	layout->arena = arena;
	layout->number = model->tap_layout;
	layout->best_hz = find_best_rate(model);
	layout->streams = arena_new_array(arena, struct sink_stream, room);
	for (unsigned p = 0; p < model->party_count; p++)
		for (unsigned m = 0; m < model->parties[p]->media_count; m++)
			add_streams(layout, model->parties[p]->media[m]);
	/* Who has no place in them is in the last one. */
	if (model->record_slots)
		layout->slots = (unsigned)model->record_slots;
	return layout;
}

/* ---- with the draft ---- */

void record_prepare(struct draft *draft)
{
	if (draft->model->recording_mode == RECORDING_ON)
		draft->model->tap_layout++;
}

static void tell_modes(struct call *call, const struct model *before, const struct model *after)
{
	struct recording *old = before ? before->recording : NULL;
	enum recording_mode was = before ? before->recording_mode : RECORDING_OFF;

	if (was != RECORDING_OFF &&
		(after->recording_mode == RECORDING_OFF || old != after->recording)) {
		log_notice("Turning off call recording.");
		recording_end(old);
	}
	if (after->recording && old != after->recording) {
		log_notice("Turning on call recording.");
		recording_begin(after->recording, &call->log);
	} else if (was == RECORDING_ON && after->recording_mode == RECORDING_PAUSED) {
		log_notice("Pausing call recording.");
		recording_note_pause(after->recording, true);
	} else if (was == RECORDING_PAUSED && after->recording_mode == RECORDING_ON) {
		log_notice("Resuming call recording.");
		recording_note_pause(after->recording, false);
	}
}

static bool has_news(const struct model *before, const struct model *after)
{
	return after->metadata.s && (!before || before->recording != after->recording ||
					    !str_eq(before->metadata, after->metadata));
}

void record_commit(const struct draft *draft)
{
	const struct model *before = draft->call->model, *after = draft->model;
	struct recording *r = after->recording;
	bool is_new = !before || before->recording != r;

	if (!r)
		return;
	if (draft->record_discard)
		recording_discard(r);
	/* What came with a party's tag is not the call's. */
	if (has_news(before, after))
		recording_set_metadata(r, after->metadata);
	else if (is_new && recording_request(r)->metadata.s)
		recording_set_metadata(r, recording_request(r)->metadata);
	tell_modes(draft->call, before, after);
	if (after->recording_mode == RECORDING_OFF)
		return;
	if (draft->set && after->recording_mode == RECORDING_ON && recording_wants_layouts(r))
		recording_add_layout(r, make_layout(after));
	if (draft->body.s)
		recording_add_body(r, draft->body_label, draft->body_party_since_us,
			draft->body_is_answer, draft->body);
}

/* ---- in snapshots ---- */

static void write_text(struct dict *dict, struct value *to, const char *key, struct str text)
{
	if (text.s)
		dict_add_copy(dict, to, key, text);
}

void record_write(const struct model *model, struct dict *dict, struct value *to)
{
	const struct recording_request *q;
	struct value *v;

	if (model->recording_mode == RECORDING_OFF)
		return;
	q = recording_request(model->recording);
	v = dict_add_dict(dict, to, "recording");
	dict_add_int(dict, v, "paused", model->recording_mode == RECORDING_PAUSED);
	write_text(dict, v, "label", q->label);
	write_text(dict, v, "metadata", q->metadata);
	write_text(dict, v, "file", q->file);
	write_text(dict, v, "dir", q->dir);
	write_text(dict, v, "pattern", q->pattern);
}

void record_read(struct call *call, const struct value *from)
{
	struct recorder *recorder = call_table_settings(call->table)->recorder;
	const struct value *v = value_get(from, "recording");
	const struct recording_request q = {
		.call_id = call->id,
		.label = value_get_str(v, "label"),
		.metadata = value_get_str(v, "metadata"),
		.file = value_get_str(v, "file"),
		.dir = value_get_str(v, "dir"),
		.pattern = value_get_str(v, "pattern"),
	};
	struct model *model = call->model;
	struct err err = { .text = "no spool directory configured" };

	if (!v)
		return;
	if (!recorder || recording_new(recorder, &q, &model->recording, &err) < 0) {
		log_err("A restored call is not recorded any more: %s", err.text);
		return;
	}
	model->recording_mode = value_get_int(v, "paused", 0) ? RECORDING_PAUSED : RECORDING_ON;
	model->tap_layout = 1;
}

void record_resume(struct call *call)
{
	const struct model *model = call->model;
	struct recording *r = model->recording;

	if (!r)
		return;
	recording_begin(r, &call->log);
	if (model->metadata.s || recording_request(r)->metadata.s)
		recording_set_metadata(
			r, model->metadata.s ? model->metadata : recording_request(r)->metadata);
	if (model->recording_mode == RECORDING_PAUSED)
		recording_note_pause(r, true);
	else if (recording_wants_layouts(r))
		recording_add_layout(r, make_layout(model));
}
