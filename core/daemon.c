/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's last words. */
#include "daemon.h"

#include <stdio.h>
#include <syslog.h>

int daemon_give_up(const struct daemon *d, const char *prefix, const char *text)
{
	fprintf(stderr, "%s%s\n", prefix, text);
	if (!d->config || !d->config->log_stderr)
		syslog(LOG_CRIT, "CRIT: %s%s", prefix, text);
	return EXIT_FATAL;
}

int daemon_fatal(const struct daemon *d, const char *text)
{
	return daemon_give_up(d, "Fatal error: ", text);
}
