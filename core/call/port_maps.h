/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which local ports a section gets (spec NG 5.5, media 8.1). [control] */
#ifndef CALL_PORT_MAPS_H
#define CALL_PORT_MAPS_H

#include "base/err.h"
#include "call/model.h"

struct port_request {
	struct addr key; /* the other party's RTP endpoint; ADDR_NONE: not known */
	const struct iface *iface;
	enum addr_family family;
	unsigned count; /* 1, or 2 per pair */
	bool latch;     /* keep what is there, even when the key changed */
};

/*
 * Points media->ports to a map that answers the request: the one in use, an earlier one for
 * the same endpoint, the one that waits for its endpoint, or new ports. 0 or -errno with "Ran
 * out of ports" or what else was the matter.
 */
int media_take_ports(struct model *model, struct media *media, const struct port_request *request,
	struct err *err);
/* Gives up all of them: another section carries this one. */
void media_give_ports(struct media *media);
/* rtcp-mux was agreed: the RTCP port of the map in use is given back. */
void media_give_rtcp_port(struct media *media);

#endif
