/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Media sections: the m= line, and what the attributes of a section and those of its session part
 * say together. Called by parse.c, first line by line, then once for all sections.
 */
#include "sdp/sdp_priv.h"

enum { MAX_PORT_COUNT = 10 };

/* The attributes of one section by kind. */
struct attr_index {
	const struct sdp_attr *first[SDP_ATTR_COUNT];
	unsigned count[SDP_ATTR_COUNT];
};

/* Session-level facts, the same for all media of that part. */
struct session_facts {
	struct attr_index index;
	const struct sdp_attr *const *extmap;
};

static const char *read_port(struct str text, struct sdp_media *media)
{
	struct str port;
	uint64_t number;

	if (!str_cut(&text, '/', &port) || !sdp_read_uint(port, UINT16_MAX, &number))
		return "bad port";
	media->port = (uint16_t)number;
	media->port_count = 1;
	if (text.s) {
		if (!sdp_read_uint(text, MAX_PORT_COUNT, &number) || !number)
			return "bad port count";
		media->port_count = (uint8_t)number;
	}
	return NULL;
}

/* A list that has anything but payload types counts as empty: the caller refuses it, or not. */
static const char *count_formats(struct sdp_media *media)
{
	struct str rest = media->formats_text, token;
	unsigned count = 0;
	uint8_t ignored;

	while (str_token(&rest, &token)) {
		if (!sdp_read_payload_type(token, &ignored))
			return NULL;
		if (++count > SDP_MAX_FORMATS)
			return "too many formats";
	}
	media->format_count = count;
	return NULL;
}

const char *sdp_media_read_line(struct str value, struct sdp_media *media)
{
	struct str port;
	const char *why;

	if (!str_token(&value, &media->type_text) || !str_token(&value, &port) ||
		!str_token(&value, &media->transport_text))
		return "m= needs type, port and transport";
	why = read_port(port, media);
	if (why)
		return why;
	media->type = sdp_media_type_find(media->type_text);
	media->transport = sdp_transport_find(media->transport_text);
	media->formats_text = sdp_trim(value);
	if (!sdp_transport_info(media->transport)->rtp)
		return NULL;
	return count_formats(media);
}

static void index_attrs(const struct sdp_attrs *attrs, struct attr_index *index)
{
	unsigned i;

	memset(index, 0, sizeof(*index));
	for (i = 0; i < attrs->count; i++) {
		const struct sdp_attr *attr = &attrs->attr[i];

		if (!index->count[attr->id]++)
			index->first[attr->id] = attr;
	}
}

static const struct sdp_attr *const *collect_extmaps(
	struct arena *arena, const struct sdp_attrs *attrs, const struct attr_index *index)
{
	const struct sdp_attr **list;
	unsigned i, n = 0;

	if (!index->count[SDP_ATTR_EXTMAP])
		return NULL;
	list = arena_new_array(arena, const struct sdp_attr *, index->count[SDP_ATTR_EXTMAP]);
	for (i = 0; i < attrs->count; i++) {
		if (attrs->attr[i].id == SDP_ATTR_EXTMAP)
			list[n++] = &attrs->attr[i];
	}
	return list;
}

/* Media level first, then session level. */
static const struct sdp_attr *inherited(
	const struct attr_index *own, const struct session_facts *session, enum sdp_attr_id id)
{
	return own->first[id] ? own->first[id] : session->index.first[id];
}

static struct str value_of(const struct sdp_attr *attr)
{
	return attr ? sdp_trim(attr->value) : STR_NULL;
}

static const struct sdp_attr *first_direction(const struct attr_index *index)
{
	static const enum sdp_attr_id ids[] = { SDP_ATTR_SENDRECV, SDP_ATTR_SENDONLY,
		SDP_ATTR_RECVONLY, SDP_ATTR_INACTIVE };
	const struct sdp_attr *first = NULL;
	unsigned i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct sdp_attr *attr = index->first[ids[i]];

		if (attr && (!first || attr < first))
			first = attr;
	}
	return first;
}

/*
 * sendrecv is never looked for, and each of the others at both levels before the next: so a
 * session's recvonly beats a media's sendonly. Clients have come to rely on what this gives.
 */
static void resolve_direction(
	struct sdp_media *media, const struct attr_index *own, const struct session_facts *session)
{
	const struct sdp_attr *written = first_direction(own);

	if (!written)
		written = first_direction(&session->index);
	media->direction_given = written != NULL;
	media->direction_text = written ? written->text : STR_NULL;
	if (inherited(own, session, SDP_ATTR_RECVONLY))
		media->direction = SDP_RECVONLY;
	else if (inherited(own, session, SDP_ATTR_SENDONLY))
		media->direction = SDP_SENDONLY;
	else if (inherited(own, session, SDP_ATTR_INACTIVE))
		media->direction = SDP_INACTIVE;
	else
		media->direction = SDP_SENDRECV;
}

/* Room for the feedback lines of all formats in one array, each format's lines side by side. */
static struct str *share_out_feedback(
	struct arena *arena, struct sdp_format *formats, unsigned count)
{
	unsigned i, total = 0;
	struct str *all;

	for (i = 0; i < count; i++)
		total += formats[i].rtcp_fb_count;
	if (!total)
		return NULL;
	all = arena_new_array(arena, struct str, total);
	total = 0;
	for (i = 0; i < count; i++) {
		if (!formats[i].rtcp_fb_count)
			continue;
		formats[i].rtcp_fb = all + total;
		total += formats[i].rtcp_fb_count;
		formats[i].rtcp_fb_count = 0;
	}
	return all;
}

/* The format that `value` begins with, which is cut off; NULL if it is not in the m= line. */
static struct sdp_format *format_of(
	struct sdp_format *formats, const int16_t *place, struct str *value)
{
	uint8_t payload_type;
	struct str token;

	if (!str_token(value, &token) || !sdp_read_payload_type(token, &payload_type) ||
		place[payload_type] < 0)
		return NULL;
	*value = sdp_trim(*value);
	return &formats[place[payload_type]];
}

static void read_rtpmap(struct sdp_format *format, struct str value)
{
	struct sdp_rtpmap map;

	if (!sdp_read_rtpmap(value, &map))
		return;
	format->encoding = map.name;
	format->clock_hz = map.clock_hz;
	format->channels = map.channels;
}

static void read_format_attrs(
	struct sdp_format *formats, const int16_t *place, const struct sdp_attrs *attrs)
{
	bool mapped[SDP_MAX_FORMATS] = { false };
	unsigned i;

	for (i = 0; i < attrs->count; i++) {
		enum sdp_attr_id id = attrs->attr[i].id;
		struct str value = attrs->attr[i].value;
		struct sdp_format *format;

		if (id != SDP_ATTR_RTPMAP && id != SDP_ATTR_FMTP && id != SDP_ATTR_RTCP_FB)
			continue;
		format = format_of(formats, place, &value);
		if (!format)
			continue;
		if (id == SDP_ATTR_RTCP_FB) {
			format->rtcp_fb_count++;
		} else if (id == SDP_ATTR_FMTP) {
			if (!format->fmtp.s && value.len)
				format->fmtp = value;
		} else if (!mapped[format - formats]) {
			mapped[format - formats] = true;
			read_rtpmap(format, attrs->attr[i].value);
		}
	}
}

static void read_feedback(struct arena *arena, struct sdp_format *formats, unsigned count,
	const int16_t *place, const struct sdp_attrs *attrs)
{
	struct str *all = share_out_feedback(arena, formats, count);
	unsigned i;

	if (!all)
		return;
	for (i = 0; i < attrs->count; i++) {
		struct str value = attrs->attr[i].value;
		struct sdp_format *format;

		if (attrs->attr[i].id != SDP_ATTR_RTCP_FB)
			continue;
		format = format_of(formats, place, &value);
		if (format)
			all[format->rtcp_fb - all + format->rtcp_fb_count++] = value;
	}
}

static void resolve_formats(struct arena *arena, struct sdp_media *media)
{
	struct str rest = media->formats_text, token;
	int16_t place[SDP_MAX_PAYLOAD_TYPE + 1]; /* of the first such format; -1: none */
	struct sdp_format *formats;
	unsigned i;

	if (!media->format_count)
		return;
	formats = arena_new_array(arena, struct sdp_format, media->format_count);
	memset(place, -1, sizeof(place));
	for (i = 0; i < media->format_count && str_token(&rest, &token); i++) {
		uint8_t payload_type = 0;

		sdp_read_payload_type(token, &payload_type);
		if (place[payload_type] < 0)
			place[payload_type] = (int16_t)i;
		if (!sdp_static_format(payload_type, &formats[i]))
			formats[i] = (struct sdp_format){ .payload_type = payload_type,
				.channels = 1 };
	}
	read_format_attrs(formats, place, &media->attrs);
	read_feedback(arena, formats, media->format_count, place, &media->attrs);
	for (i = 0; i < media->format_count; i++) {
		if (place[formats[i].payload_type] != (int)i)
			formats[i] = formats[place[formats[i].payload_type]];
	}
	media->formats = formats;
}

static void resolve_own(struct sdp_media *media, const struct attr_index *own)
{
	media->mid = value_of(own->first[SDP_ATTR_MID]);
	media->label = value_of(own->first[SDP_ATTR_LABEL]);
	media->rtcp_mux = own->count[SDP_ATTR_RTCP_MUX] > 0;
	media->has_crypto = own->count[SDP_ATTR_CRYPTO] > 0;
	media->candidate_count = own->count[SDP_ATTR_CANDIDATE];
	media->bundle_only = own->count[SDP_ATTR_BUNDLE_ONLY] > 0;
	if (own->first[SDP_ATTR_RTCP])
		media->has_rtcp = sdp_read_rtcp(own->first[SDP_ATTR_RTCP]->value, &media->rtcp);
	if (own->first[SDP_ATTR_PTIME])
		sdp_read_ptime(own->first[SDP_ATTR_PTIME]->value, &media->ptime_ms);
	if (own->first[SDP_ATTR_MAXPTIME])
		sdp_read_ptime(own->first[SDP_ATTR_MAXPTIME]->value, &media->maxptime_ms);
}

static void resolve_inherited(struct arena *arena, struct sdp_media *media,
	const struct attr_index *own, const struct session_facts *session)
{
	resolve_direction(media, own, session);
	media->has_setup = inherited(own, session, SDP_ATTR_SETUP) != NULL;
	media->has_fingerprint = inherited(own, session, SDP_ATTR_FINGERPRINT) != NULL;
	media->ice_ufrag = value_of(inherited(own, session, SDP_ATTR_ICE_UFRAG));
	media->ice_pwd = value_of(inherited(own, session, SDP_ATTR_ICE_PWD));
	media->extmap_allow_mixed = inherited(own, session, SDP_ATTR_EXTMAP_ALLOW_MIXED) != NULL;
	media->extmap_count = own->count[SDP_ATTR_EXTMAP];
	if (media->extmap_count) {
		media->extmap = collect_extmaps(arena, &media->attrs, own);
	} else {
		media->extmap_count = session->index.count[SDP_ATTR_EXTMAP];
		media->extmap = session->extmap;
	}
}

void sdp_media_resolve(struct arena *arena, struct sdp_media *media, unsigned count)
{
	const struct sdp_session *session = NULL;
	struct session_facts facts;
	struct attr_index own;
	unsigned i;

	for (i = 0; i < count; i++) {
		if (media[i].session != session) {
			session = media[i].session;
			index_attrs(&session->attrs, &facts.index);
			facts.extmap = collect_extmaps(arena, &session->attrs, &facts.index);
		}
		index_attrs(&media[i].attrs, &own);
		resolve_own(&media[i], &own);
		resolve_inherited(arena, &media[i], &own, &facts);
		resolve_formats(arena, &media[i]);
	}
}
