/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests to a generic netlink family, one after the other, each waited for. What is needed of
 * netlink is so little that it is written here, by the kernel's headers, rather than linked.
 * One thread at a time.
 */
#ifndef OFFLOAD_NETLINK_H
#define OFFLOAD_NETLINK_H

#include <glib.h>

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;

/* -ENOENT: there is no such family; else -errno. The system may load a module for it. */
int netlink_open(const char *family, struct netlink **ret);
void netlink_close(struct netlink *nl); /* NULL is fine */

/* A request being written: from netlink_begin to netlink_call or netlink_forget. */
struct netlink_request {
	GByteArray *bytes;
};

void netlink_begin(struct netlink_request *r, uint8_t command, uint16_t flags);
void netlink_put(struct netlink_request *r, uint16_t type, const void *data, size_t len);
void netlink_put_u32(struct netlink_request *r, uint16_t type, uint32_t value);
/* What is put until netlink_nest_end stands within it. */
size_t netlink_nest_begin(struct netlink_request *r, uint16_t type);
void netlink_nest_end(struct netlink_request *r, size_t nest);
void netlink_forget(struct netlink_request *r);

/* A run of attributes. */
struct netlink_attrs {
	const uint8_t *at;
	size_t left;
};

struct netlink_attr {
	uint16_t type;
	const void *data;
	size_t len;
};

/* False: no more, or what follows is none. */
bool netlink_next(struct netlink_attrs *attrs, struct netlink_attr *ret);
struct netlink_attrs netlink_inside(const struct netlink_attr *attr);
/* Copies as much of it as `size`; the rest, if it is shorter, is 0. Attributes are not aligned. */
void netlink_copy(const struct netlink_attr *attr, void *to, size_t size);

typedef void (*netlink_answer_fn)(struct netlink_attrs attrs, void *arg);

/*
 * Sends it and calls `on_answer`, which may be NULL, for each message that comes back. 0 or -errno:
 * -ETIMEDOUT after some seconds. Takes what the request holds.
 */
int netlink_call(
	struct netlink *nl, struct netlink_request *r, netlink_answer_fn on_answer, void *arg);
/* What the system said of the latest error, "" if it did not. */
const char *netlink_error_text(const struct netlink *nl);

#endif
