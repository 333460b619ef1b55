/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of flags strings; see rtpp_flags.h. What the words mean is in flags.c. */
#include "control/rtpp_flags.h"

#include <errno.h>
#include <stdint.h>

/* Words that say in parts which profile is wanted. */
struct profile {
	bool given, secure, feedback, dtls;
	struct str full; /* a whole profile's name; s NULL: none */
};

struct reading_text {
	struct dict *dict;
	struct str rest;
	struct err *err;
	struct value *direction; /* the list that words about directions go to; NULL: none yet */
	struct profile profile;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct reading_text *r)
{
	while (r->rest.len && is_blank(*r->rest.s))
		r->rest = str_skip(r->rest, 1);
}

static bool take(struct reading_text *r, char c)
{
	if (!r->rest.len || *r->rest.s != c)
		return false;
	r->rest = str_skip(r->rest, 1);
	return true;
}

/* Up to a blank, or one of `ends`. */
static struct str take_word(struct reading_text *r, const char *ends)
{
	struct str word = { r->rest.s, 0 };

	while (word.len < r->rest.len && !is_blank(word.s[word.len]) &&
		!memchr(ends, word.s[word.len], strlen(ends)))
		word.len++;
	r->rest = str_skip(r->rest, word.len);
	return word;
}

/* Behind a "[": is the first element "key=…"? */
static bool begins_dict(struct reading_text r)
{
	take_word(&r, "=[]");
	return r.rest.len && *r.rest.s == '=';
}

static int read_value(struct reading_text *r, struct value *parent, struct str key, unsigned depth);

static int read_dict(struct reading_text *r, struct value *into, unsigned depth)
{
	for (;;) {
		struct str key;
		int ret;

		skip_blanks(r);
		if (!r->rest.len || take(r, ']'))
			return 0;
		key = take_word(r, "=[]");
		if (!take(r, '=') && !key.len)
			r->rest = str_skip(r->rest, 1); /* a "[" that nothing is named for */
		ret = read_value(r, into, key, depth);
		if (ret < 0)
			return ret;
	}
}

static int read_list(struct reading_text *r, struct value *list, unsigned depth)
{
	for (;;) {
		int ret;

		skip_blanks(r);
		if (!r->rest.len || take(r, ']'))
			return 0;
		ret = read_value(r, list, STR_NULL, depth);
		if (ret < 0)
			return ret;
	}
}

/* A word, or what stands in brackets. `depth`: brackets around it. */
static int read_value(struct reading_text *r, struct value *parent, struct str key, unsigned depth)
{
	if (!take(r, '[')) {
		struct value *v = dict_add(r->dict, parent, key, VALUE_STR);

		v->str = take_word(r, depth ? "]" : "");
		return 0;
	}
	if (depth == RTPP_FLAGS_MAX_DEPTH)
		return err_set(r->err, ELOOP, "Flags string is nested too deeply");
	skip_blanks(r);
	if (begins_dict(*r))
		return read_dict(r, dict_add(r->dict, parent, key, VALUE_DICT), depth + 1);
	return read_list(r, dict_add(r->dict, parent, key, VALUE_LIST), depth + 1);
}

static void add_word(struct reading_text *r, struct value *into, struct str word)
{
	dict_add_str(r->dict, dict_add_list(r->dict, into, "flags"), NULL, word);
}

static void add_direction(struct reading_text *r, struct value *into, struct str name)
{
	if (!r->direction)
		r->direction = dict_add_list(r->dict, into, "direction");
	dict_add_str(r->dict, r->direction, NULL, name);
}

static bool is_profile(struct str word)
{
	static const char *const names[] = { "RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF",
		"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "udptl" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is_nocase(word, names[i]))
			return true;
	return false;
}

/* RTP, SRTP, AVP, AVPF, DTLS, or a whole name. */
static bool is_part_of_profile(struct profile *p, struct str word)
{
	if (is_profile(word)) {
		p->full = word;
	} else if (str_is(word, "SRTP")) {
		p->secure = true;
	} else if (str_is(word, "AVPF")) {
		p->feedback = true;
	} else if (str_is(word, "DTLS")) {
		p->dtls = true;
	} else if (!str_is(word, "RTP") && !str_is(word, "AVP")) {
		return false;
	}
	p->given = true;
	return true;
}

static void add_profile(struct reading_text *r, struct value *into)
{
	static const char *const names[2][2] = {
		{ "RTP/AVP", "RTP/AVPF" },
		{ "RTP/SAVP", "RTP/SAVPF" },
	};
	const struct profile *p = &r->profile;
	struct str name = p->full;

	if (!p->given)
		return;
	if (!name.s && p->dtls)
		name = str_of(p->feedback ? "UDP/TLS/RTP/SAVPF" : "UDP/TLS/RTP/SAVP");
	else if (!name.s)
		name = str_of(names[p->secure][p->feedback]);
	dict_add_str(r->dict, into, "transport-protocol", name);
}

/* Keys that take one codec each and are otherwise flags with it behind a hyphen. */
static bool is_codec_key(struct str key)
{
	static const char *const names[] = { "transcode", "codec-transcode", "codec-strip",
		"codec-offer", "codec-mask", "codec-set", "codec-accept", "codec-except",
		"codec-consume", "codec-ignore" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is_nocase(key, names[i]))
			return true;
	return false;
}

static int read_key(struct reading_text *r, struct value *into, struct str key)
{
	bool bracket = r->rest.len && *r->rest.s == '[';

	if (is_codec_key(key) && !bracket) {
		/* "codec-strip=PCMA" is the flag "codec-strip-PCMA". */
		struct str word = { key.s, key.len + 1 + take_word(r, "").len };
		char *text = (char *)(uintptr_t)dict_copy(r->dict, word).s;

		text[key.len] = '-';
		add_word(r, into, (struct str){ text, word.len });
		return 0;
	}
	if (str_is_nocase(key, "direction") && !bracket) {
		add_direction(r, into, take_word(r, ""));
		return 0;
	}
	if (str_is_nocase(key, "to-tag"))
		add_word(r, into, STR_LIT("to-tag"));
	else if (str_is_nocase(key, "from-tag"))
		add_word(r, into, STR_LIT("directional"));
	return read_value(r, into, key, 0);
}

int rtpp_flags_parse(struct str text, struct dict *dict, struct value *into, struct err *err)
{
	struct reading_text r = { .dict = dict, .rest = text, .err = err };

	for (;;) {
		struct str word;
		int ret = 0;

		skip_blanks(&r);
		if (!r.rest.len)
			break;
		word = take_word(&r, "=");
		if (take(&r, '='))
			ret = read_key(&r, into, word);
		else if (str_is(word, "internal") || str_is(word, "external"))
			add_direction(&r, into, word);
		else if (!is_part_of_profile(&r.profile, word))
			add_word(&r, into, word);
		if (ret < 0)
			return ret;
	}
	add_profile(&r, into);
	return 0;
}
