/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays any number of sides of calls. Commands are lines on stdin, each answered by a line of JSON:
 *
 *   open NAME KEY=VALUE…   a side; its port. Keys: format (PT/NAME/CLOCK/CHANNELS/PTIME[/FMTP], the
 *                          first is sent, all are understood), signal (tone:HZ:DB, speech:SEED,
 *                          digits:DIGITS:MS, silence), seconds, loss, reorder (per cent), seed,
 *                          rtcp (1), host, beside (SECONDS: another SSRC is sent, too, from then
 *                          on), first (1: that SSRC alone is heard), and
 *                          at (SECONDS/WHAT[/VALUE]: ssrc, jump, skip, pause, event, payload,
 *                          format, ptime; script.c says what their values are)
 *   to NAME HOST PORT RTCP_PORT
 *   start                  all that have not begun; evenly spread over 20 ms
 *   wait                   answered when all have sent all they have, and a little later
 *   report NAME [FROM]     what NAME got; FROM is who sent it
 *   dump NAME FILE         what NAME heard, as raw samples
 *   played NAME FILE HZ    what NAME played, before any codec
 *   close NAME | quit
 */
#include "audio.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mock/coder.h"

enum { SPREAD_US = 20000, LINGER_US = 400000, EPOLL_EVENTS = 64 };

struct player {
	GPtrArray *parties;
	int epoll;
	bool started, waiting;
	int64_t ended_us; /* 0: they go on */
	GString *line;
	GString *answer;
};

static struct party *find(struct player *pl, const char *name)
{
	for (unsigned i = 0; name && i < pl->parties->len; i++) {
		struct party *p = pl->parties->pdata[i];

		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

/* SECONDS/WHAT[/VALUE] */
static bool add_happening(struct script_options *o, const char *value)
{
	struct happening *h = &o->happenings[o->happening_count];
	g_auto(GStrv) part = g_strsplit(value, "/", 3);

	if (g_strv_length(part) < 2 || o->happening_count == G_N_ELEMENTS(o->happenings))
		return false;
	h->at_s = g_ascii_strtod(part[0], NULL);
	g_strlcpy(h->what, part[1], sizeof(h->what));
	g_strlcpy(h->value, part[2] ? part[2] : "", sizeof(h->value));
	o->happening_count++;
	return true;
}

static bool set_option(struct party *p, const char *key, const char *value, const char **host)
{
	struct script_options *o = &p->options;

	if (!strcmp(key, "format"))
		return o->format_count < AUDIO_MAX_FORMATS &&
		       format_parse(&o->formats[o->format_count++], value);
	if (!strcmp(key, "signal"))
		return signal_parse(&o->signal, value);
	if (!strcmp(key, "at"))
		return add_happening(o, value);
	if (!strcmp(key, "seconds"))
		o->seconds = g_ascii_strtod(value, NULL);
	else if (!strcmp(key, "loss"))
		o->loss_percent = g_ascii_strtod(value, NULL);
	else if (!strcmp(key, "reorder"))
		o->reorder_percent = g_ascii_strtod(value, NULL);
	else if (!strcmp(key, "seed"))
		o->seed = (unsigned)atoi(value);
	else if (!strcmp(key, "rtcp"))
		p->sends_rtcp = atoi(value);
	else if (!strcmp(key, "beside"))
		p->beside_s = g_ascii_strtod(value, NULL);
	else if (!strcmp(key, "first"))
		p->only_first = atoi(value);
	else if (!strcmp(key, "host"))
		*host = value;
	else
		return false;
	return true;
}

static void watch(struct player *pl, struct party *p, int fd, bool rtcp)
{
	struct epoll_event ev = { .events = EPOLLIN };

	/* The lowest bit tells RTCP. */
	ev.data.u64 = (uint64_t)(uintptr_t)p | rtcp;
	epoll_ctl(pl->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void command_open(struct player *pl, char **words)
{
	struct party *p = g_new0(struct party, 1);
	const char *host = "127.0.0.1";
	g_autoptr(GString) error = g_string_new("");

	g_strlcpy(p->name, words[0] ? words[0] : "", sizeof(p->name));
	p->options.seconds = 2;
	p->rtp = p->rtcp = -1;
	for (char **w = words + (words[0] != NULL); *w; w++) {
		char *value = strchr(*w, '=');

		if (value)
			*value++ = '\0';
		if (!value || !set_option(p, *w, value, &host))
			g_string_append_printf(error, "not understood: %s ", *w);
	}
	if (error->len || !party_open(p, host, error)) {
		g_string_printf(pl->answer, "{\"error\":\"%s\"}\n", error->str);
		party_close(p);
		return;
	}
	g_ptr_array_add(pl->parties, p);
	watch(pl, p, p->rtp, false);
	watch(pl, p, p->rtcp, true);
	g_string_printf(pl->answer, "{\"port\":%u}\n", p->port);
}

static void command_to(struct player *pl, struct party *p, char **words)
{
	if (!p || g_strv_length(words) < 4) {
		g_string_assign(pl->answer, "{\"error\":\"to whom?\"}\n");
		return;
	}
	p->to = p->to_rtcp = (struct sockaddr_in){ .sin_family = AF_INET };
	p->to.sin_addr.s_addr = p->to_rtcp.sin_addr.s_addr = inet_addr(words[1]);
	p->to.sin_port = htons((uint16_t)atoi(words[2]));
	p->to_rtcp.sin_port = htons((uint16_t)atoi(words[3]));
	g_string_assign(pl->answer, "{}\n");
}

static void command_start(struct player *pl)
{
	int64_t begin_us = now_us() + 20000;

	for (unsigned i = 0; i < pl->parties->len; i++) {
		struct party *p = pl->parties->pdata[i];

		if (!p->start_us)
			p->start_us = begin_us + SPREAD_US * i / pl->parties->len;
	}
	pl->started = true;
	pl->ended_us = 0;
	g_string_assign(pl->answer, "{}\n");
}

static void command_close(struct player *pl, struct party *p)
{
	if (p) {
		g_ptr_array_remove(pl->parties, p);
		party_close(p);
	}
	g_string_assign(pl->answer, "{}\n");
}

static void command_played(struct player *pl, const struct party *p, char **words)
{
	struct sound s = signal_make(
		&p->options.signal, p->options.seconds, words[2] ? (uint32_t)atoi(words[2]) : 8000);
	gssize len = (gssize)(s.count * sizeof(int16_t));

	if (g_file_set_contents(words[1], (const char *)s.samples, len, NULL))
		g_string_printf(pl->answer, "{\"hz\":%u}\n", s.hz);
	sound_clear(&s);
}

static void run_command(struct player *pl, char **words)
{
	struct party *p = words[0] ? find(pl, words[1]) : NULL;

	g_string_assign(pl->answer, "{\"error\":\"no such command, or nobody of that name\"}\n");
	if (!words[0])
		return;
	if (!strcmp(words[0], "open"))
		command_open(pl, words + 1);
	else if (!strcmp(words[0], "to"))
		command_to(pl, p, words + 1);
	else if (!strcmp(words[0], "start"))
		command_start(pl);
	else if (!strcmp(words[0], "wait"))
		pl->waiting = true;
	else if (!strcmp(words[0], "report") && p)
		report_print(p, find(pl, words[2]), g_string_assign(pl->answer, ""));
	else if (!strcmp(words[0], "dump") && p && words[2])
		g_string_printf(pl->answer, "{\"hz\":%u}\n", report_dump(p, words[2]));
	else if (!strcmp(words[0], "played") && p && words[2])
		command_played(pl, p, words + 1);
	else if (!strcmp(words[0], "close"))
		command_close(pl, p);
	else if (!strcmp(words[0], "quit"))
		exit(0);
	if (!pl->waiting)
		fputs(pl->answer->str, stdout);
	fflush(stdout);
}

static void read_commands(struct player *pl)
{
	char bytes[8192], *end;
	ssize_t len = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (len <= 0)
		exit(0);
	g_string_append_len(pl->line, bytes, len);
	while ((end = strchr(pl->line->str, '\n')) != NULL) {
		g_autofree char *line = g_strndup(pl->line->str, (gsize)(end - pl->line->str));
		g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", -1);

		g_string_erase(pl->line, 0, end - pl->line->str + 1);
		run_command(pl, words);
	}
}

/* All that is due; when the next thing is. */
static int64_t send_due(struct player *pl)
{
	int64_t next_us = INT64_MAX;

	for (unsigned i = 0; pl->started && i < pl->parties->len; i++) {
		struct party *p = pl->parties->pdata[i];

		if (p->start_us)
			next_us = MIN(next_us, party_send_due(p, now_us()));
	}
	if (next_us != INT64_MAX || !pl->started)
		return next_us;
	if (!pl->ended_us)
		pl->ended_us = now_us() + LINGER_US;
	if (pl->waiting && now_us() >= pl->ended_us) {
		pl->waiting = false;
		fputs("{}\n", stdout);
		fflush(stdout);
	}
	return pl->waiting ? pl->ended_us : INT64_MAX;
}

static void wait_until(struct player *pl, int64_t us)
{
	struct epoll_event events[EPOLL_EVENTS];
	int64_t rest_us = us == INT64_MAX ? 1000000 : MAX(us - now_us(), 0);
	struct timespec ts = { rest_us / 1000000, rest_us % 1000000 * 1000 };
	int n = epoll_pwait2(pl->epoll, events, EPOLL_EVENTS, &ts, NULL);

	for (int i = 0; i < n; i++) {
		uint64_t data = events[i].data.u64;
		struct party *p = (struct party *)(uintptr_t)(data & ~(uint64_t)1);

		if (!p)
			read_commands(pl);
		else if (data & 1)
			party_read_rtcp(p);
		else
			party_read_rtp(p);
		if (!p)
			return; /* somebody may be gone */
	}
}

int main(void)
{
	struct player pl = {
		.parties = g_ptr_array_new(),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.line = g_string_new(""),
		.answer = g_string_new(""),
	};
	struct epoll_event ev = { .events = EPOLLIN };

	prctl(PR_SET_TIMERSLACK, 1000UL);
	mock_coder_load_all();
	epoll_ctl(pl.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &ev);
	for (;;)
		wait_until(&pl, send_due(&pl));
}
