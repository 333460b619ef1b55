/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a candidate: what is read is written, and reads the same again. */
#include "ice/candidate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_candidate c, again;
	char text[ICE_CANDIDATE_TEXT];
	size_t len;

	ice_ufrag_valid((struct str){ (const char *)data, size });
	ice_pwd_valid((struct str){ (const char *)data, size });
	if (ice_candidate_parse((struct str){ (const char *)data, size }, &c) < 0)
		return 0;
	len = ice_candidate_print(&c, text);
	if (len != strlen(text) || ice_candidate_parse((struct str){ text, len }, &again) < 0 ||
		memcmp(&c, &again, sizeof(c)))
		abort();
	return 0;
}
