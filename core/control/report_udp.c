/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports as datagrams; see report_udp.h. */
#define LOG_TOPIC LOG_T_CONTROL
#include "control/report_udp.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int sockets[2] = { -1, -1 }; /* IPv4, IPv6 */

static int *socket_for(const struct addr *to)
{
	return &sockets[to->family == ADDR_IP6];
}

void report_udp(const struct addr *to, const char *text, size_t len)
{
	int *fd = socket_for(to);
	char name[ADDR_TEXT];
	union sock dest;
	socklen_t dest_len = addr_to_sock(to, &dest);

	if (*fd < 0)
		*fd = socket(dest.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0 || sendto(*fd, text, len, 0, &dest.sa, dest_len) < 0)
		log_write_limited(LOG_L_WARNING, "Failed to send a report to %s: %s",
			addr_print(to, name), strerror(errno));
}

void report_udp_close(void)
{
	for (unsigned i = 0; i < 2; i++) {
		if (sockets[i] >= 0)
			close(sockets[i]);
		sockets[i] = -1;
	}
}
