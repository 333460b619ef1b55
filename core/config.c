/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading the daemon's settings: command line before file before default, then the checks that
 * involve more than one option or have texts of their own. The options are in config_table.c.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <glib.h>

#include "firewall/firewall.h"
#include "net/addr.h"
#include "rtp/telephone_event.h"

static const struct {
	const char *name; /* as the choices of config_table.c, in their order */
	int facility;
} facilities[] = {
	{ "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV },
	{ "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON },
	{ "ftp", LOG_FTP },
	{ "kern", LOG_KERN },
	{ "lpr", LOG_LPR },
	{ "mail", LOG_MAIL },
	{ "news", LOG_NEWS },
	{ "syslog", LOG_SYSLOG },
	{ "user", LOG_USER },
	{ "uucp", LOG_UUCP },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

/* Those this process may run on: containers and taskset give fewer than the machine has. */
static int usable_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return (int)g_get_num_processors();
	return CPU_COUNT(&set);
}

static bool was_given(const struct config_set *set, const char *name)
{
	return option_source(set->values, name) != OPTION_DEFAULT;
}

static void list_facilities(void)
{
	fputs("available facilities:", stderr);
	for (unsigned i = 0; i < G_N_ELEMENTS(facilities); i++)
		fprintf(stderr, " %s", facilities[i].name);
	fputc('\n', stderr);
}

/* Only shows the choices; option_check refuses. */
static void help_with_facilities(const struct config_set *set)
{
	const struct config *config = &set->config;

	if (config->log_facility < 0 ||
		(config->log_facility_cdr < 0 && was_given(set, "log-facility-cdr")) ||
		(config->log_facility_rtcp < 0 && was_given(set, "log-facility-rtcp")) ||
		(config->log_facility_dtmf < 0 && was_given(set, "log-facility-dtmf")))
		list_facilities();
}

static int check_mandatory(const struct config *config, struct err *err)
{
	if (!config->interface)
		return err_set(err, EINVAL, "Cannot start without any configured interfaces");
	if (!config->listen_tcp && !config->listen_udp && !config->listen_ng &&
		!config->listen_tcp_ng)
		return err_set(err, EINVAL,
			"Missing option --listen-tcp, --listen-udp, --listen-ng, "
			"--listen-tcp-ng, --listen-http, or --listen-https");
	return 0;
}

static int check_ports(const struct config *config, struct err *err)
{
	if (config->port_min <= config->port_max)
		return 0;
	return err_set(err, EINVAL, "Invalid RTP port range: %d to %d (--port-min, --port-max)",
		config->port_min, config->port_max);
}

/* The query gets the wanted id as its only parameter. */
static int check_mysql_query(const struct config *config, struct err *err)
{
	const char *query = config->mysql_query;
	unsigned n = 0;

	if (!query)
		return 0;
	if (!strstr(query, "%llu"))
		return err_set(err, EINVAL, "No '%%llu' present in --mysql-query='%s'", query);
	for (const char *c = query; *c; c++)
		n += *c == '%';
	if (n > 1)
		return err_set(err, EINVAL,
			"Too many '%%' placeholders (%u) present in --mysql-query='%s'", n, query);
	return 0;
}

static int bad_address(const char *text, const char *option, struct err *err)
{
	return err_set(err, EINVAL, "Invalid IP or port '%s' (--%s)", text, option);
}

/* Listeners: [HOST:]PORT. */
static int check_listeners(char *const *texts, const char *option, struct err *err)
{
	struct addr addrs[8];
	unsigned count;

	for (; texts && *texts; texts++)
		if (addr_parse_listener(str_of(*texts), addrs, G_N_ELEMENTS(addrs), &count) < 0)
			return bad_address(*texts, option, err);
	return 0;
}

/* Whom we connect to: HOST:PORT, with a host that is one. */
static int check_peer(const char *text, const char *option, struct err *err)
{
	struct addr addrs[8];
	unsigned count;

	if (!text)
		return 0;
	if (!strchr(text, ':') ||
		addr_parse_listener(str_of(text), addrs, G_N_ELEMENTS(addrs), &count) < 0 ||
		addr_is_unspecified(&addrs[0]))
		return bad_address(text, option, err);
	return 0;
}

/* [PW@]HOST:PORT/DB */
static int check_redis(const char *text, const char *option, struct err *err)
{
	const char *slash = text ? strrchr(text, '/') : NULL;
	const char *at = text ? strrchr(text, '@') : NULL;
	g_autofree char *endpoint = NULL;
	struct err ignored;

	if (!text)
		return 0;
	if (slash && slash[1] && strspn(slash + 1, "0123456789") == strlen(slash + 1)) {
		const char *host = at && at < slash ? at + 1 : text;

		endpoint = g_strndup(host, (gsize)(slash - host));
		if (!check_peer(endpoint, option, &ignored))
			return 0;
	}
	return err_set(
		err, EINVAL, "Invalid Redis endpoint [IP:PORT/INT] '%s' (--%s)", text, option);
}

static int check_addresses(const struct config *c, struct err *err)
{
	int rc = check_listeners(c->listen_tcp, "listen-tcp", err);

	rc = rc ? rc : check_listeners(c->listen_udp, "listen-udp", err);
	rc = rc ? rc : check_listeners(c->listen_ng, "listen-ng", err);
	rc = rc ? rc : check_listeners(c->listen_cli, "listen-cli", err);
	rc = rc ? rc : check_peer(c->graphite, "graphite", err);
	rc = rc ? rc : check_peer(c->homer, "homer", err);
	rc = rc ? rc : check_peer(c->dtmf_log_dest, "dtmf-log-dest", err);
	rc = rc ? rc : check_redis(c->redis, "redis", err);
	return rc ? rc : check_redis(c->redis_write, "redis-write", err);
}

static int check_recording(const struct config *config, struct err *err)
{
	const char *format = config->recording_format;

	if (config->recording_dir && strcmp(config->recording_method, "proc") == 0)
		return err_set(err, EINVAL,
			"--recording-method=proc is not built yet: recording needs pcap or audio");
	if (!config->recording_dir || strcmp(format, "raw") == 0 || strcmp(format, "eth") == 0)
		return 0;
	return err_set(err, EINVAL, "Invalid value for recording format \"%s\".", format);
}

static int check_offload(const struct config *config, struct err *err)
{
	if (config->offload == CONFIG_OFFLOAD_BPF)
		return err_set(err, EINVAL, "--offload=bpf is not built yet: kmod or none");
	if (config->offload == CONFIG_OFFLOAD_KMOD && config->table < 0)
		return err_set(err, EINVAL, "--offload=kmod needs --table");
	if (config->offload == CONFIG_OFFLOAD_NONE && config->table >= 0 && config->no_fallback)
		return err_set(
			err, EINVAL, "--offload=none contradicts --table with --no-fallback");
	return 0;
}

static int check_firewall(const struct config *config, struct err *err)
{
	const char *chain = config->iptables_chain;

	if (!chain || !*chain || firewall_chain_is_valid(chain))
		return 0;
	return err_set(err, EINVAL,
		"Invalid chain '%s' (--iptables-chain): it must be one made for this, whose name "
		"is a word of at most 28 characters",
		chain);
}

static int check_digits(const char *text, const char *option, struct err *err)
{
	for (const char *c = text; c && *c; c++)
		if (telephone_event_code(*c) < 0)
			return err_set(err, EINVAL, "--%s has what is no digit: %s", option, text);
	return 0;
}

static int check_codes(const struct config *c, struct err *err)
{
	int rc = check_digits(c->vsc_start_rec, "vsc-start-rec", err);

	rc = rc ? rc : check_digits(c->vsc_stop_rec, "vsc-stop-rec", err);
	rc = rc ? rc : check_digits(c->vsc_start_stop_rec, "vsc-start-stop-rec", err);
	rc = rc ? rc : check_digits(c->vsc_pause_rec, "vsc-pause-rec", err);
	rc = rc ? rc : check_digits(c->vsc_pause_resume_rec, "vsc-pause-resume-rec", err);
	return rc ? rc
		  : check_digits(c->vsc_start_pause_resume_rec, "vsc-start-pause-resume-rec", err);
}

static int check_all(const struct config_set *set, struct err *err)
{
	static int (*const checks[])(const struct config *config, struct err *err) = {
		check_mandatory,
		check_addresses,
		check_mysql_query,
		check_recording,
		check_offload,
		check_firewall,
		check_codes,
	};

	help_with_facilities(set);
	for (unsigned i = 0; i < G_N_ELEMENTS(checks); i++) {
		int rc = checks[i](&set->config, err);

		if (rc)
			return rc;
	}
	if (option_check(set->values, err))
		return -EINVAL;
	return check_ports(&set->config, err);
}

static int read_file(struct config_set *set, struct err *err)
{
	const struct config *config = &set->config;

	if (strcmp(config->config_file, "none") == 0)
		return 0;
	return option_parse_file(set->values, config->config_file, config->config_section,
		was_given(set, "config-file"), err);
}

/* What does not look at the config file. */
static int early_action(struct config_set *set, struct err *err)
{
	if (option_help_asked(set->values)) {
		set->action = CONFIG_HELP;
	} else if (set->config.print_flags) {
		set->action = CONFIG_FLAGS;
	} else if (set->config.print_man) {
		set->action = CONFIG_PRINT_MAN;
	} else if (set->config.print_plugin_conf) {
		set->action = CONFIG_PLUGIN_CONF;
	} else if (was_given(set, "print-conf")) {
		if (set->config.print_conf < 0)
			return err_set(err, EINVAL, "Bad command line: unknown --print-conf group");
		set->action = CONFIG_PRINT_CONF;
	}
	return 0;
}

static int load(struct config_set *set, int argc, char **argv, struct err *err)
{
	if (option_parse_command_line(set->values, argc, argv, err) || early_action(set, err))
		return -EINVAL;
	if (set->action != CONFIG_RUN)
		return 0;
	if (read_file(set, err))
		return -EINVAL;
	if (set->config.num_threads < 1)
		set->config.num_threads = usable_cpus();

	if (set->config.version)
		set->action = CONFIG_VERSION;
	else if (set->config.codecs)
		set->action = CONFIG_CODECS;
	else if (set->config.dump_config)
		set->action = CONFIG_DUMP;
	if (set->action == CONFIG_RUN || set->action == CONFIG_DUMP)
		return check_all(set, err);
	return 0;
}

int config_load(int argc, char **argv, struct config_set **ret_set, struct err *err)
{
	struct config_set *set = g_new0(struct config_set, 1);

	set->values = option_values_new(config_table(), &set->config);
	if (load(set, argc, argv, err)) {
		config_set_free(set);
		return -EINVAL;
	}
	*ret_set = set;
	return 0;
}

void config_set_free(struct config_set *set)
{
	if (!set)
		return;
	option_values_free(set->values);
	g_free(set);
}

void config_print(const struct config_set *set, FILE *out)
{
	switch (set->action) {
	case CONFIG_HELP:
		option_print_help(config_table(), "rtpengine", out);
		break;
	case CONFIG_DUMP:
		fprintf(out, "[%s]\n", set->config.config_section);
		option_print_effective(set->values, out);
		break;
	case CONFIG_PRINT_CONF:
		config_print_conf_d((enum option_group)set->config.print_conf, out);
		break;
	case CONFIG_PRINT_MAN:
		config_print_man(out);
		break;
	case CONFIG_RUN:
	case CONFIG_VERSION:
	case CONFIG_CODECS:
	case CONFIG_FLAGS:
	case CONFIG_PLUGIN_CONF:
		break;
	}
}

void config_log_settings(const struct config *config, struct log_settings *ret_settings)
{
	*ret_settings = (struct log_settings){
		.level = (enum log_level)config->log_level,
		.to_stderr = config->log_stderr,
		.timestamps = !config->no_log_timestamps,
		.parsable = config->log_format == LOG_FORMAT_PARSABLE,
		.facility = facilities[config->log_facility].facility,
		.ident = config->log_name,
		.mark_prefix = config->log_mark_prefix,
		.mark_suffix = config->log_mark_suffix,
	};
}

void config_set_log_levels(const struct config *config)
{
	log_set_level((enum log_level)config->log_level);
	log_topic_set_level(LOG_T_CORE, config->log_level_core);
	log_topic_set_level(LOG_T_CONTROL, config->log_level_control);
}

int config_facility(int choice)
{
	return choice < 0 ? -1 : facilities[choice].facility;
}

const char *config_redis_password(const char *endpoint, const char *variable)
{
	if (!endpoint || strchr(endpoint, '@'))
		return NULL;
	return getenv(variable);
}

void config_print_conf_d(enum option_group group, FILE *out)
{
	option_print_conf(config_table(), group, "rtpengine", out);
}

/* What the options' part of the manual page stands between. */
static const char man_head[] =
	".Dd November 23, 2025\n"
	".Dt RTPENGINE 8\n"
	".Os\n"
	".Sh NAME\n"
	".Nm rtpengine\n"
	".Nd next-generation media proxy\n"
	".Sh SYNOPSIS\n"
	".Nm\n"
	".Op Ar option ...\n"
	".Fl \\&-interface Ns = Ns Ar ADDRESS\n"
	".Fl \\&-listen\\-ng Ns = Ns Ar PORT\n"
	".Sh DESCRIPTION\n"
	".Nm\n"
	"relays RTP, RTCP and other media between the parties of calls, as a SIP proxy\n"
	"tells it through the NG protocol.\n"
	".Pp\n"
	"Settings come from the command line, else from the config file, else they have\n"
	"the defaults below.\n"
	"In the file they are named like the long options, without the dashes:\n"
	".Bd -literal -offset indent\n"
	"[rtpengine]\n"
	"interface = 192.0.2.1\n"
	"listen\\-ng = 127.0.0.1:2223\n"
	".Ed\n";

static const char man_tail[] = ".Sh FILES\n"
			       ".Bl -tag -width Ds\n"
			       ".It Pa /etc/rtpengine/rtpengine.conf\n"
			       "The config file, unless another is named.\n"
			       ".El\n"
			       ".Sh EXIT STATUS\n"
			       "0 after an orderly stop or when only asked to print something,\n"
			       "255 when it cannot start; the reason is on stderr.\n";

void config_print_man(FILE *out)
{
	fputs(man_head, out);
	option_print_man(config_table(), out);
	fputs(man_tail, out);
}
