# SPDX-License-Identifier: GPL-3.0-or-later
"""A telephone that speaks just as much SIP (RFC 3261, over UDP) as a demonstration takes: it answers
calls, makes them, and hangs up."""
import asyncio
import itertools
import re

IDS = itertools.count(1)


class Message:
    """A request or a reply, its headers in order."""

    def __init__(self, data):
        head, _, self.body = data.decode().partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = [(n.strip().lower(), v.strip())
                        for n, _, v in (line.partition(":") for line in lines)]

    def all(self, name):
        return [v for n, v in self.headers if n == name]

    def one(self, name):
        return next(iter(self.all(name)), "")

    @property
    def method(self):
        return self.one("cseq").split()[-1]

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0


class SipPhone(asyncio.DatagramProtocol):
    """`answer(body)` makes the body for an offer; `talk(body)` begins to send where a body says."""

    def __init__(self, user, proxy, answer, talk):
        self.user, self.proxy, self.make_answer, self.talk = user, proxy, answer, talk
        self.tag, self.dialog, self.cseq = f"phone{next(IDS)}", None, 1
        self.ended, self.accepted = asyncio.Event(), asyncio.Event()
        self.refused = None

    def connection_made(self, transport):
        self.transport = transport
        self.address = "%s:%d" % transport.get_extra_info("sockname")

    def send(self, first, headers, body=""):
        lines = [first] + [f"{n}: {v}" for n, v in headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(body)}", "", body]
        self.transport.sendto("\r\n".join(lines).encode(), ("127.0.0.1", self.proxy))

    def datagram_received(self, data, _):
        message = Message(data)
        if message.status:
            self.reply_received(message)
        elif message.method == "INVITE":
            self.invited(message)
        elif message.method == "BYE":
            self.reply(message, "200 OK")
            self.ended.set()

    def reply(self, request, status, body=""):
        to = request.one("to")
        if "tag=" not in to:
            to += f";tag={self.tag}"
        headers = [("Via", v) for v in request.all("via")]
        headers += [("Record-Route", v) for v in request.all("record-route")]
        headers += [("From", request.one("from")), ("To", to), ("Call-ID", request.one("call-id")),
                    ("CSeq", request.one("cseq")), ("Contact", f"<sip:{self.user}@{self.address}>")]
        self.send(f"SIP/2.0 {status}", headers, body)

    def invited(self, request):
        self.dialog = {"to": request.one("from"), "from": f"{request.one('to')};tag={self.tag}",
                       "id": request.one("call-id"), "target": uri(request.one("contact")),
                       "route": request.all("record-route")}
        self.reply(request, "200 OK", self.make_answer(request.body))

    def request(self, method, target, to, route, call, cseq, body=""):
        headers = [("Via", f"SIP/2.0/UDP {self.address};branch=z9hG4bK{self.tag}{method}{cseq}"),
                   ("Max-Forwards", "10"), ("From", self.me), ("To", to), ("Call-ID", call),
                   ("CSeq", f"{cseq} {method}"), ("Contact", f"<sip:{self.user}@{self.address}>")]
        self.send(f"{method} {target} SIP/2.0", headers + [("Route", r) for r in route], body)

    def call(self, user, body):
        self.me = f"<sip:{self.user}@demo.invalid>;tag={self.tag}"
        self.calling = f"call-{next(IDS)}@demo.invalid"
        self.callee = f"sip:{user}@demo.invalid"
        self.request("INVITE", self.callee, f"<{self.callee}>", [], self.calling, self.cseq, body)

    def reply_received(self, message):
        if message.method != "INVITE" or message.status < 200:
            return
        route, target = message.all("record-route")[::-1], uri(message.one("contact"))
        self.request("ACK", target or self.callee, message.one("to"), route, self.calling,
                     self.cseq)
        if message.status >= 300:
            self.refused = message.first
        elif not self.dialog:
            self.dialog = {"to": message.one("to"), "from": self.me, "id": self.calling,
                           "target": target, "route": route}
            self.talk(message.body)
        self.accepted.set()

    def hang_up(self):
        self.cseq += 1
        self.me = self.dialog["from"]
        self.request("BYE", self.dialog["target"], self.dialog["to"], self.dialog["route"],
                     self.dialog["id"], self.cseq)


def uri(contact):
    found = re.search(r"<([^>]*)>", contact)
    return found[1] if found else contact
