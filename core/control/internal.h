/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that plugins may run and NG clients cannot reach. A request and a reply are trees;
 * the keys are:
 *
 *   sessions    → own, foreign, total, transcoded, ipv4, ipv6, mixed: how many
 *   list        which (all, own, foreign) → calls: [ { call-id, deletion, created, proxy } ]
 *   call        call-id → what the NG command query gives, and deletion, created, proxy, tos
 *   debug       call-id, on (1 or 0) → nothing: all log lines of the call, or those of the
 *               level; an unknown call-ID is -ENOENT
 *   explain     call-id, or with from-tag or label too → as the NG command explain
 *   terminate   call-id, or which → count; an unknown call-ID is -ENOENT
 *   statistics  → as the NG command
 *   totals      → sections, commands, controlstatistics (control/statistics.h)
 *   interfaces  → interfaces: [ { name, address, ports, and as in statistics } ]
 *   transcoders → transcoders: as in statistics
 *   log-levels  → levels: [ { name, text, level } ], level -1 where the general one holds
 *   options     → options: [ { name, value, start, settable } ]
 *   set         name, value → nothing; errors as of settings_set
 *   revert      → nothing: options are as at start
 * [control]
 */
#ifndef CONTROL_INTERNAL_H
#define CONTROL_INTERNAL_H

#include "control/command.h"

/* 0, or -errno with the reason; -ENOSYS: there is no such command. */
int internal_run(struct control *control, const char *name, const struct value *request,
	struct dict *reply, struct err *err);

#endif
