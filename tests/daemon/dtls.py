# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSL's own client and server as a party's DTLS. The party's sockets are ours; what is DTLS we
pass on to a process of openssl, which tells the keys, and SRTP we make and read here."""
import contextlib
import hashlib
import hmac
import os
import re
import select
import socket
import subprocess
import tempfile
import threading

from daemon import Output, free_udp_port
from rtp import rtp_packet
from tap import equal, wait_until

PROFILE = "SRTP_AES128_CM_SHA1_80"
KEY_BYTES, SALT_BYTES, TAG_BYTES = 16, 14, 10
folder = tempfile.TemporaryDirectory()


def openssl(*args, **how):
    return subprocess.run(["openssl", *args], capture_output=True, check=True, **how).stdout


def make_certificate(name):
    """(files for -cert and -key, a=fingerprint)"""
    cert, key = (os.path.join(folder.name, f"{name}.{kind}") for kind in ("crt", "key"))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-days", "2", "-out", cert, "-keyout", key)
    printed = openssl("x509", "-in", cert, "-noout", "-fingerprint", "-sha256", text=True)
    return (cert, key), "sha-256 " + printed.strip().rpartition("=")[2]


class Peer:
    """A process of openssl that speaks DTLS; its datagrams pass through the party's socket."""

    def __init__(self, party, files, client):
        self.party, self.output = party, Output()
        self.inner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inner.bind(("127.0.0.1", 0))
        port = free_udp_port()
        where = (["s_client", "-connect", f"127.0.0.1:{self.inner.getsockname()[1]}", "-bind",
                  f"127.0.0.1:{port}"] if client else
                 ["s_server", "-accept", f"127.0.0.1:{port}", "-Verify", "1"])
        self.process_address = ("127.0.0.1", port)
        self.srtp, self.ended = [], False
        self.process = subprocess.Popen(
            ["openssl", *where, "-dtls1_2", "-cert", files[0], "-key", files[1], "-use_srtp", PROFILE,
             "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen",
             str(2 * (KEY_BYTES + SALT_BYTES))],
            stdin=subprocess.PIPE, stdout=self.output.file, stderr=subprocess.STDOUT)
        self.thread = threading.Thread(target=self._pass_on)
        self.thread.start()

    def _pass_on(self):
        while not self.ended:
            for sock in select.select([self.inner, self.party.rtp], [], [], 0.05)[0]:
                try:
                    data = sock.recv(65535)
                except OSError:
                    continue    # the process is not there yet, or not any more
                if sock is self.inner:
                    self.party.rtp.sendto(data, self.party.to.rtp)
                elif 20 <= data[0] <= 63:
                    self.inner.sendto(data, self.process_address)
                else:
                    self.srtp.append(data)

    def keys(self):
        """((key, salt) of the client, of the server), as openssl tells them."""
        found = wait_until(lambda: re.search(r"Keying material: ([0-9A-F]+)", self.output.text()),
                           10, "openssl's keys")
        material = bytes.fromhex(found[1])
        salts = material[2 * KEY_BYTES:]
        return ((material[:KEY_BYTES], salts[:SALT_BYTES]),
                (material[KEY_BYTES:2 * KEY_BYTES], salts[SALT_BYTES:]))

    def close(self):
        self.ended = True
        self.thread.join()
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.inner.close()


@contextlib.contextmanager
def peer(party, files, client):
    one = Peer(party, files, client)
    try:
        yield one
    finally:
        one.close()


def keystream(key, iv, count):
    return openssl("enc", "-aes-128-ctr", "-K", key.hex(), "-iv", iv.hex(), input=bytes(count))


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def session_key(key, salt, label, count):
    iv = bytearray(salt + b"\0\0")
    iv[7] ^= label
    return keystream(key, bytes(iv), count)


def encrypted(key, salt, packet):
    """RFC 3711 with a rollover counter of 0; decrypts as well."""
    iv = xor(session_key(key, salt, 2, SALT_BYTES) + b"\0\0",
             bytes(4) + packet[8:12] + bytes(4) + packet[2:4] + b"\0\0")
    stream = keystream(session_key(key, salt, 0, KEY_BYTES), iv, len(packet) - 12)
    return packet[:12] + xor(packet[12:], stream)


def protect(key, salt, packet):
    sealed = encrypted(key, salt, packet)
    tag = hmac.new(session_key(key, salt, 1, 20), sealed + bytes(4), hashlib.sha1).digest()
    return sealed + tag[:TAG_BYTES]


def secure_body(party, setup, fingerprint):
    body = party.sdp(f"setup:{setup}", f"fingerprint:{fingerprint}", "rtcp-mux")
    return body.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF")


def check_media(a, b, speaker, client_key, server_key, is_client, seq=7):
    """A speaks SRTP with the keys that openssl knows, B plain RTP."""
    ours, theirs = (client_key, server_key) if is_client else (server_key, client_key)
    packet = rtp_packet(seq, seq * 160, 0x1234, os.urandom(160))
    a.rtp.sendto(protect(*ours, packet), a.to.rtp)
    got = b.receive()
    assert got, "nothing came out of SRTP"
    equal(got[0], packet)
    before = len(speaker.srtp)
    b.send(payload=b"x" * 160)
    sealed = wait_until(lambda: speaker.srtp[before:], 5, "SRTP")[0]
    equal(len(sealed), 12 + 160 + TAG_BYTES)
    equal(encrypted(*theirs, sealed[:-TAG_BYTES])[12:], b"x" * 160)
    tag = hmac.new(session_key(*theirs, 1, 20), sealed[:-TAG_BYTES] + bytes(4), hashlib.sha1)
    equal(sealed[-TAG_BYTES:], tag.digest()[:TAG_BYTES])
