/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of a call: copying, finding, linking. What it means is in the negotiation's files. */
#include "call/model.h"

#include "base/ref.h"

enum {
	ARENA_FIRST_BYTES = 4000, /* 4096 with its header: enough for an ordinary call */
	FIRST_ROOM = 2,
};

/*
 * Lists in a model have room for a power of two, at least FIRST_ROOM, or are NULL; they are as
 * short as that since there are many calls and few with more than two parties.
 */
static void *list_copy(struct arena *arena, const void *from, unsigned count, size_t entry_bytes)
{
	unsigned room = FIRST_ROOM;
	void *copy;

	if (!count)
		return NULL;
	while (room < count)
		room *= 2;
	copy = arena_alloc(arena, entry_bytes * room);
	memcpy(copy, from, entry_bytes * count);
	return copy;
}

/* With room for one more. */
static void *list_grow(struct arena *arena, void *list, unsigned count, size_t entry_bytes)
{
	void *grown;

	if (!list)
		return arena_alloc(arena, entry_bytes * FIRST_ROOM);
	if (count < FIRST_ROOM || count & (count - 1))
		return list;
	grown = arena_alloc(arena, 2 * entry_bytes * count);
	memcpy(grown, list, entry_bytes * count);
	return grown;
}

struct model *model_new(void)
{
	struct arena *arena = arena_new(ARENA_FIRST_BYTES);
	struct model *model = arena_alloc(arena, sizeof(*model));

	model->arena = arena;
	model->next_stream_id = 1;
	return model;
}

static void media_release(struct media *media)
{
	for (struct port_map *m = media->maps; m; m = m->next)
		for (unsigned i = 0; i < m->count; i++)
			ref_drop(m->leases[i]);
	for (unsigned i = 0; i < media->stream_count; i++)
		ref_drop(media->streams[i].stats);
	ref_drop(media->sdp);
	media_crypto_release(&media->crypto);
	section_dtls_release(media->dtls);
	ref_drop(media->ice.trickled);
}

static void party_release(struct party *party)
{
	for (unsigned i = 0; i < party->media_count; i++)
		media_release(party->media[i]);
	ref_drop(party->sdp);
	ref_drop(party->played.playback);
	ref_drop(party->played.source);
	ref_drop(party->moh.source);
	ref_drop(party->hears.source);
	ref_drop(party->announcement.source);
}

void model_free(struct model *model)
{
	if (!model)
		return;
	for (unsigned i = 0; i < model->party_count; i++)
		party_release(model->parties[i]);
	ref_drop(model->recording);
	arena_free(model->arena);
}

static void copy_maps(struct arena *arena, struct media *to, const struct media *from)
{
	struct port_map **link = &to->maps;

	to->ports = NULL;
	for (const struct port_map *m = from->maps; m; m = m->next) {
		struct port_map *copy = arena_alloc(arena, sizeof(*copy));

		*copy = *m;
		for (unsigned i = 0; i < copy->count; i++)
			ref_take(copy->leases[i]);
		if (from->ports == m)
			to->ports = copy;
		copy->next = NULL;
		*link = copy;
		link = &copy->next;
	}
	*link = NULL;
}

static struct media *media_copy_into(struct arena *arena, struct media *from, struct party *party)
{
	struct media *to = arena_alloc(arena, sizeof(*to));

	*to = *from;
	from->copy = to;
	to->party = party;
	to->sources = list_copy(arena, from->sources, from->source_count, sizeof(*to->sources));
	to->mentioned = false;
	to->type_text = arena_str(arena, from->type_text);
	to->transport_text = arena_str(arena, from->transport_text);
	to->mid = arena_str(arena, from->mid);
	ref_take(to->sdp);
	media_crypto_take(&to->crypto);
	ref_take(to->ice.trickled);
	to->dtls = section_dtls_copy(arena, from->dtls);
	to->agreement = codec_agreement_copy(arena, from->agreement);
	copy_maps(arena, to, from);
	to->streams = arena_new_array(arena, struct media_stream, from->stream_count);
	for (unsigned i = 0; i < from->stream_count; i++) {
		to->streams[i] = from->streams[i];
		ref_take(to->streams[i].stats);
	}
	return to;
}

static void copy_printed(struct arena *arena, struct printed *p)
{
	p->username = arena_str(arena, p->username);
	p->session_id = arena_str(arena, p->session_id);
	p->family = arena_str(arena, p->family);
	p->address = arena_str(arena, p->address);
	p->session_name = arena_str(arena, p->session_name);
}

static void copy_dtmf(struct arena *arena, struct dtmf_block *b)
{
	b->trigger = arena_str(arena, b->trigger);
	b->trigger_end = arena_str(arena, b->trigger_end);
}

static struct party *party_copy_into(struct arena *arena, const struct party *from)
{
	struct party *to = arena_alloc(arena, sizeof(*to));

	*to = *from;
	to->arena = arena;
	to->tag = arena_str(arena, from->tag);
	to->via_branch = arena_str(arena, from->via_branch);
	to->label = arena_str(arena, from->label);
	to->metadata = arena_str(arena, from->metadata);
	copy_dtmf(arena, &to->dtmf);
	to->aliases = list_copy(arena, from->aliases, from->alias_count, sizeof(*to->aliases));
	for (unsigned i = 0; i < from->alias_count; i++)
		to->aliases[i] = arena_str(arena, from->aliases[i]);
	copy_printed(arena, &to->printed);
	to->flows = arena_new_array(arena, struct flow_blocks, from->flow_count);
	if (from->flow_count)
		memcpy(to->flows, from->flows, sizeof(*to->flows) * from->flow_count);
	ref_take(to->sdp);
	ref_take(to->played.playback);
	ref_take(to->played.source);
	ref_take(to->moh.source);
	ref_take(to->hears.source);
	ref_take(to->announcement.source);
	for (unsigned i = 0; i < VSC_COUNT; i++)
		to->codes.digits[i] = arena_str(arena, from->codes.digits[i]);
	to->media = arena_new_array(arena, struct media *, from->media_count);
	for (unsigned i = 0; i < from->media_count; i++)
		to->media[i] = media_copy_into(arena, from->media[i], to);
	return to;
}

struct model *model_copy(const struct model *from)
{
	struct model *to = model_new();
	struct arena *arena = to->arena;

	*to = *from;
	to->arena = arena;
	to->metadata = arena_str(arena, from->metadata);
	copy_dtmf(arena, &to->dtmf);
	to->xmlrpc_callback = arena_str(arena, from->xmlrpc_callback);
	to->record_file = arena_str(arena, from->record_file);
	to->record_dir = arena_str(arena, from->record_dir);
	to->record_pattern = arena_str(arena, from->record_pattern);
	ref_take(to->recording);
	to->parties = list_copy(arena, from->parties, from->party_count, sizeof(*to->parties));
	for (unsigned i = 0; i < from->party_count; i++)
		to->parties[i] = party_copy_into(arena, from->parties[i]);
	/* Sources still point into the old version; now that all copies exist, follow them. */
	for (unsigned i = 0; i < to->party_count; i++)
		for (unsigned m = 0; m < to->parties[i]->media_count; m++) {
			struct media *media = to->parties[i]->media[m];

			for (unsigned s = 0; s < media->source_count; s++)
				media->sources[s] = media->sources[s]->copy;
			if (media->carrier)
				media->carrier = media->carrier->copy;
		}
	return to;
}

static bool party_has_tag(const struct party *party, struct str tag)
{
	if (party->tag.s && str_eq(party->tag, tag))
		return true;
	for (unsigned i = 0; i < party->alias_count; i++)
		if (str_eq(party->aliases[i], tag))
			return true;
	return false;
}

struct party *model_find_tag(const struct model *model, struct str tag)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (party_has_tag(model->parties[i], tag))
			return model->parties[i];
	return NULL;
}

struct party *model_find_branch(const struct model *model, struct str via_branch)
{
	if (!via_branch.len)
		return NULL;
	for (unsigned i = 0; i < model->party_count; i++)
		if (str_eq(model->parties[i]->via_branch, via_branch))
			return model->parties[i];
	return NULL;
}

struct party *model_add_party(struct model *model, int64_t now_wall_us)
{
	struct party *party;

	if (model->party_count == MODEL_MAX_PARTIES)
		return NULL;
	party = arena_alloc(model->arena, sizeof(*party));
	party->arena = model->arena;
	party->number = model->next_party_number++;
	party->created_us = now_wall_us;
	model->parties = list_grow(
		model->arena, model->parties, model->party_count, sizeof(*model->parties));
	model->parties[model->party_count++] = party;
	return party;
}

void model_remove_party(struct model *model, struct party *party)
{
	unsigned i = 0;

	party_unlink(model, party);
	while (model->parties[i] != party)
		i++;
	memmove(&model->parties[i], &model->parties[i + 1],
		sizeof(model->parties[0]) * (model->party_count - i - 1));
	model->party_count--;
	party_release(party);
}

struct media *party_add_media(struct model *model, struct party *party)
{
	if (party->media_count == MODEL_MAX_MEDIA)
		return NULL;
	struct media **grown = arena_new_array(
		model->arena, struct media *, party->media_count + 1);
	struct media *media = arena_alloc(model->arena, sizeof(*media));

	if (party->media_count)
		memcpy(grown, party->media, sizeof(*grown) * party->media_count);
	media->party = party;
	media->index = party->media_count;
	media->send = media->recv = true;
	grown[party->media_count++] = media;
	party->media = grown;
	return media;
}

void party_add_alias(struct party *party, struct str tag)
{
	if (party->alias_count == MODEL_MAX_ALIASES) {
		memmove(&party->aliases[0], &party->aliases[1],
			sizeof(party->aliases[0]) * (MODEL_MAX_ALIASES - 1));
		party->alias_count--;
	}
	party->aliases = list_grow(
		party->arena, party->aliases, party->alias_count, sizeof(*party->aliases));
	party->aliases[party->alias_count++] = tag;
}

void media_set_sdp(struct media *media, struct sdp *sdp, const struct sdp_media *in)
{
	ref_take(sdp);
	ref_drop(media->sdp);
	media->sdp = sdp;
	media->in = in;
}

const struct codec_agreement *media_agreement(
	const struct media *media, const struct party *offerer)
{
	const struct codec_agreement *a = media->agreement;

	return a && a->offerer == offerer->number ? a : NULL;
}

static bool party_exists(const struct model *model, unsigned number)
{
	for (unsigned i = 0; i < model->party_count; i++)
		if (model->parties[i]->number == number)
			return true;
	return false;
}

struct blocks *party_flow(struct model *model, struct party *party, const struct party *receiver)
{
	struct flow_blocks *grown = arena_new_array(
		model->arena, struct flow_blocks, party->flow_count + 1);
	unsigned count = 0;

	for (unsigned i = 0; i < party->flow_count; i++) {
		if (party->flows[i].receiver == receiver->number)
			return &party->flows[i].blocks;
		if (party_exists(model, party->flows[i].receiver))
			grown[count++] = party->flows[i];
	}
	grown[count].receiver = receiver->number;
	party->flows = grown;
	party->flow_count = count + 1;
	return &grown[count].blocks;
}

struct blocks party_blocks(const struct party *source, const struct party *receiver)
{
	for (unsigned i = 0; i < source->flow_count; i++) {
		struct blocks b = source->flows[i].blocks;

		if (source->flows[i].receiver != receiver->number)
			continue;
		b.media |= source->blocks.media;
		b.silence |= source->blocks.silence;
		return b;
	}
	return source->blocks;
}

const struct dtmf_block *party_dtmf(const struct model *model, const struct party *party)
{
	const struct dtmf_block *own = &party->dtmf;

	return own->how.mode != PLAN_DTMF_OFF || own->trigger.s || own->delay_ms ? own
										 : &model->dtmf;
}

void media_set_type(
	struct model *model, struct media *media, enum sdp_media_type type, struct str text)
{
	media->type = type;
	media->type_text = arena_str(model->arena, text);
}

void media_set_transport(
	struct model *model, struct media *media, enum sdp_transport transport, struct str text)
{
	media->transport = transport;
	media->transport_text = arena_str(model->arena, text);
}

void party_set_sdp(struct party *party, struct sdp *sdp)
{
	ref_take(sdp);
	ref_drop(party->sdp);
	party->sdp = sdp;
}

void media_need_streams(struct model *model, struct media *media, unsigned count)
{
	struct media_stream *grown;

	if (count <= media->stream_count)
		return;
	grown = arena_new_array(model->arena, struct media_stream, count);
	if (media->stream_count)
		memcpy(grown, media->streams, sizeof(*grown) * media->stream_count);
	for (unsigned i = media->stream_count; i < count; i++) {
		grown[i].id = model->next_stream_id++;
		grown[i].stats = stream_stats_new();
	}
	media->streams = grown;
	media->stream_count = count;
}

bool media_receives_from(const struct media *media, const struct media *source)
{
	for (unsigned i = 0; i < media->source_count; i++)
		if (media->sources[i] == source)
			return true;
	return false;
}

static void remove_source(struct media *media, const struct media *source)
{
	for (unsigned i = 0; i < media->source_count; i++) {
		if (media->sources[i] != source)
			continue;
		memmove(&media->sources[i], &media->sources[i + 1],
			sizeof(media->sources[0]) * (media->source_count - i - 1));
		media->sources[--media->source_count] = NULL;
		return;
	}
}

void media_add_source(struct media *media, struct media *source)
{
	media->sources = list_grow(
		media->party->arena, media->sources, media->source_count, sizeof(*media->sources));
	media->sources[media->source_count++] = source;
}

static void add_first_source(struct media *media, struct media *source)
{
	media_add_source(media, source);
	memmove(&media->sources[1], &media->sources[0],
		sizeof(media->sources[0]) * (media->source_count - 1));
	media->sources[0] = source;
}

void media_unlink(struct media *a, struct media *b)
{
	remove_source(a, b);
	remove_source(b, a);
}

bool media_link(struct media *a, struct media *b)
{
	media_unlink(a, b);
	if (a->source_count == MODEL_MAX_SOURCES || b->source_count == MODEL_MAX_SOURCES)
		return false;
	add_first_source(a, b);
	add_first_source(b, a);
	return true;
}

void party_unlink(const struct model *model, struct party *party)
{
	for (unsigned m = 0; m < party->media_count; m++) {
		struct media *media = party->media[m];

		for (unsigned p = 0; p < model->party_count; p++)
			for (unsigned o = 0; o < model->parties[p]->media_count; o++)
				remove_source(model->parties[p]->media[o], media);
		media->source_count = 0;
	}
}

struct party *party_peer(const struct party *party)
{
	for (unsigned m = 0; m < party->media_count; m++)
		if (party->media[m]->source_count)
			return party->media[m]->sources[0]->party;
	return NULL;
}

bool party_receives_from(const struct party *party, const struct party *source)
{
	for (unsigned m = 0; m < party->media_count; m++)
		for (unsigned s = 0; s < party->media[m]->source_count; s++)
			if (party->media[m]->sources[s]->party == source)
				return true;
	return false;
}
