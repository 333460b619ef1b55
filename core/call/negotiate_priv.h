/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files about codecs: a list of them being edited. [control] */
#ifndef CALL_NEGOTIATE_PRIV_H
#define CALL_NEGOTIATE_PRIV_H

#include "call/negotiate.h"

bool codecs_have(const struct codec_work *w, const struct sdp_format *f);
bool codecs_have_type(const struct codec_work *w, unsigned payload_type);
/* Is there a codec that does not go along with others? */
bool codecs_have_audio(const struct codec_work *w);
/*
 * Is there nothing left of a list: no codec, or, where there was audio in it, only what goes along with
 * others?
 */
bool codecs_are_gone(const struct codec_work *w, bool had_audio);
/* Is there a codec of that clock, one that does not go along with others? */
bool codecs_have_clock(const struct codec_work *w, uint32_t clock_hz);
/* Where they begin; the list's length when there is none. */
unsigned codecs_first_supplemental(const struct codec_work *w);
unsigned codecs_first_event(const struct codec_work *w);

/* Does the list name it, rather than say "all" or "full"? */
bool negotiate_names(const struct value *list, const struct sdp_format *f);
/* Each tells whether it changed anything. */
bool codecs_strip(struct codec_work *w, const struct value *list, const struct value *except);
/*
 * A codec of the sender, unless its number is taken: in front of the first supplemental one, if it
 * is none itself.
 */
bool codecs_put_back(struct codec_work *w, const struct codec_entry *e);
/* What `list` names of `said`, in the order of the list. */
bool codecs_offer_again(struct codec_work *w, const struct value *list, struct codec_work *said);
/*
 * Without those that went along with what is gone, by their clock, or by the number of what they
 * repeat; what never had any is the sender's affair. Alone they may be all there is to a section.
 */
void codecs_drop_lonely(struct codec_work *w, const struct codec_work *said);

/*
 * negotiate_said.c: the sender's codecs, marked and set as the options say; what those cannot do is
 * told in the offer's warnings.
 */
void negotiate_take_said(struct codec_work *said, const struct codec_offer *offer);
/* "codec 'NAME' WHAT: WHY", if the offer takes warnings. */
void negotiate_warn(
	const struct codec_offer *offer, struct str name, const char *what, const char *why);
/* A bit rate that its encoder cannot send at is as good as none. */
void negotiate_check_bitrate(const struct codec_offer *offer, struct codec_spec *spec);

/* choose_codec.c: was the sink answered this, if it was answered anything at all? */
bool codec_flow_told(const struct codec_flow *flow, const struct codec_entry *e);

/* negotiate_interim.c: what goes on until the offer is answered, into `a`, whose lists are made. */
void negotiate_interim(
	struct arena *arena, const struct codec_offer *offer, struct codec_agreement *a);
/* Is any of what was agreed on before changed on its way, and is until the answer? */
bool negotiate_has_interim(const struct codec_offer *offer);

#endif
