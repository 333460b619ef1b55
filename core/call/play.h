/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Media played to parties (spec NG 2.12, media 6): to whom, by which codec, and what becomes of
 * what others send there meanwhile. The playing is the worker's (media/generator.h). [control]
 */
#ifndef CALL_PLAY_H
#define CALL_PLAY_H

#include "base/err.h"
#include "call/call.h"
#include "call/negotiate.h"
#include "call/options.h"

struct draft;

enum { PLAY_MAX_RATES = 8 }; /* of all parties that one command plays to */

/* What is asked for. */
struct play_wish {
	struct clip_source *source;
	unsigned times;          /* in all; 0: until most_ms */
	int64_t most_ms;         /* 0: any; a time that was begun is played to its end */
	int64_t start_pos;       /* in samples of the file */
	const struct value *set; /* specifications of codecs (codec set); NULL: none */
	bool alone;              /* what others send to the listener is discarded meanwhile */
};

/* Rates that clips are needed at, each once. */
struct play_rates {
	unsigned count;
	uint32_t sample_hz[PLAY_MAX_RATES];
};

/*
 * play_command.c. Who is selected, or all; *ret_rates: what they need, which is nothing if none of
 * them can be played to. 0, or -errno with the text of the reply.
 */
int call_play_rates(const struct call_table *table, const struct call_options *o,
	struct play_rates *ret_rates, struct err *err);
/* The clip of one of these rates; NULL: it is not there. Borrowed. */
typedef struct clip *(*play_clip_fn)(uint32_t sample_hz, void *arg);
/*
 * Plays to those selected instead of what they hear now. *ret_duration_ms: of the first one's
 * clip; -1: not known.
 */
int call_play(struct call_table *table, const struct call_options *o, const struct play_wish *wish,
	play_clip_fn clip_for, void *arg, int64_t *ret_duration_ms, struct err *err);
/* *ret_position: how far the first one was, in samples of the file. */
int call_stop_playing(struct call_table *table, const struct call_options *o, int64_t *ret_position,
	struct err *err);
/* What has come to its end is taken out of the call. */
void call_play_tick(struct call *call);

/*
 * play_follow.c. After an offer or answer: what is played goes on by another codec that needs it at
 * another rate, and music begins for who was put on hold. It is loaded first; what fails is logged.
 */
void call_play_follow(struct call *call);
/*
 * moh.c: what a message says of music on hold (spec NG 4.7), and who hears it from now on. Once
 * the sections are negotiated, before the body is written.
 */
void moh_take(struct draft *draft, struct party *from, struct party *to,
	const struct call_options *o, bool answer);
/* Does a body have that attribute of sessions? */
bool moh_is_told(const struct sdp *sdp, const char *name);
/* How a section towards a party on hold, or the answer to who holds, is shown; false: as usual. */
bool moh_direction(const struct media *media, const struct media *source, bool answer,
	enum sdp_direction *ret);
bool moh_hides_address(const struct media *media, bool answer);

/* A reference to the first that was given; NULL: none was, or it is no such thing. */
struct clip_source *play_source(const struct play_options *o);
/* What is wrong where that is NULL; NULL: nothing was given. */
const char *play_source_fault(const struct play_options *o);
/* Is what others send to it discarded? */
bool play_is_alone(const struct party *party);
/*
 * What the plan says of a section's stream; NULL: nothing is played there. `set` (NULL: as by
 * default): the buffers of what is mixed, if it is.
 */
struct plan_play *play_compile(
	const struct media *media, unsigned component, bool mixed, const struct call_settings *set);
/*
 * Is the audio of all that the section hears to be mixed? `transcoded`: some of it has to be
 * decoded anyway. *ret: what it becomes, whose strings point into `w` or the model.
 */
bool play_mixes(const struct media *media, int player_by_default, bool transcoded,
	struct codec_work *w, struct plan_format *ret);
/* What a party has asked for, or else what is configured: enum audio_player. */
int play_player(const struct party *party, int by_default);

#endif
