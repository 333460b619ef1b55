/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running as somebody with few rights: what needs root is done first (listeners, limits, pid
 * file), then root is given up but for the capabilities that are used later. [main]
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct privileges {
	bool change; /* false: nothing was asked for */
	uid_t uid;
	gid_t gid;
	const char *user; /* of --user; NULL: only the group was given */
};

/*
 * Who is meant: names or numbers, NULL when not given. A user without a group gets its own. 0, or
 * -EINVAL with the text.
 */
int privileges_find(const char *user, const char *group, struct privileges *ret, struct err *err);
/*
 * Becomes that user and group. Of the capabilities held, CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF and
 * CAP_SYS_NICE stay; for those that are not there a line tells what cannot be done without. The
 * user root keeps all. Before any thread is made. 0, or -errno with the text.
 */
int privileges_drop(const struct privileges *privileges, struct err *err);

#endif
