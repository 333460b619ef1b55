/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of SDES and OSRTP (spec NG 3.5.1, 3.5.2). */
#include "control/flags_priv.h"

#include "srtp/suite.h"

/* Does `text` begin so, by the rules for names? What follows is left in it. */
static bool take_prefix(struct str *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || !flag_value_is((struct str){ text->s, len }, prefix))
		return false;
	*text = str_skip(*text, len);
	return true;
}

/* Negative, with a warning, for a name that is none. */
static int find_suite(struct reading *r, struct str name)
{
	int suite = srtp_suite_find(name);

	if (suite < 0)
		flag_warn(r, "unknown SRTP suite '%.*s' ignored", (int)MIN(name.len, 64u), name.s);
	return suite;
}

static void add_to_set(struct reading *r, uint32_t *set, struct str name)
{
	int suite = find_suite(r, name);

	if (suite >= 0)
		*set |= UINT32_C(1) << suite;
}

static void add_to_order(struct suite_order *order, uint8_t suite)
{
	if (!memchr(order->suite, suite, order->count))
		order->suite[order->count++] = suite;
}

static void read_order(struct reading *r, struct suite_order *order, struct str names)
{
	struct str name;

	while (str_cut(&names, ';', &name)) {
		int suite = name.len ? find_suite(r, name) : -1;

		if (suite >= 0)
			add_to_order(order, (uint8_t)suite);
	}
}

static bool set_param(struct sdes_options *o, struct str text)
{
	const struct {
		const char *set, *clear;
		enum sdes_param *param;
	} params[] = {
		{ "unencrypted-srtp", "encrypted-srtp", &o->unencrypted_srtp },
		{ "unencrypted-srtcp", "encrypted-srtcp", &o->unencrypted_srtcp },
		{ "unauthenticated-srtp", "authenticated-srtp", &o->unauthenticated_srtp },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(params); i++) {
		bool set = flag_value_is(text, params[i].set);

		if (!set && !flag_value_is(text, params[i].clear))
			continue;
		*params[i].param = set ? SDES_PARAM_SET : SDES_PARAM_CLEAR;
		return true;
	}
	return false;
}

static bool set_word(struct sdes_options *o, struct str text)
{
	const struct {
		const char *name;
		bool *flag; /* NULL: what is done anyway */
	} words[] = {
		{ "off", &o->off },
		{ "no", &o->off },
		{ "disable", &o->off },
		{ "disabled", &o->off },
		{ "pad", &o->pad },
		{ "lifetime", &o->lifetime },
		{ "static", &o->keep_suite },
		{ "nonew", &o->no_new },
		{ "prefer", &o->prefer },
		{ "priority", &o->prefer },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!flag_value_is(text, words[i].name))
			continue;
		if (words[i].flag)
			*words[i].flag = true;
		return true;
	}
	return false;
}

FLAG_FN(flag_sdes)
{
	struct sdes_options *o = &r->o->sdes;

	(void)v;
	if (set_word(o, text) || set_param(o, text))
		return 0;
	if (take_prefix(&text, "no-"))
		add_to_set(r, &o->no, text);
	else if (take_prefix(&text, "only-"))
		add_to_set(r, &o->only, text);
	else if (take_prefix(&text, "order:"))
		read_order(r, &o->order, text);
	else if (take_prefix(&text, "offerer-pref:"))
		read_order(r, &o->offerer_pref, text);
	else
		flag_warn(r, "unknown SDES value '%.*s' ignored", (int)MIN(text.len, 64u), text.s);
	return 0;
}

FLAG_FN(flag_osrtp)
{
	struct osrtp_options *o = &r->o->osrtp;

	(void)v;
	if (flag_value_is(text, "offer") || flag_value_is(text, "offer-rfc"))
		o->offer = true;
	else if (flag_value_is(text, "accept-rfc"))
		o->accept_rfc = true;
	else if (flag_value_is(text, "offer-legacy"))
		o->offer_legacy = true;
	else if (flag_value_is(text, "accept-legacy"))
		o->accept_legacy = true;
	else if (flag_value_is(text, "accept"))
		o->accept_rfc = o->accept_legacy = true;
	else
		flag_warn(r, "unknown OSRTP value '%.*s' ignored", STR_ARG(text));
	return 0;
}
