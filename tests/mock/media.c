/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker and a session for tests of the packet path; see media.h. */
#include "media.h"

#include <glib.h>

#include "base/ref.h"
#include "media/flow.h"
#include "media/quality.h"
#include "media/secure.h"
#include "network.h"
#include "rtp/rtp.h"

const struct addr mock_peer_x = { ADDR_IP4, 41000, { 192, 0, 2, 10 } };
const struct addr mock_peer_y = { ADDR_IP4, 42000, { 198, 51, 100, 20 } };

static const struct addr local = { ADDR_IP4, 0, { 203, 0, 113, 1 } };

static void on_event(const struct media_event *event, void *arg)
{
	struct mock_media *m = arg;

	if (m->event_count < MOCK_MEDIA_EVENTS)
		m->events[m->event_count++] = *event;
}

void mock_media_open(struct mock_media *m)
{
	struct err err;

	mock_reset();
	*m = (struct mock_media){ .control = mailbox_new() };
	m->worker = media_worker_new(0, m->control, on_event, m);
	m->pool = port_pool_new(&local, 30000, 30099, mock_engine());
	g_assert_cmpint(
		port_pool_lease_pairs(m->pool, MOCK_MEDIA_PORTS / 2, m->leases, &err), ==, 0);
	for (unsigned i = 0; i < 2; i++)
		m->stats[i] = stream_stats_new();
	m->state = g_new0(struct session_state, 1);
	m->state->id = 1;
	m->state->worker = m->worker;
}

void mock_media_close(struct mock_media *m)
{
	if (m->state->set)
		stream_set_detach_ports(m->state->set);
	stream_set_free(m->state->set);
	quality_free(m->state->quality);
	g_free(m->state);
	mailbox_run(m->control);
	for (unsigned i = 0; i < MOCK_MEDIA_PORTS; i++)
		ref_drop(m->leases[i]);
	for (unsigned i = 0; i < 2; i++)
		ref_drop(m->stats[i]);
	g_assert_cmpuint(buf_pool_out(media_worker_pool(m->worker)), ==, 0);
	g_assert_cmpuint(port_pool_used(m->pool), ==, 0);
	media_worker_free(m->worker);
	mailbox_free(m->control);
	port_pool_free(m->pool);
	mock_reset();
}

struct plan *mock_media_plan(struct mock_media *m)
{
	struct plan *plan = plan_new(STR_LIT("mock"), 2, 4);
	uint16_t *slots = plan->streams[0].rtp_sinks;

	for (unsigned i = 0; i < 2; i++) {
		struct plan_stream *s = &plan->streams[i];

		s->id = i + 1;
		s->endpoint_gen = 1;
		s->peer = i ? mock_peer_y : mock_peer_x;
		s->answered = true;
		s->rtp = true;
		s->rtp_stream = s->carrier = (uint16_t)i;
		s->port_count = 1;
		s->ports[0] = ref_take(m->leases[2 * i]);
		s->stats = ref_take(m->stats[i]);
		s->rtp_sinks = slots + 2 * i;
		s->rtcp_sinks = slots + 2 * i + 1;
		s->rtp_sink_count = s->rtcp_sink_count = 1;
		s->rtp_sinks[0] = s->rtcp_sinks[0] = !i;
	}
	return plan;
}

/* Whoever is to attach ports in the daemon, here they are attached at the end. */
static void attach(struct mock_media *m)
{
	const struct plan *plan = m->state->set->plan;

	for (unsigned i = 0; i < plan->stream_count; i++)
		for (unsigned p = 0; p < plan->streams[i].port_count; p++) {
			struct port *port = plan->streams[i].ports[p]->port;

			if (!port->loop)
				port->engine->attach(port, media_worker_loop(m->worker),
					media_worker_pool(m->worker));
		}
}

void mock_media_apply(struct mock_media *m, struct plan *plan, struct stream_set **ret_before)
{
	struct stream_set *before, *next = stream_set_new(m->state, plan);
	struct err err;

	g_assert_cmpint(flows_open(next, m->state->set, &err), ==, 0);
	g_assert_cmpint(secure_open(next, m->state->set, &err), ==, 0);
	media_worker_turn(m->worker); /* plans are applied within turns, at their time */
	before = stream_set_apply(m->state, next);
	attach(m);
	if (ret_before)
		*ret_before = before;
	else
		stream_set_free(before);
}

struct stream *mock_media_stream(struct mock_media *m, unsigned index)
{
	return &m->state->set->streams[index];
}

const struct addr *mock_media_local(const struct mock_media *m, unsigned lease)
{
	return &m->leases[lease]->port->local;
}

void mock_media_send(struct mock_media *m, const struct addr *from, unsigned lease,
	const void *bytes, size_t len)
{
	media_worker_turn(m->worker);
	g_assert_true(mock_send(from, mock_media_local(m, lease), bytes, len));
	mock_run();
	mailbox_run(m->control);
}

void mock_media_rtp(struct mock_media *m, const struct addr *from, unsigned stream, uint16_t seq)
{
	struct rtp_header h = { .seq = seq, .ssrc = 0x11223344 };
	uint8_t bytes[RTP_HEADER_BYTES];

	rtp_write(bytes, &h);
	mock_media_send(m, from, 2 * stream, bytes, sizeof(bytes));
}
