/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guest the module is tested in: this host with 10.1.0.1 and fd01::1 towards namespace "a",
 * which has .2 of each, and 10.2.0.1 and fd02::1 towards "b" (net.sh). Tests say what they find
 * by TAP.
 */
#ifndef KERNEL_WORLD_H
#define KERNEL_WORLD_H

#include "client.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { DATAGRAM_MAX = 65536 };

struct datagram {
	size_t len; /* 0: none came */
	uint8_t data[DATAGRAM_MAX];
	char from[80]; /* "10.2.0.1:40000", "[fd02::1]:40000" */
	int tos;
	uint32_t flow_label; /* of IPv6 */
};

/* From now on this process is in namespace `ns`. */
void world_enter(const char *ns);
/* A UDP socket, in namespace `ns` (NULL: this one). */
int world_socket(const char *ns, const char *ip, uint16_t port);
void world_send(int fd, const char *ip, uint16_t port, const void *data, size_t len);
/* The next datagram, or none within a moment. */
const struct datagram *world_receive(int fd);
/* A socket that gets the packets of queue 0 of the firewall. */
int world_queue(void);
/* One of them goes on its way. False: none came within a moment. */
bool world_let_in(int queue);
struct forward_addr world_addr(const char *ip, uint16_t port);

/* 12 bytes of RTP header and `payload_len` of payload; returns the length. */
size_t world_rtp(uint8_t *data, uint8_t type, uint16_t sequence, uint32_t timestamp, uint32_t ssrc,
	size_t payload_len);

/* A target that takes PCMU and type 96 of one SSRC, and passes it from `from` on to `peer`. */
struct setting world_relay(
	struct forward_addr local, struct forward_addr from, struct forward_addr peer);

/* The current test fails, if not so. */
#define CHECK(condition) world_check(condition, #condition, __FILE__, __LINE__)
bool world_check(bool right, const char *what, const char *file, int line);
/* As above, of numbers; says both where they differ. */
#define CHECK_INT(found, wanted) \
	world_check_int((long long)(found), (long long)(wanted), #found, __FILE__, __LINE__)
bool world_check_int(
	long long found, long long wanted, const char *what, const char *file, int line);

/* The line of a test, by what was checked since the one before. */
void world_result(unsigned number, const char *name);

struct test {
	const char *name;
	void (*run)(void);
};

/* Each test of the module alone begins with table 7 bound by it; NULL elsewhere. */
extern struct client *world_client;
enum { WORLD_TABLE = 7 };

extern const struct test relay_tests[], fuzz_tests[], control_tests[];
/* Those of the daemon, each of which starts its own. */
extern const struct test path_tests[], figure_tests[], toggle_tests[], death_tests[];

#endif
