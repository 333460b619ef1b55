/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model compiled: which streams, ports and sinks come of it. No sockets, no time. */
#include "call/call.h"

#include <glib.h>

#include "../mock/network.h"
#include "base/ref.h"
#include "call/port_maps.h"

struct fixture {
	struct iface_table *table;
	struct model *model;
	struct call call; /* its id is all that counts */
	struct sdp *sdp;
};

static void open_fixture(struct fixture *f)
{
	static const char *const specs[] = { "one/203.0.113.1", NULL };
	static const char body[] = "v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
				   "c=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 41000 RTP/AVP 0\r\n";

	mock_reset();
	*f = (struct fixture){ .call = { .id = STR_LIT("plan") } };
	f->table = iface_table_new(specs, 30000, 30999, mock_engine(), NULL);
	f->model = model_new();
	g_assert_cmpint(sdp_parse(STR_LIT(body), false, &f->sdp, NULL), ==, 0);
}

static void close_fixture(struct fixture *f)
{
	model_free(f->model);
	ref_drop(f->sdp);
	g_assert_cmpuint(mock_open_count(), ==, 0);
	iface_table_free(f->table);
	mock_reset();
}

static void take_ports(struct fixture *f, struct media *media, uint16_t key_port, unsigned count)
{
	struct port_request r = {
		.key = { ADDR_IP4, key_port, { 192, 0, 2, 10 } },
		.iface = iface_default(f->table),
		.family = ADDR_IP4,
		.count = count,
	};

	g_assert_cmpint(media_take_ports(f->model, media, &r, NULL), ==, 0);
}

/* A party with one section that has signalled, with ports. */
static struct media *add(struct fixture *f, unsigned ports)
{
	struct media *media = party_add_media(f->model, model_add_party(f->model, 0));

	media_set_sdp(media, f->sdp, f->sdp->media);
	media->transport = SDP_RTP_AVP;
	media_need_streams(f->model, media, 2);
	for (unsigned i = 0; i < 2; i++)
		media->streams[i].peer = (struct addr){ ADDR_IP4, (uint16_t)(41000 + i),
			{ 192, 0, 2, 10 } };
	take_ports(f, media, 41000, ports);
	return media;
}

static struct plan *compile(struct fixture *f)
{
	return call_compile(&f->call, f->model);
}

static void assert_sinks(const struct plan_stream *s, bool rtcp, unsigned count, unsigned first)
{
	g_assert_cmpuint(rtcp ? s->rtcp_sink_count : s->rtp_sink_count, ==, count);
	if (count)
		g_assert_cmpuint((rtcp ? s->rtcp_sinks : s->rtp_sinks)[0], ==, first);
}

static void test_two_parties_lead_to_each_other(void)
{
	struct fixture f;
	struct plan *plan;

	open_fixture(&f);
	media_link(add(&f, 2), add(&f, 2));
	plan = compile(&f);
	g_assert_cmpstr(plan->call_id, ==, "plan");
	g_assert_cmpuint(plan->stream_count, ==, 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct plan_stream *s = &plan->streams[i];

		g_assert_cmpuint(s->id, ==, i + 1);
		g_assert_cmpuint(s->rtp, ==, i % 2 == 0);
		g_assert_cmpuint(s->rtcp, ==, i % 2 == 1);
		g_assert_true(s->answered);
		g_assert_cmpint(s->learn, ==, PLAN_LEARN_HEURISTIC);
		g_assert_cmpint(s->sources, ==, PLAN_SOURCES_LEARNED);
		g_assert_cmpuint(s->port_count, ==, 1);
		g_assert_cmpuint(s->peer.port, ==, 41000 + i % 2);
	}
	assert_sinks(&plan->streams[0], false, 1, 2);
	assert_sinks(&plan->streams[0], true, 0, 0);
	assert_sinks(&plan->streams[1], true, 1, 3);
	assert_sinks(&plan->streams[2], false, 1, 0);
	assert_sinks(&plan->streams[3], true, 1, 1);
	plan_free(plan);
	close_fixture(&f);
}

static void test_same_model_same_plan(void)
{
	struct fixture f;
	struct plan *a, *b;
	struct model *copy;

	open_fixture(&f);
	media_link(add(&f, 2), add(&f, 2));
	copy = model_copy(f.model);
	a = compile(&f);
	b = call_compile(&f.call, copy);
	g_assert_true(plan_equal(a, b));
	plan_free(a);
	plan_free(b);
	model_free(copy);
	close_fixture(&f);
}

static void end_generation(struct media *media)
{
	media->streams[0].endpoint_gen++;
}

static void change_peer(struct media *media)
{
	media->streams[1].peer.port++;
}

static void stop_learning(struct media *media)
{
	media->learn = PLAN_LEARN_OFF;
}

static void let_all_in(struct media *media)
{
	media->sources_let_in = PLAN_SOURCES_ANY;
}

static void hand_over(struct media *media)
{
	media->handover = true;
}

static void signal_from_elsewhere(struct media *media)
{
	media->received_from = (struct addr){ ADDR_IP4, 0, { 192, 0, 2, 99 } };
}

static void agree_on_mux(struct media *media)
{
	media->mux = true;
}

static void cut_links(struct media *media)
{
	media_unlink(media, media->sources[0]);
}

static void change_transport(struct media *media)
{
	media->transport = SDP_UDPTL;
}

static void forget_body(struct media *media)
{
	media->in = NULL;
}

static void reject(struct media *media)
{
	media->rejected = true;
}

static void test_what_matters_changes_the_plan(void)
{
	static void (*const changes[])(struct media *) = { end_generation, change_peer,
		stop_learning, let_all_in, hand_over, signal_from_elsewhere, agree_on_mux,
		cut_links, change_transport, forget_body, reject };

	for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
		struct fixture f;
		struct plan *a, *b;

		open_fixture(&f);
		media_link(add(&f, 2), add(&f, 2));
		a = compile(&f);
		changes[i](f.model->parties[0]->media[0]);
		b = compile(&f);
		g_assert_false(plan_equal(a, b));
		plan_free(a);
		plan_free(b);
		close_fixture(&f);
	}
}

static void test_muxed_section_has_one_live_stream(void)
{
	struct fixture f;
	struct media *a, *b;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 1);
	b = add(&f, 2);
	a->mux = true;
	media_link(a, b);
	plan = compile(&f);
	g_assert_cmpuint(plan->stream_count, ==, 3);
	g_assert_true(plan->streams[0].rtp && plan->streams[0].rtcp);
	/* its RTP and RTCP go to two streams, those come to one */
	assert_sinks(&plan->streams[0], false, 1, 1);
	assert_sinks(&plan->streams[0], true, 1, 2);
	assert_sinks(&plan->streams[1], false, 1, 0);
	assert_sinks(&plan->streams[2], true, 1, 0);
	plan_free(plan);
	close_fixture(&f);
}

static void test_forks_have_several_sinks(void)
{
	struct fixture f;
	struct media *a, *b, *c;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	b = add(&f, 2);
	c = add(&f, 2);
	media_link(a, b);
	media_link(a, c);
	plan = compile(&f);
	assert_sinks(&plan->streams[0], false, 2, 2);
	g_assert_cmpuint(plan->streams[0].rtp_sinks[1], ==, 4);
	assert_sinks(&plan->streams[1], true, 2, 3);
	assert_sinks(&plan->streams[2], false, 1, 0);
	assert_sinks(&plan->streams[4], false, 1, 0);
	plan_free(plan);
	close_fixture(&f);
}

static void test_many_forks_keep_within_their_lists(void)
{
	struct fixture f;
	struct media *a;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	for (unsigned i = 0; i < MODEL_MAX_SOURCES; i++)
		g_assert_true(media_link(a, add(&f, 2)));
	plan = compile(&f);
	assert_sinks(&plan->streams[0], false, MODEL_MAX_SOURCES, 2);
	for (unsigned i = 1; i <= MODEL_MAX_SOURCES; i++) {
		assert_sinks(&plan->streams[2 * i], false, 1, 0);
		assert_sinks(&plan->streams[2 * i + 1], true, 1, 1);
	}
	plan_free(plan);
	close_fixture(&f);
}

static void test_older_ports_are_listened_on(void)
{
	struct fixture f;
	struct media *a;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	media_link(a, add(&f, 2));
	take_ports(&f, a, 41004, 2);
	plan = compile(&f);
	g_assert_cmpuint(plan->streams[0].port_count, ==, 2);
	g_assert_true(plan->streams[0].ports[0] == a->ports->leases[0]);
	g_assert_true(plan->streams[1].ports[0] == a->ports->leases[1]);
	g_assert_true(plan->streams[0].ports[1] == a->ports->next->leases[0]);
	plan_free(plan);
	close_fixture(&f);
}

static void test_not_answered_yet(void)
{
	struct fixture f;
	struct media *a, *b;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	b = add(&f, 2);
	b->in = NULL;
	b->streams[0].peer = b->streams[1].peer = (struct addr){ 0 };
	media_link(a, b);
	plan = compile(&f);
	for (unsigned i = 0; i < plan->stream_count; i++)
		g_assert_false(plan->streams[i].answered);
	g_assert_cmpuint(plan->streams[2].peer.family, ==, ADDR_NONE);
	plan_free(plan);
	close_fixture(&f);
}

static void test_feedback_is_stripped_towards_avp_only(void)
{
	struct fixture f;
	struct media *a, *b;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	b = add(&f, 2);
	a->transport = SDP_RTP_AVPF;
	media_link(a, b);
	plan = compile(&f);
	g_assert_false(plan->streams[0].strip_feedback || plan->streams[1].strip_feedback);
	g_assert_true(plan->streams[2].strip_feedback && plan->streams[3].strip_feedback);
	plan_free(plan);
	close_fixture(&f);
}

static void test_not_rtp_is_opaque(void)
{
	struct fixture f;
	struct media *a, *b;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	b = add(&f, 2);
	a->transport = b->transport = SDP_UDPTL;
	media_link(a, b);
	plan = compile(&f);
	g_assert_true(plan->streams[0].opaque);
	assert_sinks(&plan->streams[0], false, 1, 2);
	/* the second port's datagrams have their way, too */
	g_assert_true(plan->streams[1].opaque);
	assert_sinks(&plan->streams[1], false, 1, 3);
	plan_free(plan);
	close_fixture(&f);
}

static void test_rejected_section_leads_nowhere(void)
{
	struct fixture f;
	struct media *a, *b;
	struct plan *plan;

	open_fixture(&f);
	a = add(&f, 2);
	b = add(&f, 2);
	media_link(a, b);
	a->rejected = b->rejected = true;
	a->ports = b->ports = NULL;
	plan = compile(&f);
	for (unsigned i = 0; i < plan->stream_count; i++) {
		g_assert_cmpuint(plan->streams[i].rtp_sink_count, ==, 0);
		g_assert_cmpuint(plan->streams[i].rtcp_sink_count, ==, 0);
	}
	plan_free(plan);
	close_fixture(&f);
}

static void test_plan_holds_references(void)
{
	struct fixture f;
	struct lease *lease;
	struct plan *plan;

	open_fixture(&f);
	lease = ref_take(add(&f, 2)->ports->leases[0]);
	g_assert_cmpuint(ref_count(lease), ==, 2);
	plan = compile(&f);
	g_assert_cmpuint(ref_count(lease), ==, 3);
	plan_free(plan);
	g_assert_cmpuint(ref_count(lease), ==, 2);
	ref_drop(lease);
	close_fixture(&f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/plan/two", test_two_parties_lead_to_each_other);
	g_test_add_func("/call/plan/same", test_same_model_same_plan);
	g_test_add_func("/call/plan/changes", test_what_matters_changes_the_plan);
	g_test_add_func("/call/plan/muxed", test_muxed_section_has_one_live_stream);
	g_test_add_func("/call/plan/forks", test_forks_have_several_sinks);
	g_test_add_func("/call/plan/many-forks", test_many_forks_keep_within_their_lists);
	g_test_add_func("/call/plan/older-ports", test_older_ports_are_listened_on);
	g_test_add_func("/call/plan/not-answered", test_not_answered_yet);
	g_test_add_func("/call/plan/feedback", test_feedback_is_stripped_towards_avp_only);
	g_test_add_func("/call/plan/opaque", test_not_rtp_is_opaque);
	g_test_add_func("/call/plan/rejected", test_rejected_section_leads_nowhere);
	g_test_add_func("/call/plan/references", test_plan_holds_references);
	return g_test_run();
}
