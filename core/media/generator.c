/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing on the worker. Packet n of a playback is due n packet times after its beginning, less a
 * lead: so much is sent at once for the receiver's jitter buffer. What is mixed has no lead, as its
 * sources are heard while they speak.
 */
#include "media/generator.h"

#include "base/clock.h"
#include "base/ref.h"
#include "codec/format.h"
#include "media/mixer.h"
#include "media/outlet.h"
#include "media/packet.h"
#include "media/playback.h"
#include "media/report.h"
#include "rtp/rtcp.h"
#include "rtp/telephone_event.h"

#include <errno.h>
#include <glib.h>

static const int64_t LEAD_US = 50000;
static const int64_t LATE_US = 500000; /* further behind, what was missed is not sent */
static const int64_t REPORT_US = 5000000, REPORT_SPREAD_US = 2000000;

struct generator {
	struct wheel_timer timer; /* set while it plays */
	struct stream *stream;
	struct outlet outlet;
	/* Of the plan's playback; or, before the set is applied, of nothing: it is inherited. */
	const struct codec_encoder *ops;
	void *encoder;
	struct codec_audio audio;
	size_t packet_samples;
	uint32_t clock_hz;
	uint8_t payload_type;
	int64_t packet_us;
	struct mixer *mixer; /* owned; NULL: only the playback is sent */
	/* How far it is. */
	bool opened; /* an encoder of its own */
	bool marked; /* the first packet of this playback was sent */
	bool playing;
	int64_t due_us;    /* of the next packet, with the lead taken off */
	int64_t stamp_us;  /* the moment of the outlet's next timestamp; 0: nothing was sent yet */
	int64_t report_us; /* when the next sender report is due */
	int64_t wall_minus_mono_us;
	/* What was sent beside audio last: its timestamp, as it came and as it was sent. */
	bool has_beside;
	uint32_t beside_in, beside_out;
};

static _Thread_local int16_t samples[CODEC_MAX_SAMPLES * CODEC_MAX_CHANNELS];
static _Thread_local int16_t played_too[CODEC_MAX_SAMPLES];

static void destroy_playback(void *object)
{
	ref_drop(((struct playback *)object)->clip);
}

struct playback *playback_new(uint32_t id, struct clip *clip)
{
	struct playback *p = ref_alloc(sizeof(*p), destroy_playback);

	p->id = id;
	p->clip = ref_take(clip);
	p->times = 1;
	return p;
}

/* ---- made by control ---- */

static int open_encoder(struct generator *g, const struct plan_play *play, struct err *err)
{
	const struct plan_format *f = &play->format->encoders[0];
	const struct codec_audio have = { codec_sample_hz(f->codec, f->params.clock_hz), 1 };

	g->ops = f->codec->encoder;
	if (!g->ops || g->ops->open(g->ops->data, &f->params, &have, &g->audio, &g->packet_samples,
			       &g->encoder) < 0) {
		g->encoder = NULL;
		return err_set(err, ENOTSUP, "Failed to open an encoder for %s", f->codec->name);
	}
	g->opened = true;
	if (g->audio.sample_hz != have.sample_hz)
		return err_set(err, ENOTSUP, "%s does not take audio of %u Hz", f->codec->name,
			have.sample_hz);
	g->clock_hz = f->params.clock_hz;
	g->payload_type = f->payload_type;
	g->packet_us = (int64_t)g->packet_samples * 1000000 / g->audio.sample_hz;
	if (play->mix)
		g->mixer = mixer_new(&g->audio, g->packet_samples,
			(size_t)play->buffer_ms * g->audio.sample_hz / 1000,
			(size_t)play->ahead_ms * g->audio.sample_hz / 1000);
	return 0;
}

static const struct stream *find_before(const struct stream_set *latest, uint32_t id)
{
	for (unsigned i = 0; latest && i < latest->plan->stream_count; i++)
		if (latest->streams[i].plan->id == id)
			return &latest->streams[i];
	return NULL;
}

static bool plays_on(const struct plan_play *a, const struct plan_play *b)
{
	if (!a || !b || a->mix != b->mix || !plan_transcode_equal(a->format, b->format))
		return false;
	return a->mix ? a->buffer_ms == b->buffer_ms && a->ahead_ms == b->ahead_ms
		      : a->playback == b->playback;
}

static void on_due(struct wheel_timer *timer, int64_t now_us);

static int open_one(struct stream *s, const struct stream_set *latest, struct err *err)
{
	const struct stream *before = find_before(latest, s->plan->id);
	struct generator *g;

	if (!s->plan->play && (!before || !before->generator))
		return 0;
	g = s->generator = g_new0(struct generator, 1);
	g->stream = s;
	g->wall_minus_mono_us = clock_wall_us() - clock_mono_us();
	report_cname();
	stream_stats_make_sent(s->stats);
	wheel_timer_init(&g->timer, on_due);
	outlet_init(&g->outlet, (uint64_t)g_random_int() << 32 | g_random_int());
	g->outlet.source = g->outlet.sink = s;
	outlet_select(&g->outlet, g_random_int(), (uint16_t)g_random_int(), g_random_int());
	if (!s->plan->play || (before && plays_on(s->plan->play, before->plan->play)))
		return 0;
	return open_encoder(g, s->plan->play, err);
}

int generators_open(struct stream_set *set, const struct stream_set *latest, struct err *err)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		int ret = open_one(&set->streams[i], latest, err);

		if (ret < 0)
			return ret;
	}
	return 0;
}

void generators_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct generator *g = set->streams[i].generator;

		if (g && g->encoder)
			g->ops->close(g->encoder);
		if (g)
			mixer_free(g->mixer);
		g_free(g);
	}
}

/* ---- sender reports ---- */

/* The generator's clock now, and what it has sent (RFC 3550 6.4.1). Its bytes. */
static size_t write_report(uint8_t *at, const struct generator *g, int64_t now_us)
{
	const struct outlet_ssrc *s = &g->outlet.ssrc[0];
	int64_t ahead_us = now_us - g->stamp_us;
	struct rtcp_sender_info info = {
		.rtp_timestamp = s->next_timestamp + (uint32_t)(ahead_us * g->clock_hz / 1000000),
		.packets = s->packets,
		.octets = s->octets,
	};
	size_t len;

	rtcp_set_time(&info, now_us + g->wall_minus_mono_us);
	len = rtcp_write_report(at, s->out, &info, NULL, 0);
	return len + rtcp_write_sdes(at + len, s->out, report_cname(), STR_NULL);
}

static void send_report(struct generator *g, int64_t now_us)
{
	static const union sock nobody;
	struct stream *out = report_way(g->stream);
	struct packet packet = {
		.in = out, .from = &nobody, .now_us = now_us, .kind = DATAGRAM_RTCP
	};

	g->report_us = now_us + REPORT_US +
		       (int64_t)(g->outlet.ssrc[0].next_timestamp % (uint32_t)REPORT_SPREAD_US);
	if (!out || !out->carrier->dest_len)
		return;
	packet.buf = buf_get(media_worker_pool(g->stream->set->state->worker));
	if (!packet.buf)
		return;
	packet.buf->len = (uint32_t)write_report(packet.buf->data, g, now_us);
	media_send(&packet, out);
}

/* ---- packets ---- */

static struct wheel *wheel_of(const struct generator *g)
{
	return loop_wheel(media_worker_loop(g->stream->set->state->worker));
}

/* What is played, and not over yet; NULL. */
static struct playback *playback_of(const struct generator *g)
{
	struct playback *p = g->stream->plan->play ? g->stream->plan->play->playback : NULL;

	return p && !atomic_load_explicit(&p->ended, memory_order_relaxed) ? p : NULL;
}

static int64_t lead_us(const struct generator *g)
{
	return g->mixer ? 0 : LEAD_US;
}

static void tell_end(const struct generator *g, struct playback *p)
{
	struct media_event event = {
		.type = MEDIA_EVENT_PLAY_ENDED,
		.session_id = g->stream->set->state->id,
		.stream_id = g->stream->plan->id,
		.play_id = p->id,
	};

	atomic_store_explicit(&p->ended, true, memory_order_release);
	media_worker_event(g->stream->set->state->worker, &event);
}

/* Has the helper not come to where it begins? */
static bool is_awaited(const struct playback *p)
{
	size_t at = (size_t)atomic_load_explicit(&p->at, memory_order_relaxed);
	int16_t sample;

	return !atomic_load_explicit(&p->played, memory_order_relaxed) && !clip_ends(p->clip, at) &&
	       !clip_read(p->clip, at, &sample, 1);
}

/* At the end of the clip: is it played once more? */
static bool play_again(struct playback *p, uint64_t played)
{
	unsigned round = atomic_load_explicit(&p->round, memory_order_relaxed) + 1;

	atomic_store_explicit(&p->round, round, memory_order_relaxed);
	if (!played || (p->most && played >= p->most))
		return false;
	return !p->times || round < p->times;
}

/*
 * The next packet's worth of samples of what is played; what the helper has not decoded yet, and
 * what the last packet lacks, is silence. False: that was all.
 */
static bool take_played(const struct generator *g, struct playback *p, int16_t *out)
{
	uint64_t at = atomic_load_explicit(&p->at, memory_order_relaxed);
	uint64_t played = atomic_load_explicit(&p->played, memory_order_relaxed);
	size_t have = 0;

	while (have < g->packet_samples) {
		size_t n = clip_read(p->clip, (size_t)at, out + have, g->packet_samples - have);

		have += n;
		at += n;
		played += n;
		if (n)
			continue;
		if (!clip_ends(p->clip, (size_t)at))
			break;
		if (!play_again(p, played)) {
			if (!have)
				return false;
			break;
		}
		at = 0;
	}
	memset(out + have, 0, (g->packet_samples - have) * sizeof(*out));
	atomic_store_explicit(&p->at, at, memory_order_relaxed);
	atomic_store_explicit(&p->played, played, memory_order_relaxed);
	return true;
}

/* One channel becomes as many as the encoder takes, in place. */
static void spread(struct generator *g)
{
	if (g->audio.channels != 2)
		return;
	for (size_t i = g->packet_samples; i-- > 0;)
		samples[2 * i] = samples[2 * i + 1] = samples[i];
}

/* What sources have written, with what is played on top of it. */
static void take_mixed(struct generator *g, struct playback *p)
{
	unsigned channels = g->audio.channels;

	mixer_take(g->mixer, samples, g->packet_samples);
	if (!p)
		return;
	if (!take_played(g, p, played_too)) {
		tell_end(g, p);
		return;
	}
	for (size_t i = 0; i < g->packet_samples * channels; i++)
		samples[i] = mixer_sum(samples[i], played_too[i / channels]);
}

/* False: there is no next packet. */
static bool take_samples(struct generator *g, struct playback *p)
{
	if (g->mixer) {
		take_mixed(g, p);
		return true;
	}
	if (!take_played(g, p, samples))
		return false;
	spread(g);
	return true;
}

static uint32_t ticks_of_packet(const struct generator *g)
{
	return (uint32_t)((uint64_t)g->packet_samples * g->clock_hz / g->audio.sample_hz);
}

static void send_packet(struct generator *g, int64_t now_us)
{
	struct outlet_ssrc *s = &g->outlet.ssrc[0];
	struct outlet_packet packet = {
		.buf = buf_get(media_worker_pool(g->stream->set->state->worker)),
		.payload_type = g->payload_type,
		.marker = !g->marked,
		.at_once = true,
		.timestamp = s->next_timestamp,
		.clock_hz = g->clock_hz,
	};
	int len;

	s->next_timestamp += ticks_of_packet(g);
	g->stamp_us = g->due_us + lead_us(g) + g->packet_us;
	if (!packet.buf) {
		reason_count(REASON_NO_BUFFER);
		return;
	}
	len = g->ops->encode(g->encoder, samples, packet.buf->data + RTP_HEADER_BYTES);
	if (len <= 0) {
		buf_put(packet.buf);
		return;
	}
	packet.buf->len = RTP_HEADER_BYTES + (uint32_t)len;
	g->marked = true;
	outlet_send(&g->outlet, &packet, now_us);
}

/* So many packets are not sent: time goes on. */
static void leave_out(struct generator *g, int64_t packets)
{
	g->due_us += packets * g->packet_us;
	g->outlet.ssrc[0].next_timestamp += (uint32_t)((uint64_t)packets * ticks_of_packet(g));
}

static void end(struct generator *g, struct playback *p)
{
	g->playing = false;
	tell_end(g, p);
}

static void on_due(struct wheel_timer *timer, int64_t now_us)
{
	struct generator *g = container_of(timer, struct generator, timer);
	struct playback *p = playback_of(g);

	if (!g->playing || (!p && !g->mixer))
		return;
	if (now_us > g->due_us + LATE_US) { /* the worker stood still */
		int64_t missed = (now_us - g->due_us) / g->packet_us;

		if (g->mixer)
			mixer_take(g->mixer, NULL, (size_t)missed * g->packet_samples);
		leave_out(g, missed);
	}
	while (g->due_us <= now_us) {
		if (!g->mixer && is_awaited(p)) {
			leave_out(g, 1);
			continue;
		}
		if (!take_samples(g, p)) {
			end(g, p);
			return;
		}
		send_packet(g, now_us);
		p = playback_of(g);
		g->due_us += g->packet_us;
	}
	if (now_us >= g->report_us)
		send_report(g, now_us);
	wheel_set(wheel_of(g), &g->timer, g->due_us);
}

/* ---- plans come and go ---- */

/* The outlet's clock has gone on while nothing was played. */
static void begin(struct generator *g, int64_t now_us)
{
	if (g->stamp_us && now_us > g->stamp_us)
		g->outlet.ssrc[0].next_timestamp += (uint32_t)((now_us - g->stamp_us) *
							       g->clock_hz / 1000000);
	g->marked = false;
	g->playing = true;
	g->due_us = now_us - lead_us(g);
	g->stamp_us = now_us;
	g->report_us = 0;
	on_due(&g->timer, now_us);
}

/* The numbers that the peer has seen. */
static void take_outlet(struct generator *g, struct generator *before)
{
	outlet_move(&g->outlet, &before->outlet);
	g->stamp_us = before->stamp_us;
}

/* The same playback by the same codec. */
static void take_encoder(struct generator *g, struct generator *before)
{
	g->ops = before->ops;
	g->encoder = before->encoder;
	g->audio = before->audio;
	g->packet_samples = before->packet_samples;
	g->clock_hz = before->clock_hz;
	g->payload_type = before->payload_type;
	g->packet_us = before->packet_us;
	before->encoder = NULL;
	g->mixer = before->mixer;
	before->mixer = NULL;
}

static void take_place(struct generator *g, const struct generator *before)
{
	g->marked = before->marked;
	g->playing = before->playing;
	g->due_us = before->due_us;
	g->report_us = before->report_us;
}

static void inherit(struct generator *g, struct generator *before, int64_t now_us)
{
	const struct plan_play *play = g->stream->plan->play;
	const struct plan_play *was = before ? before->stream->plan->play : NULL;
	bool same = play && was && play->mix == was->mix &&
		    (play->mix || play->playback == was->playback);

	if (before) {
		wheel_clear(wheel_of(before), &before->timer);
		take_outlet(g, before);
	}
	if (!play)
		return;
	if (!same) {
		begin(g, now_us);
		return;
	}
	take_place(g, before);
	if (!g->opened)
		take_encoder(g, before);
	if (g->playing)
		wheel_set(wheel_of(g), &g->timer, g->due_us);
}

void generators_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us)
{
	for (unsigned i = 0; i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];
		struct stream *old = s->generator ? stream_set_find(before, s->plan->id) : NULL;

		if (s->generator)
			inherit(s->generator, old ? old->generator : NULL, now_us);
	}
	/* What is left of those whose streams are gone. */
	if (before)
		generators_stop(before);
}

void generators_stop(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].generator)
			wheel_clear(wheel_of(set->streams[i].generator),
				&set->streams[i].generator->timer);
}

void generators_start(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct generator *g = set->streams[i].generator;

		if (g && g->playing)
			wheel_set(wheel_of(g), &g->timer, g->due_us);
	}
}

/* ---- what is mixed ---- */

void generator_mix(struct stream *sink, uint64_t *at, const int16_t *samples_in, size_t count)
{
	if (sink->generator && sink->generator->mixer)
		mixer_add(sink->generator->mixer, at, samples_in, count);
}

/* It begins now, by the clock of what is heard. */
static void send_beside(struct stream *sink, const struct outlet_packet *packet, int64_t now_us)
{
	struct generator *g = sink->generator;
	struct outlet_packet sent = *packet;

	if (!g || !g->mixer || !g->playing) {
		buf_put(packet->buf);
		return;
	}
	if (g->has_beside && !packet->marker &&
		telephone_event_follows(g->beside_in, packet->timestamp)) {
		g->beside_in = packet->timestamp;
		g->beside_out += UINT16_MAX;
	} else if (!g->has_beside || g->beside_in != packet->timestamp) {
		g->has_beside = true;
		g->beside_in = packet->timestamp;
		g->beside_out = g->outlet.ssrc[0].next_timestamp;
	}
	sent.timestamp = g->beside_out;
	sent.at_once = true;
	outlet_send(&g->outlet, &sent, now_us);
}

void generator_send(struct outlet *o, const struct outlet_packet *packet, int64_t now_us)
{
	if (o->mixed)
		send_beside(o->sink, packet, now_us);
	else
		outlet_send(o, packet, now_us);
}

void generator_obey(struct stream *sink, const struct codec *codec, int request)
{
	struct generator *g = sink->generator;

	if (g && g->encoder && sink->plan->play->format->encoders[0].codec == codec && g->ops->obey)
		g->ops->obey(g->encoder, request);
}
