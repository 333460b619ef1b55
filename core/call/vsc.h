/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digits by which a party steers the recording of its call (vertical service codes; spec NG 3.7,
 * media 4.6). [control]
 */
#ifndef CALL_VSC_H
#define CALL_VSC_H

#include "api/str.h"

#include <stdbool.h>

/* What a code does; "or" is told by whether the call is recorded, or paused. */
enum vsc {
	VSC_START,
	VSC_STOP,
	VSC_START_STOP,
	VSC_PAUSE,
	VSC_PAUSE_RESUME,
	VSC_START_PAUSE_RESUME,
	VSC_COUNT
};

/* By enum vsc; s NULL: none. */
struct vsc_codes {
	struct str digits[VSC_COUNT];
};

struct call;
struct call_options;
struct draft;
struct party;

/* As options are called: vsc-NAME-rec. */
const char *vsc_name(enum vsc vsc);
/* What a message of `from` says of it; else as configured. */
void vsc_take(struct draft *draft, struct party *from, const struct call_options *o);
/* The longest of the party's codes that what it has dialled ends with; VSC_COUNT: none. */
enum vsc vsc_find(const struct party *party, const char *dialled, unsigned count);
/* Failures are logged: there is nobody to tell. */
void vsc_carry_out(struct call *call, enum vsc vsc);

#endif
