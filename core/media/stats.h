/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream's statistics: one record of fixed size, made by control, written by the one worker
 * that has the stream, copied by readers under a sequence counter. Counted by base/ref: the
 * call's model and the worker's stream set hold it.
 */
#ifndef MEDIA_STATS_H
#define MEDIA_STATS_H

#include "base/list.h"
#include "media/reception.h"
#include "net/addr.h"
#include "stats/reason.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAM_SSRC_MAX = 4 }; /* per stream; beyond, the one seen longest ago is forgotten */

struct ssrc_stats {
	uint32_t ssrc;
	uint32_t last_timestamp;
	uint16_t last_seq;
	uint8_t payload_type; /* of the latest packet */
	bool used;
	uint64_t packets, bytes; /* received; bytes are UDP payload */
	int64_t last_us;         /* monotonic */
	struct reception reception;
};

/* SRTP that none of a stream's keys fits, since one did or they were changed. */
struct wrong_key {
	int64_t since_us, last_us; /* monotonic; 0: there was none */
	struct addr from;          /* the latest of them */
	uint16_t payload_bytes;    /* of its latest RTP packet, whatever was added to that */
	uint8_t payload_type;
	bool plain_rtcp; /* there was RTCP whose form is all right without decryption */
	bool former;     /* the key from before the latest change fits */
	uint32_t packets;
};

/* What every packet counts comes first. */
struct stream_counts {
	uint64_t packets_in, bytes_in;
	int64_t last_in_us; /* monotonic; 0: nothing yet */
	uint64_t packets_out, bytes_out;
	struct ssrc_stats ssrc[STREAM_SSRC_MAX];
	uint64_t errors_in;
	struct addr peer;   /* where packets are sent now; ADDR_NONE: nowhere */
	bool seen;          /* a packet of it has come since it was signalled last */
	bool at_peer;       /* … and comes from `peer` */
	bool confirmed;     /* … and learning is over */
	uint8_t dtls_suite; /* whose keys DTLS gave, from 1: enum srtp_suite_id + 1; 0: none */
	uint32_t ssrcs_forgotten;
	struct sequence_counts forgotten; /* theirs */
	/* What came in on it, or was to leave by it, and was dropped. */
	uint32_t drops[REASON_DROPS + REASON_DROPS % 2];
	int64_t dropped_us;       /* the latest of them: monotonic; 0: none */
	struct addr dropped_from; /* where it came from */
	uint8_t dropped_reason;
	uint8_t dtls_state; /* of its latest association: enum dtls_state + 1; 0: not begun */
	uint8_t dtls_reason; /* why one failed last: enum reason; 0: none did since it was asked for */
	struct wrong_key wrong_key;
	/* Of what came in, what was forwarded below us (offload.h); the latest of either kind. */
	uint64_t kernel_packets, kernel_bytes;
	int64_t last_kernel_us, last_user_us; /* monotonic; the second counts once the first does */
	bool in_kernel;                       /* RTP is forwarded there now */
	uint8_t path_why; /* why it is not: enum reason + 1; 0: not looked at yet */
	uint8_t path_reserved[6];
	int64_t known_us;  /* monotonic; while in_kernel: what came until then is counted */
	int64_t missed_us; /* until then some may have come that never will be; 0: none */
};

/* When the latest packet came up to us; 0: none did. */
static inline int64_t stream_counts_last_user_us(const struct stream_counts *counts)
{
	return counts->last_in_us > counts->last_kernel_us ? counts->last_in_us
							   : counts->last_user_us;
}

/* SSRCs of our own that were sent to the stream's peer, each in place of a source's. */
struct sent_counts {
	struct ssrc_stats ssrc[STREAM_SSRC_MAX]; /* what is sent has no reception */
	uint32_t in[STREAM_SSRC_MAX];
};

struct traffic;

struct stream_stats {
	atomic_uint seq; /* odd while being written */
	struct stream_counts counts;
	struct sent_counts *sent; /* owned; NULL: never was anything transcoded for it */
	/* Control's, for traffic.c. */
	struct traffic *traffic; /* of its local address; a reference, NULL: of none yet */
	struct list of_traffic;
};

/* One reference. [control] */
struct stream_stats *stream_stats_new(void);
/*
 * A consistent copy of `bytes` (whole words of 8) that are written under `seq`. [any]
 */
void stats_copy(const atomic_uint *seq, void *to, const void *from, size_t bytes);
/* A consistent copy; never waits for more than a few retries of a running writer. [any] */
void stream_stats_read(const struct stream_stats *stats, struct stream_counts *ret);

/* Makes room for sent SSRCs, before a worker is told to send any. [control] */
void stream_stats_make_sent(struct stream_stats *stats);
/* As stream_stats_read; false: there never was such a thing. [control] */
bool stream_stats_read_sent(const struct stream_stats *stats, struct sent_counts *ret);

/* An RTP packet, what was made of it, and for whom: for stream_stats_sent. */
struct sent_packet {
	uint32_t in, out; /* SSRCs */
	uint32_t timestamp, bytes;
	uint16_t seq;
	uint8_t payload_type;
	int64_t now_us;
};

/* Counts it, where there is room for sent SSRCs. [media: the worker that has the stream] */
void stream_stats_sent(struct stream_stats *stats, const struct sent_packet *packet);

/* Payload type of the RTP that came last; -1: none did. */
int stream_counts_latest_type(const struct stream_counts *counts);
/* Packets that were to leave by it and did not, because of an error. */
uint64_t stream_counts_errors_out(const struct stream_counts *counts);
/* Of all its SSRCs, also of those that made room. */
struct sequence_counts stream_counts_sequence(const struct stream_counts *counts);

/* Is RTP of it forwarded by the kernel now? [any] */
static inline bool stream_stats_in_kernel(const struct stream_stats *stats)
{
	return __atomic_load_n(&stats->counts.in_kernel, __ATOMIC_RELAXED);
}

/*
 * Since when it has been silent, as far as is known at `now_us`: time in which packets may have
 * come that were not counted (yet) does not count as silence. 0: nothing came yet. [any]
 */
static inline int64_t stream_stats_silent_us(const struct stream_stats *stats, int64_t now_us)
{
	const struct stream_counts *c = &stats->counts;
	int64_t last_us = __atomic_load_n(&c->last_in_us, __ATOMIC_RELAXED);
	int64_t missed_us = __atomic_load_n(&c->missed_us, __ATOMIC_RELAXED);
	int64_t known_us = __atomic_load_n(&c->known_us, __ATOMIC_RELAXED);

	last_us = missed_us > last_us ? missed_us : last_us;
	if (!stream_stats_in_kernel(stats) || now_us <= known_us)
		return last_us;
	return last_us + (now_us - known_us);
}

/* That one number, without the rest. [any] */
static inline int64_t stream_stats_last_in_us(const struct stream_stats *stats)
{
	return __atomic_load_n(&stats->counts.last_in_us, __ATOMIC_RELAXED);
}

/*
 * ThreadSanitizer knows no fences; under it the reader is left out (stats_read.c), so none is needed.
 */
static inline void stream_stats_fence(memory_order order)
{
#if defined(__SANITIZE_THREAD__)
	(void)order;
#else
	atomic_thread_fence(order);
#endif
}

/* Around changes of what `seq` stands for. [media: the worker that has it] */
static inline void stats_begin(atomic_uint *seq)
{
	unsigned n = atomic_load_explicit(seq, memory_order_relaxed);

	atomic_store_explicit(seq, n + 1, memory_order_relaxed);
	stream_stats_fence(memory_order_release);
}

static inline void stats_end(atomic_uint *seq)
{
	unsigned n = atomic_load_explicit(seq, memory_order_relaxed);

	atomic_store_explicit(seq, n + 1, memory_order_release);
}

/* Around changes of `counts`. [media: the worker that has the stream] */
static inline void stream_stats_begin(struct stream_stats *stats)
{
	stats_begin(&stats->seq);
}

static inline void stream_stats_end(struct stream_stats *stats)
{
	stats_end(&stats->seq);
}

#endif
