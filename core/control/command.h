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

struct clips;
struct proxies;
struct retrans;
struct settings;
struct templates;
struct waits;

/* What commands work on. But for the calls each may be NULL. */
struct control {
	struct call_table *calls;
	const struct templates *templates; /* NULL: none */
	struct retrans *retrans;           /* stored answers; NULL: repeats are carried out again */
	struct proxies *proxies;           /* who sends commands */
	struct settings *settings;         /* what the operator may change */
	GArray *plugin_commands;           /* struct plugin_command */
	struct waits *waits; /* requests that wait; NULL before the first one (request.c) */
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
 * Where an answer goes that comes later. `send` is called once and frees it; s NULL: there will be
 * no answer.
 */
struct answer_to {
	void (*send)(struct answer_to *to, struct str answer);
};

/* Makes one, when it turns out that it is needed. */
typedef struct answer_to *(*answer_to_fn)(void *arg);

/*
 * request.c. One message: cookie, stored answer or decode, command, encode, store. True: the answer
 * was appended to `reply`. False: there is none (no cookie), or it goes where `later` says; while
 * a request waits for something, those of the same call behind it wait, too.
 */
bool request_take(struct control *control, struct str message, const struct addr *client,
	answer_to_fn later, void *arg, GString *reply);
/* The same for who cannot wait: what has to block does. */
bool request_handle(
	struct control *control, struct str message, const struct addr *client, GString *reply);
/* Requests that wait are forgotten; whoever was to get the answer is told that there is none. */
void requests_drop(struct control *control);
/*
 * An error reply to a message that cannot have another (its own does not fit), in the message's
 * encoding; appended to `reply`.
 */
void request_refuse(struct str message, const char *text, GString *reply);
/* The commands, one name a line. */
void command_print_names(FILE *out);

#endif
