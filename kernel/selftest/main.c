// SPDX-License-Identifier: GPL-2.0-or-later
/* All tests that run at load. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/printk.h>

#include "selftest.h"

bool __init fwd_selftest_check(bool right, const char *what, int line)
{
	if (!right)
		pr_err("self-test: line %d: not so: %s\n", line, what);
	return right;
}

int __init fwd_selftest(void)
{
	bool right = fwd_selftest_rtp();

	right &= fwd_selftest_reception();
	right &= fwd_selftest_table();
	if (right)
		return 0;
	pr_err("self-test failed: not loaded\n");
	return -EINVAL;
}
