/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a commit changes, as events: found by comparing the two versions of the model, so that no
 * step of a command has to say it.
 */
#include "call/events.h"

#include "base/clock.h"
#include "call/call.h"

static const int64_t SECOND_US = 1000000;

struct diff {
	struct call *call;
	const struct model *before, *after; /* `before` is NULL with the first version */
};

static const struct party *find_party(const struct model *model, unsigned number)
{
	for (unsigned i = 0; model && i < model->party_count; i++)
		if (model->parties[i]->number == number)
			return model->parties[i];
	return NULL;
}

static void add_media(const struct diff *d, enum event_kind kind, const struct media *media,
	struct addr addr, unsigned number)
{
	struct event e = {
		.kind = kind,
		.party = media->party->number,
		.media = media->index,
		.addr = addr,
		.number = number,
	};

	event_add(d->call, &e);
}

static struct addr shown_addr(const struct port_map *map)
{
	return addr_with_port(map->local->advertised, map->leases[0]->port->local.port);
}

/* Leases are the same objects in both versions; the maps are copies. */
static bool same_ports(const struct port_map *a, const struct port_map *b)
{
	return a && b ? a->leases[0] == b->leases[0] : !a && !b;
}

static void compare_ports(const struct diff *d, const struct media *was, const struct media *is)
{
	const struct port_map *old = was ? media_ports(was) : NULL;

	if (same_ports(old, media_ports(is)))
		return;
	if (!media_ports(is))
		add_media(d, EVENT_PORTS_CLOSED, is, (struct addr){ 0 }, 0);
	else
		add_media(d, old ? EVENT_PORTS_CHANGED : EVENT_PORTS_OPENED, is,
			shown_addr(media_ports(is)), media_ports(is)->count);
}

/* The first time is told by the command itself. */
static void compare_endpoints(const struct diff *d, const struct media *was, const struct media *is)
{
	if (!was || !was->stream_count || !is->stream_count)
		return;
	if (!was->streams[0].peer.family || !is->streams[0].peer.family)
		return;
	if (!addr_equal(&was->streams[0].peer, &is->streams[0].peer))
		add_media(d, EVENT_ENDPOINT_CHANGED, is, is->streams[0].peer, 0);
}

/* How many codecs it was shown, where those were not simply the other side's. */
static unsigned shown_count(const struct media *media)
{
	return media && media->agreement ? media->agreement->shown.count : 0;
}

static void compare_keys(const struct diff *d, const struct media *was, const struct media *is)
{
	static const struct media_crypto none;
	const struct media_crypto *old = was ? &was->crypto : &none, *new = &is->crypto;
	bool other = old->in_gen != new->in_gen || old->out_gen != new->out_gen;

	if (!old->in != !new->in)
		add_media(d, new->in ? EVENT_SECURED : EVENT_UNSECURED, is, (struct addr){ 0 }, 0);
	else if (new->in && other)
		add_media(d, EVENT_REKEYED, is, (struct addr){ 0 }, 0);
}

static void compare_media(const struct diff *d, const struct media *was, const struct media *is)
{
	static const struct addr none;
	bool was_rejected = was && was->rejected;

	if (is->rejected != was_rejected)
		add_media(d, is->rejected ? EVENT_DECLINED : EVENT_TAKEN_UP, is, none, 0);
	compare_ports(d, was, is);
	compare_endpoints(d, was, is);
	/* Sections that were not agreed upon yet say nothing by their direction. */
	if (is->in && !is->rejected && (was && was->in ? was->send : true) != is->send)
		add_media(d, is->send ? EVENT_RESUMED : EVENT_HELD, is, none, 0);
	if (shown_count(is) && shown_count(is) != shown_count(was))
		add_media(d, EVENT_CODECS_CHOSEN, is, none, shown_count(is));
	compare_keys(d, was, is);
	if (is->mux && !(was && was->mux))
		add_media(d, EVENT_MUX_AGREED, is, none, 0);
}

static void add_party(
	const struct diff *d, enum event_kind kind, unsigned party, enum reason reason)
{
	struct event e = { .kind = kind, .party = party, .reason = reason };

	event_add(d->call, &e);
}

static void compare_deletion(
	const struct diff *d, unsigned party, int64_t was_us, int64_t is_us, int64_t now_us)
{
	struct event e = { .kind = EVENT_DELETE_PLANNED, .party = party };

	if (was_us == is_us)
		return;
	if (is_us > now_us)
		e.number = (uint32_t)((is_us - now_us) / SECOND_US);
	if (!is_us)
		e.kind = EVENT_DELETE_REVOKED;
	event_add(d->call, &e);
}

static void compare_blocks(
	const struct diff *d, unsigned party, const struct blocks *was, const struct blocks *is)
{
	if (was->media != is->media)
		add_party(d, is->media ? EVENT_BLOCKED : EVENT_UNBLOCKED, party,
			REASON_MEDIA_BLOCKED);
	if (was->dtmf != is->dtmf)
		add_party(
			d, is->dtmf ? EVENT_BLOCKED : EVENT_UNBLOCKED, party, REASON_DTMF_BLOCKED);
	if (was->silence != is->silence)
		add_party(d, is->silence ? EVENT_SILENCED : EVENT_UNSILENCED, party, 0);
}

/* Towards anybody. */
static struct blocks all_blocks(const struct party *party)
{
	struct blocks b = { 0 };

	if (!party)
		return b;
	b = party->blocks;
	for (unsigned i = 0; i < party->flow_count; i++) {
		b.media |= party->flows[i].blocks.media;
		b.silence |= party->flows[i].blocks.silence;
		b.dtmf |= party->flows[i].blocks.dtmf;
	}
	return b;
}

static void compare_party(
	const struct diff *d, const struct party *was, const struct party *is, int64_t now_us)
{
	struct blocks blocks_were = all_blocks(was), blocks_are = all_blocks(is);

	for (unsigned m = 0; m < is->media_count; m++)
		compare_media(d, was && m < was->media_count ? was->media[m] : NULL, is->media[m]);
	compare_blocks(d, is->number, &blocks_were, &blocks_are);
	compare_deletion(d, is->number, was ? was->delete_at_us : 0, is->delete_at_us, now_us);
}

void events_of_commit(struct call *call, const struct model *before, const struct model *after)
{
	static const struct blocks no_blocks;
	struct diff d = { call, before, after };
	int64_t now_us = clock_mono_us();
	bool dropped = before && before->drop_traffic;

	for (unsigned i = 0; before && i < before->party_count; i++)
		if (!find_party(after, before->parties[i]->number))
			add_party(&d, EVENT_PARTY_LEFT, before->parties[i]->number, 0);
	for (unsigned i = 0; i < after->party_count; i++)
		compare_party(&d, find_party(before, after->parties[i]->number), after->parties[i],
			now_us);
	compare_blocks(&d, EVENT_NO_PARTY, before ? &before->blocks : &no_blocks, &after->blocks);
	if (dropped != after->drop_traffic)
		add_party(&d, dropped ? EVENT_TRAFFIC_PASSED : EVENT_TRAFFIC_DROPPED,
			EVENT_NO_PARTY, 0);
	compare_deletion(
		&d, EVENT_NO_PARTY, before ? before->delete_at_us : 0, after->delete_at_us, now_us);
}
