# SPDX-License-Identifier: GPL-3.0-or-later
"""Offers and answers between two parties, as a proxy passes them on, and what it asks the daemon for
on the way."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import rtp                                                    # noqa: E402

TO_PHONE = {"transport-protocol": "RTP/AVP", "ICE": "remove", "rtcp-mux": ["demux"]}
TO_BROWSER = {"transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force", "rtcp-mux": ["offer"],
              "flags": ["generate-mid", "full-rtcp-attribute"]}     # aiortc knows no other form
TO_OPUS = {**TO_BROWSER, "codec": {"transcode": ["opus"]}}


class Dialog:
    """Offers and answers between two parties, as a proxy passes them on."""
    count = 0

    def __init__(self, client, a, b, call=None):
        Dialog.count += 1
        self.ng, self.a, self.b = client, a, b
        self.id = call or f"webrtc-{Dialog.count}"

    def reversed(self):
        return Dialog(self.ng, self.b, self.a, self.id)

    def offer(self, sdp, keys):
        return self.ng.request("offer", call_id=self.id, from_tag=self.a.tag, sdp=sdp,
                               **keys)["sdp"]

    def answer(self, sdp, keys):
        return self.ng.request("answer", call_id=self.id, from_tag=self.a.tag,
                               to_tag=self.b.tag, sdp=sdp, **keys)["sdp"]

    def explained(self):
        return self.ng.request("explain", call_id=self.id)

    def query(self):
        return self.ng.request("query", call_id=self.id)

    def delete(self):
        self.ng.request("delete", call_id=self.id)


async def browser_calls(daemon, browser, phone, to_phone=None, to_browser=None):
    dialog = Dialog(daemon.ng, browser, phone)
    seen = dialog.offer(await browser.offer(), to_phone or TO_PHONE)
    phone.start(rtp.sections(seen)[0])
    await browser.take(dialog.answer(phone.sdp(), to_browser or TO_BROWSER))
    await browser.connected()
    return dialog


async def phone_calls(daemon, browser, phone, to_browser=None):
    dialog = Dialog(daemon.ng, phone, browser)
    seen = dialog.offer(phone.sdp(), to_browser or TO_BROWSER)
    answer = dialog.answer(await browser.answer(seen), TO_PHONE)
    phone.start(rtp.sections(answer)[0])
    await browser.connected()
    return dialog
