/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call to and from a tree of values: what a restart, an upgrade or a fail-over needs to carry
 * on. One table per kind of object names its plain fields and serves both directions; links,
 * ports and bodies follow by index. Received bodies are kept as text and parsed again.
 */
#include "call/call.h"

#include "base/clock.h"
#include "base/ref.h"

#include <errno.h>
#include <glib.h>

enum { SNAPSHOT_VERSION = 1 };

enum field_kind { FIELD_STR, FIELD_BOOL, FIELD_INT, FIELD_UINT64, FIELD_INT64, FIELD_ADDR };

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
};

#define FIELD(type, name, kind)                                  \
	{                                                        \
#name, FIELD_##kind, offsetof(struct type, name) \
	}

static const struct field model_fields[] = {
	FIELD(model, next_party_number, INT),
	FIELD(model, next_stream_id, INT),
	FIELD(model, last_signal_us, INT64),
	FIELD(model, tos, INT),
	FIELD(model, blocks.media, BOOL),
	FIELD(model, blocks.silence, BOOL),
	FIELD(model, blocks.dtmf, BOOL),
	FIELD(model, drop_traffic, BOOL),
	FIELD(model, metadata, STR),
	FIELD(model, xmlrpc_callback, STR),
};

static const struct field party_fields[] = {
	FIELD(party, number, INT),
	FIELD(party, tag, STR),
	FIELD(party, via_branch, STR),
	FIELD(party, label, STR),
	FIELD(party, metadata, STR),
	FIELD(party, created_us, INT64),
	FIELD(party, final_response, BOOL),
	FIELD(party, alias_key, INT),
	FIELD(party, delay_ms, INT),
	FIELD(party, not_recorded, BOOL),
	FIELD(party, blocks.media, BOOL),
	FIELD(party, blocks.silence, BOOL),
	FIELD(party, blocks.dtmf, BOOL),
};

static const struct field flow_fields[] = {
	FIELD(flow_blocks, receiver, INT),
	FIELD(flow_blocks, blocks.media, BOOL),
	FIELD(flow_blocks, blocks.silence, BOOL),
	FIELD(flow_blocks, blocks.dtmf, BOOL),
};

static const struct field printed_fields[] = {
	FIELD(printed, any, BOOL),
	FIELD(printed, username, STR),
	FIELD(printed, session_id, STR),
	FIELD(printed, family, STR),
	FIELD(printed, address, STR),
	FIELD(printed, session_name, STR),
	FIELD(printed, version, UINT64),
	FIELD(printed, body_hash, UINT64),
};

static const struct field media_fields[] = {
	FIELD(media, type, INT),
	FIELD(media, type_text, STR),
	FIELD(media, transport, INT),
	FIELD(media, transport_text, STR),
	FIELD(media, mid, STR),
	FIELD(media, believed, ADDR),
	FIELD(media, advertised, ADDR),
	FIELD(media, rejected, BOOL),
	FIELD(media, removed, BOOL),
	FIELD(media, send, BOOL),
	FIELD(media, recv, BOOL),
	FIELD(media, hold_zero, BOOL),
	FIELD(media, mux, BOOL),
	FIELD(media, mux_offered_to, BOOL),
	FIELD(media, mux_open, BOOL),
	FIELD(media, mux_single, BOOL),
	FIELD(media, mux_offered_by, BOOL),
	FIELD(media, mux_answer, INT),
	FIELD(media, no_codecs, BOOL),
	FIELD(media, doubled, INT),
	FIELD(media, masked[0], UINT64),
	FIELD(media, masked[1], UINT64),
	FIELD(media, masked[2], UINT64),
	FIELD(media, masked[3], UINT64),
	FIELD(media, ptime_ms, INT),
	FIELD(media, maxptime_ms, INT),
	FIELD(media, ptime_fixed_ms, INT),
	FIELD(media, family, INT),
	FIELD(media, received_from, ADDR),
	FIELD(media, learn, INT),
	FIELD(media, sources_let_in, INT),
	FIELD(media, handover, BOOL),
	FIELD(media, strict, BOOL),
	FIELD(media, unidirectional, BOOL),
	FIELD(media, nat_wait, BOOL),
	FIELD(media, pierce, BOOL),
	FIELD(media, block_short, BOOL),
	FIELD(media, echo, BOOL),
	FIELD(media, blackhole, BOOL),
};

static const struct field stream_fields[] = {
	FIELD(media_stream, id, INT),
	FIELD(media_stream, endpoint_gen, INT),
	FIELD(media_stream, signal_gen, INT),
	FIELD(media_stream, peer, ADDR),
};

static const struct field crypto_fields[] = {
	FIELD(media_crypto, in_gen, INT),
	FIELD(media_crypto, out_gen, INT),
	FIELD(media_crypto, secure, BOOL),
	FIELD(media_crypto, agreed, BOOL),
	FIELD(media_crypto, own, BOOL),
	FIELD(media_crypto, preferred, BOOL),
	FIELD(media_crypto, osrtp_passed, BOOL),
};

static const struct field agreement_fields[] = {
	FIELD(codec_agreement, offerer, INT),
	FIELD(codec_agreement, settled, BOOL),
	FIELD(codec_agreement, as_is, BOOL),
	FIELD(codec_agreement, force, BOOL),
	FIELD(codec_agreement, asymmetric, BOOL),
};

/* The lists of an agreement. */
static const struct {
	const char *name;
	size_t offset;
} agreement_lists[] = {
	{ "said", offsetof(struct codec_agreement, said) },
	{ "shown", offsetof(struct codec_agreement, shown) },
	{ "answered", offsetof(struct codec_agreement, answered) },
	{ "answer", offsetof(struct codec_agreement, answer) },
};

/* All FIELD_INT members are of this size, enums included. */
_Static_assert(sizeof(enum mux_answer) == sizeof(int32_t), "fields of 32 bits");

#define FIELDS(table) (table), G_N_ELEMENTS(table)

/* Writing */

struct writer {
	struct dict *dict;
	const struct model *model;
	GPtrArray *bodies; /* struct sdp *, in the order of the list "bodies" */
};

static void write_addr(struct writer *w, struct value *to, const char *key, const struct addr *addr)
{
	char text[ADDR_TEXT];

	if (addr->family)
		dict_add_printf(w->dict, to, key, "%s %u", addr_print_ip(addr, text), addr->port);
}

static void write_fields(struct writer *w, struct value *to, const void *from,
	const struct field *fields, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		const void *at = (const char *)from + f->offset;
		const struct str *s = at;

		switch (f->kind) {
		case FIELD_STR:
			if (s->s)
				dict_add_copy(w->dict, to, f->name, *s);
			break;
		case FIELD_BOOL:
			dict_add_int(w->dict, to, f->name, *(const bool *)at);
			break;
		case FIELD_INT:
			dict_add_int(w->dict, to, f->name, *(const int32_t *)at);
			break;
		case FIELD_UINT64: /* as text: beyond what a signed number holds */
			dict_add_printf(w->dict, to, f->name, "%llu",
				(unsigned long long)*(const uint64_t *)at);
			break;
		case FIELD_INT64:
			dict_add_int(w->dict, to, f->name, *(const int64_t *)at);
			break;
		case FIELD_ADDR:
			write_addr(w, to, f->name, at);
			break;
		}
	}
}

static void write_body_ref(struct writer *w, struct value *to, struct sdp *sdp)
{
	guint index;

	if (!sdp)
		return;
	if (!g_ptr_array_find(w->bodies, sdp, &index)) {
		index = w->bodies->len;
		g_ptr_array_add(w->bodies, sdp);
	}
	dict_add_int(w->dict, to, "body", index);
}

static void write_maps(struct writer *w, struct value *to, const struct media *media)
{
	struct value *list = dict_add_list(w->dict, to, "port_maps");

	for (const struct port_map *m = media->maps; m; m = m->next) {
		struct value *v = dict_add_dict(w->dict, list, NULL), *ports;

		dict_add_copy(w->dict, v, "interface", str_of(m->iface->name));
		write_addr(w, v, "local", &m->local->local);
		write_addr(w, v, "key", &m->key);
		dict_add_int(w->dict, v, "in_use", m == media->ports);
		ports = dict_add_list(w->dict, v, "ports");
		for (unsigned i = 0; i < m->count; i++)
			dict_add_int(w->dict, ports, NULL, m->leases[i]->number);
	}
}

static void write_entry(struct writer *w, struct value *to, const struct codec_entry *e)
{
	const struct sdp_format *f = &e->format;
	struct value *feedback;

	dict_add_int(w->dict, to, "type", f->payload_type);
	dict_add_copy(w->dict, to, "encoding", f->encoding);
	dict_add_int(w->dict, to, "clock", f->clock_hz);
	dict_add_int(w->dict, to, "channels", f->channels);
	if (f->fmtp.s)
		dict_add_copy(w->dict, to, "fmtp", f->fmtp);
	dict_add_int(w->dict, to, "marks", e->marks);
	dict_add_int(w->dict, to, "ptime", e->ptime_ms);
	dict_add_int(w->dict, to, "bitrate", e->bitrate);
	if (e->options.s)
		dict_add_copy(w->dict, to, "options", e->options);
	feedback = dict_add_list(w->dict, to, "feedback");
	for (unsigned n = 0; n < f->rtcp_fb_count; n++)
		dict_add_copy(w->dict, feedback, NULL, f->rtcp_fb[n]);
}

static void write_agreement(struct writer *w, struct value *to, const struct codec_agreement *a)
{
	struct value *v = a ? dict_add_dict(w->dict, to, "agreement") : NULL;

	if (!a)
		return;
	write_fields(w, v, a, FIELDS(agreement_fields));
	for (unsigned n = 0; n < G_N_ELEMENTS(agreement_lists); n++) {
		const struct codec_list *list = (const void *)((const char *)a +
							       agreement_lists[n].offset);
		struct value *items = dict_add_list(w->dict, v, agreement_lists[n].name);

		for (unsigned i = 0; i < list->count; i++)
			write_entry(w, dict_add_dict(w->dict, items, NULL), &list->entries[i]);
	}
}

static void write_line(
	struct writer *w, struct value *to, const char *key, const struct sdes_crypto *line)
{
	char text[SDES_MAX_TEXT];
	size_t len = sdes_print(line, 0, text);

	dict_add_copy(w->dict, to, key, (struct str){ text, len });
	srtp_wipe(text, sizeof(text));
}

static void write_lines(
	struct writer *w, struct value *to, const char *key, const struct crypto_list *list)
{
	struct value *lines = list ? dict_add_list(w->dict, to, key) : NULL;

	for (unsigned i = 0; list && i < list->count; i++)
		write_line(w, lines, NULL, &list->lines[i]);
}

static void write_key(
	struct writer *w, struct value *to, const char *key, const struct plan_srtp *srtp)
{
	struct sdes_crypto line = { .tag = 1 };

	if (!srtp)
		return;
	line.params = srtp->params;
	write_line(w, to, key, &line);
	srtp_wipe(&line, sizeof(line));
}

/* Keys as a=crypto has them. Most sections never had anything to do with that. */
static void write_crypto(struct writer *w, struct value *to, const struct media_crypto *c)
{
	struct value *v;

	if (!c->said && !c->shown && !c->secure && !c->in_gen && !c->out_gen)
		return;
	v = dict_add_dict(w->dict, to, "crypto");
	write_fields(w, v, c, FIELDS(crypto_fields));
	write_lines(w, v, "said", c->said);
	write_lines(w, v, "shown", c->shown);
	write_key(w, v, "in", c->in);
	write_key(w, v, "out", c->out);
}

static unsigned party_place(const struct writer *w, const struct party *party)
{
	unsigned i = 0;

	while (w->model->parties[i] != party)
		i++;
	return i;
}

static void write_media(struct writer *w, struct value *to, const struct media *media)
{
	struct value *list;

	write_fields(w, to, media, FIELDS(media_fields));
	write_body_ref(w, to, media->sdp);
	if (media->in)
		dict_add_int(w->dict, to, "section", media->in->place);
	write_agreement(w, to, media->agreement);
	write_crypto(w, to, &media->crypto);
	write_maps(w, to, media);
	list = dict_add_list(w->dict, to, "streams");
	for (unsigned i = 0; i < media->stream_count; i++)
		write_fields(w, dict_add_dict(w->dict, list, NULL), &media->streams[i],
			FIELDS(stream_fields));
	list = dict_add_list(w->dict, to, "sources");
	for (unsigned i = 0; i < media->source_count; i++) {
		struct value *v = dict_add_dict(w->dict, list, NULL);

		dict_add_int(w->dict, v, "party", party_place(w, media->sources[i]->party));
		dict_add_int(w->dict, v, "media", media->sources[i]->index);
	}
}

/* Deadlines are of this machine's clock: what is left of them is kept. */
static void write_deadline(struct writer *w, struct value *to, int64_t at_us)
{
	int64_t left_us = at_us - clock_mono_us();

	if (at_us)
		dict_add_int(w->dict, to, "delete_in_us", left_us > 1 ? left_us : 1);
}

static void write_party(struct writer *w, struct value *to, const struct party *party)
{
	struct value *list;

	write_fields(w, to, party, FIELDS(party_fields));
	write_deadline(w, to, party->delete_at_us);
	if (party->iface)
		dict_add_copy(w->dict, to, "interface", str_of(party->iface->name));
	write_body_ref(w, to, party->sdp);
	write_fields(
		w, dict_add_dict(w->dict, to, "printed"), &party->printed, FIELDS(printed_fields));
	list = dict_add_list(w->dict, to, "aliases");
	for (unsigned i = 0; i < party->alias_count; i++)
		dict_add_copy(w->dict, list, NULL, party->aliases[i]);
	list = dict_add_list(w->dict, to, "flows");
	for (unsigned i = 0; i < party->flow_count; i++)
		write_fields(w, dict_add_dict(w->dict, list, NULL), &party->flows[i],
			FIELDS(flow_fields));
	list = dict_add_list(w->dict, to, "media");
	for (unsigned i = 0; i < party->media_count; i++)
		write_media(w, dict_add_dict(w->dict, list, NULL), party->media[i]);
}

void call_to_dict(const struct call *call, struct dict *dict, struct value *into)
{
	struct writer w = { .dict = dict, .model = call->model, .bodies = g_ptr_array_new() };
	struct value *list;

	dict_add_int(dict, into, "version", SNAPSHOT_VERSION);
	dict_add_copy(dict, into, "call_id", call->id);
	dict_add_int(dict, into, "created_us", call->created_wall_us);
	write_addr(&w, into, "created_from", &call->created_from);
	write_fields(&w, into, call->model, FIELDS(model_fields));
	write_deadline(&w, into, call->model->delete_at_us);
	list = dict_add_list(dict, into, "parties");
	for (unsigned i = 0; i < call->model->party_count; i++)
		write_party(&w, dict_add_dict(dict, list, NULL), call->model->parties[i]);
	list = dict_add_list(dict, into, "bodies");
	for (unsigned i = 0; i < w.bodies->len; i++)
		dict_add_copy(dict, list, NULL, ((struct sdp *)w.bodies->pdata[i])->raw);
	g_ptr_array_free(w.bodies, TRUE);
}

/* Reading */

struct reader {
	struct call_table *table;
	struct model *model;
	GPtrArray *bodies; /* struct sdp *, references */
	GPtrArray *leases; /* struct lease *, references: maps may share them */
	struct err *err;
};

static int bad(struct reader *r, const char *what)
{
	return err_set(r->err, EINVAL, "snapshot: %s is missing or wrong", what);
}

static struct addr read_addr(const struct value *from, const char *key)
{
	struct str text = value_get_str(from, key), ip;
	struct addr addr = { 0 };
	int64_t port;

	if (!str_cut(&text, ' ', &ip) || !addr_parse_ip(ip, &addr) ||
		!value_parse_int(text, &port) || port < 0 || port > UINT16_MAX)
		return (struct addr){ 0 };
	addr.port = (uint16_t)port;
	return addr;
}

static uint64_t read_uint64(struct str text)
{
	g_autofree char *copy = g_strndup(text.s ? text.s : "", text.len);

	return g_ascii_strtoull(copy, NULL, 10);
}

static void read_fields(struct reader *r, const struct value *from, void *to,
	const struct field *fields, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		void *at = (char *)to + f->offset;

		switch (f->kind) {
		case FIELD_STR:
			*(struct str *)at = arena_str(
				r->model->arena, value_get_str(from, f->name));
			break;
		case FIELD_BOOL:
			*(bool *)at = value_get_int(from, f->name, 0) != 0;
			break;
		case FIELD_INT:
			*(int32_t *)at = (int32_t)value_get_int(from, f->name, 0);
			break;
		case FIELD_UINT64:
			*(uint64_t *)at = read_uint64(value_get_str(from, f->name));
			break;
		case FIELD_INT64:
			*(int64_t *)at = value_get_int(from, f->name, 0);
			break;
		case FIELD_ADDR:
			*(struct addr *)at = read_addr(from, f->name);
			break;
		}
	}
}

static struct sdp *read_body_ref(struct reader *r, const struct value *from)
{
	int64_t index = value_get_int(from, "body", -1);

	return index >= 0 && index < r->bodies->len ? r->bodies->pdata[index] : NULL;
}

static int64_t read_deadline(const struct value *from)
{
	int64_t left_us = value_get_int(from, "delete_in_us", 0);

	return left_us > 0 ? clock_mono_us() + left_us : 0;
}

static struct lease *find_lease(struct reader *r, struct port_pool *pool, int64_t number)
{
	struct lease *lease;

	for (unsigned i = 0; i < r->leases->len; i++) {
		lease = r->leases->pdata[i];
		if (lease->pool == pool && lease->number == number)
			return ref_take(lease);
	}
	if (number < 1 || number > UINT16_MAX ||
		port_pool_lease_at(pool, (uint16_t)number, &lease, r->err) < 0)
		return NULL;
	g_ptr_array_add(r->leases, ref_take(lease));
	return lease;
}

static const struct iface_addr *find_local(const struct iface *iface, const struct addr *local)
{
	for (unsigned i = 0; i < iface->addr_count; i++)
		if (addr_same_ip(&iface->addrs[i].local, local))
			return &iface->addrs[i];
	return NULL;
}

static int read_map(
	struct reader *r, const struct value *from, struct media *media, struct port_map ***tail)
{
	struct addr local = read_addr(from, "local");
	struct port_map *m = arena_alloc(r->model->arena, sizeof(*m));
	struct iface_table *table = call_table_interfaces(r->table);

	m->iface = iface_find(table, value_get_str(from, "interface"), 0);
	m->local = m->iface ? find_local(m->iface, &local) : NULL;
	if (!m->local)
		return bad(r, "the interface of a port");
	m->key = read_addr(from, "key");
	/* Linked first, so that leases are given back whatever happens. */
	**tail = m;
	*tail = &m->next;
	if (value_get_int(from, "in_use", 0))
		media->ports = m;
	value_each (port, value_get(from, "ports")) {
		if (m->count == G_N_ELEMENTS(m->leases))
			return bad(r, "a list of ports");
		m->leases[m->count] = find_lease(r, m->local->pool, value_int(port, 0));
		if (!m->leases[m->count])
			return bad(r, "a port that can be had");
		m->count++;
	}
	return m->count ? 0 : bad(r, "a list of ports");
}

static int read_streams(struct reader *r, const struct value *list, struct media *media)
{
	unsigned i = 0;

	value_each (v, list) {
		if (i == 2 * MODEL_MAX_PORT_PAIRS)
			return bad(r, "a list of streams");
		media_need_streams(r->model, media, ++i);
		read_fields(r, v, &media->streams[i - 1], FIELDS(stream_fields));
		media->streams[i - 1].since_us = clock_mono_us();
	}
	if (media->ports && media->stream_count < media->ports->count)
		return bad(r, "a stream");
	return 0;
}

static void read_entry(struct reader *r, const struct value *from, struct codec_entry *e)
{
	struct arena *arena = r->model->arena;
	const struct value *feedback = value_get(from, "feedback");
	struct sdp_format *f = &e->format;
	struct str *lines = arena_new_array(
		arena, struct str, value_first(feedback) ? feedback->items.count : 0);

	f->payload_type = (uint8_t)(value_get_int(from, "type", 0) & 0x7f);
	f->encoding = arena_str(arena, value_get_str(from, "encoding"));
	f->clock_hz = (uint32_t)value_get_int(from, "clock", 0);
	f->channels = (uint8_t)value_get_int(from, "channels", 1);
	f->fmtp = arena_str(arena, value_get_str(from, "fmtp"));
	f->rtcp_fb = lines;
	value_each (line, feedback)
		lines[f->rtcp_fb_count++] = arena_str(arena, value_str(line));
	e->marks = (unsigned)value_get_int(from, "marks", 0);
	e->ptime_ms = (uint16_t)value_get_int(from, "ptime", 0);
	e->bitrate = (uint32_t)value_get_int(from, "bitrate", 0);
	e->options = arena_str(arena, value_get_str(from, "options"));
}

static int read_agreement(struct reader *r, const struct value *from, struct media *media)
{
	struct codec_agreement *a;

	if (!from)
		return 0;
	a = arena_alloc(r->model->arena, sizeof(*a));
	read_fields(r, from, a, FIELDS(agreement_fields));
	for (unsigned n = 0; n < G_N_ELEMENTS(agreement_lists); n++) {
		struct codec_list *list = (void *)((char *)a + agreement_lists[n].offset);
		const struct value *items = value_get(from, agreement_lists[n].name);
		size_t room = value_first(items) ? items->items.count : 0;

		if (room > SDP_MAX_FORMATS)
			return bad(r, "a list of codecs");
		list->entries = arena_new_array(r->model->arena, struct codec_entry, room);
		value_each (v, items)
			read_entry(r, v, &list->entries[list->count++]);
	}
	media->agreement = a;
	return 0;
}

static int read_lines(
	struct reader *r, const struct value *from, const char *key, struct crypto_list **ret)
{
	struct sdes_crypto lines[CRYPTO_MAX_LINES];
	unsigned count = 0;
	bool ok = true;

	value_each (v, value_get(from, key)) {
		ok = ok && count < CRYPTO_MAX_LINES && !sdes_parse(value_str(v), &lines[count]);
		count += ok;
	}
	if (ok)
		*ret = crypto_list_new(lines, count);
	srtp_wipe(lines, sizeof(lines));
	return ok ? 0 : bad(r, "a list of keys");
}

static int read_key(struct reader *r, const struct value *from, const char *key,
	uint32_t generation, struct plan_srtp **ret)
{
	struct str text = value_get_str(from, key);
	struct sdes_crypto line;

	if (!text.s)
		return 0;
	if (sdes_parse(text, &line))
		return bad(r, "a key");
	*ret = plan_srtp_new(&line.params, generation);
	srtp_wipe(&line, sizeof(line));
	return 0;
}

static int read_crypto(struct reader *r, const struct value *from, struct media_crypto *c)
{
	int ret;

	if (!from)
		return 0;
	read_fields(r, from, c, FIELDS(crypto_fields));
	ret = read_lines(r, from, "said", &c->said);
	ret = ret ? ret : read_lines(r, from, "shown", &c->shown);
	ret = ret ? ret : read_key(r, from, "in", c->in_gen, &c->in);
	return ret ? ret : read_key(r, from, "out", c->out_gen, &c->out);
}

static int read_media(struct reader *r, const struct value *from, struct media *media)
{
	struct port_map **tail = &media->maps;
	struct sdp *sdp = read_body_ref(r, from);
	int64_t section = value_get_int(from, "section", -1);

	read_fields(r, from, media, FIELDS(media_fields));
	if ((unsigned)media->transport > SDP_TRANSPORT_OTHER || (unsigned)media->type > SDP_OTHER ||
		(unsigned)media->mux_answer > MUX_REJECT ||
		(unsigned)media->doubled > SDP_SRTP_FIRST)
		return bad(r, "a media section's type");
	if (sdp && section >= 0 && section < sdp->media_count)
		media_set_sdp(media, sdp, &sdp->media[section]);
	if (read_agreement(r, value_get(from, "agreement"), media) < 0)
		return -EINVAL;
	if (read_crypto(r, value_get(from, "crypto"), &media->crypto) < 0)
		return -EINVAL;
	value_each (v, value_get(from, "port_maps")) {
		int ret = read_map(r, v, media, &tail);

		if (ret < 0)
			return ret;
	}
	return read_streams(r, value_get(from, "streams"), media);
}

static int read_flows(struct reader *r, const struct value *list, struct party *party)
{
	unsigned n = 0;

	if (!value_first(list))
		return 0;
	if (list->items.count > MODEL_MAX_PARTIES)
		return bad(r, "a list of flows");
	party->flows = arena_new_array(r->model->arena, struct flow_blocks, list->items.count);
	value_each (v, list)
		read_fields(r, v, &party->flows[n++], FIELDS(flow_fields));
	party->flow_count = n;
	return 0;
}

static int read_party(struct reader *r, const struct value *from)
{
	struct party *party = model_add_party(r->model, 0);
	struct str iface = value_get_str(from, "interface");

	if (!party)
		return bad(r, "a list of parties");
	read_fields(r, from, party, FIELDS(party_fields));
	party->delete_at_us = read_deadline(from);
	if (iface.s)
		party->iface = iface_find(call_table_interfaces(r->table), iface, 0);
	party_set_sdp(party, read_body_ref(r, from));
	read_fields(r, value_get(from, "printed"), &party->printed, FIELDS(printed_fields));
	value_each (v, value_get(from, "aliases"))
		if (party->alias_count < MODEL_MAX_ALIASES)
			party->aliases[party->alias_count++] = arena_str(
				r->model->arena, value_str(v));
	if (read_flows(r, value_get(from, "flows"), party) < 0)
		return -EINVAL;
	value_each (v, value_get(from, "media")) {
		int ret = party->media_count < MODEL_MAX_MEDIA
				  ? read_media(r, v, party_add_media(r->model, party))
				  : bad(r, "a list of media");

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int read_sources(struct reader *r, const struct value *list, struct media *media)
{
	value_each (v, list) {
		int64_t party = value_get_int(v, "party", -1),
			index = value_get_int(v, "media", -1);

		if (party < 0 || party >= r->model->party_count || index < 0 ||
			index >= r->model->parties[party]->media_count ||
			media->source_count == MODEL_MAX_SOURCES)
			return bad(r, "a source");
		media->sources[media->source_count++] = r->model->parties[party]->media[index];
	}
	return 0;
}

/* After all parties are there. */
static int read_links(struct reader *r, const struct value *parties)
{
	unsigned p = 0;

	value_each (from, parties) {
		unsigned m = 0;

		value_each (media, value_get(from, "media")) {
			int ret = read_sources(
				r, value_get(media, "sources"), r->model->parties[p]->media[m++]);

			if (ret < 0)
				return ret;
		}
		p++;
	}
	return 0;
}

static int read_model(struct reader *r, const struct value *from)
{
	const struct value *parties = value_get(from, "parties");
	int ret = 0;

	if (value_get_int(from, "version", 0) != SNAPSHOT_VERSION)
		return bad(r, "its version");
	value_each (v, value_get(from, "bodies")) {
		struct sdp *sdp;

		if (sdp_parse(value_str(v), false, &sdp, r->err) < 0)
			return bad(r, "a body");
		g_ptr_array_add(r->bodies, sdp);
	}
	value_each (v, parties)
		ret = ret ? ret : read_party(r, v);
	if (!ret)
		ret = read_links(r, parties);
	read_fields(r, from, r->model, FIELDS(model_fields));
	r->model->last_signal_mono_us = clock_mono_us() -
					(clock_wall_us() - r->model->last_signal_us);
	r->model->delete_at_us = read_deadline(from);
	if (!ret && call_count_streams(r->model) > PLAN_MAX_STREAMS)
		return bad(r, "a number of streams that is allowed");
	return ret;
}

static void drop_reference(gpointer object)
{
	ref_drop(object);
}

int call_of_dict(
	struct call_table *table, const struct value *from, struct call **ret_call, struct err *err)
{
	struct reader r = {
		.table = table,
		.model = model_new(),
		.bodies = g_ptr_array_new_with_free_func(drop_reference),
		.leases = g_ptr_array_new_with_free_func(drop_reference),
		.err = err,
	};
	struct str id = value_get_str(from, "call_id");
	struct addr created_from = read_addr(from, "created_from");
	struct stream_set *set;
	struct call *call;
	int ret = id.s ? read_model(&r, from) : bad(&r, "its call-id");

	g_ptr_array_free(r.bodies, TRUE);
	g_ptr_array_free(r.leases, TRUE);
	if (ret < 0) {
		model_free(r.model);
		return ret;
	}
	call = call_new(table, id, &created_from);
	call->model = r.model;
	call->created_wall_us = value_get_int(from, "created_us", call->created_wall_us);
	ret = session_prepare(call->session, call_compile(call, call->model), &set, err);
	if (ret < 0) {
		call_free(call);
		return ret;
	}
	session_apply(call->session, set);
	*ret_call = call;
	return 0;
}
