/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests one after the other, in the guest (forward.t). */
#include "world.h"

#include <stdio.h>

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
		world_client = client_open();
		if (CHECK(world_client) &&
			CHECK_INT(client_bind(world_client, WORLD_TABLE, 0, FORWARD_HOOK_INPUT), 0))
			tests->run();
		client_close(world_client);
		world_client = NULL;
		world_result(++*number, tests->name);
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
