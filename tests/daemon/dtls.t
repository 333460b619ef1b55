#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""DTLS-SRTP between the daemon and OpenSSL's own client and server: both roles, keys that fit, a
wrong certificate. TAP."""
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon                                          # noqa: E402
from dtls import check_media, make_certificate, peer, secure_body  # noqa: E402
from rtp import Call, Party                                        # noqa: E402
from tap import contains, equal, skip_all, test, wait_until        # noqa: E402
import tap                                                         # noqa: E402


def check_call(d, name, is_client):
    files, fingerprint = make_certificate(name)
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, name)
        call.offer(secure_body(a, "active" if is_client else "actpass", fingerprint),
                   **{"transport-protocol": "RTP/AVP"})
        call.answer(b.sdp())
        equal(a.to.attribute("setup"), "passive" if is_client else "active")
        with peer(a, files, is_client) as speaker:
            keys = speaker.keys()
            wait_until(lambda: "crypto suite" in call.query()["tags"]["a"]["medias"][0]["streams"][0],
                       10, "the suite")
            stream = call.query()["tags"]["a"]["medias"][0]["streams"][0]
            equal(stream["crypto suite"], "AES_CM_128_HMAC_SHA1_80")
            contains(stream["flags"], "DTLS fingerprint verified")
            check_media(a, b, speaker, *keys, is_client)
            call.delete()


@test("openssl as client; its keys are ours")
def as_server(d):
    check_call(d, "client", True)


@test("openssl as server")
def as_client(d):
    check_call(d, "server", False)


@test("another certificate than the signalled one is refused")
def wrong(d):
    files, _ = make_certificate("liar")
    _, fingerprint = make_certificate("honest")
    with Party("a") as a, Party("b") as b:
        call = Call(d.ng, a, b, "wrong")
        call.offer(secure_body(a, "active", fingerprint), **{"transport-protocol": "RTP/AVP"})
        call.answer(b.sdp())
        with peer(a, files, True) as speaker:
            wait_until(lambda: "alert" in speaker.output.text(), 10, "an alert")
        wait_until(lambda: "is not the one that was signalled" in d.log(), 5, "the log line")
        assert call.known(), "the call has ended"
        stream = call.query()["tags"]["a"]["medias"][0]["streams"][0]
        assert "crypto suite" not in stream
        why = ("There are no SRTP keys for 'a': DTLS failed: the peer's certificate is not the one "
               "that was signalled.")
        contains(d.ng.request("explain", call_id=call.id)["text"], why)
        call.delete()
        wait_until(lambda: f"No media in section 1 to 'b': {why}" in d.log(), 5, "the closing line")


if not shutil.which("openssl"):
    skip_all("no openssl here")
with Daemon(level=6) as daemon:
    tap.run(daemon)
