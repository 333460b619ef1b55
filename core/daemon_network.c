/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the daemon listens on and sends from. */
#include "daemon.h"

#include "base/plugin.h"
#include "control/host.h"
#include "control/listen_udp.h"
#include "control/thread.h"
#include "net/ephemeral.h"
#include "net/iface.h"

#include <errno.h>

static int open_listener(struct daemon *d, const char *text, struct err *err)
{
	struct addr addrs[DAEMON_MAX_LISTENERS];
	unsigned count;
	bool opened = false;

	if (addr_parse_listener(str_of(text), addrs, DAEMON_MAX_LISTENERS, &count) < 0)
		return err_set(err, EINVAL, "Invalid IP or port '%s' (--listen-ng)", text);
	for (unsigned i = 0; i < count; i++) {
		int ret;

		if (d->listener_count == DAEMON_MAX_LISTENERS)
			return err_set(err, ENOSPC, "Too many listeners");
		ret = listen_udp_new(&addrs[i], d->config->control_tos, &d->control,
			&d->listeners[d->listener_count], err);
		/* A port alone means what families there are. */
		if (ret == -EAFNOSUPPORT && count > 1 && i + 1 == count && opened) {
			log_warn("%s", err->text);
			continue;
		}
		if (ret < 0)
			return ret;
		opened = true;
		d->listener_count++;
		iface_exclude_port(d->interfaces, addrs[i].port);
	}
	return 0;
}

/* The first address of the name that was given; the options' check has found one. */
void daemon_find_dtmf_dest(struct daemon *d)
{
	const char *text = d->config->dtmf_log_dest;
	struct addr addrs[DAEMON_MAX_LISTENERS];
	unsigned count;

	if (text && addr_parse_listener(str_of(text), addrs, DAEMON_MAX_LISTENERS, &count) == 0)
		d->dtmf_dest = addrs[0];
}

/* Better told at start than by the first call; the address may come later, so it is no error. */
static void warn_of_foreign_addresses(const struct iface_table *table)
{
	for (unsigned i = 0; i < iface_count(table); i++)
		for (unsigned n = 0; n < iface_at(table, i)->addr_count; n++) {
			const struct iface_addr *a = &iface_at(table, i)->addrs[n];
			struct port *port;
			struct err err;

			if (port_engine_epoll()->open(&a->local, 0, &port, &err) == 0)
				port->engine->close(port);
			else
				log_warn("Interface '%s' cannot be used now: %s",
					iface_at(table, i)->name, err.text);
		}
}

static void warn_of_ephemeral_ports(const struct config *c)
{
	const struct port_span ours = { (uint16_t)c->port_min, (uint16_t)c->port_max };
	struct port_span system;
	unsigned count = ephemeral_overlap_here(&ours, &system);

	if (count)
		log_warn("%u of the ports %u-%u are also handed out by the system (%u-%u): other "
			 "programs may hold them; net.ipv4.ip_local_reserved_ports keeps them free",
			count, ours.first, ours.last, system.first, system.last);
}

static bool has_family(const struct iface_table *table, enum addr_family family)
{
	for (unsigned i = 0; i < iface_count(table); i++)
		for (unsigned n = 0; n < iface_at(table, i)->addr_count; n++)
			if (iface_at(table, i)->addrs[n].local.family == family)
				return true;
	return false;
}

static void open_firewall(struct daemon *d)
{
	const char *chain = d->config->iptables_chain;

	if (!chain || !*chain)
		return;
	d->firewall = firewall_new(
		chain, has_family(d->interfaces, ADDR_IP4), has_family(d->interfaces, ADDR_IP6));
	iface_table_use_guard(d->interfaces, firewall_guard(d->firewall));
}

int daemon_open_network(struct daemon *d, struct err *err)
{
	const struct config *c = d->config;

	d->interfaces = iface_table_new((const char *const *)c->interface, (uint16_t)c->port_min,
		(uint16_t)c->port_max, port_engine_epoll(), err);
	if (!d->interfaces || io_engine_start(c, d->interfaces, &d->engine, err) < 0)
		return -EINVAL;
	open_firewall(d);
	warn_of_foreign_addresses(d->interfaces);
	warn_of_ephemeral_ports(c);
	for (char **text = c->listen_ng; text && *text; text++) {
		int ret = open_listener(d, *text, err);

		if (ret < 0)
			return ret;
	}
	d->hosts = hosts_new(&d->control, control_thread_context(d->thread), d->interfaces, err);
	if (!d->hosts)
		return -EMFILE;
	return plugin_set_init(d->plugins, hosts_add, d->hosts, err);
}
