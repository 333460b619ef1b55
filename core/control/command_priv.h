/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the dispatcher (command.c) and the commands (cmd_*.c). */
#ifndef CONTROL_COMMAND_PRIV_H
#define CONTROL_COMMAND_PRIV_H

#include "call/options.h"
#include "control/command.h"
#include "control/flags.h"

/*
 * May a command take its time? One that needs a file begins to fetch it and is carried out again,
 * from its beginning, when that is there. `crowded`: it may, but too many do already, so it is
 * refused if it does.
 */
struct command_time {
	bool may_wait; /* else it has to do with blocking */
	bool crowded;
	struct fetch *fetch; /* what it has waited for; or, with -EINPROGRESS, what it waits for */
};

/* One request being carried out. */
struct command {
	struct control *control;
	const struct value *request;
	const struct addr *client;
	struct log_context *log; /* of what is logged meanwhile */
	struct call_options o;   /* read already, for rows that ask for it */
	GString *warnings;       /* for the reply's "warning" */
	struct dict *reply;
	struct value *root; /* of the reply */
	/* Set when the reply is not "ok": "pong", or "load limit" with its message. */
	const char *result;
	enum reason refused; /* why, when it fails: for the events of the call */
	struct command_time time;
};

/*
 * 0, or -errno with the text for "error-reason"; -EINPROGRESS: nothing was done yet, time.fetch
 * tells when to come again.
 */
typedef int (*command_fn)(struct command *c, struct err *err);

/* command_run for who can wait. NULL: the reply is there; else what it has to wait for. */
struct fetch *command_begin(struct control *control, const struct value *request,
	const struct addr *client, const struct command_time *time, struct dict *reply);
/* The beginning of a message that cannot be understood, for logs; without keys. */
GString *command_quote(struct str message);
/* Before the flags are read: in the spellings that clients use. s NULL: none. */
struct str command_call_id(const struct value *request);

int cmd_ping(struct command *c, struct err *err);
int cmd_offer(struct command *c, struct err *err);
int cmd_answer(struct command *c, struct err *err);
int cmd_delete(struct command *c, struct err *err);
int cmd_query(struct command *c, struct err *err);
int cmd_explain(struct command *c, struct err *err);
int cmd_list(struct command *c, struct err *err);
int cmd_statistics(struct command *c, struct err *err);
int cmd_block_media(struct command *c, struct err *err);
int cmd_unblock_media(struct command *c, struct err *err);
int cmd_silence_media(struct command *c, struct err *err);
int cmd_unsilence_media(struct command *c, struct err *err);
int cmd_block_dtmf(struct command *c, struct err *err);
int cmd_unblock_dtmf(struct command *c, struct err *err);
int cmd_play_media(struct command *c, struct err *err);
int cmd_stop_media(struct command *c, struct err *err);
int cmd_play_dtmf(struct command *c, struct err *err);
int cmd_start_recording(struct command *c, struct err *err);
int cmd_pause_recording(struct command *c, struct err *err);
int cmd_stop_recording(struct command *c, struct err *err);

/* cmd_record.c: state of the call's recording, if there ever was one; files being written now. */
void reply_add_recording(struct command *c, const struct call *call);
void reply_add_recordings(struct command *c);

/*
 * A call's state and statistics (spec NG 2.6) into the reply; of `only` and the parties it
 * receives from, or of all when NULL.
 */
void reply_add_call(struct command *c, const struct call *call, const struct party *only);
/* The same without any party. */
void reply_add_no_parties(struct command *c, const struct call *call);
/* query_quality.c: an SSRC's quality, if any report could be rated, into its dictionary. */
void reply_add_quality(struct dict *d, struct value *v, const struct quality_counts *counts,
	int64_t wall_minus_mono_us);
/* query_quality.c, additions of ours: "reception" of an SSRC's dictionary … */
void reply_add_reception(struct dict *d, struct value *v, const struct reception *r);
/* … and "drops" and "latest drop" of a stream's, if it has dropped anything. */
void reply_add_drops(struct dict *d, struct value *v, const struct stream_counts *counts,
	int64_t wall_minus_mono_us);

#endif
