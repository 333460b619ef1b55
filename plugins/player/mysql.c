/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored media from a MySQL or MariaDB server (spec daemon 11.2), by libmariadb.
 *
 * A connection is opened when one is needed, used by one thread at a time and then kept for the
 * next, so there are never more of them than threads that fetch at once. They are the plugin's,
 * not the threads': those outlive it.
 */
#include "api/host.h"
#include "api/media_store.h"
#include "api/plugin.h"

#include <pthread.h>
#include <string.h>

#include <errmsg.h>
#include <mysql.h>

enum {
	MAX_ATTEMPTS = 5,
	WAIT_S = 2,                          /* to connect, for any bytes of a reply, to send */
	MAX_KEPT_BYTES = 4 * 1024 * 1024,    /* a connection's buffer never shrinks */
	PACKET_OVERHEAD_BYTES = 1024 * 1024, /* of other columns, around the content */
};

static const char placeholder[] = "%llu";

static struct {
	const struct host *host;
	char *server, *user, *password, *query; /* "": not given */
	unsigned port;                          /* 0: the library's */
	pthread_mutex_t lock;
	GPtrArray *idle; /* MYSQL *, open; guarded by the lock */
} db = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int fail(char *error, const char *cause)
{
	g_strlcpy(error, cause, PLUGIN_ERROR_BYTES);
	return -1;
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

/* ---- connections ---- */

static MYSQL *take_idle(void)
{
	MYSQL *conn = NULL;

	pthread_mutex_lock(&db.lock);
	if (db.idle->len)
		conn = g_ptr_array_remove_index(db.idle, db.idle->len - 1);
	pthread_mutex_unlock(&db.lock);
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

	while ((conn = take_idle()))
		mysql_close(conn);
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static MYSQL *open_connection(void)
{
	static const unsigned wait_s = WAIT_S, no = 0;
	static const unsigned long max_packet = MEDIA_STORE_MAX_BYTES + PACKET_OVERHEAD_BYTES;
	MYSQL *conn = mysql_init(NULL);

	if (!conn)
		return NULL;
	mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &wait_s);
	mysql_options(conn, MYSQL_OPT_READ_TIMEOUT, &wait_s);
	mysql_options(conn, MYSQL_OPT_WRITE_TIMEOUT, &wait_s);
	mysql_options(conn, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
	/* A server must not ask for files of ours. */
	mysql_options(conn, MYSQL_OPT_LOCAL_INFILE, &no);
	if (mysql_real_connect(conn, db.server, or_null(db.user), or_null(db.password), NULL,
		    db.port, NULL, 0))
		return conn;
	db.host->log(db.host, HOST_ERR, "Failed to connect to database: %s", mysql_error(conn));
	mysql_close(conn);
	return NULL;
}

static bool is_lost(MYSQL *conn)
{
	unsigned code = mysql_errno(conn);

	return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST;
}

static void log_query_error(MYSQL *conn)
{
	db.host->log(db.host, HOST_ERR, "Failed to query from database: %s", mysql_error(conn));
}

/* NULL: no connection, or no answer, with the cause in `error`. */
static MYSQL *send_query(const struct media_request *request, const GString *query, char *error)
{
	MYSQL *conn = take_idle();

	for (unsigned i = 0; i < MAX_ATTEMPTS && request->wanted(request); i++) {
		if (!conn)
			conn = open_connection();
		if (!conn) {
			fail(error, "failed to connect to database");
			return NULL;
		}
		if (mysql_real_query(conn, query->str, query->len) == 0)
			return conn;
		if (!is_lost(conn)) {
			log_query_error(conn);
			continue;
		}
		mysql_close(conn);
		conn = NULL;
		drop_idle();
	}
	if (conn)
		mysql_close(conn);
	fail(error, "exceeded max number of database retries");
	return NULL;
}

/* ---- results ---- */

struct content {
	char *bytes;
	size_t len;
};

static int read_row(
	MYSQL *conn, MYSQL_RES *result, size_t max_bytes, struct content *ret, char *error)
{
	MYSQL_ROW row = mysql_fetch_row(result);
	const unsigned long *lengths = row ? mysql_fetch_lengths(result) : NULL;

	if (!row && mysql_errno(conn)) {
		log_query_error(conn);
		return fail(error, "failed to get result from database");
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

/* Rows that nobody asked for are not read to their end; the connection goes with them. */
static bool has_more_rows(MYSQL *conn, MYSQL_RES *result)
{
	if (mysql_errno(conn) || mysql_eof(result))
		return false;
	if (!mysql_fetch_row(result))
		return false;
	mariadb_cancel(conn);
	return true;
}

/* Row by row, since all of them need not have room. Gives the connection back, or closes it. */
static int read_result(MYSQL *conn, size_t max_bytes, struct content *ret, char *error)
{
	MYSQL_RES *result = mysql_use_result(conn);
	bool more;
	int code;

	if (!result) {
		if (mysql_errno(conn))
			log_query_error(conn);
		mysql_close(conn);
		return fail(error, "failed to get result from database");
	}
	code = read_row(conn, result, max_bytes, ret, error);
	more = has_more_rows(conn, result);
	mysql_free_result(result);
	if (more || mysql_errno(conn) || (!code && ret->len > MAX_KEPT_BYTES))
		mysql_close(conn);
	else
		give_back(conn);
	return code;
}

static int fetch(
	const struct media_request *request, char **ret_content, size_t *ret_bytes, char *error)
{
	g_autoptr(GString) query = g_string_new(NULL);
	struct content content = { NULL, 0 };
	MYSQL *conn;
	int ret = -1;

	if (!*db.server || !*db.query)
		return fail(error, "missing configuration");
	if (!put_id(db.query, request->id, query))
		return fail(error, "query print error");
	mysql_thread_init();
	conn = send_query(request, query, error);
	if (conn)
		ret = read_result(conn, request->max_bytes, &content, error);
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
