// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Forwarding of RTP in the kernel, for a daemon that tells which (uapi/forward.h). A datagram's way:
 * hook.c: for a target? → receive.c: to be taken? → stats.c → tap.c → send.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "control.h"
#include "debug.h"
#include "hook.h"
#include "selftest/selftest.h"
#include "table.h"

static unsigned int net_id __read_mostly;

struct forward_net *forward_net_of(const struct net *net)
{
	return net_generic(net, net_id);
}

static int __net_init net_init(struct net *net)
{
	struct forward_net *fn = forward_net_of(net);
	int ret = fwd_table_net_init(fn, net);

	if (ret)
		return ret;
	fwd_hook_net_init(fn);
	ret = fwd_debug_net_init(fn);
	if (ret)
		fwd_table_net_exit(fn);
	return ret;
}

static void __net_exit net_pre_exit(struct net *net)
{
	fwd_table_net_stop(forward_net_of(net));
}

static void __net_exit net_exit(struct net *net)
{
	fwd_debug_net_exit(forward_net_of(net));
	fwd_table_net_exit(forward_net_of(net));
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct forward_net),
};

static int __init load(void)
{
	int ret;

	ret = fwd_selftest();
	if (ret)
		return ret;
	ret = fwd_table_init();
	if (ret)
		return ret;
	ret = register_pernet_subsys(&net_ops);
	if (ret)
		goto no_net;
	fwd_debug_init();
	ret = fwd_control_init();
	if (ret)
		goto no_control;
	pr_info("loaded, protocol version %u\n", FORWARD_VERSION);
	return 0;

no_control:
	fwd_debug_exit();
	unregister_pernet_subsys(&net_ops);
no_net:
	fwd_table_exit();
	return ret;
}

/* Nobody speaks to us before packets end, and packets end before what they use goes. */
static void __exit unload(void)
{
	fwd_control_exit();
	fwd_debug_exit();
	unregister_pernet_subsys(&net_ops);
	fwd_table_exit();
}

module_init(load);
module_exit(unload);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("RTP forwarding for rtpengine");
MODULE_VERSION(MODULE_VERSION_TEXT);
MODULE_ALIAS_GENL_FAMILY(FORWARD_FAMILY);
