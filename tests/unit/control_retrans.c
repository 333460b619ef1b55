/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers kept for repeated requests: what is found, for how long, and within which bound. */
#include "control/retrans.h"

#include <glib.h>

#include "stats/counter.h"

enum {
	SMALL_BYTES = 20000, /* a bound that a test can reach */
	KEPT_S = 30,         /* at least */
	GONE_S = 60,         /* at most, and what lies between two look-ups */
};

static const int64_t SECOND_US = 1000000;

#define assert_str(str, literal) g_assert_cmpmem((str).s, (str).len, literal, sizeof(literal) - 1)

static bool is_kept(struct retrans *r, const char *cookie, int64_t now_us)
{
	return retrans_find(r, str_of(cookie), now_us).s != NULL;
}

static void test_nothing_is_found_in_an_empty_store(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);

	g_assert_false(is_kept(r, "a", 0));
	g_assert_false(is_kept(r, "", 1000 * SECOND_US));
	g_assert_cmpuint(retrans_bytes(r), ==, 0);
	retrans_free(r);
	retrans_free(NULL);
}

static void test_answer_is_found_verbatim(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	struct str cookie = { "co\0kie\xff", 7 };

	retrans_store(r, cookie, STR_LIT("co\0kie\xff d\0e\r\n"), 5);
	assert_str(retrans_find(r, cookie, 5), "co\0kie\xff d\0e\r\n");
	assert_str(retrans_find(r, cookie, 6), "co\0kie\xff d\0e\r\n");
	retrans_free(r);
}

static void test_caller_keeps_its_own_bytes(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	char cookie[] = "cookie", answer[] = "answer";

	retrans_store(r, str_of(cookie), str_of(answer), 5);
	memset(cookie, 'x', sizeof(cookie) - 1);
	memset(answer, 'x', sizeof(answer) - 1);
	assert_str(retrans_find(r, STR_LIT("cookie"), 5), "answer");
	retrans_free(r);
}

static void test_cookies_are_compared_whole(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);

	retrans_store(r, STR_LIT("a\0b"), STR_LIT("long"), 5);
	g_assert_null(retrans_find(r, STR_LIT("a"), 5).s);
	g_assert_null(retrans_find(r, STR_LIT("a\0"), 5).s);
	g_assert_null(retrans_find(r, STR_LIT("a\0c"), 5).s);
	retrans_store(r, STR_LIT("a"), STR_LIT("short"), 5);
	assert_str(retrans_find(r, STR_LIT("a\0b"), 5), "long");
	assert_str(retrans_find(r, STR_LIT("a"), 5), "short");
	retrans_free(r);
}

/* That of the latest request: a client that begins its cookies again is told no old answers. */
static void test_later_answer_replaces(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);

	retrans_store(r, STR_LIT("a"), STR_LIT("first"), 5);
	retrans_store(r, STR_LIT("a"), STR_LIT("second"), 5);
	assert_str(retrans_find(r, STR_LIT("a"), 5), "second");
	g_assert_false(is_kept(r, "other", 5 + 31 * SECOND_US));
	retrans_store(r, STR_LIT("a"), STR_LIT("third"), 5 + 31 * SECOND_US);
	assert_str(retrans_find(r, STR_LIT("a"), 5 + 31 * SECOND_US), "third");
	retrans_free(r);
}

static void test_replaced_answers_take_no_room(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	uint64_t evicted = counter_total(COUNTER_NG_EVICTED), once;

	retrans_store(r, STR_LIT("other"), STR_LIT("answer"), 5);
	retrans_store(r, STR_LIT("a"), STR_LIT("same length"), 5);
	once = retrans_bytes(r);
	for (int i = 0; i < SMALL_BYTES; i++)
		retrans_store(r, STR_LIT("a"), STR_LIT("SAME LENGTH"), 5);
	g_assert_cmpuint(retrans_bytes(r), ==, once);
	assert_str(retrans_find(r, STR_LIT("other"), 5), "answer");
	assert_str(retrans_find(r, STR_LIT("a"), 5), "SAME LENGTH");
	retrans_store(r, STR_LIT("a"), STR_LIT(""), 5);
	g_assert_cmpuint(retrans_bytes(r), ==, once - strlen("same length"));
	g_assert_cmpuint(counter_total(COUNTER_NG_EVICTED), ==, evicted);
	retrans_free(r);
}

/* Seconds for which an answer stored at `start_us` is found by asking every second. */
static int life_seconds(struct retrans *r, const char *cookie, int64_t start_us)
{
	int life = 0;

	retrans_store(r, str_of(cookie), STR_LIT("answer"), start_us);
	while (life <= 2 * GONE_S && is_kept(r, cookie, start_us + life * SECOND_US))
		life++;
	return life;
}

static void test_lives_30_to_60_seconds(void)
{
	for (int age = 0; age < GONE_S; age++) {
		struct retrans *r = retrans_new(SMALL_BYTES);
		int64_t start_us = 777 * SECOND_US;
		int life;

		for (int i = 0; i <= age; i++)
			is_kept(r, "other", start_us + i * SECOND_US);
		life = life_seconds(r, "a", start_us + age * SECOND_US);
		g_assert_cmpint(life, >, KEPT_S);
		g_assert_cmpint(life, <=, GONE_S + 1);
		g_assert_cmpuint(retrans_bytes(r), ==, 0);
		retrans_free(r);
	}
}

static void test_expiry_is_no_eviction(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	uint64_t evicted = counter_total(COUNTER_NG_EVICTED);

	life_seconds(r, "a", SECOND_US);
	g_assert_cmpuint(counter_total(COUNTER_NG_EVICTED), ==, evicted);
	retrans_free(r);
}

/* --- the bound --- */

static struct str number_cookie(char text[16], int number)
{
	g_snprintf(text, 16, "cookie %d", number);
	return str_of(text);
}

static void store_numbered(struct retrans *r, int number, size_t answer_bytes)
{
	char text[16], answer[SMALL_BYTES];

	memset(answer, 'a', sizeof(answer));
	retrans_store(r, number_cookie(text, number), (struct str){ answer, answer_bytes }, 1);
}

static bool has_number(struct retrans *r, int number)
{
	char text[16];

	return retrans_find(r, number_cookie(text, number), 1).s != NULL;
}

static void test_bytes_never_exceed_the_bound(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	uint64_t most = 0;

	for (int i = 0; i < 2000; i++) {
		store_numbered(r, i, i * 37 % 4000);
		g_assert_true(has_number(r, i));
		g_assert_cmpuint(retrans_bytes(r), <=, SMALL_BYTES);
		most = MAX(most, retrans_bytes(r));
	}
	g_assert_cmpuint(most, >, SMALL_BYTES / 2);
	retrans_free(r);
}

static void test_bytes_are_at_least_what_is_kept(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);

	store_numbered(r, 1, 1000);
	store_numbered(r, 2, 500);
	g_assert_cmpuint(retrans_bytes(r), >=, 1500);
	retrans_free(r);
}

static void test_oldest_go_first(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	int first = 0;

	for (int i = 0; i < 500; i++)
		store_numbered(r, i, 200);
	while (first < 500 && !has_number(r, first))
		first++;
	g_assert_cmpint(first, >, 0);
	for (int i = first; i < 500; i++)
		g_assert_true(has_number(r, i));
	/* Half the bound stays in use, or too little would be kept for those who repeat. */
	g_assert_cmpint((500 - first) * 200, >, SMALL_BYTES / 4);
	retrans_free(r);
}

static void test_evicted_ones_are_counted(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	uint64_t evicted = counter_total(COUNTER_NG_EVICTED);
	unsigned missing = 0;

	for (int i = 0; i < 500; i++)
		store_numbered(r, i, 200);
	for (int i = 0; i < 500; i++)
		missing += !has_number(r, i);
	g_assert_cmpuint(missing, >, 0);
	g_assert_cmpuint(counter_total(COUNTER_NG_EVICTED) - evicted, ==, missing);
	retrans_free(r);
}

static void test_more_than_half_the_bound_is_not_kept(void)
{
	struct retrans *r = retrans_new(SMALL_BYTES);
	uint64_t bytes;

	store_numbered(r, 1, 100);
	bytes = retrans_bytes(r);
	store_numbered(r, 2, SMALL_BYTES / 2 + 1);
	g_assert_false(has_number(r, 2));
	g_assert_true(has_number(r, 1));
	g_assert_cmpuint(retrans_bytes(r), ==, bytes);
	store_numbered(r, 3, SMALL_BYTES / 2 - 200);
	g_assert_true(has_number(r, 3));
	retrans_free(r);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/control/retrans/empty", test_nothing_is_found_in_an_empty_store);
	g_test_add_func("/control/retrans/verbatim", test_answer_is_found_verbatim);
	g_test_add_func("/control/retrans/copy", test_caller_keeps_its_own_bytes);
	g_test_add_func("/control/retrans/whole", test_cookies_are_compared_whole);
	g_test_add_func("/control/retrans/replace", test_later_answer_replaces);
	g_test_add_func("/control/retrans/replaced", test_replaced_answers_take_no_room);
	g_test_add_func("/control/retrans/life", test_lives_30_to_60_seconds);
	g_test_add_func("/control/retrans/expiry", test_expiry_is_no_eviction);
	g_test_add_func("/control/retrans/bound", test_bytes_never_exceed_the_bound);
	g_test_add_func("/control/retrans/bytes", test_bytes_are_at_least_what_is_kept);
	g_test_add_func("/control/retrans/oldest", test_oldest_go_first);
	g_test_add_func("/control/retrans/evicted", test_evicted_ones_are_counted);
	g_test_add_func("/control/retrans/large", test_more_than_half_the_bound_is_not_kept);
	return g_test_run();
}
