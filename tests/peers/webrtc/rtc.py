# SPDX-License-Identifier: GPL-3.0-or-later
"""aiortc as a browser whose microphone hears a tone."""
import array
import asyncio
import fractions
import math
import time

from aiortc import (RTCConfiguration, RTCPeerConnection, RTCRtpSender,
                    RTCSessionDescription)
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame
from phone import PACKET_S, wait_for
from tone import LOUDNESS


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

    async def open(self, *names):
        """A new connection, with these codecs."""
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.addTrack(Tone(self.hz))
        self.pc.on("track", self._on_track)
        found = RTCRtpSender.getCapabilities("audio").codecs
        if names:
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

    async def direct(self, direction):
        self.pc.getTransceivers()[0].direction = direction

    async def answer(self, offer):
        await self.take(offer, "offer")
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.pc.localDescription.sdp

    async def take(self, sdp, kind="answer"):
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, kind))

    async def connected(self, seconds=15):
        await wait_for(lambda: self.pc.connectionState == "connected", seconds,
                       lambda: f"the connection is {self.pc.connectionState}, "
                               f"ICE {self.pc.iceConnectionState}")

    async def listen(self, _seconds=0):
        """`heard` is always up to date."""

    async def forget(self):
        self.heard.clear()

    async def hang_up(self):
        await self.pc.close()
        for task in self.tasks:
            task.cancel()
        self.tasks, self.heard = [], []
