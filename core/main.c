/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon: set-up in order, signals and log lines while it runs, tear-down in the opposite
 * order. `struct daemon` holds what was made; each step undoes itself when it was not made.
 */
#include "base/clock.h"
#include "base/helper.h"
#include "base/log.h"
#include "base/plugin.h"
#include "base/ref.h"
#include "call/call.h"
#include "codec/registry.h"
#include "codec/rules.h"
#include "config.h"
#include "control/flags.h"
#include "control/host.h"
#include "control/listen_udp.h"
#include "control/proxies.h"
#include "control/report_udp.h"
#include "control/retrans.h"
#include "control/settings.h"
#include "control/templates.h"
#include "control/transcode_rules.h"
#include "control/thread.h"
#include "io_engine.h"
#include "log_writer.h"
#include "media/clips.h"
#include "net/ephemeral.h"
#include "net/iface.h"
#include "privileges.h"
#include "process.h"
#include "record/writers.h"
#include "recording.h"
#include "srtp/srtp.h"
#include "stats/counter.h"
#include "stats/reason.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

enum {
	EXIT_FATAL = 255, /* what clients' scripts know */
	MAX_LISTENERS = 64,
	SYSLOG_LEVELS = 8,
};

/* Of stored media that are played; beyond, no more are begun. */
static const size_t CLIPS_MAX_BYTES = (size_t)1024 * 1024 * 1024;

struct daemon {
	struct config_set *set;
	const struct config *config;
	struct call_settings settings;
	struct privileges privileges;
	struct iface_table *interfaces;
	struct io_engine engine;
	struct control_thread *thread;
	struct media_worker **workers;
	unsigned worker_count;
	struct helper_pool *helpers, *players;
	struct clips *clips;
	struct recording_setup recording;
	struct recorder *recorder;
	struct call_table *calls;
	struct control control;
	struct templates *templates;
	struct listen_udp *listeners[MAX_LISTENERS];
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
 * stderr is the log.
 */
static int give_up(const struct daemon *d, const char *prefix, const char *text)
{
	fprintf(stderr, "%s%s\n", prefix, text);
	if (!d->config || !d->config->log_stderr)
		syslog(LOG_CRIT, "CRIT: %s%s", prefix, text);
	return EXIT_FATAL;
}

static int fatal(const struct daemon *d, const char *text)
{
	return give_up(d, "Fatal error: ", text);
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

static enum plan_learn learning_of(const struct config *c)
{
	static const enum plan_learn ways[] = {
		[CONFIG_LEARN_HEURISTIC] = PLAN_LEARN_HEURISTIC,
		[CONFIG_LEARN_DELAYED] = PLAN_LEARN_DELAYED,
		[CONFIG_LEARN_IMMEDIATE] = PLAN_LEARN_IMMEDIATE,
		[CONFIG_LEARN_OFF] = PLAN_LEARN_OFF,
	};

	return ways[c->endpoint_learning];
}

static enum plan_sources sources_of(const struct config *c)
{
	static const enum plan_sources policies[] = {
		[CONFIG_SOURCES_LEARNED] = PLAN_SOURCES_LEARNED,
		[CONFIG_SOURCES_SIGNALLED] = PLAN_SOURCES_SIGNALLED,
		[CONFIG_SOURCES_ANY] = PLAN_SOURCES_ANY,
	};

	if (c->source_policy != CONFIG_SOURCES_NOT_GIVEN)
		return policies[c->source_policy];
	return c->compat == CONFIG_COMPAT_RTPENGINE ? PLAN_SOURCES_ANY : PLAN_SOURCES_LEARNED;
}

static const struct srtp_backend *srtp_backend_of(const struct config *c)
{
	return c->srtp_backend == CONFIG_SRTP_LIBSRTP2 ? srtp_backend_libsrtp2()
						       : srtp_backend_openssl();
}

static void tell_plugins(const struct value *data, void *arg)
{
	const struct daemon *d = arg;

	hosts_tell_dtmf(d->hosts, data);
}

static void take_settings(struct daemon *d)
{
	const struct config *c = d->config;

	d->settings = (struct call_settings){
		.helpers = d->helpers,
		.recorder = d->recorder,
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
		.dtmf_facility = config_facility(c->log_facility_dtmf),
		.dtmf_dest = d->dtmf_dest,
		.dtmf_no_log_injects = c->dtmf_no_log_injects,
		.dtmf_no_suppress = c->dtmf_no_suppress,
		.dtmf_digit_delay_ms = c->dtmf_digit_delay,
		.notify_dtmf = c->dtmf_log_ng_tcp ? tell_plugins : NULL,
		.notify_arg = d,
		.report = report_udp,
		.sip_source = c->sip_source,
		.log_srtp_keys = c->log_srtp_keys,
		.dtls_passive = c->dtls_passive,
		.dtls_mtu = c->dtls_mtu,
		.dtls = {
			.key = (enum dtls_key)c->dtls_cert_cipher,
			.rsa_bits = (unsigned)c->dtls_rsa_key_size,
			.sha1 = c->dtls_signature,
			.ciphers = c->dtls_ciphers,
			.name = c->software_id ? c->software_id
					       : "rtpengine-" RTPENGINE_VERSION,
		},
		.learning = learning_of(c),
		.sources = sources_of(c),
		.ssrc_reporting = (enum ssrc_reporting)c->ssrc_reporting,
		.clips = d->clips,
		.moh_max_ms = c->moh_max_duration,
		.moh_max_times = (unsigned)c->moh_max_repeats,
		.moh_attr = c->moh_attr_name,
		.moh_not_twice = c->moh_prevent_double_hold,
		.software_id = c->software_id ? c->software_id : "rtpengine-" RTPENGINE_VERSION,
	};
}

/* The CLI has changed an option. [control] */
static void apply_setting(const char *name, void *arg)
{
	struct daemon *d = arg;

	take_settings(d);
	call_table_look_again(d->calls);
	if (g_str_has_prefix(name, "log-level"))
		config_set_log_levels(d->config);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_set_tos(d->listeners[i], d->config->control_tos);
}

static bool has_option(const char *name, void *arg)
{
	(void)arg;
	return option_find(config_table(), name) != NULL;
}

/* Where --plugin-dir says; else beside the program, as it was built; else as installed. */
static char *find_plugin_folder(const struct config *c)
{
	g_autofree char *program = NULL, *parent = NULL;
	char *beside;

	if (c->plugin_dir)
		return g_strdup(c->plugin_dir);
	program = g_file_read_link("/proc/self/exe", NULL);
	parent = program ? g_path_get_dirname(program) : NULL;
	beside = parent ? g_build_filename(parent, "plugins", NULL) : NULL;
	if (beside && g_file_test(beside, G_FILE_TEST_IS_DIR))
		return beside;
	g_free(beside);
	return g_strdup(PLUGIN_DIR);
}

static const char *why_lacking(const char *plugin, void *arg)
{
	static char text[512];
	const struct daemon *d = arg;
	const char *why = plugin_set_why_not(d->plugins, plugin);

	if (plugin_set_find(d->plugins, plugin))
		return NULL;
	if (why)
		return why;
	g_snprintf(text, sizeof(text), "%s/%s.so is not there", d->plugin_folder, plugin);
	return text;
}

static int load_plugins(struct daemon *d, struct err *err)
{
	d->plugin_folder = find_plugin_folder(d->config);
	if (plugin_set_load(d->plugin_folder, has_option, NULL, &d->plugins, err) < 0 &&
		d->config->plugin_dir)
		return -EINVAL;
	return option_check_plugins(d->set->values, why_lacking, d, err);
}

/* There is no module to drive yet: as with one that is not loaded (spec daemon 1.7). */
static int open_kernel_table(const struct daemon *d)
{
	const struct config *c = d->config;

	if (c->table < 0)
		return 0;
	log_err("FAILED TO CREATE KERNEL TABLE %d (%s), KERNEL FORWARDING DISABLED", c->table,
		g_strerror(ENOENT));
	if (!c->no_fallback)
		return 0;
	return give_up(d, "", "Userspace fallback disallowed - exiting");
}

/* Told without the prefix that other fatal errors have (spec daemon 1.3). */
static int open_recording(struct daemon *d)
{
	struct err err;

	if (recording_prepare(d->config, &d->privileges, &d->recording, &err) == 0)
		return 0;
	return give_up(d, "", err.text);
}

static int open_listener(struct daemon *d, const char *text, struct err *err)
{
	struct addr addrs[MAX_LISTENERS];
	unsigned count;
	bool opened = false;

	if (addr_parse_listener(str_of(text), addrs, MAX_LISTENERS, &count) < 0)
		return err_set(err, EINVAL, "Invalid IP or port '%s' (--listen-ng)", text);
	for (unsigned i = 0; i < count; i++) {
		int ret;

		if (d->listener_count == MAX_LISTENERS)
			return err_set(err, ENOSPC, "Too many listeners");
		ret = listen_udp_new(&addrs[i], d->config->control_tos, &d->control,
			&d->listeners[d->listener_count], err);
		/* A port alone means what families there are. */
		if (ret == -EAFNOSUPPORT && count > 1 && i + 1 == count && opened) {
			log_warn("%s", err->text);
			continue;
		}
		if (ret < 0)
			return ret;
		opened = true;
		d->listener_count++;
		iface_exclude_port(d->interfaces, addrs[i].port);
	}
	return 0;
}

/* The first address of the name that was given; the options' check has found one. */
static void find_dtmf_dest(struct daemon *d)
{
	const char *text = d->config->dtmf_log_dest;
	struct addr addrs[MAX_LISTENERS];
	unsigned count;

	if (text && addr_parse_listener(str_of(text), addrs, MAX_LISTENERS, &count) == 0)
		d->dtmf_dest = addrs[0];
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
	struct port_span system;
	unsigned count = ephemeral_overlap_here(&ours, &system);

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
	if (!d->interfaces || io_engine_start(c, d->interfaces, &d->engine, err) < 0)
		return -EINVAL;
	warn_of_foreign_addresses(d->interfaces);
	warn_of_ephemeral_ports(c);
	for (char **text = c->listen_ng; text && *text; text++) {
		int ret = open_listener(d, *text, err);

		if (ret < 0)
			return ret;
	}
	d->hosts = hosts_new(&d->control, control_thread_context(d->thread), d->interfaces, err);
	if (!d->hosts)
		return -EMFILE;
	return plugin_set_init(d->plugins, hosts_add, d->hosts, err);
}

static int fork_and_write_pid(struct daemon *d)
{
	const struct config *c = d->config;
	int ret;

	if (!c->foreground) {
		ret = process_daemonise();
		if (ret < 0)
			return give_up(d, "Failed to fork: ", g_strerror(-ret));
		log_daemonised();
	}
	ret = c->pidfile ? process_write_pid(c->pidfile) : 0;
	if (ret < 0) {
		g_autofree char *text = g_strdup_printf(
			"Failed to create PID file (%s), aborting startup", g_strerror(-ret));

		return give_up(d, "", text);
	}
	return 0;
}

static void on_preloaded(struct clip *clip, const char *error, void *name)
{
	if (!clip)
		log_err("Failed to preload '%s': %s", (const char *)name, error);
}

/* Before there are calls; it is done when control runs. */
static void preload(struct daemon *d)
{
	enum { USUAL_HZ = 8000 };
	const struct config *c = d->config;

	if (!c->preload_media_files)
		return;
	clips_keep(d->clips, c->media_files_expire * INT64_C(1000000));
	for (char **name = c->preload_media_files; *name; name++) {
		struct clip_source *source;

		if (!strcmp(*name, "on-demand"))
			continue;
		source = clip_source_file(str_of(*name));
		clips_load(d->clips, source, USUAL_HZ, on_preloaded, *name);
		ref_drop(source);
	}
}

/* Without threads for it nothing is played. */
static int start_players(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;
	int threads = c->media_num_threads < 0 ? c->num_threads : c->media_num_threads;

	if (!threads)
		return 0;
	d->players = helper_pool_new((unsigned)threads, control_thread_mailbox(d->thread));
	if (!c->media_dir && clips_available())
		log_warn("Without --media-dir, control messages can have any file played that can "
			 "be read");
	if (clips_new(d->players, c->media_dir, CLIPS_MAX_BYTES, &d->clips, err) < 0)
		return -EINVAL;
	preload(d);
	return 0;
}

static int start_threads(struct daemon *d, struct err *err)
{
	struct mailbox *mailbox = control_thread_mailbox(d->thread);
	int ret = 0;

	d->worker_count = (unsigned)d->config->num_threads;
	d->workers = g_new0(struct media_worker *, d->worker_count);
	d->helpers = helper_pool_new(d->worker_count, mailbox);
	d->recorder = recording_start(&d->recording, d->helpers, control_thread_context(d->thread));
	if (start_players(d, err) < 0)
		return -EINVAL;
	take_settings(d);
	d->calls = call_table_new(
		d->workers, d->worker_count, mailbox, d->interfaces, &d->settings);
	ret = call_table_renew_cert(d->calls, err);
	if (ret < 0)
		return ret;
	d->control.calls = d->calls;
	d->control.retrans = retrans_new(RETRANS_MAX_BYTES);
	for (unsigned i = 0; i < d->worker_count; i++) {
		d->workers[i] = media_worker_new(i, mailbox, call_table_event, d->calls);
		if (!d->workers[i] || media_worker_use_engine(d->workers[i], d->engine.ports) < 0)
			return err_set(
				err, EMFILE, "Failed to start a thread (no descriptors left)");
	}
	for (unsigned i = 0; d->settings.rtcp_facility >= 0 && i < d->worker_count; i++)
		media_worker_on_rtcp(d->workers[i], call_table_rtcp, d->calls);
	for (unsigned i = 0; !ret && i < d->worker_count; i++)
		ret = media_worker_start(d->workers[i]);
	for (unsigned i = 0; i < d->listener_count; i++)
		listen_udp_start(d->listeners[i], control_thread_context(d->thread));
	io_engine_watch(&d->engine, control_thread_context(d->thread));
	if (!ret)
		ret = control_thread_start(d->thread, d->calls, d->workers, d->worker_count);
	return ret < 0 ? err_set(err, -ret, "Failed to start a thread (%s)", g_strerror(-ret)) : 0;
}

/*
 * Workers have ended; what they had is given back by running their last messages here.
 */
static void drop_calls(struct daemon *d)
{
	helper_pool_stop(d->helpers);
	clips_stop(d->clips);
	if (d->players)
		helper_pool_stop(d->players);
	mailbox_run(control_thread_mailbox(d->thread)); /* events for the table */
	call_table_free(d->calls);
	d->calls = NULL;
	for (unsigned i = 0; d->workers && i < d->worker_count; i++)
		while (d->workers[i] && mailbox_pending(media_worker_mailbox(d->workers[i])))
			media_worker_turn(d->workers[i]);
	while (mailbox_pending(control_thread_mailbox(d->thread)))
		mailbox_run(control_thread_mailbox(d->thread));
	recording_stop(&d->recording, d->recorder);
}

static void tear_down(struct daemon *d, int status)
{
	if (d->thread)
		control_thread_stop(d->thread);
	requests_drop(&d->control);
	plugin_set_close(d->plugins);
	hosts_free(d->hosts);
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
	proxies_free(d->control.proxies);
	settings_free(d->control.settings);
	templates_free(d->templates);
	clips_free(d->clips);
	helper_pool_free(d->players);
	helper_pool_free(d->helpers);
	control_thread_free(d->thread);
	iface_table_free(d->interfaces);
	io_engine_stop(&d->engine);
	report_udp_close();
	/* A log nobody reads must not keep us; its thread may still use what would be freed. */
	if (!log_writer_stop())
		_exit(status);
	codec_registry_clear();
	clips_add_player(NULL);
	writers_clear();
	codec_rules_clear();
	plugin_set_free(d->plugins);
	g_free(d->plugin_folder);
	config_set_free(d->set);
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

/* What was counted while we ran, for whoever reads the log afterwards. */
static void log_totals(void)
{
	g_autoptr(GString) text = g_string_new("Totals:");

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		if (counter_total(i))
			g_string_append_printf(text, " %s %llu,", counter_row(i)->name,
				(unsigned long long)counter_total(i));
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (reason_total(i))
			g_string_append_printf(text, " %s %llu,", reason_row(i)->name,
				(unsigned long long)reason_total(i));
	g_string_append_printf(text, " log lines dropped %llu", (unsigned long long)log_dropped());
	log_info("%s", text->str);
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
		return fatal(d, err.text);
	block_signals(d);
	process_raise_limits();
	d->thread = control_thread_new();
	if (!d->thread)
		return fatal(d, "No descriptors left");
	d->control.started_mono_us = clock_mono_us();
	d->control.proxies = proxies_new();
	d->control.settings = settings_new(d->set->values, apply_setting, d);
	if (load_sections(d, &err) < 0 || load_plugins(d, &err) < 0 || open_network(d, &err) < 0)
		return fatal(d, err.text);
	ret = open_recording(d);
	if (!ret)
		ret = open_kernel_table(d);
	if (!ret)
		ret = fork_and_write_pid(d);
	if (ret)
		return ret;
	/* Nothing that needs root comes after this, and no thread before. */
	if (privileges_drop(&d->privileges, &err) < 0 || recording_check(&d->recording, &err) < 0)
		return fatal(d, err.text);
	d->signal_fd = signalfd(-1, &d->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signal_fd < 0 || log_writer_start() < 0)
		return fatal(d, "No descriptors or threads left");
	io_engine_log(&d->engine);
	if (start_threads(d, &err) < 0)
		return fatal(d, err.text);
	log_info("Startup complete, version %s", RTPENGINE_VERSION);
	process_notify("READY=1");
	run(d);
	process_notify("STOPPING=1");
	log_totals();
	log_info("Version %s shutting down", RTPENGINE_VERSION);
	return EXIT_SUCCESS;
}

/* Only those that bring codecs. A plugin_host_fn. */
static const struct host *codec_host(const struct plugin *plugin, void *arg)
{
	return plugin->kind == PLUGIN_CODEC ? hosts_add(plugin, arg) : NULL;
}

static int print_codecs(struct daemon *d)
{
	struct err err = { 0 };
	int ret;

	d->control.settings = settings_new(d->set->values, apply_setting, d);
	ret = load_plugins(d, &err);
	if (!ret) {
		d->hosts = hosts_new(&d->control, NULL, NULL, &err);
		ret = d->hosts ? plugin_set_init(d->plugins, codec_host, d->hosts, &err) : -EMFILE;
	}
	if (!ret)
		codec_print_table(stdout);
	return ret ? fatal(d, err.text) : EXIT_SUCCESS;
}

static int print_plugin_conf(struct daemon *d)
{
	const char *name = d->set->config.print_plugin_conf;
	const struct plugin *plugin;
	struct err err;

	d->plugin_folder = find_plugin_folder(&d->set->config);
	if (plugin_set_load(d->plugin_folder, has_option, NULL, &d->plugins, &err) < 0)
		return fatal(d, err.text);
	plugin = plugin_set_find(d->plugins, name);
	if (!plugin)
		return fatal(d, why_lacking(name, d));
	option_print_plugin_conf(config_table(), plugin, "rtpengine", stdout);
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

int main(int argc, char **argv)
{
	struct daemon d = { .signal_fd = -1 };
	struct log_settings log;
	struct err err;
	int ret;

	if (config_load(argc, argv, &d.set, &err) < 0)
		return fatal(&d, err.text);
	if (d.set->action == CONFIG_PLUGIN_CONF) {
		ret = print_plugin_conf(&d);
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
	srtp_use_backend(srtp_backend_of(d.config));
	find_dtmf_dest(&d);
	take_settings(&d);
	ret = d.set->action == CONFIG_CODECS ? print_codecs(&d) : start_and_run(&d);
	tear_down(&d, ret);
	return ret;
}
