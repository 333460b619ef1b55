/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls and where they are found. All of it belongs to the control thread.
 *
 * A call has one committed version of its model and a session on a worker. Commands change it
 * by a draft (draft.h); time ends it (call_table_tick).
 */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include "api/dict.h"
#include "base/log.h"
#include "call/model.h"
#include "media/session.h"
#include "stats/reason.h"

/* What calls need to know of the daemon's settings. Times in seconds; 0 or less: off. */
struct call_settings {
	int timeout_s, silent_timeout_s, offer_timeout_s, final_timeout_s, delete_delay_s;
	int max_sessions; /* negative: no limit */
	int tos;
	bool sip_source, learn;
	const char *software_id;
};

struct call;
struct call_table;

struct call {
	struct call_table *table;
	struct str id;          /* owned */
	struct log_context log; /* borrows id */
	struct model *model;    /* committed version; NULL until the first commit */
	struct session *session;
	int64_t created_wall_us, created_mono_us;
	struct addr created_from; /* who asked for it */
	unsigned worker;          /* index in the table's */
	bool piercing;            /* some peer has to be sent empty packets to */
	int64_t look_at_us; /* monotonic: it cannot be over before; 0: look. Every commit resets it */
};

/*
 * `workers`, `interfaces`, `settings` are borrowed and must outlive the table; `control` is
 * where sessions answer to.
 */
struct call_table *call_table_new(struct media_worker *const *workers, unsigned worker_count,
	struct mailbox *control, struct iface_table *interfaces,
	const struct call_settings *settings);
/* Ends all calls silently first; their sessions' answers must be run by the caller after. */
void call_table_free(struct call_table *table);
const struct call_settings *call_table_settings(const struct call_table *table);
struct iface_table *call_table_interfaces(const struct call_table *table);
/* 12 hex digits, random per start (loop-protect). */
const char *call_table_instance(const struct call_table *table);
unsigned call_table_count(const struct call_table *table);
struct call *call_table_find(const struct call_table *table, struct str id);
/* Calls `fn` for each, until it returns false; it must not end calls. */
void call_table_each(const struct call_table *table, bool (*fn)(struct call *, void *), void *arg);
/* Once a second or so: deletions that are due, timeouts (spec NG 5.8, daemon 6.2). */
void call_table_tick(struct call_table *table);
/* What workers report. */
void call_table_event(const struct media_event *event, void *table);

/*
 * A call that is not in the table yet: draft_commit puts it there, call_free undoes it. The
 * worker with the fewest sessions gets it.
 */
struct call *call_new(struct call_table *table, struct str id, const struct addr *created_from);
void call_publish(struct call *call);
/* Gives everything back without a word; call_end is for calls that were in the table. */
void call_free(struct call *call);
/* Takes it out of the table (if it is there), logs its summary, gives everything back. */
void call_end(struct call *call, enum reason reason);
/* To another worker of the table. */
void call_move(struct call *call, unsigned worker);

/* plan.c: the model compiled into a plan, without side effects. */
struct plan *call_compile(const struct call *call, const struct model *model);

/* timeout.c: is it over, and why; false: it goes on, until look_at_us at least. */
bool call_timed_out(struct call *call, int64_t now_mono_us, enum reason *ret_reason);
/* pierce.c: once a second: to peers that ask for it and have not sent anything yet. */
void call_pierce(struct call *call);
/* cdr.c: the summary in the log (spec daemon 2.7). */
void call_log_summary(const struct call *call);

/*
 * Snapshot: all that is needed to go on elsewhere (spec daemon 7.1). Restoring leases the same
 * ports of the same interfaces again; 0 and a call that is not published, or -errno.
 */
void call_to_dict(const struct call *call, struct dict *dict, struct value *into);
int call_of_dict(struct call_table *table, const struct value *from, struct call **ret_call,
	struct err *err);

#endif
