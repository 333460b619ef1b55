/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon and the module together, in the guest (daemon.t): packets on real interfaces,
 * commands by NG, and nothing in between that is not what an operator runs.
 *   daemon [PART]   those tests whose names have that in them
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

static const struct test *const all[] = { path_tests, figure_tests, toggle_tests, death_tests };
enum { GROUPS = sizeof(all) / sizeof(all[0]) };

int main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";
	unsigned count = 0, number = 0;

	for (unsigned i = 0; i < GROUPS; i++)
		for (const struct test *t = all[i]; t->name; t++)
			count += strstr(t->name, part) != NULL;
	printf("1..%u\n", count);
	for (unsigned i = 0; i < GROUPS; i++)
		for (const struct test *t = all[i]; t->name; t++) {
			if (!strstr(t->name, part))
				continue;
			t->run();
			world_result(++number, t->name);
		}
	return 0;
}
