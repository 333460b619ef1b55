/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored media from a MySQL or MariaDB server (spec daemon 11.2), by libmariadb.
 *
 * A connection is opened when one is needed, used by one thread at a time and then kept for the
 * next, so there are never more of them than threads that fetch at once. They are the plugin's,
 * not the threads': those outlive it.
 *
 * The library's own time limits begin anew with every byte, so it is used without blocking: each
 * wait is ours, and ends when nobody wants the content any more. What blocks all the same is
 * asking for a host name's address, as long as the system's resolver takes.
 */
#include "api/host.h"
#include "api/media_store.h"
#include "api/plugin.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include <errmsg.h>
#include <mysql.h>

enum {
	MAX_ATTEMPTS = 5,
	CONNECT_US = 2000000,             /* until the server has let us in */
	FETCH_US = 30000000,              /* whoever waits for longer */
	DOWN_US = 1000000,                /* no other connection is tried, after one failed */
	STEP_MS = 100,                    /* between questions whether it is wanted yet */
	STACK_BYTES = 256 * 1024,         /* on which the library runs; it asks resolvers there */
	MAX_KEPT_BYTES = 4 * 1024 * 1024, /* a connection's buffer never shrinks */
	PACKET_OVERHEAD_BYTES = 1024 * 1024, /* of other columns, around the content */
};

static const char placeholder[] = "%llu";

static struct {
	const struct host *host;
	char *server, *user, *password, *query; /* "": not given */
	unsigned port;                          /* 0: the library's */
	pthread_mutex_t lock;
	GPtrArray *idle;       /* MYSQL *, open; guarded by the lock */
	int64_t down_until_us; /* likewise */
} db = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int fail(char *error, const char *cause)
{
	g_strlcpy(error, cause, PLUGIN_ERROR_BYTES);
	return -1;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

/* ---- queries ---- */

/* False: there is not just the one placeholder. */
static bool put_id(const char *query, uint64_t id, GString *out)
{
	const char *at = strstr(query, placeholder);

	if (!at || strchr(query, '%') != at || strchr(at + 1, '%'))
		return false;
	g_string_append_len(out, query, at - query);
	g_string_append_printf(out, "%llu", (unsigned long long)id);
	g_string_append(out, at + strlen(placeholder));
	return true;
}

static void print_query(uint64_t id, GString *out)
{
	if (!put_id(db.query, id, out))
		g_string_append(out, db.query);
}

/* ---- waiting ---- */

/* One fetch. */
struct wait {
	const struct media_request *request;
	int64_t until_us;    /* of the step it is at */
	int64_t at_most_us;  /* of all */
	bool over, unwanted; /* … so that the connection is shut down */
};

static bool is_going_on(struct wait *wait)
{
	wait->unwanted = wait->unwanted || !wait->request->wanted(wait->request);
	return !wait->unwanted && g_get_monotonic_time() < wait->until_us;
}

static int found_events(int wanted, short revents)
{
	int found = 0;

	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		return wanted & ~MYSQL_WAIT_TIMEOUT;
	found |= revents & POLLIN ? MYSQL_WAIT_READ : 0;
	found |= revents & POLLOUT ? MYSQL_WAIT_WRITE : 0;
	found |= revents & POLLPRI ? MYSQL_WAIT_EXCEPT : 0;
	return found;
}

/*
 * What the library waits for has come; or MYSQL_WAIT_TIMEOUT, and nothing comes any more, so that
 * it fails by itself and leaves nothing behind.
 */
static int wait_for(struct wait *wait, MYSQL *conn, int events)
{
	struct pollfd p = { .fd = mysql_get_socket(conn) };

	p.events |= events & MYSQL_WAIT_READ ? POLLIN : 0;
	p.events |= events & MYSQL_WAIT_WRITE ? POLLOUT : 0;
	p.events |= events & MYSQL_WAIT_EXCEPT ? POLLPRI : 0;
	while (!wait->over && is_going_on(wait)) {
		int n = poll(&p, 1, STEP_MS);

		if (n > 0)
			return found_events(events, p.revents);
		if (n < 0 && errno != EINTR)
			break;
	}
	wait->over = true;
	if (p.fd >= 0)
		shutdown(p.fd, SHUT_RDWR);
	return MYSQL_WAIT_TIMEOUT;
}

static void begin_step(struct wait *wait, int64_t most_us)
{
	wait->until_us = MIN(g_get_monotonic_time() + most_us, wait->at_most_us);
	wait->over = false;
}

static bool run_connect(struct wait *wait, MYSQL *conn)
{
	MYSQL *done = NULL;
	int events;

	begin_step(wait, CONNECT_US);
	events = mysql_real_connect_start(&done, conn, db.server, or_null(db.user),
		or_null(db.password), NULL, db.port, NULL, 0);
	while (events)
		events = mysql_real_connect_cont(&done, conn, wait_for(wait, conn, events));
	return done && !wait->over;
}

static bool run_query(struct wait *wait, MYSQL *conn, const GString *query)
{
	int failed = 0, events;

	begin_step(wait, FETCH_US);
	events = mysql_real_query_start(&failed, conn, query->str, query->len);
	while (events)
		events = mysql_real_query_cont(&failed, conn, wait_for(wait, conn, events));
	return !failed && !wait->over;
}

static MYSQL_ROW run_row(struct wait *wait, MYSQL *conn, MYSQL_RES *result, int64_t most_us)
{
	MYSQL_ROW row = NULL;
	int events;

	begin_step(wait, most_us);
	events = mysql_fetch_row_start(&row, result);
	while (events)
		events = mysql_fetch_row_cont(&row, result, wait_for(wait, conn, events));
	return wait->over ? NULL : row;
}

/* ---- connections ---- */

/* Without a word to the server, which might not listen. */
static void close_hard(MYSQL *conn)
{
	int fd = mysql_get_socket(conn);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	mysql_close(conn);
}

static MYSQL *take_any(void)
{
	MYSQL *conn = NULL;

	pthread_mutex_lock(&db.lock);
	if (db.idle->len)
		conn = g_ptr_array_remove_index(db.idle, db.idle->len - 1);
	pthread_mutex_unlock(&db.lock);
	return conn;
}

/* Servers hang up, with a word or without, on who is silent for long: that is no failure. */
static MYSQL *take_idle(void)
{
	MYSQL *conn;

	while ((conn = take_any())) {
		struct pollfd p = { .fd = mysql_get_socket(conn), .events = POLLIN };

		if (poll(&p, 1, 0) == 0)
			break;
		close_hard(conn);
	}
	return conn;
}

static void give_back(MYSQL *conn)
{
	pthread_mutex_lock(&db.lock);
	g_ptr_array_add(db.idle, conn);
	pthread_mutex_unlock(&db.lock);
}

/* When one is lost the others probably are as well: finding that out may take seconds each. */
static void drop_idle(void)
{
	MYSQL *conn;

	while ((conn = take_any()))
		close_hard(conn);
}

static bool is_down(void)
{
	bool down;

	pthread_mutex_lock(&db.lock);
	down = g_get_monotonic_time() < db.down_until_us;
	pthread_mutex_unlock(&db.lock);
	return down;
}

static void note_down(void)
{
	pthread_mutex_lock(&db.lock);
	db.down_until_us = g_get_monotonic_time() + DOWN_US;
	pthread_mutex_unlock(&db.lock);
}

static const char *reason_of(const struct wait *wait, MYSQL *conn)
{
	if (wait->unwanted)
		return "nobody waits for it any more";
	return wait->over ? "it takes too long" : mysql_error(conn);
}

static MYSQL *open_connection(struct wait *wait)
{
	static const unsigned no = 0;
	static const size_t stack_bytes = STACK_BYTES;
	static const unsigned long max_packet = MEDIA_STORE_MAX_BYTES + PACKET_OVERHEAD_BYTES;
	MYSQL *conn = is_down() ? NULL : mysql_init(NULL);

	if (!conn)
		return NULL;
	mysql_options(conn, MYSQL_OPT_NONBLOCK, &stack_bytes);
	mysql_options(conn, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
	/* A server must not ask for files of ours. */
	mysql_options(conn, MYSQL_OPT_LOCAL_INFILE, &no);
	if (run_connect(wait, conn))
		return conn;
	db.host->log(db.host, HOST_ERR, "Failed to connect to database: %s", reason_of(wait, conn));
	if (!wait->unwanted)
		note_down();
	close_hard(conn);
	return NULL;
}

/* Nothing else can be asked on it. */
static bool is_lost(MYSQL *conn)
{
	unsigned code = mysql_errno(conn);

	return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST ||
	       code == CR_COMMANDS_OUT_OF_SYNC;
}

static void log_query_error(const struct wait *wait, MYSQL *conn)
{
	db.host->log(db.host, HOST_ERR, "Failed to query from database: %s", reason_of(wait, conn));
}

static int fail_as(const struct wait *wait, char *error, const char *cause)
{
	return fail(error, wait->unwanted ? "nobody waits for it any more" : cause);
}

/* NULL: no connection, or no answer, with the cause in `error`. */
static MYSQL *send_query(struct wait *wait, const GString *query, char *error)
{
	MYSQL *conn = take_idle();

	for (unsigned i = 0; i < MAX_ATTEMPTS; i++) {
		if (!conn)
			conn = open_connection(wait);
		if (!conn) {
			fail_as(wait, error, "failed to connect to database");
			return NULL;
		}
		if (run_query(wait, conn, query))
			return conn;
		log_query_error(wait, conn);
		if (!wait->over && !is_lost(conn))
			continue;
		close_hard(conn);
		conn = NULL;
		drop_idle();
		if (wait->over)
			break;
	}
	if (conn)
		close_hard(conn);
	fail_as(wait, error, "exceeded max number of database retries");
	return NULL;
}

/* ---- results ---- */

struct content {
	char *bytes;
	size_t len;
};

static int read_row(
	struct wait *wait, MYSQL *conn, MYSQL_RES *result, struct content *ret, char *error)
{
	size_t max_bytes = wait->request->max_bytes;
	MYSQL_ROW row = run_row(wait, conn, result, FETCH_US);
	const unsigned long *lengths = row ? mysql_fetch_lengths(result) : NULL;

	if (wait->over || (!row && mysql_errno(conn))) {
		log_query_error(wait, conn);
		return fail_as(wait, error, "failed to get result from database");
	}
	if (!lengths || !row[0] || !lengths[0])
		return fail(error, "empty result from database");
	if (lengths[0] > max_bytes) {
		db.host->log(db.host, HOST_ERR,
			"Failed to query from database: content of %lu bytes, with room for %zu",
			lengths[0], max_bytes);
		return fail(error, "failed to get result from database");
	}
	ret->len = lengths[0];
	ret->bytes = g_memdup2(row[0], ret->len);
	return 0;
}

/* Can the connection be asked again? Not with rows or results on it that nobody asked for. */
static bool is_read_out(struct wait *wait, MYSQL *conn, MYSQL_RES *result)
{
	if (wait->over || mysql_errno(conn))
		return false;
	if (!mysql_eof(result) && run_row(wait, conn, result, STEP_MS * INT64_C(1000)))
		return false;
	return !wait->over && !mysql_errno(conn) && !mysql_more_results(conn);
}

/* Row by row, since all of them need not have room. Gives the connection back, or closes it. */
static int read_result(struct wait *wait, MYSQL *conn, struct content *ret, char *error)
{
	MYSQL_RES *result = mysql_use_result(conn);
	bool again;
	int code;

	if (!result) {
		if (mysql_errno(conn))
			log_query_error(wait, conn);
		close_hard(conn);
		return fail(error, "failed to get result from database");
	}
	code = read_row(wait, conn, result, ret, error);
	again = is_read_out(wait, conn, result) && (code || ret->len <= MAX_KEPT_BYTES);
	if (!again)
		mariadb_cancel(conn);
	mysql_free_result(result);
	if (again)
		give_back(conn);
	else
		close_hard(conn);
	return code;
}

static int fetch(
	const struct media_request *request, char **ret_content, size_t *ret_bytes, char *error)
{
	g_autoptr(GString) query = g_string_new(NULL);
	struct wait wait = { .request = request };
	struct content content = { NULL, 0 };
	MYSQL *conn;
	int ret = -1;

	if (!*db.server || !*db.query)
		return fail(error, "missing configuration");
	if (!put_id(db.query, request->id, query))
		return fail(error, "query print error");
	mysql_thread_init();
	wait.at_most_us = g_get_monotonic_time() + FETCH_US;
	conn = send_query(&wait, query, error);
	if (conn)
		ret = read_result(&wait, conn, &content, error);
	mysql_thread_end();
	if (ret < 0)
		return ret;
	*ret_content = content.bytes;
	*ret_bytes = content.len;
	return 0;
}

/* ---- the plugin ---- */

static const struct media_store store = {
	.name = "mysql",
	.fetch = fetch,
	.print_query = print_query,
};

static int self_test(char *error)
{
	static const char *const bad[] = { "", "select 1", "%llu %llu", "%d %llu", "%llu %",
		"%%llu" };
	g_autoptr(GString) out = g_string_new(NULL);

	if (!put_id("select a from b where c = %llu;", UINT64_MAX, out) ||
		strcmp(out->str, "select a from b where c = 18446744073709551615;") != 0)
		return fail(error, "queries are not printed as they should be");
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		if (put_id(bad[i], 1, out))
			return fail(error, "a query without its one placeholder is accepted");
	if (!mysql_thread_safe())
		return fail(error, "libmariadb was built without threads");
	return 0;
}

static int init(const struct host *host, void **ret_instance, char *error)
{
	g_autofree char *port = host->option(host, "mysql-port");

	if (mysql_library_init(0, NULL, NULL))
		return fail(error, "libmariadb cannot be started");
	db.host = host;
	db.server = host->option(host, "mysql-host");
	db.user = host->option(host, "mysql-user");
	db.password = host->option(host, "mysql-pass");
	db.query = host->option(host, "mysql-query");
	db.port = (unsigned)g_ascii_strtoull(port, NULL, 10);
	db.idle = g_ptr_array_new();
	db.down_until_us = 0;
	if (!*db.server != !*db.query)
		host->log(host, HOST_WARNING, "No media from a database: there is no --mysql-%s",
			*db.server ? "query" : "host");
	host->add_media_store(host, &store);
	*ret_instance = NULL;
	return 0;
}

static void close_all(void *instance)
{
	(void)instance;
	drop_idle();
	g_ptr_array_free(db.idle, TRUE);
	g_free(db.server);
	g_free(db.user);
	g_free(db.password);
	g_free(db.query);
	mysql_library_end();
}

static const struct plugin_option options[] = {
	{ "mysql-host", NULL, "Server of stored media; without it there are none from a database" },
	{ "mysql-port", "0", "Its port; 0 is the usual one" },
	{ "mysql-user", NULL, "User name there; without it that of the process" },
	{ "mysql-pass", NULL, "Password of that user" },
	{ "mysql-query", NULL,
		"What finds the content of a number, which stands in place of its %llu: the first "
		"column of the first row" },
	{ 0 },
};

PLUGIN_EXPORT(mysql) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_PLAYER,
	.name = "mysql",
	.description = "Stored media from a MySQL or MariaDB server",
	.options = options,
	.self_test = self_test,
	.init = init,
	.close = close_all,
};
