/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of suites. */
#include "srtp/suite.h"

#include <assert.h>

#include <openssl/crypto.h>

static const struct srtp_suite suites[SRTP_SUITE_COUNT] = {
#define SRTP_SUITE_ROW(id, name_, cipher_, key, salt, tag, rtcp_tag) \
	[SRTP_##id] = { name_, SRTP_##cipher_, key, salt, tag, rtcp_tag },
	SRTP_SUITES(SRTP_SUITE_ROW)
#undef SRTP_SUITE_ROW
};

const struct srtp_suite *srtp_suite(enum srtp_suite_id id)
{
	assert(id < SRTP_SUITE_COUNT);
	return &suites[id];
}

int srtp_suite_find(struct str name)
{
	for (int i = 0; i < SRTP_SUITE_COUNT; i++)
		if (str_is_nocase(name, suites[i].name))
			return i;
	return -1;
}

bool srtp_key_equal(const struct srtp_params *a, const struct srtp_params *b)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)a->suite);

	return a->suite == b->suite && !CRYPTO_memcmp(a->key, b->key, s->key_bytes) &&
	       !CRYPTO_memcmp(a->salt, b->salt, s->salt_bytes);
}

bool srtp_params_equal(const struct srtp_params *a, const struct srtp_params *b)
{
	return srtp_key_equal(a, b) && a->mki_len == b->mki_len &&
	       !memcmp(a->mki, b->mki, a->mki_len) && a->unencrypted_srtp == b->unencrypted_srtp &&
	       a->unencrypted_srtcp == b->unencrypted_srtcp &&
	       a->unauthenticated_srtp == b->unauthenticated_srtp;
}

void srtp_wipe(void *secret, size_t bytes)
{
	OPENSSL_cleanse(secret, bytes);
}
