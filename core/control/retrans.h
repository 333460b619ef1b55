/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers kept for repeated requests, by cookie (spec NG 1.6): at least 30 s, about 60 s at
 * most, and no more bytes than the bound; beyond it the oldest go. [control]
 */
#ifndef CONTROL_RETRANS_H
#define CONTROL_RETRANS_H

#include "api/str.h"

#include <stdint.h>

struct retrans;

enum { RETRANS_MAX_BYTES = 64 * 1024 * 1024 };

struct retrans *retrans_new(uint64_t max_bytes);
void retrans_free(struct retrans *retrans);
/* The answer kept for `cookie`; s is NULL when there is none. Valid until the next call. */
struct str retrans_find(struct retrans *retrans, struct str cookie, int64_t now_mono_us);
void retrans_store(
	struct retrans *retrans, struct str cookie, struct str answer, int64_t now_mono_us);
uint64_t retrans_bytes(const struct retrans *retrans);

#endif
