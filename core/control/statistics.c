/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of figures and the trees made of it. What nothing in the daemon can do yet (caches of
 * players, calls of others) is a row whose figure is 0.
 */
#include "control/statistics.h"

#include "base/clock.h"
#include "control/intervals.h"
#include "control/proxies.h"
#include "media/clips.h"
#include "media/transcoder.h"
#include "stats/chain.h"
#include "stats/counter.h"
#include "stats/metric.h"
#include "stats/rate.h"

/* Where a figure comes from; `id` says which of them. */
enum source {
	NONE,
	CALLS,
	MEDIA,
	UPTIME, /* seconds */
	COUNTER,
	REASON,
	TRAFFIC, /* `id` is its place in struct traffic_counts */
	RATE,
	RATE_USER,    /* less that of the kernel */
	COUNTER_USER, /* likewise */
	TRANSCODED,
	MEDIA_CACHE, /* bytes */
	SAMPLES,     /* of a metric, and so on */
	SUM,
	SQUARES,
	AVERAGE,
	DEVIATION,
};

/* Which sections MEDIA counts: by where the RTP of their streams is forwarded. */
enum { MEDIA_USER, MEDIA_KERNEL, MEDIA_MIXED, MEDIA_PATHS };

struct figure {
	const char *key, *label;
	enum source source;
	unsigned id;
	const char *unit; /* behind the value in tables; NULL: none */
};

static const struct figure current[] = {
	{ "sessionsown", "Owned sessions", CALLS, 0, NULL },
	{ "sessionsforeign", "Foreign sessions", NONE, 0, NULL },
	{ "sessionstotal", "Total sessions", CALLS, 0, NULL },
	{ "transcodedmedia", "Transcoded media", TRANSCODED, 0, NULL },
	{ "mediacache", "Media cache size", MEDIA_CACHE, 0, NULL },
	{ "playercache", "Player cache size", NONE, 0, NULL },
	{ "packetrate_user", "Packets per second (userspace)", RATE_USER, RATE_PACKETS, NULL },
	{ "byterate_user", "Bytes per second (userspace)", RATE_USER, RATE_BYTES, NULL },
	{ "errorrate_user", "Errors per second (userspace)", RATE_USER, RATE_ERRORS, NULL },
	{ "packetrate_kernel", "Packets per second (kernel)", RATE, RATE_KERNEL_PACKETS, NULL },
	{ "byterate_kernel", "Bytes per second (kernel)", RATE, RATE_KERNEL_BYTES, NULL },
	{ "errorrate_kernel", "Errors per second (kernel)", RATE, RATE_KERNEL_ERRORS, NULL },
	{ "packetrate", "Packets per second (total)", RATE, RATE_PACKETS, NULL },
	{ "byterate", "Bytes per second (total)", RATE, RATE_BYTES, NULL },
	{ "errorrate", "Errors per second (total)", RATE, RATE_ERRORS, NULL },
	{ "media_userspace", "Userspace-only media streams", MEDIA, MEDIA_USER, NULL },
	{ "media_kernel", "Kernel-only media streams", MEDIA, MEDIA_KERNEL, NULL },
	{ "media_mixed", "Mixed kernel/userspace media streams", MEDIA, MEDIA_MIXED, NULL },
};

static const struct figure total[] = {
	{ "uptime", "Uptime of rtpengine", UPTIME, 0, "seconds" },
	{ "managedsessions", "Total managed sessions", COUNTER, COUNTER_CALLS_ENDED, NULL },
	{ "rejectedsessions", "Total rejected sessions", REASON, REASON_CALL_LIMIT, NULL },
	{ "timeoutsessions", "Total timed-out sessions via TIMEOUT", REASON, REASON_TIMEOUT, NULL },
	{ "silenttimeoutsessions", "Total timed-out sessions via SILENT_TIMEOUT", REASON,
		REASON_SILENT_TIMEOUT, NULL },
	{ "finaltimeoutsessions", "Total timed-out sessions via FINAL_TIMEOUT", REASON,
		REASON_FINAL_TIMEOUT, NULL },
	{ "offertimeoutsessions", "Total timed-out sessions via OFFER_TIMEOUT", REASON,
		REASON_OFFER_TIMEOUT, NULL },
	{ "regularterminatedsessions", "Total regular terminated sessions", REASON, REASON_DELETED,
		NULL },
	{ "forcedterminatedsessions", "Total forced terminated sessions", REASON, REASON_TERMINATED,
		NULL },
	{ "lostrequests", "Total NG requests lost under overload", REASON, REASON_NG_OVERLOAD,
		NULL },
	{ "relayedpackets_user", "Total relayed packets (userspace)", COUNTER_USER,
		COUNTER_PACKETS_OUT, NULL },
	{ "relayedpacketerrors_user", "Total relayed packet errors (userspace)", COUNTER_USER,
		COUNTER_PACKET_ERRORS, NULL },
	{ "relayedbytes_user", "Total relayed bytes (userspace)", COUNTER_USER, COUNTER_BYTES_OUT,
		NULL },
	{ "relayedpackets_kernel", "Total relayed packets (kernel)", COUNTER,
		COUNTER_KERNEL_PACKETS, NULL },
	{ "relayedpacketerrors_kernel", "Total relayed packet errors (kernel)", COUNTER,
		COUNTER_KERNEL_ERRORS, NULL },
	{ "relayedbytes_kernel", "Total relayed bytes (kernel)", COUNTER, COUNTER_KERNEL_BYTES,
		NULL },
	{ "relayedpackets", "Total relayed packets", COUNTER, COUNTER_PACKETS_OUT, NULL },
	{ "relayedpacketerrors", "Total relayed packet errors", COUNTER, COUNTER_PACKET_ERRORS,
		NULL },
	{ "relayedbytes", "Total relayed bytes", COUNTER, COUNTER_BYTES_OUT, NULL },
	{ "zerowaystreams", "Total number of streams with no relayed packets", COUNTER,
		COUNTER_STREAMS_SILENT, NULL },
	{ "onewaystreams", "Total number of 1-way streams", COUNTER, COUNTER_STREAMS_ONE_WAY,
		NULL },
	{ "avgcallduration", "Average call duration", AVERAGE, METRIC_CALL_DURATION, NULL },
	{ "totalcallsduration", "Total calls duration", SUM, METRIC_CALL_DURATION, NULL },
	{ "totalcallsduration2", "Total calls duration squared", SQUARES, METRIC_CALL_DURATION,
		"seconds squared" },
	{ "totalcallsduration_stddev", "Total calls duration standard deviation", DEVIATION,
		METRIC_CALL_DURATION, NULL },
};

#define OF_TRAFFIC(field) TRAFFIC, offsetof(struct traffic_counts, field), NULL
static const struct figure sequence[] = {
	{ "packets_lost", "Packets lost", OF_TRAFFIC(lost) },
	{ "rtp_duplicates", "Duplicate RTP packets", OF_TRAFFIC(duplicates) },
	{ "rtp_skips", "RTP sequence skips", OF_TRAFFIC(skips) },
	{ "rtp_seq_resets", "RTP sequence resets", OF_TRAFFIC(resets) },
	{ "rtp_reordered", "Out-of-order RTP packets", OF_TRAFFIC(reordered) },
};

/* A part of the statistics: metrics, each with five rows, and figures. */
struct part {
	const char *key, *heading; /* no heading: that of intervals (intervals.h) */
	enum metric metrics[METRIC_COUNT];
	unsigned metric_count;
	const struct figure *figures;
	unsigned figure_count;
};

#define FIGURES(table) .figures = table, .figure_count = G_N_ELEMENTS(table)
static const struct part parts[] = {
	{ "currentstatistics", "Statistics over currently running sessions:", FIGURES(current) },
	{ "totalstatistics",
		"Total statistics (does not include current running sessions):", FIGURES(total) },
	{ .key = "intervalstatistics" },
	{ "mos", "MOS statistics:", .metrics = { METRIC_MOS }, .metric_count = 1 },
	{ "voip_metrics", "VoIP metrics:",
		.metrics = { METRIC_JITTER, METRIC_RTT_E2E, METRIC_RTT_DISCRETE, METRIC_PACKET_LOSS,
			METRIC_JITTER_MEASURED },
		.metric_count = 5, FIGURES(sequence) },
};

/* printf patterns, filled with a metric's stem and text. */
static const struct {
	const char *key, *label;
	enum source source;
} metric_rows[] = {
	{ "%s_total", "Sum of all %s values sampled", SUM },
	{ "%s2_total", "Sum of all %s square values sampled", SQUARES },
	{ "%s_samples_total", "Total number of %s samples", SAMPLES },
	{ "%s_average", "Average %s", AVERAGE },
	{ "%s_stddev", "%s standard deviation", DEVIATION },
};

/* What figures are taken from: all there is, or one address (`only`). */
struct scope {
	const struct control *control;
	const struct traffic *only; /* NULL: all */
	struct traffic_counts traffic;
};

static const struct metric_sum *sum_of(const struct scope *s, const struct figure *f)
{
	return s->only ? &s->only->metrics[f->id] : metric_sum(f->id);
}

static uint64_t traffic_number(const struct traffic_counts *counts, size_t offset)
{
	return *(const uint64_t *)((const char *)counts + offset);
}

struct session_counts {
	int64_t media[MEDIA_PATHS], ip4, ip6, mixed;
};

/* RTP of a section's streams: all, none or some of it is forwarded by the kernel. */
static unsigned path_of(const struct media *media)
{
	unsigned in_kernel = 0, rtp = 0;

	for (unsigned i = 0; i < media->stream_count; i += 2) {
		rtp++;
		in_kernel += stream_stats_in_kernel(media->streams[i].stats);
	}
	if (!in_kernel)
		return MEDIA_USER;
	return in_kernel == rtp ? MEDIA_KERNEL : MEDIA_MIXED;
}

static bool count_call(struct call *call, void *arg)
{
	struct session_counts *counts = arg;
	bool ip4 = false, ip6 = false;

	for (unsigned p = 0; p < call->model->party_count; p++)
		for (unsigned m = 0; m < call->model->parties[p]->media_count; m++) {
			const struct media *media = call->model->parties[p]->media[m];

			if (!media_ports(media))
				continue;
			counts->media[path_of(media)]++;
			ip4 |= media_ports(media)->local->local.family == ADDR_IP4;
			ip6 |= media_ports(media)->local->local.family == ADDR_IP6;
		}
	counts->ip4 += ip4 && !ip6;
	counts->ip6 += ip6 && !ip4;
	counts->mixed += ip4 && ip6;
	return true;
}

static struct session_counts count_sessions(const struct control *control)
{
	struct session_counts counts = { 0 };

	call_table_each(control->calls, count_call, &counts);
	return counts;
}

static enum rate kernel_rate(unsigned rate)
{
	return RATE_KERNEL_PACKETS + (rate - RATE_PACKETS);
}

static enum counter kernel_counter(unsigned counter)
{
	switch (counter) {
	case COUNTER_PACKETS_OUT:
		return COUNTER_KERNEL_PACKETS;
	case COUNTER_BYTES_OUT:
		return COUNTER_KERNEL_BYTES;
	default:
		return COUNTER_KERNEL_ERRORS;
	}
}

/* They are read one after the other, while both go up. */
static int64_t less(uint64_t all, uint64_t part)
{
	return all > part ? (int64_t)(all - part) : 0;
}

static int64_t whole_number(const struct scope *s, const struct figure *f)
{
	const struct clips *clips = call_table_settings(s->control->calls)->clips;

	switch (f->source) {
	case CALLS:
		return call_table_count(s->control->calls);
	case MEDIA:
		return count_sessions(s->control).media[f->id];
	case UPTIME:
		return (clock_mono_us() - s->control->started_mono_us) / 1000000;
	case COUNTER:
		return (int64_t)counter_total(f->id);
	case REASON:
		return (int64_t)reason_total(f->id);
	case TRAFFIC:
		return (int64_t)traffic_number(&s->traffic, f->id);
	case RATE:
		return (int64_t)rate_per_second(f->id);
	case RATE_USER:
		return less(rate_per_second(f->id), rate_per_second(kernel_rate(f->id)));
	case COUNTER_USER:
		return less(counter_total(f->id), counter_total(kernel_counter(f->id)));
	case TRANSCODED:
		return transcoders_running();
	case MEDIA_CACHE:
		return clips ? (int64_t)clips_bytes(clips) : 0;
	case SAMPLES:
		return (int64_t)sum_of(s, f)->samples;
	default:
		return 0;
	}
}

static double real_number(const struct scope *s, const struct figure *f)
{
	const struct metric_sum *sum = sum_of(s, f);

	switch (f->source) {
	case SUM:
		return sum->sum;
	case SQUARES:
		return sum->sum_of_squares;
	case AVERAGE:
		return metric_average(sum);
	default:
		return metric_deviation(sum);
	}
}

static bool is_real(const struct figure *f)
{
	return f->source == SUM || f->source == SQUARES || f->source == AVERAGE ||
	       f->source == DEVIATION;
}

/* What is done with each figure of a part. */
typedef void (*figure_fn)(
	const struct scope *s, const struct figure *f, struct dict *dict, struct value *into);

static void each_figure(const struct scope *s, const struct part *part, struct dict *dict,
	struct value *into, figure_fn fn)
{
	for (unsigned m = 0; m < part->metric_count; m++)
		for (unsigned r = 0; r < G_N_ELEMENTS(metric_rows); r++) {
			enum metric metric = part->metrics[m];
			g_autofree char *key = g_strdup_printf(
				metric_rows[r].key, metric_stem(metric));
			g_autofree char *label = g_strdup_printf(
				metric_rows[r].label, metric_text(metric));
			struct figure f = {
				.key = dict_copy(dict, str_of(key)).s,
				.label = dict_copy(dict, str_of(label)).s,
				.source = metric_rows[r].source,
				.id = metric,
			};

			fn(s, &f, dict, into);
		}
	for (unsigned i = 0; i < part->figure_count; i++)
		fn(s, &part->figures[i], dict, into);
}

/* The uptime is a string for clients, and so it stays one. */
static void add_by_key(
	const struct scope *s, const struct figure *f, struct dict *dict, struct value *into)
{
	if (is_real(f))
		dict_add_real(dict, into, f->key, real_number(s, f));
	else if (f->source == UPTIME)
		dict_add_printf(dict, into, f->key, "%lld", (long long)whole_number(s, f))->bare =
			true;
	else
		dict_add_int(dict, into, f->key, whole_number(s, f));
}

static void add_by_label(
	const struct scope *s, const struct figure *f, struct dict *dict, struct value *into)
{
	struct value *v = dict_add_dict(dict, into, NULL);
	const char *unit = f->unit ? f->unit : "", *blank = f->unit ? " " : "";

	dict_add_str(dict, v, "label", str_of(f->label));
	if (is_real(f))
		dict_add_printf(dict, v, "value", "%.6f%s%s", real_number(s, f), blank, unit);
	else
		dict_add_printf(
			dict, v, "value", "%lld%s%s", (long long)whole_number(s, f), blank, unit);
}

static void add_flow(struct dict *dict, struct value *into, const char *key, uint64_t packets,
	uint64_t bytes, uint64_t errors)
{
	struct value *v = dict_add_dict(dict, into, key);

	dict_add_int(dict, v, "packets", (int64_t)packets);
	dict_add_int(dict, v, "bytes", (int64_t)bytes);
	dict_add_int(dict, v, "errors", (int64_t)errors);
}

static void add_drops(struct dict *dict, struct value *v, const uint64_t *drops)
{
	for (unsigned i = 0; i < REASON_DROPS; i++)
		if (drops[i])
			dict_add_int(dict, v, reason_row(i)->name, (int64_t)drops[i]);
}

static const struct part *voip_metrics(void)
{
	return &parts[G_N_ELEMENTS(parts) - 1];
}

/* What passed the address. The drops are an addition of ours. */
static void add_traffic(const struct control *control, struct dict *dict, struct value *v,
	const struct iface_addr *addr)
{
	static const struct traffic unused;
	const struct traffic *traffic = call_table_traffic_at(control->calls, addr);
	struct scope s = { .control = control, .only = traffic ? traffic : &unused };
	const struct traffic_counts *c = &s.traffic;

	if (traffic)
		traffic_add(traffic, &s.traffic);
	dict_add_int(dict, v, "packets_lost", (int64_t)c->lost);
	dict_add_int(dict, v, "duplicates", (int64_t)c->duplicates);
	each_figure(&s, voip_metrics(), dict, dict_add_dict(dict, v, "voip_metrics"), add_by_key);
	add_flow(dict, v, "ingress", c->packets_in, c->bytes_in, c->errors_in);
	add_flow(dict, v, "egress", c->packets_out, c->bytes_out, c->errors_out);
	add_drops(dict, dict_add_dict(dict, v, "drops"), c->drops);
}

static void add_interface(const struct control *control, struct dict *dict, struct value *list,
	const struct iface *iface, const struct iface_addr *addr)
{
	struct value *v = dict_add_dict(dict, list, NULL), *ports;
	unsigned size = port_pool_size(addr->pool), used = port_pool_used(addr->pool);
	char text[ADDR_TEXT];

	dict_add_copy(dict, v, "name", str_of(iface->name));
	dict_add_copy(dict, v, "address", str_of(addr_print_ip(&addr->local, text)));
	dict_add_str(dict, v, "engine", str_of(port_pool_engine(addr->pool)->name));
	ports = dict_add_dict(dict, v, "ports");
	dict_add_int(dict, ports, "min", port_pool_min(addr->pool));
	dict_add_int(dict, ports, "max", port_pool_max(addr->pool));
	dict_add_int(dict, ports, "used", used);
	dict_add_real(dict, ports, "used_pct", size ? 100.0 * used / size : 0);
	dict_add_int(dict, ports, "free", port_pool_free_count(addr->pool));
	dict_add_int(dict, ports, "totals", size);
	add_traffic(control, dict, v, addr);
}

void statistics_interfaces(const struct control *control, struct dict *dict, struct value *list)
{
	const struct iface_table *table = call_table_interfaces(control->calls);

	for (unsigned i = 0; i < iface_count(table); i++)
		for (unsigned a = 0; a < iface_at(table, i)->addr_count; a++)
			add_interface(control, dict, list, iface_at(table, i),
				&iface_at(table, i)->addrs[a]);
}

static struct scope everything(const struct control *control)
{
	struct scope s = { .control = control };

	call_table_traffic(control->calls, &s.traffic);
	return s;
}

static const char *kind_of(const struct reason_row *row)
{
	static const char *const names[] = {
		[REASON_DROP] = "drop",
		[REASON_REFUSE] = "refuse",
		[REASON_CHANGE] = "change",
	};

	return names[row->kind];
}

/* Every reason there is: an addition of ours. */
static void add_reasons(struct dict *dict, struct value *list)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const struct reason_row *row = reason_row(i);
		struct value *v = dict_add_dict(dict, list, NULL);

		dict_add_str(dict, v, "name", str_of(row->name));
		dict_add_str(dict, v, "kind", str_of(kind_of(row)));
		dict_add_int(dict, v, "count", (int64_t)reason_total(i));
		dict_add_str(dict, v, "text", str_of(row->text));
	}
}

static void add_reason_section(struct dict *dict, struct value *sections)
{
	struct value *section = dict_add_dict(dict, sections, NULL), *rows;

	dict_add_str(dict, section, "heading",
		STR_LIT("Drops, refusals and changes of state, by reason:"));
	rows = dict_add_list(dict, section, "rows");
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		struct value *v = dict_add_dict(dict, rows, NULL);

		dict_add_str(dict, v, "label", str_of(reason_row(i)->name));
		dict_add_printf(dict, v, "value", "%llu (%s)", (unsigned long long)reason_total(i),
			reason_row(i)->text);
	}
}

void statistics_transcoders(struct dict *dict, struct value *list)
{
	for (unsigned i = 0; i < chain_known(); i++) {
		struct chain_counts c = chain_at(i);
		struct value *v = dict_add_dict(dict, list, NULL);
		char name[2 * CHAIN_NAME_BYTES + 4];
		int len = snprintf(name, sizeof(name), "%s -> %s", c.in, c.out);

		dict_add_copy(dict, v, "chain", (struct str){ name, (size_t)len });
		dict_add_int(dict, v, "num", c.running);
		if (c.packet_rate) {
			dict_add_int(dict, v, "packetrate", (int64_t)c.packet_rate);
			dict_add_int(dict, v, "byterate", (int64_t)c.byte_rate);
			dict_add_int(dict, v, "samplerate", (int64_t)c.sample_rate);
		}
		dict_add_int(dict, v, "packets", (int64_t)c.packets);
		dict_add_int(dict, v, "bytes", (int64_t)c.bytes);
		dict_add_int(dict, v, "samples", (int64_t)c.samples);
	}
}

void statistics_to_dict(const struct control *control, struct dict *dict, struct value *into)
{
	const struct scope s = everything(control);

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		struct value *part = dict_add_dict(dict, into, parts[i].key);

		if (!parts[i].heading)
			intervals_to_dict(dict, part);
		each_figure(&s, &parts[i], dict, part, add_by_key);
	}
	proxies_to_dict(control->proxies, dict, dict_add_dict(dict, into, "controlstatistics"));
	statistics_interfaces(control, dict, dict_add_list(dict, into, "interfaces"));
	statistics_transcoders(dict, dict_add_list(dict, into, "transcoders"));
	add_reasons(dict, dict_add_list(dict, into, "reasons"));
}

void statistics_totals(const struct control *control, struct dict *dict, struct value *into)
{
	const struct scope s = everything(control);
	struct value *sections = dict_add_list(dict, into, "sections");
	struct value *commands = dict_add_list(dict, into, "commands");

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		struct value *section = dict_add_dict(dict, sections, NULL);

		if (!parts[i].heading) {
			intervals_to_section(dict, section);
			continue;
		}
		dict_add_str(dict, section, "heading", str_of(parts[i].heading));
		each_figure(
			&s, &parts[i], dict, dict_add_list(dict, section, "rows"), add_by_label);
	}
	add_reason_section(dict, sections);
	for (unsigned i = 0; i < ng_name_count(); i++) {
		struct value *v = dict_add_dict(dict, commands, NULL);

		dict_add_str(dict, v, "heading", str_of(ng_name_at(i)->heading));
		dict_add_str(dict, v, "key", str_of(ng_name_at(i)->key));
	}
	proxies_to_dict(control->proxies, dict, dict_add_dict(dict, into, "controlstatistics"));
}

void statistics_sessions(const struct control *control, struct dict *dict, struct value *into)
{
	struct session_counts counts = count_sessions(control);
	unsigned calls = call_table_count(control->calls);

	dict_add_int(dict, into, "own", calls);
	dict_add_int(dict, into, "foreign", 0);
	dict_add_int(dict, into, "total", calls);
	dict_add_int(dict, into, "transcoded", transcoders_running());
	dict_add_int(dict, into, "ipv4", counts.ip4);
	dict_add_int(dict, into, "ipv6", counts.ip6);
	dict_add_int(dict, into, "mixed", counts.mixed);
}
