# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of a browser recorded: what is written is not encrypted."""
import array
import asyncio
import contextlib
import glob
import os
import shutil
import struct
import sys
import tempfile
import wave

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "daemon"))
import tap                                                    # noqa: E402
from daemon import Daemon                                     # noqa: E402
from dialog import TO_PHONE, browser_calls                    # noqa: E402
from phone import Phone, both_hear, wait_for                  # noqa: E402
from tone import FROM_ALAW, level_at                          # noqa: E402

PCAP_HEADER, RECORD_HEADER, IP_UDP_BYTES, RTP_BYTES = 24, 16, 28, 12
LOUD = 2000
TO_PCMA = {**TO_PHONE, "record-call": "yes", "flags": ["strip-extmap"],
           "codec": {"transcode": ["PCMA"]}}


def pcma_in(path):
    """{SSRC: samples} of what the capture has as G.711."""
    with open(path, "rb") as f:
        data = f.read()
    found, at = {}, PCAP_HEADER
    while at < len(data):
        size, = struct.unpack_from("<I", data, at + 8)
        packet = data[at + RECORD_HEADER + IP_UDP_BYTES:at + RECORD_HEADER + size]
        at += RECORD_HEADER + size
        if len(packet) > RTP_BYTES and packet[1] & 0x7f == 8:
            skip = RTP_BYTES
            if packet[0] & 0x10:
                skip += 4 + 4 * struct.unpack_from("!H", packet, skip + 2)[0]
            found.setdefault(packet[8:12], []).extend(FROM_ALAW[code] for code in packet[skip:])
    return found


def check_capture(folder, tones):
    path, = glob.glob(f"{folder}/pcaps/*")
    heard = [samples[len(samples) // 2:] for samples in pcma_in(path).values()]
    tap.equal(len(heard), len(tones))
    for hz in tones:
        tap.equal(sum(level_at(s, 8000, hz) > LOUD for s in heard), 1, f"{hz} Hz in the capture")


def check_audio(folder, tones):
    path, = glob.glob(f"{folder}/audio/*.wav")
    with wave.open(path) as f:
        rate, channels = f.getframerate(), f.getnchannels()
        samples = array.array("h", f.readframes(f.getnframes()))
    tap.equal(channels, len(tones))
    for n, hz in enumerate(tones):
        heard = samples[n::channels]
        assert level_at(heard[len(heard) // 2:], rate, hz) > LOUD, f"no {hz} Hz in channel {n}"


@contextlib.contextmanager
def recording_daemon(method, host):
    folder = tempfile.mkdtemp(prefix="rtpengine-rec-")
    try:
        with Daemon(f"--recording-dir={folder}", f"--recording-method={method}",
                    interfaces=(host,)) as daemon:
            yield daemon, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def record(browser, host, phone_hz):
    for method, check in (("pcap", check_capture), ("audio", check_audio)):
        with recording_daemon(method, host) as (daemon, folder):
            phone = Phone(phone_hz, host)
            try:
                await browser.open("pcma")
                dialog = await browser_calls(daemon, browser, phone, TO_PCMA)
                await both_hear(browser, phone)
                dialog.delete()
                await wait_for(lambda: glob.glob(f"{folder}/metadata/*"), 10, "the recording's end")
                check(folder, (browser.hz, phone_hz))
            finally:
                await browser.hang_up()
                await phone.close()


def add_test(kind, make, host, phone_hz):
    async def talk():
        await record(await make(), host, phone_hz)

    tap.test(f"a call of {kind} is recorded decrypted, as packets and as sound")(
        lambda: asyncio.run(talk()))
