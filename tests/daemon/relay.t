#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""RTP and RTCP through the daemon between real sockets: both ways, both families, one port or
two, wrong sources, hold, and what the statistics say of it. TAP."""
import contextlib
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, has_ipv6                                # noqa: E402
from rtp import Call, Party, rtp_header, sections, socket_pair, stream_stats   # noqa: E402
from tap import Skip, contains, equal, test, wait_until            # noqa: E402
import tap                                                         # noqa: E402

QUIET_SECONDS = 0.15     # when nothing is to come


@contextlib.contextmanager
def call_between(d, name, a_host="127.0.0.1", b_host="127.0.0.1", offer=None, a_sdp=(), b_sdp=(),
                 answer=None):
    """A call that is set up; deleted at the end."""
    with Party("a", a_host) as a, Party("b", b_host) as b:
        call = Call(d.ng, a, b, name)
        call.offer(a.sdp(*a_sdp), **(offer or {}))
        call.answer(b.sdp(*b_sdp), **(answer or {}))
        yield call, a, b
        call.delete()


def passes(sender, receiver, **how):
    """A packet gets there, unchanged, from the port that the receiver sends to."""
    payload = os.urandom(160)
    seq = sender.seq
    sender.send(payload=payload, **how)
    got = receiver.receive()
    assert got, f"nothing came from {sender.tag} to {receiver.tag}"
    data, source = got
    equal(rtp_header(data), (how.get("pt", 0), seq, seq * 160, sender.ssrc))
    equal(data[12:], payload)
    equal(source, receiver.to.rtp, f"source of what {receiver.tag} gets")


def stopped(sender, receiver, **how):
    sender.send(**how)
    got = receiver.receive(timeout=QUIET_SECONDS)
    assert got is None, f"{receiver.tag} got {len(got[0])} bytes from {got[1]}"


def rtcp_passes(sender, receiver):
    sender.send_rtcp()
    got = receiver.receive(receiver.rtcp)
    assert got, f"no RTCP came from {sender.tag} to {receiver.tag}"
    equal((got[0][1], got[0][4:8]), (200, sender.ssrc.to_bytes(4, "big")))
    equal(got[1], receiver.to.rtcp, f"source of what {receiver.tag} gets")


def need_ipv6():
    if not has_ipv6():
        raise Skip("no ::1 here")


@test("RTP and RTCP both ways")
def both_ways(d):
    with call_between(d, "both ways") as (_, a, b):
        assert a.to.port % 2 == b.to.port % 2 == 0
        equal((a.to.rtcp[1], b.to.rtcp[1]), (a.to.port + 1, b.to.port + 1))
        for _ in range(20):
            passes(a, b)
            passes(b, a)
        rtcp_passes(a, b)
        rtcp_passes(b, a)


@test("packets of all sizes, payload types and with header extensions go through as they are")
def kinds(d):
    with call_between(d, "kinds") as (_, a, b):
        for packet in (b"\x80\x60" + bytes(10), b"\x80\xe0" + bytes(10) + b"x",
                       b"\x80\x7f" + bytes(10) + bytes(1400),
                       b"\x90\0" + bytes(10) + b"\xbe\xde\0\1\x10\xff\0\0" + b"payload",
                       b"\x82\0" + bytes(18) + b"two sources", b"\xa0\0" + bytes(10) + b"xxx\4"):
            a.rtp.sendto(packet, a.to.rtp)
            got = b.receive()
            equal(got and got[0], packet)


@test("a burst comes through whole and in order")
def burst(d):
    with call_between(d, "burst") as (_, a, b):
        passes(a, b)
        first = a.seq
        a.send(200)
        got = [rtp_header(data)[1] for data, _ in b.receive_all(quiet=0.5)]
        equal(got, list(range(first, first + 200)))


@test("parties at other addresses than the daemon's")
def other_addresses(d):
    with call_between(d, "addresses", "127.0.0.5", "127.0.0.6") as (_, a, b):
        passes(a, b)
        passes(b, a)
        rtcp_passes(a, b)


@test("early media: the caller hears the callee before it has answered")
def early(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "early")
        call.offer()
        b.send(3)
        got = [a.receive() for _ in range(3)]
        assert all(got), "early media did not come"
        call.answer()
        equal({source for _, source in got}, {a.to.rtp})
        passes(b, a)
        passes(a, b)
        call.delete()


@test("IPv6")
def ipv6(d):
    need_ipv6()
    with call_between(d, "ipv6", "::1", "::1") as (_, a, b):
        equal((a.to.address, b.to.address), ("::1", "::1"))
        passes(a, b)
        passes(b, a)
        rtcp_passes(a, b)
        rtcp_passes(b, a)


@test("from IPv4 to IPv6 and back with address-family")
def bridge(d):
    need_ipv6()
    for ours, theirs, to_b, to_a in (("127.0.0.1", "::1", "IP6", "IP4"),
                                     ("::1", "127.0.0.1", "IP4", "IP6")):
        with call_between(d, f"bridge to {to_b}", ours, theirs, offer={"address_family": to_b},
                          answer={"address_family": to_a}) as (_, a, b):
            equal((a.to.address, b.to.address), (ours, theirs))
            passes(a, b)
            passes(b, a)
            rtcp_passes(a, b)
            rtcp_passes(b, a)


@test("rtcp-mux end to end: RTCP on the one port of each side")
def mux(d):
    with call_between(d, "mux", a_sdp=["rtcp-mux"], b_sdp=["rtcp-mux"]) as (_, a, b):
        assert a.to.muxed and b.to.muxed
        equal(a.to.rtcp, a.to.rtp)
        passes(a, b)
        passes(b, a)
        for sender, receiver in ((a, b), (b, a)):
            sender.send_rtcp(to=sender.to.rtp, via=sender.rtp)
            got = receiver.receive()
            equal(got and (got[0][1], got[1]), (200, receiver.to.rtp), f"RTCP from {sender.tag}")


@test("rtcp-mux=demux: one port towards the caller, two towards the callee")
def demux(d):
    with call_between(d, "demux", offer={"rtcp_mux": ["demux"]}, a_sdp=["rtcp-mux"]) as (_, a, b):
        assert a.to.muxed and not b.to.muxed
        passes(a, b)
        passes(b, a)
        a.send_rtcp(to=a.to.rtp, via=a.rtp)
        got = b.receive(b.rtcp)
        equal(got and (got[0][1], got[1]), (200, b.to.rtcp), "RTCP towards the callee")
        b.send_rtcp()
        got = a.receive()
        equal(got and (got[0][1], got[1]), (200, a.to.rtp), "RTCP towards the caller")


@test("rtcp-mux that the callee declines: two ports on both sides")
def mux_declined(d):
    with call_between(d, "declined", a_sdp=["rtcp-mux"]) as (_, a, b):
        assert b.to.muxed and not a.to.muxed
        rtcp_passes(a, b)
        rtcp_passes(b, a)


@test("RTCP at a port of its own choice, given by a=rtcp")
def rtcp_attribute(d):
    extra, second = socket_pair("127.0.0.1")
    with extra, second, call_between(
            d, "a=rtcp", b_sdp=[f"rtcp:{extra.getsockname()[1]}"]) as (_, a, b):
        a.send_rtcp()
        got = b.receive(extra)
        equal(got and (got[0][1], got[1]), (200, b.to.rtcp))


@test("a peer that sends from another port than it said is answered there")
def learning(d):
    nat, unused = socket_pair("127.0.0.1")
    with nat, unused, call_between(d, "learning") as (call, a, b):
        passes(a, b, via=nat)
        b.send(payload=b"back" * 40)
        got = a.receive(nat)
        equal(got and (got[0][12:16], got[1]), (b"back", a.to.rtp), "the answer to the new port")
        equal(a.receive(timeout=QUIET_SECONDS), None, "the port that was signalled")
        endpoint = call.query()["tags"]["a"]["medias"][0]["streams"][0]["endpoint"]
        equal(endpoint["port"], nat.getsockname()[1])


@test("a third source is not relayed, and counts as an error")
def third_source(d):
    nat, third = socket_pair("127.0.0.1")
    with nat, third, call_between(d, "third") as (call, a, b):
        passes(a, b, via=nat)
        stopped(a, b, via=third)
        stopped(a, b, via=third)
        passes(a, b, via=nat)
        b.send(payload=b"back" * 40)
        assert a.receive(nat), "the answer to the port that was first"
        equal(a.receive(third, QUIET_SECONDS), None, "the third source")
        wait_until(lambda: stream_stats(call.query(), "a")["errors"] == 2, 2, "two errors")


@test("a wrong source cannot take over from the signalled one")
def takeover(d):
    attacker, unused = socket_pair("127.0.0.1")
    with attacker, unused, call_between(d, "takeover") as (_, a, b):
        passes(a, b)
        stopped(a, b, via=attacker)
        passes(b, a)
        passes(a, b)


@test("the signalled source takes its place back")
def put_back(d):
    attacker, unused = socket_pair("127.0.0.1")
    with attacker, unused, call_between(d, "put back") as (_, a, b):
        passes(a, b, via=attacker)
        passes(a, b)
        passes(b, a)
        stopped(a, b, via=attacker)


@test("--source-policy=signalled: no other source is let in")
def signalled_policy(_):
    other, unused = socket_pair("127.0.0.1")
    with Daemon("--source-policy=signalled") as d, other, unused, \
            call_between(d, "signalled") as (_, a, b):
        stopped(a, b, via=other)
        passes(a, b)
        passes(b, a)


@test("--compat=rtpengine: sources are not checked, but by strict-source")
def compat(_):
    other, unused = socket_pair("127.0.0.1")
    with Daemon("--compat=rtpengine") as d, other, unused:
        with call_between(d, "lenient") as (_, a, b):
            passes(a, b)
            passes(a, b, via=other)
            passes(b, a)
        with call_between(d, "strict", offer={"flags": ["strict-source"]}) as (_, a, b):
            passes(a, b)
            stopped(a, b, via=other)


@test("hold by 0.0.0.0: nothing is sent to who holds, and again after it")
def hold(d):
    with call_between(d, "hold") as (call, a, b):
        passes(b, a)
        held = call.offer(a.sdp(address="0.0.0.0", version=2), to_tag="b")
        contains(held.attributes, "sendonly")
        call.answer(b.sdp("recvonly", version=2))
        stopped(b, a)
        call.offer(a.sdp(version=3), to_tag="b")
        call.answer(b.sdp(version=3))
        passes(b, a)
        passes(a, b)


@test("query has what was sent")
def statistics(d):
    with call_between(d, "statistics") as (call, a, b):
        a.send(7, b"x" * 100)
        b.send(4, b"x" * 20)
        a.send_rtcp()
        for party, count in ((b, 7), (a, 4)):
            equal(len(party.receive_all()), count)
        assert b.receive(b.rtcp)
        got = wait_until(lambda: (q := call.query())["totals"]["RTCP"]["packets"] == 1 and q, 2,
                         "the count of RTCP")
        equal(stream_stats(got, "a"), {"packets": 7, "bytes": 784, "errors": 0})
        equal(stream_stats(got, "b"), {"packets": 4, "bytes": 128, "errors": 0})
        equal(stream_stats(got, "b", direction="stats_out")["packets"], 7, "sent to b")
        equal(stream_stats(got, "a", direction="stats_out")["packets"], 4, "sent to a")
        equal(got["totals"]["RTP"], {"packets": 11, "bytes": 912, "errors": 0})
        ssrc = got["SSRC"][str(a.ssrc)]
        equal((ssrc["packets"], ssrc["bytes"], ssrc["last RTP seq"]), (7, 784, a.seq - 1))
        for party in (a, b):
            media = got["tags"][party.tag]["medias"][0]
            equal((media["type"], media["protocol"], media["codec"]),
                  ("audio", "RTP/AVP", "PCMU/8000"))
            stream = media["streams"][0]
            equal(stream["local port"], party.to.port)
            equal((stream["endpoint"]["address"], stream["endpoint"]["port"]), party.address)
            equal(stream["SSRC"], party.ssrc)


@test("delete replies with the final counters")
def delete_statistics(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "final counters")
        call.offer()
        call.answer()
        a.send(5)
        equal(len(b.receive_all()), 5)
        equal(stream_stats(call.delete(), "a")["packets"], 5)


@test("advertised addresses are in the SDP, local ones are bound")
def advertised():
    with Daemon(interfaces=["127.0.0.1!192.0.2.77"]) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "advertised")
        equal(call.offer().address, "192.0.2.77")
        equal(call.answer().address, "192.0.2.77")
        a.to.address = b.to.address = "127.0.0.1"
        passes(a, b)
        passes(b, a)


@test("named interfaces by direction")
def direction():
    with Daemon(interfaces=["inside/127.0.0.1", "outside/127.0.0.9"]) as d, \
         Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "direction")
        equal(call.offer(direction=["inside", "outside"]).address, "127.0.0.9")
        equal(call.answer().address, "127.0.0.1")
        passes(a, b)
        passes(b, a)


@test("two m= sections do not mix")
def two_sections(d):
    with Party("a") as a, Party("av") as av, Party("b") as b, Party("bv") as bv:
        ids = {"call_id": "two sections", "from_tag": "a"}
        bodies = [x.sdp() + f"m=video {v.port} RTP/AVP 99\r\n" for x, v in ((a, av), (b, bv))]
        b.to, bv.to = sections(d.ng.request("offer", sdp=bodies[0], **ids)["sdp"])
        a.to, av.to = sections(d.ng.request("answer", sdp=bodies[1], to_tag="b", **ids)["sdp"])
        equal(len({p.to.port for p in (a, av, b, bv)}), 4)
        for one, other in ((a, b), (av, bv), (b, a), (bv, av)):
            passes(one, other)
        d.ng.request("delete", **ids)


with Daemon(level=4, interfaces=["127.0.0.1"] + ["::1"] * has_ipv6()) as daemon:
    tap.run(daemon)
