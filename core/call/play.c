/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Playing as a change of the model; see play.h. */
#include "call/play.h"

#include "base/ref.h"
#include "call/draft.h"
#include "call/negotiate.h"
#include "call/play_priv.h"
#include "call/select.h"

#include <errno.h>

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

/* ---- commands ---- */

void play_clear(struct party *party)
{
	party->played.playback = ref_drop(party->played.playback);
	party->played.source = ref_drop(party->played.source);
	party->played.is_moh = false;
}

static int select_listener(const struct model *model, const struct call_options *o,
	struct party **ret_party, struct err *err)
{
	int ret = select_party(model, o, SELECT_TAG_ALWAYS, ret_party, err);

	if (ret < 0)
		return ret;
	return *ret_party || o->select.all ? 0
					   : err_set(err, EINVAL, "No participant party specified");
}

static int find_call(const struct call_table *table, const struct call_options *o,
	struct call **ret_call, struct err *err)
{
	if (!o->call_id.s)
		return err_set(err, EINVAL, "No call-id in message");
	*ret_call = call_table_find(table, o->call_id);
	return *ret_call ? 0 : err_set(err, ENOENT, "Unknown call-ID");
}

static void add_rate(struct play_rates *rates, uint32_t sample_hz)
{
	for (unsigned i = 0; i < rates->count; i++)
		if (rates->sample_hz[i] == sample_hz)
			return;
	if (sample_hz && rates->count < PLAY_MAX_RATES)
		rates->sample_hz[rates->count++] = sample_hz;
}

int call_play_rates(const struct call_table *table, const struct call_options *o,
	struct play_rates *ret_rates, struct err *err)
{
	struct party *party;
	struct call *call;
	int ret = find_call(table, o, &call, err);

	if (!ret)
		ret = select_listener(call->model, o, &party, err);
	if (ret < 0)
		return ret;
	*ret_rates = (struct play_rates){ 0 };
	for (unsigned i = 0; i < call->model->party_count; i++)
		if (!party || party == call->model->parties[i])
			add_rate(ret_rates, play_rate(call->model->parties[i]));
	return 0;
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

int play_finish(struct draft *draft, int ret, struct err *err)
{
	if (!ret)
		ret = draft_prepare(draft, err);
	if (ret < 0) {
		draft_drop(draft);
		return ret;
	}
	draft->call->playing = true;
	draft_commit(draft);
	return 0;
}

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

static void take_label(struct model *model, struct party *party, const struct call_options *o)
{
	if (party && o->set_label.s)
		party->label = arena_str(model->arena, o->set_label);
}

int call_play(struct call_table *table, const struct call_options *o, const struct play_wish *wish,
	play_clip_fn clip_for, void *arg, int64_t *ret_duration_ms, struct err *err)
{
	struct clip *first = NULL;
	struct party *only;
	struct draft draft;
	struct call *call;
	int ret = find_call(table, o, &call, err);

	if (ret < 0)
		return ret;
	draft_begin(&draft, call, false);
	ret = select_listener(draft.model, o, &only, err);
	for (unsigned i = 0; !ret && i < draft.model->party_count; i++) {
		struct party *party = draft.model->parties[i];
		uint32_t sample_hz = only && party != only ? 0 : play_rate(party);
		struct clip *clip = sample_hz ? clip_for(sample_hz, arg) : NULL;

		if (!clip)
			continue;
		play_to(draft.model, party, wish, clip);
		first = first ? first : clip;
	}
	if (!ret)
		take_label(draft.model, only, o);
	if (!ret && !first)
		ret = err_set(err, EHOSTUNREACH, "nobody can be played to");
	ret = play_finish(&draft, ret, err);
	if (!ret)
		*ret_duration_ms = clip_duration_ms(first);
	return ret;
}

static int64_t position_of(const struct playback *p)
{
	uint64_t at = atomic_load_explicit(&p->at, memory_order_relaxed);

	return (int64_t)(at * p->clip->file_hz / p->clip->sample_hz);
}

/* Music on hold is the other party's to end. */
static int stop(
	struct model *model, const struct party *only, int64_t *ret_position, struct err *err)
{
	bool any = false, moh = false;

	for (unsigned i = 0; i < model->party_count; i++) {
		struct party *party = model->parties[i];

		if ((only && party != only) || !play_is_on(party))
			continue;
		if (party->played.is_moh) {
			moh = true;
			continue;
		}
		if (!any)
			*ret_position = position_of(party->played.playback);
		any = true;
		play_clear(party);
	}
	if (any)
		return 0;
	return moh ? err_set(err, EBUSY, "Currently MoH ongoing, ignore stop media.")
		   : err_set(err, ENOENT, "Not currently playing media");
}

int call_stop_playing(struct call_table *table, const struct call_options *o, int64_t *ret_position,
	struct err *err)
{
	struct party *only;
	struct draft draft;
	struct call *call;
	int ret = find_call(table, o, &call, err);

	if (ret < 0)
		return ret;
	draft_begin(&draft, call, false);
	ret = select_listener(draft.model, o, &only, err);
	if (!ret) {
		take_label(draft.model, only, o);
		ret = stop(draft.model, only, ret_position, err);
	}
	return play_finish(&draft, ret, err);
}

/* ---- the end ---- */

void call_play_tick(struct call *call)
{
	bool any = false, ended = false;
	struct draft draft;
	struct err err;

	for (unsigned i = 0; i < call->model->party_count; i++) {
		const struct party *party = call->model->parties[i];

		any |= party->played.playback != NULL;
		ended |= party->played.playback && !play_is_on(party);
	}
	call->playing = any;
	if (!ended)
		return;
	draft_begin(&draft, call, false);
	for (unsigned i = 0; i < draft.model->party_count; i++)
		if (!play_is_on(draft.model->parties[i]))
			play_clear(draft.model->parties[i]);
	play_finish(&draft, 0, &err);
}
