/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What plugins get of the daemon. Each function finds its plugin from the table it is in. */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/host.h"

#include "api/plugin.h"
#include "base/list.h"
#include "codec/registry.h"
#include "control/internal.h"
#include "control/listen_tcp.h"
#include "control/settings.h"
#include "media/clips.h"
#include "net/iface.h"
#include "record/writers.h"
#include "ng/ng.h"
#include "stats/counter.h"

#include <errno.h>
#include <glib-unix.h>

enum { MAX_ADDRESSES = 64 };

struct hosts {
	struct control *control;
	GMainContext *context;
	struct iface_table *interfaces;
	struct tcp_server *tcp;
	GPtrArray *list; /* struct plugin_host * */
	struct dtmf_listener {
		host_dtmf_fn fn; /* NULL: nobody asked */
		void *arg;
	} dtmf;
};

struct plugin_host {
	struct host host;
	struct hosts *hosts;
	const struct plugin *plugin;
};

struct host_watch {
	GSource *source;
	host_watch_fn fn;
	void *arg;
};

struct host_timer {
	GSource *source;
	host_timer_fn fn;
	void *arg;
};

static struct hosts *hosts_of(const struct host *host)
{
	return container_of(host, struct plugin_host, host)->hosts;
}

static void fn_log(const struct host *host, enum host_level level, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	(void)host;
	if (!log_enabled((enum log_level)level))
		return;
	va_start(args, fmt);
	text = g_strdup_vprintf(fmt, args);
	va_end(args);
	log_write((enum log_level)level, "%s", text);
}

static bool fn_logs(const struct host *host, enum host_level level)
{
	(void)host;
	return log_enabled((enum log_level)level);
}

static const char *fn_mark_prefix(const struct host *host)
{
	(void)host;
	return log_mark_prefix();
}

static const char *fn_mark_suffix(const struct host *host)
{
	(void)host;
	return log_mark_suffix();
}

static char *fn_option(const struct host *host, const char *name)
{
	const struct settings *settings = hosts_of(host)->control->settings;
	const struct option *option = settings_find(settings, name);

	return option ? settings_text(settings, option) : NULL;
}

static const char *fn_option_item(const struct host *host, const char *name, unsigned index)
{
	const struct settings *settings = hosts_of(host)->control->settings;
	const struct option *option = settings_find(settings, name);

	if (!option || option->type != OPTION_LIST)
		return NULL;
	return settings_item(settings, option, index);
}

static gboolean watch_ready(gint fd, GIOCondition condition, gpointer arg)
{
	struct host_watch *w = arg;
	unsigned io = 0;

	if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR | G_IO_NVAL))
		io |= HOST_READ;
	if (condition & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL))
		io |= HOST_WRITE;
	w->fn(fd, io, w->arg);
	return G_SOURCE_CONTINUE;
}

static struct host_watch *fn_watch(
	const struct host *host, int fd, unsigned io, host_watch_fn fn, void *arg)
{
	struct host_watch *w = g_new0(struct host_watch, 1);
	GIOCondition condition = 0;

	if (io & HOST_READ)
		condition |= G_IO_IN;
	if (io & HOST_WRITE)
		condition |= G_IO_OUT;
	w->fn = fn;
	w->arg = arg;
	w->source = g_unix_fd_source_new(fd, condition);
	/* GLib calls back with the type of unix-fd sources, not of plain ones. */
	g_source_set_callback(w->source, (GSourceFunc)(void (*)(void))watch_ready, w, g_free);
	g_source_attach(w->source, hosts_of(host)->context);
	return w;
}

static void drop_source(GSource *source)
{
	g_source_destroy(source);
	g_source_unref(source);
}

/* What the callback has is freed with the source, which may be running. */
static void fn_unwatch(const struct host *host, struct host_watch *watch)
{
	(void)host;
	if (watch)
		drop_source(watch->source);
}

static gboolean timer_due(gpointer arg)
{
	struct host_timer *timer = arg;

	timer->fn(timer->arg);
	return G_SOURCE_CONTINUE;
}

static struct host_timer *fn_timer(
	const struct host *host, unsigned interval_ms, host_timer_fn fn, void *arg)
{
	struct host_timer *timer = g_new0(struct host_timer, 1);

	timer->fn = fn;
	timer->arg = arg;
	timer->source = g_timeout_source_new(interval_ms);
	g_source_set_callback(timer->source, timer_due, timer, g_free);
	g_source_attach(timer->source, hosts_of(host)->context);
	return timer;
}

static void fn_timer_end(const struct host *host, struct host_timer *timer)
{
	(void)host;
	if (timer)
		drop_source(timer->source);
}

static int listen_on(struct hosts *hosts, struct tcp_group *group, const char *text,
	const char *name, struct err *err)
{
	struct addr addrs[MAX_ADDRESSES];
	unsigned count;

	if (addr_parse_listener(str_of(text), addrs, MAX_ADDRESSES, &count) < 0)
		return err_set(err, EINVAL, "Invalid IP or port '%s' (--%s)", text, name);
	for (unsigned i = 0; i < count; i++) {
		int ret = tcp_group_listen(group, &addrs[i], err);

		if (ret < 0)
			return ret;
		if (hosts->interfaces)
			iface_exclude_port(hosts->interfaces, addrs[i].port);
	}
	return 0;
}

static int fn_listen(const struct host *host, const char *name, const struct tcp_service *service,
	void *arg, char *error)
{
	struct hosts *hosts = hosts_of(host);
	struct tcp_group *group = NULL;
	const char *text;
	struct err err = { 0 };

	for (unsigned i = 0; (text = fn_option_item(host, name, i)); i++) {
		int ret;

		if (!group)
			group = tcp_server_group(hosts->tcp, service, arg);
		ret = listen_on(hosts, group, text, name, &err);
		if (ret < 0) {
			g_strlcpy(error, err.text, PLUGIN_ERROR_BYTES);
			return ret;
		}
	}
	return 0;
}

static const char *fn_tcp_peer(const struct host *host, const struct tcp_conn *conn)
{
	(void)host;
	return tcp_conn_peer(conn);
}

static void *fn_tcp_state(const struct host *host, struct tcp_conn *conn)
{
	(void)host;
	return tcp_conn_state(conn);
}

static void fn_tcp_send(const struct host *host, struct tcp_conn *conn, struct str bytes)
{
	(void)host;
	tcp_conn_send(conn, bytes);
}

static void fn_tcp_finish(const struct host *host, struct tcp_conn *conn)
{
	(void)host;
	tcp_conn_finish(conn);
}

/* "1.2.3.4:5" or "[::1]:5"; anything else is nobody. */
static struct addr parse_client(const char *text)
{
	struct str ip = str_of(text);
	const char *colon = text ? strrchr(text, ':') : NULL;
	struct addr addr = { 0 };
	int64_t port;

	if (!colon || !value_parse_int(str_of(colon + 1), &port) || port < 0 || port > UINT16_MAX)
		return addr;
	ip.len = (size_t)(colon - text);
	if (ip.len > 1 && ip.s[0] == '[' && ip.s[ip.len - 1] == ']')
		ip = (struct str){ ip.s + 1, ip.len - 2 };
	if (!addr_parse_ip(ip, &addr))
		return (struct addr){ 0 };
	return addr_with_port(addr, (uint16_t)port);
}

static bool fn_message(
	const struct host *host, struct str message, const char *client, GString *reply)
{
	struct addr addr = parse_client(client);

	return request_handle(hosts_of(host)->control, message, &addr, reply);
}

static void fn_tcp_message(const struct host *host, struct tcp_conn *conn, struct str message)
{
	struct addr client = parse_client(tcp_conn_peer(conn));
	g_autoptr(GString) reply = g_string_new(NULL);

	if (request_take(
		    hosts_of(host)->control, message, &client, tcp_conn_answer_later, conn, reply))
		tcp_conn_send(conn, (struct str){ reply->str, reply->len });
}

static void fn_command(const struct host *host, const struct value *request, const char *client,
	struct dict *reply)
{
	struct addr addr = parse_client(client);

	command_run(hosts_of(host)->control, request, &addr, reply);
}

static int fn_internal(const struct host *host, const char *name, const struct value *request,
	struct dict *reply, char *error)
{
	struct err err = { 0 };
	int ret = internal_run(hosts_of(host)->control, name, request, reply, &err);

	if (ret < 0)
		g_strlcpy(error, err.text, PLUGIN_ERROR_BYTES);
	return ret;
}

static void fn_add_command(const struct host *host, const char *name, host_command_fn fn, void *arg)
{
	struct control *control = hosts_of(host)->control;
	struct plugin_command command = { name, fn, arg };

	g_array_append_val(control->plugin_commands, command);
}

static void fn_add_codec(const struct host *host, const struct codec *codec)
{
	struct err err = { 0 };
	int ret = codec_registry_add(codec, &err);

	if (ret == -EEXIST)
		host->log(host, HOST_DEBUG, "Codec %s", err.text);
	else if (ret < 0)
		host->log(host, HOST_ERR, "Codec left out: %s", err.text);
}

static void fn_add_resampler(const struct host *host, const struct dsp_resampler *resampler)
{
	(void)host;
	codec_registry_add_resampler(resampler);
}

static void fn_add_player(const struct host *host, const struct player *player)
{
	(void)host;
	clips_add_player(player);
}

static void fn_add_media_store(const struct host *host, const struct media_store *store)
{
	(void)host;
	clip_source_add_store(store);
}

static void fn_add_dtmf(const struct host *host, const struct dsp_dtmf *detector)
{
	(void)host;
	codec_registry_add_dtmf(detector);
}

/* One plugin is enough: there is one that has clients to tell. */
static void fn_on_dtmf(const struct host *host, host_dtmf_fn fn, void *arg)
{
	hosts_of(host)->dtmf = (struct dtmf_listener){ fn, arg };
}

void hosts_tell_dtmf(const struct hosts *hosts, const struct value *data)
{
	if (hosts && hosts->dtmf.fn)
		hosts->dtmf.fn(data, hosts->dtmf.arg);
}

static void fn_bencode(const struct host *host, const struct value *v, GString *out)
{
	(void)host;
	bencode_encode(v, out);
}

static void fn_add_writer(const struct host *host, const struct writer *writer)
{
	(void)host;
	writers_add(writer);
}

static const struct writer *fn_find_writer(const struct host *host, const char *name)
{
	(void)host;
	return writer_find(name);
}

static void fn_add_sink(const struct host *host, const struct sink *sink)
{
	(void)host;
	sinks_add(sink);
}

static void fn_json(const struct host *host, const struct value *v, GString *out)
{
	(void)host;
	json_encode(v, out);
}

static int fn_counter(const struct host *host, const char *name)
{
	(void)host;
	for (int i = 0; i < COUNTER_COUNT; i++)
		if (strcmp(counter_row((enum counter)i)->name, name) == 0)
			return i;
	return -1;
}

static void fn_count(const struct host *host, int counter, uint64_t n)
{
	(void)host;
	if (counter >= 0 && counter < COUNTER_COUNT)
		counter_add((enum counter)counter, n);
}

static uint64_t fn_counted(const struct host *host, int counter)
{
	(void)host;
	return counter >= 0 && counter < COUNTER_COUNT ? counter_total((enum counter)counter) : 0;
}

static const struct host functions = {
	.log = fn_log,
	.logs = fn_logs,
	.mark_prefix = fn_mark_prefix,
	.mark_suffix = fn_mark_suffix,
	.option = fn_option,
	.option_item = fn_option_item,
	.watch = fn_watch,
	.unwatch = fn_unwatch,
	.timer = fn_timer,
	.timer_end = fn_timer_end,
	.listen = fn_listen,
	.tcp_peer = fn_tcp_peer,
	.tcp_state = fn_tcp_state,
	.tcp_send = fn_tcp_send,
	.tcp_finish = fn_tcp_finish,
	.message = fn_message,
	.tcp_message = fn_tcp_message,
	.command = fn_command,
	.internal = fn_internal,
	.add_command = fn_add_command,
	.add_codec = fn_add_codec,
	.add_resampler = fn_add_resampler,
	.add_player = fn_add_player,
	.add_media_store = fn_add_media_store,
	.add_dtmf = fn_add_dtmf,
	.on_dtmf = fn_on_dtmf,
	.bencode = fn_bencode,
	.add_writer = fn_add_writer,
	.find_writer = fn_find_writer,
	.add_sink = fn_add_sink,
	.json = fn_json,
	.counter = fn_counter,
	.count = fn_count,
	.counted = fn_counted,
};

struct hosts *hosts_new(struct control *control, GMainContext *context,
	struct iface_table *interfaces, struct err *err)
{
	struct tcp_server *tcp = tcp_server_new(context, err);
	struct hosts *hosts;

	if (!tcp)
		return NULL;
	hosts = g_new0(struct hosts, 1);
	hosts->control = control;
	hosts->context = context;
	hosts->interfaces = interfaces;
	hosts->tcp = tcp;
	hosts->list = g_ptr_array_new_with_free_func(g_free);
	control->plugin_commands = g_array_new(FALSE, FALSE, sizeof(struct plugin_command));
	return hosts;
}

const struct host *hosts_add(const struct plugin *plugin, void *arg)
{
	struct hosts *hosts = arg;
	struct plugin_host *h = g_new0(struct plugin_host, 1);

	h->host = functions;
	h->hosts = hosts;
	h->plugin = plugin;
	g_ptr_array_add(hosts->list, h);
	return &h->host;
}

void hosts_disconnect(struct hosts *hosts)
{
	if (!hosts)
		return;
	tcp_server_free(hosts->tcp);
	hosts->tcp = NULL;
}

void hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return;
	hosts_disconnect(hosts);
	g_array_free(hosts->control->plugin_commands, TRUE);
	hosts->control->plugin_commands = NULL;
	g_ptr_array_free(hosts->list, TRUE);
	g_free(hosts);
}
