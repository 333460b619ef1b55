# SPDX-License-Identifier: GPL-3.0-or-later
"""Parties of a call with real sockets: their SDP, the packets they send and those they get."""
import itertools
import re
import select
import socket
import struct

CALLS = itertools.count(1)
SR, RR, SDES = 200, 201, 202


def socket_pair(host):
    """Two UDP sockets on an even port and the next one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        first, second = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind((host, 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind((host, port + 1))
                return first, second
        except OSError:
            pass
        first.close()
        second.close()
    raise RuntimeError("no pair of free ports")


class Media:
    """One m= section of a body: what a peer needs to know to send to it."""

    def __init__(self, words, address):
        self.type, self.port, self.transport = words[0], int(words[1].split("/")[0]), words[2]
        self.formats, self.address, self.attributes = words[3:], address, []

    def attribute(self, name):
        """Its value, "" for one without, None if it is not there."""
        for line in self.attributes:
            key, _, value = line.partition(":")
            if key == name:
                return value
        return None

    @property
    def muxed(self):
        return self.attribute("rtcp-mux") is not None

    @property
    def rtp(self):
        return self.address, self.port

    @property
    def rtcp(self):
        value = self.attribute("rtcp")
        return self.address, int(value.split()[0]) if value else self.port + 1


def sections(sdp):
    found, address = [], None
    for line in sdp.splitlines():
        key, _, value = line.partition("=")
        if key == "m":
            found.append(Media(value.split(), address))
        elif key == "c" and found:
            found[-1].address = value.split()[2]
        elif key == "c":
            address = value.split()[2]
        elif key == "a" and found:
            found[-1].attributes.append(value)
    return found


def rtp_packet(seq, timestamp, ssrc, payload, pt=0, marker=False):
    return struct.pack("!BBHII", 0x80, marker << 7 | pt, seq & 0xffff, timestamp & 0xffffffff,
                       ssrc) + payload


def rtp_header(packet):
    """(payload type, sequence, timestamp, SSRC)"""
    _, pt, seq, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    return pt & 0x7f, seq, timestamp, ssrc


def sender_report(ssrc, packets, octets, timestamp=0):
    report = struct.pack("!BBHIIIIII", 0x80, SR, 6, ssrc, 0xe0000000, 0, timestamp, packets, octets)
    name = b"party@localhost"
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return report + struct.pack("!BBH", 0x81, SDES, len(chunk) // 4) + chunk


class Party:
    """Sends from and receives on a pair of ports of its own. `to` is where its peer's SDP says
    that packets go; set by Call."""

    def __init__(self, tag, host="127.0.0.1", ssrc=None):
        self.tag, self.host = tag, host
        self.rtp, self.rtcp = socket_pair(host)
        self.port = self.rtp.getsockname()[1]
        self.ssrc = ssrc or 0x1000 + self.port
        self.seq, self.sent, self.octets, self.to = 1000, 0, 0, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.rtp.close()
        self.rtcp.close()

    @property
    def address(self):
        return self.host, self.port

    def sdp(self, *attributes, port=None, address=None, formats="0", version=1):
        address = address or self.host
        family = "IP6" if ":" in address else "IP4"
        lines = ["v=0", f"o={self.tag} 1 {version} IN {family} {address}", "s=-",
                 f"c=IN {family} {address}", "t=0 0",
                 f"m=audio {self.port if port is None else port} RTP/AVP {formats}"]
        return "".join(x + "\r\n" for x in lines + [f"a={a}" for a in attributes])

    def send(self, count=1, payload=b"\xff" * 160, to=None, via=None, pt=0):
        """RTP to the peer, or elsewhere, from the own port or from another socket."""
        for _ in range(count):
            packet = rtp_packet(self.seq, self.seq * 160, self.ssrc, payload, pt)
            (via or self.rtp).sendto(packet, to or self.to.rtp)
            self.seq += 1
            self.sent += 1
            self.octets += len(payload)

    def send_rtcp(self, to=None, via=None):
        report = sender_report(self.ssrc, self.sent, self.octets, self.seq * 160)
        (via or self.rtcp).sendto(report, to or self.to.rtcp)

    def receive(self, sock=None, timeout=3):
        """A datagram and where it came from; None when none comes."""
        sock = sock or self.rtp
        if not select.select([sock], [], [], timeout)[0]:
            return None
        data, source = sock.recvfrom(65535)
        return data, source[:2]

    def receive_all(self, sock=None, quiet=0.1):
        """What has come, until nothing comes for a while."""
        found = []
        while (one := self.receive(sock, quiet)) is not None:
            found.append(one)
        return found


class Call:
    """Offer and answer between two parties by way of the daemon, as a SIP proxy does it."""

    def __init__(self, client, a, b, name="call"):
        self.ng, self.a, self.b = client, a, b
        self.id = f"{re.sub('[^a-z0-9]+', '-', name)}-{next(CALLS)}"

    def offer(self, body=None, **keys):
        """The section that the callee sees."""
        reply = self.ng.request("offer", call_id=self.id, from_tag=self.a.tag,
                                sdp=body or self.a.sdp(), **keys)
        self.b.to = sections(reply["sdp"])[0]
        return self.b.to

    def answer(self, body=None, **keys):
        reply = self.ng.request("answer", call_id=self.id, from_tag=self.a.tag,
                                to_tag=self.b.tag, sdp=body or self.b.sdp(), **keys)
        self.a.to = sections(reply["sdp"])[0]
        return self.a.to

    def query(self):
        return self.ng.request("query", call_id=self.id)

    def drops(self, tag):
        """Of all sections of a party: {reason: count}."""
        found = {}
        for party in self.ng.request("explain", call_id=self.id)["parties"]:
            for media in party["medias"] if party["tag"] == tag else ():
                for reason, count in media["drops"].items():
                    found[reason] = found.get(reason, 0) + count
        return found

    def delete(self, **keys):
        return self.ng.request("delete", call_id=self.id, from_tag=self.a.tag, **keys)

    def known(self):
        return self.id in self.ng.calls()


def stream_stats(statistics, tag, stream=0, direction="stats"):
    """Counters of a party's stream out of the reply to query or delete."""
    return statistics["tags"][tag]["medias"][0]["streams"][stream][direction]
