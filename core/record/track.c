/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream's packets: held for a while, put in order, decoded, placed. */
#include "record/track.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <glib.h>

#include "codec/conceal.h"
#include "codec/format.h"
#include "codec/registry.h"
#include "rtp/rtp.h"
#include "rtp/seq.h"
#include "rtp/sequencer.h"

enum {
	JUMP_MS = 50,       /* further off than that: placed anew at once … */
	BURST_MS = 100,     /* … unless nothing follows those that came so close together: */
	STALL_MS = 1000,    /* then they were held up, if it was no longer than this */
	ADRIFT_MS = 5,      /* off by more: a sample now and then is left out or doubled … */
	ALIGNED_MS = 1,     /* … until it is no more than this */
	SLEW_DIVISOR = 200, /* of all samples, at most */
	CONCEAL_MAX_MS_LOST = 100, /* what is missing beyond stays silent */
	USUAL_PACKET_MS = 20,
	OVERLAP_MS = 100, /* a new source that begins so little before the end follows it */
};

/* What is kept of a packet before its bytes, in the buffer's head room. */
struct arrival {
	int64_t received_us;
	struct voice *voice;
};

/* A codec in use. */
struct voice {
	uint8_t payload_type;
	const struct codec *codec;
	struct codec_params params;
	char *fmtp;
	void *decoder;
	struct codec_audio audio;
	struct conceal *conceal;
	void *resampler; /* NULL: none is needed */
	bool broken;     /* cannot be decoded */
	unsigned held;   /* packets that wait with it */
};

struct track {
	struct buf_pool *pool;
	int64_t start_us;
	uint32_t sample_hz;
	track_sink_fn sink;
	void *arg;

	GQueue waiting; /* struct buf with an arrival, as received */
	GPtrArray *voices;
	struct sequencer sequencer;
	/* Where a timestamp of `clock_hz` has its place. */
	bool placed;
	uint32_t ssrc, clock_hz;
	uint32_t ref_timestamp;
	uint32_t packet_ticks; /* of the latest packet */
	double ref_position;
	bool slewing;

	bool has_next;
	uint32_t next_timestamp; /* behind what was heard last */
	struct voice *last;      /* which made it */
	bool has_end;
	int64_t end; /* position behind what was given last */
	int16_t last_sample;
	uint64_t undecoded;
};

/* Samples on their way, of whatever this thread works on now. */
static _Thread_local int16_t heard[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];
static _Thread_local int16_t resampled[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];

static struct arrival *arrival_of(struct buf *buf)
{
	_Static_assert(sizeof(struct arrival) <= BUF_HEADROOM, "head room has it");
	return (struct arrival *)(void *)(buf->room);
}

/* ---- voices ---- */

static void voice_free(gpointer data)
{
	struct voice *v = data;

	if (v->decoder)
		v->codec->decoder->close(v->decoder);
	if (v->resampler)
		codec_resampler()->close(v->resampler);
	conceal_free(v->conceal);
	g_free(v->fmtp);
	g_free(v);
}

static bool voice_is(const struct voice *v, const struct sink_format *f)
{
	return v->payload_type == f->payload_type && v->codec == f->codec &&
	       v->params.clock_hz == f->params.clock_hz &&
	       v->params.channels == f->params.channels && str_eq(v->params.fmtp, f->params.fmtp);
}

static bool voice_open(struct voice *v, uint32_t sample_hz)
{
	const struct codec_audio want = { sample_hz, 1 };
	const struct codec_decoder *d = v->codec ? v->codec->decoder : NULL;

	if (!d || d->open(d->data, &v->params, &want, &v->audio, &v->decoder) < 0) {
		v->decoder = NULL;
		return false;
	}
	v->conceal = conceal_new(&v->audio);
	if (v->audio.sample_hz == want.sample_hz && v->audio.channels == 1)
		return true;
	if (!codec_resampler() || codec_resampler()->open(&v->audio, &want, &v->resampler) < 0) {
		v->resampler = NULL;
		return false;
	}
	return true;
}

/* Those that nothing waits with, and that are not in use, make room. */
static void forget_voices(struct track *t)
{
	enum { MANY = 8 };

	for (unsigned i = 0; t->voices->len > MANY && i < t->voices->len;) {
		struct voice *v = t->voices->pdata[i];

		if (v->held || v == t->last)
			i++;
		else
			g_ptr_array_remove_index(t->voices, i);
	}
}

static struct voice *find_voice(struct track *t, const struct sink_format *f)
{
	struct voice *v;

	for (unsigned i = 0; i < t->voices->len; i++)
		if (voice_is(t->voices->pdata[i], f))
			return t->voices->pdata[i];
	forget_voices(t);
	v = g_new0(struct voice, 1);
	v->payload_type = f->payload_type;
	v->codec = f->codec;
	v->params = f->params;
	v->fmtp = g_strndup(f->params.fmtp.s ? f->params.fmtp.s : "", f->params.fmtp.len);
	v->params.fmtp = str_of(v->fmtp);
	v->params.options = STR_LIT("");
	v->broken = !voice_open(v, t->sample_hz);
	g_ptr_array_add(t->voices, v);
	return v;
}

/* ---- time ---- */

static double position_of(const struct track *t, uint32_t timestamp)
{
	return t->ref_position +
	       (double)timestamp_diff(timestamp, t->ref_timestamp) * t->sample_hz / t->clock_hz;
}

static double samples_of_ms(const struct track *t, unsigned ms)
{
	return (double)t->sample_hz * ms / 1000;
}

/*
 * Ticks of a packet: up to the next one, if that is there and may be believed, or else as many as
 * the latest one had.
 */
static uint32_t ticks_of_packet(
	const struct track *t, const struct buf *buf, const struct buf *next)
{
	uint32_t ticks;

	if (!next || rtp_ssrc(next->data) != rtp_ssrc(buf->data) ||
		seq_diff(rtp_seq(next->data), rtp_seq(buf->data)) != 1)
		return t->packet_ticks;
	ticks = rtp_timestamp(next->data) - rtp_timestamp(buf->data);
	return ticks <= t->clock_hz / 1000 * CODEC_MAX_PACKET_MS ? ticks : t->packet_ticks;
}

/* It was sent when the last of its samples had been taken: where the first one was. */
static double received_position(const struct track *t, struct buf *buf, const struct buf *next)
{
	double us = (double)(arrival_of(buf)->received_us - t->start_us);

	return us * t->sample_hz / 1e6 -
	       (double)ticks_of_packet(t, buf, next) * t->sample_hz / t->clock_hz;
}

static double lateness_of(const struct track *t, struct buf *buf, const struct buf *next)
{
	return received_position(t, buf, next) - position_of(t, rtp_timestamp(buf->data));
}

/*
 * How much later than their timestamps say the earliest packets come, of this one and those that
 * follow within TRACK_AHEAD_US and go on with the same reckoning; the latest of them came
 * *ret_spread_us after it.
 */
static double lateness(const struct track *t, struct buf *first, int64_t *ret_spread_us)
{
	int64_t received_us = arrival_of(first)->received_us;
	int64_t until_us = received_us + TRACK_AHEAD_US, last_us = received_us;
	const GList *l = t->waiting.head;
	double least = lateness_of(t, first, l ? l->data : NULL);

	for (; l; l = l->next) {
		struct buf *buf = l->data;

		if (arrival_of(buf)->received_us > until_us)
			break;
		if (rtp_ssrc(buf->data) != t->ssrc ||
			arrival_of(buf)->voice->params.clock_hz != t->clock_hz)
			continue;
		least = fmin(least, lateness_of(t, buf, l->next ? l->next->data : NULL));
		last_us = MAX(last_us, arrival_of(buf)->received_us);
	}
	*ret_spread_us = last_us - received_us;
	return least;
}

static void place_anew(struct track *t, struct buf *buf)
{
	int64_t spread_us;

	t->placed = true;
	t->ssrc = rtp_ssrc(buf->data);
	t->clock_hz = arrival_of(buf)->voice->params.clock_hz;
	t->ref_timestamp = rtp_timestamp(buf->data);
	t->ref_position = 0;
	t->packet_ticks = t->clock_hz / 1000 * USUAL_PACKET_MS;
	t->ref_position = lateness(t, buf, &spread_us);
	if (t->has_end && t->ref_position < (double)t->end &&
		t->ref_position + samples_of_ms(t, OVERLAP_MS) > (double)t->end)
		t->ref_position = (double)t->end;
	t->slewing = false;
	t->has_next = false;
}

/* Follows what drifts slowly, and what jumps at once. */
static void follow(struct track *t, struct buf *buf)
{
	uint32_t timestamp = rtp_timestamp(buf->data);
	int32_t passed = timestamp_diff(timestamp, t->ref_timestamp);
	int64_t spread_us;
	double late = lateness(t, buf, &spread_us), most;

	if (late > samples_of_ms(t, JUMP_MS) && late < samples_of_ms(t, STALL_MS) &&
		spread_us < BURST_MS * 1000)
		return;
	if (fabs(late) > samples_of_ms(t, JUMP_MS)) {
		place_anew(t, buf);
		return;
	}
	if (passed <= 0)
		return;
	t->ref_position = position_of(t, timestamp);
	t->ref_timestamp = timestamp;
	if (fabs(late) > samples_of_ms(t, ADRIFT_MS))
		t->slewing = true;
	else if (fabs(late) < samples_of_ms(t, ALIGNED_MS))
		t->slewing = false;
	most = fmin((double)passed * t->sample_hz / t->clock_hz, t->sample_hz) / SLEW_DIVISOR;
	if (t->slewing)
		t->ref_position += fmax(-most, fmin(most, late));
}

/* ---- samples ---- */

/* What overlaps the end a little is left out, a hole of a sample or two is filled. */
static void give(struct track *t, double position, const int16_t *samples, size_t count)
{
	int64_t at = llrint(position), gap = t->has_end ? at - t->end : 0;
	int64_t most = (int64_t)samples_of_ms(t, 1);

	if (gap < 0 && -gap < (int64_t)samples_of_ms(t, OVERLAP_MS)) {
		if (-gap >= (int64_t)count)
			return;
		samples -= gap;
		count -= (size_t)-gap;
		at = t->end;
	}
	for (; gap > 0 && gap <= most; gap--, t->end++)
		t->sink(t->end, &t->last_sample, 1, t->arg);
	t->sink(at, samples, count, t->arg);
	t->end = at + (int64_t)count;
	t->has_end = true;
	t->last_sample = samples[count - 1];
}

/* `count` of the voice's samples in `heard`, of which the first belongs to `timestamp`. */
static void emit(struct track *t, struct voice *v, uint32_t timestamp, size_t count)
{
	double position = position_of(t, timestamp);
	int made;

	if (!v->resampler) {
		give(t, position, heard, count);
		return;
	}
	position -= (double)codec_resampler()->delay(v->resampler) * t->sample_hz /
		    v->audio.sample_hz;
	made = codec_resampler()->run(
		v->resampler, heard, count, resampled, G_N_ELEMENTS(resampled));
	if (made > 0)
		give(t, position, resampled, (size_t)made);
}

static uint32_t ticks_of(const struct voice *v, size_t samples)
{
	return (uint32_t)((uint64_t)samples * v->params.clock_hz / v->audio.sample_hz);
}

/* What was lost right before `buf`, if that is not too much. */
static void conceal_lost(
	struct track *t, struct voice *v, const struct buf *buf, const struct rtp_header *h)
{
	int32_t missing = timestamp_diff(h->timestamp, t->next_timestamp);
	size_t samples, done = 0;

	if (missing <= 0 || missing > (int32_t)(v->params.clock_hz / 1000 * CONCEAL_MAX_MS_LOST))
		return;
	samples = (size_t)((uint64_t)(uint32_t)missing * v->audio.sample_hz / v->params.clock_hz);
	if (v->codec->decoder->conceal) {
		int n = v->codec->decoder->conceal(
			v->decoder, samples, buf->data + h->payload_offset, h->payload_len, heard);

		done = n > 0 ? (size_t)n : 0;
	}
	if (done)
		conceal_hear(v->conceal, heard, done);
	if (done < samples)
		conceal_fill(v->conceal, heard + done * v->audio.channels, samples - done);
	if (samples)
		emit(t, v, t->next_timestamp, samples);
}

static void decode(struct track *t, struct buf *buf, unsigned lost)
{
	struct voice *v = arrival_of(buf)->voice;
	struct rtp_header h;
	size_t room = v->audio.sample_hz / 1000 * CODEC_MAX_PACKET_MS;
	int samples;

	if (rtp_parse(buf->data, buf->len, &h) < 0)
		return;
	if (!t->placed || h.ssrc != t->ssrc || v->params.clock_hz != t->clock_hz)
		place_anew(t, buf);
	else
		follow(t, buf);
	if (v->broken) {
		t->undecoded++;
		return;
	}
	if (lost && t->has_next && t->last == v)
		conceal_lost(t, v, buf, &h);
	samples = v->codec->decoder->decode(
		v->decoder, buf->data + h.payload_offset, h.payload_len, heard, room);
	if (samples < 0)
		t->undecoded++;
	if (samples <= 0)
		return;
	conceal_hear(v->conceal, heard, (size_t)samples);
	emit(t, v, h.timestamp, (size_t)samples);
	t->last = v;
	t->has_next = true;
	t->packet_ticks = ticks_of(v, (size_t)samples);
	t->next_timestamp = h.timestamp + t->packet_ticks;
}

/* ---- packets ---- */

static void done_with(struct buf *buf)
{
	arrival_of(buf)->voice->held--;
	buf_put(buf);
}

static void drain(struct track *t, uint32_t clock_hz)
{
	struct sequencer_packet p;
	unsigned lost;

	while (sequencer_get(&t->sequencer, clock_hz, &p, &lost)) {
		decode(t, p.buf, lost);
		done_with(p.buf);
	}
}

static void pop_all(struct track *t)
{
	struct buf *buf;

	while ((buf = sequencer_pop(&t->sequencer, NULL))) {
		decode(t, buf, 1);
		done_with(buf);
	}
}

/* Into its place among the others; those of another source are heard first. */
static void sequence(struct track *t, struct buf *buf)
{
	uint32_t clock_hz = arrival_of(buf)->voice->params.clock_hz;
	const struct sequencer_packet *held = &t->sequencer.queue[0];

	if (t->sequencer.held && rtp_ssrc(held->buf->data) != rtp_ssrc(buf->data))
		pop_all(t);
	if (t->placed && rtp_ssrc(buf->data) != t->ssrc && !t->sequencer.held)
		sequencer_clear(&t->sequencer);
	/* A jump in its numbers throws away what is held: hear that first. */
	if (t->sequencer.started &&
		ABS(seq_diff(rtp_seq(buf->data), t->sequencer.next)) >= SEQUENCER_WINDOW / 2)
		pop_all(t);
	if (sequencer_put(&t->sequencer, buf) == SEQUENCER_LATE)
		done_with(buf);
	drain(t, clock_hz);
}

struct track *track_new(
	struct buf_pool *pool, int64_t start_us, uint32_t sample_hz, track_sink_fn sink, void *arg)
{
	struct track *t = g_new0(struct track, 1);

	t->pool = pool;
	t->start_us = start_us;
	t->sample_hz = sample_hz;
	t->sink = sink;
	t->arg = arg;
	t->voices = g_ptr_array_new_with_free_func(voice_free);
	g_queue_init(&t->waiting);
	return t;
}

void track_free(struct track *t)
{
	struct buf *buf;

	if (!t)
		return;
	while ((buf = g_queue_pop_head(&t->waiting)))
		done_with(buf);
	while ((buf = sequencer_pop(&t->sequencer, NULL)))
		done_with(buf);
	g_ptr_array_free(t->voices, TRUE);
	g_free(t);
}

void track_put(struct track *t, const struct sink_format *format, int64_t received_us,
	const uint8_t *data, size_t len)
{
	struct buf *buf;
	struct voice *v;

	if (!format->params.clock_hz) {
		t->undecoded++;
		return;
	}
	v = find_voice(t, format);
	buf = len <= BUF_PAYLOAD ? buf_get(t->pool) : NULL;
	if (!buf) {
		t->undecoded++;
		return;
	}
	memcpy(buf->data, data, len);
	buf->len = (uint32_t)len;
	*arrival_of(buf) = (struct arrival){ .received_us = received_us, .voice = v };
	v->held++;
	g_queue_push_tail(&t->waiting, buf);
}

void track_run(struct track *t, int64_t until_us)
{
	while (t->waiting.head) {
		struct buf *buf = t->waiting.head->data;

		if (arrival_of(buf)->received_us >= until_us)
			return;
		g_queue_pop_head(&t->waiting);
		sequence(t, buf);
	}
	if (until_us == INT64_MAX)
		pop_all(t);
}

uint64_t track_undecoded(const struct track *t)
{
	return t->undecoded;
}
