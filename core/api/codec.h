/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a codec plugin offers: const descriptors, given to the daemon by host.add_codec. The core
 * knows no codec by name; whatever sets one apart is a field or a function here.
 *
 * Audio is 16-bit samples in host order, channels interleaved. A count of samples is per channel.
 * One decoder belongs to one received SSRC and payload type, one encoder to one sent stream; each is
 * used by one thread at a time. Opening and closing may allocate and take its time [control,
 * helpers]; all else runs on the packet path [media]: it neither blocks nor locks, and does not
 * allocate if that can be helped.
 */
#ifndef API_CODEC_H
#define API_CODEC_H

#include "api/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CODEC_MAX_CHANNELS = 2,
	CODEC_MAX_PACKET_MS = 240,  /* the longest payload decoded: 12 frames of AMR (TS 26.114) */
	CODEC_MAX_PTIME_MS = 200,   /* the longest packets that may be asked for */
	CODEC_MIN_SAMPLE_HZ = 1000, /* below, a rate is a mistake */
	CODEC_MAX_SAMPLE_HZ = 48000,
	CODEC_MAX_SAMPLES = CODEC_MAX_SAMPLE_HZ / 1000 * CODEC_MAX_PACKET_MS,
	CODEC_MAX_PAYLOAD = 4000, /* bytes that an encoder may write */
	CODEC_FMTP_BYTES = 256,   /* room for a format's parameters, with the final NUL */
};

struct codec_audio {
	uint32_t sample_hz;
	uint8_t channels;
};

/* A codec as one m= section has it: what stands in rtpmap, fmtp and the proxy's options. */
struct codec_params {
	uint32_t clock_hz;  /* of RTP timestamps, as in rtpmap */
	uint8_t channels;   /* as in rtpmap */
	uint16_t ptime_ms;  /* what packets are to hold */
	uint32_t bitrate;   /* bits per second to send at; 0: the codec's own choice */
	struct str fmtp;    /* "" when there is none */
	struct str options; /* "key=value;…" of a codec specification (spec media 1.4); "" */
};

/* Can what these two parameter sets describe be passed from one to the other as it is? */
enum codec_match {
	CODEC_DIFFERENT,  /* no: they count as two codecs */
	CODEC_COMPATIBLE, /* yes, though they differ */
	CODEC_SAME,
};

struct codec_decoder {
	/*
	 * `want` is what the audio is for: a decoder that can choose gives that or what is nearest.
	 * 0 with what it gives in *ret_audio; or negative: not with these parameters. `data` is
	 * the descriptor's own, below.
	 */
	int (*open)(const void *data, const struct codec_params *params,
		const struct codec_audio *want, struct codec_audio *ret_audio, void **ret_decoder);
	void (*close)(void *decoder);
	/*
	 * One RTP payload into at most `max` samples: how many, or negative for a payload that is
	 * none of this codec's. 0: nothing to hear yet, or silence that is told about otherwise.
	 * Any bytes of any length must be survived.
	 */
	int (*decode)(void *decoder, const uint8_t *payload, size_t len, int16_t *out, size_t max);
	/*
	 * What stands in for `samples` that were lost; `next` is the payload behind the gap (NULL:
	 * not there yet), which some codecs can take them from (RFC 6716 FEC). How many, at most
	 * `samples`; the rest is concealed by the core. NULL: the core does it all.
	 */
	int (*conceal)(
		void *decoder, size_t samples, const uint8_t *next, size_t next_len, int16_t *out);
	/*
	 * What the encoder towards the far end is to know from what came from there, in the codec's
	 * own terms: what is asked of it, or what it is to ask for; negative: nothing. It goes to
	 * that encoder's `obey`, after any decode. NULL: there is no such thing.
	 */
	int (*request)(const void *decoder);
	const void *data; /* for `open`: which of several codecs it is */
	/*
	 * What follows is another source's: as near to just opened as it gets without allocating.
	 * NULL: what was decoded before is forgotten soon enough by itself, or at once.
	 */
	void (*reset)(void *decoder);
};

struct codec_encoder {
	/*
	 * `have` is the audio there is: an encoder that can choose takes that or what is nearest.
	 * 0 with what it takes in *ret_audio and, in *ret_samples, how many samples make a packet
	 * of params->ptime_ms, or of the nearest length it can do, at most CODEC_MAX_SAMPLES; or
	 * negative.
	 */
	int (*open)(const void *data, const struct codec_params *params,
		const struct codec_audio *have, struct codec_audio *ret_audio, size_t *ret_samples,
		void **ret_encoder);
	void (*close)(void *encoder);
	/*
	 * One packet's worth of samples into one payload of at most CODEC_MAX_PAYLOAD bytes: its
	 * length; 0: nothing need be sent for this time; negative: an error.
	 */
	int (*encode)(void *encoder, const int16_t *samples, uint8_t *out);
	void (*obey)(void *encoder, int request); /* see `request`; NULL: nothing to ask for */
	const void *data;                         /* for `open` */
	/* How many of a hundred packets the far end says it lost. NULL: all the same to it. */
	void (*loss)(void *encoder, unsigned percent);
	/*
	 * What follows is another source's, for a decoder that begins with it; as for decoders.
	 * NULL: a packet of silence is encoded and thrown away instead.
	 */
	void (*reset)(void *encoder);
};

/* A known answer: this payload decodes to these samples, or these samples encode to it. */
struct codec_vector {
	const struct codec_params *params;
	const uint8_t *payload;
	size_t payload_len;
	const int16_t *samples;
	size_t sample_count;
	unsigned tolerance; /* how far each sample may be off; 0 and a payload: bytes must agree */
	bool encodes;       /* samples → payload is tested too */
};

/*
 * Descriptions of background noise: `decode` takes one and gives a packet's worth of the noise,
 * params->ptime_ms; `conceal` goes on with it for as long as it is asked to.
 */
enum codec_flag {
	CODEC_SUPPLEMENTAL = 1, /* goes along with audio codecs of its clock; never a goal itself */
	CODEC_ANY_CLOCK = 2,    /* its clock is that of the audio it goes along with */
	CODEC_FMTP_IGNORED = 4, /* parameters never tell two of it apart */
	CODEC_EVENT = 8,        /* carries events (RFC 4733), not audio */
	CODEC_FALLBACK = 32,    /* gives way to another of its name: for what wraps many codecs */
	CODEC_NOISE = 16,       /* describes background noise (RFC 3389): see above */
	CODEC_ONE_BITRATE = 64, /* its usual bit rate is the only one that is sent */
};

struct codec {
	const char *name;       /* as in rtpmap; compared without regard to case */
	const char *alias_of;   /* the same thing under another name; NULL: none */
	int8_t payload_type;    /* the static one (RFC 3551); -1: none */
	uint8_t channels;       /* usual; 0: RTP does not define it, it is for files */
	uint16_t ptime_ms;      /* usual */
	uint16_t ptime_min_ms;  /* shorter ones are sent to nobody, unless he says so (maxptime) */
	uint16_t ptime_unit_ms; /* packets are multiples of this; 0: any length */
	const uint8_t *ptimes; /* … or of these lengths alone, the shortest first, then 0; NULL */
	uint32_t clock_hz;     /* usual */
	uint32_t sample_hz;    /* of the audio at the usual clock; 0: as the clock */
	uint32_t bitrate;      /* usual; 0: fixed by the format */
	unsigned flags;        /* enum codec_flag */
	const char *fmtp;      /* what the proxy offers when it adds the codec; NULL: none */
	int16_t silence;       /* byte that payloads of silence are made of; -1: there is none */
	const struct codec_decoder *decoder; /* NULL: cannot */
	const struct codec_encoder *encoder; /* NULL: cannot */
	/* NULL: different unless the text is the same, or CODEC_FMTP_IGNORED. [control] */
	enum codec_match (*match)(const struct codec_params *a, const struct codec_params *b);
	/*
	 * The parameters to answer those of an offer with, in `out` (CODEC_FMTP_BYTES); `stereo`:
	 * what is on the other side has two channels. False: none. NULL: the offer's, unless the
	 * codec was added by the proxy. [control]
	 */
	bool (*answer)(const struct codec_params *offer, bool stereo, char *out);
	const struct codec_vector *vectors; /* tried before it is used */
	unsigned vector_count;
	/*
	 * Can it be decoded and encoded with these parameters? Where not, it is never transcoded,
	 * though it may pass. What `open` would refuse is refused here, for once it comes to that
	 * it is too late to choose another. Asked only about rates and channels within the bounds
	 * above. NULL: with any of those. [control]
	 */
	bool (*usable)(const struct codec_params *params);
};

#endif
