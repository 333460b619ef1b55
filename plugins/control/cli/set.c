/* SPDX-License-Identifier: GPL-3.0-or-later */
/* set (spec daemon 3.3): options changed while the daemon runs. */
#include "cli.h"

#include "api/plugin.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MIN_OPEN_FILES = 65536 };

/* 0, or -errno: nothing has changed then. */
static int change(struct cli *c, const char *option, const char *text)
{
	struct dict *request = dict_new(), *reply = dict_new();
	char error[PLUGIN_ERROR_BYTES];
	int ret;

	dict_add_str(request, dict_root(request), "name", str_of(option));
	dict_add_str(request, dict_root(request), "value", str_of(text));
	ret = c->host->internal(c->host, "set", dict_root(request), reply, error);
	dict_free(request);
	dict_free(reply);
	return ret;
}

static char *text_of(struct str s)
{
	return g_strndup(s.s, s.len);
}

/* What strtoll does, told apart: no digits at all, or too many of them. */
static int parse(const char *text, int64_t *ret_number)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

/* An option that takes whole numbers, by a number that was parsed; bounds are the option's. */
static int change_number(struct cli *c, const char *option, int64_t number)
{
	char text[32];

	g_snprintf(text, sizeof(text), "%lld", (long long)number);
	return change(c, option, text);
}

static void print_failure(struct cli *c, const char *word, struct str rest, int ret)
{
	if (ret == -EINVAL)
		cli_print(c, "Fail setting %s to %.*s; no digits found\n", word, STR_ARG(rest));
	else
		cli_print(c, "Fail setting %s to %.*s; errno=%d\n", word, STR_ARG(rest), -ret);
}

static void set_maxsessions(struct cli *c, struct str rest)
{
	g_autofree char *text = text_of(rest);
	int64_t number = 0;
	int ret = parse(text, &number);

	if (!ret && number < -1) {
		cli_print(c,
			"Fail setting maxsessions to %lld; either positive or -1 values allowed\n",
			(long long)number);
		return;
	}
	if (!ret)
		ret = change_number(c, "max-sessions", number);
	if (ret)
		print_failure(c, "maxsessions", rest, ret);
	else
		cli_print(c, "Success setting maxsessions to %lld%s\n", (long long)number,
			number == -1 ? "; disable feature" : "");
}

static void set_maxopenfiles(struct cli *c, struct str rest)
{
	g_autofree char *text = text_of(rest);
	int64_t number = 0;
	int ret = parse(text, &number);
	struct rlimit limit;

	if (ret == -EINVAL) {
		cli_print(c, "Fail setting open_files to %s; no digits found\n", text);
		return;
	}
	if (!ret && number < MIN_OPEN_FILES) {
		cli_print(c, "Fail setting open_files to %lld; can't set it under %d\n",
			(long long)number, MIN_OPEN_FILES);
		return;
	}
	limit.rlim_cur = limit.rlim_max = (rlim_t)number;
	if (!ret && setrlimit(RLIMIT_NOFILE, &limit) < 0)
		ret = -errno;
	if (ret)
		cli_print(c, "Fail setting open_files to %s; errno = %d\n", text, -ret);
	else
		cli_print(c, "Success setting open_files to %lld; cat /proc/%d/limits\n",
			(long long)number, (int)getpid());
}

static void set_real(
	struct cli *c, const char *word, const char *option, struct str rest, int decimals)
{
	g_autofree char *text = text_of(rest);
	char number_text[G_ASCII_DTOSTR_BUF_SIZE];
	char *end;
	double number = g_ascii_strtod(text, &end);
	int ret = end == text ? -EINVAL : number < 0 ? -ERANGE : 0;

	if (!ret)
		ret = change(c, option,
			g_ascii_formatd(number_text, sizeof(number_text), "%.15g", number));
	if (ret)
		print_failure(c, word, rest, ret);
	else
		cli_print(c, "Success setting %s to %.*f\n", word, decimals, number);
}

static void set_maxcpu(struct cli *c, struct str rest)
{
	set_real(c, "maxcpu", "max-cpu", rest, 1);
}

static void set_maxload(struct cli *c, struct str rest)
{
	set_real(c, "maxload", "max-load", rest, 2);
}

static void set_maxbw(struct cli *c, struct str rest)
{
	g_autofree char *text = text_of(rest);
	int64_t number = 0;
	int ret = parse(text, &number);

	if (!ret && number < 0)
		ret = -ERANGE;
	if (!ret)
		ret = change_number(c, "max-bandwidth", number);
	if (ret)
		print_failure(c, "maxbw", rest, ret);
	else
		cli_print(c, "Success setting maxbw to %lld\n", (long long)number);
}

/* All four have the same word in their replies; 0 can mean the default, so it is read back. */
static void set_seconds(struct cli *c, const char *option, struct str rest)
{
	g_autofree char *text = text_of(rest), *now = NULL;
	int64_t number = 0;
	int ret = parse(text, &number);

	if (!ret && (number < 0 || number >= INT_MAX))
		ret = -ERANGE;
	if (!ret)
		ret = change_number(c, option, number);
	if (ret) {
		print_failure(c, "timeout", rest, ret);
		return;
	}
	now = c->host->option(c->host, option);
	cli_print(c, "Success setting timeout to %s\n", now);
}

static void set_timeout(struct cli *c, struct str rest)
{
	set_seconds(c, "timeout", rest);
}

static void set_silenttimeout(struct cli *c, struct str rest)
{
	set_seconds(c, "silent-timeout", rest);
}

static void set_finaltimeout(struct cli *c, struct str rest)
{
	set_seconds(c, "final-timeout", rest);
}

static void set_offertimeout(struct cli *c, struct str rest)
{
	set_seconds(c, "offer-timeout", rest);
}

static bool change_plain(struct cli *c, const char *option, struct str rest)
{
	g_autofree char *text = text_of(rest);
	int64_t number;

	return !parse(text, &number) && number >= 0 && !change_number(c, option, number);
}

/* With the name of a subsystem in front its own level, else that of all. */
static bool change_levels(struct cli *c, struct str *rest)
{
	struct str level = *rest, name = cli_word(&level);
	struct dict *reply;
	bool ok = false;

	if (level.len) {
		g_autofree char *option = g_strdup_printf("log-level-%.*s", STR_ARG(name));

		*rest = level;
		return change_plain(c, option, level);
	}
	if (!change_plain(c, "log-level", *rest))
		return false;
	reply = cli_ask(c, "log-levels", NULL, STR_NULL);
	ok = reply != NULL;
	value_each (v, reply ? value_get(dict_root(reply), "levels") : NULL) {
		g_autofree char *option = g_strdup_printf(
			"log-level-%.*s", STR_ARG(value_get_str(v, "name")));

		change_number(c, option, -1);
	}
	dict_free(reply);
	return ok;
}

static bool is_subsystem(struct cli *c, struct str name)
{
	struct dict *reply = cli_ask(c, "log-levels", NULL, STR_NULL);
	bool found = false;

	value_each (v, reply ? value_get(dict_root(reply), "levels") : NULL)
		found |= str_eq(value_get_str(v, "name"), name);
	dict_free(reply);
	return found;
}

static void set_loglevel(struct cli *c, struct str rest)
{
	struct str level = rest, name = cli_word(&level);

	if (level.len && !is_subsystem(c, name))
		cli_print(c, "Unknown log level facility: %.*s\n", STR_ARG(name));
	else if (change_levels(c, &rest))
		cli_print(c, "Success setting loglevel to %.*s\n", STR_ARG(rest));
	else
		cli_print(c, "Invalid log level '%.*s', must be number between 1 and 7\n",
			STR_ARG(rest));
}

/* The odd word in the reply is what scripts know. */
static void set_controltos(struct cli *c, struct str rest)
{
	if (change_plain(c, "control-tos", rest))
		cli_print(c, "Success setting redis-connect-timeout to %.*s\n", STR_ARG(rest));
	else
		cli_print(c, "Invalid control-tos value %.*s, must be between 0 and 255\n",
			STR_ARG(rest));
}

static void set_deletedelay(struct cli *c, struct str rest)
{
	if (change_plain(c, "delete-delay", rest))
		cli_print(c, "Success setting delete-delay to %.*s\n", STR_ARG(rest));
	else
		cli_print(c, "Invalid delete-delay value\n");
}

static void set_redis(struct cli *c, struct str rest)
{
	(void)rest;
	cli_print_lack(c, "Redis");
}

/* There is no Redis to write to. */
static void set_redisdisable(struct cli *c, struct str rest)
{
	g_autofree char *text = text_of(rest);
	int64_t number = 0;

	if (parse(text, &number) < 0 || number < 0)
		cli_print(c, "Invalid redis-disable value %s, must be >= 0\n", text);
	else
		cli_print(c, "No redis write to %s\n", number ? "disable" : "re-enable");
}

#define LEAF(word, args, help, run)               \
	{                                         \
		word, args, help, run, true, NULL \
	}
static const struct cli_node nodes[] = {
	LEAF("maxsessions", "<int>", "set the limit of calls, -1 for none", set_maxsessions),
	LEAF("maxopenfiles", "<int>", "set the limit of open files", set_maxopenfiles),
	LEAF("maxcpu", "<float>", "set the limit of CPU usage in percent", set_maxcpu),
	LEAF("maxload", "<float>", "set the limit of the load average", set_maxload),
	LEAF("maxbw", "<int>", "set the limit of received bytes per second", set_maxbw),
	LEAF("timeout", "<seconds>", "set --timeout", set_timeout),
	LEAF("silenttimeout", "<seconds>", "set --silent-timeout", set_silenttimeout),
	LEAF("finaltimeout", "<seconds>", "set --final-timeout", set_finaltimeout),
	LEAF("offertimeout", "<seconds>", "set --offer-timeout", set_offertimeout),
	LEAF("loglevel", "[<subsystem>] <0-7>", "set the log level, of all or of one",
		set_loglevel),
	LEAF("controltos", "<0-255>", "set --control-tos", set_controltos),
	LEAF("deletedelay", "<seconds>", "set --delete-delay", set_deletedelay),
	LEAF("redisallowederrors", "<int>", "set --redis-allowed-errors", set_redis),
	LEAF("redisdisabletime", "<seconds>", "set --redis-disable-time", set_redis),
	LEAF("redisconnecttimeout", "<ms>", "set --redis-connect-timeout", set_redis),
	LEAF("rediscmdtimeout", "<ms>", "set --redis-cmd-timeout", set_redis),
	LEAF("redisdisable", "0|1", "stop or resume writing to Redis", set_redisdisable),
	{ NULL, NULL, NULL, NULL, false, NULL },
};

const struct cli_node *cli_set_nodes(void)
{
	return nodes;
}
