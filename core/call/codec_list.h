/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs of one side of an exchange with what was decided about each, and what an offer and its
 * answer made of two such lists. Plain values; the memory is a model's arena. [control]
 */
#ifndef CALL_CODEC_LIST_H
#define CALL_CODEC_LIST_H

#include "base/arena.h"
#include "codec/format.h"
#include "sdp/sdp.h"

enum codec_mark {
	ENTRY_FOR_TRANSCODING = 1, /* there only because we decode and encode it */
	ENTRY_ACCEPTED = 2,        /* goes before all others towards its party */
	ENTRY_STRIPPED = 4,        /* not shown to the other party; decoded only in need */
	ENTRY_MASKED = 8,          /* not shown to the other party; decoded when that helps */
	ENTRY_IGNORED = 16,        /* as if it had not been offered */
	ENTRY_GONE_BY_ALL = 32,    /* not shown because of "all", not because it was named */
	ENTRY_TOUCHED = 64,        /* put into the list by an edit */
};

struct codec_entry {
	struct sdp_format format;
	unsigned marks;     /* enum codec_mark */
	uint16_t ptime_ms;  /* asked for by a specification; 0: not */
	uint32_t bitrate;   /* likewise */
	struct str options; /* likewise */
};

struct codec_list {
	struct codec_entry *entries;
	unsigned count;
};

/*
 * Between a re-offer and its answer: what both go on with, as it was agreed on before, and what of
 * the new comes early. All empty when nothing had been.
 */
struct codec_interim {
	struct codec_list sent;     /* by the offerer */
	struct codec_list returned; /* by the one offered to */
	struct codec_list taken;    /* by the offerer; by the other: `answered` */
};

/*
 * Of two sections whose codecs are not simply those of the bodies: kept by the one that was
 * offered to (struct media), whatever other branches of the offerer were offered.
 */
struct codec_agreement {
	unsigned offerer;           /* number of the party */
	bool settled;               /* an answer has come */
	bool as_is;                 /* its codecs were none of those offered: all passes */
	bool force;                 /* force-transcoding */
	bool asymmetric;            /* payload types of one codec may differ between the sides */
	struct codec_list said;     /* of the offerer */
	struct codec_list shown;    /* to the one offered to */
	struct codec_list answered; /* by it; before it answers: what it is known to take */
	struct codec_list answer;   /* shown to the offerer */
	/* Of `answered`, what was offered under other numbers: under those, which it may send, too. */
	struct codec_list heard;
	/* Of `answer`, what the offerer has under other numbers: likewise; if `asymmetric`. */
	struct codec_list own;
	struct codec_interim interim; /* until it is settled */
};

/* Texts included; what `from` points to is not kept. */
struct codec_list codec_list_copy(struct arena *arena, struct codec_list from);
struct codec_agreement *codec_agreement_copy(
	struct arena *arena, const struct codec_agreement *from);

/* A list that is being worked on. */
struct codec_work {
	struct codec_entry entries[SDP_MAX_FORMATS];
	unsigned count;
};

void codec_work_take(struct codec_work *w, const struct sdp_format *formats, unsigned count);
void codec_work_take_list(struct codec_work *w, struct codec_list list);
struct codec_list codec_work_list(struct codec_work *w); /* borrows */
/* At that place; false: no room. */
bool codec_work_insert(struct codec_work *w, unsigned at, const struct codec_entry *entry);

/* Of a codec that is part of others' company: telephone-event and its kind. */
bool format_is_supplemental(const struct sdp_format *f);
/* Name, clock and channels agree. */
bool format_is_same_codec(const struct sdp_format *a, const struct sdp_format *b);
struct codec_params format_params(const struct sdp_format *f);
/* Parameters count as the codec has it. */
enum codec_match format_match(const struct sdp_format *a, const struct sdp_format *b);
/* The same number, and can it mean the same (codec_fits)? Without a name the number does. */
bool format_is_same_type(const struct sdp_format *a, const struct sdp_format *b);
/* NAME, NAME/CLOCK (with one channel), NAME/CLOCK/CHANNELS (spec NG 3.6.2), or its number. */
bool format_is_named(const struct sdp_format *f, struct str name);
/* Both directions of it can be had, with its parameters. */
bool format_is_usable(const struct sdp_format *f);

/* Can one be made of the other: both directions of both, and a resampler if that takes one? */
bool codec_entry_reaches(const struct codec_entry *from, const struct codec_entry *to);
/* By format_is_same_type; NULL. */
struct codec_entry *codec_list_find(struct codec_list list, const struct sdp_format *f);

#endif
