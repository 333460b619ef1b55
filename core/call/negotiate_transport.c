/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles, addresses and rtcp-mux: what both sides said turned into what is done. */
#include "call/negotiate.h"

#include "call/model.h"

#include <errno.h>

struct mux_decision negotiate_mux_offer(
	bool offered, bool established_to, const struct mux_options *o)
{
	struct mux_decision d = { .answer = MUX_FOLLOW };

	if (established_to) {
		d.offer_to = d.single = true;
	} else if (o->offer || o->require) {
		d.offer_to = true;
		d.single = o->require;
	} else {
		d.offer_to = offered && !o->demux;
	}
	if (o->reject)
		d.answer = MUX_REJECT;
	else if (o->demux || o->accept)
		d.answer = MUX_ACCEPT;
	return d;
}

bool negotiate_mux_offered(const struct sdp_media *in)
{
	if (in->rtcp_mux)
		return true;
	if (!in->has_rtcp || in->port_count != 1 || !in->port || in->rtcp.port != in->port)
		return false;
	return !in->rtcp.family || addr_same_ip(&in->rtcp, &in->connection);
}

/*
 * a=rtcp, or the port behind RTP's. Its address is the section's own word when that may use ICE,
 * which finds out by itself (spec NG 3.2).
 */
static struct addr rtcp_endpoint(const struct sdp_media *in, struct addr rtp, bool trust)
{
	if (in->has_rtcp && in->port_count == 1 && in->rtcp.port) {
		if (in->rtcp.family && (trust || in->ice_ufrag.s))
			return in->rtcp;
		return addr_with_port(rtp, in->rtcp.port);
	}
	return rtp.port == UINT16_MAX ? (struct addr){ 0 } : addr_with_port(rtp, rtp.port + 1);
}

struct endpoints negotiate_endpoints(
	const struct sdp_media *in, const struct addr *believed, bool mux)
{
	bool trust = !believed->family;
	struct endpoints e = { 0 };

	e.advertised = addr_with_port(trust ? in->connection : *believed, in->port);
	e.zero_address = in->port && in->has_connection && addr_is_unspecified(&in->connection);
	if (!in->port || addr_is_unspecified(&e.advertised) || e.zero_address)
		return e;
	e.rtp = e.advertised;
	e.rtcp = mux ? e.rtp : rtcp_endpoint(in, e.rtp, trust);
	if (addr_is_unspecified(&e.rtcp))
		e.rtcp = (struct addr){ 0 };
	return e;
}

bool negotiate_trusts_sdp(const struct sdp *sdp, unsigned index, const struct call_options *o)
{
	for (unsigned i = 0; i < index; i++)
		if (sdp->media[i].ice_ufrag.s)
			return true;
	return !o->sip_source;
}

int negotiate_check(
	const struct sdp_media *in, const struct call_options *o, bool trust_sdp, struct err *err)
{
	const struct sdp_transport_info *t = sdp_transport_info(in->transport);

	if (trust_sdp ? !in->has_connection : !o->received_from.family)
		return err_set(err, EINVAL, "Incomplete SDP specification");
	if (t->rtp && in->port && !in->format_count)
		return err_set(err, EINVAL, "Incomplete SDP specification");
	if (o->has_transport && t->rtp && in->port) {
		const struct sdp_transport_info *to = sdp_transport_info(o->transport);

		if (!to->rtp)
			return err_set(err, ENOTSUP,
				"transport-protocol %s is not supported by this build: T.38 is "
				"missing",
				to->name);
	}
	return 0;
}

enum sdp_transport negotiate_transport_offer(
	const struct sdp_media *in, const struct call_options *o)
{
	if (o->has_transport && sdp_transport_info(in->transport)->rtp)
		return o->transport;
	return in->transport;
}
