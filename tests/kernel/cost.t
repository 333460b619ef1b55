#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a packet costs the forwarding module, in instructions, beside what it costs anyway to come
# through one veth pair into a socket. No checks of memory, which would be counted.
set -eu
cd "$(dirname "$0")/../.."
most=3195 # 0.45 of the module that this one takes the place of; 3150 as measured
. tests/kernel/guest.sh
exec tests/kernel/vmrun -t 500 "$@" -m 1024 -i 0 -f ip -f tests/kernel/net.sh:/root/ \
	-f "$build/tests/kernel/cost:/root/" -N "$build/kernel-test/rtpengine.ko" -- \
	". ./net.sh && modprobe rtpengine && ./cost $most && rmmod rtpengine"
