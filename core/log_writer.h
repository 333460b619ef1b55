/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread that writes log lines: syslog and terminals may block for as long as they like, and
 * neither calls nor signals wait for them. [main]
 */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include <stdbool.h>

/* From here on lines go through the ring. 0 or -errno. */
int log_writer_start(void);
/*
 * Writes what is left and ends the thread; from then on lines are written at once. False: the
 * log's reader did not take them within a second; the thread is still there, stuck.
 */
bool log_writer_stop(void);

#endif
