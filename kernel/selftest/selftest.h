/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is checked when the module is loaded; it takes a moment, and its code goes afterwards. */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include <linux/init.h>
#include <linux/types.h>

/* 0, or -EINVAL and the log says what failed. */
int __init fwd_selftest(void);

/* By subject; false, and the log says what failed. */
bool __init fwd_selftest_rtp(void);
bool __init fwd_selftest_reception(void);
bool __init fwd_selftest_table(void);

/* For them: notes a failure. */
bool __init fwd_selftest_check(bool right, const char *what, int line);

#define CHECK(condition) fwd_selftest_check(condition, #condition, __LINE__)

#endif
