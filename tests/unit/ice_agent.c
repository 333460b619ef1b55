/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two agents against each other, over a network with NATs, loss and all else. */
#include "ice/agent.h"

#include "base/ref.h"
#include "mock/ice_net.h"

enum { SECOND_US = 1000000 };

static void assert_both_completed(const struct ice_host *a, const struct ice_host *b)
{
	g_assert_cmpint(ice_agent_state(a->agent), ==, ICE_COMPLETED);
	g_assert_cmpint(ice_agent_state(b->agent), ==, ICE_COMPLETED);
	g_assert_cmpuint(ice_host_count(a, ICE_EVENT_COMPLETED), ==, 1);
	g_assert_cmpuint(ice_host_count(b, ICE_EVENT_COMPLETED), ==, 1);
}

static void test_plain(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 2, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 2, NAT_NONE, false);

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US / 4);
	assert_both_completed(a, b);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30000");
	g_assert_cmpstr(ice_host_pair(a, 2), ==, "192.0.2.2:30001");
	g_assert_cmpstr(ice_host_pair(b, 1), ==, "192.0.2.1:30000");
	g_assert_true(ice_agent_valid(b->agent, 1, &a->locals[0]));
	g_assert_false(ice_agent_valid(b->agent, 2, &a->locals[0]));
	g_assert_cmpuint(a->sent, <, 20);
	ice_net_free(net);
}

/* A check that nobody answers leaves 7 times, ever slower. */
static void test_retransmission(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	static const unsigned sent_by_ms[][2] = { { 50, 1 }, { 150, 2 }, { 350, 3 }, { 750, 4 },
		{ 1550, 5 }, { 3150, 6 }, { 6350, 7 }, { 30000, 7 } };
	struct ice_params *of_a, *of_b;

	of_a = ice_host_params(a);
	ice_host_learn(of_a, b, true);
	ice_host_set(a, of_a);
	for (unsigned i = 0; i < G_N_ELEMENTS(sent_by_ms); i++) {
		ice_net_run(net, SECOND_US + sent_by_ms[i][0] * (int64_t)1000 - net->now_us);
		g_assert_cmpuint(a->sent, ==, sent_by_ms[i][1]);
	}
	g_assert_cmpuint(ice_host_count(a, ICE_EVENT_FAILED), ==, 0);
	ice_net_run(net, 10 * SECOND_US);
	g_assert_cmpint(ice_agent_state(a->agent), ==, ICE_FAILED);
	g_assert_cmpuint(ice_host_count(a, ICE_EVENT_FAILED), ==, 1);
	/* A peer that wakes up is met all the same. */
	of_b = ice_host_params(b);
	ice_host_learn(of_b, a, true);
	ice_host_set(b, of_b);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	ice_net_free(net);
}

/* One side is behind a NAT: its address is learned from its check. */
static void test_nat(gconstpointer kind)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "10.0.0.1", 1, GPOINTER_TO_UINT(kind), true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	g_assert_cmpstr(ice_host_pair(b, 1), ==, "198.51.100.1:11000");
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30000");
	ice_net_free(net);
}

static void test_loss(void)
{
	for (unsigned i = 0; i < 20; i++) {
		struct ice_net *net = ice_net_new();
		struct ice_host *a = ice_net_host(net, "10.0.0.1 2001:db8::1", 2, NAT_NONE, i % 2);
		struct ice_host *b = ice_net_host(
			net, "192.0.2.2 2001:db8::2", 2, NAT_NONE, i % 2 == 0);

		g_rand_set_seed(net->rand, i);
		net->loss_percent = 30;
		net->jitter_us = 50000;
		ice_net_connect(a, b);
		ice_net_run(net, 20 * SECOND_US);
		assert_both_completed(a, b);
		ice_net_free(net);
	}
}

/* The better family wins; both components take the same. */
static void test_families(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "2001:db8::1 192.0.2.1", 2, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "2001:db8::2 192.0.2.2", 2, NAT_NONE, false);

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "[2001:db8::2]:30000");
	g_assert_cmpstr(ice_host_pair(b, 2), ==, "[2001:db8::1]:30001");
	ice_net_free(net);
}

/* Both think alike of their role: the one with the greater tie breaker has its way. */
static void test_conflict(gconstpointer controlling)
{
	bool both = GPOINTER_TO_UINT(controlling);
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, both);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, both);

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	g_assert_false(ice_agent_controlling(a->agent));
	g_assert_true(ice_agent_controlling(b->agent));
	g_assert_cmpuint(
		ice_host_count(a, ICE_EVENT_ROLE) + ice_host_count(b, ICE_EVENT_ROLE), ==, 1);
	ice_net_free(net);
}

static void test_lite(gconstpointer who)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 2, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 2, NAT_NONE, false);

	b->params->lite = true;
	a->params->lite = GPOINTER_TO_UINT(who);
	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	g_assert_cmpstr(ice_host_pair(b, 2), ==, "192.0.2.1:30001");
	g_assert_cmpuint(ice_agent_counts(b->agent).checks_sent, ==, 0);
	g_assert_cmpuint(ice_agent_counts(a->agent).checks_sent == 0, ==, a->params->lite);
	ice_net_free(net);
}

/* Checks come before the answer is known, candidates after it. */
static void test_trickle(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	struct ice_params *of_a = ice_host_params(a), *of_b = ice_host_params(b);

	ice_host_set(a, of_a);
	ice_host_learn(of_b, a, true);
	ice_host_set(b, of_b);
	ice_net_run(net, SECOND_US);
	g_assert_cmpuint(ice_agent_counts(a->agent).checks_received, >, 0);
	g_assert_cmpuint(ice_agent_counts(a->agent).checks_sent, ==, 0);
	g_assert_true(ice_agent_valid(a->agent, 1, &b->locals[0]));

	of_a = ice_host_params(a);
	ice_host_learn(of_a, b, false);
	ice_host_set(a, of_a);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	ice_net_free(net);
}

/* Late candidates alone lead somewhere. */
static void test_late_candidates(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "10.0.0.2", 1, NAT_CONE, false);
	struct ice_params *of_a = ice_host_params(a), *of_b = ice_host_params(b);

	ice_host_learn(of_a, b, true);
	ice_host_learn(of_b, a, false);
	ice_host_set(a, of_a);
	ice_host_set(b, of_b);
	ice_net_run(net, 2 * SECOND_US);
	g_assert_cmpint(ice_agent_state(b->agent), ==, ICE_RUNNING);
	g_assert_cmpuint(ice_agent_counts(b->agent).checks_sent, ==, 0);
	of_b = ice_host_params(b);
	ice_host_learn(of_b, a, true);
	ice_host_set(b, of_b);
	ice_net_run(net, 2 * SECOND_US);
	assert_both_completed(a, b);
	ice_net_free(net);
}

static void restart(struct ice_host *a, struct ice_host *b)
{
	struct ice_params *of_a = ice_host_params(a), *of_b = ice_host_params(b);

	ice_params_restart(of_a);
	ice_params_restart(of_b);
	ice_host_set(a, of_a);
	ice_host_set(b, of_b);
	of_a = ice_host_params(a);
	of_b = ice_host_params(b);
	ice_host_learn(of_a, b, true);
	ice_host_learn(of_b, a, true);
	ice_host_set(a, of_a);
	ice_host_set(b, of_b);
}

/* Media goes on by the pair before until there is another. */
static void test_restart(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	b->locals[0].port += 100;
	restart(a, b);
	g_assert_cmpint(ice_agent_state(a->agent), ==, ICE_RUNNING);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30000");
	ice_net_run(net, SECOND_US);
	g_assert_cmpint(ice_agent_state(a->agent), ==, ICE_COMPLETED);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30100");
	g_assert_cmpuint(ice_host_count(b, ICE_EVENT_COMPLETED), ==, 2);
	g_assert_cmpuint(ice_host_count(a, ICE_EVENT_CONSENT_LOST), ==, 0);
	ice_net_free(net);
}

/* As long as the peer answers nothing happens; when it stops, sending does, and comes back. */
static void test_consent(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	unsigned sent;

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	sent = a->sent;
	ice_net_run(net, 120 * SECOND_US);
	g_assert_cmpuint(a->sent - sent, >, 38); /* some 24 checks and 24 answers */
	g_assert_cmpuint(a->sent - sent, <, 62);
	g_assert_cmpuint(ice_host_count(a, ICE_EVENT_CONSENT_LOST), ==, 0);
	b->deaf = true;
	ice_net_run(net, 23 * SECOND_US);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30000");
	ice_net_run(net, 8 * SECOND_US);
	g_assert_cmpuint(ice_host_count(a, ICE_EVENT_CONSENT_LOST), ==, 1);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "");
	sent = ice_agent_counts(a->agent).checks_sent;
	ice_net_run(net, 60 * SECOND_US);
	g_assert_cmpuint(ice_agent_counts(a->agent).checks_sent, ==, sent);
	b->deaf = false;
	restart(a, b);
	ice_net_run(net, SECOND_US);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30000");
	ice_net_free(net);
}

/* A peer that does not keep the RFC's pace: it nominates with its first check. */
static void send_as(struct ice_host *peer, struct ice_host *to, const struct addr *from,
	unsigned local, bool controlling, const char *ufrag, const char *pwd)
{
	static uint8_t transaction[STUN_TRANSACTION_BYTES] = { 1 };
	struct stun_build build;
	size_t len;

	transaction[1]++;
	stun_build(&build, STUN_REQUEST, transaction);
	if (ufrag)
		stun_add_username(&build, str_of(ufrag), str_of(peer->params->local_ufrag));
	stun_add_role(&build, controlling, 1);
	stun_add_priority(&build, 1 + from->port);
	stun_add_use_candidate(&build);
	len = stun_build_end(&build, str_of(pwd));
	ice_net_inject(to->net, from, &to->locals[local], build.data, len);
}

static void test_aggressive(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	struct ice_params *of_b = ice_host_params(b);
	struct addr better = addr_with_port(a->locals[0], 30010);

	b->params->lite = of_b->lite = true; /* believes without a check of its own */
	ice_host_learn(of_b, a, true);
	ice_host_set(b, of_b);
	send_as(a, b, &a->locals[0], 0, true, b->params->local_ufrag, b->params->local_pwd);
	ice_net_run(net, SECOND_US);
	g_assert_cmpstr(ice_host_pair(b, 1), ==, "192.0.2.1:30000");
	send_as(a, b, &better, 0, true, b->params->local_ufrag, b->params->local_pwd);
	ice_net_run(net, SECOND_US);
	/* of lower priority: the best of the nominated stays */
	g_assert_cmpstr(ice_host_pair(b, 1), ==, "192.0.2.1:30000");
	g_assert_true(ice_agent_valid(b->agent, 1, &better));
	ice_net_free(net);
}

/* Who does not know the password gets nowhere. */
static void test_strangers(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	struct addr evil = addr_with_port(a->locals[0], 666);
	struct ice_counts counts;

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	send_as(a, b, &evil, 0, true, b->params->local_ufrag, "wrongwrongwrongwrongwrong");
	send_as(a, b, &evil, 0, true, "other", b->params->local_pwd);
	send_as(a, b, &evil, 0, true, NULL, b->params->local_pwd);
	send_as(a, b, &evil, 0, true, b->params->local_ufrag, "");
	ice_net_run(net, SECOND_US);
	counts = ice_agent_counts(b->agent);
	g_assert_cmpuint(counts.unauthorized, ==, 2);
	g_assert_cmpuint(counts.refused, ==, 4);
	g_assert_false(ice_agent_valid(b->agent, 1, &evil));
	g_assert_cmpstr(ice_host_pair(b, 1), ==, "192.0.2.1:30000");
	ice_net_free(net);
}

/* A peer that checks from ever new addresses costs no more memory than the lists have. */
static void test_bounds(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 1, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	unsigned many = 5 * ICE_MAX_PAIRS;

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	for (unsigned i = 0; i < many; i++) {
		struct addr from = addr_with_port(a->locals[0], (uint16_t)(1000 + i));

		send_as(a, b, &from, 0, true, b->params->local_ufrag, b->params->local_pwd);
	}
	ice_net_run(net, SECOND_US / 2);
	g_assert_cmpuint(ice_agent_counts(b->agent).evicted, >=, many - ICE_MAX_REMOTES);
	g_assert_cmpstr(ice_host_pair(b, 1), ==, "192.0.2.1:30000");
	g_assert_true(ice_agent_valid(b->agent, 1, &a->locals[0]));
	ice_net_free(net);
}

/* RTCP is muxed by the answer: its component is forgotten, and completion does not wait for it. */
static void test_mux(void)
{
	struct ice_net *net = ice_net_new();
	struct ice_host *a = ice_net_host(net, "192.0.2.1", 2, NAT_NONE, true);
	struct ice_host *b = ice_net_host(net, "192.0.2.2", 1, NAT_NONE, false);
	struct ice_params *of_a;

	ice_net_connect(a, b);
	ice_net_run(net, SECOND_US);
	g_assert_cmpint(ice_agent_state(a->agent), ==, ICE_RUNNING);
	g_assert_cmpstr(ice_host_pair(a, 1), ==, "192.0.2.2:30000");
	of_a = ice_host_params(a);
	of_a->components = 1;
	of_a->local_count = 1;
	ice_host_set(a, of_a);
	ice_net_run(net, SECOND_US);
	assert_both_completed(a, b);
	ice_net_free(net);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ice/agent/plain", test_plain);
	g_test_add_func("/ice/agent/retransmission", test_retransmission);
	g_test_add_data_func("/ice/agent/nat-cone", GUINT_TO_POINTER(NAT_CONE), test_nat);
	g_test_add_data_func("/ice/agent/nat-symmetric", GUINT_TO_POINTER(NAT_SYMMETRIC), test_nat);
	g_test_add_func("/ice/agent/loss", test_loss);
	g_test_add_func("/ice/agent/families", test_families);
	g_test_add_data_func("/ice/agent/both-controlling", GUINT_TO_POINTER(1), test_conflict);
	g_test_add_data_func("/ice/agent/both-controlled", GUINT_TO_POINTER(0), test_conflict);
	g_test_add_data_func("/ice/agent/lite", GUINT_TO_POINTER(0), test_lite);
	g_test_add_data_func("/ice/agent/both-lite", GUINT_TO_POINTER(1), test_lite);
	g_test_add_func("/ice/agent/trickle", test_trickle);
	g_test_add_func("/ice/agent/late-candidates", test_late_candidates);
	g_test_add_func("/ice/agent/restart", test_restart);
	g_test_add_func("/ice/agent/consent", test_consent);
	g_test_add_func("/ice/agent/aggressive", test_aggressive);
	g_test_add_func("/ice/agent/strangers", test_strangers);
	g_test_add_func("/ice/agent/bounds", test_bounds);
	g_test_add_func("/ice/agent/mux", test_mux);
	return g_test_run();
}
