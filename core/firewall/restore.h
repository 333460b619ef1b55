/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * iptables-restore and ip6tables-restore as programs that are given a text: Debian's work for
 * nf_tables and for the older tables alike. A text takes full effect or none. Blocks; any one
 * thread.
 */
#ifndef FIREWALL_RESTORE_H
#define FIREWALL_RESTORE_H

#include "base/err.h"
#include "net/addr.h"

#include <glib.h>

struct restore;

/*
 * As long as we may open it, the lock file that all users of the older tables share is opened
 * here: the program itself could not when it is not root's. [main]
 */
struct restore *restore_new(void);
void restore_free(struct restore *restore);
/*
 * The calling thread's programs get its right to change the firewall, where it is not root. Call
 * it once in the thread that is to run them.
 */
void restore_pass_rights(void);
/*
 * Runs the family's program with `text` as its input, beside the rules there are. 0; -EIO: it
 * refused the text; or another -errno where the text does not matter: -ENOENT, it is not
 * installed; -ETIMEDOUT, it or the lock took too long; -EBUSY, it says that something is lacking,
 * the lock or rights. `err` has the first line of what it said.
 */
int restore_run(
	struct restore *restore, enum addr_family family, const GString *text, struct err *err);

#endif
