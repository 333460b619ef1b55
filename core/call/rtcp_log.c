/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTCP that came as a line of key=value items (spec daemon 2.9). What is told of each kind is a
 * table: where in the packet a number stands, and how long it is.
 */
#include "call/table_priv.h"

#include "rtp/rtcp.h"

struct item {
	const char *name;
	uint8_t offset, bytes;
};

static const struct item sender_items[] = {
	{ "ntp_sec", 8, 4 },
	{ "ntp_fractions", 12, 4 },
	{ "rtp_ts", 16, 4 },
	{ "sender_packets", 20, 4 },
	{ "sender_bytes", 24, 4 },
};

static const struct item report_items[] = {
	{ "ssrc", 0, 4 },
	{ "fraction_lost", 4, 1 },
	{ "packet_loss", 5, 3 },
	{ "last_seq", 8, 4 },
	{ "jitter", 12, 4 },
	{ "last_sr", 16, 4 },
	{ "delay_since_last_sr", 20, 4 },
};

static const struct item block_items[] = {
	{ "rb_header_blocktype", 0, 1 },
	{ "rb_header_blockspecdata", 1, 1 },
	{ "rb_header_blocklength", 2, 2 },
};

static const struct item reference_items[] = {
	{ "rb_rr_time_ntp_sec", 4, 4 },
	{ "rb_rr_time_ntp_frac", 8, 4 },
};

static const struct item dlrr_items[] = {
	{ "rb_dlrr_ssrc", 0, 4 },
	{ "rb_dlrr_lrr", 4, 4 },
	{ "rb_dlrr_dlrr", 8, 4 },
};

static const struct item statistics_items[] = {
	{ "rb_stats_ssrc", 4, 4 },
	{ "rb_stats_begin_seq", 8, 2 },
	{ "rb_stats_end_seq", 10, 2 },
	{ "rb_stats_lost_packets", 12, 4 },
	{ "rb_stats_duplicate_packets", 16, 4 },
	{ "rb_stats_jitter_min", 20, 4 },
	{ "rb_stats_jitter_max", 24, 4 },
	{ "rb_stats_jitter_mean", 28, 4 },
	{ "rb_stats_jitter_deviation", 32, 4 },
	{ "rb_stats_toh_min", 36, 1 },
	{ "rb_stats_toh_max", 37, 1 },
	{ "rb_stats_toh_mean", 38, 1 },
	{ "rb_stats_toh_deviation", 39, 1 },
};

static const struct item voip_items[] = {
	{ "rb_voip_mtc_ssrc", 4, 4 },
	{ "rb_voip_mtc_loss_rate", 8, 1 },
	{ "rb_voip_mtc_discard_rate", 9, 1 },
	{ "rb_voip_mtc_burst_den", 10, 1 },
	{ "rb_voip_mtc_gap_den", 11, 1 },
	{ "rb_voip_mtc_burst_dur", 12, 2 },
	{ "rb_voip_mtc_gap_dur", 14, 2 },
	{ "rb_voip_mtc_rnd_trip_delay", 16, 2 },
	{ "rb_voip_mtc_end_sys_delay", 18, 2 },
	{ "rb_voip_mtc_signal_lvl", 20, 1 },
	{ "rb_voip_mtc_noise_lvl", 21, 1 },
	{ "rb_voip_mtc_rerl", 22, 1 },
	{ "rb_voip_mtc_gmin", 23, 1 },
	{ "rb_voip_mtc_r_factor", 24, 1 },
	{ "rb_voip_mtc_ext_r_factor", 25, 1 },
	{ "rb_voip_mtc_mos_lq", 26, 1 },
	{ "rb_voip_mtc_mos_cq", 27, 1 },
	{ "rb_voip_mtc_rx_config", 28, 1 },
	{ "rb_voip_mtc_jb_nom", 30, 2 },
	{ "rb_voip_mtc_jb_max", 32, 2 },
	{ "rb_voip_mtc_jb_abs_max", 34, 2 },
};

static void add_items(GString *out, const struct item *items, unsigned count, const uint8_t *data)
{
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(out, "%s=%u, ", items[i].name,
			rtcp_number(data + items[i].offset, items[i].bytes));
}

#define ADD_ITEMS(out, items, data) add_items(out, items, G_N_ELEMENTS(items), data)

static void add_header(GString *out, const struct rtcp_packet *packet)
{
	g_string_append_printf(out, "version=%u, padding=%u, count=%u, payloadtype=%u, length=%u, ",
		packet->data[0] >> 6, packet->data[0] >> 5 & 1, packet->count, packet->type,
		rtcp_number(packet->data + 2, 2));
	if (packet->type != RTCP_SDES)
		g_string_append_printf(out, "ssrc=%u, ", packet->ssrc);
}

static void add_reports(GString *out, const struct rtcp_packet *packet)
{
	const size_t first = packet->type == RTCP_SR ? 28 : 8, bytes = 24;
	struct rtcp_report report;

	for (unsigned i = 0; rtcp_report(packet, i, &report); i++)
		ADD_ITEMS(out, report_items, packet->data + first + i * bytes);
}

static void add_blocks(GString *out, const struct rtcp_packet *packet)
{
	const size_t header = 4, dlrr = 12;
	struct rtcp_xr_block block;
	size_t offset = 0;

	while (rtcp_xr_next(packet, &offset, &block)) {
		ADD_ITEMS(out, block_items, block.data);
		if (block.type == RTCP_XR_REFERENCE_TIME)
			ADD_ITEMS(out, reference_items, block.data);
		else if (block.type == RTCP_XR_STATISTICS)
			ADD_ITEMS(out, statistics_items, block.data);
		else if (block.type == RTCP_XR_VOIP_METRICS)
			ADD_ITEMS(out, voip_items, block.data);
		for (size_t o = header; block.type == RTCP_XR_DLRR && o + dlrr <= block.len;
			o += dlrr)
			ADD_ITEMS(out, dlrr_items, block.data + o);
	}
}

static void add_packet(GString *out, const struct rtcp_packet *packet)
{
	switch (packet->type) {
	case RTCP_SR:
	case RTCP_RR:
		add_header(out, packet);
		if (packet->type == RTCP_SR)
			ADD_ITEMS(out, sender_items, packet->data);
		add_reports(out, packet);
		break;
	case RTCP_XR:
		add_header(out, packet);
		add_blocks(out, packet);
		break;
	case RTCP_SDES:
		add_header(out, packet);
		break;
	default: /* nothing is told of these */
		break;
	}
}

void call_table_rtcp(uint64_t session_id, const uint8_t *data, size_t len, void *arg)
{
	const struct call_table *table = arg;
	const struct call *call = g_hash_table_lookup(
		table->by_session, GUINT_TO_POINTER(session_id));
	g_autoptr(GString) text = NULL;
	struct rtcp_packet packet;
	size_t offset = 0, head;

	if (!call) {
		reason_count(REASON_EVENT_STALE);
		return;
	}
	text = g_string_new("[");
	for (size_t i = 0; i < call->id.len; i++)
		g_string_append_c(text, log_printable(call->id.s[i]));
	g_string_append(text, "] ");
	head = text->len;
	while (rtcp_next(data, len, &offset, &packet) > 0)
		add_packet(text, &packet);
	if (text->len == head)
		return;
	g_string_truncate(text, text->len - strlen(", "));
	log_record(table->settings->rtcp_facility, text->str);
}
