/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a transcoder from beside its packets' way. */
#include "media/transcoder.h"

#include "media/transcoder_priv.h"

bool transcoder_source(const struct transcoder *t, uint32_t *ret_ssrc)
{
	*ret_ssrc = t->ssrc;
	return t->has_ssrc;
}

void transcoder_obey(struct transcoder *t, const struct codec *codec, int request)
{
	for (unsigned i = 0; i < t->plan->encoder_count; i++)
		if (t->encoders[i].state && t->plan->encoders[i].codec == codec &&
			t->encoders[i].ops->obey)
			t->encoders[i].ops->obey(t->encoders[i].state, request);
}

void transcoder_loss(struct transcoder *t, unsigned percent)
{
	for (unsigned i = 0; i < t->plan->encoder_count; i++)
		if (t->encoders[i].state && t->encoders[i].ops->loss)
			t->encoders[i].ops->loss(t->encoders[i].state, percent);
}
