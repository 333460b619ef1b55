/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags strings: parsed, and carried through the table of flags as an offer's. */
#include "control/flags.h"

#include "call/call.h"
#include "control/templates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum flags_for whats[] = { FLAGS_OFFER, FLAGS_ANSWER, FLAGS_MEDIA,
		FLAGS_OTHER };
	struct call_settings settings = { .learning = PLAN_LEARN_HEURISTIC };
	struct dict *dict = dict_new();
	g_autoptr(GString) warnings = g_string_new(NULL);
	struct templates *templates = templates_new();
	struct err err;

	dict_add_str(dict, dict_root(dict), "rtpp-flags", (struct str){ (const char *)data, size });
	templates_add(templates, "t", "template=t codec-strip=PCMA");
	for (unsigned i = 0; i < G_N_ELEMENTS(whats); i++) {
		struct call_options o;

		flags_read(dict_root(dict), whats[i], &settings, templates, &o, warnings, &err);
		flags_clear(&o);
	}
	dict_free(dict);
	templates_free(templates);
	return 0;
}
