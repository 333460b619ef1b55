/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon gives a plugin: a table of functions, each with the host itself as its first
 * argument. Unless marked otherwise they are for the control thread, and for `init`, which runs
 * before there is one; commands cannot be run before there are calls, which is after init.
 *
 * What is handed over is borrowed for the time of the call, unless said otherwise.
 */
#ifndef API_HOST_H
#define API_HOST_H

#include "api/codec.h"
#include "api/dict.h"
#include "api/dsp.h"
#include "api/media_store.h"
#include "api/player.h"
#include "api/sink.h"
#include "api/str.h"
#include "api/tcp.h"
#include "api/writer.h"

#include <glib.h>

struct host;
struct host_watch;
struct host_timer;

/* Syslog's severities. */
enum host_level { HOST_ERR = 3, HOST_WARNING, HOST_NOTICE, HOST_INFO, HOST_DEBUG };

/* What to wait for on a descriptor. */
enum host_io { HOST_READ = 1, HOST_WRITE = 2 };

/* The descriptor is ready for `io` (enum host_io, or'ed), or has failed, which is both. */
typedef void (*host_watch_fn)(int fd, unsigned io, void *arg);
typedef void (*host_timer_fn)(void *arg);
/*
 * A command the plugin carries out. 0 with the reply's keys added to the root of `reply`, or
 * negative with the text for the client in `error` (PLUGIN_ERROR_BYTES).
 */
typedef int (*host_command_fn)(
	const struct value *request, struct dict *reply, char *error, void *arg);

typedef void (*host_dtmf_fn)(const struct value *data, void *arg);

struct host {
	/* ---- log [any] ---- */
	void (*log)(const struct host *host, enum host_level level, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
	bool (*logs)(const struct host *host, enum host_level level); /* is it written at all */
	/* Around what is private: --log-mark-prefix and -suffix; "" when not given. */
	const char *(*mark_prefix)(const struct host *host);
	const char *(*mark_suffix)(const struct host *host);

	/* ---- options ---- */
	/* The value as the config file has it, "" when not given; NULL: no such option. g_free it. */
	char *(*option)(const struct host *host, const char *name);
	/* Of an option that may be given several times: its values in order, NULL behind the last. */
	const char *(*option_item)(const struct host *host, const char *name, unsigned index);

	/* ---- the control thread's loop ---- */
	/* Calls `fn` whenever `fd` is ready for `io`; the descriptor stays the plugin's. */
	struct host_watch *(*watch)(
		const struct host *host, int fd, unsigned io, host_watch_fn fn, void *arg);
	void (*unwatch)(const struct host *host, struct host_watch *watch); /* before closing fd */
	/* Calls `fn` every so often until ended; it may end itself. */
	struct host_timer *(*timer)(
		const struct host *host, unsigned interval_ms, host_timer_fn fn, void *arg);
	void (*timer_end)(const struct host *host, struct host_timer *timer);

	/* ---- TCP ---- */
	/*
	 * Listens wherever option `name` says ("[HOST:]PORT", several values). `service` must live
	 * until close; the listeners end by themselves. 0, or negative with the fatal text. [init]
	 */
	int (*listen)(const struct host *host, const char *name, const struct tcp_service *service,
		void *arg, char *error);
	const char *(*tcp_peer)(const struct host *host, const struct tcp_conn *conn); /* IP:PORT */
	void *(*tcp_state)(const struct host *host, struct tcp_conn *conn);
	void (*tcp_send)(const struct host *host, struct tcp_conn *conn, struct str bytes);
	/* Closes when everything is sent; input is not looked at any more. */
	void (*tcp_finish)(const struct host *host, struct tcp_conn *conn);

	/* ---- commands ---- */
	/*
	 * An NG message (cookie and document) from `client` ("IP:PORT"), with the store of answers
	 * for repeats; the answer is appended to `reply`. False: there is none to give.
	 */
	bool (*message)(
		const struct host *host, struct str message, const char *client, GString *reply);
	/*
	 * The same for a message of `conn`, to which the answer is sent, be it later: other calls
	 * go on while a command waits for a file.
	 */
	void (*tcp_message)(const struct host *host, struct tcp_conn *conn, struct str message);
	/* A request as a tree, as if it had come by NG; the reply goes to the root of `reply`. */
	void (*command)(const struct host *host, const struct value *request, const char *client,
		struct dict *reply);
	/*
	 * Commands that NG clients cannot reach (core/control/internal.h). 0, or -errno with the
	 * reason in `error`.
	 */
	int (*internal)(const struct host *host, const char *name, const struct value *request,
		struct dict *reply, char *error);
	/* From now on `name` is a command for NG clients. Names are not copied. [init] */
	void (*add_command)(
		const struct host *host, const char *name, host_command_fn fn, void *arg);
	/*
	 * Codecs and resamplers, which must live until close. A codec is tried with its known
	 * answers; one that fails is left out with a line in the log, the others are not
	 * affected. [init]
	 */
	void (*add_codec)(const struct host *host, const struct codec *codec);
	void (*add_resampler)(const struct host *host, const struct dsp_resampler *resampler);
	/* What reads stored files; must live until close. The first one is used. [init] */
	void (*add_player)(const struct host *host, const struct player *player);
	/* What has media by number; likewise. */
	void (*add_media_store)(const struct host *host, const struct media_store *store);
	void (*add_dtmf)(const struct host *host, const struct dsp_dtmf *detector); /* likewise */
	/*
	 * Calls `fn` for each DTMF event that is over, with what is told of it (spec daemon 2.10),
	 * if --dtmf-log-ng-tcp is given. [init]
	 */
	void (*on_dtmf)(const struct host *host, host_dtmf_fn fn, void *arg);
	void (*bencode)(const struct host *host, const struct value *v, GString *out); /* [any] */
	/* A file format of recordings, which must live until close. [init] */
	void (*add_writer)(const struct host *host, const struct writer *writer);
	/* The one of that name, for a sink's `prepare`; NULL: there is none. */
	const struct writer *(*find_writer)(const struct host *host, const char *name);
	/* A method of recording, which must live until close. [init] */
	void (*add_sink)(const struct host *host, const struct sink *sink);
	/* `v` as JSON, appended. [any] */
	void (*json)(const struct host *host, const struct value *v, GString *out);

	/* ---- counters (core/stats/counter.h) ---- */
	/* The number of a counter by its name, for the two below; negative: no such counter. */
	int (*counter)(const struct host *host, const char *name);       /* [any] */
	void (*count)(const struct host *host, int counter, uint64_t n); /* [any] */
	uint64_t (*counted)(const struct host *host, int counter);       /* [any] */
};

#endif
