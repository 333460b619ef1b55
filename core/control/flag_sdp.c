/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp-attr and sdp-media-remove (spec NG 3.8): what is to be changed in the body. */
#include "control/flags_priv.h"

#include <errno.h>
#include <stdint.h>

static struct sdp_edit *find_section(struct reading *r, struct str name)
{
	static const char *const names[SDP_EDIT_SECTIONS] = { "none", "audio", "video", "image",
		"message", "text", "application" };
	struct sdp_edits *edits = &r->o->edits;

	r->o->has_edits = true;
	if (flag_value_is(name, "global"))
		return &edits->section[SDP_EDIT_SESSION];
	for (unsigned i = 0; i < SDP_EDIT_SECTIONS; i++)
		if (flag_value_is(name, names[i]))
			return &edits->section[i];
	err_set(r->err, EINVAL, "unsupported sdp section");
	return NULL;
}

static const struct value **find_list(struct reading *r, struct sdp_edit *edit, struct str command)
{
	if (flag_value_is(command, "add"))
		return &edit->add;
	if (flag_value_is(command, "remove"))
		return &edit->remove;
	if (flag_value_is(command, "substitute"))
		return &edit->substitute;
	err_set(r->err, EINVAL, "unknown manipulation command");
	return NULL;
}

/* Lists grow by what each channel of flags has to say. */
static struct value *list_at(struct reading *r, const struct value **at)
{
	if (!*at)
		*at = dict_add_list(flag_memory(r), dict_root(flag_memory(r)), NULL);
	return (struct value *)(uintptr_t)*at;
}

static bool is_one_line(struct reading *r, struct str text)
{
	if (text.len && !memchr(text.s, '\n', text.len) && !memchr(text.s, '\r', text.len))
		return true;
	flag_warn(r, "sdp-attr: what is not one line is ignored");
	return false;
}

static void add_pair(struct reading *r, const struct value **at, struct str from, struct str to)
{
	struct value *pair;

	from = flag_unescape(r, from);
	to = flag_unescape(r, to);
	if (!is_one_line(r, from) || !is_one_line(r, to))
		return;
	pair = dict_add_list(flag_memory(r), list_at(r, at), NULL);
	dict_add_str(flag_memory(r), pair, NULL, from);
	dict_add_str(flag_memory(r), pair, NULL, to);
}

static int wrong_content(struct reading *r)
{
	return err_set(r->err, EINVAL, "wrong content given");
}

static int add_text(struct reading *r, struct sdp_edit *edit, const struct value **at, struct str s)
{
	struct str from;

	if (at != &edit->substitute) {
		s = flag_unescape(r, s);
		if (is_one_line(r, s))
			dict_add_str(flag_memory(r), list_at(r, at), NULL, s);
		return 0;
	}
	if (!str_cut(&s, '>', &from) || !s.s)
		return wrong_content(r);
	add_pair(r, at, from, s);
	return 0;
}

static int add_item(
	struct reading *r, struct sdp_edit *edit, const struct value **at, const struct value *item)
{
	const struct value *from = value_first(item);

	if (item->type == VALUE_STR)
		return add_text(r, edit, at, item->str);
	if (item->type == VALUE_INT)
		return 0;
	if (at != &edit->substitute || item->items.count != 2 || !value_is_str(from) ||
		!value_is_str(from->next))
		return wrong_content(r);
	add_pair(r, at, from->str, from->next->str);
	return 0;
}

static int read_list(struct reading *r, struct sdp_edit *edit, const struct value *list)
{
	const struct value **at = find_list(r, edit, list->key);
	struct str rest = value_str(list), part;
	int ret = 0;

	if (!at)
		return -EINVAL;
	if (list->type == VALUE_INT || list->type == VALUE_DICT)
		return wrong_content(r);
	value_each (item, list)
		ret = ret ? ret : add_item(r, edit, at, item);
	while (!ret && str_cut(&rest, ',', &part))
		ret = add_text(r, edit, at, part);
	return ret;
}

static int read_sections(struct reading *r, const struct value *v)
{
	value_each (section, v) {
		struct sdp_edit *edit = find_section(r, section->key);

		if (!edit)
			return -EINVAL;
		if (section->type != VALUE_DICT)
			return err_set(r->err, EINVAL, "wrong type used");
		value_each (list, section) {
			int ret = read_list(r, edit, list);

			if (ret)
				return ret;
		}
	}
	return 0;
}

/* A dictionary, or "COMMAND-SECTION-TEXT" behind the prefix. */
FLAG_FN(flag_sdp_attr)
{
	struct str rest = text, command, section;
	const struct value **at;
	struct sdp_edit *edit;

	if (v && v->type != VALUE_DICT)
		return err_set(r->err, EINVAL, "wrong type used");
	if (v)
		return read_sections(r, v);
	if (!str_cut(&rest, '-', &command) || !str_cut(&rest, '-', &section) || !rest.s)
		return wrong_content(r);
	edit = find_section(r, section);
	at = edit ? find_list(r, edit, command) : NULL;
	return at ? add_text(r, edit, at, rest) : -EINVAL;
}

static void remove_type(struct reading *r, struct str name)
{
	static const char *const names[] = { "audio", "video", "image", "message", "text",
		"application", "other" };

	while (name.len && *name.s == ' ')
		name = str_skip(name, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (flag_value_is(name, names[i])) {
			r->o->remove_media |= 1u << i;
			return;
		}
	flag_warn(r, "unknown sdp-media-remove '%.*s' ignored", STR_ARG(name));
}

FLAG_FN(flag_sdp_media_remove)
{
	struct str rest = text, part;

	if (v->type != VALUE_LIST && v->type != VALUE_STR)
		return err_set(r->err, EINVAL, "wrong type used");
	value_each (item, v) {
		if (item->type != VALUE_STR)
			return wrong_content(r);
		remove_type(r, item->str);
	}
	while (str_cut(&rest, ',', &part))
		remove_type(r, part);
	return 0;
}
