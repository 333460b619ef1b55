#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""--iptables-chain: rules for ports in use, in one chain and nowhere else. The chain is made here,
in the network namespace that the runner gives each program as root. TAP."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import PROGRAM, Daemon, free_udp_port, has_ipv6, run                 # noqa: E402
from ng import Refused                                                  # noqa: E402
from rtp import Call, Party                                             # noqa: E402
from tap import Skip, contains, equal, stays, test, wait_until          # noqa: E402
import tap                                                              # noqa: E402

CHAIN = "media"
TOOLS = {4: "iptables", 6: "ip6tables"}
PATH = "/usr/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")
RULE = re.compile(r'-A (\S+) -d (\S+)/\d+ -p udp -m udp --dport (\d+)(?: -m comment --comment (".*"|\S+))?'
                  r' -j ACCEPT$')


def tool(name, *args, kind="", text=None):
    """One of iptables' programs; `kind`: "-nft" or "-legacy" instead of the usual one."""
    family, _, rest = name.partition("-")
    program = shutil.which(f"{family}{kind}{'-' + rest if rest else ''}", path=PATH)
    if not program:
        raise Skip(f"no {family}{kind} here")
    wait = [] if rest else ["-w", "10"]
    return subprocess.run([program, *wait, *args], input=text, capture_output=True, text=True, errors="replace",
                          timeout=30)


def must(*args, **how):
    p = tool(*args, **how)
    assert p.returncode == 0, p.stderr
    return p.stdout


def saved(kind=""):
    """Both families' rules, but for those of the chain, counters and comments."""
    text = "".join(must(f"{name}-save", kind=kind) for name in TOOLS.values())
    lines = re.sub(r"\[\d+:\d+\]$", "", text, flags=re.M).splitlines()
    return [x for x in lines if not x.startswith(("#", f"-A {CHAIN} "))]


def lines_of_chain(family=4, kind=""):
    return [x for x in must(TOOLS[family], "-S", CHAIN, kind=kind).splitlines() if x.startswith("-A")]


def rules(family=4, kind=""):
    """{port: (address, comment)}; all of the chain must be such rules, and one for each port."""
    found = {}
    for line in lines_of_chain(family, kind):
        m = RULE.match(line)
        assert m and m[1] == CHAIN, line
        assert int(m[3]) not in found, f"two rules for port {m[3]}"
        comment = m[4] or ""
        if comment.startswith('"'):
            comment = re.sub(r"\\(.)", r"\1", comment[1:-1])
        found[int(m[3])] = m[2], comment
    return found


@contextlib.contextmanager
def chain(kind=""):
    """The chain for both families, beside rules of others, which must be the same at the end."""
    for name in TOOLS.values():
        must(name, "-N", CHAIN, kind=kind)
        must(name, "-N", "others", kind=kind)
        must(name, "-A", "others", "-p", "tcp", "--dport", "22", "-j", "ACCEPT", kind=kind)
        must(name, "-A", "INPUT", "-j", CHAIN, kind=kind)
        must(name, "-A", CHAIN, "-p", "tcp", "--dport", "1", "-j", "DROP", kind=kind)
    before = saved(kind)
    try:
        yield
        equal(saved(kind), before, "rules of others")
    finally:
        for name in TOOLS.values():
            tool(name, "-P", "INPUT", "ACCEPT", kind=kind)
            for c in ("INPUT", CHAIN, "others"):
                tool(name, "-F", c, kind=kind)
            for c in (CHAIN, "others"):
                tool(name, "-X", c, kind=kind)


def guarded(*args, **how):
    return Daemon(f"--iptables-chain={CHAIN}", *args, **how)


def ports(*parties):
    return [p.to.port + n for p in parties for n in (0, 1)]


def has(wanted, family=4, kind="", seconds=5):
    """Waits until the rules are these: {port: (address, comment)}."""
    found = {}

    def same():
        found.clear()
        try:
            found.update(rules(family, kind))
        except AssertionError as e:     # not emptied yet, perhaps
            found[0] = str(e)
        return found == wanted
    try:
        wait_until(same, seconds)
    except AssertionError:
        equal(found, wanted, "rules")


def is_open(call, *parties, host="127.0.0.1"):
    return {n: (host, call.id) for n in ports(*parties)}


@contextlib.contextmanager
def call_between(d, name="call", host="127.0.0.1", call_id=None):
    with Party("a", host) as a, Party("b", host) as b:
        call = Call(d.ng, a, b, name)
        call.id = call.id if call_id is None else call_id
        call.offer()
        call.answer()
        yield call, a, b


def talks(a, b):
    for sender, receiver in ((a, b), (b, a)):
        payload = os.urandom(160)
        sender.send(payload=payload)
        got = receiver.receive()
        assert got and got[0][12:] == payload, f"nothing came to {receiver.tag}"


@contextlib.contextmanager
def programs(script, name="iptables-restore"):
    """A folder whose iptables-restore is this shell script, for PATH; $REAL is the real one."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write(f"#!/bin/sh\nREAL={shutil.which(name, path=PATH)}\nFOLDER={folder}\n{script}\n")
        os.chmod(path, 0o755)
        yield folder


@test("each port of a call has a rule with its call-ID, and loses it with the call")
def with_the_call():
    with chain(), guarded() as d:
        has({})
        with call_between(d) as (one, a, b), call_between(d) as (two, c, e):
            equal(len(set(ports(a, b, c, e))), 8)
            has({**is_open(one, a, b), **is_open(two, c, e)})
            equal(rules(6), {})
            one.delete()
            has(is_open(two, c, e))
            two.delete()
            has({})


@test("IPv6 has its own rules")
def ip6():
    if not has_ipv6():
        raise Skip("no ::1 here")
    with chain(), guarded(interfaces=("::1",), listen="127.0.0.1") as d:
        with call_between(d, host="::1") as (call, a, b):
            has(is_open(call, a, b, host="::1"), 6)
            equal(rules(4), {})
            call.delete()
            has({}, 6)


@test("the chain is emptied at start, and of ours at the end")
def start_and_stop():
    with chain():
        equal((len(lines_of_chain(4)), len(lines_of_chain(6))), (1, 1))
        with guarded() as d:
            has({})
            has({}, 6)
            with call_between(d) as (call, a, b):
                has(is_open(call, a, b))
                equal(d.stop(), 0)
        equal((lines_of_chain(4), lines_of_chain(6)), ([], []))
        assert "ERR" not in d.log(), d.log()


@test("what a killed daemon left is gone when the next one starts")
def killed():
    with chain():
        with guarded() as d, call_between(d) as (call, a, b):
            has(is_open(call, a, b))
            d.stop(signal.SIGKILL)
            equal(len(rules()), 4)
        with guarded() as d:
            has({})


@test("what a firewall drops gets through by the rule, and only to ports in use")
def gets_through():
    with chain(), guarded() as d:
        for rule in (["-d", "127.0.0.2"], ["-p", "udp", "--dport", str(d.port)], ["-p", "udp", "--sport", str(d.port)]):
            must("iptables", "-I", "INPUT", *rule, "-j", "ACCEPT")
        must("iptables", "-P", "INPUT", "DROP")
        with call_between(d, host="127.0.0.2") as (call, a, b):
            has(is_open(call, a, b))
            talks(a, b)
            must("iptables", "-D", "INPUT", "-j", CHAIN)
            a.send()
            assert b.receive(timeout=0.3) is None, "a packet came through the firewall"
            must("iptables", "-A", "INPUT", "-j", CHAIN)
            talks(a, b)
            call.delete()
            has({})
        for rule in (["-d", "127.0.0.2"], ["-p", "udp", "--dport", str(d.port)], ["-p", "udp", "--sport", str(d.port)]):
            must("iptables", "-D", "INPUT", *rule, "-j", "ACCEPT")
        must("iptables", "-P", "INPUT", "ACCEPT")


HOSTILE = ["x\" -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n#", "\n*nat\n-F\nCOMMIT\n*filter\n", "\"", "\\", "\\\"", "a\\",
           "' \" ' \"", "-t nat", "-t", "--table=nat", "-j DROP", "!", "COMMIT", "#", "*filter", ":INPUT DROP [0:0]",
           "$(touch /tmp/never)`id`;|&", "%s%n%1000000d", "\t \r \v", "\x01\x7f\x1b[2J", "\xfc\xdf\xff", "x" * 255,
           "y" * 256, "z\"" * 500, " leading and trailing ", "a\rb", "nul\0byte"]


def comment_of(call_id):
    return "".join(c if " " <= c <= "~" else "?" for c in call_id[:255])


@test("no call-ID is more than a comment")
def hostile():
    with chain(), guarded() as d:
        has({})
        before = saved()
        wanted, calls = {}, []
        with contextlib.ExitStack() as stack:
            for call_id in HOSTILE:
                try:
                    call, a, b = stack.enter_context(call_between(d, call_id=call_id))
                except Refused:     # not taken at all is as good
                    continue
                calls.append(call)
                wanted.update({n: ("127.0.0.1", comment_of(call_id)) for n in ports(a, b)})
            assert len(calls) > 20, len(calls)
            has(wanted)
            equal(saved(), before)
            for call in calls:
                call.delete()
            has({})
        assert d.alive()
        assert "ERR" not in d.log(), d.log()


def offered(call):
    try:
        return call.offer()
    except Refused:     # ports come back when the worker has let go of them
        return None


@test("ports that are closed and opened again at once end with the rules of the latest calls")
def reused():
    with chain(), guarded("--port-min=20000", "--port-max=20011") as d, Party("a") as a, Party("b") as b:
        calls = []
        for n in range(60):
            calls.append(Call(d.ng, a, b, f"reused {n}"))
            wait_until(lambda: offered(calls[-1]), what="a free port")
            calls[-1].answer()
            if n % 3 == 2:
                calls.pop(0).delete()
                time.sleep(0.01)    # some of them within a batch, some between two
            while len(calls) > 1:
                calls.pop(0).delete()
        has({n: ("127.0.0.1", calls[0].id) for n in ports(a, b)})
        calls[0].delete()
        has({})
        assert "ERR" not in d.log(), d.log()


@test("hundreds of calls at once")
def many():
    with chain(), guarded(ports=2000) as d, Party("a") as a, Party("b") as b:
        wanted, calls = {}, []
        for n in range(400):
            calls.append(Call(d.ng, a, b, f"many {n}"))
            calls[-1].offer()
            calls[-1].answer()
            wanted.update(is_open(calls[-1], a, b))
        equal(len(wanted), 1600)
        has(wanted, seconds=20)
        for call in calls[:-1]:
            call.delete()
        has(is_open(calls[-1], a, b), seconds=20)
        calls[-1].delete()
        has({})
        assert "ERR" not in d.log(), d.log()


@test("a chain that is not there is an error line; calls go on, and have rules once it is there")
def missing():
    with guarded() as d, call_between(d) as (call, a, b):
        d.wait_log(r"ERR: Failed to flush iptables chain: \S.*'media', IPv4")
        d.wait_log(rf"ERR: Error adding iptables rule \(for '{call.id}'\): \S", 10)
        talks(a, b)
        with chain():
            has(is_open(call, a, b), seconds=30)
            d.wait_log("NOTICE: Rules for ports are in iptables chain 'media' again")
            call.delete()
            has({})
            equal(d.stop(), 0)
        contains(d.log(), " firewall-failed ")


@test("what others did to the chain is put right with the next change that meets it")
def meddled_with():
    with chain(), guarded() as d:
        with call_between(d) as (one, a, b), call_between(d) as (two, c, e), call_between(d) as (three, f, g):
            has({**is_open(one, a, b), **is_open(two, c, e), **is_open(three, f, g)})
            must("iptables", "-F", CHAIN)
            one.delete()
            has({**is_open(two, c, e), **is_open(three, f, g)})
            must("iptables", "-D", CHAIN, "1")
            two.delete()
            three.delete()
            has({})
        assert "ERR" not in d.log(), d.log()


@test("a rule that is refused is told and costs no other one")
def refused_rule():
    script = 'cat > "$FOLDER/text"; grep -q poison "$FOLDER/text" && { echo "no poison here" >&2; exit 1; }\n' \
             'exec "$REAL" "$@" < "$FOLDER/text"'
    with chain(), programs(script) as folder, guarded(env={"PATH": f"{folder}:{PATH}"}) as d:
        has({})
        with call_between(d) as (one, a, b), call_between(d, call_id="poison") as (bad, c, e), \
                call_between(d) as (two, f, g):
            has({**is_open(one, a, b), **is_open(two, f, g)})
            d.wait_log(r"ERR: Error adding iptables rule \(for 'poison'\): no poison here")
            talks(c, e)
            one.delete()
            bad.delete()
            has(is_open(two, f, g))
            two.delete()
            has({})
        equal(d.stop(), 0)
        contains(d.log(), " firewall-failed 4,")


@test("a firewall that takes no rule at all is tried again with all of them")
def takes_none():
    script = '[ -e "$FOLDER/begun" ] || { touch "$FOLDER/begun"; sleep 1; }\n' \
             'cat > "$FOLDER/text"; grep -q ^-A "$FOLDER/text" && [ ! -e "$FOLDER/works" ] && ' \
             '{ echo "no such match" >&2; exit 1; }\nexec "$REAL" "$@" < "$FOLDER/text"'
    with chain(), programs(script) as folder, guarded(env={"PATH": f"{folder}:{PATH}"}) as d, \
            contextlib.ExitStack() as stack:
        wanted = {}
        for _ in range(5):      # while the chain is being emptied, so that they go together
            call, a, b = stack.enter_context(call_between(d))
            wanted.update(is_open(call, a, b))
        d.wait_log(r"ERR: Error adding iptables rule \(for 'call-\d+'\): no such match \(IPv4\), and 19 others", 10)
        with open(os.path.join(folder, "works"), "w"):
            pass
        has(wanted, seconds=20)
        d.wait_log("NOTICE: Rules for ports are in iptables chain 'media' again")


@test("a slow firewall keeps nobody waiting")
def slow():
    with chain(), programs('sleep 1; exec "$REAL" "$@"') as folder, \
            guarded(env={"PATH": f"{folder}:{PATH}"}) as d, Party("a") as a, Party("b") as b:
        wait_until(lambda: not lines_of_chain(), 10, "an empty chain")
        began, slowest = time.monotonic(), 0
        for n in range(20):
            at = time.monotonic()
            call = Call(d.ng, a, b, f"slow {n}")
            call.offer()
            call.answer()
            talks(a, b)
            if n < 19:
                call.delete()
            slowest = max(slowest, time.monotonic() - at)
        assert slowest < 0.9, f"{slowest:.3f} s for a call; all took {time.monotonic() - began:.3f} s"
        has(is_open(call, a, b), seconds=10)
        equal(d.stop(), 0)
        equal(lines_of_chain(), [])


def works_as_nobody(kind):
    if os.geteuid() != 0:
        raise Skip("only root can become somebody else")
    names = [f"{t}-restore" for t in TOOLS.values()]
    real = [shutil.which(n.replace("tables", f"tables{kind}"), path=PATH) for n in names]
    if not all(real):
        raise Skip(f"no iptables{kind} here")
    if any(tool(t, "-S", kind=kind).returncode for t in TOOLS.values()):
        raise Skip(f"iptables{kind} does not work here")
    with tempfile.TemporaryDirectory() as folder, chain(kind):
        os.chmod(folder, 0o755)
        for name, path in zip(names, real):
            os.symlink(path, os.path.join(folder, name))
        with guarded("--user=nobody", env={"PATH": f"{folder}:{PATH}"}) as d:
            has({}, kind=kind)
            with call_between(d) as (call, a, b):
                has(is_open(call, a, b), kind=kind)
                call.delete()
                has({}, kind=kind)
            with call_between(d) as (call, a, b):
                has(is_open(call, a, b), kind=kind)
                equal(d.stop(), 0)
            equal(lines_of_chain(kind=kind), [])
            assert "ERR" not in d.log(), d.log()


@test("as another user, by nf_tables")
def as_nobody():
    works_as_nobody("-nft")


@test("as another user, by the older tables, whose lock is root's")
def as_nobody_legacy():
    works_as_nobody("-legacy")


@test("without the right to change the firewall there are errors, and calls")
def without_rights():
    setpriv = ["setpriv", "--bounding-set=-net_admin,-sys_admin", PROGRAM]
    if subprocess.run([*setpriv[:-1], "true"], capture_output=True).returncode:
        raise Skip("no setpriv that can take capabilities away")
    with chain(), guarded("--io-engine=epoll", program=setpriv) as d, call_between(d) as (call, a, b):
        d.wait_log(r"ERR: Failed to flush iptables chain: \S")
        talks(a, b)
        call.delete()
        equal(len(lines_of_chain()), 1)


@test("without the option, or with an empty one, no rule is touched")
def off():
    with chain():
        for options in ((), ("--iptables-chain=",)):
            with Daemon(*options) as d, call_between(d) as (call, a, b):
                talks(a, b)
                stays(lambda: len(lines_of_chain()) == 1, 0.3, "the chain as it was")


@test("chains that the system brings, and names that are none, are refused")
def bad_names():
    for name in ("INPUT", "OUTPUT", "a b", "-A", "x" * 29):
        code, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                           f"127.0.0.1:{free_udp_port()}", f"--iptables-chain={name}")
        contains(err, f"Fatal error: Invalid chain '{name}' (--iptables-chain): ")
        equal(code, 255)


def why_not():
    if not os.environ.get("TEST_NETNS"):
        return "not in a network namespace of its own"
    if not all(shutil.which(f"{t}{x}", path=PATH) for t in TOOLS.values() for x in ("", "-restore", "-save")):
        return "no iptables here"
    for name in TOOLS.values():
        p = tool(name, "-S")
        if p.returncode:
            return f"{name} does not work here: {p.stderr.strip()}"
    return None


if _why := why_not():
    tap.skip_all(_why)
tap.run()
