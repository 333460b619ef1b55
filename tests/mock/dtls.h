/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two associations and a link between them that loses, doubles and reorders, by the mock clock:
 * OpenSSL is given that as the time of day (gettimeofday stands in mock/dtls.c, so that whoever
 * uses anything of this file has it).
 */
#ifndef MOCK_DTLS_H
#define MOCK_DTLS_H

#include "dtls/dtls.h"

#include <glib.h>

struct dtls_link;

struct dtls_end {
	struct dtls *dtls;
	struct dtls_link *link;
	GQueue inbox; /* GBytes: on their way to it */
	unsigned sent;
	size_t largest; /* datagram that it sent */
};

struct dtls_link {
	struct dtls_end ends[2];
	int64_t now_us;
	unsigned loss_percent, double_percent, swap_percent;
	unsigned lose_at; /* this datagram of all is lost, counted from 1; 0: none */
	unsigned sent;
	GRand *dice;
};

/* Made once for each kind; not to be dropped. */
struct dtls_cert *mock_cert(unsigned number);
struct dtls_cert *mock_cert_rsa(void);
/* The fingerprint of `cert` by `hash`, alone. */
struct fingerprint_set mock_fingerprints(const struct dtls_cert *cert, enum dtls_hash hash);

/* Certificates 0 and 1, each told of the other's, by SHA-256; the first one is the client. */
void dtls_link_open(struct dtls_link *link, unsigned mtu);
void dtls_link_close(struct dtls_link *link);
/* Another association with `cert` at its place, told of nobody. */
void dtls_link_replace(struct dtls_link *link, unsigned end, struct dtls_cert *cert, unsigned mtu);
/* Delivers one datagram to this end; false: none is on its way. */
bool dtls_link_step(struct dtls_link *link, unsigned end);
/* Delivers what is on its way, and what that brings about, until nothing is; no time passes. */
void dtls_link_deliver(struct dtls_link *link);
/* The client begins; time goes on from timer to timer until both have none. */
void dtls_link_run(struct dtls_link *link);
/* Both up, with keys that fit each other. */
void dtls_link_assert_up(struct dtls_link *link);

#endif
