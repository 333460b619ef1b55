/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which local address the packets of a call's streams are counted at (spec daemon 4.2). */
#include "base/ref.h"
#include "call/table_priv.h"

static struct traffic *traffic_of(struct call_table *table, const struct iface_addr *addr)
{
	struct traffic *traffic = g_hash_table_lookup(table->traffic, addr);

	if (!traffic) {
		traffic = traffic_new();
		g_hash_table_insert(table->traffic, (gpointer)addr, traffic);
	}
	return traffic;
}

void call_claim_traffic(const struct call *call)
{
	for (unsigned p = 0; p < call->model->party_count; p++)
		for (unsigned m = 0; m < call->model->parties[p]->media_count; m++) {
			const struct media *media = call->model->parties[p]->media[m];
			struct traffic *traffic;

			if (!media_ports(media))
				continue;
			traffic = traffic_of(call->table, media_ports(media)->local);
			for (unsigned s = 0; s < media->stream_count; s++)
				traffic_take(traffic, media->streams[s].stats);
		}
}

void call_table_traffic(const struct call_table *table, struct traffic_counts *ret)
{
	GHashTableIter it;
	gpointer traffic;

	*ret = (struct traffic_counts){ 0 };
	g_hash_table_iter_init(&it, table->traffic);
	while (g_hash_table_iter_next(&it, NULL, &traffic))
		traffic_add(traffic, ret);
}

const struct traffic *call_table_traffic_at(
	const struct call_table *table, const struct iface_addr *addr)
{
	return g_hash_table_lookup(table->traffic, addr);
}
