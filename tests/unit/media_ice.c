/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICE between X, who speaks it, and Y, who does not: the worker's side against an agent outside. */
#include "media/ice.h"

#include "../mock/dtls.h"
#include "../mock/media.h"
#include "../mock/network.h"
#include "base/clock.h"
#include "base/ref.h"
#include "media/packet.h"

#include <glib.h>

static struct mock_media m;
static int64_t now_us;
static struct ice_agent *outside; /* at mock_peer_x */
static bool outside_is_deaf, outside_controls;
static unsigned hellos; /* DTLS that came to it, and the port the latest is from */
static struct addr hello_from;

#define OUR_PWD   "ourpasswordourpassword"
#define THEIR_PWD "theirpasswordtheirpassword"

/* X's plan has two local candidates: its first port and the pair's second. */
static struct plan *make_plan(uint32_t generation, bool answered)
{
	static const uint8_t ports[] = { 0, 1 };
	struct plan *plan = mock_media_plan(&m);
	struct plan_stream *x = &plan->streams[0];
	struct ice_params *params = ice_params_new();

	x->ports[x->port_count++] = ref_take(m.leases[1]);
	params->generation = generation;
	params->controlling = true;
	params->consent = true;
	params->components = 1;
	params->tie_breaker = 5;
	params->local_ufrag = g_strdup_printf("ours%u", generation);
	params->local_pwd = g_strdup(OUR_PWD);
	if (answered) {
		params->remote_ufrag = g_strdup("theirs");
		params->remote_pwd = g_strdup(THEIR_PWD);
		params->remote_ended = true;
	}
	params->local_count = 2;
	for (unsigned i = 0; i < 2; i++)
		params->locals[i] = (struct ice_local){ .component = 1,
			.foundation = (uint8_t)i,
			.family = ADDR_IP4,
			.priority = ice_priority(ICE_HOST, i, 1) };
	x->ice = plan_ice_new(params, ports);
	return plan;
}

static void on_send(
	void *arg, unsigned local, const struct addr *to, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)local;
	g_assert_true(mock_send(&mock_peer_x, to, data, len));
}

static void on_event(void *arg, const struct ice_event *event)
{
	(void)arg;
	(void)event;
}

/* Who knows of our candidate at lease `local` alone. */
static void open_outside(unsigned local)
{
	static const struct ice_ops ops = { .send = on_send, .event = on_event };
	struct ice_params *params = ice_params_new();

	params->generation = 1;
	params->components = 1;
	params->controlling = outside_controls;
	params->tie_breaker = 6;
	params->remote_ended = true;
	params->local_ufrag = g_strdup("theirs");
	params->local_pwd = g_strdup(THEIR_PWD);
	params->remote_ufrag = g_strdup("ours1");
	params->remote_pwd = g_strdup(OUR_PWD);
	params->local_count = 1;
	params->locals[0] = (struct ice_local){
		.component = 1, .family = ADDR_IP4, .priority = ice_priority(ICE_HOST, 0, 1)
	};
	params->remotes = g_new0(struct ice_candidate, 1);
	params->remote_count = 1;
	params->remotes[0] = (struct ice_candidate){ .component = 1,
		.priority = ice_priority(ICE_HOST, local, 1),
		.addr = *mock_media_local(&m, local) };
	outside = ice_agent_new(params, &ops, NULL);
	ref_drop(params);
	ice_agent_start(outside, now_us);
}

static void begin(struct plan *(*first)(void))
{
	now_us = 1000000;
	clock_set_mock(now_us, now_us);
	outside_is_deaf = outside_controls = false;
	hellos = 0;
	mock_media_open(&m);
	mock_media_apply(&m, first(), NULL);
}

static struct plan *offered(void)
{
	return make_plan(1, false);
}

static struct plan *answered(void)
{
	return make_plan(1, true);
}

static void end(void)
{
	struct mock_datagram *rest;

	while ((rest = mock_pop()) != NULL)
		g_free(rest);
	mock_media_close(&m);
	ice_agent_free(outside);
	outside = NULL;
	clock_set_mock(-1, 0);
}

static void hand_out(void)
{
	struct mock_datagram *d;

	while ((d = mock_pop_to(&mock_peer_x)) != NULL) {
		if (dtls_is_hello(d->bytes, d->len)) {
			hellos++;
			hello_from = d->from;
		} else if (!outside_is_deaf)
			ice_agent_receive(outside, 0, &d->from, d->bytes, d->len, now_us);
		g_free(d);
	}
}

/* In steps of 10 ms. */
static void pass(int64_t us)
{
	for (int64_t end_us = now_us + us; now_us < end_us; now_us += 10000) {
		clock_set_mock(now_us, now_us);
		media_worker_turn(m.worker);
		hand_out();
		if (!outside_is_deaf)
			ice_agent_run(outside, now_us);
		mock_run();
		hand_out();
	}
	mailbox_run(m.control);
}

static unsigned count_events(enum media_event_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m.event_count; i++)
		n += m.events[i].type == type;
	return n;
}

static void assert_relayed_to_x_from(unsigned lease)
{
	struct mock_datagram *d;

	mock_media_rtp(&m, &mock_peer_y, 1, 1);
	d = mock_pop_to(&mock_peer_x);
	g_assert_nonnull(d);
	g_assert_true(addr_equal(&d->from, mock_media_local(&m, lease)));
	g_free(d);
}

static void test_completes(void)
{
	begin(answered);
	open_outside(0);
	pass(500000);
	g_assert_cmpint(ice_agent_state(outside), ==, ICE_COMPLETED);
	g_assert_cmpuint(count_events(MEDIA_EVENT_ICE_COMPLETED), ==, 1);
	g_assert_cmpuint(count_events(MEDIA_EVENT_ICE_PAIR), ==, 1);
	g_assert_cmpuint(m.events[0].ice_generation, ==, 1);
	assert_relayed_to_x_from(0);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(count_events(MEDIA_EVENT_FIRST_PACKET), ==, 2); /* of Y and X */
	g_assert_cmpuint(m.stats[0]->counts.packets_in, ==, 1);
	end();
}

/* The other local port is the one that works: packets leave from it. */
static void test_other_port(void)
{
	begin(answered);
	open_outside(1);
	pass(500000);
	g_assert_true(mock_media_stream(&m, 0)->port == m.leases[1]->port);
	assert_relayed_to_x_from(1);
	mock_media_apply(&m, make_plan(1, true), NULL);
	assert_relayed_to_x_from(1);
	end();
}

/* RTP from where no check came from is nobody's, before and after. */
static void test_unchecked(void)
{
	struct addr evil = addr_with_port(mock_peer_x, 666);

	begin(offered);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_ICE_UNCHECKED], ==, 1);
	open_outside(0);
	pass(300000); /* checks of theirs suffice */
	mock_media_rtp(&m, &mock_peer_x, 0, 2);
	g_assert_cmpuint(m.stats[0]->counts.packets_in, ==, 1);
	mock_media_apply(&m, answered(), NULL);
	pass(500000);
	g_assert_cmpuint(count_events(MEDIA_EVENT_ICE_COMPLETED), ==, 1);
	mock_media_rtp(&m, &evil, 0, 3);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_ICE_UNCHECKED], ==, 2);
	assert_relayed_to_x_from(0);
	end();
}

static void test_stun_of_others(void)
{
	static const uint8_t junk[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };

	begin(answered);
	open_outside(0);
	mock_media_send(&m, &mock_peer_x, 0, junk, sizeof(junk));
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_STUN_MALFORMED], ==, 1);
	mock_media_send(&m, &mock_peer_y, 2, junk, sizeof(junk)); /* Y has no ICE */
	g_assert_cmpuint(m.stats[1]->counts.drops[REASON_STUN_UNEXPECTED], ==, 1);
	end();
}

static void test_consent(void)
{
	begin(answered);
	open_outside(0);
	pass(500000);
	outside_is_deaf = true;
	pass(31000000);
	g_assert_cmpuint(count_events(MEDIA_EVENT_ICE_CONSENT_LOST), ==, 1);
	mock_media_rtp(&m, &mock_peer_y, 1, 1);
	g_assert_null(mock_pop_to(&mock_peer_x));
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_ICE_NO_CONSENT], ==, 1);
	mock_media_apply(&m, answered(), NULL); /* says nothing new */
	mock_media_rtp(&m, &mock_peer_y, 1, 2);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_ICE_NO_CONSENT], ==, 2);
	end();
}

/* Both take themselves for the one that decides; the other one's number is the larger. */
static void test_roles_conflict(void)
{
	begin(answered);
	outside_controls = true;
	open_outside(0);
	pass(500000);
	g_assert_cmpint(ice_agent_state(outside), ==, ICE_COMPLETED);
	g_assert_cmpuint(count_events(MEDIA_EVENT_ICE_ROLE), ==, 1);
	for (unsigned i = 0; i < m.event_count; i++)
		if (m.events[i].type == MEDIA_EVENT_ICE_ROLE) {
			g_assert_false(m.events[i].controlling);
			g_assert_cmpuint(m.events[i].ice_generation, ==, 1);
		}
	end();
}

/* New credentials: packets go on as before, and old checks are answered. */
static void test_restart(void)
{
	begin(answered);
	open_outside(0);
	pass(500000);
	mock_media_apply(&m, make_plan(2, false), NULL);
	assert_relayed_to_x_from(0);
	mock_media_rtp(&m, &mock_peer_x, 0, 1);
	g_assert_cmpuint(m.stats[0]->counts.packets_in, ==, 1);
	pass(20000000);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_STUN_UNAUTHORIZED], ==, 0);
	assert_relayed_to_x_from(0);
	end();
}

/* Who begins anew may not have heard yet that we do, too; it checks by what it knows of us. */
static void test_restart_met_halfway(void)
{
	begin(answered);
	open_outside(0);
	pass(500000);
	mock_media_apply(&m, make_plan(2, true), NULL);
	ice_agent_free(outside);
	open_outside(1);
	pass(500000);
	g_assert_cmpuint(count_events(MEDIA_EVENT_ICE_COMPLETED), ==, 2);
	g_assert_true(mock_media_stream(&m, 0)->port == m.leases[1]->port);
	end();
}

/* Where a check came from before all began anew counts until that has come to an end. */
static void test_restart_from_anywhere(void)
{
	static const struct addr other = { ADDR_IP4, 41999, { 192, 0, 2, 10 } };
	struct stun_build build;
	size_t len;

	begin(answered);
	open_outside(0);
	pass(500000);
	stun_build(&build, STUN_REQUEST, (const uint8_t *)"transaction!");
	stun_add_username(&build, STR_LIT("ours1"), STR_LIT("theirs"));
	stun_add_role(&build, false, 6);
	stun_add_priority(&build, 1);
	len = stun_build_end(&build, STR_LIT(OUR_PWD));
	mock_media_send(&m, &other, 0, build.data, len);
	mock_media_apply(&m, make_plan(2, false), NULL);
	mock_media_rtp(&m, &other, 0, 1);
	g_assert_cmpuint(m.stats[0]->counts.packets_in, ==, 1);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_ICE_UNCHECKED], ==, 0);
	end();
}

static struct plan *answered_with_dtls(void)
{
	struct plan *plan = answered();
	struct plan_dtls dtls = {
		.generation = 1, .active = true, .mtu = 1200, .cert = mock_cert(0)
	};

	dtls.peer = mock_fingerprints(mock_cert(1), DTLS_SHA256);
	plan->streams[0].secured = true;
	plan->streams[0].dtls = plan_dtls_new(&dtls);
	return plan;
}

/* Though it was signalled where the peer is: a hello goes to who was checked, from that port. */
static void test_hello_waits_for_a_pair(void)
{
	begin(answered_with_dtls);
	outside_is_deaf = true;
	pass(1000000);
	g_assert_cmpuint(hellos, ==, 0);
	outside_is_deaf = false;
	open_outside(1);
	pass(500000);
	g_assert_cmpuint(hellos, >=, 1);
	g_assert_true(addr_equal(&hello_from, mock_media_local(&m, 1)));
	end();
}

/* A plan without ICE ends it. */
static void test_taken_away(void)
{
	begin(answered);
	open_outside(0);
	pass(500000);
	mock_media_apply(&m, mock_media_plan(&m), NULL);
	pass(1000000);
	g_assert_cmpuint(m.stats[0]->counts.drops[REASON_ICE_UNCHECKED], ==, 0);
	assert_relayed_to_x_from(0);
	end();
}

static void test_plans_compared(void)
{
	struct plan *a, *b, *c;

	mock_media_open(&m);
	a = make_plan(1, true);
	b = make_plan(1, true);
	c = make_plan(1, false);
	g_assert_true(plan_equal(a, b));
	g_assert_false(plan_equal(a, c));
	plan_free(a);
	plan_free(b);
	plan_free(c);
	mock_media_close(&m);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/media/ice/completes", test_completes);
	g_test_add_func("/media/ice/other-port", test_other_port);
	g_test_add_func("/media/ice/unchecked", test_unchecked);
	g_test_add_func("/media/ice/stun-of-others", test_stun_of_others);
	g_test_add_func("/media/ice/consent", test_consent);
	g_test_add_func("/media/ice/roles-conflict", test_roles_conflict);
	g_test_add_func("/media/ice/restart", test_restart);
	g_test_add_func("/media/ice/restart-met-halfway", test_restart_met_halfway);
	g_test_add_func("/media/ice/restart-from-anywhere", test_restart_from_anywhere);
	g_test_add_func("/media/ice/hello-waits", test_hello_waits_for_a_pair);
	g_test_add_func("/media/ice/taken-away", test_taken_away);
	g_test_add_func("/media/ice/plans-compared", test_plans_compared);
	return g_test_run();
}
