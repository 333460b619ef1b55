# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tried with a browser of either kind and a plain phone."""
import asyncio
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import rtp                                                    # noqa: E402
import tap                                                    # noqa: E402
from codecs_of_phones import G722, G729                       # noqa: E402
from dialog import (TO_BROWSER, TO_OPUS, TO_PHONE, Dialog, browser_calls,   # noqa: E402
                    phone_calls)
from phone import both_hear, wait_for                         # noqa: E402

NOT_SIGNALLED = "certificate is not the one that was signalled"
TALK_S, SETTLED_S = float(os.environ.get("TALK_S", "60")), 5
CASES = []


def case(name, only=None, codec=None):
    """A test with a browser, of either kind or only of one, and a phone with that codec."""
    def add(function):
        CASES.append((name, function, only, codec))
        return function
    return add


@case("calls a phone: PCMA passes")
async def calls_phone(daemon, browser, phone):
    await browser.open("pcma")
    dialog = await browser_calls(daemon, browser, phone)
    await both_hear(browser, phone)
    tap.equal(phone.types, {8})
    dialog.delete()


@case("with Opus calls a phone with G.711")
async def calls_with_opus(daemon, browser, phone):
    await browser.open("opus")
    dialog = await browser_calls(
        daemon, browser, phone, {**TO_PHONE, "codec": {"transcode": ["PCMA"]}})
    await both_hear(browser, phone)
    dialog.delete()


@case("is called by a phone, with Opus offered to it")
async def is_called(daemon, browser, phone):
    await browser.open()
    dialog = await phone_calls(daemon, browser, phone, TO_OPUS)
    await both_hear(browser, phone)
    dialog.delete()


@case("and the daemon as DTLS client, then as server")
async def roles(daemon, browser, phone):
    for role in ("active", "passive"):
        await browser.open("pcma")
        dialog = await browser_calls(daemon, browser, phone, None, {**TO_BROWSER, "DTLS": role})
        await both_hear(browser, phone)
        dialog.delete()
        await browser.hang_up()


@case("is put on hold by a phone, and talks on")
async def hold(daemon, browser, phone):
    await browser.open("pcma")
    dialog = (await browser_calls(daemon, browser, phone)).reversed()
    await both_hear(browser, phone)
    for version, direction in ((2, "sendonly"), (3, "sendrecv")):
        seen = dialog.offer(phone.sdp(direction, version=version), TO_BROWSER)
        phone.start(rtp.sections(dialog.answer(await browser.answer(seen), TO_PHONE))[0])
    await both_hear(browser, phone)
    dialog.delete()


@case("of another certificate than it says gets no media through, and it is told why")
async def wrong_fingerprint(daemon, browser, phone):
    def lie(sdp):
        return "\r\n".join(
            line[:-2] + ("00" if line[-2:] != "00" else "01")
            if line.startswith("a=fingerprint:") else line for line in sdp.split("\r\n"))

    await browser.open("pcma")
    dialog = Dialog(daemon.ng, browser, phone)
    seen = dialog.offer(lie(await browser.offer()), TO_PHONE)
    phone.start(rtp.sections(seen)[0])
    await browser.take(dialog.answer(phone.sdp(), TO_BROWSER))
    await wait_for(lambda: NOT_SIGNALLED in str(dialog.explained()), 10, "what is wrong is told of")
    await wait_for(lambda: f"[{dialog.id}]: DTLS with " in daemon.log(), 2, "the log tells of it")
    tap.equal(phone.packets, 0)
    dialog.delete()


async def phone_speaks(daemon, browser, phone):
    """Opus in the browser, something else in the phone, either calling."""
    codec = phone.codec.name
    await browser.open("opus")
    dialog = await browser_calls(
        daemon, browser, phone, {**TO_PHONE, "codec": {"transcode": [codec]}})
    await both_hear(browser, phone)
    tap.equal(phone.types, {phone.codec.payload_type})
    dialog.delete()
    await browser.hang_up()
    await browser.open("opus")
    dialog = await phone_calls(daemon, browser, phone, {
        **TO_BROWSER, "codec": {"strip": [codec], "transcode": ["opus"]}})
    await both_hear(browser, phone)
    dialog.delete()


case("with Opus talks with a phone that has G.722", codec=G722)(phone_speaks)
case("with Opus talks with a phone that has G.729", codec=G729)(phone_speaks)


@case("and a phone with rtcp-mux: reports come where they were agreed on")
async def phone_with_mux(daemon, browser, phone):
    await browser.open("pcma")
    for muxed in (False, True):
        dialog = Dialog(daemon.ng, browser, phone)
        seen = dialog.offer(await browser.offer(), {
            **TO_PHONE, "rtcp-mux": ["offer" if muxed else "demux"]})
        tap.equal(rtp.sections(seen)[0].muxed, muxed)
        phone.reports[:] = 0, 0
        phone.start(rtp.sections(seen)[0])
        answer = phone.sdp(*(["rtcp-mux"] if muxed else []))
        await browser.take(dialog.answer(answer, TO_BROWSER))
        await browser.connected()
        await both_hear(browser, phone)
        await wait_for(lambda: phone.reports[not muxed], 10, "a report of the browser's")
        tap.equal(phone.reports[muxed], 0)
        dialog.delete()
        await browser.hang_up()
        await browser.open("pcma")


@case("holds a phone, and talks on")
async def browser_holds(daemon, browser, phone):
    await browser.open("pcma")
    dialog = await browser_calls(daemon, browser, phone)
    await both_hear(browser, phone)
    for version, direction, its in ((2, "sendonly", "recvonly"), (3, "inactive", "inactive"),
                                    (4, "sendrecv", "sendrecv")):
        await browser.direct(direction)
        seen = dialog.offer(await browser.offer(), TO_PHONE)
        assert rtp.sections(seen)[0].attribute(direction) is not None, seen
        phone.start(rtp.sections(seen)[0])
        await browser.take(dialog.answer(phone.sdp(its, version=version), TO_BROWSER))
    await both_hear(browser, phone)
    dialog.delete()


@case("is offered to as a DTLS server that was client, by a phone's re-offer")
async def roles_after_reoffer(daemon, browser, phone):
    await browser.open("pcma")
    dialog = (await browser_calls(
        daemon, browser, phone, None, {**TO_BROWSER, "DTLS": "passive"})).reversed()
    await both_hear(browser, phone)
    seen = dialog.offer(phone.sdp(version=2), TO_BROWSER)
    phone.start(rtp.sections(dialog.answer(await browser.answer(seen), TO_PHONE))[0])
    await both_hear(browser, phone)
    dialog.delete()


@case("without trickle, then with candidates that it never tells", only="Chromium")
async def trickle(daemon, browser, phone):
    def without(sdp, *names):
        return "".join(line + "\r\n" for line in sdp.split("\r\n")[:-1]
                       if not line.startswith(tuple(f"a={name}" for name in names)))

    for early in (False, True):
        await browser.open("pcma")
        dialog = Dialog(daemon.ng, browser, phone)
        offer = without(await browser.offer_at_once(), "candidate") if early else \
            without(await browser.offer(), "ice-options")
        tap.equal("a=candidate" in offer, not early)
        seen = dialog.offer(offer, TO_PHONE)
        phone.start(rtp.sections(seen)[0])
        answer = dialog.answer(phone.sdp(), TO_BROWSER)
        tap.equal("a=ice-options:trickle" in answer, early)
        await browser.take(answer)
        await browser.connected()
        await both_hear(browser, phone)
        dialog.delete()
        await browser.hang_up()


def credentials(sdp):
    section = rtp.sections(sdp)[0]
    return section.attribute("ice-ufrag"), section.attribute("ice-pwd")


@case("begins ICE anew in the middle of a call, and so does the phone's side", only="Chromium")
async def restart(daemon, browser, phone):
    for flags, early in ((TO_BROWSER["flags"], False), (TO_BROWSER["flags"], True),
                         (TO_BROWSER["flags"] + ["no-tls-id"], True)):
        to_browser = {**TO_BROWSER, "flags": flags}
        await browser.open("pcma")
        first = await browser.offer()
        dialog = Dialog(daemon.ng, browser, phone)
        phone.start(rtp.sections(dialog.offer(first, TO_PHONE))[0])
        before = dialog.answer(phone.sdp(), to_browser)
        await browser.take(before)
        await browser.connected()
        await both_hear(browser, phone)

        again = await browser.offer_anew(early)
        tap.equal("a=candidate" in again, not early)
        assert credentials(again) != credentials(first)
        phone.start(rtp.sections(dialog.offer(again, TO_PHONE))[0])
        after = dialog.answer(phone.sdp(version=2), to_browser)
        assert credentials(after) != credentials(before)
        await browser.take(after)
        await browser.connected()
        await both_hear(browser, phone)

        back = dialog.reversed()
        seen = back.offer(phone.sdp(version=3), {**to_browser, "flags": flags + ["reset"]})
        assert credentials(seen) != credentials(after)
        phone.start(rtp.sections(back.answer(await browser.answer(seen), TO_PHONE))[0])
        await browser.connected()
        await both_hear(browser, phone)
        dialog.delete()
        await browser.hang_up()


@case("presses keys, which a phone hears as events", only="Chromium")
async def digits(daemon, browser, phone):
    for codec in ("pcma", "opus"):
        phone.events.clear()
        await browser.open(codec, "telephone-event")
        dialog = await browser_calls(
            daemon, browser, phone, {**TO_PHONE, "codec": {"transcode": ["PCMA"]}})
        await both_hear(browser, phone)
        await browser.press("5#")
        await wait_for(lambda: {code for code, end in phone.events if end} == {5, 11}, 8,
                       lambda: f"keys 5 and # with {codec}, got {phone.events}")
        await both_hear(browser, phone)
        dialog.delete()
        await browser.hang_up()


async def received(browser):
    return next(s for s in (await browser.statistics()).values()
                if s["type"] == "inbound-rtp" and s["kind"] == "audio")


async def talk_long(daemon, browser, phone, codec):
    """After the first seconds, in which the browser's buffer finds its size."""
    await browser.open(codec)
    dialog = await browser_calls(
        daemon, browser, phone, {**TO_PHONE, "codec": {"transcode": ["PCMA"]}})
    await both_hear(browser, phone)
    await asyncio.sleep(SETTLED_S)
    before, phone.late = await received(browser), 0
    await asyncio.sleep(max(TALK_S - SETTLED_S, 1))
    after = await received(browser)
    lost, late = after["packetsLost"], phone.late
    made_up, all_samples = (after[key] - before[key] for key in (
        "concealedSamples", "totalSamplesReceived"))
    tap.show(f"{after['packetsReceived']} packets, {lost} lost, "
             f"{made_up} of {all_samples} samples made up")
    tap.equal(lost, 0)
    if made_up > 0.005 * all_samples and late:
        raise tap.Skip(f"{made_up} of {all_samples} samples were made up, but the phone itself "
                       f"could not send in time {late} times")
    assert all_samples and made_up <= 0.005 * all_samples, (made_up, all_samples)
    streams = [s for t in dialog.query()["tags"].values() for s in t["medias"][0]["streams"]]
    for stream in streams:
        before_keys = {"srtp-no-key-out", "no-peer"}      # what came before there were any
        tap.equal(set(stream.get("drops", {})) - before_keys, set())
    dialog.delete()


@case("talks for a while: no packet is lost, next to nothing is made up", only="Chromium")
async def quality(daemon, browser, phone):
    await talk_long(daemon, browser, phone, "pcma")


@case("talks for a while with Opus: likewise", only="Chromium")
async def quality_transcoded(daemon, browser, phone):
    await talk_long(daemon, browser, phone, "opus")
