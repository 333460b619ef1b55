/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Agents of ICE between ports, the worker's wheel, and the streams they steer. */
#include "media/ice_priv.h"

#include "media/dtls.h"
#include "media/packet.h"

#include <glib.h>

static struct wheel *wheel_of(const struct stream_ice *ice)
{
	return loop_wheel(media_worker_loop(ice->stream->set->state->worker));
}

static void set_timer(struct stream_ice *ice)
{
	int64_t due_us = ice_agent_next_us(ice->agent);

	if (due_us < 0)
		wheel_clear(wheel_of(ice), &ice->timer);
	else
		wheel_set(wheel_of(ice), &ice->timer, due_us);
}

static void on_due(struct wheel_timer *timer, int64_t now_us)
{
	struct stream_ice *ice = container_of(timer, struct stream_ice, timer);

	ice_agent_run(ice->agent, now_us);
	set_timer(ice);
}

static struct stream *stream_of(const struct stream_ice *ice, unsigned component)
{
	return ice->stream + component - 1;
}

static struct port *port_of(const struct stream_ice *ice, unsigned local)
{
	const struct plan_ice *plan = ice->stream->plan->ice;
	const struct stream *s = stream_of(ice, plan->params->locals[local].component);

	return s->plan->ports[plan->ports[local]]->port;
}

/* ---- what the agent wants ---- */

static void on_send(
	void *arg, unsigned local, const struct addr *to, const uint8_t *data, size_t len)
{
	struct stream_ice *ice = arg;
	struct port *port = port_of(ice, local);
	struct buf *buf = buf_get(media_worker_pool(ice->stream->set->state->worker));
	union sock sock;
	socklen_t sock_len = addr_to_sock(to, &sock);

	if (!buf) {
		reason_count(REASON_NO_BUFFER);
		return;
	}
	memcpy(buf->data, data, len);
	buf->len = (uint32_t)len;
	if (port->engine->send(port, buf, &sock, sock_len) < 0)
		reason_count(REASON_SEND_FAILED);
}

/* `event` lacks whose it is. */
static void tell_control(const struct stream *stream, struct media_event event)
{
	const struct session_state *state = stream->set->state;

	event.session_id = state->id;
	event.stream_id = stream->plan->id;
	event.endpoint_gen = stream->plan->endpoint_gen;
	event.ice_generation = stream->rtp_of->plan->ice->params->generation;
	media_worker_event(state->worker, &event);
}

static void use_pair(struct stream_ice *ice, const struct ice_event *event)
{
	struct stream *stream = stream_of(ice, event->component);

	media_learn_aim(stream, port_of(ice, event->local), &event->remote);
	media_dtls_start(stream);
}

static void on_event(void *arg, const struct ice_event *event)
{
	struct stream_ice *ice = arg;
	struct media_event told = { .peer = event->remote, .controlling = event->controlling };

	switch (event->type) {
	case ICE_EVENT_PAIR:
		use_pair(ice, event);
		told.type = MEDIA_EVENT_ICE_PAIR;
		told.local = port_of(ice, event->local)->local;
		if (event->nominated)
			tell_control(stream_of(ice, event->component), told);
		break;
	case ICE_EVENT_COMPLETED:
		reason_count(REASON_ICE_COMPLETED);
		told.type = MEDIA_EVENT_ICE_COMPLETED;
		tell_control(ice->stream, told);
		break;
	case ICE_EVENT_FAILED:
		reason_count(REASON_ICE_FAILED);
		told.type = MEDIA_EVENT_ICE_FAILED;
		tell_control(ice->stream, told);
		break;
	case ICE_EVENT_CONSENT_LOST:
		reason_count(REASON_ICE_CONSENT_LOST);
		media_learn_aim(stream_of(ice, event->component), NULL, NULL);
		told.type = MEDIA_EVENT_ICE_CONSENT_LOST;
		tell_control(stream_of(ice, event->component), told);
		break;
	case ICE_EVENT_ROLE:
		reason_count(REASON_ICE_ROLE_CHANGED);
		told.type = MEDIA_EVENT_ICE_ROLE;
		tell_control(ice->stream, told);
		break;
	}
}

/* ---- life ---- */

void media_ice_open(struct stream_set *set)
{
	static const struct ice_ops ops = { .send = on_send, .event = on_event };

	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream *s = &set->streams[i];

		s->checked = s->rtp_of->plan->ice != NULL;
		if (!s->plan->ice || s->rtp_of != s)
			continue;
		s->ice = g_new0(struct stream_ice, 1);
		s->ice->stream = s;
		s->ice->agent = ice_agent_new(s->plan->ice->params, &ops, s->ice);
		wheel_timer_init(&s->ice->timer, on_due);
	}
}

void media_ice_free(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++) {
		struct stream_ice *ice = set->streams[i].ice;

		if (!ice)
			continue;
		ice_agent_free(ice->agent);
		g_free(ice);
	}
}

static bool has_port(const struct plan_stream *plan, const struct port *port)
{
	for (unsigned p = 0; p < plan->port_count; p++)
		if (plan->ports[p]->port == port)
			return true;
	return false;
}

/* A stream of a new plan goes on sending where the agent said before. */
static void keep_aim(struct stream *s, const struct stream *old)
{
	struct addr peer = addr_of_sock(&old->dest);

	if (!old->dest_len)
		return;
	if (has_port(s->plan, old->port))
		media_learn_aim(s, old->port, &peer);
	else if (s->port->local.family == old->port->local.family)
		media_learn_aim(s, s->port, &peer);
}

static void take_over(struct stream *s, struct stream *old, int64_t now_us)
{
	struct stream_ice *ice = old->ice;
	struct ice_event pair;

	old->ice = s->ice;
	s->ice = ice;
	ice->stream = s;
	for (unsigned c = 1; c <= s->plan->ice->params->components; c++) {
		const struct stream *before = stream_set_find(
			old->set, stream_of(ice, c)->plan->id);

		if (before && ice_agent_pair(ice->agent, c, &pair))
			keep_aim(stream_of(ice, c), before);
		else if (before && before->no_consent)
			media_learn_aim(stream_of(ice, c), NULL, NULL);
	}
	ice_agent_set(ice->agent, s->plan->ice->params, now_us);
	set_timer(ice);
}

void media_ice_inherit(struct stream_set *before, struct stream_set *next, int64_t now_us)
{
	for (unsigned i = 0; before && i < before->plan->stream_count; i++)
		if (before->streams[i].ice)
			wheel_clear(
				wheel_of(before->streams[i].ice), &before->streams[i].ice->timer);
	for (unsigned i = 0; i < next->plan->stream_count; i++) {
		struct stream *s = &next->streams[i];
		struct stream *old = s->ice ? stream_set_find(before, s->plan->id) : NULL;

		if (old && old->ice) {
			take_over(s, old, now_us);
		} else if (s->ice) {
			ice_agent_start(s->ice->agent, now_us);
			set_timer(s->ice);
		}
	}
}

void media_ice_stop(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].ice)
			wheel_clear(wheel_of(set->streams[i].ice), &set->streams[i].ice->timer);
}

void media_ice_resume(struct stream_set *set)
{
	for (unsigned i = 0; i < set->plan->stream_count; i++)
		if (set->streams[i].ice)
			set_timer(set->streams[i].ice);
}

/* ---- what comes ---- */

static int find_local(const struct stream_ice *ice, const struct port *port)
{
	const struct ice_params *params = ice->stream->plan->ice->params;

	for (unsigned i = 0; i < params->local_count; i++)
		if (port_of(ice, i) == port)
			return (int)i;
	return -1;
}

static enum reason reason_of(enum ice_verdict verdict)
{
	switch (verdict) {
	case ICE_NOT_STUN:
		return REASON_STUN_MALFORMED;
	case ICE_UNAUTHORIZED:
		return REASON_STUN_UNAUTHORIZED;
	case ICE_BAD_REQUEST:
		return REASON_STUN_REFUSED;
	default:
		return REASON_STUN_STRAY;
	}
}

void media_ice_in(struct packet *packet)
{
	struct stream_ice *ice = packet->in->rtp_of->ice;
	struct addr from = addr_of_sock(packet->from);
	int local = find_local(ice, packet->port);
	enum ice_verdict verdict = ICE_STRAY;

	if (local >= 0)
		verdict = ice_agent_receive(ice->agent, (unsigned)local, &from, packet->buf->data,
			packet->buf->len, packet->now_us);
	if (verdict != ICE_TAKEN) {
		media_drop(packet, reason_of(verdict));
		return;
	}
	set_timer(ice);
	buf_put(packet->buf);
}
