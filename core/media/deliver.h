/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To all sinks of a stream, as it is. */
#ifndef MEDIA_DELIVER_H
#define MEDIA_DELIVER_H

#include "media/packet.h"

/* In line wherever it is called from: that is every packet, and some again. */
__attribute__((always_inline)) static inline void media_deliver_plain(struct packet *packet)
{
	bool rtcp = packet->kind == DATAGRAM_RTCP;
	struct stream **sinks = rtcp ? packet->in->rtcp_sinks : packet->in->rtp_sinks;
	unsigned count = rtcp ? packet->in->rtcp_sink_count : packet->in->rtp_sink_count;

	if (!count) {
		media_drop(packet, REASON_NO_SINK);
		return;
	}
	for (unsigned i = 0; i + 1 < count; i++) {
		struct packet copy = *packet;

		copy.buf = media_copy(packet->buf);
		if (copy.buf)
			media_send(&copy, sinks[i]);
	}
	media_send(packet, sinks[count - 1]);
}

#endif
