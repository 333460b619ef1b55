/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buffers that may have held keys: overwritten before their memory is anybody's. [any] */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <glib.h>
#include <string.h>

/* As good as new, and as large. */
static inline void string_wipe(GString *string)
{
	explicit_bzero(string->str, string->len);
	g_string_truncate(string, 0);
}

/* NULL is fine. */
static inline void string_wipe_free(GString *string)
{
	if (!string)
		return;
	explicit_bzero(string->str, string->len);
	g_string_free(string, TRUE);
}

#endif
