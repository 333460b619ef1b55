/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session keys: AES in counter mode over the label and the master salt. */
#include "srtp/keys.h"

#include <glib.h>

#include "srtp/cipher.h"

enum {
	LABEL_AT = 7, /* the label's byte in the salt, as the rate is 0 */
	LABELS_PER_KIND = 3,
	LABEL_KEY = 0,
	LABEL_AUTH,
	LABEL_SALT,
};

static bool derive(
	struct srtp_block *block, const uint8_t *master_salt, int label, uint8_t *out, size_t bytes)
{
	uint8_t iv[SRTP_BLOCK_BYTES] = { 0 };

	memcpy(iv, master_salt, SRTP_MAX_SALT);
	iv[LABEL_AT] ^= (uint8_t)label;
	memset(out, 0, bytes);
	return srtp_cm_xor(block, iv, out, bytes);
}

bool srtp_derive_keys(
	const struct srtp_params *params, enum srtp_kind kind, struct srtp_keys *ret_keys)
{
	const struct srtp_suite *s = srtp_suite((enum srtp_suite_id)params->suite);
	int first = kind == SRTP_KIND_RTP ? 0 : LABELS_PER_KIND;
	uint8_t salt[SRTP_MAX_SALT] = { 0 };
	struct srtp_keys keys = { 0 };
	struct srtp_block block;
	bool ok;

	memcpy(salt, params->salt, s->salt_bytes);
	ok = srtp_block_init(&block, params->key, s->key_bytes) &&
	     derive(&block, salt, first + LABEL_KEY, keys.key, s->key_bytes) &&
	     derive(&block, salt, first + LABEL_AUTH, keys.auth, sizeof(keys.auth)) &&
	     derive(&block, salt, first + LABEL_SALT, keys.salt, s->salt_bytes);
	srtp_block_clear(&block);
	if (ok)
		*ret_keys = keys;
	srtp_wipe(&keys, sizeof(keys));
	srtp_wipe(salt, sizeof(salt));
	return ok;
}
