/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies with placeholders: put in, expanded, compared; see text.h. */
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct macro {
	const char *name;
	const char *lines; /* @ is the argument */
};

static const struct macro macros[] = {
	{ "HA", "v=0\no=ann 8100 3 IN IP4 192.0.2.10\ns=call\nc=IN IP4 192.0.2.10\nt=0 0" },
	{ "HB", "v=0\no=ben 9200 7 IN IP4 198.51.100.20\ns=-\nc=IN IP4 198.51.100.20\nt=0 0" },
	{ "RA", "v=0\no=ann 8100 3 IN IP4 192.0.2.10\ns=call\nt=0 0" },
	{ "RB", "v=0\no=ben 9200 7 IN IP4 198.51.100.20\ns=-\nt=0 0" },
	{ "DTMF", "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16" },
	{ "M0", "m=audio @ RTP/AVP 0\nc=IN IP4 LIP\na=rtpmap:0 PCMU/8000\na=sendrecv\na=rtcp:@+1" },
	{ "MV", "m=video @ RTP/AVP 99\nc=IN IP4 LIP\na=rtpmap:99 VP8/90000\na=sendrecv\n"
		"a=rtcp:@+1" },
};

struct random_text {
	const char *name;
	const char *set;
	size_t len; /* 0: any number, at least one */
};

#define ALNUM "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define DIGITS64 ALNUM "+/"
#define BASE64   DIGITS64 "="

static const struct random_text random_texts[] = {
	{ "<KEY38>", DIGITS64, 38 },
	{ "<KEY40>", DIGITS64, 40 },
	{ "<KEY51>", DIGITS64, 51 },
	{ "<KEY59>", DIGITS64, 59 },
	{ "<KEY62>", DIGITS64, 62 },
	{ "<KEY64>", BASE64, 64 },
	{ "<INST>", "0123456789abcdef", 12 },
	{ "<TLSID>", "0123456789abcdef", 32 },
	{ "<FP>", "0123456789ABCDEF:", 0 },
	{ "<UFRAG>", ALNUM, 8 },
	{ "<PWD>", ALNUM, 26 },
	{ "<FND>", ALNUM, 16 },
	{ "<FND2>", ALNUM, 16 },
	{ "<SID>", "0123456789", 0 },
	{ "<SVER>", "0123456789", 0 },
};

/* Longer names first. */
static const char *const addresses[][2] = {
	{ "LIP2", "203.0.113.2" },
	{ "LIP4", "203.0.113.4" },
	{ "LIP6", "2001:db8::4" },
	{ "LIP", "203.0.113.1" },
};

GArray *port_names_new(void)
{
	return g_array_new(FALSE, TRUE, sizeof(struct port_name));
}

struct port_name *port_name_find(GArray *names, const char *name)
{
	for (unsigned i = 0; i < names->len; i++) {
		struct port_name *p = &g_array_index(names, struct port_name, i);

		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

void text_put_addresses(GString *text)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++)
		g_string_replace(text, addresses[i][0], addresses[i][1], 0);
}

static void add_lines(GPtrArray *out, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **l = lines; *l; l++) {
		g_autoptr(GString) line = g_string_new(*l);

		text_put_addresses(line);
		g_ptr_array_add(out, g_strdup(line->str));
	}
}

static bool add_macro(GPtrArray *out, const char *line)
{
	char name[16], argument[32] = "";

	if (sscanf(line, "{%15[A-Z0-9] %31[^}]}", name, argument) < 1)
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(macros); i++) {
		g_autoptr(GString) text = g_string_new(macros[i].lines);

		if (strcmp(name, macros[i].name))
			continue;
		g_string_replace(text, "@", argument, 0);
		add_lines(out, text->str);
		return true;
	}
	return false;
}

GPtrArray *text_expand(char *const *lines, unsigned count)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < count; i++) {
		const char *line = lines[i] + strspn(lines[i], " ");

		if (*line != '{' || !add_macro(out, line))
			add_lines(out, line);
	}
	return out;
}

/* "$P12" or "$K12" at `at` → the name's length, or 0. */
static size_t name_length(const char *at)
{
	size_t len = 2;

	if (at[0] != '$' || (at[1] != 'P' && at[1] != 'K') || !isdigit(at[2]))
		return 0;
	while (isdigit(at[len]))
		len++;
	return len;
}

static void cut_name(const char *at, size_t len, char *name, size_t room)
{
	g_snprintf(name, room, "%.*s", (int)len, at);
}

static bool is_plus_one(const char *at)
{
	return at[0] == '+' && at[1] == '1' && !isdigit(at[2]);
}

bool text_put_ports(GString *line, GArray *names)
{
	for (size_t i = 0; i < line->len; i++) {
		size_t len = name_length(line->str + i);
		const struct port_name *p;
		char text[16];
		unsigned port;

		if (!len)
			continue;
		cut_name(line->str + i, len, text, sizeof(text));
		p = port_name_find(names, text);
		if (!p)
			return false;
		port = p->addr.port;
		if (is_plus_one(line->str + i + len)) {
			port++;
			len += 2;
		}
		g_string_erase(line, (gssize)i, (gssize)len);
		g_snprintf(text, sizeof(text), "%u", port);
		g_string_insert(line, (gssize)i, p->key[0] ? p->key : text);
	}
	return true;
}

/* --- comparing --- */

struct matching {
	GArray *names;
	struct port_name section; /* the one the m= line before bound; name[0] 0: none */
	bool single;              /* … with RTCP on the same port */
	GString *why;
};

static bool match_port(struct matching *m, const char **expected, const char **actual)
{
	size_t len = name_length(*expected);
	unsigned long port = strtoul(*actual, (char **)actual, 10);
	struct port_name found = { 0 };
	const struct port_name *known;

	cut_name(*expected, len, found.name, sizeof(found.name));
	*expected += len;
	if (is_plus_one(*expected)) {
		*expected += 2;
		port--;
	}
	known = port_name_find(m->names, found.name);
	if (known)
		return known->addr.port == port;
	addr_parse_ip(str_of(addresses[3][1]), &found.addr);
	found.addr.port = (uint16_t)port;
	g_array_append_val(m->names, found);
	m->section = found;
	return port > 0 && port < 65536;
}

/* A key that was not seen before, or the same again. */
static bool match_key(struct matching *m, const char **expected, const char **actual)
{
	size_t len = name_length(*expected);
	struct port_name found = { 0 };
	const struct port_name *known;

	cut_name(*expected, len, found.name, sizeof(found.name));
	*expected += len;
	len = MIN(strspn(*actual, BASE64), sizeof(found.key) - 1);
	memcpy(found.key, *actual, len);
	*actual += len;
	known = port_name_find(m->names, found.name);
	if (known)
		return !strcmp(known->key, found.key);
	for (unsigned i = 0; i < m->names->len; i++)
		if (!strcmp(g_array_index(m->names, struct port_name, i).key, found.key))
			return false;
	g_array_append_val(m->names, found);
	return len > 0;
}

static const struct random_text *find_random(const char *at)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(random_texts); i++)
		if (!strncmp(at, random_texts[i].name, strlen(random_texts[i].name)))
			return &random_texts[i];
	return NULL;
}

static bool match_line(struct matching *m, const char *expected, const char *actual)
{
	while (*expected) {
		const struct random_text *random = find_random(expected);
		size_t len;

		if (random) {
			len = strspn(actual, random->set);
			if (!len || (random->len && len != random->len))
				return false;
			actual += len;
			expected += strlen(random->name);
		} else if (name_length(expected)) {
			if (!(expected[1] == 'K' ? match_key : match_port)(m, &expected, &actual))
				return false;
		} else if (*expected++ != *actual++) {
			return false;
		}
	}
	return !*actual;
}

/* At the end of a section: now it is known which address its port is of, and if it is shared. */
static bool close_section(struct matching *m)
{
	struct port_name *name;

	if (!m->section.name[0])
		return true;
	name = port_name_find(m->names, m->section.name);
	name->addr = m->section.addr;
	for (unsigned i = 0; i < m->names->len; i++) {
		const struct port_name *p = &g_array_index(m->names, struct port_name, i);

		if (p == name || !addr_equal(&p->addr, &name->addr))
			continue;
		g_string_append_printf(m->why, "%s is the same port as %s", name->name, p->name);
		return false;
	}
	if (name->addr.port % 2 && !m->single) {
		g_string_append_printf(m->why, "%s is odd: %u", name->name, name->addr.port);
		return false;
	}
	m->section.name[0] = '\0';
	m->single = false;
	return true;
}

static void note_connection(struct matching *m, const char *line)
{
	struct addr addr;

	if (!m->section.name[0] || strncmp(line, "c=IN IP", 7) || strlen(line) < 9)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++)
		if (!strcmp(line + 9, addresses[i][1]) && addr_parse_ip(str_of(line + 9), &addr))
			m->section.addr = addr_with_port(addr, m->section.addr.port);
}

static bool match_one(struct matching *m, const char *expected, const char *actual)
{
	char same[32];

	if (!strncmp(actual, "m=", 2) && !close_section(m))
		return false;
	if (!match_line(m, expected, actual)) {
		g_string_append_printf(m->why, "expected %s\n#      got %s", expected, actual);
		return false;
	}
	note_connection(m, actual);
	g_snprintf(same, sizeof(same), "a=rtcp:%u", m->section.addr.port);
	m->single = m->single || !strcmp(actual, same);
	return true;
}

bool text_match(const GPtrArray *lines, struct str body, GArray *names, GString *why)
{
	g_autofree char *copy = g_strndup(body.s ? body.s : "", body.len);
	g_auto(GStrv) actual = g_strsplit(copy, "\r\n", -1);
	unsigned count = g_strv_length(actual);
	struct matching m = { .names = names, .why = why };

	for (unsigned i = 0; i < lines->len; i++) {
		if (i + 1 >= count) {
			g_string_append_printf(
				why, "the body ends before %s", (const char *)lines->pdata[i]);
			return false;
		}
		if (!match_one(&m, lines->pdata[i], actual[i]))
			return false;
	}
	if (!count || actual[lines->len][0] || count != lines->len + 1) {
		g_string_append_printf(why, "the body goes on with %s",
			count > lines->len ? actual[lines->len] : "nothing");
		return false;
	}
	return close_section(&m);
}
