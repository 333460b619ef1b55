/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A network in memory: a port engine that code under test opens its ports on, and the hosts
 * outside, which are the test. One network per process, used from one thread.
 *
 *	mock_reset();                              at the start of a test
 *	… code under test opens ports with mock_engine() and attaches them …
 *	mock_send(&phone, &local, bytes, len);     a host outside sends
 *	mock_run();                                everything that can be delivered is
 *	datagram = mock_pop_to(&other_phone);      what a port sent there; g_free it
 *
 * A datagram waits at its port, as in a socket, until mock_run: also while the port is on no
 * loop, up to MOCK_QUEUE_MAX of them. Ports' receive functions are called from mock_run, never
 * from elsewhere. What one port of ours sends to another is delivered to that one, in the same
 * mock_run if sent from within it; it is not in the list of what was sent outside.
 *
 * The order of things on the way in: NAT, link effects, the port's queue; on the way out: send
 * failures, link effects, NAT, the list. Addresses are those with a port throughout.
 */
#ifndef MOCK_NETWORK_H
#define MOCK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "net/socket.h"

enum {
	MOCK_QUEUE_MAX = 256,   /* datagrams waiting at one port; more are lost */
	MOCK_RUN_MAX = 1000000, /* deliveries in one mock_run; more is taken for an endless loop */
};

struct mock_datagram {
	struct addr from, to; /* as its receiver sees them */
	size_t len;
	uint8_t bytes[];
};

const struct port_engine *mock_engine(void);
/* Forgets all datagrams, faults, link effects and NATs. Asserts that no port is open. */
void mock_reset(void);

/* A host at `from` sends. False: it was lost on the way (see mock_lost). */
bool mock_send(const struct addr *from, const struct addr *to, const void *bytes, size_t len);
/* Delivers what waits at attached ports, oldest first, until nothing is left; how many. */
unsigned mock_run(void);

/*
 * Who sees what arrives at a port before the port does; true: it went no further. And what it sends
 * in its place, as from a port of ours. NULL: nobody, as after mock_reset.
 */
typedef bool (*mock_forward_fn)(const struct mock_datagram *datagram, const struct addr *local);
void mock_set_forward(mock_forward_fn fn);
void mock_forward(const struct addr *local, const struct addr *peer, const void *bytes, size_t len);

/* The oldest datagram that left through a port, or NULL; the caller's, to be freed by g_free. */
struct mock_datagram *mock_pop(void);
/* The oldest one to that address, or NULL. */
struct mock_datagram *mock_pop_to(const struct addr *to);
/* Datagrams that mock_pop would still give. */
unsigned mock_sent(void);
/* Datagrams lost so far: by link effects, a full queue, a NAT, or for want of a port there. */
unsigned mock_lost(void);

/* Ports open now, and whether one is open there. */
unsigned mock_open_count(void);
bool mock_is_open(const struct addr *local);
/* Its TOS; -1: no such port. */
int mock_tos(const struct addr *local);

/* The next `times` opens fail with errno `code` (positive). */
void mock_fail_open(int code, unsigned times);
/* Somebody else has bound this address: opening it fails with EADDRINUSE. */
void mock_occupy(const struct addr *local);
/* The next `times` sends fail with errno `code`. */
void mock_fail_send(int code, unsigned times);
/* Sends to this address fail with ECONNREFUSED. */
void mock_refuse(const struct addr *to);

/* What a way does to datagrams. Percentages; all 0 is a perfect way. */
struct mock_link {
	unsigned loss_percent;
	unsigned duplicate_percent;
	unsigned reorder_percent; /* overtakes the one before it that still waits */
	unsigned seed;            /* the same seed gives the same effects */
};

enum mock_direction { MOCK_IN, MOCK_OUT }; /* as seen from the ports */

void mock_set_link(enum mock_direction direction, const struct mock_link *link);

enum mock_nat_kind {
	MOCK_NAT_OPEN,       /* one outside address; lets everybody in */
	MOCK_NAT_RESTRICTED, /* one outside address; lets in whom the host has sent to */
	MOCK_NAT_SYMMETRIC,  /* one outside port per destination, counted up from the given one */
};

/*
 * Puts the host `inside` behind a NAT: what it sends arrives from `outside`, what is sent to
 * `outside` arrives (and is popped) as to `inside`, and `inside` itself cannot be reached from
 * the ports. Given again for the same host, the NAT has forgotten all and has a new `outside`.
 */
void mock_nat(const struct addr *inside, const struct addr *outside, enum mock_nat_kind kind);

#endif
