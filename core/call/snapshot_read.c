/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call made of the tree that snapshot_write.c wrote. Received bodies are parsed again, ports are
 * taken as they were.
 */
#include "base/clock.h"
#include "base/ref.h"
#include "call/call.h"
#include "call/draft.h"
#include "call/negotiate.h"
#include "call/snapshot_priv.h"

#include <errno.h>
#include <glib.h>

struct reader {
	struct call_table *table;
	struct model *model;
	GPtrArray *bodies; /* struct sdp *, references */
	GPtrArray *certs;  /* struct dtls_cert *, references */
	GPtrArray *leases; /* struct lease *, references: maps may share them */
	struct err *err;
};

static int bad(struct reader *r, const char *what)
{
	return err_set(r->err, EINVAL, "snapshot: %s is missing or wrong", what);
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
	struct addr local = snapshot_read_addr(from, "local");
	struct port_map *m = arena_alloc(r->model->arena, sizeof(*m));
	struct iface_table *table = call_table_interfaces(r->table);

	m->iface = iface_find(table, value_get_str(from, "interface"), 0);
	m->local = m->iface ? find_local(m->iface, &local) : NULL;
	if (!m->local)
		return bad(r, "the interface of a port");
	m->key = snapshot_read_addr(from, "key");
	/* Linked first, so that leases are given back whatever happens. */
	**tail = m;
	*tail = &m->next;
	if (value_get_int(from, "in_use", 0))
		media->ports = m;
	m->group = (uint32_t)value_get_int(from, "group", 0);
	m->beside = value_get_int(from, "beside", 0) != 0;
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
		snapshot_read(r->model->arena, v, SNAPSHOT_STREAM, &media->streams[i - 1]);
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
	struct codec_list *list;
	const char *name;

	if (!from)
		return 0;
	a = arena_alloc(r->model->arena, sizeof(*a));
	snapshot_read(r->model->arena, from, SNAPSHOT_AGREEMENT, a);
	for (unsigned n = 0; (list = snapshot_codecs(a, n, &name)) != NULL; n++) {
		const struct value *items = value_get(from, name);
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
	snapshot_read(r->model->arena, from, SNAPSHOT_CRYPTO, c);
	ret = read_lines(r, from, "said", &c->said);
	ret = ret ? ret : read_lines(r, from, "shown", &c->shown);
	ret = ret ? ret : read_key(r, from, "in", c->in_gen, &c->in);
	return ret ? ret : read_key(r, from, "out", c->out_gen, &c->out);
}

static void read_trickled(const struct value *list, struct media *media)
{
	value_each (v, list) {
		struct sdp_attr line = { .id = SDP_ATTR_CANDIDATE, .value = value_str(v) };

		if (str_is(line.value, "end"))
			line.id = SDP_ATTR_END_OF_CANDIDATES;
		negotiate_ice_trickle(media, &line);
	}
}

static int read_ice(struct reader *r, const struct value *from, struct media_ice *ice)
{
	struct str ufrag = value_get_str(from, "ufrag"), pwd = value_get_str(from, "pwd");

	if (!from)
		return 0;
	if (ufrag.len >= sizeof(ice->ufrag) || pwd.len >= sizeof(ice->pwd))
		return bad(r, "ICE credentials");
	snapshot_read(r->model->arena, from, SNAPSHOT_ICE, ice);
	if (ufrag.len)
		memcpy(ice->ufrag, ufrag.s, ufrag.len);
	if (pwd.len)
		memcpy(ice->pwd, pwd.s, pwd.len);
	return 0;
}

static int read_media(struct reader *r, const struct value *from, struct media *media)
{
	struct port_map **tail = &media->maps;
	struct sdp *sdp = read_body_ref(r, from);
	int64_t section = value_get_int(from, "section", -1);

	snapshot_read(r->model->arena, from, SNAPSHOT_MEDIA, media);
	if ((unsigned)media->transport > SDP_TRANSPORT_OTHER || (unsigned)media->type > SDP_OTHER ||
		(unsigned)media->mux_answer > MUX_REJECT ||
		(unsigned)media->passed > ICE_PASS_FORCED ||
		(unsigned)media->doubled > SDP_SRTP_FIRST)
		return bad(r, "a media section's type");
	if (sdp && section >= 0 && section < sdp->media_count)
		media_set_sdp(media, sdp, &sdp->media[section]);
	if (read_agreement(r, value_get(from, "agreement"), media) < 0)
		return -EINVAL;
	if (read_crypto(r, value_get(from, "crypto"), &media->crypto) < 0)
		return -EINVAL;
	if (snapshot_read_dtls(value_get(from, "dtls"), r->certs, r->model->arena, &media->dtls) <
		0)
		return bad(r, "DTLS of a section");
	if (read_ice(r, value_get(from, "ice"), &media->ice) < 0)
		return -EINVAL;
	read_trickled(value_get(value_get(from, "ice"), "trickled"), media);
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
		snapshot_read(r->model->arena, v, SNAPSHOT_FLOW, &party->flows[n++]);
	party->flow_count = n;
	return 0;
}

static int read_party(struct reader *r, const struct value *from)
{
	struct party *party = model_add_party(r->model, 0);
	struct str iface = value_get_str(from, "interface");

	if (!party)
		return bad(r, "a list of parties");
	snapshot_read(r->model->arena, from, SNAPSHOT_PARTY, party);
	party->delete_at_us = read_deadline(from);
	if (iface.s)
		party->iface = iface_find(call_table_interfaces(r->table), iface, 0);
	party_set_sdp(party, read_body_ref(r, from));
	snapshot_read(
		r->model->arena, value_get(from, "printed"), SNAPSHOT_PRINTED, &party->printed);
	value_each (v, value_get(from, "aliases"))
		if (party->alias_count < MODEL_MAX_ALIASES)
			party_add_alias(party, arena_str(r->model->arena, value_str(v)));
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
		media_add_source(media, r->model->parties[party]->media[index]);
	}
	return 0;
}

/* Whoever carries others has a transport of its own. */
static int read_carrier(struct reader *r, const struct value *from, struct media *media)
{
	int64_t index = value_get_int(from, "carrier", -1);

	if (index < 0)
		return 0;
	if (index >= media->party->media_count || media->ports ||
		!media->party->media[index]->ports)
		return bad(r, "a carrier");
	media->carrier = media->party->media[index];
	return 0;
}

/* As when the body came, which may have been an answer to the first of its sources. */
static void name_formats(struct media *media)
{
	const struct media *offerer = media->source_count ? media->sources[0] : NULL;

	if (media->in && offerer && offerer->in)
		negotiate_name_formats(media->sdp, media->in,
			media_agreement(media, offerer->party),
			(struct format_list){ offerer->in->formats, offerer->in->format_count });
}

/* After all parties are there. */
static int read_links(struct reader *r, const struct value *parties)
{
	unsigned p = 0;

	value_each (from, parties) {
		unsigned m = 0;

		value_each (media, value_get(from, "media")) {
			struct media *to = r->model->parties[p]->media[m++];
			int ret = read_sources(r, value_get(media, "sources"), to);

			if (!ret)
				ret = read_carrier(r, media, to);
			name_formats(to);
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
	if (snapshot_read_certs(from, &call_table_settings(r->table)->dtls, r->certs, r->err) < 0)
		return bad(r, "a certificate");
	value_each (v, parties)
		ret = ret ? ret : read_party(r, v);
	if (!ret)
		ret = read_links(r, parties);
	snapshot_read(r->model->arena, from, SNAPSHOT_MODEL, r->model);
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

static void read_ice_found(const struct value *list, struct call *call)
{
	value_each (v, list) {
		struct ice_found found = { .at_us = clock_mono_us() };

		snapshot_read(call->model->arena, v, SNAPSHOT_ICE_FOUND, &found);
		call_ice_add(call, &found);
	}
}

int call_of_dict(
	struct call_table *table, const struct value *from, struct call **ret_call, struct err *err)
{
	struct reader r = {
		.table = table,
		.model = model_new(),
		.bodies = g_ptr_array_new_with_free_func(drop_reference),
		.certs = g_ptr_array_new_with_free_func(drop_reference),
		.leases = g_ptr_array_new_with_free_func(drop_reference),
		.err = err,
	};
	struct str id = value_get_str(from, "call_id");
	struct addr created_from = snapshot_read_addr(from, "created_from");
	struct stream_set *set;
	struct call *call;
	int ret = id.s ? read_model(&r, from) : bad(&r, "its call-id");

	g_ptr_array_free(r.bodies, TRUE);
	g_ptr_array_free(r.certs, TRUE);
	g_ptr_array_free(r.leases, TRUE);
	if (ret < 0) {
		model_free(r.model);
		return ret;
	}
	call = call_new(table, id, &created_from);
	call->model = r.model;
	record_read(call, from);
	call->created_wall_us = value_get_int(from, "created_us", call->created_wall_us);
	read_ice_found(value_get(from, "ice_found"), call);
	ret = session_prepare(call->session, call_compile(call, call->model), &set, err);
	if (ret < 0) {
		call_free(call);
		return ret;
	}
	session_apply(call->session, set);
	record_resume(call);
	*ret_call = call;
	return 0;
}
