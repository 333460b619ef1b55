/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling in what failed; used by everything that can tell a client or operator why. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	char text[sizeof(err->text)] = "";
	va_list args;

	if (!err)
		return -code;
	/* Callers wrap the text of `err` itself ("cannot start: %s"), so it is not printed into. */
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(err->text, text, strlen(text) + 1);
	err->code = code;
	return -code;
}
