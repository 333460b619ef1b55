#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audio player: what a party hears is mixed and made one stream. TAP."""
import contextlib
import math
import os
import statistics
import struct
import sys
import tempfile
import time
import wave

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from rtp import Call, Party, rtp_header, rtp_packet, sections      # noqa: E402
from tap import equal, test                                        # noqa: E402
import tap                                                         # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="mix-")
PIECE = 400     # samples: 50 ms
EVENTS = ("rtpmap:101 telephone-event/8000", "fmtp:101 0-15")


def tone_file(name, seconds, hz):
    path = os.path.join(FOLDER, name)
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(8000)
        w.writeframes(b"".join(struct.pack("<h", round(8000 * math.sin(2 * math.pi * hz * i / 8000)))
                               for i in range(round(seconds * 8000))))
    return path


def to_ulaw(x):
    sign, x = (0x80, -x) if x < 0 else (0, x)
    x = min(x, 32635) + 132
    exponent = x.bit_length() - 8
    return ~(sign | exponent << 4 | x >> exponent + 3 & 15) & 0xff


def from_ulaw(byte):
    byte = ~byte & 0xff
    value = (((byte & 15) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -value if byte & 128 else value


def level(samples, hz):
    """Amplitude of a tone (Goertzel)."""
    w = 2 * math.pi * hz / 8000
    s1 = s2 = 0.0
    for x in samples:
        s1, s2 = x + 2 * math.cos(w) * s1 - s2, s1
    power = s1 * s1 + s2 * s2 - 2 * math.cos(w) * s1 * s2
    return 2 * math.sqrt(max(power, 0)) / max(len(samples), 1)


def tone(hz, at):
    """20 ms of it as PCMU."""
    return bytes(to_ulaw(round(8000 * math.sin(2 * math.pi * hz * (at + i) / 8000)))
                 for i in range(160))


class Heard:
    """What a party gets while `speakers` (party: Hz) speak for so long."""

    def __init__(self, party, speakers, seconds=0.6, anew=True, pt=0):
        for speaker in speakers if anew else ():
            speaker.receive_all(quiet=0)
        if anew:
            party.receive_all(quiet=0)
        self.packets = []
        began = time.monotonic()
        for n in range(round(seconds * 50)):
            for speaker, hz in speakers.items():
                speaker.send(payload=tone(hz, n * 160), pt=pt)
            while (left := began + (n + 1) * 0.02 - time.monotonic()) > 0:
                got = party.receive(timeout=left)
                if got:
                    self.packets.append(got[0])
        self.headers = [rtp_header(p) for p in self.packets]
        self.ssrcs = {h[3] for h in self.headers}
        self.samples = [from_ulaw(b) for p, h in zip(self.packets, self.headers) if h[0] == 0
                        for b in p[12:]]

    def level(self, hz):
        """What most pieces of it have: the tone's phase is another one where a packet came late."""
        late = self.samples[len(self.samples) // 3:]
        return statistics.median(level(late[i:i + PIECE], hz)
                                 for i in range(0, len(late) - PIECE + 1, PIECE))

    def check_stream(self, ticks=160):
        """One SSRC without a hole, a packet for each of its times."""
        equal(len(self.ssrcs), 1)
        first = self.headers[0]
        equal([(h[1] - first[1]) & 0xffff for h in self.headers], list(range(len(self.headers))))
        equal([(h[2] - first[2]) & 0xffffffff for h in self.headers],
              [ticks * i for i in range(len(self.headers))])


def hear(listener, speakers, loud, least=5500, silent=()):
    """What is heard has these tones, but not those. A machine that is kept from its work leaves some
    of it out; then it is listened once more."""
    for _ in range(3):
        heard = Heard(listener, speakers)
        levels = {hz: heard.level(hz) for hz in (*loud, *silent)}
        if all(levels[hz] > least for hz in loud) and all(levels[hz] < 1500 for hz in silent):
            return heard
    raise AssertionError(f"heard {levels}, want {loud} and not {silent}")


@contextlib.contextmanager
def call_between(d, name, offer=None, answer=None, body=None):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, name)
        call.offer(body and body(a), **(offer or {}))
        call.answer(body and body(b), **(answer or {}))
        yield call, a, b
        call.delete()


@test("audio-player=always: one stream of our own, decoded and made anew; silence where there is none")
def always(d):
    with call_between(d, "always", {"audio-player": "always"}) as (call, a, b):
        quiet = Heard(a, {})
        quiet.check_stream()
        assert 25 < len(quiet.packets) < 35, len(quiet.packets)
        equal(set(quiet.samples), {0})
        heard = hear(a, {b: 500}, [500], least=7000)
        heard.check_stream()
        equal(heard.ssrcs, quiet.ssrcs)
        assert b.ssrc not in heard.ssrcs
        # The other way nothing was asked for.
        equal(Heard(b, {a: 500}).ssrcs, {a.ssrc})
        media = call.query()["tags"]["a"]["medias"][0]
        assert "audio player" in media["flags"], media["flags"]


@test("a file is mixed in, in the same stream; with block-egress it is heard alone")
def played(d):
    path = tone_file("file.wav", 10, 1000)
    with call_between(d, "played", {"audio-player": "force"}) as (call, a, b):
        before = Heard(a, {b: 500})
        d.ng.request("play media", call_id=call.id, from_tag="a", file=path)
        heard = hear(a, {b: 500}, [500, 1000])
        heard.check_stream()
        equal(heard.ssrcs, before.ssrcs)
        d.ng.request("play media", call_id=call.id, from_tag="a", file=path,
                     flags=["block-egress"])
        heard = hear(a, {b: 500}, [1000], silent=[500])
        equal(heard.ssrcs, before.ssrcs)
        d.ng.request("stop media", call_id=call.id, from_tag="a")
        hear(a, {b: 500}, [500], silent=[1000])
        path = tone_file("short.wav", 0.2, 1000)
        d.ng.request("play media", call_id=call.id, from_tag="a", file=path)
        Heard(a, {b: 500}, 0.4)
        hear(a, {b: 500}, [500], silent=[1000]).check_stream()      # its end ends nothing else


@test("two who speak at once are both heard")
def mixed(d):
    with call_between(d, "mixed", {"audio-player": "always"}) as (call, a, b), Party("c") as c:
        # While a re-offer to one branch is open, both are linked.
        reply = d.ng.request("offer", call_id=call.id, from_tag="a", sdp=a.sdp(), via_branch="x")
        c.to = sections(reply["sdp"])[0]
        d.ng.request("answer", call_id=call.id, from_tag="a", to_tag="c", sdp=c.sdp(),
                     via_branch="x")
        d.ng.request("offer", call_id=call.id, from_tag="a", to_tag="b", sdp=a.sdp())
        hear(a, {b: 500, c: 1100}, [500, 1100], least=5000).check_stream()


@test("audio-player=transcoding: passes as it is, but while something is played or transcoded")
def transcoding(d):
    path = tone_file("more.wav", 10, 1000)
    for value in ({"audio-player": "transcoding"}, {"player": "on"}, {"flags": ["audio-player"]},
                  {"audio player": "Enabled"}):
        with call_between(d, "passes", value) as (call, a, b):
            equal(Heard(a, {b: 500}, 0.2).ssrcs, {b.ssrc})
            d.ng.request("play media", call_id=call.id, from_tag="a", file=path)
            equal(len(hear(a, {b: 500}, [500, 1000]).ssrcs), 1)
            d.ng.request("stop media", call_id=call.id, from_tag="a")
            Heard(a, {b: 500}, 0.1)
            equal(Heard(a, {b: 500}, 0.2).ssrcs, {b.ssrc})
    offer = {"audio-player": "transcoding", "codec": {"transcode": ["PCMA"], "mask": ["PCMU"]}}
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "transcoded")
        call.offer(**offer)
        call.answer(b.sdp(formats="8"))
        Heard(a, {}, 0.1)
        heard = Heard(a, {b: 500}, pt=8)
        heard.check_stream()
        equal({h[0] for h in heard.headers}, {0})
        call.delete()


@test("off, no-player and on-demand: nothing of it")
def off(d):
    path = tone_file("off.wav", 10, 1000)
    for value in ({"audio-player": "off"}, {"player": "disable"}, {"flags": ["no-player"]},
                  {"flags": ["no audio player"]}, {"audio-player": "default"}, {}):
        with call_between(d, "off", value) as (call, a, b):
            d.ng.request("play media", call_id=call.id, from_tag="a", file=path)
            equal(len(Heard(a, {b: 500}, 0.2).ssrcs), 2)


@test("in an answer it is for who answers")
def answered(d):
    with call_between(d, "answered", None, {"flags": ["audio-player"], "player": "always"}) \
            as (_, a, b):
        equal(Heard(a, {b: 500}, 0.2).ssrcs, {b.ssrc})
        heard = hear(b, {a: 500}, [500])
        heard.check_stream()
        assert a.ssrc not in heard.ssrcs


@test("early-media: it begins at the offer; without at the answer")
def early(d):
    for flags, any_packets in ((["early-media"], True), ([], False)):
        with Party("a") as a, Party("b") as b:
            call = Call(d.ng, a, b, "early")
            call.offer(flags=flags, **{"audio-player": "always"})
            equal(bool(Heard(a, {}, 0.3).packets), any_packets)
            call.answer()
            assert Heard(a, {}, 0.3).packets
            call.delete()


@test("its packets have the listener's ptime; it goes on over re-offers, in another codec")
def ptime(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "ptime")
        call.offer(a.sdp("ptime:40"), **{"audio-player": "always"})
        call.answer()
        first = Heard(a, {b: 500}, 0.8)
        first.check_stream(320)
        equal({len(p) for p in first.packets}, {12 + 320})
        assert first.level(500) > 5500
        call.offer(a.sdp(formats="8", version=2))
        call.answer(b.sdp(formats="8", version=2))
        Heard(a, {b: 500}, 0.2, pt=8)
        second = Heard(a, {b: 500}, 0.4, pt=8)
        equal((second.ssrcs, {h[0] for h in second.headers}), (first.ssrcs, {8}))
        call.delete()


@test("events go beside the audio under its SSRC; digits that are injected, too")
def events(d):
    flags = {"flags": ["inject-DTMF"], "audio-player": "always"}
    with call_between(d, "events", flags, {"flags": ["inject-DTMF"]},
                      lambda p: p.sdp(*EVENTS, formats="0 101")) as (call, a, b):
        ssrcs = Heard(a, {b: 500}, 0.3).ssrcs
        start = b.seq * 160
        for n, ticks in enumerate((160, 320, 480, 480, 480)):
            payload = bytes((7, (0x80 if n > 1 else 0) | 10)) + ticks.to_bytes(2, "big")
            b.rtp.sendto(rtp_packet(b.seq, start, b.ssrc, payload, 101, n == 0), b.to.rtp)
            b.seq += 1
        got = [p for p in Heard(a, {b: 500}, 0.2, False).packets if rtp_header(p)[0] == 101]
        equal([p[12] for p in got], [7] * 5)
        equal({rtp_header(p)[3] for p in got}, ssrcs)
        equal(len({rtp_header(p)[2] for p in got}), 1)
        d.ng.request("play DTMF", call_id=call.id, from_tag="b", code="5", duration=100)
        heard = Heard(a, {b: 500}, 0.5)
        equal({p[12] for p, h in zip(heard.packets, heard.headers) if h[0] == 101}, {5})
        equal(heard.ssrcs, ssrcs)


@test("injected digits are heard as tones where the listener has no events")
def tones(d):
    flags = {"flags": ["inject-DTMF"], "audio-player": "always"}
    with call_between(d, "tones", flags, {"flags": ["inject-DTMF"]}) as (call, a, b):
        Heard(a, {b: 500}, 0.2)
        d.ng.request("play DTMF", call_id=call.id, from_tag="b", code="5", duration=400)
        heard = Heard(a, {b: 500}, 0.4)
        equal(len(heard.ssrcs), 1)
        assert heard.level(770) > 2000 and heard.level(1336) > 2000, \
            (heard.level(770), heard.level(1336))


@test("sender reports are those of the mixed stream; RTCP of its sources does not reach the listener")
def reports(d):
    with call_between(d, "reports", {"audio-player": "always"}) as (call, a, b):
        ssrc = Heard(a, {b: 500}, 0.3).ssrcs.pop()
        a.receive_all(a.rtcp)
        b.send_rtcp()
        a.send_rtcp()
        equal(b.receive(b.rtcp)[0][4:8], a.ssrc.to_bytes(4, "big"))
        for report, _ in a.receive_all(a.rtcp):
            equal(report[4:8], ssrc.to_bytes(4, "big"))


@test("--audio-player=always, --audio-buffer-delay; a message may say no")
def by_option():
    with Daemon("--audio-player=always", "--audio-buffer-length=300", "--audio-buffer-delay=60") \
            as d:
        with call_between(d, "option") as (call, a, b):
            for listener, speaker in ((a, b), (b, a)):
                heard = hear(listener, {speaker: 500}, [500])
                heard.check_stream()
                assert speaker.ssrc not in heard.ssrcs
        with call_between(d, "no", {"audio-player": "no"}, {"flags": ["no-player"]}) as (call, a, b):
            equal(Heard(a, {b: 500}, 0.2).ssrcs, {b.ssrc})
            equal(Heard(b, {a: 500}, 0.2).ssrcs, {a.ssrc})


@test("--audio-player=play-media: while something is played")
def play_media():
    path = tone_file("only.wav", 0.4, 1000)
    with Daemon("--audio-player=play-media") as d, call_between(d, "only") as (call, a, b):
        equal(Heard(a, {b: 500}, 0.2).ssrcs, {b.ssrc})
        d.ng.request("play media", call_id=call.id, from_tag="a", file=path)
        heard = Heard(a, {b: 500}, 0.3)
        equal(len(heard.ssrcs), 1)
        assert b.ssrc not in heard.ssrcs
        Heard(a, {b: 500}, 1.5)
        equal(Heard(a, {b: 500}, 0.2).ssrcs, {b.ssrc})


with Daemon() as daemon:
    tap.run(daemon)
