/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests from user space: uapi/forward.h says what they are. */
#ifndef KERNEL_CONTROL_H
#define KERNEL_CONTROL_H

struct addr;
struct forward_addr;
struct genl_family;

int fwd_control_init(void);
void fwd_control_exit(void);
const struct genl_family *fwd_family(void);

void fwd_addr_export(const struct addr *a, struct forward_addr *ret);

#endif
