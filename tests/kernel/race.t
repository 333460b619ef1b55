#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The forwarding module on two CPUs, with packets, requests, readers and changes of routes at once:
# any complaint of the kernel fails this test. Time there is real.
exec "$(dirname "$0")/forward.t" race
