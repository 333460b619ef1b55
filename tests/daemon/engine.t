#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which engine drives the ports, and what steering them may not do to others. TAP."""
import os
import pwd
import re
import select
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import (PROGRAM, Daemon, free_port_range, has_ipv6, open_udp_ports, run,   # noqa: E402
                    why_not_steered)
from ng import Refused                                                 # noqa: E402
from rtp import Call, Party                                            # noqa: E402
from tap import Skip, contains, equal, test, wait_until                # noqa: E402
import tap                                                             # noqa: E402

WITHOUT_BPF = ["setpriv", "--bounding-set=-bpf,-sys_admin", PROGRAM]
WHY = []        # once known: what the daemon says, or None


def need_steered():
    if not WHY:
        WHY.append(why_not_steered())
    if WHY[0]:
        raise Skip(WHY[0])


def need_setpriv():
    try:
        subprocess.run([*WITHOUT_BPF[:-1], "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("no setpriv that can take capabilities away") from None


def set_up(d, name, a, b):
    call = Call(d.ng, a, b, name)
    call.offer()
    call.answer()
    return call


def talks(a, b):
    for sender, receiver in ((a, b), (b, a)):
        payload = os.urandom(160)
        sender.send(payload=payload)
        got = receiver.receive()
        assert got, f"nothing came to {receiver.tag}"
        equal(got[0][12:], payload)
        equal(got[1], receiver.to.rtp)


def ports_of(*parties):
    """Those that the parties send to."""
    return {p.to.port + n for p in parties for n in (0, 1)}


def relays(d, name, host="127.0.0.1"):
    with Party("a", host) as a, Party("b", host) as b:
        call = set_up(d, name, a, b)
        talks(a, b)
        call.delete()


def udp_socket(port, host="127.0.0.1"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(3)
    s.bind((host, port))
    return s


def statistics_engines(d):
    return [i["engine"] for i in d.ng.request("statistics")["statistics"]["interfaces"]]


@test("the engine that was asked for is told in log and statistics")
def asked_for():
    with Daemon("--io-engine=epoll") as d:
        d.wait_log("INFO: Port engine: epoll\n")
        equal(statistics_engines(d), ["epoll"])
        relays(d, "epoll")
    need_steered()
    with Daemon("--io-engine=steered") as d:
        d.wait_log("INFO: Port engine: steered\n")
        equal(statistics_engines(d), ["steered"])
        relays(d, "steered")


@test("auto is steered where that works")
def auto():
    need_steered()
    with Daemon("--io-engine=auto") as d:
        d.wait_log("INFO: Port engine: steered\n")
        relays(d, "auto")


@test("without the rights auto is epoll, with the reason in log and counters")
def fallback():
    need_setpriv()
    with Daemon("--io-engine=auto", program=WITHOUT_BPF) as d:
        d.wait_log("NOTICE: Ports cannot be steered here: .*: Operation not permitted\n")
        d.wait_log("INFO: Port engine: epoll\n")
        relays(d, "fallback")
        equal(d.stop(), 0)
        contains(d.log(), " engine-fallback 1,")


@test("without the rights, insisting is fatal")
def insisting():
    need_setpriv()
    p = subprocess.run([*WITHOUT_BPF, "--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                        "127.0.0.1:9", "--io-engine=steered"], capture_output=True, text=True, timeout=20)
    contains(p.stderr, "Fatal error: Ports cannot be steered (--io-engine): ")
    contains(p.stderr, ": Operation not permitted\n")
    equal(p.returncode, 255)


@test("a value that is no engine is refused")
def no_engine():
    code, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n", "127.0.0.1:9",
                       "--io-engine=fast")
    contains(err, "Fatal error: Invalid value 'fast' for --io-engine")
    equal(code, 255)


@test("numbers that others have are not given out, and they get their packets")
def others():
    need_steered()
    low = free_port_range(40)
    held = [udp_socket(port) for port in range(low, low + 10)]
    held += [udp_socket(port, "0.0.0.0") for port in range(low + 10, low + 20)]
    numbers = {s.getsockname()[1] for s in held}
    with Daemon("--io-engine=steered", f"--port-min={low}", f"--port-max={low + 39}") as d:
        with Party("a") as a, Party("b") as b:
            for i in range(4):
                call = set_up(d, f"others {i}", a, b)
                assert not numbers & ports_of(a, b)
            talks(a, b)
            for s in held:
                a.rtp.sendto(b"for you", ("127.0.0.1", s.getsockname()[1]))
                equal(s.recv(100), b"for you")
            assert d.descriptors() < 60, d.descriptors()
            call.delete()
    for s in held:
        s.close()


@test("who binds a number that a call has gets nothing, which is told")
def conflict():
    need_steered()
    with Daemon("--io-engine=steered") as d, Party("a") as a, Party("b") as b:
        set_up(d, "conflict", a, b)
        with udp_socket(a.to.port) as s:
            d.wait_log(rf"WARNING: Another program has bound 1 of the ports that calls have, as "
                       rf"127.0.0.1:{a.to.port}: it gets no packets there\n", 10)
            talks(a, b)
            s.setblocking(False)
            try:
                s.recv(100)
                raise AssertionError("it got a packet")
            except BlockingIOError:
                pass
        equal(d.stop(), 0)
        contains(d.log(), " port-conflict 1,")


@test("numbers that the system hands out have sockets, too")
def ephemeral():
    need_steered()
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        low = int(f.read().split()[0])
    ports = [f"--port-min={low - 20}", f"--port-max={low + 19}"]
    with Daemon("--io-engine=steered", *ports) as d, Party("a") as a, Party("b") as b:
        d.wait_log("NOTICE: Each steered port has a socket, too, .* the system hands out 20 of these ports")
        set_up(d, "ephemeral", a, b)
        equal(open_udp_ports(low - 20, low + 19) & ports_of(a, b), ports_of(a, b))
        talks(a, b)
        try:
            udp_socket(b.to.port).close()
            raise AssertionError("a port in use could be bound")
        except OSError:
            pass


@test("ports that another daemon steers are left to it until it ends")
def overlapping():
    need_steered()
    low = free_port_range(40)
    first = ["--io-engine=steered", f"--port-min={low}", f"--port-max={low + 19}"]
    same, more = first, ["--io-engine=steered", f"--port-min={low}", f"--port-max={low + 39}"]
    with Daemon(*first) as one, Daemon(*same) as two, Daemon(*more) as three:
        for d in (two, three):
            d.wait_log(rf"WARNING: Process {one.process.pid} steers ports {low}-{low + 19} of 127.0.0.1: ")
        assert "steers ports" not in one.log()
        with Party("a") as a, Party("b") as b, Party("c") as c, Party("d") as e:
            set_up(one, "one", a, b)
            try:
                Call(two.ng, c, e, "two").offer()
                raise AssertionError("a port was given out that another daemon steers")
            except Refused as refused:
                contains(str(refused), "Ran out of ports")
            set_up(three, "three", c, e)
            assert max(ports_of(a, b)) < low + 20 <= min(ports_of(c, e))
            talks(a, b)
            talks(c, e)
        one.stop()
        two.wait_log("NOTICE: No other process steers ports of ours any more", 15)
        relays(two, "after the first one")


@test("a port without a call is closed to whoever sends there")
def closed():
    need_steered()
    with Daemon("--io-engine=steered") as d, Party("a") as a, Party("b") as b:
        call = set_up(d, "closed", a, b)
        port = b.to.port
        talks(a, b)
        call.delete()
        wait_until(lambda: port not in d.media_ports(), what="a closed port")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(3)
            s.connect(("127.0.0.1", port))
            s.send(b"anybody?")
            try:
                s.recv(10)
                raise AssertionError("somebody answered")
            except ConnectionRefusedError:
                pass


@test("after kill -9 nothing is steered any more, and the next one takes over")
def killed():
    need_steered()
    with Daemon("--io-engine=steered") as d, Party("a") as a, Party("b") as b:
        set_up(d, "killed", a, b)
        talks(a, b)
        ports = [b.to.port, a.to.port]
        low, high = d.port_min, d.port_max
        d.send_signal(signal.SIGKILL)
        d.process.wait(10)
        for port in ports:
            with udp_socket(port) as s:
                a.rtp.sendto(b"to the new one", ("127.0.0.1", port))
                equal(s.recv(100), b"to the new one")
        with Daemon("--io-engine=steered", f"--port-min={low}", f"--port-max={high}") as d2:
            for i in range(5):
                relays(d2, f"after the kill {i}")


@test("two daemons steer side by side")
def two():
    need_steered()
    with Daemon("--io-engine=steered") as one, Daemon("--io-engine=steered") as other:
        with Party("a") as a, Party("b") as b, Party("c") as c, Party("d") as e:
            set_up(one, "one", a, b)
            set_up(other, "other", c, e)
            for _ in range(3):
                talks(a, b)
                talks(c, e)
        one.stop()
        relays(other, "the other one goes on")


@test("calls on two workers, both families")
def threads():
    need_steered()
    hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
    with Daemon("--io-engine=steered", "--num-threads=2",
                interfaces=[f"i{n}/{h}" for n, h in enumerate(hosts)]) as d:
        parties = []
        for i in range(12):
            host = hosts[i % len(hosts)]
            a, b = Party("a", host), Party("b", host)
            call = Call(d.ng, a, b, f"threads {i}")
            way = {"from_interface": f"i{i % len(hosts)}", "to_interface": f"i{i % len(hosts)}"}
            call.offer(**way)
            call.answer()
            parties.append((a, b))
        for _ in range(3):
            for a, b in parties:
                talks(a, b)
        for a, b in parties:
            a.close()
            b.close()
        equal(d.stop(), 0)
        assert not re.search("port-moved|no-session", d.log()), d.log()


@test("after --user has given up root ports are still steered")
def unprivileged():
    need_steered()
    pwd.getpwnam("nobody")
    with Daemon("--io-engine=steered", "--user=nobody") as d:
        d.wait_log("INFO: Running as user ")
        relays(d, "unprivileged")
        relays(d, "unprivileged again")


@test("--tos marks what is sent")
def tos():
    need_steered()
    with Daemon("--io-engine=steered", "--tos=184") as d, Party("a") as a, Party("b") as b:
        b.rtp.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        set_up(d, "tos", a, b)
        a.send()
        b.rtp.settimeout(3)
        _, control, _, _ = b.rtp.recvmsg(2000, 100)
        equal([data[0] for _, kind, data in control if kind == socket.IP_TOS], [184])


class Router:
    """Two more network namespaces behind ours: one that forwards, with a second link of a smaller
    MTU to the other, where 10.9.2.1 is; ours has 10.9.1.1."""

    def __init__(self, mtu):
        self.spaces = [subprocess.Popen(["unshare", "-n", "sleep", "100"]) for _ in range(2)]
        router, far = (str(p.pid) for p in self.spaces)
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: all(os.readlink(f"/proc/{p.pid}/ns/net") != own for p in self.spaces))
        self.shell("ip link add a0 type veth peer name r0", f"ip link set r0 netns {router}",
                   "ip addr add 10.9.1.1/24 dev a0", "ip link set a0 up",
                   "ip route add 10.9.2.0/24 via 10.9.1.2")
        self.shell("ip link add r1 type veth peer name b0", f"ip link set b0 netns {far}",
                   "ip addr add 10.9.1.2/24 dev r0", "ip link set r0 up",
                   "ip addr add 10.9.2.2/24 dev r1", f"ip link set r1 mtu {mtu} up",
                   "echo 1 >/proc/sys/net/ipv4/ip_forward", space=router)
        self.shell("ip addr add 10.9.2.1/24 dev b0", f"ip link set b0 mtu {mtu} up",
                   "ip route add default via 10.9.2.2", space=far)
        self.far = far

    def shell(self, *lines, space=None):
        enter = ["nsenter", f"--net=/proc/{space}/ns/net"] if space else []
        subprocess.run([*enter, "sh", "-e", "-c", "\n".join(lines)], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.spaces:
            p.kill()
            p.wait()


RECEIVER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.2.1", 7000))
s.settimeout(10)
print("ready", flush=True)
print(len(s.recv(65535)), flush=True)
"""


@test("that a route takes less than its first link is learned, and packets leave in fragments")
def path_mtu():
    need_steered()
    if not os.environ.get("TEST_NETNS"):
        raise Skip("needs a network of its own")
    with Router(1300) as router, Daemon("--io-engine=steered", interfaces=("10.9.1.1",)) as d, \
            Party("a", "10.9.1.1") as a, Party("b") as b, \
            subprocess.Popen(["nsenter", f"--net=/proc/{router.far}/ns/net", sys.executable, "-c",
                              RECEIVER], stdout=subprocess.PIPE, text=True) as receiver:
        equal(receiver.stdout.readline(), "ready\n")
        call = Call(d.ng, a, b, "mtu")
        call.offer()
        call.answer(b.sdp(address="10.9.2.1", port=7000))
        for _ in range(20):     # the first one is lost: it says how little the route takes
            a.send(payload=bytes(1400))
            if select.select([receiver.stdout], [], [], 0.2)[0]:
                break
        equal(receiver.stdout.readline(), "1412\n")
        call.delete()


@test("in the background ports are steered, too")
def background():
    need_steered()
    with Daemon("--io-engine=steered") as d:       # for its ports and client
        d.stop()
        command = [x for x in d.command if x not in ("--foreground", "--log-stderr")]
        pid_file = f"/tmp/rtpengine-engine-test-{os.getpid()}"
        subprocess.run([*command, f"--pidfile={pid_file}"], check=True, timeout=20)
        try:
            wait_until(lambda: d.port in open_udp_ports(), what="the daemon")
            relays(d, "background")
        finally:
            with open(pid_file) as f:
                os.kill(int(f.read()), signal.SIGTERM)
            os.unlink(pid_file)
            wait_until(lambda: d.port not in open_udp_ports(), what="its end")


tap.run()
