#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The NG protocol as bytes on the wire: framing, both encodings, errors, repeated requests, and
the address a reply comes from. TAP."""
import json
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, free_udp_port, has_ipv6 # noqa: E402
from ng import Client, bdecode, bencode           # noqa: E402
from rtp import Call, Party                       # noqa: E402
from tap import Skip, contains, equal, test       # noqa: E402
import tap                                        # noqa: E402

SILENCE_SECONDS = 0.2
IP_RECVTOS = getattr(socket, "IP_RECVTOS", 13)  # has a name in later Pythons


def error(text):
    return {"result": "error", "error-reason": text}


@test("the bytes of a ping in bencode and in JSON")
def ping(d):
    equal(d.ng.raw(b"k7 d7:command4:pinge"), b"k7 d6:result4:ponge")
    equal(d.ng.raw(b'k8 {"command":"ping"}'), b'k8 {"result":"pong"}')


@test("neither d nor { is an error in bencode")
def neither(d):
    equal(d.ng.raw(b"k9 x"), b"k9 d6:result5:error12:error-reason22:Invalid NG data formate")


@test("a cookie seen before gets the stored answer, whatever is asked with it")
def repeated(d):
    d.ng.raw(b"r1 d7:command4:pinge")
    equal(d.ng.raw(b"r1 d7:command5:offere"), b"r1 d6:result4:ponge")
    equal(d.ng.raw(b'r1 {"command":"list"}'), b"r1 d6:result4:ponge")
    equal(d.ng.raw(b"r1 "), b"r1 d6:result4:ponge")


@test("error answers are stored, too")
def repeated_error(d):
    first = d.ng.raw(b"r2 rubbish")
    equal(d.ng.raw(b"r2 d7:command4:pinge"), first)


@test("cookies are known from every address")
def repeated_elsewhere(d):
    d.ng.raw(b"r3 d7:command4:pinge")
    with Client("127.0.0.1", d.port) as other:
        equal(other.raw(b'r3 {"command":"ping"}'), b"r3 d6:result4:ponge")


@test("a repeated offer is not carried out twice")
def repeated_offer(d):
    with Party("a") as a:
        document = bencode({"command": "offer", "call-id": "twice", "from-tag": "a",
                            "sdp": a.sdp()})
        first = d.ng.raw(b"r4 " + document)
        equal(bdecode(first[3:])["result"], "ok")
        d.ng.request("delete", call_id="twice")
        equal(d.ng.raw(b"r4 " + document), first)
        assert "twice" not in d.ng.calls()


@test("nothing is sent for a message without a cookie")
def no_cookie(d):
    for message in (b"", b"d7:command4:pinge", b" d7:command4:pinge", b" ", b'{"command":"ping"}'):
        equal(d.ng.raw(message, timeout=SILENCE_SECONDS / 5), None, repr(message))
    equal(d.ng.receive(SILENCE_SECONDS), None)
    assert d.alive()


@test("odd cookies come back as they were")
def odd_cookies(d):
    for cookie in (b"\0\xff\r\n", b"x" * 1000, b"d1:ae", "\u00fc".encode()):
        equal(d.ng.raw(cookie + b" d7:command4:pinge"), cookie + b" d6:result4:ponge")


@test("documents that are none")
def bad_documents(d):
    for document, text in (
            (b"", "Invalid data (no payload)"),
            (b" d7:command4:pinge", "Invalid NG data format"),
            (b"l4:pinge", "Invalid NG data format"),
            (b"d7:command", "Could not decode bencode dictionary"),
            (b"d7:command4:pin", "Could not decode bencode dictionary"),
            (b"di1e4:pinge", "Could not decode bencode dictionary"),
            (b"d7:command4:ping1:ai01ee", "Could not decode bencode dictionary"),
            (b"d7:commande", "Could not decode bencode dictionary"),
            (b"de", 'Dictionary contains no key "command"'),
            (b"d7:commandi1ee", 'Dictionary contains no key "command"'),
            (b"d7:command4:PINGe", "Unrecognized command"),
            (b"d7:command5:ping e", "Unrecognized command"),
            (b"d7:command0:e", "Unrecognized command")):
        equal(bdecode(d.ng.document(document)), error(text), repr(document))


@test("bencode may lack its last e, have bytes behind it, keys in any order")
def lenient(d):
    for document in (b"d7:command4:ping", b"d7:command4:pingegarbage", b"d1:ai-0e7:command4:pinge",
                     b"d7:command4:ping1:bd1:clee1:ai7ee"):
        equal(d.ng.document(document), b"d6:result4:ponge", repr(document))


@test("errors in JSON are answered in JSON")
def bad_json(d):
    for document, text in (
            (b"{", "Failed to parse JSON document"),
            (b'{"command":"ping"', "Failed to parse JSON document"),
            (b'{"command":ping}', "Failed to parse JSON document"),
            (b"{}", 'Dictionary contains no key "command"'),
            (b'{"command":1}', 'Dictionary contains no key "command"'),
            (b'{"command":"nothing"}', "Unrecognized command")):
        equal(json.loads(d.ng.document(document)), error(text), repr(document))


@test("JSON with white space, escapes and all kinds of values")
def json_values(d):
    document = '{ "command" :\t"pin\\u0067" ,\n"a":[1,-2.5e3,true,null,{"b":"\u20ac"}],"c":{} }'
    equal(d.ng.document(document.encode()), b'{"result":"pong"}')


@test("a call by JSON")
def json_call(d):
    with Party("a") as a, Party("b") as b:
        ids = {"call-id": "by-json \u20ac", "from-tag": 'quote"\\'}
        offer = d.ng.request_json({"command": "offer", "sdp": a.sdp(), **ids})
        equal(offer["result"], "ok")
        contains(offer["sdp"], "\r\nm=audio ")
        answer = d.ng.request_json({"command": "answer", "to-tag": "b", "sdp": b.sdp(), **ids})
        equal(answer["result"], "ok")
        contains(d.ng.request_json({"command": "list"})["calls"], ids["call-id"])
        query = d.ng.request_json({"command": "query", **{"call-id": ids["call-id"]}})
        equal(set(query["tags"]), {ids["from-tag"], "b"})
        equal(d.ng.request_json({"command": "delete", **ids})["result"], "ok")


@test("integers may be strings")
def coercion(d):
    equal(d.ng.request("list", limit="0"), {"calls": [], "result": "ok"})
    equal(d.ng.request_json({"command": "list", "limit": "0"}), {"calls": [], "result": "ok"})


@test("list: its limit, and an error for a negative one")
def list_limit(d):
    with Party("a") as a:
        for n in range(5):
            Call(d.ng, a, Party("b"), f"listed {n}").offer()
        equal(len(d.ng.request("list", limit=3)["calls"]), 3)
        assert len(d.ng.calls()) >= 5
    equal(d.ng.refused("list", limit=-1), "invalid limit, must be >= 0")


@test("requests that lack something, in the order of the checks")
def missing_keys(d):
    sdp = Party("a").sdp()
    for command, keys, text in (
            ("offer", {}, "No SDP body in message"),
            ("offer", {"sdp": 1}, "No SDP body in message"),
            ("offer", {"sdp": sdp}, "No call-id in message"),
            ("offer", {"sdp": sdp, "call-id": "x"}, "No from-tag in message"),
            ("answer", {"sdp": sdp, "call-id": "x", "from-tag": "a"}, "No to-tag in message"),
            ("answer", {"sdp": sdp, "call-id": "x", "from-tag": "a", "to-tag": "b"},
             "Unknown call-id"),
            ("delete", {}, "No call-id in message"),
            ("query", {}, "No call-id in message"),
            ("query", {"call-id": "x"}, "Unknown call-id")):
        equal(d.ng.refused(command, keys), text, f"{command} {sorted(keys)}")


@test("an unknown call to delete is a warning, or an error if asked")
def delete_unknown(d):
    text = "Call-ID not found or tags didn't match"
    equal(d.ng.request("delete", call_id="nobody"), {"warning": text, "result": "ok"})
    equal(d.ng.refused("delete", call_id="nobody", flags=["fatal"]), text)


@test("other spellings of keys, and unknown keys and flags, are no errors")
def spellings(d):
    with Party("a") as a:
        reply = d.ng.request("offer", {"call-ID": "spelt", "from tag": "a", "SDP": a.sdp(),
                                       "no-such-key": [1, {}], "flags": ["no-such-flag"]})
        contains(reply["sdp"], "m=audio ")
        d.ng.request("delete", call_id="spelt")


@test("call-IDs and tags may hold any byte")
def any_byte(d):
    with Party("a") as a:
        call_id = "".join(map(chr, range(256)))
        d.ng.request("offer", call_id=call_id, from_tag="\0\xff", sdp=a.sdp())
        contains(d.ng.calls(), call_id)
        contains(d.ng.request("query", call_id=call_id)["tags"], "\0\xff")
        d.ng.request("delete", call_id=call_id)


@test("a reply comes from the address that was asked, also on a wildcard socket")
def wildcard():
    with Daemon(listen="") as daemon:
        for host in ("127.0.0.1", "127.0.0.2", "127.4.5.6"):
            with Client(host, daemon.port) as client:   # does not see others' datagrams
                equal(client.request("ping"), {"result": "pong"}, host)


@test("a listener that is only a port listens on IPv6 as well")
def wildcard_ipv6():
    if not has_ipv6():
        raise Skip("no ::1 here")
    with Daemon(listen="") as daemon, Client("::1", daemon.port) as client:
        equal(client.request("ping"), {"result": "pong"})


def reply_tos(host, port):
    """TOS or traffic class of the reply to a ping."""
    with Client(host, port) as client:
        level, ask, kind = (
            (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS) if ":" in host else
            (socket.IPPROTO_IP, IP_RECVTOS, socket.IP_TOS))
        client.sock.setsockopt(level, ask, 1)
        client.sock.settimeout(client.timeout)
        client.sock.send(b"tos%d d7:command4:pinge" % client.sock.getsockname()[1])
        data, more, _, _ = client.sock.recvmsg(1000, 100)
        contains(data, b" d6:result4:ponge")
        values = [value for at, name, value in more if (at, name) == (level, kind)]
        return int.from_bytes(values[0], sys.byteorder)     # a byte, or an int


@test("replies have the TOS of --control-tos, and none without it")
def control_tos(d):
    equal(reply_tos("127.0.0.1", d.port), 0)
    with Daemon("--control-tos=184") as daemon:
        equal(reply_tos("127.0.0.1", daemon.port), 184)
    with Daemon("--control-tos=96", "--tos=184") as daemon:
        equal(reply_tos("127.0.0.1", daemon.port), 96)


@test("also those of a listener that is only a port")
def control_tos_wildcard():
    with Daemon("--control-tos=184", listen="") as daemon:
        for host in ("127.0.0.1", "127.0.0.2") + (("::1",) if has_ipv6() else ()):
            equal(reply_tos(host, daemon.port), 184, host)


@test("several listeners")
def several():
    port = free_udp_port("127.0.0.7")
    with Daemon(f"--listen-ng=127.0.0.7:{port}") as daemon, Client("127.0.0.7", port) as client:
        equal(client.request("ping"), {"result": "pong"})
        assert daemon.alive()


with Daemon(level=4) as shared:
    tap.run(shared)
