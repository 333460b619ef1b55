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
#include "call/events.h"
#include "call/model.h"
#include "media/session.h"
#include "media/traffic.h"
#include "stats/load.h"
#include "stats/reason.h"

/* Where query tells of SSRCs. In the order of --ssrc-reporting's choices. */
enum ssrc_reporting { SSRCS_FULL, SSRCS_INLINE, SSRCS_GLOBAL, SSRCS_NONE };

/* What calls need to know of the daemon's settings. Times in seconds; 0 or less: off. */
struct clips;
struct helper_pool;
struct recorder;
struct offload;

struct call_settings {
	int timeout_s, silent_timeout_s, offer_timeout_s, final_timeout_s, delete_delay_s;
	int max_sessions;            /* negative: no limit */
	double max_load, max_cpu;    /* load average of a minute; percent. 0 or less: off */
	int64_t max_bandwidth_bytes; /* received per second; 0 or less: off */
	int tos;
	/* Of syslog; negative: no such lines. */
	int cdr_facility, rtcp_facility, dtmf_facility;
	bool dtmf_no_suppress;    /* audio is sent beside events that came */
	bool dtmf_no_log_injects; /* digits that the client put in are not told */
	int dtmf_digit_delay_ms;  /* digits further apart are not of one trigger */
	struct addr dtmf_dest;    /* where DTMF is told, unless a call says; ADDR_NONE: nowhere */
	/* Sends a datagram, as well as it can; NULL: nobody does. */
	void (*report)(const struct addr *to, const char *text, size_t len);
	/* Tells others in this program of a DTMF event; NULL: nobody wants it. */
	void (*notify_dtmf)(const struct value *data, void *arg);
	void *notify_arg;
	bool sip_source;
	bool log_srtp_keys;
	bool dtls_passive; /* the server, where we may choose */
	int dtls_mtu;
	struct dtls_cert_options dtls;
	enum plan_learn learning;
	enum plan_sources sources;
	enum ssrc_reporting ssrc_reporting;
	const char *software_id;
	struct helper_pool *helpers; /* for files; borrowed */
	struct clips *clips;         /* borrowed; NULL: no media are played */
	int64_t moh_max_ms;          /* music on hold does not begin anew after that */
	unsigned moh_max_times;
	const char *moh_attr;       /* of a session in which somebody is on hold; NULL: none */
	bool moh_not_twice;         /* no music where that attribute was received */
	const char *vsc[VSC_COUNT]; /* codes by enum vsc (vsc.h); NULL: none */
	int player;                 /* enum audio_player, where messages do not say; 0: off */
	int rtcp_interval_ms;       /* from one report of ours to the next */
	int player_buffer_ms, player_ahead_ms; /* of what is mixed (media/mixer.h) */
	struct recorder *recorder;             /* borrowed; NULL: nothing can be recorded */
	struct offload *offload;               /* borrowed; NULL: all media pass through here */
};

struct call;
struct call_table;

/* What ICE has found for a stream, of its section's credentials of that generation. */
struct ice_found {
	uint32_t stream_id, generation;
	bool completed, failed;    /* of the section; with the stream of its RTP */
	struct addr local, remote; /* the pair nominated last; ADDR_NONE: none, or it is lost */
	int64_t at_us;             /* when that was told (monotonic) */
};

struct call {
	struct call_table *table;
	struct str id;          /* owned */
	struct log_context log; /* borrows id; `debug` in it may be changed at any time */
	struct model *model;    /* committed version; NULL until the first commit */
	struct session *session;
	struct event_ring events; /* what has happened to it */
	int64_t created_wall_us, created_mono_us;
	struct addr created_from; /* who asked for it */
	unsigned worker;          /* index in the table's */
	GArray *watches;          /* dtmf_trigger.c: of what parties dial; NULL: none yet */
	GArray *ice_found;        /* struct ice_found, one per stream; NULL: none yet */
	bool piercing;            /* some peer has to be sent empty packets to */
	bool playing;             /* something is played to somebody, or was until lately */
	int64_t look_at_us; /* monotonic: it cannot be over before; 0: look. Every commit resets it */
};

/*
 * `workers`, `interfaces`, `settings` are borrowed and must outlive the table; `control` is
 * where sessions answer to.
 */
struct call_table *call_table_new(struct media_worker *const *workers, unsigned worker_count,
	struct mailbox *control, struct iface_table *interfaces,
	const struct call_settings *settings);
/*
 * table_tick.c: ends all calls silently first; their sessions' answers must be run by the caller
 * after.
 */
void call_table_free(struct call_table *table);
const struct call_settings *call_table_settings(const struct call_table *table);
struct iface_table *call_table_interfaces(const struct call_table *table);
/*
 * Our certificate: made by the first call, and by call_table_tick when it is old. Without one there
 * is no DTLS. 0, or -errno and `err`: it is as it was.
 */
int call_table_renew_cert(struct call_table *table, struct err *err);
struct dtls_cert *call_table_cert(const struct call_table *table); /* NULL: none */
/* 12 hex digits, random per start (loop-protect). */
const char *call_table_instance(const struct call_table *table);
/* The latest sample of how busy the machine is; all 0 before the first. */
void call_table_set_load(struct call_table *table, const struct load *load);
const struct load *call_table_load(const struct call_table *table);
unsigned call_table_count(const struct call_table *table);
struct call *call_table_find(const struct call_table *table, struct str id);
struct call *call_table_find_session(const struct call_table *table, uint64_t session_id);
/* Calls `fn` for each, until it returns false; it must not end calls. */
void call_table_each(const struct call_table *table, bool (*fn)(struct call *, void *), void *arg);
/* table_tick.c: once a second or so: deletions that are due, timeouts (spec NG 5.8, daemon 6.2). */
void call_table_tick(struct call_table *table);
/* Settings have changed: deadlines are found anew. */
void call_table_look_again(struct call_table *table);
/*
 * table_tick.c: ends a call, or all of them, at the operator's word (spec daemon 6.3). The number
 * of calls that were ended.
 */
unsigned call_table_terminate(struct call_table *table, struct str id);
unsigned call_table_terminate_all(struct call_table *table);
/* dtmf_log.c: an event that is over, in all places where that is told (spec daemon 2.10). */
void call_tell_dtmf(
	const struct call *call, const struct party *from, const struct media_event *event);
/* table_event.c: what workers report. */
void call_table_event(const struct media_event *event, void *table);
/* rtcp_log.c: RTCP that came, as a line in syslog (spec daemon 2.9). */
void call_table_rtcp(uint64_t session_id, const uint8_t *data, size_t len, void *table);

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
/* To another worker of the table, unless a move is under way already. */
void call_move(struct call *call, unsigned worker);

/* plan.c: how many streams a plan of the model would have; at most PLAN_MAX_STREAMS may be. */
unsigned call_count_streams(const struct model *model);
/* plan.c: the model compiled into a plan, without side effects. */
struct plan *call_compile(const struct call *call, const struct model *model);

/* leases.c: the open ports and whose they are. */
struct lease_check {
	unsigned leases;    /* in calls' models; what is used beyond is on its way back */
	unsigned conflicts; /* of these, those that belong to another endpoint: must be 0 */
};

/* Marks the model's ports as the call's; conflicts are counted, and end a debug build. */
void call_claim_leases(const struct call *call);
/* Walks all calls. */
struct lease_check call_table_check_leases(const struct call_table *table);
/* traffic.c: its streams count for the addresses their ports have now. */
void call_claim_traffic(const struct call *call);
/* What passed all local addresses. */
void call_table_traffic(const struct call_table *table, struct traffic_counts *ret);
/* … and one of them; NULL: no call has used it yet. */
const struct traffic *call_table_traffic_at(
	const struct call_table *table, const struct iface_addr *addr);
/* timeout.c: is it over, and why; false: it goes on, until look_at_us at least. */
bool call_timed_out(struct call *call, int64_t now_mono_us, enum reason *ret_reason);
/*
 * ice_found.c: what a worker tells of ICE, of a section of the call's model that has it; false: of
 * credentials that are not in use any more.
 */
bool call_ice_told(struct call *call, struct media *media, const struct media_event *event);
void call_ice_add(struct call *call, const struct ice_found *found);
/* The pair in use of a component (from 1), once ICE is completed; NULL: it is not, or lost it. */
const struct ice_found *call_ice_pair(
	const struct call *call, const struct media *media, unsigned component);
/* What is known of ICE of the section itself; NULL: nothing yet. */
const struct ice_found *call_ice_section(const struct call *call, const struct media *media);
/* When ICE of the section was last at work, as it is while it looks for a way; 0: never. */
int64_t call_ice_active_us(const struct call *call, const struct media *media, int64_t now_us);
/* tally.c: what it adds to the statistics. */
void call_tally(const struct call *call);
/* path.c: is its RTP forwarded by the kernel; where not, why (NULL is fine). */
bool call_stream_in_kernel(const struct call *call, const struct media *media, unsigned component,
	const struct stream_counts *counts, enum reason *ret_why);
/* pierce.c: once a second: to peers that ask for it and have not sent anything yet. */
void call_pierce(struct call *call);
/* cdr.c: the detail record in syslog, if wanted (spec daemon 2.8). */
void call_log_record(const struct call *call, enum reason reason);
/* summary.c: the summary in the log (spec daemon 2.7). */
void call_log_summary(const struct call *call);

/*
 * Snapshot: all that is needed to go on elsewhere (spec daemon 7.1). Restoring leases the same
 * ports of the same interfaces again; 0 and a call that is not published, or -errno.
 */
void call_to_dict(const struct call *call, struct dict *dict, struct value *into);
int call_of_dict(struct call_table *table, const struct value *from, struct call **ret_call,
	struct err *err);

#endif
