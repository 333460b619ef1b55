#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every codec that can be encoded with PCMU, PCMA, G722, G729 and opus, both ways, a tone and
speech: numbers are exact, and what is heard is what both codecs alone make of it. TAP."""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from audio import ALL, G722, G729, OPUS, PCMA, PCMU, AudioCall, Player, Side     # noqa: E402
from checks import SPEECH, TONE, exact, sounds_right                  # noqa: E402
from daemon import Daemon, run                                        # noqa: E402
import tap                                                            # noqa: E402

SECONDS = 1.8
MS = int(SECONDS * 1000)
TOGETHER = 12       # codecs at a time, with two calls each: more would be too much for two cores


def pairs_of(partner):
    """The same codec under another name needs no transcoding."""
    return [c for c in ALL if c.name.rstrip("a") != partner.name]


def carry(d, p, calls):
    p.start()
    p.wait()
    wrong = []
    for call, tone_to_b in calls:
        a, b = call.a.codecs[0], call.b.codecs[0]
        got_a, got_b = call.reports()
        for got, codec, other, tone in ((got_b, b, a, tone_to_b), (got_a, a, b, not tone_to_b)):
            who = f"{other.rtpmap} to {codec.rtpmap}"
            try:
                exact(got, codec, MS)
                sounds_right(got, who, tone)
            except AssertionError as e:
                wrong.append(f"{who}, {'tone' if tone else 'speech'}: {e}")
        call.end()
    return wrong


def with_all(d, p, partner):
    codecs, wrong = pairs_of(partner), []
    for n in range(0, len(codecs), TOGETHER):
        calls = [(AudioCall(d, Side(p, [c], x, SECONDS), Side(p, [partner], y, SECONDS)), x == TONE)
                 for c in codecs[n:n + TOGETHER] for x, y in ((TONE, SPEECH), (SPEECH, TONE))]
        wrong += carry(d, p, calls)
    assert not wrong, "\n".join(wrong)


def add_test(d, p, partner):
    tap.test(f"{partner} with {len(pairs_of(partner))} codecs")(lambda: with_all(d, p, partner))


def every_codec_is_here():
    """What --codecs calls fully supported, but what is no audio."""
    status, out, _ = run("--codecs")
    tap.equal(status, 0)
    usable = {line.split(":")[0].strip() for line in out.splitlines() if "fully" in line}
    tap.equal(usable - {c.name for c in ALL}, {"telephone-event", "CN", "red"})


with Daemon(ports=2000, level=4) as daemon, Player() as player:
    tap.test("all codecs that can be encoded are in the list")(every_codec_is_here)
    for one in (PCMU, PCMA, G722, G729, OPUS):
        add_test(daemon, player, one)
    tap.test("the daemon is alive")(lambda: tap.equal(daemon.alive(), True))
    tap.run()
