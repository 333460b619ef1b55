#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The forwarding module in a guest with Debian's kernel, its memory checked (vmrun -D). Any
# complaint of that kernel fails this test. Time there is that of instructions: waiting costs none.
#   forward.t race        as race.t says
set -eu
cd "$(dirname "$0")/../.."
program=${1:-forward}
. tests/kernel/guest.sh
if [ $program = race ]; then
	command='race 20' cpus='-c 2'
else
	command=forward cpus='-i 0'
fi
# shellcheck disable=SC2086 # options are words
exec tests/kernel/vmrun -t 500 "$@" $checks $cpus -f ip -f nft -f tests/kernel/net.sh:/root/ \
	-f "$build/tests/kernel/$program:/root/" -N nfnetlink_queue -N nft_queue -N "$build/kernel-test/rtpengine.ko" -- \
	". ./net.sh && modprobe rtpengine && ./$command && rmmod rtpengine"
