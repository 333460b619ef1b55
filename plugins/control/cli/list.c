/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list and get (spec daemon 3.2): numbers and settings. */
#include "cli.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void list_numsessions(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "sessions", NULL, STR_NULL);
	static const char *const lines[][2] = {
		{ "own", "Current sessions own: " },
		{ "foreign", "Current sessions foreign: " },
		{ "total", "Current sessions total: " },
		{ "transcoded", "Current transcoded media: " },
		{ "ipv4", "Current sessions ipv4 only media: " },
		{ "ipv6", "Current sessions ipv6 only media: " },
		{ "mixed", "Current sessions ip mixed  media: " },
	};

	(void)rest;
	if (!reply)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
		cli_print(c, "%s%lld\n", lines[i][1],
			(long long)value_get_int(dict_root(reply), lines[i][0], 0));
	dict_free(reply);
}

static void list_jsonstats(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "statistics", NULL, STR_NULL);

	(void)rest;
	if (!reply)
		return;
	c->host->json(c->host, dict_root(reply), c->out);
	dict_free(reply);
}

static void list_maxsessions(struct cli *c, struct str rest)
{
	g_autofree char *text = c->host->option(c->host, "max-sessions");

	(void)rest;
	cli_print(c, "Maximum sessions configured on rtpengine: %s\n", text);
}

static void list_maxopenfiles(struct cli *c, struct str rest)
{
	int pid = (int)getpid();
	struct rlimit limit;

	(void)rest;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		cli_print(
			c, "Fail getting rtpengine configured limits; cat /proc/%d/limits\n", pid);
	else if (limit.rlim_cur == RLIM_INFINITY)
		cli_print(c,
			"Maximum open-files configured on rtpengine: infinite; "
			"cat /proc/%d/limits\n",
			pid);
	else
		cli_print(c,
			"Maximum open-files configured on rtpengine: %llu; cat /proc/%d/limits\n",
			(unsigned long long)limit.rlim_cur, pid);
}

static double option_real(struct cli *c, const char *name)
{
	g_autofree char *text = c->host->option(c->host, name);

	return text ? g_ascii_strtod(text, NULL) : 0;
}

static void list_maxcpu(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print(
		c, "Maximum CPU usage configured on rtpengine: %.1f\n", option_real(c, "max-cpu"));
}

static void list_maxload(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print(c, "Maximum load average configured on rtpengine: %.2f\n",
		option_real(c, "max-load"));
}

static void list_maxbw(struct cli *c, struct str rest)
{
	g_autofree char *text = c->host->option(c->host, "max-bandwidth");

	(void)rest;
	cli_print(c, "Maximum bandwidth configured on rtpengine: %s\n", text);
}

static void print_option(struct cli *c, const char *head, const char *name)
{
	g_autofree char *text = c->host->option(c->host, name);

	cli_print(c, "%s%s\n", head, text ? text : "");
}

static void list_timeout(struct cli *c, struct str rest)
{
	(void)rest;
	print_option(c, "TIMEOUT=", "timeout");
}

static void list_silenttimeout(struct cli *c, struct str rest)
{
	(void)rest;
	print_option(c, "SILENT_TIMEOUT=", "silent-timeout");
}

static void list_finaltimeout(struct cli *c, struct str rest)
{
	(void)rest;
	print_option(c, "FINAL_TIMEOUT=", "final-timeout");
}

static void list_offertimeout(struct cli *c, struct str rest)
{
	(void)rest;
	print_option(c, "OFFER_TIMEOUT=", "offer-timeout");
}

static void list_loglevels(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "log-levels", NULL, STR_NULL);

	(void)rest;
	if (!reply)
		return;
	value_each (v, value_get(dict_root(reply), "levels"))
		cli_print(c, "%.*s - %.*s\n", STR_ARG(value_get_str(v, "name")),
			STR_ARG(value_get_str(v, "text")));
	dict_free(reply);
}

/* The level of each subsystem, or of one; a number alone as long as there is only one level. */
static void print_levels(struct cli *c, const struct value *levels, struct str only)
{
	g_autofree char *general = c->host->option(c->host, "log-level");
	bool found = false, differ = false;

	value_each (v, levels)
		differ |= value_get_int(v, "level", -1) >= 0;
	if (!only.len && !differ) {
		cli_print(c, "%s\n", general);
		return;
	}
	value_each (v, levels) {
		long long own = (long long)value_get_int(v, "level", -1);
		struct str name = value_get_str(v, "name");

		if (only.len && !str_eq(only, name))
			continue;
		found = true;
		if (!only.len)
			cli_print(c, "%.*s = ", STR_ARG(name));
		if (own >= 0)
			cli_print(c, "%lld\n", own);
		else
			cli_print(c, "%s\n", general);
	}
	if (!found)
		cli_print(c, "Unknown log level facility: %.*s\n", STR_ARG(only));
}

static void list_loglevel(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "log-levels", NULL, STR_NULL);

	if (!reply)
		return;
	print_levels(c, value_get(dict_root(reply), "levels"), rest);
	dict_free(reply);
}

static void list_controltos(struct cli *c, struct str rest)
{
	(void)rest;
	print_option(c, "", "control-tos");
}

static void list_deletedelay(struct cli *c, struct str rest)
{
	(void)rest;
	print_option(c, "", "delete-delay");
}

static void print_traffic(struct cli *c, const char *what, const struct value *v)
{
	cli_print(c, " %s: %lld packets, %lld bytes, %lld errors\n", what,
		(long long)value_get_int(v, "packets", 0), (long long)value_get_int(v, "bytes", 0),
		(long long)value_get_int(v, "errors", 0));
}

/* Averages of what was reported and measured; nothing where there was none. */
static void print_quality(struct cli *c, const struct value *v)
{
	static const char *const lines[][3] = {
		{ "mos_samples_total", "mos_average", "MOS" },
		{ "jitter_samples_total", "jitter_average", "Jitter (reported, ms)" },
		{ "jitter_measured_samples_total", "jitter_measured_average",
			"Jitter (measured, ms)" },
		{ "rtt_e2e_samples_total", "rtt_e2e_average", "Round trip, end to end (us)" },
		{ "rtt_dsct_samples_total", "rtt_dsct_average", "Round trip, to us (us)" },
		{ "packetloss_samples_total", "packetloss_average", "Packet loss (percent)" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
		if (value_get_int(v, lines[i][0], 0) > 0)
			cli_print(c, " %s: %.*s\n", lines[i][2],
				STR_ARG(value_get_str(v, lines[i][1])));
}

static void print_interface(struct cli *c, const struct value *v)
{
	const struct value *ports = value_get(v, "ports");
	struct str address = value_get_str(v, "address");
	long long used = value_get_int(ports, "used", 0), size = value_get_int(ports, "totals", 0);

	cli_print(c, "Interface '%.*s' address '%.*s' (%s)\n", STR_ARG(value_get_str(v, "name")),
		STR_ARG(address), memchr(address.s, ':', address.len) ? "IPv6" : "IPv4");
	cli_print(c, " Port range: %5lld - %5lld\n", (long long)value_get_int(ports, "min", 0),
		(long long)value_get_int(ports, "max", 0));
	cli_print(c, " Ports used: %5lld / %5lld (%5.1f%%)\n", used, size,
		size ? 100.0 * (double)used / (double)size : 0.0);
	cli_print(c, " Port engine: %.*s\n", STR_ARG(value_get_str(v, "engine")));
	print_traffic(c, "Received", value_get(v, "ingress"));
	print_traffic(c, "Sent", value_get(v, "egress"));
	cli_print(c, " Packets lost: %lld, duplicates: %lld\n",
		(long long)value_get_int(v, "packets_lost", 0),
		(long long)value_get_int(v, "duplicates", 0));
	print_quality(c, value_get(v, "voip_metrics"));
	value_each (drop, value_get(v, "drops"))
		cli_print(c, " Dropped, %.*s: %lld\n", STR_ARG(drop->key),
			(long long)value_int(drop, 0));
	cli_print(c, "\n");
}

static void list_interfaces(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "interfaces", NULL, STR_NULL);

	(void)rest;
	if (!reply)
		return;
	value_each (v, value_get(dict_root(reply), "interfaces"))
		print_interface(c, v);
	dict_free(reply);
}

static void list_redis(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print_lack(c, "Redis");
}

static void print_transcoder(struct cli *c, const struct value *v)
{
	cli_print(c, "%.*s: %lld transcoders\n", STR_ARG(value_get_str(v, "chain")),
		(long long)value_get_int(v, "num", 0));
	if (!value_get(v, "packetrate"))
		return;
	cli_print(c, "     %lld packets/s\n", (long long)value_get_int(v, "packetrate", 0));
	cli_print(c, "     %lld bytes/s\n", (long long)value_get_int(v, "byterate", 0));
	cli_print(c, "     %lld samples/s\n", (long long)value_get_int(v, "samplerate", 0));
}

static void list_transcoders(struct cli *c, struct str rest)
{
	struct dict *reply = cli_ask(c, "transcoders", NULL, STR_NULL);
	const struct value *list;

	(void)rest;
	if (!reply)
		return;
	list = value_get(dict_root(reply), "transcoders");
	if (!value_first(list))
		cli_print(c, "No stats entries\n");
	value_each (v, list)
		print_transcoder(c, v);
	dict_free(reply);
}

#define LEAF(word, help, run)                      \
	{                                          \
		word, NULL, help, run, false, NULL \
	}
static const struct cli_node nodes[] = {
	LEAF("numsessions", "print the number of calls", list_numsessions),
	{ "sessions", "all|own|foreign|recording|<ID>", "print the calls, or one of them",
		cli_list_sessions, true, NULL },
	LEAF("totals", "print statistics", cli_list_totals),
	LEAF("jsonstats", "print statistics as JSON", list_jsonstats),
	LEAF("counters", "print what happens per second", cli_list_counters),
	LEAF("maxsessions", "print the limit of calls", list_maxsessions),
	LEAF("maxopenfiles", "print the limit of open files", list_maxopenfiles),
	LEAF("maxcpu", "print the limit of CPU usage", list_maxcpu),
	LEAF("maxload", "print the limit of the load average", list_maxload),
	LEAF("maxbw", "print the limit of bandwidth", list_maxbw),
	LEAF("timeout", "print --timeout", list_timeout),
	LEAF("silenttimeout", "print --silent-timeout", list_silenttimeout),
	LEAF("finaltimeout", "print --final-timeout", list_finaltimeout),
	LEAF("offertimeout", "print --offer-timeout", list_offertimeout),
	{ "loglevel", "[<subsystem>]", "print the log level, of all or of one", list_loglevel,
		false, NULL },
	LEAF("loglevels", "print the subsystems that have log levels", list_loglevels),
	LEAF("controltos", "print --control-tos", list_controltos),
	LEAF("deletedelay", "print --delete-delay", list_deletedelay),
	LEAF("redisallowederrors", "print --redis-allowed-errors", list_redis),
	LEAF("redisdisabletime", "print --redis-disable-time", list_redis),
	LEAF("redisconnecttimeout", "print --redis-connect-timeout", list_redis),
	LEAF("rediscmdtimeout", "print --redis-cmd-timeout", list_redis),
	LEAF("interfaces", "print interfaces and the use of their ports", list_interfaces),
	LEAF("transcoders", "print what is being transcoded", list_transcoders),
	{ NULL, NULL, NULL, NULL, false, NULL },
};

const struct cli_node *cli_list_nodes(void)
{
	return nodes;
}
