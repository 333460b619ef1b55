/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets come from: netfilter hooks of our own, in place as long as a table wants them. */
#ifndef KERNEL_HOOK_H
#define KERNEL_HOOK_H

#include <linux/types.h>

struct forward_net;

void fwd_hook_net_init(struct forward_net *fn);
/* One table more, or less, of enum forward_hook. With forward_net.lock. 0, or -errno. */
int fwd_hook_use(struct forward_net *fn, u8 hook);
void fwd_hook_unuse(struct forward_net *fn, u8 hook);

#endif
