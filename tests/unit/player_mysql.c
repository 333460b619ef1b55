/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plugin without a server: its options, the query it prints, and what it says when there is
 * nobody to ask. (With a server: tests/peers/database.t.)
 */
#include "api/host.h"
#include "api/plugin.h"

#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

extern const struct plugin plugin_export_mysql;

static const char *const *values; /* names and values in turn */
static const struct media_store *store;
static GString *lines;
static unsigned asked; /* how often it wanted to know whether to go on */

/* ---- a host ---- */

static char *host_option(const struct host *host, const char *name)
{
	(void)host;
	for (unsigned i = 0; values[i]; i += 2)
		if (!strcmp(values[i], name))
			return g_strdup(values[i + 1]);
	return g_strdup(strcmp(name, "mysql-port") ? "" : "0");
}

static void host_log(const struct host *host, enum host_level level, const char *fmt, ...)
{
	va_list args;

	(void)host;
	(void)level;
	va_start(args, fmt);
	g_string_append_vprintf(lines, fmt, args);
	va_end(args);
	g_string_append_c(lines, '\n');
}

static void host_add_media_store(const struct host *host, const struct media_store *added)
{
	(void)host;
	store = added;
}

static const struct host host = {
	.option = host_option,
	.log = host_log,
	.add_media_store = host_add_media_store,
};

static void open_plugin(const char *const *options)
{
	char error[PLUGIN_ERROR_BYTES];
	void *instance;

	values = options;
	lines = g_string_new(NULL);
	g_assert_cmpint(plugin_export_mysql.init(&host, &instance, error), ==, 0);
	g_assert_nonnull(store);
}

static void close_plugin(void)
{
	plugin_export_mysql.close(NULL);
	g_string_free(lines, TRUE);
	store = NULL;
}

static bool is_wanted(const struct media_request *request)
{
	(void)request;
	return ++asked < 3;
}

static void assert_fails(const char *cause)
{
	const struct media_request request = {
		.id = 5, .max_bytes = MEDIA_STORE_MAX_BYTES, .wanted = is_wanted
	};
	char error[PLUGIN_ERROR_BYTES];
	char *content;
	size_t bytes;

	asked = 0;
	g_assert_cmpint(store->fetch(&request, &content, &bytes, error), <, 0);
	g_assert_cmpstr(error, ==, cause);
}

/* ---- tests ---- */

static void test_self_test(void)
{
	char error[PLUGIN_ERROR_BYTES] = "";

	g_assert_cmpint(plugin_export_mysql.self_test(error), ==, 0);
	g_assert_cmpstr(error, ==, "");
}

static void assert_query(const char *query, uint64_t id, const char *wanted)
{
	const char *const options[] = { "mysql-query", query, "mysql-host", "h", NULL };
	g_autoptr(GString) out = g_string_new(NULL);

	open_plugin(options);
	store->print_query(id, out);
	g_assert_cmpstr(out->str, ==, wanted);
	close_plugin();
}

static void test_queries(void)
{
	assert_query("select d from v.f where id = %llu", 0, "select d from v.f where id = 0");
	assert_query("select d from v.f where id = %llu limit 1", UINT64_MAX,
		"select d from v.f where id = 18446744073709551615 limit 1");
	assert_query("%llu", 1000000, "1000000");
	assert_query("none", 1, "none");
	assert_query("%llu or %llu", 1, "%llu or %llu");
}

static void test_configuration(void)
{
	static const char *const nothing[] = { NULL };
	static const char *const no_host[] = { "mysql-query", "select %llu", NULL };
	static const char *const no_query[] = { "mysql-host", "127.0.0.1", NULL };
	static const char *const bad_query[] = { "mysql-host", "h", "mysql-query", "q", NULL };

	open_plugin(nothing);
	g_assert_cmpstr(lines->str, ==, "");
	assert_fails("missing configuration");
	close_plugin();
	open_plugin(no_host);
	g_assert_cmpstr(lines->str, ==, "No media from a database: there is no --mysql-host\n");
	assert_fails("missing configuration");
	close_plugin();
	open_plugin(no_query);
	g_assert_cmpstr(lines->str, ==, "No media from a database: there is no --mysql-query\n");
	assert_fails("missing configuration");
	close_plugin();
	open_plugin(bad_query);
	assert_fails("query print error");
	close_plugin();
}

/* A port of its own that nobody listens on, or somebody who never says a word. */
static int take_port(bool listens, char **ret_port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&addr, &len), ==, 0);
	if (listens)
		g_assert_cmpint(listen(fd, 5), ==, 0);
	*ret_port = g_strdup_printf("%u", ntohs(addr.sin_port));
	return fd;
}

static void test_no_server(void)
{
	for (unsigned listens = 0; listens < 2; listens++) {
		g_autofree char *port = NULL;
		int fd = take_port(listens, &port);
		const char *const options[] = { "mysql-host", "127.0.0.1", "mysql-port", port,
			"mysql-pass", "aardvark", "mysql-query", "select %llu", NULL };

		open_plugin(options);
		assert_fails(
			listens ? "nobody waits for it any more" : "failed to connect to database");
		g_assert_nonnull(strstr(lines->str, "Failed to connect to database: "));
		g_assert_null(strstr(lines->str, "aardvark"));
		close_plugin();
		close(fd);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mysql/self-test", test_self_test);
	g_test_add_func("/mysql/queries", test_queries);
	g_test_add_func("/mysql/configuration", test_configuration);
	g_test_add_func("/mysql/no-server", test_no_server);
	return g_test_run();
}
