#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICE with the daemon between real sockets: a party that speaks it, by a STUN of its own, and one
that does not. TAP."""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from rtp import Call, Party, rtp_header                            # noqa: E402
from stun import MAPPED, PWD, UFRAG, attributes, check, is_request, is_rtp, is_success, serve # noqa: E402
from tap import equal, test                                        # noqa: E402
import tap                                                         # noqa: E402

@test("a party with ICE and one without: checked, then heard; its packets go where it was checked")
def bridged(d):
    with Party("a") as a, Party("elsewhere") as elsewhere, Party("b") as b:
        call = Call(d.ng, a, b, "ice")
        # The address in its body is wrong: only checks can find out where it is.
        a_sdp = a.sdp("rtcp-mux", f"ice-ufrag:{UFRAG}", f"ice-pwd:{PWD}", port=elsewhere.port)
        equal(call.offer(a_sdp, ICE="remove", rtcp_mux=["demux"]).attribute("ice-ufrag"), None)
        call.answer()
        assert a.to.attribute("candidate").endswith(f"1 UDP 2130706431 127.0.0.1 {a.to.port} typ host")
        a.send()
        equal(b.receive(timeout=0.15), None)     # nobody knows yet whose it is
        check(a, a.to)
        answer = serve(a, is_success)
        equal(attributes(answer)[MAPPED][1], 1)
        serve(a, is_request)     # its own check, which is what it goes by
        time.sleep(0.1)
        b.send()
        equal(rtp_header(serve(a, is_rtp))[3], b.ssrc)
        a.send()
        assert b.receive(), "nothing came from a to b"
        elsewhere.send(to=a.to.rtp)
        equal(b.receive(timeout=0.15), None)
        call.delete()


with Daemon(level=6, interfaces=["127.0.0.1"]) as daemon:
    tap.run(daemon)
