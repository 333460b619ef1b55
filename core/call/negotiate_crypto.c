/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SDES (spec NG 3.5.1, 4.11; media 10.3): which suites and keys the receiver of an offer is shown,
 * which of them were accepted, and what the offerer is answered. What DTLS would add to an offer,
 * or take from it, does not change these lists: its decisions stand beside them.
 */
#include "call/negotiate.h"

#include "srtp/srtp.h"

#include <errno.h>

/* A list being made; wiped by who made it. */
struct crypto_work {
	unsigned count;
	struct sdes_crypto lines[CRYPTO_MAX_LINES];
};

static bool has_suite(const struct crypto_work *w, unsigned suite)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->lines[i].params.suite == suite)
			return true;
	return false;
}

static bool has_tag(const struct crypto_work *w, uint32_t tag)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->lines[i].tag == tag)
			return true;
	return false;
}

/* One above all others; the lowest that is free when there is none above. */
static uint32_t next_tag(const struct crypto_work *w)
{
	uint32_t highest = 0, tag = 1;

	for (unsigned i = 0; i < w->count; i++)
		highest = MAX(highest, w->lines[i].tag);
	if (highest < SDES_MAX_TAG)
		return highest + 1;
	while (has_tag(w, tag))
		tag++;
	return tag;
}

/* only- goes before no-. */
static bool is_allowed(const struct sdes_options *o, unsigned suite)
{
	uint32_t bit = UINT32_C(1) << suite;

	return o->only ? o->only & bit : !(o->no & bit);
}

/* Moves what `order` names to the front, in that order; how many lines those are. */
static unsigned put_in_order(struct crypto_work *w, const struct suite_order *order)
{
	unsigned done = 0;

	for (unsigned n = 0; n < order->count; n++)
		for (unsigned i = done; i < w->count; i++) {
			struct sdes_crypto line = w->lines[i];

			if (line.params.suite != order->suite[n])
				continue;
			memmove(&w->lines[done + 1], &w->lines[done], sizeof(line) * (i - done));
			w->lines[done++] = line;
			srtp_wipe(&line, sizeof(line));
		}
	return done;
}

struct crypto_list *negotiate_crypto_said(const struct sdp_media *in)
{
	struct crypto_work w;
	struct crypto_list *list;

	if (!in->has_crypto)
		return NULL;
	w = (struct crypto_work){ 0 };
	for (unsigned i = 0; i < in->attrs.count && w.count < CRYPTO_MAX_SAID; i++) {
		const struct sdp_attr *a = &in->attrs.attr[i];
		struct sdes_crypto *line = &w.lines[w.count];

		if (a->id == SDP_ATTR_CRYPTO && sdes_parse(a->value, line) == 0 &&
			srtp_suite_usable((enum srtp_suite_id)line->params.suite) &&
			!has_tag(&w, line->tag))
			w.count++;
	}
	list = crypto_list_new(w.lines, w.count);
	srtp_wipe(&w, sizeof(w));
	return list;
}

static void add_received(
	struct crypto_work *w, const struct crypto_list *received, const struct sdes_options *o)
{
	for (unsigned i = 0; received && i < received->count; i++)
		if (o->no_new || is_allowed(o, received->lines[i].params.suite))
			w->lines[w->count++] = received->lines[i];
}

/* What the receiver knows from before keeps its key. */
static void add_shown(struct crypto_work *w, const struct crypto_list *shown)
{
	for (unsigned i = 0; shown && i < shown->count; i++) {
		struct sdes_crypto *line = &w->lines[w->count];
		uint32_t tag = shown->lines[i].tag;

		if (has_suite(w, shown->lines[i].params.suite))
			continue;
		if (has_tag(w, tag))
			tag = next_tag(w);
		*line = shown->lines[i];
		line->tag = tag;
		w->count++;
	}
}

static int add_new(struct crypto_work *w, const struct sdes_options *o)
{
	for (unsigned suite = 0; suite < SRTP_SUITE_COUNT; suite++) {
		struct sdes_crypto *line = &w->lines[w->count];
		int ret;

		if (has_suite(w, suite) || !is_allowed(o, suite) ||
			!srtp_suite_usable((enum srtp_suite_id)suite))
			continue;
		ret = sdes_generate((enum srtp_suite_id)suite, &line->params);
		if (ret < 0)
			return ret;
		line->tag = next_tag(w);
		w->count++;
	}
	return 0;
}

static void change_param(bool *param, enum sdes_param change)
{
	if (change != SDES_PARAM_KEEP)
		*param = change == SDES_PARAM_SET;
}

/* With GCM the tag is a part of the encryption: there is nothing to leave out (RFC 7714). */
static void change_params(struct crypto_work *w, const struct sdes_options *o)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct srtp_params *p = &w->lines[i].params;
		bool gcm = srtp_suite((enum srtp_suite_id)p->suite)->cipher == SRTP_AES_GCM;

		change_param(&p->unencrypted_srtp, o->unencrypted_srtp);
		change_param(&p->unencrypted_srtcp, o->unencrypted_srtcp);
		if (!gcm || o->unauthenticated_srtp == SDES_PARAM_CLEAR)
			change_param(&p->unauthenticated_srtp, o->unauthenticated_srtp);
	}
}

static const struct sdes_crypto *find_key(
	const struct crypto_list *list, const struct srtp_params *key)
{
	for (unsigned i = 0; list && i < list->count; i++)
		if (srtp_key_equal(&list->lines[i].params, key))
			return &list->lines[i];
	return NULL;
}

static bool is_senders(const struct crypto_offer *offer, const struct srtp_params *key)
{
	return find_key(offer->received, key) || find_key(offer->former, key);
}

/* May the receiver be sent to under this key, if it is one of the sender's? */
static bool may_share(const struct crypto_offer *offer, const struct srtp_params *key)
{
	const struct sdes_crypto *received = find_key(offer->received, key);

	return !offer->own_keys && received && srtp_params_equal(&received->params, key);
}

static int use_own_key(const struct crypto_offer *offer, struct srtp_params *params)
{
	const struct sdes_crypto *shown = crypto_list_find_suite(offer->shown, params->suite);
	struct srtp_params own = { 0 };
	int e = 0;

	if (shown && !is_senders(offer, &shown->params))
		own = shown->params;
	else
		e = sdes_generate((enum srtp_suite_id)params->suite, &own);
	own.unencrypted_srtp = params->unencrypted_srtp;
	own.unencrypted_srtcp = params->unencrypted_srtcp;
	own.unauthenticated_srtp = params->unauthenticated_srtp;
	*params = own;
	srtp_wipe(&own, sizeof(own));
	return e;
}

static int replace_keys(struct crypto_work *w, const struct crypto_offer *offer)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct srtp_params *params = &w->lines[i].params;

		if (is_senders(offer, params) && !may_share(offer, params) &&
			use_own_key(offer, params) < 0)
			return -EIO;
	}
	return 0;
}

int negotiate_crypto_offer(const struct crypto_offer *offer, struct crypto_list **ret)
{
	const struct sdes_options *o = offer->options;
	struct crypto_work w = { 0 };
	int e = 0;

	add_received(&w, offer->received, o);
	if (!o->no_new || !offer->received) {
		add_shown(&w, offer->shown);
		e = add_new(&w, o);
	}
	change_params(&w, o);
	e = e ? e : replace_keys(&w, offer);
	put_in_order(&w, &o->order);
	if (!e)
		*ret = crypto_list_new(w.lines, w.count);
	srtp_wipe(&w, sizeof(w));
	return e;
}

struct crypto_list *negotiate_crypto_received(
	const struct crypto_list *received, const struct sdes_options *o, bool *ret_preferred)
{
	struct crypto_work w;
	struct crypto_list *list;

	*ret_preferred = false;
	if (!received)
		return NULL;
	w = (struct crypto_work){ 0 };
	add_received(&w, received, o);
	if (!w.count)
		w.lines[w.count++] = received->lines[received->count - 1];
	*ret_preferred = put_in_order(&w, &o->offerer_pref) > 0;
	list = crypto_list_new(w.lines, w.count);
	srtp_wipe(&w, sizeof(w));
	return list;
}

static const struct sdes_crypto *find_line(
	const struct crypto_list *list, const struct sdes_crypto *like)
{
	for (unsigned i = 0; list && i < list->count; i++)
		if (list->lines[i].tag == like->tag &&
			list->lines[i].params.suite == like->params.suite)
			return &list->lines[i];
	return NULL;
}

/* The first line that says what was offered; without regard to tags when none does. */
bool negotiate_crypto_accepted(const struct crypto_list *answered, const struct crypto_list *shown,
	const struct sdes_crypto **ret_in, const struct sdes_crypto **ret_out)
{
	for (unsigned by_suite = 0; answered && by_suite < 2; by_suite++)
		for (unsigned i = 0; i < answered->count; i++) {
			const struct sdes_crypto *in = &answered->lines[i];
			const struct sdes_crypto *out = by_suite ? crypto_list_find_suite(
									   shown, in->params.suite)
								 : find_line(shown, in);

			if (!out)
				continue;
			*ret_in = in;
			*ret_out = out;
			return true;
		}
	return false;
}

/* Which of the offerer's lines is taken. */
static const struct sdes_crypto *choose_line(const struct crypto_answer *a)
{
	const struct sdes_crypto *line = NULL;

	if (a->keep_suite && a->in_use)
		line = crypto_list_find_suite(a->offered, a->in_use->suite);
	if (!line && a->accepted && !a->preferred) {
		line = find_line(a->offered, a->accepted);
		if (!line)
			line = crypto_list_find_suite(a->offered, a->accepted->params.suite);
	}
	return line ? line : &a->offered->lines[0];
}

static bool same_protection(const struct srtp_params *a, const struct srtp_params *b)
{
	return a->suite == b->suite && a->unencrypted_srtp == b->unencrypted_srtp &&
	       a->unencrypted_srtcp == b->unencrypted_srtcp &&
	       a->unauthenticated_srtp == b->unauthenticated_srtp;
}

/* What was offered holds in both directions (RFC 4568 6.3), unless it is to be cleared. */
static struct srtp_params answered_protection(
	const struct srtp_params *offered, const struct sdes_options *o)
{
	struct srtp_params p = { .suite = offered->suite };

	p.unencrypted_srtp = offered->unencrypted_srtp &&
			     !(o && o->unencrypted_srtp == SDES_PARAM_CLEAR);
	p.unencrypted_srtcp = offered->unencrypted_srtcp &&
			      !(o && o->unencrypted_srtcp == SDES_PARAM_CLEAR);
	p.unauthenticated_srtp = offered->unauthenticated_srtp &&
				 !(o && o->unauthenticated_srtp == SDES_PARAM_CLEAR);
	return p;
}

int negotiate_crypto_answer(const struct crypto_answer *a, struct crypto_choice *ret)
{
	const struct sdes_crypto *line = choose_line(a);
	struct srtp_params protection = answered_protection(&line->params, a->options);
	struct sdes_crypto out = { .tag = line->tag };
	bool own = a->own_key || !a->accepted ||
		   !same_protection(&protection, &a->accepted->params);
	int e = 0;

	if (!own)
		out.params = a->accepted->params;
	else if (a->in_use && a->in_use_own && a->in_use->suite == line->params.suite)
		out.params = *a->in_use;
	else
		e = sdes_generate((enum srtp_suite_id)line->params.suite, &out.params);
	out.params.unencrypted_srtp = protection.unencrypted_srtp;
	out.params.unencrypted_srtcp = protection.unencrypted_srtcp;
	out.params.unauthenticated_srtp = protection.unauthenticated_srtp;
	if (!e)
		*ret = (struct crypto_choice){ .in = line, .out = out, .own = own };
	srtp_wipe(&out, sizeof(out));
	return e;
}
