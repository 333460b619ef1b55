/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's CLI, for the files of this folder: a command is a node of a tree of words
 * (tree.c); it prints its answer, and gets what it prints from internal commands of the daemon.
 */
#ifndef CLI_H
#define CLI_H

#include "api/host.h"

#include <glib.h>

/* One command line being carried out. */
struct cli {
	const struct host *host;
	GString *out;
};

struct cli_node {
	const char *word;
	const char *args; /* what follows, for usage; NULL: nothing */
	const char *help;
	/* `rest`: the line behind the word and one blank. NULL: a group. */
	void (*run)(struct cli *c, struct str rest);
	bool needs_args;                     /* an empty rest is refused */
	const struct cli_node *(*sub)(void); /* of a group; ended by a NULL word */
};

/* Finds and runs a command; the answer is appended to c->out. */
void cli_run(struct cli *c, struct str line);

/* Groups of the tree, ended by a NULL word. */
const struct cli_node *cli_list_nodes(void);
const struct cli_node *cli_set_nodes(void);
const struct cli_node *cli_params_nodes(void);

void cli_print(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The next word; what is left begins behind one blank. */
struct str cli_word(struct str *rest);
/*
 * An internal command with one string of its request; `key` may be NULL. The reply, which the
 * caller frees, or NULL.
 */
struct dict *cli_ask(struct cli *c, const char *command, const char *key, struct str value);

/* session.c */
void cli_list_sessions(struct cli *c, struct str rest);
void cli_call(struct cli *c, struct str rest);
void cli_terminate(struct cli *c, struct str rest);
void cli_debug(struct cli *c, struct str rest);
/* That something is not there in this build: one line. */
void cli_print_lack(struct cli *c, const char *what);
/* explain.c */
void cli_explain(struct cli *c, struct str rest);
/* totals.c */
void cli_list_totals(struct cli *c, struct str rest);
void cli_list_counters(struct cli *c, struct str rest);

#endif
