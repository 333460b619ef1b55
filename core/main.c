/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon: set-up in order, signals and log lines while it runs, tear-down in the opposite
 * order. `struct daemon` holds what was made; each step undoes itself when it was not made.
 */
#include "daemon.h"

#include "base/plugin.h"
#include "base/clock.h"
#include "control/flags.h"
#include "control/proxies.h"
#include "control/settings.h"
#include "control/templates.h"
#include "control/thread.h"
#include "control/transcode_rules.h"
#include "log_writer.h"
#include "process.h"
#include "srtp/srtp.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

enum { SYSLOG_LEVELS = 8 };

static void block_signals(struct daemon *d)
{
	sigfillset(&d->signals);
	sigdelset(&d->signals, SIGABRT);
	sigdelset(&d->signals, SIGSEGV);
	sigdelset(&d->signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &d->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static const struct srtp_backend *srtp_backend_of(const struct config *c)
{
	return c->srtp_backend == CONFIG_SRTP_LIBSRTP2 ? srtp_backend_libsrtp2()
						       : srtp_backend_openssl();
}

/* Without the module media pass through here, unless that was ruled out (spec daemon 1.7). */
static int do_without_table(struct daemon *d, const struct err *err)
{
	const struct config *c = d->config;

	kmod_close(d->kmod);
	d->kmod = NULL;
	log_err("FAILED TO CREATE KERNEL TABLE %d (%s), KERNEL FORWARDING DISABLED", c->table,
		err->code == ENOENT  ? "No such file or directory: the module is not there"
		: err->code == EBUSY ? "Device or resource busy: another daemon has it"
				     : err->text);
	if (!c->no_fallback && c->offload != CONFIG_OFFLOAD_KMOD)
		return 0;
	return daemon_give_up(d, "", "Userspace fallback disallowed - exiting");
}

/* Before the fork, so that whoever starts us is told what is wrong. */
static int open_kernel_table(struct daemon *d)
{
	const struct config *c = d->config;
	struct err err;

	if (c->table < 0 || c->offload == CONFIG_OFFLOAD_NONE ||
		kmod_open((unsigned)c->table, (enum kmod_hook)c->kernel_hook, &d->kmod, &err) == 0)
		return 0;
	return do_without_table(d, &err);
}

/* Told without the prefix that other fatal errors have (spec daemon 1.3). */
static int open_recording(struct daemon *d)
{
	struct err err;

	if (recording_prepare(d->config, &d->privileges, &d->recording, &err) == 0)
		return 0;
	return daemon_give_up(d, "", err.text);
}

static int fork_and_write_pid(struct daemon *d)
{
	const struct config *c = d->config;
	struct err err;
	int ret;

	if (!c->foreground) {
		ret = process_daemonise();
		if (ret < 0)
			return daemon_give_up(d, "Failed to fork: ", g_strerror(-ret));
		log_daemonised();
		if (d->kmod && kmod_forked(d->kmod, &err) < 0 && do_without_table(d, &err))
			return EXIT_FATAL;
	}
	ret = c->pidfile ? process_write_pid(c->pidfile) : 0;
	if (ret < 0) {
		g_autofree char *text = g_strdup_printf(
			"Failed to create PID file (%s), aborting startup", g_strerror(-ret));

		return daemon_give_up(d, "", text);
	}
	return 0;
}

static void change_level(int by)
{
	int level = CLAMP((int)log_level() + by, 0, SYSLOG_LEVELS - 1);

	log_set_level((enum log_level)level);
	for (unsigned i = 0; i < LOG_TOPIC_COUNT; i++) {
		int own = log_topic_level((enum log_topic)i);

		if (own != LOG_LEVEL_GENERAL)
			log_topic_set_level(
				(enum log_topic)i, CLAMP(own + by, 0, SYSLOG_LEVELS - 1));
	}
	log_msg(LOG_L_INFO, "Set log level to %d", level);
}

/* False: it is time to stop. */
static bool take_signal(const struct daemon *d)
{
	struct signalfd_siginfo info;

	if (read(d->signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	switch (info.ssi_signo) {
	case SIGINT:
	case SIGTERM:
		return false;
	case SIGUSR1:
		change_level(-1);
		break;
	case SIGUSR2:
		change_level(1);
		break;
	default:
		break;
	}
	return true;
}

/* The main thread's work once all is started. */
static void run(struct daemon *d)
{
	struct pollfd fd = { .fd = d->signal_fd, .events = POLLIN };

	while (poll(&fd, 1, -1) < 0 || take_signal(d))
		continue;
}

static int load_sections(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;
	int ret = transcode_rules_load(c->config_file, c->transcode_config, err);

	if (ret < 0 || !c->templates || !*c->templates)
		return ret;
	d->templates = templates_new();
	d->control.templates = d->templates;
	return templates_load(d->templates, c->config_file, c->templates, err);
}

static int start_and_run(struct daemon *d)
{
	struct err err;
	int ret;

	if (privileges_find(d->config->user, d->config->group, &d->privileges, &err) < 0)
		return daemon_fatal(d, err.text);
	block_signals(d);
	process_raise_limits();
	d->thread = control_thread_new();
	if (!d->thread)
		return daemon_fatal(d, "No descriptors left");
	d->control.started_mono_us = clock_mono_us();
	d->control.proxies = proxies_new();
	d->control.settings = settings_new(d->set->values, daemon_apply_setting, d);
	if (load_sections(d, &err) < 0 || daemon_load_plugins(d, &err) < 0 ||
		daemon_open_network(d, &err) < 0)
		return daemon_fatal(d, err.text);
	ret = open_recording(d);
	if (!ret)
		ret = open_kernel_table(d);
	if (!ret)
		ret = fork_and_write_pid(d);
	if (ret)
		return ret;
	/* Nothing that needs root comes after this, and no thread before. */
	if (privileges_drop(&d->privileges, &err) < 0 || recording_check(&d->recording, &err) < 0)
		return daemon_fatal(d, err.text);
	d->signal_fd = signalfd(-1, &d->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signal_fd < 0 || log_writer_start() < 0)
		return daemon_fatal(d, "No descriptors or threads left");
	io_engine_log(&d->engine);
	if (daemon_start_threads(d, &err) < 0)
		return daemon_fatal(d, err.text);
	log_info("Startup complete, version %s", RTPENGINE_VERSION);
	process_notify("READY=1");
	run(d);
	process_notify("STOPPING=1");
	return EXIT_SUCCESS;
}

/* What is asked for instead of running; false: nothing. */
static bool print_and_exit(const struct config_set *set)
{
	switch (set->action) {
	case CONFIG_RUN:
	case CONFIG_CODECS:
		return false;
	case CONFIG_VERSION:
		fprintf(stderr, "Version: %s\n", RTPENGINE_VERSION);
		return true;
	case CONFIG_FLAGS:
		flags_print_reference(stdout);
		return true;
	default:
		config_print(set, stdout);
		return true;
	}
}

static void tell_ignored(const struct option *option)
{
	log_warn("'%s' in the config file is ignored: %s", option->name, option->unavailable);
}

int main(int argc, char **argv)
{
	struct daemon d = { .signal_fd = -1 };
	struct log_settings log;
	struct err err;
	int ret;

	if (config_load(argc, argv, &d.set, &err) < 0)
		return daemon_fatal(&d, err.text);
	if (d.set->action == CONFIG_PLUGIN_CONF) {
		ret = daemon_print_plugin_conf(&d);
		plugin_set_free(d.plugins);
		g_free(d.plugin_folder);
		config_set_free(d.set);
		return ret;
	}
	if (print_and_exit(d.set)) {
		config_set_free(d.set);
		return EXIT_SUCCESS;
	}
	d.config = &d.set->config;
	config_log_settings(d.config, &log);
	log_setup(&log);
	config_set_log_levels(d.config);
	option_tell_ignored(d.set->values, tell_ignored);
	srtp_use_backend(srtp_backend_of(d.config));
	daemon_find_dtmf_dest(&d);
	daemon_take_settings(&d);
	ret = d.set->action == CONFIG_CODECS ? daemon_print_codecs(&d) : start_and_run(&d);
	daemon_tear_down(&d, ret);
	return ret;
}
