# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls with audio: both sides are played by the program `endpoint`, a daemon stands between."""
import itertools
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "daemon"))
from daemon import BUILD, TOP       # noqa: E402
from rtp import sections            # noqa: E402

NAMES = itertools.count(1)


class Codec:
    """A codec as SDP has it, and how long its packets are."""

    def __init__(self, name, clock, pt, channels=1, ptime=20, fmtp=""):
        self.name, self.clock, self.pt, self.channels = name, clock, pt, channels
        self.ptime, self.fmtp = ptime, fmtp

    def __repr__(self):
        return self.name

    def changed(self, **to):
        copy = Codec(self.name, self.clock, self.pt, self.channels, self.ptime, self.fmtp)
        for key, value in to.items():
            setattr(copy, key, value)
        return copy

    @property
    def rtpmap(self):
        channels = f"/{self.channels}" if self.channels > 1 else ""
        return f"{self.name}/{self.clock}{channels}"

    @property
    def spec(self):
        """For `codec` options of NG."""
        return f"{self.name}/{self.clock}/{self.channels}"

    @property
    def format(self):
        """For `endpoint`."""
        return f"{self.pt}/{self.name}/{self.clock}/{self.channels}/{self.ptime}/{self.fmtp}"


def events(pt, clock=8000):
    return Codec("telephone-event", clock, pt, ptime=0)


PCMU, PCMA = Codec("PCMU", 8000, 0), Codec("PCMA", 8000, 8)
G722, G729 = Codec("G722", 8000, 9), Codec("G729", 8000, 18)
OPUS = Codec("opus", 48000, 96, 2)
# All that can be encoded (rtpengine --codecs), with what their SDP needs.
ALL = [PCMU, PCMA, G722, G729, OPUS, Codec("G723", 8000, 4, ptime=30), Codec("GSM", 8000, 3),
       Codec("G729a", 8000, 99), Codec("speex", 16000, 98), Codec("speex", 8000, 97),
       Codec("AMR", 8000, 100, fmtp="octet-align=1"), Codec("AMR", 8000, 101),
       Codec("AMR-WB", 16000, 102, fmtp="octet-align=1"),
       *(Codec(f"{aal}G726-{kbit}", 8000, pt) for pt, (aal, kbit) in enumerate(
           itertools.product(("", "AAL2-"), (16, 24, 32, 40)), 103)),
       Codec("L16", 8000, 112), Codec("L16", 44100, 10), Codec("X-L16", 16000, 113)]


class Player:
    """The program, and the sides it plays."""

    def __init__(self):
        program = os.path.join(TOP, BUILD, "tests", "audio", "endpoint")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(5)
        self.process.stdout.close()

    def command(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "it has ended"}')
        if "error" in answer:
            raise RuntimeError(f"endpoint: {words}: {answer['error']}")
        return answer

    def start(self):
        self.command("start")

    def wait(self):
        self.command("wait")


class Side:
    """One side of a call. `codecs`: what its SDP has; it sends the first of them."""

    def __init__(self, player, codecs, signal="speech:1", seconds=2, at=(), **options):
        self.player, self.codecs, self.name = player, list(codecs), f"side{next(NAMES)}"
        self.host = options.get("host", "127.0.0.1")
        options.setdefault("seed", self.name[4:])
        words = [f"format={c.format}" for c in codecs] + [f"at={x}" for x in at]
        words += [f"{key}={value}" for key, value in options.items()]
        self.port = player.command("open", self.name, f"signal={signal}", f"seconds={seconds}",
                                   *words)["port"]

    def sdp(self, *attributes, ptime=True):
        lines = ["v=0", f"o={self.name} 1 1 IN IP4 {self.host}", "s=-",
                 f"c=IN IP4 {self.host}", "t=0 0",
                 f"m=audio {self.port} RTP/AVP " + " ".join(str(c.pt) for c in self.codecs)]
        for c in self.codecs:
            lines.append(f"a=rtpmap:{c.pt} {c.rtpmap}")
            if c.fmtp:
                lines.append(f"a=fmtp:{c.pt} {c.fmtp}")
        if ptime:
            lines.append(f"a=ptime:{self.codecs[0].ptime}")
        return "".join(line + "\r\n" for line in [*lines, *(f"a={a}" for a in attributes)])

    def send_to(self, media):
        self.player.command("to", self.name, *media.rtp, media.rtcp[1])

    def report(self, source=None):
        return self.player.command("report", self.name, *([source.name] if source else []))

    def heard(self, path):
        """What it heard as raw samples in that file; their rate."""
        return self.player.command("dump", self.name, path)["hz"]

    def played(self, path, hz):
        return self.player.command("played", self.name, path, hz)["hz"]

    def close(self):
        self.player.command("close", self.name)


class AudioCall:
    """Offer and answer between two sides whose codecs have nothing in common."""

    def __init__(self, daemon, a, b, **offer):
        self.ng, self.a, self.b, self.id = daemon.ng, a, b, f"audio-{next(NAMES)}"
        self.negotiate(**offer)

    def negotiate(self, **offer):
        """What each is told must be what it plays."""
        options = {"codec": {"transcode": [c.spec for c in self.b.codecs], "mask": ["all"]}}
        options.update(offer)
        reply = self.ng.request("offer", call_id=self.id, from_tag=self.a.name,
                                sdp=self.a.sdp(), **options)
        self.offered = sections(reply["sdp"])[0]
        reply = self.ng.request("answer", call_id=self.id, from_tag=self.a.name,
                                to_tag=self.b.name, sdp=self.b.sdp())
        self.answered = sections(reply["sdp"])[0]
        self.b.send_to(self.offered)
        self.a.send_to(self.answered)

    def reports(self):
        """What a got, and what b got."""
        return self.a.report(self.b), self.b.report(self.a)

    def statistics(self):
        return self.ng.request("query", call_id=self.id)

    def end(self):
        self.ng.request("delete", call_id=self.id, from_tag=self.a.name)
        self.a.close()
        self.b.close()
