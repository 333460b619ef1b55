/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which attributes a client's changes concern; print.c asks for each line. */
#include "sdp/edit.h"

/* Attributes that can also be named by their first words, and by how many. */
static unsigned words_that_match(struct str name)
{
	static const char *const one[] = { "rtpmap", "fmtp", "rtcp-fb", "candidate", "fingerprint",
		"rtcp", "group" };

	if (str_is(name, "crypto"))
		return 2;
	for (unsigned i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		if (str_is(name, one[i]))
			return 1;
	return 0;
}

static bool find_remove(const struct sdp_edit *edit, struct str part)
{
	value_each (item, edit->remove)
		if (str_eq_nocase(value_str(item), part))
			return true;
	return false;
}

static bool find_substitute(const struct sdp_edit *edit, struct str part, struct str *ret_instead)
{
	value_each (item, edit->substitute) {
		const struct value *from = value_first(item);

		if (!str_eq_nocase(value_str(from), part))
			continue;
		*ret_instead = value_str(from->next);
		return true;
	}
	return false;
}

static enum sdp_edit_result look_up(
	const struct sdp_edit *edit, struct str part, struct str *ret_instead)
{
	if (find_remove(edit, part))
		return SDP_EDIT_REMOVE;
	return find_substitute(edit, part, ret_instead) ? SDP_EDIT_REPLACE : SDP_EDIT_KEEP;
}

/* The name first, then the longer forms, then all of it. */
enum sdp_edit_result sdp_edit_attr(
	const struct sdp_edit *edit, struct str text, struct str *ret_instead)
{
	struct str rest = text, name;
	enum sdp_edit_result result;
	unsigned words;

	if (!str_cut(&rest, ':', &name))
		return SDP_EDIT_KEEP;
	result = look_up(edit, name, ret_instead);
	words = words_that_match(name);
	while (result == SDP_EDIT_KEEP && words-- && rest.s) {
		struct str word;

		if (!str_token(&rest, &word))
			break;
		result = look_up(edit, (struct str){ text.s, (size_t)(word.s + word.len - text.s) },
			ret_instead);
	}
	return result == SDP_EDIT_KEEP ? look_up(edit, text, ret_instead) : result;
}
