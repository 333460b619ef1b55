# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the NG protocol over UDP, with a bencode of its own. Strings of replies are bytes
on the wire and latin-1 text here, so that any byte survives."""
import itertools
import json
import os
import socket

COOKIES = itertools.count(1)
MAX_DATAGRAM = 65535


def bencode(value):
    if isinstance(value, bool):
        return b"i1e" if value else b"i0e"
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode("latin-1")
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(v) for k, v in value.items()) + b"e"
    return b"l" + b"".join(bencode(v) for v in value) + b"e"


def bdecode(data):
    value, end = _decode(data, 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes after the value")
    return value


def _decode(data, at):
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"d", b"l"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = _decode(data, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data):
        raise ValueError("a string goes beyond the end")
    return data[colon + 1:end].decode("latin-1"), end


class Refused(Exception):
    """The daemon's answer to a request is an error; `reply` is what it said."""

    def __init__(self, reply):
        super().__init__(reply.get("error-reason", str(reply)))
        self.reply = reply


class Client:
    def __init__(self, host, port, timeout=10):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.connect((host, port))     # when nobody listens any more, that is noticed
        self.timeout = timeout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def raw(self, message, timeout=None):
        """Bytes there, bytes back; None when nothing came in time."""
        self.sock.send(message)
        return self.receive(timeout)

    def receive(self, timeout=None):
        self.sock.settimeout(self.timeout if timeout is None else timeout)
        try:
            return self.sock.recv(MAX_DATAGRAM)
        except socket.timeout:
            return None

    def document(self, document, timeout=None):
        """The bytes of a document under a new cookie; the answer's document, or None."""
        cookie = b"%d_%d" % (os.getpid(), next(COOKIES))
        answer = self.raw(cookie + b" " + document, timeout)
        while answer is not None and not answer.startswith(cookie + b" "):
            answer = self.receive(timeout)   # of an earlier request that was given up
        return answer and answer[len(cookie) + 1:]

    def try_request(self, command, keys=None, **more):
        """The reply, whatever it is; None when none came. `more` has _ for the - of names."""
        request = {"command": command, **(keys or {})}
        request.update((k.replace("_", "-"), v) for k, v in more.items() if v is not None)
        answer = self.document(bencode(request))
        return answer and bdecode(answer)

    def request(self, command, keys=None, **more):
        """The reply, which must not be an error."""
        reply = self.try_request(command, keys, **more)
        if reply is None:
            raise TimeoutError(f"no answer to {command}")
        if reply.get("result") not in ("ok", "pong"):
            raise Refused(reply)
        return reply

    def request_json(self, document):
        answer = self.document(json.dumps(document).encode())
        return answer and json.loads(answer)

    def refused(self, command, keys=None, **more):
        """The text of the error that must come."""
        reply = self.try_request(command, keys, **more)
        if not reply or reply.get("result") != "error":
            raise AssertionError(f"{command} should have been refused, but: {reply}")
        return reply["error-reason"]

    def calls(self):
        return self.request("list", limit=100000)["calls"]
