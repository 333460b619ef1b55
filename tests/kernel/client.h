/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forwarding module's netlink interface (kernel/uapi/forward.h), plainly, for its tests. */
#ifndef KERNEL_CLIENT_H
#define KERNEL_CLIENT_H

#include "kernel/uapi/forward.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_BYTES = 256 * 1024 };

struct client {
	int fd;
	uint16_t family;
	uint32_t seq;
	char sentence[256]; /* of the latest refusal */
	size_t len;         /* of the request being made */
	uint8_t request[CLIENT_BYTES];
};

/* A record that was read. */
struct record {
	struct forward_counts counts;
	unsigned sinks, ssrcs, payloads;
	struct forward_sink_counts sink[FORWARD_MAX_SINKS];
	struct forward_ssrc ssrc[FORWARD_MAX_SSRCS];
	struct forward_payload_counts payload[FORWARD_MAX_PAYLOADS];
};

/* Called for each attribute of an answer. */
typedef void client_fn(void *arg, uint16_t type, const uint8_t *data, size_t len);

/* With a socket in the namespace of the caller; NULL: no such family. */
struct client *client_open(void);
void client_close(struct client *c);

/* A request is made part by part, and sent. */
void client_begin(struct client *c, uint8_t command, uint16_t flags);
void client_put(struct client *c, uint16_t type, const void *data, size_t len);
void client_put_u32(struct client *c, uint16_t type, uint32_t value);
/* Attributes that follow are in it until client_end_nest gets what this returns. */
size_t client_nest(struct client *c, uint16_t type);
void client_end_nest(struct client *c, size_t nest);
/* 0, or -errno as the module said. `fn` may be NULL. */
int client_send(struct client *c, client_fn *fn, void *arg);

int client_bind(struct client *c, uint32_t table, uint32_t flags, uint32_t hook);
int client_table(struct client *c, uint8_t command, uint32_t table);

/* One target, with all that belongs to it. */
struct setting {
	struct forward_target target;
	unsigned sinks, ssrcs, payloads;
	struct forward_sink sink[FORWARD_MAX_SINKS];
	struct forward_ssrc ssrc[FORWARD_MAX_SSRCS];
	struct forward_payload payload[FORWARD_MAX_PAYLOADS];
};

void client_put_target(struct client *c, const struct setting *s);
/* A request about one; `ret` may be NULL, and is zeroed where nothing came. */
int client_set(struct client *c, uint32_t table, const struct setting *s, uint16_t flags,
	struct record *ret);
int client_delete(
	struct client *c, uint32_t table, const struct forward_addr *local, struct record *ret);
int client_read(
	struct client *c, uint32_t table, const struct forward_addr *local, struct record *ret);
/* How many targets a dump has; -errno. */
int client_count(struct client *c, uint32_t table);

#endif
