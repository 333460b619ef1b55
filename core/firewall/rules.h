/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is to stand in the chain and what does, for one family, and what has to be said to
 * iptables-restore to get from one to the other. No I/O. Used by one thread.
 *
 * A port has at most one rule. It is told by its address alone: which comment its rule in the
 * chain has is known here, so deleting it needs no look at the chain. A change of a port that has
 * not been written yet takes the place of the one before.
 */
#ifndef FIREWALL_RULES_H
#define FIREWALL_RULES_H

#include "base/list.h"
#include "net/addr.h"

#include <glib.h>

enum {
	RULES_COMMENT_BYTES = 256, /* xt_comment's, with the end of the string */
	RULES_CHAIN_BYTES = 29,    /* likewise of a chain's name */
	RULES_BATCH = 512,         /* changes written at once */
};

/* Kept by whoever looks at it no longer than until the next call about this port. */
struct rule {
	struct addr addr;
	char *wanted;       /* comment; NULL: it is to go */
	char *present;      /* comment of what stands in the chain; NULL: nothing */
	struct list change; /* in one of the lists of changes, or a batch has it, or none */
};

struct rules;

struct rules_batch {
	struct rule *rules[RULES_BATCH];
	unsigned count;
};

/*
 * A call-ID as a comment: at most 255 bytes, and what is no printable ASCII becomes '?', so that
 * there is nothing in it that could end a line. Quotes and backslashes stay.
 */
void rules_comment(struct str call_id, char ret[RULES_COMMENT_BYTES]);
/* A name that is one word for iptables and none of the chains that the system brings. */
bool rules_chain_is_valid(const char *chain);

struct rules *rules_new(const char *chain); /* a valid name; borrowed */
void rules_free(struct rules *rules);

/* `comment` is from rules_comment. */
void rules_want(struct rules *rules, const struct addr *addr, const char *comment);
void rules_unwant(struct rules *rules, const struct addr *addr);

/* Ports whose rule is to be written, whether or not there is an older one to be deleted. */
unsigned rules_opening(const struct rules *rules);
unsigned rules_closing(const struct rules *rules); /* whose rule is only to be deleted */
unsigned rules_present(const struct rules *rules); /* rules in the chain */

/*
 * The longest-waiting changes, openings first; `closings`: these, too. Each must be given back by
 * one of rules_done, rules_refused and rules_put_back.
 */
void rules_take(struct rules *rules, bool closings, struct rules_batch *ret_batch);
void rules_done(struct rules *rules, struct rule *rule);    /* as it was wanted */
void rules_refused(struct rules *rules, struct rule *rule); /* forgotten until opened anew */
/* It waits again, as the first one. */
void rules_put_back(struct rules *rules, struct rule *rule);
/* The chain is empty but for the rules that no change is about; also for those taken. */
void rules_emptied(struct rules *rules);

/* The input of iptables-restore: deletions and additions. */
void rules_write(
	const struct rules *rules, struct rule *const *some, unsigned count, GString *ret_text);
/* The chain emptied, then what no change is about, then `some`, which may be none. */
void rules_write_whole(
	const struct rules *rules, struct rule *const *some, unsigned count, GString *ret_text);

#endif
