/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In the guest, with a clock that counts instructions: what a packet costs from a socket in "a" to
 * one in "b" through a target, with 1 and with 10,000 targets, less what two sockets on either end
 * of one veth pair cost.
 *   cost MOST   fails if a packet costs more instructions than that
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 32, PACKETS = 4000, ROUNDS = 3 };

static struct client *client;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Instructions a packet, from `from` to `ip`:`port` and out of `to`. */
static unsigned measure(int from, int to, const char *ip, uint16_t port)
{
	uint8_t data[200];
	uint64_t best = UINT64_MAX;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t began = now_ns();

		for (unsigned i = 0; i < PACKETS; i += BURST) {
			for (unsigned k = 0; k < BURST; k++)
				world_send(from, ip, port, data,
					world_rtp(data, 0, (uint16_t)(i + k), 160 * (i + k), 0x1234,
						160));
			for (unsigned k = 0; k < BURST; k++)
				if (recv(to, data, sizeof(data), 0) != 172)
					exit(1);
		}
		if (now_ns() - began < best)
			best = now_ns() - began;
	}
	return (unsigned)(best / PACKETS);
}

static void set(uint16_t port)
{
	struct setting s = world_relay(world_addr("10.1.0.1", port), world_addr("10.2.0.1", 40000),
		world_addr("10.2.0.2", 7000));

	if (client_set(client, WORLD_TABLE, &s, 0, NULL)) {
		printf("# %s\n", client->sentence);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int a = world_socket("a", "10.1.0.2", 5000), b = world_socket("b", "10.2.0.2", 7000);
	int here = world_socket(NULL, "10.1.0.1", 7000);
	unsigned floor = measure(a, here, "10.1.0.1", 7000), one, many, early;
	unsigned most = argc > 1 ? (unsigned)atoi(argv[1]) : UINT32_MAX;

	client = client_open();
	if (!client || client_bind(client, WORLD_TABLE, 0, FORWARD_HOOK_INPUT))
		return 1;
	set(30000);
	one = measure(a, b, "10.1.0.1", 30000) - floor;
	for (unsigned i = 1; i < 10000; i++)
		set((uint16_t)(30000 + i));
	many = measure(a, b, "10.1.0.1", 35000) - floor;
	client_close(client);
	client = client_open();
	if (client_bind(client, WORLD_TABLE, FORWARD_BIND_KEEP, FORWARD_HOOK_PREROUTING))
		return 1;
	early = measure(a, b, "10.1.0.1", 35000) - floor;
	printf("# floor %u; more than that: one target %u, 10000 targets %u, and at the hook "
	       "before routing %u instructions a packet\n",
		floor, one, many, early);
	printf("1..2\n");
	printf("%s 1 - a packet costs at most %u instructions\n", one <= most ? "ok" : "not ok",
		most);
	printf("%s 2 - as many with 10000 targets\n", many <= one + one / 10 ? "ok" : "not ok");
	return 0;
}
