/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon as a whole, between main.c (order, signals, the end), daemon_settings.c (options as calls
 * want them), daemon_plugins.c, daemon_network.c (what is listened on) and daemon_threads.c. [main]
 */
#ifndef DAEMON_H
#define DAEMON_H

#include "call/call.h"
#include "config.h"
#include "control/command.h"
#include "firewall/firewall.h"
#include "io_engine.h"
#include "offload/kmod.h"
#include "privileges.h"
#include "recording.h"

#include <signal.h>

enum {
	EXIT_FATAL = 255, /* what clients' scripts know */
	DAEMON_MAX_LISTENERS = 64,
};

/* What was made; NULL or 0: not yet. */
struct daemon {
	struct config_set *set;
	const struct config *config;
	struct call_settings settings;
	struct privileges privileges;
	struct iface_table *interfaces;
	struct io_engine engine;
	struct firewall *firewall; /* NULL: ports get no rules */
	struct control_thread *thread;
	struct media_worker **workers;
	unsigned worker_count;
	struct helper_pool *helpers, *players;
	struct clips *clips;
	struct recording_setup recording;
	struct recorder *recorder;
	struct kmod *kmod;                  /* its table, until `offload` has it; NULL: none */
	struct offload *offload;            /* NULL: all media pass through here */
	struct helper_pool *offload_helper; /* its own: what is taken back must not wait */
	struct call_table *calls;
	struct control control;
	struct templates *templates;
	struct listen_udp *listeners[DAEMON_MAX_LISTENERS];
	unsigned listener_count;
	struct addr dtmf_dest; /* --dtmf-log-dest; ADDR_NONE: not given */
	char *plugin_folder;
	struct plugin_set *plugins;
	struct hosts *hosts;
	int signal_fd;
	sigset_t signals;
};

/*
 * The last words, whatever the log's level: on stderr while there is one, and in syslog unless
 * stderr is the log. Returns EXIT_FATAL.
 */
int daemon_give_up(const struct daemon *d, const char *prefix, const char *text);
int daemon_fatal(const struct daemon *d, const char *text);

/* Options into d->settings, with what has been made by then. */
void daemon_take_settings(struct daemon *d);
/* The CLI has changed an option; `arg` is the daemon. [control] */
void daemon_apply_setting(const char *name, void *arg);
/* The first address of --dtmf-log-dest; the options' check has found one. */
void daemon_find_dtmf_dest(struct daemon *d);

/* Loads and checks them, and that none is missing which an option needs. 0 or -errno and `err`. */
int daemon_load_plugins(struct daemon *d, struct err *err);
/* Instead of running: the exit status. */
int daemon_print_codecs(struct daemon *d);
int daemon_print_plugin_conf(struct daemon *d);

/* Interfaces, the port engine, listeners; plugins begin. 0 or -errno and `err`. */
int daemon_open_network(struct daemon *d, struct err *err);

/* All threads and what they work on. 0 or -errno and `err`. */
int daemon_start_threads(struct daemon *d, struct err *err);
/* Everything there is is given back, in the opposite order; `status` is that of the process. */
void daemon_tear_down(struct daemon *d, int status);

#endif
