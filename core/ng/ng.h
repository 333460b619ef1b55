/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NG messages: "COOKIE SP DOCUMENT", a document being one bencode dictionary or one JSON object
 * (spec/ng-protocol 1). Bytes in, trees out, and back; no sockets. [any]
 */
#ifndef NG_NG_H
#define NG_NG_H

#include "api/dict.h"
#include "base/err.h"

#include <glib.h>

enum ng_encoding { NG_BENCODE, NG_JSON };

/*
 * Reads one dictionary or object into a new tree (owned by the caller). Strings point into
 * `doc`, which must outlive the tree; what escapes change is copied. -EINVAL or -ELOOP (too
 * deep) with the text of spec NG 1.7 in `err`.
 */
int bencode_decode(struct str doc, struct dict **ret_dict, struct err *err);
int json_decode(struct str doc, struct dict **ret_dict, struct err *err);
/* Append `v` to `out`. */
void bencode_encode(const struct value *v, GString *out);
void json_encode(const struct value *v, GString *out);
/*
 * For log dumps: { "key": "value", "list": [ 1, 2 ] }, strings raw (spec daemon 2.7). At most
 * `max_bytes`, then "…".
 */
void value_print(const struct value *v, GString *out, size_t max_bytes);

/* One datagram taken apart. */
struct ng_message {
	struct str cookie;
	struct str doc;
	enum ng_encoding encoding; /* of the document and so of the reply */
	struct dict *dict;         /* owned; NULL until ng_message_decode succeeded */
};

/* Splits off the cookie. False: there is none, nothing is to be answered. */
bool ng_message_split(struct str datagram, struct ng_message *ret);
/*
 * Finds the encoding and decodes. 0, or -EINVAL with the text of spec NG 1.7 in `err`; then
 * `encoding` is what the error reply must be in.
 */
int ng_message_decode(struct ng_message *m, struct err *err);
void ng_message_clear(struct ng_message *m);
/* Appends "COOKIE SP DOCUMENT". */
void ng_encode_reply(
	struct str cookie, enum ng_encoding encoding, const struct value *reply, GString *out);

#endif
