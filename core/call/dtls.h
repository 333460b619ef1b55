/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS of a media section (spec NG 4.12): what its party says of it, what it is shown, and the
 * association in use. Only sections that have to do with DTLS have one; it stands in the model's
 * arena and holds references. [control]
 */
#ifndef CALL_DTLS_H
#define CALL_DTLS_H

#include "media/plan.h"
#include "sdp/sdp.h"

struct arena;

enum { DTLS_TLS_ID = 32 /* digits of our own */ };

enum dtls_setup { SETUP_HOLDCONN, SETUP_ACTPASS, SETUP_ACTIVE, SETUP_PASSIVE };

const char *dtls_setup_name(enum dtls_setup setup);

/* What a body says; usable only with both a setup and a fingerprint (count not 0). */
struct dtls_said {
	enum dtls_setup setup;
	struct fingerprint_set fingerprints;
	uint64_t tls_id; /* stands for the text; 0: none */
	uint64_t ice;    /* stands for its credentials of ICE; 0: none */
};

struct section_dtls {
	struct dtls_said said;   /* by its party, in its latest body */
	struct dtls_said agreed; /* what `plan` was made by, if that was answered */
	struct plan_dtls *plan;  /* a reference: the association; NULL: none */
	uint32_t generation;     /* of the latest plan */
	bool answered;           /* plan is agreed on, and not only offered */
	bool passive;            /* of its latest offer: we are to be the server */
	bool sdes_first;         /* of its latest offer: SDES goes before DTLS */
	/* In the latest body for it. */
	bool shown;
	enum dtls_setup setup;
	enum dtls_hash hash;
	bool hides_tls_id;
	char tls_id[DTLS_TLS_ID + 1]; /* of the association */
	struct dtls_cert *cert;       /* a reference: shown, or in use; NULL: none yet */
};

/* A copy in `arena` with references of its own; NULL for NULL. */
struct section_dtls *section_dtls_copy(struct arena *arena, const struct section_dtls *from);
/* Gives up its references; NULL is fine. */
void section_dtls_release(struct section_dtls *dtls);
/* No association any more, and nothing shown. NULL is fine. */
void section_dtls_forget(struct section_dtls *dtls);

/* negotiate_dtls.c: pure decisions. */

/* False: the section does not offer or accept DTLS in a usable way. */
bool negotiate_dtls_said(const struct sdp_media *in, struct dtls_said *ret);
/* Our own role towards who said that. `passive`: rather the server. */
enum dtls_setup negotiate_dtls_role(enum dtls_setup said, bool passive);
/*
 * Does what is said now ask for another association than what was agreed on? `named`: ours has a
 * tls-id that its party was shown; where neither has one, ICE that begins anew takes it along.
 */
bool negotiate_dtls_restarts(
	const struct dtls_said *agreed, const struct dtls_said *now, bool named);

#endif
