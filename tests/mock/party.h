/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A party outside that speaks ICE, DTLS and SRTP as well as it must for what is behind them to be
 * reached by tests that send at random: it does what it is told, when it is told. Its certificate
 * is mock_cert(1).
 */
#ifndef MOCK_PARTY_H
#define MOCK_PARTY_H

#include <glib.h>

#include "dtls/dtls.h"
#include "network.h"
#include "srtp/srtp.h"

struct mock_party {
	struct addr addr;
	char ufrag[257], password[257]; /* ours, as it was told; "": not */
	struct dtls *dtls;              /* NULL: none */
	struct addr dtls_with;          /* the port of ours */
	GQueue outbox;                  /* GBytes of `dtls` */
	struct srtp_context *out;       /* what it sends under; NULL: plain */
	unsigned transactions;
};

/* What its bodies say. */
enum mock_party_says {
	MOCK_PARTY_SDES = 1,
	MOCK_PARTY_DTLS = 2,
	MOCK_PARTY_ACTIVE = 4, /* a=setup:active, else actpass or passive */
	MOCK_PARTY_ICE = 8,
};

void mock_party_open(struct mock_party *party, const struct addr *addr);
void mock_party_close(struct mock_party *party);
/* Lines for a section of its body. `answer`: not actpass. */
void mock_party_print(const struct mock_party *party, unsigned says, bool answer, GString *section);
/* Takes our credentials out of a body that was made for it. */
void mock_party_read(struct mock_party *party, struct str body);
/* Begins an association with a port of ours, whose certificate is `cert`. */
void mock_party_shake(struct mock_party *party, const struct addr *local, enum dtls_role role,
	struct dtls_cert *cert, int64_t now_us);
/* Sends what it has to say in its handshake, one datagram; false: nothing. */
bool mock_party_say(struct mock_party *party);
/* A check to a port of ours. */
void mock_party_check(
	struct mock_party *party, const struct addr *local, bool controlling, bool nominates);
/* What it got: checks are answered, handshakes go on. */
void mock_party_take(
	struct mock_party *party, const struct mock_datagram *datagram, int64_t now_us);
/* A packet under its key, in place: of SDES as printed, or of its association. The new length. */
size_t mock_party_protect(
	struct mock_party *party, uint8_t *packet, size_t len, size_t room, bool rtcp);

#endif
