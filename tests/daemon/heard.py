# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones as files, media played into a call, and what the listener gets of them."""
import contextlib
import io
import math
import struct
import time
import wave

from ng import Refused
from rtp import Call, Party, rtp_header
from tap import equal


def tone_wav(seconds, hz, rate=8000):
    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(b"".join(struct.pack("<h", round(10000 * math.sin(2 * math.pi * hz * i / rate)))
                               for i in range(round(seconds * rate))))
    return out.getvalue()


def ulaw(byte):
    """One byte of PCMU as a sample (G.711)."""
    byte = ~byte & 0xff
    value = (((byte & 15) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -value if byte & 128 else value


def level(samples, hz, rate=8000):
    """Amplitude of a tone (Goertzel)."""
    w = 2 * math.pi * hz / rate
    s1 = s2 = 0.0
    for x in samples:
        s1, s2 = x + 2 * math.cos(w) * s1 - s2, s1
    power = s1 * s1 + s2 * s2 - 2 * math.cos(w) * s1 * s2
    return 2 * math.sqrt(max(power, 0)) / max(len(samples), 1)


class Heard:
    """What a party gets until nothing more is played, sorted into played and relayed packets."""

    def __init__(self, party, seconds=None, other=None):
        end = time.monotonic() + (seconds or 20)
        self.played, self.relayed, self.times = [], [], []
        while time.monotonic() < end:
            got = party.receive(timeout=0.3 if seconds is None else max(end - time.monotonic(), 0))
            if not got:
                break
            if other and rtp_header(got[0])[3] == other.ssrc:
                self.relayed.append(got[0])
            else:
                self.played.append(got[0])
                self.times.append(time.monotonic())

    def samples(self):
        return [ulaw(b) for packet in self.played for b in packet[12:]]

    def seconds(self):
        return sum(len(packet) - 12 for packet in self.played) / 8000

    def check_stream(self):
        """One SSRC, one payload type, numbers and timestamps without a hole, one marker."""
        headers = [rtp_header(p) for p in self.played]
        equal({h[0] for h in headers}, {0})
        equal(len({h[3] for h in headers}), 1)
        first = headers[0]
        equal([(h[1] - first[1]) & 0xffff for h in headers], list(range(len(headers))))
        equal([(h[2] - first[2]) & 0xffffffff for h in headers],
              [160 * i for i in range(len(headers))])
        equal([p[1] >> 7 for p in self.played], [1] + [0] * (len(headers) - 1))


@contextlib.contextmanager
def call_between(d, name):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, name)
        call.offer()
        call.answer()
        yield call, a, b
        call.delete()


def play(d, call, **keys):
    return d.ng.request("play media", call_id=call.id, **keys)


def stop(d, call, **keys):
    return d.ng.request("stop media", call_id=call.id, **keys)


def refused(text, fn, *args, **keys):
    try:
        fn(*args, **keys)
    except Refused as e:
        equal(str(e), text)
    else:
        raise AssertionError(f"not refused with {text}")
