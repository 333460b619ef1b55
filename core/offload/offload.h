/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP that something below us forwards, so that its packets never come up here: what is asked of
 * it, what it tells, and who drives it.
 *
 *   target     one local address and what becomes of the RTP that arrives there. Once set it is
 *              never changed: another one takes its place after it is gone
 *   back end   carries that out: the kernel module (kmod.h); a mock in tests. Its functions may
 *              block, so helpers call them, never two at a time
 *   queue      control's side: jobs for helpers in the order in which things were asked for,
 *              counters read once a second, targets kept from expiring
 *
 * What is not all that its target asks for comes up as if there was none. RTCP always does: round
 * trips and scores are made of it here.
 */
#ifndef OFFLOAD_OFFLOAD_H
#define OFFLOAD_OFFLOAD_H

#include "base/helper.h"
#include "base/list.h"
#include "net/addr.h"

#include <glib.h>

enum {
	OFFLOAD_MAX_SINKS = 8,
	OFFLOAD_MAX_SSRCS = 4,
	OFFLOAD_MAX_TYPES = 32,
	OFFLOAD_BATCH = 64, /* targets that a back end is given at a time */
	OFFLOAD_REFRESH_US = 5 * 1000 * 1000,
	OFFLOAD_EXPIRE_US = 35 * 1000 * 1000, /* so long after a refresh nothing is forwarded */
	OFFLOAD_READ_TRIES = 3,               /* that fail: all is taken back */
	OFFLOAD_REMOVE_TRIES = 3,             /* ticks; then they are let expire */
};

/* Who gets what arrives. */
struct offload_sink {
	struct addr local, peer; /* sent from, sent to; of one family */
	uint8_t tos;             /* or traffic class, of what is sent */
};

/* A payload type that is forwarded. */
struct offload_type {
	uint8_t number;
	uint32_t clock_hz; /* 0: not known */
};

struct offload_target {
	struct addr local;
	struct addr source; /* what comes from elsewhere comes up; ADDR_NONE: all is forwarded */
	unsigned sink_count, type_count, ssrc_count;
	struct offload_sink sinks[OFFLOAD_MAX_SINKS];
	struct offload_type types[OFFLOAD_MAX_TYPES];
	uint32_t ssrcs[OFFLOAD_MAX_SSRCS];
};

/* How the RTP of an SSRC arrived since the target was set; all are totals. */
struct offload_ssrc_counts {
	bool started; /* a packet has come: the rest means something */
	bool transit_known;
	uint8_t last_type;
	uint16_t last_seq;
	uint32_t last_timestamp;
	uint64_t packets, bytes; /* bytes are UDP payload */
	int64_t last_us;         /* monotonic */
	/* As in RFC 3550, A.1 and A.8; `missing`: bit n: highest - 1 - n has not come. */
	uint32_t first, highest, missing;
	uint32_t transit, jitter, ticks; /* jitter 16 times; ticks a microsecond, times 2^32 */
	uint32_t lost, duplicates, skips, resets, reordered;
};

struct offload_sink_counts {
	uint64_t packets, bytes, unsent;
};

/* Of one target, since it was set. */
struct offload_counts {
	uint64_t id;                                         /* of its item */
	uint64_t packets, bytes;                             /* forwarded */
	int64_t last_us;                                     /* monotonic; 0: nothing yet */
	struct offload_sink_counts sinks[OFFLOAD_MAX_SINKS]; /* in the target's order */
	struct offload_ssrc_counts ssrcs[OFFLOAD_MAX_SSRCS]; /* likewise */
};

/* A target and where it stands. Embedded in its owner's; zeroed, with `target` filled in. */
struct offload_item {
	struct offload_target target; /* not changed any more */
	/* The queue's. [control] */
	uint64_t id; /* never used again */
	bool is_set;
	bool seen; /* in the latest reading */
	struct list link;
};

/*
 * What carries targets out. All may block. 0 or -errno; -ESTALE: all targets are gone, others can
 * be set. Targets that are not refreshed for OFFLOAD_EXPIRE_US go by themselves. [helper]
 */
struct offload_backend {
	const char *name;
	/* Each by itself: ret_errors[i] is 0 or -errno. At most OFFLOAD_BATCH. */
	void (*set)(
		void *handle, struct offload_item *const *items, unsigned count, int *ret_errors);
	/*
	 * When it returns 0, -ENOENT, or -ENOBUFS (some counters did not get here), nothing is
	 * forwarded by them any more. ret_counts[i].id is that of the item, or 0 where it was not
	 * there; if it is that of the item, that is gone whatever is returned.
	 */
	int (*remove)(void *handle, struct offload_item *const *items, unsigned count,
		struct offload_counts *ret_counts);
	/* Appends a struct offload_counts of each target there is. */
	int (*read)(void *handle, GArray *counts);
	/* They live on for a while. */
	int (*refresh)(void *handle);
	void (*close)(void *handle); /* targets go. [main] */
};

/* Do both ask for the same, but for SSRCs? / The same SSRCs, in that order? [any] */
bool offload_target_equal(const struct offload_target *a, const struct offload_target *b);
bool offload_ssrcs_equal(const struct offload_target *a, const struct offload_target *b);

enum offload_what {
	OFFLOAD_SET,     /* it forwards */
	OFFLOAD_REFUSED, /* by `error`; it is to be removed all the same */
	OFFLOAD_COUNTS,  /* that is what it has forwarded by now */
	OFFLOAD_LOST,    /* -ESTALE: gone by itself; else unread, it may forward; to be removed */
	OFFLOAD_GONE,    /* removed: the item is its owner's again, nothing more is told of it */
};

struct offload_news {
	enum offload_what what;
	struct offload_item *item;
	int error;
	bool has_counts;              /* COUNTS; GONE, unless it was never set, lost, or unread */
	struct offload_counts counts; /* up to now */
	int64_t read_us;              /* not older than this (monotonic); of LOST: 0 */
};

/* All that a job has brought, in order. `news` holds struct offload_news; taken. [control] */
typedef void (*offload_news_fn)(GArray *news, void *arg);

struct offload;

/*
 * Takes `handle`, closed by offload_free. `helpers` NULL: jobs are done at once, for tests; they
 * should be its own, so that other work does not delay what is to be taken back.
 * Everything that follows is [control].
 */
struct offload *offload_new(const struct offload_backend *backend, void *handle,
	struct helper_pool *helpers, offload_news_fn on_news, void *arg);
/* No item is left. NULL is fine. [main] */
void offload_free(struct offload *offload);
const char *offload_name(const struct offload *offload);
/* Carried out in the order of these calls. The item is the queue's until it is GONE. */
void offload_add(struct offload *offload, struct offload_item *item);
void offload_remove(struct offload *offload, struct offload_item *item);
/* Once a second: counters are read, targets kept alive. */
void offload_tick(struct offload *offload, int64_t now_us);
/* Targets that are set. */
unsigned offload_count(const struct offload *offload);

#endif
