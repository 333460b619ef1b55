#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon as a process: forking, pid file, signals, service manager, kernel table. TAP."""
import contextlib
import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import (ENGINE, PROGRAM, START_SECONDS, Daemon, free_port_range,    # noqa: E402
                    free_udp_port, open_udp_ports, run)
from ng import Client, Refused                                          # noqa: E402
from rtp import Call, Party                                             # noqa: E402
from tap import contains, equal, stays, test, wait_until                # noqa: E402
import tap                                                              # noqa: E402


F_SETPIPE_SZ = 1031     # has a name in later Pythons
STOP_SECONDS = 3


def state(pid):
    """R, S, T for stopped, Z for one that waits for its parent to ask how it ended; or None."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None


def exists(pid):
    return state(pid) not in (None, "Z")


@contextlib.contextmanager
def forked(*args):
    """A daemon in the background: (pid, pid file, NG client)"""
    port = free_udp_port()
    with tempfile.TemporaryDirectory() as folder:
        pidfile = os.path.join(folder, "pid")
        p = subprocess.run([PROGRAM, "--config-file=none", "--interface=127.0.0.1",
                            f"--listen-ng=127.0.0.1:{port}", f"--pidfile={pidfile}",
                            "--port-max=30099",     # none of those that bring a warning
                            *args],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=START_SECONDS)
        equal((p.returncode, p.stdout, p.stderr), (0, b"", b""), "the parent")
        wait_until(lambda: os.path.exists(pidfile) and os.path.getsize(pidfile), 10, "the pid file")
        with open(pidfile) as f:
            text = f.read()
        assert re.fullmatch(r"[1-9]\d*\n", text), text
        pid = int(text)
        try:
            with Client("127.0.0.1", port) as client:
                yield pid, pidfile, client
        finally:
            if exists(pid):
                os.kill(pid, signal.SIGKILL)


@test("without --foreground it runs in the background, a group leader without a terminal")
def background():
    with forked("--log-stderr") as (pid, _, client):
        equal(client.request("ping"), {"result": "pong"})
        equal(os.getpgid(pid), pid, "process group")
        equal([os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)], ["/dev/null"] * 3)


@test("SIGTERM ends one in the background; its pid file stays")
def background_end():
    with forked() as (pid, pidfile, client):
        equal(client.request("ping"), {"result": "pong"})
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not exists(pid), 10, "the end of the daemon")
        assert os.path.exists(pidfile)


@test("--foreground with a pid file")
def pidfile_in_foreground():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pid")
        with Daemon(f"--pidfile={path}") as daemon:
            with open(path) as f:
                equal(f.read(), f"{daemon.process.pid}\n")


@test("a pid file that cannot be written")
def bad_pidfile():
    status, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                         f"127.0.0.1:{free_udp_port()}", "-p", "/nonexistent/pid")
    contains(err, "Failed to create PID file (")
    contains(err, "), aborting startup\n")
    equal(status, 255)


@test("SIGTERM and SIGINT are clean stops, also with calls")
def clean_stop():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Daemon() as daemon:
            daemon.wait_log(r"INFO: Startup complete, version \S+\n")
            sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
                  "m=audio 4000 RTP/AVP 0\r\n"
            daemon.ng.request("offer", call_id="c", from_tag="a", sdp=sdp)
            equal(daemon.stop(number), 0, "status")
            assert re.search(r"INFO: Version \S+ shutting down\n$", daemon.log()), daemon.log()
            equal(daemon.media_ports(), set())


@contextlib.contextmanager
def answered_calls(daemon, count):
    """Calls between parties that have sent nothing yet."""
    with contextlib.ExitStack() as stack:
        calls = [Call(daemon.ng, *(stack.enter_context(Party(tag)) for tag in "ab"))
                 for _ in range(count)]
        for call in calls:
            call.offer()
            call.answer()
        yield calls


@test("SIGTERM while workers have something to tell about calls")
def stop_with_events():
    for _ in range(3):
        with Daemon("--num-threads=2") as daemon, answered_calls(daemon, 20) as calls:
            daemon.send_signal(signal.SIGSTOP)
            wait_until(lambda: state(daemon.process.pid) == "T", 5, "its being stopped")
            for call in calls:      # each first packet from a party is an event
                call.a.send()
                call.b.send()
            daemon.send_signal(signal.SIGTERM)
            equal(daemon.stop(signal.SIGCONT), 0, "status")
            assert "Sanitizer" not in daemon.log(), daemon.log()


def is_full(pipe):
    return not select.select([], [pipe], [], 0)[1]


@test("SIGTERM ends it although nobody reads what it writes to stderr")
def stop_with_stuck_log():
    port = free_udp_port()
    nobody, end = os.pipe()
    fcntl.fcntl(end, F_SETPIPE_SZ, 4096)
    p = subprocess.Popen([PROGRAM, "--config-file=none", "-i", "127.0.0.1", "-n",
                          f"127.0.0.1:{port}", "-f", "-E", "-L", "7"],
                         stdin=subprocess.DEVNULL, stderr=end)
    try:
        wait_until(lambda: port in open_udp_ports(), START_SECONDS, "the daemon")
        with Client("127.0.0.1", port) as client:
            for _ in range(200):
                client.request("ping")
            wait_until(lambda: is_full(end), 5, "a full pipe")
            client.request("ping")
        p.terminate()
        equal(p.wait(STOP_SECONDS), 0, "status")
    finally:
        p.kill()
        p.wait()
        os.close(nobody)
        os.close(end)


@test("other signals do not end it")
def other_signals():
    with Daemon() as daemon:
        for number in (signal.SIGPIPE, signal.SIGALRM, signal.SIGWINCH, signal.SIGCHLD):
            daemon.send_signal(number)
        assert daemon.alive()


@test("lines on stderr have a time, unless not wanted")
def log_times():
    with Daemon() as daemon:
        daemon.wait_log(r"(?m)^\[\d+\.\d{6}\] INFO: Startup complete")
    with Daemon("--no-log-timestamps") as daemon:
        daemon.wait_log(r"(?m)^INFO: Startup complete")


@test("requests are logged with who sent them")
def log_requests():
    with Daemon() as daemon:
        client = "127.0.0.1:%d" % daemon.ng.sock.getsockname()[1]
        daemon.wait_log(rf"INFO: Received command 'ping' from {client}\n")
        daemon.wait_log(rf"INFO: Replying to 'ping' from {client} \(elapsed time \d\.\d{{6}} sec\)")
        daemon.ng.try_request("query", call_id="nobody")
        daemon.wait_log(rf"WARNING: \[nobody\]: Protocol error in packet from {client}: "
                        "Unknown call-id")


@test("--log-format=parsable names calls so that scripts find them")
def log_format():
    with Daemon("--log-format=parsable") as daemon:
        daemon.ng.try_request("query", call_id="nobody")
        daemon.wait_log(r'WARNING: \[ID="nobody"\]: Protocol error')


def pings_are_logged(daemon):
    before = len(daemon.log())
    daemon.ng.request("ping")
    time.sleep(0.05)
    return "Received command" in daemon.log()[before:]


@test("SIGUSR2 and SIGUSR1 raise and lower the log level")
def log_level():
    with Daemon(level=5) as daemon:
        assert not pings_are_logged(daemon)
        daemon.send_signal(signal.SIGUSR2)
        daemon.wait_log("INFO: Set log level to 6\n")
        wait_until(lambda: pings_are_logged(daemon), 5, "logging of pings")
        daemon.send_signal(signal.SIGUSR1)
        wait_until(lambda: not pings_are_logged(daemon), 5, "no logging of pings")


@test("the log level stays between 0 and 7")
def log_level_bounds():
    with Daemon(level=6) as daemon:
        for n in range(1, 4):
            daemon.send_signal(signal.SIGUSR2)
            wait_until(lambda: len(re.findall("Set log level to 7", daemon.log())) >= n, 5,
                       "log level 7")
        daemon.wait_log("DEBUG: ")
        daemon.send_signal(signal.SIGUSR1)
        daemon.wait_log("Set log level to 6\n")
        assert "Set log level to 8" not in daemon.log()


@contextlib.contextmanager
def service_manager(abstract):
    """Where a service manager listens: (its socket, what NOTIFY_SOCKET says)"""
    with tempfile.TemporaryDirectory() as folder, \
         socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        path = "rtpengine-test-%d" % os.getpid() if abstract else os.path.join(folder, "notify")
        s.bind("\0" + path if abstract else path)
        s.settimeout(10)
        yield s, "@" + path if abstract else path


@test("the service manager hears of start and stop")
def notify():
    for abstract in (False, True):
        with service_manager(abstract) as (sock, path):
            with Daemon(env={"NOTIFY_SOCKET": path}) as daemon:
                equal(sock.recv(1000).split(b"\n")[0], b"READY=1")
                equal(daemon.stop(), 0)
                equal(sock.recv(1000).split(b"\n")[0], b"STOPPING=1")


@test("a service manager that is gone does no harm")
def notify_nobody():
    with Daemon(env={"NOTIFY_SOCKET": "/nonexistent/notify"}) as daemon:
        assert daemon.alive()


def module_there():
    return os.path.exists("/proc/rtpengine/control")


@test("a kernel table without the module is an error line and no more")
def table():
    if module_there():
        raise tap.Skip("the kernel module is loaded")
    with Daemon("--table=0") as daemon:
        contains(daemon.log(), "ERR: FAILED TO CREATE KERNEL TABLE 0 (")
        contains(daemon.log(), "), KERNEL FORWARDING DISABLED\n")
        assert daemon.alive()


@test("with --no-fallback it is fatal")
def no_fallback():
    if module_there():
        raise tap.Skip("the kernel module is loaded")
    status, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                         f"127.0.0.1:{free_udp_port()}", "--table=0", "--no-fallback")
    contains(err, "ERR: FAILED TO CREATE KERNEL TABLE 0 (")
    contains(err, "Userspace fallback disallowed - exiting\n")
    equal(status, 255)


@test("--offload=kmod insists on the module")
def offload_kmod():
    status, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                         f"127.0.0.1:{free_udp_port()}", "--offload=kmod")
    contains(err, "--offload=kmod needs --table\n")
    equal(status, 255)
    if module_there():
        raise tap.Skip("the kernel module is loaded")
    status, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                         f"127.0.0.1:{free_udp_port()}", "--table=0", "--offload=kmod")
    contains(err, "Userspace fallback disallowed - exiting\n")
    equal(status, 255)


@test("--offload=none does not look for it; bpf is refused")
def offload_none():
    with Daemon("--table=0", "--offload=none") as daemon:
        assert "KERNEL TABLE" not in daemon.log(), daemon.log()
        assert daemon.alive()
    status, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                         f"127.0.0.1:{free_udp_port()}", "--offload=bpf")
    contains(err, "--offload=bpf is not built yet")
    equal(status, 255)


@test("a warning at start when other programs may be given our ports")
def ephemeral_ports():
    path = "/proc/sys/net/ipv4/ip_local_"
    with open(path + "port_range") as f, open(path + "reserved_ports") as g:
        (low, high), reserved = map(int, f.read().split()), g.read().strip()
    if reserved:
        raise tap.Skip("ports are reserved here: " + reserved)
    warning = r"WARNING: \d+ of the ports \d+-\d+ are also handed out by the system"
    with Daemon(f"--port-min={low}", f"--port-max={high}") as daemon:
        daemon.wait_log(warning)
    if low > 2000:
        with Daemon("--port-min=1024", f"--port-max={low - 1}") as daemon:
            assert not re.search(warning, daemon.log()), daemon.log()


@test("ports of listeners are not used for media")
def listener_in_media_range():
    port = next(p for p in iter(free_udp_port, None) if p % 2 == 0)
    args = ["--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n", f"127.0.0.1:{port}",
            "-m", str(port), "-M", str(port + 1)]
    with Client("127.0.0.1", port) as client:
        p = subprocess.Popen([PROGRAM, *args], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: port in open_udp_ports(), START_SECONDS, "the daemon")
            sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
                  "m=audio 4000 RTP/AVP 0\r\n"
            equal(client.refused("offer", call_id="c", from_tag="a", sdp=sdp), "Ran out of ports")
            stays(lambda: p.poll() is None, 0.1, "the daemon")
        finally:
            p.kill()
            p.wait()


def ports_bound_to(address, low, high):
    """UDP ports of that range that have a socket bound to exactly this IPv4 address."""
    text = socket.inet_aton(address)[::-1].hex().upper()    # as little-endian machines show it
    with open("/proc/net/udp") as f:
        local = (line.split()[1].split(":") for line in f.readlines()[1:])
        return {int(port, 16) for host, port in local
                if host == text and low <= int(port, 16) <= high}


def offers_until_refused(daemon, party):
    for n in range(10):
        try:
            Call(daemon.ng, party, Party("b")).offer()
        except Refused as e:
            return n, str(e)
    raise AssertionError("ports for ten calls")


@test("nor on another address than the listener's")
def listener_on_another_address():
    if sys.byteorder != "little":
        raise tap.Skip("addresses are shown in another order here")
    for offset in (2, 3):       # of the listeners in their pairs; two of four pairs are left
        low = free_port_range(8)
        with Daemon(f"--listen-ng=127.0.0.1:{low + offset}",
                    f"--listen-ng=127.0.0.1:{low + 4 + offset}", f"--port-min={low}",
                    f"--port-max={low + 7}", interfaces=("127.0.0.2",)) as daemon, \
             Party("a") as a:
            equal(offers_until_refused(daemon, a), (1, "Ran out of ports"))
            if ENGINE == "epoll":       # which binds them, there and nowhere else
                equal(ports_bound_to("127.0.0.2", low, low + 7), {low, low + 1, low + 4, low + 5})
            assert daemon.alive()


tap.run()
