/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs that plugins registered. There is no loader yet, so it is empty: relay needs none.
 */
#ifndef CODEC_REGISTRY_H
#define CODEC_REGISTRY_H

#include <stdio.h>

/* The table of --codecs (spec media 1.1). [main] */
void codec_print_table(FILE *out);

#endif
