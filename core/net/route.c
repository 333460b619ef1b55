/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A datagram socket that is connected has its local address chosen by the routing table. */
#include "net/route.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANY_PORT = 9 };

static int local_of(int fd, const struct addr *to, struct addr *ret_local)
{
	struct addr target = addr_with_port(*to, ANY_PORT);
	union sock sock;
	socklen_t len = addr_to_sock(&target, &sock);

	if (connect(fd, &sock.sa, len) < 0)
		return -errno;
	len = sizeof(sock);
	if (getsockname(fd, &sock.sa, &len) < 0)
		return -errno;
	*ret_local = addr_with_port(addr_of_sock(&sock), 0);
	return 0;
}

int route_local(const struct addr *to, struct addr *ret_local)
{
	int family = to->family == ADDR_IP6 ? AF_INET6 : AF_INET;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = local_of(fd, to, ret_local);
	close(fd);
	return ret;
}
