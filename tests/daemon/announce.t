#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcements of recording, recording steered by digits, its channels. TAP."""
import base64
import contextlib
import io
import math
import os
import struct
import sys
import tempfile
import time
import wave

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from ng import Refused                                             # noqa: E402
from rtp import Call, Party, rtp_packet                            # noqa: E402
from tap import contains, equal, test, wait_until                  # noqa: E402
import tap                                                         # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="announce-")
EVENTS = ("rtpmap:101 telephone-event/8000", "fmtp:101 0-15")


def tone_wav(seconds):
    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(b"".join(struct.pack("<h", round(8000 * math.sin(i / 3)))
                               for i in range(round(seconds * 8000))))
    return out.getvalue()


FILE = os.path.join(FOLDER, "announcement.wav")
with open(FILE, "wb") as f:
    f.write(tone_wav(0.4))


@contextlib.contextmanager
def call_between(d, name, offer=None, answer=None, formats="0 101"):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, name)
        attributes = EVENTS if "101" in formats else ()
        call.offer(a.sdp(*attributes, formats=formats), **(offer or {}))
        call.answer(b.sdp(*attributes, formats=formats), **(answer or {}))
        yield call, a, b
        if call.known():
            call.delete()


def played(party, other):
    """Packets of an announcement that it gets, those relayed by now left out."""
    return [p for p, _ in party.receive_all(quiet=0.3) if p[8:12] != other.ssrc.to_bytes(4, "big")]


def dial(party, text):
    for digit in text:
        code, start = "0123456789*#ABCD".index(digit), party.seq * 160
        for n in range(5):
            payload = bytes((code, (0x80 if n > 1 else 0) | 10)) + (160 * min(n + 1, 3)).to_bytes(
                2, "big")
            party.rtp.sendto(rtp_packet(party.seq, start, party.ssrc, payload, 101, n == 0),
                             party.to.rtp)
            party.seq += 1
        party.send()


def status(call):
    recording = call.query().get("recording")
    return recording["status"] if recording else None


def becomes(call, wanted, after=""):
    wait_until(lambda: status(call) == wanted, 3, f"after {after}: recording {wanted}")


@test("recording-announcement: heard by the sender once the call is answered, and by nobody else")
def announced(d):
    for source in ({"file": FILE}, {"blob": tone_wav(0.4)},
                   {"blob64": base64.b64encode(tone_wav(0.4))}):
        offer = {"record-call": "yes", "flags": ["recording-announcement"], **source}
        with Party("a") as a, Party("b") as b:
            call = Call(d.ng, a, b, "announced")
            call.offer(**offer)
            equal(a.receive(timeout=0.2), None)
            call.answer()
            equal(len(played(a, b)), 20)
            equal(b.receive(timeout=0.05), None)
            call.offer(a.sdp(version=2), **offer)       # the same recording: not again
            call.answer(b.sdp(version=2))
            equal(a.receive(timeout=0.2), None)
            call.delete()


@test("with early-media at the offer; in an answer for who answers; each for itself")
def whom(d):
    source = {"file": FILE, "flags": ["recording announcement", "early-media"]}
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "whom")
        call.offer(record_call="on", **source)
        equal(len(played(a, b)), 20)
        call.answer(file=FILE, flags=["Recording_Announcement"])
        equal(len(played(b, a)), 20)
        equal(a.receive(timeout=0.05), None)
        call.delete()


@test("started later by start recording: again with each recording")
def later(d):
    offer = {"flags": ["recording-announcement"], "file": FILE}
    with call_between(d, "later", offer) as (call, a, b):
        equal(a.receive(timeout=0.2), None)
        for _ in range(2):
            d.ng.request("start recording", call_id=call.id)
            equal(len(played(a, b)), 20)
            d.ng.request("pause recording", call_id=call.id)
            d.ng.request("start recording", call_id=call.id)
            equal(a.receive(timeout=0.2), None)
            d.ng.request("stop recording", call_id=call.id)


@test("block-egress: nothing else is heard meanwhile")
def alone(d):
    for flags, relayed in (([], 5), (["block-egress"], 0)):
        offer = {"flags": ["recording-announcement"] + flags, "file": FILE}
        with call_between(d, "alone", offer) as (call, a, b):
            d.ng.request("start recording", call_id=call.id)
            a.receive()
            b.send(5)
            got = [p for p, _ in a.receive_all(quiet=0.2)]
            equal(sum(p[8:12] == b.ssrc.to_bytes(4, "big") for p in got), relayed)
            b.send(5)
            equal(len(a.receive_all()), 5)


@test("what cannot be announced: refused, or left out with a warning")
def refused(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "refused")
        for source, text in (({"db-id": -5}, "db-id is no number"),
                             ({"blob64": "!"}, "no base64")):
            try:
                call.offer(flags=["recording-announcement"], **source)
            except Refused as e:
                contains(str(e), text)
            else:
                raise AssertionError(source)
        assert not call.known()
        reply = d.ng.request("offer", call_id=call.id, from_tag="a", sdp=a.sdp(),
                             flags=["recording-announcement"])
        contains(reply["warning"], "it has no file, blob or db-id")
        call.delete()


CODES = {"vsc-start-rec": "*1", "vsc-stop-recording": "*2", "VSC-start-stop-rec": "*3",
         "vsc-pause-rec": "*4", "vsc pause resume rec": "*5", "vsc-start-pause-resume-rec": 66}


@test("recording-vsc: each code does what its name says")
def codes(d):
    with call_between(d, "codes", {"flags": ["recording-vsc"], **CODES}) as (call, a, b):
        equal([(x["type"], x["trigger"], x["active"]) for x in call.query()["tags"]["a"]["VSC"]],
              [("start-rec", "*1", 1), ("stop-rec", "*2", 1), ("start-stop-rec", "*3", 1),
               ("pause-rec", "*4", 1), ("pause-resume-rec", "*5", 1),
               ("start-pause-resume-rec", "66", 1)])
        a.send()
        dial(a, "5*9")
        dial(b, "*1")                   # no party with recording-vsc
        time.sleep(0.2)
        equal(status(call), None)
        for digits, state in (("*1", "running"), ("*4", "paused"), ("*4", "paused"),
                              ("*5", "running"), ("*5", "paused"), ("*1", "running"),
                              ("*2", "complete"), ("*3", "running"), ("*3", "complete"),
                              ("66", "running"), ("66", "paused"), ("66", "running"),
                              ("*2", "complete")):
            dial(a, digits)
            becomes(call, state, digits)
            time.sleep(0.1)             # no more than some digits a second are told of


@test("recording-vsc: the party hears the announcement; the recording goes where its message says")
def together(d):
    path = os.path.join(FOLDER, "spool", "by-code")
    offer = {"flags": ["recording-vsc", "recording-announcement"], "file": FILE,
             "vsc-start-rec": "*1", "recording-file": path}
    with call_between(d, "together", offer) as (call, a, b):
        dial(a, "*1")
        becomes(call, "running")
        equal(len(played(a, b)), 20)
        equal(call.query()["recording"]["file"], path)


@test("--vsc-start-stop-rec: for parties with recording-vsc that say nothing else")
def by_option():
    spool = os.path.join(FOLDER, "other")
    with Daemon(f"--recording-dir={spool}", "--vsc-start-stop-rec=77", "--vsc-pause-rec=8") as d:
        with call_between(d, "option", {"flags": ["recording-vsc"], "vsc-pause-rec": "99"}) \
                as (call, a, b):
            dial(a, "77")
            becomes(call, "running")
            dial(a, "8")
            dial(a, "99")
            becomes(call, "paused")
            dial(a, "77")
            becomes(call, "complete")
        with call_between(d, "none") as (call, a, b):
            dial(a, "77")
            time.sleep(0.2)
            equal(status(call), None)


def record(d, name, **offer):
    """Level of each channel; a speaks loudly, b quietly."""
    with call_between(d, name, {"record-call": "yes", **offer}, formats="0") as (call, a, b):
        path = call.query()["recording"]["file"]
        for _ in range(20):
            a.send(payload=b"\x80\x00" * 80)
            b.send(payload=b"\xc0\x40" * 80)
            time.sleep(0.02)
        d.ng.request("stop recording", call_id=call.id)
        becomes(call, "complete")
    with open(path, "rb") as w:     # of more than two channels, which the module wave does not know
        head, data = w.read().split(b"data", 1)
    channels = head[22]
    samples = struct.unpack("<%dh" % ((len(data) - 4) // 2), data[4:])
    return [max(samples[c::channels]) for c in range(channels)]


@test("recording-media-slots: which channel of a recording is whose")
def slots():
    spool = os.path.join(FOLDER, "slots")
    with Daemon(f"--recording-dir={spool}", "--recording-method=audio") as d:
        a, b = record(d, "plain")
        assert a > b > 1000, (a, b)
        b, a = record(d, "swapped", **{"recording-media-slot-offer": 2,
                                       "recording-media-slot-answer": 1})
        assert a > b > 1000, (a, b)
        first, b, third, a = record(d, "four", **{
            "recording-media-slots": 4, "recording-media-slot-offer": 4,
            "recording-media-slot-answer": 2})
        assert a > b > 1000 and not first and not third, (first, b, third, a)
        with Party("a") as party:
            for keys in ({"recording-media-slots": 9}, {"recording-media-slot-offer": 0},
                         {"recording-media-slots": 2, "recording-media-slot-answer": 3}):
                try:
                    d.ng.request("offer", call_id="bad", from_tag="a", sdp=party.sdp(), **keys)
                except Refused as e:
                    contains(str(e), "slot")
                else:
                    raise AssertionError(keys)


with Daemon(f"--recording-dir={os.path.join(FOLDER, 'spool')}") as daemon:
    tap.run(daemon)
