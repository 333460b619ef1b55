/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a session description, whole and as a fragment; all of the tree is read. */
#include "sdp/sdp.h"

#include <stdlib.h>

#include "base/ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void touch(struct str s)
{
	size_t i;

	check(s.s || !s.len);
	for (i = 0; i < s.len; i++)
		sink += (unsigned char)s.s[i];
}

static void touch_attrs(const struct sdp_attrs *attrs, unsigned *total)
{
	unsigned i;

	for (i = 0; i < attrs->count; i++) {
		check(attrs->attr[i].id < SDP_ATTR_COUNT);
		touch(attrs->attr[i].text);
		touch(attrs->attr[i].name);
		touch(attrs->attr[i].value);
	}
	*total += attrs->count;
}

static void touch_formats(const struct sdp_media *media)
{
	unsigned i, j;

	check(media->format_count <= SDP_MAX_FORMATS);
	check(!media->format_count || sdp_transport_info(media->transport)->rtp);
	for (i = 0; i < media->format_count; i++) {
		const struct sdp_format *format = &media->formats[i];

		check(format->payload_type <= 127 && format->channels);
		check(!format->encoding.len == !format->clock_hz);
		touch(format->encoding);
		touch(format->fmtp);
		for (j = 0; j < format->rtcp_fb_count; j++)
			touch(format->rtcp_fb[j]);
	}
}

static void touch_session(const struct sdp_session *session, unsigned *attr_total)
{
	touch(session->name);
	touch(session->info);
	touch(session->uri);
	touch(session->email);
	touch(session->phone);
	touch(session->timing);
	touch_attrs(&session->attrs, attr_total);
}

static void touch_media(const struct sdp *sdp, const struct sdp_media *media, unsigned *attr_total)
{
	unsigned i;

	check(media->session >= sdp->sessions &&
		media->session < sdp->sessions + sdp->session_count);
	check(media->type <= SDP_OTHER && media->transport <= SDP_TRANSPORT_OTHER);
	check(media->port_count >= 1 && media->port_count <= 10);
	check(media->ptime_ms >= 0 && media->maxptime_ms >= 0);
	check(media->direction <= SDP_INACTIVE);
	check(media->direction_given == (media->direction_text.s != NULL));
	touch(media->type_text);
	touch(media->transport_text);
	touch(media->formats_text);
	touch(media->info);
	touch(media->direction_text);
	touch(media->mid);
	touch(media->label);
	touch(media->ice_ufrag);
	touch(media->ice_pwd);
	touch_attrs(&media->attrs, attr_total);
	touch_formats(media);
	for (i = 0; i < media->extmap_count; i++) {
		check(media->extmap[i]->id == SDP_ATTR_EXTMAP);
		touch(media->extmap[i]->value);
	}
}

static void parse(struct str body, bool fragment)
{
	unsigned attr_total = 0, i;
	struct sdp *sdp = NULL;
	struct err err;

	if (sdp_parse(body, fragment, &sdp, &err) < 0) {
		check(!sdp && err.text[0]);
		return;
	}
	check(sdp->session_count >= 1 && sdp->media_count <= SDP_MAX_MEDIA);
	touch(sdp->raw);
	touch(sdp->origin.username);
	touch(sdp->origin.session_id);
	touch(sdp->origin.family);
	touch(sdp->origin.address);
	for (i = 0; i < sdp->session_count; i++)
		touch_session(&sdp->sessions[i], &attr_total);
	for (i = 0; i < sdp->media_count; i++)
		touch_media(sdp, &sdp->media[i], &attr_total);
	check(attr_total <= SDP_MAX_ATTRS);
	ref_drop(sdp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size };

	parse(body, false);
	parse(body, true);
	return 0;
}
