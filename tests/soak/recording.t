#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many calls recorded as audio at once: without a gap, and as long as they were. Takes minutes and
wants two cores. TAP."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from daemon import BUILD, ENGINE, PROGRAM, free_udp_port               # noqa: E402
from tap import equal, show, test                                      # noqa: E402
import tap                                                             # noqa: E402

NGLOAD = os.path.join(TOP, BUILD, "tests", "perf", "ngload")
WARM_UP_S, SECS, PACKETS_PER_S = 3.5, 10, 50
TRIES = 3               # the machine may be busy: then the generator says that its run is void
SHORTEST_S, DIFFERENCE_S = WARM_UP_S + SECS - 0.5, 0.020


def seconds(path):
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)],
                         check=True, capture_output=True, text=True)
    return float(out.stdout)


def generate(calls, form, top):
    """What the generator says of its run, in which the calls are recorded."""
    port = free_udp_port()
    daemon = (f"{PROGRAM} --config-file=none --table=-1 --foreground --log-stderr --log-level=5 --io-engine={ENGINE} "
              f"--interface=127.0.0.1 --listen-ng=127.0.0.1:{port} --recording-dir={top} "
              f"--recording-method=audio --recording-audio-format={form}")
    done = subprocess.run([NGLOAD, "relay", "--record", "--json", "--calls", str(calls), "--secs", str(SECS), "--ng",
                           f"127.0.0.1:{port}", "--exec", daemon], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def check_recording(text):
    """Of one recording's metadata: nothing is missing. How many packets came, and its file."""
    assert "\nrecording status: complete\n" in text and "\nrecording gaps: 0 (0 packets)\n" in text, text
    assert "packets not decoded" not in text, text
    return int(re.search(r"\nrecorded packets: (\d+)\n", text)[1]), text.split("\n")[0]


def add(calls, form):
    @test(f"{calls} calls at once as {form}: no gap, nothing lost, each as long as its packets")
    def records():
        for tries_left in reversed(range(TRIES)):
            with tempfile.TemporaryDirectory(dir="/dev/shm") as top:
                said = generate(calls, form, top)
                found = [check_recording(m.read_text()) for m in pathlib.Path(top, "metadata").iterdir()]
                show(f"{said['cpu_cores']:.2f} cores, {said['lost']} of {said['sent']} packets lost on the way; {said['invalid']}")
                equal(len(found), calls)
                if not said["valid"] and tries_left:
                    continue
                # What came late is no shorter or longer for it, but nobody can tell that to the end.
                late = said["gen_late_max_us"] / 1e6
                for packets, path in found:
                    want, got = packets / 2 / PACKETS_PER_S, seconds(path)
                    assert want > SHORTEST_S or said["lost"], (packets, path)
                    assert abs(want - got) < DIFFERENCE_S + late, f"{got:.3f} s instead of {want:.3f}"
                return


add(200, "wav")
add(60, "opus")
tap.run()
