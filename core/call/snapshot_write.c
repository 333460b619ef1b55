/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call to a tree of values: what snapshot_read.c makes a call of again. */
#include "base/clock.h"
#include "call/call.h"
#include "call/draft.h"
#include "call/snapshot_priv.h"

#include <glib.h>

struct writer {
	struct dict *dict;
	const struct model *model;
	GPtrArray *bodies; /* struct sdp *, in the order of the list "bodies" */
	GPtrArray *certs;  /* struct dtls_cert *, likewise of "certs" */
};

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
		snapshot_write_addr(w->dict, v, "local", &m->local->local);
		snapshot_write_addr(w->dict, v, "key", &m->key);
		dict_add_int(w->dict, v, "in_use", m == media->ports);
		if (m->group)
			dict_add_int(w->dict, v, "group", m->group);
		if (m->beside)
			dict_add_int(w->dict, v, "beside", 1);
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

static void write_agreement(struct writer *w, struct value *to, struct codec_agreement *a)
{
	struct value *v = a ? dict_add_dict(w->dict, to, "agreement") : NULL;
	const struct codec_list *list;
	const char *name;

	if (!a)
		return;
	snapshot_write(w->dict, v, SNAPSHOT_AGREEMENT, a);
	for (unsigned n = 0; (list = snapshot_codecs(a, n, &name)) != NULL; n++) {
		struct value *items = dict_add_list(w->dict, v, name);

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
	snapshot_write(w->dict, v, SNAPSHOT_CRYPTO, c);
	write_lines(w, v, "said", c->said);
	write_lines(w, v, "shown", c->shown);
	write_key(w, v, "in", c->in);
	write_key(w, v, "out", c->out);
}

/* The end is a line, too. */
static void write_trickled(struct writer *w, struct value *to, const struct ice_trickled *t)
{
	char text[ICE_CANDIDATE_TEXT];

	for (unsigned i = 0; i < t->count; i++) {
		ice_candidate_print(&t->candidates[i], text);
		dict_add_copy(w->dict, to, NULL, str_of(text));
	}
	if (t->ended)
		dict_add_copy(w->dict, to, NULL, STR_LIT("end"));
}

static void write_ice(struct writer *w, struct value *to, const struct media_ice *ice)
{
	struct value *v;

	if (!ice->generation && !ice->said && !ice->lite)
		return;
	v = dict_add_dict(w->dict, to, "ice");
	snapshot_write(w->dict, v, SNAPSHOT_ICE, ice);
	dict_add_copy(w->dict, v, "ufrag", str_of(ice->ufrag));
	dict_add_copy(w->dict, v, "pwd", str_of(ice->pwd));
	if (ice->trickled)
		write_trickled(w, dict_add_list(w->dict, v, "trickled"), ice->trickled);
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

	snapshot_write(w->dict, to, SNAPSHOT_MEDIA, media);
	write_body_ref(w, to, media->sdp);
	if (media->in)
		dict_add_int(w->dict, to, "section", media->in->place);
	write_agreement(w, to, media->agreement);
	write_crypto(w, to, &media->crypto);
	snapshot_write_dtls(w->dict, to, media->dtls, w->certs);
	write_ice(w, to, &media->ice);
	write_maps(w, to, media);
	if (media->carrier)
		dict_add_int(w->dict, to, "carrier", media->carrier->index);
	list = dict_add_list(w->dict, to, "streams");
	for (unsigned i = 0; i < media->stream_count; i++)
		snapshot_write(w->dict, dict_add_dict(w->dict, list, NULL), SNAPSHOT_STREAM,
			&media->streams[i]);
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

	snapshot_write(w->dict, to, SNAPSHOT_PARTY, party);
	write_deadline(w, to, party->delete_at_us);
	if (party->iface)
		dict_add_copy(w->dict, to, "interface", str_of(party->iface->name));
	write_body_ref(w, to, party->sdp);
	snapshot_write(
		w->dict, dict_add_dict(w->dict, to, "printed"), SNAPSHOT_PRINTED, &party->printed);
	list = dict_add_list(w->dict, to, "aliases");
	for (unsigned i = 0; i < party->alias_count; i++)
		dict_add_copy(w->dict, list, NULL, party->aliases[i]);
	list = dict_add_list(w->dict, to, "flows");
	for (unsigned i = 0; i < party->flow_count; i++)
		snapshot_write(w->dict, dict_add_dict(w->dict, list, NULL), SNAPSHOT_FLOW,
			&party->flows[i]);
	list = dict_add_list(w->dict, to, "media");
	for (unsigned i = 0; i < party->media_count; i++)
		write_media(w, dict_add_dict(w->dict, list, NULL), party->media[i]);
}

/* Most calls have none. */
static void write_ice_found(struct writer *w, struct value *to, const struct call *call)
{
	struct value *list = call->ice_found ? dict_add_list(w->dict, to, "ice_found") : NULL;

	for (unsigned i = 0; list && i < call->ice_found->len; i++)
		snapshot_write(w->dict, dict_add_dict(w->dict, list, NULL), SNAPSHOT_ICE_FOUND,
			&g_array_index(call->ice_found, struct ice_found, i));
}

void call_to_dict(const struct call *call, struct dict *dict, struct value *into)
{
	struct writer w = {
		.dict = dict,
		.model = call->model,
		.bodies = g_ptr_array_new(),
		.certs = g_ptr_array_new(),
	};
	struct value *list;

	dict_add_int(dict, into, "version", SNAPSHOT_VERSION);
	dict_add_copy(dict, into, "call_id", call->id);
	dict_add_int(dict, into, "created_us", call->created_wall_us);
	snapshot_write_addr(dict, into, "created_from", &call->created_from);
	snapshot_write(dict, into, SNAPSHOT_MODEL, call->model);
	write_deadline(&w, into, call->model->delete_at_us);
	record_write(call->model, dict, into);
	list = dict_add_list(dict, into, "parties");
	for (unsigned i = 0; i < call->model->party_count; i++)
		write_party(&w, dict_add_dict(dict, list, NULL), call->model->parties[i]);
	write_ice_found(&w, into, call);
	list = dict_add_list(dict, into, "bodies");
	for (unsigned i = 0; i < w.bodies->len; i++)
		dict_add_copy(dict, list, NULL, ((struct sdp *)w.bodies->pdata[i])->raw);
	snapshot_write_certs(dict, into, w.certs);
	g_ptr_array_free(w.bodies, TRUE);
	g_ptr_array_free(w.certs, TRUE);
}
