/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands counted by who sent them; the names they have in statistics. */
#include "control/proxies.h"

#include "stats/interval.h"

#include <glib.h>

static const struct ng_name names[] = {
	{ "ping", "ping", "Ping" },
	{ "offer", "offer", "Offer" },
	{ "answer", "answer", "Answer" },
	{ "delete", "delete", "Delete" },
	{ "query", "query", "Query" },
	{ "list", "list", "List" },
	{ "start recording", "startrec", "StartRec" },
	{ "stop recording", "stoprec", "StopRec" },
	{ "pause recording", "pauserec", "PauseRec" },
	{ "start forwarding", "startfwd", "StartFwd" },
	{ "stop forwarding", "stopfwd", "StopFwd" },
	{ "block DTMF", "blkdtmf", "BlkDTMF" },
	{ "unblock DTMF", "unblkdtmf", "UnblkDTMF" },
	{ "block media", "blkmedia", "BlkMedia" },
	{ "unblock media", "unblkmedia", "UnblkMedia" },
	{ "play media", "playmedia", "PlayMedia" },
	{ "stop media", "stopmedia", "StopMedia" },
	{ "play DTMF", "playdtmf", "PlayDTMF" },
	{ "statistics", "stats", "Stats" },
	{ "silence media", "slnmedia", "SlnMedia" },
	{ "unsilence media", "unslnmedia", "UnslnMedia" },
	{ "publish", "pub", "Pub" },
	{ "subscribe request", "subreq", "SubReq" },
	{ "subscribe answer", "subans", "SubAns" },
	{ "unsubscribe", "unsub", "Unsub" },
	{ "inject start", "injstart", "InjStart" },
	{ "inject stop", "injstop", "InjStop" },
	{ "connect", "conn", "Conn" },
	{ "cli", "cli", "CLI" },
	{ "transform", "trnsfm", "Trnsfm" },
	{ "create", "create", "Create" },
	{ "create answer", "crtansw", "CrtAnsw" },
	{ "mesh", "mesh", "Mesh" },
};

G_STATIC_ASSERT(G_N_ELEMENTS(names) <= INTERVAL_KINDS);

struct proxy {
	struct addr client; /* port 0 */
	uint64_t count[G_N_ELEMENTS(names)];
	int64_t duration_us[G_N_ELEMENTS(names)];
	uint64_t errors;
};

struct proxies {
	GPtrArray *list;       /* struct proxy *, in the order in which they came */
	GHashTable *by_client; /* struct addr * (in the value) → struct proxy * */
	uint64_t total[G_N_ELEMENTS(names)];
};

unsigned ng_name_count(void)
{
	return G_N_ELEMENTS(names);
}

const struct ng_name *ng_name_at(unsigned index)
{
	return &names[index];
}

int ng_name_find(struct str name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (str_is(name, names[i].name))
			return (int)i;
	return str_is(name, "CLI") ? ng_name_find(STR_LIT("cli")) : -1;
}

struct proxies *proxies_new(void)
{
	struct proxies *p = g_new0(struct proxies, 1);

	p->list = g_ptr_array_new_with_free_func(g_free);
	p->by_client = g_hash_table_new(addr_key_hash, addr_key_equal);
	return p;
}

void proxies_free(struct proxies *p)
{
	if (!p)
		return;
	g_hash_table_destroy(p->by_client);
	g_ptr_array_free(p->list, TRUE);
	g_free(p);
}

static struct proxy *find_or_add(struct proxies *p, const struct addr *client)
{
	struct addr key = addr_with_port(*client, 0);
	struct proxy *proxy = g_hash_table_lookup(p->by_client, &key);

	if (proxy || p->list->len >= PROXIES_MAX)
		return proxy;
	proxy = g_new0(struct proxy, 1);
	proxy->client = key;
	g_ptr_array_add(p->list, proxy);
	g_hash_table_insert(p->by_client, &proxy->client, proxy);
	return proxy;
}

void proxies_note(
	struct proxies *p, const struct addr *client, int name, int64_t duration_us, bool error)
{
	struct proxy *proxy;

	if (!p)
		return;
	proxy = client->family ? find_or_add(p, client) : NULL;
	if (name >= 0)
		p->total[name]++;
	if (!proxy)
		return;
	proxy->errors += error;
	if (name < 0)
		return;
	proxy->count[name]++;
	proxy->duration_us[name] += duration_us;
}

static struct str joined(struct dict *dict, const char *a, const char *b, const char *c)
{
	g_autofree char *text = g_strconcat(a, b, c, NULL);

	return dict_copy(dict, str_of(text));
}

static void add_proxy(struct dict *dict, struct value *list, const struct proxy *proxy)
{
	struct value *v = dict_add_dict(dict, list, NULL);
	char text[ADDR_TEXT];

	dict_add_copy(dict, v, "proxy", str_of(addr_print_ip(&proxy->client, text)));
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		dict_add_int(dict, v, joined(dict, names[i].key, "count", NULL).s,
			(int64_t)proxy->count[i]);
		dict_add_real(dict, v, joined(dict, names[i].key, "duration", NULL).s,
			(double)proxy->duration_us[i] / 1e6);
	}
	dict_add_int(dict, v, "errorcount", (int64_t)proxy->errors);
}

void proxies_to_dict(const struct proxies *p, struct dict *dict, struct value *into)
{
	struct value *list = dict_add_list(dict, into, "proxies");

	for (unsigned i = 0; p && i < p->list->len; i++)
		add_proxy(dict, list, p->list->pdata[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		dict_add_int(dict, into, joined(dict, "total", names[i].key, "count").s,
			p ? (int64_t)p->total[i] : 0);
}
