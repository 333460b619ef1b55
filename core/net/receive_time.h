/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the system received a datagram: a control message of sockets that were asked for it. The
 * system looks at the clock for all packets of the machine as long as any socket wants that.
 */
#ifndef NET_RECEIVE_TIME_H
#define NET_RECEIVE_TIME_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { RECEIVE_TIME_BYTES = CMSG_SPACE(sizeof(struct timespec)) };

/* 0 or -errno. [any] */
static inline int receive_time_ask(int fd, bool on)
{
	const int value = on;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Is it such a message? Microseconds since the epoch. */
static inline bool receive_time_read(const struct cmsghdr *c, int64_t *ret_us)
{
	struct timespec t;

	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
		return false;
	memcpy(&t, CMSG_DATA(c), sizeof(t));
	*ret_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	return true;
}

#endif
