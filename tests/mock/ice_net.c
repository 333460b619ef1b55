/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network for ICE agents. */
#include "mock/ice_net.h"

#include "base/ref.h"

struct packet {
	int64_t due_us;
	struct addr from, to;
	size_t len;
	uint8_t data[STUN_MAX_BYTES];
};

struct map {
	struct addr inner, outer;
	struct addr to; /* of a symmetric NAT: for this destination alone */
	GArray *asked;  /* struct addr: who was sent to */
};

struct ice_net *ice_net_new(void)
{
	struct ice_net *net = g_new0(struct ice_net, 1);

	net->now_us = 1000000;
	net->delay_us = 10000;
	net->rand = g_rand_new_with_seed(7);
	net->hosts = g_ptr_array_new();
	net->packets = g_ptr_array_new_with_free_func(g_free);
	return net;
}

static void host_free(struct ice_host *host)
{
	for (unsigned i = 0; i < host->maps->len; i++)
		g_array_unref(g_array_index(host->maps, struct map, i).asked);
	g_array_unref(host->maps);
	g_array_unref(host->events);
	ice_agent_free(host->agent);
	ref_drop(host->params);
	g_free(host);
}

void ice_net_free(struct ice_net *net)
{
	for (unsigned i = 0; i < net->hosts->len; i++)
		host_free(net->hosts->pdata[i]);
	g_ptr_array_unref(net->hosts);
	g_ptr_array_unref(net->packets);
	g_rand_free(net->rand);
	g_free(net);
}

/* ---- NAT ---- */

static struct map *map_out(struct ice_host *host, const struct addr *inner, const struct addr *to)
{
	struct map fresh = { .inner = *inner, .to = *to };

	for (unsigned i = 0; i < host->maps->len; i++) {
		struct map *m = &g_array_index(host->maps, struct map, i);

		if (addr_equal(&m->inner, inner) &&
			(host->nat == NAT_CONE || addr_equal(&m->to, to)))
			return m;
	}
	fresh.outer = addr_with_port(host->outer, (uint16_t)(host->outer.port + host->maps->len));
	fresh.asked = g_array_new(false, false, sizeof(struct addr));
	g_array_append_val(host->maps, fresh);
	return &g_array_index(host->maps, struct map, host->maps->len - 1);
}

static struct addr leave(struct ice_host *host, const struct addr *inner, const struct addr *to)
{
	struct map *m;

	if (host->nat == NAT_NONE)
		return *inner;
	m = map_out(host, inner, to);
	g_array_append_val(m->asked, *to);
	return m->outer;
}

/* What `to` is inside; false: it stays out. */
static bool enter(struct ice_host *host, const struct addr *from, struct addr *to)
{
	for (unsigned i = 0; host->nat != NAT_NONE && i < host->maps->len; i++) {
		struct map *m = &g_array_index(host->maps, struct map, i);

		for (unsigned a = 0; addr_equal(&m->outer, to) && a < m->asked->len; a++)
			if (addr_equal(&g_array_index(m->asked, struct addr, a), from)) {
				*to = m->inner;
				return true;
			}
	}
	return host->nat == NAT_NONE;
}

/* ---- packets ---- */

void ice_net_inject(struct ice_net *net, const struct addr *from, const struct addr *to,
	const uint8_t *data, size_t len)
{
	struct packet *packet = g_new0(struct packet, 1);

	g_assert_cmpuint(len, <=, sizeof(packet->data));
	packet->due_us = net->now_us + net->delay_us;
	if (net->jitter_us)
		packet->due_us += g_rand_int_range(net->rand, 0, (int)net->jitter_us);
	packet->from = *from;
	packet->to = *to;
	packet->len = len;
	memcpy(packet->data, data, len);
	g_ptr_array_add(net->packets, packet);
}

static void on_send(
	void *arg, unsigned local, const struct addr *to, const uint8_t *data, size_t len)
{
	struct ice_host *host = arg;
	struct addr from = leave(host, &host->locals[local], to);

	host->sent++;
	if (g_rand_int_range(host->net->rand, 0, 100) < (int)host->net->loss_percent)
		return;
	ice_net_inject(host->net, &from, to, data, len);
}

static void on_event(void *arg, const struct ice_event *event)
{
	struct ice_host *host = arg;

	g_array_append_val(host->events, *event);
}

static void deliver(struct ice_net *net, const struct packet *packet)
{
	for (unsigned h = 0; h < net->hosts->len; h++) {
		struct ice_host *host = net->hosts->pdata[h];
		struct addr to = packet->to;

		if (!host->agent || host->deaf || !enter(host, &packet->from, &to))
			continue;
		for (unsigned i = 0; i < host->local_count; i++)
			if (addr_equal(&host->locals[i], &to)) {
				host->got++;
				ice_agent_receive(host->agent, i, &packet->from, packet->data,
					packet->len, net->now_us);
				return;
			}
	}
}

/* The next thing to happen; `end_us` if it is later. */
static int64_t next_us(const struct ice_net *net, int64_t end_us)
{
	for (unsigned i = 0; i < net->packets->len; i++)
		end_us = MIN(end_us, ((struct packet *)net->packets->pdata[i])->due_us);
	for (unsigned h = 0; h < net->hosts->len; h++) {
		const struct ice_host *host = net->hosts->pdata[h];
		int64_t due_us = host->agent ? ice_agent_next_us(host->agent) : -1;

		if (due_us >= 0)
			end_us = MIN(end_us, MAX(due_us, net->now_us));
	}
	return end_us;
}

static void run_once(struct ice_net *net)
{
	for (unsigned i = 0; i < net->packets->len;) {
		struct packet *packet = net->packets->pdata[i];

		if (packet->due_us > net->now_us) {
			i++;
			continue;
		}
		g_ptr_array_steal_index(net->packets, i);
		deliver(net, packet);
		g_free(packet);
	}
	for (unsigned h = 0; h < net->hosts->len; h++) {
		struct ice_host *host = net->hosts->pdata[h];

		if (host->agent)
			ice_agent_run(host->agent, net->now_us);
	}
}

void ice_net_run(struct ice_net *net, int64_t us)
{
	int64_t end_us = net->now_us + us;
	unsigned turns = 0;

	while (net->now_us < end_us) {
		int64_t before_us = net->now_us;

		net->now_us = next_us(net, end_us);
		run_once(net);
		turns = net->now_us == before_us ? turns + 1 : 0;
		g_assert_cmpuint(turns, <, 1000); /* an agent that is always due */
	}
}

/* ---- hosts ---- */

static const struct ice_ops ops = { .send = on_send, .event = on_event };

static void fill_credentials(struct ice_params *params, unsigned number)
{
	g_free(params->local_ufrag);
	g_free(params->local_pwd);
	params->local_ufrag = g_strdup_printf("ufrag%03u", number);
	params->local_pwd = g_strdup_printf("password0123456789ABCDE%03u", number);
}

struct ice_host *ice_net_host(struct ice_net *net, const char *addresses, unsigned components,
	enum ice_nat nat, bool controlling)
{
	g_auto(GStrv) texts = g_strsplit(addresses, " ", -1);
	struct ice_host *host = g_new0(struct ice_host, 1);
	struct ice_params *params = ice_params_new();
	unsigned number = net->hosts->len + 1;

	host->net = net;
	host->nat = nat;
	host->maps = g_array_new(false, false, sizeof(struct map));
	host->events = g_array_new(false, false, sizeof(struct ice_event));
	g_assert_true(addr_parse_ip(STR_LIT("198.51.100.1"), &host->outer));
	host->outer.ip[3] = (uint8_t)number;
	host->outer.port = (uint16_t)(10000 + 1000 * number);
	fill_credentials(params, number);
	params->generation = 1;
	params->controlling = controlling;
	params->consent = true;
	params->components = components;
	params->tie_breaker = number;
	params->software = g_strdup("mock");
	memset(params->secret, (int)number, sizeof(params->secret));
	for (unsigned c = 1; c <= components; c++)
		for (unsigned i = 0; texts[i]; i++) {
			struct addr *local = &host->locals[host->local_count++];

			g_assert_true(addr_parse_ip(str_of(texts[i]), local));
			local->port = (uint16_t)(30000 + 2 * i + c - 1);
			params->locals[params->local_count++] = (struct ice_local){
				.component = (uint8_t)c,
				.foundation = (uint8_t)i,
				.family = local->family,
				.priority = ice_priority(ICE_HOST, i, c),
			};
		}
	host->params = params;
	g_ptr_array_add(net->hosts, host);
	return host;
}

struct ice_params *ice_host_params(const struct ice_host *host)
{
	struct ice_params *params = ice_params_new();

	*params = *host->params;
	params->local_ufrag = g_strdup(params->local_ufrag);
	params->local_pwd = g_strdup(params->local_pwd);
	params->remote_ufrag = g_strdup(params->remote_ufrag);
	params->remote_pwd = g_strdup(params->remote_pwd);
	params->software = g_strdup(params->software);
	params->remotes = g_memdup2(
		params->remotes, params->remote_count * sizeof(*params->remotes));
	return params;
}

void ice_host_learn(struct ice_params *params, const struct ice_host *peer, bool candidates)
{
	g_free(params->remote_ufrag);
	g_free(params->remote_pwd);
	params->remote_ufrag = g_strdup(peer->params->local_ufrag);
	params->remote_pwd = g_strdup(peer->params->local_pwd);
	params->peer_lite = peer->params->lite;
	g_clear_pointer(&params->remotes, g_free);
	params->remote_count = 0;
	params->remote_ended = candidates;
	if (!candidates)
		return;
	params->remotes = g_new0(struct ice_candidate, peer->local_count);
	for (unsigned i = 0; i < peer->local_count; i++) {
		struct ice_candidate *c = &params->remotes[params->remote_count++];

		*c = (struct ice_candidate){
			.component = peer->params->locals[i].component,
			.priority = peer->params->locals[i].priority,
			.addr = peer->locals[i],
		};
		c->foundation[0] = (char)('a' + peer->params->locals[i].foundation);
	}
}

void ice_params_restart(struct ice_params *params)
{
	params->generation++;
	fill_credentials(params, params->generation * 100 + (unsigned)params->tie_breaker);
}

void ice_host_set(struct ice_host *host, struct ice_params *params)
{
	if (host->agent) {
		ice_agent_set(host->agent, params, host->net->now_us);
	} else {
		host->agent = ice_agent_new(params, &ops, host);
		ice_agent_start(host->agent, host->net->now_us);
	}
	ref_drop(host->params);
	host->params = params;
}

void ice_net_connect(struct ice_host *a, struct ice_host *b)
{
	struct ice_params *of_a = ice_host_params(a), *of_b = ice_host_params(b);

	ice_host_learn(of_a, b, true);
	ice_host_learn(of_b, a, true);
	ice_host_set(a, of_a);
	ice_host_set(b, of_b);
}

unsigned ice_host_count(const struct ice_host *host, enum ice_event_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < host->events->len; i++)
		n += g_array_index(host->events, struct ice_event, i).type == type;
	return n;
}

const char *ice_host_pair(const struct ice_host *host, unsigned component)
{
	static char text[ADDR_TEXT];
	struct ice_event event;

	if (!ice_agent_pair(host->agent, component, &event))
		return "";
	return addr_print(&event.remote, text);
}
