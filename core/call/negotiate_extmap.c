/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which header extensions a client means, by the names in a=extmap (RFC 8285). */
#include "call/negotiate.h"

static struct str name_of(const struct sdp_attr *extmap)
{
	struct str rest = extmap->value, id, name = STR_NULL;

	if (!str_token(&rest, &id) || !str_token(&rest, &name))
		return STR_NULL;
	return name;
}

bool negotiate_extmap_named(const struct value *list, const struct sdp_attr *extmap)
{
	struct str name = name_of(extmap);

	value_each (item, list)
		if (str_eq_nocase(value_str(item), name) || str_is_nocase(value_str(item), "all"))
			return true;
	return false;
}

bool negotiate_extmap_is_mid(const struct sdp_attr *extmap)
{
	return str_is(name_of(extmap), SDP_EXTENSION_MID);
}

unsigned negotiate_extmap_id(const struct sdp_attr *extmap)
{
	unsigned id = 0;

	for (size_t i = 0; i < extmap->value.len && i < 3; i++) {
		char c = extmap->value.s[i];

		if (c < '0' || c > '9')
			break;
		id = id * 10 + (unsigned)(c - '0');
	}
	return id <= 255 ? id : 0;
}
