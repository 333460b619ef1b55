/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One pair of sections negotiated: profile, direction, names, rtcp-mux, codecs, where the sender
 * is, interfaces, families and ports. Read `section_negotiate` at the end first.
 */
#include "base/ref.h"
#include "call/exchange_priv.h"
#include "call/negotiate.h"
#include "call/port_maps.h"
#include "net/route.h"

#include <errno.h>

static bool is_rtp(enum sdp_transport transport)
{
	return sdp_transport_info(transport)->rtp;
}

/* MSRP and the like: described, but not relayed (spec NG 4.2). */
static bool is_relayed(const struct sdp_media *in)
{
	return in->type != SDP_MESSAGE;
}

/*
 * The offerer gets the profile it asked for, unless told otherwise (spec NG 3.5). Secured or not is
 * not for an answer to change, but for one that is passed on as it came and needs no keys then.
 */
static bool keeps_profile(
	const struct sdp_media *offered, const struct sdp_media *in, const struct call_options *o)
{
	const struct sdp_transport_info *info = sdp_transport_info(offered->transport);

	if (!info->rtp || !is_rtp(in->transport))
		return false;
	if (o->transport_accept)
		return !info->srtp && sdp_transport_info(in->transport)->srtp;
	return !o->has_transport || sdp_transport_info(o->transport)->srtp != info->srtp;
}

static void negotiate_profile(struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, bool answer)
{
	const struct sdp_media *offered = pair->to->in;

	media_set_type(draft->model, pair->to, in->type, in->type_text);
	if (pair->to->passed)
		media_set_transport(draft->model, pair->to, in->transport, in->transport_text);
	else if (answer && offered && keeps_profile(offered, in, o))
		media_set_transport(
			draft->model, pair->to, offered->transport, offered->transport_text);
	else
		media_set_transport(draft->model, pair->to, negotiate_transport_offer(in, o),
			in->transport_text);
}

static void negotiate_direction(const struct media_pair *pair, const struct sdp_media *in)
{
	bool zero = in->port && in->has_connection && addr_is_unspecified(&in->connection);
	bool trickle = zero && in->port == 9;
	bool sends = in->direction == SDP_SENDRECV || in->direction == SDP_SENDONLY;
	bool receives = in->direction == SDP_SENDRECV || in->direction == SDP_RECVONLY;

	pair->from->hold_zero = zero && !trickle;
	if (pair->from->hold_zero)
		receives = false;
	pair->from->recv = pair->to->send = sends;
	pair->from->send = pair->to->recv = receives;
}

static void negotiate_names(struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, bool answer)
{
	struct arena *arena = draft->model->arena;

	/* What was offered to it is a party's name for a section, whatever its answer says. */
	if (in->mid.len && (!answer || !pair->from->mid.len))
		pair->from->mid = arena_str(arena, in->mid);
	if (!answer && !pair->to->mid.len && in->mid.len)
		pair->to->mid = arena_str(arena, in->mid);
	if (!answer && !pair->to->mid.len && (o->generate_mid || pair->to->bundle_shown)) {
		char text[16];
		int len = g_snprintf(text, sizeof(text), "%u", pair->to->index + 1);

		pair->to->mid = arena_str(arena, (struct str){ text, (size_t)len });
	}
	if (in->ptime_ms)
		pair->from->ptime_ms = pair->to->ptime_ms = in->ptime_ms;
	if (pair->from->ptime_fixed_ms)
		pair->from->ptime_ms = pair->from->ptime_fixed_ms;
	if (pair->to->ptime_fixed_ms)
		pair->to->ptime_ms = pair->to->ptime_fixed_ms;
	pair->from->maxptime_ms = pair->to->maxptime_ms = in->maxptime_ms;
}

static void negotiate_mux(const struct media_pair *pair, const struct sdp_media *in,
	const struct call_options *o, bool answer)
{
	struct media *from = pair->from, *to = pair->to;
	/* Several pairs of ports and one port for all do not go together. */
	bool may_mux = is_rtp(in->transport) && in->port_count == 1;
	bool says_mux = may_mux && negotiate_mux_offered(in);

	if (answer) { /* also a repeated one: what was offered stays until the next offer */
		from->mux = from->mux_offered_to && says_mux;
		from->mux_open = false;
		/* A bundle goes with rtcp-mux (RFC 9143 7.1.1). */
		to->mux = to->mux_offered_by &&
			  (to->mux_answer == MUX_ACCEPT || to->bundled ||
				  (to->mux_answer == MUX_FOLLOW && from->mux));
		/* One port is all it has by now: then both kinds use it. */
		if (from->mux_single || (from->ports && from->ports->count == 1))
			from->mux = true;
		return;
	}
	static const struct mux_options as_it_is;
	struct mux_decision d = negotiate_mux_offer(
		says_mux, to->mux, to->passed ? &as_it_is : &o->mux);

	if (!may_mux)
		d = (struct mux_decision){ .answer = MUX_REJECT };
	from->mux_offered_by = says_mux;
	from->mux_answer = d.answer;
	from->mux_offered_to = from->mux_open = from->mux_single = false;
	if (!says_mux)
		from->mux = false;
	to->mux_offered_to = to->mux_open = d.offer_to;
	to->mux_single = d.single;
	if (!d.offer_to)
		to->mux = false;
}

/* Learning starts again, and so does the time without packets. */
static void touch(struct media_stream *stream, int64_t now_us)
{
	stream->signal_gen++;
	stream->since_us = now_us;
}

static void set_peer(struct media_stream *stream, struct addr peer, int64_t now_us)
{
	touch(stream, now_us);
	if (addr_equal(&stream->peer, &peer))
		return;
	stream->peer = peer;
	stream->endpoint_gen++;
}

static struct addr port_plus(struct addr a, unsigned n)
{
	return a.family && a.port + n <= UINT16_MAX ? addr_with_port(a, (uint16_t)(a.port + n))
						    : (struct addr){ 0 };
}

/* Where the section's peer is, from what it said; RTCP's place depends on mux. */
static void set_peers(struct draft *draft, struct media *media)
{
	struct endpoints e = negotiate_endpoints(media->in, &media->believed, media->mux);
	unsigned pairs = media->in->port_count;

	media->advertised = e.advertised;
	media_need_streams(draft->model, media, 2 * pairs);
	for (unsigned i = 0; i < media->stream_count / 2; i++) {
		bool used = i < pairs;

		set_peer(&media->streams[2 * i],
			used ? port_plus(e.rtp, 2 * i) : (struct addr){ 0 }, draft->now_mono_us);
		set_peer(&media->streams[2 * i + 1],
			used ? port_plus(e.rtcp, 2 * i) : (struct addr){ 0 }, draft->now_mono_us);
	}
}

/* Flags choose among what the operator allows: his stricter policy stays. */
static void take_learning(
	struct media *from, const struct call_options *o, const struct call_settings *set)
{
	from->received_from = addr_with_port(o->received_from, 0);
	from->learn = o->has_learning ? o->learning : set->learning;
	if (o->asymmetric)
		from->learn = PLAN_LEARN_OFF;
	from->sources_let_in = set->sources;
	if (o->strict_source && from->sources_let_in == PLAN_SOURCES_ANY)
		from->sources_let_in = PLAN_SOURCES_LEARNED;
	/* Who asks for both wants the stricter one. */
	from->handover = o->handover && !o->strict_source;
}

static void take_endpoints(
	struct draft *draft, struct media *from, const struct call_options *o, bool trust)
{
	from->believed = trust ? (struct addr){ 0 } : o->received_from;
	set_peers(draft, from);
	take_learning(from, o, call_table_settings(draft->call->table));
	from->strict = o->strict_source;
	from->unidirectional = o->unidirectional;
	from->nat_wait = o->nat_wait;
	from->pierce = o->pierce_nat;
	from->block_short = o->block_short;
}

/* An interface's name, or the words that stand for a family when no interface has them. */
static const struct iface *find_iface(struct iface_table *table, const struct iface *chosen,
	struct str name, unsigned ports, enum addr_family *ret_family)
{
	const struct iface *iface;

	/* A party keeps its interface: a group's next turn is for other calls. */
	if (chosen && iface_answers_to(table, chosen, name))
		return chosen;
	iface = iface_find(table, name, ports);
	if (iface)
		return iface;
	if (str_is(name, "internal"))
		*ret_family = ADDR_IP4;
	else if (str_is(name, "external"))
		*ret_family = ADDR_IP6;
	else
		log_warn("Interface '%.*s' not found, using the default one", STR_ARG(name));
	return iface_default(table);
}

/* The interface that the system would use towards `peer`. */
static const struct iface *find_route(struct iface_table *table, const struct addr *peer)
{
	const struct iface *iface = NULL;
	struct addr local;
	char text[ADDR_TEXT];

	if (route_local(peer, &local) == 0)
		iface = iface_with_local(table, &local);
	if (iface)
		return iface;
	log_warn("No interface leads to %s, using the default one", addr_print_ip(peer, text));
	return iface_default(table);
}

/* Offers choose; in answers the parties have theirs. */
struct sides section_choose_interfaces(struct draft *draft, const struct parties *p,
	const struct call_options *o, unsigned ports, bool answer)
{
	struct iface_table *table = call_table_interfaces(draft->call->table);
	struct sides sides = { ADDR_NONE, ADDR_NONE };

	if (!answer && o->direction[0].len)
		p->from->iface = find_iface(
			table, p->from->iface, o->direction[0], ports, &sides.from);
	if (!answer && o->direction[1].len)
		p->to->iface = find_iface(table, p->to->iface, o->direction[1], ports, &sides.to);
	if (!answer && o->peers[0].family)
		p->from->iface = find_route(table, &o->peers[0]);
	if (!answer && o->peers[1].family)
		p->to->iface = find_route(table, &o->peers[1]);
	if (!p->from->iface)
		p->from->iface = iface_find(table, STR_NULL, ports);
	if (!p->to->iface)
		p->to->iface = !answer && o->direction[0].len ? p->from->iface
							      : iface_find(table, STR_NULL, ports);
	return sides;
}

/* A section that is added to a body which was sent before has the family of those it has. */
static enum addr_family used_before(const struct party *party)
{
	for (unsigned i = 0; party->printed.any && i < party->media_count; i++)
		if (party->media[i]->family)
			return party->media[i]->family;
	return ADDR_NONE;
}

/* Families of our two sides (spec NG 5.6). */
static void choose_families(const struct media_pair *pair, const struct sdp_media *in,
	const struct call_options *o, const struct sides *sides, bool trust, bool answer)
{
	struct media *from = pair->from, *to = pair->to;
	enum addr_family said = trust ? in->connection.family : o->received_from.family;

	if (sides->from)
		from->family = sides->from;
	else if (!answer || !from->family)
		from->family = said;
	if (o->address_family)
		to->family = o->address_family;
	else if (sides->to)
		to->family = sides->to;
	else if (!to->family)
		to->family = used_before(to->party) ? used_before(to->party) : said;
}

static int take_own_ports(struct draft *draft, struct media *media,
	const struct port_request *request, struct err *err)
{
	if (!media->carrier)
		return media_take_ports(draft->model, media, request, err);
	media_give_ports(media);
	return 0;
}

static int take_ports(struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, bool answer, struct err *err)
{
	struct media *from = pair->from, *to = pair->to;
	bool mux_from = from->mux ||
			(!answer && from->mux_offered_by && from->mux_answer == MUX_ACCEPT);
	bool mux_to = to->mux || (!answer && to->mux_offered_to && to->mux_single);
	unsigned all = 2 * in->port_count;
	struct port_request towards_to = {
		.key = from->advertised,
		.iface = to->party->iface,
		.family = to->family,
		.count = mux_to ? 1 : all,
		.latch = o->port_latching || (!to->recv && !o->no_port_latching),
	};
	struct port_request towards_from = {
		.key = to->in && !to->rejected ? to->advertised : (struct addr){ 0 },
		.iface = from->party->iface,
		.family = from->family,
		.count = mux_from ? 1 : all,
		.latch = true, /* this message says nothing new of the other party's endpoint */
	};
	int ret;

	ret = take_own_ports(draft, to, &towards_to, err);
	if (ret < 0)
		return ret;
	media_need_streams(draft->model, to, 2 * in->port_count);
	ret = take_own_ports(draft, from, &towards_from, err);
	if (ret < 0)
		return ret;
	if (answer && from->mux)
		media_give_rtcp_port(from);
	if (answer && to->mux)
		media_give_rtcp_port(to);
	return 0;
}

void section_reject(struct media *media, int64_t now_us)
{
	media->rejected = true;
	media->ports = NULL;
	media->carrier = NULL;
	media->bundled = false;
	secure_forget(media);
	negotiate_ice_forget(media);
	for (unsigned i = 0; i < media->stream_count; i++)
		set_peer(&media->streams[i], (struct addr){ 0 }, now_us);
}

/* Masked extensions stay between the sender and us. */
static void take_masks(
	struct media *from, const struct sdp_media *in, const struct extmap_options *o)
{
	memset(from->masked, 0, sizeof(from->masked));
	for (unsigned i = 0; o->mask && !from->passed && i < in->extmap_count; i++) {
		unsigned id = negotiate_extmap_id(in->extmap[i]);

		if (id && negotiate_extmap_named(o->mask, in->extmap[i]) &&
			!negotiate_extmap_named(o->strip, in->extmap[i]))
			from->masked[id / 64] |= (uint64_t)1 << id % 64;
	}
}

static void take_echo(const struct media_pair *pair, enum media_echo echo)
{
	bool off = echo == ECHO_OFF;

	if (echo == ECHO_KEEP)
		return;
	pair->from->blackhole = pair->to->blackhole = !off;
	pair->from->echo = echo == ECHO_BACKWARD || echo == ECHO_BOTH;
	pair->to->echo = echo == ECHO_FORWARD || echo == ECHO_BOTH;
}

static struct format_list formats_of(const struct media *media)
{
	return media->in ? (struct format_list){ media->in->formats, media->in->format_count }
			 : (struct format_list){ 0 };
}

/* Repacketising is of audio; what was asked for once stays until something else is. */
static void take_ptimes(
	const struct media_pair *pair, const struct sdp_media *in, const struct codec_options *o)
{
	if (in->type != SDP_AUDIO)
		return;
	if (o->ptime_ms)
		pair->to->ptime_fixed_ms = o->ptime_ms;
	if (o->ptime_reverse_ms)
		pair->from->ptime_fixed_ms = o->ptime_reverse_ms;
}

/* What is offered to the receiver; false: nothing is left. Before the sender's body is taken. */
static bool offer_codecs(struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct codec_options *o)
{
	struct media *from = pair->from, *to = pair->to;
	const struct codec_agreement *back = media_agreement(from, to->party);
	struct codec_agreement *a;
	struct codec_offer offer = {
		.in = in,
		.options = o,
		.before = media_agreement(to, from->party),
		.back = back,
		.shown = formats_of(from),
		.known = formats_of(to),
		.warnings = draft->warnings,
	};
	bool any = true;

	if (back)
		offer.shown_before = back->answer;
	else if (offer.before)
		offer.shown_before = offer.before->shown;
	from->agreement = back ? NULL : from->agreement;
	take_ptimes(pair, in, o);
	if (!is_rtp(in->transport) || !in->port ||
		(!negotiate_touches_codecs(&offer) && !from->ptime_fixed_ms &&
			!to->ptime_fixed_ms)) {
		to->agreement = NULL;
		return true;
	}
	a = arena_alloc(draft->model->arena, sizeof(*a));
	a->offerer = from->party->number;
	any = negotiate_offer_codecs(draft->model->arena, &offer, a);
	to->agreement = a;
	return any;
}

/* An offer that was passed on as it was. */
static struct codec_agreement *plain_agreement(struct draft *draft, const struct media *offerer)
{
	struct codec_agreement *a = arena_alloc(draft->model->arena, sizeof(*a));
	struct format_list offered = formats_of(offerer);
	struct codec_work w;

	codec_work_take(&w, offered.formats, offered.count);
	a->offerer = offerer->party->number;
	a->said = a->shown = codec_list_copy(draft->model->arena, codec_work_list(&w));
	return a;
}

/* A branch made behind the one that was offered to answers the same offer. */
static void share_agreement(struct draft *draft, struct media *from, const struct media *to)
{
	const struct party *sibling = draft->sibling;
	const struct media *shared;

	if (!sibling || from->index >= sibling->media_count)
		return;
	shared = sibling->media[from->index];
	from->ptime_fixed_ms = shared->ptime_fixed_ms;
	from->agreement = codec_agreement_copy(
		draft->model->arena, media_agreement(shared, to->party));
}

static void answer_codecs(struct draft *draft, const struct media_pair *pair, struct sdp *sdp,
	const struct sdp_media *in, const struct codec_options *o)
{
	struct media *from = pair->from, *to = pair->to;

	if (!is_rtp(in->transport) || !in->port)
		return;
	if (!media_agreement(from, to->party)) {
		from->agreement = NULL;
		share_agreement(draft, from, to);
	}
	negotiate_name_formats(sdp, in, from->agreement, formats_of(to));
	if (!from->agreement) {
		if (!to->in || negotiate_answer_is_plain(in, o, formats_of(to)))
			return;
		from->agreement = plain_agreement(draft, to);
	}
	negotiate_answer_codecs(draft->model->arena, in, o, from->agreement);
}

/* False: none is left for the receiver. */
static bool settle_codecs(struct draft *draft, const struct media_pair *pair, struct sdp *sdp,
	const struct sdp_media *in, const struct call_options *o, bool answer)
{
	if (pair->to->passed) {
		pair->from->agreement = pair->to->agreement = NULL;
		return true;
	}
	if (!answer)
		return offer_codecs(draft, pair, in, &o->codec);
	answer_codecs(draft, pair, sdp, in, &o->codec);
	return true;
}

static int settle_keys(struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct call_options *o, bool answer, struct err *err)
{
	if (pair->to->passed) {
		secure_pass(pair, in, answer);
		return 0;
	}
	return answer ? secure_answer(draft, pair, in, o, err)
		      : secure_offer(draft, pair, in, o, err);
}

static int settle_ice(struct draft *draft, const struct media_pair *pair,
	const struct sdp_media *in, const struct ice_options *o, bool restarted, bool answer,
	struct err *err)
{
	struct media *from = pair->from, *to = pair->to;
	int ret = 0;

	if (to->passed)
		negotiate_ice_pass(from, to, in, o);
	else
		ret = answer ? negotiate_ice_answer(from, to, in, o)
			     : negotiate_ice_offer(from, to, in, o, restarted);
	if (restarted || !from->ice.said)
		from->ice.trickled = ref_drop(from->ice.trickled);
	if (ret < 0)
		return err_set(err, -ret, "No randomness for ICE credentials");
	if (from->ice.shown && from->ports)
		ret = media_take_other_ports(draft->model, from, err);
	if (!ret && to->ports && (to->ice.shown || (to->passed && from->ice.said)))
		ret = media_take_other_ports(draft->model, to, err);
	return ret;
}

/* Whatever the answer says: its party was offered a declined section. */
static bool was_declined(const struct media *offered)
{
	return offered->no_codecs || offered->removed ||
	       (offered->in && !offered->in->port && !offered->carrier);
}

/* The answer puts it into no bundle, without which it was not to be had. */
static bool is_unbundled(const struct media *from)
{
	return from->bundle_shown >= BUNDLE_REQUIRED && !from->bundled;
}

int section_negotiate(struct draft *draft, const struct media_pair *pair, struct sdp *sdp,
	const struct sdp_media *in, const struct call_options *o, const struct sides *sides,
	bool answer, struct err *err)
{
	struct media *from = pair->from, *to = pair->to;
	bool trust = negotiate_trusts_sdp(sdp, (unsigned)(in - sdp->media), o);
	bool restarted = negotiate_ice_restarted(from->in, in);
	bool rejected, any_codec;
	int ret;

	if (!answer)
		take_masks(from, in, &o->extmap);
	any_codec = settle_codecs(draft, pair, sdp, in, o, answer);
	if (!answer)
		from->no_codecs = !any_codec;
	rejected = (!in->port && !from->carrier) ||
		   (answer ? was_declined(to) || is_unbundled(from) : from->no_codecs);
	if (!answer)
		from->removed = to->removed = false;
	media_set_sdp(from, sdp, in);
	take_echo(pair, o->media_echo);
	negotiate_profile(draft, pair, in, o, answer);
	negotiate_direction(pair, in);
	negotiate_names(draft, pair, in, o, answer);
	if (rejected) {
		from->advertised = (struct addr){ 0 };
		section_reject(from, draft->now_mono_us);
		section_reject(to, draft->now_mono_us);
		return 0;
	}
	from->rejected = to->rejected = false;
	ret = settle_keys(draft, pair, in, o, answer, err);
	if (ret < 0 || !is_relayed(in))
		return ret;
	negotiate_mux(pair, in, o, answer);
	choose_families(pair, in, o, sides, trust, answer);
	take_endpoints(draft, from, o, trust);
	if (answer && to->in && to->stream_count)
		set_peers(draft, to); /* its mux is settled only now */
	if (!to->in)
		to->sources_let_in = (int)call_table_settings(draft->call->table)->sources;
	for (unsigned i = 0; i < to->stream_count; i++)
		touch(&to->streams[i], draft->now_mono_us);
	ret = take_ports(draft, pair, in, o, answer, err);
	return ret < 0 ? ret : settle_ice(draft, pair, in, &o->ice, restarted, answer, err);
}

/* Its sender sees it declined in the answer; the other party never hears of it, or so, too. */
void section_remove(struct draft *draft, const struct media_pair *pair, struct sdp *sdp,
	const struct sdp_media *in)
{
	struct media *from = pair->from;

	media_set_sdp(from, sdp, in);
	if (in->mid.len)
		from->mid = arena_str(draft->model->arena, in->mid);
	from->advertised = (struct addr){ 0 };
	from->family = in->connection.family;
	from->removed = true;
	section_reject(from, draft->now_mono_us);
	if (pair->to)
		section_reject(pair->to, draft->now_mono_us);
}
