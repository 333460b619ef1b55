/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is played as a part of the model, and what plans are told of it; see play.h. */
#include "call/play.h"

#include "base/ref.h"
#include "call/negotiate.h"
#include "call/play_priv.h"

/* ---- how ---- */

static bool is_in(const struct sdp_media *in, const struct sdp_format *f)
{
	for (unsigned i = 0; i < in->format_count; i++)
		if (format_is_same_codec(&in->formats[i], f))
			return true;
	return false;
}

/* Nothing was agreed on: what it said, with what its peer did not say, too, at the end. */
static struct codec_list said_list(
	const struct media *media, const struct media *source, struct codec_work *w)
{
	codec_work_take(w, media->in->formats, media->in->format_count);
	for (unsigned i = 0; source && source->in && i < w->count; i++)
		if (!is_in(source->in, &w->entries[i].format))
			w->entries[i].marks |= ENTRY_STRIPPED;
	return codec_work_list(w);
}

/* By what the section's party is played to. `w` holds what *ret points into. */
static bool choose_format(const struct media *media, struct codec_work *w, struct plan_format *ret)
{
	const struct media *source = media->source_count ? media->sources[0] : NULL;
	const struct codec_agreement *forth = source ? media_agreement(media, source->party) : NULL;
	const struct codec_agreement *back = source ? media_agreement(source, media->party) : NULL;
	struct codec_flow flow = { 0 };

	if (forth || back)
		flow = agreement_flow(forth ? forth : back, forth != NULL);
	if (!flow.to.count)
		flow.to = said_list(media, source, w);
	flow.to_ptime_ms = media->in->ptime_ms;
	flow.to_maxptime_ms = media->in->maxptime_ms;
	flow.fixed_ptime_ms = media->ptime_fixed_ms;
	return choose_played(&flow, ret);
}

static uint32_t rate_of(const struct plan_format *f)
{
	return codec_sample_hz(f->codec, f->params.clock_hz);
}

/* What the party says of itself counts on hold: that it is not sent anything is our doing. */
static bool hears(const struct media *media)
{
	if (!media->party->hears.source)
		return media->send;
	return media->in->direction == SDP_SENDRECV || media->in->direction == SDP_RECVONLY;
}

static bool can_hear(const struct media *m)
{
	return m->type == SDP_AUDIO && !m->rejected && m->in && media_ports(m) && hears(m) &&
	       m->stream_count && m->streams[0].peer.family &&
	       sdp_transport_info(m->transport)->rtp;
}

/* The party's first section that hears anything; NULL. */
static const struct media *find_target(const struct party *party)
{
	for (unsigned i = 0; i < party->media_count; i++)
		if (can_hear(party->media[i]))
			return party->media[i];
	return NULL;
}

uint32_t play_rate(const struct party *party)
{
	const struct media *target = find_target(party);
	struct codec_work w = { .count = 0 };
	struct plan_format format;

	return target && choose_format(target, &w, &format) ? rate_of(&format) : 0;
}

bool play_is_on(const struct party *party)
{
	const struct playback *p = party->played.playback;

	return p && !atomic_load_explicit(&p->ended, memory_order_acquire);
}

static bool plays_on(const struct media *media)
{
	return play_is_on(media->party) && media == find_target(media->party);
}

bool play_is_alone(const struct party *party)
{
	return play_is_on(party) && party->played.playback->alone;
}

struct plan_play *play_compile(
	const struct media *media, unsigned component, bool mixed, const struct call_settings *set)
{
	enum { BUFFER_MS = 500, AHEAD_MS = 5 };
	struct codec_work w = { .count = 0 };
	struct playback *p = plays_on(media) ? media->party->played.playback : NULL;
	struct plan_format format;
	struct plan_play *play;

	if (component || (!p && !mixed) || !choose_format(media, &w, &format))
		return NULL;
	if (p && rate_of(&format) != p->clip->sample_hz)
		p = NULL;
	if (!p && !mixed)
		return NULL;
	if (p && format.codec == p->rated)
		format.params.bitrate = p->bitrate;
	play = plan_play_new(p, &format);
	play->mix = mixed;
	play->buffer_ms = mixed ? (unsigned)(set ? set->player_buffer_ms : BUFFER_MS) : 0;
	play->ahead_ms = mixed ? (unsigned)(set ? set->player_ahead_ms : AHEAD_MS) : 0;
	return play;
}

/* ---- mixed ---- */

int play_player(const struct party *party, int by_default)
{
	return party->player == PLAYER_DEFAULT ? by_default : party->player;
}

static bool is_answered(const struct media *media)
{
	for (unsigned i = 0; i < media->source_count; i++)
		if (media->sources[i]->in)
			return true;
	return false;
}

bool play_is_answered(const struct party *party)
{
	const struct media *target = find_target(party);

	return target && is_answered(target);
}

bool play_mixes(const struct media *media, int player_by_default, bool transcoded,
	struct codec_work *w, struct plan_format *ret)
{
	int player = play_player(media->party, player_by_default);

	if (player <= PLAYER_OFF || !can_hear(media) ||
		(!is_answered(media) && !media->party->early_media))
		return false;
	if (player != PLAYER_ALWAYS && !plays_on(media) &&
		!(player == PLAYER_TRANSCODING && transcoded))
		return false;
	return choose_format(media, w, ret);
}

/* ---- what ---- */

static struct clip_source *decode_base64(struct str text)
{
	g_autofree char *copy = g_strndup(text.s, text.len);
	gsize len;
	g_autofree guchar *content = g_base64_decode(copy, &len);

	return len ? clip_source_blob((struct str){ (const char *)content, len }) : NULL;
}

struct clip_source *play_source(const struct play_options *o)
{
	if (o->file.len)
		return clip_source_file(o->file);
	if (o->blob.len)
		return clip_source_blob(o->blob);
	if (o->blob64.len)
		return decode_base64(o->blob64);
	return o->has_db_id && o->db_id >= 0 ? clip_source_database((uint64_t)o->db_id) : NULL;
}

const char *play_source_fault(const struct play_options *o)
{
	if (o->blob64.len)
		return "blob64 is no base64";
	return o->has_db_id ? "db-id is no number from 0 on" : NULL;
}

void play_clear(struct party *party)
{
	party->played.playback = ref_drop(party->played.playback);
	party->played.source = ref_drop(party->played.source);
	party->played.is_moh = false;
}

/* Of the codec that the party is played to by. */
static void set_bitrate(
	struct playback *p, const struct party *party, const struct value *specifications)
{
	const struct media *target = find_target(party);
	struct codec_work w = { .count = 0 };
	struct plan_format format;
	struct codec_spec spec;

	if (!specifications || !target || !choose_format(target, &w, &format))
		return;
	value_each (item, specifications)
		if (codec_spec_parse(value_str(item), &spec) && spec.bitrate &&
			codec_same_name(spec.name, str_of(format.codec->name))) {
			p->rated = format.codec;
			p->bitrate = spec.bitrate;
		}
}

void play_to(
	struct model *model, struct party *party, const struct play_wish *wish, struct clip *clip)
{
	struct playback *p = playback_new(++model->next_play_id, clip);

	p->times = wish->times;
	p->most = (uint64_t)wish->most_ms * clip->sample_hz / 1000;
	p->at = (uint64_t)wish->start_pos * clip->sample_hz / clip->file_hz;
	p->alone = wish->alone;
	set_bitrate(p, party, wish->set);
	play_clear(party);
	party->played.playback = p;
	party->played.source = ref_take(wish->source);
}
