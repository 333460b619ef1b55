/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole session under hostile packets, in virtual time: a call set up by commands, then
 * steps of the input, each an operation, a length and so many bytes. Packets come from the
 * parties and from strangers, whole, with a valid header before the input's bytes, or as they are;
 * between them the clock moves, parties re-offer and hold, the proxy blocks, workers fall behind.
 * Nothing may crash, nothing may be sent but to addresses that were signalled or that packets came
 * from, and when the call has ended nothing is left.
 */
#include "../mock/world.h"

#include <stdlib.h>
#include <string.h>

#include "../mock/network.h"
#include "base/log.h"
#include "rtp/rtp.h"

enum { FIRST_PORT = 30000, PORTS = 100, MAX_STEPS = 256, MAX_PACKET = 16 * 255 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_RAW,
	STEP_RTP,
	STEP_RTCP,
	STEP_LONG, /* the bytes 16 times over */
	STEP_TIME,
	STEP_OFFER,
	STEP_ANSWER,
	STEP_COMMAND,
	STEP_HOLD_WORKERS,
	STEP_MOVE,
	STEP_COUNT,
};

static struct world world;
static uint16_t open_ports[PORTS];
static unsigned open_count;
static uint16_t next_seq;
static bool has_sent[8]; /* by source and port */

static const char *const flag_sets[] = {
	"",
	"asymmetric",
	"strict-source",
	"media-handover",
	"endpoint-learning-immediate",
	"endpoint-learning-delayed",
	"port-latching",
	"NAT-wait",
	"pierce-NAT",
	"block-short",
	"symmetric,trust-address",
	"rtcp-mux-offer",
	"rtcp-mux-demux",
	"rtcp-mux-accept",
	"drop-traffic-start",
	"media-echo-both",
};

static const char *const commands[] = { "block media", "unblock media", "silence media",
	"unsilence media", "block DTMF", "unblock DTMF", "query", "list", "explain" };

static const char *const sources[] = { "198.51.100.10", "198.51.100.20", "198.51.100.66",
	"192.0.2.66" };

static void ignore_log(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

static void open_once(void)
{
	static bool opened;

	if (opened)
		return;
	opened = true;
	log_set_sink(ignore_log, NULL);
	log_set_level(LOG_L_DEBUG);
	world_defaults(&world);
	world.port_min = FIRST_PORT;
	world.port_max = FIRST_PORT + PORTS - 1;
	world_open(&world);
}

static struct addr address(const char *ip, uint16_t port)
{
	struct addr addr;

	if (!addr_parse_ip(str_of(ip), &addr))
		abort();
	return addr_with_port(addr, port);
}

static void look_for_ports(void)
{
	open_count = 0;
	for (uint16_t port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
		struct addr local = address("203.0.113.1", port);

		if (mock_is_open(&local))
			open_ports[open_count++] = port;
	}
}

static void run(struct dict *request)
{
	struct dict *reply = dict_new();

	command_run(&world.control, dict_root(request), &world.client, reply);
	dict_free(reply);
	dict_free(request);
	world_run(&world);
	look_for_ports();
}

static struct dict *request_new(const char *command)
{
	struct dict *request = dict_new();

	dict_add_str(request, dict_root(request), "command", str_of(command));
	dict_add_str(request, dict_root(request), "call-id", STR_LIT("c"));
	dict_add_str(request, dict_root(request), "from-tag", STR_LIT("A"));
	return request;
}

/* Bits of `choice`: flags, hold, rtcp-mux, whether the port moves, and a section of no RTP. */
static void signal_party(const char *command, const char *ip, unsigned choice)
{
	static const char *const directions[] = { "sendrecv", "sendonly", "inactive", "recvonly" };
	g_autofree char *body = g_strdup_printf(
		"v=0\r\no=- 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=%s\r\n%s%s",
		choice, ip, choice & 0x8000 ? "0.0.0.0" : ip, choice & 0x4000 ? 4100 : 4000,
		directions[choice >> 4 & 3], choice & 0x40 ? "a=rtcp-mux\r\n" : "",
		choice & 0x80 ? "m=image 4200 udptl t38\r\n" : "");
	struct dict *request = request_new(command);

	dict_add_str(request, dict_root(request), "sdp", str_of(body));
	dict_add_str(request, dict_root(request), "flags",
		str_of(flag_sets[choice % G_N_ELEMENTS(flag_sets)]));
	if (!strcmp(command, "answer"))
		dict_add_str(request, dict_root(request), "to-tag", STR_LIT("B"));
	run(request);
}

static void send_packet(unsigned way, const uint8_t *bytes, size_t len)
{
	uint16_t port = way & 1 ? 4001 : 4000;
	struct addr from = address(sources[way >> 1 & 3], port), to;

	if (!open_count)
		return;
	to = address("203.0.113.1", open_ports[(way >> 3) % open_count]);
	has_sent[way & 7] = true;
	mock_send(&from, &to, bytes, len);
	world_run(&world);
}

static void send_rtp(unsigned way, const uint8_t *bytes, size_t len)
{
	uint8_t packet[RTP_HEADER_BYTES + 255];
	struct rtp_header header = {
		.payload_type = way & 0x80 ? 101 : 0,
		.seq = next_seq,
		.timestamp = next_seq * 160u,
		.ssrc = 0x1000 + (way >> 1 & 3),
	};

	next_seq++;
	rtp_write(packet, &header);
	memcpy(packet + RTP_HEADER_BYTES, bytes, len);
	send_packet(way, packet, RTP_HEADER_BYTES + len);
}

/* A compound whose first packet's length is right, whatever its type says. */
static void send_rtcp(unsigned way, const uint8_t *bytes, size_t len)
{
	uint8_t packet[4 + 256] = { 0x81 };
	size_t words = (len + 3) / 4;

	packet[1] = (uint8_t)(200 + way % 8);
	packet[3] = (uint8_t)words;
	memcpy(packet + 4, bytes, len);
	send_packet(way, packet, 4 + 4 * words);
}

static void send_long(unsigned way, const uint8_t *bytes, size_t len)
{
	uint8_t packet[MAX_PACKET];

	for (unsigned i = 0; i < 16; i++)
		memcpy(packet + i * len, bytes, len);
	send_packet(way, packet, 16 * len);
}

static void do_step(enum step step, unsigned way, const uint8_t *bytes, size_t len)
{
	unsigned choice = len > 1 ? bytes[0] | (unsigned)bytes[1] << 8 : way;
	struct call *call;

	switch (step) {
	case STEP_RAW:
		send_packet(way, bytes, len);
		break;
	case STEP_RTP:
		send_rtp(way, bytes, len);
		break;
	case STEP_RTCP:
		send_rtcp(way, bytes, len);
		break;
	case STEP_LONG:
		send_long(way, bytes, len);
		break;
	case STEP_TIME:
		world_advance(&world, way * INT64_C(50000));
		break;
	case STEP_OFFER:
		signal_party("offer", sources[0], choice);
		break;
	case STEP_ANSWER:
		signal_party("answer", sources[1], choice);
		break;
	case STEP_COMMAND:
		run(request_new(commands[way % G_N_ELEMENTS(commands)]));
		break;
	case STEP_HOLD_WORKERS:
		world.hold_workers = way & 1;
		world_run(&world);
		break;
	case STEP_MOVE:
		call = call_table_find(world.control.calls, STR_LIT("c"));
		if (call)
			call_move(call, !call->worker);
		world_run(&world);
		break;
	case STEP_COUNT:
		break;
	}
}

/* To a party, or to a stranger who has sent something. */
static bool may_be_sent_to(const struct addr *to)
{
	for (unsigned way = 0; way < 8; way++) {
		struct addr ip = address(sources[way >> 1], to->port);

		if (!addr_equal(&ip, to))
			continue;
		if (way >> 1 < 2 || (has_sent[way] && to->port == 4000 + (way & 1)))
			return true;
	}
	return false;
}

static void check_sent(void)
{
	struct mock_datagram *datagram;

	while ((datagram = mock_pop()) != NULL) {
		if (!may_be_sent_to(&datagram->to))
			abort();
		g_free(datagram);
	}
}

static bool add_call(struct call *call, void *arg)
{
	g_ptr_array_add(arg, call);
	return true;
}

static void end_calls(void)
{
	g_autoptr(GPtrArray) calls = g_ptr_array_new();

	world.hold_workers = false;
	call_table_each(world.control.calls, add_call, calls);
	for (unsigned i = 0; i < calls->len; i++)
		call_end(calls->pdata[i], REASON_DELETED);
	world_run(&world);
	check_sent();
	if (world_leaks(&world))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned steps = 0;

	open_once();
	if (size < 4)
		return 0;
	next_seq = 1;
	memset(has_sent, 0, sizeof(has_sent));
	signal_party("offer", sources[0], data[0] | data[1] << 8);
	signal_party("answer", sources[1], data[2] | data[3] << 8);
	data += 4;
	size -= 4;
	while (size >= 3 && steps++ < MAX_STEPS) {
		size_t len = MIN((size_t)data[2], size - 3);

		do_step(data[0] % STEP_COUNT, data[1], data + 3, len);
		check_sent();
		data += 3 + len;
		size -= 3 + len;
	}
	end_calls();
	return 0;
}
