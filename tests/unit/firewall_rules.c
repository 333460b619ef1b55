/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rules are written and deleted when, and that no call-ID can be more than a comment. */
#include "firewall/rules.h"

#include <glib.h>

static const struct addr one = { .family = ADDR_IP4, .port = 30000, .ip = { 192, 0, 2, 1 } };
static const struct addr two = { .family = ADDR_IP4, .port = 30002, .ip = { 192, 0, 2, 1 } };
static const struct addr six = {
	.family = ADDR_IP6, .port = 30000, .ip = { 0x20, 1, 0x0d, 0xb8, [15] = 1 }
};

#define ONE(action, comment)                                                  \
	action " rtp -d 192.0.2.1/32 -p udp -m udp --dport 30000 -m comment " \
	       "--comment \"" comment "\" -j ACCEPT\n"
#define TWO(action, comment)                                                  \
	action " rtp -d 192.0.2.1/32 -p udp -m udp --dport 30002 -m comment " \
	       "--comment \"" comment "\" -j ACCEPT\n"

/* --- a chain, as iptables-restore keeps it --- */

static GPtrArray *chain_new(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static bool remove_line(GPtrArray *chain, const char *rule)
{
	for (unsigned i = 0; i < chain->len; i++)
		if (strcmp(chain->pdata[i], rule) == 0) {
			g_ptr_array_remove_index(chain, i);
			return true;
		}
	return false;
}

static GPtrArray *copy_chain(const GPtrArray *chain)
{
	GPtrArray *copy = chain_new();

	for (unsigned i = 0; i < chain->len; i++)
		g_ptr_array_add(copy, g_strdup(chain->pdata[i]));
	return copy;
}

/* All of it or nothing; `poison`: what no rule may have, or NULL. */
static bool restore(GPtrArray **chain, const char *text, const char *poison)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GPtrArray *copy = copy_chain(*chain);
	unsigned count = g_strv_length(lines);
	bool fine = true;

	g_assert_cmpuint(count, >=, 3);
	g_assert_cmpstr(lines[0], ==, "*filter");
	g_assert_cmpstr(lines[count - 2], ==, "COMMIT");
	g_assert_cmpstr(lines[count - 1], ==, "");
	for (unsigned i = 1; fine && i < count - 2; i++) {
		if (g_str_has_prefix(lines[i], "-A rtp ")) {
			fine = !poison || !strstr(lines[i], poison);
			g_ptr_array_add(copy, g_strdup(lines[i] + 3));
		} else if (g_str_has_prefix(lines[i], "-D rtp ")) {
			fine = remove_line(copy, lines[i] + 3);
		} else {
			g_assert_cmpstr(lines[i], ==, "-F rtp");
			g_ptr_array_set_size(copy, 0);
		}
	}
	g_ptr_array_free(fine ? *chain : copy, TRUE);
	if (fine)
		*chain = copy;
	return fine;
}

/* --- one by one --- */

struct batch_text {
	struct rules_batch batch;
	GString *text;
};

static void take(struct rules *rules, struct batch_text *b)
{
	rules_take(rules, true, &b->batch);
	rules_write(rules, b->batch.rules, b->batch.count, b->text);
}

static void assert_written(struct rules *rules, const char *lines)
{
	struct batch_text b = { .text = g_string_new(NULL) };
	g_autofree char *want = g_strconcat("*filter\n", lines, "COMMIT\n", NULL);

	take(rules, &b);
	g_assert_cmpstr(b.text->str, ==, want);
	for (unsigned i = 0; i < b.batch.count; i++)
		rules_done(rules, b.batch.rules[i]);
	g_string_free(b.text, TRUE);
}

static void test_added_and_deleted(void)
{
	struct rules *rules = rules_new("rtp");

	rules_want(rules, &one, "call");
	rules_want(rules, &two, "call");
	g_assert_cmpuint(rules_opening(rules), ==, 2);
	assert_written(rules, ONE("-A", "call") TWO("-A", "call"));
	g_assert_cmpuint(rules_present(rules), ==, 2);
	g_assert_cmpuint(rules_opening(rules), ==, 0);
	rules_unwant(rules, &one);
	g_assert_cmpuint(rules_closing(rules), ==, 1);
	assert_written(rules, ONE("-D", "call"));
	g_assert_cmpuint(rules_present(rules), ==, 1);
	g_assert_cmpuint(rules_closing(rules), ==, 0);
	rules_free(rules);
}

static void test_ip6_and_no_comment(void)
{
	struct rules *rules = rules_new("rtp");

	rules_want(rules, &six, "");
	assert_written(rules, "-A rtp -d 2001:db8::1/128 -p udp -m udp --dport 30000 -j ACCEPT\n");
	rules_unwant(rules, &six);
	assert_written(rules, "-D rtp -d 2001:db8::1/128 -p udp -m udp --dport 30000 -j ACCEPT\n");
	rules_free(rules);
}

static void test_opened_and_closed_before_written(void)
{
	struct rules *rules = rules_new("rtp");

	rules_want(rules, &one, "short");
	rules_unwant(rules, &one);
	rules_unwant(rules, &two); /* never heard of */
	g_assert_cmpuint(rules_opening(rules) + rules_closing(rules), ==, 0);
	assert_written(rules, "");
	rules_free(rules);
}

static void test_closed_and_opened_before_written(void)
{
	struct rules *rules = rules_new("rtp");

	rules_want(rules, &one, "first");
	assert_written(rules, ONE("-A", "first"));
	rules_unwant(rules, &one);
	rules_want(rules, &one, "second");
	rules_unwant(rules, &one);
	rules_want(rules, &one, "third");
	g_assert_cmpuint(rules_closing(rules), ==, 0);
	assert_written(rules, ONE("-D", "first") ONE("-A", "third"));
	rules_unwant(rules, &one);
	rules_want(rules, &one, "third");
	assert_written(rules, "");
	rules_free(rules);
}

static void test_closings_can_wait(void)
{
	struct rules *rules = rules_new("rtp");
	struct rules_batch batch;

	rules_want(rules, &one, "a");
	assert_written(rules, ONE("-A", "a"));
	rules_unwant(rules, &one);
	rules_want(rules, &two, "b");
	rules_take(rules, false, &batch);
	g_assert_cmpuint(batch.count, ==, 1);
	g_assert_true(addr_equal(&batch.rules[0]->addr, &two));
	g_assert_cmpuint(rules_closing(rules), ==, 1);
	rules_done(rules, batch.rules[0]);
	rules_free(rules);
}

static void test_refused_is_forgotten(void)
{
	struct rules *rules = rules_new("rtp");
	struct rules_batch batch;

	rules_want(rules, &one, "odd");
	rules_take(rules, true, &batch);
	rules_refused(rules, batch.rules[0]);
	rules_unwant(rules, &one);
	assert_written(rules, "");
	rules_want(rules, &one, "even");
	assert_written(rules, ONE("-A", "even"));
	rules_free(rules);
}

static void test_put_back_comes_first(void)
{
	struct rules *rules = rules_new("rtp");
	struct rules_batch batch;

	rules_want(rules, &one, "a");
	rules_take(rules, true, &batch);
	rules_want(rules, &two, "b");
	rules_put_back(rules, batch.rules[0]);
	g_assert_cmpuint(rules_opening(rules), ==, 2);
	assert_written(rules, ONE("-A", "a") TWO("-A", "b"));
	rules_free(rules);
}

static void test_written_anew(void)
{
	struct rules *rules = rules_new("rtp");
	GString *text = g_string_new(NULL);
	struct rules_batch batch;

	rules_want(rules, &one, "stays");
	rules_want(rules, &two, "goes");
	assert_written(rules, ONE("-A", "stays") TWO("-A", "goes"));
	rules_unwant(rules, &two);
	rules_want(rules, &six, "new");
	rules_take(rules, false, &batch);
	rules_write_whole(rules, NULL, 0, text);
	g_assert_cmpstr(text->str, ==, "*filter\n-F rtp\n" ONE("-A", "stays") "COMMIT\n");
	rules_write_whole(rules, batch.rules, batch.count, text);
	g_assert_cmpstr(text->str, ==,
		"*filter\n-F rtp\n" ONE("-A", "stays") "-A rtp -d 2001:db8::1/128 -p udp -m udp "
						       "--dport 30000 -m comment --comment "
						       "\"new\" -j ACCEPT\nCOMMIT\n");
	rules_emptied(rules);
	g_assert_cmpuint(rules_closing(rules), ==, 0);
	g_assert_cmpuint(rules_present(rules), ==, 1);
	rules_done(rules, batch.rules[0]);
	g_assert_cmpuint(rules_present(rules), ==, 2);
	g_string_free(text, TRUE);
	rules_free(rules);
}

static void test_batches_are_bounded(void)
{
	struct rules *rules = rules_new("rtp");
	struct addr addr = one;
	struct rules_batch batch;

	for (unsigned i = 0; i < RULES_BATCH + 10; i++) {
		addr.port++;
		rules_want(rules, &addr, "x");
	}
	rules_take(rules, true, &batch);
	g_assert_cmpuint(batch.count, ==, RULES_BATCH);
	g_assert_cmpuint(batch.rules[0]->addr.port, ==, one.port + 1);
	g_assert_cmpuint(rules_opening(rules), ==, 10);
	for (unsigned i = 0; i < batch.count; i++)
		rules_done(rules, batch.rules[i]);
	rules_take(rules, true, &batch);
	g_assert_cmpuint(batch.count, ==, 10);
	rules_free(rules);
}

/* --- any order, and a firewall that fails --- */

enum { MODEL_PORTS = 12, MODEL_STEPS = 20000 };

struct model {
	struct rules *rules;
	GPtrArray *chain;
	const char *wanted[MODEL_PORTS]; /* comments */
	GString *text;
};

static struct addr model_addr(unsigned n)
{
	return addr_with_port(one, (uint16_t)(30000 + n));
}

static void model_change(struct model *m)
{
	static const char *const comments[] = { "a", "b", "bad" };
	unsigned n = (unsigned)g_test_rand_int_range(0, MODEL_PORTS);
	struct addr addr = model_addr(n);

	if (m->wanted[n]) {
		m->wanted[n] = NULL;
		rules_unwant(m->rules, &addr);
	} else {
		m->wanted[n] = comments[g_test_rand_int_range(0, G_N_ELEMENTS(comments))];
		rules_want(m->rules, &addr, m->wanted[n]);
	}
}

static void model_one_by_one(struct model *m, struct rules_batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++) {
		rules_write(m->rules, &batch->rules[i], 1, m->text);
		if (restore(&m->chain, m->text->str, "bad")) {
			rules_done(m->rules, batch->rules[i]);
		} else {
			m->wanted[batch->rules[i]->addr.port - 30000] = NULL;
			rules_refused(m->rules, batch->rules[i]);
		}
	}
}

static void model_write(struct model *m)
{
	struct rules_batch batch;

	rules_take(m->rules, g_test_rand_int_range(0, 2), &batch);
	rules_write(m->rules, batch.rules, batch.count, m->text);
	if (restore(&m->chain, m->text->str, "bad")) {
		for (unsigned i = 0; i < batch.count; i++)
			rules_done(m->rules, batch.rules[i]);
		return;
	}
	if (g_test_rand_int_range(0, 4) == 0) {
		while (batch.count)
			rules_put_back(m->rules, batch.rules[--batch.count]);
		return;
	}
	rules_write_whole(m->rules, NULL, 0, m->text);
	g_assert_true(restore(&m->chain, m->text->str, "bad"));
	rules_emptied(m->rules);
	model_one_by_one(m, &batch);
}

/* Somebody else deletes one. */
static void model_meddle(struct model *m)
{
	if (m->chain->len)
		g_ptr_array_remove_index(
			m->chain, (guint)g_test_rand_int_range(0, (gint32)m->chain->len));
}

static unsigned model_count_wanted(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MODEL_PORTS; i++)
		n += m->wanted[i] != NULL;
	return n;
}

static void model_finish(struct model *m)
{
	struct rules_batch batch;

	rules_write_whole(m->rules, NULL, 0, m->text);
	g_assert_true(restore(&m->chain, m->text->str, NULL));
	rules_emptied(m->rules);
	rules_take(m->rules, true, &batch);
	model_one_by_one(m, &batch);
	g_assert_cmpuint(m->chain->len, ==, model_count_wanted(m));
	g_assert_cmpuint(m->chain->len, ==, rules_present(m->rules));
	for (unsigned i = 0; i < MODEL_PORTS; i++) {
		struct addr addr = model_addr(i);

		rules_unwant(m->rules, &addr);
	}
	rules_take(m->rules, true, &batch);
	model_one_by_one(m, &batch);
	g_assert_cmpuint(m->chain->len, ==, 0);
}

static void test_chain_ends_as_wanted(void)
{
	struct model m = {
		.rules = rules_new("rtp"), .chain = chain_new(), .text = g_string_new(NULL)
	};

	for (unsigned i = 0; i < MODEL_STEPS; i++) {
		model_change(&m);
		if (g_test_rand_int_range(0, 3) == 0)
			model_write(&m);
		if (g_test_rand_int_range(0, 100) == 0)
			model_meddle(&m);
	}
	model_finish(&m);
	g_ptr_array_free(m.chain, TRUE);
	g_string_free(m.text, TRUE);
	rules_free(m.rules);
}

/* --- comments and names --- */

static void test_comments(void)
{
	static const struct {
		const char *id, *comment;
	} rows[] = {
		{ "3848276298220188511@atlanta.example.com",
			"3848276298220188511@atlanta.example.com" },
		{ "a b\tc\nd\re\x7f", "a b?c?d?e?" },
		{ "\xc3\xbc\xff", "???" },
		{ "\"'\\", "\"'\\" },
		{ "", "" },
	};
	char comment[RULES_COMMENT_BYTES], longest[600];

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		rules_comment(str_of(rows[i].id), comment);
		g_assert_cmpstr(comment, ==, rows[i].comment);
	}
	rules_comment((struct str){ "a\0b", 3 }, comment);
	g_assert_cmpstr(comment, ==, "a?b");
	memset(longest, 'x', sizeof(longest));
	rules_comment((struct str){ longest, sizeof(longest) }, comment);
	g_assert_cmpuint(strlen(comment), ==, RULES_COMMENT_BYTES - 1);
}

/* The word that begins at `at`, as iptables-restore's reader takes a line apart. */
static char *read_word(const char **at)
{
	GString *word = g_string_new(NULL);
	bool quoted = false;

	while (**at == ' ')
		(*at)++;
	for (; **at && **at != '\n' && (quoted || **at != ' '); (*at)++) {
		if (**at == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && **at == '\\')
			(*at)++;
		g_string_append_c(word, **at);
	}
	g_assert_false(quoted);
	return g_string_free(word, FALSE);
}

/* Whatever the call-ID: one line, in which it is one word. */
static void test_any_call_id_is_one_word(void)
{
	static const char alphabet[] = "\"\"\\\\'- \n\t#*:!ATCOMMIT\x01\xff";
	struct rules *rules = rules_new("rtp");
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < 20000; i++) {
		char id[300], comment[RULES_COMMENT_BYTES];
		size_t len = (size_t)g_test_rand_int_range(1, sizeof(id));
		struct rules_batch batch;
		const char *at;

		for (size_t n = 0; n < len; n++)
			id[n] = alphabet[g_test_rand_int_range(0, sizeof(alphabet))];
		rules_comment((struct str){ id, len }, comment);
		rules_want(rules, &one, comment);
		rules_take(rules, true, &batch);
		rules_write(rules, batch.rules, batch.count, text);
		rules_refused(rules, batch.rules[0]);

		g_assert_true(g_str_has_prefix(text->str, "*filter\n-A rtp "));
		g_assert_true(g_str_has_suffix(text->str, " -j ACCEPT\nCOMMIT\n"));
		at = strchr(text->str, '\n') + 1;
		for (unsigned word = 0; word < 16; word++) {
			g_autofree char *got = read_word(&at);

			if (word == 13)
				g_assert_cmpstr(got, ==, comment);
			if (word == 15)
				g_assert_cmpstr(got, ==, "ACCEPT");
		}
		g_assert_cmpstr(at, ==, "\nCOMMIT\n");
	}
	g_string_free(text, TRUE);
	rules_free(rules);
}

static void test_chain_names(void)
{
	static const char *const good[] = { "rtpengine", "RTP-in_2", "media.v4", "a",
		"1234567890123456789012345678" };
	static const char *const bad[] = { "", "INPUT", "FORWARD", "OUTPUT", "-A", "!x", "#x",
		"a b", "a\nb", "a\"b", "a'b", "a\\b", "\xc3\xbc", "12345678901234567890123456789" };

	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_true(rules_chain_is_valid(good[i]));
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(rules_chain_is_valid(bad[i]));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/added-and-deleted", test_added_and_deleted);
	g_test_add_func("/rules/ip6-and-no-comment", test_ip6_and_no_comment);
	g_test_add_func("/rules/opened-and-closed", test_opened_and_closed_before_written);
	g_test_add_func("/rules/closed-and-opened", test_closed_and_opened_before_written);
	g_test_add_func("/rules/closings-can-wait", test_closings_can_wait);
	g_test_add_func("/rules/refused", test_refused_is_forgotten);
	g_test_add_func("/rules/put-back", test_put_back_comes_first);
	g_test_add_func("/rules/written-anew", test_written_anew);
	g_test_add_func("/rules/batches", test_batches_are_bounded);
	g_test_add_func("/rules/chain-ends-as-wanted", test_chain_ends_as_wanted);
	g_test_add_func("/rules/comments", test_comments);
	g_test_add_func("/rules/any-call-id", test_any_call_id_is_one_word);
	g_test_add_func("/rules/chain-names", test_chain_names);
	return g_test_run();
}
