/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of codecs: nothing can be in it before codec plugins can be loaded. */
#include "codec/registry.h"

void codec_print_table(FILE *out)
{
	fputs("No codecs supported.\n", out);
}
