/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `--iptables-chain`: each port that a call has gets a rule in one chain of table `filter` that
 * accepts UDP for exactly its address and number, with the call-ID as comment (spec daemon 12.4).
 * The chain must be there and is ours alone; nothing else of the firewall is touched.
 *
 * Whoever opens and closes ports only notes it here; a thread of its own carries it out, many at a
 * time: an opened port's rule within some ten milliseconds, a closed one's after a second or some.
 * Failures are log lines and `firewall-failed`, and tried again after a while.
 */
#ifndef FIREWALL_FIREWALL_H
#define FIREWALL_FIREWALL_H

#include "net/ports.h"

struct firewall;

/* Can it be the name of such a chain? Those that the system brings cannot: they are emptied. */
bool firewall_chain_is_valid(const char *chain);
/*
 * `chain` is a valid name and borrowed. `has_ip4`, `has_ip6`: there will be ports of the family;
 * of one without, the chain is emptied if it is there. Opens what needs root. [main]
 */
struct firewall *firewall_new(const char *chain, bool has_ip4, bool has_ip6);
/* For port pools; lives as long as the firewall. Its functions: [control] */
const struct port_guard *firewall_guard(struct firewall *firewall);
/* Begins with emptying the chain. After rights were given up. 0 or -errno. [main] */
int firewall_start(struct firewall *firewall);
/* Takes our rules out of the chain; may wait for seconds. NULL is fine. [main] */
void firewall_free(struct firewall *firewall);

#endif
