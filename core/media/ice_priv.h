/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section's ICE, for ice.c and ice_pair.c. */
#ifndef MEDIA_ICE_PRIV_H
#define MEDIA_ICE_PRIV_H

#include "base/wheel.h"
#include "media/ice.h"

struct stream_ice {
	struct wheel_timer timer; /* set while the agent waits for time to pass */
	struct ice_agent *agent;
	struct stream *stream; /* of the section's RTP */
};

#endif
