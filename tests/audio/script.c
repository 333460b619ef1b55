/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets made before the first one leaves, so that sending them takes no time. */
#include "audio.h"

#include <stdlib.h>

enum { FIRST_SAFE = 10, EVENT_ENDS = 3, EVENT_STEP_MS = 20, SAFE_AT_END_US = 200000 };

struct writer {
	const struct script_options *options;
	GArray *script;
	GRand *rand;
	const struct format *format;
	struct format formats[AUDIO_MAX_FORMATS]; /* with the ptime as it is now */
	void *encoder;
	struct codec_audio audio;
	size_t packet_samples;
	struct sound sound; /* of the encoder's rate */
	int64_t at_us;      /* in the signal */
	uint32_t timestamp, ssrc;
	uint16_t seq;
	unsigned next;                   /* happening */
	const struct happening *instead; /* of the next payload */
};

static void open_encoder(struct writer *w, const struct format *f)
{
	const struct codec_audio have = format_audio(f);
	uint32_t hz = w->audio.sample_hz;

	if (w->encoder)
		w->format->codec->encoder->close(w->encoder);
	w->format = f;
	if (!f->codec->encoder || f->codec->encoder->open(f->codec->encoder->data, &f->params,
					  &have, &w->audio, &w->packet_samples, &w->encoder) < 0)
		g_error("no encoder for %s", f->codec->name);
	if (f->codec->encoder->loss && w->options->loss_percent > 0)
		f->codec->encoder->loss(w->encoder, (unsigned)w->options->loss_percent);
	if (hz == w->audio.sample_hz)
		return;
	sound_clear(&w->sound);
	w->sound = signal_make(&w->options->signal, w->options->seconds + 1, w->audio.sample_hz);
}

static int64_t packet_us(const struct writer *w)
{
	return (int64_t)w->packet_samples * 1000000 / w->audio.sample_hz;
}

static uint32_t ticks_of_us(const struct writer *w, int64_t us)
{
	return (uint32_t)(us * w->format->params.clock_hz / 1000000);
}

static struct outgoing *add(
	struct writer *w, const struct format *f, const uint8_t *payload, size_t len)
{
	struct outgoing o = {
		.due_us = w->at_us,
		.media_us = w->at_us,
		.format = &w->options->formats[f - w->formats],
		.payload = g_memdup2(payload, len),
		.len = (uint32_t)len,
		.timestamp = w->timestamp,
		.ssrc = w->ssrc,
		.seq = w->seq++,
	};

	g_array_append_val(w->script, o);
	return &g_array_index(w->script, struct outgoing, w->script->len - 1);
}

static void add_audio(struct writer *w)
{
	size_t at = (size_t)(w->at_us * w->audio.sample_hz / 1000000);
	g_autofree int16_t *in = g_new(int16_t, w->packet_samples * w->audio.channels);
	uint8_t payload[CODEC_MAX_PAYLOAD];
	struct outgoing *o;
	int len;

	for (size_t i = 0; i < w->packet_samples * w->audio.channels; i++)
		in[i] = w->sound.samples[at + i / w->audio.channels];
	len = w->format->codec->encoder->encode(w->encoder, in, payload);
	if (len > 0) {
		o = add(w, w->format, payload, (size_t)len);
		o->length_us = packet_us(w);
		o->marker = w->script->len == 1;
		o->lost = w->script->len > FIRST_SAFE &&
			  w->at_us < (int64_t)(w->options->seconds * 1e6) - SAFE_AT_END_US &&
			  g_rand_double(w->rand) * 100 < w->options->loss_percent;
	}
	w->timestamp += ticks_of_us(w, packet_us(w));
	w->at_us += packet_us(w);
}

/* "EVENT:MS:PT" */
static void add_event(struct writer *w, const char *value)
{
	unsigned event = 0, ms = 0, pt = 0, elapsed = 0;
	int64_t begin_us = w->at_us;
	const struct format *f = NULL;

	sscanf(value, "%u:%u:%u", &event, &ms, &pt);
	for (unsigned i = 0; i < w->options->format_count; i++)
		if (w->formats[i].pt == pt && format_is_event(&w->formats[i]))
			f = &w->formats[i];
	if (!f)
		g_error("no format for the event %s", value);
	while (elapsed < ms) {
		bool last;

		elapsed += EVENT_STEP_MS;
		last = elapsed >= ms;
		for (unsigned i = 0; i < (last ? EVENT_ENDS : 1); i++) {
			uint32_t duration = elapsed * (f->params.clock_hz / 1000);
			uint8_t payload[4] = { (uint8_t)event, (uint8_t)(last << 7 | 10),
				(uint8_t)(duration >> 8), (uint8_t)duration };
			struct outgoing *o = add(w, f, payload, sizeof(payload));

			o->marker = elapsed == EVENT_STEP_MS && !i;
			o->due_us = begin_us + elapsed * 1000;
		}
	}
	w->at_us = begin_us + (int64_t)elapsed * 1000;
	w->timestamp += ticks_of_us(w, (int64_t)elapsed * 1000);
}

/* Bytes in place of a packet's, "PT:HEX"; "PT:" is an empty one, "PT:*N" N random ones. */
static void add_bytes(struct writer *w, const char *value)
{
	const char *hex = strchr(value, ':') ? strchr(value, ':') + 1 : "";
	uint8_t bytes[4096];
	size_t len = 0;
	unsigned byte;
	struct format *f = &w->formats[0];

	for (unsigned i = 0; i < w->options->format_count; i++)
		if (w->formats[i].pt == atoi(value))
			f = &w->formats[i];
	if (*hex == '*')
		for (len = 0; len < MIN((size_t)atoi(hex + 1), sizeof(bytes)); len++)
			bytes[len] = (uint8_t)g_rand_int(w->rand);
	else
		for (; hex[0] && hex[1] && sscanf(hex, "%2x", &byte) == 1; hex += 2)
			bytes[len++] = (uint8_t)byte;
	add(w, f, bytes, len);
	w->timestamp += ticks_of_us(w, packet_us(w));
	w->at_us += packet_us(w);
}

static void change_format(struct writer *w, unsigned pt, unsigned ptime_ms)
{
	for (unsigned i = 0; i < w->options->format_count; i++)
		if (w->formats[i].pt == pt) {
			if (ptime_ms)
				w->formats[i].params.ptime_ms = (uint16_t)ptime_ms;
			open_encoder(w, &w->formats[i]);
		}
}

static void happen(struct writer *w, const struct happening *h)
{
	int number = atoi(h->value);

	if (!strcmp(h->what, "ssrc")) {
		w->ssrc = g_rand_int(w->rand);
		w->seq = (uint16_t)g_rand_int(w->rand);
		w->timestamp = g_rand_int(w->rand);
	} else if (!strcmp(h->what, "jump")) {
		w->timestamp += (uint32_t)number;
	} else if (!strcmp(h->what, "skip")) {
		w->seq = (uint16_t)(w->seq + number);
	} else if (!strcmp(h->what, "pause")) {
		w->at_us += (int64_t)number * 1000;
		w->timestamp += ticks_of_us(w, (int64_t)number * 1000);
	} else if (!strcmp(h->what, "event")) {
		add_event(w, h->value);
	} else if (!strcmp(h->what, "payload")) {
		add_bytes(w, h->value);
	} else if (!strcmp(h->what, "format")) {
		change_format(w, (unsigned)number, 0);
	} else if (!strcmp(h->what, "ptime")) {
		change_format(w, w->format->pt, (unsigned)number);
	} else {
		g_error("nothing known of %s", h->what);
	}
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct outgoing *x = a, *y = b;

	return x->due_us < y->due_us ? -1 : x->due_us > y->due_us;
}

/* Some leave behind the one after them. */
static void reorder(struct writer *w)
{
	for (unsigned i = FIRST_SAFE; i + 2 < w->script->len; i++) {
		struct outgoing *o = &g_array_index(w->script, struct outgoing, i);

		if (g_rand_double(w->rand) * 100 >= w->options->reorder_percent)
			continue;
		o->due_us = o[1].due_us + 100;
		i++;
	}
	g_array_sort(w->script, by_time);
}

GArray *script_make(const struct script_options *options)
{
	struct writer w = {
		.options = options,
		.script = g_array_new(FALSE, FALSE, sizeof(struct outgoing)),
		.rand = g_rand_new_with_seed(options->seed),
	};

	memcpy(w.formats, options->formats, sizeof(w.formats));
	for (unsigned i = 0; i < options->format_count; i++)
		w.formats[i].params.fmtp = str_of(w.formats[i].fmtp);
	w.ssrc = g_rand_int(w.rand);
	w.seq = (uint16_t)g_rand_int(w.rand);
	w.timestamp = g_rand_int(w.rand);
	open_encoder(&w, &w.formats[0]);
	while (w.at_us < (int64_t)(options->seconds * 1e6)) {
		while (w.next < options->happening_count &&
			w.at_us >= (int64_t)(options->happenings[w.next].at_s * 1e6))
			happen(&w, &options->happenings[w.next++]);
		add_audio(&w);
	}
	if (options->reorder_percent > 0)
		reorder(&w);
	w.format->codec->encoder->close(w.encoder);
	sound_clear(&w.sound);
	g_rand_free(w.rand);
	return w.script;
}

void script_free(GArray *script)
{
	for (unsigned i = 0; script && i < script->len; i++)
		g_free(g_array_index(script, struct outgoing, i).payload);
	if (script)
		g_array_free(script, TRUE);
}
