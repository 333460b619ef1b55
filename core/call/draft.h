/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command's working copy of a call. Whatever fails on the way, dropping the draft leaves the
 * call as it was: ports it opened are closed, nothing was sent to a worker.
 *
 *   draft_begin → change draft->model → draft_prepare (compile, put ports on the loop)
 *   → draft_commit (cannot fail)  or  draft_drop
 * [control]
 */
#ifndef CALL_DRAFT_H
#define CALL_DRAFT_H

#include "call/call.h"
#include "call/options.h"

struct draft {
	struct call *call;
	struct model *model;
	bool created;           /* the call is new: dropped with the draft */
	struct stream_set *set; /* prepared */
	int64_t now_mono_us, now_wall_us;
	const struct party *sibling; /* whose offer a new party answers, too; NULL */
	GString *warnings;           /* for the reply; NULL: not wanted */
	bool record_discard;         /* the recording's files are to go */
	/* What a recording is told of, with the commit; s NULL: no body. Borrowed until then. */
	struct str body, body_label;
	int64_t body_party_since_us;
	bool body_is_answer;
};

/*
 * A draft that was not prepared changes the model only: the session's plan stays (draft_commit
 * then applies none).
 */
/* Of a call in the table, or of a new one from call_new (`created`). */
void draft_begin(struct draft *draft, struct call *call, bool created);
int draft_prepare(struct draft *draft, struct err *err);
void draft_commit(struct draft *draft);
void draft_drop(struct draft *draft);

/* The steps of an exchange, each in its own file. 0 or -errno and `err` with the reply's text. */

/* Sender and receiver of a message's SDP. */
struct parties {
	struct party *from, *to;
};

/* associate.c (spec NG 5.2). */
int associate_offer(
	struct draft *draft, const struct call_options *o, struct parties *ret, struct err *err);
/* alias-key: a from-tag that is not known yet may be one more of a known party. */
void associate_alias(struct draft *draft, const struct call_options *o, const struct sdp *sdp);
int associate_answer(
	struct draft *draft, const struct call_options *o, struct parties *ret, struct err *err);

/* One m= line on both sides. */
struct media_pair {
	struct media *from, *to;
	bool removed; /* not sent on */
};

/* exchange.c: sections paired (spec NG 5.3), negotiated, linked (5.4), ports taken (5.5). */
int exchange_media(struct draft *draft, const struct parties *p, const struct call_options *o,
	struct sdp *sdp, bool answer, struct err *err);

/* write_sdp.c: the body for `to`; appended to `out`. Updates to->printed. */
int write_sdp(struct draft *draft, struct party *to, const struct call_options *o, bool answer,
	GString *out, struct err *err);

/* offer.c, answer.c: a whole command. The reply's body is appended to `body`. */
struct exchange_result {
	bool looped;         /* loop-protect: the body goes back as it came, nothing was done */
	const char *refused; /* name of the reason when a limit did not let a new call in */
	GString *warnings;   /* the caller's, appended to; NULL: not wanted */
};

int call_offer(struct call_table *table, const struct call_options *o, const struct addr *client,
	GString *body, struct exchange_result *ret, struct err *err);
int call_answer(struct call_table *table, const struct call_options *o, GString *body,
	struct exchange_result *ret, struct err *err);
/* exchange.c: what both have in common: parse, check, exchange, write, prepare, commit. */
int exchange(struct draft *draft, const struct call_options *o, bool answer, GString *body,
	struct exchange_result *ret, struct err *err);

/*
 * record.c (spec NG 2.8): recording begins, pauses, goes on or stops with the draft's commit.
 * -ENOTSUP: there is no --recording-dir; -EINVAL: a name that cannot be.
 */
int record_apply(struct draft *draft, enum record_action action, const struct call_options *o,
	struct err *err);
/* `sdp`, made of what `from` sent, is told with the commit. */
void record_body(struct draft *draft, const struct party *from, bool answer, struct str sdp);
/* Before a plan is compiled / right before it is applied. */
void record_prepare(struct draft *draft);
void record_commit(const struct draft *draft);
/*
 * Of a call in a snapshot, which goes on in a file of its own when the call is restored; where that
 * cannot be, the call goes on without, and the log tells it. _read before its plan is made, _resume
 * when it was.
 */
void record_write(const struct model *model, struct dict *dict, struct value *to);
void record_read(struct call *call, const struct value *from);
void record_resume(struct call *call);

/* record_command.c. What offers and answers say of it; without --recording-dir that is a warning. */
int record_exchange(struct draft *draft, const struct parties *p, const struct call_options *o,
	struct err *err);
/* A whole command; -ENOENT: no such call. */
int call_record(struct call_table *table, enum record_action action, const struct call_options *o,
	struct err *err);

/* delete.c (spec NG 2.5). */
struct delete_result {
	bool found;
};

/*
 * Called before anything changes, to put statistics into the reply: of `party` and its peers,
 * or of the whole call when `party` is NULL.
 */
typedef void (*delete_report_fn)(const struct call *call, const struct party *party, void *arg);
int call_delete(struct call_table *table, const struct call_options *o, struct delete_result *ret,
	delete_report_fn report, void *arg, struct err *err);

#endif
