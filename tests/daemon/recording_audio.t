#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording of calls as audio, opened by FFmpeg and sox and measured. TAP."""
import array
import cmath
import contextlib
import math
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                              # noqa: E402
from rtp import Call, Party, sections                                # noqa: E402
from tap import Skip, contains, equal, skip_all, test, wait_until      # noqa: E402
import tap                                                             # noqa: E402

PACKET_S, RATE = 0.02, 8000
FORMATS = ("wav", "opus", "flac", "mp3")


def mu_law(sample):
    """G.711, by the book."""
    sign, x = (0x80, -sample) if sample < 0 else (0, sample)
    x = min(x, 32635) + 132
    exponent = x.bit_length() - 8
    return ~(sign | exponent << 4 | (x >> (exponent + 3)) & 15) & 0xff


def tone(hz, seconds):
    """Payloads of 20 ms."""
    table = [mu_law(int(8000 * math.sin(2 * math.pi * hz * n / RATE))) for n in range(RATE)]
    return [bytes(table[(i * 160 + n) % RATE] for n in range(160)) for i in range(round(seconds / PACKET_S))]


def play(*legs):
    """Each leg is (party, payloads), sent in real time, all beginning together, once the worker
    has taken over what was signalled."""
    time.sleep(0.05)
    start = time.monotonic()
    for n in range(max(len(payloads) for _, payloads in legs)):
        time.sleep(max(0, start + n * PACKET_S - time.monotonic()))
        for party, payloads in legs:
            if n < len(payloads) and payloads[n]:
                party.send(payload=payloads[n])
            else:
                party.seq += 1
    time.sleep(0.05)    # the last one has arrived


def read(path):
    """(sample rate, a list of samples for each channel), by FFmpeg."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "au", "-"], check=True,
                          capture_output=True)
    equal(done.stderr, b"", "what ffmpeg complains of")
    magic, offset, _, encoding, rate, channels = struct.unpack_from(">4s5I", done.stdout)
    equal((magic, encoding), (b".snd", 3))
    samples = array.array("h", done.stdout[offset:])
    if sys.byteorder == "little":
        samples.byteswap()
    return rate, [samples[c::channels] for c in range(channels)]


def level(samples, rate, hz):
    """Of a sine of that frequency, in dB of full scale: the most of any 50 ms of it."""
    turn, piece = -2j * math.pi * hz / rate, rate // 20
    found = [abs(sum(s * cmath.exp(turn * n) for n, s in enumerate(samples[at:at + piece])))
             for at in range(0, len(samples) - piece + 1, piece)]
    return 20 * math.log10(max(max(found, default=0) * 2 / piece, 1e-3) / 32768)


class Spool:
    def __init__(self, form="wav"):
        self.form = form
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="rtpengine-rec-"))
        self.options = (f"--recording-dir={self.top}", "--recording-method=audio",
                        f"--recording-audio-format={form}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def ended(self, count=1):
        """Files and metadata of so many recordings, once they have ended."""
        meta = wait_until(lambda: len(f := sorted(self.top.glob("metadata/*"))) == count and f, 10, "the end")
        return sorted(self.top.glob("audio/*")), [m.read_text() for m in meta]


def check_legs(rate, channels, seconds, first=500, second=1000):
    equal(len(channels), 2)
    got = len(channels[0]) / rate
    assert abs(got - seconds) < 0.020, f"{got:.3f} s instead of {seconds}"
    middle = slice(int(0.3 * rate), int(0.3 * rate) + rate // 5)
    for channel, own, other in ((0, first, second), (1, second, first)):
        assert level(channels[channel][middle], rate, own) > -15
        assert level(channels[channel][middle], rate, other) < -40


class Recorded:
    """A daemon with a folder of its own that records in a format, and a call of two parties."""

    def __init__(self, form, offered="0", answered="0"):
        self.spool = Spool(form)
        self.offered, self.answered = offered, answered
        self.form, self.closing = form, contextlib.ExitStack()
        self.closing.enter_context(self.spool)

    def start(self):
        self.daemon = self.closing.enter_context(Daemon(*self.spool.options))
        self.a, self.b = (self.closing.enter_context(Party(t)) for t in "ab")
        self.call = Call(self.daemon.ng, self.a, self.b, self.form)
        self.call.offer(self.a.sdp(formats=self.offered), record_call="yes")
        self.call.answer(self.b.sdp(formats=self.answered))


@contextlib.contextmanager
def each_format(prepare=None):
    """One for each format, so that all can be played to at once: what takes time is playing."""
    with contextlib.ExitStack() as closing:
        all_of_them = []
        for form in FORMATS:
            one = Recorded(form)
            closing.enter_context(one.closing)
            if prepare:
                closing.enter_context(prepare(one.spool))
            one.start()
            all_of_them.append(one)
        yield all_of_them


def play_to(recorded, seconds):
    first, second = tone(500, seconds), tone(1000, seconds)
    play(*(leg for r in recorded for leg in ((r.a, first), (r.b, second))))


@test("each format: the caller left, the callee right, as long as they spoke")
def records():
    with each_format() as recorded:
        play_to(recorded, 1.2)
        for r in recorded:
            r.call.delete()
        for r in recorded:
            (path,), (text,) = r.spool.ended()
            equal(path.suffix, f".{r.form}")
            contains(text, "\nrecording status: complete\n")
            check_legs(*read(path), 1.2)
            if r.form in ("wav", "flac"):     # Debian's sox has the others in packages of their own
                out = subprocess.run(["soxi", "-D", str(path)], capture_output=True, text=True)
                equal(out.returncode, 0, out.stderr)
                assert abs(float(out.stdout) - 1.2) < 0.02, out.stdout


@test("the file's rate is the best that both agreed upon, whatever is heard first")
def rates():
    rows = (("0", "0", 8000), ("9 0", "0 9", 16000), ("9 0", "0", 8000))
    with contextlib.ExitStack() as closing:
        recorded = []
        for offered, answered, rate in rows:
            r = Recorded("wav", offered, answered)
            closing.enter_context(r.closing)
            r.start()
            recorded.append(r)
        play_to(recorded, 1)
        for r in recorded:
            r.call.delete()
        for r, (offered, answered, rate) in zip(recorded, rows):
            (path,), _ = r.spool.ended()
            got, channels = read(path)
            equal(got, rate, f"{offered} offered and {answered} answered")
            check_legs(got, channels, 1)


@test("a removed folder ends the recording with a reason, and the call goes on")
def removed():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "removed")
        call.offer(record_call="yes")
        call.answer()
        play((a, tone(500, 1)), (b, tone(1000, 1)))
        shutil.rmtree(s.top)
        wait_until(lambda: call.query()["recording"]["status"] == "truncated")
        contains(call.query()["recording"]["reason"], "the file is gone")
        b.receive_all()
        a.send()
        assert b.receive()


@test("a pause is silence of its length, and told of")
def pause():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "pause")
        call.offer(record_call="yes")
        call.answer()
        play((a, tone(500, 1)), (b, tone(1000, 1)))
        d.ng.request("pause recording", call_id=call.id)
        play((a, tone(500, 0.9)), (b, tone(1000, 0.9)))
        d.ng.request("start recording", call_id=call.id)
        play((a, tone(500, 1)), (b, tone(1000, 1)))
        call.delete()
        (path,), (text,) = s.ended()
        rate, channels = read(path)
        begin, paused, resumed = (float(re.search(what + r"[^\n]*?([0-9.]+)(?: ms\))?\n", text)[1]) / 1000 for what in
                                  ("Audio begins at ms: ", "Recording paused at: ", "Recording resumed at: "))
        # The text tells where in the file the gap is: nothing within, once the worker knows, and tones
        # before and behind.
        at = [int((t - begin) * rate) for t in (paused, resumed)]
        step = rate // 5
        for channel, hz in ((0, 500), (1, 1000)):
            assert level(channels[channel][at[0] + step * 2:at[1]], rate, hz) < -60
            assert level(channels[channel][at[0] - step:at[0]], rate, hz) > -15
            assert level(channels[channel][at[1] + step // 2:at[1] + step * 2], rate, hz) > -15
        check_legs(rate, channels, len(channels[0]) / rate)
        assert abs(len(channels[0]) / rate - 3) < 0.3, len(channels[0]) / rate


def add_secure(name, **keys):
    @test(f"{name} is recorded decrypted")
    def secure():
        with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b, Daemon() as far:
            # What is recorded of the callee comes from a second daemon, which encrypts it.
            call = Call(d.ng, a, b, "secure")
            reply = d.ng.request("offer", call_id=call.id, from_tag="a", sdp=a.sdp(), **keys)
            there = far.ng.request("offer", call_id=call.id, from_tag="a", sdp=reply["sdp"],
                                   transport_protocol="RTP/AVP", ICE="remove")
            b.to = sections(there["sdp"])[0]
            back = far.ng.request("answer", call_id=call.id, from_tag="a", to_tag="b", sdp=b.sdp())
            contains(back["sdp"], keys["transport_protocol"])
            home = d.ng.request("answer", call_id=call.id, from_tag="a", to_tag="b", sdp=back["sdp"])
            a.to = sections(home["sdp"])[0]
            for sender, receiver in ((a, b), (b, a)):   # once checks and handshakes are through
                wait_until(lambda: sender.send() or receiver.receive(timeout=0.1), 15, name)
            d.ng.request("start recording", call_id=call.id)
            play((a, tone(500, 1.2)), (b, tone(1000, 1.2)))
            time.sleep(0.1)
            call.delete()
            (path,), _ = s.ended()
            check_legs(*read(path), 1.2)


add_secure("SRTP", transport_protocol="RTP/SAVP")
add_secure("WebRTC: ICE and DTLS", transport_protocol="UDP/TLS/RTP/SAVPF", ICE="force")


@test("kill -9: what was written can be played, and is told of at the next start")
def killed():
    with each_format() as recorded:
        play_to(recorded, 4)
        for r in recorded:
            r.daemon.send_signal(signal.SIGKILL)
            r.daemon.process.wait(5)
        for r in recorded:
            path, = r.spool.top.glob("audio/*")
            if r.form == "wav":
                with open(path, "r+b") as f:    # as if it had died between samples and header
                    f.seek(40)
                    f.write(bytes(4))
            with Daemon(*r.spool.options):
                (path,), (text,) = r.spool.ended()
            contains(text, "\nrecording status: truncated\n")
            rate, channels = read(path)
            got = len(channels[0]) / rate
            assert 1.5 < got <= 4.02, (r.form, got)
            assert level(channels[0][rate // 2:rate // 2 + rate // 5], rate, 500) > -15, r.form


@contextlib.contextmanager
def small_disk(spool):
    size = {"wav": 64, "flac": 40, "opus": 24, "mp3": 24}[spool.form]
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(spool.top)],
                      capture_output=True).returncode:
        raise Skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(spool.top)], check=True)


@test("a full disk: what is there can be played, the reason is told, the call goes on")
def disk_full():
    if os.geteuid() != 0:
        raise Skip("needs root to mount a small file system")
    with each_format(small_disk) as recorded:
        play_to(recorded, 5)
        for r in recorded:
            state = wait_until(lambda: (q := r.call.query()["recording"])["status"] == "truncated" and q,
                               5, f"the end of {r.form}")
            contains(state["reason"], "No space left on device")
            equal(r.call.delete()["result"], "ok")
            r.daemon.wait_log("Recording .* truncated because .*No space left")
            (path,), (text,) = r.spool.ended()
            contains(text, "\nrecording status reason: the file could not be written: No space left on device\n")
            rate, channels = read(path)
            assert len(channels[0]) / rate > 0.5, (r.form, len(channels[0]) / rate)


if not shutil.which("ffmpeg") or not shutil.which("soxi"):
    skip_all("ffmpeg or sox is not installed")
tap.run()
