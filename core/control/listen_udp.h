/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NG over UDP: sockets as sources of control's main context (spec NG 1.3). */
#ifndef CONTROL_LISTEN_UDP_H
#define CONTROL_LISTEN_UDP_H

#include "base/err.h"
#include "control/command.h"

struct listen_udp;

/* Binds; [main], before control runs. 0 or -errno with spec daemon 1.3's text. */
int listen_udp_new(const struct addr *local, int tos, struct control *control,
	struct listen_udp **ret, struct err *err);
/* TOS or traffic class of replies; 0 is the system's. [control] */
void listen_udp_set_tos(struct listen_udp *l, int tos);
/* From now on served by `context`'s thread. */
void listen_udp_start(struct listen_udp *l, GMainContext *context);
/* After the context has stopped running. NULL is fine. */
void listen_udp_free(struct listen_udp *l);

#endif
