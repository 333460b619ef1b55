# SPDX-License-Identifier: GPL-3.0-or-later
"""The two kinds of parties of a WebRTC call: a browser, which is aiortc, and a phone with plain RTP
and G.711. Each sends a tone and measures the tone it gets."""
import array
import asyncio
import fractions
import math
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import rtp                                                    # noqa: E402
from aiortc import (RTCConfiguration, RTCPeerConnection,      # noqa: E402
                    RTCRtpSender, RTCSessionDescription)
from aiortc.mediastreams import MediaStreamTrack              # noqa: E402
from av import AudioFrame                                     # noqa: E402

PACKET_S = 0.02
LOUDNESS = 8000
PCMA_HZ = 8000


def level_at(samples, rate, hz):
    """The amplitude of that tone in the samples (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * hz / rate)
    one = two = 0.0
    for sample in samples:
        one, two = sample + turn * one - two, one
    return 2 * math.sqrt(max(one * one + two * two - turn * one * two, 0)) / max(len(samples), 1)


def has_tone(samples, rate, hz):
    """Is this tone there, about as loud as it was sent, and nothing as loud beside it?"""
    wanted = level_at(samples, rate, hz)
    others = [level_at(samples, rate, other) for other in (350, 620, 1370, 2100) if other != hz]
    return LOUDNESS / 2 < wanted < LOUDNESS * 2 and max(others) < wanted / 4


def to_alaw(sample):
    sign, value = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    value = min(value, 32767) >> 4
    segment = max(value.bit_length() - 4, 0)
    return (sign | segment << 4 | value >> max(segment - 1, 0) & 0xf) ^ 0x55


def from_alaw(code):
    code ^= 0x55
    segment, mantissa = code >> 4 & 7, code & 0xf
    value = (mantissa << 4) + 8 if not segment else ((mantissa << 4) + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


FROM_ALAW = [from_alaw(code) for code in range(256)]


class Tone(MediaStreamTrack):
    """A microphone that hears a tone."""
    kind = "audio"

    def __init__(self, hz, rate=48000):
        super().__init__()
        self.hz, self.rate, self.sent, self.started = hz, rate, 0, None

    async def recv(self):
        count = int(self.rate * PACKET_S)
        self.started = self.started or time.monotonic()
        await asyncio.sleep(max(0, self.started + self.sent / self.rate - time.monotonic()))
        frame = AudioFrame(format="s16", layout="mono", samples=count)
        frame.planes[0].update(array.array("h", [
            int(LOUDNESS * math.sin(2 * math.pi * self.hz * (self.sent + i) / self.rate))
            for i in range(count)]).tobytes())
        frame.pts, frame.sample_rate = self.sent, self.rate
        frame.time_base = fractions.Fraction(1, self.rate)
        self.sent += count
        return frame


class Browser:
    """A peer connection with a microphone. `heard` are the samples of the left channel."""

    def __init__(self, hz, tag="browser"):
        self.tag, self.hz = tag, hz
        self.heard, self.rate, self.tasks = [], 48000, []
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.sender = self.pc.addTrack(Tone(hz))
        self.pc.on("track", self._on_track)

    def prefer(self, *names):
        """Only these codecs."""
        found = RTCRtpSender.getCapabilities("audio").codecs
        self.pc.getTransceivers()[0].setCodecPreferences(
            [c for c in found if c.mimeType.split("/")[1].lower() in names])

    def _on_track(self, track):
        self.tasks.append(asyncio.ensure_future(self._listen(track)))

    async def _listen(self, track):
        while True:
            frame = await track.recv()
            self.rate = frame.sample_rate
            channels = len(frame.layout.channels)
            samples = array.array("h", bytes(frame.planes[0])[:frame.samples * channels * 2])
            self.heard += samples[::channels]

    async def offer(self):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def answer(self, offer):
        await self.take(offer, "offer")
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.pc.localDescription.sdp

    async def take(self, sdp, kind="answer"):
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, kind))

    async def connected(self, seconds=15):
        await wait_for(lambda: self.pc.connectionState == "connected", seconds,
                       lambda: f"the browser's connection is {self.pc.connectionState}, "
                               f"ICE {self.pc.iceConnectionState}")

    async def close(self):
        await self.pc.close()
        for task in self.tasks:
            task.cancel()


class Phone:
    """Sends and receives PCMA as soon as it knows where to."""

    def __init__(self, hz, host, tag="phone"):
        self.hz, self.rate, self.tag, self.heard = hz, PCMA_HZ, tag, []
        self.party = rtp.Party(tag, host)
        self.party.rtp.setblocking(False)
        self.task = None
        self.packets, self.types = 0, set()

    def sdp(self, *attributes, version=1):
        return self.party.sdp("rtpmap:8 PCMA/8000", *attributes, formats="8", version=version)

    def start(self, section):
        self.party.to = section
        if self.task is None:
            asyncio.get_running_loop().add_reader(self.party.rtp, self._receive)
            self.task = asyncio.ensure_future(self._talk())

    def _receive(self):
        try:
            packet = self.party.rtp.recv(2048)
        except BlockingIOError:
            return
        self.packets += 1
        self.types.add(rtp.rtp_header(packet)[0])
        self.heard += [FROM_ALAW[code] for code in packet[12:]]

    async def _talk(self):
        count, sent, started = int(PCMA_HZ * PACKET_S), 0, time.monotonic()
        while True:
            samples = (int(LOUDNESS * math.sin(2 * math.pi * self.hz * (sent + i) / PCMA_HZ))
                       for i in range(count))
            self.party.send(payload=bytes(map(to_alaw, samples)), pt=8)
            sent += count
            await asyncio.sleep(max(0, started + sent / PCMA_HZ - time.monotonic()))

    async def close(self):
        if self.task:
            self.task.cancel()
            asyncio.get_running_loop().remove_reader(self.party.rtp)
        self.party.close()


async def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        await asyncio.sleep(0.02)


async def hears(party, hz, seconds=8):
    """Waits until half a second of what the party got last is that tone."""
    await wait_for(
        lambda: len(party.heard) > party.rate and
        has_tone(party.heard[-party.rate // 2:], party.rate, hz), seconds,
        lambda: f"{party.tag} hears {hz} Hz; of {len(party.heard)} samples the levels are " + str({
            other: round(level_at(party.heard[-party.rate // 2:], party.rate, other))
            for other in (350, 440, 620, 1000, 1370)}))


async def both_hear(a, b, seconds=8):
    a.heard.clear()
    b.heard.clear()
    await asyncio.gather(hears(a, b.hz, seconds), hears(b, a.hz, seconds))
