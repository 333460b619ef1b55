/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of api/host.h for each plugin, made of what the daemon has. */
#ifndef CONTROL_HOST_H
#define CONTROL_HOST_H

#include "api/host.h"
#include "base/err.h"
#include "control/command.h"

struct hosts;
struct iface_table;
struct plugin;

/*
 * For plugins that run commands of `control` and live on `context`'s thread. Ports they listen
 * on are taken out of the pools of `interfaces`, which may be NULL. control->settings must be
 * there. NULL and `err`: no descriptors left. [main]
 */
struct hosts *hosts_new(struct control *control, GMainContext *context,
	struct iface_table *interfaces, struct err *err);
/* A plugin_host_fn: `arg` is the hosts. */
const struct host *hosts_add(const struct plugin *plugin, void *arg);
/* An event for those who asked to be told. [control] */
void hosts_tell_dtmf(const struct hosts *hosts, const struct value *data);
/* Closes connections, of which plugins hear: before they are closed. NULL is fine. */
void hosts_disconnect(struct hosts *hosts);
/* After plugins were closed. NULL is fine. */
void hosts_free(struct hosts *hosts);

#endif
