/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CALL_DELETE_PRIV_H
#define CALL_DELETE_PRIV_H

#include "call/call.h"

/*
 * Branches whose delay is over; looked at with the timeouts. True: nobody is left who exchanges
 * media, the call is over. [control]
 */
bool call_delete_due_branches(struct call *call, int64_t now_mono_us);

#endif
