#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""More requests than can be handled: what is lost is counted, and everything else goes on. TAP."""
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, free_udp_port       # noqa: E402
from ng import Client, bencode                 # noqa: E402
from rtp import Call, Party                    # noqa: E402
from tap import contains, equal, test, wait_until  # noqa: E402
import tap                                     # noqa: E402

BURST = 20000           # more than any receive buffer holds
PATIENCE_SECONDS = 1    # what clients have by default
QUIET = 4               # log level: a line per request would be another kind of flood
COOKIES = itertools.count()

# Sends as fast as it can until it is ended.
FLOODER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", int(sys.argv[1])))
n = 0
while True:
    n += 1
    try:
        s.send(b"%d_%s d7:command10:statisticse" % (n, sys.argv[1].encode()))
    except OSError:
        pass
"""


def count_of(stats, reason):
    return next(int(r["count"]) for r in stats["reasons"] if r["name"] == reason)


def statistics(client):
    return client.request("statistics")["statistics"]


def handled(stats):
    return int(stats["controlstatistics"]["totalpingcount"])


def lost(stats):
    return count_of(stats, "ng-overload")


def ping_until_answered(d):
    """The flooded listener, as a client does it; how many it took."""
    for count in range(1, 100):
        if d.ng.document(b"d7:command4:pinge", timeout=0.2):
            return count
    raise AssertionError("no answer any more")


def fetch(d):
    """From another listener, so that the flooded one's buffer is not needed."""
    return statistics(d.other)


def start():
    port = free_udp_port()
    d = Daemon(f"--listen-ng=127.0.0.1:{port}", level=QUIET)
    d.other = Client("127.0.0.1", port)
    return d


@test("every request is either handled or counted as lost")
def conservation(d):
    before = fetch(d)
    ping = bencode({"command": "ping"})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", d.port))
        d.send_signal(signal.SIGSTOP)
        for _ in range(BURST):
            s.send(b"burst_%d %s" % (next(COOKIES), ping))
        d.send_signal(signal.SIGCONT)
        pings = ping_until_answered(d)      # behind all others; brings the system's count
        after = fetch(d)
    gone = lost(after) - lost(before)
    assert gone > 0, "nothing was lost"
    equal(handled(after) - handled(before) + gone, BURST + pings)
    equal(int(after["totalstatistics"]["lostrequests"]), lost(after))
    d.wait_log(r"WARNING: NG requests are lost, as they come faster than they can be handled\n")


@test("a reply still leaves from where its request came to")
def replies_after(d):
    # Every datagram now brings the count of lost ones, too.
    for _ in range(3):
        equal(d.ng.request("ping")["result"], "pong")
    assert "Failed to reply" not in d.log(), d.log()


@test("ticks, workers' events and other listeners go on during a flood")
def others(d):
    flood = [subprocess.Popen([sys.executable, "-c", FLOODER, str(d.port)]) for _ in range(2)]
    try:
        before = int(fetch(d)["controlstatistics"]["totalstatscount"])
        wait_until(lambda: int(fetch(d)["controlstatistics"]["totalstatscount"]) > before + 1000,
                   10, "the flood")
        with Party("a") as a, Party("b") as b:
            call = Call(d.other, a, b, "flooded")
            call.offer(flags=["debug"])
            call.answer()
            a.send()
            assert b.receive(), "no media during a flood"
            d.wait_log(r"INFO: \[%s\]: Confirmed peer address as " % re.escape(call.id))
            call.delete(delete_delay=1)
            wait_until(lambda: not call.known(), 8, "the delayed delete, which a tick does")
        slowest = 0
        for _ in range(20):
            since = time.monotonic()
            d.other.request("ping")
            slowest = max(slowest, time.monotonic() - since)
        assert slowest < PATIENCE_SECONDS, f"an answer took {slowest:.2f} s"
    finally:
        for p in flood:
            p.kill()
            p.wait()
    ping_until_answered(d)


@test("the reasons are in the statistics as JSON, too")
def reasons(d):
    stats = json.loads(d.other.document(b'{"command":"statistics"}'))["statistics"]
    assert count_of(stats, "ng-overload") > 0
    equal(count_of(stats, "call-limit"), 0)
    equal(d.stop(), 0)


tap.run(start())
