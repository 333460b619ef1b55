/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes from one section to another, of a model: for its plan, and for who explains it. */
#ifndef CALL_CODEC_FLOW_H
#define CALL_CODEC_FLOW_H

#include "call/model.h"
#include "call/negotiate.h"

/* What the two said, where nothing was agreed on; the lists of a flow point into it. */
struct codecs_said {
	struct codec_work from, to;
};

/*
 * False: nothing is to be done to it, or nothing is known of it. `remade`: its audio is made anew
 * whatever was agreed on. [control]
 */
bool codec_flow_find(const struct model *model, const struct media *source,
	const struct media *sink, bool remade, struct codecs_said *said, struct codec_flow *ret);

#endif
