/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changing to another user while keeping a few capabilities. They are set by the system calls
 * themselves: all that is needed of libcap is two of them.
 */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

#include "base/log.h"
#include "stats/reason.h"

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

enum { CAP_WORDS = _LINUX_CAPABILITY_U32S_3, CAP_WORD_BITS = 32, CAP_BITS = 64 };

/* What may stay, and what is lost where it is not held. */
static const struct {
	unsigned cap;
	const char *name;
	const char *use;
} kept[] = {
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN", "kernel forwarding and firewall rules" },
	{ CAP_NET_RAW, "CAP_NET_RAW", "sending from any port through one socket" },
	{ CAP_BPF, "CAP_BPF", "forwarding and receiving by BPF programs" },
	{ CAP_SYS_NICE, "CAP_SYS_NICE", "scheduling policies of threads" },
};

static int find_user(const char *name, struct privileges *p, struct err *err)
{
	const struct passwd *entry = getpwnam(name);
	guint64 number;

	if (!entry && g_ascii_string_to_unsigned(name, 10, 0, UINT32_MAX - 1, &number, NULL))
		entry = getpwuid((uid_t)number);
	if (!entry)
		return err_set(err, EINVAL, "Unknown user '%s' (--user)", name);
	p->user = name;
	p->uid = entry->pw_uid;
	p->gid = entry->pw_gid;
	return 0;
}

static int find_group(const char *name, struct privileges *p, struct err *err)
{
	const struct group *entry = getgrnam(name);
	guint64 number;

	if (!entry && g_ascii_string_to_unsigned(name, 10, 0, UINT32_MAX - 1, &number, NULL))
		entry = getgrgid((gid_t)number);
	if (!entry)
		return err_set(err, EINVAL, "Unknown group '%s' (--group)", name);
	p->gid = entry->gr_gid;
	return 0;
}

int privileges_find(const char *user, const char *group, struct privileges *ret, struct err *err)
{
	struct privileges p = {
		.change = user || group,
		.uid = geteuid(),
		.gid = getegid(),
	};
	int rc = user ? find_user(user, &p, err) : 0;

	if (!rc && group)
		rc = find_group(group, &p, err);
	if (!rc)
		*ret = p;
	return rc;
}

static bool has_cap(const struct __user_cap_data_struct *data, unsigned cap)
{
	return data[cap / CAP_WORD_BITS].permitted & 1u << cap % CAP_WORD_BITS;
}

/* 0 and the capabilities held that are to stay, or -errno. */
static int choose_caps(struct __user_cap_data_struct ret[CAP_WORDS])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct held[CAP_WORDS] = { 0 };

	memset(ret, 0, CAP_WORDS * sizeof(*ret));
	if (syscall(SYS_capget, &header, held) < 0)
		return -errno;
	for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
		unsigned word = kept[i].cap / CAP_WORD_BITS;
		uint32_t bit = 1u << kept[i].cap % CAP_WORD_BITS;

		ret[word].permitted |= held[word].permitted & bit;
		ret[word].effective = ret[word].permitted;
	}
	return 0;
}

/* Not even a program started by us gets them back. Without CAP_SETPCAP they stay in the set. */
static void bound_caps(const struct __user_cap_data_struct *keep)
{
	for (unsigned cap = 0; cap < CAP_BITS && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!has_cap(keep, cap))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int set_caps(const struct __user_cap_data_struct *keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, keep) < 0 ? -errno : 0;
}

/* Of a user with other groups than ours; needs no rights when nothing changes. */
static int set_ids(const struct privileges *p)
{
	bool same_user = p->uid == getuid() && p->uid == geteuid();
	bool same_group = p->gid == getgid() && p->gid == getegid();

	if (same_user && same_group)
		return 0;
	if (p->user && !same_user) {
		const struct passwd *entry = getpwuid(p->uid);

		if (!entry || initgroups(entry->pw_name, p->gid) < 0)
			return -errno;
	} else if (setgroups(1, &p->gid) < 0) {
		return -errno;
	}
	if (setresgid(p->gid, p->gid, p->gid) < 0 || setresuid(p->uid, p->uid, p->uid) < 0)
		return -errno;
	return 0;
}

static void tell_missing(const struct __user_cap_data_struct *keep)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
		if (has_cap(keep, kept[i].cap))
			continue;
		reason_count(REASON_CAPABILITY_MISSING);
		log_notice("%s is not held, so there will be no %s", kept[i].name, kept[i].use);
	}
}

static int become(const struct privileges *p, const struct __user_cap_data_struct *keep)
{
	int rc;

	/* Else all capabilities would go with root's user ID. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	bound_caps(keep);
	rc = set_ids(p);
	if (!rc)
		rc = set_caps(keep);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	/* Changing the user takes it away; core dumps are wanted (their limit was raised). */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return rc;
}

int privileges_drop(const struct privileges *p, struct err *err)
{
	struct __user_cap_data_struct keep[CAP_WORDS];
	int rc;

	if (!p->change)
		return 0;
	if (p->uid == 0) {
		rc = set_ids(p);
	} else {
		rc = choose_caps(keep);
		if (!rc)
			rc = become(p, keep);
		if (!rc)
			tell_missing(keep);
	}
	if (rc)
		return err_set(err, -rc, "Failed to change to user %u, group %u: %s", p->uid,
			p->gid, g_strerror(-rc));
	log_info("Running as user %u, group %u", p->uid, p->gid);
	return 0;
}
