/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A browser's leg of a call: ICE, DTLS-SRTP and audio on a socket of its own, by the agents that
 * the daemon under test is made of. */
#ifndef BROWSER_H
#define BROWSER_H
#include "sdp.h"
#include "util.h"

struct browser;

/* Opens its socket and makes up what its offer says of it. */
struct browser *browser_new(struct sdp_browser *ret_said);
void browser_free(struct browser *b); /* NULL is fine */
int browser_fd(const struct browser *b);
int browser_port(const struct browser *b);
/* The answer has come: checks begin. */
void browser_start(struct browser *b, const struct sdp_info *answer);
/* Takes what has come and does what is due; never blocks. */
void browser_run(struct browser *b);
/* mono_ns of its first audio that was authentic, 0: none yet. */
uint64_t browser_heard_ns(const struct browser *b);
/* What it waits for, or has failed at, in words. */
const char *browser_state(const struct browser *b);
#endif
