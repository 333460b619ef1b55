#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long life brings: calls by the ten thousand, a killed daemon, a stepped clock, addresses
that come and go, rubbish on a live call. Takes minutes. TAP."""
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from daemon import BUILD, Daemon                                        # noqa: E402
from rtp import Call, Party, rtp_header, rtp_packet           # noqa: E402
from tap import Skip, equal, show, test, wait_until              # noqa: E402
import tap                                                              # noqa: E402

NGLOAD = os.path.join(TOP, BUILD, "tests", "perf", "ngload")
CLOCK_STEP = os.path.join(TOP, BUILD, "tests", "soak", "clock_step.so")
CHURNED, STEADY, CHURN_RATE = 50000, 50, 600
TRIES = 3               # the machine may be busy: then the generator says that its run is void
WARM_UP_S = 70          # answers are kept for repeats for up to 60 s
SLOPE_BYTES = 100       # per call; a leaked call would be ten thousand and more


def memory_bytes(pid):
    """What the process has for itself."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        fields = dict(line.split(":", 1) for line in f.readlines()[1:])
    return sum(int(fields[k].split()[0]) for k in ("Private_Clean", "Private_Dirty")) * 1024


def slope(points):
    """Least squares: how much y grows with x."""
    n = len(points)
    mean_x, mean_y = (sum(p[i] for p in points) / n for i in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / \
        sum((x - mean_x) ** 2 for x, _ in points)


class Sampler(threading.Thread):
    """(calls ended so far, memory, descriptors), once a second, until it is stopped."""

    def __init__(self, d):
        super().__init__(daemon=True)
        self.d, self.samples, self.ended = d, [], threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(1):
            self.samples.append((time.monotonic() - began, memory_bytes(self.d.process.pid),
                                 self.d.descriptors()))

    def stop(self):
        self.ended.set()
        self.join()
        return self.samples


def churn(d):
    """What the generator has to say of it, and the samples taken meanwhile."""
    sampler = Sampler(d)
    sampler.start()
    p = subprocess.run([NGLOAD, "churn", "--json", "--pid", str(d.process.pid), "--ng",
                        f"127.0.0.1:{d.port}", "--calls", str(STEADY), "--rate", str(CHURN_RATE),
                        "--secs", str(CHURNED / CHURN_RATE)],
                       capture_output=True, text=True, timeout=300)
    samples = sampler.stop()
    assert p.returncode == 0 and p.stdout, p.stderr
    return json.loads(p.stdout.splitlines()[-1]), samples


@test(f"{CHURNED} calls beside {STEADY}: no packet of these is lost, nothing is left behind")
def churned(_):
    with Daemon(ports=4000, level=5) as d:
        idle = d.descriptors()
        for _ in range(TRIES):
            result, samples = churn(d)
            show(json.dumps(result))
            if result["valid"] and not result["steady_lost"] and \
               result["churned_calls"] >= CHURNED * 0.9:
                break
        equal(result["steady_lost"], 0, "packets of steady calls")
        equal(result["churn_failed"], 0, "commands refused")
        assert result["churned_calls"] >= CHURNED * 0.9, "the load was not what it should be"
        late = [s for s in samples if s[0] > WARM_UP_S]
        per_call = slope([(t * CHURN_RATE, memory) for t, memory, _ in late])
        show(f"memory grows by {per_call:.1f} bytes a call")
        assert per_call < SLOPE_BYTES, f"{per_call:.1f} bytes a call"
        wait_until(lambda: d.descriptors() == idle, what=f"{idle} descriptors")
        equal(d.media_ports(), set(), "ports open")
        equal(d.ng.calls(), [])


def passes(sender, receiver, tries=1):
    """A packet gets there unchanged."""
    for _ in range(tries):
        receiver.receive_all(quiet=0.01)
        payload = os.urandom(160)
        sender.send(payload=payload)
        got = receiver.receive(timeout=1)
        if got and got[0][12:] == payload:
            return
    raise AssertionError(f"nothing came from {sender.tag} to {receiver.tag}")


def calls_of_all_ports(d, parties, name):
    """Calls until there are no ports left, each with media both ways."""
    calls = []
    for a, b in parties:
        call = Call(d.ng, a, b, name)
        call.offer(a.sdp())
        call.answer(b.sdp())
        passes(a, b)
        passes(b, a)
        calls.append(call)
    return calls


@test("killed with all its ports in use and started anew: the same ports work at once")
def killed(_):
    pairs = [(Party("a"), Party("b")) for _ in range(10)]
    with Daemon(ports=40) as d:
        calls_of_all_ports(d, pairs, "before")
        ports = d.media_ports()
        equal(len(ports), 40)
        d.send_signal(signal.SIGKILL)
        d.process.wait()
        again = subprocess.Popen(d.command, stdin=subprocess.DEVNULL, stderr=d.stderr.file)
        d.process = again
        try:
            d._wait_ready()
            calls_of_all_ports(d, pairs, "after")
            equal(d.media_ports(), ports)
        finally:
            again.terminate()
            again.wait(10)
    for a, b in pairs:
        a.close()
        b.close()


@test("the wall clock steps by a day, back and forth: calls and media do not notice")
def clock_steps(_):
    with tempfile.NamedTemporaryFile("w") as f, Party("a") as a, Party("b") as b, \
            Party("c") as c:
        def step(seconds):
            f.seek(0)
            f.truncate()
            f.write(str(seconds))
            f.flush()

        env = {"LD_PRELOAD": CLOCK_STEP, "CLOCK_STEP_FILE": f.name}
        with Daemon("--timeout=20", env=env) as d:
            call = Call(d.ng, a, b, "clock")
            call.offer(a.sdp())
            call.answer(b.sdp())
            before = call.query()["created"]
            for seconds in (86400, -86400, 3, -3, 0):
                step(seconds)
                other = Call(d.ng, c, Party("d"), "other")
                other.offer(c.sdp())
                created = other.query()["created"]
                assert abs(created - time.time() - seconds) < 5, "the step was not seen"
                other.delete()
                # a tick or two, which look for calls that are over
                end = time.monotonic() + 2.2
                while time.monotonic() < end:
                    passes(a, b)
                    passes(b, a)
                    time.sleep(0.1)
                assert call.known(), f"the call was gone after a step of {seconds} s"
            equal(call.query()["created"], before)
            call.delete()
            d.wait_log("Final packet stats")


def need_netns():
    if not os.environ.get("TEST_NETNS"):
        raise Skip("no network namespace of its own: needs root")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


@test("the interface's address is taken away and put back: the call goes on by itself")
def address_removed(_):
    need_netns()
    local, host_a, host_b = "192.0.2.1", "192.0.2.2", "192.0.2.3"
    for address in (local, host_a, host_b):
        ip("addr", "add", f"{address}/32", "dev", "lo")
    with Daemon(interfaces=(local,)) as d, Party("a", host_a) as a, Party("b", host_b) as b:
        call = Call(d.ng, a, b, "address")
        call.offer(a.sdp())
        call.answer(b.sdp())
        passes(a, b)
        passes(b, a)
        ip("addr", "del", f"{local}/32", "dev", "lo")
        for _ in range(20):
            try:
                a.send()
            except OSError:
                pass    # nobody there
            time.sleep(0.01)
        assert d.alive()
        assert call.known()
        ip("addr", "add", f"{local}/32", "dev", "lo")
        passes(a, b, tries=3)
        passes(b, a, tries=3)
        call.delete()
    for address in (local, host_a, host_b):
        ip("addr", "del", f"{address}/32", "dev", "lo")


def malformed(rng, ssrc):
    """One of each kind that should not be."""
    good = rtp_packet(7, 7 * 160, ssrc, b"\xff" * 160)
    rtcp = struct.pack("!BBHI", 0x80, 201, 1, ssrc)
    stun = struct.pack("!HHI12s", 1, 0, 0x2112a442, rng.randbytes(12))
    hello = b"\x16\xfe\xfd" + bytes(8) + struct.pack("!H", 40) + b"\x01" + rng.randbytes(39)
    return [
        b"", b"\x80", good[:11], good[:5],
        b"\x40" + good[1:], b"\xc0" + good[1:],                     # version
        b"\x8f" + good[1:20],                                       # 15 CSRCs in 8 bytes
        b"\x90" + good[1:12] + b"\xbe\xde\xff\xff" + good[12:],     # extension beyond the end
        b"\xa0" + good[1:-1] + b"\xff",                             # padding longer than all
        b"\xa0" + good[1:-1] + b"\x00",
        good + bytes(3000), rng.randbytes(9000),
        rtcp[:7], b"\x9f" + rtcp[1:], rtcp[:2] + b"\xff\xff" + rtcp[4:],
        b"\x80\xcb\x00\x00", rtcp + b"\x80", b"\x81\xca\x00\x02" + rng.randbytes(8),
        struct.pack("!BBHI", 0x83, 200, 0x7fff, ssrc) + rng.randbytes(40),
        stun, stun[:10], stun[:2] + b"\xff\xff" + stun[4:], stun + rng.randbytes(20),
        hello, hello[:12], hello[:11] + b"\xff\xff" + hello[13:],
        rng.randbytes(1), rng.randbytes(20), rng.randbytes(200), rng.randbytes(1400),
        bytes(200), b"\xff" * 200, b"OPTIONS sip:x SIP/2.0\r\n\r\n", b"d7:command4:pinge",
    ]


@test("a hundred malformed packets a second from the party itself and from others, for 10 s")
def rubbish(_):
    rng = random.Random(5)
    with Daemon() as d, Party("a") as a, Party("b") as b, Party("x") as x:
        call = Call(d.ng, a, b, "rubbish")
        call.offer(a.sdp())
        call.answer(b.sdp())
        passes(a, b)
        passes(b, a)
        b.receive_all()
        first, tick, count, came = a.seq, time.monotonic(), 500, []
        for i in range(count):
            kinds = malformed(rng, a.ssrc)
            a.send()
            for k in range(2):
                bad = kinds[(2 * i + k) % len(kinds)]
                who = (a, x)[(i + k) % 2]
                try:
                    (who.rtp, who.rtcp)[i % 3 == 0].sendto(bad, (a.to.rtp, a.to.rtcp)[i % 5 == 0])
                except ConnectionRefusedError:
                    pass
            came += b.receive_all(quiet=0)
            tick += 0.02
            time.sleep(max(0, tick - time.monotonic()))
        got = [rtp_header(data)[1] for data, _ in came + b.receive_all()
               if len(data) == 172 and data[0] == 0x80 and data[12:] == b"\xff" * 160
               and rtp_header(data)[2] == rtp_header(data)[1] * 160]
        equal([seq for seq in got if seq >= first], list(range(first, first + count)))
        passes(b, a, tries=3)
        assert call.known() and d.alive()


tap.run()
