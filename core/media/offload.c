/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which streams of a session are forwarded below us, decided by its worker. Whatever changes what
 * a stream does asks for a look (media_offload_look); with the next tick of the wheel each stream
 * of the session is compared with its target. Where they differ, the stream is taken back, and
 * handed over anew once its target has gone: a target is never changed under packets.
 *
 * What takes a stream back by packets (another SSRC, digits, another source) keeps it here for a
 * second, and twice as long each time if it did not last, so that nobody can make work of it. What
 * lost packets keeps it here for much longer, since it would lose others.
 */
#include "media/offload.h"

#include "base/clock.h"
#include "base/ref.h"
#include "media/packet.h"
#include "media/session.h"
#include "media/stream.h"

#include <errno.h>

static const int64_t SECOND_US = 1000000;
static const int64_t LASTING_US = 10 * 1000000; /* it was worth it */
static const int64_t DIGIT_US = 2 * 1000000;    /* after one, others are likely */

enum {
	HOLD_MAX_S = 32,
	HOLD_UNSENT_S = 64,
	HOLD_UNSENT_MAX_S = 4096,
	HEARD_MANY = OFFLOAD_HEARD / 2, /* so many come up: the target does not fit */
};

/* ---- to control and back ---- */

static void add_on_control(struct message *message)
{
	struct offloaded *o = container_of(message, struct offloaded, add);

	if (o->state->owner)
		session_has_offloaded(o->state->owner, o);
	offload_add(o->queue, &o->item);
}

static void remove_on_control(struct message *message)
{
	struct offloaded *o = container_of(message, struct offloaded, remove);

	offload_remove(o->queue, &o->item);
}

static void offloaded_free(struct offloaded *o)
{
	struct session *session = o->session;

	ref_drop(o->stats);
	for (unsigned i = 0; i < G_N_ELEMENTS(o->sink_stats); i++)
		ref_drop(o->sink_stats[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(o->leases); i++)
		ref_drop(o->leases[i]);
	list_remove(&o->of_session);
	g_free(o);
	if (session)
		session_lost_offloaded(session);
}

static void release_on_control(struct message *message)
{
	offloaded_free(container_of(message, struct offloaded, release));
}

static struct media_worker *worker_of(const struct stream *stream)
{
	return stream->set->state->worker;
}

static int64_t now_of(const struct stream *stream)
{
	return loop_now_us(media_worker_loop(worker_of(stream)));
}

/* ---- what is told of a stream ---- */

static void note(struct stream *stream, bool in_kernel, int why)
{
	struct stream_counts *counts = &stream->stats->counts;
	uint8_t path_why = (uint8_t)(why + 1);

	if (counts->in_kernel == in_kernel && counts->path_why == path_why)
		return;
	stream_stats_begin(stream->stats);
	__atomic_store_n(&counts->in_kernel, in_kernel, __ATOMIC_RELAXED);
	counts->path_why = path_why;
	stream_stats_end(stream->stats);
}

static void tell(const struct stream *stream, enum media_event_type type, enum reason reason)
{
	media_tell_control(stream, (struct media_event){
					   .type = type,
					   .reason = reason,
					   .source = addr_of_sock(&stream->source),
				   });
}

/* ---- over and back ---- */

static struct lease *lease_of(const struct stream *stream)
{
	const struct plan_stream *plan = stream->plan;

	for (unsigned i = 0; i < plan->port_count; i++)
		if (plan->ports[i]->port == stream->port)
			return ref_take(plan->ports[i]);
	return NULL;
}

static void hand_over(struct stream *stream, const struct offload_target *target)
{
	struct media_worker *worker = worker_of(stream);
	struct offloaded *o = g_new0(struct offloaded, 1);

	o->item.target = *target;
	o->queue = media_worker_offload(worker);
	o->state = stream->set->state;
	o->worker = worker;
	o->stream = stream;
	o->add.run = add_on_control;
	o->remove.run = remove_on_control;
	o->release.run = release_on_control;
	o->stats = ref_take(stream->stats);
	o->leases[0] = lease_of(stream);
	for (unsigned i = 0; i < target->sink_count; i++) {
		o->sink_stats[i] = ref_take(stream->rtp_sinks[i]->stats);
		o->leases[1 + i] = lease_of(stream->rtp_sinks[i]);
	}
	list_init(&o->of_session);
	o->since_us = now_of(stream);
	stream->offloaded = o;
	media_worker_post_control(worker, &o->add);
}

static void take_back(struct offloaded *o, struct media_worker *worker, enum reason why)
{
	if (o->leaving)
		return;
	o->leaving = true;
	o->why = why;
	media_worker_post_control(worker, &o->remove);
}

static void hold_until(struct stream *stream, int64_t until_us, enum reason why)
{
	if (until_us <= stream->offload_after_us)
		return;
	stream->offload_after_us = until_us;
	stream->offload_why = (uint8_t)why;
}

/* Where nothing is gained by trying again at once. */
static void hold(struct stream *stream, enum reason why)
{
	bool unsent = why == REASON_KERNEL_UNSENT;
	unsigned least_s = unsent ? HOLD_UNSENT_S : 1,
		 most_s = unsent ? HOLD_UNSENT_MAX_S : HOLD_MAX_S;
	int64_t now_us = now_of(stream);
	bool lasted = now_us - stream->offloaded->since_us >= LASTING_US;

	stream->offload_hold_s = lasted ? (uint16_t)least_s
					: (uint16_t)CLAMP(
						  2u * stream->offload_hold_s, least_s, most_s);
	hold_until(stream, now_us + stream->offload_hold_s * SECOND_US, why);
}

/* ---- looking ---- */

/* REASON_COUNT: there is none. */
static enum reason difference(const struct offload_target *a, const struct offload_target *b)
{
	if (!offload_target_equal(a, b))
		return REASON_KERNEL_CHANGED;
	return offload_ssrcs_equal(a, b) ? REASON_COUNT : REASON_KERNEL_SSRC;
}

static void compare(
	struct stream *stream, int verdict, const struct offload_target *target, bool by_plan)
{
	struct offloaded *o = stream->offloaded;
	enum reason why = REASON_COUNT;

	if (o->leaving)
		return;
	if (verdict != PACKET_OK)
		why = (enum reason)verdict;
	else
		why = difference(&o->item.target, target);
	if (why == REASON_COUNT)
		return;
	take_back(o, worker_of(stream), why);
	if (!by_plan)
		hold(stream, why);
}

/* When to look again: 0: not before something changes. */
static int64_t look_at(struct stream *stream, int64_t now_us, bool by_plan)
{
	struct offload_target target;
	int verdict = media_offload_check(stream, &target);

	if (stream->offloaded) {
		compare(stream, verdict, &target, by_plan);
	} else if (verdict != PACKET_OK) {
		note(stream, false, verdict);
	} else if (now_us < stream->offload_after_us) {
		note(stream, false, stream->offload_why);
		return stream->offload_after_us;
	} else {
		hand_over(stream, &target);
	}
	return 0;
}

static void look_later(struct session_state *state, int64_t at_us);

static void look_at_all(struct session_state *state, int64_t now_us, bool by_plan)
{
	int64_t again_us = 0;

	for (unsigned i = 0; state->set && i < state->set->plan->stream_count; i++) {
		int64_t at_us = look_at(&state->set->streams[i], now_us, by_plan);

		if (at_us && (!again_us || at_us < again_us))
			again_us = at_us;
	}
	if (again_us)
		look_later(state, again_us);
}

static void look(struct wheel_timer *timer, int64_t now_us)
{
	look_at_all(container_of(timer, struct session_state, look), now_us, false);
}

static void look_later(struct session_state *state, int64_t at_us)
{
	if (!state->look.fn)
		wheel_timer_init(&state->look, look);
	wheel_set(loop_wheel(media_worker_loop(state->worker)), &state->look, at_us);
}

void media_offload_look(struct session_state *state)
{
	if (state->worker && media_worker_offload(state->worker))
		look_later(state, loop_now_us(media_worker_loop(state->worker)));
}

/* ---- packets that came up ---- */

void media_offload_saw(const struct packet *packet, bool event)
{
	struct stream *stream = packet->in;
	enum reason why = event ? REASON_KERNEL_DIGITS : REASON_KERNEL_TYPES;
	bool here = !stream->offloaded || stream->offloaded->leaving;

	if (!media_worker_offload(worker_of(stream)))
		return;
	if (event) {
		hold_until(stream, packet->now_us + DIGIT_US, why);
	} else if (!here) {
		hold(stream, why);
	} else {
		hold_until(
			stream, packet->now_us + MAX(stream->offload_hold_s, 1) * SECOND_US, why);
	}
	if (here)
		return;
	take_back(stream->offloaded, worker_of(stream), why);
	media_offload_look(stream->set->state);
}

bool media_offload_heard(const struct packet *packet, const struct ssrc_stats *ssrc)
{
	struct offloaded *o = packet->in->offloaded;
	const struct offload_target *target = &o->item.target;

	for (unsigned i = 0; i < target->ssrc_count; i++) {
		if (target->ssrcs[i] != ssrc->ssrc)
			continue;
		if (o->heard_count < OFFLOAD_HEARD) {
			o->heard[o->heard_count].ssrc = ssrc->ssrc;
			o->heard[o->heard_count++].seq = rtp_seq(packet->buf->data);
		}
		if (o->heard_count == HEARD_MANY && !o->leaving) {
			take_back(o, worker_of(packet->in), REASON_KERNEL_PASSED_UP);
			hold(packet->in, REASON_KERNEL_PASSED_UP);
		}
		return true;
	}
	return false;
}

/* ---- the session's life ---- */

static void inherit(struct stream *stream, struct stream *before)
{
	stream->offloaded = before->offloaded;
	stream->away = before->away;
	stream->heard_port = before->heard_port;
	stream->offload_hold_s = before->offload_hold_s;
	stream->offload_after_us = before->offload_after_us;
	stream->offload_why = before->offload_why;
	before->offloaded = NULL;
	before->away = false;
	if (stream->offloaded)
		stream->offloaded->stream = stream;
}

/* A stream that takes no part any more: its numbers still belong to its record. */
static void orphan(struct stream *stream, struct media_worker *worker)
{
	struct offloaded *o = stream->offloaded;

	if (!o)
		return;
	note(stream, false, REASON_KERNEL_ENDED);
	o->stream = NULL;
	stream->offloaded = NULL;
	stream->away = false;
	take_back(o, worker, REASON_KERNEL_ENDED);
}

void media_offload_inherit(
	struct session_state *state, struct stream_set *before, struct stream_set *next)
{
	if (!media_worker_offload(state->worker))
		return;
	for (unsigned i = 0; before && i < before->plan->stream_count; i++) {
		struct stream *old = &before->streams[i];
		struct stream *stream = stream_set_find(next, old->plan->id);

		if (stream) {
			inherit(stream, old);
			continue;
		}
		if (old->offloaded && old->offloaded->told)
			tell(old, MEDIA_EVENT_TAKEN_BACK, REASON_KERNEL_ENDED);
		orphan(old, state->worker);
	}
	/* At once: what a stream does not use any more must not be kept. */
	look_at_all(state, loop_now_us(media_worker_loop(state->worker)), true);
}

void media_offload_stop(struct session_state *state)
{
	if (state->look.fn)
		wheel_clear(loop_wheel(media_worker_loop(state->worker)), &state->look);
}

void media_offload_recall(struct session_state *state)
{
	int64_t until_us = loop_now_us(media_worker_loop(state->worker)) + SECOND_US;

	for (unsigned i = 0; state->set && i < state->set->plan->stream_count; i++) {
		struct stream *stream = &state->set->streams[i];

		hold_until(stream, until_us, REASON_KERNEL_COUNTED);
		if (stream->offloaded)
			take_back(stream->offloaded, state->worker, REASON_KERNEL_COUNTED);
	}
}

void media_offload_end(struct session_state *state)
{
	for (unsigned i = 0; state->set && i < state->set->plan->stream_count; i++)
		orphan(&state->set->streams[i], state->worker);
}

int64_t media_offload_known_us(const struct stream *stream, int64_t now_us)
{
	return stream->away ? MIN(now_us, stream->offloaded->read_us) : now_us;
}

/* ---- news ---- */

/* Timeouts go by that. */
static void note_known(const struct offloaded *o)
{
	struct stream_stats *stats = o->stats;

	if (!o->stream || !o->stream->away)
		return;
	stream_stats_begin(stats);
	__atomic_store_n(&stats->counts.known_us, o->read_us, __ATOMIC_RELAXED);
	stream_stats_end(stats);
}

/* It does not forward any more, and nobody will tell what it has forwarded since the last reading. */
static void note_missed(struct stream *stream)
{
	struct stream_stats *stats = stream->stats;

	stream_stats_begin(stats);
	__atomic_store_n(&stats->counts.missed_us, now_of(stream), __ATOMIC_RELAXED);
	stream_stats_end(stats);
}

/* On the worker that has the session, or had it last. */
static void take_set(struct offloaded *o)
{
	if (!o->stream)
		return;
	o->stream->away = true;
	note_known(o);
	note(o->stream, true, -1);
	o->told = !o->leaving;
	if (o->told)
		tell(o->stream, MEDIA_EVENT_OFFLOADED, REASON_KERNEL_OFF);
}

static void take_failed(struct offloaded *o, struct media_worker *worker, enum reason why)
{
	if (o->stream && !o->leaving) {
		hold(o->stream, why);
		/* While it may still be forwarded, it is not known to be silent. */
		if (!o->stream->away)
			note(o->stream, false, (int)why);
	}
	take_back(o, worker, why);
}

/* Nothing is forwarded any more: what comes up counts as it comes. */
static void take_home(struct offloaded *o, bool has_counts)
{
	struct stream *stream = o->stream;

	offload_merge_heard(o);
	if (!stream || !stream->away)
		return;
	if (!has_counts)
		note_missed(stream);
	stream->away = false;
}

static void take_gone(struct offloaded *o, struct media_worker *worker)
{
	struct stream *stream = o->stream;

	if (stream) {
		stream->offloaded = NULL;
		note(stream, false, (int)o->why);
		if (o->told) {
			reason_count(o->why);
			tell(stream, MEDIA_EVENT_TAKEN_BACK, o->why);
		}
		media_offload_look(stream->set->state);
	}
	media_worker_post_control(worker, &o->release);
}

/* Since the last reading, though there was something to send. */
static bool sends_nothing(const struct offloaded *o, const struct offload_counts *now)
{
	for (unsigned i = 0; i < o->item.target.sink_count; i++)
		if (now->sinks[i].unsent > o->before.sinks[i].unsent &&
			now->sinks[i].packets == o->before.sinks[i].packets)
			return true;
	return false;
}

static void take_news(const struct offload_news *news, struct media_worker *worker)
{
	struct offloaded *o = container_of(news->item, struct offloaded, item);
	bool unsent = news->what == OFFLOAD_COUNTS && sends_nothing(o, &news->counts);

	o->read_us = MAX(o->read_us, news->read_us);
	if (news->has_counts)
		offload_merge(o, &news->counts);
	switch (news->what) {
	case OFFLOAD_SET:
		take_set(o);
		break;
	case OFFLOAD_REFUSED:
		take_failed(o, worker, REASON_KERNEL_REFUSED);
		break;
	case OFFLOAD_LOST:
		if (news->error == -ESTALE)
			take_home(o, false);
		take_failed(o, worker, REASON_KERNEL_LOST);
		break;
	case OFFLOAD_GONE:
		take_home(o, news->has_counts);
		take_gone(o, worker);
		break;
	case OFFLOAD_COUNTS:
		note_known(o);
		if (unsent)
			take_failed(o, worker, REASON_KERNEL_UNSENT);
		break;
	}
}

/* A worker's part of what a job has brought. */
struct news_message {
	struct message message;
	struct media_worker *worker; /* NULL: whoever gets it; see session_post */
	GArray *news;                /* a reference */
	GArray *which;               /* unsigned: those that are for it; NULL: the only one */
};

static void news_on_worker(struct message *message)
{
	struct news_message *m = container_of(message, struct news_message, message);

	for (unsigned i = 0; i < m->which->len; i++)
		take_news(&g_array_index(m->news, struct offload_news,
				  g_array_index(m->which, unsigned, i)),
			m->worker);
	g_array_free(m->which, TRUE);
	g_array_unref(m->news);
	g_free(m);
}

static struct news_message *news_message_new(GArray *news)
{
	struct news_message *m = g_new0(struct news_message, 1);

	m->message.run = news_on_worker;
	m->news = news;
	return m;
}

static void held_on_worker(struct message *message)
{
	struct news_message *m = container_of(message, struct news_message, message);
	const struct offload_news *news = &g_array_index(m->news, struct offload_news, 0);
	struct offloaded *o = container_of(news->item, struct offloaded, item);

	/* It is on this worker, which it was told of before. */
	take_news(news, m->worker ? m->worker : o->worker);
	g_array_unref(m->news);
	g_free(m);
}

/* Its session is on its way to another worker: it follows. What is only a reading can be missed. */
static void send_after(struct offloaded *o, const struct offload_news *news)
{
	struct news_message *m;

	if (news->what == OFFLOAD_COUNTS)
		return;
	m = news_message_new(g_array_sized_new(FALSE, FALSE, sizeof(*news), 1));
	g_array_append_vals(m->news, news, 1);
	m->message.run = held_on_worker;
	m->worker = session_worker(o->session);
	session_post(o->session, &m->message);
}

/* Workers are few. */
static struct news_message *message_to(
	GPtrArray *messages, struct media_worker *worker, GArray *news)
{
	struct news_message *m;

	for (unsigned i = 0; i < messages->len; i++) {
		m = g_ptr_array_index(messages, i);
		if (m->worker == worker)
			return m;
	}
	m = news_message_new(g_array_ref(news));
	m->worker = worker;
	m->which = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_ptr_array_add(messages, m);
	return m;
}

void media_offload_news(GArray *news, void *arg)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new();

	(void)arg;
	for (unsigned i = 0; i < news->len; i++) {
		const struct offload_news *n = &g_array_index(news, struct offload_news, i);
		struct offloaded *o = container_of(n->item, struct offloaded, item);

		if (o->session && session_is_moving(o->session)) {
			send_after(o, n);
			continue;
		}
		if (o->session)
			o->worker = session_worker(o->session);
		g_array_append_val(message_to(messages, o->worker, news)->which, i);
	}
	for (unsigned i = 0; i < messages->len; i++) {
		struct news_message *m = g_ptr_array_index(messages, i);

		mailbox_post(media_worker_mailbox(m->worker), &m->message, WAKE_LATER);
	}
	g_array_unref(news);
}
