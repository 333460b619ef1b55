/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ports that the system hands out by itself to whoever asks for any: where they overlap with
 * ours, other programs' sockets sit on ports that calls are to have. Texts are those of
 * /proc/sys/net/ipv4. [any]
 */
#ifndef NET_EPHEMERAL_H
#define NET_EPHEMERAL_H

#include <stdbool.h>
#include <stdint.h>

struct port_span {
	uint16_t first, last;
};

/* ip_local_port_range: "32768	60999". False when it is not of that kind. */
bool ephemeral_parse(const char *text, struct port_span *ret);
/*
 * How many ports of `ours` the system may hand out: those in its range that are not in
 * ip_local_reserved_ports ("30000-39999,50000"; empty: none).
 */
unsigned ephemeral_overlap(
	const struct port_span *ours, const struct port_span *system, const char *reserved);
/* The same by this system's settings, with its range; 0 when that cannot be read, too. */
unsigned ephemeral_overlap_here(const struct port_span *ours, struct port_span *ret_system);

#endif
