#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SRTP with others' programs: FFmpeg, whose SRTP is its own, and libsrtp by way of pylibsrtp, which
Debian's Python has. (Debian builds SIPp without SRTP.) What arrives is what was sent, to the byte.
TAP."""
import base64
import contextlib
import os
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "daemon"))
import tap                                                         # noqa: E402
from daemon import LIVING, Daemon, Output, free_udp_port, open_udp_ports   # noqa: E402
from rtp import Call, Party, rtp_packet, sender_report, sections   # noqa: E402
from srtp import Keys, SecureParty                                 # noqa: E402
from tap import Skip, equal, test                                  # noqa: E402

try:
    import pylibsrtp
except ImportError:
    pylibsrtp = None

PROFILES = {"AES_CM_128_HMAC_SHA1_80": "AES128_CM_SHA1_80",
            "AES_CM_128_HMAC_SHA1_32": "AES128_CM_SHA1_32",
            "AEAD_AES_128_GCM": "AEAD_AES_128_GCM", "AEAD_AES_256_GCM": "AEAD_AES_256_GCM"}
FRAMES, FRAME_BYTES = 25, 160
FFMPEG = ("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error")


class LibsrtpParty(SecureParty):
    """As its base, but another one does all the protecting."""

    def __init__(self, tag, suite):
        super().__init__(tag, suite)
        if suite:
            self.sender = self.session(self.out, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
            self.receiver = None

    def session(self, keys, kind):
        # pylibsrtp takes key and salt as one
        policy = pylibsrtp.Policy(key=keys.secret, ssrc_type=kind, srtp_profile=getattr(
            pylibsrtp.Policy, "SRTP_PROFILE_" + PROFILES[self.suite]))
        return pylibsrtp.Session(policy=policy)

    def incoming(self):
        if not self.receiver:
            self.receiver = self.session(self.keys_back(), pylibsrtp.Policy.SSRC_ANY_INBOUND)
        return self.receiver

    def sealed(self, payload=b"\xff" * 160, pt=0):
        packet = rtp_packet(self.seq, self.seq * 160, self.ssrc, payload, pt)
        self.seq += 1
        return self.sender.protect(packet) if self.suite else packet

    def open(self, packet):
        return self.incoming().unprotect(packet) if self.suite else packet

    def sealed_rtcp(self):
        report = sender_report(self.ssrc, self.seq, 0)
        return self.sender.protect_rtcp(report) if self.suite else report

    def open_rtcp(self, packet):
        return self.incoming().unprotect_rtcp(packet) if self.suite else packet


def passes(sender, receiver, first_seq):
    sender.seq = first_seq
    for seq in range(first_seq, first_seq + 6):
        payload = os.urandom(160)
        sender.rtp.sendto(sender.sealed(payload), sender.to.rtp)
        got = receiver.receive()
        assert got, f"nothing came from {sender.tag} to {receiver.tag}"
        equal(receiver.open(got[0]), struct.pack("!BBHII", 0x80, 0, seq & 0xffff,
                                                 seq * 160 & 0xffffffff, sender.ssrc) + payload)
    sender.rtcp.sendto(sender.sealed_rtcp(), sender.to.rtcp)
    got = receiver.receive(receiver.rtcp)
    assert got, f"no RTCP came from {sender.tag} to {receiver.tag}"
    equal(receiver.open_rtcp(got[0]), sender_report(sender.ssrc, sender.seq, 0))


@test("libsrtp on either side, each suite it has, against plain RTP and another suite")
def libsrtp(d):
    if not pylibsrtp:
        raise Skip("no python3-pylibsrtp")
    suites = list(PROFILES)
    pairs = [p for s in suites for p in ((s, None), (None, s))]
    for a_suite, b_suite in pairs + list(zip(suites, suites[1:] + suites[:1])):
        with LibsrtpParty("a", a_suite) as a, LibsrtpParty("b", b_suite) as b:
            call = Call(d.ng, a, b, "libsrtp")
            call.offer(a.sdp(), transport_protocol="RTP/SAVP" if b_suite else "RTP/AVP")
            call.answer(b.sdp())
            passes(a, b, 65533)     # its numbers roll over
            passes(b, a, 1000)
            call.delete()


def need_ffmpeg():
    try:
        found = subprocess.run(["ffmpeg", "-hide_banner", "-protocols"], capture_output=True,
                               text=True, check=False).stdout
    except FileNotFoundError:
        raise Skip("no ffmpeg") from None
    if "srtp" not in found.split():
        raise Skip("an ffmpeg without SRTP")


@contextlib.contextmanager
def ffmpeg(*args, **how):
    output = Output()
    process = subprocess.Popen([*FFMPEG, *args], stdin=subprocess.DEVNULL, stdout=output.file,
                               stderr=output.file, **how)
    LIVING.add(process)
    try:
        yield process, output
    finally:
        process.terminate()
        process.wait()
        LIVING.discard(process)


def sound():
    """Audio of which no part is like another."""
    return os.urandom(FRAMES * FRAME_BYTES)


def body(port, keys):
    profile, crypto = ("RTP/SAVP", f"a=crypto:1 {keys.line().partition(' ')[2]}\r\n") if keys \
        else ("RTP/AVP", "")
    return ("v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} {profile} 8\r\n{crypto}")


def even_port():
    while True:
        port = free_udp_port()
        if port % 2 == 0 and port + 1 not in open_udp_ports():
            return port


@test("FFmpeg sends SRTP, a plain party gets its audio")
def from_ffmpeg(d):
    need_ffmpeg()
    for suite in ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"):
        keys, port, audio = Keys(suite), even_port(), sound()
        with tempfile.TemporaryDirectory() as folder, Party("b") as b:
            name = os.path.join(folder, "sound.al")
            with open(name, "wb") as f:
                f.write(audio)
            d.ng.request("offer", call_id=suite, from_tag="a", sdp=body(port, keys),
                         transport_protocol="RTP/AVP")
            reply = d.ng.request("answer", call_id=suite, from_tag="a", to_tag="b",
                                 sdp=b.sdp(formats="8"))
            to = sections(reply["sdp"])[0]
            with ffmpeg("-re", "-f", "alaw", "-ar", "8000", "-ac", "1", "-i", name, "-c", "copy",
                        "-f", "rtp", "-payload_type", "8", "-srtp_out_suite", suite,
                        "-srtp_out_params", base64.b64encode(keys.secret).decode(),
                        f"srtp://127.0.0.1:{to.port}?localrtpport={port}&pkt_size=172") \
                    as (_, output):
                got = b""
                while len(got) < len(audio) and (one := b.receive(timeout=5)) is not None:
                    got += one[0][12:]
            equal(got, audio[:len(got)], output.text())
            assert len(got) >= len(audio) - FRAME_BYTES, f"{len(got)} bytes: {output.text()}"
            d.ng.request("delete", call_id=suite)


@test("FFmpeg gets SRTP of what a plain party sends")
def to_ffmpeg(d):
    need_ffmpeg()
    suite = "AES_CM_128_HMAC_SHA1_80"
    keys, port, audio = Keys(suite), even_port(), sound()
    with tempfile.TemporaryDirectory() as folder, Party("a") as a:
        reply = d.ng.request("offer", call_id="to", from_tag="a", sdp=a.sdp(formats="8"),
                             transport_protocol="RTP/SAVP", flags=[f"SDES-only-{suite}"])
        shown = sections(reply["sdp"])[0].attribute("crypto")
        reply = d.ng.request("answer", call_id="to", from_tag="a", to_tag="b",
                             sdp=body(port, keys))
        a.to = sections(reply["sdp"])[0]
        # FFmpeg takes for itself the key in the description: what it is sent with.
        sdp, out = os.path.join(folder, "in.sdp"), os.path.join(folder, "out.al")
        with open(sdp, "w") as f:
            f.write(body(port, Keys.of_line(shown)[1]))
        with ffmpeg("-protocol_whitelist", "file,rtp,srtp,udp,crypto", "-reorder_queue_size", "0",
                    "-analyzeduration", "0", "-probesize", "32", "-i", sdp, "-c", "copy",
                    "-flush_packets", "1", "-f", "alaw", out) as (_, output):
            tap.wait_until(lambda: port in open_udp_ports(), 10, "FFmpeg's port")
            for at in range(0, len(audio), FRAME_BYTES):
                a.send(payload=audio[at:at + FRAME_BYTES], pt=8)
            tap.wait_until(lambda: os.path.exists(out)
                           and os.path.getsize(out) >= len(audio) - 2 * FRAME_BYTES, 10,
                           f"audio at FFmpeg ({output.text()})")
        with open(out, "rb") as f:
            got = f.read()
        assert got in audio, "not what was sent"
        d.ng.request("delete", call_id="to")


if __name__ == "__main__":
    with Daemon() as running:
        tap.run(running)
