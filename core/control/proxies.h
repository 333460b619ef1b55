/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who sends commands, how many of each, and how long they took (spec daemon 4.1, 4.2): one row
 * per address, bounded, and the totals of all. [control]
 */
#ifndef CONTROL_PROXIES_H
#define CONTROL_PROXIES_H

#include "api/dict.h"
#include "net/addr.h"

struct proxies;

/* Beyond this many addresses further ones count in the totals only. */
enum { PROXIES_MAX = 256 };

/* The commands that statistics list, in their order, whether they are built or not. */
struct ng_name {
	const char *name;    /* in messages */
	const char *key;     /* in statistics */
	const char *heading; /* in tables */
};

unsigned ng_name_count(void);
const struct ng_name *ng_name_at(unsigned index);
/* Its index, or -1. */
int ng_name_find(struct str name);

struct proxies *proxies_new(void);
void proxies_free(struct proxies *proxies); /* NULL is fine */
/* `name`: index of the command, or negative. `proxies` may be NULL. */
void proxies_note(struct proxies *proxies, const struct addr *client, int name, int64_t duration_us,
	bool error);
/* The keys of "controlstatistics". */
void proxies_to_dict(const struct proxies *proxies, struct dict *dict, struct value *into);

#endif
