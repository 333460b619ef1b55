/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pieces of the sentences in which a call is explained. What came from outside is bounded, and
 * holds printable ASCII only, whatever it held: it ends up on terminals and in logs. [control]
 */
#ifndef CALL_SENTENCE_H
#define CALL_SENTENCE_H

#include "call/model.h"

#include <glib.h>

enum { SENTENCE_MAX_NAME = 64 }; /* bytes of a name that are shown, as received */

/* 'text', other bytes than printable ASCII as \xNN; what is cut off is shown by "...". */
void sentence_quote(GString *out, struct str text);
/* Whom we speak of; NULL: somebody who is not in the call any more. */
void sentence_party(GString *out, const struct party *party);
/* "0.4 s", "12 s", "3 min 20 s" */
void sentence_time(GString *out, int64_t us);
/* "1 packet", "2 packets" */
void sentence_count(GString *out, uint64_t count, const char *singular);
void sentence_addr(GString *out, const struct addr *addr);
/* Formats as "PCMU/8000 (0), G729/8000 (18)"; "none" without any. */
void sentence_formats(GString *out, const struct sdp_format *formats, unsigned count);
/* What the section's party means by it, as above; "payload type 77" where it did not say. */
void sentence_payload_type(GString *out, const struct media *media, int payload_type);

#endif
