/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes to attributes that a client asked for (spec NG 3.8, sdp-attr): text only, done while
 * the body is written. [any]
 */
#ifndef SDP_EDIT_H
#define SDP_EDIT_H

#include "api/dict.h"
#include "sdp/sdp.h"

/* For one kind of section. Lists as of api/dict.h, NULL for nothing; borrowed. */
struct sdp_edit {
	const struct value *add;        /* texts without "a=" */
	const struct value *remove;     /* what is matched */
	const struct value *substitute; /* lists of two: what is matched, text instead */
};

enum sdp_edit_section {
	SDP_EDIT_SESSION,
	SDP_EDIT_AUDIO, /* and so on as in enum sdp_media_type, but for SDP_OTHER */
	SDP_EDIT_SECTIONS = SDP_EDIT_AUDIO + SDP_OTHER,
};

/* By section: of the session part, then by media type. */
struct sdp_edits {
	struct sdp_edit section[SDP_EDIT_SECTIONS];
};

/* The edit for media of that type; NULL: none can be asked for. */
static inline const struct sdp_edit *sdp_edit_of(
	const struct sdp_edits *edits, enum sdp_media_type type)
{
	return edits && type < SDP_OTHER ? &edits->section[SDP_EDIT_AUDIO + type] : NULL;
}

/* What becomes of the attribute `text` (all behind "a="). */
enum sdp_edit_result { SDP_EDIT_KEEP, SDP_EDIT_REMOVE, SDP_EDIT_REPLACE };
enum sdp_edit_result sdp_edit_attr(
	const struct sdp_edit *edit, struct str text, struct str *ret_instead);

#endif
