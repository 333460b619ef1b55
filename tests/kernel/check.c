/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tests find, as lines of TAP. */
#include "world.h"

#include <stdio.h>

struct client *world_client;
static bool failed;

bool world_check(bool right, const char *what, const char *file, int line)
{
	if (!right) {
		printf("# %s:%d: not so: %s\n", file, line, what);
		failed = true;
	}
	return right;
}

bool world_check_int(
	long long found, long long wanted, const char *what, const char *file, int line)
{
	if (found != wanted) {
		printf("# %s:%d: %s is %lld, not %lld; %s\n", file, line, what, found, wanted,
			world_client ? world_client->sentence : "");
		failed = true;
	}
	return found == wanted;
}

void world_result(unsigned number, const char *name)
{
	printf("%s %u - %s\n", failed ? "not ok" : "ok", number, name);
	fflush(stdout);
	failed = false;
}
