# SPDX-License-Identifier: GPL-3.0-or-later
"""STUN as a party with ICE speaks it: messages, checks, and answers to those of the daemon."""
import hashlib
import hmac
import os
import struct
import time
import zlib

COOKIE = 0x2112a442
REQUEST, SUCCESS = 0x0001, 0x0101
USERNAME, INTEGRITY, MAPPED, PRIORITY, USE_CANDIDATE = 0x06, 0x08, 0x20, 0x24, 0x25
FINGERPRINT, CONTROLLED, CONTROLLING = 0x8028, 0x8029, 0x802a
UFRAG, PWD = "party1", "passwordofthepartypassword"


def attribute(kind, value=b""):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def message(kind, transaction, body, password):
    def head(more):
        return struct.pack("!HHI", kind, len(body) + more, COOKIE) + transaction
    digest = hmac.new(password.encode(), head(24) + body, hashlib.sha1).digest()
    body += attribute(INTEGRITY, digest)
    crc = zlib.crc32(head(8) + body) ^ 0x5354554e
    return head(8) + body + attribute(FINGERPRINT, struct.pack("!I", crc))


def attributes(data):
    found, at = {}, 20
    while at < len(data):
        kind, length = struct.unpack_from("!HH", data, at)
        found[kind] = data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


def check(own, peer, nominate=True):
    """A request as the controlling side sends it."""
    body = attribute(USERNAME, f"{peer.attribute('ice-ufrag')}:{UFRAG}".encode())
    body += attribute(CONTROLLING, b"\xff" * 8) + attribute(PRIORITY, struct.pack("!I", 1 << 30))
    body += attribute(USE_CANDIDATE) if nominate else b""
    own.rtp.sendto(message(REQUEST, os.urandom(12), body, peer.attribute("ice-pwd")), peer.rtp)


def serve(own, until, seconds=5):
    """Answers checks; returns when `until` says so of a datagram, with that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = own.receive(timeout=0.1)
        if got is None:
            continue
        data, source = got
        if data[0] < 4 and struct.unpack_from("!H", data)[0] == REQUEST:
            port = struct.pack("!BBH", 0, 1, source[1] ^ COOKIE >> 16)
            ip = bytes(a ^ b for a, b in zip((127, 0, 0, 1), struct.pack("!I", COOKIE)))
            own.rtp.sendto(message(SUCCESS, data[8:20], attribute(MAPPED, port + ip), PWD), source)
        if until(data):
            return data
    raise AssertionError("what was waited for did not come")


def is_rtp(data):
    return data[0] >> 6 == 2


def is_request(data):
    return data[:2] == b"\0\1"


def is_success(data):
    return data[:2] == b"\x01\x01"
