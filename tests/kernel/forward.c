/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests one after the other, in the guest (forward.t). */
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

static unsigned count(const struct test *tests)
{
	unsigned n = 0;

	while (tests[n].name)
		n++;
	return n;
}

static void run(const struct test *tests, unsigned *number)
{
	for (; tests->name; tests++) {
		failed = false;
		world_client = client_open();
		if (CHECK(world_client) &&
			CHECK_INT(client_bind(world_client, WORLD_TABLE, 0, FORWARD_HOOK_INPUT), 0))
			tests->run();
		client_close(world_client);
		world_client = NULL;
		printf("%s %u - %s\n", failed ? "not ok" : "ok", ++*number, tests->name);
		fflush(stdout);
	}
}

int main(void)
{
	unsigned number = 0;

	printf("1..%u\n", count(relay_tests) + count(fuzz_tests) + count(control_tests));
	run(relay_tests, &number);
	run(fuzz_tests, &number);
	run(control_tests, &number);
	return 0;
}
