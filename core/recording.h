/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recording as the options say (spec daemon 10): checked at start, and its timer. [main] */
#ifndef RECORDING_H
#define RECORDING_H

#include "base/err.h"
#include "config.h"
#include "privileges.h"
#include "record/recorder.h"

#include <glib.h>

struct recording_setup {
	bool wanted;
	struct recorder_settings settings; /* its folder is owned */
	GSource *timer;
};

/*
 * After the plugins were started, with the rights there are; folders that are made belong to who
 * the daemon will be. 0, or -errno with the text that ends it. Without --recording-dir, or with a
 * method nobody knows, nothing is wanted.
 */
int recording_prepare(const struct config *config, const struct privileges *privileges,
	struct recording_setup *ret_setup, struct err *err);
/* Once the daemon is who it will be: can it record? 0, or -errno with the text that ends it. */
int recording_check(const struct recording_setup *setup, struct err *err);
/* Repairs what was left behind. NULL: nothing is wanted. */
struct recorder *recording_start(
	struct recording_setup *setup, struct helper_pool *helpers, GMainContext *context);
/* NULL is fine. When all threads have ended. */
void recording_stop(struct recording_setup *setup, struct recorder *recorder);

#endif
