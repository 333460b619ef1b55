# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ngload and gathers its JSON lines; used by report, compare, floors and smoke."""
import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "tests", "perf")

# Options of our daemon for a run; Debian's gets the like in rtpengine-debian.
# Ports that neither the system hands out by itself, as those above 32767 are by default, nor the
# generator uses, which has 20000 to 22000: so it is set up as one would in production.
OURS = " --config-file=none --table=-1 --interface=127.0.0.1 --listen-ng=127.0.0.1:36223 --foreground" \
       " --log-stderr --log-level=3 --port-min=4000 --port-max=19999"

# How our daemon says that it cannot steer ports here.
NOT_STEERED = re.compile(r"Ports cannot be steered.*")


def why_not_steered(daemon):
    """None when our daemon can steer ports on this machine, else what it says."""
    line = shlex.split(daemon + OURS) + ["--io-engine=steered"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as p:
        try:
            text = p.communicate(timeout=1)[1]
        except subprocess.TimeoutExpired:   # it runs
            p.terminate()
            return None
    found = NOT_STEERED.search(text)
    return found[0] if found else text.strip()


# Figures worth a line, by mode; "-" means that less is better, "+" that more is.
FIGURES = {
    "relay": "-cpu_s_per_mpkt -cpu_ms_per_call_s -latency_p50_us -latency_p95_us -latency_p99_us -lost "
             "-sleeps_per_packet -rss_mb +max_calls +max_calls_per_core",
    "srtp": "-cpu_s_per_mpkt -cpu_ms_per_call_s -latency_p50_us -latency_p95_us -latency_p99_us -lost "
            "-sleeps_per_packet -rss_mb +max_calls +max_calls_per_core",
    "transcode": "-cpu_ms_per_chan_s -latency_p50_us -latency_p99_us -lost -header_bad +audio_snr_db -rss_mb",
    "signal": "-cpu_ms_per_call +calls_per_s -offer_p50_us -offer_p99_us -answer_p50_us -delete_p50_us",
    "memory": "-rss_kb_per_call -pss_kb_per_call -anon_kb_per_call -fds_per_call -idle_cpu_ms_per_s",
    "webrtc": "-cpu_ms_per_call +calls_per_s -first_audio_p50_ms -first_audio_p95_ms -first_audio_busy_p50_ms",
    "storm": "-cpu_s -steady_lost -latency_p50_us -latency_p99_us -first_audio_p50_ms",
    "churn": "-cpu_s -steady_lost -rss_drift_b_per_call -fd_drift -latency_p99_us -offer_p99_us",
}
# What tells the lines of one run apart.
KEYS = ("suite", "pair", "profile", "window", "calls")


def arguments(description, add=None):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--build", default=os.path.normpath(BUILD), help="where the programs are")
    p.add_argument("--pin", default="0,1", help="daemon core, generator core; empty for none")
    p.add_argument("--nice", type=int, default=0)
    p.add_argument("--no-netns", action="store_true", help="share the machine's ports")
    p.add_argument("--out", help="append all JSON lines to this file")
    if add:
        add(p)
    return p.parse_args()


def run(args, mode, command, label):
    """One run of ngload; a list of results, empty when it failed."""
    words = shlex.split(mode)
    line = [os.path.join(args.build, "ngload"), "--json", "--exec", command, "--label", label]
    if not args.no_netns:
        line += ["--netns"]
    if args.pin:
        line += ["--pin", args.pin]
    if args.nice:
        line += ["--nice", str(args.nice)]
    p = subprocess.run(line + words, capture_output=True, text=True, timeout=150)
    results = [json.loads(x) for x in p.stdout.splitlines() if x.startswith("{")]
    if p.returncode or not results:
        print(f"! {label}: {mode}: {p.stderr.strip() or 'no result'}", file=sys.stderr)
    if args.out:
        with open(args.out, "a") as f:
            for r in results:
                f.write(json.dumps(dict(r, args=mode)) + "\n")
    return results


def run_valid(args, mode, command, label, tries=3):
    """Like run, but again when the generator spoiled it."""
    for _ in range(tries):
        results = run(args, mode, command, label)
        if results and all(r.get("valid") for r in results):
            return results
    for r in results:
        if r.get("invalid"):
            print(f"! {label}: {mode}: {r['invalid']}", file=sys.stderr)
    return results


def key(result):
    fields = [k for k in KEYS if k in result and not (k == "calls" and "max_calls" in result)]
    name = " ".join(f"{result[k]:g}" if isinstance(result[k], (int, float)) else str(result[k]) for k in fields)
    return f"{result['mode']} {name}".strip()


def figures(result):
    """(name, more_is_better) of the figures that this result has."""
    for f in FIGURES[result["mode"]].split():
        if isinstance(result.get(f[1:]), (int, float)):
            yield f[1:], f[0] == "+"


def median(values):
    return statistics.median(values) if values else float("nan")
