/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A back end for offloaded streams on the mock network: what a target asks for is forwarded before
 * it reaches its port, and counted as by the kernel. One at a time.
 */
#ifndef MOCK_OFFLOAD_H
#define MOCK_OFFLOAD_H

#include "offload/offload.h"

/* From now on, until it is closed. [mock_reset before] */
const struct offload_backend *mock_offload(void);
void *mock_offload_open(void);

/* Targets there are; all that were ever set, removed. */
unsigned mock_offload_count(void);
unsigned mock_offload_sets(void), mock_offload_removes(void);
/* Packets forwarded. */
unsigned mock_offload_forwarded(void);
/* The target at a local address; NULL. */
const struct offload_item *mock_offload_at(const struct addr *local);
/* The next `times` are refused with errno `code`. */
void mock_offload_refuse(int code, unsigned times);
/* Readings fail with errno `code`; 0: not any more. */
void mock_offload_fail_reading(int code);
/* Nothing can be sent by targets from now on, or it can again. */
void mock_offload_block(bool blocked);
/* All targets are gone, as if nobody had refreshed them. */
void mock_offload_expire(void);

#endif
