/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options of the dialect whose function is not built: known, so that who gives one is told the reason.
 * In a file they are passed over with a warning; as arguments they are refused. Nothing else tells of
 * them. The better known of that kind are in config_table.c, for all to see.
 */
#include "config.h"

#include <stddef.h>

#include <glib.h>

static const char no_jitter_buffer[] = "the jitter buffer is not built yet";
static const char no_dtx[] =
	"discontinuous transmission is not built yet: silence is sent as it comes";
static const char no_http[] = "the HTTP front end is not built yet";
static const char no_redis[] = "Redis is not built yet";
static const char no_homer[] = "Homer is not built yet";
static const char no_graphite[] = "Graphite is not built yet";
static const char no_mqtt[] = "MQTT is not built yet";
static const char no_nftables[] = "rules of nftables are not built yet: see --iptables-chain";
static const char no_cache[] = "caches of media are not built yet";
static const char no_kernel_player[] = "playing by the kernel is not built yet";
static const char no_egress[] = "recording what is sent is not built yet";
static const char no_tuning[] = "threads and polling have no such thing to be set here";
static const char no_topic[] = "there are no log lines of that subsystem alone";
static const char no_such[] = "it is not built yet";

/* name, type, what an argument is, default, why */
#define ROWS(ROW)                                                                         \
	ROW("active-switchover", FLAG, NULL, NULL, no_redis)                              \
	ROW("redis-format", STRING, "bencode|JSON|native", NULL, no_redis)                \
	ROW("redis-resolve-on-reconnect", FLAG, NULL, NULL, no_redis)                     \
	ROW("redis-subscribe", STRING, "[PW@]IP:PORT/INT", NULL, no_redis)                \
	ROW("redis-tcp-keepalive-intvl", INT, "SECONDS", "1", no_redis)                   \
	ROW("redis-tcp-keepalive-probes", INT, "INT", "3", no_redis)                      \
	ROW("redis-tcp-keepalive-time", INT, "SECONDS", "0", no_redis)                    \
	ROW("graphite-timeout", INT, "SECONDS", "0", no_graphite)                         \
	ROW("homer-disable-rtcp-stats", FLAG, NULL, NULL, no_homer)                       \
	ROW("homer-enable-ng", FLAG, NULL, NULL, no_homer)                                \
	ROW("homer-ng-capture-proto", INT, "INT", "61", no_homer)                         \
	ROW("mqtt-cafile", STRING, "FILE", NULL, no_mqtt)                                 \
	ROW("mqtt-capath", STRING, "PATH", NULL, no_mqtt)                                 \
	ROW("mqtt-certfile", STRING, "FILE", NULL, no_mqtt)                               \
	ROW("mqtt-host", STRING, "HOST|IP", NULL, no_mqtt)                                \
	ROW("mqtt-id", STRING, "STRING", NULL, no_mqtt)                                   \
	ROW("mqtt-keepalive", INT, "SECONDS", "30", no_mqtt)                              \
	ROW("mqtt-keyfile", STRING, "FILE", NULL, no_mqtt)                                \
	ROW("mqtt-pass", STRING, "PASSWORD", NULL, no_mqtt)                               \
	ROW("mqtt-port", INT, "INT", "1883", no_mqtt)                                     \
	ROW("mqtt-publish-interval", INT, "MILLISECONDS", "5000", no_mqtt)                \
	ROW("mqtt-publish-qos", INT, "INT", "0", no_mqtt)                                 \
	ROW("mqtt-publish-scope", STRING, "global|summary|call|media", "global", no_mqtt) \
	ROW("mqtt-publish-topic", STRING, "STRING", NULL, no_mqtt)                        \
	ROW("mqtt-tls-alpn", STRING, "STRING", NULL, no_mqtt)                             \
	ROW("mqtt-user", STRING, "USERNAME", NULL, no_mqtt)                               \
	ROW("http-buf-size", INT, "INT", "0", no_http)                                    \
	ROW("http-idle-timeout", INT, "SECONDS", "0", no_http)                            \
	ROW("http-threads", INT, "INT", "0", no_http)                                     \
	ROW("https-cert", STRING, "FILE", NULL, no_http)                                  \
	ROW("https-key", STRING, "FILE", NULL, no_http)                                   \
	ROW("janus-secret", STRING, "STRING", NULL, no_http)                              \
	ROW("listen-http", LIST, "[IP46|HOSTNAME:]PORT", NULL, no_http)                   \
	ROW("listen-https", LIST, "[IP46|HOSTNAME:]PORT", NULL, no_http)                  \
	ROW("jb-adaptive", FLAG, NULL, NULL, no_jitter_buffer)                            \
	ROW("jb-adaptive-max", INT, "MILLISECONDS", "300", no_jitter_buffer)              \
	ROW("jb-adaptive-min", INT, "MILLISECONDS", "0", no_jitter_buffer)                \
	ROW("jb-clock-drift", FLAG, NULL, NULL, no_jitter_buffer)                         \
	ROW("jitter-buffer", INT, "PACKETS", "0", no_jitter_buffer)                       \
	ROW("amr-dtx", STRING, "native|CN", "native", no_dtx)                             \
	ROW("cn-payload", LIST, "INT", "32", no_dtx)                                      \
	ROW("dtx-buffer", INT, "PACKETS", "10", no_dtx)                                   \
	ROW("dtx-cn-params", LIST, "INT", NULL, no_dtx)                                   \
	ROW("dtx-delay", INT, "MILLISECONDS", "0", no_dtx)                                \
	ROW("dtx-lag", INT, "MILLISECONDS", "100", no_dtx)                                \
	ROW("dtx-shift", INT, "MILLISECONDS", "5", no_dtx)                                \
	ROW("evs-dtx", STRING, "native|CN", "native", no_dtx)                             \
	ROW("max-dtx", INT, "SECONDS", "30", no_dtx)                                      \
	ROW("silence-detect", DOUBLE, "FLOAT", "0", no_dtx)                               \
	ROW("db-cache-expire", INT, "MINUTES", "0", no_cache)                             \
	ROW("db-cache-reload", INT, "SECONDS", "0", no_cache)                             \
	ROW("db-media-cache", STRING, "PATH", NULL, no_cache)                             \
	ROW("db-media-expire", INT, "MINUTES", "0", no_cache)                             \
	ROW("db-media-reload", INT, "SECONDS", "0", no_cache)                             \
	ROW("expiry-timer", INT, "SECONDS", "0", no_cache)                                \
	ROW("player-cache", FLAG, NULL, NULL, no_cache)                                   \
	ROW("preload-db-cache", LIST, "INT", NULL, no_cache)                              \
	ROW("preload-db-media", LIST, "INT", NULL, no_cache)                              \
	ROW("kernel-player", INT, "INT", "0", no_kernel_player)                           \
	ROW("kernel-player-media", INT, "INT", "128", no_kernel_player)                   \
	ROW("nftables-append", FLAG, NULL, NULL, no_nftables)                             \
	ROW("nftables-base-chain", STRING, "CHAIN", "INPUT", no_nftables)                 \
	ROW("nftables-chain", STRING, "CHAIN", "rtpengine", no_nftables)                  \
	ROW("nftables-family", STRING, "ip|ip6|ip,ip6|inet", "ip,ip6", no_nftables)       \
	ROW("nftables-start", FLAG, NULL, NULL, no_nftables)                              \
	ROW("nftables-status", FLAG, NULL, NULL, no_nftables)                             \
	ROW("nftables-stop", FLAG, NULL, NULL, no_nftables)                               \
	ROW("xtables", FLAG, NULL, NULL, no_nftables)                                     \
	ROW("record-both", FLAG, NULL, NULL, no_egress)                                   \
	ROW("record-egress", FLAG, NULL, NULL, no_egress)                                 \
	ROW("codec-num-threads", INT, "INT", "0", no_tuning)                              \
	ROW("io-uring", FLAG, NULL, NULL, no_tuning)                                      \
	ROW("kernel-num-threads", INT, "INT", "0", no_tuning)                             \
	ROW("kernel-slots", INT, "INT", "0", no_tuning)                                   \
	ROW("max-recv-iters", INT, "INT", "50", no_tuning)                                \
	ROW("poller-per-thread", FLAG, NULL, NULL, no_tuning)                             \
	ROW("poller-size", INT, "INT", "128", no_tuning)                                  \
	ROW("socket-cpu-affinity", INT, "INT", "0", no_tuning)                            \
	ROW("thread-stack", INT, "KIB", "2048", no_tuning)                                \
	ROW("timer-accuracy", INT, "MICROSECONDS", "500", no_tuning)                      \
	ROW("log-level-codec", INT, "INT", NULL, no_topic)                                \
	ROW("log-level-crypto", INT, "INT", NULL, no_topic)                               \
	ROW("log-level-dtx", INT, "INT", NULL, no_topic)                                  \
	ROW("log-level-ffmpeg", INT, "INT", NULL, no_topic)                               \
	ROW("log-level-http", INT, "INT", NULL, no_topic)                                 \
	ROW("log-level-ice", INT, "INT", NULL, no_topic)                                  \
	ROW("log-level-internals", INT, "INT", "-1", no_topic)                            \
	ROW("log-level-rtcp", INT, "INT", NULL, no_topic)                                 \
	ROW("log-level-spandsp", INT, "INT", NULL, no_topic)                              \
	ROW("log-level-srtp", INT, "INT", NULL, no_topic)                                 \
	ROW("log-level-transcoding", INT, "INT", NULL, no_topic)                          \
	ROW("control-pmtu", STRING, "want|dont", NULL, no_such)                           \
	ROW("debug-srtp", FLAG, NULL, NULL, no_such)                                      \
	ROW("interfaces-config", STRING, "PREFIX", NULL, no_such)                         \
	ROW("max-log-line-length", INT, "INT", "0", no_such)                              \
	ROW("mos", STRING, "CQ|LQ", "CQ", no_such)                                        \
	ROW("ng-client-retries", INT, "INT", "5", no_such)                                \
	ROW("ng-client-timeout", INT, "MILLISECONDS", "50", no_such)                      \
	ROW("reject-invalid-sdp", FLAG, NULL, NULL, no_such)                              \
	ROW("save-interface-ports", FLAG, NULL, NULL, no_such)                            \
	ROW("split-logs", FLAG, NULL, NULL, no_such)

/* Each has a place of its own: that a value is the default is seen from it. */
unsigned config_unbuilt(struct option *out)
{
	static const struct option rows[] = {
#define AS_OPTION(name_, type_, arg_, preset_, why_) \
	{ .name = name_,                             \
		.type = OPTION_##type_,              \
		.arg = arg_,                         \
		.preset = preset_,                   \
		.hidden = true,                      \
		.unavailable = why_,                 \
		.help = "Not built yet" },
		ROWS(AS_OPTION)
#undef AS_OPTION
	};
	struct config *at = NULL;

	G_STATIC_ASSERT(G_N_ELEMENTS(rows) <= CONFIG_UNBUILT);

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		out[i] = rows[i];
		out[i].offset = offsetof(struct config, unbuilt) + i * sizeof(at->unbuilt[0]);
	}
	return G_N_ELEMENTS(rows);
}
