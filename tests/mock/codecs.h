/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs for tests of what is negotiated: described as the real ones are, but all they carry is
 * silence. With them there is a resampler that makes as little of it.
 */
#ifndef MOCK_CODECS_H
#define MOCK_CODECS_H

/* Empties the registry first. */
void mock_codecs_add(void);

#endif
