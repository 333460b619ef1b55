#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media played out of a database: a MariaDB server of its own, in a folder of its own. TAP."""
import atexit
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "daemon"))
import tap                                                         # noqa: E402
from daemon import LIVING, PROGRAM, Daemon, Output                 # noqa: E402
from heard import Heard, call_between, level, play, refused, stop, tone_wav   # noqa: E402
from ng import Client, Refused, bencode                            # noqa: E402
from rtp import Call, Party                                        # noqa: E402
from tap import equal, test, wait_until                  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="database-")
QUERY = "select data from voip.files where id = %llu"
REFUSED = "Failed to start media playback from database"
BIG_SECONDS = 57
HUGE = 140000000        # more than is taken
SMALL = ["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", "--max-allowed-packet=1G"]


def logged(d, *texts):
    for text in texts:
        wait_until(lambda t=text: t in d.log(), what=f"{text!r} in the log")


def cause(number, text, query=QUERY):
    return f"{REFUSED} (used query '{query.replace('%llu', str(number))}'): {text}"


class Server:
    """mariadbd on loopback and a socket in its folder; `run` has it carry out statements first."""

    def __init__(self):
        self.data, self.process, self.output = os.path.join(FOLDER, "data"), None, Output()
        self.socket = os.path.join(FOLDER, "socket")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        os.mkdir(self.data)
        self.bootstrap()

    def command(self, *args):
        user = ["--user=root"] if os.geteuid() == 0 else []
        return [MARIADBD, "--no-defaults", *user, f"--datadir={self.data}", *SMALL, *args]

    def bootstrap(self):
        """What mariadb-install-db does, which needs the client's package."""
        text = "create database mysql;\nuse mysql;\nset @auth_root_socket=NULL;\nset @skip_auth_anonymous=1;\n"
        for name in ("tables", "tables_data"):
            with open(glob.glob(f"/usr/share/m*/m*_system_{name}.sql")[0], encoding="utf-8") as f:
                text += f.read()
        p = subprocess.run(self.command("--bootstrap"), input=text, capture_output=True, text=True,
                           timeout=60)
        equal(p.returncode, 0, p.stderr[-2000:])

    def start(self, statements=""):
        init = os.path.join(FOLDER, "init.sql")
        with open(init, "w", encoding="utf-8") as f:
            f.write(statements)
        self.output = Output()
        self.process = subprocess.Popen(
            self.command("--bind-address=127.0.0.1", f"--port={self.port}", f"--socket={self.socket}",
                         "--skip-name-resolve", f"--init-file={init}"),
            stdin=subprocess.DEVNULL, stdout=self.output.file, stderr=self.output.file)
        LIVING.add(self.process)
        wait_until(lambda: "ready for connections" in self.output.text() or self.process.poll(), 30,
                   "a server that is ready")
        equal(self.process.poll(), None, self.output.text())

    def kill(self):
        self.process.kill()
        self.process.wait()
        LIVING.discard(self.process)

    def connections(self):
        """Those that are open, as the system sees them from this side."""
        with open("/proc/net/tcp", encoding="ascii") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return sum(row[2].endswith(f":{self.port:04X}") and row[3] == "01" for row in rows)

    def options(self, query=QUERY, **more):
        values = {"host": "127.0.0.1", "port": self.port, "user": "player", "pass": "aardvark",
                  "query": query, **more}
        return [f"--mysql-{name}={value}" for name, value in values.items() if value]


def put(number, content, name="content"):
    """The statement that has it in the table."""
    path = os.path.join(FOLDER, f"{name}-{number}")
    with open(path, "wb") as f:
        f.write(content)
    return f"replace into voip.files values ({number}, load_file('{path}'));\n"


def fill():
    return ("create database voip;\n"
            "create table voip.files (id bigint unsigned primary key, data longblob);\n"
            "create user player@'%' identified by 'aardvark';\n"
            "grant select, execute on voip.* to player@'%';\n"
            "create procedure voip.get(i bigint unsigned) sql security invoker "
            "select data from voip.files where id = i;\n"
            + put(1, tone_wav(1, 440)) + put(2, b"no audio " * 1000)
            + put(3, tone_wav(BIG_SECONDS, 500, 44100)) + put(4, tone_wav(0.2, 600))
            + "replace into voip.files values (5, NULL), (6, '');\n")


def heard_of(d, call, a, hz, packets, number):
    play(d, call, from_tag="a", **{"db-id": number})
    heard = Heard(a)
    equal(len(heard.played), packets)
    assert level(heard.samples(), hz) > 8000, level(heard.samples(), hz)


@test("a number's content is heard, however the number is written; the connection is kept")
def found(d):
    with call_between(d, "found") as (call, a, b):
        equal(play(d, call, from_tag="a", **{"db-id": 1})["duration"], 1000)
        heard = Heard(a)
        equal(len(heard.played), 50)
        heard.check_stream()
        assert level(heard.samples(), 440) > 9000, level(heard.samples(), 440)
        equal(b.receive_all(), [])
        heard_of(d, call, a, 600, 10, "4")
        d.ng.request("play media", call_id=call.id, from_tag="a", rtpp_flags="db-id=4")
        equal(len(Heard(a).played), 10)
    equal(server.connections(), 1)


@test("no such row, nothing in it, nothing that can be played: refused, and the log says why")
def not_found(d):
    with call_between(d, "not-found") as (call, a, _):
        for number, text in ((7, "empty result from database"), (5, "empty result from database"),
                             (6, "empty result from database"), (9223372036854775807, "empty result"),
                             (2, "Invalid data found")):
            refused(REFUSED, play, d, call, from_tag="a", **{"db-id": number})
            logged(d, cause(number, text))
        heard_of(d, call, a, 600, 10, 4)


@test("5 MB: it plays, and whoever plays the same shares it")
def big(d):
    with call_between(d, "big") as (call, a, b):
        began = time.monotonic()
        equal(play(d, call, from_tag="a", **{"db-id": 3})["duration"], BIG_SECONDS * 1000)
        tap.show(f"5 MB: an answer after {(time.monotonic() - began) * 1000:.0f} ms")
        equal(play(d, call, from_tag="b", **{"db-id": 3})["duration"], BIG_SECONDS * 1000)
        for party in (a, b):
            heard = Heard(party, 0.5)
            assert level(heard.samples(), 500) > 8000, level(heard.samples(), 500)
        stop(d, call, all="all")


@test("eight plays at once, of one content and of several")
def at_once(d):
    parties = [Party(f"p{i}") for i in range(9)]
    calls, times = [], []
    for i, a in enumerate(parties[:8]):
        calls.append(Call(d.ng, a, parties[8], f"once-{i}"))
        calls[i].offer()
        calls[i].answer()

    def ask(i):
        with Client("127.0.0.1", d.port) as client:
            began = time.monotonic()
            client.request("play media", call_id=calls[i].id, from_tag=f"p{i}",
                           **{"db-id": 1 if i % 2 else 4})
            times.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(times), 8)
    tap.show(f"eight at once: answers within {max(times) * 1000:.0f} ms")
    for i in range(8):
        equal(len(Heard(parties[i]).played), 50 if i % 2 else 10)
        calls[i].delete()
    assert server.connections() <= 8, server.connections()
    for party in parties:
        party.__exit__()


@test("music on hold and announcements by number")
def elsewhere(d):
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "moh")
        call.offer(moh={"db-id": 4}, flags=["recording-announcement"], db_id=7)
        call.answer(moh={"db-id": 1})
        for keys, hz in (({}, 600), ({"moh": {"mode": "reflect"}}, 440)):
            call.offer(a.sdp("sendonly", version=2), to_tag="b", **keys)
            heard = Heard(b, 0.8)
            assert len(heard.played) > 30, len(heard.played)
            assert level(heard.samples(), hz) > 8000, (hz, level(heard.samples(), hz))
            call.offer(a.sdp(version=3), to_tag="b")
            call.answer(b.sdp(version=3))
            b.receive_all(quiet=0.2)
        call.offer(a.sdp(version=4), to_tag="b", flags=["recording-announcement"], db_id=4)
        call.answer(b.sdp(version=4))
        a.receive_all()
        d.ng.request("start recording", call_id=call.id)
        heard = Heard(a)
        equal(len(heard.played), 10)
        assert level(heard.samples(), 600) > 8000, level(heard.samples(), 600)
        call.delete()


@test("the server is killed and started again between two plays; it has other content then")
def restarted(d):
    with call_between(d, "restarted") as (call, a, _):
        heard_of(d, call, a, 600, 10, 4)
        server.kill()
        server.start(put(4, tone_wav(0.2, 900), "changed"))
        heard_of(d, call, a, 900, 10, 4)
        server.kill()
        refused(REFUSED, play, d, call, from_tag="a", **{"db-id": 4})
        logged(d, "Failed to connect to database: ", cause(4, "failed to connect to database"))
        server.start()
        time.sleep(1)       # none is tried so soon
        heard_of(d, call, a, 900, 10, 4)


@test("a wrong password: refused, told, and never shown")
def wrong_password():
    with Daemon(*server.options(**{"pass": "zebra"})) as d, call_between(d, "wrong") as (call, _, __):
        refused(REFUSED, play, d, call, from_tag="a", **{"db-id": 1})
        logged(d, "Failed to connect to database: Access denied for user 'player'",
               cause(1, "failed to connect to database"))
        assert "zebra" not in d.log()


@test("by the server's socket, as localhost")
def by_socket():
    env = {"MYSQL_UNIX_PORT": server.socket}
    with Daemon(*server.options(host="localhost", port=0), env=env) as d:
        with call_between(d, "socket") as (call, a, _):
            heard_of(d, call, a, 900, 10, 4)


@test("queries that fail are tried five times; those without a result, and too much of one, are refused")
def bad_queries():
    wrong = "select data from voip.nothing where id = %llu"
    for query, number, text, tries in (
            (wrong, 1, "exceeded max number of database retries", 5),
            ("do %llu", 1, "failed to get result from database", 0),
            ("select repeat('x', %llu)", HUGE, "failed to get result from database", 1),
            ("select repeat('x', %llu), 1 limit 0", 10, "empty result from database", 0)):
        with Daemon(*server.options(query)) as d, call_between(d, "bad") as (call, _, __):
            refused(REFUSED, play, d, call, from_tag="a", **{"db-id": number})
            logged(d, cause(number, text, query))
            equal(d.log().count("Failed to query from database: "), tries)


@test("only the first column of the first row counts, and others are not waited for")
def more_rows():
    query = ("select data, repeat('x', 1000000) from voip.files where id = %llu union all "
             "select repeat('x', 1000000), sleep(60) from voip.files")
    with Daemon(*server.options(query)) as d, call_between(d, "rows") as (call, a, _):
        for _ in range(2):
            heard_of(d, call, a, 900, 10, 4)


@test("a stored procedure as query, which has a second result")
def procedure():
    query = "call voip.get(%llu)"
    with Daemon(*server.options(query)) as d, call_between(d, "procedure") as (call, a, _):
        for _ in range(3):
            heard_of(d, call, a, 900, 10, 4)
        assert "Failed to" not in d.log()


@test("a server that is slow: who waits is told, and files are played meanwhile")
def slow():
    path = os.path.join(FOLDER, "file.wav")
    with open(path, "wb") as f:
        f.write(tone_wav(0.2, 440))
    query = "select sleep(60 + %llu)"
    with Daemon(*server.options(query), "--media-num-threads=2") as d:
        with call_between(d, "slow") as (call, _, __), call_between(d, "file") as (other, a, ___):
            answers = []

            def ask():
                with Client("127.0.0.1", d.port) as client:
                    try:
                        client.request("play media", call_id=call.id, from_tag="a", **{"db-id": 1})
                    except Refused as e:
                        answers.append(str(e))

            thread, began = threading.Thread(target=ask), time.monotonic()
            thread.start()
            time.sleep(0.3)
            play(d, other, from_tag="a", file=path)
            equal(len(Heard(a).played), 10)
            equal(answers, [])
            thread.join()
            passed = time.monotonic() - began
            assert 2 < passed < 6, passed
            equal(answers, [REFUSED])
            logged(d, cause(1, "reading it takes too long", query))


@test("the daemon ends while it waits for the server")
def ended():
    with Daemon(*server.options("select sleep(60 + %llu)")) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "ended")
        call.offer()
        call.answer()
        with Client("127.0.0.1", d.port) as client:
            client.sock.send(b"x " + bencode({"command": "play media", "call-id": call.id,
                                              "from-tag": "a", "db-id": 1}))
            equal(client.receive(0.3), None)
        began = time.monotonic()
        equal(d.stop(), 0)
        tap.show(f"after {time.monotonic() - began:.1f} s")


MARIADBD = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
if not MARIADBD:
    tap.skip_all("no mariadbd here (mariadb-server-core)")
if not os.path.exists(os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "plugins", "mysql.so")):
    tap.skip_all("the plugin mysql was not built")
atexit.register(shutil.rmtree, FOLDER, True)
server = Server()
atexit.register(server.kill)
server.start(fill())
with Daemon(*server.options(), f"--recording-dir={os.path.join(FOLDER, 'spool')}") as daemon:
    tap.run(daemon)
