/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored media for tests: a player that takes every byte for a sample and refuses what begins with
 * an x, and a store of such content by number, which stands for a database. [main]
 */
#ifndef MOCK_STORED_H
#define MOCK_STORED_H

#include <stddef.h>
#include <stdint.h>

/* Both are the daemon's from now on; the store is empty. */
void mock_stored_open(void);
/* Whatever was opened must have been closed. */
void mock_stored_close(void);
/* How often the player has opened anything. */
unsigned mock_stored_opened(void);

/* So many bytes `fill`; 0: there is nothing of that number any more. */
void mock_store_put(uint64_t id, char fill, size_t bytes);
/* All fetches fail from now on; NULL: they do not. `cause` is borrowed. */
void mock_store_fail(const char *cause);
/* A fetch takes so long, by the mock clock, or until nobody waits for it any more. */
void mock_store_slow(int64_t us);
unsigned mock_store_fetches(void);

#endif
