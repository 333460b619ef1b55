# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon under test as a process: free ports, start, wait, stop, and what it said. The
program is $RTPENGINE, its port engine $IO_ENGINE; output goes to a file, which cannot stall it as
a pipe can."""
import atexit
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import ng
import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", "build")
PROGRAM = os.environ.get("RTPENGINE", os.path.join(TOP, BUILD, "rtpengine"))
ENGINE = os.environ.get("IO_ENGINE", "epoll")
START_SECONDS = 20      # sanitizers, and a machine that has other things to do
LIVING = set()
RANGES, RANGES_KEPT = [], 16    # of the latest daemons
LATEST = []             # daemons, of which the last one is told about when a test fails
LOG_LINES_SHOWN = 15


@atexit.register
def _end_living():
    for process in list(LIVING):
        process.terminate()     # some have children to end
    for process in list(LIVING):
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def open_udp_ports(low=0, high=65535):
    """UDP ports of that range that have a socket in this network namespace."""
    found = set()
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            with open(name) as f:
                lines = f.readlines()[1:]
        except FileNotFoundError:
            continue    # a kernel without IPv6
        found |= {int(line.split()[1].rpartition(":")[2], 16) for line in lines}
    return {port for port in found if low <= port <= high}


def answers(host, port):
    """Does anybody take datagrams there? Sends an empty one, which the system refuses if not."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.connect((host, port))
        s.send(b"")
        try:
            s.recv(1)
        except BlockingIOError:
            return True
        except ConnectionRefusedError:
            return False
        return True


def free_udp_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def free_port_range(count):
    """First of so many ports, none of them in use; below those the system hands out itself. Steered
    ports have no socket that could be seen, so no range is given twice."""
    for _ in range(100):
        low = random.randrange(12000, 32000 - count, 2)
        mine = range(low, low + count)
        if not open_udp_ports(low, low + count - 1) and \
           not any(mine.start < r.stop and r.start < mine.stop for r in RANGES):
            RANGES.append(mine)
            del RANGES[:-RANGES_KEPT]
            return low
    raise RuntimeError(f"no {count} free UDP ports in a row")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


class Output:
    """A process's stdout or stderr in a file."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()

    def text(self):
        size = os.fstat(self.file.fileno()).st_size
        return os.pread(self.file.fileno(), size, 0).decode(errors="replace")


def run(*args, env=None, timeout=START_SECONDS):
    """The program with these arguments until it ends by itself: (status, stdout, stderr)."""
    p = subprocess.run([PROGRAM, *args], capture_output=True, text=True, env=env,
                       stdin=subprocess.DEVNULL, timeout=timeout)
    return p.returncode, p.stdout, p.stderr


class Daemon:
    """A running daemon and a client for it. As a context manager it is stopped at the end."""

    def __init__(self, *args, interfaces=("127.0.0.1",), listen="127.0.0.1", ports=400,
                 level=6, delete_delay=0, env=None, program=(PROGRAM,)):
        self.port, self.port_min = free_udp_port(), free_port_range(ports)
        self.port_max = self.port_min + ports - 1
        self.stdout, self.stderr = Output(), Output()
        self.command = [*program, "--config-file=none", "--table=-1", "--foreground",
                        "--log-stderr", f"--log-level={level}", f"--delete-delay={delete_delay}",
                        f"--port-min={self.port_min}", f"--port-max={self.port_max}",
                        *(f"--interface={i}" for i in interfaces),
                        f"--listen-ng={listen + ':' if listen else ''}{self.port}",
                        f"--io-engine={ENGINE}", *args]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.stdout.file,
            stderr=self.stderr.file, env={**os.environ, **(env or {})})
        LIVING.add(self.process)
        LATEST[:] = [self]
        self.hosts = {i.rpartition("/")[2].partition("!")[0] for i in interfaces}
        self.ng = ng.Client(listen or "127.0.0.1", self.port)
        self._wait_ready()

    def _wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if self.ng.document(b"d7:command4:pinge", timeout=0.05):
                    return
            except ConnectionError:
                time.sleep(0.01)
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the daemon did not start: {self.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.ng.close()

    def log(self):
        return self.stderr.text()

    def wait_log(self, pattern, seconds=5):
        return tap.wait_until(lambda: re.search(pattern, self.log()), seconds,
                              f"log line {pattern!r}")

    def alive(self):
        return self.process.poll() is None and self.ng.request("ping")["result"] == "pong"

    def send_signal(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """The exit status; one that had to be killed counts as a failure of the test."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon did not stop within {seconds} s") from None
        finally:
            self.process.kill()
            self.process.wait()
            LIVING.discard(self.process)

    def media_ports(self):
        """Ports of its range that are open now. Steered ones have no socket that could be seen."""
        found = open_udp_ports(self.port_min, self.port_max)
        if [x for x in self.command if x.startswith("--io-engine=")][-1] != "--io-engine=epoll":
            found |= {port for port in range(self.port_min, self.port_max + 1)
                      if port not in found and any(answers(host, port) for host in self.hosts)}
        return found

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def why_not_steered():
    """None where ports can be steered, else what the daemon says of it."""
    try:
        with Daemon("--io-engine=steered"):
            return None
    except AssertionError as e:
        found = re.search(r"Ports cannot be steered.*", str(e))
        if not found:
            raise
        return found[0]


def run_steered(name):
    """The tests of another program again, with the steered engine."""
    os.environ["IO_ENGINE"] = "steered"
    os.execv(sys.executable, [sys.executable, os.path.join(os.path.dirname(__file__), name)])


def _tell_of_latest():
    if not LATEST:
        return ""
    lines = LATEST[0].log().splitlines()[-LOG_LINES_SHOWN:]
    status = LATEST[0].process.poll()
    return "\n".join([f"the daemon's status is {status}; its last lines:"] + lines)


tap.ON_FAILURE.append(_tell_of_latest)

if ENGINE == "steered" and (_why := why_not_steered()):
    tap.skip_all(_why)
