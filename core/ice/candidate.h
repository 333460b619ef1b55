/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates of ICE as SDP writes them (RFC 8839 5.1), and their priorities. Values only. [any] */
#ifndef ICE_CANDIDATE_H
#define ICE_CANDIDATE_H

#include "api/str.h"
#include "net/addr.h"

#include <stdint.h>

enum {
	ICE_COMPONENTS = 2,      /* RTP is 1, RTCP 2 */
	ICE_MAX_FOUNDATION = 32, /* characters */
	/* The longest text that ice_candidate_print makes, with its terminator. */
	ICE_CANDIDATE_TEXT = 256,
};

enum ice_type { ICE_HOST, ICE_PRFLX, ICE_SRFLX, ICE_RELAY };

struct ice_candidate {
	char foundation[ICE_MAX_FOUNDATION + 1];
	uint8_t component; /* from 1 */
	uint8_t type;      /* enum ice_type */
	uint32_t priority;
	struct addr addr;
	struct addr related; /* raddr and rport; ADDR_NONE: none */
};

/*
 * What follows "candidate:". 0; -EBADMSG: not of this form; -ENOTSUP: one that is none of ours,
 * namely TCP, a name in place of an address (mDNS), a component above 2, an unknown type. The caller
 * goes on with the next line in either case. What follows the type but raddr and rport is ignored.
 */
int ice_candidate_parse(struct str value, struct ice_candidate *ret_candidate);
/* As ice_candidate_parse reads it, terminated; returns its length. */
size_t ice_candidate_print(const struct ice_candidate *candidate, char out[ICE_CANDIDATE_TEXT]);

/* `index`: of the address in its interface, the first is 0 (spec NG 4.8). */
uint32_t ice_priority(enum ice_type type, unsigned index, unsigned component);
/* The same with a type preference of another's (126 for a host). `index` up to 65535. */
uint32_t ice_priority_of(unsigned preference, unsigned index, unsigned component);
/* The same candidate, had it been found by a check (RFC 8445 7.1.1). */
uint32_t ice_priority_prflx(uint32_t priority);
/* RFC 8445 6.1.2.3: `controlling` and `controlled` are the priorities of both sides' candidates. */
uint64_t ice_pair_priority(uint32_t controlling, uint32_t controlled);

/* What a=ice-ufrag and a=ice-pwd may hold (RFC 8839 5.4): their lengths, and no other characters. */
bool ice_ufrag_valid(struct str ufrag);
bool ice_pwd_valid(struct str pwd);

#endif
