/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every option of the daemon: name, place in struct config, default, bounds, help. The table is
 * not for the formatter, which would give every field a line of its own.
 */
#include "config.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <glib.h>

#include "dtls/dtls.h"

#define AT(field) offsetof(struct config, field)

/* In the order of config.c's facilities. */
static const char *const facilities[] = {
	"auth",
	"authpriv",
	"cron",
	"daemon",
	"ftp",
	"kern",
	"lpr",
	"mail",
	"news",
	"syslog",
	"user",
	"uucp",
	"local0",
	"local1",
	"local2",
	"local3",
	"local4",
	"local5",
	"local6",
	"local7",
	NULL,
};

/* In the order of enum option_group. */
static const char *const groups[] = {
	"general",
	"interfaces",
	"control",
	"media",
	"security",
	"recording",
	"storage",
	"export",
	NULL,
};
G_STATIC_ASSERT(G_N_ELEMENTS(groups) == OPTION_GROUPS + 1);

static const char *const log_formats[] = { "default", "parsable", NULL };
/* In the order of enum config_engine. */
static const char *const engines[] = { "auto", "epoll", "steered", NULL };
/* In the order of enum config_offload, and of enum kmod_hook. */
static const char *const offloads[] = { "auto", "kmod", "bpf", "none", NULL };
static const char *const hooks[] = { "input", "prerouting", NULL };
static const char *const players[] = { "on-demand", "play-media", "transcoding", "always", NULL };
static const char *const learning[] = { "heuristic", "delayed", "immediate", "off", NULL };
static const char *const source_policies[] = { "learned", "signalled", "any", NULL };
static const char *const compats[] = { "none", "rtpengine", NULL };
static const char *const srtp_backends[] = { "openssl", "libsrtp2", NULL };
static const char *const dtls_key_kinds[] = { "prime256v1", "RSA", NULL };
static const char *const dtls_signatures[] = { "SHA-256", "SHA-1", NULL };
static const char *const audio_formats[] = { "wav", "opus", "flac", "mp3", NULL };
static const char *const homer_protocols[] = { "udp", "tcp", NULL };

/* Why rows are there and refused: they belong to the options every operator may have set. */
static const char no_scheduling[] = "choosing scheduling policies is not built yet";
static const char no_redis[] = "Redis is not built yet";
static const char no_graphite[] = "Graphite is not built yet";
static const char no_homer[] = "Homer is not built yet";

static const char *const ssrc_reporting[] = { "full", "inline", "global", "none", NULL };

/* clang-format off */
static const struct option options[] = {
	/* General, logging, process */
	{ .name = "version", .short_name = 'v', .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(version), .command_line_only = true,
	  .help = "Print the version on stderr and exit" },
	{ .name = "config-file", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(config_file), .arg = "FILE", .preset = "/etc/rtpengine/rtpengine.conf",
	  .command_line_only = true,
	  .help = "Read settings from this file; 'none' reads no file" },
	{ .name = "config-section", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(config_section), .arg = "STRING", .preset = "rtpengine",
	  .command_line_only = true, .help = "Section of the config file to read" },
	{ .name = "codecs", .type = OPTION_FLAG, .group = OPTION_GENERAL, .offset = AT(codecs),
	  .command_line_only = true, .help = "Print the codecs that are known and exit" },
	{ .name = "dump-config", .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(dump_config), .command_line_only = true,
	  .help = "Check the settings, print them with where each came from and exit" },
	{ .name = "print-flags", .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(print_flags), .command_line_only = true,
	  .help = "Print the keys and flags of control messages and exit" },
	{ .name = "templates", .type = OPTION_STRING, .group = OPTION_CONTROL,
	  .offset = AT(templates), .arg = "SECTION",
	  .help = "Section of the config file whose keys are templates of flags" },
	{ .name = "transcode-config", .type = OPTION_STRING, .group = OPTION_CONTROL,
	  .offset = AT(transcode_config), .arg = "PREFIX",
	  .help = "Sections of the config file named PREFIX-... prefer one transcoding to another" },
	{ .name = "print-conf", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(print_conf), .arg = "GROUP", .command_line_only = true, .hidden = true,
	  .choices = groups, .help = "Print the conf.d file of a subject and exit" },
	{ .name = "print-plugin-conf", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(print_plugin_conf), .arg = "PLUGIN", .command_line_only = true,
	  .hidden = true, .help = "Print the conf.d file of a plugin and exit" },
	{ .name = "print-man", .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(print_man), .command_line_only = true, .hidden = true,
	  .help = "Print the options as a part of the manual page and exit" },
	{ .name = "log-facility", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(log_facility), .arg = "daemon|local0|...|local7", .preset = "daemon",
	  .choices = facilities, .range_error = "Invalid log facility '{}' (--log-facility)",
	  .help = "Syslog facility of log lines" },
	{ .name = "log-level", .short_name = 'L', .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(log_level), .arg = "INT", .preset = "6", .min = 0, .max = 7,
	  .range_error = "Invalid log level (--log_level)", .run_time = true,
	  .help = "Highest syslog severity that is logged: 7 is debugging, 6 information" },
	{ .name = "log-level-core", .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(log_level_core), .arg = "INT", .preset = "-1", .min = -1, .max = 7,
	  .run_time = true, .help = "The same for calls and their media; -1 as log-level says" },
	{ .name = "log-level-control", .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(log_level_control), .arg = "INT", .preset = "-1", .min = -1, .max = 7,
	  .run_time = true,
	  .help = "The same for commands and their listeners; -1 as log-level says" },
	{ .name = "log-stderr", .short_name = 'E', .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(log_stderr), .help = "Log to stderr instead of syslog" },
	{ .name = "no-log-timestamps", .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(no_log_timestamps), .help = "No time in front of log lines on stderr" },
	{ .name = "log-mark-prefix", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(log_mark_prefix), .arg = "STRING",
	  .help = "Text in front of fields of log lines that are private" },
	{ .name = "log-mark-suffix", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(log_mark_suffix), .arg = "STRING",
	  .help = "Text behind fields of log lines that are private" },
	{ .name = "log-name", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(log_name), .arg = "STRING", .preset = "rtpengine",
	  .help = "Name of the program in syslog lines" },
	{ .name = "log-format", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(log_format), .arg = "default|parsable", .preset = "default",
	  .choices = log_formats, .range_error = "Invalid --log-format option",
	  .help = "Style of the part of log lines that names the call" },
	{ .name = "log-facility-cdr", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(log_facility_cdr), .arg = "daemon|local0|...|local7",
	  .choices = facilities,
	  .range_error = "Invalid log facility for CDR '{}' (--log-facility-cdr)",
	  .help = "Syslog facility of call detail records; without it there are none" },
	{ .name = "log-facility-rtcp", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(log_facility_rtcp), .arg = "daemon|local0|...|local7",
	  .choices = facilities,
	  .range_error = "Invalid log facility for RTCP '{}' (--log-facility-rtcp)",
	  .help = "Syslog facility of received RTCP; without it none is logged" },
	{ .name = "log-facility-dtmf", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(log_facility_dtmf), .arg = "daemon|local0|...|local7",
	  .choices = facilities,
	  .range_error = "Invalid log facility for DTMF '{}' (--log-facility-dtmf)",
	  .help = "Syslog facility of DTMF events; without it none is logged" },
	{ .name = "dtmf-log-dest", .type = OPTION_STRING, .group = OPTION_EXPORT,
	  .offset = AT(dtmf_log_dest), .arg = "IP46|HOSTNAME:PORT",
	  .help = "Where DTMF events are sent to, each as JSON in a UDP datagram" },
	{ .name = "dtmf-log-ng-tcp", .type = OPTION_FLAG, .group = OPTION_EXPORT,
	  .offset = AT(dtmf_log_ng_tcp), .provided_by = "ng_tcp",
	  .help = "Tell clients of the NG protocol over TCP of DTMF events" },
	{ .name = "dtmf-no-log-injects", .type = OPTION_FLAG, .group = OPTION_EXPORT,
	  .offset = AT(dtmf_no_log_injects),
	  .help = "Tell nobody of the digits that play DTMF has made" },
	{ .name = "dtmf-no-suppress", .type = OPTION_FLAG, .group = OPTION_MEDIA,
	  .offset = AT(dtmf_no_suppress),
	  .help = "Transcode the audio beside DTMF events as well" },
	{ .name = "dtmf-digit-delay", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(dtmf_digit_delay), .arg = "MS", .preset = "2500", .min = 1,
	  .max = 3600000, .help = "Time between two digits of one trigger, at most" },
	{ .name = "log-srtp-keys", .type = OPTION_FLAG, .group = OPTION_SECURITY,
	  .offset = AT(log_srtp_keys),
	  .help = "Log SRTP keys as errors when they come into use; otherwise none is logged" },
	{ .name = "pidfile", .short_name = 'p', .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(pidfile), .arg = "FILE", .help = "Write the process ID to this file" },
	{ .name = "user", .type = OPTION_STRING, .group = OPTION_GENERAL, .offset = AT(user),
	  .arg = "NAME|UID",
	  .help = "Run as this user once all is open, with no more rights than are needed" },
	{ .name = "group", .type = OPTION_STRING, .group = OPTION_GENERAL, .offset = AT(group),
	  .arg = "NAME|GID", .help = "Run as this group; otherwise the user's own" },
	{ .name = "foreground", .short_name = 'f', .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(foreground), .help = "Stay in the foreground instead of forking" },
	{ .name = "plugin-dir", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(plugin_dir), .arg = "PATH",
	  .help = "Load plugins from here; without it from the folder plugins beside the "
	  "program, or where they were installed" },
	{ .name = "software-id", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(software_id), .arg = "STRING",
	  .help = "Name of this program towards others; without it rtpengine and the "
	  "version" },

	/* Threads */
	{ .name = "num-threads", .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(num_threads), .arg = "INT", .preset = "0", .min = 0, .max = 1024,
	  .below_min_is_default = true,
	  .help = "Threads that handle packets; 0 is one per CPU" },
	{ .name = "io-engine", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(io_engine), .arg = "auto|epoll|steered", .preset = "auto",
	  .choices = engines,
	  .help = "How packets come and leave: epoll has one socket per port; steered reads and "
	  "writes those of many ports at once, by BPF and raw sockets; auto is steered where "
	  "it works" },
	{ .name = "media-num-threads", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(media_num_threads), .arg = "INT", .preset = "-1",
	  .max = 1024, .min = INT_MIN,
	  .help = "Threads that read media to be played; negative is as many as num-threads, 0 "
	  "plays none" },
	{ .name = "preload-media-files", .type = OPTION_LIST, .group = OPTION_MEDIA,
	  .offset = AT(preload_media_files), .arg = "FILE|on-demand",
	  .help = "Decode these files at start, for 8 kHz, and keep files that were played in "
	  "memory; on-demand is the latter alone" },
	{ .name = "media-files-expire", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(media_files_expire), .arg = "SECS", .preset = "0", .min = 0,
	  .max = INT_MAX,
	  .help = "They are kept so long after they were played last; 0 is as long as there is "
	  "room" },
	{ .name = "media-files-reload", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(media_files_reload), .arg = "SECS", .preset = "0", .min = 0,
	  .max = INT_MAX,
	  .help = "No effect: whether a file has changed is looked at whenever it is played" },
	{ .name = "moh-max-duration", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(moh_max_duration), .arg = "MSECS", .preset = "1800000", .min = 0,
	  .max = INT_MAX,
	  .help = "Music on hold does not begin anew after that time; 0 is any time" },
	{ .name = "moh-max-repeats", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(moh_max_repeats), .arg = "INT", .preset = "999", .min = 1,
	  .max = INT_MAX, .help = "How often it is played at most" },
	{ .name = "moh-attr-name", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(moh_attr_name), .arg = "STRING",
	  .help = "Attribute of sessions whose receiver hears music on hold" },
	{ .name = "moh-prevent-double-hold", .type = OPTION_FLAG, .group = OPTION_MEDIA,
	  .offset = AT(moh_prevent_double_hold),
	  .help = "No music on hold where a session with that attribute is received" },
	{ .name = "audio-player", .type = OPTION_CHOICE, .group = OPTION_MEDIA,
	  .offset = AT(audio_player), .arg = "on-demand|play-media|transcoding|always",
	  .preset = "on-demand", .choices = players,
	  .help = "When all that a party hears is mixed and made one stream of our own: where "
	  "messages ask for it; also while media are played to it; also while it is "
	  "transcoded to; always. Messages may say otherwise" },
	{ .name = "audio-buffer-length", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(audio_buffer_length), .arg = "MSECS", .preset = "500", .min = 0,
	  .max = 5000, .help = "Room for audio that comes early where it is mixed" },
	{ .name = "audio-buffer-delay", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(audio_buffer_delay), .arg = "MSECS", .preset = "5", .min = 0,
	  .max = 5000, .help = "How long audio waits at first where it is mixed" },
	{ .name = "rtcp-interval", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(rtcp_interval), .arg = "MSECS", .preset = "5000", .min = 500,
	  .max = 60000, .help = "Time between RTCP reports of our own, where messages ask for them "
	  "(generate-RTCP); up to a second more, by chance" },
	{ .name = "vsc-start-rec", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(vsc_start_rec), .arg = "DIGITS",
	  .help = "Digits by which parties with recording-vsc start recording" },
	{ .name = "vsc-stop-rec", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(vsc_stop_rec), .arg = "DIGITS",
	  .help = "Digits by which parties with recording-vsc stop it" },
	{ .name = "vsc-start-stop-rec", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(vsc_start_stop_rec), .arg = "DIGITS",
	  .help = "Digits by which parties with recording-vsc start or stop it" },
	{ .name = "vsc-pause-rec", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(vsc_pause_rec), .arg = "DIGITS",
	  .help = "Digits by which parties with recording-vsc pause it" },
	{ .name = "vsc-pause-resume-rec", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(vsc_pause_resume_rec), .arg = "DIGITS",
	  .help = "Digits by which parties with recording-vsc pause it or let it go on" },
	{ .name = "vsc-start-pause-resume-rec", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(vsc_start_pause_resume_rec), .arg = "DIGITS",
	  .help = "Digits by which parties with recording-vsc start it, pause it or let it go on" },
	{ .name = "media-dir", .type = OPTION_STRING, .group = OPTION_MEDIA,
	  .offset = AT(media_dir), .arg = "PATH",
	  .help = "Play files from this directory alone, to which names are relative then; "
	  "without it any file that can be read" },
	{ .name = "scheduling", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(scheduling), .arg = "default|none|fifo|rr|other|batch|idle",
	  .unavailable = no_scheduling,
	  .help = "Scheduling policy of threads that handle packets" },
	{ .name = "priority", .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(priority), .arg = "INT", .preset = "0", .unavailable = no_scheduling,
	  .help = "Priority or nice value of threads that handle packets" },
	{ .name = "idle-scheduling", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(idle_scheduling), .arg = "default|none|fifo|rr|other|batch|idle",
	  .unavailable = no_scheduling, .help = "Scheduling policy of threads that may wait" },
	{ .name = "idle-priority", .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(idle_priority), .arg = "INT", .preset = "0", .unavailable = no_scheduling,
	  .help = "Priority or nice value of threads that may wait" },

	/* Kernel */
	{ .name = "table", .short_name = 't', .type = OPTION_INT, .group = OPTION_GENERAL,
	  .offset = AT(table), .arg = "INT", .preset = "-1", .min = INT_MIN, .max = 63,
	  .help = "Kernel table for forwarding, 0 to 63; negative is none" },
	{ .name = "no-fallback", .short_name = 'F', .type = OPTION_FLAG, .group = OPTION_GENERAL,
	  .offset = AT(no_fallback),
	  .help = "Do not start when the kernel table cannot be used" },
	{ .name = "offload", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(offload), .arg = "auto|kmod|bpf|none", .preset = "auto",
	  .choices = offloads,
	  .help = "What forwards plain RTP below us: kmod is the kernel module, which must be there "
	  "then; auto is kmod where --table is given and the module is there; bpf is not built yet" },
	{ .name = "kernel-hook", .type = OPTION_CHOICE, .group = OPTION_GENERAL,
	  .offset = AT(kernel_hook), .arg = "input|prerouting", .preset = "input",
	  .choices = hooks,
	  .help = "Where the kernel module takes packets: behind the firewall's input chain, or "
	  "before all of the firewall" },
	{ .name = "iptables-chain", .type = OPTION_STRING, .group = OPTION_GENERAL,
	  .offset = AT(iptables_chain), .arg = "STRING",
	  .help = "Keep rules that accept the ports in use in this chain of table filter; it must "
	  "be there, is ours alone and emptied at start" },

	/* Interfaces, ports, packet marking */
	{ .name = "interface", .short_name = 'i', .type = OPTION_LIST,
	  .group = OPTION_INTERFACES, .offset = AT(interface), .arg = "[NAME/]IP[!IP]",
	  .help = "Local interface for media, with its name and the address to advertise" },
	{ .name = "port-min", .short_name = 'm', .type = OPTION_INT, .group = OPTION_INTERFACES,
	  .offset = AT(port_min), .arg = "INT", .preset = "30000", .min = 1, .max = 65535,
	  .range_error = "Invalid RTP port range: {} (--port-min)",
	  .help = "Lowest port for media" },
	{ .name = "port-max", .short_name = 'M', .type = OPTION_INT, .group = OPTION_INTERFACES,
	  .offset = AT(port_max), .arg = "INT", .preset = "39999", .min = 1, .max = 65535,
	  .range_error = "Invalid RTP port range: {} (--port-max)",
	  .help = "Highest port for media" },
	{ .name = "tos", .short_name = 'T', .type = OPTION_INT, .group = OPTION_INTERFACES,
	  .offset = AT(tos), .arg = "INT", .preset = "0", .min = 0, .max = 255,
	  .range_error = "Invalid TOS value",
	  .help = "TOS or traffic class of media packets; 0 leaves it alone" },
	{ .name = "control-tos", .type = OPTION_INT, .group = OPTION_CONTROL,
	  .offset = AT(control_tos), .arg = "INT", .preset = "0", .min = 0, .max = 255,
	  .range_error = "Invalid control-ng TOS value", .run_time = true,
	  .help = "TOS or traffic class of NG replies over UDP; 0 leaves it alone" },

	/* Control listeners */
	{ .name = "listen-tcp", .short_name = 'l', .type = OPTION_LIST, .group = OPTION_CONTROL,
	  .offset = AT(listen_tcp), .arg = "[IP:]PORT",
	  .unavailable = "the legacy TCP protocol is not built yet",
	  .help = "Listen for the legacy TCP protocol here" },
	{ .name = "listen-udp", .short_name = 'u', .type = OPTION_LIST, .group = OPTION_CONTROL,
	  .offset = AT(listen_udp), .arg = "[IP46|HOSTNAME:]PORT",
	  .unavailable = "the legacy UDP protocol is not built yet",
	  .help = "Listen for the legacy UDP protocol here" },
	{ .name = "listen-ng", .short_name = 'n', .type = OPTION_LIST, .group = OPTION_CONTROL,
	  .offset = AT(listen_ng), .arg = "[IP46|HOSTNAME:]PORT",
	  .help = "Listen for the NG protocol over UDP here" },
	{ .name = "listen-tcp-ng", .short_name = 'N', .type = OPTION_LIST,
	  .group = OPTION_CONTROL, .offset = AT(listen_tcp_ng), .arg = "[IP46|HOSTNAME:]PORT",
	  .provided_by = "ng_tcp", .help = "Listen for the NG protocol over TCP here" },
	{ .name = "listen-cli", .short_name = 'c', .type = OPTION_LIST, .group = OPTION_CONTROL,
	  .offset = AT(listen_cli), .arg = "[IP46|HOSTNAME:]PORT", .provided_by = "cli",
	  .help = "Listen for the operator CLI over TCP here" },

	/* Timeouts and call lifetime */
	{ .name = "timeout", .short_name = 'o', .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(timeout), .arg = "SECS", .preset = "60", .min = 1, .max = INT_MAX,
	  .below_min_is_default = true, .run_time = true,
	  .help = "End a call without packets after this time" },
	{ .name = "silent-timeout", .short_name = 's', .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(silent_timeout), .arg = "SECS", .preset = "3600", .min = 1,
	  .max = INT_MAX, .below_min_is_default = true, .run_time = true,
	  .help = "The same for muted streams and those on hold" },
	{ .name = "final-timeout", .short_name = 'a', .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(final_timeout), .arg = "SECS", .preset = "0", .min = 0, .max = INT_MAX,
	  .below_min_is_default = true, .run_time = true,
	  .help = "End every call at this age; 0 is never" },
	{ .name = "offer-timeout", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(offer_timeout), .arg = "SECS", .preset = "3600", .min = 1, .max = INT_MAX,
	  .below_min_is_default = true, .run_time = true,
	  .help = "End a call that was never answered after this time" },
	{ .name = "delete-delay", .short_name = 'd', .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(delete_delay), .arg = "SECS", .preset = "30", .min = 0, .max = INT_MAX,
	  .range_error = "Invalid negative delete-delay", .run_time = true,
	  .help = "Keep a call this long after it was asked to end" },

	/* Load limits */
	{ .name = "max-sessions", .type = OPTION_INT, .group = OPTION_MEDIA,
	  .offset = AT(max_sessions), .arg = "INT", .preset = "-1", .min = -1, .max = INT_MAX,
	  .below_min_is_default = true, .run_time = true,
	  .help = "Refuse further calls above this number; -1 is no limit" },
	{ .name = "max-load", .type = OPTION_DOUBLE, .group = OPTION_MEDIA,
	  .offset = AT(max_load), .arg = "FLOAT", .preset = "0", .run_time = true,
	  .help = "Refuse further calls above this load average; 0 is no limit" },
	{ .name = "max-cpu", .type = OPTION_DOUBLE, .group = OPTION_MEDIA, .offset = AT(max_cpu),
	  .arg = "FLOAT", .preset = "0", .run_time = true,
	  .help = "Refuse further calls above this CPU usage in percent; 0 is no limit" },
	{ .name = "max-bandwidth", .type = OPTION_INT64, .group = OPTION_MEDIA,
	  .offset = AT(max_bandwidth), .arg = "INT", .preset = "0", .run_time = true,
	  .help = "Refuse further calls above this many received bytes per second; 0 is no "
	  "limit" },

	/* Signalling defaults */
	{ .name = "sip-source", .type = OPTION_FLAG, .group = OPTION_MEDIA,
	  .offset = AT(sip_source),
	  .help = "Send media to where signalling came from rather than to addresses in the "
	  "SDP" },
	{ .name = "endpoint-learning", .type = OPTION_CHOICE, .group = OPTION_MEDIA,
	  .offset = AT(endpoint_learning), .arg = "heuristic|delayed|immediate|off",
	  .preset = "heuristic", .choices = learning,
	  .help = "How a peer's real address is found from its packets: the source that fits "
	  "best in the first 3 s, the newest until then, the first, or not at all" },
	{ .name = "source-policy", .type = OPTION_CHOICE, .group = OPTION_SECURITY,
	  .offset = AT(source_policy), .arg = "learned|signalled|any", .choices = source_policies,
	  .help = "Whose packets are let in: those of the source that endpoint-learning "
	  "settles on, of the signalled address alone (no NAT), or all. Without it: learned, "
	  "or any with --compat=rtpengine" },
	{ .name = "compat", .type = OPTION_CHOICE, .group = OPTION_SECURITY,
	  .offset = AT(compat), .arg = "none|rtpengine", .preset = "none", .choices = compats,
	  .help = "Be as lenient as the system this one replaces, unless told otherwise: "
	  "sources are not checked without strict-source" },
	{ .name = "measure-rtp", .type = OPTION_FLAG, .group = OPTION_MEDIA,
	  .offset = AT(measure_rtp),
	  .help = "Accepted for configurations that have it: RTP is always measured" },
	{ .name = "ssrc-reporting", .type = OPTION_CHOICE, .group = OPTION_MEDIA,
	  .offset = AT(ssrc_reporting), .arg = "full|inline|global|none", .preset = "full",
	  .choices = ssrc_reporting,
	  .help = "Where query and delete tell of SSRCs: with each media section (inline), in a "
	  "dictionary of all of the call's (global), both or neither" },
	{ .name = "srtp-backend", .type = OPTION_CHOICE, .group = OPTION_SECURITY,
	  .offset = AT(srtp_backend), .arg = "openssl|libsrtp2", .preset = "openssl",
	  .choices = srtp_backends,
	  .help = "What protects packets of SRTP. libsrtp2 is slower, there for comparison, and "
	  "without the suites F8_128 and AES_192_CM" },
	{ .name = "dtls-passive", .type = OPTION_FLAG, .group = OPTION_SECURITY,
	  .offset = AT(dtls_passive),
	  .help = "Be the passive side of DTLS, its server, wherever the peer leaves that to us" },
	{ .name = "dtls-cert-cipher", .type = OPTION_CHOICE, .group = OPTION_SECURITY,
	  .offset = AT(dtls_cert_cipher), .arg = "prime256v1|RSA", .preset = "prime256v1",
	  .choices = dtls_key_kinds, .help = "Key of our DTLS certificate" },
	{ .name = "dtls-rsa-key-size", .type = OPTION_INT, .group = OPTION_SECURITY,
	  .offset = AT(dtls_rsa_key_size), .arg = "INT", .preset = "2048",
	  .min = DTLS_MIN_RSA_BITS, .max = DTLS_MAX_RSA_BITS,
	  .help = "Bits of an RSA key of our DTLS certificate" },
	{ .name = "dtls-mtu", .type = OPTION_INT, .group = OPTION_SECURITY,
	  .offset = AT(dtls_mtu), .arg = "INT", .preset = "1200", .min = DTLS_MIN_MTU,
	  .max = 9000, .help = "Longest packet of DTLS that is sent, headers of IP included" },
	{ .name = "dtls-ciphers", .type = OPTION_STRING, .group = OPTION_SECURITY,
	  .offset = AT(dtls_ciphers), .arg = "CIPHERS", .preset = DTLS_DEFAULT_CIPHERS,
	  .help = "Ciphers for DTLS handshakes, in OpenSSL's words" },
	{ .name = "dtls-signature", .type = OPTION_CHOICE, .group = OPTION_SECURITY,
	  .offset = AT(dtls_signature), .arg = "SHA-256|SHA-1", .preset = "SHA-256",
	  .choices = dtls_signatures, .help = "What our DTLS certificate is signed with" },

	/* Redis */
	{ .name = "redis", .short_name = 'r', .type = OPTION_STRING, .group = OPTION_STORAGE,
	  .offset = AT(redis), .arg = "[PW@]IP:PORT/INT", .unavailable = no_redis,
	  .help = "Keep calls in this Redis database" },
	{ .name = "redis-write", .short_name = 'w', .type = OPTION_STRING,
	  .group = OPTION_STORAGE, .offset = AT(redis_write), .arg = "[PW@]IP:PORT/INT",
	  .unavailable = no_redis, .help = "Write calls to this Redis database instead" },
	{ .name = "subscribe-keyspace", .short_name = 'k', .type = OPTION_LIST,
	  .group = OPTION_STORAGE, .offset = AT(subscribe_keyspace), .arg = "INT",
	  .unavailable = no_redis, .help = "Follow the calls of this Redis database" },
	{ .name = "redis-num-threads", .type = OPTION_INT, .group = OPTION_STORAGE,
	  .offset = AT(redis_num_threads), .arg = "INT", .preset = "0", .unavailable = no_redis,
	  .help = "Connections for restoring calls; 0 is one per CPU" },
	{ .name = "redis-expires", .type = OPTION_INT, .group = OPTION_STORAGE,
	  .offset = AT(redis_expires), .arg = "SECS", .preset = "86400", .unavailable = no_redis,
	  .help = "Lifetime of keys in Redis" },
	{ .name = "no-redis-required", .short_name = 'q', .type = OPTION_FLAG,
	  .group = OPTION_STORAGE, .offset = AT(no_redis_required), .unavailable = no_redis,
	  .help = "Start without Redis when it cannot be reached" },
	{ .name = "redis-allowed-errors", .type = OPTION_INT, .group = OPTION_STORAGE,
	  .offset = AT(redis_allowed_errors), .arg = "INT", .preset = "-1",
	  .unavailable = no_redis, .run_time = true,
	  .help = "Failures in a row before Redis is left alone for a while; -1 is never" },
	{ .name = "redis-disable-time", .type = OPTION_INT, .group = OPTION_STORAGE,
	  .offset = AT(redis_disable_time), .arg = "SECS", .preset = "10",
	  .unavailable = no_redis, .run_time = true, .help = "How long Redis is left alone" },
	{ .name = "redis-cmd-timeout", .type = OPTION_INT, .group = OPTION_STORAGE,
	  .offset = AT(redis_cmd_timeout), .arg = "MSECS", .preset = "0",
	  .unavailable = no_redis, .run_time = true,
	  .help = "Longest wait for an answer of Redis; 0 is no limit" },
	{ .name = "redis-connect-timeout", .type = OPTION_INT, .group = OPTION_STORAGE,
	  .offset = AT(redis_connect_timeout), .arg = "MSECS", .preset = "1000",
	  .unavailable = no_redis, .run_time = true,
	  .help = "Longest wait for a connection to Redis" },

	/* Teardown callback, exports */
	{ .name = "b2b-url", .short_name = 'b', .type = OPTION_STRING, .group = OPTION_EXPORT,
	  .offset = AT(b2b_url), .arg = "STRING",
	  .unavailable = "XMLRPC callbacks are not built yet",
	  .help = "XMLRPC URL to tell of calls that timed out" },
	{ .name = "xmlrpc-format", .short_name = 'x', .type = OPTION_INT, .group = OPTION_EXPORT,
	  .offset = AT(xmlrpc_format), .arg = "0|1|2", .preset = "0", .min = 0, .max = 2,
	  .range_error = "Invalid XMLRPC format",
	  .unavailable = "XMLRPC callbacks are not built yet",
	  .help = "XMLRPC request: 0 is for SEMS, 1 has the call-ID only, 2 is for "
	  "Kamailio" },
	{ .name = "graphite", .short_name = 'g', .type = OPTION_STRING, .group = OPTION_EXPORT,
	  .offset = AT(graphite), .arg = "IP46|HOSTNAME:PORT", .unavailable = no_graphite,
	  .help = "Send statistics to this Graphite server" },
	{ .name = "graphite-interval", .short_name = 'G', .type = OPTION_INT,
	  .group = OPTION_EXPORT, .offset = AT(graphite_interval), .arg = "SECS", .preset = "0",
	  .unavailable = no_graphite, .help = "Time between statistics sent to Graphite" },
	{ .name = "graphite-prefix", .type = OPTION_STRING, .group = OPTION_EXPORT,
	  .offset = AT(graphite_prefix), .arg = "STRING", .unavailable = no_graphite,
	  .help = "Text in front of the names sent to Graphite" },
	{ .name = "homer", .type = OPTION_STRING, .group = OPTION_EXPORT, .offset = AT(homer),
	  .arg = "IP46|HOSTNAME:PORT", .unavailable = no_homer,
	  .help = "Send received RTCP to this Homer server" },
	{ .name = "homer-protocol", .type = OPTION_CHOICE, .group = OPTION_EXPORT,
	  .offset = AT(homer_protocol), .arg = "udp|tcp", .preset = "udp",
	  .choices = homer_protocols, .range_error = "Invalid protocol '{}' (--homer-protocol)",
	  .unavailable = no_homer, .help = "How to send to Homer" },
	{ .name = "homer-id", .type = OPTION_INT, .group = OPTION_EXPORT, .offset = AT(homer_id),
	  .arg = "INT", .preset = "2001", .unavailable = no_homer,
	  .help = "Our ID towards Homer" },

	/* Recording and stored media */
	{ .name = "recording-dir", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_dir), .arg = "PATH",
	  .help = "Directory for recorded calls; without it there is no recording" },
	{ .name = "recording-method", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_method), .arg = "pcap|audio", .preset = "pcap",
	  .help = "How calls are recorded: packets, or audio with a channel for each party" },
	{ .name = "recording-format", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_format), .arg = "raw|eth", .preset = "raw",
	  .help = "Link layer of pcap recordings" },
	{ .name = "recording-audio-format", .type = OPTION_CHOICE, .group = OPTION_RECORDING,
	  .offset = AT(recording_audio_format), .arg = "wav|opus|flac|mp3", .preset = "wav",
	  .choices = audio_formats, .help = "File format of audio recordings" },
	{ .name = "recording-chmod", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_chmod), .arg = "MODE",
	  .help = "Octal mode of recordings and their metadata; else as umask leaves it" },
	{ .name = "recording-chmod-dir", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_chmod_dir), .arg = "MODE",
	  .help = "The same for directories made for them" },
	{ .name = "recording-chown", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_chown), .arg = "USER",
	  .help = "Owner of recordings, by name or number; needs CAP_CHOWN, which is not kept with --user" },
	{ .name = "recording-chgrp", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(recording_chgrp), .arg = "GROUP",
	  .help = "Their group, by name or number" },
	{ .name = "mysql-host", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(mysql_host), .arg = "HOST|IP", .provided_by = "mysql",
	  .help = "Database server of stored media" },
	{ .name = "mysql-port", .type = OPTION_INT, .group = OPTION_RECORDING,
	  .offset = AT(mysql_port), .arg = "INT", .preset = "0", .max = 65535,
	  .provided_by = "mysql",
	  .help = "Its port; 0 is the usual one" },
	{ .name = "mysql-user", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(mysql_user), .arg = "USERNAME", .provided_by = "mysql",
	  .help = "User name at that database" },
	{ .name = "mysql-pass", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(mysql_pass), .arg = "PASSWORD", .provided_by = "mysql", .secret = true,
	  .help = "Password at that database" },
	{ .name = "mysql-query", .type = OPTION_STRING, .group = OPTION_RECORDING,
	  .offset = AT(mysql_query), .arg = "STRING", .provided_by = "mysql",
	  .help = "Query for stored media, with %llu where their number goes, as in: select data from voip.files where id = %llu; no database is selected by itself" },
};
/* clang-format on */

const char *config_audio_format(int choice)
{
	return audio_formats[choice];
}

const struct option_table *config_table(void)
{
	static struct option all[G_N_ELEMENTS(options) + CONFIG_UNBUILT];
	static struct option_table table = { all, 0 };

	if (!table.count) {
		memcpy(all, options, sizeof(options));
		table.count = G_N_ELEMENTS(options) + config_unbuilt(all + G_N_ELEMENTS(options));
	}
	return &table;
}
