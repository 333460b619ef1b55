/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice of a port engine at start. */
#include "io_engine.h"

#include <errno.h>

#include <glib.h>

#include "base/log.h"
#include "net/engine_steered.h"
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

static int start_steered(
	const struct config *config, const struct iface_table *table, struct err *err)
{
	const struct port_span ports = { (uint16_t)config->port_min, (uint16_t)config->port_max };
	g_autoptr(GArray) addrs = collect_addrs(table);

	if (!addrs->len)
		return err_set(err, EADDRNOTAVAIL, "no interface has an address to steer by");
	return port_engine_steered_start((const struct addr *)(void *)addrs->data, addrs->len,
		&ports, (unsigned)config->num_threads, err);
}

int io_engine_start(const struct config *config, struct iface_table *table,
	struct io_engine *ret_engine, struct err *err)
{
	struct io_engine engine = { .ports = port_engine_epoll() };

	if (config->io_engine != CONFIG_ENGINE_EPOLL) {
		int rc = start_steered(config, table, &engine.why_not_steered);

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
}

void io_engine_stop(void)
{
	port_engine_steered_stop();
}
