/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of packets: taken, changed, sent, counted, or passed up as they are. */
#include "world.h"

#include "media/reception.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SSRC = 0x1234, PCMU = 0 };

/* A call: `a` sends to our port, `b` hears it; `up` is the daemon's socket. */
struct call {
	int a, b, up;
	struct forward_addr local, from, peer;
	uint8_t data[2048];
	size_t len; /* of what was sent last */
};

static const char *ip_of(const char *net, bool six, unsigned host)
{
	static char text[4][32];
	static unsigned n;
	char *t = text[n++ % 4];

	snprintf(t, sizeof(text[0]), six ? "fd0%s::%u" : "10.%s.0.%u", net, host);
	return t;
}

static void begin(struct call *call, bool six_in, bool six_out)
{
	call->a = world_socket("a", ip_of("1", six_in, 2), 5000);
	call->b = world_socket("b", ip_of("2", six_out, 2), 7000);
	call->up = world_socket(NULL, ip_of("1", six_in, 1), 30000);
	call->local = world_addr(ip_of("1", six_in, 1), 30000);
	call->from = world_addr(ip_of("2", six_out, 1), 40000);
	call->peer = world_addr(ip_of("2", six_out, 2), 7000);
}

static void end(const struct call *call)
{
	close(call->a);
	close(call->b);
	close(call->up);
}

static void put(struct call *call, const void *data, size_t len)
{
	if (data != call->data)
		memcpy(call->data, data, len);
	call->len = len;
	world_send(call->a, ip_of("1", call->local.family == 6, 1), 30000, call->data, len);
}

static void put_rtp(struct call *call, uint8_t type, uint16_t seq, uint32_t ssrc)
{
	put(call, call->data, world_rtp(call->data, type, seq, 160u * seq, ssrc, 160));
}

/* Did what was sent last come out of `fd` as it was? */
static bool comes(const struct call *call, int fd)
{
	const struct datagram *d = world_receive(fd);

	return d->len == call->len && !memcmp(d->data, call->data, d->len);
}

static bool passes_up(const struct call *call)
{
	return comes(call, call->up) && !world_receive(call->b)->len;
}

static uint64_t passed(const struct call *call, enum forward_pass reason)
{
	struct record r;

	CHECK_INT(client_read(world_client, WORLD_TABLE, &call->local, &r), 0);
	return r.counts.passed[reason];
}

static void set(const struct setting *s)
{
	CHECK_INT(client_set(world_client, WORLD_TABLE, s, 0, NULL), 0);
}

static void relays(bool six_in, bool six_out, const char *source)
{
	const struct datagram *d;
	struct setting s;
	struct call call;

	begin(&call, six_in, six_out);
	s = world_relay(call.local, call.from, call.peer);
	s.sink[0].tos = 0xb8;
	set(&s);
	for (unsigned i = 0; i < 3; i++) {
		put_rtp(&call, PCMU, (uint16_t)(100 + i), SSRC);
		d = world_receive(call.b);
		CHECK_INT(d->len, call.len);
		CHECK(!memcmp(d->data, call.data, d->len));
		CHECK(!strcmp(d->from, source));
		CHECK_INT(d->tos, 0xb8);
	}
	CHECK(!world_receive(call.up)->len);
	end(&call);
}

static void test_ip4(void)
{
	relays(false, false, "10.2.0.1:40000");
}

static void test_ip6(void)
{
	relays(true, true, "[fd02::1]:40000");
}

static void test_ip4_to_ip6(void)
{
	relays(false, true, "[fd02::1]:40000");
}

static void test_ip6_to_ip4(void)
{
	relays(true, false, "10.2.0.1:40000");
}

static void test_prerouting(void)
{
	client_close(world_client);
	world_client = client_open();
	CHECK_INT(client_bind(world_client, WORLD_TABLE, 0, FORWARD_HOOK_PREROUTING), 0);
	relays(false, false, "10.2.0.1:40000");
	relays(true, true, "[fd02::1]:40000");
}

static void test_rewrite(void)
{
	uint8_t want[200];
	const struct datagram *d;
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	s.sink[0].flags |= FORWARD_SINK_REWRITE | FORWARD_SINK_PAYLOADS;
	s.sink[0].rewrite[0] = (struct forward_rewrite){
		.ssrc = 0xfedcba98, .timestamp_add = 0xfffffff0, .sequence_add = 0xfff0
	};
	s.sink[0].payload_out[0] = 8;
	s.sink[0].payload_out[1] = 111;
	set(&s);
	put_rtp(&call, 0x80 | 96, 5, SSRC);
	d = world_receive(call.b);
	memcpy(want, call.data, call.len);
	world_rtp(want, 0x80 | 111, (uint16_t)(5 - 16), 800 - 16, 0xfedcba98, 0);
	CHECK(d->len == call.len && !memcmp(d->data, want, call.len));
	end(&call);
}

static void test_mask(void)
{
	static const uint8_t extension[12] = { 0xbe, 0xde, 0, 2, 0x10, 0xaa, 0x21, 1, 2, 0x30, 3 };
	const struct datagram *d;
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	s.target.masked[0] = 1 << 2;
	s.sink[0].flags |= FORWARD_SINK_MASK;
	set(&s);
	world_rtp(call.data, PCMU, 1, 160, SSRC, 60);
	call.data[0] |= 0x10;
	memcpy(call.data + 12, extension, sizeof(extension));
	put(&call, call.data, 72);
	d = world_receive(call.b);
	memset(call.data + 18, 0, 3);
	CHECK(d->len == call.len && !memcmp(d->data, call.data, call.len));
	/* An extension longer than the packet. */
	call.data[15] = 200;
	put(&call, call.data, 72);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_MALFORMED), 1);
	end(&call);
}

static void test_several_sinks(void)
{
	struct setting s;
	struct record r;
	struct call call;
	int six, back;

	begin(&call, false, false);
	six = world_socket("b", "fd02::2", 7002);
	back = world_socket("a", "10.1.0.2", 5002);
	s = world_relay(call.local, call.from, call.peer);
	s.sinks = 3;
	s.sink[1] = s.sink[2] = s.sink[0];
	s.sink[1].local = world_addr("fd02::1", 40002);
	s.sink[1].peer = world_addr("fd02::2", 7002);
	s.sink[2].local = world_addr("10.1.0.1", 40004);
	s.sink[2].peer = world_addr("10.1.0.2", 5002);
	s.sink[2].payloads = 2; /* not the first type */
	set(&s);
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(comes(&call, call.b));
	CHECK(comes(&call, six));
	CHECK(!world_receive(back)->len);
	put_rtp(&call, 96, 2, SSRC);
	CHECK(comes(&call, call.b));
	CHECK(comes(&call, six));
	CHECK(comes(&call, back));
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.sinks, 3);
	CHECK_INT(r.sink[0].packets, 2);
	CHECK_INT(r.sink[1].bytes, 344);
	CHECK_INT(r.sink[2].packets, 1);
	CHECK_INT(r.counts.packets, 2);
	CHECK_INT(r.payload[1].packets, 1);
	CHECK_INT(r.payload[1].type, 96);
	close(six);
	close(back);
	end(&call);
}

static void test_no_sink(void)
{
	struct setting s;
	struct record r;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	s.sinks = 0;
	set(&s);
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(!world_receive(call.up)->len);
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.packets, 1);
	end(&call);
}

static void test_passed_up(void)
{
	static const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	static const uint8_t dtls[20] = { 22, 254, 253 };
	static const uint8_t report[8] = { 0x80, 201, 0, 1, 1, 2, 3, 4 };
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	put(&call, stun, sizeof(stun));
	CHECK(passes_up(&call));
	put(&call, dtls, sizeof(dtls));
	CHECK(passes_up(&call));
	put(&call, report, sizeof(report));
	CHECK(passes_up(&call));
	put(&call, "x", 1);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_KIND), 4);
	world_rtp(call.data, PCMU, 1, 1, SSRC, 0);
	put(&call, call.data, 11);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_MALFORMED), 1);
	put_rtp(&call, 18, 1, SSRC);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_PAYLOAD), 1);
	put_rtp(&call, PCMU, 1, SSRC + 1);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_SSRC), 1);
	end(&call);
}

static void test_forms(void)
{
	static const uint8_t router_alert[4] = { 148, 4, 0, 0 };
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	/* More than a frame: it comes in fragments. */
	put(&call, call.data, world_rtp(call.data, PCMU, 1, 160, SSRC, 2000));
	CHECK(passes_up(&call));
	setsockopt(call.a, IPPROTO_IP, IP_OPTIONS, router_alert, sizeof(router_alert));
	put_rtp(&call, PCMU, 2, SSRC);
	CHECK(passes_up(&call));
	CHECK(passed(&call, FORWARD_PASS_FORM) >= 1);
	setsockopt(call.a, IPPROTO_IP, IP_OPTIONS, NULL, 0);
	put_rtp(&call, PCMU, 3, SSRC);
	CHECK(comes(&call, call.b));
	end(&call);
}

static void test_source(void)
{
	struct setting s;
	struct record r;
	struct call call;
	int other;

	begin(&call, false, false);
	other = call.a;
	call.a = world_socket("a", "10.1.0.2", 5006);
	s = world_relay(call.local, call.from, call.peer);
	s.target.flags |= FORWARD_TARGET_SOURCE;
	s.target.source = world_addr("10.1.0.2", 5006);
	set(&s);
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(comes(&call, call.b));
	world_send(other, "10.1.0.1", 30000, call.data, call.len);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_SOURCE), 1);
	s.target.flags |= FORWARD_TARGET_DROP_OTHERS;
	set(&s);
	world_send(other, "10.1.0.1", 30000, call.data, call.len);
	CHECK(!world_receive(call.up)->len);
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.dropped, 1);
	close(other);
	end(&call);
}

static void test_rtcp(void)
{
	static const uint8_t compound[16] = { 0x80, 201, 0, 1, 1, 2, 3, 4, 0x80, 203, 0, 1 };
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	s.target.flags |= FORWARD_TARGET_RTCP;
	s.sink[0].flags |= FORWARD_SINK_RTCP;
	set(&s);
	put(&call, compound, sizeof(compound));
	CHECK(comes(&call, call.b));
	put(&call, compound, sizeof(compound) - 1);
	CHECK(passes_up(&call));
	CHECK_INT(passed(&call, FORWARD_PASS_MALFORMED), 1);
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(comes(&call, call.b));
	end(&call);
}

static void test_opaque(void)
{
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	s.target.flags = FORWARD_TARGET_OPAQUE;
	s.payloads = s.ssrcs = 0;
	s.sink[0].payloads = 0;
	set(&s);
	put(&call, "\x00", 1);
	CHECK(comes(&call, call.b));
	put(&call, "not RTP", 7);
	CHECK(comes(&call, call.b));
	end(&call);
}

/* Two targets that send to each other: what would go round is left to the daemon. */
static void test_loop(void)
{
	struct setting s;
	struct record r;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, world_addr("10.2.0.1", 40000), world_addr("10.1.0.1", 30002));
	set(&s);
	s = world_relay(world_addr("10.1.0.1", 30002), world_addr("10.2.0.1", 40000), call.local);
	set(&s);
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(passes_up(&call));
	put_rtp(&call, PCMU, 2, SSRC);
	CHECK(passes_up(&call));
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.passed[FORWARD_PASS_LOOP], 2);
	CHECK_INT(r.counts.packets, 0);
	CHECK_INT(r.counts.unsent, 0);
	/* The other one may end while this one goes on. */
	CHECK_INT(client_delete(world_client, WORLD_TABLE, &s.target.local, NULL), 0);
	put_rtp(&call, PCMU, 3, SSRC);
	CHECK(!world_receive(call.up)->len);
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.packets, 1);
	end(&call);
}

static void test_no_route(void)
{
	struct setting s;
	struct record r;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, world_addr("192.0.2.1", 7000));
	set(&s);
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(!world_receive(call.up)->len);
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.unsent, 1);
	CHECK_INT(r.sink[0].unsent, 1);
	end(&call);
}

/* Who filters does so as before: what is not let in is not relayed. */
static void test_firewall(void)
{
	struct setting s;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	CHECK_INT(system("nft 'add table ip t; add chain ip t i { type filter hook input priority "
			 "0; };"
			 "add rule ip t i ct state new counter; add rule ip t i udp length 28 drop;"
			 "add chain ip t p { type filter hook prerouting priority 0; };"
			 "add rule ip t p udp length 30 drop;"
			 "add chain ip t o { type filter hook output priority 0; };"
			 "add rule ip t o udp length 29 drop'"),
		0);
	/* The tracker gets to know of it by the first one. */
	put_rtp(&call, PCMU, 1, SSRC);
	CHECK(passes_up(&call));
	put_rtp(&call, PCMU, 2, SSRC);
	CHECK(comes(&call, call.b));
	put(&call, call.data, world_rtp(call.data, PCMU, 3, 480, SSRC, 8));
	CHECK(!world_receive(call.b)->len);
	put(&call, call.data, world_rtp(call.data, PCMU, 4, 640, SSRC, 9));
	CHECK(!world_receive(call.b)->len);
	put(&call, call.data, world_rtp(call.data, PCMU, 5, 800, SSRC, 10));
	CHECK(!world_receive(call.b)->len);
	CHECK(!world_receive(call.up)->len);
	put_rtp(&call, PCMU, 6, SSRC);
	CHECK(comes(&call, call.b));
	CHECK_INT(system("nft flush ruleset"), 0);
	end(&call);
}

/* A verdict of user space lets them in: by a process, not by a softirq. */
static void test_queue(void)
{
	int queue = world_queue();
	struct setting s;
	struct record r;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	CHECK_INT(system("nft 'add table ip t; add chain ip t i { type filter hook input priority "
			 "0; }; add rule ip t i meta l4proto udp queue num 0'"),
		0);
	for (uint16_t i = 0; i < 3; i++) {
		put_rtp(&call, i < 2 ? PCMU : 18, i, SSRC);
		CHECK(world_let_in(queue));
		CHECK(comes(&call, i < 2 ? call.b : call.up));
	}
	CHECK_INT(client_read(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.packets, 2);
	CHECK_INT(r.counts.passed[FORWARD_PASS_PAYLOAD], 1);
	CHECK_INT(system("nft flush ruleset"), 0);
	close(queue);
	end(&call);
}

/* May a packet be taken apart on its way? As of the daemon's sockets, the host's settings say. */
static void test_fragmentation(void)
{
	static const char *const settings[] = { "echo 0 >/proc/sys/net/ipv4/ip_no_pmtu_disc",
		"echo 1 >/proc/sys/net/ipv4/ip_no_pmtu_disc",
		("echo 0 >/proc/sys/net/ipv4/ip_no_pmtu_disc;"
		 "ip route add 10.2.0.2 dev r1 mtu lock 1400"),
		"ip route del 10.2.0.2 dev r1" };
	struct setting s;
	struct call call;
	int socket;

	begin(&call, false, false);
	socket = world_socket(NULL, "10.2.0.1", 40002);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	CHECK_INT(system("nft 'add table ip t; add chain ip t o { type filter hook output priority "
			 "0; }; add rule ip t o udp dport 7000 ip frag-off & 0x4000 != 0 drop'"),
		0);
	for (uint16_t i = 0; i < 4; i++) {
		CHECK_INT(system(settings[i]), 0);
		close(socket);
		socket = world_socket(NULL, "10.2.0.1", 40002);
		put_rtp(&call, PCMU, i, SSRC);
		CHECK_INT(world_receive(call.b)->len, i == 1 || i == 2 ? call.len : 0);
		world_send(socket, "10.2.0.2", 7000, call.data, call.len);
		CHECK_INT(world_receive(call.b)->len, i == 1 || i == 2 ? call.len : 0);
	}
	CHECK_INT(system("nft flush ruleset"), 0);
	close(socket);
	end(&call);
}

/* Where several paths are equal, a stream keeps its own whoever sends it. */
static void test_flow_label(void)
{
	struct setting s;
	struct call call;
	uint32_t label;
	int socket;

	begin(&call, true, true);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	put_rtp(&call, PCMU, 1, SSRC);
	label = world_receive(call.b)->flow_label;
	CHECK(label);
	socket = world_socket(NULL, "fd02::1", 40000);
	world_send(socket, "fd02::2", 7000, call.data, call.len);
	CHECK_INT(world_receive(call.b)->flow_label, label);
	close(socket);
	end(&call);
}

static void loses_address(bool six, const char *address)
{
	char command[80];
	struct setting s;
	struct call call;

	begin(&call, six, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	for (uint16_t i = 0; i < 3; i++) {
		put_rtp(&call, PCMU, i, SSRC);
		CHECK(comes(&call, call.b));
	}
	snprintf(command, sizeof(command), "ip addr del %s dev r0", address);
	CHECK_INT(system(command), 0);
	put_rtp(&call, PCMU, 3, SSRC);
	CHECK(!world_receive(call.b)->len);
	snprintf(command, sizeof(command), "ip addr add %s dev r0 %s", address, six ? "nodad" : "");
	CHECK_INT(system(command), 0);
	put_rtp(&call, PCMU, 4, SSRC);
	CHECK(comes(&call, call.b));
	end(&call);
}

/* What routing has said holds no longer than the routes do. */
static void test_address_goes(void)
{
	loses_address(false, "10.1.0.1/24");
	loses_address(true, "fd01::1/64");
}

/* What routing has said of one source it has not said of another. */
static void test_reverse_path(void)
{
	static const char strict[] = "/proc/sys/net/ipv4/conf/r0/rp_filter";
	char command[80];
	struct setting s;
	struct call call;
	int other;

	CHECK_INT(system("ip -n a addr add 10.3.0.2/24 dev a0"), 0);
	begin(&call, false, false);
	other = world_socket("a", "10.3.0.2", 5000);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	for (unsigned check = 0; check < 2; check++) {
		snprintf(command, sizeof(command), "echo %u >%s", check, strict);
		CHECK_INT(system(command), 0);
		for (uint16_t i = 0; i < 3; i++) {
			put_rtp(&call, PCMU, i, SSRC);
			CHECK(comes(&call, call.b));
		}
		world_send(other, "10.1.0.1", 30000, call.data, call.len);
		CHECK_INT(world_receive(call.b)->len, check ? 0 : call.len);
	}
	CHECK(!world_receive(call.up)->len);
	snprintf(command, sizeof(command), "echo 0 >%s", strict);
	CHECK_INT(system(command), 0);
	CHECK_INT(system("ip -n a addr del 10.3.0.2/24 dev a0"), 0);
	close(other);
	end(&call);
}

/* Nor of a packet with another mark, or another TOS, if rules tell them apart. */
static void test_rules(void)
{
	struct setting s;
	struct call call;
	int tos = 0x10;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	CHECK_INT(system("ip rule add pref 10 lookup local && ip rule del pref 0 &&"
			 "ip rule add pref 5 fwmark 1 blackhole &&"
			 "ip rule add pref 6 tos 0x10 blackhole &&"
			 "nft 'add table ip t; add chain ip t p { type filter hook prerouting "
			 "priority -150; }; add rule ip t p udp length 29 meta mark set 1'"),
		0);
	for (uint16_t i = 0; i < 3; i++) {
		put_rtp(&call, PCMU, i, SSRC);
		CHECK(comes(&call, call.b));
	}
	put(&call, call.data, world_rtp(call.data, PCMU, 3, 480, SSRC, 9));
	CHECK(!world_receive(call.b)->len);
	setsockopt(call.a, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	put_rtp(&call, PCMU, 4, SSRC);
	CHECK(!world_receive(call.b)->len);
	CHECK_INT(system("nft flush ruleset; ip rule add pref 0 lookup local && ip rule del pref 5 "
			 "&& ip rule del pref 6 && ip rule del pref 10"),
		0);
	put_rtp(&call, PCMU, 5, SSRC);
	CHECK(comes(&call, call.b));
	end(&call);
}

/* A sequence with all that can happen to it; the same numbers each time. */
static uint16_t next_sequence(uint32_t *random, uint16_t latest)
{
	*random = *random * 1664525 + 1013904223;
	switch (*random >> 24 & 15) {
	case 0:
		return latest;
	case 1:
		return (uint16_t)(latest - (*random >> 16 & 63));
	case 2:
		return (uint16_t)(latest + 1 + (*random >> 16 & 63));
	case 3:
		return (uint16_t)(*random >> 28 ? latest + 1 : latest + 5000);
	}
	return (uint16_t)(latest + 1);
}

static void compare(const struct forward_ssrc *found, const struct reception *want)
{
	CHECK_INT(found->first, want->first);
	CHECK_INT(found->highest, want->highest);
	CHECK_INT(found->missing, want->missing);
	CHECK_INT(found->ticks, want->ticks);
	CHECK_INT(found->lost, want->counts.lost);
	CHECK_INT(found->duplicates, want->counts.duplicates);
	CHECK_INT(found->skips, want->counts.skips);
	CHECK_INT(found->resets, want->counts.resets);
	CHECK_INT(found->reordered, want->counts.reordered);
}

/* The same packets give the same numbers here and in the daemon, also over a change of target. */
static void test_reception(void)
{
	struct reception want;
	struct setting s;
	uint32_t random = 1;
	uint16_t seq = 65000;
	struct record r, last;
	struct call call;

	begin(&call, false, false);
	s = world_relay(call.local, call.from, call.peer);
	set(&s);
	reception_begin(&want, seq);
	reception_set_clock(&want, PCMU, 8000);
	put_rtp(&call, PCMU, seq, SSRC);
	CHECK(comes(&call, call.b));
	for (unsigned i = 0; i < 2000; i++) {
		if (i == 1000) {
			CHECK_INT(client_delete(world_client, WORLD_TABLE, &call.local, &last), 0);
			CHECK_INT(last.counts.packets, 1001);
			s.ssrc[0] = last.ssrc[0];
			set(&s);
		}
		seq = next_sequence(&random, (uint16_t)want.highest);
		put_rtp(&call, PCMU, seq, SSRC);
		reception_sequence(&want, seq);
		CHECK(comes(&call, call.b));
	}
	CHECK_INT(client_delete(world_client, WORLD_TABLE, &call.local, &r), 0);
	CHECK_INT(r.counts.packets, 1000);
	CHECK_INT(r.ssrc[0].packets, 2001);
	CHECK_INT(r.ssrc[0].bytes, 2001 * 172);
	CHECK_INT(r.ssrc[0].last_sequence, seq);
	CHECK(r.counts.last_us && r.ssrc[0].last_us == r.counts.last_us);
	compare(&r.ssrc[0], &want);
	put_rtp(&call, PCMU, seq, SSRC);
	CHECK(passes_up(&call));
	end(&call);
}

/* Each packet leaves once, by the target or by the daemon's socket, whatever happens to targets. */
static void test_toggle(void)
{
	struct setting s;
	unsigned out = 0, up = 0;
	struct record r;
	struct call call;
	int size = 4 * 1024 * 1024;
	uint64_t taken = 0;

	begin(&call, false, false);
	setsockopt(call.b, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(call.up, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	s = world_relay(call.local, call.from, call.peer);
	for (uint16_t i = 0; i < 3000; i++) {
		if (i % 3 == 0)
			set(&s);
		put_rtp(&call, PCMU, i, SSRC);
		if (i % 3 == 1) {
			CHECK_INT(client_delete(world_client, WORLD_TABLE, &call.local, &r), 0);
			taken += r.counts.packets;
		}
	}
	while (world_receive(call.b)->len)
		out++;
	while (world_receive(call.up)->len)
		up++;
	CHECK_INT(out, taken);
	CHECK_INT(out, 2000);
	CHECK_INT(up, 1000);
	end(&call);
}

const struct test relay_tests[] = {
	{ "IPv4", test_ip4 },
	{ "IPv6", test_ip6 },
	{ "IPv4 to IPv6", test_ip4_to_ip6 },
	{ "IPv6 to IPv4", test_ip6_to_ip4 },
	{ "the other hook", test_prerouting },
	{ "SSRC, sequence, timestamp and payload type are rewritten", test_rewrite },
	{ "header extensions are left out", test_mask },
	{ "several sinks, each what it wants", test_several_sinks },
	{ "no sink: counted and gone", test_no_sink },
	{ "what is not asked for passes up untouched", test_passed_up },
	{ "so do fragments and options", test_forms },
	{ "and other sources, if not dropped", test_source },
	{ "sound RTCP is passed on", test_rtcp },
	{ "opaque: all is passed on", test_opaque },
	{ "two targets that send to each other leave it to the daemon", test_loop },
	{ "no route: counted", test_no_route },
	{ "the firewall is asked, the tracker told", test_firewall },
	{ "verdicts on queued packets", test_queue },
	{ "may be fragmented as a socket's may", test_fragmentation },
	{ "flow labels are those of sockets", test_flow_label },
	{ "a local address goes and comes back", test_address_goes },
	{ "sources are checked one by one", test_reverse_path },
	{ "routing rules count", test_rules },
	{ "reception is counted as in the daemon", test_reception },
	{ "targets come and go, packets leave once", test_toggle },
	{ NULL, NULL },
};
