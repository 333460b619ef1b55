/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * codec and its operations (spec NG 3.6.1), extmap (3.8): lists of names, from all forms in which
 * they come.
 */
#include "control/flags_priv.h"

#include "api/codec.h"

#include <stdint.h>
#include <string.h>

/* The lists, and whether they concern what is offered only, or that and what is played. */
static const struct {
	const char *name;
	size_t offset;
	bool offers_only, played;
} operations[] = {
	{ "strip", offsetof(struct codec_options, strip), false, false },
	{ "offer", offsetof(struct codec_options, offer), false, false },
	{ "except", offsetof(struct codec_options, except), false, false },
	{ "ignore", offsetof(struct codec_options, ignore), true, false },
	{ "transcode", offsetof(struct codec_options, transcode), true, false },
	{ "mask", offsetof(struct codec_options, mask), true, false },
	{ "consume", offsetof(struct codec_options, consume), true, false },
	{ "accept", offsetof(struct codec_options, accept), true, false },
	{ "set", offsetof(struct codec_options, set), true, true },
};

/* False: there is none of that name. *ret_list is NULL where it means nothing. */
static bool find_list(struct reading *r, struct str operation, const struct value ***ret_list)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(operations); i++) {
		if (!flag_value_is(operation, operations[i].name))
			continue;
		*ret_list = operations[i].offers_only && r->what != FLAGS_OFFER &&
					    !(operations[i].played && r->what == FLAGS_MEDIA)
				    ? NULL
				    : (void *)((char *)&r->o->codec + operations[i].offset);
		return true;
	}
	flag_warn(r, "unknown codec operation '%.*s' ignored", STR_ARG(operation));
	return false;
}

static void add_name(struct reading *r, const struct value **at, struct str name)
{
	struct dict *made = flag_memory(r);

	name = flag_trim(name);
	if (!name.len)
		return;
	if (!*at)
		*at = dict_add_list(made, dict_root(made), NULL);
	dict_add_str(made, (struct value *)(uintptr_t)*at, NULL, flag_unescape(r, name));
}

static void add_names(struct reading *r, const struct value **at, const struct value *v)
{
	struct str rest = value_str(v), part;

	if (v->type == VALUE_LIST)
		value_each (item, v)
			add_name(r, at, value_str(item));
	while (str_cut(&rest, ',', &part))
		add_name(r, at, part);
}

/* Like all of a flag's name, the operation may end with any of these (spec NG 3.12). */
static struct str cut_operation(struct str *text)
{
	struct str operation = { text->s, 0 };

	while (operation.len < text->len && !strchr("-_ ", text->s[operation.len]))
		operation.len++;
	*text = str_skip(*text, operation.len + 1);
	return operation;
}

/* A dictionary, or "OPERATION-NAME" behind the prefix. */
FLAG_FN(flag_codec)
{
	const struct value **at;
	struct str operation;

	if (v && v->type != VALUE_DICT) {
		flag_warn(r, "codec is no dictionary: ignored");
		return 0;
	}
	value_each (item, v)
		if (find_list(r, item->key, &at) && at)
			add_names(r, at, item);
	if (v)
		return 0;
	operation = cut_operation(&text);
	if (find_list(r, operation, &at) && at)
		add_name(r, at, text);
	return 0;
}

FLAG_FN(flag_transcode)
{
	(void)v;
	add_name(r, &r->o->codec.transcode, text);
	return 0;
}

static int take_ptime(struct reading *r, const struct value *v, int *ret_ms)
{
	int64_t ms = value_int(v, 0);

	if (ms < 1 || ms > CODEC_MAX_PTIME_MS)
		flag_warn(r, "%.*s is no number of milliseconds from 1 to %d: ignored",
			STR_ARG(v->key), CODEC_MAX_PTIME_MS);
	else
		*ret_ms = (int)ms;
	return 0;
}

FLAG_FN(flag_ptime)
{
	(void)text;
	return take_ptime(r, v, &r->o->codec.ptime_ms);
}

FLAG_FN(flag_ptime_reverse)
{
	(void)text;
	return take_ptime(r, v, &r->o->codec.ptime_reverse_ms);
}

FLAG_FN(flag_strip_extmap)
{
	(void)v;
	(void)text;
	add_name(r, &r->o->extmap.strip, STR_LIT("all"));
	return 0;
}

FLAG_FN(flag_extmap)
{
	struct extmap_options *o = &r->o->extmap;

	(void)text;
	value_each (item, v->type == VALUE_DICT ? v : NULL) {
		if (flag_value_is(item->key, "strip"))
			add_names(r, &o->strip, item);
		else if (flag_value_is(item->key, "mask"))
			add_names(r, &o->mask, item);
		else
			flag_warn(r, "unknown extmap operation '%.*s' ignored", STR_ARG(item->key));
	}
	return 0;
}
