/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published vectors: RFC 3711 B.1 to B.3, RFC 6188 7, RFC 7714 16, and HMAC-SHA1 of RFC 2202. */
#include "srtp/cipher.h"
#include "srtp/hmac.h"
#include "srtp/keys.h"

#include <string.h>

#include <glib.h>

enum { MAX_BYTES = 128 };

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex[0]; hex += 2) {
		g_assert_cmpuint(n, <, MAX_BYTES);
		out[n++] = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 |
				     g_ascii_xdigit_value(hex[1]));
	}
	return n;
}

static void assert_hex(const uint8_t *data, size_t bytes, const char *hex)
{
	uint8_t expected[MAX_BYTES];

	g_assert_cmpmem(data, bytes, expected, from_hex(hex, expected));
}

/* Keystream blocks 0 to 2, and those from 0xfeff on. */
static const struct {
	const char *key, *first, *later;
} counter_mode[] = {
	{ "2b7e151628aed2a6abf7158809cf4f3c",
		"e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
		"41e95b3bb0a2e8dd477901e4fca894c0",
		"ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
		"6a2cc3787889374fbeb4c81b17ba6c44" },
	{ "eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7",
		"35096cba4610028dc1b57503804ce37c5de986291dcce161d5165ec4568f5c9a"
		"474a40c77894bc17180202272a4c264d",
		"d108d1a31a00bad6367ec23eb044b415c8f57129fdeb970b59f917b257662d4c"
		"a5dab625811034e8cebdfeb6dc158dd3" },
	{ "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
		"92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac"
		"63c4868b7096d88421b563b8c94c9a31",
		"cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d"
		"6eb246913062a16891433e97dd01a57f" },
};

static void test_counter_mode(void)
{
	enum { LATER = 0xfeff * SRTP_BLOCK_BYTES, SHOWN = 3 * SRTP_BLOCK_BYTES };
	uint8_t iv[SRTP_BLOCK_BYTES], key[MAX_BYTES];
	g_autofree uint8_t *stream = g_malloc(LATER + SHOWN);

	from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000", iv);
	for (size_t i = 0; i < G_N_ELEMENTS(counter_mode); i++) {
		struct srtp_block block;

		memset(stream, 0, LATER + SHOWN);
		g_assert_true(srtp_block_init(&block, key, from_hex(counter_mode[i].key, key)));
		g_assert_true(srtp_cm_xor(&block, iv, stream, LATER + SHOWN));
		assert_hex(stream, SHOWN, counter_mode[i].first);
		assert_hex(stream + LATER, SHOWN, counter_mode[i].later);
		srtp_block_clear(&block);
	}
}

/* No length reads or writes beyond the data, and each is the beginning of a longer one. */
static void test_counter_mode_of_any_length(void)
{
	enum { LONGEST = 1100 };
	uint8_t iv[SRTP_BLOCK_BYTES] = { 1, 2, 3 }, key[16] = { 4, 5, 6 }, longest[LONGEST] = { 0 };
	struct srtp_block block;

	g_assert_true(srtp_block_init(&block, key, sizeof(key)));
	g_assert_true(srtp_cm_xor(&block, iv, longest, sizeof(longest)));
	for (size_t n = 0; n < LONGEST; n++) {
		g_autofree uint8_t *data = g_malloc0(n);

		g_assert_true(srtp_cm_xor(&block, iv, data, n));
		g_assert_cmpmem(data, n, longest, n);
	}
	srtp_block_clear(&block);
}

static void test_f8_mode(void)
{
	const char *text = "pseudorandomness is the next best thing";
	uint8_t key[MAX_BYTES], salt[MAX_BYTES], iv[MAX_BYTES], data[MAX_BYTES];
	size_t key_bytes = from_hex("234829008467be186c3de14aae72d62c", key);
	size_t salt_bytes = from_hex("32f2870d", salt), n = strlen(text);
	struct srtp_block block, mask;

	from_hex("006e5cba50681de55c621599d462564a", iv);
	memcpy(data, text, n);
	g_assert_true(srtp_block_init(&block, key, key_bytes));
	g_assert_true(srtp_f8_mask_init(&mask, key, key_bytes, salt, salt_bytes));
	g_assert_true(srtp_f8_xor(&block, &mask, iv, data, n));
	assert_hex(data, n,
		"019ce7a26e7854014a6366aa95d4eefd1ad4172a14f9faf455b7f1d4b62bd08f"
		"562c0eef7c4802");
	srtp_block_clear(&block);
	srtp_block_clear(&mask);
}

static const struct {
	enum srtp_suite_id suite;
	const char *master_key, *master_salt, *key, *salt, *auth;
} derivations[] = {
	{ SRTP_AES_128_CM_80, "e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6",
		"c61e7a93744f39ee10734afe3ff7a087", "30cbbc08863d8c85d49db34a9ae1",
		"cebe321f6ff7716b6fd4ab49af256a156d38baa4" },
	{ SRTP_AES_192_CM_80, "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1",
		"c8522f3acd4ce86d5add78edbb11", "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb",
		"2372b82d639b6d8503a47adc0a6c", "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb" },
	{ SRTP_AES_256_CM_80, "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
		"3b04803de51ee7c96423ab5b78d2",
		"5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
		"fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05" },
};

static void test_key_derivation(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(derivations); i++) {
		const struct srtp_suite *s = srtp_suite(derivations[i].suite);
		struct srtp_params p = { .suite = (uint8_t)derivations[i].suite };
		struct srtp_keys keys, rtcp;

		from_hex(derivations[i].master_key, p.key);
		from_hex(derivations[i].master_salt, p.salt);
		g_assert_true(srtp_derive_keys(&p, SRTP_KIND_RTP, &keys));
		assert_hex(keys.key, s->key_bytes, derivations[i].key);
		assert_hex(keys.salt, s->salt_bytes, derivations[i].salt);
		assert_hex(keys.auth, sizeof(keys.auth), derivations[i].auth);
		g_assert_true(srtp_derive_keys(&p, SRTP_KIND_RTCP, &rtcp));
		g_assert_true(memcmp(rtcp.key, keys.key, s->key_bytes) != 0);
	}
}

#define GALLIA                                                                     \
	"47616c6c696120657374206f6d6e69732064697669736120696e20706172746573207472" \
	"6573"

#define REPORT                                                                             \
	"4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeef" \
	"deadbeef"

static const struct {
	const char *key, *iv, *aad, *plain, *sealed, *tag;
} gcm[] = {
	{ "000102030405060708090a0b0c0d0e0f", "51753c6580c2726f20718414",
		"8040f17b8041f8d35501a0b2", GALLIA,
		"f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833",
		"899d7f27beb16a9152cf765ee4390cce" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"51753c6580c2726f20718414", "8040f17b8041f8d35501a0b2", GALLIA,
		"32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b",
		"7aa3db36dfffd6b0f9bb7878d7a76c13" },
	/* SRTCP (RFC 7714 17): encrypted, with its index behind the first words, and tagged only */
	{ "000102030405060708090a0b0c0d0e0f", "517524055203726f207170bb",
		"81c8000d4d617273800005d4", REPORT,
		"63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded"
		"0bb9275b",
		"c84aa45896cf4d2fc5abf87245d9eade" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"517524055203726f207170bb", "81c8000d4d617273800005d4", REPORT,
		"d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de047"
		"6f1b6fad",
		"1d1eb30c4446839f57ff6f6cb26ac3be" },
	{ "000102030405060708090a0b0c0d0e0f", "517524055203726f207170bb",
		"81c8000d4d617273" REPORT "000005d4", "", "", "841dd9683dd78ec92ae58790125f62b3" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"517524055203726f207170bb", "81c8000d4d617273" REPORT "000005d4", "", "",
		"91db4afbfeee5a978fab4393ed2615fe" },
};

static void test_gcm(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(gcm); i++) {
		uint8_t key[MAX_BYTES], aad[MAX_BYTES], data[MAX_BYTES], tag[SRTP_GCM_TAG_BYTES];
		size_t aad_bytes = from_hex(gcm[i].aad, aad), n = from_hex(gcm[i].plain, data);
		/* In two pieces, as RTCP has it. */
		struct srtp_gcm_input in = { .aad = aad,
			.aad_bytes = 8,
			.more_aad = aad + 8,
			.more_aad_bytes = aad_bytes - 8,
			.data = data,
			.bytes = n };
		struct srtp_gcm g;
		bool authentic;

		from_hex(gcm[i].iv, in.iv);
		g_assert_true(srtp_gcm_init(&g, key, from_hex(gcm[i].key, key)));
		g_assert_true(srtp_gcm_seal(&g, &in, tag));
		assert_hex(data, n, gcm[i].sealed);
		assert_hex(tag, sizeof(tag), gcm[i].tag);
		tag[3] ^= 1;
		g_assert_true(srtp_gcm_open(&g, &in, tag, &authentic));
		g_assert_false(authentic);
		assert_hex(data, n, gcm[i].sealed);
		tag[3] ^= 1;
		g_assert_true(srtp_gcm_open(&g, &in, tag, &authentic));
		g_assert_true(authentic);
		assert_hex(data, n, gcm[i].plain);
		g_assert_true(srtp_gcm_reseal(&g, &in));
		assert_hex(data, n, gcm[i].sealed);
		srtp_gcm_clear(&g);
	}
}

static const struct {
	const char *key, *data, *digest;
} hmacs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		"b617318655057264e28bc0b6fb378c8ef146be00" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
};

static void test_hmac(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(hmacs); i++) {
		uint8_t key[MAX_BYTES], data[MAX_BYTES], digest[SHA_DIGEST_LENGTH];
		size_t n = from_hex(hmacs[i].data, data);
		struct srtp_hmac h;
		SHA_CTX state;

		srtp_hmac_init(&h, key, from_hex(hmacs[i].key, key));
		srtp_hmac_begin(&h, data, n - 4, &state);
		srtp_hmac_end(&h, &state, data, 4, digest); /* what is kept is not used up */
		srtp_hmac_end(&h, &state, data + n - 4, 4, digest);
		assert_hex(digest, sizeof(digest), hmacs[i].digest);
		srtp_hmac_begin(&h, data, n, &state);
		srtp_hmac_end(&h, &state, NULL, 0, digest);
		assert_hex(digest, sizeof(digest), hmacs[i].digest);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/srtp/cipher/counter_mode", test_counter_mode);
	g_test_add_func("/srtp/cipher/counter_mode_of_any_length", test_counter_mode_of_any_length);
	g_test_add_func("/srtp/cipher/f8_mode", test_f8_mode);
	g_test_add_func("/srtp/cipher/key_derivation", test_key_derivation);
	g_test_add_func("/srtp/cipher/gcm", test_gcm);
	g_test_add_func("/srtp/cipher/hmac", test_hmac);
	return g_test_run();
}
