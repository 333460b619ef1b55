/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recorder with a folder of its own, and a sink that counts packets instead of keeping them. Where
 * something is not as it must be the test ends.
 */
#ifndef MOCK_RECORDER_H
#define MOCK_RECORDER_H

#include "record/recorder.h"

enum { MOCK_RECORDER_LONGEST = 4000 }; /* the sink fails with a packet that is longer */

struct mock_recorder {
	char folder[32];
	struct recorder *recorder;
};

/* Given to the sink so far, of all recorders. */
unsigned mock_recorder_packets(void);
void mock_recorder_open(struct mock_recorder *m, struct helper_pool *helpers);
/* Deletes files, not folders. */
void mock_recorder_empty(const struct mock_recorder *m);
/* How many files there are in that folder of it. */
unsigned mock_recorder_files(const struct mock_recorder *m, const char *folder);
/* Nothing may be recorded any more. */
void mock_recorder_close(struct mock_recorder *m);

#endif
