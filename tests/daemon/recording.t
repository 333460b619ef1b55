#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording of calls as packets: files, names, metadata, commands. Opened by tshark. TAP."""
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import PROGRAM, Daemon, free_udp_port, why_not_steered      # noqa: E402
from rtp import Call, Party                                            # noqa: E402
from tap import Skip, contains, equal, test, wait_until                # noqa: E402
import tap                                                             # noqa: E402

META = "rtpengine-meta-"


class Spool:
    """A folder for recordings that goes with the test, and the daemon's options for it."""

    def __init__(self, *options):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="rtpengine-rec-"))
        self.path = self.top / "spool"
        self.options = (f"--recording-dir={self.path}",) + options

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def files(self, folder="pcaps"):
        return sorted((self.path / folder).glob("*"))

    def ended(self, count=1):
        """The metadata of so many recordings, once they have ended."""
        found = wait_until(lambda: len(f := self.files("metadata")) == count and f, 5,
                           f"the end of {count} recordings")
        return [f.read_bytes().decode() for f in found]


def parse_pcap(path, *fields):
    """Of each packet these fields, by tshark, which is told that UDP is RTP."""
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")
    command = ["tshark", "-r", str(path), "-T", "fields", "-o", "rtp.heuristic_rtp:TRUE"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def talk(a, b, count=5):
    """Packets both ways; all have arrived afterwards."""
    for _ in range(count):
        a.send()
        b.send()
    for _ in range(count):
        assert a.receive() and b.receive()


@test("record-call in an offer: a capture file of both legs, as they came, with metadata")
def records_call():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "rec")
        reply = d.ng.request("offer", call_id=call.id, from_tag="a", sdp=a.sdp(), record_call="yes",
                             metadata="k:v|x:y", label="caller")
        path = reply["recordings"][0]
        equal(path.startswith(f"{s.path}/pcaps/{call.id}-"), True, path)
        call.offer()
        call.answer()
        talk(a, b)
        a.send_rtcp()
        assert b.receive(b.rtcp)
        equal(call.query()["recording"]["call recording"], 1)
        reply = call.delete()
        equal(reply["recording"]["file"], path)
        text, = s.ended()
        equal(s.files("tmp"), [])
        stem = os.path.basename(path)[:-5]
        assert re.fullmatch(re.escape(call.id) + "-[0-9a-f]{16}", stem), stem
        equal(s.files("metadata")[0].name, f"{META}{stem}.txt")
        lines = text.split("\n")
        equal(lines[0], path)
        for part in ("\nLabel: caller\nTimestamp started ms: ", "\nSDP mode: offer\nSDP before RTP packet: 1\n\nv=0\r\n",
                     "\nSDP mode: answer\n", "\nTimestamp terminated ms(first monologue): ",
                     "\n\ncall start time: ", "\ncall end time: ", "\nrecording status: complete\n",
                     "\nrecorded packets: 11\n", "\n\nk:v|x:y\n"):
            contains(text, part)
        rows = parse_pcap(path, "ip.src", "udp.srcport", "udp.dstport", "rtp.ssrc", "rtp.seq", "ip.ttl")
        equal(len(rows), 11)
        rtp = [r for r in rows if r[3]]
        for party in (a, b):
            mine = [r for r in rtp if int(r[3], 0) == party.ssrc]
            equal([int(r[4]) for r in mine], list(range(1000, 1005)))
            equal({(r[0], int(r[1]), int(r[2]), r[5]) for r in mine},
                  {("127.0.0.1", party.port, party.to.port, "64")})
        equal([(int(r[1]), int(r[2])) for r in rows if not r[3]], [(a.port + 1, a.to.port + 1)])
        d.wait_log(r"Turning on call recording")
        d.wait_log(r"complete: 11 packets\n")


@test("IPv6 and Ethernet framing; receive times are those of the packets")
def ethernet():
    with Spool("--recording-format=eth") as s, Daemon("--interface=six/::1", *s.options) as d, \
            Party("a", "::1") as a, Party("b", "::1") as b:
        call = Call(d.ng, a, b, "six")
        call.offer(record_call="on", direction=["six", "six"])
        call.answer()
        before = time.time()
        talk(a, b)
        after = time.time()
        call.delete()
        s.ended()
        rows = parse_pcap(s.files()[0], "frame.encap_type", "eth.type", "ipv6.src", "udp.srcport",
                          "frame.time_epoch", "ipv6.hlim")
        equal(len(rows), 10)
        for row in rows:
            equal(row[:3] + [row[5]], ["1", "0x86dd", "::1", "64"])
            assert before - 0.02 <= float(row[4]) <= after + 0.02, (before, row[4], after)


def add_receive_times(engine):
    @test(f"receive times are the system's, also where packets had to wait for the daemon ({engine})")
    def receive_times():
        why = why_not_steered() if engine == "steered" else None
        if why:
            raise Skip(why)
        with Spool() as s, Daemon(f"--io-engine={engine}", *s.options) as d, Party("a") as a, Party("b") as b:
            call = Call(d.ng, a, b, "times")
            call.offer(record_call="yes")
            call.answer()
            talk(a, b)
            time.sleep(0.3)     # the system begins to stamp packets in a work queue of its own
            d.send_signal(signal.SIGSTOP)
            sent = []
            for _ in range(5):
                sent.append(time.time())
                a.send()
                time.sleep(0.05)
            d.send_signal(signal.SIGCONT)
            for _ in sent:
                assert b.receive()
            call.delete()
            s.ended()
            rows = parse_pcap(s.files()[0], "udp.srcport", "frame.time_epoch")
            got = [float(r[1]) for r in rows if int(r[0]) == a.port][-len(sent):]
            for was, told in zip(sent, got):
                assert abs(was - told) < 0.02, (sent, got)


add_receive_times("epoll")
add_receive_times("steered")


@test("start, pause, stop: packets of the pause are not recorded; a second start is a second file")
def commands():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "cmd")
        call.offer()
        call.answer()

        def command(name, **keys):
            reply = d.ng.request(name, call_id=call.id, **keys)
            equal(reply["result"], "ok")
            time.sleep(0.05)    # the worker takes over its new plan

        equal("recording" in call.query(), False)
        equal(d.ng.request("cli", body="list sessions recording")["response"],
              "No recording sessions on this media relay.\n")
        talk(a, b, 1)
        command("start recording", metadata="m:1")
        talk(a, b, 2)
        contains(d.ng.request("cli", body="list sessions recording")["response"], "| rec:y\n")
        contains(d.ng.request("cli", body="list sessions " + call.id)["response"], "recording: yes\n")
        reply = call.query()
        equal(list(reply)[-3:], ["totals", "recording", "result"])
        equal(list(reply["tags"]["a"])[-2:], ["medias", "recording"])
        command("pause recording")
        equal(call.query()["recording"]["status"], "paused")
        talk(a, b, 4)
        call.offer(record_call="yes")       # does not make a paused one go on
        call.answer()
        equal(call.query()["recording"]["status"], "paused")
        command("start recording")
        talk(a, b, 8)
        command("stop recording", pause="yes")
        equal(call.query()["recording"]["status"], "paused")
        command("stop recording")
        text, = s.ended()
        contains(text, "\nrecorded packets: 20\n")
        contains(text, "\nRecording paused at: ")
        contains(text, "\nRecording resumed at: ")
        contains(text, "\n\nm:1\n")
        equal(len(parse_pcap(s.files()[0], "udp.srcport")), 20)
        equal(call.query()["recording"]["call recording"], 0)
        wait_until(lambda: call.query()["recording"]["status"] == "complete")
        command("start recording")
        talk(a, b, 1)
        call.delete()
        s.ended(2)
        equal(len(s.files()), 2)


@test("discard deletes the files, by record-call and with delete")
def discard():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        for by_delete in (False, True):
            call = Call(d.ng, a, b, "discard")
            call.offer(record_call="yes")
            call.answer()
            talk(a, b, 1)
            wait_until(s.files)
            if not by_delete:
                call.offer(record_call="discard")
                wait_until(lambda: not s.files())
            call.delete(flags=["discard-recording"] if by_delete else [])
            wait_until(lambda: not s.files() and not s.files("tmp"))
            a.receive_all()
            b.receive_all()
        equal(s.files("metadata"), [])


@test("discard deletes the files of a recording that has ended, too")
def discard_afterwards():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        for how in ("stop", "offer", "delete"):
            call = Call(d.ng, a, b, "ended")
            call.offer(record_call="yes")
            call.answer()
            talk(a, b, 1)
            d.ng.request("stop recording", call_id=call.id)
            wait_until(lambda: call.query()["recording"]["status"] == "complete")
            equal((len(s.files()), len(s.files("metadata"))), (1, 1))
            if how == "stop":
                d.ng.request("stop recording", call_id=call.id, flags=["discard-recording"])
            if how == "offer":
                call.offer(record_call="discard")
            if how != "delete":
                wait_until(lambda: call.query()["recording"]["status"] == "discarded")
            call.delete(flags=["discard-recording"] if how == "delete" else [])
            wait_until(lambda: not s.files() and not s.files("metadata") and not s.files("tmp"))
            a.receive_all()
            b.receive_all()


@test("delete with discard-recording deletes the files of a call that is kept for a while, too")
def discard_delayed():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "delayed")
        call.offer(record_call="yes")
        call.answer()
        talk(a, b, 1)
        wait_until(s.files)
        call.delete(flags=["discard-recording"], **{"delete-delay": 1})
        wait_until(lambda: not s.files() and not s.files("tmp") and not s.files("metadata"))


@test("what is given with start recording and a party's tag stands in the metadata")
def metadata_of_party():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "tag")
        call.offer()
        d.ng.request("start recording", call_id=call.id, from_tag="a", metadata="p:1")
        call.delete()
        contains(s.ended()[0], "\n\np:1\n")


@test("exclude-recording keeps both parties out")
def exclude():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "exclude")
        call.offer(record_call="yes", flags=["exclude-recording"])
        call.answer()
        talk(a, b, 3)
        equal(call.query()["tags"]["a"]["recording"]["excluded"], 1)
        call.delete()
        contains(s.ended()[0], "\nrecorded packets: 0\n")


@test("names from outside stay in the folder")
def hostile_names():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        for n, call_id in enumerate(("../../../etc/x", "a\0b/../c", "..", "x" * 400, "%2e%2e/%00")):
            d.ng.request("offer", call_id=call_id, from_tag="a", sdp=a.sdp(), record_call="yes")
            d.ng.request("delete", call_id=call_id)
        s.ended(5)
        equal(len(s.files()), 5)
        call = Call(d.ng, a, b, "name")
        call.offer()
        for key, value, why in (
                ("recording-file", "/etc/passwd", "not in --recording-dir"),
                ("recording-file", f"{s.path}/../x", "leads out"),
                ("output-destination", "../x", "leads out"),
                ("recording file", "a\0b", "no name"),
                ("recording-dir", "/tmp", "not in --recording-dir"),
                ("output-path", "pcaps/../..", "leads out"),
                ("output folder", "x\0/../..", "no name"),
                ("recording-file", "a\nb", "no name"),
                ("recording-file", "tmp/rtpengine-meta-x.tmp", "that folder is the daemon's"),
                ("recording-dir", "./metadata/x", "that folder is the daemon's"),
                ("recording-pattern", "%q", "recording-pattern"),
                ("recording-pattern", "../../%c", "leads out")):
            contains(d.ng.refused("start recording", call_id=call.id, **{key: value}), why)
        equal("recording" in call.query(), False)
        equal(list(s.top.iterdir()), [s.path])
        equal(len(s.files("tmp")), 0)


@test("recording-file, -dir and -pattern say where, and nothing is overwritten")
def places():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        names = (({"recording-file": "mine.cap"}, "mine.cap"),
                 ({"output-destination": f"{s.path}/mine.cap"}, "mine-1.cap"),
                 ({"recording-dir": "sub/deep", "output-pattern": "%c_%l_%Y%%"},
                  r"sub/deep/place-\d+_l%2F_\d{4}%\.pcap"))
        for n, (keys, want) in enumerate(names, 1):
            call = Call(d.ng, a, b, "place")
            call.offer(label="l/")
            d.ng.request("start recording", call_id=call.id, label="l/", **keys)
            wait_until(lambda: len(list(s.path.rglob("*cap"))) == n)
            call.delete()
            s.ended(n)
            path = call_path(s, n, want)
            assert path, (want, sorted(s.path.rglob("*")))


def call_path(spool, _, pattern):
    return [p for p in spool.path.rglob("*cap") if re.fullmatch(pattern, str(p.relative_to(spool.path)))]


@test("mode, owner and group are as configured")
def modes():
    owner = 2 if os.geteuid() == 0 else os.geteuid()
    with Spool("--recording-chmod=640", "--recording-chmod-dir=2750", "--recording-chgrp=12",
               f"--recording-chown={owner}") as s, \
            Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "mode")
        call.offer(record_call="yes")
        call.delete()
        s.ended()
        for file in s.files() + s.files("metadata"):
            equal((stat.S_IMODE(file.stat().st_mode), file.stat().st_uid, file.stat().st_gid),
                  (0o640, owner, 12), str(file))
        folder = (s.path / "pcaps").stat()
        equal((stat.S_IMODE(folder.st_mode), folder.st_uid, folder.st_gid), (0o2750, owner, 12))


@test("what a killed daemon left is repaired and told of at the next start")
def killed():
    with Spool() as s:
        with Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
            call = Call(d.ng, a, b, "kill")
            began = time.time()
            call.offer(record_call="yes")
            call.answer()
            talk(a, b, 5)
            time.sleep(1.2)     # so that the end differs from the beginning
            talk(a, b, 5)
            wait_until(lambda: (f := s.files()) and f[0].stat().st_size > 20 * 200)
            d.send_signal(signal.SIGKILL)
            d.process.wait(5)
        with open(s.files()[0], "ab") as f:
            f.write(b"half a record")
        with Daemon(*s.options) as d:
            text, = s.ended()
            contains(text, "\nrecording status: truncated\n")
            contains(text, "\nrecording status reason: the daemon ended before it\n")
            start = float(re.search(r"\nTimestamp started ms: ([0-9.]+)\n", text)[1]) / 1000
            contains(text, time.strftime("\ncall start time: %Y-%m-%dT%H:%M:%S\n", time.localtime(start)))
            assert abs(start - began) < 1, (start, began)
            equal(s.files("tmp"), [])
            equal(len(parse_pcap(s.files()[0], "udp.srcport")), 20)
            d.wait_log("truncated because the daemon ended before it")


@test("the recordings of a daemon that lives are left alone by another one's start")
def two_daemons():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "two")
        call.offer(record_call="yes")
        wait_until(lambda: s.files("tmp"))
        with Daemon(*s.options) as other:
            assert other.alive()
            equal(len(s.files("tmp")), 1)
        call.delete()
        contains(s.ended()[0], "\nrecording status: complete\n")


@test("a recording that is running ends well when the daemon is stopped")
def stopped():
    with Spool() as s:
        with Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
            call = Call(d.ng, a, b, "stop")
            call.offer(record_call="yes")
            call.answer()
            talk(a, b, 5)
            equal(d.stop(), 0)
        contains(s.ended()[0], "\nrecording status: complete\n")
        equal(len(parse_pcap(s.files()[0], "udp.srcport")), 10)


@test("a removed folder ends the recording with a reason, and the call goes on")
def removed():
    with Spool() as s, Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "removed")
        call.offer(record_call="yes")
        call.answer()
        wait_until(s.files)
        shutil.rmtree(s.path)
        wait_until(lambda: call.query()["recording"]["status"] == "truncated")
        contains(call.query()["recording"]["reason"], "the file is gone")
        talk(a, b, 5)
        d.wait_log("Recording to .* ended: the file is gone")
        call.offer(record_call="yes")       # each message may say so; it does not try again
        call.answer()
        equal(call.query()["recording"]["status"], "truncated")
        d.ng.request("start recording", call_id=call.id)
        equal(call.query()["recording"]["status"], "running")
        time.sleep(0.05)
        talk(a, b, 3)
        reply = call.delete()["recording"]
        equal((reply["status"], reply["packets"]), ("ending", 6))
        contains(s.ended()[0], "\nrecorded packets: 6\n")
        again = Call(d.ng, a, b, "again")   # the folders are made anew
        again.offer(record_call="yes")
        again.delete()
        for text in s.ended(2):
            contains(text, "\nrecording status: complete\n")


@test("a full disk: what is there can be read, the metadata tell the reason, the call goes on")
def disk_full():
    if os.geteuid() != 0:
        raise Skip("needs root to mount a small file system")
    with Spool() as s:
        s.path.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(s.path)],
                          capture_output=True).returncode:
            raise Skip("no file system can be mounted here")
        try:
            with Daemon(*s.options) as d, Party("a") as a, Party("b") as b:
                call = Call(d.ng, a, b, "full")
                call.offer(record_call="yes")
                call.answer()
                for _ in range(30):
                    talk(a, b, 10)
                state = wait_until(lambda: (r := call.query()["recording"])["status"] == "truncated" and r)
                contains(state["reason"], "No space left on device")
                talk(a, b)
                call.delete()
                text, = s.ended()
                contains(text, "\nrecording status: truncated\n")
                contains(text, "\nrecording status reason: the file could not be written: No space left on device\n")
                rows = parse_pcap(s.files()[0], "rtp.seq")
                assert len(rows) > 100 and all(r[0] for r in rows), len(rows)
        finally:
            subprocess.run(["umount", str(s.path)], check=True)


@test("without --recording-dir calls go on unrecorded with a warning; the command is refused")
def not_configured():
    with Daemon() as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "none")
        reply = d.ng.request("offer", call_id=call.id, from_tag="a", sdp=a.sdp(), record_call="yes")
        equal(reply["result"], "ok")
        contains(reply["warning"], "no spool directory configured")
        contains(d.ng.refused("start recording", call_id=call.id), "no spool directory configured")
        equal(d.ng.refused("start recording", call_id="other"), "Unknown call-id")
        equal(d.ng.refused("stop recording"), "No call-id in message")
        d.wait_log("Call recording requested, but no spool directory configured")


def refused_start(*options):
    p = subprocess.run([PROGRAM, "--config-file=none", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{free_udp_port()}",
                        "--table=-1", "--foreground", "--log-stderr", *options], capture_output=True, text=True, timeout=20)
    return p.returncode, p.stderr


@test("options that cannot be are told at start")
def bad_options():
    with Spool() as s:
        for options, text in (
                (("--recording-method=proc",), "--recording-method=proc is not built yet"),
                (("--recording-format=x",), 'Invalid value for recording format "x".'),
                (("--recording-chmod=9",), "Invalid file mode '9' (--recording-chmod)"),
                (("--recording-chown=nobody-of-that-name",), "Unknown user"),
                (("--recording-dir=/proc/none",), 'Error while setting up spool directory "/proc/none".')):
            status, said = refused_start(*s.options, *options)
            equal(status, 255, text)
            contains(said, text)


tap.run()
