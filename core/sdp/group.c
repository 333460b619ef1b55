/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=group:BUNDLE (RFC 9143, RFC 5888): sections that share a transport, by their mids; a=ssrc. */
#include "sdp/sdp_priv.h"

static bool has_mid(struct str group, struct str mid)
{
	struct str token;

	while (str_token(&group, &token))
		if (str_eq(token, mid))
			return true;
	return false;
}

/* The mids of the group that this one is in; s NULL: none. */
static struct str find_group(const struct sdp *sdp, struct str mid)
{
	for (unsigned s = 0; s < sdp->session_count; s++) {
		const struct sdp_attrs *attrs = &sdp->sessions[s].attrs;

		for (unsigned i = 0; i < attrs->count; i++) {
			struct str rest = attrs->attr[i].value, kind;

			if (attrs->attr[i].id == SDP_ATTR_GROUP && str_token(&rest, &kind) &&
				str_is(kind, "BUNDLE") && has_mid(rest, mid))
				return rest;
		}
	}
	return STR_NULL;
}

static const struct sdp_media *find_mid(const struct sdp *sdp, struct str mid)
{
	for (unsigned i = 0; i < sdp->media_count; i++)
		if (str_eq(sdp->media[i].mid, mid))
			return &sdp->media[i];
	return NULL;
}

const struct sdp_media *sdp_bundle_head(const struct sdp *sdp, const struct sdp_media *media)
{
	struct str rest, mid;

	if (!media->mid.len || (!media->port && !media->bundle_only))
		return NULL;
	rest = find_group(sdp, media->mid);
	while (rest.s && str_token(&rest, &mid)) {
		const struct sdp_media *first = find_mid(sdp, mid);

		if (first && first->port)
			return first;
	}
	return NULL;
}

bool sdp_read_ssrc(const struct sdp_attr *attr, uint32_t *ret_ssrc)
{
	struct str rest = attr->value, number;
	uint64_t ssrc;

	if (!str_is(attr->name, "ssrc") || !str_token(&rest, &number) ||
		!sdp_read_uint(number, UINT32_MAX, &ssrc))
		return false;
	*ret_ssrc = (uint32_t)ssrc;
	return true;
}
