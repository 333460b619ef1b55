/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NG messages as they are on the wire, "COOKIE SP DOCUMENT": the first thing done with a request
 * of any transport, and the last with its reply.
 */
#include "ng/ng.h"

#include <errno.h>

bool ng_message_split(struct str datagram, struct ng_message *ret)
{
	const char *blank = datagram.len ? memchr(datagram.s, ' ', datagram.len) : NULL;
	size_t cookie_len;

	if (!blank || blank == datagram.s)
		return false;
	cookie_len = (size_t)(blank - datagram.s);
	*ret = (struct ng_message){
		.cookie = { datagram.s, cookie_len },
		.doc = str_skip(datagram, cookie_len + 1),
		.encoding = NG_BENCODE,
	};
	return true;
}

int ng_message_decode(struct ng_message *m, struct err *err)
{
	int ret;

	m->encoding = NG_BENCODE;
	if (!m->doc.len)
		return err_set(err, EINVAL, "Invalid data (no payload)");
	switch (*m->doc.s) {
	case 'd':
		ret = bencode_decode(m->doc, &m->dict, err);
		break;
	case '{':
		m->encoding = NG_JSON;
		ret = json_decode(m->doc, &m->dict, err);
		break;
	default:
		return err_set(err, EINVAL, "Invalid NG data format");
	}
	return ret ? -EINVAL : 0;
}

void ng_message_clear(struct ng_message *m)
{
	dict_free(m->dict);
	m->dict = NULL;
}

void ng_encode_reply(
	struct str cookie, enum ng_encoding encoding, const struct value *reply, GString *out)
{
	if (cookie.len)
		g_string_append_len(out, cookie.s, (gssize)cookie.len);
	g_string_append_c(out, ' ');
	if (encoding == NG_JSON)
		json_encode(reply, out);
	else
		bencode_encode(reply, out);
}
