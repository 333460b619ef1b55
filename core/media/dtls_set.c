/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Associations over plans: made, carried on, ended. */
#include "media/dtls.h"

#include "base/ref.h"
#include "media/dtls_priv.h"

void media_dtls_open(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		if (s->plan->dtls && s->secured)
			s->dtls = stream_dtls_new(s, s->plan->dtls);
	}
}

void media_dtls_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		stream_dtls_free(set->streams[i].dtls);
}

/* Nothing of it stays with the worker; who competed with it has to come again. */
static void stop(struct stream_dtls *d)
{
	rivals_drop(d);
	stream_dtls_stop(d);
}

static void resume(struct stream_dtls *d)
{
	if (d->dtls)
		stream_dtls_set_half_open(
			d, dtls_state(d->dtls) == DTLS_HANDSHAKING && !d->plan->active);
	stream_dtls_set_timer(d);
}

static void close_one(struct stream_dtls *d)
{
	if (d->dtls)
		dtls_close(d->dtls);
}

/* The association before goes on in its place: it may have been told who its peer is. */
static void carry_on(struct stream *s, struct stream *before, int64_t now_us)
{
	struct stream_dtls *d = before->dtls, *fresh = s->dtls;
	/* With ICE what is signalled moves nothing. */
	bool moved = !s->checked && before->plan->endpoint_gen != s->plan->endpoint_gen;

	before->dtls = fresh;
	fresh->stream = before;
	s->dtls = d;
	d->stream = s;
	ref_drop(d->plan);
	d->plan = ref_take(s->plan->dtls);
	d->port = NULL;
	if (moved && s->dest_len)
		stream_dtls_aim(d);
	rivals_carry_on(d, moved, now_us);
	if (d->dtls) {
		enum dtls_state state = dtls_state(d->dtls);

		dtls_set_peer(d->dtls, &d->plan->peer);
		stream_dtls_note_state(d, state, now_us);
	}
	stream_dtls_set_timer(d);
}

/*
 * The peer is told, unless another one takes its place: browsers would give up their transport, and
 * some do not even begin another one when ICE begins anew.
 */
static void end(struct stream_dtls *d, struct stream_set *next)
{
	const struct stream *after = stream_set_find(next, d->stream->plan->id);

	if (!after || !after->dtls)
		close_one(d);
	stop(d);
}

static void start_fresh(struct stream *s)
{
	stream_dtls_note_stats(s->dtls, 0, (enum reason)0);
	media_dtls_start(s);
}

void media_dtls_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us)
{
	for (unsigned i = 0; i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];
		struct stream *old = s->dtls ? stream_set_find(before, s->plan->id) : NULL;

		if (old && old->dtls && plan_dtls_same(old->dtls->plan, s->plan->dtls))
			carry_on(s, old, now_us);
		else if (s->dtls)
			start_fresh(s);
	}
	for (unsigned i = 0; before && i < before->plan->stream_count; i++)
		if (before->streams[i].dtls)
			end(before->streams[i].dtls, next);
}

void media_dtls_stop(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].dtls)
			stop(set->streams[i].dtls);
}

void media_dtls_resume(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].dtls)
			resume(set->streams[i].dtls);
}

void media_dtls_close(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].dtls)
			close_one(set->streams[i].dtls);
}
