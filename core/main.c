/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon: set-up in order, signals and log lines while it runs, tear-down in the opposite
 * order. `struct daemon` holds what was made; each step undoes itself when it was not made.
 */
#include "base/log.h"
#include "call/call.h"
#include "codec/registry.h"
#include "config.h"
#include "control/flags.h"
#include "control/listen_udp.h"
#include "control/retrans.h"
#include "control/templates.h"
#include "control/thread.h"
#include "net/ephemeral.h"
#include "net/iface.h"
#include "privileges.h"
#include "process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	EXIT_FATAL = 255, /* what clients' scripts know */
	MAX_LISTENERS = 64,
	SYSLOG_LEVELS = 8,
};

struct daemon {
	struct config_set *set;
	const struct config *config;
	struct call_settings settings;
	struct privileges privileges;
	struct iface_table *interfaces;
	struct control_thread *thread;
	struct media_worker **workers;
	unsigned worker_count;
	struct call_table *calls;
	struct control control;
	struct templates *templates;
	struct listen_udp *listeners[MAX_LISTENERS];
	unsigned listener_count;
	int signal_fd;
	sigset_t signals;
};

static int log_wake_fd = -1;

static int fatal(const char *text)
{
	fprintf(stderr, "Fatal error: %s\n", text);
	return EXIT_FATAL;
}

/* As above, once there is a log: CRIT goes to stderr, too, unless that is the log. */
static int fatal_logged(const char *text)
{
	log_msg(LOG_L_CRIT, "Fatal error: %s", text);
	return EXIT_FATAL;
}

static void wake_main(void)
{
	uint64_t one = 1;

	if (write(log_wake_fd, &one, sizeof(one)) < 0)
		return; /* already counted up: main will look */
}

static void block_signals(struct daemon *d)
{
	sigfillset(&d->signals);
	sigdelset(&d->signals, SIGABRT);
	sigdelset(&d->signals, SIGSEGV);
	sigdelset(&d->signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &d->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void take_settings(struct daemon *d)
{
	const struct config *c = d->config;

	d->settings = (struct call_settings){
		.timeout_s = c->timeout,
		.silent_timeout_s = c->silent_timeout,
		.offer_timeout_s = c->offer_timeout,
		.final_timeout_s = c->final_timeout,
		.delete_delay_s = c->delete_delay,
		.max_sessions = c->max_sessions,
		.max_load = c->max_load,
		.max_cpu = c->max_cpu,
		.max_bandwidth_bytes = c->max_bandwidth,
		.tos = c->tos,
		.cdr_facility = config_facility(c->log_facility_cdr),
		.rtcp_facility = config_facility(c->log_facility_rtcp),
		.sip_source = c->sip_source,
		.learn = c->endpoint_learning != CONFIG_LEARN_OFF,
		.software_id = c->software_id ? c->software_id : "rtpengine-" RTPENGINE_VERSION,
	};
}

/* There is no module to drive yet: as with one that is not loaded (spec daemon 1.7). */
static int open_kernel_table(const struct config *c)
{
	if (c->table < 0)
		return 0;
	log_err("FAILED TO CREATE KERNEL TABLE %d (%s), KERNEL FORWARDING DISABLED", c->table,
		g_strerror(ENOENT));
	if (!c->no_fallback)
		return 0;
	log_msg(LOG_L_CRIT, "Userspace fallback disallowed - exiting");
	return EXIT_FATAL;
}

static int open_listener(struct daemon *d, const char *text, struct err *err)
{
	struct addr addrs[MAX_LISTENERS];
	unsigned count;

	if (addr_parse_listener(str_of(text), addrs, MAX_LISTENERS, &count) < 0)
		return err_set(err, EINVAL, "Invalid IP or port '%s' (--listen-ng)", text);
	for (unsigned i = 0; i < count; i++) {
		int ret;

		if (d->listener_count == MAX_LISTENERS)
			return err_set(err, ENOSPC, "Too many listeners");
		ret = listen_udp_new(&addrs[i], d->config->control_tos, &d->control,
			&d->listeners[d->listener_count], err);
		if (ret < 0)
			return ret;
		d->listener_count++;
		iface_exclude_port(d->interfaces, addrs[i].port);
	}
	return 0;
}

/* Better told at start than by the first call; the address may come later, so it is no error. */
static void warn_of_foreign_addresses(const struct iface_table *table)
{
	for (unsigned i = 0; i < iface_count(table); i++)
		for (unsigned n = 0; n < iface_at(table, i)->addr_count; n++) {
			const struct iface_addr *a = &iface_at(table, i)->addrs[n];
			struct port *port;
			struct err err;

			if (port_engine_epoll()->open(&a->local, 0, &port, &err) == 0)
				port->engine->close(port);
			else
				log_warn("Interface '%s' cannot be used now: %s",
					iface_at(table, i)->name, err.text);
		}
}

static void warn_of_ephemeral_ports(const struct config *c)
{
	const struct port_span ours = { (uint16_t)c->port_min, (uint16_t)c->port_max };
	g_autofree char *range = NULL, *reserved = NULL;
	struct port_span system;
	unsigned count;

	if (!g_file_get_contents("/proc/sys/net/ipv4/ip_local_port_range", &range, NULL, NULL) ||
		!ephemeral_parse(range, &system))
		return;
	g_file_get_contents("/proc/sys/net/ipv4/ip_local_reserved_ports", &reserved, NULL, NULL);
	count = ephemeral_overlap(&ours, &system, reserved ? reserved : "");
	if (count)
		log_warn("%u of the ports %u-%u are also handed out by the system (%u-%u): other "
			 "programs may hold them; net.ipv4.ip_local_reserved_ports keeps them free",
			count, ours.first, ours.last, system.first, system.last);
}

static int open_network(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;

	d->interfaces = iface_table_new((const char *const *)c->interface, (uint16_t)c->port_min,
		(uint16_t)c->port_max, port_engine_epoll(), err);
	if (!d->interfaces)
		return -EINVAL;
	warn_of_foreign_addresses(d->interfaces);
	warn_of_ephemeral_ports(c);
	for (char **text = c->listen_ng; text && *text; text++) {
		int ret = open_listener(d, *text, err);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int fork_and_write_pid(struct daemon *d)
{
	const struct config *c = d->config;
	int ret;

	if (!c->foreground) {
		ret = process_daemonise();
		if (ret < 0) {
			log_msg(LOG_L_CRIT, "Failed to fork (%s)", g_strerror(-ret));
			return EXIT_FATAL;
		}
		log_daemonised();
	}
	ret = c->pidfile ? process_write_pid(c->pidfile) : 0;
	if (ret < 0) {
		log_msg(LOG_L_CRIT, "Failed to create PID file (%s), aborting startup",
			g_strerror(-ret));
		return EXIT_FATAL;
	}
	return 0;
}

static int start_threads(struct daemon *d, struct err *err)
{
	struct mailbox *mailbox = control_thread_mailbox(d->thread);
	int ret = 0;

	d->worker_count = (unsigned)d->config->num_threads;
	d->workers = g_new0(struct media_worker *, d->worker_count);
	d->calls = call_table_new(
		d->workers, d->worker_count, mailbox, d->interfaces, &d->settings);
	d->control.calls = d->calls;
	d->control.retrans = retrans_new(RETRANS_MAX_BYTES);
	for (unsigned i = 0; i < d->worker_count; i++)
		d->workers[i] = media_worker_new(i, mailbox, call_table_event, d->calls);
	for (unsigned i = 0; d->settings.rtcp_facility >= 0 && i < d->worker_count; i++)
		media_worker_on_rtcp(d->workers[i], call_table_rtcp, d->calls);
	for (unsigned i = 0; !ret && i < d->worker_count; i++)
		ret = media_worker_start(d->workers[i]);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_start(d->listeners[i], control_thread_context(d->thread));
	if (!ret)
		ret = control_thread_start(d->thread, d->calls, d->workers, d->worker_count);
	return ret < 0 ? err_set(err, -ret, "Failed to start a thread (%s)", g_strerror(-ret)) : 0;
}

/*
 * Workers have ended; what they had is given back by running their last messages here.
 */
static void drop_calls(struct daemon *d)
{
	mailbox_run(control_thread_mailbox(d->thread)); /* events for the table */
	call_table_free(d->calls);
	d->calls = NULL;
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		while (d->workers[i] && mailbox_pending(media_worker_mailbox(d->workers[i])))
			media_worker_turn(d->workers[i]);
	while (mailbox_pending(control_thread_mailbox(d->thread)))
		mailbox_run(control_thread_mailbox(d->thread));
}

static void tear_down(struct daemon *d)
{
	if (d->thread)
		control_thread_stop(d->thread);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_free(d->listeners[i]);
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		if (d->workers[i])
			media_worker_stop(d->workers[i]);
	if (d->thread)
		drop_calls(d);
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		media_worker_free(d->workers[i]);
	g_free(d->workers);
	retrans_free(d->control.retrans);
	templates_free(d->templates);
	control_thread_free(d->thread);
	iface_table_free(d->interfaces);
	log_stop_ring();
	config_set_free(d->set);
}

static void change_level(int by)
{
	int level = CLAMP((int)log_level() + by, 0, SYSLOG_LEVELS - 1);

	log_set_level((enum log_level)level);
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

static void take_log_lines(void)
{
	uint64_t count;

	if (read(log_wake_fd, &count, sizeof(count)) == sizeof(count))
		log_drain();
}

/* The main thread's work: signals, and writing what others log. */
static void run(struct daemon *d)
{
	struct pollfd fds[] = {
		{ .fd = d->signal_fd, .events = POLLIN },
		{ .fd = log_wake_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			take_log_lines();
		if (fds[0].revents && !take_signal(d))
			return;
	}
}

static int open_descriptors(struct daemon *d)
{
	d->signal_fd = signalfd(-1, &d->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	log_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return d->signal_fd < 0 || log_wake_fd < 0 ? -errno : 0;
}

static int load_templates(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;

	if (!c->templates || !*c->templates)
		return 0;
	d->templates = templates_new();
	d->control.templates = d->templates;
	return templates_load(d->templates, c->config_file, c->templates, err);
}

static int start_and_run(struct daemon *d)
{
	struct err err;
	int ret;

	if (privileges_find(d->config->user, d->config->group, &d->privileges, &err) < 0)
		return fatal_logged(err.text);
	block_signals(d);
	process_raise_limits();
	d->thread = control_thread_new();
	if (load_templates(d, &err) < 0 || open_network(d, &err) < 0)
		return fatal_logged(err.text);
	ret = open_kernel_table(d->config);
	if (!ret)
		ret = fork_and_write_pid(d);
	if (ret)
		return ret;
	/* Nothing that needs root comes after this, and no thread before. */
	if (privileges_drop(&d->privileges, &err) < 0)
		return fatal_logged(err.text);
	if (open_descriptors(d) < 0)
		return fatal_logged("No descriptors left");
	log_start_ring(wake_main);
	if (start_threads(d, &err) < 0)
		return fatal_logged(err.text);
	log_info("Startup complete, version %s", RTPENGINE_VERSION);
	process_notify("READY=1");
	run(d);
	process_notify("STOPPING=1");
	log_info("Version %s shutting down", RTPENGINE_VERSION);
	return EXIT_SUCCESS;
}

/* What is asked for instead of running. */
static bool print_and_exit(const struct config_set *set)
{
	switch (set->action) {
	case CONFIG_RUN:
		return false;
	case CONFIG_VERSION:
		fprintf(stderr, "Version: %s\n", RTPENGINE_VERSION);
		return true;
	case CONFIG_CODECS:
		codec_print_table(stdout);
		return true;
	case CONFIG_FLAGS:
		flags_print_reference(stdout);
		return true;
	default:
		config_print(set, stdout);
		return true;
	}
}

int main(int argc, char **argv)
{
	struct daemon d = { .signal_fd = -1 };
	struct log_settings log;
	struct err err;
	int ret;

	if (config_load(argc, argv, &d.set, &err) < 0)
		return fatal(err.text);
	if (print_and_exit(d.set)) {
		config_set_free(d.set);
		return EXIT_SUCCESS;
	}
	d.config = &d.set->config;
	config_log_settings(d.config, &log);
	log_setup(&log);
	take_settings(&d);
	ret = start_and_run(&d);
	tear_down(&d);
	return ret;
}
