#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The forwarding module in a guest with Debian's kernel, its memory checked (vmrun -D). Any
# complaint of that kernel fails this test. Time there is that of instructions: waiting costs none.
#   KERNEL_DEBUG=FOLDER   the kernel that mkdebug has made there, instead
#   forward.t race        as race.t says
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for tool in qemu-system-x86_64 busybox cpio depmod modprobe ip nft xz; do
	command -v $tool >/dev/null || skip "no $tool here"
done
if [ -n "${KERNEL_DEBUG:-}" ]; then
	headers=$KERNEL_DEBUG/build
	kernel="-r $KERNEL_DEBUG/root -m 1024"
else
	version=$(tests/kernel/version) || skip "no kernel in /boot that headers are installed of"
	headers=/lib/modules/$version/build
	kernel="-k $version -D"
fi
make --no-print-directory kernel KDIR="$headers" KBUILD_OUT="$build/kernel-test" >&2
export VMRUN_CACHE="$build/vm"
if [ "${1:-}" = race ]; then
	command='race 20' cpus='-c 2'
else
	command=forward cpus='-i 0'
fi
# shellcheck disable=SC2086 # options are words
exec tests/kernel/vmrun -t 500 $kernel $cpus -f ip -f nft -f tests/kernel/net.sh:/root/ \
	-f "$build/tests/kernel/${command%% *}:/root/" -N "$build/kernel-test/rtpengine.ko" -- \
	". ./net.sh && modprobe rtpengine && ./$command && rmmod rtpengine"
