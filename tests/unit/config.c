/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's options: each one set and read back, every refusal with its exact text. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#define ENOUGH      "--interface=127.0.0.1", "--listen-ng=127.0.0.1:2223"
#define ENOUGH_FILE "interface = 127.0.0.1\nlisten-ng = 127.0.0.1:2223\n"

static char *folder, *path;
static struct config_set *set; /* what load() made, until the next */
static struct err err;

/* With --config-file for a file of `file_text`, or none when that is NULL. */
static int load_args(const char *file_text, const char *const *args)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(argv, g_strdup("rtpengine"));
	if (file_text)
		g_assert_true(g_file_set_contents(path, file_text, -1, NULL));
	g_ptr_array_add(argv, g_strdup_printf("--config-file=%s", file_text ? path : "none"));
	for (; *args; args++)
		g_ptr_array_add(argv, g_strdup(*args));
	config_set_free(set);
	set = NULL;
	memset(&err, 0, sizeof(err));
	return config_load((int)argv->len, (char **)argv->pdata, &set, &err);
}

#define load(file_text, ...) load_args(file_text, (const char *const[]){ __VA_ARGS__, NULL })

#define assert_loads(...)                          \
	do {                                       \
		int rc_ = load(__VA_ARGS__);       \
		g_assert_cmpstr(err.text, ==, ""); \
		g_assert_cmpint(rc_, ==, 0);       \
	} while (0)

#define assert_refused(text_, ...)                               \
	do {                                                     \
		g_assert_cmpint(load(__VA_ARGS__), ==, -EINVAL); \
		g_assert_cmpstr(err.text, ==, text_);            \
		g_assert_null(set);                              \
	} while (0)

static char *print_set(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_print(set, out);
	fclose(out);
	return text;
}

static void assert_dumped(const char *source, const char *name, const char *value)
{
	g_autofree char *expected = g_strdup_printf("\n# %s\n%s = %s\n", source, name, value);
	g_autofree char *dump = print_set();

	if (!strstr(dump, expected))
		g_error("not in the dump: %s", expected);
}

/* Every option that may be used, with a value that is not its default. */
static const struct {
	const char *name;
	const char *value; /* NULL: a flag */
} settings[] = {
	{ "log-facility", "local3" },
	{ "log-level", "3" },
	{ "log-level-core", "4" },
	{ "log-level-control", "0" },
	{ "log-stderr", NULL },
	{ "no-log-timestamps", NULL },
	{ "log-mark-prefix", "<<" },
	{ "log-mark-suffix", ">>" },
	{ "log-name", "proxy" },
	{ "templates", "signalling" },
	{ "transcode-config", "signalling" },
	{ "log-format", "parsable" },
	{ "log-facility-cdr", "local1" },
	{ "log-facility-rtcp", "local2" },
	{ "log-srtp-keys", NULL },
	{ "log-facility-dtmf", "local4" },
	{ "dtmf-log-dest", "127.0.0.1:7000" },
	{ "dtmf-log-ng-tcp", NULL },
	{ "dtmf-no-log-injects", NULL },
	{ "dtmf-no-suppress", NULL },
	{ "dtmf-digit-delay", "1000" },
	{ "pidfile", "/run/x.pid" },
	{ "foreground", NULL },
	{ "user", "media" },
	{ "group", "voip" },
	{ "software-id", "media" },
	{ "num-threads", "7" },
	{ "media-num-threads", "3" },
	{ "media-dir", "/srv/media" },
	{ "preload-media-files", "hold.wav" },
	{ "media-files-expire", "600" },
	{ "media-files-reload", "60" },
	{ "audio-player", "always" },
	{ "audio-buffer-length", "300" },
	{ "audio-buffer-delay", "60" },
	{ "rtcp-interval", "6000" },
	{ "vsc-start-rec", "*1" },
	{ "vsc-stop-rec", "*2" },
	{ "vsc-start-stop-rec", "*3" },
	{ "vsc-pause-rec", "*4" },
	{ "vsc-pause-resume-rec", "*5" },
	{ "vsc-start-pause-resume-rec", "*6" },
	{ "moh-max-duration", "60000" },
	{ "moh-max-repeats", "5" },
	{ "moh-attr-name", "on-hold" },
	{ "mysql-host", "db.example.com" },
	{ "mysql-port", "3307" },
	{ "mysql-user", "player" },
	{ "mysql-query", "select data from voip.files where id = %llu" },
	{ "moh-prevent-double-hold", NULL },
	{ "table", "12" },
	{ "no-fallback", NULL },
	{ "offload", "none" },
	{ "kernel-hook", "prerouting" },
	{ "iptables-chain", "media" },
	{ "interface", "priv/10.0.0.1!192.0.2.1" },
	{ "port-min", "20000" },
	{ "port-max", "50000" },
	{ "tos", "184" },
	{ "control-tos", "96" },
	{ "listen-ng", "[::1]:22222" },
	{ "listen-tcp-ng", "127.0.0.1:22223" },
	{ "listen-cli", "127.0.0.1:9900" },
	{ "plugin-dir", "/usr/lib/plugins" },
	{ "timeout", "61" },
	{ "silent-timeout", "3601" },
	{ "final-timeout", "7200" },
	{ "offer-timeout", "90" },
	{ "delete-delay", "0" },
	{ "max-sessions", "0" },
	{ "max-load", "3.5" },
	{ "max-cpu", "95.5" },
	{ "max-bandwidth", "5000000000" },
	{ "sip-source", NULL },
	{ "endpoint-learning", "off" },
	{ "source-policy", "signalled" },
	{ "compat", "rtpengine" },
	{ "srtp-backend", "libsrtp2" },
	{ "dtls-passive", NULL },
	{ "dtls-cert-cipher", "RSA" },
	{ "dtls-rsa-key-size", "3072" },
	{ "dtls-mtu", "1400" },
	{ "dtls-ciphers", "HIGH" },
	{ "dtls-signature", "SHA-1" },
	{ "measure-rtp", NULL },
	{ "ssrc-reporting", "inline" },
	{ "io-engine", "steered" },
	{ "recording-dir", "/var/spool/rec" },
	{ "recording-method", "audio" },
	{ "recording-format", "eth" },
	{ "recording-audio-format", "mp3" },
	{ "recording-chmod", "640" },
	{ "recording-chmod-dir", "750" },
	{ "recording-chown", "root" },
	{ "recording-chgrp", "adm" },
};

static bool is_mandatory(const char *name)
{
	return strcmp(name, "interface") == 0 || strcmp(name, "listen-ng") == 0;
}

static void test_each_on_command_line(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autofree char *arg = settings[i].value
					       ? g_strdup_printf("--%s=%s", settings[i].name,
							 settings[i].value)
					       : g_strdup_printf("--%s", settings[i].name);

		assert_loads("[rtpengine]\n" ENOUGH_FILE, arg, "--dump-config");
		assert_dumped("command line", settings[i].name,
			settings[i].value ? settings[i].value : "true");
	}
}

static void test_each_in_file(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autofree char *file = g_strdup_printf("[rtpengine]\n%s%s = %s\n",
			is_mandatory(settings[i].name) ? ENOUGH_FILE : "", settings[i].name,
			settings[i].value ? settings[i].value : "true");

		if (is_mandatory(settings[i].name))
			assert_loads(file, "--dump-config");
		else
			assert_loads(file, ENOUGH, "--dump-config");
		assert_dumped("config file", settings[i].name,
			settings[i].value ? settings[i].value : "true");
	}
}

static void test_each_is_tried(void)
{
	const struct option_table *table = config_table();

	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];
		bool found = option->unavailable || option->command_line_only || option->secret;

		for (unsigned j = 0; j < G_N_ELEMENTS(settings); j++)
			found |= strcmp(settings[j].name, option->name) == 0;
		if (!found)
			g_error("the test's table lacks %s", option->name);
	}
}

/* A value that is not the default and passes all other checks. */
static const char *other_value(const struct option *option)
{
	/* What must look like an address is looked at before. */
	if (g_str_has_prefix(option->name, "listen-") || !strcmp(option->name, "graphite") ||
		!strcmp(option->name, "homer"))
		return "127.0.0.1:9";
	if (!strcmp(option->name, "redis") || !strcmp(option->name, "redis-write"))
		return "127.0.0.1:9/1";
	switch (option->type) {
	case OPTION_FLAG:
		return "true";
	case OPTION_INT:
	case OPTION_INT64:
	case OPTION_DOUBLE:
		return option->preset && !strcmp(option->preset, "1") ? "2" : "1";
	case OPTION_CHOICE:
		return option->choices[1];
	case OPTION_STRING:
	case OPTION_LIST:
		break;
	}
	return "x";
}

static void test_unavailable_refuse(void)
{
	const struct option_table *table = config_table();
	unsigned tried = 0;

	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];
		g_autofree char *text = NULL;
		g_autofree char *file = NULL;
		g_autofree char *arg = NULL;

		if (!option->unavailable)
			continue;
		tried++;
		text = g_strdup_printf(
			"Option --%s cannot be used: %s", option->name, option->unavailable);
		file = g_strdup_printf("[rtpengine]\n%s = %s\n", option->name, other_value(option));
		arg = g_strdup_printf("--%s%s%s", option->name,
			option->type == OPTION_FLAG ? "" : "=",
			option->type == OPTION_FLAG ? "" : other_value(option));
		if (option->hidden) /* a file of another daemon's may have it */
			assert_loads(file, ENOUGH);
		else
			assert_refused(text, file, ENOUGH);
		assert_refused(text, NULL, ENOUGH, arg);
	}
	g_assert_cmpuint(tried, >, 20);
}

static GString *ignored;

static void tell_ignored(const struct option *option)
{
	g_string_append_printf(ignored, "%s ", option->name);
}

/* What is not built of the dialect is known all the same, at its default it is read. */
static void test_unbuilt_are_known(void)
{
	static const char *const names[] = {
		"active-switchover",
		"amr-dtx",
		"cn-payload",
		"codec-num-threads",
		"control-pmtu",
		"db-media-cache",
		"dtx-delay",
		"evs-dtx",
		"graphite-timeout",
		"homer-enable-ng",
		"http-threads",
		"interfaces-config",
		"io-uring",
		"jb-adaptive",
		"jitter-buffer",
		"kernel-player",
		"listen-http",
		"log-level-ice",
		"max-dtx",
		"mos",
		"mqtt-host",
		"nftables-chain",
		"ng-client-timeout",
		"player-cache",
		"poller-size",
		"record-egress",
		"redis-format",
		"reject-invalid-sdp",
		"save-interface-ports",
		"silence-detect",
		"split-logs",
		"thread-stack",
		"xtables",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		const struct option *option = option_find(config_table(), names[i]);

		if (!option)
			g_error("--%s is unknown", names[i]);
		g_assert_nonnull(option->unavailable);
	}
	assert_loads("[rtpengine]\njitter-buffer = 4\nmax-dtx = 30\nmos = LQ\n", ENOUGH);
	ignored = g_string_new(NULL);
	option_tell_ignored(set->values, tell_ignored);
	g_assert_cmpstr(ignored->str, ==, "jitter-buffer mos ");
	g_string_free(ignored, TRUE);
	assert_refused("Option --jitter-buffer cannot be used: the jitter buffer is not built yet",
		NULL, ENOUGH, "--jitter-buffer=4");
}

static void test_secret(void)
{
	g_autofree char *dump = NULL;

	assert_loads("[rtpengine]\nmysql-pass = aardvark\n", ENOUGH, "--dump-config");
	dump = print_set();
	g_assert_null(strstr(dump, "aardvark"));
	g_assert_nonnull(strstr(dump, "# config file, not shown\n# mysql-pass =\n"));
}

static void test_unavailable_at_default(void)
{
	const struct option_table *table = config_table();

	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];
		g_autofree char *file = NULL;

		if (!option->unavailable || (!option->preset && option->type != OPTION_FLAG))
			continue;
		file = g_strdup_printf("[rtpengine]\n%s = %s\n", option->name,
			option->preset ? option->preset : "false");
		assert_loads(file, ENOUGH);
	}
}

static void test_names_are_unique(void)
{
	const struct option_table *table = config_table();

	for (unsigned i = 0; i < table->count; i++) {
		const struct option *a = &table->options[i];

		g_assert_cmpstr(a->name, !=, "help");
		g_assert_cmpstr(a->name, !=, "help-all");
		g_assert_false(a->short_name == 'h' || a->short_name == '?');
		for (unsigned j = i + 1; j < table->count; j++) {
			const struct option *b = &table->options[j];

			g_assert_cmpstr(a->name, !=, b->name);
			g_assert_false(a->short_name && a->short_name == b->short_name);
			g_assert_cmpuint(a->offset, !=, b->offset);
		}
	}
}

static void test_rows_are_sound(void)
{
	const struct option_table *table = config_table();

	for (unsigned i = 0; i < table->count; i++) {
		const struct option *option = &table->options[i];

		g_assert_cmpuint(option->offset, <, sizeof(struct config));
		g_assert_true((option->type == OPTION_FLAG) == (option->arg == NULL));
		g_assert_true((option->type == OPTION_CHOICE) == (option->choices != NULL));
		g_assert_nonnull(option->help);
		g_assert_false(g_str_has_suffix(option->help, "."));
		g_assert_null(strstr(option->help, "%s"));
		g_assert_true(!option->below_min_is_default || option->preset);
	}
}

static void test_spec_short_names(void)
{
	static const char *const names[] = { "vversion", "Llog-level", "Elog-stderr", "ppidfile",
		"fforeground", "ttable", "Fno-fallback", "iinterface", "mport-min", "Mport-max",
		"Ttos", "llisten-tcp", "ulisten-udp", "nlisten-ng", "Nlisten-tcp-ng", "clisten-cli",
		"otimeout", "ssilent-timeout", "afinal-timeout", "ddelete-delay", "rredis",
		"wredis-write", "ksubscribe-keyspace", "qno-redis-required", "bb2b-url",
		"xxmlrpc-format", "ggraphite", "Ggraphite-interval" };
	unsigned with_short = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		const struct option *option = option_find(config_table(), names[i] + 1);

		g_assert_nonnull(option);
		g_assert_cmpint(option->short_name, ==, names[i][0]);
	}
	for (unsigned i = 0; i < config_table()->count; i++)
		with_short += config_table()->options[i].short_name != 0;
	g_assert_cmpuint(with_short, ==, G_N_ELEMENTS(names));
}

static void test_defaults(void)
{
	const struct config *config;

	assert_loads(NULL, ENOUGH);
	config = &set->config;
	g_assert_cmpint(set->action, ==, CONFIG_RUN);
	g_assert_cmpint(config->log_level, ==, 6);
	g_assert_cmpint(config->log_level_core, ==, -1);
	g_assert_cmpint(config->log_level_control, ==, -1);
	g_assert_cmpint(config->table, ==, -1);
	g_assert_cmpint(config->port_min, ==, 30000);
	g_assert_cmpint(config->port_max, ==, 39999);
	g_assert_cmpint(config->timeout, ==, 60);
	g_assert_cmpint(config->silent_timeout, ==, 3600);
	g_assert_cmpint(config->offer_timeout, ==, 3600);
	g_assert_cmpint(config->final_timeout, ==, 0);
	g_assert_cmpint(config->delete_delay, ==, 30);
	g_assert_cmpint(config->max_sessions, ==, -1);
	g_assert_cmpint(config->num_threads, ==, (int)g_get_num_processors());
	g_assert_cmpint(config->endpoint_learning, ==, CONFIG_LEARN_HEURISTIC);
	g_assert_cmpint(config->source_policy, ==, CONFIG_SOURCES_NOT_GIVEN);
	g_assert_cmpint(config->compat, ==, CONFIG_COMPAT_NONE);
	g_assert_cmpint(config->srtp_backend, ==, CONFIG_SRTP_OPENSSL);
	g_assert_cmpstr(config->log_name, ==, "rtpengine");
	g_assert_cmpstr(config->config_section, ==, "rtpengine");
	g_assert_null(config->software_id);
}

static void test_values_below_their_least(void)
{
	assert_loads(NULL, ENOUGH, "-o", "0", "-s", "-5", "-a", "-1", "--offer-timeout=0",
		"--max-sessions=-7", "--num-threads=0");
	g_assert_cmpint(set->config.timeout, ==, 60);
	g_assert_cmpint(set->config.silent_timeout, ==, 3600);
	g_assert_cmpint(set->config.final_timeout, ==, 0);
	g_assert_cmpint(set->config.offer_timeout, ==, 3600);
	g_assert_cmpint(set->config.max_sessions, ==, -1);
	g_assert_cmpint(set->config.num_threads, ==, (int)g_get_num_processors());
}

static void test_mandatory(void)
{
	assert_refused("Cannot start without any configured interfaces", NULL, "-n", "2223");
	assert_refused("Missing option --listen-tcp, --listen-udp, --listen-ng, --listen-tcp-ng, "
		       "--listen-http, or --listen-https",
		NULL, "-i", "127.0.0.1");
	assert_refused("Cannot start without any configured interfaces",
		"[rtpengine]\ninterface =\nlisten-ng = 2223\n", "-f");
}

static void test_range_texts(void)
{
	assert_refused("Invalid TOS value", NULL, ENOUGH, "--tos=256");
	assert_refused("Invalid TOS value", NULL, ENOUGH, "-T", "-1");
	assert_refused("Invalid control-ng TOS value", NULL, ENOUGH, "--control-tos=256");
	assert_refused("Invalid log level (--log_level)", NULL, ENOUGH, "-L", "8");
	assert_refused("Invalid log level (--log_level)", NULL, ENOUGH, "-L", "-1");
	assert_refused("Invalid XMLRPC format", NULL, ENOUGH, "--xmlrpc-format=3");
	assert_refused("Invalid XMLRPC format", NULL, ENOUGH, "--xmlrpc-format=-1");
	assert_refused("Invalid negative delete-delay", NULL, ENOUGH, "-d", "-1");
	assert_refused("Invalid TOS value", "[rtpengine]\ntos = 300\n", ENOUGH);
}

static void test_port_ranges(void)
{
	assert_refused("Invalid RTP port range: 0 (--port-min)", NULL, ENOUGH, "-m", "0");
	assert_refused("Invalid RTP port range: 65536 (--port-max)", NULL, ENOUGH, "-M", "65536");
	assert_refused("Invalid RTP port range: 40000 to 39999 (--port-min, --port-max)", NULL,
		ENOUGH, "-m", "40000");
	assert_loads(NULL, ENOUGH, "-m", "40000", "-M", "40000");
}

static void test_choice_texts(void)
{
	assert_refused("Invalid --log-format option", NULL, ENOUGH, "--log-format=json");
	assert_refused("Invalid protocol 'sctp' (--homer-protocol)", NULL, ENOUGH,
		"--homer-protocol=sctp");
	assert_refused("Invalid value 'never' for --endpoint-learning "
		       "(one of heuristic, delayed, immediate, off)",
		NULL, ENOUGH, "--endpoint-learning=never");
	assert_refused("Invalid value 'heuristic' for --source-policy "
		       "(one of learned, signalled, any)",
		NULL, ENOUGH, "--source-policy=heuristic");
	assert_refused("Invalid value 'some' for --ssrc-reporting "
		       "(one of full, inline, global, none)",
		NULL, ENOUGH, "--ssrc-reporting=some");
}

static void test_facility_texts(void)
{
	if (g_test_subprocess()) {
		assert_refused("Invalid log facility 'x' (--log-facility)", NULL, ENOUGH,
			"--log-facility=x");
		assert_refused("Invalid log facility for CDR 'Mail' (--log-facility-cdr)", NULL,
			ENOUGH, "--log-facility-cdr=Mail");
		assert_refused("Invalid log facility for RTCP 'x' (--log-facility-rtcp)",
			"[rtpengine]\nlog-facility-rtcp = x\n", ENOUGH);
		assert_refused("Invalid log facility for DTMF '' (--log-facility-dtmf)", NULL,
			ENOUGH, "--log-facility-dtmf=");
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr(
		"*available facilities: auth authpriv cron daemon ftp kern lpr "
		"mail news syslog user uucp local0 local1 local2 local3 local4 local5 local6 "
		"local7\n*available*available*available*");
}

static void test_query_texts(void)
{
	assert_refused("No '%llu' present in --mysql-query='select 1'", NULL, ENOUGH,
		"--mysql-query=select 1");
	assert_refused("Too many '%' placeholders (2) present in --mysql-query='%llu %s'", NULL,
		ENOUGH, "--mysql-query=%llu %s");
}

static void test_recording_format(void)
{
	assert_refused("Invalid value for recording format \"mp3\".", NULL, ENOUGH,
		"--recording-dir=/x", "--recording-format=mp3");
	assert_refused("--recording-method=proc is not built yet: recording needs pcap or audio",
		NULL, ENOUGH, "--recording-dir=/x", "--recording-method=proc");
}

/* What it names is emptied at start. */
static void test_chain(void)
{
	static const char rest[] = " (--iptables-chain): it must be one made for this, whose name "
				   "is a word of at most 28 characters";
	static const char *const names[] = { "INPUT", "FORWARD", "OUTPUT", "a b", "-F" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *text = g_strdup_printf("Invalid chain '%s'%s", names[i], rest);
		g_autofree char *argument = g_strconcat("--iptables-chain=", names[i], NULL);

		assert_refused(text, NULL, ENOUGH, argument);
	}
}

static void test_parser_errors(void)
{
	assert_refused("Bad command line: Unknown option --bogus", NULL, ENOUGH, "--bogus");
	assert_refused("Bad command line: Missing argument for -m", NULL, ENOUGH, "-m");
	assert_refused("Bad command line: Cannot parse integer value 'x' for --port-min", NULL,
		ENOUGH, "-m", "x");
	g_assert_cmpint(load("port-min = 5\n", ENOUGH), ==, -EINVAL);
	g_assert_true(g_str_has_prefix(err.text, "Bad command line: "));
	g_assert_cmpint(load("[rtpengine]\nforeground = yes\n", ENOUGH), ==, -EINVAL);
	g_assert_true(g_str_has_prefix(err.text, "Bad command line: "));
}

static void test_file_choices(void)
{
	static const char two[] = "[rtpengine]\ntimeout = 61\n[rtpengine-testing]\ntimeout = 62\n";

	assert_loads(two, ENOUGH);
	g_assert_cmpint(set->config.timeout, ==, 61);
	assert_loads(two, ENOUGH, "--config-section=rtpengine-testing");
	g_assert_cmpint(set->config.timeout, ==, 62);
	g_assert_cmpint(load(two, ENOUGH, "--config-section=other"), ==, -EINVAL);
	assert_loads("rubbish", ENOUGH, "--config-file=none");
	g_assert_cmpint(load(NULL, ENOUGH, "--config-file=/nonexistent/x.conf"), ==, -EINVAL);
	g_assert_true(g_str_has_prefix(err.text, "Bad command line: "));
}

static void test_precedence(void)
{
	assert_loads("[rtpengine]\ninterface = a/10.0.0.1;b/10.0.0.2\nlisten-ng = 1;2\n"
		     "timeout = 61\nlog-level = 5\n",
		"-i", "c/10.0.0.3", "-i", "d/10.0.0.4", "--timeout=0x50");
	g_assert_cmpuint(g_strv_length(set->config.interface), ==, 2);
	g_assert_cmpstr(set->config.interface[0], ==, "c/10.0.0.3");
	g_assert_cmpstr(set->config.interface[1], ==, "d/10.0.0.4");
	g_assert_cmpstr(set->config.listen_ng[1], ==, "2");
	g_assert_cmpint(set->config.timeout, ==, 80);
	g_assert_cmpint(set->config.log_level, ==, 5);
	g_assert_cmpint(set->config.port_min, ==, 30000);
}

static void test_usual_command_line(void)
{
	assert_loads("[rtpengine]\ninterface = 192.0.2.1\nlisten-ng = 127.0.0.1:2223\n"
		     "timeout = 60\nsilent-timeout = 3600\ntos = 184\nport-min = 30000\n"
		     "port-max = 40000\ntable = 0\n",
		"-f", "-E", "--no-log-timestamps", "--pidfile", "/run/x.pid", "--table", "3");
	g_assert_cmpint(set->config.table, ==, 3);
	g_assert_true(set->config.foreground && set->config.log_stderr);
	g_assert_cmpint(set->config.port_max, ==, 40000);
}

static void test_actions(void)
{
	assert_loads("rubbish", "-h");
	g_assert_cmpint(set->action, ==, CONFIG_HELP);
	assert_loads(NULL, "-v");
	g_assert_cmpint(set->action, ==, CONFIG_VERSION);
	assert_loads(NULL, "--codecs");
	g_assert_cmpint(set->action, ==, CONFIG_CODECS);
	assert_loads("rubbish", "--print-man");
	g_assert_cmpint(set->action, ==, CONFIG_PRINT_MAN);
	assert_loads("rubbish", "--print-conf=media");
	g_assert_cmpint(set->action, ==, CONFIG_PRINT_CONF);
	assert_loads("rubbish", "--print-plugin-conf=cli");
	g_assert_cmpint(set->action, ==, CONFIG_PLUGIN_CONF);
	assert_refused("Bad command line: unknown --print-conf group", NULL, "--print-conf=x");
	assert_loads(NULL, ENOUGH, "--dump-config");
	g_assert_cmpint(set->action, ==, CONFIG_DUMP);
	assert_refused("Cannot start without any configured interfaces", NULL, "--dump-config");
}

static void test_version_comes_behind_the_file(void)
{
	g_assert_cmpint(load("rubbish", "-v"), ==, -EINVAL);
}

static void test_help_text(void)
{
	g_autofree char *text = NULL;
	const struct option_table *table = config_table();

	assert_loads(NULL, "-?");
	text = print_set();
	g_assert_true(g_str_has_prefix(
		text, "Usage:\n  rtpengine [OPTION?]  - next-generation media proxy\n"));
	for (unsigned i = 0; i < table->count; i++) {
		g_autofree char *name = g_strdup_printf(
			"--%s%s", table->options[i].name, table->options[i].arg ? "=" : " ");

		g_assert_true((strstr(text, name) != NULL) == !table->options[i].hidden);
	}
}

static void test_dump_is_a_config_file(void)
{
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;

	assert_loads(NULL, ENOUGH, "-i", "x/10.0.0.1", "-fEL7", "--log-mark-prefix= a;b",
		"--dump-config");
	first = print_set();
	assert_loads(first, "--dump-config");
	second = print_set();
	g_assert_nonnull(strstr(second, "\ninterface = 127.0.0.1;x/10.0.0.1\n"));
	g_assert_nonnull(strstr(second, "\nlog-mark-prefix = \\sa;b\n"));
	g_assert_nonnull(strstr(second, "# config file\nlog-level = 7\n"));
}

static void test_every_option_is_in_one_conf_file(void)
{
	const struct option_table *table = config_table();
	static const char *const groups[] = { "general", "interfaces", "control", "media",
		"security", "recording", "storage", "export" };
	GString *all = g_string_new("\n");

	for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
		g_autofree char *arg = g_strdup_printf("--print-conf=%s", groups[i]);
		g_autofree char *text = NULL;

		assert_loads(NULL, arg);
		text = print_set();
		g_assert_nonnull(strstr(text, "\n[rtpengine]\n"));
		assert_loads(text, ENOUGH);
		g_string_append(all, text);
	}
	for (unsigned i = 0; i < table->count; i++) {
		g_autofree char *line = g_strdup_printf("\n# %s = ", table->options[i].name);
		const char *at = strstr(all->str, line);

		g_assert_true((at != NULL) ==
			      (!table->options[i].command_line_only && !table->options[i].hidden));
		g_assert_true(!at || !strstr(at + 1, line));
	}
	g_string_free(all, TRUE);
}

static void test_log_settings(void)
{
	struct log_settings log;

	assert_loads(NULL, ENOUGH, "-L", "4", "--log-facility=local3", "--log-format=parsable",
		"--log-name=proxy", "--log-mark-prefix=<<");
	config_log_settings(&set->config, &log);
	g_assert_cmpint(log.level, ==, LOG_L_WARNING);
	g_assert_cmpint(log.facility, ==, LOG_LOCAL3);
	g_assert_true(log.parsable && log.timestamps && !log.to_stderr);
	g_assert_cmpstr(log.ident, ==, "proxy");
	g_assert_cmpstr(log.mark_prefix, ==, "<<");
	assert_loads(NULL, ENOUGH, "-E", "--no-log-timestamps");
	config_log_settings(&set->config, &log);
	g_assert_cmpint(log.facility, ==, LOG_DAEMON);
	g_assert_true(!log.parsable && !log.timestamps && log.to_stderr);
}

static void test_each_facility(void)
{
	const struct option *option = option_find(config_table(), "log-facility");
	static const int codes[] = { LOG_AUTH, LOG_AUTHPRIV, LOG_CRON, LOG_DAEMON, LOG_FTP,
		LOG_KERN, LOG_LPR, LOG_MAIL, LOG_NEWS, LOG_SYSLOG, LOG_USER, LOG_UUCP, LOG_LOCAL0,
		LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3, LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6,
		LOG_LOCAL7 };

	g_assert_cmpuint(g_strv_length((char **)option->choices), ==, G_N_ELEMENTS(codes));
	for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
		g_autofree char *arg = g_strdup_printf("--log-facility=%s", option->choices[i]);
		struct log_settings log;

		assert_loads(NULL, ENOUGH, arg);
		config_log_settings(&set->config, &log);
		g_assert_cmpint(log.facility, ==, codes[i]);
	}
}

static void test_redis_password(void)
{
	g_setenv("CONFIG_TEST_PW", "secret", TRUE);
	g_assert_cmpstr(config_redis_password("127.0.0.1:6379/1", "CONFIG_TEST_PW"), ==, "secret");
	g_assert_null(config_redis_password("own@127.0.0.1:6379/1", "CONFIG_TEST_PW"));
	g_assert_null(config_redis_password(NULL, "CONFIG_TEST_PW"));
	g_unsetenv("CONFIG_TEST_PW");
	g_assert_null(config_redis_password("127.0.0.1:6379/1", "CONFIG_TEST_PW"));
}

int main(int argc, char **argv)
{
	int rc;

	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("config.XXXXXX", NULL);
	path = g_build_filename(folder, "file.conf", NULL);
	g_test_add_func("/config/each-on-command-line", test_each_on_command_line);
	g_test_add_func("/config/each-in-file", test_each_in_file);
	g_test_add_func("/config/each-is-tried", test_each_is_tried);
	g_test_add_func("/config/unavailable-refuse", test_unavailable_refuse);
	g_test_add_func("/config/unbuilt-are-known", test_unbuilt_are_known);
	g_test_add_func("/config/unavailable-at-default", test_unavailable_at_default);
	g_test_add_func("/config/names-are-unique", test_names_are_unique);
	g_test_add_func("/config/rows-are-sound", test_rows_are_sound);
	g_test_add_func("/config/short-names", test_spec_short_names);
	g_test_add_func("/config/defaults", test_defaults);
	g_test_add_func("/config/values-below-their-least", test_values_below_their_least);
	g_test_add_func("/config/mandatory", test_mandatory);
	g_test_add_func("/config/range-texts", test_range_texts);
	g_test_add_func("/config/port-ranges", test_port_ranges);
	g_test_add_func("/config/choice-texts", test_choice_texts);
	g_test_add_func("/config/facility-texts", test_facility_texts);
	g_test_add_func("/config/query-texts", test_query_texts);
	g_test_add_func("/config/recording-format", test_recording_format);
	g_test_add_func("/config/chain", test_chain);
	g_test_add_func("/config/parser-errors", test_parser_errors);
	g_test_add_func("/config/file-choices", test_file_choices);
	g_test_add_func("/config/precedence", test_precedence);
	g_test_add_func("/config/usual-command-line", test_usual_command_line);
	g_test_add_func("/config/actions", test_actions);
	g_test_add_func("/config/version-behind-the-file", test_version_comes_behind_the_file);
	g_test_add_func("/config/help-text", test_help_text);
	g_test_add_func("/config/dump-is-a-config-file", test_dump_is_a_config_file);
	g_test_add_func("/config/one-conf-file-each", test_every_option_is_in_one_conf_file);
	g_test_add_func("/config/secret", test_secret);
	g_test_add_func("/config/log-settings", test_log_settings);
	g_test_add_func("/config/each-facility", test_each_facility);
	g_test_add_func("/config/redis-password", test_redis_password);
	rc = g_test_run();
	config_set_free(set);
	g_unlink(path);
	g_rmdir(folder);
	g_free(path);
	g_free(folder);
	return rc;
}
