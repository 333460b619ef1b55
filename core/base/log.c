/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making log lines and writing them. A line is made by whoever logs (prefix, text, time), goes
 * through the ring (log_ring.c) while that is open, and is written to stderr or syslog by the
 * main thread. Layouts and limits: spec/daemon 2.
 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/log_priv.h"

enum {
	PREFIX_BYTES = 300,          /* with the 0 behind it */
	PIECE_BYTES = 500,           /* of syslog lines, unless set otherwise */
	PIECE_MIN_TEXT_BYTES = 32,   /* so that pieces get on whatever the prefix takes */
	SHORT_TEXT_BYTES = 1024,     /* longer messages are formatted twice */
	LIMIT_US = 15 * 1000 * 1000, /* a repeat within this time is dropped */
	LIMIT_ENTRIES = 10000,       /* then the table is emptied */
	LIMIT_BYTES = 4 << 20,       /* of its texts, likewise */
};

static const char *const severity_words[] = {
	"EMERG",
	"ALERT",
	"CRIT",
	"ERR",
	"WARNING",
	"NOTICE",
	"INFO",
	"DEBUG",
};

/* Written by log_setup before other threads exist, only read from then on. */
static struct log_settings settings = {
	.level = LOG_L_WARNING,
	.to_stderr = true,
};

static atomic_int current_level = LOG_L_WARNING;
static atomic_int topic_levels[LOG_TOPIC_COUNT]; /* plus 1, so that 0 is none of its own */
static atomic_bool stderr_gone;

static const struct log_topic_row topic_rows[LOG_TOPIC_COUNT] = {
#define LOG_TOPIC_ROW(id, name_, text_) [LOG_T_##id] = { .name = name_, .text = text_ },
	LOG_TOPICS(LOG_TOPIC_ROW)
#undef LOG_TOPIC_ROW
};

static _Thread_local const struct log_context *thread_context;

static struct {
	pthread_mutex_t lock;
	void (*fn)(enum log_level level, const char *line, void *arg);
	void *arg;
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
	pthread_mutex_t lock;
	GHashTable *seen; /* line -> int64_t: when it was last let through */
	size_t bytes;     /* of the keys */
} limited = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void open_syslog(void)
{
	closelog();
	openlog(settings.ident ? settings.ident : "rtpengine", LOG_PID | LOG_NDELAY,
		settings.facility);
}

void log_setup(const struct log_settings *new_settings)
{
	settings = *new_settings;
	atomic_store(&stderr_gone, false);
	log_set_level(settings.level);
	for (unsigned i = 0; i < LOG_TOPIC_COUNT; i++)
		log_topic_set_level((enum log_topic)i, LOG_LEVEL_GENERAL);
	if (!settings.to_stderr)
		open_syslog();
}

void log_daemonised(void)
{
	if (settings.to_stderr)
		open_syslog();
	atomic_store(&stderr_gone, true);
}

enum log_level log_level(void)
{
	return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

const struct log_topic_row *log_topic_row(enum log_topic topic)
{
	return &topic_rows[topic];
}

int log_topic_level(enum log_topic topic)
{
	return atomic_load_explicit(&topic_levels[topic], memory_order_relaxed) - 1;
}

void log_topic_set_level(enum log_topic topic, int level)
{
	atomic_store_explicit(&topic_levels[topic], level + 1, memory_order_relaxed);
}

enum log_level log_level_of(enum log_topic topic)
{
	int own = log_topic_level(topic);

	return own == LOG_LEVEL_GENERAL ? log_level() : (enum log_level)own;
}

const struct log_context *log_set_context(const struct log_context *context)
{
	const struct log_context *before = thread_context;

	thread_context = context;
	return before;
}

bool log_context_debugs(void)
{
	return thread_context && thread_context->debug;
}

const char *log_mark_prefix(void)
{
	return settings.mark_prefix ? settings.mark_prefix : "";
}

const char *log_mark_suffix(void)
{
	return settings.mark_suffix ? settings.mark_suffix : "";
}

void log_set_sink(void (*fn)(enum log_level level, const char *line, void *arg), void *arg)
{
	pthread_mutex_lock(&sink.lock);
	sink.fn = fn;
	sink.arg = arg;
	pthread_mutex_unlock(&sink.lock);
}

/* A call-ID comes from the network: it must not begin lines of its own. */
static void copy_printable(char *to, struct str from, size_t max)
{
	size_t n = MIN(from.len, max);

	for (size_t i = 0; i < n; i++)
		to[i] = log_printable(from.s[i]);
	to[n] = '\0';
}

/* Returns the bytes put into `out`. */
static size_t make_prefix(const struct log_context *context, char out[PREFIX_BYTES])
{
	const char *before = settings.parsable ? "" : log_mark_prefix();
	const char *behind = settings.parsable ? "" : log_mark_suffix();
	size_t frame = strlen(before) + strlen(behind) + strlen("[ID=\"\" port=\"65535\"]: ") + 1;
	char id[PREFIX_BYTES];
	int n;

	if (!context || !context->call_id.len)
		return 0;
	copy_printable(id, context->call_id, PREFIX_BYTES - MIN(frame, (size_t)PREFIX_BYTES));
	if (settings.parsable && context->port)
		n = snprintf(out, PREFIX_BYTES, "[ID=\"%s\" port=\"%u\"]: ", id, context->port);
	else if (settings.parsable)
		n = snprintf(out, PREFIX_BYTES, "[ID=\"%s\"]: ", id);
	else if (context->port)
		n = snprintf(out, PREFIX_BYTES, "[%s%s%s port %5u]: ", before, id, behind,
			context->port);
	else
		n = snprintf(out, PREFIX_BYTES, "[%s%s%s]: ", before, id, behind);
	return MIN((size_t)n, (size_t)PREFIX_BYTES - 1);
}

static struct log_line *line_new(enum log_level level, const char *prefix, size_t prefix_len,
	const char *text, size_t text_len)
{
	struct log_line *line = g_malloc(sizeof(*line) + prefix_len + text_len + 1);

	*line = (struct log_line){
		.wall_us = clock_wall_us(),
		.level = level,
		.facility = -1,
		.prefix_len = (uint16_t)prefix_len,
		.len = prefix_len + text_len,
	};
	memcpy(line->text, prefix, prefix_len);
	memcpy(line->text + prefix_len, text, text_len);
	line->text[line->len] = '\0';
	return line;
}

static struct log_line *line_format(enum log_level level, const char *fmt, va_list args)
{
	char prefix[PREFIX_BYTES], brief[SHORT_TEXT_BYTES];
	g_autofree char *whole = NULL;
	const char *text = brief;
	size_t prefix_len, len;
	va_list again;
	int n;

	prefix_len = make_prefix(thread_context, prefix);
	va_copy(again, args);
	n = vsnprintf(brief, sizeof(brief), fmt, args);
	if (n >= (int)sizeof(brief))
		text = whole = g_strdup_vprintf(fmt, again);
	va_end(again);
	len = n < 0 ? 0 : strlen(text);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return line_new(level, prefix, prefix_len, text, len);
}

/* One write, so that lines of several processes on one terminal do not mix. */
static void write_stderr(const struct log_line *line)
{
	g_autofree char *out = NULL;
	char stamp[48] = "";
	size_t len, done = 0;

	if (settings.timestamps)
		snprintf(stamp, sizeof(stamp), "[%lld.%06lld] ",
			(long long)(line->wall_us / 1000000), (long long)(line->wall_us % 1000000));
	out = g_strconcat(stamp, severity_words[line->level], ": ", line->text, "\n", NULL);
	len = strlen(out);
	while (done < len) {
		ssize_t n = write(STDERR_FILENO, out + done, len - done);

		if (n < 0 && errno != EINTR)
			return; /* nowhere left to say so */
		if (n > 0)
			done += (size_t)n;
	}
}

/* How many of the `len` bytes fit into `room`, not cutting through a UTF-8 character. */
static size_t piece_len(const char *text, size_t len, size_t room)
{
	size_t n = room;

	if (len <= room)
		return len;
	while (n > room - 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return ((unsigned char)text[n] & 0xc0) == 0x80 ? room : n;
}

static void write_syslog(const struct log_line *line)
{
	static const char more[] = " ...", continued[] = "... ";
	const char *word = severity_words[line->level];
	const char *text = line->text + line->prefix_len;
	size_t len = line->len - line->prefix_len;
	size_t max = settings.max_line_bytes > 0 ? (size_t)settings.max_line_bytes : PIECE_BYTES;
	size_t frame = strlen(word) + strlen(": ") + line->prefix_len + strlen(continued);
	size_t room = max > frame + PIECE_MIN_TEXT_BYTES ? max - frame : PIECE_MIN_TEXT_BYTES;
	bool first = true;

	if (settings.max_line_bytes < 0)
		room = len + strlen(more);
	do {
		/* Only the first has no "... ", only the last no " ...". */
		size_t fits = room + (first ? strlen(continued) : 0);
		size_t n = len <= fits ? len : piece_len(text, len, fits - strlen(more));

		syslog((int)line->level, "%s: %.*s%s%.*s%s", word, (int)line->prefix_len,
			line->text, first ? "" : continued, (int)n, text, n < len ? more : "");
		text += n;
		len -= n;
		first = false;
	} while (len);
}

/* With --log-stderr syslog is only opened when there is something for it. */
static void write_record(const struct log_line *line)
{
	static bool opened; /* [main], or whoever is the only thread */

	if (settings.to_stderr && !atomic_load(&stderr_gone) && !opened)
		open_syslog();
	opened = true;
	syslog(line->facility | (int)line->level, "%s", line->text);
}

static void write_line(const struct log_line *line)
{
	void (*fn)(enum log_level level, const char *line, void *arg);
	bool has_stderr = !atomic_load(&stderr_gone);
	void *arg;

	pthread_mutex_lock(&sink.lock);
	fn = sink.fn;
	arg = sink.arg;
	pthread_mutex_unlock(&sink.lock);

	if (fn) {
		fn(line->level, line->text, arg);
		return;
	}
	if (line->facility >= 0) {
		write_record(line);
		return;
	}
	if (has_stderr && (settings.to_stderr || line->level <= LOG_L_WARNING))
		write_stderr(line);
	if (!has_stderr || !settings.to_stderr)
		write_syslog(line);
}

static void write_dropped(uint64_t dropped)
{
	char text[80];
	struct log_line *line;

	if (!dropped)
		return;
	snprintf(text, sizeof(text), "%llu log lines dropped, as they came too fast",
		(unsigned long long)dropped);
	line = line_new(LOG_L_WARNING, "", 0, text, strlen(text));
	write_line(line);
	g_free(line);
}

static void drain(bool closing)
{
	uint64_t dropped;
	struct log_line *line = log_ring_take(closing, &dropped);

	while (line) {
		struct log_line *next = line->next;

		write_dropped(line->dropped_before);
		write_line(line);
		g_free(line);
		line = next;
	}
	write_dropped(dropped);
}

void log_start_ring(void (*wake)(void))
{
	log_ring_open(wake);
}

void log_drain(void)
{
	drain(false);
}

void log_stop_ring(void)
{
	log_ring_close();
	drain(true);
}

static void line_send(struct log_line *line)
{
	if (log_ring_put(line))
		return;
	write_line(line);
	g_free(line);
}

void log_write_topic(enum log_topic topic, enum log_level level, const char *fmt, ...)
{
	struct log_line *line;
	va_list args;

	if (!log_topic_enabled(topic, level))
		return;
	va_start(args, fmt);
	line = line_format(level, fmt, args);
	va_end(args);
	line_send(line);
}

void log_record(int facility, const char *text)
{
	struct log_line *line = line_new(LOG_L_INFO, "", 0, text, strlen(text));

	line->facility = facility;
	line_send(line);
}

/* Under the lock: room for one more text. */
static void limited_make_room(void)
{
	if (!limited.seen)
		limited.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (g_hash_table_size(limited.seen) < LIMIT_ENTRIES && limited.bytes < LIMIT_BYTES)
		return;
	g_hash_table_remove_all(limited.seen);
	limited.bytes = 0;
}

/* Was this line let through less than 15 s ago? If not, it is from now. */
static bool is_repeat(const struct log_line *line)
{
	int64_t now_us = clock_mono_us();
	bool repeat = false;
	int64_t *at_us;

	pthread_mutex_lock(&limited.lock);
	at_us = limited.seen ? g_hash_table_lookup(limited.seen, line->text) : NULL;
	if (at_us) {
		repeat = now_us - *at_us < LIMIT_US;
		if (!repeat)
			*at_us = now_us;
	} else {
		limited_make_room();
		at_us = g_new(int64_t, 1);
		*at_us = now_us;
		g_hash_table_insert(limited.seen, g_strdup(line->text), at_us);
		limited.bytes += line->len;
	}
	pthread_mutex_unlock(&limited.lock);
	return repeat;
}

void log_write_limited_topic(enum log_topic topic, enum log_level level, const char *fmt, ...)
{
	struct log_line *line;
	va_list args;

	if (!log_topic_enabled(topic, level))
		return;
	va_start(args, fmt);
	line = line_format(level, fmt, args);
	va_end(args);
	if (is_repeat(line))
		g_free(line);
	else
		line_send(line);
}
