/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bodies as scripts write them: placeholders for common parts, for our addresses, for ports that
 * are ours to choose and for random text.
 */
#ifndef FLOW_TEXT_H
#define FLOW_TEXT_H

#include "net/addr.h"

#include <glib.h>

/* $P1, $P2, … and $K1, …: found when a reply shows them, the same from then on. */
struct port_name {
	char name[16];
	struct addr addr; /* with the port; its address is that of the section's c= line */
	char key[72];     /* of $K1: base64 */
};

/* Names found so far: struct port_name. */
GArray *port_names_new(void);
/* NULL: not found yet. */
struct port_name *port_name_find(GArray *names, const char *name);
/* What LIP, LIP2, LIP4, LIP6 stand for is put in, anywhere in the text. */
void text_put_addresses(GString *text);
/* A script's lines as lines of a body: {HA}, {M0 $P1} and so on give several. */
GPtrArray *text_expand(char *const *lines, unsigned count);
/* $P1 and $P1+1 replaced by numbers, in lines that are sent. False: not known yet. */
bool text_put_ports(GString *line, GArray *names);
/*
 * Is `body` what `lines` say, each ended by CRLF? New names are added; each stands for a port of
 * its own, an even one unless RTCP is on it too. If not, `why` says where.
 */
bool text_match(const GPtrArray *lines, struct str body, GArray *names, GString *why);

#endif
