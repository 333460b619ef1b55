# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone with plain RTP that sends a tone and keeps what it hears, and ways to wait for what
parties hear. Parties have a tag, a tone `hz`, and what they heard with its rate."""
import asyncio
import math
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import rtp                                                    # noqa: E402
from codecs_of_phones import Pcma                             # noqa: E402
from tone import LOUDNESS, has_tone, level_at                 # noqa: E402

PACKET_S, LATE_S = 0.02, 0.03


class Phone:
    """Sends and receives as soon as it knows where to, by one codec, and takes events."""

    def __init__(self, hz, host, tag="phone", codec=None):
        self.codec = codec or Pcma()
        self.hz, self.rate, self.tag, self.heard = hz, self.codec.rate, tag, []
        self.party = rtp.Party(tag, host)
        for sock in (self.party.rtp, self.party.rtcp):
            sock.setblocking(False)
        self.task = None
        self.packets, self.types = 0, set()
        self.late = 0           # packets that were sent more than LATE_S after their time
        self.events_pt = 101    # or as it is offered
        self.events = []        # (code, is it the end) of each packet of one
        self.reports = [0, 0]   # RTCP packets: on the port of RTP, on its own

    def sdp(self, *attributes, version=1):
        pt = self.codec.payload_type
        return self.party.sdp(f"rtpmap:{pt} {self.codec.name}/8000",
                              f"rtpmap:{self.events_pt} telephone-event/8000", *attributes,
                              formats=f"{pt} {self.events_pt}", version=version)

    def start(self, section):
        self.party.to = section
        for line in section.attributes:
            if line.startswith("rtpmap:") and line.endswith(" telephone-event/8000"):
                self.events_pt = int(line[len("rtpmap:"):].split()[0])
        if self.task is None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self.party.rtp, self._receive, self.party.rtp)
            loop.add_reader(self.party.rtcp, self._receive, self.party.rtcp)
            self.task = asyncio.ensure_future(self._talk())

    def _receive(self, sock):
        try:
            packet = sock.recv(2048)
        except BlockingIOError:
            return
        if 192 <= packet[1] < 224:
            self.reports[sock is self.party.rtcp] += 1
            return
        pt = rtp.rtp_header(packet)[0]
        self.packets += 1
        self.types.add(pt)
        if pt == self.events_pt:
            self.events.append((packet[12], bool(packet[13] & 0x80)))
        else:
            self.heard += self.codec.decode(packet[12:])

    async def _talk(self):
        count, sent, started = int(self.rate * PACKET_S), 0, time.monotonic()
        while True:
            samples = [int(LOUDNESS * math.sin(2 * math.pi * self.hz * (sent + i) / self.rate))
                       for i in range(count)]
            self.party.send(payload=self.codec.encode(samples), pt=self.codec.payload_type)
            sent += count
            left = started + sent / self.rate - time.monotonic()
            self.late += left < -LATE_S
            await asyncio.sleep(max(0, left))

    async def listen(self, _seconds=0):
        """`heard` is always up to date."""

    async def forget(self):
        self.heard.clear()

    async def close(self):
        if self.task:
            self.task.cancel()
            for sock in (self.party.rtp, self.party.rtcp):
                asyncio.get_running_loop().remove_reader(sock)
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
