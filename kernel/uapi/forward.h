/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * How the daemon tells the forwarding module what to do: the whole protocol, in one header for
 * both. It is generic netlink, family FORWARD_FAMILY; structures have fixed widths and no pointers,
 * ports and addresses are in network byte order, all else in the host's. Attributes lie on
 * boundaries of four bytes only: copy a structure out before reading its 64-bit members.
 *
 * A *table* (a number, of its network namespace) belongs to the socket that bound it. Of that socket
 * alone commands about the table are taken. As long as the socket is open, who else binds the table
 * is refused with EBUSY. When it is closed, also by the process being killed, the targets go on
 * until the table expires, FORWARD_EXPIRE_MS after the latest FORWARD_CMD_REFRESH, or until
 * somebody binds it: a restarted daemon takes its table back so. An expired table forwards nothing
 * from that moment, whether its owner lives or not, and its targets are gone; an owner that comes
 * too late gets ESTALE for its next refresh, after which the table, empty, goes on.
 *
 * A *target* is a local address and port. Datagrams for it that are all it asks for (the order of
 * enum forward_pass tells what that is) are taken: counted, copied to the tap if there is one, and
 * sent to those of its *sinks* that want them. All others go up to the daemon's socket as if there
 * was no target.
 *
 * Requests need CAP_NET_ADMIN in the namespace of their socket. A request takes full effect or
 * none. With NLM_F_ACK and NETLINK_EXT_ACK errors come with a sentence and the offset of the
 * attribute that was wrong. What is not named here, unknown attributes, unknown flags, reserved
 * members that are not 0, wrong sizes, is refused with EINVAL.
 *
 * Answers wait in the socket's receive buffer: a target's record takes up to 2.2 kB, so an owner
 * should have room for a batch of them (SO_RCVBUFFORCE). Where it is full, what was asked for has
 * been done all the same, the records are lost, and the ack says ENOBUFS.
 */
#ifndef UAPI_FORWARD_H
#define UAPI_FORWARD_H

#include <linux/types.h>

#define FORWARD_FAMILY "rtpengine"

enum {
	/* Changes whenever a structure or the meaning of something does; both sides must agree. */
	FORWARD_VERSION = 1,
	FORWARD_TABLES = 64,         /* numbers from 0 */
	FORWARD_EXPIRE_MS = 30000,   /* without refresh */
	FORWARD_REFRESH_MS = 5000,   /* how often an owner should refresh */
	FORWARD_MAX_BATCH = 256,     /* targets in one request */
	FORWARD_MAX_TARGETS = 65536, /* of one table */
	FORWARD_MAX_SINKS = 32,      /* of one target */
	FORWARD_MAX_SSRCS = 4,
	FORWARD_MAX_PAYLOADS = 32,
	FORWARD_OWNER_BYTES = 32, /* with the zero at its end */
};

/*
 * Requests; the attributes of each. Answers have the same command.
 *
 *   INFO     nothing. Answer: VERSION, FEATURES, EXPIRE_MS. Of any version: ask it first.
 *   BIND     VERSION, TABLE, OWNER (a name for state files), HOOK; FLAGS with
 *            FORWARD_BIND_KEEP: targets that the owner before left stay, else they go. A socket
 *            may bind several tables. Answer: TABLE, COUNT: targets there are.
 *            EPROTONOSUPPORT: another version; EBUSY: the table has an owner.
 *   UNBIND   TABLE. Its targets go, nobody owns it. Answer: none but the ack.
 *   REFRESH  TABLE. Answer: none but the ack. ESTALE: it had expired, its targets are gone.
 *   SET      TABLE, TARGET ... (1 to FORWARD_MAX_BATCH). Each is added, or takes the place of the
 *            one with the same local address in the same table; with NLM_F_EXCL in the header none
 *            may be there (EEXIST). Of those whose place was taken the final records come back:
 *            answers with STATS ..., if there was any, before the ack. EADDRINUSE: the address is
 *            another table's; ENOSPC: FORWARD_MAX_TARGETS.
 *   DELETE   TABLE, LOCAL ... (1 to FORWARD_MAX_BATCH). Answers: STATS ..., the final records:
 *            no packet is forwarded by the targets any more when they are read. Addresses that are
 *            no target's are passed over, as they may have expired.
 *   READ     TABLE, LOCAL ... (1 to FORWARD_MAX_BATCH): answers with STATS ... for those there are.
 *            As a dump (NLM_F_DUMP; TABLE): STATS ... for all targets of the table. Allowed to
 *            all with CAP_NET_ADMIN, not only to the owner.
 *   TAP      TABLE: the socket that asks gets the copies from now on (FORWARD_CMD_PACKET), until
 *            it is closed. Not necessarily the owner's, better one of its own. EBUSY: there
 *            is such a socket already.
 *   PACKET   never a request: to the tap's socket, unacknowledged; TABLE, TAP_PACKET, PAYLOAD.
 */
enum forward_command {
	FORWARD_CMD_UNSPEC,
	FORWARD_CMD_INFO,
	FORWARD_CMD_BIND,
	FORWARD_CMD_UNBIND,
	FORWARD_CMD_REFRESH,
	FORWARD_CMD_SET,
	FORWARD_CMD_DELETE,
	FORWARD_CMD_READ,
	FORWARD_CMD_TAP,
	FORWARD_CMD_PACKET,
	FORWARD_CMD_END, /* not one of them */
};

enum forward_attribute {
	FORWARD_A_UNSPEC,
	FORWARD_A_VERSION,    /* __u32: FORWARD_VERSION */
	FORWARD_A_TABLE,      /* __u32 */
	FORWARD_A_OWNER,      /* string of printable ASCII, not empty */
	FORWARD_A_HOOK,       /* __u32: enum forward_hook */
	FORWARD_A_FLAGS,      /* __u32: as the command says */
	FORWARD_A_FEATURES,   /* __u32: enum forward_feature */
	FORWARD_A_EXPIRE_MS,  /* __u32 */
	FORWARD_A_COUNT,      /* __u32 */
	FORWARD_A_LOCAL,      /* struct forward_addr; repeated */
	FORWARD_A_TARGET,     /* nested, enum forward_target_attribute; repeated */
	FORWARD_A_STATS,      /* nested, enum forward_stats_attribute; repeated */
	FORWARD_A_TAP_PACKET, /* struct forward_tap_packet */
	FORWARD_A_PAYLOAD,    /* bytes: what was in the UDP datagram */
	FORWARD_A_END,
};

/* One target as it is set. */
enum forward_target_attribute {
	FORWARD_TARGET_A_UNSPEC,
	FORWARD_TARGET_A_TARGET,   /* struct forward_target */
	FORWARD_TARGET_A_SINKS,    /* struct forward_sink []; may be absent: taken, and not sent */
	FORWARD_TARGET_A_SSRCS,    /* struct forward_ssrc [], each SSRC once */
	FORWARD_TARGET_A_PAYLOADS, /* struct forward_payload [], each type once */
	/* Reserved for SRTP, of what comes in and by sink: refused. */
	FORWARD_TARGET_A_DECRYPT,
	FORWARD_TARGET_A_ENCRYPT,
	FORWARD_TARGET_A_END,
};

/* One target as it was read. */
enum forward_stats_attribute {
	FORWARD_STATS_A_UNSPEC,
	FORWARD_STATS_A_TARGET,   /* struct forward_counts */
	FORWARD_STATS_A_SINKS,    /* struct forward_sink_counts [], in the order they were set */
	FORWARD_STATS_A_SSRCS,    /* struct forward_ssrc [], in the order they were set */
	FORWARD_STATS_A_PAYLOADS, /* struct forward_payload_counts [], in the order they were set */
	FORWARD_STATS_A_END,
};

/* What this module can do beyond what this header asks of every one. */
enum forward_feature {
	FORWARD_FEATURE_TAP = 1,
	FORWARD_FEATURE_SRTP = 2, /* not yet */
};

/* Where packets are taken from the stack. */
enum forward_hook {
	FORWARD_HOOK_INPUT, /* behind the firewall's INPUT chain: what it drops is not forwarded */
	FORWARD_HOOK_PREROUTING, /* before it, and before conntrack: cheaper */
};

enum forward_bind_flag {
	FORWARD_BIND_KEEP = 1,
};

/* An address and a port. Unused bytes are 0. */
struct forward_addr {
	__u8 family; /* 4 or 6; 0: none, and all else is 0 */
	__u8 reserved;
	__be16 port;
	__u8 ip[16]; /* IPv4 has 4 */
};

enum forward_target_flag {
	FORWARD_TARGET_RTP = 1,    /* RTP of the SSRCs and payload types listed is taken */
	FORWARD_TARGET_RTCP = 2,   /* sound RTCP is taken, and passed on as it is */
	FORWARD_TARGET_OPAQUE = 4, /* all is taken, whatever it is; without the two above */
	FORWARD_TARGET_SOURCE = 8, /* only what comes from `source` */
	/* With FORWARD_TARGET_SOURCE: what comes from elsewhere is dropped, not passed up. */
	FORWARD_TARGET_DROP_OTHERS = 16,
	FORWARD_TARGET_TAP = 32, /* copies of what is taken go to the tap */
};

struct forward_target {
	__u64 id; /* the daemon's, told with statistics and packets */
	struct forward_addr local;
	struct forward_addr source; /* of FORWARD_TARGET_SOURCE, else none */
	__u32 flags;                /* enum forward_target_flag */
	__u32 reserved;
	/* Numbers of RTP header extensions that FORWARD_SINK_MASK leaves out: bits, 0 lowest. */
	__u64 masked[4];
};

enum forward_sink_flag {
	FORWARD_SINK_RTP = 1,      /* RTP goes there; of opaque targets, all */
	FORWARD_SINK_RTCP = 2,     /* RTCP goes there; not with FORWARD_SINK_REWRITE */
	FORWARD_SINK_REWRITE = 4,  /* `rewrite` counts: numbers in RTP are changed */
	FORWARD_SINK_PAYLOADS = 8, /* `payload_out` counts: payload types are changed */
	FORWARD_SINK_MASK = 16,    /* header extensions in `masked` become padding */
};

/* What is done to an SSRC's RTP; sums wrap around. */
struct forward_rewrite {
	__u32 ssrc; /* put in its place */
	__u32 timestamp_add;
	__u16 sequence_add;
	__u16 reserved;
};

/* Who gets it. `local` and `peer` are of one family, which need not be the target's. */
struct forward_sink {
	struct forward_addr local; /* sent from; an address of this host */
	struct forward_addr peer;  /* sent to */
	__u32 flags;               /* enum forward_sink_flag */
	__u8 tos;                  /* of the IP header, or the IPv6 traffic class */
	__u8 reserved[3];
	/* Which payload types it gets: bits by place in the target's list. Without bits: none. */
	__u32 payloads;
	__u8 payload_out[FORWARD_MAX_PAYLOADS];            /* by place in the target's list */
	struct forward_rewrite rewrite[FORWARD_MAX_SSRCS]; /* by place in the target's list */
};

/* A payload type that is taken. */
struct forward_payload {
	__u8 type;  /* below 128 */
	__u8 flags; /* 0 */
	__u16 reserved;
	__u32 clock_hz; /* of its timestamps, for jitter; 0: not known */
};

/*
 * An SSRC that is taken, and how its RTP arrived: RFC 3550, A.1, A.8. Counting goes on from what is
 * given with the target, and begins with the next packet where FORWARD_SSRC_STARTED is not set. Time
 * is CLOCK_MONOTONIC.
 */
struct forward_ssrc {
	__u32 ssrc;
	__u32 flags;          /* enum forward_ssrc_flag */
	__u64 packets, bytes; /* bytes are UDP payload */
	__u64 last_us;        /* when the latest came; 0: none did */
	__u32 last_timestamp; /* as received */
	__u16 last_sequence;
	__u8 last_payload;  /* type */
	__u8 clock_payload; /* type that `ticks` was set for; 255: to be set by the next packet */
	__u32 first;        /* extended sequence number that counting began with */
	__u32 highest;      /* extended by the number of wraps */
	__u32 missing;      /* bit n: highest - 1 - n has not come */
	__u32 transit;      /* of the latest packet: time in ticks less its timestamp */
	__u32 jitter;       /* 16 times that of RFC 3550, in ticks */
	__u32 ticks;        /* of its clock per microsecond, times 2^32; 0: not known */
	__u32 lost;         /* never came, or came too late to be told from a duplicate */
	__u32 duplicates;
	__u32 skips;     /* how often there was a gap */
	__u32 resets;    /* how often the numbers began anew */
	__u32 reordered; /* came behind a later one */
	__u32 reserved;
};

enum forward_ssrc_flag {
	FORWARD_SSRC_STARTED = 1,       /* a packet of it has come: the numbers mean something */
	FORWARD_SSRC_TRANSIT_KNOWN = 2, /* `transit` means something */
};

/*
 * Why a datagram for a target was not taken but passed up: in the order things are looked at, but
 * for checksums, which come last but for loops.
 */
enum forward_pass {
	FORWARD_PASS_FORM,      /* IP options, fragments, bad checksums, unknown to conntrack */
	FORWARD_PASS_SOURCE,    /* came from elsewhere than `source`; also counted if dropped */
	FORWARD_PASS_KIND,      /* neither RTP nor RTCP that is asked for: STUN, DTLS, anything */
	FORWARD_PASS_MALFORMED, /* RTP or RTCP that contradicts its length; extensions: if masked */
	FORWARD_PASS_PAYLOAD,   /* RTP of a payload type not listed */
	FORWARD_PASS_SSRC,      /* RTP of an SSRC not listed */
	FORWARD_PASS_MEMORY,    /* none left to work with */
	FORWARD_PASS_LOOP,      /* a sink leads to a target on this host: it could come back */
	FORWARD_PASS_REASONS = 8,
};

/* Since the target was set. */
struct forward_counts {
	__u64 id;
	struct forward_addr local;
	__u32 flags;          /* of the target */
	__u64 packets, bytes; /* taken; bytes are UDP payload */
	__u64 last_us;        /* when the latest was taken: CLOCK_MONOTONIC; 0: none was */
	__u64 passed[FORWARD_PASS_REASONS]; /* by enum forward_pass */
	__u64 dropped;                      /* by FORWARD_TARGET_DROP_OTHERS */
	__u64 unsent;                       /* to any of the sinks: no route, no memory, refused */
	__u64 tapped;                       /* copies that the tap took */
	__u64 untapped;                     /* copies that it had no room for, or nobody reads it */
};

struct forward_sink_counts {
	__u64 packets, bytes; /* sent; bytes are UDP payload */
	__u64 unsent;
};

struct forward_payload_counts {
	__u32 type;
	__u32 reserved;
	__u64 packets, bytes; /* received */
};

enum forward_tap_flag {
	FORWARD_TAP_RTCP = 1,
};

/* A copy of a datagram that was taken. */
struct forward_tap_packet {
	__u64 id;     /* of its target */
	__u64 now_us; /* when it came: CLOCK_MONOTONIC */
	struct forward_addr from, to;
	__u32 lost_before; /* copies of this target that were lost since the one before */
	__u32 flags;       /* enum forward_tap_flag */
};

#endif
