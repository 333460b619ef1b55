/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel module as a back end (kernel/uapi/forward.h): a table of it is ours. */
#ifndef OFFLOAD_KMOD_H
#define OFFLOAD_KMOD_H

#include "base/err.h"
#include "offload/offload.h"

enum kmod_hook { KMOD_INPUT, KMOD_PREROUTING };

struct kmod;

/*
 * Takes the table; what a daemon before has left there goes. 0, or -errno and `err`: -ENOENT: there
 * is no module; -EPROTONOSUPPORT: one of another version; -EBUSY: another daemon has the table, and
 * that for longer than one that was killed just now. Before rights are given up. [main]
 */
int kmod_open(unsigned table, enum kmod_hook hook, struct kmod **ret, struct err *err);
/*
 * Takes it once more, for the module's records say which process did. 0, or -errno and `err`: it is
 * somebody else's by now; only kmod_close is good for it then. [main, in the child]
 */
int kmod_forked(struct kmod *kmod, struct err *err);
/* Gives the table back; NULL is fine. The back end's `close` does so, too. */
void kmod_close(struct kmod *kmod);
const struct offload_backend *kmod_backend(void);

#endif
