/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our ports against those that the system hands out by itself. */
#include "net/ephemeral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

enum { PORTS = UINT16_MAX + 1 };

bool ephemeral_parse(const char *text, struct port_span *ret)
{
	unsigned first, last;

	if (sscanf(text, "%u %u", &first, &last) != 2 || first > last || last >= PORTS)
		return false;
	*ret = (struct port_span){ (uint16_t)first, (uint16_t)last };
	return true;
}

/* "first-last" or "port", at *text, which moves behind it and a comma. False at the end. */
static bool next_reserved(const char **text, struct port_span *ret)
{
	char *end;
	unsigned long first = strtoul(*text, &end, 10), last = first;

	if (end == *text)
		return false;
	if (*end == '-')
		last = strtoul(end + 1, &end, 10);
	if (first > last || last >= PORTS)
		return false;
	*ret = (struct port_span){ (uint16_t)first, (uint16_t)last };
	*text = end + (*end == ',');
	return true;
}

unsigned ephemeral_overlap(
	const struct port_span *ours, const struct port_span *system, const char *reserved)
{
	bool safe[PORTS] = { false };
	struct port_span span;
	unsigned count = 0;

	while (next_reserved(&reserved, &span))
		memset(&safe[span.first], true, (size_t)(span.last - span.first) + 1);
	for (unsigned port = ours->first; port <= ours->last; port++)
		count += port >= system->first && port <= system->last && !safe[port];
	return count;
}

unsigned ephemeral_overlap_here(const struct port_span *ours, struct port_span *ret_system)
{
	g_autofree char *range = NULL, *reserved = NULL;

	if (!g_file_get_contents("/proc/sys/net/ipv4/ip_local_port_range", &range, NULL, NULL) ||
		!ephemeral_parse(range, ret_system))
		return 0;
	g_file_get_contents("/proc/sys/net/ipv4/ip_local_reserved_ports", &reserved, NULL, NULL);
	return ephemeral_overlap(ours, ret_system, reserved ? reserved : "");
}
