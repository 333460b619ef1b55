/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses with a port, as values. IPv4-mapped IPv6 addresses are held as IPv4, so that one
 * peer has one form. [any] thread, but for what resolves names.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include "api/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum addr_family { ADDR_NONE = 0, ADDR_IP4 = 4, ADDR_IP6 = 6 };

struct addr {
	uint8_t family; /* enum addr_family */
	uint16_t port;  /* host order; 0: none */
	uint8_t ip[16]; /* network order; IPv4 has 4, the rest is 0 */
};

/* The form that system calls want. */
union sock {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* "[1234:…:5678]:65535" and the end of the string. */
enum { ADDR_TEXT = 64 };

/* An IP literal without port (no brackets, no host name, no %scope). */
bool addr_parse_ip(struct str text, struct addr *ret_addr);
/* As above, but only of the family SDP's "IP4" or "IP6" names. */
bool addr_parse_sdp(struct str family, struct str text, struct addr *ret_addr);
/* "1.2.3.4", "2001:db8::1": returns `text`, which has ADDR_TEXT bytes. */
const char *addr_print_ip(const struct addr *addr, char *text);
/* "1.2.3.4:5678", "[2001:db8::1]:5678". */
const char *addr_print(const struct addr *addr, char *text);
/* "IP4" or "IP6", as SDP writes it. */
const char *addr_sdp_family(const struct addr *addr);

bool addr_same_ip(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b); /* with port */
/* 0.0.0.0 or ::, any port; also true for ADDR_NONE. */
bool addr_is_unspecified(const struct addr *addr);
bool addr_is_loopback(const struct addr *addr);
struct addr addr_with_port(struct addr addr, uint16_t port);
unsigned addr_hash(const struct addr *addr);
/* The same for tables of GLib whose keys are struct addr. */
unsigned addr_key_hash(const void *addr);
int addr_key_equal(const void *a, const void *b);

/* To and from the system's form. Returns the length for bind and sendto. */
socklen_t addr_to_sock(const struct addr *addr, union sock *ret_sock);
struct addr addr_of_sock(const union sock *sock);

/*
 * A literal (brackets allowed) or a host name: its distinct addresses, port 0, in the
 * resolver's order, `max` at most. Names block. 0, -EINVAL (no host's form) or -ENOENT (no such
 * host); *ret_count is at least 1 on success. [main, helpers]
 */
int addr_resolve(struct str host, struct addr *ret, unsigned max, unsigned *ret_count);
/*
 * A listener's `[HOST:]PORT` (spec/daemon 1.4), cut at the last colon: what to bind, at most
 * `max`. A bare port gives 0.0.0.0 and [::]; a name all its addresses. Errors and thread as
 * above; port 0 and anything not a number up to 65535 is -EINVAL.
 */
int addr_parse_listener(struct str text, struct addr *ret, unsigned max, unsigned *ret_count);

#endif
