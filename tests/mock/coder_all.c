/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mock/coder.h"

#include <glib.h>

extern const struct plugin plugin_export_amr, plugin_export_avcodec, plugin_export_cn,
	plugin_export_dtmf, plugin_export_g711, plugin_export_g722, plugin_export_g729,
	plugin_export_gsm, plugin_export_ilbc, plugin_export_l16, plugin_export_opus,
	plugin_export_swresample, plugin_export_telephone_event;

void mock_coder_load_all(void)
{
	static const struct plugin *const plugins[] = {
		&plugin_export_amr,
		&plugin_export_avcodec,
		&plugin_export_cn,
		&plugin_export_dtmf,
		&plugin_export_g711,
		&plugin_export_g722,
		&plugin_export_g729,
		&plugin_export_gsm,
		&plugin_export_ilbc,
		&plugin_export_l16,
		&plugin_export_opus,
		&plugin_export_swresample,
		&plugin_export_telephone_event,
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(plugins); i++)
		mock_coder_load(plugins[i]);
}
