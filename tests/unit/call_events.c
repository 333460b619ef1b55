/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring of a call's events: its order, its bound, its sentences. */
#include "call/events.h"

#include "base/clock.h"
#include "call/call.h"

static struct call call_at(int64_t mono_us)
{
	clock_set_mock(mono_us, 0);
	return (struct call){ .created_mono_us = mono_us };
}

static void add_numbered(struct call *call, uint32_t number)
{
	struct event e = { .kind = EVENT_MOVED, .party = EVENT_NO_PARTY, .number = number };

	event_add(call, &e);
}

static void test_fields_are_kept(void)
{
	struct call call = call_at(5000000);
	struct event e = {
		.kind = EVENT_REFUSED,
		.party = 300,
		.media = 127,
		.stream = 15,
		.reason = REASON_NO_PORTS,
		.addr = { ADDR_IP6, 5060, { 0x20, 1, [15] = 9 } },
		.number = EVENT_COMMAND_ANSWER,
	};
	struct event got;

	clock_set_mock(5000000 + 1234567, 0);
	event_add(&call, &e);
	g_assert_true(event_at(&call.events, 0, &got));
	g_assert_false(event_at(&call.events, 1, &got));
	g_assert_cmpint(got.kind, ==, EVENT_REFUSED);
	g_assert_cmpint(got.after_us, ==, 1234000);
	g_assert_cmpuint(got.party, ==, 300);
	g_assert_cmpuint(got.media, ==, 127);
	g_assert_cmpuint(got.stream, ==, 15);
	g_assert_cmpint(got.reason, ==, REASON_NO_PORTS);
	g_assert_true(addr_equal(&got.addr, &e.addr));
	g_assert_cmpuint(got.number, ==, EVENT_COMMAND_ANSWER);
	event_ring_clear(&call.events);
}

static void test_the_oldest_makes_place(void)
{
	struct call call = call_at(0);
	struct event e;

	for (uint32_t i = 0; i < 2 * EVENTS_MAX + 10; i++) {
		add_numbered(&call, i);
		g_assert_cmpuint(call.events.room, <=, EVENTS_MAX);
		for (uint32_t k = 0; event_at(&call.events, k, &e); k++)
			g_assert_cmpuint(e.number, ==, i + 1 - call.events.count + k);
	}
	g_assert_cmpuint(call.events.count, ==, EVENTS_MAX);
	g_assert_cmpuint(call.events.lost, ==, EVENTS_MAX + 10);
	event_ring_clear(&call.events);
	g_assert_false(event_at(&call.events, 0, &e));
}

/* Calls at rest must stay small: two commands, four ports, a packet from each side. */
static void test_a_usual_call_needs_little(void)
{
	struct call call = call_at(0);

	for (uint32_t i = 0; i < 8; i++)
		add_numbered(&call, i);
	g_assert_cmpuint(call.events.room * 32, <=, 256);
	event_ring_clear(&call.events);
}

static void assert_sentence(const struct event *e, const struct model *model, const char *want)
{
	g_autoptr(GString) got = g_string_new(NULL);

	event_print(e, model, got);
	g_assert_cmpstr(got->str, ==, want);
}

static void test_sentences(void)
{
	struct model *model = model_new();
	struct party *party = model_add_party(model, 0);
	struct event e = {
		.kind = EVENT_PEER_LEARNED,
		.media = 1,
		.stream = 1,
		.addr = { ADDR_IP4, 7777, { 192, 0, 2, 200 } },
	};

	party->tag = STR_LIT("A");
	assert_sentence(&e, model,
		"'A', section 2: RTCP comes from 192.0.2.200:7777: sent there from now on");
	e.party = 7;
	assert_sentence(&e, model,
		"a party that has left, section 2: RTCP comes from 192.0.2.200:7777: "
		"sent there from now on");
	e = (struct event){
		.kind = EVENT_REFUSED, .number = EVENT_COMMAND_OFFER, .reason = REASON_NO_PORTS
	};
	assert_sentence(&e, NULL, "offer refused: no local port was left");
	e = (struct event){ .kind = EVENT_DELETE_PLANNED, .party = EVENT_NO_PARTY, .number = 30 };
	assert_sentence(&e, NULL, "the whole call: to be deleted in 30 s");
	model_free(model);
}

/* No row's sentence has a field that is not known: it would be left out silently. */
static void test_all_fields_are_known(void)
{
	for (unsigned k = 0; k < EVENT_COUNT; k++) {
		struct event e = { .kind = (enum event_kind)k, .party = EVENT_NO_PARTY };
		g_autoptr(GString) got = g_string_new(NULL);

		event_print(&e, NULL, got);
		g_assert_cmpuint(got->len, >, 5);
		g_assert_null(strpbrk(got->str, "{}"));
		g_assert_null(strstr(got->str, "  "));
		g_assert_nonnull(event_name(e.kind));
	}
}

static void test_commands(void)
{
	g_assert_cmpint(event_command_find(STR_LIT("offer")), ==, EVENT_COMMAND_OFFER);
	g_assert_cmpint(event_command_find(STR_LIT("play DTMF")), ==, EVENT_COMMAND_PLAY_DTMF);
	g_assert_cmpint(event_command_find(STR_LIT("\x1b[2J")), ==, EVENT_COMMAND_OTHER);
	g_assert_cmpint(event_command_find(STR_NULL), ==, EVENT_COMMAND_OTHER);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/events/fields-are-kept", test_fields_are_kept);
	g_test_add_func("/call/events/the-oldest-makes-place", test_the_oldest_makes_place);
	g_test_add_func("/call/events/a-usual-call-needs-little", test_a_usual_call_needs_little);
	g_test_add_func("/call/events/sentences", test_sentences);
	g_test_add_func("/call/events/all-fields-are-known", test_all_fields_are_known);
	g_test_add_func("/call/events/commands", test_commands);
	return g_test_run();
}
