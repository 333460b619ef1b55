/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others ask of a section's ICE. */
#include "media/ice_priv.h"

#include "media/stream.h"

static unsigned component_of(const struct stream *stream)
{
	return (unsigned)(stream - stream->rtp_of) + 1;
}

bool media_ice_valid(const struct stream *stream, const union sock *from)
{
	const struct stream_ice *ice = stream->rtp_of->ice;
	struct addr addr = addr_of_sock(from);

	return ice && ice_agent_valid(ice->agent, component_of(stream), &addr);
}

bool media_ice_has_pair(const struct stream *stream)
{
	const struct stream_ice *ice = stream->rtp_of->ice;
	struct ice_event pair;

	return ice && ice_agent_pair(ice->agent, component_of(stream), &pair);
}
