/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=crypto from any bytes: what is read can be written, and read again as the same. */
#include "srtp/sdes.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdes_crypto c, again;
	char text[SDES_MAX_TEXT];

	if (sdes_parse((struct str){ (const char *)data, size }, &c) < 0)
		return 0;
	for (unsigned options = 0; options <= (SDES_PAD | SDES_LIFETIME); options++) {
		size_t len = sdes_print(&c, options, text);

		check(len == strlen(text));
		check(sdes_parse((struct str){ text, len }, &again) == 0);
		check(again.tag == c.tag && srtp_params_equal(&again.params, &c.params));
	}
	return 0;
}
