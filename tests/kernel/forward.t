#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The forwarding module in a guest with Debian's kernel, its memory checked (vmrun -D). Any
# complaint of that kernel fails this test. Time there is that of instructions: waiting costs none.
set -eu
cd "$(dirname "$0")/../.."
. tests/kernel/guest.sh
exec tests/kernel/vmrun -t 500 "$@" $checks -i 0 -f ip -f nft -f tests/kernel/net.sh:/root/ \
	-f "$build/tests/kernel/forward:/root/" -N "$build/kernel-test/rtpengine.ko" -- \
	'. ./net.sh && modprobe rtpengine && ./forward && rmmod rtpengine'
