/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan's decoders, encoders and the resamplers between them, opened and closed. All that can
 * fail or allocates is here, so that packets cannot fail for it.
 */
#include "media/transcoder.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "base/log.h"
#include "codec/registry.h"
#include "media/transcoder_priv.h"
#include "stats/chain.h"

static unsigned running;

static uint32_t sample_hz_of(const struct plan_format *f)
{
	const struct codec *c = f->codec;

	if (!c->sample_hz || !c->clock_hz)
		return f->params.clock_hz;
	return (uint32_t)((uint64_t)f->params.clock_hz * c->sample_hz / c->clock_hz);
}

static void close_encoder(struct encoder *e)
{
	if (e->state)
		e->ops->close(e->state);
	e->state = NULL;
}

/* Its clock says that it is open. */
static int open_encoder(struct encoder *e, const struct plan_format *f,
	const struct codec_audio *have, struct err *err)
{
	e->payload_type = f->payload_type;
	if (f->codec->flags & CODEC_EVENT) {
		e->clock_hz = f->params.clock_hz;
		return 0;
	}
	e->ops = f->codec->encoder;
	if (!e->ops || e->ops->open(e->ops->data, &f->params, have, &e->audio, &e->packet_samples,
			       &e->state) < 0) {
		e->state = NULL;
		return err_set(err, ENOTSUP, "Failed to open an encoder for %s", f->codec->name);
	}
	if (e->packet_samples > CODEC_MAX_SAMPLES) {
		close_encoder(e);
		return err_set(err, ENOTSUP, "%s: packets that are too long", f->codec->name);
	}
	e->fifo = g_new(int16_t, e->packet_samples * e->audio.channels);
	e->clock_hz = f->params.clock_hz;
	return 0;
}

static int open_decoder(struct decoder *d, const struct plan_format *f,
	const struct codec_audio *want, struct err *err)
{
	if (f->codec->flags & CODEC_EVENT) {
		d->clock_hz = f->params.clock_hz;
		return 0;
	}
	d->ops = f->codec->decoder;
	if (!d->ops || d->ops->open(d->ops->data, &f->params, want, &d->audio, &d->state) < 0) {
		d->state = NULL;
		return err_set(err, ENOTSUP, "Failed to open a decoder for %s", f->codec->name);
	}
	d->conceal = conceal_new(&d->audio);
	d->clock_hz = f->params.clock_hz;
	return 0;
}

static int open_resampler(
	struct transcoder *t, struct encoder *e, unsigned decoder, struct err *err)
{
	const struct codec_audio *in = &t->decoders[decoder].audio;

	if (e->resamplers[decoder] ||
		(in->sample_hz == e->audio.sample_hz && in->channels == e->audio.channels))
		return 0;
	if (!t->resampler || t->resampler->open(in, &e->audio, &e->resamplers[decoder]) < 0) {
		e->resamplers[decoder] = NULL;
		return err_set(err, ENOTSUP, "No resampler from %u Hz to %u Hz", in->sample_hz,
			e->audio.sample_hz);
	}
	return 0;
}

/* The first handler of that encoder tells what audio there will be. */
static int open_pair(struct transcoder *t, const struct plan_handler *h, struct err *err)
{
	const struct plan_format *in = &t->plan->decoders[h->decoder];
	const struct plan_format *out = &t->plan->encoders[h->encoder];
	struct decoder *d = &t->decoders[h->decoder];
	struct encoder *e = &t->encoders[h->encoder];
	/* What is mixed is as the generator of the sink has it. */
	const struct codec_audio have = { sample_hz_of(t->plan->mix ? out : in),
		t->plan->mix ? 1 : in->params.channels };
	int ret = 0;

	if (!e->clock_hz)
		ret = open_encoder(e, out, &have, err);
	if (!ret && !d->clock_hz)
		ret = open_decoder(d, in, e->state || t->plan->mix ? &e->audio : &have, err);
	if (!ret && h->handling == PLAN_TRANSCODE)
		ret = open_resampler(t, e, h->decoder, err);
	if (!ret && h->handling != PLAN_EVENT && !e->has_chain[h->decoder]) {
		e->chain[h->decoder] = (uint8_t)chain_open(in->codec->name, out->codec->name);
		e->has_chain[h->decoder] = true;
	}
	return ret;
}

/*
 * All of one kind. What cannot be opened is discarded from now on, since a payload type more or
 * less is no reason to refuse the rest. Negative: there were some, and it was none of them.
 */
static int open_pairs(struct transcoder *t, enum plan_handling handling, struct err *err)
{
	unsigned opened = 0;
	int ret = 0;

	for (unsigned pt = 0; pt < G_N_ELEMENTS(t->handler); pt++) {
		struct plan_handler *h = &t->handler[pt];
		struct err why;
		int failed;

		if (h->handling != handling)
			continue;
		failed = open_pair(t, h, &why);
		opened += !failed;
		if (!failed)
			continue;
		h->handling = PLAN_DISCARD;
		log_warn("Packets of payload type %u are discarded: %s", pt, why.text);
		ret = err_set(err, why.code, "%s", why.text);
	}
	return opened ? 0 : ret;
}

/* The sink's generator encodes; these have told how. */
static void close_encoders(struct transcoder *t)
{
	for (unsigned i = 0; i < t->plan->encoder_count; i++)
		close_encoder(&t->encoders[i]);
}

static int open_transcoder(const struct plan_transcode *plan, bool counts,
	struct transcoder **ret_transcoder, struct err *err)
{
	struct transcoder *t = g_new0(struct transcoder, 1);
	int ret;

	t->counts = counts;
	running += counts;
	t->plan = plan;
	memcpy(t->handler, plan->handler, sizeof(t->handler));
	t->puts_digits = plan->inject || plan->to_events;
	t->resampler = codec_resampler();
	ret = open_pairs(t, PLAN_TRANSCODE, err);
	/* What events need is there already, but for what is theirs alone. */
	open_pairs(t, PLAN_TONE, NULL);
	open_pairs(t, PLAN_EVENT, NULL);
	if (!ret && plan->has_event_encoder && !t->encoders[plan->event_encoder].clock_hz)
		ret = open_encoder(&t->encoders[plan->event_encoder],
			&plan->encoders[plan->event_encoder], NULL, err);
	ret = ret ? ret : dtmf_open(t, err);
	if (t->plan->mix)
		close_encoders(t);
	if (ret < 0) {
		transcoder_free(t);
		return ret;
	}
	*ret_transcoder = t;
	return 0;
}

int transcoder_new(
	const struct plan_transcode *plan, struct transcoder **ret_transcoder, struct err *err)
{
	return open_transcoder(plan, true, ret_transcoder, err);
}

int transcoder_new_beside(
	const struct plan_transcode *plan, struct transcoder **ret_transcoder, struct err *err)
{
	return open_transcoder(plan, false, ret_transcoder, err);
}

unsigned transcoders_running(void)
{
	return running;
}

void transcoder_free(struct transcoder *t)
{
	if (!t)
		return;
	running -= t->counts;
	g_assert(!t->sequencer.held);
	dtmf_close(t);
	for (unsigned i = 0; i < PLAN_MAX_FORMATS; i++) {
		struct decoder *d = &t->decoders[i];
		struct encoder *e = &t->encoders[i];

		if (d->state)
			d->ops->close(d->state);
		conceal_free(d->conceal);
		close_encoder(e);
		g_free(e->fifo);
		for (unsigned k = 0; k < PLAN_MAX_FORMATS; k++) {
			if (e->resamplers[k])
				t->resampler->close(e->resamplers[k]);
			if (e->has_chain[k])
				chain_close(e->chain[k]);
		}
	}
	g_free(t);
}
