#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams that mean harm: each is answered with an error that says what is wrong, or not at
all if it is no request, and the daemon carries on. TAP."""
import json
import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                          # noqa: E402
from ng import bdecode, bencode                    # noqa: E402
from rtp import Call, Party, rtp_packet            # noqa: E402
from tap import contains, equal, test              # noqa: E402
import tap                                         # noqa: E402

HEADER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
AUDIO = "m=audio 4000 RTP/AVP 0\r\n"
BAD_BENCODE = "Could not decode bencode dictionary"
MAX_PAYLOAD = 65507     # of UDP over IPv4


def error_of(d, document):
    """The text of the error that must come, in the document's encoding; it is still alive."""
    answer = d.ng.document(document)
    assert answer is not None, f"no answer to {document[:60]!r}"
    reply = json.loads(answer) if document[:1] == b"{" else bdecode(answer)
    equal(reply.get("result"), "error", repr(document[:60]))
    assert d.alive()
    return reply["error-reason"]


def offer_error(d, sdp, **keys):
    text = d.ng.refused("offer", call_id="hostile", from_tag="a", sdp=sdp, **keys)
    assert d.alive()
    assert "hostile" not in d.ng.calls(), "a refused offer left a call behind"
    return text


@test("an offer cut off anywhere")
def truncated(d):
    whole = bencode({"sdp": HEADER + AUDIO, "call-id": "hostile", "from-tag": "a",
                     "flags": ["trust-address"], "replace": ["origin"], "command": "offer"})
    for end in range(1, len(whole) - 1):
        reply = bdecode(d.ng.document(whole[:end]))
        equal(reply["result"], "error", f"{end} bytes")
    equal(bdecode(d.ng.document(whole[:-1]))["result"], "ok", "only the last e is missing")
    d.ng.request("delete", call_id="hostile")
    assert d.alive()


@test("deep nesting")
def nesting(d):
    start = b"d7:command4:ping1:a"
    for deep in (b"l" * 60000, b"l" * 20000 + b"e" * 20001, b"d1:a" * 15000,
                 b"d1:a" * 5000 + b"de" + b"e" * 5001):
        equal(error_of(d, start + deep), BAD_BENCODE)
    for deep in (b"[" * 60000, b"[" * 20000 + b"]" * 20000 + b"}", b'{"a":' * 10000):
        equal(error_of(d, b'{"command":"ping","a":' + deep), "Failed to parse JSON document")


@test("lengths that lie")
def lengths(d):
    for length in (b"4294967296", b"4294967300", b"18446744073709551620", b"9" * 60, b"-1",
                   b"+4", b" 4", b"04294967300", b"5", b"65535", b"2147483648"):
        equal(error_of(d, b"d7:command" + length + b":ping"), BAD_BENCODE)
        error_of(d, b"d" + length + b":command4:pinge")


@test("integers that do not fit")
def integers(d):
    for digits in (b"99999999999999999999", b"-99999999999999999999", b"9" * 1000, b"", b"-",
                   b"1.5", b"0x1", b"1 "):
        equal(error_of(d, b"d7:command4:ping1:ai" + digits + b"ee"), BAD_BENCODE)
    equal(error_of(d, b"d7:command4:ping1:ai1"), BAD_BENCODE)


@test("60 kB of rubbish")
def rubbish(d):
    noise = random.Random(1).randbytes(60000)
    contains(("Invalid NG data format", BAD_BENCODE, "Failed to parse JSON document"),
             error_of(d, noise.replace(b" ", b"_")))
    equal(error_of(d, b"d" + noise), BAD_BENCODE)
    equal(error_of(d, b"{" + noise), "Failed to parse JSON document")
    equal(d.ng.raw(noise.replace(b" ", b"_"), timeout=0.1), None)
    equal(d.ng.raw(bytes(MAX_PAYLOAD), timeout=0.1), None)
    assert d.alive()


@test("the largest datagram, all of it a cookie or all of it one string")
def largest(d):
    d.ng.raw(b"x" * (MAX_PAYLOAD - 1) + b" ", timeout=0.2)    # no room for an answer
    error_of(d, b"d7:command60000:" + b"y" * 60000 + b"e")
    assert d.alive()


@test("JSON that is none")
def bad_json(d):
    for document in (b'{"a":1e999999}', b'{"a":"\xff\xfe"}', b'{"a":"\\ud800"}', b'{"a":"\\u12"}',
                     b'{"a"', b'{"a":01}', b'{"a":1,}', b'{,}', b'{"a":"\0"}', b'{"a":tru',
                     b'{"command":"\\u0000"}', b'{"a":' + b"9" * 5000 + b"}"):
        error_of(d, document)


@test("payload types that are none")
def payload_types(d):
    for number in (128, 255, 256, 65536, 4294967296, 18446744073709551616, "-1", "0x0", "0a"):
        equal(offer_error(d, HEADER + f"m=audio 4000 RTP/AVP {number}\r\n"),
              "Incomplete SDP specification", str(number))


@test("ports that are none")
def ports(d):
    for number in (65536, 69536, 4294967296, 4294971296, "-4000", "4000/11", "4000/0", "4000/",
                   "4000/4294967297", "x", "9" * 100):
        contains(("Failed to parse SDP", "Incomplete SDP specification"),
                 offer_error(d, HEADER + f"m=audio {number} RTP/AVP 0\r\n"), str(number))


@test("ten thousand m= lines")
def many_sections(d):
    offer_error(d, HEADER + "m=a 1 x 0\r\n" * 5000)
    document = bencode({"command": "offer", "call-id": "hostile", "from-tag": "a",
                        "sdp": HEADER + "m=\r\n" * 10000})
    error_of(d, document)
    sdp = HEADER + "m=x\n" * 10000
    error_of(d, bencode({"command": "offer", "call-id": "hostile", "from-tag": "a", "sdp": sdp}))


@test("more payload types, attributes and long lines than anybody needs")
def many_things(d):
    for sdp in (HEADER + "m=audio 4000 RTP/AVP" + " 0" * 20000 + "\r\n",
                HEADER + AUDIO + "a=rtpmap:0 PCMU/8000\r\n" * 2500,
                HEADER + AUDIO + "a=x\r\n" * 10000,
                HEADER + AUDIO + "a=candidate:1 1 UDP 1 127.0.0.1 9 typ host\r\n" * 1200,
                HEADER + AUDIO + "a=" + "x" * 60000 + "\r\n",
                HEADER + AUDIO + "b=AS:1\r\n" * 5000):
        reply = d.ng.try_request("offer", call_id="hostile", from_tag="a", sdp=sdp)
        assert reply and reply["result"] in ("ok", "error"), reply
        d.ng.request("delete", call_id="hostile")
        assert d.alive()


@test("codecs whose lists take long to compare hold nobody up")
def many_codecs(d):
    types = [*range(20, 72), *range(77, 127)]
    names = [f"OPAQUE{t}/8000" if t < 72 else f"CN/{t}00" for t in types]
    sdp = (HEADER + f"m=audio 4000 RTP/AVP {' '.join(map(str, types))} 8\r\n"
           + "".join(f"a=rtpmap:{t} {n}\r\n" for t, n in zip(types, names)))
    began = time.monotonic()
    d.ng.request("offer", call_id="hostile", from_tag="a", sdp=sdp,
                 codec={"transcode": ["PCMU"]})
    d.ng.request("answer", call_id="hostile", from_tag="a", to_tag="b", sdp=HEADER + AUDIO)
    d.ng.request("explain", call_id="hostile")
    took = time.monotonic() - began
    assert took < 2, f"{took} s for three commands"
    d.ng.request("delete", call_id="hostile")


@test("bodies that are none")
def bad_sdp(d):
    for sdp in ("", "v", "v=0", "\0" * 1000, "\r\n" * 1000, "v=0\r\n" * 10000, "v=1\r\n" + AUDIO,
                AUDIO, HEADER + "\0\0=\r\n" + AUDIO, HEADER + "m=audio\r\n", HEADER + "m\r\n",
                HEADER.replace("127.0.0.1", "127.0.0.256") + AUDIO,
                HEADER.replace("IP4", "IP6") + AUDIO, HEADER.replace("c=", "x=") + AUDIO,
                HEADER.replace("o=-", "o="), "v=0\r\n" + AUDIO, HEADER):
        contains(("Failed to parse SDP", "Incomplete SDP specification", "Error rewriting SDP",
                  "No SDP body in message"), offer_error(d, sdp), repr(sdp[:60]))


@test("numbers in attributes that are too large")
def bad_attributes(d):
    for line in ("rtcp:65536", "rtcp:4294967297 IN IP4 127.0.0.1", "ptime:99999999999999999999",
                 "rtpmap:99999999999 x/8000", "rtpmap:0 PCMU/99999999999999",
                 "rtpmap:0 PCMU/8000/99999999999", "fmtp:4294967296 x", "extmap:99999999999 x",
                 "maxptime:-1", "crypto:4294967296 AES_CM_128_HMAC_SHA1_80 inline:x", "rtcp-fb:x",
                 "candidate:" + "9" * 500, "ssrc:" + "9" * 500, ":", ""):
        d.ng.request("offer", call_id="hostile", from_tag="a",
                     sdp=HEADER + AUDIO + f"a={line}\r\n")
        d.ng.request("delete", call_id="hostile")
    assert d.alive()


@test("options of the wrong kind and size")
def bad_options(d):
    for key, value in (("flags", 1), ("flags", {}), ("flags", [1, [], {}, ""]), ("TOS", -2 ** 62),
                       ("TOS", "x"), ("replace", "x" * 30000), ("flags", ["x" * 1000] * 40),
                       ("delete-delay", "9" * 50), ("direction", ["nowhere", "\0"]),
                       ("address-family", "IP5"), ("media-address", "nonsense"),
                       ("received-from", ["IP4", "x"]), ("rtcp-mux", {"a": 1}), ("codec", [1]),
                       ("sdp-attr", {"audio": {"add": [1]}}), ("transport-protocol", ""),
                       ("ICE", "x" * 100), ("via-branch", "\0" * 100), ("label", "x" * 20000)):
        reply = d.ng.try_request("offer", {"call-id": "hostile", "from-tag": "a",
                                           "sdp": HEADER + AUDIO, key: value})
        assert reply and reply["result"] in ("ok", "error"), (key, reply)
        if reply["result"] == "ok":
            d.ng.request("delete", call_id="hostile")
    assert d.alive()


@test("call-IDs and tags of 60 kB")
def long_names(d):
    name = "n" * 30000
    reply = d.ng.try_request("offer", call_id=name, from_tag="a" * 30000, sdp=HEADER + AUDIO)
    assert reply and reply["result"] in ("ok", "error"), reply
    # A full answer may not fit a datagram.
    d.ng.document(bencode({"command": "query", "call-id": name}), timeout=0.1)
    d.ng.request("delete", call_id=name, flags=["fast"])
    assert d.alive()


@test("a thousand offers with a few bytes changed are each answered")
def mutated(d):
    rng = random.Random(2)
    whole = bencode({"command": "offer", "call-id": "hostile", "from-tag": "a", "ICE": "remove",
                     "sdp": HEADER + AUDIO + "a=rtcp:4001\r\na=sendrecv\r\na=ptime:20\r\n",
                     "replace": ["origin"], "rtcp-mux": ["demux"], "TOS": 184})
    for n in range(1000):
        document = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            document[rng.randrange(len(document))] = rng.choice(b"0123456789:eidl=\r\n \0\xff/")
        answer = d.ng.document(bytes(document))
        assert answer, f"no answer to {bytes(document)!r}"
        assert bdecode(answer)["result"] in ("ok", "error"), answer
    for call in d.ng.calls():
        d.ng.request("delete", call_id=call)


@test("packets on a media port that are no media")
def bad_media(d):
    rng = random.Random(3)
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b)
        call.offer()
        call.answer()
        packets = [b"", b"\x80", b"\x80\0" + bytes(9), b"\x80\xc8\xff\xff" + bytes(4),
                   b"\xbf\x00" + bytes(10), b"\x90\0" + bytes(10) + b"\xbe\xde\xff\xff",
                   b"\xa0\0" + bytes(10) + b"\xff", b"\0\1\xff\xff" + b"\x21\x12\xa4\x42" * 4,
                   b"\x16\xfe\xff" + bytes(100), b"\x80\xc9\0\0", rtp_packet(1, 1, 1, bytes(9000)),
                   *(rng.randbytes(rng.randint(1, 1500)) for _ in range(100))]
        for packet in packets:
            a.rtp.sendto(packet, a.to.rtp)
            a.rtcp.sendto(packet, a.to.rtcp)
        b.receive_all()
        a.send()
        got = b.receive()
        assert got and got[0].endswith(b"\xff" * 160), got
        call.delete()
    assert d.alive()


@test("nothing is left of all that")
def nothing_left(d):
    equal(d.ng.calls(), [])
    tap.wait_until(lambda: not d.media_ports(), 5, "all media ports closed")
    equal(d.stop(), 0)


with Daemon(level=3) as daemon:
    tap.run(daemon)
