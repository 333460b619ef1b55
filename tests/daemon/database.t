#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media from a database where there is none: nothing configured, nobody there, and servers that do
not do what they should. (With a real one: tests/peers/database.t.) TAP."""
import contextlib
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import PROGRAM, Daemon, run                            # noqa: E402
from heard import Heard, call_between, play, refused, tone_wav     # noqa: E402
from ng import Client, Refused, bencode                            # noqa: E402
from rtp import Call, Party                                        # noqa: E402
from tap import Skip, contains, equal, wait_until                  # noqa: E402
import tap                                                         # noqa: E402

PLUGINS = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "plugins")
REFUSED = "Failed to start media playback from database"
QUERY = "select a from b where c = %llu"


def test(name):
    """A test that needs the plugin."""
    def add(function):
        def check():
            if not os.path.exists(os.path.join(PLUGINS, "mysql.so")):
                raise Skip("the plugin mysql was not built")
            function()
        return tap.test(name)(check)
    return add


def options(port, password="aardvark"):
    return ("--mysql-host=127.0.0.1", f"--mysql-port={port}", f"--mysql-pass={password}",
            f"--mysql-query={QUERY}")


def not_played(d, cause, query=QUERY):
    """play media is refused, for that cause; a file is played all the same."""
    with call_between(d, "none") as (call, a, _):
        refused(REFUSED, play, d, call, from_tag="a", **{"db-id": 5})
        line = f"{REFUSED} (used query '{query.replace('%llu', '5')}'): {cause}\n"
        wait_until(lambda: line in d.log(), what=line)
        play(d, call, from_tag="a", blob=tone_wav(0.2, 440))
        equal(len(Heard(a).played), 10)
    assert "aardvark" not in d.log()


@test("nothing configured, or half of it")
def not_configured():
    with Daemon() as d:
        not_played(d, "missing configuration", "")
        assert "No media from a database" not in d.log()
    with Daemon("--mysql-host=127.0.0.1") as d:
        d.wait_log("WARNING: No media from a database: there is no --mysql-query")
        not_played(d, "missing configuration", "")
    with Daemon(f"--mysql-query={QUERY}") as d:
        d.wait_log("WARNING: No media from a database: there is no --mysql-host")
        not_played(d, "missing configuration")


@test("music on hold and announcements without a database: the call goes on, and the log tells")
def elsewhere():
    with tempfile.TemporaryDirectory() as spool, Daemon(f"--recording-dir={spool}") as d, \
            Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "elsewhere")
        call.offer(moh={"db-id": 5}, flags=["recording-announcement"], db_id=6)
        call.answer()
        call.offer(a.sdp("sendonly", version=2), to_tag="b")
        d.ng.request("start recording", call_id=call.id)
        wait_until(lambda: d.log().count(f"{REFUSED} (used query ''): missing configuration") >= 2)
        equal(b.receive(timeout=0.1), None)
        call.delete()


@tap.test("a plugin that is not there: db-id is refused, and so are the options")
def no_plugin():
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(PLUGINS):
            if name.endswith(".so") and name != "mysql.so":
                shutil.copy(os.path.join(PLUGINS, name), folder)
        with Daemon(f"--plugin-dir={folder}") as d:
            not_played(d, "no plugin fetches media from a database", "")
        for option in options(3306):
            status, _, err = run("--config-file=none", "-f", "--interface=127.0.0.1",
                                 "--listen-ng=127.0.0.1:2223", f"--plugin-dir={folder}", option)
            equal(status, 255)
            contains(err, f"Fatal error: Option {option.partition('=')[0]} needs plugin 'mysql': ")


@contextlib.contextmanager
def listener():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(8)
        yield s, s.getsockname()[1]


@test("nobody listens there")
def nobody():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        with Daemon(*options(s.getsockname()[1])) as d:
            not_played(d, "failed to connect to database")
            contains(d.log(), "Failed to connect to database: Can't connect to server")


@test("a server that takes connections and says nothing: told within seconds, files are played")
def silent():
    with listener() as (_, port), Daemon(*options(port)) as d:
        began = time.monotonic()
        not_played(d, "failed to connect to database")
        assert time.monotonic() - began < 5, time.monotonic() - began


@test("the daemon ends while music on hold waits for such a server")
def ended():
    with listener() as (_, port), Daemon(*options(port)) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "ended")
        call.offer(moh={"db-id": 5})
        call.answer()
        call.offer(a.sdp("sendonly", version=2), to_tag="b")
        time.sleep(0.3)
        equal(d.stop(), 0)
        contains(d.log(), f"{REFUSED} (used query '{QUERY.replace('%llu', '5')}'): ")


@test("a server whose greeting drips: given up in time, the next is refused at once, the daemon ends")
def dripping():
    def drip(conn):
        with contextlib.suppress(OSError):
            conn.sendall(b"\x00\x10\x00\x00")
            while True:
                conn.sendall(b"\x0a")
                time.sleep(0.2)

    def serve(s):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=drip, args=s.accept()[:1], daemon=True).start()

    with listener() as (s, port), Daemon(*options(port)) as d:
        threading.Thread(target=serve, args=(s,), daemon=True).start()
        with Party("a") as a, Party("b") as b:
            call, times = Call(d.ng, a, b, "drip"), []
            call.offer()
            call.answer()
            for _ in range(2):
                began = time.monotonic()
                refused(REFUSED, play, d, call, from_tag="a", **{"db-id": 5})
                times.append(time.monotonic() - began)
            assert 1.5 < times[0] < 3 and times[1] < 0.5, times
            equal(d.log().count("Failed to connect to database: it takes too long"), 1)
            wait_until(lambda: d.log().count("): failed to connect to database") == 2)
            time.sleep(1)
            with Client("127.0.0.1", d.port) as client:
                client.sock.send(b"x " + bencode({"command": "play media", "call-id": call.id,
                                                  "from-tag": "a", "db-id": 5}))
                equal(client.receive(0.3), None)
            began = time.monotonic()
            equal(d.stop(), 0)
            assert time.monotonic() - began < 2, time.monotonic() - began


@test("a silent server and eight who ask at once: a helper stays for others")
def crowd():
    with listener() as (_, port), Daemon(*options(port), "--media-num-threads=4") as d, \
            call_between(d, "crowd") as (call, a, b):
        answers, calls = [], [Call(d.ng, a, b, f"crowd-{i}") for i in range(8)]
        for other in calls:
            other.offer()
            other.answer()

        def ask(i):
            with Client("127.0.0.1", d.port) as client, contextlib.suppress(Refused):
                answers.append(client.request("play media", call_id=calls[i].id,
                                              from_tag="a", **{"db-id": i}))

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        play(d, call, from_tag="a", blob=tone_wav(0.2, 440))
        assert time.monotonic() - began < 0.5, time.monotonic() - began
        equal(len(Heard(a).played), 10)
        for thread in threads:
            thread.join()
        equal(answers, [])
        wait_until(lambda: d.log().count("): failed to connect to database") == 8)


@test("a server that hangs up, or talks nonsense")
def nonsense():
    for said in (b"", b"\x00\x00\x00\x00", os.urandom(5000), b"\xff\xff\xff\x00" + b"\n" * 100000,
                 b"HTTP/1.0 400 Bad Request\r\n\r\n"):
        with listener() as (s, port), Daemon(*options(port)) as d:
            def serve(s=s, said=said):
                with contextlib.suppress(OSError):
                    conn = s.accept()[0]
                    conn.sendall(said)
                    conn.close()
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            not_played(d, "failed to connect to database")
            thread.join()


@test("--mysql-pass is shown by nobody; --mysql-port has bounds, --mysql-query its one number")
def shown():
    status, out, _ = run("--config-file=none", "--dump-config", "--interface=127.0.0.1",
                         "--listen-ng=127.0.0.1:2223", *options(3306))
    equal(status, 0)
    contains(out, "\nmysql-port = 3306\n")
    assert "aardvark" not in out
    with Daemon(*options(3306)) as d:
        text = d.ng.request("cli", body="params start")["response"]
        contains(text, "mysql-pass = ***")
        assert "aardvark" not in text
    for option, text in (("--mysql-port=65536", "mysql-port"),
                         ("--mysql-query=select 1", "No '%llu' present in --mysql-query='select 1'"),
                         ("--mysql-query=%llu%s", "Too many '%' placeholders (2) present")):
        status, _, err = run("--config-file=none", "-f", "--interface=127.0.0.1",
                             "--listen-ng=127.0.0.1:2223", option)
        equal(status, 255)
        contains(err, text)


tap.run()
