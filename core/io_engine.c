/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice of a port engine at start, and what the steered one has to look for while running. */
#include "io_engine.h"

#include <errno.h>

#include <glib.h>

#include "base/log.h"
#include "net/engine_steered.h"
#include "net/ephemeral.h"
#include "net/survey.h"
#include "stats/reason.h"

/* Not those that mean another place on each link (fe80::/10): a raw socket would need to know it. */
static bool can_steer(const struct addr *addr)
{
	return addr->family != ADDR_IP6 || addr->ip[0] != 0xfe || (addr->ip[1] & 0xc0) != 0x80;
}

static bool has_addr(const GArray *addrs, const struct addr *addr)
{
	for (unsigned i = 0; i < addrs->len; i++)
		if (addr_same_ip(&g_array_index(addrs, struct addr, i), addr))
			return true;
	return false;
}

static GArray *collect_addrs(const struct iface_table *table)
{
	GArray *addrs = g_array_new(FALSE, FALSE, sizeof(struct addr));

	for (unsigned i = 0; i < iface_count(table); i++)
		for (unsigned n = 0; n < iface_at(table, i)->addr_count; n++) {
			const struct addr *addr = &iface_at(table, i)->addrs[n].local;

			if (can_steer(addr) && !has_addr(addrs, addr))
				g_array_append_val(addrs, *addr);
		}
	return addrs;
}

static int start_steered(const struct config *config, const struct iface_table *table,
	unsigned *ret_ephemeral, struct err *err)
{
	const struct port_span ports = { (uint16_t)config->port_min, (uint16_t)config->port_max };
	struct port_span system;
	g_autoptr(GArray) list = collect_addrs(table);
	const struct addr *addrs = (const struct addr *)(void *)list->data;
	int rc;

	if (!list->len)
		return err_set(err, EADDRNOTAVAIL, "no interface has an address to steer by");
	*ret_ephemeral = ephemeral_overlap_here(&ports, &system);
	rc = port_engine_steered_start(
		addrs, list->len, &ports, (unsigned)config->num_threads, *ret_ephemeral > 0, err);
	if (!rc)
		rc = port_engine_steered_test(addrs, list->len, &ports, err);
	if (rc)
		port_engine_steered_stop();
	return rc;
}

int io_engine_start(const struct config *config, struct iface_table *table,
	struct io_engine *ret_engine, struct err *err)
{
	struct io_engine engine = { .ports = port_engine_epoll() };

	if (config->io_engine != CONFIG_ENGINE_EPOLL) {
		int rc = start_steered(config, table, &engine.ephemeral, &engine.why_not_steered);

		if (!rc)
			engine.ports = port_engine_steered();
		else if (config->io_engine == CONFIG_ENGINE_STEERED)
			return err_set(err, -rc, "Ports cannot be steered (--io-engine): %s",
				engine.why_not_steered.text);
	}
	iface_table_use_engine(table, engine.ports);
	*ret_engine = engine;
	return 0;
}

void io_engine_log(const struct io_engine *engine)
{
	if (engine->why_not_steered.code) {
		reason_count(REASON_ENGINE_FALLBACK);
		log_notice("Ports cannot be steered here: %s", engine->why_not_steered.text);
	}
	log_info("Port engine: %s", engine->ports->name);
	if (engine->ports == port_engine_steered() && engine->ephemeral)
		log_notice("Each steered port has a socket, too, which makes setting up calls cost "
			   "more: the system hands out %u of these ports by itself "
			   "(net.ipv4.ip_local_reserved_ports would keep it from that)",
			engine->ephemeral);
}

/* --- while running --- */

enum { LOOK_EVERY_US = 2 * 1000 * 1000, STEP_EVERY_US = 20 * 1000 };

struct engine_watch {
	GSource source;
	uint64_t claim_since_us; /* of the daemon that we told about; 0: none */
};

static void tell_of_claim(struct engine_watch *watch, const struct claim *claim)
{
	uint64_t since_us = claim ? claim->since_us : 0;
	char ip[ADDR_TEXT];

	if (since_us == watch->claim_since_us)
		return;
	watch->claim_since_us = since_us;
	if (claim)
		log_warn(
			"Process %u steers ports %u-%u of %s: those of them that are ours are left "
			"to it until it ends",
			claim->pid, claim->ports.first, claim->ports.last,
			addr_print_ip(&claim->addr, ip));
	else
		log_notice(
			"No other process steers ports of ours any more: they are all in use here");
}

static void tell_news(struct engine_watch *watch, const struct steered_news *news)
{
	char where[ADDR_TEXT];

	tell_of_claim(watch, news->claim);
	if (news->conflicts)
		log_warn(
			"Another program has bound %u of the ports that calls have, as %s: it gets "
			"no packets there",
			news->conflicts, addr_print(&news->conflict, where));
}

/* One step of a look; the time is that of the source, not ours. */
static gboolean look(GSource *source, GSourceFunc callback, gpointer arg)
{
	struct engine_watch *watch = (struct engine_watch *)source;
	struct steered_news news;
	bool complete = port_engine_steered_survey(SURVEY_STEP_US, &news);

	(void)callback;
	(void)arg;
	if (complete)
		tell_news(watch, &news);
	g_source_set_ready_time(
		source, g_source_get_time(source) + (complete ? LOOK_EVERY_US : STEP_EVERY_US));
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs look_funcs = { .dispatch = look };

void io_engine_watch(struct io_engine *engine, GMainContext *context)
{
	GSource *source;

	if (engine->ports != port_engine_steered())
		return;
	source = g_source_new(&look_funcs, sizeof(struct engine_watch));
	engine->watch = (struct engine_watch *)source;
	g_source_set_ready_time(source, 0);
	g_source_attach(source, context);
}

void io_engine_stop(struct io_engine *engine)
{
	if (engine->watch) {
		g_source_destroy(&engine->watch->source);
		g_source_unref(&engine->watch->source);
	}
	engine->watch = NULL;
	port_engine_steered_stop();
}
