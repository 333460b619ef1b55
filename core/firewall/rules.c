/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules wanted and present, and the text that makes the one of the other. */
#include "firewall/rules.h"

struct rules {
	const char *chain;
	GHashTable *by_addr; /* of struct rule, which it owns */
	struct list opening, closing;
	unsigned opening_count, closing_count, present_count;
};

void rules_comment(struct str call_id, char ret[RULES_COMMENT_BYTES])
{
	size_t len = MIN(call_id.len, RULES_COMMENT_BYTES - 1);

	for (size_t i = 0; i < len; i++)
		ret[i] = g_ascii_isprint(call_id.s[i]) ? call_id.s[i] : '?';
	ret[len] = '\0';
}

bool rules_chain_is_valid(const char *chain)
{
	static const char *const builtin[] = { "INPUT", "FORWARD", "OUTPUT", NULL };
	size_t len = strlen(chain);

	if (!len || len >= RULES_CHAIN_BYTES || strchr("-!#", chain[0]))
		return false;
	for (const char *c = chain; *c; c++)
		if (!g_ascii_isgraph(*c) || strchr("\"'\\", *c))
			return false;
	return !g_strv_contains(builtin, chain);
}

/* --- the table --- */

static void free_rule(void *data)
{
	struct rule *rule = data;

	g_free(rule->wanted);
	g_free(rule->present);
	g_free(rule);
}

struct rules *rules_new(const char *chain)
{
	struct rules *rules = g_new0(struct rules, 1);

	rules->chain = chain;
	rules->by_addr = g_hash_table_new_full(addr_key_hash, addr_key_equal, NULL, free_rule);
	list_init(&rules->opening);
	list_init(&rules->closing);
	return rules;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	g_hash_table_destroy(rules->by_addr);
	g_free(rules);
}

/* Out of whatever list of changes it is in. */
static void settle(struct rules *rules, struct rule *rule)
{
	if (list_empty(&rule->change))
		return;
	if (rule->wanted)
		rules->opening_count--;
	else
		rules->closing_count--;
	list_remove(&rule->change);
}

static void set_present(struct rules *rules, struct rule *rule, char *comment)
{
	rules->present_count -= rule->present != NULL;
	rules->present_count += comment != NULL;
	g_free(rule->present);
	rule->present = comment;
}

/* Into the list of changes that it belongs to, or away when there is nothing to be said of it. */
static void line_up(struct rules *rules, struct rule *rule)
{
	if (rule->wanted && g_strcmp0(rule->wanted, rule->present) != 0) {
		list_append(&rules->opening, &rule->change);
		rules->opening_count++;
	} else if (!rule->wanted && rule->present) {
		list_append(&rules->closing, &rule->change);
		rules->closing_count++;
	} else if (!rule->wanted) {
		g_hash_table_remove(rules->by_addr, &rule->addr);
	}
}

static void change(struct rules *rules, struct rule *rule, char *wanted)
{
	settle(rules, rule);
	g_free(rule->wanted);
	rule->wanted = wanted;
	line_up(rules, rule);
}

void rules_want(struct rules *rules, const struct addr *addr, const char *comment)
{
	struct rule *rule = g_hash_table_lookup(rules->by_addr, addr);

	if (!rule) {
		rule = g_new0(struct rule, 1);
		rule->addr = *addr;
		list_init(&rule->change);
		g_hash_table_insert(rules->by_addr, &rule->addr, rule);
	}
	change(rules, rule, g_strdup(comment));
}

void rules_unwant(struct rules *rules, const struct addr *addr)
{
	struct rule *rule = g_hash_table_lookup(rules->by_addr, addr);

	if (rule)
		change(rules, rule, NULL);
}

unsigned rules_opening(const struct rules *rules)
{
	return rules->opening_count;
}

unsigned rules_closing(const struct rules *rules)
{
	return rules->closing_count;
}

unsigned rules_present(const struct rules *rules)
{
	return rules->present_count;
}

/* --- batches --- */

static void take_from(struct rules *rules, struct list *changes, struct rules_batch *batch)
{
	while (!list_empty(changes) && batch->count < RULES_BATCH) {
		struct rule *rule = container_of(changes->next, struct rule, change);

		settle(rules, rule);
		batch->rules[batch->count++] = rule;
	}
}

void rules_take(struct rules *rules, bool closings, struct rules_batch *ret_batch)
{
	ret_batch->count = 0;
	take_from(rules, &rules->opening, ret_batch);
	if (closings)
		take_from(rules, &rules->closing, ret_batch);
}

void rules_done(struct rules *rules, struct rule *rule)
{
	set_present(rules, rule, g_strdup(rule->wanted));
	line_up(rules, rule);
}

void rules_refused(struct rules *rules, struct rule *rule)
{
	set_present(rules, rule, NULL);
	change(rules, rule, NULL);
}

void rules_put_back(struct rules *rules, struct rule *rule)
{
	struct list *changes = rule->wanted ? &rules->opening : &rules->closing;

	if (!rule->wanted && !rule->present) {
		line_up(rules, rule);
		return;
	}
	list_append(changes->next, &rule->change);
	*(rule->wanted ? &rules->opening_count : &rules->closing_count) += 1;
}

/* Does the chain have it, or is it to have it, whatever becomes of the changes? */
static bool is_settled(const struct rule *rule)
{
	return rule->wanted && g_strcmp0(rule->wanted, rule->present) == 0;
}

void rules_emptied(struct rules *rules)
{
	GHashTableIter iter;
	void *data;

	list_each_safe(it, &rules->closing)
	{
		struct rule *rule = container_of(it, struct rule, change);

		settle(rules, rule);
		rules_done(rules, rule);
	}
	g_hash_table_iter_init(&iter, rules->by_addr);
	while (g_hash_table_iter_next(&iter, NULL, &data))
		if (!is_settled(data))
			set_present(rules, data, NULL);
}

/* --- text --- */

/* The reader takes what is quoted as it is, but for what a backslash precedes. */
static void add_quoted(GString *text, const char *comment)
{
	g_string_append_c(text, '"');
	for (const char *c = comment; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *c);
	}
	g_string_append_c(text, '"');
}

static void add_rule(const struct rules *rules, const char *action, const struct addr *addr,
	const char *comment, GString *text)
{
	char ip[ADDR_TEXT];

	g_string_append_printf(text, "%s %s -d %s/%u -p udp -m udp --dport %u", action,
		rules->chain, addr_print_ip(addr, ip), addr->family == ADDR_IP6 ? 128 : 32,
		addr->port);
	if (*comment) {
		g_string_append(text, " -m comment --comment ");
		add_quoted(text, comment);
	}
	g_string_append(text, " -j ACCEPT\n");
}

static void add_rules(
	const struct rules *rules, struct rule *const *some, unsigned count, GString *text)
{
	for (unsigned i = 0; i < count; i++)
		if (some[i]->wanted)
			add_rule(rules, "-A", &some[i]->addr, some[i]->wanted, text);
}

void rules_write(
	const struct rules *rules, struct rule *const *some, unsigned count, GString *ret_text)
{
	g_string_assign(ret_text, "*filter\n");
	for (unsigned i = 0; i < count; i++)
		if (some[i]->present)
			add_rule(rules, "-D", &some[i]->addr, some[i]->present, ret_text);
	add_rules(rules, some, count, ret_text);
	g_string_append(ret_text, "COMMIT\n");
}

void rules_write_whole(
	const struct rules *rules, struct rule *const *some, unsigned count, GString *ret_text)
{
	GHashTableIter iter;
	void *data;

	g_string_printf(ret_text, "*filter\n-F %s\n", rules->chain);
	g_hash_table_iter_init(&iter, rules->by_addr);
	while (g_hash_table_iter_next(&iter, NULL, &data)) {
		const struct rule *rule = data;

		if (is_settled(rule))
			add_rule(rules, "-A", &rule->addr, rule->present, ret_text);
	}
	add_rules(rules, some, count, ret_text);
	g_string_append(ret_text, "COMMIT\n");
}
