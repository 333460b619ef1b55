/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Setting up and deleting calls: offer, answer, delete, many at a time. */
#ifndef CALLS_H
#define CALLS_H
#include "codec.h"
#include "ng.h"
#include "sdp.h"
#include "util.h"

/* Side 0 makes the offer, side 1 answers. */
struct plan {
	const struct codec *codec[2]; /* different ones: the daemon transcodes */
	const char *suite;            /* SDES suite: side 1 speaks RTP/SAVP */
	bool webrtc;                  /* side 0 is a browser */
	bool record;                  /* ask for the call to be recorded */
};

enum { KEY_TEXT = 64 };

struct call {
	char id[40];
	struct {
		int gen_port;                            /* where this side receives */
		int port;                                /* the daemon's port for this side */
		int pt;                                  /* payload type in both directions */
		char tx_key[KEY_TEXT], rx_key[KEY_TEXT]; /* SDES, from our point of view */
	} side[2];
	const struct sdp_browser *browser; /* what side 0 says of itself; NULL: made up */
	struct sdp_info answer;            /* as side 0 has got it */
	int state;
	bool ok;
	void *user;
	/* internal */
	struct signaller *sig;
	void (*done)(struct call *c);
};

enum { REQ_OFFER, REQ_ANSWER, REQ_DELETE, REQ_KINDS };

struct signaller {
	struct ng *ng;
	struct plan plan;
	uint64_t requests, failed, serial;
	struct hist rtt[REQ_KINDS];
	char error[256]; /* the first failure, in words */
};

/* Both call c->done from ng_poll; c->ok says how it went. */
void call_setup(struct signaller *s, struct call *c, void (*done)(struct call *));
void call_delete(struct signaller *s, struct call *c, void (*done)(struct call *));

/* All of them, with at most window outstanding; returns how many went well. */
int calls_setup(struct signaller *s, struct call *c, int n, int window);
int calls_delete(struct signaller *s, struct call *c, int n, int window);
#endif
