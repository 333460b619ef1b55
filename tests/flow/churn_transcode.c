/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thousands of transcoded calls, one after the other, with audio both ways, re-offers that change
 * codecs, moves to another worker, and ends while packets wait: nothing may stay behind.
 */
#include "flow.h"

#include <malloc.h>
#include <stdlib.h>

#include <glib.h>

#include "../mock/network.h"
#include "../mock/world.h"
#include "rtp/rtp.h"

enum { WARM_UP_ROUNDS = 30, ROUNDS = 100, CALLS_PER_ROUND = 50, PACKETS = 6, PACKET_US = 20000 };

static const char caller[] = "v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\n"
			     "t=0 0\r\nm=audio 41000 RTP/AVP 0 101\r\n"
			     "a=rtpmap:101 telephone-event/8000\r\n";

/* What the callee answers, and how that is asked for. */
static const struct {
	const char *transcode, *formats, *rtpmap;
	uint8_t payload_type;
	uint32_t ticks, bytes;
} callees[] = {
	{ "opus", "96", "a=rtpmap:96 opus/48000/2\r\n", 96, 960, 20 },
	{ "G722", "9", "", 9, 160, 160 },
	{ "PCMA", "8", "", 8, 160, 160 },
	{ "G729", "18", "", 18, 160, 20 },
};

struct churned {
	char id[32];
	unsigned callee; /* index of callees */
	struct addr to_caller_side, to_callee_side;
};

/* Where the body tells to send to. */
static struct addr address_of(struct str sdp)
{
	g_autofree char *text = g_strndup(sdp.s, sdp.len);
	const char *m = strstr(text, "m=audio ");
	struct addr addr;

	g_assert_nonnull(m);
	g_assert_true(addr_parse_ip(STR_LIT("203.0.113.1"), &addr));
	return addr_with_port(addr, (uint16_t)atoi(m + strlen("m=audio ")));
}

static struct addr run(
	struct world *world, const char *command, const struct churned *c, const char *sdp)
{
	struct dict *request = dict_new(), *reply;
	struct value *root = dict_root(request), *codec;
	struct addr addr = { 0 };
	GString *bytes;

	dict_add_str(request, root, "command", str_of(command));
	dict_add_str(request, root, "call-id", str_of(c->id));
	dict_add_str(request, root, "from-tag", STR_LIT("A"));
	if (strcmp(command, "offer"))
		dict_add_str(request, root, "to-tag", STR_LIT("B"));
	if (sdp)
		dict_add_str(request, root, "sdp", str_of(sdp));
	else
		dict_add_int(request, root, "delete-delay", 0);
	if (!strcmp(command, "offer")) {
		codec = dict_add_dict(request, root, "codec");
		dict_add_str(request, dict_add_list(request, codec, "transcode"), NULL,
			str_of(callees[c->callee].transcode));
		dict_add_str(request, dict_add_list(request, codec, "mask"), NULL, STR_LIT("PCMU"));
	}
	reply = world_request(world, request, false, &bytes);
	g_assert_true(str_is(value_get_str(dict_root(reply), "result"), "ok"));
	if (sdp)
		addr = address_of(value_get_str(dict_root(reply), "sdp"));
	dict_free(request);
	dict_free(reply);
	g_string_free(bytes, TRUE);
	return addr;
}

static void negotiate(struct world *world, struct churned *c, unsigned callee)
{
	g_autofree char *answer = NULL;

	c->callee = callee;
	answer = g_strdup_printf(
		"v=0\r\no=b 1 1 IN IP4 198.51.100.20\r\ns=-\r\n"
		"c=IN IP4 198.51.100.20\r\nt=0 0\r\nm=audio 42000 RTP/AVP %s\r\n%s",
		callees[callee].formats, callees[callee].rtpmap);
	c->to_callee_side = run(world, "offer", c, caller);
	c->to_caller_side = run(world, "answer", c, answer);
}

static void send_packet(const char *ip, uint16_t port, const struct addr *to, uint8_t payload_type,
	uint32_t bytes, uint16_t seq, uint32_t timestamp)
{
	uint8_t packet[RTP_HEADER_BYTES + 160];
	struct rtp_header h = {
		.payload_type = payload_type, .seq = seq, .timestamp = timestamp, .ssrc = port
	};
	struct addr from;

	addr_parse_ip(str_of(ip), &from);
	from = addr_with_port(from, port);
	rtp_write(packet, &h);
	memset(packet + RTP_HEADER_BYTES, 0x08, bytes);
	g_assert_true(mock_send(&from, to, packet, RTP_HEADER_BYTES + bytes));
}

/* What left, of whatever it is; how much. */
static unsigned take_sent(void)
{
	struct mock_datagram *d;
	unsigned count = 0;

	while ((d = mock_pop()) != NULL) {
		count++;
		g_free(d);
	}
	return count;
}

/* The one before the last never comes, so that the last one waits for it when the call ends. */
static unsigned talk(struct world *world, const struct churned *c, uint16_t seq)
{
	unsigned sent = 0;

	for (uint16_t i = 0; i < PACKETS; i++) {
		uint16_t n = (uint16_t)(seq + i + (i == PACKETS - 1));

		send_packet("192.0.2.10", 41000, &c->to_caller_side, 0, 160, n, n * 160u);
		send_packet("198.51.100.20", 42000, &c->to_callee_side,
			callees[c->callee].payload_type, callees[c->callee].bytes, n,
			n * callees[c->callee].ticks);
		world_advance(world, PACKET_US);
		world_run(world);
		sent += take_sent();
	}
	return sent;
}

static void churn_call(struct world *world, unsigned number)
{
	struct churned c;

	g_snprintf(c.id, sizeof(c.id), "transcoded-%u", number);
	negotiate(world, &c, number % G_N_ELEMENTS(callees));
	g_assert_cmpuint(talk(world, &c, 100), >=, PACKETS);
	if (number % 3 == 0) {
		struct call *call = call_table_find(world->control.calls, str_of(c.id));

		call_move(call, !call->worker);
		world_run(world);
		take_sent();
	}
	if (number % 2 == 0) {
		negotiate(world, &c, (number / 2) % G_N_ELEMENTS(callees));
		g_assert_cmpuint(talk(world, &c, 101 + PACKETS), >=, PACKETS);
	}
	run(world, "delete", &c, NULL);
	world_run(world);
	take_sent();
}

static void round_of_calls(struct world *world)
{
	for (unsigned i = 0; i < CALLS_PER_ROUND; i++)
		churn_call(world, i);
	g_assert_cmpuint(call_table_count(world->control.calls), ==, 0);
	g_assert_cmpuint(world_ports_used(world), ==, 0);
	g_assert_cmpuint(world_leaks(world), ==, 0);
	/* Stored answers are forgotten in time; they would be counted as growth otherwise. */
	world_advance(world, 100 * 1000000LL);
}

static void test_transcoded_calls_leave_nothing(void)
{
	struct world world;
	size_t before;

	world_defaults(&world);
	world_open(&world);
	for (unsigned i = 0; i < WARM_UP_ROUNDS; i++)
		round_of_calls(&world);
	before = mallinfo2().uordblks;
	for (unsigned i = WARM_UP_ROUNDS; i < ROUNDS; i++)
		round_of_calls(&world);
	g_assert_cmpuint(mallinfo2().uordblks, <, before + 64 * 1024);
	world_close(&world);
}

void churn_transcode_add_tests(void)
{
	g_test_add_func(
		"/churn/transcoded-calls-leave-nothing", test_transcoded_calls_leave_nothing);
}
