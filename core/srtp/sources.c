/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sources of a context: a few places, of which the longest unused one is given away. */
#include "srtp/srtp_priv.h"

#include <errno.h>

#include <glib.h>

struct srtp_source *srtp_source_find(struct srtp_sources *sources, uint32_t ssrc)
{
	struct srtp_source *s = &sources->all[sources->last];

	if (s->state.ssrc == ssrc && s->used)
		return s;
	for (s = sources->all; s < sources->all + SRTP_MAX_SSRCS; s++)
		if (s->state.ssrc == ssrc && s->used)
			return s;
	return NULL;
}

struct srtp_source *srtp_source_add(
	struct srtp_sources *sources, uint32_t ssrc, bool *ret_evicted, uint32_t *ret_gone)
{
	struct srtp_source *place = sources->all;
	bool evicted;

	for (struct srtp_source *s = sources->all; s < sources->all + SRTP_MAX_SSRCS; s++)
		if (s->used < place->used)
			place = s;
	evicted = place->used > 0;
	sources->evicted += evicted;
	if (ret_evicted)
		*ret_evicted = evicted;
	if (ret_gone && evicted)
		*ret_gone = place->state.ssrc;
	if (evicted)
		sources->gone_rtcp_index = MAX(sources->gone_rtcp_index, place->state.rtcp_index);
	*place = (struct srtp_source){
		.state.ssrc = ssrc,
		.state.rtcp_index = sources->gone_rtcp_index,
	};
	srtp_source_used(sources, place);
	return place;
}

/* The one used last of those used before `limit`, or NULL. */
static const struct srtp_source *used_before(const struct srtp_sources *sources, uint64_t limit)
{
	const struct srtp_source *found = NULL;

	for (const struct srtp_source *s = sources->all; s < sources->all + SRTP_MAX_SSRCS; s++)
		if (s->used && s->used < limit && (!found || s->used > found->used))
			found = s;
	return found;
}

unsigned srtp_sources_export(
	const struct srtp_sources *sources, struct srtp_ssrc_state *states, unsigned room)
{
	const struct srtp_source *s = used_before(sources, UINT64_MAX);
	unsigned n = 0;

	for (; s && n < room; s = used_before(sources, s->used))
		states[n++] = s->state;
	return n;
}

static bool is_possible(const struct srtp_ssrc_state *states, unsigned i)
{
	const unsigned known = SRTP_SSRC_RTP | SRTP_SSRC_RTCP;

	/* One more than the last index: a key that is used up. */
	if (states[i].flags & ~known || states[i].rtcp_index > MAX_RTCP_INDEX + 1)
		return false;
	for (unsigned k = 0; k < i; k++)
		if (states[k].ssrc == states[i].ssrc)
			return false;
	return true;
}

int srtp_sources_import(
	struct srtp_sources *sources, const struct srtp_ssrc_state *states, unsigned count)
{
	count = MIN(count, SRTP_MAX_SSRCS);
	for (unsigned i = 0; i < count; i++)
		if (!is_possible(states, i))
			return -EINVAL;
	memset(sources->all, 0, sizeof(sources->all));
	for (unsigned i = count; i-- > 0;) {
		sources->all[i] = (struct srtp_source){ .state = states[i], .imported = true };
		srtp_source_used(sources, &sources->all[i]);
	}
	return 0;
}
