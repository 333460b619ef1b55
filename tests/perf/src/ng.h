/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NG protocol client over UDP: cookies, retransmission, many requests outstanding. */
#ifndef NG_H
#define NG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ng;
/* reply is NULL when the request got no answer; rtt_ns counts from the first send. */
typedef void ng_reply_fn(void *arg, const char *reply, size_t len, uint64_t rtt_ns);

struct ng *ng_open(const char *ip, int port, int max_outstanding);
void ng_close(struct ng *ng);
int ng_fd(const struct ng *ng); /* readable: ng_poll has something to do */
/* Sends a bencoded dictionary; the callback comes from ng_poll. */
void ng_send(struct ng *ng, const char *msg, size_t len, ng_reply_fn *cb, void *arg);
void ng_poll(struct ng *ng);                 /* never blocks */
void ng_wait(struct ng *ng, int timeout_ms); /* blocks for a reply, then polls */
int ng_outstanding(const struct ng *ng);
uint64_t ng_retransmits(const struct ng *ng);
/* Blocking request; returns the reply's length (copied to out), 0 when none came. */
size_t ng_call(struct ng *ng, const char *msg, size_t len, char *out, size_t cap);
bool ng_result_is(const char *reply, size_t len, const char *want);
#endif
