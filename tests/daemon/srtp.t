#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SRTP through the daemon: every suite against plain RTP and against itself, either side calling,
by both back ends; forged and repeated packets by the hundred thousand; keys in the log. TAP."""
import contextlib
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from rtp import Call, sender_report                                # noqa: E402
from srtp import SUITES, SecureParty                               # noqa: E402
from tap import equal, test, wait_until                            # noqa: E402
import tap                                                         # noqa: E402

FLOOD, BATCH = 100_000, 100


@contextlib.contextmanager
def call_between(d, a_suite, b_suite, **offer):
    with SecureParty("a", a_suite) as a, SecureParty("b", b_suite) as b:
        call = Call(d.ng, a, b, f"{a_suite}-{b_suite}")
        call.offer(a.sdp(), transport_protocol="RTP/SAVP" if b_suite else "RTP/AVP", **offer)
        call.answer(b.sdp())
        yield call, a, b
        call.delete()


def got(receiver, sock=None):
    one = receiver.receive(sock)
    assert one, f"nothing came to {receiver.tag}"
    return one[0]


def passes(sender, receiver):
    payload = os.urandom(160)
    seq, sealed = sender.seq, sender.sealed(payload)
    sender.rtp.sendto(sealed, sender.to.rtp)
    came = got(receiver)
    equal(receiver.open(came), struct.pack("!BBHII", 0x80, 0, seq, seq * 160, sender.ssrc)
          + payload, f"{sender.tag} to {receiver.tag}")
    return sealed, came


def rtcp_passes(sender, receiver):
    sealed = sender.sealed_rtcp()
    sender.rtcp.sendto(sealed, sender.to.rtcp)
    came = got(receiver, receiver.rtcp)
    equal(receiver.open_rtcp(came), sender_report(sender.ssrc, sender.seq, 0),
          f"RTCP, {sender.tag} to {receiver.tag}")
    return sealed, came


def usable(d):
    """Of our suites those that are offered: one of the back ends lacks some."""
    with SecureParty("a", None) as a, SecureParty("b", None) as b:
        call = Call(d.ng, a, b, "suites")
        shown = call.offer(a.sdp(), transport_protocol="RTP/SAVP")
        call.delete()
        names = {x.split()[1] for x in shown.attributes if x.startswith("crypto:")}
    return [suite for suite in SUITES if suite in names]


def bridge(d, pairs):
    for a_suite, b_suite in pairs:
        with call_between(d, a_suite, b_suite) as (_, a, b):
            for _ in range(3):
                passes(a, b)
                passes(b, a)
            for _ in range(2):
                rtcp_passes(a, b)
                rtcp_passes(b, a)


@test("every suite calls plain RTP, and is called by it")
def to_plain(d):
    suites = usable(d)
    equal(suites, list(SUITES))
    bridge(d, [pair for suite in suites for pair in ((suite, None), (None, suite))])


@test("the same with libsrtp2 inside")
def libsrtp2():
    with Daemon("--srtp-backend=libsrtp2") as d:
        suites = usable(d)
        assert {"AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"} <= set(suites), suites
        bridge(d, [pair for suite in suites for pair in ((suite, None), (None, suite))])


@test("from each suite to another one")
def to_another(d):
    suites = list(SUITES)
    bridge(d, zip(suites, suites[1:] + suites[:1]))


@test("the same suite on both sides: packets pass as they are; with recrypt they do not")
def shared(d):
    for suite in ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM"):
        for flags, alike in (([], True), (["recrypt"], False)):
            with call_between(d, suite, suite, flags=flags) as (_, a, b):
                for way in ((a, b), (b, a)):
                    for sealed, came in (passes(*way), passes(*way), rtcp_passes(*way)):
                        equal(sealed == came, alike, f"{suite} {flags}: the same bytes")


def flood(d, suite, reason, bad_of):
    """Bad ones between good ones, of which none is lost."""
    with call_between(d, suite, None) as (call, a, b):
        passes(a, b)
        for _ in range(FLOOD // BATCH):
            bad = bad_of(a)
            for _ in range(BATCH):
                a.rtp.sendto(bad, a.to.rtp)
            passes(a, b)
            passes(b, a)
        equal(call.drops("a"), {reason: FLOOD})
        assert b.receive(timeout=0.1) is None
        assert d.alive()


def forged(party):
    sealed = party.sealed()
    party.seq -= 1
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def repeated(party):
    party.seq -= 1
    return party.sealed()


@test("a hundred thousand packets with a wrong tag: counted, and the call goes on")
def many_forged(d):
    flood(d, "AES_CM_128_HMAC_SHA1_80", "srtp-forged", forged)


@test("a hundred thousand repeated packets: counted, and the call goes on")
def many_repeated(d):
    flood(d, "AEAD_AES_128_GCM", "srtp-replayed", repeated)


def secrets_of(log, *parties):
    keys = [k.line().split("inline:")[1] for p in parties for k in (p.out, p.keys_back())]
    return [key in log for key in keys]


@test("keys are in the log with --log-srtp-keys, and never otherwise")
def keys_logged():
    for option, expected in (("--log-srtp-keys", True), ("--no-log-timestamps", False)):
        with Daemon(option, level=7) as d, \
                call_between(d, "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM",
                             flags=["debug"]) as (_, a, b):
            passes(a, b)
            wait_until(lambda d=d: "Replying to 'answer'" in d.log())
            equal(secrets_of(d.log(), a, b), [expected] * 4, option)


if __name__ == "__main__":
    with Daemon() as running:
        tap.run(running)
