/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon under test: started here, or already running. */
#ifndef DAEMON_H
#define DAEMON_H
#include <sys/types.h>

/* A private network namespace with only loopback, so that runs cannot collide. */
void netns_private(void);
/* Runs "sh -c 'exec CMD'"; output goes to log_path. The child dies with this process. */
pid_t daemon_start(const char *cmd, int cpu, const char *log_path);
void daemon_stop(pid_t pid);
#endif
