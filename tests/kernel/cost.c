/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In the guest, with a clock that counts instructions: what a packet costs from a socket in "a" to
 * one in "b" and back, through one stream of many, less what two sockets on either end of one veth
 * pair cost.
 *   cost MOST   fails if a packet costs more instructions than that
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 32, PACKETS = 4000, ROUNDS = 3, PORT = 30000, STREAMS = 10000 };

/* Packets of each of `streams` in turn, to ports in a row. */
struct load {
	int from, to;
	const char *ip;
	uint16_t port;
	unsigned streams;
};

static struct client *client;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void pass(const struct load *l, unsigned packet)
{
	uint8_t data[200];

	for (unsigned i = packet; i < packet + BURST; i++) {
		unsigned sequence = i / l->streams;

		world_send(l->from, l->ip, (uint16_t)(l->port + i % l->streams), data,
			world_rtp(data, 0, (uint16_t)sequence, 160 * sequence, 0x1234, 160));
	}
	for (unsigned i = 0; i < BURST; i++) {
		if (recv(l->to, data, sizeof(data), 0) != 172) {
			printf("Bail out! a packet is lost\n");
			exit(1);
		}
	}
}

/* Instructions a packet, when each stream has had one. */
static unsigned measure(const struct load *l)
{
	unsigned bursts = ((l->streams > PACKETS ? l->streams : PACKETS) + BURST - 1) / BURST;
	uint64_t best = UINT64_MAX;
	unsigned packet = 0;

	for (unsigned round = 0; round <= ROUNDS; round++) {
		uint64_t began = now_ns(), took;

		for (unsigned i = 0; i < bursts; i++, packet += BURST)
			pass(l, packet);
		took = now_ns() - began;
		if (round && took < best)
			best = took;
	}
	return (unsigned)(best / (bursts * BURST));
}

static void set(
	const char *local, uint16_t port, const char *from, const char *peer, uint16_t peer_port)
{
	struct setting s = world_relay(
		world_addr(local, port), world_addr(from, port), world_addr(peer, peer_port));

	if (client_set(client, WORLD_TABLE, &s, 0, NULL)) {
		printf("# %s\n", client->sentence);
		exit(1);
	}
}

static void set_stream(unsigned number)
{
	uint16_t port = (uint16_t)(PORT + number);

	set("10.1.0.1", port, "10.2.0.1", "10.2.0.2", 7000);
	set("10.2.0.1", port, "10.1.0.1", "10.1.0.2", 5000);
}

int main(int argc, char **argv)
{
	int a = world_socket("a", "10.1.0.2", 5000), b = world_socket("b", "10.2.0.2", 7000);
	int here = world_socket(NULL, "10.1.0.1", 7000);
	struct load there = { a, b, "10.1.0.1", PORT, 1 }, back = { b, a, "10.2.0.1", PORT, 1 };
	unsigned floor = measure(&(struct load){ a, here, "10.1.0.1", 7000, 1 });
	static const unsigned streams[] = { 1, 100, STREAMS };
	enum { SIZES = sizeof(streams) / sizeof(streams[0]) };
	unsigned cost[SIZES][2], most = argc > 1 ? (unsigned)atoi(argv[1]) : UINT32_MAX, early;
	unsigned have = 0, least = UINT32_MAX, worst = 0;

	client = client_open();
	if (!client || client_bind(client, WORLD_TABLE, 0, FORWARD_HOOK_INPUT))
		return 1;
	printf("# floor %u instructions a packet; more than that:\n", floor);
	for (unsigned i = 0; i < SIZES; i++) {
		while (have < streams[i])
			set_stream(have++);
		there.streams = back.streams = streams[i];
		cost[i][0] = measure(&there) - floor;
		cost[i][1] = measure(&back) - floor;
		printf("# %u streams: %u there, %u back\n", have, cost[i][0], cost[i][1]);
		for (unsigned k = 0; k < 2; k++) {
			least = cost[i][k] < least ? cost[i][k] : least;
			worst = cost[i][k] > worst ? cost[i][k] : worst;
		}
	}
	client_close(client);
	client = client_open();
	if (client_bind(client, WORLD_TABLE, FORWARD_BIND_KEEP, FORWARD_HOOK_PREROUTING))
		return 1;
	early = measure(&there) - floor;
	printf("# at the hook before routing: %u\n1..2\n", early);
	printf("%s 1 - a packet costs at most %u instructions\n", worst <= most ? "ok" : "not ok",
		most);
	printf("%s 2 - as many with 1 stream as with %u\n",
		worst <= least + least / 20 ? "ok" : "not ok", STREAMS);
	return 0;
}
