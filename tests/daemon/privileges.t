#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""--user and --group: root is given up once all is open, but for a few capabilities. TAP."""
import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import PROGRAM, Daemon, free_udp_port, run                 # noqa: E402
from rtp import Call, Party                                            # noqa: E402
from tap import Skip, contains, equal, test, wait_until                # noqa: E402
import tap                                                             # noqa: E402

NOBODY = pwd.getpwnam("nobody")
KEPT = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_NICE": 23, "CAP_BPF": 39}
SETUID = 1 << 7 | 1 << 6    # CAP_SETUID, CAP_SETGID


def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def capabilities(pid, which):
    return int(status(pid)[which], 16)


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can become somebody else")
    if capabilities("self", "CapEff") & SETUID != SETUID:
        raise Skip("this root may not become somebody else")


def relays(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "unprivileged")
        call.offer()
        call.answer()
        for sender, receiver in ((a, b), (b, a)):
            sender.send()
            assert receiver.receive(), f"nothing came to {receiver.tag}"
        call.delete()


@test("--user=nobody: no right of root is left but the capabilities, and calls are relayed")
def as_nobody():
    need_root()
    before = capabilities("self", "CapPrm")
    with Daemon("--user=nobody") as d:
        now = status(d.process.pid)
        equal(now["Uid"].split(), [str(NOBODY.pw_uid)] * 4, "user")
        equal(now["Gid"].split(), [str(NOBODY.pw_gid)] * 4, "group")
        equal(set(map(int, now["Groups"].split())) - {NOBODY.pw_gid}, set(), "other groups")
        mask = sum(1 << n for n in KEPT.values())
        equal(int(now["CapPrm"], 16), before & mask, "permitted")
        equal(int(now["CapEff"], 16), before & mask, "effective")
        equal(int(now["CapInh"], 16), 0, "inheritable")
        equal(int(now["CapBnd"], 16) & ~mask, 0, "bounding set")
        d.wait_log(f"INFO: Running as user {NOBODY.pw_uid}, group {NOBODY.pw_gid}\n")
        relays(d)
        equal(d.stop(), 0)


@test("every thread is that of the user")
def threads():
    need_root()
    with Daemon("--user=nobody", "--num-threads=2") as d:
        tasks = os.listdir(f"/proc/{d.process.pid}/task")
        assert len(tasks) >= 4, tasks
        for task in tasks:
            equal(status(task)["Uid"].split()[1], str(NOBODY.pw_uid), f"thread {task}")


def open_files(d):
    with open(f"/proc/{d.process.pid}/limits") as f:
        return next(line.split()[3:5] for line in f if line.startswith("Max open files"))


@test("limits are raised and the pid file is written before")
def before_the_change():
    need_root()
    with tempfile.TemporaryDirectory() as folder:     # of root, mode 0700
        path = os.path.join(folder, "pid")
        with Daemon("--user=nobody", f"--pidfile={path}") as d:
            with open(path) as f:
                equal(f.read(), f"{d.process.pid}\n")
            with Daemon() as other:
                equal(open_files(d), open_files(other), "limit")


@test("--group alone, and both as numbers")
def groups():
    need_root()
    group = grp.getgrnam("daemon")
    with Daemon("--group=daemon") as d:
        now = status(d.process.pid)
        equal((now["Uid"].split()[1], now["Gid"].split()[1]), ("0", str(group.gr_gid)))
    with Daemon(f"--user={NOBODY.pw_uid}", f"--group={group.gr_gid}") as d:
        now = status(d.process.pid)
        equal((now["Uid"].split()[1], now["Gid"].split()[1]),
              (str(NOBODY.pw_uid), str(group.gr_gid)))
        equal(now["Groups"].split(), [str(group.gr_gid)])


@test("a capability that is not there is told and does no harm")
def missing_capability():
    need_root()
    setpriv = ["setpriv", "--bounding-set=-net_admin,-sys_nice", PROGRAM]
    try:
        subprocess.run([*setpriv[:-1], "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("no setpriv that can take capabilities away") from None
    with Daemon("--user=nobody", program=setpriv) as d:
        for name in ("CAP_NET_ADMIN", "CAP_SYS_NICE"):
            d.wait_log(f"NOTICE: {name} is not held, so there will be no ")
            equal(capabilities(d.process.pid, "CapPrm") >> KEPT[name] & 1, 0, name)
        relays(d)


def fatal(text, *args):
    code, _, err = run("--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                       f"127.0.0.1:{free_udp_port()}", *args)
    contains(err, f"Fatal error: {text}")
    equal(code, 255)


@test("recordings are made as the user, in a new folder or one that is there")
def records():
    need_root()
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o755)
        for n, options in enumerate(((), ("--recording-chown=nobody",), ("--recording-chmod-dir=755",))):
            path = f"{top}/deep{n}/spool"
            for _ in range(2):      # the folder is new, then it is there
                with Daemon("--user=nobody", f"--recording-dir={path}", *options) as d, Party("a") as a:
                    reply = d.ng.request("offer", call_id="rec", from_tag="a", sdp=a.sdp(), record_call="yes")
                    wait_until(lambda: os.path.exists(reply["recordings"][0]), 5, "the file")
                    equal(os.stat(reply["recordings"][0]).st_uid, NOBODY.pw_uid)
                    equal(os.listdir(f"{path}/metadata")[1:], [])
            mode, owner = os.stat(path).st_mode & 0o777, os.stat(path).st_uid
            equal((mode, owner), (0o755 if "mod" in str(options) else 0o700, NOBODY.pw_uid))


@test("where the user may not record as configured, that is fatal")
def may_not_record():
    need_root()
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o755)
        spool = f"--recording-dir={top}/spool"
        cannot = f'Recordings cannot be put into "{top}/spool/pcaps": '
        fatal(cannot + "Permission denied (--recording-chown", "--user=nobody", "--recording-chown=daemon", spool)
        shutil.rmtree(f"{top}/spool")
        fatal(cannot + "Operation not permitted (--recording-chown", "--user=nobody", "--recording-chgrp=daemon", spool)
        os.chown(f"{top}/spool/pcaps", 0, 0)
        os.chmod(f"{top}/spool/pcaps", 0o755)
        os.chmod(f"{top}/spool", 0o755)
        fatal(cannot + "Permission denied\n", "--user=nobody", spool)
        equal([name for _, _, files in os.walk(top) for name in files], [], "what trials left behind")


@test("a user or group that does not exist is fatal")
def unknown():
    fatal("Unknown user 'no-such-user' (--user)\n", "--user=no-such-user")
    fatal("Unknown user '4294967294' (--user)\n", "--user=4294967294")
    fatal("Unknown group 'no-such-group' (--group)\n", "--group=no-such-group")


@test("without the right to change, asking for another user is fatal")
def not_permitted():
    need_root()
    try:
        p = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                            PROGRAM, "--config-file=none", "-f", "-E", "-i", "127.0.0.1", "-n",
                            f"127.0.0.1:{free_udp_port()}", "--user=daemon"],
                           capture_output=True, text=True, timeout=20)
    except OSError:
        raise Skip("no setpriv here") from None
    if "Permission denied" in p.stderr:
        raise Skip("nobody may not read the program here")
    contains(p.stderr, "Fatal error: Failed to change to user ")
    contains(p.stderr, ": Operation not permitted\n")
    equal(p.returncode, 255)


tap.run()
