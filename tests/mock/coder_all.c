/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mock/coder.h"

#include <glib.h>

/* CODEC_PLUGINS: one ROW(name) for each codec and dsp plugin whose library is here (Makefile). */
#define ROW(name) extern const struct plugin plugin_export_##name;
CODEC_PLUGINS
#undef ROW

void mock_coder_load_all(void)
{
#define ROW(name) &plugin_export_##name,
	static const struct plugin *const plugins[] = { CODEC_PLUGINS };
#undef ROW

	for (unsigned i = 0; i < G_N_ELEMENTS(plugins); i++)
		mock_coder_load(plugins[i]);
}
