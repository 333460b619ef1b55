/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parties' RTCP says of how they receive each other. A session has a record per SSRC
 * that sent reports; nothing of it exists before the first report, so calls without RTCP pay
 * nothing. Made and written by the worker that has the session, under a sequence counter, copied
 * by readers, freed by control with the session.
 */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	QUALITY_SSRC_MAX = 16,  /* per session; beyond, the one silent for longest is forgotten */
	QUALITY_SENT_MAX = 10,  /* reports remembered per SSRC, for round trips */
	QUALITY_STEPS_MAX = 16, /* of the progression */
};

/* One report, as told by the SSRC it is kept under. */
struct quality_block {
	int64_t at_us;       /* monotonic */
	uint32_t rtt_us;     /* end to end; 0: not known */
	uint32_t leg_rtt_us; /* between us and who reports; 0: not known */
	uint16_t jitter_ms;
	uint8_t loss_percent;
	uint8_t mos; /* times ten; 0: not computable, as the round trip is not known */
};

/* Something that reports tell, over all those that do. */
struct quality_total {
	uint64_t samples, sum, sum_of_squares;
};

/* What readers get. */
struct quality_counts {
	uint32_t ssrc;
	int32_t lost;     /* packets, in all, as its latest block tells */
	uint32_t samples; /* blocks with a MOS: only these are in the sums */
	uint32_t unrated; /* blocks without */
	uint64_t sum_mos, sum_rtt_us, sum_leg_rtt_us, sum_jitter_ms, sum_loss_percent;
	/* The same of their squares. */
	uint64_t square_mos, square_rtt_us, square_leg_rtt_us, square_jitter_ms,
		square_loss_percent;
	/* Of all blocks, with a MOS or without; round trips only where known. */
	struct quality_total all_jitter_ms, all_loss_percent, all_leg_rtt_us;
	struct quality_block lowest, highest; /* by MOS */
	/* At most one rated block per interval, which doubles when there is no more room. */
	uint32_t interval_s, steps;
	struct quality_block step[QUALITY_STEPS_MAX];
};

/* When reports left that answers refer to: middle bits of their NTP time, when we had them. */
struct quality_sent {
	int64_t at_us[QUALITY_SENT_MAX]; /* 0: none */
	uint32_t ntp_mid[QUALITY_SENT_MAX];
	unsigned next;
};

struct ssrc_quality {
	struct quality_counts counts;
	/* For the worker alone. */
	int64_t last_us; /* anything of or about it */
	int64_t last_block_us;
	uint32_t last_rtt_us; /* as the other leg's latest answer to it showed; 0: none */
	uint32_t voip_rtt_us; /* end to end, if it told (XR VoIP metrics); 0: did not */
	struct quality_sent sr, rrtr;
	struct quality_sent own; /* sender reports about it that we made */
};

struct session_quality {
	atomic_uint seq;                                       /* odd while being written */
	_Atomic(struct ssrc_quality *) ssrc[QUALITY_SSRC_MAX]; /* set once, in order */
};

/* NULL is fine. [control] */
void quality_free(struct session_quality *quality);
/* A copy of the record at `index`; false beyond the last, or when `quality` is NULL. [any] */
bool quality_read(
	const struct session_quality *quality, unsigned index, struct quality_counts *ret);

#endif
