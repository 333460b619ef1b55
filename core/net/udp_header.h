/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP and UDP headers of what leaves through a raw socket. [any] */
#ifndef NET_UDP_HEADER_H
#define NET_UDP_HEADER_H

#include "net/addr.h"

#include <stddef.h>

enum {
	UDP_HEADER_BYTES = 8,
	UDP_IP4_BYTES = 20 + UDP_HEADER_BYTES,
	UDP_IP6_BYTES = 40 + UDP_HEADER_BYTES,
	UDP_PAYLOAD_MAX = 65535 - UDP_IP4_BYTES,
};

/* What all packets of a port have in common. */
struct udp_origin {
	struct addr local; /* with port */
	uint8_t tos;       /* or traffic class */
	uint8_t hops;      /* time to live, or hop limit */
};

/* How many bytes of headers go before a payload from this address. */
unsigned udp_headers_bytes(const struct addr *local);
/*
 * Writes them right before `payload`, which has that much room there and at most UDP_PAYLOAD_MAX
 * bytes. `to` is of the origin's family. As a UDP socket would: unfragmented (DF), with a
 * checksum for IPv4, too. The checksum of IPv4's own header is left to the system, which writes
 * it in any case.
 */
void udp_headers_write(
	uint8_t *payload, size_t len, const struct udp_origin *origin, const union sock *to);
/*
 * That of UDP alone, its UDP_HEADER_BYTES to `header`: for who leaves the header of IP to the
 * system. `local` with port; otherwise as above.
 */
void udp_header_write(uint8_t *header, const uint8_t *payload, size_t len, const struct addr *local,
	const union sock *to);
/*
 * The Internet checksum's sum (RFC 1071) of some bytes, added to `sum`; of several parts all but
 * the last have an even length. In the order of the bytes in memory, so that folding it gives what
 * is to be stored, whatever the machine's.
 */
uint64_t inet_sum(const uint8_t *bytes, size_t len, uint64_t sum);
uint16_t inet_sum_fold(uint64_t sum); /* not yet inverted */

#endif
