#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long calls, their ports and what they cost live: re-offers, delete, timeouts, limits, and
nothing left when they are gone. TAP."""
import os
import resource
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import ENGINE, Daemon                                      # noqa: E402
from rtp import Call, Party, sections, stream_stats                    # noqa: E402
from tap import Skip, equal, stays, test, wait_until                   # noqa: E402
import tap                                                             # noqa: E402

TICK_SECONDS = 1        # how often timeouts are looked at
SLACK_SECONDS = 4       # a busy machine, sanitizers


class Pair:
    """A call between parties that is only signalled, or talks as well."""

    def __init__(self, d, name, answer=True):
        self.d, self.a, self.b = d, Party("a"), Party("b")
        self.since = time.monotonic()   # not after the last sign of life
        self.call = Call(d.ng, self.a, self.b, name)
        self.call.offer()
        if answer:
            self.call.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.a.close()
        self.b.close()

    def talk(self, *senders):
        self.since = time.monotonic()
        for sender in senders:
            sender.send()
        return self.call.known()

    def gone_after(self, seconds):
        """The call ends by itself, not before that time and soon after it."""
        wait_until(lambda: not self.call.known(), seconds + TICK_SECONDS + SLACK_SECONDS,
                   "the end of the call")
        took = time.monotonic() - self.since
        assert took >= seconds, f"gone after {took:.2f} s"
        wait_until(lambda: not self.d.media_ports(), SLACK_SECONDS, "all media ports closed")


@test("offer and answer open four ports, delete closes them")
def ports_of_a_call():
    with Daemon() as d:
        equal(d.media_ports(), set())
        with Pair(d, "ports") as p:
            a, b = p.a.to.port, p.b.to.port
            equal(d.media_ports(), {a, a + 1, b, b + 1})
            p.call.delete()
            equal(d.ng.calls(), [])
            equal(d.ng.refused("query", call_id=p.call.id), "Unknown call-id")
            wait_until(lambda: not d.media_ports(), SLACK_SECONDS, "all media ports closed")


@test("with rtcp-mux=require the answer leaves one port on that side")
def ports_with_mux():
    with Daemon() as d, Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "mux")
        call.offer(rtcp_mux=["require"])
        call.answer(b.sdp("rtcp-mux"))
        wanted = {b.to.port, a.to.port, a.to.port + 1}
        wait_until(lambda: d.media_ports() == wanted, SLACK_SECONDS, f"open ports {wanted}")


@test("a re-offer keeps ports, and media go on")
def reoffer_keeps_ports():
    with Daemon() as d, Pair(d, "re-offer") as p:
        before, open_before = (p.a.to.port, p.b.to.port), d.media_ports()
        for offerer, other in ((p.a, p.b), (p.b, p.a), (p.a, p.b)):
            ids = {"call_id": p.call.id, "from_tag": offerer.tag, "to_tag": other.tag}
            other.to = sections(d.ng.request("offer", sdp=offerer.sdp(version=2), **ids)["sdp"])[0]
            offerer.to = sections(d.ng.request("answer", sdp=other.sdp(version=2), **ids)["sdp"])[0]
            equal((p.a.to.port, p.b.to.port), before)
            equal(d.media_ports(), open_before)
            p.a.send()
            assert p.b.receive(), "nothing came after the re-offer"


@test("counters go on over a re-offer")
def reoffer_keeps_counters():
    with Daemon() as d, Pair(d, "counters") as p:
        p.a.send(3)
        equal(len(p.b.receive_all()), 3)
        p.call.offer(to_tag="b")
        p.call.answer()
        p.a.send(2)
        equal(len(p.b.receive_all()), 2)
        equal(stream_stats(p.call.query(), "a")["packets"], 5)


@test("a re-offer that runs out of ports leaves the call as it was")
def reoffer_without_ports():
    with Daemon(ports=4) as d, Pair(d, "full") as p:
        body = p.a.sdp(version=2) + f"m=video {p.a.port} RTP/AVP 99\r\n"
        equal(d.ng.refused("offer", call_id=p.call.id, from_tag="a", to_tag="b", sdp=body),
              "Ran out of ports")
        equal(len(d.media_ports()), 4)
        p.a.send()
        assert p.b.receive(), "the call is dead"


@test("without descriptors a re-offer is refused, and the call goes on")
def no_descriptors():
    with Daemon() as d, Pair(d, "poor") as p:
        used = d.descriptors()
        _, most = resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE)
        try:
            resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE, (used, most))
        except PermissionError:
            raise Skip("may not lower the limit of another process") from None
        reply = d.ng.try_request("offer", call_id="second", from_tag="a", sdp=p.a.sdp())
        if ENGINE == "steered":     # which takes none for a port
            equal((reply["result"], d.descriptors()), ("ok", used))
            return
        equal((reply["result"], reply["error-reason"], reply["reason"]),
              ("error", "Ran out of ports", "no-descriptors"))
        d.wait_log(r"ERR: \[second\]: Ran out of ports: Failed to open a socket: Too many open files")
        equal(d.descriptors(), used)
        equal(d.ng.calls(), [p.call.id])
        p.a.send()
        assert p.b.receive(), "the call is dead"
        resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE, (most, most))
        d.ng.request("offer", call_id="second", from_tag="a", sdp=p.a.sdp())


@test("an offer for which there are no ports is refused, and possible again after a delete")
def no_ports():
    with Daemon(ports=6) as d, Pair(d, "first") as p:
        equal(d.ng.refused("offer", call_id="second", from_tag="a", sdp=p.a.sdp()),
              "Ran out of ports")
        equal(d.ng.calls(), [p.call.id])
        p.call.delete()
        wait_until(lambda: d.ng.try_request("offer", call_id="third", from_tag="a",
                                            sdp=p.a.sdp())["result"] == "ok",
                   SLACK_SECONDS, "free ports")


@test("delete waits for delete-delay, while media flow and a new offer calls it off")
def delete_delay():
    with Daemon(delete_delay=2) as d, Pair(d, "delayed") as p:
        p.call.delete()
        assert p.call.known()
        p.a.send()
        assert p.b.receive(), "nothing came during the delay"
        p.call.offer(to_tag="b")
        p.call.answer()
        stays(lambda: p.talk(p.a, p.b), 2.2, "the call")
        p.call.delete()
        p.gone_after(2)


@test("a delete's own delay counts more than the configured one")
def own_delay():
    with Daemon(delete_delay=60) as d, Pair(d, "own delay") as p, Pair(d, "at once") as q:
        p.call.delete(delete_delay=1)
        q.call.delete(**{"delete delay": 0})
        assert p.call.known() and not q.call.known()
        p.gone_after(1)


@test("delete needs the right tag")
def delete_tag():
    with Daemon() as d, Pair(d, "tags") as p:
        reply = d.ng.request("delete", call_id=p.call.id, from_tag="nobody")
        equal(reply, {"warning": "Call-ID not found or tags didn't match", "result": "ok"})
        assert p.call.known()
        d.ng.request("delete", call_id=p.call.id, from_tag="b")
        assert not p.call.known()


@test("a call without media ends after --timeout")
def timeout():
    with Daemon("--timeout=1") as d, Pair(d, "silent") as p:
        p.gone_after(1)
        d.wait_log(r"INFO: \[silent-\d+\]: Closing call due to timeout")
        equal(d.ng.refused("answer", call_id=p.call.id, from_tag="a", to_tag="b", sdp=p.b.sdp()),
              "Unknown call-id")


@test("media keep a call, from one side alone, too")
def timeout_media():
    with Daemon("--timeout=1") as d, Pair(d, "talking") as p:
        stays(lambda: p.talk(p.a), 3.2, "the call")
        p.gone_after(1)


@test("a call that is not answered ends after --offer-timeout, not after --timeout")
def offer_timeout():
    with Daemon("--timeout=1", "--offer-timeout=3") as d, Pair(d, "ringing", answer=False) as p:
        p.gone_after(3)


@test("a call on hold ends after --silent-timeout")
def silent_timeout():
    with Daemon("--timeout=1", "--silent-timeout=3") as d, Pair(d, "held") as p:
        p.call.offer(p.a.sdp("inactive", version=2), to_tag="b")
        p.call.answer(p.b.sdp("inactive", version=2))
        p.gone_after(3)


@test("--final-timeout ends a call that talks")
def final_timeout():
    with Daemon("--final-timeout=2") as d, Pair(d, "endless") as p:
        started = p.since
        wait_until(lambda: not p.talk(p.a, p.b), 2 + TICK_SECONDS + SLACK_SECONDS, "the end")
        assert time.monotonic() - started >= 2
        d.wait_log(r"INFO: \[endless-\d+\]: Closing call due to final timeout")


@test("--max-sessions refuses new calls, with the text that proxies look for")
def max_sessions():
    with Daemon("--max-sessions=1") as d, Pair(d, "only one") as p:
        ids = {"call_id": "too many", "from_tag": "a", "sdp": p.a.sdp()}
        equal(d.ng.refused("offer", **ids), "Parallel session limit reached")
        reply = d.ng.try_request("offer", supports=["load limit"], **ids)
        equal((reply["result"], reply["message"]),
              ("load limit", "Parallel session limit reached"))
        p.call.offer(to_tag="b")        # an existing call is not refused
        p.call.delete()
        d.ng.request("offer", **ids)


def refused_for(d, text, seconds=5):
    """New calls are refused within a while, with this text."""
    def message():
        reply = d.ng.try_request("offer", call_id="over", from_tag="a", supports=["load limit"],
                                 sdp="v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                 "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
        if reply["result"] == "ok":
            d.ng.request("delete", call_id="over")
        return reply.get("message")

    wait_until(lambda: message() == text, seconds, f"the refusal {text!r}")


@test("--max-cpu and --max-bandwidth refuse new calls while there is more than that")
def load_limits():
    with Daemon("--max-cpu=0.001") as d:
        refused_for(d, "CPU usage limit exceeded")
        d.wait_log(r"WARNING: \[over\]: CPU usage limit exceeded \(\d+\.\d% > 0\.0%\)")
    with Daemon("--max-bandwidth=1000") as d, Pair(d, "loud") as p:
        p.a.send(20)
        refused_for(d, "Bandwidth limit exceeded")
        p.call.offer(to_tag="b")        # an existing call is not refused
        wait_until(lambda: d.ng.try_request("offer", call_id="later", from_tag="a",
                                            sdp=p.a.sdp())["result"] == "ok", 5, "quiet")


@test("the log tells of a call's life")
def log_lines():
    with Daemon(delete_delay=1) as d, Pair(d, "logged") as p:
        p.call.delete()
        wait_until(lambda: not p.call.known(), 1 + TICK_SECONDS + SLACK_SECONDS, "the end")
        call = r"\[logged-\d+\]: "
        for line in (f"NOTICE: {call}Creating new call", f"INFO: {call}Scheduling deletion of",
                     f"INFO: {call}Final packet stats:"):
            d.wait_log(line)


@test("two hundred calls leave nothing behind")
def many_calls():
    with Daemon(ports=1200, level=4) as d, Party("a") as a, Party("b") as b:
        def batch(count):
            calls = [Call(d.ng, a, b, f"many {n}") for n in range(count)]
            for call in calls:
                call.offer()
                call.answer()
            used = len(d.media_ports())
            for call in calls:
                call.delete()
            wait_until(lambda: not d.media_ports(), SLACK_SECONDS, "all media ports closed")
            equal(d.ng.calls(), [])
            return used

        batch(2)        # what is made once is there now
        before = d.descriptors()
        equal(batch(200), 800)
        wait_until(lambda: d.descriptors() <= before, SLACK_SECONDS,
                   f"{before} open descriptors again")
        equal(d.stop(), 0)


tap.run()
