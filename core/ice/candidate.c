/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=candidate, read and written. */
#include "ice/candidate.h"

#include <errno.h>
#include <stdio.h>

#include <glib.h>

enum {
	MAX_INDEX = 65535,
	MAX_CREDENTIAL = 256,
	MIN_UFRAG = 4,
	MIN_PWD = 22,
	PREFERENCE_SHIFT = 24, /* of a type in a priority */
};

static const struct {
	const char *name;
	unsigned preference;
} types[] = {
	[ICE_HOST] = { "host", 126 },
	[ICE_PRFLX] = { "prflx", 110 },
	[ICE_SRFLX] = { "srflx", 100 },
	[ICE_RELAY] = { "relay", 0 },
};

static bool is_ice_char(char c)
{
	return g_ascii_isalnum(c) || c == '+' || c == '/';
}

static bool is_ice_text(struct str text, size_t min, size_t max)
{
	if (text.len < min || text.len > max)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_ice_char(text.s[i]))
			return false;
	return true;
}

bool ice_ufrag_valid(struct str ufrag)
{
	return is_ice_text(ufrag, MIN_UFRAG, MAX_CREDENTIAL);
}

bool ice_pwd_valid(struct str pwd)
{
	return is_ice_text(pwd, MIN_PWD, MAX_CREDENTIAL);
}

static bool read_number(struct str text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!g_ascii_isdigit(text.s[i]))
			return false;
		value = value * 10 + (uint64_t)(text.s[i] - '0');
		if (value > max)
			return false;
	}
	*ret_value = value;
	return true;
}

static bool read_type(struct str text, uint8_t *ret_type)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
		if (str_is_nocase(text, types[i].name)) {
			*ret_type = (uint8_t)i;
			return true;
		}
	return false;
}

/* Pairs of name and value; those that cannot be read are as if they were not there. */
static void read_extensions(struct str rest, struct addr *ret_related)
{
	struct addr addr = { 0 };
	struct str name, value;
	uint64_t port = 0;

	while (str_token(&rest, &name) && str_token(&rest, &value)) {
		if (str_is_nocase(name, "raddr"))
			addr_parse_ip(value, &addr);
		else if (str_is_nocase(name, "rport"))
			read_number(value, 65535, &port);
	}
	if (addr.family)
		*ret_related = addr_with_port(addr, (uint16_t)port);
}

int ice_candidate_parse(struct str value, struct ice_candidate *ret_candidate)
{
	struct ice_candidate c = { 0 };
	struct str foundation, part[7];
	uint64_t component, priority, port;

	if (!str_token(&value, &foundation))
		return -EBADMSG;
	for (unsigned i = 0; i < G_N_ELEMENTS(part); i++)
		if (!str_token(&value, &part[i]))
			return -EBADMSG;
	if (!is_ice_text(foundation, 1, ICE_MAX_FOUNDATION) ||
		!read_number(part[0], 256, &component) || !component ||
		!read_number(part[2], UINT32_MAX, &priority) || !priority ||
		!read_number(part[4], 65535, &port) || !str_is_nocase(part[5], "typ"))
		return -EBADMSG;
	if (component > ICE_COMPONENTS || !str_is_nocase(part[1], "udp") ||
		!addr_parse_ip(part[3], &c.addr) || !read_type(part[6], &c.type))
		return -ENOTSUP;
	if (!port || addr_is_unspecified(&c.addr))
		return -EBADMSG;
	memcpy(c.foundation, foundation.s, foundation.len);
	c.component = (uint8_t)component;
	c.priority = (uint32_t)priority;
	c.addr.port = (uint16_t)port;
	read_extensions(value, &c.related);
	*ret_candidate = c;
	return 0;
}

size_t ice_candidate_print(const struct ice_candidate *c, char out[ICE_CANDIDATE_TEXT])
{
	char ip[ADDR_TEXT];
	int n = snprintf(out, ICE_CANDIDATE_TEXT, "%s %u UDP %u %s %u typ %s", c->foundation,
		c->component, c->priority, addr_print_ip(&c->addr, ip), c->addr.port,
		types[c->type].name);

	if (c->related.family)
		n += snprintf(out + n, ICE_CANDIDATE_TEXT - (size_t)n, " raddr %s rport %u",
			addr_print_ip(&c->related, ip), c->related.port);
	return (size_t)n;
}

uint32_t ice_priority_of(unsigned preference, unsigned index, unsigned component)
{
	return preference << PREFERENCE_SHIFT | (MAX_INDEX - MIN(index, (unsigned)MAX_INDEX)) << 8 |
	       (256 - component);
}

uint32_t ice_priority(enum ice_type type, unsigned index, unsigned component)
{
	return ice_priority_of(types[type].preference, index, component);
}

uint32_t ice_priority_prflx(uint32_t priority)
{
	return types[ICE_PRFLX].preference << PREFERENCE_SHIFT |
	       (priority & ((1U << PREFERENCE_SHIFT) - 1));
}

uint64_t ice_pair_priority(uint32_t controlling, uint32_t controlled)
{
	return ((uint64_t)MIN(controlling, controlled) << 32) +
	       ((uint64_t)MAX(controlling, controlled) << 1) + (controlling > controlled);
}
