/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon put together for tests; see world.h. */
#include "world.h"

#include <glib.h>

#include "base/clock.h"
#include "base/helper.h"
#include "base/list.h"
#include "control/retrans.h"
#include "control/templates.h"
#include "media/clips.h"
#include "media/offload.h"
#include "network.h"
#include "ng/ng.h"
#include "offload.h"
#include "stats/interval.h"
#include "stats/metric.h"
#include "stored.h"

static const int64_t SECOND_US = 1000000;

static const char *const interfaces[] = {
	"default/203.0.113.1",
	"alt/203.0.113.2",
	"dual/203.0.113.4",
	"dual/2001:db8::4",
	NULL,
};

/* In place of a datagram. */
static void report(const struct addr *to, const char *text, size_t len)
{
	char name[ADDR_TEXT];

	log_info("report to %s: %.*s", addr_print(to, name), (int)len, text);
}

void world_defaults(struct world *world)
{
	*world = (struct world){
		.settings = {
			.dtmf_facility = -1,
			.dtmf_digit_delay_ms = 2500,
			.report = report,
			.timeout_s = 60,
			.silent_timeout_s = 3600,
			.offer_timeout_s = 3600,
			.delete_delay_s = 30,
			.max_sessions = -1,
			.cdr_facility = -1,
			.rtcp_facility = -1,
			.software_id = "test",
			.dtls_mtu = 1200,
			.dtls = { .ciphers = DTLS_DEFAULT_CIPHERS, .name = "test" },
		},
		.port_min = 30000,
		.port_max = 30999,
		.client = { .family = ADDR_IP4, .port = 5060, .ip = { 203, 0, 113, 250 } },
		.mono_us = 1000 * SECOND_US,
		.wall_us = 1700000000 * SECOND_US,
	};
}

/* Workers are made before the table that their events go to. */
static void on_event(const struct media_event *event, void *arg)
{
	struct world *world = arg;

	if (world->control.calls)
		call_table_event(event, world->control.calls);
}

static void on_rtcp(uint64_t session_id, const uint8_t *data, size_t len, void *arg)
{
	struct world *world = arg;

	if (world->control.calls)
		call_table_rtcp(session_id, data, len, world->control.calls);
}

static void open_stored(struct world *world)
{
	enum { MAX_BYTES = 64 * 1024 * 1024 };
	struct err err;

	mock_stored_open();
	world->helpers = helper_pool_new(1, world->control_box);
	helper_pool_stop(world->helpers);
	if (clips_new(world->helpers, NULL, MAX_BYTES, &world->settings.clips, &err) < 0)
		g_error("stored media: %s", err.text);
}

static void close_stored(struct world *world)
{
	clips_free(world->settings.clips);
	world->settings.clips = NULL;
	helper_pool_free(world->helpers);
	mock_stored_close();
}

void world_open(struct world *world)
{
	struct err err;

	mock_reset();
	metric_reset();
	interval_reset();
	clock_set_mock(world->mono_us, world->wall_us);
	world->control_box = mailbox_new();
	for (unsigned i = 0; i < WORLD_WORKERS; i++)
		world->workers[i] = media_worker_new(i, world->control_box, on_event, world);
	if (world->stored)
		open_stored(world);
	for (unsigned i = 0; world->settings.rtcp_facility >= 0 && i < WORLD_WORKERS; i++)
		media_worker_on_rtcp(world->workers[i], on_rtcp, world);
	if (world->offload)
		world->settings.offload = offload_new(
			mock_offload(), mock_offload_open(), NULL, media_offload_news, NULL);
	for (unsigned i = 0; i < WORLD_WORKERS; i++)
		media_worker_use_offload(world->workers[i], world->settings.offload);
	world->interfaces = iface_table_new(
		interfaces, world->port_min, world->port_max, mock_engine(), &err);
	if (!world->interfaces)
		g_error("interfaces: %s", err.text);
	world->templates = templates_new();
	world->control.templates = world->templates;
	world->control.retrans = retrans_new(RETRANS_MAX_BYTES);
	world->control.calls = call_table_new(world->workers, WORLD_WORKERS, world->control_box,
		world->interfaces, &world->settings);
	if (call_table_renew_cert(world->control.calls, &err) < 0)
		g_error("certificate: %s", err.text);
}

void world_run_control(struct world *world)
{
	while (mailbox_run(world->control_box) > 0)
		;
}

void world_run_workers(struct world *world)
{
	for (unsigned i = 0; i < WORLD_WORKERS; i++)
		media_worker_turn(world->workers[i]);
}

static bool is_quiet(const struct world *world)
{
	for (unsigned i = 0; i < WORLD_WORKERS && !world->hold_workers; i++)
		if (mailbox_pending(media_worker_mailbox(world->workers[i])))
			return false;
	return world->hold_control || !mailbox_pending(world->control_box);
}

/* Once all is quiet, what is open is what the calls have, each port for one endpoint. */
static void check_ports(const struct world *world)
{
	struct lease_check c;

	if (!world->control.calls || world->hold_workers || world->hold_control)
		return;
	c = call_table_check_leases(world->control.calls);
	g_assert_cmpuint(c.conflicts, ==, 0);
	g_assert_cmpuint(c.leases, ==, world_ports_used(world));
}

void world_run(struct world *world)
{
	do {
		if (!world->hold_workers)
			world_run_workers(world);
		mock_run();
		if (!world->hold_control)
			world_run_control(world);
	} while (!is_quiet(world));
	check_ports(world);
}

void world_advance(struct world *world, int64_t us)
{
	while (us > 0) {
		int64_t step_us = MIN(us, SECOND_US);

		world->mono_us += step_us;
		world->wall_us += step_us;
		us -= step_us;
		clock_set_mock(world->mono_us, world->wall_us);
		world_run(world);
		call_table_tick(world->control.calls);
		interval_tick(world->mono_us, call_table_count(world->control.calls));
		world_run(world);
	}
}

void world_end_calls(struct world *world)
{
	world->hold_control = world->hold_workers = false;
	world_run(world);
	requests_drop(&world->control);
	if (world->stored)
		clips_stop(world->settings.clips);
	call_table_free(world->control.calls);
	world->control.calls = NULL;
	world_run(world);
}

unsigned world_ports_used(const struct world *world)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < iface_count(world->interfaces); i++) {
		const struct iface *iface = iface_at(world->interfaces, i);

		for (unsigned a = 0; a < iface->addr_count; a++)
			sum += port_pool_used(iface->addrs[a].pool);
	}
	return sum;
}

unsigned world_leaks(const struct world *world)
{
	unsigned leaks = world_ports_used(world) + mock_open_count();

	for (unsigned i = 0; i < WORLD_WORKERS; i++)
		leaks += buf_pool_out(media_worker_pool(world->workers[i]));
	return leaks;
}

void world_close(struct world *world)
{
	if (world->control.calls)
		world_end_calls(world);
	offload_free(world->settings.offload);
	world->settings.offload = NULL;
	for (unsigned i = 0; i < WORLD_WORKERS; i++)
		media_worker_free(world->workers[i]);
	if (world->stored)
		close_stored(world);
	if (world->answer)
		g_string_free(world->answer, TRUE);
	mailbox_free(world->control_box);
	retrans_free(world->control.retrans);
	templates_free(world->templates);
	iface_table_free(world->interfaces);
	mock_reset();
	clock_set_mock(-1, 0);
}

/* ---- requests ---- */

struct later {
	struct answer_to to;
	struct world *world;
};

static void send_later(struct answer_to *to, struct str answer)
{
	struct later *later = container_of(to, struct later, to);

	if (answer.s && !later->world->answer)
		later->world->answer = g_string_new_len(answer.s, (gssize)answer.len);
	g_free(later);
}

static struct answer_to *answer_later(void *arg)
{
	struct later *later = g_new0(struct later, 1);

	later->to.send = send_later;
	later->world = arg;
	return &later->to;
}

static struct dict *decode(const GString *bytes, struct ng_message *ret)
{
	struct err err;

	if (!ng_message_split((struct str){ bytes->str, bytes->len }, ret) ||
		ng_message_decode(ret, &err) < 0)
		g_error("reply cannot be read: %s", bytes->str);
	return ret->dict;
}

struct dict *world_late_reply(struct world *world, GString **ret_bytes)
{
	struct ng_message reply;

	if (!world->answer)
		return NULL;
	*ret_bytes = g_steal_pointer(&world->answer);
	return decode(*ret_bytes, &reply);
}

struct dict *world_request(
	struct world *world, struct dict *request, bool json, GString **ret_bytes)
{
	g_autoptr(GString) message = g_string_new(NULL), reply = g_string_new(NULL);
	struct ng_message decoded;
	struct dict *dict;

	g_string_printf(message, "k%u ", ++world->next_cookie);
	if (json)
		json_encode(dict_root(request), message);
	else
		bencode_encode(dict_root(request), message);
	if (request_take(&world->control, (struct str){ message->str, message->len },
		    &world->client, answer_later, world, reply)) {
		world_run(world);
		*ret_bytes = g_steal_pointer(&reply);
		dict = decode(*ret_bytes, &decoded);
		g_assert_cmpint(decoded.encoding, ==, json ? NG_JSON : NG_BENCODE);
		return dict;
	}
	world_run(world);
	return world_late_reply(world, ret_bytes);
}
