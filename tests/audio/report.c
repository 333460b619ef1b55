/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was received put in order, decoded and measured. Sound stands where timestamps say; what is
 * compared with it begins with the same packet, so that both are aligned from the start.
 */
#include "audio.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mock/tones.h"

enum { SETTLE_MS = 300, TAIL_MS = 100, DELAY_MAX_MS = 250, JUMP_MAX_S = 5, PT_COUNT = 128 };

struct numbers {
	unsigned gaps, duplicates, ssrcs, steps_wrong, markers, broken;
	unsigned payload_types[PT_COUNT];
	unsigned lengths_ms[CODEC_MAX_PACKET_MS + 1];
	GArray *late_us; /* double: arrivals against timestamps */
	GArray *intervals_us;
};

static gint by_order(gconstpointer a, gconstpointer b)
{
	const struct incoming *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static const struct format *format_of(const struct party *p, uint8_t pt)
{
	for (unsigned i = 0; i < p->options.format_count; i++)
		if (p->options.formats[i].pt == pt)
			return &p->options.formats[i];
	return NULL;
}

static void number_packets(const struct party *p, struct numbers *n)
{
	for (unsigned i = 0; i < p->got->len; i++) {
		const struct incoming *in = &g_array_index(p->got, struct incoming, i);
		const struct incoming *last = i ? in - 1 : NULL;

		n->payload_types[in->pt % PT_COUNT]++;
		n->markers += in->marker;
		if (!last || last->epoch != in->epoch) {
			n->ssrcs++;
			continue;
		}
		if (in->seq == last->seq)
			n->duplicates++;
		else
			n->gaps += (unsigned)(in->seq - last->seq - 1);
	}
}

/* Where the timestamp is not the one that follows: how much silence that makes. */
static size_t step(struct numbers *n, const struct incoming *in, const struct format *f,
	uint32_t expected, uint32_t hz)
{
	int32_t ahead = (int32_t)(in->timestamp - expected);

	if (!ahead)
		return 0;
	n->steps_wrong++;
	if (ahead < 0 || (uint32_t)ahead > JUMP_MAX_S * f->params.clock_hz)
		return 0;
	return (size_t)ahead * hz / f->params.clock_hz;
}

static void note_time(struct numbers *n, const struct incoming *in, const struct incoming *first,
	const struct incoming *last, uint32_t clock_hz)
{
	double due_us = (double)(int32_t)(in->timestamp - first->timestamp) * 1e6 / clock_hz;
	double late_us = (double)(in->at_us - first->at_us) - due_us;

	g_array_append_val(n->late_us, late_us);
	if (last) {
		double ideal = (double)(int32_t)(in->timestamp - last->timestamp) * 1e6 / clock_hz;
		double off = fabs((double)(in->at_us - last->at_us) - ideal);

		g_array_append_val(n->intervals_us, off);
	}
}

/* Everything received, decoded. */
static struct sound hear_all(const struct party *p, struct numbers *n)
{
	const struct codec_audio want = format_audio(&p->options.formats[0]);
	struct ear *ear = ear_new(&want);
	const struct incoming *first = NULL, *last = NULL;
	struct sound sound = { 0 };
	uint32_t expected = 0;

	for (unsigned i = 0; i < p->got->len; i++) {
		const struct incoming *in = &g_array_index(p->got, struct incoming, i);
		const struct format *f = format_of(p, in->pt);
		const int16_t *samples;
		uint32_t hz;
		int count;

		if (!f || format_is_event(f) ||
			(last && last->seq == in->seq && last->epoch == in->epoch))
			continue;
		if (!last || last->epoch != in->epoch || last->pt != in->pt)
			first = in;
		count = ear_hear(ear, f, in->payload, in->len, &samples, &hz);
		if (count <= 0) {
			n->broken++;
			continue;
		}
		sound.hz = hz;
		if (last && last->epoch == in->epoch && last->pt == in->pt)
			sound_add_silence(&sound, step(n, in, f, expected, hz));
		sound_add(&sound, samples, (size_t)count, 1);
		n->lengths_ms[MIN(count * 1000 / (int)hz, CODEC_MAX_PACKET_MS)]++;
		note_time(n, in, first, first == in ? NULL : last, f->params.clock_hz);
		expected = in->timestamp + (uint32_t)((uint64_t)count * f->params.clock_hz / hz);
		last = in;
	}
	ear_free(ear);
	return sound;
}

/* ---- figures ---- */

static gint by_value(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double percentile(GArray *values, double percent)
{
	if (!values->len)
		return 0;
	g_array_sort(values, by_value);
	return g_array_index(
		values, double, MIN((guint)(values->len * percent / 100), values->len - 1));
}

/* Arrivals off the ideal, which is their median. */
static double off_ideal_ms(GArray *late_us, double percent)
{
	double ideal = percentile(late_us, 50);

	for (unsigned i = 0; i < late_us->len; i++) {
		double *v = &g_array_index(late_us, double, i);

		*v = fabs(*v - ideal);
	}
	return percentile(late_us, percent) / 1000;
}

static void add_number(GString *out, const char *name, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(
		out, ",\"%s\":%s", name, g_ascii_formatd(text, sizeof(text), "%.3f", value));
}

static void add_counts(GString *out, const char *name, const unsigned *counts, unsigned size)
{
	const char *comma = "";

	g_string_append_printf(out, ",\"%s\":{", name);
	for (unsigned i = 0; i < size; i++)
		if (counts[i]) {
			g_string_append_printf(out, "%s\"%u\":%u", comma, i, counts[i]);
			comma = ",";
		}
	g_string_append_c(out, '}');
}

static int largest_bend(const struct sound *s)
{
	int most = 0;

	for (size_t i = 2; i < s->count; i++)
		most = MAX(most, abs(s->samples[i] - 2 * s->samples[i - 1] + s->samples[i - 2]));
	return most;
}

/* The part that is measured: without begin and end. */
static struct sound middle(const struct sound *s)
{
	size_t from = (size_t)s->hz * SETTLE_MS / 1000, end = (size_t)s->hz * TAIL_MS / 1000;

	if (s->count <= from + end)
		return (struct sound){ s->samples, 0, s->hz };
	return (struct sound){ s->samples + from, s->count - from - end, s->hz };
}

static void add_tone(GString *out, const struct signal *signal, const struct sound *heard)
{
	struct sound m = middle(heard);
	size_t part = MIN(m.count, m.hz / 2);

	if (!part || signal->kind != SIGNAL_TONE)
		return;
	add_number(out, "hz", tones_frequency(m.samples, part, m.hz));
	add_number(out, "level_db", tones_level(m.samples, m.count, m.hz, signal->hz));
	add_number(out, "purity_db", tones_purity(m.samples, part, m.hz, signal->hz));
}

/*
 * How far the spectra of both are apart, in dB: mean over pieces and third octaves of a telephone's
 * band, what is below the floor counting as that. `b` NULL: silence.
 */
static double spectrum_off(
	const int16_t *a, const int16_t *b, size_t count, size_t piece, uint32_t hz)
{
	const double floor_db = -60, third = pow(2, 1.0 / 3);
	double sum = 0;
	unsigned values = 0;

	for (size_t i = 0; i + piece <= count; i += piece)
		for (double f = 250; f < 3400; f *= third, values++) {
			double x = tones_level(a + i, piece, hz, f);
			double y = b ? tones_level(b + i, piece, hz, f) : floor_db;

			sum += fabs(MAX(x, floor_db) - MAX(y, floor_db));
		}
	return values ? sum / values : 0;
}

/* Of lost packets only: what was heard for them against what should have been. */
static void add_lost(GString *out, const struct party *from, const struct sound *own,
	const struct sound *heard, size_t delay)
{
	struct sound a = { 0 }, b = { 0 };
	size_t piece = (size_t)heard->hz * AUDIO_SEGMENT_MS / 1000;
	double power_a, power_b;

	for (unsigned i = 0; i < from->script->len; i++) {
		const struct outgoing *o = &g_array_index(from->script, struct outgoing, i);
		size_t at = (size_t)(o->media_us * heard->hz / 1000000) + delay;
		size_t count = (size_t)(o->length_us * heard->hz / 1000000) / piece * piece;

		if (!o->lost || at + count > MIN(own->count, heard->count))
			continue;
		sound_add(&a, own->samples + at, count, 1);
		sound_add(&b, heard->samples + at, count, 1);
	}
	if (a.count) {
		power_a = tones_rms(a.samples, a.count);
		power_b = tones_rms(b.samples, b.count);
		add_number(out, "lost_segsnr_db",
			tones_segmental_snr(a.samples, b.samples, a.count, piece));
		add_number(out, "lost_level_db", power_b - power_a);
		add_number(out, "lost_spectrum_db",
			spectrum_off(a.samples, b.samples, a.count, piece, heard->hz));
		add_number(out, "lost_silence_db",
			spectrum_off(a.samples, NULL, a.count, piece, heard->hz));
	}
	sound_clear(&a);
	sound_clear(&b);
}

/* Against the signal that was played, and what the codecs alone make of it. */
static void add_comparison(
	GString *out, const struct party *p, const struct party *from, const struct sound *heard)
{
	struct sound own = chain_sound(&from->options, from->script, &p->options.formats[0]);
	struct sound signal = signal_make(
		&from->options.signal, from->options.seconds + 1, heard->hz);
	size_t piece = (size_t)heard->hz * AUDIO_SEGMENT_MS / 1000, delay, count;
	struct sound m = middle(heard), own_m = middle(&own);
	int limit;

	if (!heard->count || own.hz != heard->hz)
		goto out;
	delay = sound_delay(&signal, &own, DELAY_MAX_MS);
	count = MIN(MIN(heard->count, own.count), signal.count) - delay;
	limit = largest_bend(&own_m) * 13 / 10 + 200;
	add_number(out, "delay_ms", (double)delay * 1000 / heard->hz);
	add_number(out, "segsnr_db",
		tones_segmental_snr(signal.samples, heard->samples + delay, count, piece));
	add_number(out, "own_segsnr_db",
		tones_segmental_snr(signal.samples, own.samples + delay, count, piece));
	add_number(out, "chain_segsnr_db",
		tones_segmental_snr(
			own.samples, heard->samples, MIN(own.count, heard->count), piece));
	add_number(out, "snr_db", tones_snr(signal.samples, heard->samples + delay, count));
	add_number(out, "own_snr_db", tones_snr(signal.samples, own.samples + delay, count));
	if (from->options.signal.kind == SIGNAL_TONE)
		add_number(out, "own_level_db",
			tones_level(own_m.samples, own_m.count, own.hz, from->options.signal.hz));
	add_number(out, "rms_db", tones_rms(m.samples, m.count));
	add_number(out, "own_rms_db", tones_rms(own_m.samples, own_m.count));
	add_number(out, "silences", tones_gaps(m.samples, m.count, heard->hz / 200, -66));
	add_number(
		out, "own_silences", tones_gaps(own_m.samples, own_m.count, heard->hz / 200, -66));
	add_number(out, "clicks", tones_clicks(m.samples, m.count, limit));
	add_lost(out, from, &own, heard, delay);
out:
	sound_clear(&own);
	sound_clear(&signal);
}

/* Each as [event, ms since the first audio, packets, packets with end, marker, ms, pt]. */
static void add_events(GString *out, const struct party *p)
{
	const struct incoming *first = NULL;
	const char *comma = "";

	g_string_append(out, ",\"events\":[");
	for (unsigned i = 0; i < p->got->len;) {
		const struct incoming *in = &g_array_index(p->got, struct incoming, i);
		const struct format *f = format_of(p, in->pt);
		unsigned count = 0, ends = 0, markers = 0, duration = 0;
		uint32_t timestamp = in->timestamp, clock_hz = f ? f->params.clock_hz : 8000;
		int64_t ms;

		if (!f || !format_is_event(f) || in->len < 4) {
			first = first ? first : in;
			i++;
			continue;
		}
		ms = first ? (int64_t)(int32_t)(timestamp - first->timestamp) * 1000 / clock_hz : 0;
		g_string_append_printf(out, "%s[%u,%d,", comma, in->payload[0], (int)ms);
		for (; i < p->got->len; i++, count++) {
			const struct incoming *e = &g_array_index(p->got, struct incoming, i);

			if (e->pt != in->pt || e->timestamp != timestamp || e->len < 4)
				break;
			ends += e->payload[1] >> 7;
			markers += e->marker;
			duration = (unsigned)(e->payload[2] << 8 | e->payload[3]);
		}
		g_string_append_printf(out, "%u,%u,%u,%u,%u]", count, ends, markers,
			duration * 1000 / clock_hz, in->pt);
		comma = ",";
	}
	g_string_append_c(out, ']');
}

static void add_reports(GString *out, const struct rtcp_seen *r)
{
	g_string_append_printf(out,
		",\"rtcp\":{\"sr\":%u,\"blocks\":%u,\"wrong_ssrc\":%u,\"packets\":%u,"
		"\"octets\":%u,\"packets_off\":%d,\"lost\":%u,\"fraction\":%u,\"highest\":%u,"
		"\"jitter\":%u",
		r->sender_reports, r->blocks, r->wrong_ssrc, r->packets, r->octets, r->packets_off,
		r->lost, r->fraction, r->highest, r->jitter);
	add_number(out, "timestamp_off_ms", r->timestamp_off_ms);
	g_string_append_c(out, '}');
}

static unsigned count_lost(const struct party *p)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->script->len; i++)
		count += g_array_index(p->script, struct outgoing, i).lost;
	return count;
}

static void print_numbers(GString *out, const struct party *p, const struct numbers *n)
{
	const struct outgoing *o = &g_array_index(p->script, struct outgoing, p->script->len - 1);

	g_string_append_printf(out,
		"{\"name\":\"%s\",\"sent\":%u,\"lost\":%u,\"last_seq\":%u,\"received\":%u,"
		"\"gaps\":%u,\"duplicates\":%u,\"ssrcs\":%u,\"steps_wrong\":%u,\"markers\":%u,"
		"\"broken\":%u",
		p->name, p->sent, count_lost(p), o->seq, p->got->len, n->gaps, n->duplicates,
		n->ssrcs, n->steps_wrong, n->markers, n->broken);
	add_counts(out, "pts", n->payload_types, PT_COUNT);
	add_counts(out, "ms", n->lengths_ms, CODEC_MAX_PACKET_MS + 1);
	add_number(out, "sent_late_ms", p->late_ms);
	add_number(out, "interval_p50_ms", percentile(n->intervals_us, 50) / 1000);
	add_number(out, "interval_p99_ms", percentile(n->intervals_us, 99) / 1000);
	add_number(out, "off_p50_ms", off_ideal_ms(n->late_us, 50));
	add_number(out, "off_p99_ms", off_ideal_ms(n->late_us, 99));
}

void report_print(struct party *p, const struct party *from, GString *out)
{
	struct numbers n = {
		.late_us = g_array_new(FALSE, FALSE, sizeof(double)),
		.intervals_us = g_array_new(FALSE, FALSE, sizeof(double)),
	};
	struct sound heard;

	g_array_sort(p->got, by_order);
	number_packets(p, &n);
	heard = hear_all(p, &n);
	print_numbers(out, p, &n);
	add_number(out, "seconds", heard.hz ? (double)heard.count / heard.hz : 0);
	if (from && heard.count) {
		add_number(out, "first_ms", (double)(p->first_got_us - from->first_sent_us) / 1000);
		add_tone(out, &from->options.signal, &heard);
		add_comparison(out, p, from, &heard);
	}
	add_events(out, p);
	add_reports(out, &p->reports);
	g_string_append(out, "}\n");
	sound_clear(&heard);
	g_array_free(n.late_us, TRUE);
	g_array_free(n.intervals_us, TRUE);
}

uint32_t report_dump(struct party *p, const char *path)
{
	struct numbers n = {
		.late_us = g_array_new(FALSE, FALSE, sizeof(double)),
		.intervals_us = g_array_new(FALSE, FALSE, sizeof(double)),
	};
	struct sound heard;
	bool ok;

	g_array_sort(p->got, by_order);
	heard = hear_all(p, &n);
	ok = g_file_set_contents(
		path, (const char *)heard.samples, (gssize)(heard.count * sizeof(int16_t)), NULL);
	sound_clear(&heard);
	g_array_free(n.late_us, TRUE);
	g_array_free(n.intervals_us, TRUE);
	return ok ? heard.hz : 0;
}
