/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the values of single keys mean; the rows that lead here are in flags.c. */
#include "control/flags_priv.h"

static bool is_off(struct str text)
{
	return flag_value_is(text, "off") || flag_value_is(text, "no") ||
	       flag_value_is(text, "disable") || flag_value_is(text, "disabled");
}

FLAG_FN(flag_from_tag)
{
	if (!value_is_str(v))
		return 0;
	r->o->from_tag = text;
	r->o->has_from_tag = true;
	return 0;
}

FLAG_FN(flag_to_tag)
{
	if (!value_is_str(v))
		return 0;
	r->o->to_tag = text;
	r->o->has_to_tag = true;
	return 0;
}

FLAG_FN(flag_sdp)
{
	if (!value_is_str(v))
		return 0;
	r->o->sdp = text;
	r->o->has_sdp = true;
	return 0;
}

FLAG_FN(flag_xmlrpc_callback)
{
	if (!value_is_str(v))
		return 0;
	r->o->xmlrpc_callback = text;
	flag_warn(r, "xmlrpc-callback is left out: teardown callbacks are not supported by this "
		     "build");
	return 0;
}

FLAG_FN(flag_message_type)
{
	(void)v;
	r->o->message_is_reply = flag_value_is(text, "reply") || flag_value_is(text, "sip-reply") ||
				 flag_value_is(text, "response") ||
				 flag_value_is(text, "sip-response");
	if (!r->o->message_is_reply && !flag_value_is(text, "request") &&
		!flag_value_is(text, "sip-request"))
		flag_warn(r, "unknown sip-message-type '%.*s' ignored", STR_ARG(text));
	return 0;
}

/* False, with a warning, for what is no number. */
static bool read_number(
	struct reading *r, const char *key, const struct value *v, struct str text, int64_t *ret)
{
	int64_t num = value_int(v, 0);

	/* Only what is not understood gives whatever is asked for. */
	if (num != value_int(v, 1)) {
		flag_warn(r, "%s '%.*s' is no number: ignored", key, STR_ARG(text));
		return false;
	}
	*ret = num;
	return true;
}

FLAG_FN(flag_sip_code)
{
	int64_t code;

	if (!read_number(r, "sip-code", v, text, &code))
		return 0;
	if (code >= 100 && code <= 699)
		r->o->sip_code = (int)code;
	else
		flag_warn(r, "sip-code %lld is out of range: ignored", (long long)code);
	return 0;
}

FLAG_FN(flag_supports)
{
	(void)v;
	if (flag_value_is(text, "load-limit"))
		r->o->supports_load_limit = true;
	return 0;
}

FLAG_FN(flag_direction)
{
	unsigned n = 0;

	(void)text;
	value_each (item, v)
		if (item->type == VALUE_STR && n < 2)
			r->o->direction[n++] = item->str;
	return 0;
}

FLAG_FN(flag_address_family)
{
	(void)v;
	if (str_is_nocase(text, "IP4"))
		r->o->address_family = ADDR_IP4;
	else if (str_is_nocase(text, "IP6"))
		r->o->address_family = ADDR_IP6;
	else
		flag_warn(r, "unknown address-family '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_media_address)
{
	(void)v;
	if (!addr_parse_ip(text, &r->o->media_address))
		flag_warn(r, "media-address '%.*s' is no IP address: ignored", STR_ARG(text));
	return 0;
}

static void read_peer(struct reading *r, const char *key, struct str text, struct addr *ret_addr)
{
	if (!addr_parse_ip(text, ret_addr))
		flag_warn(r, "%s '%.*s' is no IP address: ignored", key, STR_ARG(text));
}

FLAG_FN(flag_inbound_peer)
{
	(void)v;
	read_peer(r, "inbound-peer", text, &r->o->peers[0]);
	return 0;
}

FLAG_FN(flag_outbound_peer)
{
	(void)v;
	read_peer(r, "outbound-peer", text, &r->o->peers[1]);
	return 0;
}

/* [family, address] or "family,address", or an address alone. */
FLAG_FN(flag_received_from)
{
	struct str part[2] = { STR_NULL, STR_NULL }, rest = text, family, address;
	unsigned n = 0;

	value_each (item, v)
		if (item->type == VALUE_STR && n < 2)
			part[n++] = item->str;
	while (n < 2 && str_cut(&rest, ',', &part[n]))
		n++;
	family = n == 2 ? part[0] : STR_NULL;
	address = n == 2 ? part[1] : part[0];
	if (family.len ? !addr_parse_sdp(family, address, &r->o->received_from)
		       : !addr_parse_ip(address, &r->o->received_from))
		flag_warn(r, "received-from '%.*s' is no IP address: ignored", STR_ARG(address));
	return 0;
}

FLAG_FN(flag_trust_address)
{
	(void)v;
	(void)text;
	r->o->sip_source = false;
	return 0;
}

FLAG_FN(flag_transport)
{
	enum sdp_transport transport = sdp_transport_find(text);
	const struct sdp_transport_info *info;

	(void)v;
	if (flag_value_is(text, "accept")) {
		r->o->transport_accept = true;
		return 0;
	}
	if (transport == SDP_TRANSPORT_OTHER) {
		flag_warn(r, "unknown transport-protocol '%.*s' ignored", STR_ARG(text));
		return 0;
	}
	/* Answers choose among the profiles of RTP: whatever else was offered is not spoken. */
	info = sdp_transport_info(transport);
	r->o->has_transport = r->what != FLAGS_ANSWER || info->rtp;
	r->o->transport = transport;
	return 0;
}

/* Words of a list that each set one bool. */
struct word {
	const char *name;
	size_t offset;
};

static bool set_word(void *options, const struct word *words, unsigned count, struct str text)
{
	for (unsigned i = 0; i < count; i++)
		if (flag_value_is(text, words[i].name)) {
			*(bool *)((char *)options + words[i].offset) = true;
			return true;
		}
	return false;
}

FLAG_FN(flag_rtcp_mux)
{
	static const struct word words[] = {
		{ "offer", offsetof(struct mux_options, offer) },
		{ "require", offsetof(struct mux_options, require) },
		{ "demux", offsetof(struct mux_options, demux) },
		{ "accept", offsetof(struct mux_options, accept) },
		{ "reject", offsetof(struct mux_options, reject) },
	};

	(void)v;
	if (!set_word(&r->o->mux, words, G_N_ELEMENTS(words), text))
		flag_warn(r, "unknown rtcp-mux value '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_tos)
{
	int64_t tos;

	if (!read_number(r, "TOS", v, text, &tos))
		return 0;
	r->o->tos = (int)CLAMP(tos, -1, TOS_NOT_GIVEN);
	return 0;
}

FLAG_FN(flag_replace)
{
	static const struct word words[] = {
		{ "origin", offsetof(struct replace_options, origin) },
		{ "username", offsetof(struct replace_options, username) },
		{ "session-name", offsetof(struct replace_options, session_name) },
		{ "sdp-version", offsetof(struct replace_options, sdp_version) },
		{ "zero-address", offsetof(struct replace_options, zero_address) },
		{ "origin-full", offsetof(struct replace_options, origin_full) },
		{ "force-increment-sdp-ver", offsetof(struct replace_options, force_increment) },
	};

	(void)v;
	/* The body has no session-level c= that could be replaced. */
	if (flag_value_is(text, "session-connection"))
		return 0;
	if (!set_word(&r->o->replace, words, G_N_ELEMENTS(words), text))
		flag_warn(r, "unknown replace value '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_learning)
{
	static const char *const names[] = {
		[PLAN_LEARN_HEURISTIC] = "heuristic",
		[PLAN_LEARN_DELAYED] = "delayed",
		[PLAN_LEARN_IMMEDIATE] = "immediate",
		[PLAN_LEARN_OFF] = "off",
	};
	unsigned i = 0;

	(void)v;
	while (i < G_N_ELEMENTS(names) && !flag_value_is(text, names[i]))
		i++;
	if (is_off(text))
		i = PLAN_LEARN_OFF;
	if (i == G_N_ELEMENTS(names)) {
		flag_warn(r, "unknown endpoint-learning '%.*s' ignored", STR_ARG(text));
		return 0;
	}
	r->o->has_learning = true;
	r->o->learning = (enum plan_learn)i;
	return 0;
}

FLAG_FN(flag_delete_delay)
{
	int64_t seconds;

	if (!read_number(r, "delete-delay", v, text, &seconds))
		return 0;
	r->o->delete_delay_s = seconds > INT32_MAX ? INT32_MAX : seconds;
	return 0;
}

/* Which sides are lite, by any name; false: none of them. */
static bool read_lite(struct ice_options *ice, struct str text)
{
	static const struct {
		const char *names; /* between blanks */
		enum ice_lite_wish to, from;
	} values[] = {
		{ "forward fwd fw offer", ICE_LITE_ON, ICE_LITE_OFF },
		{ "backward backwards back bkw bk reverse answer", ICE_LITE_OFF, ICE_LITE_ON },
		{ "both", ICE_LITE_ON, ICE_LITE_ON },
		{ "off none no", ICE_LITE_OFF, ICE_LITE_OFF },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		struct str names = str_of(values[i].names), name;

		while (str_token(&names, &name))
			if (str_eq_nocase(text, name)) {
				ice->lite_to = values[i].to;
				ice->lite_from = values[i].from;
				return true;
			}
	}
	return false;
}

FLAG_FN(flag_ice_lite)
{
	(void)v;
	if (!read_lite(&r->o->ice, text))
		flag_warn(r, "unknown ICE-lite value '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_ice)
{
	static const struct {
		const char *name;
		enum ice_wish wish;
	} wishes[] = {
		{ "default", ICE_WISH_DEFAULT },
		{ "remove", ICE_WISH_REMOVE },
		{ "force", ICE_WISH_FORCE },
		{ "optional", ICE_WISH_OPTIONAL },
		{ "force-relay", ICE_WISH_RELAY },
	};
	struct ice_options *ice = &r->o->ice;

	(void)v;
	for (unsigned i = 0; i < G_N_ELEMENTS(wishes); i++)
		if (flag_value_is(text, wishes[i].name)) {
			ice->wish = wishes[i].wish;
			return 0;
		}
	if (flag_value_is(text, "trickle"))
		ice->trickle = true;
	else if (flag_value_is(text, "ice2"))
		ice->ice2 = true;
	else if (flag_value_is(text, "lite"))
		read_lite(ice, STR_LIT("forward"));
	else if (flag_value_is(text, "no-lite"))
		read_lite(ice, STR_LIT("off"));
	else if (text.len < 5 || !flag_value_is((struct str){ text.s, 5 }, "lite-") ||
		 !read_lite(ice, str_skip(text, 5)))
		flag_warn(r, "unknown ICE value '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_passthrough)
{
	static const char *const on[] = { "on", "yes", "enable", "enabled" };
	struct ice_options *ice = &r->o->ice;
	bool known = !v;

	for (unsigned i = 0; v && i < G_N_ELEMENTS(on); i++)
		known |= flag_value_is(text, on[i]);
	if (known)
		ice->pass = true;
	else if (is_off(text))
		ice->no_pass = true;
	else
		flag_warn(r, "unknown passthrough '%.*s' ignored", STR_ARG(text));
	return 0;
}

/* What a browser takes as an offer (spec NG 3.8). */
FLAG_FN(flag_webrtc)
{
	struct call_options *o = r->o;

	(void)v;
	(void)text;
	o->has_transport = true;
	o->transport = SDP_UDP_TLS_RTP_SAVPF;
	o->ice.wish = ICE_WISH_FORCE;
	o->ice.trickle = true;
	o->mux.offer = o->mux.require = true;
	o->bundle.offer = o->bundle.require = true;
	o->sdes.off = true;
	o->no_rtcp_attribute = o->generate_mid = true;
	return 0;
}

FLAG_FN(flag_dtls)
{
	struct dtls_options *o = &r->o->dtls;

	(void)v;
	if (is_off(text))
		o->off = true;
	else if (flag_value_is(text, "passive"))
		o->passive = true;
	else if (flag_value_is(text, "active"))
		o->active = true;
	else
		flag_warn(r, "unknown DTLS value '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_dtls_fingerprint)
{
	int hash = dtls_hash_find(text);

	(void)v;
	if (hash < 0) {
		flag_warn(r, "unknown DTLS-fingerprint '%.*s' ignored", STR_ARG(text));
		return 0;
	}
	r->o->dtls.has_hash = true;
	r->o->dtls.hash = (enum dtls_hash)hash;
	return 0;
}

FLAG_FN(flag_bundle)
{
	struct bundle_options *bundle = &r->o->bundle;

	(void)v;
	if (flag_value_is(text, "accept"))
		bundle->accept = true;
	else if (flag_value_is(text, "offer"))
		bundle->offer = true;
	else if (flag_value_is(text, "require"))
		bundle->require = true;
	else if (flag_value_is(text, "strict"))
		bundle->strict = true;
	else if (flag_value_is(text, "reject"))
		bundle->reject = true;
	else
		flag_warn(r, "unknown bundle value '%.*s' ignored", STR_ARG(text));
	return 0;
}

FLAG_FN(flag_generate_rtcp)
{
	static const struct choice choices[] = {
		{ "on", GENERATE_RTCP_ON },
		{ "yes", GENERATE_RTCP_ON },
		{ "enable", GENERATE_RTCP_ON },
		{ "enabled", GENERATE_RTCP_ON },
		{ "off", GENERATE_RTCP_OFF },
		{ "no", GENERATE_RTCP_OFF },
		{ "disable", GENERATE_RTCP_OFF },
		{ "disabled", GENERATE_RTCP_OFF },
	};
	int value = GENERATE_RTCP_ON;

	if (!v || flag_choose(r, "generate-RTCP", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->generate_rtcp = (enum generate_rtcp)value;
	return 0;
}

FLAG_FN(flag_audio_player)
{
	static const struct choice choices[] = {
		{ "default", PLAYER_DEFAULT },
		{ "transcoding", PLAYER_TRANSCODING },
		{ "transcode", PLAYER_TRANSCODING },
		{ "on", PLAYER_TRANSCODING },
		{ "yes", PLAYER_TRANSCODING },
		{ "enable", PLAYER_TRANSCODING },
		{ "enabled", PLAYER_TRANSCODING },
		{ "off", PLAYER_OFF },
		{ "no", PLAYER_OFF },
		{ "disable", PLAYER_OFF },
		{ "disabled", PLAYER_OFF },
		{ "always", PLAYER_ALWAYS },
		{ "force", PLAYER_ALWAYS },
		{ "forced", PLAYER_ALWAYS },
		{ "everything", PLAYER_ALWAYS },
		{ "play-media", PLAYER_PLAY_MEDIA },
	};
	int value = PLAYER_TRANSCODING;

	if (!v || flag_choose(r, "audio-player", text, choices, G_N_ELEMENTS(choices), &value))
		r->o->player = (enum audio_player)value;
	return 0;
}

FLAG_FN(flag_no_player)
{
	(void)v;
	(void)text;
	r->o->player = PLAYER_OFF;
	return 0;
}
