/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS of a pair of sections, beside the keys of SDP that secure.c has (spec NG 4.12; media 10.6).
 * As there, offers change what a party is shown, answers what is in use. But who was offered DTLS
 * may begin before its answer is here: until then there is an association that gives no keys.
 */
#include "base/ref.h"
#include "call/exchange_priv.h"

#include <openssl/rand.h>

static struct section_dtls *dtls_of(const struct draft *draft, struct media *media)
{
	if (!media->dtls)
		media->dtls = arena_alloc(draft->model->arena, sizeof(*media->dtls));
	return media->dtls;
}

/* Sections that share a transport may leave it to the one that carries them. */
static bool read_said(const struct media *from, const struct sdp_media *in, struct dtls_said *ret)
{
	if (negotiate_dtls_said(in, ret))
		return true;
	return from->carrier && from->carrier->in && negotiate_dtls_said(from->carrier->in, ret);
}

bool secure_dtls_read(const struct draft *draft, struct media *from, const struct sdp_media *in,
	const struct call_options *o)
{
	const struct call_settings *settings = call_table_settings(draft->call->table);
	struct dtls_said said;
	struct section_dtls *d;

	if (!call_table_cert(draft->call->table) || !read_said(from, in, &said)) {
		if (from->dtls)
			from->dtls->said = (struct dtls_said){ 0 };
		return false;
	}
	d = dtls_of(draft, from);
	d->said = said;
	d->passive = o->dtls.passive || (settings->dtls_passive && !o->dtls.active);
	d->sdes_first = o->sdes.prefer;
	return true;
}

static bool make_tls_id(struct section_dtls *d)
{
	uint8_t bytes[DTLS_TLS_ID / 2];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		g_snprintf(d->tls_id + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* Another association, shown under another name and with our latest certificate. */
static bool begin_anew(const struct draft *draft, struct section_dtls *d)
{
	d->plan = ref_drop(d->plan);
	d->cert = ref_drop(d->cert);
	d->cert = ref_take(call_table_cert(draft->call->table));
	d->generation++;
	d->answered = false;
	return make_tls_id(d);
}

static void set_plan(const struct draft *draft, struct section_dtls *d, bool active,
	const struct fingerprint_set *peer)
{
	struct plan_dtls plan = {
		.generation = d->generation,
		.active = active,
		.mtu = (unsigned)call_table_settings(draft->call->table)->dtls_mtu,
		.cert = d->cert,
		.peer = *peer,
	};

	ref_drop(d->plan);
	d->plan = plan_dtls_new(&plan);
}

static void show(struct section_dtls *d, enum dtls_setup setup, const struct call_options *o)
{
	d->shown = true;
	d->setup = setup;
	d->hides_tls_id = o->dtls.no_tls_id;
	if (o->dtls.has_hash)
		d->hash = o->dtls.hash;
	else
		d->hash = d->said.fingerprints.count
				  ? (enum dtls_hash)d->said.fingerprints.all[0].hash
				  : DTLS_SHA256;
}

bool secure_dtls_offer(const struct draft *draft, struct media *to, const struct call_options *o)
{
	static const struct fingerprint_set nobody;
	bool in_use = to->dtls && to->dtls->answered;
	/* Keys of SDES stay, but where the profile knows none. */
	bool other = to->crypto.out && !sdp_transport_info(to->transport)->dtls;
	struct section_dtls *d;

	if (to->dtls)
		to->dtls->shown = false;
	if (!call_table_cert(draft->call->table) || (!in_use && (o->dtls.off || other)))
		return false;
	d = dtls_of(draft, to);
	if (!d->cert && !begin_anew(draft, d))
		return false;
	if (!d->plan)
		set_plan(draft, d, false, &nobody);
	show(d, SETUP_ACTPASS, o);
	return true;
}

static bool restarts(const struct section_dtls *d)
{
	return d->answered && negotiate_dtls_restarts(&d->agreed, &d->said, !d->hides_tls_id);
}

/* What the section said is what its association is with from now on, in that role of ours. */
static void agree(const struct draft *draft, struct section_dtls *d, enum dtls_setup role)
{
	if (role == SETUP_HOLDCONN) {
		d->plan = ref_drop(d->plan);
		d->answered = false;
		return;
	}
	/* A change of roles makes another one, too, by itself. */
	set_plan(draft, d, role == SETUP_ACTIVE, &d->said.fingerprints);
	d->agreed = d->said;
	d->answered = true;
}

bool secure_dtls_accepted(const struct draft *draft, struct media *from)
{
	struct section_dtls *d = from->dtls;

	if (!d || !d->shown || !d->said.fingerprints.count)
		return false;
	/* Our certificate was shown already. */
	d->generation += restarts(d);
	agree(draft, d, negotiate_dtls_role(d->said.setup, d->plan && !d->plan->active));
	return true;
}

bool secure_dtls_answer(const struct draft *draft, struct media *to, const struct call_options *o)
{
	struct section_dtls *d = to->dtls;
	enum dtls_setup role;

	if (!d || !d->said.fingerprints.count)
		return false;
	if (to->crypto.said && (o->dtls.off || d->sdes_first))
		return false;
	role = negotiate_dtls_role(d->said.setup, d->passive || (d->answered && !d->plan->active));
	if ((!d->cert || restarts(d)) && !begin_anew(draft, d))
		return false;
	agree(draft, d, role);
	show(d, role, o);
	return true;
}

void secure_dtls_share(const struct draft *draft, struct media *from, const struct media *shared)
{
	if (from->dtls || !shared->dtls)
		return;
	from->dtls = section_dtls_copy(draft->model->arena, shared->dtls);
	from->dtls->said = from->dtls->agreed = (struct dtls_said){ 0 };
	from->dtls->answered = false;
	from->dtls->plan = ref_drop(from->dtls->plan);
}
