/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In the guest, on several CPUs: packets, requests, readers of state files, and changes of routes, all
 * at once. What matters is what the kernel's own checks say of it.
 *   race SECONDS
 */
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PORTS = 8 }; /* of a table */

static const char *const ways_in[] = { "10.1.0.1", "fd01::1" };

static struct setting some_target(unsigned number)
{
	struct setting s = world_relay(world_addr(ways_in[rand() % 2], (uint16_t)(30000 + number)),
		world_addr("10.2.0.1", 40000), world_addr("10.2.0.2", 7000));

	s.target.flags |= rand() % 2 ? FORWARD_TARGET_TAP : 0;
	s.sinks = 2;
	s.sink[1] = s.sink[0];
	s.sink[1].local = world_addr("fd02::1", 40002);
	s.sink[1].peer = world_addr("fd02::2", 7002);
	return s;
}

/* Packets of all streams, each from a source that changes now and then. */
static void send_packets(void)
{
	int v4[] = { world_socket("a", "10.1.0.2", 0), world_socket("a", "10.1.0.2", 0) };
	int v6[] = { world_socket("a", "fd01::2", 0), world_socket("a", "fd01::2", 0) };
	uint8_t data[200];

	for (unsigned i = 0;; i++) {
		uint16_t port = (uint16_t)(30000 + i % (2 * PORTS));
		size_t len = world_rtp(data, 0, (uint16_t)(i / PORTS), i, 0x1234, 160);

		world_send(v4[i / 997 % 2], ways_in[0], port, data, len);
		world_send(v6[i / 499 % 2], ways_in[1], port, data, len);
	}
}

/* One table: bound, its targets set and deleted, its copies taken; let go, and bound again. */
static void make_requests(unsigned table)
{
	unsigned first = (table - WORLD_TABLE) * PORTS;

	for (;;) {
		struct client *own = client_open(), *tap = client_open();

		/* The file of the owner before may still be closing. */
		if (!own || !tap ||
			client_bind(own, table, (uint32_t)rand() % 2, (uint32_t)rand() % 2)) {
			client_close(own);
			client_close(tap);
			continue;
		}
		client_table(tap, FORWARD_CMD_TAP, table);
		for (unsigned i = 0; i < 200; i++) {
			struct setting s = some_target(first + (unsigned)rand() % PORTS);
			struct record r;

			client_set(own, table, &s, 0, &r);
			if (rand() % 4 == 0)
				client_delete(own, table, &s.target.local, &r);
			if (rand() % 16 == 0)
				client_count(own, table);
			if (rand() % 16 == 0)
				client_table(own, FORWARD_CMD_REFRESH, table);
		}
		client_close(tap);
		client_close(own);
	}
}

static void first_table(void)
{
	make_requests(WORLD_TABLE);
}

static void second_table(void)
{
	make_requests(WORLD_TABLE + 1);
}

static void read_files(void)
{
	static const char *const files[] = { "/proc/rtpengine/list", "/proc/rtpengine/7/list",
		"/proc/rtpengine/8/list", "/proc/rtpengine/7/status" };
	static char text[65536];

	for (unsigned i = 0;; i++) {
		int fd = open(files[i % 4], O_RDONLY);

		while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
}

/* Routes are outdated by it, and found again. */
static void change_routes(void)
{
	for (;;) {
		if (system("ip addr add 10.9.0.1/24 dev r0 && ip addr del 10.9.0.1/24 dev r0;"
			   "ip addr add fd09::1/64 dev r0 nodad && ip addr del fd09::1/64 dev r0;"
			   "ip netns add c && ip netns del c"))
			exit(1);
	}
}

/* Some packets come to the module by a process, which those of softirqs interrupt. */
static void let_in(void)
{
	int fd = world_queue();

	if (system("nft 'add table inet q; add chain inet q i { type filter hook input priority 0; "
		   "};"
		   "add rule inet q i meta l4proto udp @th,120,2 1 queue num 0 bypass'"))
		exit(1);
	for (;;)
		world_let_in(fd);
}

static void (*const parts[])(
	void) = { send_packets, first_table, second_table, read_files, change_routes, let_in };
enum { COUNT = sizeof(parts) / sizeof(parts[0]) };

/* Until `end`: how many came through. */
static unsigned receive(time_t end)
{
	int b = world_socket("b", "10.2.0.2", 7000);
	unsigned came = 0;

	while (time(NULL) < end)
		came += world_receive(b)->len == 172;
	return came;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	pid_t pids[COUNT];
	bool alive = true;
	unsigned came;

	for (unsigned i = 0; i < COUNT; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			srand(i);
			parts[i]();
		}
	}
	came = receive(end);
	for (unsigned i = 0; i < COUNT; i++) {
		alive = alive && waitpid(pids[i], NULL, WNOHANG) == 0;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	printf("1..1\n# %u packets came through\n", came);
	printf("%s 1 - packets, requests, readers and routes at once\n",
		alive && came ? "ok" : "not ok");
	return 0;
}
