#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls transcoded by the real daemon, with audio that is measured at both ends. TAP."""
import array
import itertools
import math
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audio import G722, G729, OPUS, PCMA, PCMU, AudioCall, Codec, Side, events   # noqa: E402
from checks import SPEECH, TONE, at_least, at_most, exact, if_on_time, run, scenario, sounds_right  # noqa: E402
from tap import equal                                                 # noqa: E402

SECONDS = 1.8
MS = int(SECONDS * 1000)
L16 = Codec("L16", 8000, 96)     # as the daemon numbers the first one it adds


def two_way(d, p, a, b, signals=(TONE, SPEECH), **options):
    return AudioCall(d, Side(p, [a], signals[0], SECONDS, **options),
                     Side(p, [b], signals[1], SECONDS, **options))


# ---- codecs ----

@scenario("PCMU, PCMA, G722, G729, opus, each with each: all is as the codecs alone have it")
def pairs(d, p):
    calls = [two_way(d, p, a, b, signals)
             for a, b in itertools.combinations((PCMU, PCMA, G722, G729, OPUS), 2)
             for signals in ((TONE, SPEECH), (SPEECH, TONE))]
    yield
    for n, c in enumerate(calls):
        got_a, got_b = c.reports()
        a, b = c.a.codecs[0], c.b.codecs[0]
        exact(got_a, a, MS)
        exact(got_b, b, MS)
        sounds_right(got_b, f"{a} to {b}", n % 2 == 0)
        sounds_right(got_a, f"{b} to {a}", n % 2 == 1)


@scenario("the first packet is passed on at once; all leave when their timestamps say")
def times(d, p):
    calls = [two_way(d, p, PCMU, b) for b in (PCMA, G722, OPUS)]
    yield
    if_on_time(calls)
    for c in calls:
        for got in c.reports():
            at_most(got["first_ms"], 15, "delay of the first packet")
            at_most(got["interval_p50_ms"], 2, "interval off, median")


# ---- lengths of packets ----

@scenario("packets of 10 to 120 ms become packets of 10 to 120 ms")
def ptimes(d, p):
    lengths = [(10, 20), (20, 10), (30, 20), (20, 30), (40, 60), (60, 40), (120, 20), (20, 120),
               (50, 70), (100, 10)]
    calls = [AudioCall(d, Side(p, [PCMU.changed(ptime=x)], TONE, 2.4),
                       Side(p, [G722.changed(ptime=y)], SPEECH, 2.4), ptime=y) for x, y in lengths]
    opus = [AudioCall(d, Side(p, [PCMA.changed(ptime=x)], SPEECH, 2.4),
                      Side(p, [OPUS.changed(ptime=y)], TONE, 2.4), ptime=y)
            for x, y in ((10, 60), (120, 10), (20, 40))]
    yield
    for c in calls + opus:
        for got, side, tone in zip(c.reports(), (c.a, c.b), (c in opus, c not in opus)):
            codec = side.codecs[0]
            total = 2400 if side is c.b else 2400 // c.b.codecs[0].ptime * c.b.codecs[0].ptime
            sent = -(-2400 // (c.a if side is c.b else c.b).codecs[0].ptime) * \
                (c.a if side is c.b else c.b).codecs[0].ptime
            exact(got, codec, max(total, sent))
            sounds_right(got, f"{codec} of {codec.ptime} ms", tone)


@scenario("what the sender's packets hold may change at any time")
def changing_ptimes(d, p):
    at = [f"{n * 0.2:.1f}/ptime/{ms}" for n, ms in enumerate((10, 40, 20, 120, 30, 60, 20), 1)]
    calls = [AudioCall(d, Side(p, [a], SPEECH, SECONDS, at=at), Side(p, [b], TONE, SECONDS, at=at))
             for a, b in ((PCMU, G722), (PCMA, G729), (G722, PCMU))]
    yield
    for c in calls:
        for got, side in zip(c.reports(), (c.a, c.b)):
            codec = side.codecs[0]
            for key in ("gaps", "duplicates", "steps_wrong", "broken"):
                equal(got[key], 0, f"{codec} {key}")
            equal(got["ms"], {"20": got["received"]})
            sounds_right(got, f"{codec}", False)     # encoders that begin anew spoil a tone


# ---- the network ----

@scenario("loss of 1, 3, 5 and 10 %: what is made up is better than silence")
def loss(d, p):
    codecs = (PCMU, G722, G729, OPUS)
    calls = [AudioCall(d, Side(p, [a], SPEECH, 4, loss=percent, seed=percent + 1),
                       Side(p, [L16.changed(pt=97) if a.name == "opus" else L16], TONE, 4,
                            loss=percent, seed=percent + 1))
             for a in codecs for percent in (1, 3, 5, 10)]
    yield
    sums = {}
    for c in calls:
        for got, side in zip(c.reports(), (c.a, c.b)):
            exact(got, side.codecs[0], 4000)
            if "lost_segsnr_db" in got:
                what = f"{c.a.codecs[0]}, {'speech' if side is c.b else 'tone'}"
                sums.setdefault(what, []).append([got["lost_" + x + "_db"] for x in (
                    "segsnr", "level", "spectrum", "silence")])
    for what, values in sums.items():
        at_least(len(values), 3, "calls with losses")
        snr, level, spectrum, silence = sums[what] = [sum(v) / len(v) for v in zip(*values)]
        print(f"# {what}: losses: SNR {snr:.1f} dB, level {level:.1f} dB, spectrum off by "
              f"{spectrum:.1f} dB, that of silence by {silence:.1f} dB")
    for what, (snr, level, spectrum, silence) in sums.items():
        at_most(spectrum, silence / 2, f"{what}: spectrum off, against silence's")
        at_least(level, -6, f"{what}: level of what stands in")
        at_most(level, 2, f"{what}: level of what stands in")
        if what != "G729, speech":      # it keeps the sound, not the wave
            at_least(snr, 2, f"{what}: SNR of what stands in; silence would have 0")


@scenario("packets that overtake each other are put in order, and nothing is heard of it")
def order(d, p):
    calls = [AudioCall(d, Side(p, [a], SPEECH, SECONDS, reorder=10, seed=5),
                       Side(p, [PCMA], TONE, SECONDS, reorder=10, seed=6)) for a in (PCMU, G729, OPUS)]
    yield
    for c in calls:
        for got, side in zip(c.reports(), (c.a, c.b)):
            exact(got, side.codecs[0], MS)
            sounds_right(got, f"{side.codecs[0]}", side is c.a)


# ---- senders that change ----

@scenario("another SSRC, jumps of timestamps and numbers: one stream goes on, without a hole")
def jumps(d, p):
    at = {"timestamps": ["0.6/jump/10000000", "1.2/jump/-20000000"],
          "numbers": ["0.6/skip/5000"], "both": ["0.6/jump/400000", "0.6/skip/-3000"]}
    calls = {k: AudioCall(d, Side(p, [PCMU], SPEECH, SECONDS, at=v), Side(p, [OPUS], TONE, SECONDS))
             for k, v in at.items()}
    again = AudioCall(d, Side(p, [PCMU], SPEECH, SECONDS, at=["0.6/ssrc"]),
                      Side(p, [G722], TONE, SECONDS, at=["0.9/ssrc"]))
    yield
    for name, c in calls.items():
        got = c.b.report(c.a)
        equal((got["gaps"], got["steps_wrong"], got["ssrcs"], got["received"]),
              (0, 0, 1, MS // 20), name)
    for got in again.reports():
        equal((got["gaps"], got["ssrcs"], got["received"], got["duplicates"]), (0, 2, MS // 20, 0))


@scenario("another SSRC at the same time takes nothing from the first")
def together(d, p):
    calls = [AudioCall(d, Side(p, [a], SPEECH, SECONDS, beside=0.4),
                       Side(p, [b], TONE, SECONDS, first=1))
             for a, b in ((PCMU, G722), (G722, PCMU), (OPUS, PCMU), (PCMU, OPUS))]
    yield
    for c in calls:
        b = c.b.codecs[0]
        got = c.b.report(c.a)
        exact(got, b, MS)
        # It has to begin anew once, before there are two of all; without that: -3 to 9 dB.
        at_least(got["chain_segsnr_db"], 22, f"{c.a.codecs[0]} to {b}: SNR against the chain")
        equal(d.ng.request("query", call_id=c.id)["tags"][c.b.name]["medias"][0]
              ["egress SSRCs"][1]["packets"] > 0.9 * got["received"] * (SECONDS - 0.4) / SECONDS,
              True, "the other one is sent, too")


@scenario("a sender that changes its payload type is understood at once")
def types(d, p):
    b = Side(p, [OPUS, G722, G729], TONE, SECONDS, at=["0.6/format/9", "1.2/format/18"])
    c = AudioCall(d, Side(p, [PCMU], SPEECH, SECONDS), b)
    yield
    got = c.a.report(c.b)
    exact(got, PCMU, MS)
    sounds_right(got, "PCMU", False)
    at_most(abs(got["hz"] - 1004), 2, "frequency off")


@scenario("pauses of a sender stay pauses")
def pauses(d, p):
    c = AudioCall(d, Side(p, [PCMU], TONE, SECONDS, at=["0.6/pause/300", "1.3/pause/205"]),
                  Side(p, [G722], SPEECH, SECONDS))
    yield
    got = c.b.report()
    equal((got["gaps"], got["ssrcs"], got["duplicates"]), (0, 1, 0))
    equal(got["steps_wrong"], 2)
    at_most(abs(got["seconds"] - SECONDS), 0.02, "length of it all")


@scenario("payloads that are empty, too long or lie about themselves do no harm")
def hostile(d, p):
    amr, wide = Codec("AMR", 8000, 100, fmtp="octet-align=1"), Codec("AMR-WB", 16000, 101)
    bad = {OPUS: ["", "03ff", "0303", "fbff" + "ff" * 40, "ff", "fb", "*1500", "*4000"],
           amr: ["", "f0", "f0" + "ff" * 60, "f0bc", "f0" + "94" * 30, "*1400"],
           wide: ["", "f7", "ff" * 70, "f44c", "*1400"],
           PCMU: ["", "*3900", "00"], G729: ["", "01", "*61", "*1401"], G722: ["", "*3990"]}
    calls = []
    for codec, payloads in bad.items():
        at = [f"{0.3 + 0.1 * n:.1f}/payload/{codec.pt}:{x}" for n, x in enumerate(payloads)]
        calls.append(AudioCall(d, Side(p, [codec], TONE, SECONDS, at=at),
                               Side(p, [PCMA], SPEECH, SECONDS)))
    yield
    for c in calls:
        got_a, got_b = c.reports()
        equal((got_b["gaps"], got_b["ssrcs"], got_b["broken"]), (0, 1, 0), f"{c.a.codecs[0]}")
        at_least(got_b["received"], 0.9 * MS / 20, f"{c.a.codecs[0]} packets")
        exact(got_a, c.a.codecs[0], MS)
        if c.a.codecs[0] not in (amr, wide):    # which rubbish may ask for another mode
            sounds_right(got_a, f"to {c.a.codecs[0]}", False)


# ---- what goes along ----

@scenario("events pass, with the other side's payload type and clock and at the right time")
def dtmf(d, p):
    at = ["0.5/event/5:100:101", "1.0/event/11:160:101"]
    a = Side(p, [PCMU, events(101)], TONE, SECONDS, at=at)
    b = Side(p, [OPUS, events(97, 48000)], SPEECH, SECONDS, at=["0.7/event/1:80:97"])
    c = AudioCall(d, a, b, codec={"transcode": ["opus/48000/2", "telephone-event/48000"],
                                  "mask": ["PCMU"]})
    yield
    got_a, got_b = c.reports()
    equal(got_b["events"], [[5, 500, 7, 3, 1, 100, 97], [11, 1000, 10, 3, 1, 160, 97]])
    equal(got_a["events"], [[1, 700, 6, 3, 1, 80, 101]])
    for got in (got_a, got_b):
        equal((got["gaps"], got["ssrcs"], got["duplicates"]), (0, 1, 0))


def strength(samples, hz, rate):
    """Of one frequency, in dB of the loudest sine."""
    phases = [2 * math.pi * hz * n / rate for n in range(len(samples))]
    x = sum(s * math.cos(p) for s, p in zip(samples, phases))
    y = sum(s * math.sin(p) for s, p in zip(samples, phases))
    return 20 * math.log10(max(math.hypot(x, y) * 2 / len(samples) / 32768, 1e-9))


def digit_at(samples, rate):
    """The two loudest of DTMF's frequencies, and by how much they are above the others."""
    found = sorted(((strength(samples, hz, rate), hz) for hz in
                    (697, 770, 852, 941, 1209, 1336, 1477, 1633)), reverse=True)
    return sorted(hz for _, hz in found[:2]), found[1][0] - found[2][0], found[0][0]


@scenario("events that the other side does not take are heard, digits in audio become events")
def tones(d, p):
    heard = AudioCall(d, Side(p, [PCMU, events(101)], "silence", SECONDS,
                              at=["0.5/event/5:200:101", "1.0/event/11:200:101"]),
                      Side(p, [OPUS], "silence", SECONDS),
                      codec={"transcode": ["opus/48000/2"], "mask": ["all"],
                             "accept": ["telephone-event"]})
    found = AudioCall(d, Side(p, [PCMU], "digits:19#:100", SECONDS),
                      Side(p, [G722, events(96)], "silence", SECONDS))
    long = AudioCall(d, Side(p, [PCMU.changed(ptime=120)], "digits:2D:80", SECONDS),
                     Side(p, [PCMA, events(96)], "silence", SECONDS))
    yield
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "heard")
        rate = heard.b.heard(path)
        with open(path, "rb") as f:
            samples = array.array("h", f.read())
    first = next(n for n, s in enumerate(samples) if abs(s) > 1000) / rate
    for at, hz in ((0, [770, 1336]), (0.5, [941, 1477])):
        piece = samples[int((first + at + 0.05) * rate):int((first + at + 0.15) * rate)]
        got, above, loudest = digit_at(piece, rate)
        equal(got, hz)
        at_least(above, 20, "dB above the other frequencies")
        at_most(abs(loudest + 16), 2, "dB off its level")
    equal(heard.b.report()["events"], [])
    for call, digits, ms in ((found, [1, 9, 11], 100), (long, [2, 15], 80)):
        got = call.b.report(call.a)
        equal([e[0] for e in got["events"]], digits)
        for n, (_, at, _, ends, marker, length, pt) in enumerate(got["events"]):
            at_most(abs(at - 500 - 2 * ms * n - 30), 50, "ms off its time")
            at_most(abs(length - ms), 40, "ms off its length")
            equal((ends, marker, pt), (3, 1, 96))
        equal((got["gaps"], got["ssrcs"], got["duplicates"]), (0, 1, 0))


@scenario("sender and receiver reports are right for both sides")
def reports(d, p):
    c = AudioCall(d, Side(p, [PCMU], SPEECH, 3.2, rtcp=1, loss=5, seed=3),
                  Side(p, [OPUS], TONE, 3.2, rtcp=1))
    plain = AudioCall(d, Side(p, [G722], SPEECH, 3.2, rtcp=1),
                      Side(p, [PCMA.changed(ptime=40)], TONE, 3.2, rtcp=1), ptime=40)
    yield
    if_on_time([c, plain])
    for call in (c, plain):
        for got, side in zip(call.reports(), (call.a, call.b)):
            r = got["rtcp"]
            equal(r["wrong_ssrc"], 0, "SSRCs not known")
            at_least(r["sr"], 4, "sender reports")
            at_least(r["blocks"], 4, "report blocks")
            at_most(r["packets_off"], 2, "packets told of, off")
            at_most(r["timestamp_off_ms"], 60, "timestamps of reports off")
            # The numbers are those of its own packets, as of the last report.
            at_most((got["last_seq"] - r["highest"]) & 0xffff, 50, "highest number off")
            # Each told of a jitter of 8 of its own clock's ticks.
            clocks = [s.codecs[0].clock for s in (side, call.b if side is call.a else call.a)]
            equal(r["jitter"], 8 * clocks[0] // clocks[1], "jitter told to it")
        for tag in call.statistics()["tags"].values():
            for ssrc in tag["medias"][0]["ingress SSRCs"]:
                at_least(ssrc["average MOS"]["MOS"], 40, "score by the other side's reports")
    got = c.a.report()
    at_least(got["rtcp"]["lost"], got["lost"] - 3, "a's losses told to it")
    at_most(got["rtcp"]["lost"], got["lost"], "a's losses told to it")
    equal(c.b.report()["rtcp"]["lost"], 0, "b's losses told to it")


run()
