/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Targets for the kernel module: requests written, counters read. */
#include "offload/kmod.h"

#include "kernel/uapi/forward.h"
#include "offload/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct kmod {
	struct netlink *netlink;
	uint32_t table;
	enum kmod_hook hook;
};

/* A socket of who was killed is closed a moment later. */
enum { BIND_TRIES = 5, BIND_WAIT_US = 20000 };

static struct forward_addr addr_out(const struct addr *a)
{
	struct forward_addr f = { .family = a->family, .port = htons(a->port) };

	memcpy(f.ip, a->ip, sizeof(f.ip));
	return f;
}

/* ---- targets ---- */

static void put_sinks(struct netlink_request *r, const struct offload_item *item)
{
	const struct offload_target *t = &item->target;
	struct forward_sink sinks[OFFLOAD_MAX_SINKS] = { 0 };

	for (unsigned i = 0; i < t->sink_count; i++) {
		sinks[i].local = addr_out(&t->sinks[i].local);
		sinks[i].peer = addr_out(&t->sinks[i].peer);
		sinks[i].flags = FORWARD_SINK_RTP;
		sinks[i].tos = t->sinks[i].tos;
		sinks[i].payloads = t->type_count < 32 ? (1u << t->type_count) - 1 : UINT32_MAX;
	}
	netlink_put(r, FORWARD_TARGET_A_SINKS, sinks, t->sink_count * sizeof(*sinks));
}

static void put_ssrcs(struct netlink_request *r, const struct offload_target *t)
{
	struct forward_ssrc ssrcs[OFFLOAD_MAX_SSRCS] = { 0 };

	for (unsigned i = 0; i < t->ssrc_count; i++) {
		ssrcs[i].ssrc = t->ssrcs[i];
		ssrcs[i].clock_payload = UINT8_MAX;
	}
	netlink_put(r, FORWARD_TARGET_A_SSRCS, ssrcs, t->ssrc_count * sizeof(*ssrcs));
}

static void put_types(struct netlink_request *r, const struct offload_target *t)
{
	struct forward_payload types[OFFLOAD_MAX_TYPES] = { 0 };

	for (unsigned i = 0; i < t->type_count; i++) {
		types[i].type = t->types[i].number;
		types[i].clock_hz = t->types[i].clock_hz;
	}
	netlink_put(r, FORWARD_TARGET_A_PAYLOADS, types, t->type_count * sizeof(*types));
}

static void put_target(struct netlink_request *r, const struct offload_item *item)
{
	struct forward_target target = {
		.id = item->id,
		.local = addr_out(&item->target.local),
		.flags = FORWARD_TARGET_RTP,
	};
	size_t nest = netlink_nest_begin(r, FORWARD_A_TARGET);

	if (item->target.source.family) {
		target.source = addr_out(&item->target.source);
		target.flags |= FORWARD_TARGET_SOURCE;
	}
	netlink_put(r, FORWARD_TARGET_A_TARGET, &target, sizeof(target));
	put_sinks(r, item);
	put_ssrcs(r, &item->target);
	put_types(r, &item->target);
	netlink_nest_end(r, nest);
}

static void begin(const struct kmod *k, struct netlink_request *r, uint8_t command, uint16_t flags)
{
	netlink_begin(r, command, flags);
	netlink_put_u32(r, FORWARD_A_TABLE, k->table);
}

static int set_some(struct kmod *k, struct offload_item *const *items, unsigned count)
{
	struct netlink_request r;

	begin(k, &r, FORWARD_CMD_SET, 0);
	for (unsigned i = 0; i < count; i++)
		put_target(&r, items[i]);
	return netlink_call(k->netlink, &r, NULL, NULL);
}

/* A request takes full effect or none: if one of them is refused, each is asked for alone. */
static void set(void *handle, struct offload_item *const *items, unsigned count, int *ret_errors)
{
	struct kmod *k = handle;
	int all = set_some(k, items, count);

	for (unsigned i = 0; i < count; i++)
		ret_errors[i] = all && count > 1 ? set_some(k, items + i, 1) : all;
}

/* ---- counters ---- */

static void read_target(const struct netlink_attr *attr, struct offload_counts *counts)
{
	struct forward_counts c;

	netlink_copy(attr, &c, sizeof(c));
	counts->id = c.id;
	counts->packets = c.packets;
	counts->bytes = c.bytes;
	counts->last_us = (int64_t)c.last_us;
}

static void read_sinks(const struct netlink_attr *attr, struct offload_counts *counts)
{
	struct forward_sink_counts sinks[OFFLOAD_MAX_SINKS];

	netlink_copy(attr, sinks, sizeof(sinks));
	for (unsigned i = 0; i < OFFLOAD_MAX_SINKS; i++)
		counts->sinks[i] = (struct offload_sink_counts){
			.packets = sinks[i].packets,
			.bytes = sinks[i].bytes,
			.unsent = sinks[i].unsent,
		};
}

static void read_ssrcs(const struct netlink_attr *attr, struct offload_counts *counts)
{
	struct forward_ssrc ssrcs[OFFLOAD_MAX_SSRCS];

	netlink_copy(attr, ssrcs, sizeof(ssrcs));
	for (unsigned i = 0; i < OFFLOAD_MAX_SSRCS; i++) {
		const struct forward_ssrc *s = &ssrcs[i];

		counts->ssrcs[i] = (struct offload_ssrc_counts){
			.started = s->flags & FORWARD_SSRC_STARTED,
			.transit_known = s->flags & FORWARD_SSRC_TRANSIT_KNOWN,
			.last_type = s->last_payload,
			.last_seq = s->last_sequence,
			.last_timestamp = s->last_timestamp,
			.packets = s->packets,
			.bytes = s->bytes,
			.last_us = (int64_t)s->last_us,
			.first = s->first,
			.highest = s->highest,
			.missing = s->missing,
			.transit = s->transit,
			.jitter = s->jitter,
			.ticks = s->ticks,
			.lost = s->lost,
			.duplicates = s->duplicates,
			.skips = s->skips,
			.resets = s->resets,
			.reordered = s->reordered,
		};
	}
}

static void read_stats(struct netlink_attrs attrs, struct offload_counts *counts)
{
	struct netlink_attr attr;

	while (netlink_next(&attrs, &attr))
		switch (attr.type) {
		case FORWARD_STATS_A_TARGET:
			read_target(&attr, counts);
			break;
		case FORWARD_STATS_A_SINKS:
			read_sinks(&attr, counts);
			break;
		case FORWARD_STATS_A_SSRCS:
			read_ssrcs(&attr, counts);
			break;
		default:
			break;
		}
}

/* An answer has the records of several targets. */
static void take_stats(struct netlink_attrs attrs, void *array)
{
	struct netlink_attr attr;

	while (netlink_next(&attrs, &attr)) {
		struct offload_counts counts = { 0 };

		if (attr.type != FORWARD_A_STATS)
			continue;
		read_stats(netlink_inside(&attr), &counts);
		if (counts.id)
			g_array_append_val((GArray *)array, counts);
	}
}

static int take_away(void *handle, struct offload_item *const *items, unsigned count,
	struct offload_counts *ret_counts)
{
	struct kmod *k = handle;
	g_autoptr(GArray) got = g_array_new(FALSE, TRUE, sizeof(struct offload_counts));
	struct netlink_request r;
	int ret;

	begin(k, &r, FORWARD_CMD_DELETE, 0);
	for (unsigned i = 0; i < count; i++) {
		struct forward_addr local = addr_out(&items[i]->target.local);

		netlink_put(&r, FORWARD_A_LOCAL, &local, sizeof(local));
	}
	ret = netlink_call(k->netlink, &r, take_stats, got);
	for (unsigned i = 0; i < count; i++)
		for (unsigned n = 0; n < got->len; n++) {
			const struct offload_counts *c = &g_array_index(
				got, struct offload_counts, n);

			if (c->id == items[i]->id)
				ret_counts[i] = *c;
		}
	return ret;
}

static int read_all(void *handle, GArray *counts)
{
	struct kmod *k = handle;
	struct netlink_request r;

	begin(k, &r, FORWARD_CMD_READ, NLM_F_DUMP);
	return netlink_call(k->netlink, &r, take_stats, counts);
}

static int refresh(void *handle)
{
	struct kmod *k = handle;
	struct netlink_request r;

	begin(k, &r, FORWARD_CMD_REFRESH, 0);
	return netlink_call(k->netlink, &r, NULL, NULL);
}

/* ---- the table ---- */

static void take_version(struct netlink_attrs attrs, void *version)
{
	struct netlink_attr attr;

	while (netlink_next(&attrs, &attr))
		if (attr.type == FORWARD_A_VERSION)
			netlink_copy(&attr, version, sizeof(uint32_t));
}

static int check_version(struct kmod *k, struct err *err)
{
	struct netlink_request r;
	uint32_t version = 0;
	int ret;

	netlink_begin(&r, FORWARD_CMD_INFO, 0);
	ret = netlink_call(k->netlink, &r, take_version, &version);
	if (ret)
		return err_set(err, -ret, "%s", g_strerror(-ret));
	if (version == FORWARD_VERSION)
		return 0;
	return err_set(err, EPROTONOSUPPORT,
		"the module speaks version %u of the protocol, this daemon %u", version,
		FORWARD_VERSION);
}

static int bind_once(struct kmod *k, struct err *err)
{
	static const char owner[] = "rtpengine";
	struct netlink_request r;
	const char *more;
	int ret;

	begin(k, &r, FORWARD_CMD_BIND, 0);
	netlink_put_u32(&r, FORWARD_A_VERSION, FORWARD_VERSION);
	netlink_put(&r, FORWARD_A_OWNER, owner, sizeof(owner));
	netlink_put_u32(&r, FORWARD_A_HOOK,
		k->hook == KMOD_PREROUTING ? FORWARD_HOOK_PREROUTING : FORWARD_HOOK_INPUT);
	ret = netlink_call(k->netlink, &r, NULL, NULL);
	if (!ret)
		return 0;
	more = netlink_error_text(k->netlink);
	return err_set(err, -ret, "%s%s%s", g_strerror(-ret), *more ? ": " : "", more);
}

static int bind_table(struct kmod *k, struct err *err)
{
	int ret = bind_once(k, err);

	for (unsigned i = 0; ret == -EBUSY && i < BIND_TRIES; i++) {
		g_usleep(BIND_WAIT_US);
		ret = bind_once(k, err);
	}
	return ret;
}

static void unbind_table(struct kmod *k)
{
	struct netlink_request r;

	begin(k, &r, FORWARD_CMD_UNBIND, 0);
	netlink_call(k->netlink, &r, NULL, NULL);
}

int kmod_forked(struct kmod *k, struct err *err)
{
	unbind_table(k);
	return bind_table(k, err);
}

int kmod_open(unsigned table, enum kmod_hook hook, struct kmod **ret_kmod, struct err *err)
{
	struct kmod *k = g_new0(struct kmod, 1);
	int ret = netlink_open(FORWARD_FAMILY, &k->netlink);

	k->table = table;
	k->hook = hook;
	if (ret)
		err_set(err, -ret, "%s", g_strerror(-ret));
	else
		ret = check_version(k, err);
	if (!ret)
		ret = bind_table(k, err);
	if (ret) {
		netlink_close(k->netlink);
		g_free(k);
		return ret;
	}
	*ret_kmod = k;
	return 0;
}

void kmod_close(struct kmod *k)
{
	if (!k)
		return;
	unbind_table(k);
	netlink_close(k->netlink);
	g_free(k);
}

static void close_kmod(void *handle)
{
	kmod_close(handle);
}

const struct offload_backend *kmod_backend(void)
{
	static const struct offload_backend backend = {
		.name = "kmod",
		.set = set,
		.remove = take_away,
		.read = read_all,
		.refresh = refresh,
		.close = close_kmod,
	};

	return &backend;
}
