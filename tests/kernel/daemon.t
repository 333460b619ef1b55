#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The daemon with the module, both as they are built here, in a guest as forward.t has it. The module
# is loaded because the daemon asks for it, and is gone in the end.
#   PART=WORDS   only those tests whose names have them
set -eu
cd "$(dirname "$0")/../.."
. tests/kernel/guest.sh
exec tests/kernel/vmrun -t 900 "$@" $checks -i 0 ${KERNEL_DEBUG:+-e SLOW=1} -f ip -f tests/kernel/net.sh:/root/ \
	-f "$build/rtpengine:/root/" -f "$build/plugins/capture.so:/root/plugins/" \
	-f "$build/plugins/pcap.so:/root/plugins/" -f "$build/tests/kernel/daemon:/root/" \
	-N "$build/kernel-test/rtpengine.ko" -- ". ./net.sh && ./daemon ${PART:+'$PART'}"
