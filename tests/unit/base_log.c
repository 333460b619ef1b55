/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log lines: layouts, prefixes, pieces, limits, the ring. Syslog is replaced by functions here. */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"

/* <syslog.h> is left out, as it may define these itself. */
void openlog(const char *ident, int flags, int facility);
void closelog(void);
void syslog(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum { FACILITY_LOCAL3 = 19 << 3 };

static struct {
	GPtrArray *lines;
	char *ident;
	int facility;
	int last_priority;
} sys;

void openlog(const char *ident, int flags, int facility)
{
	(void)flags;
	g_free(sys.ident);
	sys.ident = g_strdup(ident);
	sys.facility = facility;
}

void closelog(void)
{
}

void syslog(int priority, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_ptr_array_add(sys.lines, g_strdup_vprintf(fmt, args));
	va_end(args);
	sys.last_priority = priority;
}

static const char *sys_line(unsigned i)
{
	g_assert_cmpuint(i, <, sys.lines->len);
	return g_ptr_array_index(sys.lines, i);
}

/* The sink's lines. */
static GPtrArray *sunk;

static void on_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	g_ptr_array_add(sunk, g_strdup(line));
}

static const char *sunk_line(unsigned i)
{
	g_assert_cmpuint(i, <, sunk->len);
	return g_ptr_array_index(sunk, i);
}

static void set_up(const struct log_settings *settings)
{
	if (sys.lines)
		g_ptr_array_free(sys.lines, TRUE);
	sys.lines = g_ptr_array_new_with_free_func(g_free);
	if (sunk)
		g_ptr_array_free(sunk, TRUE);
	sunk = g_ptr_array_new_with_free_func(g_free);
	clock_set_mock(1000 * 1000000LL, 1563192870453903LL);
	log_set_context(NULL);
	log_set_sink(NULL, NULL);
	log_setup(settings);
}

static void set_up_sink(const struct log_settings *settings)
{
	set_up(settings);
	log_set_sink(on_line, NULL);
}

static int saved_stderr = -1, captured_stderr = -1;

static void capture_begin(void)
{
	char path[] = "/tmp/base_log.XXXXXX";

	saved_stderr = dup(STDERR_FILENO);
	captured_stderr = mkstemp(path);
	g_assert_cmpint(captured_stderr, >=, 0);
	unlink(path);
	dup2(captured_stderr, STDERR_FILENO);
}

static char *capture_end(void)
{
	char *text = g_malloc0(1 << 16);

	g_assert_cmpint(pread(captured_stderr, text, (1 << 16) - 1, 0), >=, 0);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(captured_stderr);
	return text;
}

static void test_stderr_layout(void)
{
	g_autofree char *text = NULL;

	set_up(&(struct log_settings){
		.level = LOG_L_INFO, .to_stderr = true, .timestamps = true });
	capture_begin();
	log_info("hello %d", 5);
	log_debug("not this");
	text = capture_end();
	g_assert_cmpstr(text, ==, "[1563192870.453903] INFO: hello 5\n");
	g_assert_cmpuint(sys.lines->len, ==, 0);
}

static void test_stderr_without_time(void)
{
	g_autofree char *text = NULL;
	struct log_context context = { .call_id = str_of("id") };

	set_up(&(struct log_settings){ .level = LOG_L_DEBUG, .to_stderr = true });
	log_set_context(&context);
	capture_begin();
	log_debug("hello");
	text = capture_end();
	g_assert_cmpstr(text, ==, "DEBUG: [id]: hello\n");
}

static void test_severity_words(void)
{
	static const char *const words[] = { "EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE",
		"INFO", "DEBUG" };

	set_up(&(struct log_settings){ .level = LOG_L_DEBUG });
	log_daemonised();
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *expected = g_strdup_printf("%s: text", words[i]);

		log_write((enum log_level)i, "text");
		g_assert_cmpstr(sys_line(i), ==, expected);
		g_assert_cmpint(sys.last_priority, ==, (int)i);
	}
}

static void test_syslog_identity(void)
{
	set_up(&(struct log_settings){ .level = LOG_L_INFO, .facility = FACILITY_LOCAL3 });
	g_assert_cmpstr(sys.ident, ==, "rtpengine");
	g_assert_cmpint(sys.facility, ==, FACILITY_LOCAL3);
	set_up(&(struct log_settings){ .level = LOG_L_INFO, .ident = "proxy7" });
	g_assert_cmpstr(sys.ident, ==, "proxy7");
}

static void test_records_are_bare_and_go_to_syslog_always(void)
{
	g_autofree char *text = NULL;

	set_up(&(struct log_settings){ .level = LOG_L_ERR, .to_stderr = true });
	g_clear_pointer(&sys.ident, g_free);
	capture_begin();
	log_record(FACILITY_LOCAL3, "ci=call, %s");
	text = capture_end();
	g_assert_cmpstr(text, ==, "");
	g_assert_cmpstr(sys.ident, ==, "rtpengine");
	g_assert_cmpstr(sys_line(0), ==, "ci=call, %s");
	g_assert_cmpint(sys.last_priority, ==, FACILITY_LOCAL3 | LOG_L_INFO);
}

static void test_long_records_are_not_cut(void)
{
	g_autofree char *text = g_strnfill(20000, 'x');

	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	log_record(FACILITY_LOCAL3, text);
	g_assert_cmpuint(sys.lines->len, ==, 1);
	g_assert_cmpstr(sys_line(0), ==, text);
}

static void test_records_wait_in_the_ring(void)
{
	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	log_start_ring(NULL);
	log_record(FACILITY_LOCAL3, "later");
	g_assert_cmpuint(sys.lines->len, ==, 0);
	log_drain();
	g_assert_cmpstr(sys_line(0), ==, "later");
	log_stop_ring();
}

static void test_syslog_and_warnings_to_stderr(void)
{
	g_autofree char *text = NULL;

	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	capture_begin();
	log_warn("bad");
	log_notice("good");
	text = capture_end();
	g_assert_cmpstr(text, ==, "WARNING: bad\n");
	g_assert_cmpuint(sys.lines->len, ==, 2);
	g_assert_cmpstr(sys_line(0), ==, "WARNING: bad");
	g_assert_cmpstr(sys_line(1), ==, "NOTICE: good");
}

static void test_daemonised(void)
{
	g_autofree char *text = NULL;

	set_up(&(struct log_settings){ .level = LOG_L_INFO, .to_stderr = true, .ident = "later" });
	log_daemonised();
	capture_begin();
	log_err("bad");
	text = capture_end();
	g_assert_cmpstr(text, ==, "");
	g_assert_cmpstr(sys_line(0), ==, "ERR: bad");
	g_assert_cmpstr(sys.ident, ==, "later");
}

static void test_before_setup(void)
{
	if (g_test_subprocess()) {
		log_info("not this");
		log_warn("early");
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("*WARNING: early\n*");
	g_test_trap_assert_stderr_unmatched("*not this*");
}

/* The prefix of a line in the given context. */
static const char *prefix_of(
	const struct log_settings *settings, const char *call_id, uint16_t port)
{
	struct log_context context = { .call_id = str_of(call_id), .port = port };

	set_up_sink(settings);
	log_set_context(&context);
	log_warn("x");
	log_set_context(NULL);
	return sunk_line(0);
}

static void test_prefixes(void)
{
	struct log_settings plain = { .level = LOG_L_INFO };
	struct log_settings parsable = {
		.level = LOG_L_INFO, .parsable = true, .mark_prefix = "<<", .mark_suffix = ">>"
	};
	struct log_settings marks = {
		.level = LOG_L_INFO, .mark_prefix = "<<", .mark_suffix = ">>"
	};

	g_assert_cmpstr(prefix_of(&plain, "id", 0), ==, "[id]: x");
	g_assert_cmpstr(prefix_of(&plain, "id", 34318), ==, "[id port 34318]: x");
	g_assert_cmpstr(prefix_of(&plain, "id", 800), ==, "[id port   800]: x");
	g_assert_cmpstr(prefix_of(&plain, "", 0), ==, "x");
	g_assert_cmpstr(prefix_of(&parsable, "id", 0), ==, "[ID=\"id\"]: x");
	g_assert_cmpstr(prefix_of(&parsable, "id", 34318), ==, "[ID=\"id\" port=\"34318\"]: x");
	g_assert_cmpstr(prefix_of(&marks, "id", 0), ==, "[<<id>>]: x");
	g_assert_cmpstr(prefix_of(&marks, "id", 34318), ==, "[<<id>> port 34318]: x");
}

static void test_long_call_id(void)
{
	struct log_settings plain = { .level = LOG_L_INFO };
	g_autofree char *id = g_strnfill(5000, 'i');
	const char *line = prefix_of(&plain, id, 34318);

	g_assert_cmpuint(strlen(line), <=, 300);
	g_assert_cmpuint(strlen(line), >, 200);
	g_assert_true(g_str_has_suffix(line, "i port 34318]: x"));
}

static void test_long_marks(void)
{
	g_autofree char *mark = g_strnfill(400, 'm');
	struct log_settings marks = {
		.level = LOG_L_INFO, .mark_prefix = mark, .mark_suffix = mark
	};

	g_assert_cmpuint(strlen(prefix_of(&marks, "id", 0)), <=, 301);
}

static void test_call_id_makes_no_lines(void)
{
	struct log_settings plain = { .level = LOG_L_INFO };

	g_assert_cmpstr(prefix_of(&plain, "a\nCRIT: b\x1b[1m", 0), ==, "[a?CRIT: b?[1m]: x");
}

static void test_newlines(void)
{
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_info("v=0\r\no=-\r\n\n");
	log_info("\n\n");
	g_assert_cmpstr(sunk_line(0), ==, "v=0\r\no=-");
	g_assert_cmpstr(sunk_line(1), ==, "");
}

static void test_long_message_is_whole(void)
{
	g_autofree char *text = g_strnfill(20000, 't');

	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_info("%s", text);
	g_assert_cmpstr(sunk_line(0), ==, text);
}

/* Logs `text` to syslog and puts the pieces together again, looking at each. */
static char *log_in_pieces(const char *text, const char *start, size_t max)
{
	GString *whole = g_string_new(NULL);

	log_info("%s", text);
	for (unsigned i = 0; i < sys.lines->len; i++) {
		const char *piece = sys_line(i);
		bool last = i + 1 == sys.lines->len;
		size_t len = strlen(piece);

		g_assert_cmpuint(len, <=, max);
		g_assert_true(g_utf8_validate(piece, -1, NULL));
		g_assert_true(g_str_has_prefix(piece, start));
		piece += strlen(start);
		len -= strlen(start);
		if (i > 0) {
			g_assert_true(g_str_has_prefix(piece, "... "));
			piece += 4;
			len -= 4;
		}
		if (!last) {
			g_assert_true(g_str_has_suffix(piece, " ..."));
			len -= 4;
		}
		g_string_append_len(whole, piece, (gssize)len);
	}
	return g_string_free(whole, FALSE);
}

static void test_pieces(void)
{
	struct log_context context = { .call_id = str_of("id") };
	g_autofree char *text = g_strnfill(1700, 't');
	g_autofree char *whole = NULL;

	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	log_set_context(&context);
	whole = log_in_pieces(text, "INFO: [id]: ", 500);
	g_assert_cmpstr(whole, ==, text);
	g_assert_cmpuint(sys.lines->len, ==, 4);
	g_assert_cmpuint(strlen(sys_line(0)), ==, 500);
}

static void test_pieces_at_the_limit(void)
{
	g_autofree char *fits = g_strnfill(500 - strlen("INFO: "), 't');
	g_autofree char *one_more = g_strdup_printf("%sx", fits);

	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	log_info("%s", fits);
	g_assert_cmpuint(sys.lines->len, ==, 1);
	log_info("%s", one_more);
	g_assert_cmpuint(sys.lines->len, ==, 3);
}

static void test_pieces_keep_characters(void)
{
	GString *text = g_string_new("a");
	g_autofree char *whole = NULL;

	for (unsigned i = 0; i < 600; i++)
		g_string_append(text, "\xe2\x82\xac");
	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	whole = log_in_pieces(text->str, "INFO: ", 500);
	g_assert_cmpstr(whole, ==, text->str);
	g_string_free(text, TRUE);
}

static void test_piece_sizes(void)
{
	struct log_context context = { .call_id = str_of("a-call-id-longer-than-all-of-it") };
	g_autofree char *text = g_strnfill(900, 't');
	g_autofree char *whole = NULL;

	set_up(&(struct log_settings){ .level = LOG_L_INFO, .max_line_bytes = -1 });
	log_info("%s", text);
	g_assert_cmpuint(sys.lines->len, ==, 1);
	g_assert_cmpstr(sys_line(0) + strlen("INFO: "), ==, text);

	set_up(&(struct log_settings){ .level = LOG_L_INFO, .max_line_bytes = 1 });
	log_set_context(&context);
	whole = log_in_pieces(text, "INFO: [a-call-id-longer-than-all-of-it]: ", 100);
	g_assert_cmpstr(whole, ==, text);
}

static void test_stderr_is_not_cut(void)
{
	g_autofree char *message = g_strnfill(3000, 't');
	g_autofree char *expected = g_strdup_printf("INFO: %s\n", message);
	g_autofree char *text = NULL;

	set_up(&(struct log_settings){ .level = LOG_L_INFO, .to_stderr = true });
	capture_begin();
	log_info("%s", message);
	text = capture_end();
	g_assert_cmpstr(text, ==, expected);
}

static void test_level(void)
{
	int evaluated = 0;

	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_debug("%d", ++evaluated);
	log_write(LOG_L_DEBUG, "not this");
	log_write_limited(LOG_L_DEBUG, "nor this");
	g_assert_cmpint(evaluated, ==, 0);
	g_assert_cmpuint(sunk->len, ==, 0);
	log_set_level(LOG_L_DEBUG);
	log_debug("%d", ++evaluated);
	g_assert_cmpstr(sunk_line(0), ==, "1");
	g_assert_true(log_enabled(LOG_L_DEBUG));
}

static void test_topics(void)
{
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	g_assert_cmpint(log_topic_level(LOG_T_CONTROL), ==, LOG_LEVEL_GENERAL);
	log_topic_set_level(LOG_T_CONTROL, LOG_L_DEBUG);
	log_debug("core");
	log_write_topic(LOG_T_CONTROL, LOG_L_DEBUG, "control");
	log_set_level(LOG_L_DEBUG);
	log_topic_set_level(LOG_T_CONTROL, LOG_L_EMERG);
	log_write_topic(LOG_T_CONTROL, LOG_L_ALERT, "none");
	log_write_limited_topic(LOG_T_CONTROL, LOG_L_ALERT, "none");
	log_debug("core again");
	log_topic_set_level(LOG_T_CONTROL, LOG_LEVEL_GENERAL);
	log_write_topic(LOG_T_CONTROL, LOG_L_DEBUG, "control again");
	g_assert_cmpuint(sunk->len, ==, 3);
	g_assert_cmpstr(sunk_line(0), ==, "control");
	g_assert_cmpstr(sunk_line(1), ==, "core again");
	g_assert_cmpstr(sunk_line(2), ==, "control again");
}

static void test_context_that_debugs(void)
{
	struct log_context context = { .call_id = str_of("id"), .debug = true };

	set_up_sink(&(struct log_settings){ .level = LOG_L_ERR });
	log_debug("before");
	log_set_context(&context);
	log_debug("meant");
	log_write_limited(LOG_L_DEBUG, "and limited");
	log_set_context(NULL);
	log_debug("behind");
	g_assert_cmpuint(sunk->len, ==, 2);
	g_assert_cmpstr(sunk_line(0), ==, "[id]: meant");
	g_assert_cmpstr(sunk_line(1), ==, "[id]: and limited");
}

static void test_context_is_given_back(void)
{
	struct log_context outer = { .call_id = str_of("outer") };
	struct log_context inner = { .call_id = str_of("inner") };

	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	g_assert_null(log_set_context(&outer));
	g_assert_true(log_set_context(&inner) == &outer);
	log_info("a");
	g_assert_true(log_set_context(&outer) == &inner);
	log_info("b");
	log_set_context(NULL);
	g_assert_cmpstr(sunk_line(0), ==, "[inner]: a");
	g_assert_cmpstr(sunk_line(1), ==, "[outer]: b");
}

static void test_marks(void)
{
	set_up_sink(&(struct log_settings){
		.level = LOG_L_INFO, .mark_prefix = "<<", .mark_suffix = ">>" });
	log_info("from " MARKED("%s") " now", MARK("192.0.2.1:5060"));
	g_assert_cmpstr(sunk_line(0), ==, "from <<192.0.2.1:5060>> now");
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_info("from " MARKED("%s") " now", MARK("192.0.2.1:5060"));
	g_assert_cmpstr(sunk_line(0), ==, "from 192.0.2.1:5060 now");
}

static void pass_seconds(int seconds)
{
	clock_set_mock(clock_mono_us() + seconds * 1000000LL, clock_wall_us());
}

static void test_limited_repeats(void)
{
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_write_limited(LOG_L_INFO, "same %d", 1);
	log_write_limited(LOG_L_INFO, "same %d", 1);
	log_write_limited(LOG_L_INFO, "same %d", 2);
	g_assert_cmpuint(sunk->len, ==, 2);
	pass_seconds(14);
	log_write_limited(LOG_L_INFO, "same %d", 1);
	g_assert_cmpuint(sunk->len, ==, 2);
	pass_seconds(1);
	log_write_limited(LOG_L_INFO, "same %d", 1);
	g_assert_cmpuint(sunk->len, ==, 3);
}

static void test_limited_by_prefix(void)
{
	struct log_context one = { .call_id = str_of("one") }, two = { .call_id = str_of("two") };

	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_set_context(&one);
	log_write_limited(LOG_L_INFO, "prefixed");
	log_set_context(&two);
	log_write_limited(LOG_L_INFO, "prefixed");
	log_write_limited(LOG_L_INFO, "prefixed");
	log_set_context(NULL);
	g_assert_cmpuint(sunk->len, ==, 2);
}

static void test_unlimited_repeats(void)
{
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_info("again");
	log_info("again");
	g_assert_cmpuint(sunk->len, ==, 2);
}

static void test_limited_table_is_emptied(void)
{
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_write_limited(LOG_L_INFO, "first of many");
	for (unsigned i = 0; i < 10000; i++)
		log_write_limited(LOG_L_INFO, "number %u", i);
	g_assert_cmpuint(sunk->len, ==, 10001);
	log_write_limited(LOG_L_INFO, "first of many");
	g_assert_cmpuint(sunk->len, ==, 10002);
}

static unsigned wakes;

static void on_wake(void)
{
	wakes++;
}

static void test_ring_waits_for_drain(void)
{
	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	wakes = 0;
	log_start_ring(on_wake);
	log_info("a");
	log_info("b");
	g_assert_cmpuint(sunk->len, ==, 0);
	g_assert_cmpuint(wakes, ==, 1);
	log_drain();
	g_assert_cmpstr(sunk_line(0), ==, "a");
	g_assert_cmpstr(sunk_line(1), ==, "b");
	log_info("c");
	g_assert_cmpuint(wakes, ==, 2);
	log_stop_ring();
	g_assert_cmpstr(sunk_line(2), ==, "c");
	log_info("d");
	g_assert_cmpstr(sunk_line(3), ==, "d");
	g_assert_cmpuint(wakes, ==, 2);
}

static void test_ring_keeps_time_of_logging(void)
{
	g_autofree char *text = NULL;

	set_up(&(struct log_settings){
		.level = LOG_L_INFO, .to_stderr = true, .timestamps = true });
	log_start_ring(NULL);
	log_info("then");
	clock_set_mock(2000 * 1000000LL, 1663192870000000LL);
	capture_begin();
	log_stop_ring();
	text = capture_end();
	g_assert_cmpstr(text, ==, "[1563192870.453903] INFO: then\n");
}

static void test_ring_overflow(void)
{
	uint64_t before = log_dropped();
	unsigned fit;

	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_start_ring(NULL);
	for (unsigned i = 0; i < 10000; i++)
		log_info("line %u", i);
	log_drain();
	fit = sunk->len;
	g_assert_cmpuint(fit, >, 100);
	g_assert_cmpuint(fit, <, 10000);
	g_assert_cmpuint(log_dropped() - before, ==, 10000 - fit);

	log_info("after");
	log_stop_ring();
	g_assert_cmpuint(sunk->len, ==, fit + 2);
	g_assert_cmpuint(strtoul(sunk_line(fit), NULL, 10), ==, 10000 - fit);
	g_assert_nonnull(strstr(sunk_line(fit), " log lines dropped"));
	g_assert_cmpstr(sunk_line(fit + 1), ==, "after");
}

static void test_ring_is_bounded_in_bytes(void)
{
	g_autofree char *text = g_strnfill(1 << 20, 't');

	set_up_sink(&(struct log_settings){ .level = LOG_L_INFO });
	log_start_ring(NULL);
	for (unsigned i = 0; i < 20; i++)
		log_info("%s", text);
	log_stop_ring();
	g_assert_cmpuint(sunk->len, >=, 2);
	g_assert_cmpuint(sunk->len, <, 10);
	g_assert_nonnull(strstr(sunk_line(sunk->len - 1), " log lines dropped"));
}

enum { THREADS = 4, LINES_PER_THREAD = 3000 };

static struct {
	int last[THREADS];
	unsigned lines;
} counted;

static void on_counted(enum log_level level, const char *line, void *arg)
{
	int thread, number;

	(void)level;
	(void)arg;
	if (sscanf(line, "[call-%d]: number %d", &thread, &number) != 2)
		return;
	g_assert_cmpint(number, >, counted.last[thread]);
	counted.last[thread] = number;
	counted.lines++;
}

static gpointer log_many(gpointer arg)
{
	g_autofree char *id = g_strdup_printf("call-%d", GPOINTER_TO_INT(arg));
	struct log_context context = { .call_id = str_of(id) };

	log_set_context(&context);
	for (int i = 1; i <= LINES_PER_THREAD; i++) {
		log_info("number %d", i);
		log_write_limited(LOG_L_INFO, "limited");
	}
	log_set_context(NULL);
	return NULL;
}

static void test_ring_with_threads(void)
{
	uint64_t before = log_dropped();
	GThread *threads[THREADS];

	set_up(&(struct log_settings){ .level = LOG_L_INFO });
	memset(&counted, 0, sizeof(counted));
	log_set_sink(on_counted, NULL);
	log_start_ring(NULL);
	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("logger", log_many, GINT_TO_POINTER(i));
	for (int i = 0; i < 100; i++) {
		log_drain();
		log_set_level(LOG_L_INFO);
		g_thread_yield();
	}
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	log_stop_ring();
	/* Each thread's limited line may be among the dropped ones. */
	g_assert_cmpuint(counted.lines + (log_dropped() - before), >=, THREADS * LINES_PER_THREAD);
	g_assert_cmpuint(
		counted.lines + (log_dropped() - before), <=, THREADS * LINES_PER_THREAD + THREADS);
	g_assert_cmpuint(counted.lines, >, 0);
}

int main(int argc, char **argv)
{
	int rc;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/log/stderr-layout", test_stderr_layout);
	g_test_add_func("/log/stderr-without-time", test_stderr_without_time);
	g_test_add_func("/log/severity-words", test_severity_words);
	g_test_add_func("/log/syslog-identity", test_syslog_identity);
	g_test_add_func("/log/record", test_records_are_bare_and_go_to_syslog_always);
	g_test_add_func("/log/record-long", test_long_records_are_not_cut);
	g_test_add_func("/log/record-ring", test_records_wait_in_the_ring);
	g_test_add_func("/log/warnings-to-stderr-too", test_syslog_and_warnings_to_stderr);
	g_test_add_func("/log/daemonised", test_daemonised);
	g_test_add_func("/log/before-setup", test_before_setup);
	g_test_add_func("/log/prefixes", test_prefixes);
	g_test_add_func("/log/long-call-id", test_long_call_id);
	g_test_add_func("/log/long-marks", test_long_marks);
	g_test_add_func("/log/call-id-makes-no-lines", test_call_id_makes_no_lines);
	g_test_add_func("/log/newlines", test_newlines);
	g_test_add_func("/log/long-message-is-whole", test_long_message_is_whole);
	g_test_add_func("/log/pieces", test_pieces);
	g_test_add_func("/log/pieces-at-the-limit", test_pieces_at_the_limit);
	g_test_add_func("/log/pieces-keep-characters", test_pieces_keep_characters);
	g_test_add_func("/log/piece-sizes", test_piece_sizes);
	g_test_add_func("/log/stderr-is-not-cut", test_stderr_is_not_cut);
	g_test_add_func("/log/level", test_level);
	g_test_add_func("/log/context-is-given-back", test_context_is_given_back);
	g_test_add_func("/log/debug", test_context_that_debugs);
	g_test_add_func("/log/topics", test_topics);
	g_test_add_func("/log/marks", test_marks);
	g_test_add_func("/log/limited-repeats", test_limited_repeats);
	g_test_add_func("/log/limited-by-prefix", test_limited_by_prefix);
	g_test_add_func("/log/unlimited-repeats", test_unlimited_repeats);
	g_test_add_func("/log/limited-table-is-emptied", test_limited_table_is_emptied);
	g_test_add_func("/log/ring-waits-for-drain", test_ring_waits_for_drain);
	g_test_add_func("/log/ring-keeps-time-of-logging", test_ring_keeps_time_of_logging);
	g_test_add_func("/log/ring-overflow", test_ring_overflow);
	g_test_add_func("/log/ring-is-bounded-in-bytes", test_ring_is_bounded_in_bytes);
	g_test_add_func("/log/ring-with-threads", test_ring_with_threads);
	rc = g_test_run();
	g_clear_pointer(&sys.lines, g_ptr_array_unref);
	g_clear_pointer(&sunk, g_ptr_array_unref);
	g_clear_pointer(&sys.ident, g_free);
	return rc;
}
