/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICE of a section: when credentials stay, who decides, and what agents are told. */
#include "call/ice.h"

#include "base/ref.h"
#include "call/model.h"

#include <glib.h>

#define PEER_1 "a=ice-ufrag:Qa1z\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
#define PEER_2 "a=ice-ufrag:Wb2y\r\na=ice-pwd:zyxwvutsrqponmlkjihgfe\r\n"
#define HOST_1 "a=candidate:h1 1 UDP 2130706431 192.0.2.10 41000 typ host\r\n"
#define HOST_2 "a=candidate:h1 2 UDP 2130706430 192.0.2.10 41001 typ host\r\n"

/* Two sections that face each other, with two ports each. */
struct fixture {
	struct lease leases[4];
	struct iface_addr addr;
	struct iface iface;
	struct port_map maps[2];
	struct media a, b;
	GPtrArray *bodies;
};

static void drop(void *object)
{
	ref_drop(object);
}

static void open_fixture(struct fixture *f)
{
	struct media *media[] = { &f->a, &f->b };

	*f = (struct fixture){ .bodies = g_ptr_array_new_with_free_func(drop) };
	f->addr.local.family = f->addr.advertised.family = ADDR_IP4;
	f->iface = (struct iface){ .name = "default", .addr_count = 1, .addrs = &f->addr };
	for (unsigned i = 0; i < 2; i++) {
		f->maps[i] = (struct port_map){ .iface = &f->iface, .local = &f->addr, .count = 2 };
		for (unsigned n = 0; n < 2; n++) {
			f->maps[i].leases[n] = &f->leases[2 * i + n];
			f->leases[2 * i + n].number = (uint16_t)(30000 + 2 * i + n);
		}
		media[i]->transport = SDP_RTP_AVP;
		media[i]->ports = media[i]->maps = &f->maps[i];
	}
}

static void close_fixture(struct fixture *f)
{
	g_ptr_array_unref(f->bodies);
}

static const struct sdp_media *body(struct fixture *f, const char *attributes)
{
	g_autofree char *text = g_strdup_printf("v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
						"c=IN IP4 192.0.2.10\r\nt=0 0\r\n"
						"m=audio 41000 RTP/AVP 0\r\n%s",
		attributes);
	struct sdp *sdp;
	struct err err;

	g_assert_cmpint(sdp_parse(str_of(text), false, &sdp, &err), ==, 0);
	g_ptr_array_add(f->bodies, sdp);
	return &sdp->media[0];
}

/* As an exchange does it. */
static void offer(struct fixture *f, struct media *from, struct media *to, const char *attributes,
	struct ice_options o)
{
	const struct sdp_media *in = body(f, attributes);
	bool restarted = negotiate_ice_restarted(from->in, in);

	from->in = in;
	g_assert_cmpint(negotiate_ice_offer(from, to, in, &o, restarted), ==, 0);
}

static void answer(struct fixture *f, struct media *from, struct media *to, const char *attributes)
{
	struct ice_options o = { 0 };

	from->in = body(f, attributes);
	g_assert_cmpint(negotiate_ice_answer(from, to, from->in, &o), ==, 0);
}

static void exchange(struct fixture *f)
{
	offer(f, &f->a, &f->b, PEER_1 HOST_1 HOST_2, (struct ice_options){ 0 });
	answer(f, &f->b, &f->a, PEER_2 HOST_1);
}

static void test_credentials_stay(void)
{
	struct media_ice a, b;
	struct fixture f;

	open_fixture(&f);
	exchange(&f);
	a = f.a.ice;
	b = f.b.ice;
	g_assert_true(a.shown && b.shown);
	g_assert_cmpuint(strlen(a.ufrag), ==, ICE_OWN_UFRAG);
	g_assert_cmpuint(strlen(a.pwd), ==, ICE_OWN_PWD);
	g_assert_true(ice_ufrag_valid(str_of(a.ufrag)) && ice_pwd_valid(str_of(a.pwd)));
	g_assert_cmpstr(a.pwd, !=, b.pwd);
	g_assert_true(b.controlling && !a.controlling);
	exchange(&f);
	g_assert_cmpmem(&a, sizeof(a), &f.a.ice, sizeof(a));
	g_assert_cmpmem(&b, sizeof(b), &f.b.ice, sizeof(b));
	close_fixture(&f);
}

static void test_restarts(void)
{
	struct media_ice a, b;
	struct fixture f;

	open_fixture(&f);
	exchange(&f);
	a = f.a.ice;
	b = f.b.ice;
	offer(&f, &f.a, &f.b, PEER_2, (struct ice_options){ 0 }); /* A's side alone */
	g_assert_cmpuint(f.a.ice.generation, ==, a.generation + 1);
	g_assert_cmpstr(f.a.ice.pwd, !=, a.pwd);
	g_assert_cmpstr(f.b.ice.pwd, ==, b.pwd);
	offer(&f, &f.a, &f.b, PEER_2, (struct ice_options){ .reset = true }); /* both */
	g_assert_cmpuint(f.a.ice.generation, ==, a.generation + 2);
	g_assert_cmpuint(f.b.ice.generation, ==, b.generation + 1);
	f.leases[2].number += 10; /* B has other ports */
	offer(&f, &f.a, &f.b, PEER_2, (struct ice_options){ 0 });
	g_assert_cmpuint(f.a.ice.generation, ==, a.generation + 2);
	g_assert_cmpuint(f.b.ice.generation, ==, b.generation + 2);
	close_fixture(&f);
}

static void test_refused(void)
{
	struct fixture f;

	open_fixture(&f);
	offer(&f, &f.a, &f.b, "", (struct ice_options){ .wish = ICE_WISH_FORCE });
	g_assert_true(f.b.ice.shown);
	answer(&f, &f.b, &f.a, "");
	g_assert_false(f.b.ice.shown || f.a.ice.shown);
	offer(&f, &f.a, &f.b, "", (struct ice_options){ .wish = ICE_WISH_FORCE });
	g_assert_false(f.b.ice.shown);
	offer(&f, &f.a, &f.b, "", (struct ice_options){ .wish = ICE_WISH_FORCE, .reset = true });
	g_assert_true(f.b.ice.shown);
	close_fixture(&f);
}

static void test_rejected_sender(void)
{
	struct fixture f;

	open_fixture(&f);
	offer(&f, &f.a, &f.b, PEER_1, (struct ice_options){ .reject = true });
	g_assert_false(f.b.ice.shown);
	answer(&f, &f.b, &f.a, "");
	g_assert_false(f.a.ice.shown);
	close_fixture(&f);
}

/* Lite peers leave it to us; when we are lite, we leave it to them. */
static void test_roles(void)
{
	struct fixture f;

	open_fixture(&f);
	offer(&f, &f.a, &f.b, PEER_1 "a=ice-lite\r\n",
		(struct ice_options){ .lite_to = ICE_LITE_ON });
	answer(&f, &f.b, &f.a, PEER_2);
	g_assert_true(f.a.ice.controlling);
	g_assert_true(f.b.ice.lite && !f.b.ice.controlling);
	close_fixture(&f);
}

static void test_plan(void)
{
	struct plan_ice *plan, *again;
	struct fixture f;

	open_fixture(&f);
	exchange(&f);
	plan = negotiate_ice_plan(&f.a, "soft ware");
	g_assert_cmpstr(plan->params->local_pwd, ==, f.a.ice.pwd);
	g_assert_cmpstr(plan->params->remote_ufrag, ==, "Qa1z");
	g_assert_cmpstr(plan->params->software, ==, "soft-ware");
	g_assert_cmpuint(plan->params->remote_count, ==, 2);
	g_assert_cmpuint(plan->params->components, ==, 2);
	g_assert_cmpuint(plan->params->local_count, ==, 2);
	g_assert_true(plan->params->remote_ended);
	again = negotiate_ice_plan(&f.a, "soft ware");
	g_assert_true(ice_params_equal(plan->params, again->params));
	ref_drop(plan);
	ref_drop(again);
	plan = negotiate_ice_plan(&f.b, "soft"); /* says nothing of a second component */
	g_assert_cmpuint(plan->params->components, ==, 1);
	ref_drop(plan);
	f.a.mux = true;
	f.a.in = body(&f, PEER_1 "a=ice-options:trickle\r\n");
	plan = negotiate_ice_plan(&f.a, "soft");
	g_assert_cmpuint(plan->params->components, ==, 1);
	g_assert_false(plan->params->remote_ended);
	ref_drop(plan);
	f.a.ice.shown = false;
	g_assert_null(negotiate_ice_plan(&f.a, "soft"));
	close_fixture(&f);
}

/* Next to those of the sender that are of our type (spec NG 4.8). */
static void test_priority_when_passed(void)
{
	static const struct {
		const char *attributes;
		bool relay;
		uint32_t priority;
	} rows[] = {
		{ PEER_1, false, 2130706431 },
		{ PEER_1 HOST_1 HOST_2, false, 2097152255 },
		{ PEER_1 HOST_1, true, 16777215 },
		/* next to it is above where there is room */
		{ PEER_1 HOST_1 "a=candidate:h2 1 UDP 2097152255 192.0.2.11 41000 typ host\r\n",
			false, 2097152511 },
		{ PEER_1 "a=candidate:h2 1 UDP 2130705919 192.0.2.11 41000 typ host\r\n", false,
			2130706175 },
		{ PEER_1 "a=candidate:r 1 UDP 255 192.0.2.11 41000 typ relay raddr 0.0.0.0 rport "
			 "9\r\n",
			true, 511 },
		{ PEER_1 "a=candidate:r 1 UDP 16777215 192.0.2.11 9 typ relay raddr 1.1.1.1 rport "
			 "9\r\n",
			true, 16777215 },
	};
	struct fixture f;

	open_fixture(&f);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct ice_candidate c;

		f.a.ice.relay = rows[i].relay;
		c = negotiate_ice_candidate(
			&f.a, &f.maps[0], 1, body(&f, rows[i].attributes), "instance");
		g_assert_cmpuint(c.priority, ==, rows[i].priority);
		g_assert_cmpuint(c.type, ==, rows[i].relay ? ICE_RELAY : ICE_HOST);
		g_assert_cmpint(c.related.family != ADDR_NONE, ==, rows[i].relay);
		c = negotiate_ice_candidate(
			&f.a, &f.maps[0], 2, body(&f, rows[i].attributes), "instance");
		g_assert_cmpuint(c.priority, ==, rows[i].priority - 1);
	}
	close_fixture(&f);
}

static enum ice_pass passes(struct fixture *f, const char *attributes, struct ice_options o,
	enum ice_pass before, bool answer)
{
	return negotiate_ice_passes(body(f, attributes), &o, before, answer);
}

static void test_passing(void)
{
	struct ice_options none = { 0 }, off = { .no_pass = true, .pass = true };
	struct ice_options optional = { .wish = ICE_WISH_OPTIONAL }, on = { .pass = true };
	struct ice_options force = { .wish = ICE_WISH_FORCE };
	struct fixture f;

	open_fixture(&f);
	g_assert_cmpint(passes(&f, PEER_1, none, ICE_PASSED, false), ==, ICE_NOT_PASSED);
	g_assert_cmpint(passes(&f, PEER_1, optional, ICE_NOT_PASSED, false), ==, ICE_PASSED);
	g_assert_cmpint(passes(&f, "", optional, ICE_NOT_PASSED, false), ==, ICE_NOT_PASSED);
	g_assert_cmpint(passes(&f, "", on, ICE_NOT_PASSED, false), ==, ICE_PASS_FORCED);
	g_assert_cmpint(passes(&f, PEER_1, off, ICE_NOT_PASSED, false), ==, ICE_NOT_PASSED);
	/* The offer decides. */
	g_assert_cmpint(passes(&f, PEER_1, optional, ICE_NOT_PASSED, true), ==, ICE_NOT_PASSED);
	g_assert_cmpint(passes(&f, PEER_1, none, ICE_PASSED, true), ==, ICE_PASSED);
	g_assert_cmpint(passes(&f, "", none, ICE_PASSED, true), ==, ICE_NOT_PASSED);
	g_assert_cmpint(passes(&f, PEER_1, force, ICE_PASSED, true), ==, ICE_NOT_PASSED);
	g_assert_cmpint(passes(&f, "", none, ICE_PASS_FORCED, true), ==, ICE_PASS_FORCED);
	g_assert_cmpint(passes(&f, PEER_1, off, ICE_PASS_FORCED, true), ==, ICE_NOT_PASSED);
	/* Keys that we do not have. */
	g_assert_cmpint(passes(&f,
				"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
				"inline:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\r\n",
				none, ICE_PASSED, true),
		==, ICE_PASSED);
	close_fixture(&f);
}

static struct sdp_attr line(enum sdp_attr_id id, const char *value)
{
	return (struct sdp_attr){ .id = id, .value = str_of(value) };
}

static void test_trickle(void)
{
	struct sdp_attr candidate = line(
		SDP_ATTR_CANDIDATE, "t1 2 UDP 2130706430 192.0.2.12 41001 typ host");
	struct sdp_attr name = line(SDP_ATTR_CANDIDATE, "t1 1 UDP 1 x.local 41001 typ host");
	struct sdp_attr end = line(SDP_ATTR_END_OF_CANDIDATES, "");
	struct plan_ice *plan;
	struct fixture f;

	open_fixture(&f);
	exchange(&f);
	g_assert_false(negotiate_ice_may_trickle(&f.a));
	f.a.in = body(&f, PEER_1 HOST_1 "a=ice-options:trickle\r\n");
	g_assert_true(negotiate_ice_may_trickle(&f.a));
	plan = negotiate_ice_plan(&f.a, NULL);
	g_assert_cmpuint(plan->params->components, ==, 2); /* the second's may come */
	g_assert_false(plan->params->remote_ended);
	ref_drop(plan);
	g_assert_false(negotiate_ice_trickle(&f.a, &name));
	g_assert_true(negotiate_ice_trickle(&f.a, &candidate));
	g_assert_false(negotiate_ice_trickle(&f.a, &candidate));
	g_assert_true(negotiate_ice_trickle(&f.a, &end));
	g_assert_false(negotiate_ice_trickle(&f.a, &end));
	plan = negotiate_ice_plan(&f.a, NULL);
	g_assert_cmpuint(plan->params->remote_count, ==, 2);
	g_assert_cmpuint(plan->params->remotes[1].component, ==, 2);
	g_assert_true(plan->params->remote_ended);
	ref_drop(plan);
	f.a.ice.trickled = ref_drop(f.a.ice.trickled);
	g_assert_true(negotiate_ice_trickle(&f.a, &end));
	plan = negotiate_ice_plan(&f.a, NULL);
	g_assert_cmpuint(plan->params->components, ==, 1);
	ref_drop(plan);
	ref_drop(f.a.ice.trickled);
	close_fixture(&f);
}

static void test_trickle_is_bounded(void)
{
	struct fixture f;

	open_fixture(&f);
	for (unsigned i = 0; i < 2 * ICE_MAX_REMOTES; i++) {
		g_autofree char *text = g_strdup_printf(
			"t1 1 UDP 2130706430 192.0.2.12 %u typ host", 1000 + i);
		struct sdp_attr candidate = line(SDP_ATTR_CANDIDATE, text);

		g_assert_cmpint(negotiate_ice_trickle(&f.a, &candidate), ==, i < ICE_MAX_REMOTES);
	}
	ref_drop(f.a.ice.trickled);
	close_fixture(&f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/negotiate-ice/credentials-stay", test_credentials_stay);
	g_test_add_func("/call/negotiate-ice/restarts", test_restarts);
	g_test_add_func("/call/negotiate-ice/refused", test_refused);
	g_test_add_func("/call/negotiate-ice/rejected-sender", test_rejected_sender);
	g_test_add_func("/call/negotiate-ice/roles", test_roles);
	g_test_add_func("/call/negotiate-ice/plan", test_plan);
	g_test_add_func("/call/negotiate-ice/priority-when-passed", test_priority_when_passed);
	g_test_add_func("/call/negotiate-ice/passing", test_passing);
	g_test_add_func("/call/negotiate-ice/trickle", test_trickle);
	g_test_add_func("/call/negotiate-ice/trickle-is-bounded", test_trickle_is_bounded);
	return g_test_run();
}
