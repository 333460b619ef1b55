/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon without its threads, sockets and clock: calls, media workers and commands as they
 * are, on the mock network and under a clock that stands until it is moved. One at a time.
 *
 * Interfaces:  default 203.0.113.1   alt 203.0.113.2   dual 203.0.113.4 and 2001:db8::4
 *
 * Nothing happens by itself: world_run lets packets, workers and control do what they have to
 * do until all is quiet. The steps of it can be done one by one to put things in between.
 */
#ifndef MOCK_WORLD_H
#define MOCK_WORLD_H

#include "base/mailbox.h"
#include "call/call.h"
#include "control/command.h"
#include "media/worker.h"
#include "net/iface.h"

enum { WORLD_WORKERS = 2 };

struct world {
	/* Set before world_open; world_defaults has the daemon's. */
	struct call_settings settings;
	uint16_t port_min, port_max;
	bool offload; /* streams are forwarded by the mock of offload.h */
	bool stored;  /* media are played: those of stored.h */
	/* Messages to them stay unread while set. */
	bool hold_workers, hold_control;

	struct mailbox *control_box;
	struct media_worker *workers[WORLD_WORKERS];
	struct iface_table *interfaces;
	struct templates *templates; /* empty */
	struct helper_pool *helpers; /* stopped: jobs are done at once, their ends are messages */
	struct control control;
	GString *answer;    /* that came later; NULL: none */
	struct addr client; /* who sends the commands */
	int64_t mono_us, wall_us;
	unsigned next_cookie;
};

void world_defaults(struct world *world);
void world_open(struct world *world);
/* Ends all calls. What they held can be looked at before world_close. */
void world_end_calls(struct world *world);
/* What is still held though there are no calls any more; 0 is right. */
unsigned world_leaks(const struct world *world);
void world_close(struct world *world);

/* Each is one step; world_run repeats them all (but for what is held) until nothing moves. */
void world_run_control(struct world *world);
void world_run_workers(struct world *world);
void world_run(struct world *world);
/* Moves the clock on, a second at a time, with the table's tick after each. */
void world_advance(struct world *world, int64_t us);

/* Ports taken, of all interfaces' pools. */
unsigned world_ports_used(const struct world *world);

/*
 * One request through the whole way: encoded, with a cookie of its own, answered, decoded. The
 * reply's strings point into `ret_bytes`, which with the tree is the caller's. NULL: the answer
 * comes later.
 */
struct dict *world_request(
	struct world *world, struct dict *request, bool json, GString **ret_bytes);
/* That answer, likewise; NULL: it has not come yet. */
struct dict *world_late_reply(struct world *world, GString **ret_bytes);

#endif
