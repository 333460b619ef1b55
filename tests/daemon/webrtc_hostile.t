#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who means harm to ports of ICE and DTLS: each datagram is dropped for its reason, costs little and
leaves nothing behind, and the call goes on. TAP."""
import os
import random
import shutil
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from dtls import check_media, make_certificate, peer, secure_body  # noqa: E402
from rtp import Call, Party, rtp_packet                            # noqa: E402
from stun import (FINGERPRINT, PWD, REQUEST, UFRAG, USERNAME, attribute, attributes, check,    # noqa: E402
                  is_request, is_rtp, is_success, message, serve)
from tap import equal, skip_all, test, wait_until                  # noqa: E402
import tap                                                         # noqa: E402

FLOOD, BATCH = 5000, 100
FLOOD_CPU_S = 1.0        # 200 us for each: many times what it takes, with sanitizers too
FLOOD_BYTES = 4 << 20    # that the daemon may have grown by, in its pools
CALL_CAP, WORKER_CAP = 32, 512
ERROR_CODE = 0x09
ICE = (f"ice-ufrag:{UFRAG}", f"ice-pwd:{PWD}")
PLAIN = {"transport-protocol": "RTP/AVP", "ICE": "remove", "rtcp-mux": ["demux"]}


# ---- the daemon from outside ----

def count_of(d, reason):
    reasons = d.ng.request("statistics")["statistics"]["reasons"]
    return next(int(r["count"]) for r in reasons if r["name"] == reason)


def cpu_seconds(d):
    with open(f"/proc/{d.process.pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(d):
    with open(f"/proc/{d.process.pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def check_growth(d, grown, what="memory"):
    """Sanitizers keep notes of their own of what is freed and who has touched what."""
    sanitized = any(f"/{name}/" in d.command[0] for name in ("asan", "tsan"))
    assert sanitized or grown < FLOOD_BYTES, f"{what}: grew by {grown} bytes"


def flood(d, call, sock, to, reason, make, count=FLOOD):
    """So many of what `make` makes, each of them dropped for that reason, at little cost."""
    before = call.drops("a").get(reason, 0)
    cpu, memory = cpu_seconds(d), resident_bytes(d)
    for sent in range(BATCH, count + 1, BATCH):
        for _ in range(BATCH):
            sock.sendto(make(), to)
        wait_until(lambda sent=sent: call.drops("a").get(reason, 0) >= before + sent, 5,
                   f"{reason} of {sent}: {call.drops('a')}")
    equal(call.drops("a")[reason], before + count)
    taken = cpu_seconds(d) - cpu
    assert taken < FLOOD_CPU_S, f"{reason}: {taken} s of CPU"
    grown = resident_bytes(d) - memory
    check_growth(d, grown, reason)


# ---- DTLS by hand ----

def record(kind, sequence, body, epoch=0):
    return struct.pack("!BHHHIH", kind, 0xfefd, epoch, 0, sequence, len(body)) + body


def fragment(sequence, length, offset, body):
    """A part of a ClientHello of so many bytes in all."""
    def three(n):
        return n.to_bytes(3, "big")
    head = b"\1" + three(length) + b"\0\0" + three(offset) + three(len(body))
    return record(22, sequence, head + body)


def extension(kind, body):
    return struct.pack("!HH", kind, len(body)) + body


def hello(sequence=0):
    """That of a client which speaks what a browser does, and need not go on."""
    extensions = extension(10, b"\0\2\0\x17") + extension(11, b"\1\0") + extension(
        13, b"\0\4\4\3\x08\x04") + extension(14, b"\0\2\0\1\0") + extension(23, b"")
    body = b"\xfe\xfd" + os.urandom(32) + b"\0\0" + b"\0\2\xc0\x2b" + b"\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    return fragment(sequence, len(body), 0, body)


def is_server_hello(data):
    return data[0] == 22 and data[13] == 2


# ---- calls ----

def begin(d, a, b, name, *attributes_of_a, **keys):
    call = Call(d.ng, a, b, name)
    call.offer(a.sdp("rtcp-mux", *attributes_of_a), **{**PLAIN, **keys})
    call.answer()
    return call


def pass_checks(own):
    """The party is at its port from now on, as far as ICE can tell."""
    check(own, own.to)
    serve(own, is_success)
    serve(own, is_request)


def hear_each_other(a, b):
    """In the clear. What comes to A besides is not looked at."""
    a.send()
    got = b.receive()
    assert got and is_rtp(got[0]), "nothing came from a to b"
    b.send()
    serve(a, is_rtp)


def begin_secure(d, a, b, name, fingerprint, *more):
    call = Call(d.ng, a, b, name)
    body = secure_body(a, "active", fingerprint)
    call.offer(body + "".join(f"a={line}\r\n" for line in more), **PLAIN)
    call.answer(b.sdp())
    return call


# ---- STUN ----

def request(own, password, *more, user=None):
    user = user or f"{own.to.attribute('ice-ufrag')}:{UFRAG}"
    body = attribute(USERNAME, user.encode()) + b"".join(more)
    body += attribute(0x802a, b"\xff" * 8) + attribute(0x24, struct.pack("!I", 1 << 30))
    return message(REQUEST, os.urandom(12), body, password)


@test("STUN that is wrong in every way: refused for its reason, and the checked pair stays")
def bad_stun(d):
    with Party("a") as a, Party("b") as b, Party("elsewhere") as elsewhere:
        call = begin(d, a, b, "stun", *ICE)
        pass_checks(a)
        right = a.to.attribute("ice-pwd")
        good = request(a, right)
        lengthened = good[:2] + struct.pack("!H", len(good) - 20 + 4) + good[4:]
        inside = bytearray(good)
        inside[22:24] = b"\xff\xff"      # USERNAME's length, beyond the message
        damaged = good[:-1] + bytes([good[-1] ^ 1])
        for reason, make in (
                ("stun-unauthorized", lambda: request(a, "x" * 24)),
                ("stun-unauthorized", lambda: request(a, right, user="who:" + UFRAG)),
                ("stun-malformed", lambda: request(a, right, user="u" * 1000)),
                ("stun-refused", lambda: request(a, right, attribute(0x7ffe, b"x" * 1000))),
                ("stun-malformed", lambda: bytes(inside)),
                ("stun-malformed", lambda: damaged),
                ("stun-malformed", lambda: lengthened),
                ("stun-malformed", lambda: good[:-8]),
                ("stun-malformed", lambda: good + bytes(1000)),
                ("stun-stray", lambda: message(0x0101, os.urandom(12), b"", PWD))):
            before = call.drops("a").get(reason, 0)
            elsewhere.rtp.sendto(make(), a.to.rtp)
            wait_until(lambda r=reason, n=before: call.drops("a").get(r, 0) == n + 1, 5, reason)
        codes = [attributes(data)[ERROR_CODE][2:4] for data, _ in elsewhere.receive_all()]
        equal(codes, [b"\4\1"] * 2 + [b"\4\x14"], "401 and 420")
        flood(d, call, elsewhere.rtp, a.to.rtp, "stun-unauthorized", lambda: request(a, "x" * 24))
        flood(d, call, elsewhere.rtp, a.to.rtp, "stun-malformed", lambda: damaged)
        flood(d, call, elsewhere.rtp, a.to.rtp, "stun-stray",
              lambda: message(0x0101, os.urandom(12), b"", PWD))
        hear_each_other(a, b)
        equal(elsewhere.receive_all()[-1][0][:2], b"\1\x11", "errors, and no media")
        call.delete()


@test("checks with the password from a thousand places: what is kept of them is bounded")
def many_places(d):
    with Party("a") as a, Party("b") as b:
        call = begin(d, a, b, "places", *ICE)
        pass_checks(a)
        memory = resident_bytes(d)
        for _ in range(1000):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind(("127.0.0.1", 0))
                s.settimeout(3)
                s.sendto(request(a, a.to.attribute("ice-pwd")), a.to.rtp)
                assert is_success(s.recv(2000))
        assert d.alive()
        grown = resident_bytes(d) - memory
        check_growth(d, grown)
        hear_each_other(a, b)
        call.delete()


# ---- media ----

@test("RTP to a port of ICE by who has passed no check")
def unchecked_rtp(d):
    with Party("a") as a, Party("b") as b, Party("elsewhere") as elsewhere:
        call = begin(d, a, b, "unchecked", *ICE)
        for checked in (False, True):
            flood(d, call, elsewhere.rtp, a.to.rtp, "ice-unchecked",
                  lambda: rtp_packet(1, 160, a.ssrc, b"x" * 160))
            equal(b.receive(timeout=0.1), None)
            if not checked:
                pass_checks(a)
            hear_each_other(a, b)
        equal(elsewhere.receive_all(), [])
        call.delete()


@test("RTP to a port of DTLS, before there are keys and after")
def unauthenticated_rtp(d):
    files, fingerprint = make_certificate("rtp")
    with Party("a") as a, Party("b") as b, Party("elsewhere") as elsewhere:
        call = begin_secure(d, a, b, "forged", fingerprint)

        def noise():
            return rtp_packet(1, 160, 0x1234, os.urandom(170))
        flood(d, call, elsewhere.rtp, a.to.rtp, "dtls-no-key", noise)
        with peer(a, files, True) as speaker:
            keys = speaker.keys()
            check_media(a, b, speaker, *keys, True)
            flood(d, call, elsewhere.rtp, a.to.rtp, "srtp-forged", noise)
            flood(d, call, a.rtp, a.to.rtp, "srtp-forged", noise)
            check_media(a, b, speaker, *keys, True, seq=8)
        equal(elsewhere.receive_all(), [])
        call.delete()


# ---- DTLS ----

@test("a hello from elsewhere before the real one: it gives way")
def race(d):
    files, fingerprint = make_certificate("race")
    with Party("a") as a, Party("b") as b, Party("elsewhere") as elsewhere:
        call = begin_secure(d, a, b, "race", fingerprint)
        elsewhere.rtp.sendto(hello(), a.to.rtp)
        got = elsewhere.receive()
        assert got and is_server_hello(got[0]), "no answer to a hello"
        with peer(a, files, True) as speaker:
            keys = speaker.keys()
            check_media(a, b, speaker, *keys, True)
            flood(d, call, elsewhere.rtp, a.to.rtp, "wrong-source", hello)
            check_media(a, b, speaker, *keys, True, seq=8)
        call.delete()


@test("with ICE, a hello from elsewhere is not even looked at")
def race_with_ice(d):
    files, fingerprint = make_certificate("checked")
    with Party("a") as a, Party("b") as b, Party("elsewhere") as elsewhere:
        call = begin_secure(d, a, b, "checked", fingerprint, *ICE)
        flood(d, call, elsewhere.rtp, a.to.rtp, "ice-unchecked", hello)
        a.rtp.sendto(hello(), a.to.rtp)     # nor is that of the signalled address
        wait_until(lambda: call.drops("a")["ice-unchecked"] == FLOOD + 1)
        pass_checks(a)
        elsewhere.rtp.sendto(hello(), a.to.rtp)
        with peer(a, files, True) as speaker:
            keys = speaker.keys()
            check_media(a, b, speaker, *keys, True)
            flood(d, call, elsewhere.rtp, a.to.rtp, "ice-unchecked", hello)
            check_media(a, b, speaker, *keys, True, seq=8)
        assert all(not is_server_hello(data) for data, _ in elsewhere.receive_all())
        call.delete()


@test("fragments that never make a message: given up, and the real hello is heard")
def fragments(d):
    files, fingerprint = make_certificate("fragments")
    with Party("a") as a, Party("b") as b:
        call = begin_secure(d, a, b, "fragments", fingerprint)
        before = count_of(d, "dtls-flooded")
        memory = resident_bytes(d)
        end = time.monotonic() + 10
        n = 0
        while count_of(d, "dtls-flooded") == before and time.monotonic() < end:
            for _ in range(4):
                # The same first part each time, and others that leave gaps.
                offset = n * 31 % 15000 if n % 5 else 0
                part = os.urandom(900) if offset else bytes(900)
                a.rtp.sendto(fragment(n, 16000, offset, part), a.to.rtp)
                n += 1
        equal(count_of(d, "dtls-flooded"), before + 1)
        grown = resident_bytes(d) - memory
        check_growth(d, grown)
        with peer(a, files, True) as speaker:
            check_media(a, b, speaker, *speaker.keys(), True)
        call.delete()


@test("records that belong to no handshake, and alerts by who has no key")
def stray_records(d):
    files, fingerprint = make_certificate("stray")
    with Party("a") as a, Party("b") as b:
        call = begin_secure(d, a, b, "stray", fingerprint)
        flood(d, call, a.rtp, a.to.rtp, "dtls-no-hello", lambda: record(23, 7, b"x" * 40, epoch=1))
        with peer(a, files, True) as speaker:
            keys = speaker.keys()
            for kind in range(20, 64):
                for epoch in (0, 1, 2):
                    a.rtp.sendto(record(kind, 1 << 20, b"\2\x28" * 20, epoch), a.to.rtp)
            a.rtp.sendto(record(21, 99, b"\2\0"), a.to.rtp)      # close_notify in the clear
            check_media(a, b, speaker, *keys, True)
        call.delete()


# ---- everywhere at once ----

@test("garbage on every port of the range while there are calls of each kind")
def garbage(d):
    files, fingerprint = make_certificate("garbage")
    noise = random.Random(7)
    with Party("a") as a, Party("b") as b, Party("c") as c, Party("d") as e, \
            Party("elsewhere") as elsewhere:
        checked = begin(d, a, b, "garbage-ice", *ICE)
        pass_checks(a)
        secure = begin_secure(d, c, e, "garbage-dtls", fingerprint)
        with peer(c, files, True) as speaker:
            keys = speaker.keys()
            check_media(c, e, speaker, *keys, True)
            hear_each_other(a, b)       # and so b's source is known
            for first in range(256):
                for port in d.media_ports():
                    size = noise.choice((1, 2, 11, 12, 20, 25, 60, 200, 1400))
                    elsewhere.rtp.sendto(bytes([first]) + noise.randbytes(size), ("127.0.0.1", port))
                assert first % 32 or d.alive()
            check_media(c, e, speaker, *keys, True, seq=8)
            hear_each_other(a, b)
        for call in (checked, secure):
            for reason in ("not-rtp", "ice-unchecked" if call is checked else "srtp-forged",
                           "stun-malformed" if call is checked else "stun-unexpected"):
                assert call.drops("a" if call is checked else "c").get(reason), \
                    f"{reason}: {call.drops('a')} {call.drops('c')}"
            call.delete()
        assert d.alive()


def many_sections(d, party, other, name, fingerprint, count):
    """A call of so many sections with DTLS, each at the party's port; their ports at the daemon."""
    body = party.sdp()
    section = secure_body(party, "active", fingerprint).split("t=0 0\r\n")[1]
    call = Call(d.ng, party, other, name)
    call.ng.request("offer", PLAIN, call_id=call.id, from_tag=party.tag,
                            sdp=body.split("m=")[0] + section * count)
    answer = "v=0\r\no=b 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    answer += f"m=audio {other.port} RTP/AVP 0\r\n" * count
    reply = call.ng.request("answer", call_id=call.id, from_tag=party.tag,
                            to_tag=other.tag, sdp=answer)
    ports = [int(line.split()[1]) for line in reply["sdp"].splitlines() if line.startswith("m=")]
    equal(len(ports), count)
    return call, ports


def hellos_to(party, ports):
    """How many were answered by a hello."""
    answered = set()
    for port in ports:
        party.rtp.sendto(hello(), ("127.0.0.1", port))
    latest = time.monotonic()
    while time.monotonic() < latest + 0.3:      # earlier ones are sent again all the time
        got = party.receive(timeout=0.1)
        if got and is_server_hello(got[0]) and got[1][1] in set(ports) - answered:
            answered.add(got[1][1])
            latest = time.monotonic()
    return len(answered)


@test("handshakes that are begun and left: so many of a call, so many of a worker")
def half_open():
    files, fingerprint = make_certificate("half")
    with Daemon("--num-threads=1", ports=6000, level=4) as d, Party("a") as a, Party("b") as b, \
            Party("x") as x, Party("y") as y:
        real = begin_secure(d, a, b, "real", fingerprint)
        with peer(a, files, True) as speaker:
            keys = speaker.keys()
            check_media(a, b, speaker, *keys, True)
            calls = []
            for n in range(1, WORKER_CAP // CALL_CAP + 1):
                with Party(f"x{n}") as one:     # what comes again comes to nobody
                    call, ports = many_sections(d, one, y, f"half-{n}", fingerprint, CALL_CAP + 3)
                    calls.append(call)
                    equal(hellos_to(one, ports), CALL_CAP, f"of call {n}")
                equal(count_of(d, "dtls-half-open"), 3 * n)
            _, ports = many_sections(d, x, y, "one-more", fingerprint, 4)
            equal(hellos_to(x, ports), 0, "of the worker")
            equal(count_of(d, "dtls-half-open"), 3 * n + 4)
            check_media(a, b, speaker, *keys, True, seq=8)
            calls[0].delete()
            wait_until(lambda: hellos_to(x, ports) == 4, 10, "room after a call has ended")
            real.delete()
        assert d.alive()


if not shutil.which("openssl"):
    skip_all("no openssl here")
with Daemon(level=4) as daemon:
    tap.run(daemon)
