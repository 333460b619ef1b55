# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of any transcoded call, and tests whose calls all take place at once."""
import os
import sys

from audio import Player
from daemon import Daemon
import tap

TONE_HZ, TONE_DB = 1004, -12
TONE, SPEECH = f"tone:{TONE_HZ}:{TONE_DB}", "speech:7"
# What is heard is what both codecs alone make of it: bits agree but for resamplers that begin
# elsewhere. The cap of segmental SNR is 35 dB.
CHAIN_DB = 30
LATE_MS = 15
SCENARIOS = []


def scenario(name):
    """Decorator: a generator that makes calls, yields while they take place, then checks."""
    def add(function):
        SCENARIOS.append((name, function))
        return function
    return add


def at_most(got, limit, what):
    assert got <= limit, f"{what}: {got}, at most {limit}"


def at_least(got, limit, what):
    assert got >= limit, f"{what}: {got}, at least {limit}"


def exact(report, codec, sent_ms):
    """No packet is missing or doubled, each is as long as it should be, timestamps fit."""
    got, count = report["received"], sent_ms // codec.ptime
    for key in ("gaps", "duplicates", "steps_wrong", "broken"):
        tap.equal(report[key], 0, f"{codec} {key}")
    tap.equal(report["ssrcs"], 1, f"{codec} SSRCs")
    tap.equal(report["pts"], {str(codec.pt): got}, f"{codec} payload types")
    tap.equal(report["ms"], {str(codec.ptime): got}, f"{codec} packets' lengths")
    tap.equal(got, count, f"{codec} packets")


def sounds_right(report, who, tone):
    """Level, and segmental SNR as the codecs' own chain has it; no gap, no click."""
    at_least(report["chain_segsnr_db"], CHAIN_DB, f"{who}: SNR against the codecs' chain")
    at_least(report["segsnr_db"], report["own_segsnr_db"] - 0.5, f"{who}: segmental SNR")
    at_most(abs(report["rms_db"] - report["own_rms_db"]), 0.2, f"{who}: level against the chain's")
    tap.equal(report["silences"], report["own_silences"], f"{who}: gaps")
    tap.equal(report["clicks"], 0, f"{who}: clicks")
    if tone:
        at_most(abs(report["hz"] - TONE_HZ), 2, f"{who}: frequency off")
        # Speex and G.729 themselves take some dB off a tone.
        at_most(abs(report["level_db"] - report["own_level_db"]), 0.2, f"{who}: level off the chain's")
        at_most(abs(report["level_db"] - TONE_DB), 3.5, f"{who}: level off")
        at_least(report["purity_db"], 8, f"{who}: purity")


def _rest_of(generator):
    return lambda: list(generator)


def if_on_time(calls):
    """Where the endpoints themselves had to wait for a processor, times tell nothing."""
    late_ms = max(side.report()["sent_late_ms"] for c in calls for side in (c.a, c.b))
    if late_ms > LATE_MS:
        raise tap.Skip(f"the machine is busy: a packet left {late_ms:.0f} ms late")


def run(ports=2000):
    """All scenarios' calls at once, through one daemon."""
    with Daemon(ports=ports, level=4) as daemon, Player() as player:
        begun = []
        for name, function in SCENARIOS:
            generator = function(daemon, player)
            next(generator)
            begun.append((name, generator))
        player.start()
        player.wait()
        for name, generator in begun:
            tap.test(name)(_rest_of(generator))
        tap.test("the daemon is alive")(lambda: tap.equal(daemon.alive(), True))
        tap.run()


def run_steered(path, name):
    """The same with the engine that steers packets, where it works."""
    os.environ["IO_ENGINE"] = "steered"
    os.execv(sys.executable, [sys.executable, os.path.join(os.path.dirname(path), name)])
