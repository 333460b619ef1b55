/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call to and from a tree of values (call.h): what a restart, an upgrade or a fail-over needs to
 * carry on. snapshot_write.c and snapshot_read.c share the tables of snapshot_fields.c for plain
 * fields; links, ports and bodies follow by index. Received bodies are kept as text. [control]
 */
#ifndef CALL_SNAPSHOT_PRIV_H
#define CALL_SNAPSHOT_PRIV_H

#include "api/dict.h"
#include "base/err.h"
#include "call/model.h"

enum { SNAPSHOT_VERSION = 1 };

enum snapshot_object {
	SNAPSHOT_MODEL,
	SNAPSHOT_PARTY,
	SNAPSHOT_FLOW,
	SNAPSHOT_PRINTED,
	SNAPSHOT_MEDIA,
	SNAPSHOT_STREAM,
	SNAPSHOT_CRYPTO,
	SNAPSHOT_ICE,
	SNAPSHOT_ICE_FOUND,
	SNAPSHOT_DTLS,
	SNAPSHOT_ASSOCIATION,
	SNAPSHOT_AGREEMENT,
	SNAPSHOT_OBJECTS
};

/* All plain fields of `from`, a struct of that kind. */
void snapshot_write(
	struct dict *dict, struct value *to, enum snapshot_object object, const void *from);
/* What is not there becomes 0. Strings are copied to `arena`. */
void snapshot_read(
	struct arena *arena, const struct value *from, enum snapshot_object object, void *to);
/* Nothing is written for ADDR_NONE, which is what is read of anything else, too. */
void snapshot_write_addr(
	struct dict *dict, struct value *to, const char *key, const struct addr *addr);
struct addr snapshot_read_addr(const struct value *from, const char *key);
/* The n-th list of an agreement and its name; NULL when there are no more. */
struct codec_list *snapshot_codecs(
	struct codec_agreement *agreement, unsigned n, const char **ret_name);

/*
 * snapshot_dtls.c. Certificates are written once, with their keys, and named by their places in
 * `certs`, which are borrowed when writing and references when read. `to` and `from` are those of a
 * section, or of the call. -EINVAL: it contradicts itself; what was read is released with the model.
 */
void snapshot_write_dtls(
	struct dict *dict, struct value *to, const struct section_dtls *dtls, GPtrArray *certs);
int snapshot_read_dtls(const struct value *from, const GPtrArray *certs, struct arena *arena,
	struct section_dtls **ret_dtls);
void snapshot_write_certs(struct dict *dict, struct value *to, const GPtrArray *certs);
int snapshot_read_certs(const struct value *from, const struct dtls_cert_options *options,
	GPtrArray *certs, struct err *err);

#endif
