/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon as a process: limits, forking, pid file, service manager (spec daemon 12.6). [main] */
#ifndef PROCESS_H
#define PROCESS_H

/* Open files as many as may be, other limits off. */
void process_raise_limits(void);
/*
 * The parent exits with 0 here; the child leads its group, with nothing on its standard
 * descriptors. 0 or -errno. Before any thread is made.
 */
int process_daemonise(void);
/* Decimal, newline. 0 or -errno. */
int process_write_pid(const char *path);
/* "READY=1" and the like, when there is a service manager to tell. */
void process_notify(const char *state);

#endif
