/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Targets carried out on the mock network. */
#include "offload.h"

#include <errno.h>

#include "base/clock.h"
#include "media/reception.h"
#include "network.h"
#include "rtp/rtp.h"

struct target {
	const struct offload_item *item;
	struct offload_counts counts;
	struct reception reception[OFFLOAD_MAX_SSRCS];
};

static struct {
	GPtrArray *targets; /* struct target; NULL: closed */
	unsigned sets, removes, forwarded, refusals;
	int refuse_code, read_error;
	bool blocked;
} mock;

static struct target *at(const struct addr *local)
{
	for (unsigned i = 0; mock.targets && i < mock.targets->len; i++) {
		struct target *t = g_ptr_array_index(mock.targets, i);

		if (addr_equal(&t->item->target.local, local))
			return t;
	}
	return NULL;
}

static bool has_type(const struct offload_target *t, uint8_t type, uint32_t *ret_hz)
{
	for (unsigned i = 0; i < t->type_count; i++)
		if (t->types[i].number == type) {
			*ret_hz = t->types[i].clock_hz;
			return true;
		}
	return false;
}

static int place_of(const struct offload_target *t, uint32_t ssrc)
{
	for (unsigned i = 0; i < t->ssrc_count; i++)
		if (t->ssrcs[i] == ssrc)
			return (int)i;
	return -1;
}

static void count_ssrc(struct target *t, unsigned place, const struct mock_datagram *d, uint32_t hz)
{
	struct offload_ssrc_counts *c = &t->counts.ssrcs[place];
	struct reception *r = &t->reception[place];
	uint16_t seq = rtp_seq(d->bytes);
	uint8_t type = d->bytes[1] & 0x7f;

	if (c->started)
		reception_sequence(r, seq);
	else
		reception_begin(r, seq);
	if (r->clock_type != type)
		reception_set_clock(r, type, hz);
	if (!c->started || rtp_timestamp(d->bytes) != c->last_timestamp)
		reception_arrival(r, rtp_timestamp(d->bytes), clock_mono_us());
	*c = (struct offload_ssrc_counts){
		.started = true,
		.transit_known = r->transit_known,
		.last_type = type,
		.last_seq = seq,
		.last_timestamp = rtp_timestamp(d->bytes),
		.packets = c->packets + 1,
		.bytes = c->bytes + d->len,
		.last_us = clock_mono_us(),
		.first = r->first,
		.highest = r->highest,
		.missing = r->missing,
		.transit = r->transit,
		.jitter = r->jitter,
		.ticks = r->ticks,
		.lost = r->counts.lost,
		.duplicates = r->counts.duplicates,
		.skips = r->counts.skips,
		.resets = r->counts.resets,
		.reordered = r->counts.reordered,
	};
}

static bool forward(const struct mock_datagram *d, const struct addr *local)
{
	struct target *t = at(local);
	const struct offload_target *asked = t ? &t->item->target : NULL;
	uint32_t hz;
	int place;

	if (!t || (asked->source.family && !addr_equal(&asked->source, &d->from)) ||
		datagram_kind(d->bytes, d->len) != DATAGRAM_RTP || d->len < RTP_HEADER_BYTES ||
		!has_type(asked, d->bytes[1] & 0x7f, &hz))
		return false;
	place = place_of(asked, rtp_ssrc(d->bytes));
	if (place < 0)
		return false;
	t->counts.packets++;
	t->counts.bytes += d->len;
	t->counts.last_us = clock_mono_us();
	count_ssrc(t, (unsigned)place, d, hz);
	for (unsigned i = 0; i < asked->sink_count; i++) {
		if (mock.blocked) {
			t->counts.sinks[i].unsent++;
			continue;
		}
		mock_forward(&asked->sinks[i].local, &asked->sinks[i].peer, d->bytes, d->len);
		t->counts.sinks[i].packets++;
		t->counts.sinks[i].bytes += d->len;
	}
	mock.forwarded++;
	return true;
}

static void set(void *handle, struct offload_item *const *items, unsigned count, int *ret_errors)
{
	(void)handle;
	for (unsigned i = 0; i < count; i++) {
		struct target *t;

		ret_errors[i] = 0;
		if (mock.refusals) {
			mock.refusals--;
			ret_errors[i] = -mock.refuse_code;
			continue;
		}
		g_assert_null(at(&items[i]->target.local));
		t = g_new0(struct target, 1);
		t->item = items[i];
		t->counts.id = items[i]->id;
		g_ptr_array_add(mock.targets, t);
		mock.sets++;
	}
}

static int take_away(void *handle, struct offload_item *const *items, unsigned count,
	struct offload_counts *ret_counts)
{
	(void)handle;
	for (unsigned i = 0; i < count; i++) {
		struct target *t = at(&items[i]->target.local);

		if (!t || t->item != items[i])
			continue;
		ret_counts[i] = t->counts;
		g_ptr_array_remove(mock.targets, t);
		mock.removes++;
	}
	return 0;
}

static int read_all(void *handle, GArray *counts)
{
	(void)handle;
	for (unsigned i = 0; !mock.read_error && i < mock.targets->len; i++) {
		const struct target *t = g_ptr_array_index(mock.targets, i);

		g_array_append_val(counts, t->counts);
	}
	return mock.read_error;
}

static int refresh(void *handle)
{
	(void)handle;
	return 0;
}

static void close_mock(void *handle)
{
	(void)handle;
	g_assert_cmpuint(mock.targets->len, ==, 0);
	g_ptr_array_free(mock.targets, TRUE);
	mock.targets = NULL;
	mock_set_forward(NULL);
}

const struct offload_backend *mock_offload(void)
{
	static const struct offload_backend backend = {
		.name = "mock",
		.set = set,
		.remove = take_away,
		.read = read_all,
		.refresh = refresh,
		.close = close_mock,
	};

	return &backend;
}

void *mock_offload_open(void)
{
	memset(&mock, 0, sizeof(mock));
	mock.targets = g_ptr_array_new_with_free_func(g_free);
	mock_set_forward(forward);
	return &mock;
}

unsigned mock_offload_count(void)
{
	return mock.targets->len;
}

unsigned mock_offload_sets(void)
{
	return mock.sets;
}

unsigned mock_offload_removes(void)
{
	return mock.removes;
}

unsigned mock_offload_forwarded(void)
{
	return mock.forwarded;
}

const struct offload_item *mock_offload_at(const struct addr *local)
{
	const struct target *t = at(local);

	return t ? t->item : NULL;
}

void mock_offload_refuse(int code, unsigned times)
{
	mock.refuse_code = code;
	mock.refusals = times;
}

void mock_offload_fail_reading(int code)
{
	mock.read_error = -code;
}

void mock_offload_block(bool blocked)
{
	mock.blocked = blocked;
}

void mock_offload_expire(void)
{
	g_ptr_array_set_size(mock.targets, 0);
}
