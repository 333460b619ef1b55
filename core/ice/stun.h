/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN messages as ICE uses them (RFC 8489, RFC 8445 16): the Binding method alone, keys that are
 * short-term passwords. Bytes in, values out, and back; nothing is allocated. [any]
 */
#ifndef ICE_STUN_H
#define ICE_STUN_H

#include "api/str.h"
#include "net/addr.h"

#include <stdint.h>

enum {
	STUN_HEADER_BYTES = 20,
	STUN_TRANSACTION_BYTES = 12,
	STUN_MAX_BYTES = 1200,   /* what is built here is shorter */
	STUN_MAX_PASSWORD = 256, /* of ICE (RFC 8839 5.4) */
	STUN_MAX_UNKNOWN = 8,    /* attributes that are told apart in an answer */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum stun_code {
	STUN_BAD_REQUEST = 400,
	STUN_UNAUTHORIZED = 401,
	STUN_UNKNOWN_ATTRIBUTE = 420,
	STUN_ROLE_CONFLICT = 487,
};

/* A message that was read; points into its bytes. */
struct stun {
	enum stun_class cls;
	const uint8_t *transaction; /* STUN_TRANSACTION_BYTES */
	struct str username;        /* NULL: none */
	struct addr mapped;         /* XOR-MAPPED-ADDRESS; ADDR_NONE: none */
	uint32_t priority;          /* 0: none */
	uint64_t tie_breaker;       /* of whichever role */
	bool controlling, controlled;
	bool use_candidate;
	unsigned code; /* ERROR-CODE; 0: none */
	/* Comprehension-required attributes that are not known: the first few. */
	unsigned unknown_count;
	uint16_t unknown[STUN_MAX_UNKNOWN];
	/* Where MESSAGE-INTEGRITY begins, from the message's first byte; 0: there is none. */
	size_t integrity_at;
	const uint8_t *data;
};

/*
 * Reads a datagram. False: not a STUN message that ICE could have sent, namely another method, a
 * length that is not the datagram's, a FINGERPRINT that is missing or wrong, an attribute that is
 * malformed, or any but FINGERPRINT after MESSAGE-INTEGRITY.
 */
bool stun_parse(const uint8_t *data, size_t len, struct stun *ret_stun);
/* Was it made by who knows `password`? False without MESSAGE-INTEGRITY. */
bool stun_authentic(const struct stun *stun, struct str password);

/* A message being made. What does not fit is left out, and stun_build_end returns 0. */
struct stun_build {
	size_t len; /* 0: something did not fit */
	uint8_t data[STUN_MAX_BYTES];
};

void stun_build(struct stun_build *build, enum stun_class cls,
	const uint8_t transaction[STUN_TRANSACTION_BYTES]);
void stun_add_software(struct stun_build *build, struct str software);
void stun_add_username(struct stun_build *build, struct str first, struct str second);
void stun_add_role(struct stun_build *build, bool controlling, uint64_t tie_breaker);
void stun_add_priority(struct stun_build *build, uint32_t priority);
void stun_add_use_candidate(struct stun_build *build);
void stun_add_mapped(struct stun_build *build, const struct addr *addr);
/* With the reason phrase of the code. */
void stun_add_error(struct stun_build *build, enum stun_code code);
void stun_add_unknown(struct stun_build *build, const uint16_t *types, unsigned count);
/*
 * MESSAGE-INTEGRITY by `password` (len 0: none) and FINGERPRINT. Returns the bytes in
 * build->data; 0: something did not fit.
 */
size_t stun_build_end(struct stun_build *build, struct str password);

#endif
