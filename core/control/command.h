/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands: a request's tree in, a reply's tree out (spec NG 2), and the way from a message to
 * that (spec NG 1). Nothing here knows where messages come from. [control]
 */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "api/dict.h"
#include "api/host.h"
#include "call/call.h"

#include <glib.h>
#include <stdio.h>

struct proxies;
struct retrans;
struct settings;
struct templates;

/* What commands work on. But for the calls each may be NULL. */
struct control {
	struct call_table *calls;
	const struct templates *templates; /* NULL: none */
	struct retrans *retrans;           /* stored answers; NULL: repeats are carried out again */
	struct proxies *proxies;           /* who sends commands */
	struct settings *settings;         /* what the operator may change */
	GArray *plugin_commands;           /* struct plugin_command */
	int64_t started_mono_us;
};

/* A command that a plugin carries out; see struct host. */
struct plugin_command {
	const char *name;
	host_command_fn run;
	void *arg;
};

/*
 * Carries out `request`; the reply is built in `reply`, "result" last. Strings in it may point
 * into the request and into calls: encode it before either changes.
 */
void command_run(struct control *control, const struct value *request, const struct addr *client,
	struct dict *reply);
/*
 * One message: cookie, stored answer or decode, command, encode, store. False: there is
 * nothing to answer with (no cookie). Appends the answer to `reply`.
 */
bool request_handle(
	struct control *control, struct str message, const struct addr *client, GString *reply);
/*
 * An error reply to a message that cannot have another (its own does not fit), in the message's
 * encoding; appended to `reply`.
 */
void request_refuse(struct str message, const char *text, GString *reply);
/* The commands, one name a line. */
void command_print_names(FILE *out);

#endif
