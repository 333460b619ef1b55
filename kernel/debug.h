/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator can read, in /proc/net/rtpengine of the namespace:
 *
 *   list      a line for each table
 *   N/status  a table: owner and its PID as it sees that itself, how many sockets have it open (the
 *             owner's, the tap's), age, how many targets; what the namespace has counted
 *   N/list    its targets, with everything about them
 *
 * /proc/rtpengine leads there, too, if there was nothing of that name.
 */
#ifndef KERNEL_DEBUG_H
#define KERNEL_DEBUG_H

struct forward_net;
struct table;

void fwd_debug_init(void);
void fwd_debug_exit(void);
int fwd_debug_net_init(struct forward_net *fn);
void fwd_debug_net_exit(struct forward_net *fn);
/* With forward_net.lock. The table cannot be found yet, or not any more. 0, or -errno. */
int fwd_debug_add_table(struct forward_net *fn, struct table *table);
void fwd_debug_remove_table(struct table *table);

#endif
