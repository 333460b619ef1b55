/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Audio of two legs as one file: where in time things are, whatever clocks, networks and parties
 * do. Each leg beeps at the same moments; in the file the beeps must be at those moments.
 */
#include "record/audio.h"

#include <math.h>

#include <glib.h>

#include "../mock/coder.h"
#include "../mock/tones.h"
#include "rtp/rtp.h"

enum {
	START_US = 50000000,
	BASE_DELAY_US = 20000,
	BEEP_EVERY_S = 5,
	BEEP_MS = 400,
	MAX_PAYLOAD = 2200,
};

/* ---- a writer that keeps all ---- */

static struct {
	GArray *samples; /* int16_t, interleaved */
	struct writer_format format;
	unsigned fail_after; /* samples; 0: never */
	bool closed;
} kept;

static int keep_open(int fd, const struct writer_format *format, void **ret_file)
{
	(void)fd;
	kept.format = *format;
	*ret_file = &kept;
	return 0;
}

static int keep_audio(void *file, const int16_t *samples, size_t count)
{
	(void)file;
	if (kept.fail_after && kept.samples->len >= kept.fail_after)
		return -28;
	g_array_append_vals(kept.samples, samples, (guint)(count * kept.format.channels));
	return 0;
}

static int keep_flush(void *file)
{
	(void)file;
	return 0;
}

static int keep_close(void *file)
{
	(void)file;
	kept.closed = true;
	return 0;
}

static const uint32_t rates[] = { 8000, 16000, 48000, 0 };
static const struct writer writer = {
	.name = "keep",
	.max_channels = WRITER_MAX_CHANNELS,
	.rates = rates,
	.open = keep_open,
	.audio = keep_audio,
	.flush = keep_flush,
	.close = keep_close,
};

/* ---- legs ---- */

struct leg {
	struct sink_stream stream;
	struct sink_format formats[4];
	double ppm;       /* its clock runs fast by this */
	double jitter_us; /* packets are late by up to this */
	unsigned lost_of_100;
	double hold_from_s, hold_until_s;
	bool hold_stops_clock; /* timestamps go on after the hold where they were before */
	double change_s[3];    /* another SSRC; packets twice as long; the second format */
	double stall_s;        /* for 400 ms packets wait and then come at once */
	double ended_s;        /* what was sent last */
};

struct event {
	int64_t at_us;
	const struct leg *leg;
	size_t len;
	uint8_t data[MAX_PAYLOAD];
};

static struct sink_format format_of(uint8_t payload_type, const char *name, uint32_t clock_hz)
{
	return (struct sink_format){
		.payload_type = payload_type,
		.name = str_of(name),
		.codec = codec_find(str_of(name)),
		.params = { .clock_hz = clock_hz, .channels = 1, .ptime_ms = 20 },
	};
}

static void leg_init(struct leg *leg, unsigned slot)
{
	*leg = (struct leg){ .change_s = { 1e9, 1e9, 1e9 }, .hold_from_s = 1e9, .stall_s = 1e9 };
	leg->formats[0] = format_of(0, "PCMU", 8000);
	leg->formats[1] = format_of(9, "G722", 8000);
	leg->formats[2] = format_of(101, "telephone-event", 8000);
	leg->formats[3] = format_of(96, "none-such", 8000);
	leg->stream = (struct sink_stream){
		.id = slot + 1, .slot = slot, .audio = true, .format_count = 4
	};
}

/* What is to be heard at a true time. */
static int16_t beep(double true_s, double hz)
{
	double in = fmod(true_s, BEEP_EVERY_S) - 1;

	return in >= 0 && in < BEEP_MS / 1000.0 ? (int16_t)(8000 * sin(2 * G_PI * hz * in)) : 0;
}

static struct event *event_new(const struct leg *leg, double true_s, const struct rtp_header *h)
{
	struct event *e = g_new0(struct event, 1);
	double delay = BASE_DELAY_US + g_test_rand_double() * leg->jitter_us;

	if (true_s >= leg->stall_s && true_s < leg->stall_s + 0.4)
		delay += (leg->stall_s + 0.4 - true_s) * 1e6;
	e->leg = leg;
	e->at_us = START_US + llrint(true_s * 1e6 + delay);
	rtp_write(e->data, h);
	return e;
}

static bool near_beep(double true_s)
{
	double in = fmod(true_s, BEEP_EVERY_S);

	return in > 0.9 && in < 1.2;
}

static void leg_send(struct leg *leg, GPtrArray *events, double duration_s, double hz)
{
	const struct codec_audio audio = { 8000, 1 };
	struct mock_coder narrow, wide;
	struct rtp_header h = { .seq = 60000, .timestamp = 0xfffff000, .ssrc = 7 + leg->stream.id };
	double clock = 8000 * (1 + leg->ppm / 1e6);

	leg->stream.formats = leg->formats;
	mock_coder_open(&narrow, "PCMU", &leg->formats[0].params, &audio);
	mock_coder_open(&wide, "G722", &leg->formats[1].params, &(struct codec_audio){ 16000, 1 });
	for (size_t n = 0; n / clock < duration_s;) {
		double begin_s = n / clock;
		bool doubled = begin_s >= leg->change_s[1], other = begin_s >= leg->change_s[2];
		struct mock_coder *c = other ? &wide : &narrow;
		unsigned frames = doubled ? 2 : 1, factor = other ? 2 : 1;
		bool held = begin_s >= leg->hold_from_s && begin_s < leg->hold_until_s;
		struct event *e;
		int16_t pcm[320];

		if (begin_s >= leg->change_s[0]) {
			leg->change_s[0] = 1e9;
			h.ssrc += 100;
			h.timestamp += 123456;
			h.seq = 5;
		}
		h.payload_type = other ? 9 : 0;
		e = event_new(leg, begin_s + frames * 160 / clock, &h);
		e->len = RTP_HEADER_BYTES;
		for (unsigned f = 0; f < frames; f++) {
			for (unsigned i = 0; i < 160 * factor; i++)
				pcm[i] = beep((n + (double)i / factor) / clock, hz);
			e->len += (size_t)c->codec->encoder->encode(
				c->encoder, pcm, e->data + e->len);
			n += 160;
		}
		if (!held || !leg->hold_stops_clock) {
			h.timestamp += frames * 160;
			h.seq++;
		}
		if (held || (!near_beep(begin_s) &&
				    (unsigned)g_test_rand_int_range(0, 100) < leg->lost_of_100))
			g_free(e);
		else
			g_ptr_array_add(events, e);
		leg->ended_s = n / clock;
	}
	mock_coder_close(&narrow);
	mock_coder_close(&wide);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct event *x = *(struct event *const *)a, *y = *(struct event *const *)b;

	return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

static void put(struct audio *a, const struct event *e, unsigned slots)
{
	const struct sink_packet p = {
		.datagram = { .data = e->data, .len = e->len },
		.mono_us = e->at_us,
		.stream = &e->leg->stream,
		.slots = slots,
	};

	audio_put(a, &p);
}

static struct audio *run(GPtrArray *events, unsigned slots)
{
	struct audio *a = audio_new(&writer, -1);
	int64_t advanced_us = START_US;

	if (kept.samples)
		g_array_unref(kept.samples);
	kept.samples = g_array_new(FALSE, FALSE, sizeof(int16_t));
	kept.closed = false;
	g_ptr_array_sort(events, by_time);
	for (unsigned i = 0; i < events->len; i++) {
		const struct event *e = events->pdata[i];

		for (; advanced_us < e->at_us; advanced_us += 250000)
			audio_advance(a, advanced_us);
		put(a, e, slots);
	}
	return a;
}

/* Returns when the last of them ended. */
static double record(struct leg *legs, unsigned count, double duration_s)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
	struct audio *a;
	double ended_s = 0;

	for (unsigned i = 0; i < count; i++) {
		leg_send(&legs[i], events, duration_s, 800 + 400 * i);
		ended_s = fmax(ended_s, legs[i].ended_s);
	}
	a = run(events, count);
	g_assert_cmpint(audio_finish(a), ==, 0);
	g_assert_true(kept.closed);
	g_assert_cmpuint(audio_undecoded(a), ==, 0);
	audio_free(a);
	return ended_s;
}

/* ---- what is in the file ---- */

static size_t length(void)
{
	return kept.samples->len / kept.format.channels;
}

static int16_t sample(size_t at, unsigned channel)
{
	return g_array_index(kept.samples, int16_t, at * kept.format.channels + channel);
}

/* When the beep of that number begins, as heard; negative: it is not there. */
static double beep_at(unsigned channel, unsigned number)
{
	uint32_t hz = kept.format.sample_hz;
	size_t from = (size_t)((number * BEEP_EVERY_S + 0.5) * hz);

	for (size_t i = from; i < from + hz && i < length(); i++)
		if (abs(sample(i, channel)) > 2000)
			return (double)i / hz;
	return -1;
}

/* Each is where it must be, to 20 ms. */
static void check_beeps_late(
	unsigned channel, double duration_s, double but_from_s, double but_until_s, double jitter_s)
{
	double worst = 0;

	for (unsigned n = 0; n * BEEP_EVERY_S + 2 < duration_s; n++) {
		double want = n * BEEP_EVERY_S + 1, got = beep_at(channel, n);

		if (want > but_from_s - 1 && want < but_until_s) {
			g_assert_cmpfloat(got, <, 0);
			continue;
		}
		if (got < 0)
			g_error("channel %u: beep at %.0f s is missing", channel, want);
		worst = fmax(worst, fabs(got - want));
	}
	g_test_message("channel %u: off by %.1f ms at most", channel, worst * 1000);
	g_assert_cmpfloat(worst, <, 0.020 + jitter_s);
}

static void check_beeps(unsigned channel, double duration_s, double but_from_s, double but_until_s)
{
	check_beeps_late(channel, duration_s, but_from_s, but_until_s, 0);
}

/* Both have beeps, and at the same time. */
static void check_aligned(double duration_s)
{
	double worst = 0;

	for (unsigned n = 0; n * BEEP_EVERY_S + 2 < duration_s; n++)
		if (beep_at(0, n) >= 0 && beep_at(1, n) >= 0)
			worst = fmax(worst, fabs(beep_at(0, n) - beep_at(1, n)));
	g_test_message("legs apart by %.1f ms at most", worst * 1000);
	g_assert_cmpfloat(worst, <, 0.020);
}
/* Nobody can tell the first packet's jitter from its delay. */
static void check_duration(double want_s, double jitter_s)
{
	double got = (double)length() / kept.format.sample_hz;

	g_test_message("duration %.4f s instead of %.4f", got, want_s);
	g_assert_cmpfloat(fabs(got - want_s), <, 0.020 + jitter_s);
}

/* The channel has its own tone and nothing of the other's. */
static void check_tone(unsigned channel, double hz, double other_hz)
{
	uint32_t rate = kept.format.sample_hz;
	size_t count = rate / 5;
	g_autofree int16_t *pcm = g_new(int16_t, count);

	for (size_t i = 0; i < count; i++)
		pcm[i] = sample((size_t)(1.1 * rate) + i, channel);
	g_assert_cmpfloat(tones_level(pcm, count, rate, hz), >, -16);
	g_assert_cmpfloat(tones_level(pcm, count, rate, other_hz), <, -50);
}

/* ---- tests ---- */

static void test_plain(void)
{
	struct leg legs[2];

	for (unsigned i = 0; i < 2; i++)
		leg_init(&legs[i], i);
	check_duration(record(legs, 2, 30), 0);
	g_assert_cmpuint(kept.format.sample_hz, ==, 8000);
	g_assert_cmpuint(kept.format.channels, ==, 2);
	check_beeps(0, 30, 1e9, 1e9);
	check_beeps(1, 30, 1e9, 1e9);
	check_tone(0, 800, 1200);
	check_tone(1, 1200, 800);
}

/* Ten minutes with all that happens. */
static void test_ten_minutes(void)
{
	struct leg legs[2];

	for (unsigned i = 0; i < 2; i++) {
		leg_init(&legs[i], i);
		legs[i].lost_of_100 = 2;
		legs[i].jitter_us = 30000;
	}
	legs[0].ppm = 120;
	legs[1].ppm = -100;
	legs[1].hold_from_s = 120;
	legs[1].hold_until_s = 180;
	legs[1].hold_stops_clock = true;
	legs[0].change_s[0] = 300.2;
	legs[0].change_s[1] = 400.2;
	legs[1].change_s[2] = 450.2;
	legs[0].stall_s = 503;
	check_duration(record(legs, 2, 600), 0.030);
	check_beeps_late(0, 600, 1e9, 1e9, 0.030);
	check_beeps_late(1, 600, 120, 180, 0.030);
	check_aligned(600);
}

/*
 * A sender, or we, slept for a while: what comes late then has its place all the same, wherever in
 * the call that is.
 */
static void test_stalls(void)
{
	static const double stalls[] = { 0, 0.02, 0.1, 1, 29.5, 29.65, 29.7, 29.8, 29.9, 29.96 };

	for (unsigned i = 0; i < G_N_ELEMENTS(stalls); i++) {
		struct leg legs[2];

		g_test_message("stalled at %.2f s", stalls[i]);
		for (unsigned n = 0; n < 2; n++) {
			leg_init(&legs[n], n);
			legs[n].stall_s = stalls[i];
		}
		check_duration(record(legs, 2, 30), 0);
		check_beeps(0, 30, 1e9, 1e9);
		check_aligned(30);
	}
}

static void test_hold_clock_goes_on(void)
{
	struct leg legs[2];

	for (unsigned i = 0; i < 2; i++)
		leg_init(&legs[i], i);
	legs[0].hold_from_s = 12;
	legs[0].hold_until_s = 33;
	check_duration(record(legs, 2, 60), 0);
	check_beeps(0, 60, 12, 33);
	check_beeps(1, 60, 1e9, 1e9);
}

static void test_three_parties(void)
{
	struct leg legs[3];

	for (unsigned i = 0; i < 3; i++)
		leg_init(&legs[i], i);
	record(legs, 3, 20);
	g_assert_cmpuint(kept.format.channels, ==, 3);
	for (unsigned i = 0; i < 3; i++)
		check_beeps(i, 20, 1e9, 1e9);
}

/* The file's rate is the best that was agreed upon, or that comes first. */
static void test_wideband(void)
{
	static const struct {
		uint8_t payload_type;
		uint32_t agreed_hz, want_hz;
	} rows[] = { { 0, 0, 8000 }, { 9, 0, 16000 }, { 0, 16000, 16000 }, { 9, 8000, 16000 },
		{ 0, 48000, 48000 }, { 0, 96000, 48000 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const uint8_t data[RTP_HEADER_BYTES] = { 0x80, rows[i].payload_type };
		struct audio *a = audio_new(&writer, -1);
		struct sink_packet p = {
			.datagram = { .data = data, .len = sizeof(data) },
			.slots = 2,
			.best_hz = rows[i].agreed_hz,
		};
		struct leg leg;

		leg_init(&leg, 0);
		leg.stream.formats = leg.formats;
		p.stream = &leg.stream;
		g_assert_cmpint(audio_put(a, &p), ==, 0);
		g_assert_cmpuint(kept.format.sample_hz, ==, rows[i].want_hz);
		audio_free(a);
	}
}

/* Payload types nobody can decode are counted, events are not; bytes of any kind are survived. */
static void test_hostile(void)
{
	static const uint8_t types[] = { 0, 9, 101, 96, 77 };
	struct audio *a = audio_new(&writer, -1);
	struct leg leg;

	kept.samples = kept.samples ? kept.samples : g_array_new(FALSE, FALSE, sizeof(int16_t));
	leg_init(&leg, 0);
	leg.stream.formats = leg.formats;
	for (unsigned i = 0; i < 3000; i++) {
		struct event e = { .at_us = START_US + i * 3000, .leg = &leg };

		e.len = (size_t)g_test_rand_int_range(0, 300);
		for (size_t b = 0; b < e.len; b++)
			e.data[b] = (uint8_t)g_test_rand_int();
		e.data[0] = 0x80 | (e.data[0] & 0x3f);
		e.data[1] = types[i % G_N_ELEMENTS(types)];
		put(a, &e, 2);
		audio_advance(a, e.at_us);
	}
	g_assert_cmpint(audio_finish(a), ==, 0);
	g_assert_cmpuint(audio_undecoded(a), >, 600);
	audio_free(a);
}

/* No more of a payload is recorded than any packet holds. */
static void test_longest_payload(void)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
	struct rtp_header h = { .ssrc = 1 };
	struct leg leg;
	struct audio *a;

	leg_init(&leg, 0);
	leg.stream.formats = leg.formats;
	g_ptr_array_add(events, event_new(&leg, 0, &h));
	((struct event *)events->pdata[0])->len = 2200; /* nearly 275 ms */
	a = run(events, 1);
	g_assert_cmpint(audio_finish(a), ==, 0);
	audio_free(a);
	check_duration(0.24, 0);
}

static void test_writer_fails(void)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
	struct leg leg;
	struct audio *a;

	leg_init(&leg, 0);
	leg_send(&leg, events, 10, 800);
	kept.fail_after = 8000;
	a = run(events, 2);
	g_assert_cmpint(audio_finish(a), ==, -28);
	audio_free(a);
	kept.fail_after = 0;
}

static void test_nothing(void)
{
	struct audio *a = audio_new(&writer, -1);

	kept.closed = false;
	g_assert_cmpint(audio_advance(a, START_US), ==, 0);
	g_assert_cmpint(audio_finish(a), ==, 0);
	g_assert_true(kept.closed);
	g_assert_cmpuint(kept.format.sample_hz, ==, 8000);
	audio_free(a);
}

int main(int argc, char **argv)
{
	int ret;

	g_test_init(&argc, &argv, NULL);
	mock_coder_load_all();
	g_test_add_func("/record/audio/plain", test_plain);
	g_test_add_func("/record/audio/ten-minutes", test_ten_minutes);
	g_test_add_func("/record/audio/stalls", test_stalls);
	g_test_add_func("/record/audio/hold-clock-goes-on", test_hold_clock_goes_on);
	g_test_add_func("/record/audio/three-parties", test_three_parties);
	g_test_add_func("/record/audio/wideband", test_wideband);
	g_test_add_func("/record/audio/hostile", test_hostile);
	g_test_add_func("/record/audio/longest-payload", test_longest_payload);
	g_test_add_func("/record/audio/writer-fails", test_writer_fails);
	g_test_add_func("/record/audio/nothing", test_nothing);
	ret = g_test_run();
	if (kept.samples)
		g_array_unref(kept.samples);
	codec_registry_clear();
	return ret;
}
