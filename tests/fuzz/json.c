/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What json_decode accepts is UTF-8, survives encoding and decoding unchanged, and makes a tree
 * that bencode can carry.
 */
#include "ng/ng.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct value *root)
{
	GString *first = g_string_new(NULL), *second = g_string_new(NULL);
	struct dict *dict;

	json_encode(root, first);
	if (json_decode((struct str){ first->str, first->len }, &dict, NULL))
		abort();
	json_encode(dict_root(dict), second);
	if (!g_string_equal(first, second))
		abort();
	dict_free(dict);
	g_string_free(first, TRUE);
	g_string_free(second, TRUE);
}

static void check_bencode(const struct value *root)
{
	GString *out = g_string_new(NULL);
	struct dict *dict;

	bencode_encode(root, out);
	if (bencode_decode((struct str){ out->str, out->len }, &dict, NULL))
		abort();
	dict_free(dict);
	g_string_free(out, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dict *dict;

	if (json_decode((struct str){ (const char *)data, size }, &dict, NULL))
		return 0;
	if (!g_utf8_validate_len((const char *)data, size, NULL))
		abort();
	check_round_trip(dict_root(dict));
	check_bencode(dict_root(dict));
	dict_free(dict);
	return 0;
}
