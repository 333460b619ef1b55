#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""DTMF events told to others: JSON in datagrams, of all calls or of one. TAP."""
import json
import math
import os
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, free_udp_port                           # noqa: E402
from ng import bdecode                                             # noqa: E402
from rtp import Call, Party, rtp_header, socket_pair                # noqa: E402
from tap import equal, test                                        # noqa: E402
import tap                                                         # noqa: E402

EVENTS = ("rtpmap:101 telephone-event/8000", "fmtp:101 0-15")


def digit(party, code, ticks=(160, 320, 480)):
    """A whole event, with its end three times."""
    start = party.seq * 160
    for n, duration in enumerate(ticks + ticks[-1:] * 2):
        end = 0x80 if n + 1 >= len(ticks) else 0
        payload = bytes((code, end | 10)) + duration.to_bytes(2, "big")
        header = bytes((0x80, 101)) + party.seq.to_bytes(2, "big") + start.to_bytes(4, "big")
        party.seq += 1
        party.rtp.sendto(header + party.ssrc.to_bytes(4, "big") + payload, party.to.rtp)


def receive(sock):
    sock.settimeout(5)
    text = sock.recv(2000).decode()
    assert " " not in text, text
    return json.loads(text)


def told(d, sock, name, **offer):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, name)
        call.offer(a.sdp(*EVENTS, formats="0 101"), **offer)
        call.answer(b.sdp(*EVENTS, formats="0 101"))
        digit(a, 7)
        report = receive(sock)
        call.delete()
    assert abs(report.pop("timestamp") - time.time()) < 60
    equal(sorted(report.pop("tags")), ["a", "b"])
    assert report.pop("callid").startswith(name)
    equal(list(report.items()), [
        ("source_tag", "a"), ("type", "DTMF"),
        ("source_ip", "127.0.0.1"), ("event", 7), ("duration", 60), ("volume", 10)])


everybody, one = socket_pair("127.0.0.1")


@test("each event is told where --dtmf-log-dest says")
def by_option(d):
    told(d, everybody, "by-option")


@test("a call's own dtmf-log-dest goes before that")
def by_call(d):
    told(d, one, "by-call", dtmf_log_dest="127.0.0.1:%d" % one.getsockname()[1])
    everybody.setblocking(False)
    try:
        raise AssertionError(everybody.recv(2000))
    except BlockingIOError:
        pass


@test("clients over TCP are told with --dtmf-log-ng-tcp")
def by_tcp(d):
    with socket.create_connection(("127.0.0.1", tcp_port)) as client:
        client.settimeout(5)
        client.sendall(b"c1 d7:command4:pinge")
        assert b"pong" in client.recv(2000)
        told(d, everybody, "by-tcp")
        message = client.recv(2000)
    cookie, _, document = message.partition(b" ")
    equal(len(cookie), 16)
    notice = bdecode(document)
    equal((notice["notify"], notice["data"]["type"], notice["data"]["event"],
           notice["data"]["duration"]), ("onDTMF", "DTMF", 7, 60))


@test("play DTMF: events in a relayed stream, its numbers without a hole")
def played(d):
    flags = {"flags": ["inject-DTMF"]}
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "played")
        call.offer(a.sdp(*EVENTS, formats="0 101"), **flags)
        call.answer(b.sdp(*EVENTS, formats="0 101"), **flags)
        a.send()
        first = rtp_header(b.receive()[0])
        d.ng.request("play DTMF", call_id=call.id, from_tag="a", code="5", duration=100)
        a.send(8)
        got = [data for data, _ in b.receive_all()]
        report = receive(everybody)
        call.delete()
    equal([rtp_header(x)[1] for x in got], [first[1] + 1 + n for n in range(10)])
    equal([rtp_header(x)[0] for x in got], [101] * 7 + [0] * 3)
    equal([x[12:] for x in got[:7]],
          [bytes((5, 8)) + (160 * n).to_bytes(2, "big") for n in range(1, 5)] +
          [bytes((5, 0x88)) + (800).to_bytes(2, "big")] * 3)
    equal((report["event"], report["duration"]), (5, 100))


def ulaw(x):
    sign, x = (0x80, -x) if x < 0 else (0, x)
    x = min(x, 32635) + 132
    exponent = x.bit_length() - 8
    return ~(sign | exponent << 4 | x >> exponent + 3 & 15) & 0xff


def five(n):
    """The n-th 20 ms of the digit 5 as it sounds."""
    return bytes(ulaw(round(6000 * (math.sin(2 * math.pi * 770 * t / 8000) +
                                    math.sin(2 * math.pi * 1336 * t / 8000))))
                 for t in range(160 * n, 160 * n + 160))


@test("DTMF-delay: a digit in audio is heard later, and silence in its place")
def delayed(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "delayed")
        call.offer(flags=["block-DTMF"], **{"DTMF-security": "off", "DTMF-delay": 300})
        call.answer()
        got = []
        for n in range(50):
            a.send(payload=five(n) if 5 <= n < 13 else b"\xff" * 160)
            time.sleep(0.02)
            got += [data for data, _ in b.receive_all(quiet=0)]
        call.delete()
    loud = [n for n, packet in enumerate(got) if len(set(packet[12:])) > 16]
    # Detection takes a while: so long it was heard.
    early, late = [n for n in loud if n < 12], [n for n in loud if n >= 12]
    assert len(early) <= 3, loud
    assert 5 <= len(late) <= 9 and 18 <= late[0] <= 24, loud
    equal(late, list(range(late[0], late[-1] + 1)))


tcp_port = free_udp_port()
with Daemon("--dtmf-log-dest=127.0.0.1:%d" % everybody.getsockname()[1], "--dtmf-log-ng-tcp",
            f"--listen-tcp-ng=127.0.0.1:{tcp_port}") as daemon:
    tap.run(daemon)
