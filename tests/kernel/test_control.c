/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables, their owners, what is refused, what is read, and what must not hurt. */
#include "world.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct setting usual(uint16_t port)
{
	return world_relay(world_addr("10.1.0.1", port), world_addr("10.2.0.1", 40000),
		world_addr("10.2.0.2", 7000));
}

static struct setting usual_target(void)
{
	return usual(30000);
}

static bool says(const char *part)
{
	if (strstr(world_client->sentence, part))
		return true;
	printf("# it says: %s\n", world_client->sentence);
	return false;
}

static void take_version(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	if (type == FORWARD_A_VERSION && len == sizeof(uint32_t))
		memcpy(arg, data, len);
}

static void test_info(void)
{
	uint32_t version = 0;

	client_begin(world_client, FORWARD_CMD_INFO, 0);
	CHECK_INT(client_send(world_client, take_version, &version), 0);
	CHECK_INT(version, FORWARD_VERSION);
	client_begin(world_client, FORWARD_CMD_INFO, 0);
	client_put_u32(world_client, FORWARD_A_FLAGS, 1);
	CHECK_INT(client_send(world_client, NULL, NULL), -EINVAL);
}

static void test_version(void)
{
	client_begin(world_client, FORWARD_CMD_BIND, 0);
	client_put_u32(world_client, FORWARD_A_VERSION, FORWARD_VERSION + 1);
	client_put_u32(world_client, FORWARD_A_TABLE, 1);
	client_put_u32(world_client, FORWARD_A_HOOK, 0);
	client_put(world_client, FORWARD_A_OWNER, "x", 2);
	CHECK_INT(client_send(world_client, NULL, NULL), -EPROTONOSUPPORT);
	CHECK(says("version 1"));
}

static void test_second_owner(void)
{
	struct setting s = usual_target();
	struct client *own = world_client, *second = client_open();

	CHECK_INT(client_set(own, WORLD_TABLE, &s, 0, NULL), 0);
	world_client = second;
	CHECK_INT(client_bind(second, WORLD_TABLE, 0, 0), -EBUSY);
	CHECK(says("in use by another process"));
	CHECK_INT(client_set(second, WORLD_TABLE, &s, 0, NULL), -EPERM);
	CHECK_INT(client_delete(second, WORLD_TABLE, &s.target.local, NULL), -EPERM);
	CHECK_INT(client_table(second, FORWARD_CMD_REFRESH, WORLD_TABLE), -EPERM);
	CHECK_INT(client_table(second, FORWARD_CMD_UNBIND, WORLD_TABLE), -EPERM);
	CHECK_INT(client_count(second, WORLD_TABLE), 1);
	/* An address is of one table only. */
	CHECK_INT(client_bind(second, WORLD_TABLE + 1, 0, 0), 0);
	CHECK_INT(client_set(second, WORLD_TABLE + 1, &s, 0, NULL), -EADDRINUSE);
	CHECK_INT(client_count(second, WORLD_TABLE + 1), 0);
	CHECK_INT(client_table(second, FORWARD_CMD_UNBIND, WORLD_TABLE + 1), 0);
	CHECK_INT(client_count(second, WORLD_TABLE + 1), -ENOENT);
	world_client = own;
	client_close(second);
}

static void test_taken_back(void)
{
	struct setting s = usual_target();

	CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), 0);
	client_close(world_client);
	world_client = client_open();
	CHECK_INT(client_bind(world_client, WORLD_TABLE, FORWARD_BIND_KEEP, 1), 0);
	CHECK_INT(client_count(world_client, WORLD_TABLE), 1);
	client_close(world_client);
	world_client = client_open();
	CHECK_INT(client_bind(world_client, WORLD_TABLE, 0, 0), 0);
	CHECK_INT(client_count(world_client, WORLD_TABLE), 0);
}

static void refused(struct setting s, const char *sentence)
{
	CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), -EINVAL);
	CHECK(says(sentence));
}

static struct setting with_flags(uint32_t target, uint32_t sink)
{
	struct setting s = usual_target();

	s.target.flags = target;
	s.sink[0].flags = sink;
	return s;
}

static void test_refused(void)
{
	struct setting s = usual_target();

	refused(with_flags(0, 1), "asks for nothing");
	refused(with_flags(1u << 31, 1), "flags that are not known");
	refused(with_flags(FORWARD_TARGET_RTP, 1u << 31), "flags that are not known");
	refused(with_flags(FORWARD_TARGET_RTP | 64, 1), "flags that are not known");
	refused(with_flags(FORWARD_TARGET_OPAQUE | FORWARD_TARGET_RTP, 1), "takes all");
	refused(with_flags(FORWARD_TARGET_RTP | FORWARD_TARGET_DROP_OTHERS, 1), "none is named");
	refused(with_flags(FORWARD_TARGET_RTCP, 1), "no RTP is asked for");
	refused(with_flags(3, FORWARD_SINK_RTCP | FORWARD_SINK_REWRITE), "RTCP cannot go");
	s.target.local = world_addr("10.1.0.9", 30000);
	refused(s, "not one of this host");
	s = usual_target();
	s.sink[0].local = world_addr("10.1.0.9", 30000);
	refused(s, "not this host's");
	s.sink[0].local = world_addr("fd01::1", 30000);
	refused(s, "different families");
	s.sink[0].local.reserved = 1;
	refused(s, "reserved byte");
	s = usual_target();
	s.sink[0].peer = world_addr("224.0.0.1", 7000);
	refused(s, "not that of one host");
	s.sink[0].peer = world_addr("10.2.0.2", 0);
	refused(s, "no port");
	s.sink[0].peer = (struct forward_addr){ 0 };
	refused(s, "neither IPv4 nor IPv6");
	s = usual_target();
	s.payload[1].type = 0;
	refused(s, "listed twice");
	s.payload[1].type = 128;
	refused(s, "above 127");
	s = usual_target();
	s.ssrcs = 2;
	s.ssrc[1].ssrc = s.ssrc[0].ssrc;
	refused(s, "listed twice");
	s = usual_target();
	s.sink[0].payloads = 4;
	refused(s, "beyond the list");
	CHECK_INT(client_count(world_client, WORLD_TABLE), 0);
	CHECK_INT(client_bind(world_client, WORLD_TABLE + 1, FORWARD_BIND_KEEP << 1, 0), -EINVAL);
	CHECK_INT(client_count(world_client, WORLD_TABLE + 1), -ENOENT);
}

static void test_all_or_none(void)
{
	struct setting s = usual_target();
	struct client *c = world_client;

	client_begin(c, FORWARD_CMD_SET, 0);
	client_put_u32(c, FORWARD_A_TABLE, WORLD_TABLE);
	client_put_target(c, &s);
	s.target.local = world_addr("10.1.0.9", 30000);
	client_put_target(c, &s);
	CHECK_INT(client_send(c, NULL, NULL), -EINVAL);
	CHECK_INT(client_count(c, WORLD_TABLE), 0);
	s = usual_target();
	client_begin(c, FORWARD_CMD_SET, 0);
	client_put_u32(c, FORWARD_A_TABLE, WORLD_TABLE);
	client_put_target(c, &s);
	client_put_target(c, &s);
	CHECK_INT(client_send(c, NULL, NULL), -EINVAL);
	CHECK(says("two targets"));
	CHECK_INT(client_set(c, WORLD_TABLE, &s, NLM_F_EXCL, NULL), 0);
	CHECK_INT(client_set(c, WORLD_TABLE, &s, NLM_F_EXCL, NULL), -EEXIST);
	client_begin(c, FORWARD_CMD_SET, 0);
	client_put_u32(c, FORWARD_A_TABLE, WORLD_TABLE);
	CHECK_INT(client_send(c, NULL, NULL), -EINVAL);
	CHECK_INT(client_count(c, WORLD_TABLE), 1);
}

static void count_records(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	*(unsigned *)arg += type == FORWARD_A_STATS;
}

static void test_batches(void)
{
	struct client *c = world_client;
	unsigned records = 0;

	for (unsigned batch = 0; batch < 8; batch++) {
		client_begin(c, FORWARD_CMD_SET, 0);
		client_put_u32(c, FORWARD_A_TABLE, WORLD_TABLE);
		for (unsigned i = 0; i < FORWARD_MAX_BATCH; i++) {
			struct setting s = usual((uint16_t)(30000 + batch * 256 + i));

			client_put_target(c, &s);
		}
		CHECK_INT(client_send(c, NULL, NULL), 0);
	}
	CHECK_INT(client_count(c, WORLD_TABLE), 2048);
	client_begin(c, FORWARD_CMD_DELETE, 0);
	client_put_u32(c, FORWARD_A_TABLE, WORLD_TABLE);
	for (unsigned i = 0; i < FORWARD_MAX_BATCH; i++) {
		struct forward_addr local = world_addr("10.1.0.1", (uint16_t)(29990 + i));

		client_put(c, FORWARD_A_LOCAL, &local, sizeof(local));
	}
	CHECK_INT(client_send(c, count_records, &records), 0);
	CHECK_INT(records, 246);
	CHECK_INT(client_count(c, WORLD_TABLE), 1802);
}

static bool file_has(const char *path, const char *part)
{
	static char text[65536];
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[len] = 0;
	if (strstr(text, part))
		return true;
	printf("# %s: no %s in:\n# %s\n", path, part, text);
	return false;
}

static void test_files(void)
{
	struct setting s = usual_target();

	s.target.flags |= FORWARD_TARGET_SOURCE;
	s.target.source = world_addr("10.1.0.2", 5000);
	CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), 0);
	CHECK(file_has("/proc/rtpengine/list", "7 targets 1 hook input"));
	CHECK(file_has("/proc/net/rtpengine/7/status", "Targets:     1"));
	CHECK(file_has("/proc/net/rtpengine/7/status", "Opencount:   1\n"));
	CHECK(file_has("/proc/rtpengine/7/list", "local inet4 10.1.0.1:30000\n"));
	CHECK(file_has("/proc/rtpengine/7/list", "expect inet4 10.1.0.2:5000\n"));
	CHECK(file_has("/proc/rtpengine/7/list", "dst inet4 10.2.0.2:7000 tos 0 rtp\n"));
	CHECK_INT(client_table(world_client, FORWARD_CMD_UNBIND, WORLD_TABLE), 0);
	CHECK(access("/proc/rtpengine/7", F_OK) < 0);
}

static void check_owner(pid_t pid)
{
	char line[40];

	snprintf(line, sizeof(line), "Owner:       test (%d)\n", (int)pid);
	CHECK(file_has("/proc/net/rtpengine/7/status", line));
}

/* Who binds a table and goes to the background is another process then. */
static void test_owner(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(client_table(world_client, FORWARD_CMD_REFRESH, WORLD_TABLE) != 0);
	waitpid(pid, NULL, 0);
	check_owner(pid);
	CHECK_INT(client_table(world_client, FORWARD_CMD_REFRESH, WORLD_TABLE), 0);
	check_owner(getpid());
}

struct tapped {
	struct forward_tap_packet head;
	size_t len;
};

/* Copies come as messages of their own, not as answers. */
static struct tapped next_copy(int fd)
{
	static uint8_t data[4096] __attribute__((aligned(8)));
	struct tapped t = { .len = 0 };
	ssize_t got = recv(fd, data, sizeof(data), 0);
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;

	while (got > 0 && at + NLA_HDRLEN <= (size_t)got) {
		const struct nlattr *a = (const struct nlattr *)(data + at);

		if (a->nla_len < NLA_HDRLEN)
			break;
		if (a->nla_type == FORWARD_A_TAP_PACKET)
			memcpy(&t.head, data + at + NLA_HDRLEN, sizeof(t.head));
		if (a->nla_type == FORWARD_A_PAYLOAD)
			t.len = a->nla_len - NLA_HDRLEN;
		at += NLA_ALIGN(a->nla_len);
	}
	return t;
}

static void test_tap(void)
{
	struct setting s = usual_target();
	int a = world_socket("a", "10.1.0.2", 5000), b = world_socket("b", "10.2.0.2", 7000);
	struct client *tap = client_open();
	uint8_t data[200];
	struct tapped t;
	struct record r;

	s.target.flags |= FORWARD_TARGET_TAP;
	CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), 0);
	world_send(a, "10.1.0.1", 30000, data, world_rtp(data, 0, 1, 160, 0x1234, 80));
	CHECK(world_receive(b)->len);
	CHECK_INT(client_table(tap, FORWARD_CMD_TAP, WORLD_TABLE), 0);
	CHECK_INT(client_table(world_client, FORWARD_CMD_TAP, WORLD_TABLE), -EBUSY);
	world_send(a, "10.1.0.1", 30000, data, world_rtp(data, 0, 2, 320, 0x1234, 90));
	t = next_copy(tap->fd);
	CHECK_INT(t.len, 102);
	CHECK_INT(t.head.id, 4711);
	CHECK_INT(t.head.lost_before, 1);
	CHECK_INT(t.head.from.ip[3], 2);
	CHECK_INT(t.head.to.ip[3], 1);
	CHECK(t.head.now_us > 0);
	CHECK_INT(client_read(world_client, WORLD_TABLE, &s.target.local, &r), 0);
	CHECK_INT(r.counts.tapped, 1);
	CHECK_INT(r.counts.untapped, 1);
	client_close(tap);
	close(a);
	close(b);
}

static bool is_relayed(int a, int b)
{
	uint8_t data[200];

	world_send(a, "10.1.0.1", 30000, data, world_rtp(data, 0, 2, 320, 0x1234, 90));
	return world_receive(b)->len;
}

/* Another process, in `ns` if not NULL, owns table 9, sets a target, and dies. */
static void own_and_die(const char *ns, const struct setting *s)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct client *c;

		if (ns)
			world_enter(ns);
		c = client_open();
		if (!c || client_bind(c, 9, 0, 0) || client_set(c, 9, s, 0, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status));
}

static void test_killed(void)
{
	int a = world_socket("a", "10.1.0.2", 5000), b = world_socket("b", "10.2.0.2", 7000);
	struct setting s = usual_target();

	own_and_die(NULL, &s);
	CHECK_INT(client_count(world_client, 9), 1);
	CHECK(is_relayed(a, b));
	sleep(28);
	CHECK(is_relayed(a, b));
	sleep(2);
	CHECK(!is_relayed(a, b));
	sleep(3);
	CHECK_INT(client_count(world_client, 9), -ENOENT);
	close(a);
	close(b);
}

static void test_refreshed(void)
{
	int a = world_socket("a", "10.1.0.2", 5000), b = world_socket("b", "10.2.0.2", 7000);
	struct setting s = usual_target();

	CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), 0);
	sleep(20);
	CHECK_INT(client_table(world_client, FORWARD_CMD_REFRESH, WORLD_TABLE), 0);
	sleep(20);
	CHECK(is_relayed(a, b));
	sleep(15);
	CHECK(!is_relayed(a, b));
	CHECK_INT(client_count(world_client, WORLD_TABLE), 0);
	CHECK_INT(client_table(world_client, FORWARD_CMD_REFRESH, WORLD_TABLE), -ESTALE);
	CHECK_INT(client_table(world_client, FORWARD_CMD_REFRESH, WORLD_TABLE), 0);
	CHECK_INT(client_set(world_client, WORLD_TABLE, &s, 0, NULL), 0);
	CHECK(is_relayed(a, b));
	close(a);
	close(b);
}

static void test_unload(void)
{
	struct setting s = usual_target();

	CHECK(system("rmmod rtpengine 2>/dev/null") != 0);
	client_close(world_client);
	world_client = NULL;
	own_and_die(NULL, &s);
	CHECK_INT(system("rmmod rtpengine"), 0);
	CHECK_INT(system("modprobe rtpengine"), 0);
}

/* As if the other module were loaded: its files are let be, and no warning is heard. */
static void test_other_module(void)
{
	client_close(world_client);
	world_client = NULL;
	CHECK_INT(system("rmmod rtpengine"), 0);
	CHECK_INT(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	CHECK_INT(mkdir("/proc/rtpengine", 0755), 0);
	CHECK_INT(system("insmod /lib/modules/$(uname -r)/extra/rtpengine.ko"), 0);
	CHECK_INT(umount("/proc"), 0);
	CHECK(access("/proc/rtpengine", F_OK) < 0);
	CHECK_INT(access("/proc/net/rtpengine/list", F_OK), 0);
	CHECK_INT(system("rmmod rtpengine"), 0);
	CHECK_INT(system("modprobe rtpengine"), 0);
	CHECK_INT(access("/proc/rtpengine/list", F_OK), 0);
}

/* A namespace ends with a table in it whose owner is dead. */
static void test_namespace(void)
{
	struct forward_addr here = world_addr("127.0.0.1", 30000);
	struct setting s = world_relay(here, here, world_addr("127.0.0.1", 7000));

	CHECK_INT(system("ip netns add c && ip -n c link set lo up"), 0);
	own_and_die("c", &s);
	CHECK_INT(system("ip netns del c"), 0);
	sleep(3);
}

const struct test control_tests[] = {
	{ "it tells its version", test_info },
	{ "another version is refused", test_version },
	{ "a second owner is refused", test_second_owner },
	{ "a table is taken back", test_taken_back },
	{ "what is wrong is refused with a sentence", test_refused },
	{ "a request takes full effect or none", test_all_or_none },
	{ "thousands of targets, in batches", test_batches },
	{ "state files", test_files },
	{ "the owner is who refreshes", test_owner },
	{ "the tap", test_tap },
	{ "the owner is killed: nothing is forwarded after 30 s", test_killed },
	{ "targets live as long as they are refreshed", test_refreshed },
	{ "a namespace ends", test_namespace },
	{ "not unloaded while in use, clean when not", test_unload },
	{ "loaded where /proc/rtpengine is somebody else's", test_other_module },
	{ NULL, NULL },
};
