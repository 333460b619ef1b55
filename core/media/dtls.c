/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Associations of streams: their datagrams, their turns, their keys. With plans: dtls_set.c. */
#include "media/dtls.h"

#include <glib.h>

#include "base/clock.h"
#include "base/ref.h"
#include "media/dtls_priv.h"
#include "media/dtls_work.h"
#include "media/ice.h"
#include "media/secure.h"
#include "srtp/srtp.h"

/* How long until it is looked again whether there is somewhere to send a hello to. */
static const int64_t NOWHERE_US = 100000;

/* ---- what it has to do with its stream and worker ---- */

static struct dtls_work *work_of(const struct stream_dtls *d)
{
	return media_worker_dtls(d->stream->set->state->worker);
}

void stream_dtls_set_half_open(struct stream_dtls *d, bool half_open)
{
	if (d->half_open == half_open)
		return;
	d->half_open = half_open;
	work_of(d)->half_open += half_open ? 1 : -1u;
	d->stream->set->state->dtls_half_open += half_open ? 1 : -1u;
}

void stream_dtls_send(void *arg, const uint8_t *data, size_t len)
{
	struct stream_dtls *d = arg;
	struct port *port = d->port ? d->port : d->stream->port;
	struct buf *buf;

	if (!d->peer_len || len > BUF_PAYLOAD)
		return;
	buf = buf_get(media_worker_pool(d->stream->set->state->worker));
	if (!buf) {
		reason_count(REASON_NO_BUFFER);
		return;
	}
	memcpy(buf->data, data, len);
	buf->len = (uint32_t)len;
	if (port->engine->send(port, buf, &d->peer, d->peer_len) < 0)
		reason_count(REASON_SEND_FAILED);
}

void stream_dtls_tell(const struct stream_dtls *d, enum media_event_type type, enum reason reason)
{
	struct media_event event = {
		.type = type,
		.session_id = d->stream->set->state->id,
		.stream_id = d->stream->plan->id,
		.endpoint_gen = d->stream->plan->endpoint_gen,
		.reason = reason,
		.committed = d->stream->source_state == SOURCE_COMMITTED,
	};

	if (d->peer_len)
		event.source = event.peer = addr_of_sock(&d->peer);
	media_worker_event(d->stream->set->state->worker, &event);
}

/* What `explain` tells of it. 0: see stats.h. */
void stream_dtls_note_stats(const struct stream_dtls *d, unsigned state, enum reason reason)
{
	struct stream_stats *stats = d->stream->stats;

	stream_stats_begin(stats);
	stats->counts.dtls_state = (uint8_t)state;
	stats->counts.dtls_reason = (uint8_t)reason;
	stream_stats_end(stats);
}

/* ---- one step of an association ---- */

static void replace_keys(struct stream_dtls *d, struct srtp_context *in, struct srtp_context *out,
	enum srtp_suite_id suite, int64_t now_us)
{
	struct stream_stats *stats = d->stream->stats;

	secure_replace(d->stream, in, out, now_us);
	stream_stats_begin(stats);
	stats->counts.dtls_suite = (uint8_t)(suite + 1);
	stream_stats_end(stats);
}

static bool use_keys(struct stream_dtls *d, int64_t now_us)
{
	struct srtp_params in, out;
	struct srtp_context *in_context, *out_context;

	if (!dtls_keys(d->dtls, &in, &out))
		return false;
	in_context = srtp_context_new(&in, SRTP_UNPROTECT, NULL);
	out_context = srtp_context_new(&out, SRTP_PROTECT, NULL);
	srtp_wipe(in.key, sizeof(in.key));
	srtp_wipe(in.salt, sizeof(in.salt));
	srtp_wipe(&out, sizeof(out));
	if (in_context && out_context) {
		replace_keys(d, in_context, out_context, (enum srtp_suite_id)in.suite, now_us);
		return true;
	}
	srtp_context_free(in_context);
	srtp_context_free(out_context);
	return false;
}

static void failed(struct stream_dtls *d, enum reason reason, int64_t now_us)
{
	reason_count(reason);
	stream_dtls_note_stats(d, DTLS_FAILED + 1, reason);
	stream_dtls_tell(d, MEDIA_EVENT_DTLS_FAILED, reason);
	/* Whoever that was must not keep the real peer out. */
	if (!d->stream->srtp->in && !d->stream->checked)
		media_learn_forget(d->stream, now_us);
}

static void take_up(struct stream_dtls *d, int64_t now_us)
{
	d->up_us = now_us;
	if (use_keys(d, now_us))
		stream_dtls_tell(d, MEDIA_EVENT_DTLS_UP, 0);
	else
		failed(d, REASON_DTLS_NO_PROFILE, now_us);
	if (d->stream->srtp->in)
		rivals_lose(d);
}

void stream_dtls_note_state(struct stream_dtls *d, enum dtls_state before, int64_t now_us)
{
	enum dtls_state state = dtls_state(d->dtls);

	stream_dtls_set_half_open(
		d, state == DTLS_HANDSHAKING && dtls_role(d->dtls) == DTLS_SERVER);
	if (state == before)
		return;
	if (d->rival_of) {
		rival_note_state(d, state, now_us);
		return;
	}
	stream_dtls_note_stats(d, state + 1,
		state == DTLS_UP ? (enum reason)0
				 : (enum reason)d->stream->stats->counts.dtls_reason);
	if (state == DTLS_UP) {
		take_up(d, now_us);
	} else if (state == DTLS_CLOSED) {
		stream_dtls_tell(d, MEDIA_EVENT_DTLS_CLOSED, 0);
	} else if (state == DTLS_FAILED) {
		failed(d, dtls_failure(d->dtls), now_us);
	}
}

static bool begin(struct stream_dtls *d, enum dtls_role role, int64_t now_us)
{
	dtls_free(d->dtls);
	d->began_us = now_us;
	d->dtls = dtls_new(d->plan->cert, role, d->plan->mtu, stream_dtls_send, d);
	if (d->dtls)
		dtls_set_peer(d->dtls, &d->plan->peer);
	return d->dtls != NULL;
}

void stream_dtls_aim(struct stream_dtls *d)
{
	d->peer = d->stream->dest;
	d->peer_len = d->stream->dest_len;
	d->port = NULL;
}

/* With ICE a hello goes to nobody who has not shown to be the peer. */
static bool can_begin(const struct stream_dtls *d)
{
	return !d->stream->checked || media_ice_has_pair(d->stream);
}

/* A client that has not begun, or has failed and waited. */
static void start(struct stream_dtls *d, int64_t now_us)
{
	if (!can_begin(d))
		return;
	stream_dtls_aim(d);
	if (d->peer_len && begin(d, DTLS_CLIENT, now_us)) {
		dtls_start(d->dtls, now_us);
		stream_dtls_note_state(d, DTLS_WAITING, now_us);
	}
}

static void run_timer(struct stream_dtls *d, int64_t now_us)
{
	enum dtls_state before = d->dtls ? dtls_state(d->dtls) : DTLS_FAILED;

	if (before == DTLS_HANDSHAKING) {
		dtls_timeout(d->dtls, now_us);
		stream_dtls_note_state(d, before, now_us);
	} else if (d->plan->active && before == DTLS_FAILED) {
		start(d, now_us);
	} else if (before == DTLS_UP && now_us >= d->up_us + DTLS_LINGER_US) {
		dtls_retire(d->dtls);
	}
}

static struct buf *take_waiting(struct stream_dtls *d)
{
	struct buf *buf = d->first;

	d->first = buf->next;
	d->waiting--;
	return buf;
}

static void feed(struct stream_dtls *d, int64_t now_us)
{
	struct buf *buf = take_waiting(d);

	if (d->dtls) {
		enum dtls_state before = dtls_state(d->dtls);

		dtls_receive(d->dtls, buf->data, buf->len, now_us);
		stream_dtls_note_state(d, before, now_us);
	}
	buf_put(buf);
}

void stream_dtls_set_timer(struct stream_dtls *d)
{
	int64_t due_us = d->dtls ? dtls_due_us(d->dtls) : -1;

	if (d->plan->active && !d->dtls)
		due_us = loop_now_us(media_worker_loop(d->stream->set->state->worker)) + NOWHERE_US;
	else if (d->plan->active && dtls_state(d->dtls) == DTLS_FAILED)
		due_us = d->began_us + DTLS_RESTART_US;
	else if (d->dtls && dtls_state(d->dtls) == DTLS_UP && !dtls_is_retired(d->dtls))
		due_us = d->up_us + DTLS_LINGER_US;
	wheel_clear(stream_dtls_wheel(d), &d->timer);
	if (due_us >= 0)
		wheel_set(stream_dtls_wheel(d), &d->timer, due_us);
}

static void step(struct stream_dtls *d, int64_t now_us)
{
	if (d->due) {
		d->due = false;
		run_timer(d, now_us);
	} else if (d->first) {
		feed(d, now_us);
	}
	stream_dtls_set_timer(d);
}

/* ---- whose turn it is ---- */

static void note_turn(struct dtls_work *w)
{
	int64_t now_us = loop_now_us(media_worker_loop(w->worker));

	if (w->turn_us != now_us)
		w->spent_us = 0;
	w->turn_us = now_us;
}

void dtls_work_spend(struct dtls_work *w)
{
	note_turn(w);
	w->spent_us = DTLS_TURN_US;
}

static void on_turn(struct wheel_timer *timer, int64_t now_us);

/* The worker made it, which knows nothing of this timer. */
static void ask_for_turn(struct dtls_work *w, int64_t due_us)
{
	w->timer.fn = on_turn;
	wheel_set(loop_wheel(media_worker_loop(w->worker)), &w->timer, due_us);
}

/* What waits gets time as long as there is some in this turn. */
static void work(struct dtls_work *w)
{
	struct loop *loop = media_worker_loop(w->worker);
	int64_t now_us = loop_now_us(loop), before_us;

	note_turn(w);
	while (!list_empty(&w->waiting) && w->spent_us < DTLS_TURN_US) {
		struct stream_dtls *d = container_of(w->waiting.next, struct stream_dtls, turn);

		list_remove(&d->turn);
		before_us = clock_mono_us();
		step(d, now_us);
		w->spent_us += clock_mono_us() - before_us;
		if (d->rival_of && rival_reap(d))
			continue;
		if ((d->due || d->first) && list_empty(&d->turn))
			list_append(&w->waiting, &d->turn);
	}
	if (!list_empty(&w->waiting))
		ask_for_turn(w, now_us);
}

static void on_turn(struct wheel_timer *timer, int64_t now_us)
{
	(void)now_us;
	work(container_of(timer, struct dtls_work, timer));
}

static void enqueue(struct stream_dtls *d)
{
	if (list_empty(&d->turn))
		list_append(&work_of(d)->waiting, &d->turn);
}

static void on_due(struct wheel_timer *timer, int64_t now_us)
{
	struct stream_dtls *d = container_of(timer, struct stream_dtls, timer);

	(void)now_us;
	d->due = true;
	enqueue(d);
	work(work_of(d));
}

struct stream_dtls *stream_dtls_new(struct stream *stream, struct plan_dtls *plan)
{
	struct stream_dtls *d = g_new0(struct stream_dtls, 1);

	d->stream = stream;
	d->plan = ref_take(plan);
	list_init(&d->turn);
	wheel_timer_init(&d->timer, on_due);
	return d;
}

void stream_dtls_free(struct stream_dtls *d)
{
	if (!d)
		return;
	dtls_free(d->dtls);
	ref_drop(d->plan);
	g_free(d);
}

void stream_dtls_stop(struct stream_dtls *d)
{
	wheel_clear(stream_dtls_wheel(d), &d->timer);
	list_remove(&d->turn);
	stream_dtls_drop_waiting(d);
	d->due = false;
	stream_dtls_set_half_open(d, false);
}

/* ---- datagrams ---- */

bool stream_dtls_is_over(const struct stream_dtls *d)
{
	return !d->dtls || dtls_state(d->dtls) == DTLS_FAILED || dtls_state(d->dtls) == DTLS_CLOSED;
}

static bool is_another_hello(const struct stream_dtls *d, const struct buf *buf)
{
	return buf->len >= RANDOM_AT + RANDOM_BYTES &&
	       memcmp(d->random, buf->data + RANDOM_AT, RANDOM_BYTES) != 0;
}

/* The peer begins, or begins anew without having come to an end. */
bool stream_dtls_begins(const struct stream_dtls *d, const struct buf *buf)
{
	if (d->plan->active || !dtls_begins_hello(buf->data, buf->len))
		return false;
	return stream_dtls_is_over(d) || dtls_is_retired(d->dtls) ||
	       (dtls_state(d->dtls) == DTLS_HANDSHAKING && is_another_hello(d, buf));
}

void stream_dtls_drop_waiting(struct stream_dtls *d)
{
	while (d->first)
		buf_put(take_waiting(d));
}

int stream_dtls_accept(struct stream_dtls *d, const struct packet *packet)
{
	const struct session_state *state = packet->in->set->state;

	if (d->began_us && packet->now_us < d->began_us + DTLS_ANEW_US)
		return REASON_DTLS_BUSY;
	if (!d->half_open && (work_of(d)->half_open >= DTLS_MAX_HALF_OPEN ||
				     state->dtls_half_open >= DTLS_MAX_HALF_OPEN_CALL))
		return REASON_DTLS_HALF_OPEN;
	stream_dtls_drop_waiting(d);
	if (!begin(d, DTLS_SERVER, packet->now_us))
		return REASON_DTLS_BUSY;
	/* From now on, so that those that come in this turn count each other. */
	stream_dtls_set_half_open(d, true);
	if (packet->buf->len >= RANDOM_AT + RANDOM_BYTES)
		memcpy(d->random, packet->buf->data + RANDOM_AT, RANDOM_BYTES);
	return PACKET_OK;
}

/* What is of no association must not teach where the peer is, so that is looked at first. */
static int judge(struct stream_dtls *d, struct packet *packet)
{
	bool anew = stream_dtls_begins(d, packet->buf);
	int verdict;

	if (!anew && stream_dtls_is_over(d))
		return REASON_DTLS_NO_HELLO;
	if (d->plan->active && dtls_is_hello(packet->buf->data, packet->buf->len))
		return REASON_DTLS_UNEXPECTED;
	verdict = media_learn(packet);
	if (verdict == PACKET_OK && anew)
		verdict = stream_dtls_accept(d, packet);
	return verdict;
}

static void set_peer(struct stream_dtls *d, const union sock *from, struct port *port)
{
	d->port = port;
	d->peer = *from;
	d->peer_len = from->sa.sa_family == AF_INET ? sizeof(from->in) : sizeof(from->in6);
}

void media_dtls_in(struct packet *packet)
{
	struct stream_dtls *d = packet->in->dtls, *rival;
	int verdict = rivals_take(d, packet, &rival);

	if (verdict == PACKET_OK && rival)
		d = rival;
	else if (verdict == PACKET_OK)
		verdict = judge(d, packet);
	if (verdict == PACKET_OK && d->waiting == DTLS_MAX_WAITING)
		verdict = REASON_DTLS_BUSY;
	if (verdict != PACKET_OK) {
		media_drop(packet, (enum reason)verdict);
		return;
	}
	set_peer(d, packet->from, packet->port);
	packet->buf->next = NULL;
	if (d->first)
		d->last->next = packet->buf;
	else
		d->first = packet->buf;
	d->last = packet->buf;
	d->waiting++;
	enqueue(d);
	work(work_of(d));
}

void media_dtls_start(struct stream *stream)
{
	struct stream_dtls *d = stream->dtls;

	if (!d || !d->plan->active)
		return;
	if (d->dtls) {
		stream_dtls_aim(d);
		return;
	}
	d->due = true;
	enqueue(d);
	ask_for_turn(work_of(d), 0);
}
