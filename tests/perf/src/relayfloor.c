/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least a userspace relay can do: packets in on one socket of a call, out on the other.
 *
 * It speaks just enough of the NG protocol (ping, offer, answer, delete) for ngload to drive
 * it, and knows nothing of RTP. Ways to receive (--rx) and to send (--tx) can be combined:
 *
 *   --rx epoll     level-triggered epoll, one recv per ready socket
 *   --rx mmsg      edge-triggered epoll, recvmmsg until a call comes back short
 *   --rx uring     io_uring multishot receive into a shared buffer ring
 *   --rx lookup    one socket for the whole port range, by a BPF sk_lookup program; recvmmsg
 *                  (connected sockets would take their packets first, so none are connected;
 *                  with --tx raw calls have no sockets at all)
 *   --tx sendto    sendto on the call's socket
 *   --tx send      send on connected sockets (saves the route look-up)
 *   --tx mmsg      sendmmsg for runs of packets that leave by one socket
 *   --tx uring     sends batched into one io_uring_enter
 *   --tx raw       one raw socket and sendmmsg for all calls (needs CAP_NET_RAW)
 *
 * --pace US gathers packets for that long, so that more of them are handled per wake-up.
 * --drop N   drops every Nth packet, to see that the load generator notices. */
#include "bencode.h"
#include "util.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_URING
#include <liburing.h>
#endif

enum { BATCH = 256, BUF = 2048, MAX_SOCKETS = 1 << 16 };

struct sock {
	int fd;
	uint16_t port;
	struct sockaddr_in to; /* where packets that leave here go */
	struct sock *other;    /* the call's other side, NULL for RTCP */
};

struct pkt {
	struct sock *out;
	const uint8_t *data;
	int len;
};

static struct {
	const char *rx, *tx, *ip;
	int ng_port, port_min, port_max, pace_us, drop;
} opt = { "epoll", "sendto", "127.0.0.1", 36223, 36300, 49000, 0, 0 };

static struct sock *by_port[MAX_SOCKETS];
static int ng_fd, next_port;
static uint64_t received;

static void (*rx_add)(struct sock *s);
static int (*rx)(struct pkt *out); /* waits 10 ms at most; up to BATCH packets */
static void (*tx)(const struct pkt *p, int n);
static bool connected;  /* send on connected sockets */
static bool no_sockets; /* calls need none of their own */

/* ---- signalling: just enough ---- */

static struct call {
	char id[64];
	struct sock *side[2];
} * calls;
static int ncalls;

static struct sock *open_socket(int port)
{
	struct sock *s = xcalloc(1, sizeof *s);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	inet_pton(AF_INET, opt.ip, &a.sin_addr);
	s->port = (uint16_t)port;
	if (no_sockets) {
		s->fd = -1;
		return by_port[port] = s;
	}
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		die("socket: %s", strerror(errno));
	if (bind(s->fd, (struct sockaddr *)&a, sizeof a)) {
		close(s->fd);
		free(s);
		return NULL;
	}
	by_port[port] = s;
	return s;
}

/* An RTP socket and, like any proxy, an RTCP socket beside it. */
static struct sock *open_pair(void)
{
	for (; next_port + 1 <= opt.port_max; next_port += 2) {
		struct sock *rtp = open_socket(next_port), *rtcp;
		if (!rtp)
			continue;
		rtcp = open_socket(next_port + 1);
		if (!rtcp)
			continue; /* leaks one socket; this is a benchmark */
		next_port += 2;
		rx_add(rtp);
		rx_add(rtcp);
		return rtp;
	}
	return NULL;
}

static struct call *find_call(const char *id, size_t n, bool make)
{
	for (int i = ncalls - 1; i >= 0; i--)
		if (!strncmp(calls[i].id, id, n) && !calls[i].id[n])
			return &calls[i];
	if (!make || n >= sizeof calls[0].id || ncalls == MAX_SOCKETS / 4)
		return NULL;
	struct call *c = &calls[ncalls];
	if (!(c->side[0] = open_pair()) || !(c->side[1] = open_pair()))
		return NULL;
	c->side[0]->other = c->side[1];
	c->side[1]->other = c->side[0];
	memcpy(c->id, id, n);
	ncalls++;
	return c;
}

static void set_peer(struct sock *s, const char *sdp, size_t n)
{
	const char *m = memmem(sdp, n, "m=audio ", 8);
	s->to.sin_family = AF_INET;
	s->to.sin_port = htons((uint16_t)(m ? atoi(m + 8) : 9));
	inet_pton(AF_INET, opt.ip, &s->to.sin_addr);
	if (connected && connect(s->fd, (struct sockaddr *)&s->to, sizeof s->to))
		die("connect: %s", strerror(errno));
}

static void handle_request(char *msg, size_t n, const struct sockaddr_in *from)
{
	char out[8192], sdp_out[4096];
	const char *cmd, *id, *sdp, *error = NULL;
	size_t cn, in, sn, cookie = strcspn(msg, " ");
	struct be b = { out, 0, sizeof out };
	const char *body = msg + cookie + 1;
	size_t len = n - cookie - 1;

	if (cookie + 1 >= n || !be_get(body, len, "command", &cmd, &cn))
		return;
	be_raw(&b, msg, cookie + 1);
	be_dict(&b);
	if (cn == 4 && !memcmp(cmd, "ping", 4)) {
		be_kv(&b, "result", "pong");
	} else if (cn == 6 && !memcmp(cmd, "delete", 6)) {
		be_kv(&b, "result", "ok"); /* sockets just stay open */
	} else if (cn >= 5 && be_get(body, len, "call-id", &id, &in) &&
		   be_get(body, len, "sdp", &sdp, &sn)) {
		int side = cmd[0] == 'a'; /* answer */
		struct call *c = find_call(id, in, !side);
		const char *m = memmem(sdp, sn, "m=audio ", 8);
		if (c && m) {
			set_peer(c->side[side], sdp, sn);
			const char *rest = memchr(m + 8, ' ', (size_t)(sdp + sn - m - 8));
			int k = snprintf(sdp_out, sizeof sdp_out, "%.*s%d%.*s", (int)(m + 8 - sdp),
				sdp, c->side[!side]->port, (int)(sdp + sn - rest), rest);
			be_kv(&b, "result", "ok");
			be_str(&b, "sdp");
			be_mem(&b, sdp_out, (size_t)k);
		} else
			error = "no call or no ports";
	} else
		error = "not understood";
	if (error) {
		be_kv(&b, "error-reason", error);
		be_kv(&b, "result", "error");
	}
	be_end(&b);
	if (be_ok(&b))
		sendto(ng_fd, out, b.len, 0, (const struct sockaddr *)from, sizeof *from);
}

static void poll_signalling(void)
{
	static char msg[65536];
	struct sockaddr_in from;
	socklen_t fl = sizeof from;
	for (ssize_t n; (n = recvfrom(ng_fd, msg, sizeof msg - 1, MSG_DONTWAIT,
				 (struct sockaddr *)&from, &fl)) > 0;) {
		msg[n] = 0;
		handle_request(msg, (size_t)n, &from);
	}
}

/* ---- receive: epoll ---- */

static uint8_t buf[BATCH * 2][BUF];
static int ep;

static void epoll_add_lt(struct sock *s)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };
	if (epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &e))
		die("epoll_ctl: %s", strerror(errno));
}

static void epoll_add_et(struct sock *s)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.ptr = s };
	if (epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &e))
		die("epoll_ctl: %s", strerror(errno));
}

static int rx_epoll(struct pkt *out)
{
	struct epoll_event e[BATCH];
	int n = epoll_wait(ep, e, BATCH, 10), k = 0;
	for (int i = 0; i < n; i++) {
		struct sock *s = e[i].data.ptr;
		ssize_t len = recv(s->fd, buf[k], BUF, MSG_DONTWAIT);
		if (len >= 0 && s->other)
			out[k] = (struct pkt){ s->other, buf[k], (int)len }, k++;
	}
	return k;
}

static int rx_mmsg(struct pkt *out)
{
	enum { V = 4 }; /* per socket and call; at 50 packets/s there is mostly one */
	struct epoll_event e[BATCH / V];
	struct mmsghdr mm[V];
	struct iovec iov[V];
	int n = epoll_wait(ep, e, BATCH / V, 10), k = 0, got;
	for (int i = 0; i < n; i++) {
		struct sock *s = e[i].data.ptr;
		do {
			for (int j = 0; j < V; j++) {
				iov[j] = (struct iovec){ buf[k + j], BUF };
				mm[j].msg_hdr = (struct msghdr){ .msg_iov = &iov[j],
					.msg_iovlen = 1 };
			}
			got = recvmmsg(s->fd, mm, V, MSG_DONTWAIT, NULL);
			for (int j = 0; j < got && s->other; j++)
				out[k] = (struct pkt){ s->other, buf[k], (int)mm[j].msg_len }, k++;
		} while (got == V && k + V <= BATCH);
	}
	return k;
}

/* ---- receive: one socket for all ports ---- */

static int all_fd;

static int sys_bpf(int cmd, union bpf_attr *a)
{
	return (int)syscall(SYS_bpf, cmd, a, sizeof *a);
}

static void lookup_init(void)
{
	int on = 1, size = 8 << 20;
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)(opt.port_min - 1)) };
	inet_pton(AF_INET, opt.ip, &a.sin_addr);
	all_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(all_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(all_fd, IPPROTO_IP, IP_RECVORIGDSTADDR, &on, sizeof on);
	struct timeval tv = { 0, 10000 };
	setsockopt(all_fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	if (bind(all_fd, (struct sockaddr *)&a, sizeof a))
		die("bind: %s", strerror(errno));

	union bpf_attr m = {
		.map_type = BPF_MAP_TYPE_SOCKMAP, .key_size = 4, .value_size = 8, .max_entries = 1
	};
	int map = sys_bpf(BPF_MAP_CREATE, &m);
	uint32_t key = 0;
	uint64_t val = (uint64_t)all_fd;
	union bpf_attr u = {
		.map_fd = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)&val
	};
	if (map < 0 || sys_bpf(BPF_MAP_UPDATE_ELEM, &u))
		die("bpf map: %s", strerror(errno));

/* One instruction each; jumps all go to the exit, see below. */
#define LDX(dst, src, o)                                  \
	{                                                 \
		BPF_LDX | BPF_MEM | BPF_W, dst, src, o, 0 \
	}
#define JMP(op, dst, i)                            \
	{                                          \
		BPF_JMP | op | BPF_K, dst, 0, 0, i \
	}
#define MOV(dst, src)                                       \
	{                                                   \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0 \
	}
#define MOVI(dst, i)                                      \
	{                                                 \
		BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, i \
	}
#define CALL(f)                                \
	{                                      \
		BPF_JMP | BPF_CALL, 0, 0, 0, f \
	}
	struct bpf_insn prog[] = {
		MOV(6, 1),
		LDX(2, 6, offsetof(struct bpf_sk_lookup, protocol)),
		JMP(BPF_JNE, 2, IPPROTO_UDP),
		LDX(2, 6, offsetof(struct bpf_sk_lookup, local_port)),
		JMP(BPF_JLT, 2, opt.port_min),
		JMP(BPF_JGT, 2, opt.port_max),
		{ BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0 }, /* key 0, on the stack */
		{ BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map },
		{ 0 },
		MOV(2, 10),
		{ BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4 },
		CALL(BPF_FUNC_map_lookup_elem),
		JMP(BPF_JEQ, 0, 0),
		MOV(7, 0),
		MOV(1, 6),
		MOV(2, 7),
		MOVI(3, 0),
		CALL(BPF_FUNC_sk_assign),
		MOV(1, 7),
		CALL(BPF_FUNC_sk_release),
		MOVI(0, SK_PASS), /* exit */
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	for (int i = 0, exit_at = (int)COUNT(prog) - 2; i < exit_at; i++) {
		int op = BPF_OP(prog[i].code);
		if (BPF_CLASS(prog[i].code) == BPF_JMP && op != BPF_CALL)
			prog[i].off = (int16_t)(exit_at - i - 1);
	}
	static char log[16384];
	union bpf_attr p = { .prog_type = BPF_PROG_TYPE_SK_LOOKUP,
		.insns = (uintptr_t)prog,
		.insn_cnt = COUNT(prog),
		.license = (uintptr_t) "Dual BSD/GPL",
		.expected_attach_type = BPF_SK_LOOKUP,
		.log_buf = (uintptr_t)log,
		.log_size = sizeof log,
		.log_level = 1 };
	int fd = sys_bpf(BPF_PROG_LOAD, &p), ns = open("/proc/self/ns/net", O_RDONLY);
	if (fd < 0)
		die("bpf program: %s\n%s", strerror(errno), log);
	union bpf_attr l = { .link_create = { .prog_fd = (uint32_t)fd,
				     .target_fd = (uint32_t)ns,
				     .attach_type = BPF_SK_LOOKUP } };
	if (sys_bpf(BPF_LINK_CREATE, &l) < 0)
		die("bpf attach: %s", strerror(errno));
}

static void lookup_add(struct sock *s)
{
	(void)s;
}

static int rx_lookup(struct pkt *out)
{
	static struct mmsghdr mm[BATCH];
	static struct iovec iov[BATCH];
	static char control[BATCH][64];
	int k = 0;
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], BUF };
		mm[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof control[i] };
	}
	int n = recvmmsg(all_fd, mm, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		struct cmsghdr *c = CMSG_FIRSTHDR(&mm[i].msg_hdr);
		struct sockaddr_in dst;
		if (!c || c->cmsg_type != IP_RECVORIGDSTADDR)
			continue;
		memcpy(&dst, CMSG_DATA(c), sizeof dst);
		struct sock *s = by_port[ntohs(dst.sin_port)];
		if (s && s->other)
			out[k++] = (struct pkt){ s->other, buf[i], (int)mm[i].msg_len };
	}
	return k;
}

/* ---- send ---- */

static void tx_sendto(const struct pkt *p, int n)
{
	for (int i = 0; i < n; i++)
		sendto(p[i].out->fd, p[i].data, (size_t)p[i].len, MSG_DONTWAIT,
			(struct sockaddr *)&p[i].out->to, sizeof p[i].out->to);
}

static void tx_send(const struct pkt *p, int n)
{
	for (int i = 0; i < n; i++)
		send(p[i].out->fd, p[i].data, (size_t)p[i].len, MSG_DONTWAIT);
}

static void tx_mmsg(const struct pkt *p, int n)
{
	static struct mmsghdr mm[BATCH];
	static struct iovec iov[BATCH];
	for (int i = 0, k; i < n; i += k) {
		for (k = 0; i + k < n && p[i + k].out == p[i].out; k++) {
			iov[k] = (struct iovec){ (void *)p[i + k].data, (size_t)p[i + k].len };
			mm[k].msg_hdr = (struct msghdr){ .msg_iov = &iov[k],
				.msg_iovlen = 1,
				.msg_name = &p[i].out->to,
				.msg_namelen = sizeof p[i].out->to };
		}
		sendmmsg(p[i].out->fd, mm, (unsigned)k, MSG_DONTWAIT);
	}
}

static int raw_fd;
static in_addr_t raw_from;

static void tx_raw(const struct pkt *p, int n)
{
	static struct mmsghdr mm[BATCH];
	static struct iovec iov[BATCH][2];
	static struct header {
		struct iphdr ip;
		struct udphdr udp;
	} h[BATCH];
	for (int i = 0; i < n; i++) {
		int len = p[i].len + (int)sizeof(struct header);
		h[i].ip = (struct iphdr){ .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.tot_len = htons((uint16_t)len),
			.saddr = raw_from,
			.daddr = p[i].out->to.sin_addr.s_addr };
		/* No UDP checksum: allowed in IPv4, and loopback does not compute one either. */
		h[i].udp = (struct udphdr){ .source = htons(p[i].out->port),
			.dest = p[i].out->to.sin_port,
			.len = htons((uint16_t)(p[i].len + (int)sizeof(struct udphdr))) };
		iov[i][0] = (struct iovec){ &h[i], sizeof h[i] };
		iov[i][1] = (struct iovec){ (void *)p[i].data, (size_t)p[i].len };
		mm[i].msg_hdr = (struct msghdr){ .msg_iov = iov[i],
			.msg_iovlen = 2,
			.msg_name = (void *)&p[i].out->to,
			.msg_namelen = sizeof p[i].out->to };
	}
	for (int done = 0, r; done < n; done += r) {
		r = sendmmsg(raw_fd, mm + done, (unsigned)(n - done), MSG_DONTWAIT);
		if (r <= 0)
			r = 1; /* that one is lost */
	}
}

/* ---- io_uring, both ways ---- */

#ifdef HAVE_URING
enum { NBUF = 4096 };
static struct io_uring ring;
static struct io_uring_buf_ring *bufs;
static uint8_t (*ring_mem)[BUF];
static int held[BATCH], nheld; /* buffers in use by packets of the last batch */
static bool uring_rx, uring_tx;

static void uring_init(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
					      IORING_SETUP_DEFER_TASKRUN,
		.cq_entries = 16384 };
	int err = io_uring_queue_init_params(1024, &ring, &p);
	if (err)
		die("io_uring: %s", strerror(-err));
	struct io_uring_buf_reg reg = { .ring_entries = NBUF, .bgid = 1 };
	ring_mem = xcalloc(NBUF, BUF);
	if (posix_memalign((void **)&bufs, 4096, NBUF * sizeof(struct io_uring_buf)))
		die("out of memory");
	memset(bufs, 0, NBUF * sizeof(struct io_uring_buf));
	reg.ring_addr = (uintptr_t)bufs;
	if ((err = io_uring_register_buf_ring(&ring, &reg, 0)))
		die("io_uring buffer ring: %s", strerror(-err));
	io_uring_buf_ring_init(bufs);
	for (int i = 0; i < NBUF; i++)
		io_uring_buf_ring_add(bufs, ring_mem[i], BUF, (unsigned short)i, NBUF - 1, i);
	io_uring_buf_ring_advance(bufs, NBUF);
}

static struct io_uring_sqe *get_sqe(void)
{
	struct io_uring_sqe *s = io_uring_get_sqe(&ring);
	if (!s) {
		io_uring_submit(&ring);
		s = io_uring_get_sqe(&ring);
	}
	if (!s)
		die("io_uring: no room");
	return s;
}

static void uring_add(struct sock *s)
{
	struct io_uring_sqe *q = get_sqe();
	io_uring_prep_recv_multishot(q, s->fd, NULL, 0, 0);
	q->flags |= IOSQE_BUFFER_SELECT;
	q->buf_group = 1;
	io_uring_sqe_set_data(q, s);
}

static int rx_uring(struct pkt *out)
{
	struct __kernel_timespec ts = { 0, opt.pace_us ? opt.pace_us * 1000 : 10000000 };
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;
	int k = 0;

	/* This also submits the sends of the last batch; they are done when it returns. */
	io_uring_submit_and_wait_timeout(&ring, &cqe, opt.pace_us ? BATCH : 1, &ts, NULL);
	for (int i = 0; i < nheld; i++)
		io_uring_buf_ring_add(
			bufs, ring_mem[held[i]], BUF, (unsigned short)held[i], NBUF - 1, i);
	io_uring_buf_ring_advance(bufs, nheld);
	nheld = 0;
	io_uring_for_each_cqe(&ring, head, cqe)
	{
		struct sock *s = io_uring_cqe_get_data(cqe);
		if (k == BATCH || nheld == BATCH)
			break;
		seen++;
		if (!s)
			continue; /* a send that failed */
		if (cqe->flags & IORING_CQE_F_BUFFER) {
			int id = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
			held[nheld++] = id;
			if (cqe->res >= 0 && s->other)
				out[k++] = (struct pkt){ s->other, ring_mem[id], cqe->res };
		}
		if (!(cqe->flags & IORING_CQE_F_MORE))
			uring_add(s);
	}
	io_uring_cq_advance(&ring, seen);
	return k;
}

static void tx_uring(const struct pkt *p, int n)
{
	for (int i = 0; i < n; i++) {
		struct io_uring_sqe *q = get_sqe();
		io_uring_prep_send(q, p[i].out->fd, p[i].data, (size_t)p[i].len, MSG_DONTWAIT);
		if (!connected)
			io_uring_prep_send_set_addr(
				q, (struct sockaddr *)&p[i].out->to, sizeof p[i].out->to);
		q->flags |= IOSQE_CQE_SKIP_SUCCESS;
		io_uring_sqe_set_data(q, NULL);
	}
	if (!uring_rx)
		io_uring_submit(&ring);
}
#endif

static void choose(void)
{
	if (!strcmp(opt.rx, "epoll")) {
		rx = rx_epoll;
		rx_add = epoll_add_lt;
	} else if (!strcmp(opt.rx, "mmsg")) {
		rx = rx_mmsg;
		rx_add = epoll_add_et;
	} else if (!strcmp(opt.rx, "lookup")) {
		rx = rx_lookup;
		rx_add = lookup_add;
		lookup_init();
	}
	if (!strcmp(opt.tx, "sendto"))
		tx = tx_sendto;
	else if (!strcmp(opt.tx, "send")) {
		tx = tx_send;
		connected = true;
		if (rx == rx_lookup)
			die("--rx lookup goes with --tx sendto, uring or raw");
	} else if (!strcmp(opt.tx, "mmsg"))
		tx = tx_mmsg;
	else if (!strcmp(opt.tx, "raw")) {
		tx = tx_raw;
		inet_pton(AF_INET, opt.ip, &raw_from);
		raw_fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
		if (raw_fd < 0)
			die("raw socket: %s", strerror(errno));
	}
#ifdef HAVE_URING
	uring_rx = !strcmp(opt.rx, "uring");
	uring_tx = !strcmp(opt.tx, "uring");
	if (uring_rx || uring_tx)
		uring_init();
	if (uring_rx) {
		rx = rx_uring;
		rx_add = uring_add;
	}
	if (uring_tx) {
		tx = tx_uring;
		connected = rx != rx_lookup;
	}
#endif
	no_sockets = rx == rx_lookup && tx == tx_raw;
	if (!rx || !tx)
		die("no such --rx or --tx here");
}

int main(int argc, char **argv)
{
	static struct pkt p[BATCH];
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *o = argv[i], *v = argv[i + 1];
		if (!strcmp(o, "--rx"))
			opt.rx = v;
		else if (!strcmp(o, "--tx"))
			opt.tx = v;
		else if (!strcmp(o, "--pace"))
			opt.pace_us = atoi(v);
		else if (!strcmp(o, "--drop"))
			opt.drop = atoi(v);
		else if (!strcmp(o, "--ng-port"))
			opt.ng_port = atoi(v);
		else if (!strcmp(o, "--port-min"))
			opt.port_min = atoi(v);
		else if (!strcmp(o, "--port-max"))
			opt.port_max = atoi(v);
		else
			die("unknown option %s", o);
	}
	raise_fd_limit();
	prctl(PR_SET_TIMERSLACK, 1);
	calls = xcalloc(MAX_SOCKETS / 4, sizeof *calls);
	next_port = opt.port_min;
	ep = epoll_create1(EPOLL_CLOEXEC);
	ng_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.ng_port) };
	inet_pton(AF_INET, opt.ip, &a.sin_addr);
	if (bind(ng_fd, (struct sockaddr *)&a, sizeof a))
		die("bind: %s", strerror(errno));
	choose();
	for (uint64_t last = 0;;) {
		int n = rx(p);
		uint64_t now = mono_ns();
		if (n > 0) {
			received += (unsigned)n;
			if (opt.drop && received % (unsigned)opt.drop < (unsigned)n)
				n--;
			tx(p, n);
		}
		if (now - last > 5000000) {
			poll_signalling();
			last = now;
		}
		if (opt.pace_us && n > 0 && opt.rx[0] != 'u')
			sleep_until_ns(now + (uint64_t)opt.pace_us * 1000);
	}
}
