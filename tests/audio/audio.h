/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One side of a call with audio: what it sends is made beforehand, packet by packet, with all that
 * is to go wrong with it; what it receives is kept and measured afterwards. One thread.
 */
#ifndef AUDIO_AUDIO_H
#define AUDIO_AUDIO_H

#include "codec/registry.h"

#include <netinet/in.h>

#include <glib.h>

/* ---- format.c: codecs with their payload types ---- */

enum { AUDIO_MAX_FORMATS = 8, AUDIO_SEGMENT_MS = 20 };

struct format {
	const struct codec *codec; /* of the registry */
	struct codec_params params;
	char fmtp[CODEC_FMTP_BYTES];
	uint8_t pt;
};

/* PT/NAME/CLOCK/CHANNELS/PTIME[/FMTP]. False: not that, or nobody knows the codec. */
bool format_parse(struct format *f, const char *text);
/* What its audio is, as far as RTP tells. */
struct codec_audio format_audio(const struct format *f);
bool format_is_event(const struct format *f);

/* ---- signal.c ---- */

enum signal_kind { SIGNAL_SILENCE, SIGNAL_TONE, SIGNAL_DIGITS, SIGNAL_SPEECH };

struct signal {
	enum signal_kind kind;
	double hz, db;   /* of a tone */
	unsigned seed;   /* of speech */
	char digits[17]; /* one after the other, … */
	unsigned ms;     /* … each so long, and a pause of that */
};

struct sound {            /* one channel */
	int16_t *samples; /* owned */
	size_t count;
	uint32_t hz;
};

/* "tone:HZ:DB", "speech:SEED", "silence". */
bool signal_parse(struct signal *s, const char *text);
struct sound signal_make(const struct signal *s, double seconds, uint32_t hz);
void sound_clear(struct sound *s);
void sound_add(struct sound *s, const int16_t *samples, size_t count, unsigned channels);
void sound_add_silence(struct sound *s, size_t count);
/* By how much `got` comes later, at most `max_ms`; both of one rate. */
size_t sound_delay(const struct sound *ref, const struct sound *got, unsigned max_ms);

/* ---- script.c: what is sent ---- */

struct outgoing {
	int64_t due_us;    /* since the begin */
	int64_t media_us;  /* where in the signal it begins … */
	int64_t length_us; /* … and what it holds; 0: no audio of it */
	const struct format *format;
	uint8_t *payload; /* owned */
	uint32_t len;
	uint32_t timestamp, ssrc;
	uint16_t seq;
	bool marker, lost;
};

/* Something that happens at a time. */
struct happening {
	double at_s;
	char what[16]; /* ssrc, jump, skip, pause, event, payload, empty, random, format, ptime */
	char value[600];
};

struct script_options {
	struct format formats[AUDIO_MAX_FORMATS]; /* the first is sent, until "format" happens */
	unsigned format_count;
	struct signal signal;
	double seconds;
	double loss_percent, reorder_percent;
	unsigned seed;
	struct happening happenings[32];
	unsigned happening_count;
};

/* GArray of struct outgoing, by time. */
GArray *script_make(const struct script_options *options);
void script_free(GArray *script);

/* ---- chain.c: what should be heard ---- */

/* Payloads decoded one after the other, with a decoder for each format. */
struct ear;
struct ear *ear_new(const struct codec_audio *want);
void ear_free(struct ear *e);
/* Samples for one channel in *ret_samples (borrowed); how many, or -1. */
int ear_hear(struct ear *e, const struct format *f, const uint8_t *payload, size_t len,
	const int16_t **ret_samples, uint32_t *ret_hz);

/*
 * The script, whole, decoded, and encoded as `to` and decoded again unless that is the format sent:
 * what is heard where nothing is lost on the way.
 */
struct sound chain_sound(
	const struct script_options *from, const GArray *script, const struct format *to);

/* ---- party.c ---- */

struct incoming {
	int64_t at_us; /* by the kernel */
	uint8_t *payload;
	uint32_t len, timestamp, ssrc;
	uint32_t epoch; /* how many SSRCs came before */
	int64_t seq;    /* extended */
	uint8_t pt;
	bool marker;
};

/* Of reports that came. */
struct rtcp_seen {
	unsigned sender_reports, blocks;
	unsigned wrong_ssrc;      /* of a sender never heard, or of a block about nobody we are */
	uint32_t packets, octets; /* the last one's */
	int packets_off;          /* from what had come, at most */
	double timestamp_off_ms;  /* from what RTP said, at most */
	unsigned lost, fraction, highest, jitter; /* of the last block */
};

struct party {
	char name[32];
	struct script_options options;
	GArray *script;
	unsigned next; /* of the script */
	int rtp, rtcp;
	uint16_t port;
	struct sockaddr_in to, to_rtcp;
	int64_t start_us, first_sent_us, first_got_us, next_rtcp_us;
	double late_ms; /* the latest that a packet left after its time */
	uint32_t sent, sent_octets;
	GArray *got; /* struct incoming */
	struct rtcp_seen reports;
	uint32_t last_sr;
	int64_t last_sr_us;
	bool sends_rtcp;
	double beside_s; /* from then on there is another SSRC beside; 0: never */
	bool only_first; /* SSRC that is heard */
};

int64_t now_us(void);
/* False: no ports, or options that make no sense (`error` says which). */
bool party_open(struct party *p, const char *host, GString *error);
void party_close(struct party *p);
/* What is due; the time of the next thing, INT64_MAX when there is none. */
int64_t party_send_due(struct party *p, int64_t now);
bool party_ended(const struct party *p);
void party_read_rtp(struct party *p);
void party_read_rtcp(struct party *p);

/* ---- report.c ---- */

/* What `p` got of what `from` sent (NULL: nothing is known of that), as one line of JSON. */
void report_print(struct party *p, const struct party *from, GString *out);
/* What it heard, as raw samples; the rate, or 0. */
uint32_t report_dump(struct party *p, const char *path);

#endif
