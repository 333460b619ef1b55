/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program that steers, written for the addresses it is made for:
 *
 *	if (protocol != UDP)
 *		pass
 *	addr_index = which of our addresses is the local one; none: pass
 *	lane = lanes[addr_index][local port] - 1; none: pass
 *	assign(sockets[addr_index * lane_count + lane])
 *
 * `lanes` is memory that this process has mapped, so a port is steered by storing a byte.
 */
#include "net/steer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

enum {
	PORTS = 65536,
	INSNS_MAX = 1024,
	LOG_BYTES = 4096,
	/* Places that jumps go to, resolved when those are known */
	TO_PASS = 0x7001,
	TO_FOUND = 0x7002,
	/* Registers */
	R_RESULT = BPF_REG_0,
	R_ARG1 = BPF_REG_1,
	R_ARG2 = BPF_REG_2,
	R_ARG3 = BPF_REG_3,
	R_CONTEXT = BPF_REG_6,
	R_INDEX = BPF_REG_7,
	R_FAMILY = BPF_REG_8,
	R_SOCKET = BPF_REG_9,
	R_FRAME = BPF_REG_10,
	KEY_AT = -4, /* on the frame */
};

/* Of `local_ip4` and so on in what the program is given. */
#define CONTEXT(field) ((int16_t)offsetof(struct bpf_sk_lookup, field))

struct steer {
	unsigned addr_count, lane_count;
	int lanes_fd, sockets_fd, program_fd, link_fd;
	uint8_t *lanes; /* addr_count * PORTS; a port's lane + 1, 0: nowhere */
};

struct program {
	struct bpf_insn insns[INSNS_MAX];
	unsigned count;
};

static void emit(struct program *p, int code, int dst, int src, int off, int imm)
{
	g_assert(p->count < INSNS_MAX);
	p->insns[p->count++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)dst & 0xf,
		.src_reg = (uint8_t)src & 0xf,
		.off = (int16_t)off,
		.imm = imm,
	};
}

static void load_context(struct program *p, int dst, int16_t at)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, R_CONTEXT, at, 0);
}

static void move(struct program *p, int dst, int src)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void move_number(struct program *p, int dst, int imm)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void call(struct program *p, int function)
{
	emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* Compares 32 bits: `off` is a number of instructions or one of the places. */
static void jump_unless_equal(struct program *p, int reg, int imm, int off)
{
	emit(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, off, imm);
}

static void jump_if_zero(struct program *p, int reg, int off)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, reg, 0, off, 0);
}

/* R_RESULT is what the map has for the key in R_INDEX, or 0. */
static void look_up(struct program *p, int map_fd)
{
	emit(p, BPF_STX | BPF_MEM | BPF_W, R_FRAME, R_INDEX, KEY_AT, 0);
	emit(p, BPF_LD | BPF_IMM | BPF_DW, R_ARG1, BPF_PSEUDO_MAP_FD, 0, map_fd);
	emit(p, 0, 0, 0, 0, 0); /* the number's upper half */
	move(p, R_ARG2, R_FRAME);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_K, R_ARG2, 0, 0, KEY_AT);
	call(p, BPF_FUNC_map_lookup_elem);
}

/* The next address's part follows right behind. */
static void compare_address(struct program *p, const struct addr *addr, unsigned index)
{
	bool ip6 = addr->family == ADDR_IP6;
	unsigned words = ip6 ? 4 : 1, left = 2 * words + 2;

	jump_unless_equal(p, R_FAMILY, ip6 ? AF_INET6 : AF_INET, (int)left);
	for (unsigned i = 0; i < words; i++) {
		int word, at = ip6 ? CONTEXT(local_ip6[0]) : CONTEXT(local_ip4);

		memcpy(&word, addr->ip + i * sizeof(word), sizeof(word));
		load_context(p, R_ARG1, (int16_t)(at + (int)(i * sizeof(word))));
		left -= 2;
		jump_unless_equal(p, R_ARG1, word, (int)left);
	}
	move_number(p, R_INDEX, (int)index);
	emit(p, BPF_JMP | BPF_JA, 0, 0, TO_FOUND, 0);
}

/* From the address's index in R_INDEX to the index of a socket, there too. */
static void find_lane(struct program *p, const struct steer *steer)
{
	look_up(p, steer->lanes_fd);
	jump_if_zero(p, R_RESULT, TO_PASS);
	load_context(p, R_ARG1, CONTEXT(local_port));
	/* for the verifier, which does not know that there are no more ports than that */
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, R_ARG1, 0, 0, PORTS - 1);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_X, R_RESULT, R_ARG1, 0, 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_B, R_ARG1, R_RESULT, 0, 0);
	jump_if_zero(p, R_ARG1, TO_PASS);
	emit(p, BPF_ALU64 | BPF_MUL | BPF_K, R_INDEX, 0, 0, (int)steer->lane_count);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_X, R_INDEX, R_ARG1, 0, 0);
	emit(p, BPF_ALU64 | BPF_SUB | BPF_K, R_INDEX, 0, 0, 1);
}

static void assign_socket(struct program *p, const struct steer *steer)
{
	look_up(p, steer->sockets_fd);
	jump_if_zero(p, R_RESULT, TO_PASS);
	move(p, R_SOCKET, R_RESULT);
	move(p, R_ARG1, R_CONTEXT);
	move(p, R_ARG2, R_SOCKET);
	move_number(p, R_ARG3, 0);
	call(p, BPF_FUNC_sk_assign);
	move(p, R_ARG1, R_SOCKET);
	call(p, BPF_FUNC_sk_release);
}

static void resolve(struct program *p, int16_t place, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (BPF_CLASS(p->insns[i].code) == BPF_JMP ||
			BPF_CLASS(p->insns[i].code) == BPF_JMP32)
			if (p->insns[i].off == place)
				p->insns[i].off = (int16_t)(at - i - 1);
}

static void write_program(struct program *p, const struct steer *steer, const struct addr *addrs)
{
	move(p, R_CONTEXT, R_ARG1);
	load_context(p, R_ARG1, CONTEXT(protocol));
	jump_unless_equal(p, R_ARG1, IPPROTO_UDP, TO_PASS);
	load_context(p, R_FAMILY, CONTEXT(family));
	for (unsigned i = 0; i < steer->addr_count; i++)
		compare_address(p, &addrs[i], i);
	emit(p, BPF_JMP | BPF_JA, 0, 0, TO_PASS, 0);
	resolve(p, TO_FOUND, p->count);
	find_lane(p, steer);
	assign_socket(p, steer);
	resolve(p, TO_PASS, p->count);
	move_number(p, R_RESULT, SK_PASS);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* A descriptor or 0, or -errno. */
static int bpf(int command, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

static int make_map(unsigned type, unsigned value_bytes, unsigned entries, unsigned flags)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = sizeof(uint32_t),
		.value_size = value_bytes,
		.max_entries = entries,
		.map_flags = flags,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int make_maps(struct steer *steer, struct err *err)
{
	void *lanes;

	steer->lanes_fd = make_map(BPF_MAP_TYPE_ARRAY, PORTS, steer->addr_count, BPF_F_MMAPABLE);
	if (steer->lanes_fd < 0)
		return err_set(err, -steer->lanes_fd, "making a BPF map: %s",
			g_strerror(-steer->lanes_fd));
	steer->sockets_fd = make_map(
		BPF_MAP_TYPE_SOCKMAP, sizeof(uint32_t), steer->addr_count * steer->lane_count, 0);
	if (steer->sockets_fd < 0)
		return err_set(err, -steer->sockets_fd, "making a BPF map of sockets: %s",
			g_strerror(-steer->sockets_fd));
	lanes = mmap(NULL, (size_t)steer->addr_count * PORTS, PROT_READ | PROT_WRITE, MAP_SHARED,
		steer->lanes_fd, 0);
	if (lanes == MAP_FAILED)
		return err_set(err, errno, "mapping a BPF map: %s", g_strerror(errno));
	steer->lanes = lanes;
	return 0;
}

/* The verifier's last words, for whoever has to find out why this kernel refuses. */
static const char *last_line(char *log)
{
	char *line;

	g_strchomp(log);
	line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

static int load_program(struct steer *steer, const struct addr *addrs, struct err *err)
{
	g_autofree struct program *p = g_new0(struct program, 1);
	g_autofree char *log = g_malloc0(LOG_BYTES);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SK_LOOKUP,
		.expected_attach_type = BPF_SK_LOOKUP,
		.insns = (uintptr_t)p->insns,
		.license = (uintptr_t) "GPL",
		.prog_name = "steer_ports",
	};

	write_program(p, steer, addrs);
	attr.insn_cnt = p->count;
	steer->program_fd = bpf(BPF_PROG_LOAD, &attr);
	if (steer->program_fd >= 0)
		return 0;
	attr.log_buf = (uintptr_t)log;
	attr.log_size = LOG_BYTES;
	attr.log_level = 1;
	if (steer->program_fd == -EINVAL || steer->program_fd == -EACCES)
		bpf(BPF_PROG_LOAD, &attr);
	return err_set(err, -steer->program_fd, "loading a BPF program: %s %s",
		g_strerror(-steer->program_fd), last_line(log));
}

static int attach_program(struct steer *steer, struct err *err)
{
	int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	union bpf_attr attr = { 0 };

	if (namespace < 0)
		return err_set(err, errno, "opening the network namespace: %s", g_strerror(errno));
	attr.link_create.prog_fd = (uint32_t)steer->program_fd;
	attr.link_create.target_fd = (uint32_t) namespace;
	attr.link_create.attach_type = BPF_SK_LOOKUP;
	steer->link_fd = bpf(BPF_LINK_CREATE, &attr);
	close(namespace);
	if (steer->link_fd < 0)
		return err_set(err, -steer->link_fd, "attaching a BPF program: %s",
			g_strerror(-steer->link_fd));
	return 0;
}

/* Kernels before 5.11 count maps as locked memory. */
static void raise_locked_memory(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &none);
}

int steer_new(const struct addr *addrs, unsigned addr_count, unsigned lane_count,
	struct steer **ret_steer, struct err *err)
{
	struct steer *steer;
	int rc;

	if (!addr_count || addr_count > STEER_ADDRS_MAX || !lane_count ||
		lane_count > STEER_LANES_MAX)
		return err_set(err, E2BIG, "%u addresses and %u threads, of at most %u and %u",
			addr_count, lane_count, STEER_ADDRS_MAX, STEER_LANES_MAX);
	raise_locked_memory();
	steer = g_new0(struct steer, 1);
	*steer = (struct steer){
		.addr_count = addr_count,
		.lane_count = lane_count,
		.lanes_fd = -1,
		.sockets_fd = -1,
		.program_fd = -1,
		.link_fd = -1,
	};
	rc = make_maps(steer, err);
	if (!rc)
		rc = load_program(steer, addrs, err);
	if (!rc)
		rc = attach_program(steer, err);
	if (rc) {
		steer_free(steer);
		return rc;
	}
	*ret_steer = steer;
	return 0;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void steer_free(struct steer *steer)
{
	if (!steer)
		return;
	close_if_open(steer->link_fd); /* first: nothing is steered after this */
	close_if_open(steer->program_fd);
	if (steer->lanes)
		munmap(steer->lanes, (size_t)steer->addr_count * PORTS);
	close_if_open(steer->sockets_fd);
	close_if_open(steer->lanes_fd);
	g_free(steer);
}

int steer_set_socket(struct steer *steer, unsigned addr_index, unsigned lane, int fd)
{
	uint32_t key = addr_index * steer->lane_count + lane, value = (uint32_t)fd;
	union bpf_attr attr = { .map_fd = (uint32_t)steer->sockets_fd };

	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

void steer_port(struct steer *steer, unsigned addr_index, uint16_t port, int lane)
{
	__atomic_store_n(&steer->lanes[(size_t)addr_index * PORTS + port],
		(uint8_t)(lane - STEER_NOWHERE), __ATOMIC_RELEASE);
}
