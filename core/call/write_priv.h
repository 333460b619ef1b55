/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body being written, between write_sdp.c, write_media.c and write_keys.c. [control] */
#ifndef CALL_WRITE_PRIV_H
#define CALL_WRITE_PRIV_H

#include "call/draft.h"

struct writing {
	struct sdp_writer *w;
	const struct draft *draft;
	struct party *to;
	const struct party *sender; /* whose media `to` gets first */
	const struct call_options *o;
	bool answer;
};

/* Whom a section's contents come from; NULL: nobody sends here. */
static inline const struct media *source_of(const struct media *media)
{
	return media->source_count ? media->sources[0] : NULL;
}

static inline bool is_message(const struct media *media)
{
	return media->type == SDP_MESSAGE;
}

static inline bool is_usable(const struct media *media)
{
	return !media->rejected && (media_ports(media) || is_message(media)) && source_of(media);
}

/* A line of text; nothing for s NULL. */
static inline void write_text(struct writing *wr, char type, struct str text)
{
	if (text.s)
		sdp_write_line(wr->w, "%c=%.*s", type, STR_ARG(text));
}

/* write_media.c: a section, or the two it stands for (spec NG 4.4 to 4.7). */
void write_media(struct writing *wr, const struct media *media);

/* write_keys.c: SDES, DTLS, ICE of a section (spec NG 4.8, 4.11, 4.12). */
void write_crypto(struct writing *wr, const struct media *media);
void write_dtls(struct writing *wr, const struct section_dtls *d);
void write_ice(struct writing *wr, const struct media *media);
/* Ours alone. `passed`: beside the sender's, in this section of its. */
void write_candidates(
	struct writing *wr, const struct media *media, const struct sdp_media *passed);

#endif
