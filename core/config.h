/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's settings: what each option of the table (config_table.c) is kept in, and getting
 * them from command line and config file with all checks. Meaning of each: the table's help.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "base/err.h"
#include "base/log.h"
#include "base/option.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum config_player {
	CONFIG_PLAYER_ON_DEMAND,
	CONFIG_PLAYER_PLAY_MEDIA,
	CONFIG_PLAYER_TRANSCODING,
	CONFIG_PLAYER_ALWAYS
};

enum config_learning {
	CONFIG_LEARN_HEURISTIC,
	CONFIG_LEARN_DELAYED,
	CONFIG_LEARN_IMMEDIATE,
	CONFIG_LEARN_OFF
};

enum config_sources {
	CONFIG_SOURCES_NOT_GIVEN = -1,
	CONFIG_SOURCES_LEARNED,
	CONFIG_SOURCES_SIGNALLED,
	CONFIG_SOURCES_ANY
};

enum config_compat { CONFIG_COMPAT_NONE, CONFIG_COMPAT_RTPENGINE };

enum config_srtp { CONFIG_SRTP_OPENSSL, CONFIG_SRTP_LIBSRTP2 };

enum config_offload {
	CONFIG_OFFLOAD_AUTO,
	CONFIG_OFFLOAD_KMOD,
	CONFIG_OFFLOAD_BPF,
	CONFIG_OFFLOAD_NONE
};

enum config_engine { CONFIG_ENGINE_AUTO, CONFIG_ENGINE_EPOLL, CONFIG_ENGINE_STEERED };

enum config_log_format { LOG_FORMAT_DEFAULT, LOG_FORMAT_PARSABLE };

/*
 * One field per option, named like it. Strings and lists are NULL when not given. Written while
 * loading; then the control thread changes those marked `run_time` in the table (settings.h), and
 * main copies them to where they are used.
 */
enum { CONFIG_UNBUILT = 110 }; /* room for such options */

struct config {
	/* What to do instead of running */
	bool version, codecs, dump_config, print_flags, print_man;
	int print_conf; /* enum option_group, -1: not asked */
	char *print_plugin_conf;
	char *config_file, *config_section, *templates, *transcode_config;

	/* Logging and process */
	int log_facility; /* a choice; see config_log_settings */
	int log_facility_cdr, log_facility_rtcp, log_facility_dtmf;
	char *dtmf_log_dest;
	bool dtmf_log_ng_tcp, dtmf_no_log_injects, dtmf_no_suppress;
	int dtmf_digit_delay; /* milliseconds */
	int log_level;
	int log_level_core, log_level_control; /* -1: log_level */
	bool log_stderr, no_log_timestamps, log_srtp_keys;
	char *log_mark_prefix, *log_mark_suffix, *log_name;
	int log_format; /* enum config_log_format */
	char *pidfile;
	bool foreground;
	char *user, *group; /* names or numbers to run as */
	int num_threads;    /* at least 1 */
	int media_num_threads;
	int io_engine; /* enum config_engine */
	char *scheduling, *idle_scheduling;
	int priority, idle_priority;
	int table;
	bool no_fallback;
	int offload;     /* enum config_offload */
	int kernel_hook; /* enum kmod_hook */
	char *iptables_chain;
	char *plugin_dir;  /* NULL: the usual places */
	char *software_id; /* NULL: rtpengine-VERSION */

	/* Interfaces and listeners */
	char **interface;
	int port_min, port_max;
	int tos, control_tos;
	char **listen_tcp, **listen_udp, **listen_ng, **listen_tcp_ng, **listen_cli;

	/* Calls: times in seconds */
	int timeout, silent_timeout, offer_timeout;
	int final_timeout; /* 0: off */
	int delete_delay;
	int max_sessions; /* -1: no limit */
	double max_load, max_cpu;
	int64_t max_bandwidth;
	bool sip_source, dtls_passive, measure_rtp;
	int ssrc_reporting;    /* enum ssrc_reporting */
	int endpoint_learning; /* enum config_learning */
	int source_policy;     /* enum config_sources */
	int compat;            /* enum config_compat */
	int srtp_backend;      /* enum config_srtp */
	int dtls_cert_cipher;  /* enum dtls_key */
	int dtls_signature;    /* 0: SHA-256; 1: SHA-1 */
	int dtls_rsa_key_size, dtls_mtu;
	char *dtls_ciphers;

	/* Storage */
	char *redis, *redis_write;
	char **subscribe_keyspace;
	int redis_num_threads, redis_expires;
	bool no_redis_required;
	int redis_allowed_errors, redis_disable_time, redis_cmd_timeout, redis_connect_timeout;

	/* Exports */
	char *b2b_url;
	int xmlrpc_format;
	char *graphite, *graphite_prefix;
	int graphite_interval;
	char *homer;
	int homer_protocol, homer_id;

	/* Recording and stored media */
	char *recording_dir, *recording_method, *recording_format;
	int recording_audio_format; /* a choice; its name is the writer's */
	char *recording_chmod, *recording_chmod_dir, *recording_chown, *recording_chgrp;
	char *media_dir;
	char **preload_media_files;
	int media_files_expire, media_files_reload;
	int moh_max_duration, moh_max_repeats;
	int audio_player; /* enum config_player */
	int audio_buffer_length, audio_buffer_delay;
	int rtcp_interval;
	char *vsc_start_rec, *vsc_stop_rec, *vsc_start_stop_rec;
	char *vsc_pause_rec, *vsc_pause_resume_rec, *vsc_start_pause_resume_rec;
	char *moh_attr_name;
	bool moh_prevent_double_hold;
	char *mysql_host, *mysql_user, *mysql_pass, *mysql_query;
	int mysql_port;

	/* Nobody's: what was given for options of config_unbuilt.c */
	union {
		bool flag;
		int number;
		double real;
		char *text, **list;
	} unbuilt[CONFIG_UNBUILT];
};

/* What the command line asks for. */
enum config_action {
	CONFIG_RUN,
	CONFIG_HELP,        /* this and those marked *: config_print to stdout, exit 0 */
	CONFIG_VERSION,     /* "Version: …" to stderr, exit 0 */
	CONFIG_CODECS,      /* codec table to stdout, exit 0 */
	CONFIG_FLAGS,       /* keys and flags of control messages to stdout, exit 0 */
	CONFIG_DUMP,        /* * effective configuration, all checks passed */
	CONFIG_PRINT_CONF,  /* * one conf.d file */
	CONFIG_PRINT_MAN,   /* * the manual page */
	CONFIG_PLUGIN_CONF, /* the conf.d file of plugin `print_plugin_conf` to stdout, exit 0 */
};

struct config_set {
	struct config config;
	struct option_values *values; /* knows where each value came from */
	enum config_action action;
};

const struct option_table *config_table(void); /* [main] */
/* config_unbuilt.c: options that are known to be refused, into `out`; how many. */
unsigned config_unbuilt(struct option *out);
/*
 * Command line, then config file, then (to run or dump) all checks that need no look at the
 * system. 0, or -EINVAL with the text that follows "Fatal error: "; an unknown log facility
 * has also put the list of them on stderr. [main]
 */
int config_load(int argc, char **argv, struct config_set **ret_set, struct err *err);
void config_set_free(struct config_set *set); /* NULL is fine */
void config_print(const struct config_set *set, FILE *out);
/* --log-level and those of topics, to the log. [control, main] */
void config_set_log_levels(const struct config *config);
/* Strings are those of `config`. */
void config_log_settings(const struct config *config, struct log_settings *ret_settings);
/* The name of a choice of recording_audio_format. */
const char *config_audio_format(int choice);
/* Of <syslog.h>, for what an option's choice says; -1 when it was not given. */
int config_facility(int choice);
/*
 * The password of a Redis server from the environment, or NULL: also when `endpoint` is NULL or
 * has its own.
 */
const char *config_redis_password(const char *endpoint, const char *variable);

/* The file of a subject with every option commented out, and the manual page (mdoc). */
void config_print_conf_d(enum option_group group, FILE *out);
void config_print_man(FILE *out);

#endif
