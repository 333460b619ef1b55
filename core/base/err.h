/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What failed, in words for whoever asked for it. Filled in where the reason is known. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

struct err {
	int code;       /* errno value */
	char text[256]; /* for the client or operator; exact where clients match on it */
};

/* Fills `err` (may be NULL) and returns -code, so that callers can `return err_set(…)`. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
