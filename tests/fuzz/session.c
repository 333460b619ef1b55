/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole session under hostile packets, in virtual time: a call set up by commands, then
 * steps of the input, each an operation, a length and so many bytes. Packets come from the
 * parties and from strangers, whole, with a valid header before the input's bytes, or as they are;
 * between them the clock moves, parties re-offer and hold, the proxy blocks, workers fall behind.
 * Parties also speak ICE, DTLS and SRTP, with keys that fit, and share transports; files are played
 * to them, digits put in, and what they send is recorded. Nothing may crash, nothing may be sent but to addresses that were signalled or that packets came
 * from, and when the call has ended nothing is left.
 */
#include "../mock/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../mock/codecs.h"
#include "../mock/dtls.h"
#include "../mock/network.h"
#include "../mock/party.h"
#include "../mock/recorder.h"
#include "base/helper.h"
#include "base/log.h"
#include "media/clips.h"
#include "rtp/rtp.h"

enum { FIRST_PORT = 30000, PORTS = 100, MAX_STEPS = 256, MAX_PACKET = 16 * 255, MAX_ENDING = 20 };

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
	STEP_SECURE_RTP,
	STEP_SECURE_RTCP,
	STEP_CHECK,
	STEP_SHAKE,
	STEP_SAY,
	STEP_COUNT,
};

/* Bits of a choice that say how a party is signalled; the rest is in print_body. */
enum choice {
	CHOICE_SDES = 0x100,
	CHOICE_DTLS = 0x200,
	CHOICE_ACTIVE = 0x400,
	CHOICE_ICE = 0x800,
	CHOICE_BUNDLE = 0x1000,
	CHOICE_BRIDGE = 0x2000, /* what the other side is shown is asked for */
};

static struct world world;
static struct helper_pool *helpers;
static struct recorder *recorder;
static struct mock_party parties[2];
static struct mock_recorder files;
static bool has_recorded;
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
	"symmetric,trust-address,inject-DTMF,detect-DTMF",
	"rtcp-mux-offer",
	"rtcp-mux-demux",
	"rtcp-mux-accept",
	"drop-traffic-start",
	"media-echo-both",
};

static const char *const commands[] = { "block media", "unblock media", "silence media",
	"unsilence media", "block DTMF", "unblock DTMF", "query", "list", "explain", "play media",
	"stop media", "play DTMF", "start recording", "pause recording", "stop recording",
	"statistics" };

static const char *const sources[] = { "198.51.100.10", "198.51.100.20", "198.51.100.66",
	"192.0.2.66" };

static void ignore_log(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

/* ---- files ---- */

static int open_bytes(const struct player_input *input, uint32_t sample_hz,
	struct player_info *ret_info, void **ret_state, char *error)
{
	(void)sample_hz;
	(void)error;
	*ret_info = (struct player_info){ .duration_ms = -1 };
	*ret_state = g_new0(size_t, 1);
	**(size_t **)ret_state = (size_t)input->size_bytes * 100;
	return 0;
}

static int read_zeros(void *state, int16_t *out, size_t max)
{
	size_t *left = state, n = MIN(*left, max);

	memset(out, 0, n * sizeof(*out));
	*left -= n;
	return (int)n;
}

static const struct player player = {
	.name = "zeros", .open = open_bytes, .read = read_zeros, .close = g_free
};

/* Jobs are done at once, by who gives them. */
static void open_files(void)
{
	struct err err;

	helpers = helper_pool_new(1, world.control_box);
	helper_pool_stop(helpers);
	clips_add_player(&player);
	if (clips_new(helpers, NULL, 1 << 20, &world.settings.clips, &err) < 0)
		abort();
	mock_recorder_open(&files, helpers);
	recorder = files.recorder;
	world.settings.recorder = recorder;
	world.settings.helpers = helpers;
}

static void close_files(void)
{
	mock_recorder_close(&files);
}

static void open_once(void)
{
	static bool opened;

	if (opened)
		return;
	opened = true;
	mock_codecs_add();
	log_set_sink(ignore_log, NULL);
	log_set_level(LOG_L_DEBUG);
	world_defaults(&world);
	world.port_min = FIRST_PORT;
	world.port_max = FIRST_PORT + PORTS - 1;
	world_open(&world);
	open_files();
	atexit(close_files);
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

/* `shown`: whose body the reply has; NULL: nobody's. */
static void run(struct dict *request, struct mock_party *shown)
{
	struct dict *reply = dict_new();
	struct str body;

	command_run(&world.control, dict_root(request), &world.client, reply);
	body = value_get_str(dict_root(reply), "sdp");
	if (shown && body.s)
		mock_party_read(shown, body);
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

static unsigned says_of(unsigned choice)
{
	return (choice & CHOICE_SDES ? MOCK_PARTY_SDES : 0) |
	       (choice & CHOICE_DTLS ? MOCK_PARTY_DTLS : 0) |
	       (choice & CHOICE_ACTIVE ? MOCK_PARTY_ACTIVE : 0) |
	       (choice & CHOICE_ICE ? MOCK_PARTY_ICE : 0);
}

/* Other bits of `choice`: flags, hold, rtcp-mux, whether the port moves, and a section of no RTP. */
static GString *print_body(const struct mock_party *party, bool answer, unsigned choice)
{
	static const char *const directions[] = { "sendrecv", "sendonly", "inactive", "recvonly" };
	static const char *const profiles[] = { "RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF",
		"RTP/SAVPF" };
	const char *profile = profiles[choice >> 8 & 3],
		   *ip = party == parties ? sources[0] : sources[1];
	GString *body = g_string_new(NULL);

	g_string_printf(body,
		"v=0\r\no=- 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n%s"
		"m=audio %u %s 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=mid:0\r\na=%s\r\n%s",
		choice, ip, choice & 0x8000 ? "0.0.0.0" : ip,
		choice & CHOICE_BUNDLE ? "a=group:BUNDLE 0 1\r\n" : "",
		choice & 0x4000 ? 4100 : 4000, profile, directions[choice >> 4 & 3],
		choice & 0x40 ? "a=rtcp-mux\r\n" : "");
	mock_party_print(party, says_of(choice), answer, body);
	if (choice & CHOICE_BUNDLE) {
		g_string_append_printf(body,
			"m=video 4000 %s 96\r\na=rtpmap:96 VP8/90000\r\na=mid:1\r\n"
			"a=rtcp-mux\r\n",
			profile);
		mock_party_print(party, says_of(choice), answer, body);
	}
	if (choice & 0x80)
		g_string_append(body, "m=image 4200 udptl t38\r\n");
	return body;
}

/* What the other side is to be shown, and what is done with what this one sends. */
static void add_wishes(struct dict *request, unsigned choice)
{
	static const char *const profiles[] = { "RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF",
		"RTP/SAVPF" };
	static const char *const bundles[] = { "accept", "offer", "require", "strict" };
	struct value *root = dict_root(request), *list = dict_add_list(request, root, "bundle");
	struct value *moh = dict_add_dict(request, root, "moh");

	dict_add_str(request, list, NULL, str_of(bundles[choice >> 2 & 3]));
	dict_add_str(request, root, "transport-protocol", str_of(profiles[choice & 3]));
	dict_add_str(request, root, "ICE", choice & 4 ? STR_LIT("force") : STR_LIT("optional"));
	dict_add_str(request, moh, "blob", STR_LIT("music on hold"));
	if (choice & 8)
		dict_add_str(request, root, "DTMF-security", STR_LIT("tone"));
}

static void signal_party(const char *command, struct mock_party *party, unsigned choice)
{
	bool answer = !strcmp(command, "answer");
	GString *body = print_body(party, answer, choice);
	struct dict *request = request_new(command);

	dict_add_str(request, dict_root(request), "sdp", (struct str){ body->str, body->len });
	dict_add_str(request, dict_root(request), "flags",
		str_of(flag_sets[choice % G_N_ELEMENTS(flag_sets)]));
	if (choice & CHOICE_BRIDGE)
		add_wishes(request, choice);
	if (answer)
		dict_add_str(request, dict_root(request), "to-tag", STR_LIT("B"));
	run(request, answer ? &parties[0] : &parties[1]);
	g_string_free(body, TRUE);
}

static void run_command(unsigned way)
{
	struct dict *request = request_new(commands[way % G_N_ELEMENTS(commands)]);
	struct value *root = dict_root(request);

	dict_add_str(request, root, "blob", STR_LIT("forty bytes of a file that is played to it"));
	dict_add_str(request, root, "code", STR_LIT("5"));
	dict_add_int(request, root, "duration", 100 + way);
	dict_add_int(request, root, "repeat-times", way >> 6);
	has_recorded = true;
	run(request, NULL);
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
		for (unsigned i = 0; i < G_N_ELEMENTS(parties); i++)
			if (addr_equal(&datagram->to, &parties[i].addr))
				mock_party_take(&parties[i], datagram, world.mono_us);
		g_free(datagram);
	}
}

/* By the key of the one whose place it is sent from. */
static void send_secure(unsigned way, const uint8_t *bytes, size_t len, bool rtcp)
{
	uint8_t packet[RTP_HEADER_BYTES + 256 + SRTP_MAX_TRAILER] = { 0x80, 201, 0, 1 };
	struct rtp_header header = { .seq = next_seq, .timestamp = next_seq * 160u, .ssrc = 7 };

	if (rtcp) {
		packet[7] = 7;
		len = 8;
	} else {
		header.payload_type = way & 0x80 ? 101 : 0;
		next_seq++;
		rtp_write(packet, &header);
		memcpy(packet + RTP_HEADER_BYTES, bytes, len);
		len += RTP_HEADER_BYTES;
	}
	len = mock_party_protect(&parties[way >> 1 & 1], packet, len, sizeof(packet), rtcp);
	send_packet(way & ~4u, packet, len);
}

static struct addr port_of(unsigned way)
{
	return address("203.0.113.1", open_ports[(way >> 3) % open_count]);
}

static void send_check(unsigned way, unsigned choice)
{
	struct mock_party *party = &parties[way >> 1 & 1];
	struct addr local;

	if (!open_count)
		return;
	local = port_of(way);
	has_sent[way & 2] = true;
	mock_party_check(party, &local, choice & 1, choice & 2);
	world_run(&world);
}

static void shake(unsigned way)
{
	struct addr local;

	if (!open_count)
		return;
	local = port_of(way);
	mock_party_shake(&parties[way >> 1 & 1], &local, way & 1 ? DTLS_SERVER : DTLS_CLIENT,
		call_table_cert(world.control.calls), world.mono_us);
}

static void say(unsigned way)
{
	struct mock_party *party = &parties[way >> 1 & 1];

	for (unsigned i = 0; i <= way >> 4 && mock_party_say(party); i++) {
		has_sent[way & 2] = true;
		world_run(&world);
		check_sent();
	}
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
		recorder_tick(recorder);
		world_run(&world);
		break;
	case STEP_OFFER:
		signal_party("offer", &parties[0], choice);
		break;
	case STEP_ANSWER:
		signal_party("answer", &parties[1], choice);
		break;
	case STEP_COMMAND:
		run_command(way);
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
	case STEP_SECURE_RTP:
	case STEP_SECURE_RTCP:
		send_secure(way, bytes, len, step == STEP_SECURE_RTCP);
		break;
	case STEP_CHECK:
		send_check(way, choice);
		break;
	case STEP_SHAKE:
		shake(way);
		break;
	case STEP_SAY:
		say(way);
		break;
	case STEP_COUNT:
		break;
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
	for (unsigned i = 0; i < MAX_ENDING && recorder_busy(recorder); i++) {
		world_advance(&world, RECORDER_PERIOD_MS * 1000);
		recorder_tick(recorder);
		world_run(&world);
	}
	check_sent();
	if (world_leaks(&world) || recorder_busy(recorder))
		abort();
	if (has_recorded)
		mock_recorder_empty(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned steps = 0;

	open_once();
	if (size < 4)
		return 0;
	next_seq = 1;
	has_recorded = false;
	memset(has_sent, 0, sizeof(has_sent));
	for (unsigned i = 0; i < G_N_ELEMENTS(parties); i++) {
		struct addr addr = address(sources[i], 4000);

		mock_party_open(&parties[i], &addr);
	}
	signal_party("offer", &parties[0], data[0] | data[1] << 8);
	signal_party("answer", &parties[1], data[2] | data[3] << 8);
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
	for (unsigned i = 0; i < G_N_ELEMENTS(parties); i++)
		mock_party_close(&parties[i]);
	return 0;
}
