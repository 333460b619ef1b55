/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call/negotiate_crypto.c: what is offered, accepted and answered of SDES, value by value. */
#include "call/negotiate.h"

#include <glib.h>

#include "base/ref.h"
#include "srtp/srtp.h"

#define KEY30A "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
#define KEY30B "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmFaWVhX"

/* Lines are `TAG SUITE inline:…`, separated by line feeds. */
static struct crypto_list *make_list(const char *lines)
{
	g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
	struct sdes_crypto made[CRYPTO_MAX_LINES];
	unsigned count = g_strv_length(all);

	for (unsigned i = 0; i < count; i++)
		g_assert_cmpint(sdes_parse(str_of(all[i]), &made[i]), ==, 0);
	return crypto_list_new(made, count);
}

/* "5 AES_CM_128_HMAC_SHA1_80|6 …", with A or B behind a key that is one of ours, and parameters. */
static char *summary(const struct crypto_list *list)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; list && i < list->count; i++) {
		const struct srtp_params *p = &list->lines[i].params;
		char text[SDES_MAX_TEXT];

		sdes_print_key(p, text);
		g_string_append_printf(out, "%s%u %s%s%s%s%s%s", i ? "|" : "", list->lines[i].tag,
			srtp_suite((enum srtp_suite_id)p->suite)->name,
			!strcmp(text, KEY30A)   ? " A"
			: !strcmp(text, KEY30B) ? " B"
						: "",
			p->mki_len ? " mki" : "", p->unencrypted_srtp ? " -e" : "",
			p->unencrypted_srtcp ? " -c" : "", p->unauthenticated_srtp ? " -a" : "");
	}
	return g_string_free(out, FALSE);
}

static struct crypto_list *offer(
	const char *received, const struct crypto_list *shown, const struct sdes_options *o)
{
	struct crypto_list *from = received ? make_list(received) : NULL, *list = NULL;
	struct crypto_offer offer = { .received = from, .shown = shown, .options = o };

	g_assert_cmpint(negotiate_crypto_offer(&offer, &list), ==, 0);
	ref_drop(from);
	return list;
}

static void check_offer(
	const char *received, const char *shown, const struct sdes_options *o, const char *expected)
{
	struct crypto_list *before = shown ? make_list(shown) : NULL;
	struct crypto_list *list = offer(received, before, o);
	g_autofree char *text = summary(list);

	g_assert_cmpstr(text, ==, expected);
	ref_drop(list);
	ref_drop(before);
}

enum { CM80 = 1 << SRTP_AES_128_CM_80, CM32 = 1 << SRTP_AES_128_CM_32 };

static const char a80[] = "5 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A;

static void test_all_in_order(void)
{
	static const struct sdes_options none;
	static const struct crypto_list *list;

	list = offer(NULL, NULL, &none);
	g_assert_cmpuint(list->count, ==, SRTP_SUITE_COUNT);
	for (unsigned i = 0; i < list->count; i++) {
		g_assert_cmpuint(list->lines[i].tag, ==, i + 1);
		g_assert_cmpuint(list->lines[i].params.suite, ==, i);
		for (unsigned n = 0; n < i; n++)
			g_assert_cmpint(
				memcmp(list->lines[n].params.key, list->lines[i].params.key, 16),
				!=, 0);
	}
	ref_drop((void *)list);
}

/* Neither made nor taken is what the back end cannot do. */
static void test_back_end(void)
{
	static const struct sdes_options none;
	struct crypto_list *list;

	srtp_use_backend(srtp_backend_libsrtp2());
	list = offer(NULL, NULL, &none);
	g_assert_cmpuint(list->count, >, 0);
	for (unsigned i = 0; i < list->count; i++)
		g_assert_true(srtp_suite_usable((enum srtp_suite_id)list->lines[i].params.suite));
	g_assert_null(crypto_list_find_suite(list, SRTP_F8_128_80));
	ref_drop(list);
	srtp_use_backend(srtp_backend_openssl());
}

static void test_received_first_with_its_key(void)
{
	struct sdes_options o = { .only = CM80 | CM32 };

	check_offer(a80, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 A|6 AES_CM_128_HMAC_SHA1_32");
	/* with its MKI and session parameters, without its lifetime */
	check_offer("5 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A "|2^20|1:4 UNENCRYPTED_SRTCP", NULL,
		&o, "5 AES_CM_128_HMAC_SHA1_80 A mki -c|6 AES_CM_128_HMAC_SHA1_32");
}

static void test_no_only(void)
{
	struct sdes_options o = { .only = CM80 };

	check_offer(NULL, NULL, &o, "1 AES_CM_128_HMAC_SHA1_80");
	o.no = CM80; /* only- goes first */
	check_offer(NULL, NULL, &o, "1 AES_CM_128_HMAC_SHA1_80");
	o.only = CM32;
	check_offer(a80, NULL, &o, "1 AES_CM_128_HMAC_SHA1_32");
	o = (struct sdes_options){ .no = ~(uint32_t)CM32 };
	check_offer(a80, NULL, &o, "1 AES_CM_128_HMAC_SHA1_32");
	o.no = ~UINT32_C(0);
	check_offer(NULL, NULL, &o, "");
}

static void test_nonew(void)
{
	struct sdes_options o = { .no_new = true, .no = CM80, .only = CM32 };

	check_offer(a80, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 A");
	check_offer(
		a80, "1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B, &o, "5 AES_CM_128_HMAC_SHA1_80 A");
	/* nothing received: there is nothing else to offer than new ones */
	check_offer(NULL, NULL, &o, "1 AES_CM_128_HMAC_SHA1_32");
}

static void test_order_keeps_tags(void)
{
	struct sdes_options o = {
		.only = CM80 | CM32 | 1 << SRTP_AES_256_CM_80,
		.order = { 2, { SRTP_AES_128_CM_32, SRTP_AES_128_CM_80 } },
	};

	check_offer(NULL, NULL, &o,
		"3 AES_CM_128_HMAC_SHA1_32|2 AES_CM_128_HMAC_SHA1_80|1 AES_256_CM_HMAC_SHA1_80");
	/* a suite that is not there does nothing */
	o.order.suite[0] = SRTP_NULL_80;
	check_offer(NULL, NULL, &o,
		"2 AES_CM_128_HMAC_SHA1_80|1 AES_256_CM_HMAC_SHA1_80|3 AES_CM_128_HMAC_SHA1_32");
}

static void test_session_parameters(void)
{
	static const char all[] = "5 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A
				  " UNENCRYPTED_SRTP UNENCRYPTED_SRTCP UNAUTHENTICATED_SRTP";
	struct sdes_options o = { .no_new = true };

	check_offer(all, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 A -e -c -a");
	o.unencrypted_srtp = SDES_PARAM_CLEAR;
	/* changed ones get a key of their own */
	check_offer(all, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 -c -a");
	o.unencrypted_srtcp = o.unauthenticated_srtp = SDES_PARAM_CLEAR;
	check_offer(all, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80");
	check_offer(a80, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 A");
	o.unencrypted_srtp = SDES_PARAM_SET;
	check_offer(a80, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 -e");
	o.unencrypted_srtcp = o.unauthenticated_srtp = SDES_PARAM_SET;
	check_offer(a80, NULL, &o, "5 AES_CM_128_HMAC_SHA1_80 -e -c -a");
	/* GCM's tag cannot be left out */
	o.only = 1 << SRTP_AEAD_AES_128_GCM;
	check_offer(NULL, NULL, &o, "1 AEAD_AES_128_GCM -e -c");
}

static void test_shown_before_keeps_its_key(void)
{
	struct sdes_options o = { .only = CM80 | CM32 };

	check_offer(NULL, "7 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A, &o,
		"7 AES_CM_128_HMAC_SHA1_80 A|8 AES_CM_128_HMAC_SHA1_32");
	/* its tag is another's now */
	check_offer(a80, "5 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B, &o,
		"5 AES_CM_128_HMAC_SHA1_80 A|6 AES_CM_128_HMAC_SHA1_32 B");
	/* its suite is received with another key */
	check_offer(a80, "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B, &o,
		"5 AES_CM_128_HMAC_SHA1_80 A|6 AES_CM_128_HMAC_SHA1_32");
	/* filters are for the others */
	o = (struct sdes_options){ .only = CM80 };
	check_offer(a80, "1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B, &o,
		"5 AES_CM_128_HMAC_SHA1_80 A|1 AES_CM_128_HMAC_SHA1_32 B");
}

/* The key goes on to the receiver only while the sender uses it and nothing is changed. */
static void test_keys_not_to_be_shared(void)
{
	static const char b80[] = "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B;
	static const char a32[] = "5 AES_CM_128_HMAC_SHA1_32 inline:" KEY30A;
	struct sdes_options o = { .only = CM80 };
	struct crypto_list *a = make_list(a80), *b = make_list(b80), *other = make_list(a32);
	struct crypto_list *list = NULL;
	struct crypto_offer offers[] = {
		{ .received = a, .options = &o, .own_keys = true },
		{ .received = a, .shown = b, .options = &o, .own_keys = true },
		{ .received = a, .shown = b, .former = b, .options = &o, .own_keys = true },
		{ .shown = a, .former = a, .options = &o }, /* plain from now on */
		{ .shown = a, .former = b, .options = &o },
		{ .received = a, .former = a, .options = &o },
		{ .received = other, .former = a, .shown = a, .options = &o }, /* another suite */
	};
	static const char *const expected[] = {
		"5 AES_CM_128_HMAC_SHA1_80",
		"5 AES_CM_128_HMAC_SHA1_80 B",
		"5 AES_CM_128_HMAC_SHA1_80",
		"5 AES_CM_128_HMAC_SHA1_80",
		"5 AES_CM_128_HMAC_SHA1_80 A",
		"5 AES_CM_128_HMAC_SHA1_80 A",
		"5 AES_CM_128_HMAC_SHA1_80",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(offers); i++) {
		g_autofree char *text = NULL;

		g_assert_cmpint(negotiate_crypto_offer(&offers[i], &list), ==, 0);
		text = summary(list);
		g_assert_cmpstr(text, ==, expected[i]);
		ref_drop(list);
	}
	ref_drop(a);
	ref_drop(b);
	ref_drop(other);
}

static void test_tags_end_somewhere(void)
{
	struct sdes_options o = { .only = CM80 | CM32 };

	check_offer("999999999 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A, NULL, &o,
		"999999999 AES_CM_128_HMAC_SHA1_80 A|1 AES_CM_128_HMAC_SHA1_32");
}

static void check_said(const char *lines, const char *expected)
{
	g_autofree char *body = g_strconcat("v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
					    "c=IN IP4 192.0.2.10\r\nt=0 0\r\n"
					    "m=audio 41000 RTP/SAVP 0\r\n",
		lines, NULL);
	struct sdp *sdp = NULL;
	struct crypto_list *list;
	g_autofree char *text = NULL;

	g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, 0);
	list = negotiate_crypto_said(sdp->media);
	text = summary(list);
	g_assert_cmpstr(text, ==, expected);
	ref_drop(list);
	ref_drop(sdp);
}

static void test_said(void)
{
	GString *many = g_string_new(NULL);

	check_said("", "");
	check_said("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A " KDR=1\r\n", "");
	check_said("a=crypto:2 AES_CM_128_HMAC_SHA1_81 inline:" KEY30A "\r\n"
		   "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" KEY30A "\r\n"
		   "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B "\r\n",
		"3 AES_CM_128_HMAC_SHA1_32 A");
	for (unsigned i = 1; i <= 200; i++)
		g_string_append_printf(
			many, "a=crypto:%u AES_CM_128_HMAC_SHA1_32 inline:" KEY30A "\r\n", i);
	{
		g_autofree char *body = g_strconcat(
			"v=0\r\no=a 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\n"
			"t=0 0\r\nm=audio 41000 RTP/SAVP 0\r\n",
			many->str, NULL);
		static const struct sdes_options none;
		struct crypto_offer offer = { .options = &none };
		struct crypto_list *said, *list = NULL;
		struct sdp *sdp = NULL;

		g_assert_cmpint(sdp_parse(str_of(body), false, &sdp, NULL), ==, 0);
		offer.received = said = negotiate_crypto_said(sdp->media);
		g_assert_cmpuint(said->count, ==, CRYPTO_MAX_SAID);
		g_assert_cmpint(negotiate_crypto_offer(&offer, &list), ==, 0);
		g_assert_cmpuint(list->count, ==, CRYPTO_MAX_LINES - 1);
		ref_drop(said);
		ref_drop(list);
		ref_drop(sdp);
	}
	g_string_free(many, TRUE);
}

static const char both[] = "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A
			   "\n2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B;

static void check_received(const struct sdes_options *o, const char *expected, bool preferred)
{
	struct crypto_list *from = make_list(both), *list;
	g_autofree char *text = NULL;
	bool is_preferred = !preferred;

	list = negotiate_crypto_received(from, o, &is_preferred);
	text = summary(list);
	g_assert_cmpstr(text, ==, expected);
	g_assert_cmpint(is_preferred, ==, preferred);
	ref_drop(from);
	ref_drop(list);
}

static void test_received_for_the_answer(void)
{
	static const char as_it_is[] = "1 AES_CM_128_HMAC_SHA1_80 A|2 AES_CM_128_HMAC_SHA1_32 B";
	struct sdes_options o = { 0 };
	bool preferred;

	check_received(&o, as_it_is, false);
	o.no = CM80;
	check_received(&o, "2 AES_CM_128_HMAC_SHA1_32 B", false);
	o.no_new = true;
	check_received(&o, as_it_is, false);
	/* one has to stay */
	o = (struct sdes_options){ .no = CM80 | CM32 };
	check_received(&o, "2 AES_CM_128_HMAC_SHA1_32 B", false);
	o = (struct sdes_options){ .offerer_pref = { 2, { SRTP_NULL_80, SRTP_AES_128_CM_32 } } };
	check_received(&o, "2 AES_CM_128_HMAC_SHA1_32 B|1 AES_CM_128_HMAC_SHA1_80 A", true);
	o.offerer_pref.count = 1;
	check_received(&o, as_it_is, false);
	g_assert_null(negotiate_crypto_received(NULL, &o, &preferred));
}

static void test_accepted(void)
{
	struct crypto_list *shown = make_list(both);
	const struct sdes_crypto *in = NULL, *out = NULL;
	struct crypto_list *said;

	g_assert_false(negotiate_crypto_accepted(NULL, shown, &in, &out));
	said = make_list("2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30A);
	g_assert_true(negotiate_crypto_accepted(said, shown, &in, &out));
	g_assert_true(in == &said->lines[0] && out == &shown->lines[1]);
	g_assert_false(negotiate_crypto_accepted(said, NULL, &in, &out));
	ref_drop(said);
	/* the right tag goes before a better place */
	said = make_list("7 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A
			 "\n2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30A);
	g_assert_true(negotiate_crypto_accepted(said, shown, &in, &out));
	g_assert_true(in == &said->lines[1] && out == &shown->lines[1]);
	ref_drop(said);
	/* a wrong tag is forgiven, a wrong suite is not */
	said = make_list("7 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A);
	g_assert_true(negotiate_crypto_accepted(said, shown, &in, &out));
	g_assert_true(out == &shown->lines[0]);
	ref_drop(said);
	said = make_list("1 NULL_HMAC_SHA1_80 inline:" KEY30A);
	g_assert_false(negotiate_crypto_accepted(said, shown, &in, &out));
	ref_drop(said);
	ref_drop(shown);
}

/* `accepted` NULL: plain; in_use likewise. Of the key: A, B, or "" for a new one. */
struct answer_row {
	const char *accepted, *in_use;
	bool own, keep, preferred;
	const char *expected;
	bool ret_own;
};

#define IN_USE_32 "1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30A

static const struct answer_row answer_rows[] = {
	{ NULL, NULL, false, false, false, "1 AES_CM_128_HMAC_SHA1_80", true },
	/* the same suite: its key, whatever its tag was */
	{ "2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B, NULL, false, false, false,
		"2 AES_CM_128_HMAC_SHA1_32 B", false },
	{ "9 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B "|7:1", NULL, false, false, false,
		"1 AES_CM_128_HMAC_SHA1_80 B mki", false },
	/* another one */
	{ "1 NULL_HMAC_SHA1_80 inline:" KEY30B, NULL, false, false, false,
		"1 AES_CM_128_HMAC_SHA1_80", true },
	/* the offerer's order goes first */
	{ "2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B, NULL, false, false, true,
		"1 AES_CM_128_HMAC_SHA1_80", true },
	{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B, NULL, false, false, true,
		"1 AES_CM_128_HMAC_SHA1_80 B", false },
	/* what was made before stays, but not a key that was another party's */
	{ NULL, "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A, true, false, false,
		"1 AES_CM_128_HMAC_SHA1_80 A", true },
	{ NULL, "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A, false, false, false,
		"1 AES_CM_128_HMAC_SHA1_80", true },
	{ NULL, IN_USE_32, true, false, false, "1 AES_CM_128_HMAC_SHA1_80", true },
	/* static */
	{ NULL, IN_USE_32, true, true, false, "2 AES_CM_128_HMAC_SHA1_32 A", true },
	{ "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B, IN_USE_32, true, true, false,
		"2 AES_CM_128_HMAC_SHA1_32 A", true },
	{ "1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30B, IN_USE_32, true, true, false,
		"2 AES_CM_128_HMAC_SHA1_32 B", false },
	{ NULL, "1 NULL_HMAC_SHA1_32 inline:" KEY30A, true, true, false,
		"1 AES_CM_128_HMAC_SHA1_80", true },
};

static void test_answers(void)
{
	struct crypto_list *offered = make_list(both);

	for (unsigned i = 0; i < G_N_ELEMENTS(answer_rows); i++) {
		const struct answer_row *row = &answer_rows[i];
		struct crypto_list *accepted = row->accepted ? make_list(row->accepted) : NULL;
		struct crypto_list *in_use = row->in_use ? make_list(row->in_use) : NULL;
		struct crypto_answer a = {
			.offered = offered,
			.accepted = accepted ? accepted->lines : NULL,
			.in_use = in_use ? &in_use->lines[0].params : NULL,
			.in_use_own = row->own,
			.keep_suite = row->keep,
			.preferred = row->preferred,
		};
		struct crypto_choice choice;
		struct crypto_list *list;
		g_autofree char *text = NULL;

		g_assert_cmpint(negotiate_crypto_answer(&a, &choice), ==, 0);
		list = crypto_list_new(&choice.out, 1);
		text = summary(list);
		g_assert_cmpstr(text, ==, row->expected);
		g_assert_cmpint(choice.own, ==, row->ret_own);
		g_assert_cmpuint(choice.in->tag, ==, choice.out.tag);
		ref_drop(list);
		ref_drop(accepted);
		ref_drop(in_use);
	}
	ref_drop(offered);
}

static void test_session_parameters_are_the_offerers(void)
{
	struct crypto_list *offered = make_list(
		"1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30A " UNENCRYPTED_SRTCP");
	struct crypto_list *accepted = make_list(
		"1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30B " UNAUTHENTICATED_SRTP");
	static const struct sdes_options clears = { .unencrypted_srtcp = SDES_PARAM_CLEAR };
	struct crypto_answer a = { .offered = offered, .accepted = accepted->lines };
	struct crypto_choice choice;

	g_assert_cmpint(negotiate_crypto_answer(&a, &choice), ==, 0);
	g_assert_true(choice.out.params.unencrypted_srtcp);
	g_assert_false(choice.out.params.unauthenticated_srtp);
	a.options = &clears;
	g_assert_cmpint(negotiate_crypto_answer(&a, &choice), ==, 0);
	g_assert_false(choice.out.params.unencrypted_srtcp);
	g_assert_true(choice.in->params.unencrypted_srtcp);
	a.options = NULL;
	g_assert_false(srtp_key_equal(&choice.out.params, &accepted->lines[0].params));
	g_assert_true(choice.own);
	a = (struct crypto_answer){ .offered = accepted, .accepted = accepted->lines };
	g_assert_cmpint(negotiate_crypto_answer(&a, &choice), ==, 0);
	g_assert_true(srtp_params_equal(&choice.out.params, &accepted->lines[0].params));
	a.own_key = true;
	g_assert_cmpint(negotiate_crypto_answer(&a, &choice), ==, 0);
	g_assert_false(srtp_key_equal(&choice.out.params, &accepted->lines[0].params));
	ref_drop(offered);
	ref_drop(accepted);
}

static void test_generations(void)
{
	struct crypto_list *list = make_list(both);
	const struct srtp_params *a = &list->lines[0].params, *b = &list->lines[1].params;
	struct media_crypto c = { 0 };

	media_crypto_set_keys(&c, a, b);
	g_assert_cmpuint(c.in->generation, ==, 1);
	g_assert_cmpuint(c.out->generation, ==, 1);
	media_crypto_set_keys(&c, a, b);
	g_assert_cmpuint(c.in->generation, ==, 1);
	media_crypto_set_keys(&c, b, b);
	g_assert_cmpuint(c.in->generation, ==, 2);
	g_assert_cmpuint(c.out->generation, ==, 1);
	media_crypto_set_keys(&c, NULL, NULL);
	g_assert_null(c.in);
	g_assert_null(c.out);
	media_crypto_set_keys(&c, b, b);
	g_assert_cmpuint(c.in->generation, ==, 3);
	g_assert_cmpuint(c.out->generation, ==, 2);
	media_crypto_release(&c);
	ref_drop(list);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/crypto/all-in-order", test_all_in_order);
	g_test_add_func("/call/crypto/back-end", test_back_end);
	g_test_add_func("/call/crypto/received-first", test_received_first_with_its_key);
	g_test_add_func("/call/crypto/no-only", test_no_only);
	g_test_add_func("/call/crypto/nonew", test_nonew);
	g_test_add_func("/call/crypto/order", test_order_keeps_tags);
	g_test_add_func("/call/crypto/session-parameters", test_session_parameters);
	g_test_add_func("/call/crypto/shown-before", test_shown_before_keeps_its_key);
	g_test_add_func("/call/crypto/not-shared", test_keys_not_to_be_shared);
	g_test_add_func("/call/crypto/tags", test_tags_end_somewhere);
	g_test_add_func("/call/crypto/said", test_said);
	g_test_add_func("/call/crypto/received", test_received_for_the_answer);
	g_test_add_func("/call/crypto/accepted", test_accepted);
	g_test_add_func("/call/crypto/answers", test_answers);
	g_test_add_func("/call/crypto/answer-parameters", test_session_parameters_are_the_offerers);
	g_test_add_func("/call/crypto/generations", test_generations);
	return g_test_run();
}
