/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which numbers are found to be taken: by sockets of all kinds of addresses, and by claims. */
#include "net/survey.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

enum { FIRST_PORT = 61000, LAST_PORT = 61099, PORT = 61042, SINCE = 1000 };

static const struct addr addrs[] = {
	{ .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } },
	{ .family = ADDR_IP4, .ip = { 127, 0, 0, 2 } },
	{ .family = ADDR_IP6, .ip = { [15] = 1 } },
};

static struct claim claim_since(uint64_t since_us)
{
	return (struct claim){
		.ports = { FIRST_PORT, LAST_PORT },
		.since_us = since_us,
		.pid = (unsigned)getpid(),
	};
}

static struct survey *survey_since(uint64_t since_us)
{
	struct claim claim = claim_since(since_us);
	struct survey *survey;

	g_assert_cmpint(survey_new(addrs, G_N_ELEMENTS(addrs), &claim, &survey, NULL), ==, 0);
	return survey;
}

/* Bound to an address that this machine need not have. */
static int bind_to(const struct addr *addr)
{
	const int on = 1, off = 0;
	union sock sock;
	struct addr local = addr_with_port(*addr, PORT);
	socklen_t len = addr_to_sock(&local, &sock);
	int fd = socket(sock.sa.sa_family, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	if (addr->family == ADDR_IP6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	if (bind(fd, &sock.sa, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static void assert_taken(const struct survey *survey, bool first, bool second, bool third)
{
	g_assert_cmpint(survey_is_taken(survey, 0, PORT), ==, first);
	g_assert_cmpint(survey_is_taken(survey, 1, PORT), ==, second);
	g_assert_cmpint(survey_is_taken(survey, 2, PORT), ==, third);
	for (unsigned i = 0; i < G_N_ELEMENTS(addrs); i++)
		g_assert_false(survey_is_taken(survey, i, PORT + 1));
}

static void test_addresses(void)
{
	static const struct {
		struct addr bound;
		bool taken[3];
	} cases[] = {
		{ { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } }, { true, false, false } },
		{ { .family = ADDR_IP4, .ip = { 127, 0, 0, 2 } }, { false, true, false } },
		{ { .family = ADDR_IP4, .ip = { 127, 0, 0, 3 } }, { false, false, false } },
		{ { .family = ADDR_IP4 }, { true, true, false } },
		{ { .family = ADDR_IP6 }, { true, true, true } },
		{ { .family = ADDR_IP6, .ip = { [15] = 1 } }, { false, false, true } },
		{ { .family = ADDR_IP6, .ip = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 2 } },
			{ false, true, false } },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct survey *survey = survey_since(SINCE);
		int fd = bind_to(&cases[i].bound);

		if (fd >= 0) {
			g_assert_true(survey_step(survey, 0));
			assert_taken(
				survey, cases[i].taken[0], cases[i].taken[1], cases[i].taken[2]);
			close(fd);
		} else {
			g_assert_cmpint(cases[i].bound.family, ==, ADDR_IP6); /* none here */
		}
		survey_free(survey);
	}
}

static void test_two_looks_must_miss_it(void)
{
	struct survey *survey = survey_since(SINCE);
	int fd = bind_to(&addrs[0]);

	assert_taken(survey, false, false, false); /* nobody has looked */
	survey_step(survey, 0);
	assert_taken(survey, true, false, false);
	g_assert_false(survey_stays_taken(survey, 0, PORT));
	survey_step(survey, 0);
	g_assert_true(survey_stays_taken(survey, 0, PORT));
	close(fd);
	survey_step(survey, 0);
	assert_taken(survey, true, false, false);
	g_assert_false(survey_stays_taken(survey, 0, PORT));
	survey_step(survey, 0);
	assert_taken(survey, false, false, false);
	survey_free(survey);
}

/* More than the system's lists give at once, a step at a time. */
static void test_steps(void)
{
	enum { SOCKETS = 500 };
	struct survey *survey = survey_since(SINCE);
	const struct addr any_port = { .family = ADDR_IP4, .ip = { 127, 0, 0, 1 } };
	int fds[SOCKETS + 1];
	unsigned steps = 1;
	union sock sock;
	socklen_t len = addr_to_sock(&any_port, &sock);

	for (unsigned i = 0; i < SOCKETS; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		g_assert_cmpint(bind(fds[i], &sock.sa, len), ==, 0);
	}
	fds[SOCKETS] = bind_to(&addrs[1]);
	while (!survey_step(survey, 1))
		steps++;
	g_assert_cmpuint(steps, >, 10);
	assert_taken(survey, false, true, false);
	for (unsigned i = 0; i <= SOCKETS; i++)
		close(fds[i]);
	survey_free(survey);
}

static void test_earlier_claim(void)
{
	struct survey *first = survey_since(SINCE), *second = survey_since(SINCE + 1);

	survey_step(first, 0);
	survey_step(second, 0);
	g_assert_null(survey_claim(first));
	g_assert_false(survey_is_taken(first, 0, PORT));
	g_assert_cmpuint(survey_claim(second)->since_us, ==, SINCE);
	for (unsigned i = 0; i < G_N_ELEMENTS(addrs); i++) {
		g_assert_true(survey_is_taken(second, i, FIRST_PORT));
		g_assert_true(survey_is_taken(second, i, LAST_PORT));
	}
	survey_free(first);
	survey_step(second, 0);
	g_assert_nonnull(survey_claim(second)); /* as long as its numbers are kept out of use */
	survey_step(second, 0);
	g_assert_null(survey_claim(second));
	g_assert_false(survey_is_taken(second, 0, PORT));
	survey_free(second);
}

static void check_claim(const struct claim *other, bool first, bool last)
{
	struct survey *survey = survey_since(SINCE);
	int fd;

	g_assert_cmpint(claim_open(other, &fd, NULL), ==, 0);
	survey_step(survey, 0);
	g_assert_cmpint(survey_is_taken(survey, 1, FIRST_PORT), ==, first);
	g_assert_cmpint(survey_is_taken(survey, 1, LAST_PORT), ==, last);
	g_assert_false(survey_is_taken(survey, 0, FIRST_PORT));
	g_assert_cmpint(survey_claim(survey) != NULL, ==, first || last);
	close(fd);
	survey_free(survey);
}

/* Only what both have of one address. */
static void test_overlaps(void)
{
	struct claim other = claim_since(SINCE - 1);

	other.addr = addrs[1];
	other.ports = (struct port_span){ 1, FIRST_PORT };
	check_claim(&other, true, false);
	other.ports = (struct port_span){ LAST_PORT, 65535 };
	check_claim(&other, false, true);
	other.ports = (struct port_span){ 1, FIRST_PORT - 1 };
	check_claim(&other, false, false);
	other.ports = (struct port_span){ LAST_PORT + 1, 65535 };
	check_claim(&other, false, false);
	other.ports = (struct port_span){ 1, 65535 };
	check_claim(&other, true, true);
	other.addr.ip[3] = 77;
	check_claim(&other, false, false);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/survey/addresses", test_addresses);
	g_test_add_func("/net/survey/twice", test_two_looks_must_miss_it);
	g_test_add_func("/net/survey/steps", test_steps);
	g_test_add_func("/net/survey/claim", test_earlier_claim);
	g_test_add_func("/net/survey/overlaps", test_overlaps);
	return g_test_run();
}
