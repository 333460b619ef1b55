/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS (spec NG 4.12, media 10.6): what a body says of it, who begins, and whether it begins anew.
 */
#include "call/dtls.h"

static const char *const setup_names[] = {
	[SETUP_HOLDCONN] = "holdconn",
	[SETUP_ACTPASS] = "actpass",
	[SETUP_ACTIVE] = "active",
	[SETUP_PASSIVE] = "passive",
};

const char *dtls_setup_name(enum dtls_setup setup)
{
	return setup_names[setup];
}

/* Those of the section, or of its session when it has none of that kind. */
static const struct sdp_attrs *attrs_with(const struct sdp_media *in, enum sdp_attr_id id)
{
	return sdp_attrs_find(&in->attrs, id) ? &in->attrs : &in->session->attrs;
}

static bool read_setup(const struct sdp_media *in, enum dtls_setup *ret)
{
	const struct sdp_attr *attr = sdp_attrs_find(
		attrs_with(in, SDP_ATTR_SETUP), SDP_ATTR_SETUP);
	struct str rest, text;

	if (!attr)
		return false;
	rest = attr->value;
	if (!str_token(&rest, &text))
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(setup_names); i++)
		if (str_is_nocase(text, setup_names[i])) {
			*ret = (enum dtls_setup)i;
			return true;
		}
	return false;
}

static void read_fingerprints(const struct sdp_media *in, struct fingerprint_set *set)
{
	const struct sdp_attrs *attrs = attrs_with(in, SDP_ATTR_FINGERPRINT);

	for (unsigned i = 0; i < attrs->count && set->count < FINGERPRINT_MAX_COUNT; i++)
		if (attrs->attr[i].id == SDP_ATTR_FINGERPRINT &&
			!fingerprint_parse(attrs->attr[i].value, &set->all[set->count]))
			set->count++;
}

/* FNV-1a: who changes it means to be told from before, not to be mistaken for it. */
static uint64_t stand_for(uint64_t before, struct str text)
{
	uint64_t hash = before ? before : UINT64_C(14695981039346656037);

	if (!text.len)
		return before;
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.s[i]) * UINT64_C(1099511628211);
	return hash ? hash : 1;
}

static uint64_t read_tls_id(const struct sdp_media *in)
{
	const struct sdp_attr *attr = sdp_attrs_find(
		attrs_with(in, SDP_ATTR_TLS_ID), SDP_ATTR_TLS_ID);

	return attr ? stand_for(0, attr->value) : 0;
}

bool negotiate_dtls_said(const struct sdp_media *in, struct dtls_said *ret)
{
	struct dtls_said said = { 0 };

	if (!sdp_transport_info(in->transport)->rtp || !read_setup(in, &said.setup))
		return false;
	read_fingerprints(in, &said.fingerprints);
	if (!said.fingerprints.count)
		return false;
	said.tls_id = read_tls_id(in);
	said.ice = stand_for(stand_for(0, in->ice_ufrag), in->ice_pwd);
	*ret = said;
	return true;
}

enum dtls_setup negotiate_dtls_role(enum dtls_setup said, bool passive)
{
	switch (said) {
	case SETUP_ACTPASS:
		return passive ? SETUP_PASSIVE : SETUP_ACTIVE;
	case SETUP_ACTIVE:
		return SETUP_PASSIVE;
	case SETUP_PASSIVE:
		return SETUP_ACTIVE;
	default:
		return SETUP_HOLDCONN;
	}
}

bool negotiate_dtls_restarts(
	const struct dtls_said *agreed, const struct dtls_said *now, bool named)
{
	if (!fingerprint_set_equal(&agreed->fingerprints, &now->fingerprints))
		return true;
	if (agreed->tls_id)
		return agreed->tls_id != now->tls_id;
	return !now->tls_id && !named && agreed->ice && now->ice && agreed->ice != now->ice;
}
