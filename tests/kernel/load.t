#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a thousand calls that the module forwards cost the daemon: in a guest whose clock counts
# instructions. No checks of memory, which would be counted.
set -eu
cd "$(dirname "$0")/../.."
most=200 # hundredths of a percent of a core that does 10^9 instructions a second
. tests/kernel/guest.sh
exec tests/kernel/vmrun -t 500 "$@" -m 1024 -i 0 -f ip -f tests/kernel/net.sh:/root/ \
	-f "$build/rtpengine:/root/" -f "$build/tests/kernel/load:/root/" \
	-N "$build/kernel-test/rtpengine.ko" -- ". ./net.sh && ./load $most"
