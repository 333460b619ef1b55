/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recordings: what a tap has copied goes to files (spec daemon 10). This is control's side. All
 * that touches files is done by helpers, one job of a recording at a time; nobody waits for it.
 *
 *   recording_new     decides on names; nothing else happens yet, so a draft can be dropped
 *   recording_begin   the first job makes the files
 *   recorder_tick     every RECORDER_PERIOD_MS: a job for each that has something to do
 *   recording_end     what is left is written, the metadata get their end, the log its line
 *
 * Beneath the folder, as spec daemon 10.1 has it: pcaps/ or audio/, as the sink (api/sink.h) has it,
 * tmp/ with the metadata while recording, metadata/ with them afterwards. What is found in tmp/ at start was left by a daemon
 * that did not end well: those files are repaired and get their end then.
 */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include "api/sink.h"
#include "base/err.h"
#include "base/helper.h"
#include "base/log.h"

#include <sys/types.h>

enum { RECORDER_PERIOD_MS = 250 };

struct recorder_settings {
	char *folder; /* absolute, without a slash at the end */
	const struct sink *sink;
	const char *extension;      /* of its files */
	mode_t file_mode, dir_mode; /* 0: as umask leaves it */
	uid_t uid;                  /* (uid_t)-1, (gid_t)-1: ours */
	gid_t gid;
};

struct recorder;
struct recording;
struct tap;

/* Makes the folders; 0 or -errno and `err`. [main] */
int recorder_prepare(const struct recorder_settings *settings, struct err *err);
/*
 * Can files be made in the folders, with the owner that is configured? As who the daemon has become
 * by then. 0, or -errno and `err`. [main]
 */
int recorder_check(const struct recorder_settings *settings, struct err *err);
/* Ends well what a daemon before left behind: how many. [main, before recordings] */
unsigned recorder_repair(const struct recorder_settings *settings);
/* `helpers` is borrowed and outlives it. [main] */
struct recorder *recorder_new(
	const struct recorder_settings *settings, struct helper_pool *helpers);
/* [control] */
void recorder_tick(struct recorder *recorder);
/* How many are not at their end yet. [control] */
unsigned recorder_busy(const struct recorder *recorder);
/*
 * Ends all of them; those whose job is under way when control's mailbox was run last. After the
 * helpers were stopped. [main]
 */
void recorder_stop(struct recorder *recorder);
void recorder_free(struct recorder *recorder); /* NULL is fine */

/* What a client asks for; s NULL: not told. */
struct recording_request {
	struct str call_id, label, metadata;
	struct str file, dir, pattern;
};

enum recording_state {
	RECORDING_RUNNING,
	RECORDING_ENDING, /* its end is on its way to the file; only recording_read_status tells that */
	RECORDING_COMPLETE,  /* all there is, but for what `lost` and `gaps` tell */
	RECORDING_TRUNCATED, /* ended before its time: see `why` */
	RECORDING_DISCARDED,
};

struct recording_status {
	enum recording_state state;
	uint64_t packets;   /* recorded; of audio: RTP that was looked at */
	uint64_t lost;      /* packets that came faster than they could be written … */
	uint64_t gaps;      /* … and so many holes they left */
	uint64_t undecoded; /* of audio: packets that nothing could be heard of */
	unsigned pauses;
	char why[128]; /* of TRUNCATED */
};

/* What the streams of a plan are, for sinks that ask for it. All its memory is in `arena`. */
struct record_layout {
	struct arena *arena;
	uint32_t number;  /* tap_layout of the plan; they go up */
	unsigned slots;   /* channels */
	uint32_t best_hz; /* the highest rate of the codecs agreed upon; 0: nothing known */
	unsigned stream_count;
	struct sink_stream *streams;
};

/* Counted by base/ref. -EINVAL and `err`: a name that cannot be. [control] */
int recording_new(struct recorder *recorder, const struct recording_request *request,
	struct recording **ret_recording, struct err *err);
/* What it was made of; as long as it lives. */
const struct recording_request *recording_request(const struct recording *r);
/* `log` is copied, and told with its log lines. [control] */
void recording_begin(struct recording *r, const struct log_context *log);
/* Borrowed: where packets go. */
struct tap *recording_tap(const struct recording *r);
const char *recording_path(const struct recording *r); /* absolute */
bool recording_wants_layouts(const struct recording *r);
/* Takes `layout`; before a plan with its number is applied. [control] */
void recording_add_layout(struct recording *r, struct record_layout *layout);
/* A processed offer or answer, as it was sent out; label.s NULL: none. [control] */
void recording_add_body(struct recording *r, struct str label, int64_t started_wall_us, bool answer,
	struct str sdp);
void recording_set_metadata(struct recording *r, struct str metadata);
void recording_note_pause(struct recording *r, bool paused);
/* Its files are to be deleted at its end, or now if that has been. */
void recording_discard(struct recording *r);
/*
 * The plan without it was applied, or will be: shortly afterwards it ends. Nothing may be added
 * any more. Twice is fine.
 */
void recording_end(struct recording *r);
/* As of its latest job; `packets` and `lost` as of now while it is running. [control] */
void recording_read_status(const struct recording *r, struct recording_status *ret);
const char *recording_state_name(enum recording_state state); /* "complete" … */

#endif
