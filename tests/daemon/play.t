#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media played into calls: what the listener gets is measured, beside what is relayed to it, and
what play media and stop media answer. TAP."""
import base64
import os
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from heard import Heard, call_between, level, play, refused, stop, tone_wav   # noqa: E402
from ng import Client, bencode                                     # noqa: E402
from rtp import Call, Party, rtp_header, sections                  # noqa: E402
from tap import equal, test                                        # noqa: E402
import tap                                                         # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="play-")


def tone_file(name, *args):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(tone_wav(*args))
    return path


def free_tcp_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@test("a file is heard by the party it is played to, and by nobody else")
def file(d):
    path = tone_file("file.wav", 1, 440)
    with call_between(d, "file") as (call, a, b):
        equal(play(d, call, from_tag="a", file=path)["duration"], 1000)
        heard = Heard(a)
        equal(len(heard.played), 50)
        heard.check_stream()
        assert level(heard.samples(), 440) > 9000, level(heard.samples(), 440)
        assert level(heard.samples(), 1000) < 300
        # The first packets come at once, the others in their time.
        assert 0.8 < heard.times[-1] - heard.times[0] < 1.3, heard.times[-1] - heard.times[0]
        equal(b.receive_all(), [])
        refused("Not currently playing media", stop, d, call, from_tag="a")


@test("content is played from the message, in bytes or base64, of any rate")
def blobs(d):
    with call_between(d, "blobs") as (call, a, _):
        for keys in ({"blob": tone_wav(0.3, 600, 44100)},
                     {"blob64": base64.b64encode(tone_wav(0.3, 600, 16000))}):
            equal(play(d, call, from_tag="a", **keys)["duration"], 300)
            heard = Heard(a)
            equal(len(heard.played), 15)
            assert level(heard.samples(), 600) > 9000, level(heard.samples(), 600)


@test("what is relayed goes on beside it with its own SSRC; with block-egress it waits")
def beside(d):
    path = tone_file("beside.wav", 0.5, 440)
    with call_between(d, "beside") as (call, a, b):
        for flags, relayed in (([], 20), (["block-egress"], 0)):
            play(d, call, from_tag="a", file=path, flags=flags)
            b.send(20)
            heard = Heard(a, other=b)
            equal((len(heard.played), len(heard.relayed)), (25, relayed))
        play(d, call, from_tag="a", file=tone_file("egress.wav", 5, 440), flags=["block-egress"])
        b.send(5)
        Heard(a, 0.2)
        text = d.ng.request("explain", call_id=call.id)["text"]
        assert "which hears what is played to it" in text, text
        stop(d, call, from_tag="a")
        a.receive_all()
        b.send(5)       # it is over: all passes again
        equal(len(Heard(a, other=b).relayed), 5)


@test("another playback goes on with SSRC and sequence numbers, its timestamps with the time")
def again(d):
    path = tone_file("again.wav", 0.2, 440)
    with call_between(d, "again") as (call, a, _):
        play(d, call, from_tag="a", file=path)
        first = Heard(a)
        began = first.times[0]
        play(d, call, from_tag="a", file=path)
        second = Heard(a)
        one, two, last = (rtp_header(p) for p in (first.played[0], second.played[0],
                                                  first.played[-1]))
        equal((two[3], two[1]), (one[3], (last[1] + 1) & 0xffff))
        passed = second.times[0] - began
        assert abs(((two[2] - one[2]) & 0xffffffff) / 8000 - passed) < 0.1, (one, two, passed)
        equal(second.played[0][1] >> 7, 1)


@test("stop media ends it and tells how far it was; start-pos goes on from there")
def stopped(d):
    path = tone_file("long.wav", 30, 500, 16000)
    with call_between(d, "stopped") as (call, a, _):
        equal(play(d, call, from_tag="a", file=path)["duration"], 30000)
        Heard(a, 0.5)
        position = stop(d, call, from_tag="a")["last-frame-pos"]
        assert 0.3 < position / 16000 < 1.2, position
        a.receive_all()
        refused("Not currently playing media", stop, d, call, from_tag="a")
        play(d, call, from_tag="a", file=path, **{"start-pos": 16000 * 29 + 8000})
        equal(len(Heard(a).played), 25)
        play(d, call, from_tag="a", file=path, **{"start-pos": 16000 * 31})
        equal(len(Heard(a).played), 0)


@test("repeats: by number, by time, and whichever is over first")
def repeats(d):
    path = tone_file("short.wav", 0.1, 440)
    with call_between(d, "repeats") as (call, a, _):
        for keys, times in (({"repeat-times": 3}, 3), ({"repeat-duration": 250}, 3),
                            ({"repeat-times": 2, "repeat-duration": 5000}, 2),
                            ({"repeat-times": 9, "repeat-duration": 150}, 2)):
            play(d, call, from_tag="a", file=path, **keys)
            equal(len(Heard(a).played), 5 * times, str(keys))


@test("all: both parties hear it; a new playback takes the place of one that goes on")
def everybody(d):
    long, short = tone_file("all.wav", 20, 440), tone_file("new.wav", 0.2, 900)
    with call_between(d, "all") as (call, a, b):
        play(d, call, all="all", file=long)
        for party in (a, b):
            assert Heard(party, 0.2).played
        play(d, call, all="all", file=short)
        for party in (a, b):
            party.receive_all(quiet=0.3)
        refused("Not currently playing media", stop, d, call, all="all")


@test("opus: a party that speaks it gets it, with its clock")
def opus(d):
    path = tone_file("opus.wav", 0.4, 440)
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "opus")
        call.offer(a.sdp("rtpmap:96 opus/48000/2", formats="96"))
        call.answer(b.sdp("rtpmap:96 opus/48000/2", formats="96"))
        play(d, call, from_tag="b", file=path)
        heard = Heard(b)
        equal(len(heard.played), 20)
        headers = [rtp_header(p) for p in heard.played]
        equal({h[0] for h in headers}, {96})
        equal({(y[2] - x[2]) & 0xffffffff for x, y in zip(headers, headers[1:])}, {960})
        sizes = []
        for rate in (12000, 96000):
            play(d, call, from_tag="b", file=path, codec={"set": [f"opus/48000/2/{rate}"]})
            sizes.append(sum(len(p) - 12 for p in Heard(b).played))
        assert sizes[0] * 3 < sizes[1], sizes
        call.delete()


@test("a re-offer with another codec: it goes on in that one")
def renegotiated(d):
    path = tone_file("reoffer.wav", 20, 440)
    with call_between(d, "reoffer") as (call, a, b):
        play(d, call, from_tag="a", file=path)
        equal({rtp_header(p)[0] for p in Heard(a, 0.2).played}, {0})
        call.offer(a.sdp(formats="8", version=2))
        call.answer(b.sdp(formats="8", version=2))
        a.receive_all(quiet=0.001)
        Heard(a, 0.2)
        equal({rtp_header(p)[0] for p in Heard(a, 0.2).played}, {8})
        call.offer(a.sdp("rtpmap:9 G722/8000", formats="9", version=3))
        call.answer(b.sdp("rtpmap:9 G722/8000", formats="9", version=3))
        Heard(a, 0.3)
        equal({rtp_header(p)[0] for p in Heard(a, 0.3).played}, {9})
        stop(d, call, from_tag="a")


@test("sender reports come with the first packet")
def reports(d):
    path = tone_file("report.wav", 0.2, 440)
    with call_between(d, "reports") as (call, a, _):
        play(d, call, from_tag="a", file=path)
        got = a.receive(a.rtcp)
        ssrc = rtp_header(Heard(a).played[0])[3]
        equal((got[0][1], got[0][4:8]), (200, ssrc.to_bytes(4, "big")))
        seconds = int.from_bytes(got[0][8:12], "big") - 2208988800
        assert abs(seconds - time.time()) < 5, seconds


@test("what cannot be played is refused, in the words that clients know")
def errors(d):
    text = os.path.join(FOLDER, "text")
    with open(text, "w", encoding="utf-8") as f:
        f.write("no audio " * 1000)
    fifo = os.path.join(FOLDER, "fifo")
    os.mkfifo(fifo)
    playlist = os.path.join(FOLDER, "list.m3u8")
    with open(playlist, "w", encoding="utf-8") as f:
        f.write(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tone_file('x.wav', 1, 440)}\n")
    with call_between(d, "errors") as (call, a, _):
        for path in ("/none", text, fifo, FOLDER, "/dev/zero", playlist, "nul\0byte"):
            refused("Failed to start media playback from file", play, d, call, from_tag="a",
                    file=path)
        refused("Failed to start media playback from blob", play, d, call, from_tag="a",
                blob="nothing")
        refused("Failed to start media playback from blob", play, d, call, from_tag="a",
                blob64="!!!")
        refused("Failed to start media playback from database", play, d, call, from_tag="a",
                **{"db-id": 1})
        refused("No media file specified", play, d, call, from_tag="a")
        refused("No participant party specified", play, d, call, file="/none")
        refused("Unknown call-ID", d.ng.request, "play media", call_id="none", file="x")
        refused("No call-id in message", d.ng.request, "play media", file="x")
        equal(a.receive_all(), [])


@test("requests of the call behind one that waits for its file keep their order")
def order(d):
    path = tone_file("order.wav", 20, 440)
    with call_between(d, "order") as (call, a, _):
        for _ in range(20):
            messages = [{"command": "play media", "call-id": call.id, "from-tag": "a", "file": path},
                        {"command": "stop media", "call-id": call.id, "from-tag": "a"}]
            for i, message in enumerate(messages):
                d.ng.sock.send(b"o%d_%d " % (_, i) + bencode(message))
            for i in range(2):
                reply = d.ng.receive()
                assert reply.startswith(b"o%d_%d " % (_, i)) and b"2:ok" in reply, reply
        # Each repeat gets the answer: of one that waits when it is there, whoever sends it.
        with Client("127.0.0.1", d.port) as other:
            for client in (d.ng, d.ng, other):
                client.sock.send(b"same " + bencode(messages[0]))
            first = d.ng.receive()
            equal((d.ng.receive(), other.receive()), (first, first))
        d.ng.sock.send(b"same " + bencode(messages[0]))
        equal(d.ng.receive(), first)
        equal(d.ng.receive(0.2), None)
        stop(d, call, from_tag="a")


@test("an answer that waited and does not fit a datagram is refused like others")
def long_answer(d):
    path = tone_file("long.wav", 20, 440)
    with call_between(d, "long") as (call, _, _):
        for i in range(30):
            d.ng.request("offer", call_id=call.id, from_tag="a", via_branch=f"b{i}" + "x" * 3000,
                         sdp=call.a.sdp(), label="l" * 1500)
        wait = {"command": "play media", "call-id": call.id, "from-tag": "a", "file": path}
        d.ng.sock.send(b"first " + bencode(wait))
        d.ng.sock.send(b"long " + bencode({"command": "query", "call-id": call.id}))
        assert b"2:ok" in d.ng.receive()
        reply = d.ng.receive()
        assert reply.startswith(b"long ") and b"Reply does not fit a datagram" in reply, reply[:99]
        d.ng.request("delete", call_id=call.id, flags=["fast"])


@test("the call ends while it is played to, and while a file is waited for")
def ended(d):
    path = tone_file("ended.wav", 20, 440)
    with call_between(d, "ended") as (call, a, _):
        play(d, call, from_tag="a", file=path)
        d.ng.sock.send(b"waits " + bencode({"command": "play media", "call-id": call.id,
                                            "from-tag": "a", "file": path}))
        d.ng.sock.send(b"behind " + bencode({"command": "delete", "call-id": call.id,
                                             "from-tag": "a"}))
        assert b"2:ok" in d.ng.receive() and b"2:ok" in d.ng.receive()
        a.receive_all()
        equal(a.receive(timeout=0.2), None)
    assert d.alive()


def held(call, sender, tag, peer, direction, **keys):
    """A re-offer of `sender`; the section that its peer is shown, once that has been answered."""
    body = call.ng.request("offer", call_id=call.id, from_tag=sender.tag, to_tag=peer.tag,
                           sdp=sender.sdp(direction, version=tag), **keys)["sdp"]
    return sections(body)[0]


def directions(media):
    return [x for x in media.attributes if x in ("sendrecv", "sendonly", "recvonly", "inactive")]


@test("music on hold: the held party hears it instead of the holder, until it is taken back")
def music(d):
    moh = {"file": tone_file("moh.wav", 0.3, 700)}
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "moh")
        call.offer(moh=moh)
        call.answer()
        b.receive_all()
        equal(directions(held(call, a, 2, b, "sendonly")), ["sendonly"])
        answer = d.ng.request("answer", call_id=call.id, from_tag="a", to_tag="b",
                              sdp=b.sdp("recvonly", version=2))["sdp"]
        equal(directions(sections(answer)[0]), ["recvonly"])
        assert b.receive(), "no music"          # no command waits for it
        a.send(20)
        heard = Heard(b, 1, other=a)
        equal(len(heard.relayed), 0)
        assert len(heard.played) > 40, len(heard.played)        # longer than the file
        assert level(heard.samples()[-4000:], 700) > 8000
        refused("Currently MoH ongoing, ignore stop media.", stop, d, call, from_tag="b")
        equal(directions(held(call, a, 3, b, "sendrecv")), ["sendrecv"])
        d.ng.request("answer", call_id=call.id, from_tag="a", to_tag="b", sdp=b.sdp(version=3))
        b.receive_all(quiet=0.2)
        a.send(5)
        equal(len(Heard(b, other=a).relayed), 5)
        call.delete()


@test("music on hold: modes, reflect, a zero address, its attribute, limits")
def music_modes():
    path = tone_file("moh2.wav", 0.3, 700)
    options = ["--moh-attr-name=on-hold", "--moh-prevent-double-hold", "--moh-max-repeats=2"]
    with Daemon(*options) as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "modes")
        call.offer(moh={"file": path, "mode": "sendrecv", "connection": "zero"})
        call.answer()
        shown = held(call, a, 2, b, "inactive")
        equal((directions(shown), shown.address), (["sendrecv"], "0.0.0.0"))
        answer = d.ng.request("answer", call_id=call.id, from_tag="a", to_tag="b",
                              sdp=b.sdp(version=2))["sdp"]
        equal(directions(sections(answer)[0]), ["inactive"])
        equal(len(Heard(b).played), 30)         # twice, and no more
        held(call, a, 3, b, "inactive")
        equal(len(Heard(b).played), 0)
        shown = held(call, a, 4, b, "sendrecv")
        equal((directions(shown), shown.address), (["sendrecv"], "127.0.0.1"))
        # The other one holds, with the music of the one it holds.
        a.receive_all()
        body = d.ng.request("offer", call_id=call.id, from_tag="b", to_tag="a",
                            sdp=b.sdp("sendonly", version=5), moh={"mode": "reflect"})["sdp"]
        assert "a=on-hold\r\n" in body, body
        equal(len(Heard(a).played), 30)
        d.ng.request("offer", call_id=call.id, from_tag="b", to_tag="a", sdp=b.sdp(version=6))
        marked = b.sdp("sendonly", version=7).replace("t=0 0\r\n", "t=0 0\r\na=on-hold\r\n")
        body = d.ng.request("offer", call_id=call.id, from_tag="b", to_tag="a", sdp=marked,
                            moh={"mode": "reflect"})["sdp"]
        equal(body.count("a=on-hold\r\n"), 1)
        equal(len(Heard(a).played), 0)
        call.delete()


@test("--media-dir: names are relative to it, and nothing outside is played")
def confined():
    inside = tempfile.mkdtemp(prefix="media-")
    with open(os.path.join(inside, "in.wav"), "wb") as f:
        f.write(tone_wav(0.2, 440))
    outside = tone_file("outside.wav", 0.2, 440)
    os.symlink(outside, os.path.join(inside, "link.wav"))
    with Daemon("--media-dir", inside) as d, call_between(d, "confined") as (call, a, _):
        for path in ("in.wav", os.path.join(inside, "in.wav")):
            play(d, call, from_tag="a", file=path)
            equal(len(Heard(a).played), 10)
        for path in (outside, "link.wav", "../" + os.path.basename(FOLDER) + "/outside.wav"):
            refused("Failed to start media playback from file", play, d, call, from_tag="a",
                    file=path)


@test("--preload-media-files: a file is in memory before it is played")
def preloaded():
    path = tone_file("preload.wav", 0.2, 440)
    with Daemon(f"--preload-media-files={path}", "--preload-media-files=/none") as d:
        d.wait_log("Failed to preload '/none'")
        with call_between(d, "preloaded") as (call, a, _):
            for _ in range(2):
                play(d, call, from_tag="a", file=path)
                equal(len(Heard(a).played), 10)
            tone_file("preload.wav", 0.4, 440)      # it has changed
            play(d, call, from_tag="a", file=path)
            equal(len(Heard(a).played), 20)


@test("over TCP answers come when they are there, also to who has nothing more to say")
def tcp():
    path = tone_file("tcp.wav", 0.2, 440)
    port = free_tcp_port()
    with Daemon(f"--listen-tcp-ng=127.0.0.1:{port}") as d, call_between(d, "tcp") as (call, a, _):
        message = bencode({"command": "play media", "call-id": call.id, "from-tag": "a",
                           "file": path})
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            s.sendall(b"t1 " + message + b"t2 " + message)
            s.shutdown(socket.SHUT_WR)
            got = b""
            while data := s.recv(65536):
                got += data
        equal(got.count(b"8:durationi200e"), 2)
        assert got.startswith(b"t1 ") and b"t2 " in got, got
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            s.sendall(b"t3 " + message)     # gone before there is an answer
        assert Heard(a).played
        assert d.alive()


@test("--media-num-threads=0 plays nothing")
def switched_off():
    path = tone_file("off.wav", 0.2, 440)
    with Daemon("--media-num-threads=0") as d, call_between(d, "off") as (call, _, __):
        refused("Failed to start media playback from file", play, d, call, from_tag="a", file=path)


with Daemon(level=6) as daemon:
    tap.run(daemon)
