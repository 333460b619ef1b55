/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The media engine: sends RTP for many legs at an even pace and checks what comes back.
 *
 * All legs of one side share a few sockets; the daemon's port tells which leg a packet
 * belongs to. One thread does everything. Each leg has a place in a 20 ms wheel of short
 * ticks, so packets are spread evenly and every leg is sparse, as in real life. */
#ifndef MEDIA_H
#define MEDIA_H
#include "calls.h"
#include "sdes.h"

enum { GEN_SOCKETS_MAX = 16, CAPTURE_PACKETS = 110 };

struct capture { /* received payloads kept for a look afterwards */
	int n;
	struct {
		uint16_t len;
		uint8_t data[PAYLOAD_MAX];
	} p[CAPTURE_PACKETS];
};

enum { TIMING_PACKETS = 1000 };

struct timing { /* when packets came, less when their timestamps say, after the first */
	int n;
	uint64_t first_at;
	uint32_t first_ts;
	float off_us[TIMING_PACKETS];
};

struct leg {
	struct leg *peer;
	const struct codec *codec;
	const struct clip *clip; /* encoded audio to loop; NULL: numbered test packets */
	int variant;
	uint32_t id, ssrc, ts, sent;
	uint16_t port, seq; /* port: the daemon's */
	uint8_t side, sock, pt;
	uint16_t slot;
	struct sdes *tx, *rx;    /* NULL: plain RTP */
	uint64_t last_tx;        /* CLOCK_REALTIME ns */
	uint32_t tx_win, rx_win; /* in the measured window */
	/* receiving */
	bool started;
	uint32_t top, in_ssrc, in_ts;
	uint16_t in_seq;
	uint64_t seen; /* bit i: packet top - i has come */
	struct capture *cap;
	struct timing *timing; /* NULL: not wanted */
};

struct media {
	int nsock, fd[2][GEN_SOCKETS_MAX], port[2][GEN_SOCKETS_MAX];
	struct leg *by_port[65536];
	int nlegs, nslots;
	struct slot {
		struct leg **leg;
		int n, cap;
	} * slot;
	uint64_t tick_ns, next_tick;
	unsigned cursor;
	int window; /* 0: warming up; packets carry it */
	bool capture;
	/* the measured window */
	uint64_t tx, rx;
	uint64_t rx_bytes[2]; /* payload, by side; audio only */
	uint64_t duplicate, reordered, corrupt, header_bad, unknown, auth_failed;
	uint64_t overflow, tx_errors, skipped; /* our own faults */
	uint32_t drops[2 * GEN_SOCKETS_MAX];
	struct hist latency, lateness;
	void (*hook)(void *arg); /* called every 2 ms */
	void *hook_arg;
};

void media_open(struct media *m, int sockets, int tick_us, int first_port);
void media_close(struct media *m);
/* Makes both legs of a call that is set up; clips NULL: numbered test packets. */
void media_add(struct media *m, const struct call *c, const struct plan *p,
	const struct clip *const clips[2], int variant, struct leg *out[2]);
void media_remove(struct media *m, struct leg *leg);
void media_run(struct media *m, double seconds);   /* send and receive */
void media_drain(struct media *m, double seconds); /* only receive */
void media_start_window(struct media *m);          /* clears the counters */
/* Why the figures cannot be trusted, or "" */
const char *media_invalid(const struct media *m);
#endif
