/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the codec libraries alone cost: CPU per channel-second (one direction of one call)
 * of each decoder, encoder and resampler, and of the whole chains that transcoding needs. */
#include "codec.h"
#include "util.h"
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <opus/opus.h>
#include <stdlib.h>
#include <string.h>

static const char *kind = "tones";
static int rounds = 5, seconds = 10, channels = 1;
static bool paced;
static int16_t *pcm_at[49]; /* test signal by kHz, mono, "seconds" long */

/* A step works on frame i and returns nothing; its cost is what is measured. */
typedef void step_fn(void *st, int i);

/* CPU ms per channel-second of a step, over an array of states, one per channel; each does a frame
 * in turn. Paced: as in a proxy, in real time, at most a millisecond's worth at a time and asleep
 * in between. The best of some rounds counts: what other programs do to caches and clocks only
 * ever adds. */
static double measure(step_fn *f, void *states, size_t size)
{
	double best = 1e9;
	int per_tick = channels > 20 ? channels / 20 : 1;
	for (int r = 0; r < rounds; r++) {
		uint64_t t = clock_ns(CLOCK_PROCESS_CPUTIME_ID), next = mono_ns();
		for (int i = 0; i < seconds * 50; i++)
			for (int c = 0; c < channels; c++) {
				f((char *)states + (size_t)c * size, i);
				if (paced && (c + 1) % per_tick == 0)
					sleep_until_ns(next += 20000000ull * (unsigned)per_tick /
							       (unsigned)channels);
			}
		t = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - t;
		best = fmin(best, (double)t / 1e6 / seconds / channels);
	}
	return best;
}

#define ARRAY(name, expr)                                                 \
	__typeof__(expr) *name = xcalloc((size_t)channels, sizeof *name); \
	for (int c_ = 0; c_ < channels; c_++)                             \
	name[c_] = expr
#define MEASURE(step, name) measure(step, name, sizeof *name)

static double wake_ms; /* paced: what sleeping and waking up costs by itself */

static double show(const char *name, double ms)
{
	ms -= wake_ms;
	printf("  %-52s %8.3f   (core: %.1f us)\n", name, ms, spin_us());
	fflush(stdout);
	return ms;
}

static void no_step(void *st, int i)
{
	(void)st;
	(void)i;
}

/* ---- reference codecs of this kit: G.711 plain C, spandsp G.722, bcg729, libopus ---- */

struct ref {
	const struct codec *c;
	void *enc, *dec;
	struct clip *clip;
};

static void ref_enc(void *st, int i)
{
	struct ref *r = st;
	uint8_t out[PAYLOAD_MAX];
	r->c->encode(r->enc, pcm_at[r->c->rate / 1000] + i * (r->c->rate / 50), out);
}

static void ref_dec(void *st, int i)
{
	struct ref *r = st;
	int16_t pcm[FRAME_MAX];
	r->c->decode(r->dec, r->clip->frame[i % CLIP_FRAMES].data,
		r->clip->frame[i % CLIP_FRAMES].len, pcm);
}

static struct ref ref_new(const char *key)
{
	const struct codec *c = codec_find(key);
	return (struct ref){ c, c->enc_new(), c->dec_new(), clip_make(c, kind, 0) };
}

/* ---- G.711 by table, the cheapest way there is ---- */

static uint8_t lin2u[65536];
static int16_t u2lin[256];
static volatile int sink;

static void table_enc(void *st, int i)
{
	uint8_t out[160];
	const int16_t *p = pcm_at[8] + i * 160;
	(void)st;
	for (int k = 0; k < 160; k++)
		out[k] = lin2u[(uint16_t)p[k]];
	sink = out[i % 160];
}

static void table_dec(void *st, int i)
{
	struct ref *r = st;
	int16_t pcm[160];
	const uint8_t *p = r->clip->frame[i % CLIP_FRAMES].data;
	for (int k = 0; k < 160; k++)
		pcm[k] = u2lin[p[k]];
	sink = pcm[i % 160];
}

/* ---- libopus at other rates, channel counts and complexities ---- */

struct opus {
	OpusEncoder *e;
	OpusDecoder *d;
	int rate, ch;
	struct clip *clip;
	int16_t *pcm;
};

static struct opus opus_new(int rate, int ch, int bitrate, int complexity, int app)
{
	int err;
	struct opus o = { opus_encoder_create(rate, ch, app, &err),
		opus_decoder_create(rate, ch, &err), rate, ch,
		clip_make(codec_find("opus"), kind, 0), NULL };
	opus_encoder_ctl(o.e, OPUS_SET_BITRATE(bitrate));
	opus_encoder_ctl(o.e, OPUS_SET_COMPLEXITY(complexity));
	o.pcm = xcalloc((size_t)(rate * ch * seconds), sizeof(int16_t));
	for (int i = 0; i < rate * seconds; i++)
		for (int c = 0; c < ch; c++)
			o.pcm[i * ch + c] = pcm_at[rate / 1000][i];
	return o;
}

static void opus_enc_step(void *st, int i)
{
	struct opus *o = st;
	uint8_t out[PAYLOAD_MAX];
	if (opus_encode(o->e, o->pcm + i * (o->rate / 50) * o->ch, o->rate / 50, out, sizeof out) <
		0)
		die("opus encoder failed");
}

static void opus_dec_step(void *st, int i)
{
	struct opus *o = st;
	int16_t pcm[FRAME_MAX * 2];
	if (opus_decode(o->d, o->clip->frame[i % CLIP_FRAMES].data,
		    o->clip->frame[i % CLIP_FRAMES].len, pcm, o->rate / 50, 0) < 0)
		die("opus decoder failed");
}

/* ---- FFmpeg ---- */

struct av {
	AVCodecContext *c;
	AVFrame *f;
	AVPacket *p;
	int ch;
	struct clip *clip;
	const int16_t *pcm;
	int n;
};

static struct av av_new(const char *name, bool enc, int rate, int ch, int bitrate, const char *clip)
{
	const AVCodec *k = enc ? avcodec_find_encoder_by_name(name)
			       : avcodec_find_decoder_by_name(name);
	struct av a = { k ? avcodec_alloc_context3(k) : NULL, av_frame_alloc(), av_packet_alloc(),
		ch, NULL, NULL, rate / 50 };
	if (!k)
		die("FFmpeg has no %s", name);
	a.c->sample_rate = rate;
	a.c->sample_fmt = AV_SAMPLE_FMT_S16;
	a.c->time_base = (AVRational){ 1, rate };
	a.c->bit_rate = bitrate;
	av_channel_layout_default(&a.c->ch_layout, ch);
	if (avcodec_open2(a.c, k, NULL) < 0)
		die("FFmpeg cannot open %s", name);
	if (enc) {
		int16_t *p = xcalloc((size_t)(rate * ch * seconds), sizeof(int16_t));
		for (int i = 0; i < rate * seconds * ch; i++)
			p[i] = pcm_at[rate / 1000][i / ch];
		a.pcm = p;
		a.f->format = AV_SAMPLE_FMT_S16;
		a.f->sample_rate = rate;
		a.f->nb_samples = a.n;
		av_channel_layout_default(&a.f->ch_layout, ch);
		av_frame_get_buffer(a.f, 0);
	} else
		a.clip = clip_make(codec_find(clip), kind, 0);
	return a;
}

static void av_enc(void *st, int i)
{
	struct av *a = st;
	memcpy(a->f->data[0], a->pcm + i * a->n * a->ch, (size_t)(a->n * a->ch) * 2);
	avcodec_send_frame(a->c, a->f);
	while (avcodec_receive_packet(a->c, a->p) == 0)
		av_packet_unref(a->p);
}

static void av_dec(void *st, int i)
{
	struct av *a = st;
	a->p->data = a->clip->frame[i % CLIP_FRAMES].data;
	a->p->size = a->clip->frame[i % CLIP_FRAMES].len;
	avcodec_send_packet(a->c, a->p);
	while (avcodec_receive_frame(a->c, a->f) == 0)
		av_frame_unref(a->f);
}

struct swr {
	SwrContext *s;
	int in, out, ich, och;
	const int16_t *pcm;
};

static struct swr swr_make(int in, int ich, int out, int och)
{
	struct swr s = { NULL, in, out, ich, och, NULL };
	AVChannelLayout a, b;
	av_channel_layout_default(&a, ich);
	av_channel_layout_default(&b, och);
	if (swr_alloc_set_opts2(
		    &s.s, &b, AV_SAMPLE_FMT_S16, out, &a, AV_SAMPLE_FMT_S16, in, 0, NULL) < 0 ||
		swr_init(s.s) < 0)
		die("swresample failed");
	int16_t *p = xcalloc((size_t)(in * ich * seconds), sizeof(int16_t));
	for (int i = 0; i < in * ich * seconds; i++)
		p[i] = pcm_at[in / 1000][i / ich];
	s.pcm = p;
	return s;
}

static void swr_step(void *st, int i)
{
	struct swr *s = st;
	int16_t out[FRAME_MAX * 4];
	uint8_t *o = (uint8_t *)out;
	const uint8_t *p = (const uint8_t *)(s->pcm + i * (s->in / 50) * s->ich);
	swr_convert(s->s, &o, FRAME_MAX * 2, &p, s->in / 50);
}

static double opus_e(const char *name, int rate, int ch, int br, int cx, int app)
{
	ARRAY(o, opus_new(rate, ch, br, cx, app));
	return show(name, MEASURE(opus_enc_step, o));
}

static double opus_d(const char *name, int rate, int ch)
{
	ARRAY(o, opus_new(rate, ch, 32000, 10, OPUS_APPLICATION_VOIP));
	return show(name, MEASURE(opus_dec_step, o));
}

static double swr(const char *name, int in, int ich, int out, int och)
{
	ARRAY(s, swr_make(in, ich, out, och));
	return show(name, MEASURE(swr_step, s));
}

static double ff(
	const char *label, const char *name, bool enc, int rate, int ch, int br, const char *clip)
{
	ARRAY(a, av_new(name, enc, rate, ch, br, clip));
	return show(label, MEASURE(enc ? av_enc : av_dec, a));
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--signal") && i + 1 < argc)
			kind = argv[++i];
		else if (!strcmp(argv[i], "--cpu") && i + 1 < argc)
			pin_self(atoi(argv[++i]));
		else if (!strcmp(argv[i], "--channels") && i + 1 < argc)
			channels = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--paced"))
			paced = true;
		else
			die("usage: codecfloor [--signal tones|speech] [--cpu N] [--channels N] "
			    "[--paced]");
	}
	if (channels < 1 || channels > 500)
		die("--channels is out of range");
	if (channels > 1 || paced) {
		seconds = 2;
		rounds = paced ? 2 : 3;
	}
	av_log_set_level(AV_LOG_ERROR);
	static const int khz[] = { 8, 16, 24, 48 };
	for (size_t i = 0; i < COUNT(khz); i++) {
		pcm_at[khz[i]] = xcalloc((size_t)(khz[i] * 1000 * seconds), sizeof(int16_t));
		/* The same 2 s loop that clips are made of. */
		for (int s = 0; s < seconds * 50; s++)
			signal_make(kind, 0, khz[i] * 1000,
				(int64_t)(s % CLIP_FRAMES) * khz[i] * 20, khz[i] * 20,
				pcm_at[khz[i]] + s * khz[i] * 20);
	}
	ARRAY(u, ref_new("PCMU"));
	ARRAY(g722, ref_new("G722"));
	ARRAY(g729, ref_new("G729"));
	for (int i = 0; i < 65536; i++) {
		int16_t in[160] = { (int16_t)i };
		uint8_t out[160];
		u->c->encode(u->enc, in, out);
		lin2u[i] = out[0];
	}
	for (int i = 0; i < 256; i++) {
		uint8_t b = (uint8_t)i;
		u->c->decode(u->dec, &b, 1, &u2lin[i]);
	}

	for (uint64_t end = mono_ns() + NS_PER_S; mono_ns() < end;)
		spin_us(); /* wakes the core up */
	printf("signal %s; CPU ms per channel-second, %d channels%s (best of %d); the core's speed "
	       "as time for a fixed loop\n",
		kind, channels, paced ? " in real time" : "", rounds);
	if (paced)
		wake_ms = show(
			"waking up, already taken off the others", measure(no_step, NULL, 0));
	/* G.711 */
	double ud = show("G.711 decode, table", MEASURE(table_dec, u));
	double ue = show("G.711 encode, table", MEASURE(table_enc, u));
	double ud_ff = ff("G.711 decode, FFmpeg", "pcm_mulaw", false, 8000, 1, 64000, "PCMU");
	double ue_ff = ff("G.711 encode, FFmpeg", "pcm_mulaw", true, 8000, 1, 64000, NULL);
	/* G.722, G.729 */
	show("G.722 decode, spandsp", MEASURE(ref_dec, g722));
	show("G.722 encode, spandsp", MEASURE(ref_enc, g722));
	double g722d = ff("G.722 decode, FFmpeg", "g722", false, 16000, 1, 64000, "G722");
	double g722e = ff("G.722 encode, FFmpeg", "g722", true, 16000, 1, 64000, NULL);
	double g729d = show("G.729 decode, bcg729", MEASURE(ref_dec, g729));
	double g729e = show("G.729 encode, bcg729", MEASURE(ref_enc, g729));
	/* Opus: FFmpeg goes through libopus' multistream functions */
	double od_ff = ff("opus decode, FFmpeg libopus, 48k stereo", "libopus", false, 48000, 2,
		32000, "opus");
	opus_d("opus decode, libopus, 48k stereo", 48000, 2);
	opus_d("opus decode, libopus, 48k mono", 48000, 1);
	double od16 = opus_d("opus decode, libopus, 16k mono", 16000, 1);
	double od8 = opus_d("opus decode, libopus, 8k mono", 8000, 1);
	ff("opus decode, FFmpeg native, 48k stereo", "opus", false, 48000, 2, 32000, "opus");
	double oe_ff = ff("opus encode, FFmpeg libopus defaults, 48k stereo 32k", "libopus", true,
		48000, 2, 32000, NULL);
	opus_e("opus encode, 48k stereo 32k, audio, complexity 10", 48000, 2, 32000, 10,
		OPUS_APPLICATION_AUDIO);
	static const struct {
		int rate, bitrate;
	} form[] = { { 48000, 24000 }, { 16000, 24000 }, { 8000, 16000 } };
	static const int cx[] = { 10, 5, 0 };
	double voip[3][3], low[3][3];
	char name[80];
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++) {
			snprintf(name, sizeof name,
				"opus encode, %dk mono %dk, voip, complexity %d",
				form[i].rate / 1000, form[i].bitrate / 1000, cx[k]);
			voip[i][k] = opus_e(name, form[i].rate, 1, form[i].bitrate, cx[k],
				OPUS_APPLICATION_VOIP);
			snprintf(name, sizeof name,
				"opus encode, %dk mono %dk, lowdelay, complexity %d",
				form[i].rate / 1000, form[i].bitrate / 1000, cx[k]);
			low[i][k] = opus_e(name, form[i].rate, 1, form[i].bitrate, cx[k],
				OPUS_APPLICATION_RESTRICTED_LOWDELAY);
		}
	/* Resampling */
	double r848 = swr("swresample 8k mono to 48k stereo", 8000, 1, 48000, 2);
	double r488 = swr("swresample 48k stereo to 8k mono", 48000, 2, 8000, 1);
	double r1648 = swr("swresample 16k mono to 48k stereo", 16000, 1, 48000, 2);
	double r4816 = swr("swresample 48k stereo to 16k mono", 48000, 2, 16000, 1);
	double r816 = swr("swresample 8k to 16k mono", 8000, 1, 16000, 1);
	double r168 = swr("swresample 16k to 8k mono", 16000, 1, 8000, 1);

	/* Whole chains, mean of both directions. "peer": as rtpengine 10.5 does it, all through
	 * FFmpeg, Opus at 48 kHz stereo. The others: G.711 by table, libopus directly at the other
	 * codec's own rate, so without a resampler. */
	printf("%-12s %10s %10s %10s %10s %10s\n", "chain", "peer", "voip c10", "voip c5",
		"voip c0", "lowdelay c5");
	const struct {
		const char *key;
		double v[5];
	} chain[] = {
		{ "PCMU/opus",
			{ (ud_ff + r848 + oe_ff + od_ff + r488 + ue_ff) / 2,
				(ud + voip[2][0] + od8 + ue) / 2, (ud + voip[2][1] + od8 + ue) / 2,
				(ud + voip[2][2] + od8 + ue) / 2,
				(ud + low[2][1] + od8 + ue) / 2 } },
		{ "PCMA/PCMU", { ud_ff + ue_ff, ud + ue, ud + ue, ud + ue, ud + ue } },
		{ "PCMU/G722", { (ud_ff + r816 + g722e + g722d + r168 + ue_ff) / 2,
				       (ud + r816 + g722e + g722d + r168 + ue) / 2,
				       (ud + r816 + g722e + g722d + r168 + ue) / 2,
				       (ud + r816 + g722e + g722d + r168 + ue) / 2,
				       (ud + r816 + g722e + g722d + r168 + ue) / 2 } },
		{ "PCMU/G729", { (ud_ff + g729e + g729d + ue_ff) / 2, (ud + g729e + g729d + ue) / 2,
				       (ud + g729e + g729d + ue) / 2, (ud + g729e + g729d + ue) / 2,
				       (ud + g729e + g729d + ue) / 2 } },
		{ "opus/G722", { (od_ff + r4816 + g722e + g722d + r1648 + oe_ff) / 2,
				       (od16 + g722e + g722d + voip[1][0]) / 2,
				       (od16 + g722e + g722d + voip[1][1]) / 2,
				       (od16 + g722e + g722d + voip[1][2]) / 2,
				       (od16 + g722e + g722d + low[1][1]) / 2 } },
	};
	static const char *col[] = { "peer_ms_per_chan_s", "voip_c10_ms_per_chan_s",
		"voip_c5_ms_per_chan_s", "voip_c0_ms_per_chan_s", "lowdelay_c5_ms_per_chan_s" };
	for (size_t i = 0; i < COUNT(chain); i++) {
		const double *v = chain[i].v;
		printf("%-12s %10.3f %10.3f %10.3f %10.3f %10.3f\n", chain[i].key, v[0], v[1], v[2],
			v[3], v[4]);
	}
	for (size_t i = 0; i < COUNT(chain); i++) {
		struct report r = { 0 };
		rep_str(&r, "mode", "codecfloor");
		rep_str(&r, "pair", chain[i].key);
		rep_str(&r, "signal", kind);
		for (size_t k = 0; k < COUNT(col); k++)
			rep_num(&r, col[k], chain[i].v[k], "ms");
		rep_print(&r, true);
	}
	return 0;
}
