/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * codec and its operations (spec NG 3.6.1), extmap (3.8): lists of names, from all forms in which
 * they come.
 */
#include "control/flags_priv.h"

#include <errno.h>
#include <stdint.h>

static int refuse(struct reading *r, struct str operation)
{
	/* They concern what is offered: elsewhere they mean nothing. */
	if (r->what != FLAGS_OFFER)
		return 0;
	return err_set(r->err, ENOTSUP,
		"codec-%.*s cannot be done: transcoding is not supported by this build",
		STR_ARG(operation));
}

static bool needs_transcoding(struct str operation)
{
	static const char *const names[] = { "transcode", "mask", "consume", "accept", "set" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (flag_value_is(operation, names[i]))
			return true;
	return false;
}

static const struct value **find_list(struct reading *r, struct str operation)
{
	struct codec_options *codec = &r->o->codec;

	if (flag_value_is(operation, "strip"))
		return &codec->strip;
	if (flag_value_is(operation, "offer"))
		return &codec->offer;
	if (flag_value_is(operation, "except"))
		return &codec->except;
	if (flag_value_is(operation, "ignore"))
		return &codec->ignore;
	return NULL;
}

static void add_name(struct reading *r, const struct value **at, struct str name)
{
	struct dict *made = flag_memory(r);

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

static int read_operation(struct reading *r, const struct value *v)
{
	const struct value **at = find_list(r, v->key);

	if (!at && needs_transcoding(v->key))
		return refuse(r, v->key);
	if (!at) {
		flag_warn(r, "unknown codec operation '%.*s' ignored", STR_ARG(v->key));
		return 0;
	}
	add_names(r, at, v);
	return 0;
}

/* A dictionary, or "OPERATION-NAME" behind the prefix. */
FLAG_FN(flag_codec)
{
	const struct value **at;
	struct str operation;
	int ret = 0;

	if (v && v->type != VALUE_DICT) {
		flag_warn(r, "codec is no dictionary: ignored");
		return 0;
	}
	if (v) {
		value_each (item, v)
			ret = ret ? ret : read_operation(r, item);
		return ret;
	}
	str_cut(&text, '-', &operation);
	at = find_list(r, operation);
	if (!at && needs_transcoding(operation))
		return refuse(r, operation);
	if (!at)
		flag_warn(r, "unknown codec operation '%.*s' ignored", STR_ARG(operation));
	else
		add_name(r, at, text);
	return 0;
}

FLAG_FN(flag_transcode)
{
	(void)v;
	(void)text;
	return refuse(r, STR_LIT("transcode"));
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
