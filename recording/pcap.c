/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets as a capture file (spec daemon 10.1): classic format 2.4 in host byte order,
 * microseconds; each packet with IP and UDP headers made up around it, and an Ethernet header if
 * that is wanted.
 */
#include "api/host.h"
#include "api/plugin.h"
#include "api/writer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	SNAP_BYTES = 65535,
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	FILE_HEADER_BYTES = 24,
	RECORD_HEADER_BYTES = 16,
	ETHERNET_BYTES = 14,
	IP4_BYTES = 20,
	IP6_BYTES = 40,
	UDP_BYTES = 8,
	MAX_HEADERS = RECORD_HEADER_BYTES + ETHERNET_BYTES + IP6_BYTES + UDP_BYTES,
	MAX_PAYLOAD = SNAP_BYTES - MAX_HEADERS,
	TTL = 64,
	BUFFER_BYTES = 64 * 1024,
};

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t accuracy, snap, link;
};

struct record_header {
	uint32_t seconds, microseconds, captured, length;
};

struct pcap {
	int fd;
	bool ethernet;
	off_t whole;   /* bytes of the file up to the last record that is all there */
	size_t filled; /* of `buffer` */
	uint8_t buffer[BUFFER_BYTES];
};

_Static_assert(sizeof(struct file_header) == FILE_HEADER_BYTES, "as the format has it");
_Static_assert(sizeof(struct record_header) == RECORD_HEADER_BYTES, "as the format has it");

/* How much of the first `done` bytes of the buffer are records that are all there. */
static size_t whole_records(const struct pcap *self, size_t done)
{
	size_t at = self->whole ? 0 : FILE_HEADER_BYTES;
	struct record_header h;

	if (done < at)
		return 0;
	while (at + sizeof(h) <= done) {
		memcpy(&h, self->buffer + at, sizeof(h));
		if (at + sizeof(h) + h.captured > done)
			break;
		at += sizeof(h) + h.captured;
	}
	return at;
}

/* All of the buffer, or as many records of it as there is room for. */
static int flush(void *arg)
{
	struct pcap *self = arg;
	size_t done = 0;

	while (done < self->filled) {
		ssize_t n = pwrite(self->fd, self->buffer + done, self->filled - done,
			self->whole + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			self->filled = 0;
			self->whole += (off_t)whole_records(self, done);
			return ftruncate(self->fd, self->whole) < 0 ? -errno : -error;
		}
		done += (size_t)n;
	}
	self->whole += (off_t)done;
	self->filled = 0;
	return 0;
}

static int open_file(int fd, const struct writer_format *format, void **ret_file)
{
	const struct file_header h = {
		.magic = 0xa1b2c3d4,
		.major = 2,
		.minor = 4,
		.snap = SNAP_BYTES,
		.link = format->ethernet ? LINK_ETHERNET : LINK_RAW,
	};
	struct pcap *self = g_new(struct pcap, 1);

	self->fd = fd;
	self->ethernet = format->ethernet;
	self->whole = 0;
	memcpy(self->buffer, &h, sizeof(h));
	self->filled = sizeof(h);
	*ret_file = self;
	return 0;
}

static uint8_t *put16(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
	return at + 2;
}

static uint8_t *put_ethernet(uint8_t *at, bool ip6)
{
	memset(at, 0, 12);
	return put16(at + 12, ip6 ? 0x86dd : 0x0800);
}

static uint8_t *put_ip4(uint8_t *at, const struct writer_packet *p)
{
	memset(at, 0, IP4_BYTES);
	at[0] = 0x45;
	put16(at + 2, IP4_BYTES + UDP_BYTES + p->len);
	at[8] = TTL;
	at[9] = IPPROTO_UDP;
	memcpy(at + 12, p->from_ip, 4);
	memcpy(at + 16, p->to_ip, 4);
	return at + IP4_BYTES;
}

static uint8_t *put_ip6(uint8_t *at, const struct writer_packet *p)
{
	memset(at, 0, 8);
	at[0] = 0x60;
	put16(at + 4, UDP_BYTES + p->len);
	at[6] = IPPROTO_UDP;
	at[7] = TTL;
	memcpy(at + 8, p->from_ip, 16);
	memcpy(at + 24, p->to_ip, 16);
	return at + IP6_BYTES;
}

static uint8_t *put_udp(uint8_t *at, const struct writer_packet *p)
{
	at = put16(at, p->from_port);
	at = put16(at, p->to_port);
	at = put16(at, UDP_BYTES + p->len);
	return put16(at, 0);
}

static int packet(void *arg, const struct writer_packet *p)
{
	struct pcap *self = arg;
	struct record_header h;
	uint8_t *start, *at;

	if (p->len > MAX_PAYLOAD)
		return -EMSGSIZE;
	if (self->filled + MAX_HEADERS + p->len > BUFFER_BYTES) {
		int ret = flush(self);

		if (ret < 0)
			return ret;
	}
	start = at = self->buffer + self->filled + sizeof(h);
	if (self->ethernet)
		at = put_ethernet(at, p->family == 6);
	at = p->family == 6 ? put_ip6(at, p) : put_ip4(at, p);
	at = put_udp(at, p);
	memcpy(at, p->data, p->len);
	at += p->len;
	h = (struct record_header){
		.seconds = (uint32_t)(p->wall_us / 1000000),
		.microseconds = (uint32_t)(p->wall_us % 1000000),
		.captured = (uint32_t)(at - start),
		.length = (uint32_t)(at - start),
	};
	memcpy(self->buffer + self->filled, &h, sizeof(h));
	self->filled = (size_t)(at - self->buffer);
	return 0;
}

static int close_file(void *arg)
{
	int ret = flush(arg);

	g_free(arg);
	return ret;
}

/* Cuts off a last record that is not all there. */
static int repair(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END), at = FILE_HEADER_BYTES;
	struct record_header h;

	if (size < 0)
		return -errno;
	while (at + RECORD_HEADER_BYTES <= size && pread(fd, &h, sizeof(h), at) == sizeof(h) &&
		h.captured <= SNAP_BYTES && at + RECORD_HEADER_BYTES + (off_t)h.captured <= size)
		at += RECORD_HEADER_BYTES + (off_t)h.captured;
	return size > at && ftruncate(fd, at) < 0 ? -errno : 0;
}

static const struct writer writer = {
	.name = "pcap",
	.extension = "pcap",
	.open = open_file,
	.packet = packet,
	.flush = flush,
	.close = close_file,
	.repair = repair,
};

static int init(const struct host *host, void **ret_instance, char *error)
{
	(void)error;
	*ret_instance = NULL;
	host->add_writer(host, &writer);
	return 0;
}

PLUGIN_EXPORT(pcap) = {
	.abi = PLUGIN_ABI,
	.kind = PLUGIN_WRITER,
	.name = "pcap",
	.description = "Recordings as capture files",
	.init = init,
};
