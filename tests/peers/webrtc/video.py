# SPDX-License-Identifier: GPL-3.0-or-later
"""Video of Chromium's fake camera: between two browsers on one transport, and to a party that speaks
plain RTP and sends back what it gets."""
import asyncio
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import rtp                                                    # noqa: E402
import tap                                                    # noqa: E402
from dialog import TO_BROWSER, Dialog                         # noqa: E402
from phone import both_hear, wait_for                         # noqa: E402

CAMERA = {"width": 320, "height": 240, "frameRate": 15}
TO_BUNDLE = {**TO_BROWSER, "bundle": ["accept", "offer"], "rtcp-mux": ["offer", "require"]}
TO_MIRROR = {"transport-protocol": "RTP/AVPF", "ICE": "remove", "rtcp-mux": ["demux"]}
PSFB, PLI = 206, 1
MIRRORED = 0x01000000       # what SSRCs differ by: a browser would take its own for a loop


async def frames(browser):
    return sum(s.get("framesDecoded", 0) for s in (await browser.statistics()).values()
               if s["type"] == "inbound-rtp" and s["kind"] == "video")


async def sees(browser, seconds=12):
    async def more():
        return await frames(browser) > before + 10

    before = await frames(browser)
    await wait_for(more, seconds, f"{browser.tag} sees a video")


async def bundled(daemon, a, b):
    """All of it on one port of ours each; after that, video is taken out and comes back."""
    await a.open(video=CAMERA)
    await b.open(video=CAMERA)
    dialog = Dialog(daemon.ng, a, b)
    seen = dialog.offer(await a.offer(), TO_BUNDLE)
    answer = dialog.answer(await b.answer(seen), TO_BUNDLE)
    assert "a=group:BUNDLE" in seen and "a=group:BUNDLE" in answer, (seen, answer)
    tap.equal(len({s.port for s in rtp.sections(answer)}), 1)
    await a.take(answer)
    await asyncio.gather(a.connected(), b.connected())
    await both_hear(a, b)
    await asyncio.gather(sees(a), sees(b))

    again = dialog.reversed()
    seen = again.offer(await b.offer_anew(False), TO_BUNDLE)
    await b.take(again.answer(await a.answer(seen), TO_BUNDLE))
    await both_hear(a, b)
    await asyncio.gather(sees(a), sees(b))
    dialog.delete()


class Mirror:
    """A party without SRTP whose sections are those it is offered. Audio is left alone."""

    def __init__(self, host, tag="mirror"):
        self.host, self.tag, self.parties, self.types = host, tag, [], set()
        self.asked = set()      # SSRCs whose sender was asked for a whole picture

    def answer(self, offer):
        lines = ["v=0", f"o={self.tag} 1 1 IN IP4 {self.host}", "s=-", f"c=IN IP4 {self.host}",
                 "t=0 0"]
        for section in rtp.sections(offer):
            party = rtp.Party(self.tag, self.host)
            party.to = section
            self.parties.append(party)
            lines += [f"m={section.type} {party.port} {section.transport} "
                      + " ".join(section.formats), f"a=rtcp:{party.port + 1}"]
            lines += [f"a={x}" for x in section.attributes
                      if x.startswith(("rtpmap:", "fmtp:", "rtcp-fb:", "mid:", "extmap:"))]
            if section.type == "video":
                party.rtp.setblocking(False)
                asyncio.get_running_loop().add_reader(party.rtp, self._reflect, party)
        return "".join(line + "\r\n" for line in lines)

    def _reflect(self, party):
        try:
            packet = bytearray(party.rtp.recv(2048))
        except BlockingIOError:
            return
        ssrc, = struct.unpack_from("!I", packet, 8)
        self.types.add(packet[1] & 0x7f)
        if ssrc not in self.asked:
            self.asked.add(ssrc)
            party.rtcp.sendto(struct.pack("!BBHII", 0x80 | PLI, PSFB, 2, ssrc ^ MIRRORED, ssrc),
                              party.to.rtcp)
        struct.pack_into("!I", packet, 8, ssrc ^ MIRRORED)
        party.rtp.sendto(packet, party.to.rtp)

    def close(self):
        for party in self.parties:
            asyncio.get_running_loop().remove_reader(party.rtp)
            party.close()


async def mirrored(daemon, browser, host, name):
    """The codec's name is changed on the way, so that the daemon may know it or not."""
    await browser.open(video=CAMERA)
    mirror, dialog = Mirror(host), None
    try:
        dialog = Dialog(daemon.ng, browser, mirror)
        offer = (await browser.offer()).replace(" VP8/90000", f" {name}/90000")
        answer = dialog.answer(mirror.answer(dialog.offer(offer, TO_MIRROR)), {
            **TO_BUNDLE, "transport-protocol": "UDP/TLS/RTP/SAVPF"})
        await browser.take(answer.replace(f" {name}/90000", " VP8/90000"))
        await browser.connected()
        await sees(browser)
        assert mirror.types, "nothing came to the mirror"
        dialog.delete()
    finally:
        mirror.close()


def add_tests(browsers, host):
    def with_both(function, *args):
        async def talk(*args):
            try:
                await function(*args)
            finally:
                for browser in browsers:
                    await browser.hang_up()
        return lambda daemon: asyncio.run(talk(daemon, *args))

    tap.test("Chromium and Chromium share a transport for sound and video, also after an ICE "
             "restart")(with_both(bundled, *browsers))
    tap.test("Chromium's video passes between SRTP and RTP untouched")(
        with_both(mirrored, browsers[0], host, "VP8"))
    tap.test("and so does what is of no codec that we know")(
        with_both(mirrored, browsers[0], host, "X-NEVER-HEARD-OF"))
