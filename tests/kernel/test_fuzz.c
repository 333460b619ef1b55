/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests that nobody would make: damaged ones, and ones put together at random. None may hurt, take
 * long, or leave half of its effect; packets come meanwhile. The same ones each time.
 */
#include "world.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	DAMAGED = 4000,
	MADE_UP = 6000,
	MOST_NS = 1000000000, /* for one request: as many instructions */
	PORTS = 4,            /* targets are at these from 30000 */
};

static uint32_t state;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Each has an id of its own, so that what takes its place is noticed. */
static struct setting usual(unsigned place)
{
	static uint64_t id;
	struct setting s = world_relay(world_addr("10.1.0.1", (uint16_t)(30000 + place)),
		world_addr("10.2.0.1", 40000), world_addr("10.2.0.2", 7000));

	s.target.id = ++id;
	return s;
}

/* Which targets there are at the ports that requests are about. */
struct view {
	struct {
		int result;
		unsigned sinks, ssrcs, payloads;
		uint64_t id;
	} at[PORTS];
};

static void look(struct view *v)
{
	memset(v, 0, sizeof(*v));
	for (unsigned i = 0; i < PORTS; i++) {
		struct forward_addr local = world_addr("10.1.0.1", (uint16_t)(30000 + i));
		struct record r;

		v->at[i].result = client_read(world_client, WORLD_TABLE, &local, &r);
		v->at[i].sinks = r.sinks;
		v->at[i].ssrcs = r.ssrcs;
		v->at[i].payloads = r.payloads;
		v->at[i].id = r.counts.id;
	}
}

/* What was put together is sent; `before` is what there is, and again afterwards. */
static bool fire(struct view *before)
{
	struct view after;
	uint64_t began = now_ns();
	int ret = client_send(world_client, NULL, NULL);

	CHECK(ret != -EAGAIN);
	CHECK(now_ns() - began < MOST_NS);
	look(&after);
	/* ENOBUFS: done, but no room for the answer. */
	if (ret && ret != -ENOBUFS)
		CHECK(!memcmp(before, &after, sizeof(after)));
	*before = after;
	return !ret;
}

/* The table is there again, with a target at each port. */
static void begin_anew(struct view *v)
{
	client_close(world_client);
	world_client = client_open();
	CHECK_INT(client_bind(world_client, WORLD_TABLE, 0, FORWARD_HOOK_INPUT), 0);
	for (unsigned i = 0; i < PORTS; i++) {
		struct setting s = usual(i);

		CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), 0);
	}
	look(v);
}

/* Through whatever there is. */
static void packets(int a)
{
	uint8_t data[200];

	for (unsigned i = 0; i < PORTS; i++) {
		size_t len = world_rtp(data, i & 1 ? 96 : 0, (uint16_t)rnd(65536), rnd(1u << 31),
			rnd(2) ? 0x1234 : rnd(4), 100);

		if (rnd(4) == 0)
			data[rnd(12)] = (uint8_t)rnd(256);
		world_send(a, "10.1.0.1", (uint16_t)(30000 + i), data, 1 + rnd((uint32_t)len));
	}
}

/* All is well afterwards. */
static void works(int a)
{
	struct setting s = usual(0);
	uint8_t data[200];
	struct view v;
	struct record r;

	begin_anew(&v);
	CHECK_INT(client_count(world_client, WORLD_TABLE), PORTS);
	world_send(a, "10.1.0.1", 30000, data, world_rtp(data, 0, 1, 160, 0x1234, 100));
	CHECK_INT(client_read(world_client, WORLD_TABLE, &s.target.local, &r), 0);
	CHECK_INT(r.sink[0].packets, 1);
}

static void request(uint8_t command)
{
	struct setting s = usual(rnd(PORTS));
	struct client *c = world_client;

	s.sinks = 1 + rnd(4);
	for (unsigned i = 1; i < s.sinks; i++)
		s.sink[i] = s.sink[0];
	client_begin(c, command, rnd(5) ? 0 : NLM_F_DUMP);
	client_put_u32(c, FORWARD_A_TABLE, rnd(16) ? WORLD_TABLE : WORLD_TABLE + 1);
	if (command == FORWARD_CMD_SET)
		client_put_target(c, &s);
	else if (command == FORWARD_CMD_DELETE || command == FORWARD_CMD_READ)
		client_put(c, FORWARD_A_LOCAL, &s.target.local, sizeof(s.target.local));
	else
		client_put(c, FORWARD_A_OWNER, "x", 2);
}

/* Requests that were valid, with some bytes changed. */
static void test_damaged(void)
{
	int a = world_socket("a", "10.1.0.2", 5000);
	struct view v;

	state = 12345;
	begin_anew(&v);
	for (unsigned i = 0; i < DAMAGED; i++) {
		struct client *c = world_client;

		request((uint8_t)(1 + i % (FORWARD_CMD_END - 1)));
		/* Not the message's header, so that it is answered. */
		for (unsigned k = 0; k <= i % 4; k++)
			c->request[NLMSG_HDRLEN + rnd((uint32_t)(c->len - NLMSG_HDRLEN))] =
				(uint8_t)rnd(256);
		fire(&v);
		if (i % 8 == 0)
			packets(a);
		/* It may have asked for the tap, or to let go. */
		if (i % 64 == 63)
			begin_anew(&v);
	}
	works(a);
	close(a);
}

static uint32_t odd_number(void)
{
	static const uint32_t numbers[] = { 0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255,
		256, 257, 30000, 65535, 65536, 0x7fffffff, 0x80000000, UINT32_MAX };

	return numbers[rnd(sizeof(numbers) / sizeof(numbers[0]))];
}

static void put_bytes(uint16_t type, size_t len)
{
	static uint8_t bytes[8192];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)rnd(256);
	client_put(world_client, type, bytes, len);
}

/* The `have` elements given, or any number of them, up to two more than there may be. */
struct list {
	uint16_t type;
	const void *elements;
	size_t bytes; /* of one */
	unsigned have, most;
};

/* With odd numbers here and there. */
static void put_list(const struct list *l)
{
	static uint8_t data[(FORWARD_MAX_SINKS + 2) * sizeof(struct forward_sink)];
	unsigned count = rnd(8) ? l->have : rnd(l->most + 3);
	size_t len = count * l->bytes;

	for (unsigned i = 0; i < count; i++)
		memcpy(data + i * l->bytes, (const uint8_t *)l->elements + i % l->have * l->bytes,
			l->bytes);
	for (unsigned k = rnd(8) ? 0 : 1 + rnd(3); k && len; k--) {
		uint32_t number = odd_number();

		memcpy(data + 4 * rnd((uint32_t)(len / 4)), &number, sizeof(number));
	}
	if (len && !rnd(32))
		len -= rnd((uint32_t)l->bytes);
	client_put(world_client, l->type, data, len);
}

/* One that makes sense, mostly. */
static struct setting some_setting(void)
{
	struct setting s = usual(rnd(PORTS));

	s.sinks = 1 + rnd(3);
	for (unsigned i = 0; i < s.sinks; i++) {
		s.sink[i] = s.sink[0];
		s.sink[i].flags = rnd(16) ? FORWARD_SINK_RTP : rnd(32);
	}
	s.ssrcs = 1 + rnd(2);
	s.ssrc[1].ssrc = rnd(4);
	s.target.flags = rnd(8) ? FORWARD_TARGET_RTP : rnd(128);
	s.target.source = s.target.flags & FORWARD_TARGET_SOURCE ? world_addr("10.1.0.2", 5000)
								 : s.target.source;
	return s;
}

static void put_target(void)
{
	struct setting s = some_setting();
	const struct list lists[] = {
		{ FORWARD_TARGET_A_TARGET, &s.target, sizeof(s.target), 1, 1 },
		{ FORWARD_TARGET_A_SINKS, s.sink, sizeof(s.sink[0]), s.sinks, FORWARD_MAX_SINKS },
		{ FORWARD_TARGET_A_SSRCS, s.ssrc, sizeof(s.ssrc[0]), s.ssrcs, FORWARD_MAX_SSRCS },
		{ FORWARD_TARGET_A_PAYLOADS, s.payload, sizeof(s.payload[0]), s.payloads,
			FORWARD_MAX_PAYLOADS },
	};
	enum { LISTS = sizeof(lists) / sizeof(lists[0]) };
	size_t nest = client_nest(world_client, FORWARD_A_TARGET);

	for (unsigned i = 0; i < LISTS; i++)
		put_list(&lists[rnd(16) ? i : rnd(LISTS)]);
	if (!rnd(16))
		put_bytes((uint16_t)rnd(FORWARD_TARGET_A_END + 2), rnd(64));
	client_end_nest(world_client, nest);
}

static void put_anything(void)
{
	struct setting s = usual(rnd(PORTS));
	struct client *c = world_client;
	uint16_t type = (uint16_t)(rnd(FORWARD_A_END + 2) | (rnd(16) ? 0 : rnd(4) << 14));

	switch (rnd(8)) {
	case 0:
		client_put(c, type, NULL, 0);
		break;
	case 1:
		put_bytes(type, rnd(rnd(8) ? 64 : 8192));
		break;
	case 2:
		client_put_u32(c, type, odd_number());
		break;
	case 3:
		client_put_u32(c, FORWARD_A_TABLE, odd_number());
		break;
	case 4:
		client_put(c, FORWARD_A_LOCAL, &s.target.local, sizeof(s.target.local));
		break;
	default:
		put_target();
	}
}

/* One attribute says that it is longer or shorter than it is, or the message ends before it does. */
static void tear(void)
{
	struct client *c = world_client;
	uint16_t len = (uint16_t)(rnd(4) ? rnd(64) : odd_number());
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;

	for (unsigned skip = rnd(8); skip; skip--) {
		uint16_t step;

		memcpy(&step, c->request + at, sizeof(step));
		if (at + NLA_ALIGN(step) + NLA_HDRLEN > c->len)
			break;
		/* Into what is nested as well. */
		at += rnd(3) ? NLA_ALIGN(step) : NLA_HDRLEN;
	}
	if (rnd(3) && at + sizeof(len) <= c->len)
		memcpy(c->request + at, &len, sizeof(len));
	else
		c->len -= rnd((uint32_t)(c->len - NLMSG_HDRLEN) + 1);
}

static void make_up(void)
{
	static const uint16_t flags[] = { 0, 0, 0, 0, NLM_F_EXCL, NLM_F_DUMP, 0xff00 };
	uint8_t command = (uint8_t)(rnd(3) ? FORWARD_CMD_SET : rnd(FORWARD_CMD_END + 2));
	unsigned left = rnd(32) ? 1 + rnd(2) : rnd(300);

	client_begin(world_client, command, flags[rnd(sizeof(flags) / sizeof(flags[0]))]);
	if (rnd(16))
		client_put_u32(world_client, FORWARD_A_TABLE, WORLD_TABLE);
	for (; left && world_client->len < CLIENT_BYTES / 2; left--) {
		if (rnd(16) && command == FORWARD_CMD_SET)
			put_target();
		else
			put_anything();
	}
	if (!rnd(8))
		tear();
}

/* Requests of attributes at random, most of which make sense one by one. */
static void test_made_up(void)
{
	int a = world_socket("a", "10.1.0.2", 5000);
	unsigned accepted = 0;
	struct view v;

	state = 54321;
	begin_anew(&v);
	for (unsigned i = 0; i < MADE_UP; i++) {
		make_up();
		accepted += fire(&v);
		if (i % 8 == 0)
			packets(a);
		if (i % 64 == 63)
			begin_anew(&v);
	}
	/* Else they were too wrong to test much. */
	CHECK(accepted > MADE_UP / 20);
	works(a);
	close(a);
}

const struct test fuzz_tests[] = {
	{ "damaged requests", test_damaged },
	{ "made up requests", test_made_up },
	{ NULL, NULL },
};
