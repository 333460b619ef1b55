/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log lines. A line is formatted where it happens, put into a bounded ring and written by the
 * main thread, so that no other thread ever waits for syslog or a terminal; when the ring is
 * full the line is dropped and counted, and the next line that fits tells how many.
 *
 * Formats and texts: spec/daemon 2. Layout in short:
 *   stderr  [1563192870.453903] INFO: [CALLID]: text
 *   syslog  INFO: [CALLID]: text     (cut into 500-byte pieces)
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "api/str.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* Syslog's severities. */
enum log_level {
	LOG_L_EMERG,
	LOG_L_ALERT,
	LOG_L_CRIT,
	LOG_L_ERR,
	LOG_L_WARNING,
	LOG_L_NOTICE,
	LOG_L_INFO,
	LOG_L_DEBUG,
};

/*
 * What lines are about. A file says so by defining LOG_TOPIC before it includes anything; else
 * its lines are of the core. id, name, what it is.
 */
#define LOG_TOPICS(ROW)                                                          \
	ROW(CORE, "core", "calls, their media, and what has no place elsewhere") \
	ROW(CONTROL, "control", "commands, their clients and listeners")

enum log_topic {
#define LOG_TOPIC_ID(id, name, text) LOG_T_##id,
	LOG_TOPICS(LOG_TOPIC_ID)
#undef LOG_TOPIC_ID
		LOG_TOPIC_COUNT
};

#ifndef LOG_TOPIC
#define LOG_TOPIC LOG_T_CORE
#endif

/* What a thread is working on: becomes the line's prefix. */
struct log_context {
	struct str call_id;
	uint16_t port; /* local port, 0: none; prints as [CALLID port 34318] */
	bool debug;    /* its lines are written whatever the level (spec daemon 2.4) */
};

/* How lines are written; see log_setup. */
struct log_settings {
	enum log_level level;    /* highest number that is written */
	bool to_stderr;          /* else syslog, and WARNING or worse also to stderr until
				       log_daemonised */
	bool timestamps;         /* of stderr lines */
	bool parsable;           /* --log-format=parsable */
	int facility;            /* LOG_DAEMON … of <syslog.h> */
	const char *ident;       /* of syslog lines; NULL: "rtpengine"; borrowed for good */
	int max_line_bytes;      /* of syslog pieces; 0: 500, negative: no limit */
	const char *mark_prefix; /* around private fields; borrowed for good, may be NULL */
	const char *mark_suffix;
};

/*
 * Before any other thread exists. Until then lines of WARNING or worse go straight to stderr.
 * [main]
 */
void log_setup(const struct log_settings *settings);
/* stderr is gone: from now on syslog only. [main] */
void log_daemonised(void);
/*
 * From here on lines wait in the ring until log_drain; before, they are written at once.
 * `wake` is called (from any thread) when the ring stops being empty. [main]
 */
void log_start_ring(void (*wake)(void));
/* Writes what is in the ring. [main] */
void log_drain(void);
/* Drains, and writes at once from now on. [main] */
void log_stop_ring(void);

/* The level of topics that have none of their own. [any] */
enum log_level log_level(void);
void log_set_level(enum log_level level);

enum { LOG_LEVEL_GENERAL = -1 };

struct log_topic_row {
	const char *name, *text;
};

const struct log_topic_row *log_topic_row(enum log_topic topic); /* [any] */
/* A topic's own level, or LOG_LEVEL_GENERAL, which it is until set. [any] */
int log_topic_level(enum log_topic topic);
void log_topic_set_level(enum log_topic topic, int level);
/* Its own or the general one. [any] */
enum log_level log_level_of(enum log_topic topic);
/*
 * The calling thread's context until the next call; NULL: none. `context` is borrowed.
 * Returns the one before, for the caller to put back. [any]
 */
const struct log_context *log_set_context(const struct log_context *context);
bool log_context_debugs(void); /* does the calling thread's context want all its lines */
static inline bool log_topic_enabled(enum log_topic topic, enum log_level level)
{
	return level <= log_level_of(topic) || log_context_debugs();
}
#define log_enabled(level) log_topic_enabled(LOG_TOPIC, level)

/* One message, without a newline at the end. Cheap when the level is off. [any] */
#define log_msg(level, ...)                            \
	do {                                           \
		if (log_enabled(level))                \
			log_write(level, __VA_ARGS__); \
	} while (0)
#define log_err(...)          log_msg(LOG_L_ERR, __VA_ARGS__)
#define log_warn(...)         log_msg(LOG_L_WARNING, __VA_ARGS__)
#define log_notice(...)       log_msg(LOG_L_NOTICE, __VA_ARGS__)
#define log_info(...)         log_msg(LOG_L_INFO, __VA_ARGS__)
#define log_debug(...)        log_msg(LOG_L_DEBUG, __VA_ARGS__)
#define log_write(level, ...) log_write_topic(LOG_TOPIC, level, __VA_ARGS__)
void log_write_topic(enum log_topic topic, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * The same, but a repeat of prefix and text within 15 s is dropped (spec/daemon 2.6): for
 * problems that come with every packet. [any]
 */
#define log_write_limited(level, ...) log_write_limited_topic(LOG_TOPIC, level, __VA_ARGS__)
void log_write_limited_topic(enum log_topic topic, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A bare line for syslog, severity INFO, under a facility of its own (LOG_LOCAL0 …): call detail
 * records and the like. Goes there whatever level and --log-stderr say. [any]
 */
void log_record(int facility, const char *text);
/* A character of a text from outside: those that could begin lines of their own become '?'. */
static inline char log_printable(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

/* Around a private field: log_info("from " MARKED("%s"), MARK(text)). */
#define MARKED(conversion) "%s" conversion "%s"
#define MARK(...)          log_mark_prefix(), __VA_ARGS__, log_mark_suffix()
const char *log_mark_prefix(void); /* "" when unset */
const char *log_mark_suffix(void);

/* Lines dropped because the ring was full. [any] */
uint64_t log_dropped(void);

/*
 * Tests: lines (prefix and text, without timestamp and severity) go here instead of out; NULL
 * undoes.
 */
void log_set_sink(void (*sink)(enum log_level level, const char *line, void *arg), void *arg);

#endif
