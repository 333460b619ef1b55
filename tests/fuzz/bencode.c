/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What bencode_decode accepts must survive encoding and decoding unchanged, and must come out of
 * the JSON encoder as JSON, whatever bytes its strings hold.
 */
#include "ng/ng.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GString *encode(struct dict *dict, void (*encoder)(const struct value *, GString *))
{
	GString *out = g_string_new(NULL);

	encoder(dict_root(dict), out);
	dict_free(dict);
	return out;
}

/* The tree once more, from its own encoding, which is returned. */
static GString *again(struct dict *dict, struct dict **ret_again)
{
	GString *out = encode(dict, bencode_encode);

	if (bencode_decode((struct str){ out->str, out->len }, ret_again, NULL))
		abort();
	return out;
}

static void check_json(struct dict *dict)
{
	GString *out = encode(dict, json_encode);
	struct dict *read;

	if (json_decode((struct str){ out->str, out->len }, &read, NULL))
		abort();
	dict_free(read);
	g_string_free(out, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dict *dict;
	GString *first, *second, *dump;

	if (bencode_decode((struct str){ (const char *)data, size }, &dict, NULL))
		return 0;
	dump = g_string_new(NULL);
	value_print(dict_root(dict), dump, size / 2);
	if (dump->len > size / 2 + strlen("…"))
		abort();
	first = again(dict, &dict);
	second = again(dict, &dict);
	if (!g_string_equal(first, second))
		abort();
	check_json(dict);
	g_string_free(first, TRUE);
	g_string_free(second, TRUE);
	g_string_free(dump, TRUE);
	return 0;
}
