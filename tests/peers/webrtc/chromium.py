# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium with a page that runs what it is told to, and a microphone that hears a tone."""
import array
import asyncio
import base64
import http.server
import itertools
import json
import math
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import wave

from tone import LOUDNESS

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {".html": "text/html", ".js": "text/javascript"}
POLL_S, START_S, TONE_S, MICROPHONE_HZ = 20, 60, 10, 48000
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
         "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage",
         "--disable-features=WebRtcHideLocalIpsWithMdns", "--allow-loopback-in-peer-connection"]


def program():
    return shutil.which("chromium")


class Server(http.server.ThreadingHTTPServer):
    """Gives the page, and to the page what it is to do."""
    daemon_threads = True

    def __init__(self, folders):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folders = folders      # {path in the address: folder}
        self.commands, self.replies, self.ids = queue.Queue(), {}, itertools.count(1)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def run(self, program, args, seconds):
        """What a program gives, run by the page; raises what it raised."""
        command = {"id": next(self.ids), "program": program, "args": args}
        reply = self.replies[command["id"]] = queue.Queue()
        self.commands.put(command)
        try:
            value = reply.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"the browser did not do within {seconds} s: {program}") from None
        if "error" in value:
            raise AssertionError(f"in the browser, {program}: {value['error']}")
        return value["value"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/command":
            try:
                command = self.server.commands.get(timeout=POLL_S)
            except queue.Empty:
                command = None
            self.answer(json.dumps(command).encode())
            return
        prefix, _, name = self.path.lstrip("/").partition("/")
        folder = self.server.folders.get(prefix)
        path = os.path.realpath(os.path.join(folder, name) if folder else os.path.join(
            HERE, "page", self.path.lstrip("/") or "index.html"))
        if not path.startswith((folder or os.path.join(HERE, "page")) + os.sep) or \
           not os.path.isfile(path):
            self.answer(b"", "text/plain", 404)
            return
        with open(path, "rb") as f:
            self.answer(f.read(), TYPES.get(os.path.splitext(path)[1], "text/plain"))

    def do_POST(self):
        reply = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.replies.pop(reply["id"]).put(reply)
        self.answer(b"null")

    def log_message(self, *_):
        pass


def write_tone(path, hz):
    with wave.open(path, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(MICROPHONE_HZ)
        f.writeframes(array.array("h", [
            int(LOUDNESS * math.sin(2 * math.pi * hz * n / MICROPHONE_HZ))
            for n in range(TONE_S * MICROPHONE_HZ)]).tobytes())


class Chromium:
    """A browser process with one page. Calls are coroutines; the page answers from a thread."""

    def __init__(self, hz, tag="chromium", folders=None):
        self.hz, self.tag, self.rate, self.heard = hz, tag, 48000, []
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        tone = os.path.join(self.folder, "tone.wav")
        write_tone(tone, hz)
        self.server = Server(folders or {})
        self.output = open(os.path.join(self.folder, "output"), "wb")
        self.process = subprocess.Popen(
            [program(), *FLAGS, f"--user-data-dir={self.folder}/profile",
             f"--use-file-for-fake-audio-capture={tone}",
             f"http://localhost:{self.server.server_address[1]}/"],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "HOME": self.folder})

    async def run(self, program, *args, seconds=30):
        return await asyncio.to_thread(self.server.run, program, args, seconds)

    async def started(self):
        """The page is there; the first start takes its time."""
        await self.run("return 1", seconds=START_S)

    async def open(self, *names, video=False):
        """A new connection, with these codecs for audio."""
        constraints = {"audio": {"echoCancellation": False, "noiseSuppression": False,
                                 "autoGainControl": False}, "video": video}
        await self.run("await party.open({}, args[0]); if (args[1].length) party.prefer(args[1])",
                       constraints, names)

    async def offer(self, **options):
        return await self.run("return party.offer(args[0])", options)

    async def offer_at_once(self):
        """Without waiting for candidates."""
        return await self.run("await party.pc.setLocalDescription(); "
                              "return party.pc.localDescription.sdp")

    async def offer_anew(self, early):
        """That begins ICE anew; `early`: without candidates."""
        return await self.run("""
            await party.pc.setLocalDescription(await party.pc.createOffer({ iceRestart: true }));
            while (!args[0] && !/a=candidate/.test(party.pc.localDescription.sdp))
                await new Promise((done) => setTimeout(done, 5));
            return args[0] ? party.pc.localDescription.sdp : party.gathered();""", early)

    async def direct(self, direction):
        await self.run("party.pc.getTransceivers()[0].direction = args[0]", direction)

    async def press(self, keys):
        await self.run("party.pc.getSenders()[0].dtmf.insertDTMF(args[0])", keys)

    async def answer(self, sdp):
        return await self.run("return party.answer(args[0])", sdp)

    async def take(self, sdp):
        await self.run("await party.take(args[0])", sdp)

    async def connected(self, seconds=15):
        await self.run("""
            const until = Date.now() + args[0] * 1000;
            while (party.pc.connectionState !== "connected") {
                if (Date.now() > until)
                    throw `the connection is ${party.pc.connectionState}, ICE ` +
                        party.pc.iceConnectionState;
                await new Promise((done) => setTimeout(done, 20));
            }""", seconds, seconds=seconds + 5)

    async def listen(self, seconds=1.2):
        """Puts what was heard in the last seconds into `heard`."""
        got = await self.run("return party.samples(args[0])", seconds)
        self.rate = got["rate"] or self.rate
        self.heard = array.array("h", base64.b64decode(got["samples"])).tolist()

    async def forget(self):
        await self.run("party.heard = []")
        self.heard = []

    async def statistics(self):
        return await self.run("return party.statistics()")

    async def hang_up(self):
        await self.run("party.close()")
        self.heard = []

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.server.shutdown()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)
