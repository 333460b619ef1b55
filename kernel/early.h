/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What routing said of a target's latest packet, remembered for the next one that came the same way:
 * most of what a packet costs between PREROUTING and INPUT is to be asked again. The stack does so
 * itself for connected sockets (early demultiplexing).
 */
#ifndef KERNEL_EARLY_H
#define KERNEL_EARLY_H

#include "receive.h"

/* Of a packet without a route, before routing: it gets the one remembered, if there is any. */
void fwd_early_set(const struct packet *p);
/* Of a packet with a route, behind routing: the next one may have it. */
void fwd_early_keep(const struct packet *p);

#endif
