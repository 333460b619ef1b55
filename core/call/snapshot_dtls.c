/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a section has agreed on by DTLS, written and read: all but the keys, which workers have. */
#include "base/ref.h"
#include "call/snapshot_priv.h"

#include <errno.h>
#include <glib.h>

static void write_fingerprints(
	struct dict *dict, struct value *to, const char *key, const struct fingerprint_set *set)
{
	struct value *list = dict_add_list(dict, to, key);
	char text[FINGERPRINT_MAX_TEXT];

	for (unsigned i = 0; i < set->count; i++) {
		fingerprint_print(&set->all[i], text);
		dict_add_copy(dict, list, NULL, str_of(text));
	}
}

static int read_fingerprints(const struct value *from, const char *key, struct fingerprint_set *set)
{
	value_each (v, value_get(from, key)) {
		if (set->count == FINGERPRINT_MAX_COUNT ||
			fingerprint_parse(value_str(v), &set->all[set->count]))
			return -EINVAL;
		set->count++;
	}
	return 0;
}

static void write_cert(
	struct dict *dict, struct value *to, struct dtls_cert *cert, GPtrArray *certs)
{
	guint index;

	if (!g_ptr_array_find(certs, cert, &index)) {
		index = certs->len;
		g_ptr_array_add(certs, cert);
	}
	dict_add_int(dict, to, "cert", index);
}

void snapshot_write_dtls(
	struct dict *dict, struct value *to, const struct section_dtls *d, GPtrArray *certs)
{
	struct value *v, *plan;

	if (!d)
		return;
	v = dict_add_dict(dict, to, "dtls");
	snapshot_write(dict, v, SNAPSHOT_DTLS, d);
	dict_add_copy(dict, v, "tls_id", str_of(d->tls_id));
	write_fingerprints(dict, v, "said", &d->said.fingerprints);
	write_fingerprints(dict, v, "agreed", &d->agreed.fingerprints);
	if (d->cert)
		write_cert(dict, v, d->cert, certs);
	if (!d->plan)
		return;
	plan = dict_add_dict(dict, v, "association");
	snapshot_write(dict, plan, SNAPSHOT_ASSOCIATION, d->plan);
	write_cert(dict, plan, d->plan->cert, certs);
	write_fingerprints(dict, plan, "peer", &d->plan->peer);
}

static struct dtls_cert *read_cert(const struct value *from, const GPtrArray *certs)
{
	int64_t index = value_get_int(from, "cert", -1);

	return index >= 0 && index < certs->len ? certs->pdata[index] : NULL;
}

static int read_association(const struct value *from, const GPtrArray *certs, struct arena *arena,
	struct section_dtls *d)
{
	struct plan_dtls plan = { .cert = read_cert(from, certs) };

	if (!from)
		return d->answered ? -EINVAL : 0;
	snapshot_read(arena, from, SNAPSHOT_ASSOCIATION, &plan);
	if (!plan.cert || read_fingerprints(from, "peer", &plan.peer) < 0)
		return -EINVAL;
	d->plan = plan_dtls_new(&plan);
	return 0;
}

int snapshot_read_dtls(const struct value *from, const GPtrArray *certs, struct arena *arena,
	struct section_dtls **ret_dtls)
{
	struct str tls_id = value_get_str(from, "tls_id");
	struct section_dtls *d;

	if (!from)
		return 0;
	d = arena_alloc(arena, sizeof(*d));
	*ret_dtls = d;
	snapshot_read(arena, from, SNAPSHOT_DTLS, d);
	if (tls_id.len > DTLS_TLS_ID || (unsigned)d->setup > SETUP_PASSIVE ||
		(unsigned)d->said.setup > SETUP_PASSIVE ||
		(unsigned)d->agreed.setup > SETUP_PASSIVE || (unsigned)d->hash >= DTLS_HASH_COUNT ||
		read_fingerprints(from, "said", &d->said.fingerprints) < 0 ||
		read_fingerprints(from, "agreed", &d->agreed.fingerprints) < 0)
		return -EINVAL;
	if (tls_id.len)
		memcpy(d->tls_id, tls_id.s, tls_id.len);
	d->cert = ref_take(read_cert(from, certs));
	if (d->shown && !d->cert)
		return -EINVAL;
	return read_association(value_get(from, "association"), certs, arena, d);
}

void snapshot_write_certs(struct dict *dict, struct value *to, const GPtrArray *certs)
{
	struct value *list = certs->len ? dict_add_list(dict, to, "certs") : NULL;

	for (unsigned i = 0; i < certs->len; i++) {
		char *pem = dtls_cert_write(certs->pdata[i]);

		dict_add_copy(dict, list, NULL, str_of(pem ? pem : ""));
		if (pem)
			srtp_wipe(pem, strlen(pem));
		g_free(pem);
	}
}

int snapshot_read_certs(const struct value *from, const struct dtls_cert_options *options,
	GPtrArray *certs, struct err *err)
{
	value_each (v, value_get(from, "certs")) {
		struct dtls_cert *cert = dtls_cert_read(value_str(v), options, err);

		if (!cert)
			return -EINVAL;
		g_ptr_array_add(certs, cert);
	}
	return 0;
}
