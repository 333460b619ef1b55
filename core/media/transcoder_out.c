/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of transcoding: samples into packets of the sink's codec, and the time that they take. */
#include "media/transcoder_priv.h"

#include <string.h>

#include <glib.h>

#include "media/generator.h"
#include "media/outlet.h"
#include "media/packet.h"
#include "stats/chain.h"

uint32_t transcoder_ticks(const struct encoder *e, size_t samples)
{
	return (uint32_t)((uint64_t)samples * e->clock_hz / e->audio.sample_hz);
}

static void encode_packet(const struct turn *turn, const int16_t *samples)
{
	const struct encoder *e = turn->encoder;
	struct outlet_packet packet = {
		.buf = buf_get(turn->pool),
		.payload_type = e->payload_type,
		.timestamp = turn->ssrc->next_timestamp,
		.clock_hz = e->clock_hz,
		.made_up = turn->making_up,
	};
	int len;

	if (!packet.buf) {
		media_count_drop(turn->packet, turn->outlet->sink, REASON_NO_BUFFER);
		return;
	}
	len = e->ops->encode(e->state, samples, packet.buf->data + RTP_HEADER_BYTES);
	if (len <= 0) { /* nothing to be sent for this time */
		buf_put(packet.buf);
		return;
	}
	packet.buf->len = RTP_HEADER_BYTES + (uint32_t)len;
	chain_count(e->chain[turn->decoder_index], (uint64_t)len, e->packet_samples);
	generator_send(turn->outlet, &packet, turn->packet->now_us);
}

static void encode(const struct turn *turn, const int16_t *samples)
{
	struct encoder *e = turn->encoder;
	bool as_events = turn->t->puts_digits && dtmf_leads(turn) && dtmf_replace(turn, &samples);

	if (turn->t->plan->mix && !as_events)
		generator_mix(
			turn->outlet->sink, &turn->ssrc->mixed_at, samples, e->packet_samples);
	else if (!as_events)
		encode_packet(turn, samples);
	turn->ssrc->next_timestamp += transcoder_ticks(e, e->packet_samples);
}

void transcoder_send_samples(const struct turn *turn, const int16_t *samples, size_t count)
{
	struct encoder *e = turn->encoder;
	unsigned channels = e->audio.channels;

	while (count) {
		size_t n = MIN(count, e->packet_samples - e->held);

		if (n == e->packet_samples) {
			encode(turn, samples);
		} else {
			memcpy(e->fifo + e->held * channels, samples,
				n * channels * sizeof(int16_t));
			e->held += n;
			if (e->held == e->packet_samples) {
				e->held = 0;
				encode(turn, e->fifo);
			}
		}
		samples += n * channels;
		count -= n;
	}
}

void transcoder_send_silence(const struct turn *turn, size_t count)
{
	static const int16_t silence[480 * CODEC_MAX_CHANNELS];

	while (count) {
		size_t n = MIN(count, (size_t)480);

		transcoder_send_samples(turn, silence, n);
		count -= n;
	}
}

void transcoder_finish_packet(const struct turn *turn)
{
	struct transcoder *t = turn->t;
	struct encoder *e = &t->encoders[t->encoder];
	struct turn audio = *turn;
	size_t missing = e->packet_samples - e->held;

	if (!e->held)
		return;
	audio.decoder_index = t->decoder;
	audio.decoder = &t->decoders[t->decoder];
	audio.encoder = e;
	transcoder_send_silence(&audio, missing);
	t->filled = (uint32_t)((uint64_t)missing * t->expected_hz / e->audio.sample_hz);
	t->expected += t->filled;
}

/* A packet begun is filled with silence. */
void transcoder_leave_out(const struct turn *turn, uint32_t ticks)
{
	struct encoder *e = turn->encoder;
	uint64_t samples = (uint64_t)ticks * e->audio.sample_hz / turn->decoder->clock_hz;

	if (e->held) {
		size_t fill = MIN(samples, e->packet_samples - e->held);

		samples -= fill;
		transcoder_send_silence(turn, fill);
	}
	turn->ssrc->next_timestamp += transcoder_ticks(e, samples);
}

void transcoder_drop_anchor(const struct turn *turn, uint32_t timestamp)
{
	struct outlet_ssrc *s = turn->ssrc;

	s->anchor_in = timestamp;
	s->anchor_out = s->next_timestamp + transcoder_ticks(turn->encoder, turn->encoder->held);
	s->clock_in = turn->decoder->clock_hz;
	s->clock_out = turn->encoder->clock_hz;
}
