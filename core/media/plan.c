/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans: making, comparing, giving up. The streams are filled in by whoever compiles. */
#include "media/plan.h"

#include "base/ref.h"
#include "sdp/sdp.h"

static void destroy_srtp(void *object)
{
	srtp_wipe(object, sizeof(struct plan_srtp));
}

struct plan_srtp *plan_srtp_new(const struct srtp_params *params, uint32_t generation)
{
	struct plan_srtp *srtp = ref_alloc(sizeof(*srtp), destroy_srtp);

	srtp->generation = generation;
	srtp->params = *params;
	return srtp;
}

static void destroy_dtls(void *object)
{
	struct plan_dtls *dtls = object;

	ref_drop(dtls->cert);
}

struct plan_dtls *plan_dtls_new(const struct plan_dtls *from)
{
	struct plan_dtls *dtls = ref_alloc(sizeof(*dtls), destroy_dtls);

	*dtls = *from;
	ref_take(dtls->cert);
	return dtls;
}

bool plan_dtls_same(const struct plan_dtls *a, const struct plan_dtls *b)
{
	return a->generation == b->generation && a->active == b->active && a->cert == b->cert;
}

static void destroy_ice(void *object)
{
	struct plan_ice *ice = object;

	ref_drop(ice->params);
}

struct plan_ice *plan_ice_new(struct ice_params *params, const uint8_t *ports)
{
	struct plan_ice *ice = ref_alloc(sizeof(*ice), destroy_ice);

	ice->params = params;
	memcpy(ice->ports, ports, params->local_count);
	return ice;
}

struct plan *plan_new(struct str call_id, unsigned stream_count, unsigned sink_slots)
{
	struct plan *plan = g_new0(struct plan, 1);
	size_t streams = sizeof(struct plan_stream) * stream_count;
	/* Streams and their sink lists in one piece: plans are made with every command. */
	char *block = g_malloc0(streams + sizeof(uint16_t) * sink_slots);

	plan->call_id = g_strndup(call_id.s ? call_id.s : "", call_id.len);
	plan->stream_count = stream_count;
	plan->streams = (struct plan_stream *)block;
	if (stream_count)
		plan->streams[0].rtp_sinks = (uint16_t *)(block + streams);
	return plan;
}

static void plan_play_free(struct plan_play *play)
{
	if (!play)
		return;
	ref_drop(play->playback);
	plan_transcode_free(play->format);
	g_free(play);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (unsigned i = 0; i < plan->stream_count; i++) {
		struct plan_stream *s = &plan->streams[i];

		for (unsigned p = 0; p < s->port_count; p++)
			ref_drop(s->ports[p]);
		ref_drop(s->stats);
		g_free(s->filter);
		g_free(s->bundle);
		for (unsigned t = 0; s->transcodes && t < s->rtp_sink_count; t++)
			plan_transcode_free(s->transcodes[t]);
		g_free(s->transcodes);
		plan_play_free(s->play);
		ref_drop(s->sdp);
		ref_drop(s->srtp_in);
		ref_drop(s->srtp_out);
		ref_drop(s->dtls);
		ref_drop(s->ice);
		ref_drop(s->tap);
	}
	g_free(plan->streams);
	g_free(plan->call_id);
	g_free(plan);
}

static struct str keep_text(struct str text, char **at)
{
	struct str kept = { *at, text.len };

	if (text.len)
		memcpy(*at, text.s, text.len);
	*at += text.len;
	return kept;
}

static size_t text_bytes(const struct plan_format *formats, unsigned count)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += formats[i].params.fmtp.len + formats[i].params.options.len;
	return bytes;
}

static void keep_texts(struct plan_format *formats, unsigned count, char **at)
{
	for (unsigned i = 0; i < count; i++) {
		formats[i].params.fmtp = keep_text(formats[i].params.fmtp, at);
		formats[i].params.options = keep_text(formats[i].params.options, at);
	}
}

struct plan_transcode *plan_transcode_new(const struct plan_transcode *from)
{
	struct plan_transcode *t = g_memdup2(from, sizeof(*from));
	char *at;

	t->texts = g_malloc(text_bytes(t->decoders, t->decoder_count) +
			    text_bytes(t->encoders, t->encoder_count) + 1);
	at = t->texts;
	keep_texts(t->decoders, t->decoder_count, &at);
	keep_texts(t->encoders, t->encoder_count, &at);
	return t;
}

void plan_transcode_free(struct plan_transcode *transcode)
{
	if (!transcode)
		return;
	g_free(transcode->texts);
	g_free(transcode);
}

struct plan_play *plan_play_new(struct playback *playback, const struct plan_format *format)
{
	struct plan_transcode t = { .encoder_count = 1, .encoders = { *format } };
	struct plan_play *play = g_new0(struct plan_play, 1);

	play->playback = ref_take(playback);
	play->format = plan_transcode_new(&t);
	return play;
}

static bool codecs_equal(const struct plan_format *a, const struct plan_format *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct codec_params *p = &a[i].params, *q = &b[i].params;

		if (a[i].codec != b[i].codec || a[i].payload_type != b[i].payload_type ||
			p->clock_hz != q->clock_hz || p->channels != q->channels ||
			p->ptime_ms != q->ptime_ms || p->bitrate != q->bitrate ||
			!str_eq(p->fmtp, q->fmtp) || !str_eq(p->options, q->options))
			return false;
	}
	return true;
}

bool plan_transcode_equal(const struct plan_transcode *a, const struct plan_transcode *b)
{
	if (!a || !b)
		return a == b;
	return a->decoder_count == b->decoder_count && a->encoder_count == b->encoder_count &&
	       a->detect == b->detect && a->tells == b->tells && a->to_events == b->to_events &&
	       a->inject == b->inject && a->has_event_encoder == b->has_event_encoder &&
	       a->event_encoder == b->event_encoder && a->relay == b->relay &&
	       a->no_suppress == b->no_suppress && a->mix == b->mix &&
	       a->dtmf_delay_ms == b->dtmf_delay_ms &&
	       !memcmp(a->handler, b->handler, sizeof(a->handler)) &&
	       codecs_equal(a->decoders, b->decoders, a->decoder_count) &&
	       codecs_equal(a->encoders, b->encoders, a->encoder_count);
}

static bool all_transcodes_equal(const struct plan_stream *a, const struct plan_stream *b)
{
	for (unsigned i = 0; i < a->rtp_sink_count; i++)
		if (!plan_transcode_equal(a->transcodes ? a->transcodes[i] : NULL,
			    b->transcodes ? b->transcodes[i] : NULL))
			return false;
	return true;
}

static bool sinks_equal(const uint16_t *a, unsigned a_count, const uint16_t *b, unsigned b_count)
{
	return a_count == b_count && (!a_count || !memcmp(a, b, a_count * sizeof(*a)));
}

static bool ports_equal(const struct plan_stream *a, const struct plan_stream *b)
{
	if (a->port_count != b->port_count)
		return false;
	for (unsigned i = 0; i < a->port_count; i++)
		if (!addr_equal(&a->ports[i]->port->local, &b->ports[i]->port->local))
			return false;
	return true;
}

static bool filters_equal(const struct plan_filter *a, const struct plan_filter *b)
{
	return a && b ? !memcmp(a, b, sizeof(*a)) : a == b;
}

static bool bundles_equal(const struct plan_bundle *a, const struct plan_bundle *b)
{
	return a && b ? !memcmp(a, b, sizeof(*a)) : a == b;
}

/* Do payload types mean the same, as far as plans go? */
static bool formats_equal(const struct sdp_media *a, const struct sdp_media *b)
{
	if (!a || !b)
		return a == b;
	if (a->format_count != b->format_count)
		return false;
	for (unsigned i = 0; i < a->format_count; i++)
		if (a->formats[i].payload_type != b->formats[i].payload_type ||
			a->formats[i].clock_hz != b->formats[i].clock_hz)
			return false;
	return true;
}

static bool srtp_equal(const struct plan_srtp *a, const struct plan_srtp *b)
{
	if (!a || !b)
		return a == b;
	return a->generation == b->generation && srtp_params_equal(&a->params, &b->params);
}

static bool dtls_equal(const struct plan_dtls *a, const struct plan_dtls *b)
{
	if (!a || !b)
		return a == b;
	return plan_dtls_same(a, b) && a->mtu == b->mtu &&
	       fingerprint_set_equal(&a->peer, &b->peer);
}

static bool ice_equal(const struct plan_ice *a, const struct plan_ice *b)
{
	if (!a || !b)
		return a == b;
	return ice_params_equal(a->params, b->params) &&
	       !memcmp(a->ports, b->ports, a->params->local_count);
}

static bool plays_equal(const struct plan_play *a, const struct plan_play *b)
{
	if (!a || !b)
		return a == b;
	return a->playback == b->playback && a->mix == b->mix && a->buffer_ms == b->buffer_ms &&
	       a->ahead_ms == b->ahead_ms && plan_transcode_equal(a->format, b->format);
}

static bool stream_equal(const struct plan_stream *a, const struct plan_stream *b)
{
	return a->id == b->id && a->endpoint_gen == b->endpoint_gen &&
	       a->signal_gen == b->signal_gen && addr_equal(&a->peer, &b->peer) &&
	       addr_equal(&a->received_from, &b->received_from) && a->learn == b->learn &&
	       a->sources == b->sources && a->follow == b->follow && a->answered == b->answered &&
	       a->rtp == b->rtp && a->rtcp == b->rtcp && a->opaque == b->opaque &&
	       a->strip_feedback == b->strip_feedback && a->wait == b->wait &&
	       a->pierce == b->pierce && a->own_peer == b->own_peer && a->delay_us == b->delay_us &&
	       a->report_us == b->report_us && ports_equal(a, b) &&
	       filters_equal(a->filter, b->filter) && a->carrier == b->carrier &&
	       bundles_equal(a->bundle, b->bundle) && a->secured == b->secured &&
	       srtp_equal(a->srtp_in, b->srtp_in) && srtp_equal(a->srtp_out, b->srtp_out) &&
	       dtls_equal(a->dtls, b->dtls) && ice_equal(a->ice, b->ice) &&
	       formats_equal(a->in, b->in) && !memcmp(a->events, b->events, sizeof(a->events)) &&
	       a->tap == b->tap &&
	       sinks_equal(a->rtp_sinks, a->rtp_sink_count, b->rtp_sinks, b->rtp_sink_count) &&
	       sinks_equal(a->rtcp_sinks, a->rtcp_sink_count, b->rtcp_sinks, b->rtcp_sink_count) &&
	       all_transcodes_equal(a, b) && plays_equal(a->play, b->play);
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
	if (strcmp(a->call_id, b->call_id) || a->stream_count != b->stream_count)
		return false;
	for (unsigned i = 0; i < a->stream_count; i++)
		if (!stream_equal(&a->streams[i], &b->streams[i]))
			return false;
	return true;
}

bool plan_checks_loops(const struct plan *plan, uint32_t stream_id)
{
	for (unsigned i = 0; i < plan->stream_count; i++)
		if (plan->streams[i].id == stream_id)
			return plan->streams[i].own_peer;
	return false;
}

static bool is_made_anew(const struct plan_stream *s, unsigned place)
{
	return s->transcodes && s->transcodes[place] && !s->transcodes[place]->relay;
}

bool plan_transcodes(const struct plan *plan, uint32_t stream_id)
{
	for (unsigned i = 0; i < plan->stream_count; i++) {
		const struct plan_stream *s = &plan->streams[i];

		for (unsigned p = 0; p < s->rtp_sink_count; p++)
			if (is_made_anew(s, p) &&
				(s->id == stream_id ||
					plan->streams[s->rtp_sinks[p]].id == stream_id))
				return true;
	}
	return false;
}

const struct plan_transcode *plan_find_transcode(
	const struct plan *plan, uint32_t source_id, uint32_t sink_id)
{
	for (unsigned i = 0; i < plan->stream_count; i++) {
		const struct plan_stream *s = &plan->streams[i];

		if (s->id != source_id || !s->transcodes)
			continue;
		for (unsigned p = 0; p < s->rtp_sink_count; p++)
			if (plan->streams[s->rtp_sinks[p]].id == sink_id)
				return s->transcodes[p];
	}
	return NULL;
}

bool plan_mixes(const struct plan *plan, uint32_t stream_id)
{
	for (unsigned i = 0; i < plan->stream_count; i++)
		if (plan->streams[i].id == stream_id)
			return plan->streams[i].play && plan->streams[i].play->mix;
	return false;
}
