/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names by which daemons that steer ports know of each other. */
#include "net/claim.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

/* As /proc/net/unix shows it: the byte 0 in front of an abstract name is printed so. */
static const char mark[] = "@rtpengine-steers/";

/* Its name is ADDRESS/FIRST-LAST/KIND/SINCE/PID behind the mark. */
int claim_open(const struct claim *claim, int *ret_fd, struct err *err)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char ip[ADDR_TEXT];
	int fd, len;

	/* the address, at most 45 characters, and numbers: it always fits */
	len = snprintf(name.sun_path, sizeof(name.sun_path), "%s%s/%u-%u/%c/%" PRIu64 "/%u", mark,
		addr_print_ip(&claim->addr, ip), claim->ports.first, claim->ports.last,
		claim->bound ? 'b' : 's', claim->since_us, claim->pid);
	g_assert(len > 0 && (size_t)len < sizeof(name.sun_path));
	name.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, errno, "opening a socket: %s", g_strerror(errno));
	if (bind(fd, (struct sockaddr *)&name,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) < 0) {
		int rc = err_set(
			err, errno, "telling other daemons of our ports: %s", g_strerror(errno));

		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

bool claim_parse(const char *line, struct claim *ret_claim)
{
	const char *name = strstr(line, mark);
	struct claim claim = { 0 };
	char ip[ADDR_TEXT], kind;
	unsigned first, last;

	/* the width is that of `ip` */
	if (!name ||
		sscanf(name + strlen(mark), "%63[^/]/%u-%u/%c/%" SCNu64 "/%u", ip, &first, &last,
			&kind, &claim.since_us, &claim.pid) != 6 ||
		first > last || last > UINT16_MAX || !addr_parse_ip(str_of(ip), &claim.addr))
		return false;
	claim.ports = (struct port_span){ (uint16_t)first, (uint16_t)last };
	claim.bound = kind == 'b';
	*ret_claim = claim;
	return true;
}

bool claim_yields(const struct claim *mine, const struct claim *other)
{
	if (mine->bound && other->bound)
		return false;
	if (mine->since_us != other->since_us)
		return other->since_us < mine->since_us;
	return other->pid < mine->pid;
}
