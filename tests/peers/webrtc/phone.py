# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone with plain RTP and G.711 that sends a tone and keeps what it hears, and ways to wait for
what parties hear. Parties have a tag, a tone `hz`, and what they heard with its rate."""
import asyncio
import math
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import rtp                                                    # noqa: E402
from tone import FROM_ALAW, LOUDNESS, has_tone, level_at, to_alaw    # noqa: E402

PACKET_S, RATE = 0.02, 8000


class Phone:
    """Sends and receives PCMA as soon as it knows where to."""

    def __init__(self, hz, host, tag="phone"):
        self.hz, self.rate, self.tag, self.heard = hz, RATE, tag, []
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
        count, sent, started = int(RATE * PACKET_S), 0, time.monotonic()
        while True:
            samples = (int(LOUDNESS * math.sin(2 * math.pi * self.hz * (sent + i) / RATE))
                       for i in range(count))
            self.party.send(payload=bytes(map(to_alaw, samples)), pt=8)
            sent += count
            await asyncio.sleep(max(0, started + sent / RATE - time.monotonic()))

    async def listen(self):
        """`heard` is always up to date."""

    async def forget(self):
        self.heard.clear()

    async def close(self):
        if self.task:
            self.task.cancel()
            asyncio.get_running_loop().remove_reader(self.party.rtp)
        self.party.close()


async def wait_for(condition, seconds, what):
    """Until a condition, which may be a coroutine function, holds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if await value if asyncio.iscoroutine(value) else value:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        await asyncio.sleep(0.05)


async def hears(party, hz, seconds=8):
    """Waits until the last half second of what the party got is that tone, after a first second."""
    async def tone():
        await party.listen()
        return len(party.heard) > party.rate and \
            has_tone(party.heard[-party.rate // 2:], party.rate, hz)

    def levels():
        latest = party.heard[-party.rate // 2:]
        return f"{party.tag} hears {hz} Hz; of {len(party.heard)} samples the levels are " + str({
            other: round(level_at(latest, party.rate, other))
            for other in (350, 440, 620, 1000, 1370)})

    await wait_for(tone, seconds, levels)


async def both_hear(a, b, seconds=8):
    for party in (a, b):
        await party.forget()
    await asyncio.gather(hears(a, b.hz, seconds), hears(b, a.hz, seconds))
