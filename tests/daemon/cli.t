#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Front ends over TCP: the operator's CLI with its exact texts, NG over TCP, the tools; slow,
half-open and many connections; plugins that are not there. TAP."""
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import ENGINE, PROGRAM, Daemon, run  # noqa: E402
from ng import bdecode, bencode          # noqa: E402
from tap import contains, equal, test, wait_until    # noqa: E402
import tap                               # noqa: E402

PLUGINS = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "plugins")
SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       "m=audio 2000 RTP/AVP 8\r\n")


def free_tcp_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Fronts(Daemon):
    """A daemon with both TCP listeners."""

    def __init__(self, *args, **more):
        self.cli_port, self.tcp_port = free_tcp_port(), free_tcp_port()
        super().__init__(f"--listen-cli=127.0.0.1:{self.cli_port}",
                         f"--listen-tcp-ng=127.0.0.1:{self.tcp_port}", *args, **more)

    def connect(self, port=None):
        s = socket.create_connection(("127.0.0.1", port or self.cli_port), timeout=10)
        return s

    def cli(self, line, end=b"\n"):
        with self.connect() as s:
            s.sendall(line.encode() + end)
            if not end:
                s.shutdown(socket.SHUT_WR)
            return read_all(s)

    def call(self, name, **more):
        self.ng.request("offer", call_id=name, from_tag="ft", sdp=SDP, **more)
        self.ng.request("answer", call_id=name, from_tag="ft", to_tag="tt",
                        sdp=SDP.replace("2000", "2002"))


def read_all(s):
    data = b""
    while chunk := s.recv(65536):
        data += chunk
    return data.decode("latin-1")


def masked(text):
    """Numbers that differ from run to run as names of their own."""
    text = re.sub(r"1\d{9}\b", "TIME", text)
    text = re.sub(r"127\.0\.0\.1:[1-9]\d{3,4}", lambda m: f"127.0.0.1:{'PORT':{len(m[0]) - 10}}", text)
    return re.sub(r"callduration \d+\.\d{6}", "callduration D", text)


@test("numsessions, sessions and details of a call")
def sessions(d):
    equal(d.cli("list sessions all"), "No sessions on this media relay.\n")
    equal(d.cli("list sessions own"), "No own sessions on this media relay.\n")
    equal(d.cli("list sessions foreign"), "No foreign sessions on this media relay.\n")
    equal(d.cli("list sessions x y"), "\nCall ID not found (x y).\n\n")
    d.call("call-1")
    equal(d.cli("list numsessions"),
          "Current sessions own: 1\nCurrent sessions foreign: 0\nCurrent sessions total: 1\n"
          "Current transcoded media: 0\nCurrent sessions ipv4 only media: 1\n"
          "Current sessions ipv6 only media: 0\nCurrent sessions ip mixed  media: 0\n")
    line = masked(d.cli("get sessions all"))
    equal(re.sub(r"PORT *", "PORT", line),
          f"ID: {'call-1':>60} | del:n | creat:  TIME | prx:127.0.0.1:PORT| redis: 0 | frgn:n | rec:n\n")
    ports = r"-------- Port +127\.0\.0\.1:\d+ <> +127\.0\.0\.1:200\d"
    text = re.sub(ports, "-------- PORTS", d.cli("list sessions call-1"))
    equal(re.sub(r"PORT *\n", "PORT\n", masked(text)),
          "\ncallid: call-1\ndeletionmark: no\ncreated: TIME\nproxy: 127.0.0.1:PORT\ntos: 0\n"
          "last_signal: TIME\nredis_keyspace: 0\nlast redis update: 0\nforeign: no\nrecording: no\n\n"
          "--- Tag 'ft', type: FROM_TAG, label '', branch '', callduration D\n"
          "---     subscribed to 'tt'\n---     subscription of 'tt'\n"
          "------ Media #1 (audio over RTP/AVP) using unknown codec\n"
          "-------- PORTS , 0 p, 0 b, 0 e, TIME uts, 0 kts\n"
          "-------- PORTS  (RTCP), 0 p, 0 b, 0 e, TIME uts, 0 kts\n"
          "--- Tag 'tt', type: TO_TAG, label '', branch '', callduration D\n"
          "---     subscribed to 'ft'\n---     subscription of 'ft'\n"
          "------ Media #1 (audio over RTP/AVP) using unknown codec\n"
          "-------- PORTS , 0 p, 0 b, 0 e, TIME uts, 0 kts\n"
          "-------- PORTS  (RTCP), 0 p, 0 b, 0 e, TIME uts, 0 kts\n\n")


def explained(text):
    """What explain says, with ports of ours and times by name."""
    text = re.sub(r"(told to send to|RTCP to) 127\.0\.0\.1:\d+", r"\1 OURS", text)
    text = re.sub(r"127\.0\.0\.1:(?!200\d\b)\d+", "CLIENT", text)
    return re.sub(r" +\d+\.\d+ s\b", " TIME", text)


EXPLAINED = """\
Call 'call-1' began TIME ago by a command of CLIENT; the latest signalling was TIME ago.

'ft', section 1 (audio):
  It said that it receives at 127.0.0.1:2000 (RTCP at 127.0.0.1:2001) by RTP/AVP, sendrecv, codecs PCMA/8000 (8).
  It was told to send to OURS (RTCP to OURS).
  To 'tt': never-arrived
    Nothing has arrived from 'ft' in the TIME since the latest signalling. It was told to send to OURS: \
it does not send, or a firewall or NAT between keeps it away.
    Both sides named PCMA/8000 (8).
'tt', section 1 (audio):
  It said that it receives at 127.0.0.1:2002 (RTCP at 127.0.0.1:2003) by RTP/AVP, sendrecv, codecs PCMA/8000 (8).
  It was told to send to OURS (RTCP to OURS).
  To 'ft': never-arrived
    Nothing has arrived from 'tt' in the TIME since the latest signalling. It was told to send to OURS: \
it does not send, or a firewall or NAT between keeps it away.

What happened, by the time since the call began:
 TIME  offer received from CLIENT
 TIME  'ft', section 1: is told to send to OURS (2 ports)
 TIME  'tt', section 1: is told to send to OURS (2 ports)
 TIME  answer received from CLIENT
"""


@test("explain tells why there is no audio")
def explain(d):
    equal(d.cli("explain nobody"), "\nCall ID not found (nobody).\n\n")
    equal(d.cli("explain"), "More parameters required.\n")
    equal(explained(d.cli("explain call-1")), EXPLAINED)
    reply = d.ng.request("explain", call_id="call-1")
    equal(list(reply), ["parties", "events", "omitted", "text", "result"])
    equal(explained(reply["text"]), EXPLAINED)
    status, text, _ = tool("rtpengine-ctl", "-ip", f"127.0.0.1:{d.cli_port}", "explain", "call-1")
    equal((status, explained(text)), (0, EXPLAINED))


@test("terminate ends calls at once and counts them as forced")
def terminate(d):
    equal(d.cli("terminate nobody"), "\nCall Id not found (nobody).\n\n")
    equal(d.cli("terminate call-1"), "\nCall Id (call-1) successfully terminated by operator.\n\n")
    equal(d.ng.calls(), [])
    d.call("a")
    d.call("b")
    equal(d.cli("terminate foreign"), "All foreign calls terminated by operator.\n")
    equal(len(d.ng.calls()), 2)
    equal(d.cli("call b terminate"), "\nCall 'b' terminated.\n\n")
    equal(d.cli("call b info"), "No such call 'b'\n")
    equal(d.cli("terminate all"), "All calls terminated by operator.\n")
    equal(d.cli("terminate own"), "All own calls terminated by operator.\n")
    equal(d.ng.calls(), [])
    wait_until(lambda: not d.media_ports(), what="closed ports")
    contains(d.cli("list totals"), f" {'Total forced terminated sessions':48}:3\n")


@test("set, list and params agree")
def settings(d):
    for line, want in [
            ("set maxsessions 100", "Success setting maxsessions to 100\n"),
            ("list maxsessions", "Maximum sessions configured on rtpengine: 100\n"),
            ("set maxsessions -1", "Success setting maxsessions to -1; disable feature\n"),
            ("set maxsessions -2", "Fail setting maxsessions to -2; either positive or -1 values allowed\n"),
            ("set maxsessions x", "Fail setting maxsessions to x; no digits found\n"),
            ("set maxsessions 99999999999999999999",
             "Fail setting maxsessions to 99999999999999999999; errno=34\n"),
            ("set maxcpu 50", "Success setting maxcpu to 50.0\n"),
            ("list maxcpu", "Maximum CPU usage configured on rtpengine: 50.0\n"),
            ("set maxload 1.5", "Success setting maxload to 1.50\n"),
            ("list maxload", "Maximum load average configured on rtpengine: 1.50\n"),
            ("set maxbw 12345678901", "Success setting maxbw to 12345678901\n"),
            ("list maxbw", "Maximum bandwidth configured on rtpengine: 12345678901\n"),
            ("set maxload x", "Fail setting maxload to x; no digits found\n"),
            ("params diff", "max-load: 0 => 150\nmax-cpu: 0 => 5000\nmax-bw: 0 => 12345678901\n"),
            ("set maxload 1e30", f"Success setting maxload to {1e30:.2f}\n"),
            ("params diff", "max-load: 0 => 9000000000000000000\nmax-cpu: 0 => 5000\n"
             "max-bw: 0 => 12345678901\n"),
            ("set maxload 1.5", "Success setting maxload to 1.50\n"),
            ("params revert", ""),
            ("set timeout 30", "Success setting timeout to 30\n"), ("list timeout", "TIMEOUT=30\n"),
            ("set silenttimeout 31", "Success setting timeout to 31\n"),
            ("list silenttimeout", "SILENT_TIMEOUT=31\n"),
            ("set finaltimeout 32", "Success setting timeout to 32\n"),
            ("list finaltimeout", "FINAL_TIMEOUT=32\n"),
            ("set offertimeout 33", "Success setting timeout to 33\n"),
            ("list offertimeout", "OFFER_TIMEOUT=33\n"),
            ("set timeout -1", "Fail setting timeout to -1; errno=34\n"),
            ("set timeout 2147483647", "Fail setting timeout to 2147483647; errno=34\n"),
            ("set timeout abc", "Fail setting timeout to abc; no digits found\n"),
            ("set loglevel 7", "Success setting loglevel to 7\n"), ("list loglevel", "7\n"),
            ("set loglevel 9", "Invalid log level '9', must be number between 1 and 7\n"),
            ("set controltos 96", "Success setting redis-connect-timeout to 96\n"),
            ("list controltos", "96\n"),
            ("set controltos 256", "Invalid control-tos value 256, must be between 0 and 255\n"),
            ("set deletedelay 5", "Success setting delete-delay to 5\n"), ("list deletedelay", "5\n"),
            ("set deletedelay -1", "Invalid delete-delay value\n"),
            ("set maxopenfiles 100", "Fail setting open_files to 100; can't set it under 65536\n"),
            ("set maxopenfiles x", "Fail setting open_files to x; no digits found\n"),
            ("set redisdisable 1", "No redis write to disable\n"),
            ("params diff",
             "log-level: 6 => 7\ncontrol-tos: 0 => 96\ntimeout: 60000000 => 30000000\n"
             "silent-timeout: 3600000000 => 31000000\nfinal-timeout: 0 => 32000000\n"
             "offer-timeout: 3600000000 => 33000000\ndelete-delay: 0 => 5\n"),
            ("params revert", ""), ("params diff", ""), ("list timeout", "TIMEOUT=60\n"),
            ("list loglevel", "6\n")]:
        equal(d.cli(line), want, line)
    equal(d.cli("params start"), d.cli("params current"))
    contains(d.cli("params current"), "\ntimeout = 60\n")
    contains(d.cli("params current"), f"\nlisten-cli = 127.0.0.1:{d.cli_port}\n")


@test("a changed limit and a changed timeout take effect")
def effects(d):
    d.cli("set maxsessions 0")
    contains(d.ng.refused("offer", call_id="no", from_tag="a", sdp=SDP), "Parallel session limit reached")
    d.cli("set maxsessions -1")
    d.call("short")
    d.cli("set timeout 1")
    wait_until(lambda: "short" not in d.ng.calls(), 8, "the timeout")
    d.cli("params revert")
    text = d.cli("list totals")
    contains(text, f" {'Total rejected sessions':48}:1\n")
    contains(text, f" {'Total timed-out sessions via TIMEOUT':48}:1\n")
    contains(text, f" {'Total number of streams with no relayed packets':48}:")


def without_traffic(text):
    text = re.sub(r"\d+ packets, \d+ bytes", "PACKETS, BYTES", text)
    if ENGINE == "steered":     # who looks for its ports sends it empty packets
        text = re.sub(r"\d+ errors", "0 errors", text)
        text = re.sub(r" Dropped, runt: \d+\n", "", text)
    return text


@test("other listings")
def listings(d):
    equal(d.cli("list maxcpu"), "Maximum CPU usage configured on rtpengine: 0.0\n")
    equal(d.cli("list maxload"), "Maximum load average configured on rtpengine: 0.00\n")
    equal(d.cli("list maxbw"), "Maximum bandwidth configured on rtpengine: 0\n")
    assert re.fullmatch(r"Maximum open-files configured on rtpengine: (\d+|infinite); "
                        rf"cat /proc/{d.process.pid}/limits\n", d.cli("list maxopenfiles"))
    want = (f"Interface 'default' address '127.0.0.1' (IPv4)\n"
            f" Port range: {d.port_min:5} - {d.port_max:5}\n"
            f" Ports used:     0 /   400 (  0.0%)\n Port engine: {ENGINE}\n"
            " Received: PACKETS, BYTES, 0 errors\n Sent: PACKETS, BYTES, 0 errors\n"
            " Packets lost: 0, duplicates: 0\n\n")
    wait_until(lambda: without_traffic(d.cli("list interfaces")) == want,
               what="interfaces as described")
    equal(d.cli("list transcoders"), "No stats entries\n")
    lines = d.cli("list counters").split("\n")
    equal(lines[:3], ["", "Current per-second counters:", ""])
    equal(lines[3], f" {'Packets per second (userspace)':48}:0")
    equal(len(lines), 13)
    equal(d.cli("kslist"), "Keyspace notification feature has not been configured.\n")
    equal(d.cli("active"), "Ok, all calls set to 'owned (active)'\n")


@test("totals in sections, with who sent commands")
def totals(d):
    text = d.cli("list totals")
    headings = re.findall(r"(?:^|\n)\n(\w[^\n]*:)\n\n", text)
    equal(headings, ["Statistics over currently running sessions:",
                     "Total statistics (does not include current running sessions):",
                     "Graphite interval statistics (last reported values to graphite):",
                     "MOS statistics:", "VoIP metrics:",
                     "Drops, refusals and changes of state, by reason:", "Control statistics:"])
    assert re.search(r"\n wrong-source {36}:\d+ \(came from another address than", text), text
    assert re.search(rf"\n {'Uptime of rtpengine':48}:\d+ seconds\n", text), text
    contains(text, f"to graphite):\n\n {'Total calls duration':48}:0.000000\n {'Min managed sessions':48}:0\n"
             f" {'Max managed sessions':48}:0\n"
             f" {'Min/Max/Avg ping processing delay':48}:0.000000/0.000000/0.000000 sec\n"
             f" {'Min/Max/Avg offer processing delay':48}:0.000000/0.000000/0.000000 sec\n")
    contains(text, f"\n {'Min/Max/Avg offer requests per second':48}:0.000000/0.000000/0.000000 per sec\n")
    contains(text, f"\n {'Min/Max/Avg start recording requests per second':48}:0.0")
    rows = text.split("Control statistics:\n\n")[1].splitlines()
    equal(rows[0].split("|")[:4], [f" {'Proxy':>20} ", f" {'Ping':>10} ", f" {'Offer':>10} ", f" {'Answer':>10} "])
    equal(rows[1].split("|")[0], f" {'127.0.0.1':>20} ")
    assert int(rows[1].split("|")[2]) > 3
    assert int(rows[1].split("|")[-1]) == 1, rows[1]    # the refused offer
    equal(len({len(r) for r in rows}), 1)


@test("statistics as JSON and by NG")
def statistics(d):
    text = d.cli("list jsonstats")
    stats = json.loads(text)
    assert not text.endswith("\n")
    equal(stats["currentstatistics"]["sessionsown"], 0)
    equal(stats["totalstatistics"]["forcedterminatedsessions"], 3)
    assert isinstance(stats["totalstatistics"]["avgcallduration"], float)
    equal(stats["controlstatistics"]["proxies"][0]["proxy"], "127.0.0.1")
    contains(text, '"mos_average":0.000000')
    equal(stats["interfaces"][0]["ports"]["totals"], 400)
    equal(list(stats["intervalstatistics"])[:9],
          ["totalcallsduration", "minmanagedsessions", "maxmanagedsessions", "minpingdelay", "maxpingdelay",
           "avgpingdelay", "minpingrequestrate", "maxpingrequestrate", "avgpingrequestrate"])
    contains(text, '"avgstart recordingdelay":0.000000')
    equal(list(stats["interfaces"][0]), ["name", "address", "engine", "ports", "packets_lost", "duplicates",
                                         "voip_metrics", "ingress", "egress", "drops"])
    equal(list(stats["interfaces"][0]["voip_metrics"]), list(stats["voip_metrics"]))
    deleted = next(r for r in stats["reasons"] if r["name"] == "terminated")
    equal((deleted["kind"], deleted["count"]), ("change", 3))
    by_ng = d.ng.request("statistics")["statistics"]
    equal(list(by_ng), list(stats))
    assert re.fullmatch(r"\d+\.\d{6}", by_ng["totalstatistics"]["avgcallduration"])
    assert re.fullmatch(r"\d+", by_ng["totalstatistics"]["uptime"])
    for part in ("currentstatistics", "totalstatistics", "intervalstatistics", "mos", "voip_metrics", "controlstatistics"):
        equal(list(by_ng[part]), list(stats[part]), part)


@test("words that are no commands, help and usage")
def words(d):
    equal(d.cli("nonsense"), "Unknown command: nonsense\n")
    equal(d.cli("list nonsense"), "Unknown command: nonsense\n")
    equal(d.cli("lis"), "Unknown command: lis\n")
    equal(d.cli("list  totals"), "Unknown command: \n")
    equal(d.cli("List totals"), "Unknown command: List\n")
    for group in ("list", "set", "params", "terminate", "set timeout", "list sessions"):
        equal(d.cli(group), "More parameters required.\n", group)
    equal(d.cli("params help"),
          "Available sub-commands at this level:\n\tstart\n\tcurrent\n\tdiff\n\trevert\n")
    text = d.cli("usage")
    equal(text[:30], "    Supported commands are:\n\n ")
    for line in text.splitlines()[2:]:
        equal(line[50:52], ": ", line)


@test("the CLI by NG")
def by_ng(d):
    equal(d.ng.request("cli", body="list timeout")["response"], "TIMEOUT=60\n")
    equal(d.ng.request("CLI", body="")["response"], "Incomplete command: \n")
    equal(d.ng.refused("cli"), "No 'body' in message")


@test("words for what this build does not have say so")
def lacking(d):
    for line, what in [
            ("list redisallowederrors", "Redis"), ("list redisdisabletime", "Redis"),
            ("list redisconnecttimeout", "Redis"), ("list rediscmdtimeout", "Redis"),
            ("set redisallowederrors 1", "Redis"), ("set redisdisabletime 1", "Redis"),
            ("set redisconnecttimeout 1", "Redis"), ("set rediscmdtimeout 1", "Redis"),
            ("media list files", "Managing stored media"), ("media add file /a b", "Managing stored media"),
            ("media reload dbs", "Managing stored media"), ("media evict players", "Managing stored media"),
            ("standby", "Setting calls to 'foreign (standby)'")]:
        equal(d.cli(line), f"{what} is not supported by this build\n", line)
    equal(d.cli("ksadd 3"), "Keyspace notification feature has not been configured.\n")
    equal(d.cli("ksrm 3"), "Keyspace notification feature has not been configured.\n")
    equal(d.cli("media nonsense"), "Unknown command: nonsense\n")
    equal(d.cli("media help"),
          "Available sub-commands at this level:\n\tlist\n\tadd\n\treload\n\tevict\n")


@test("one party of a call")
def one_party(d):
    d.call("party")
    whole, leg = d.cli("call party info"), d.cli("call party tag tt info")
    assert re.match(r"--- Tag 'tt', type: TO_TAG, label '', branch '', callduration \d+\.\d{6}\n"
                    r"---     subscribed to 'ft'\n---     subscription of 'ft'\n------ Media #1 ", leg), leg
    equal(len(leg.splitlines()), 6)
    contains(whole, "\n".join(leg.splitlines()[1:]))
    contains(d.cli("call party tag ft info"), "--- Tag 'ft', type: FROM_TAG,")
    for words, want in [
            ("delay 20", "Setting delay to 20\n"), ("delay 0", "Setting delay to 0\n"),
            ("delay x", "Invalid delay x\n"), ("delay -1", "Invalid delay -1\n"),
            ("delay 99999", "Invalid delay 99999\n"),
            ("detect-dtmf 1", "Enabling audio DTMF detection\n"),
            ("detect-dtmf 0", "Disabling audio DTMF detection\n"),
            ("detect-dtmf 2", "Invalid on/off flag ('2') specified\n")]:
        equal(d.cli("call party tag tt " + words), want, words)
        delayed = "The RTP it sends waits 20 ms" in d.cli("explain party")
        equal(delayed, words == "delay 20", words)
    equal(d.cli("call party tag tt delay"), "More parameters required.\n")
    equal(d.cli("call party tag tt"), "More parameters required.\n")
    equal(d.cli("call party tag"), "More parameters required.\n")
    equal(d.cli("call party"), "More parameters required.\n")
    equal(d.cli("call party tag nobody info"), "No such tag 'nobody'\n")
    equal(d.cli("call nobody tag tt info"), "No such call 'nobody'\n")
    equal(d.cli("call party tag tt sing"), "Unknown command: sing\n")
    equal(d.cli("call party sing"), "Unknown command: sing\n")
    d.ng.request("delete", call_id="party")


def said(d, what):
    """What the log has gained by `what`, up to the answer of a ping."""
    before = len(d.log())
    what()
    d.ng.request("ping")
    wait_until(lambda: "Replying to 'ping'" in d.log()[before:], what="the log")
    return d.log()[before:]


def query(d, name):
    return lambda: d.ng.request("query", call_id=name)


@test("debug logging of one call, by the CLI and by flag")
def debugging(d):
    d.call("loud")
    d.call("quiet")
    lack = "DEBUG: "
    assert lack not in said(d, query(d, "loud"))
    equal(d.cli("debug loud"), "Enabled debugging for call 'loud'\n")
    text = said(d, query(d, "loud"))
    contains(text, "DEBUG: [loud]: Dump for 'query' from ")
    contains(text, "DEBUG: [loud]: Response dump for 'query' to ")
    assert lack not in said(d, query(d, "quiet"))
    d.cli("set loglevel 4")
    d.ng.request("query", call_id="quiet")
    d.ng.request("query", call_id="loud")
    d.wait_log(r"INFO: \[loud\]: Replying to 'query'[^\n]*\n[^\n]*Response dump[^\n]*\n$")
    d.cli("set loglevel 6")
    equal(d.cli("debug loud off"), "Disabled debugging for call 'loud'\n")
    assert lack not in said(d, query(d, "loud"))
    for on, words in (("Enabled", ("on", "enable")), ("Disabled", ("off", "disable"))):
        for word in words:
            equal(d.cli(f"debug loud {word}"), f"{on} debugging for call 'loud'\n")
            equal(d.cli(f"call loud debug {word}"), f"{on} debugging for call 'loud'\n")
    equal(d.cli("debug"), "No call ID specified\n")
    equal(d.cli("debug loud maybe"), "Invalid on/off flag ('maybe') specified\n")
    equal(d.cli("debug nobody"), "Call ID 'nobody' not found\n")
    equal(d.cli("call nobody debug on"), "No such call 'nobody'\n")
    for flag in ("debug", "debugging"):
        text = said(d, lambda: d.ng.request("offer", call_id=flag, from_tag="ft", sdp=SDP, flags=[flag]))
        equal(text.count(f"DEBUG: [{flag}]: Dump for 'offer' from "), 1)
        contains(text, f"DEBUG: [{flag}]: Response dump for 'offer' to ")
        contains(said(d, query(d, flag)), "Dump for 'query'")
        equal(d.cli(f"debug {flag} off"), f"Disabled debugging for call '{flag}'\n")
        d.ng.request("delete", call_id=flag)
    # A refused request leaves the call as it was.
    contains(said(d, lambda: d.ng.refused("offer", call_id="quiet", from_tag="ft", sdp="v=1", flags=["debug"])),
             "DEBUG: [quiet]: Dump for 'offer'")
    assert lack not in said(d, query(d, "quiet"))
    for name in ("loud", "quiet"):
        d.ng.request("delete", call_id=name)


@test("log levels of subsystems")
def log_levels(d):
    for line, want in [
            ("list loglevels", "core - calls, their media, and what has no place elsewhere\n"
                               "control - commands, their clients and listeners\n"),
            ("list loglevel", "6\n"), ("list loglevel core", "6\n"),
            ("list loglevel nonsense", "Unknown log level facility: nonsense\n"),
            ("set loglevel control 7", "Success setting loglevel to 7\n"),
            ("list loglevel", "core = 6\ncontrol = 7\n"), ("list loglevel control", "7\n"),
            ("params diff", "log-level-control: -1 => 7\n")]:
        equal(d.cli(line), want, line)
    contains(said(d, lambda: d.ng.request("ping")), "DEBUG: Dump for 'ping' from ")
    assert "timer run time" not in d.log()
    equal(d.cli("set loglevel core 7"), "Success setting loglevel to 7\n")
    d.wait_log("DEBUG: timer run time = ")
    equal(d.cli("set loglevel control 3"), "Success setting loglevel to 3\n")
    before = len(d.log())
    d.ng.request("ping")
    equal(d.cli("list loglevel"), "core = 7\ncontrol = 3\n")
    d.wait_log("DEBUG: timer run time = ")
    for line, want in [
            ("set loglevel control 8", "Invalid log level '8', must be number between 1 and 7\n"),
            ("set loglevel nonsense 5", "Unknown log level facility: nonsense\n"),
            ("set loglevel control x", "Invalid log level 'x', must be number between 1 and 7\n"),
            ("list loglevel control", "3\n"),
            ("set loglevel 5", "Success setting loglevel to 5\n"), ("list loglevel", "5\n"),
            ("params revert", ""), ("list loglevel", "6\n"), ("params diff", "")]:
        equal(d.cli(line), want, line)
    text = d.log()[before:]
    assert "'ping'" not in text, text


@test("lines end with LF, CR LF, or where the client stops")
def line_ends(d):
    for end in (b"\n", b"\r\n", b"", b"\nlist totals\n", b"\n" + b"x" * 500):
        equal(d.cli("list timeout", end), "TIMEOUT=60\n", repr(end))
    equal(d.cli("\r\n\n\nlist timeout"), "TIMEOUT=60\n")
    with d.connect() as s:
        for byte in b"list timeout\n":
            s.sendall(bytes([byte]))
            time.sleep(0.002)
        equal(read_all(s), "TIMEOUT=60\n")


@test("more than 1024 bytes without a line's end are no command")
def long_line(d):
    for line in (b"x" * 1500, b"x" * 1500 + b"\n"):
        with d.connect() as s:
            try:
                s.sendall(line)
                equal(s.recv(100), b"")
            except ConnectionError:
                pass
    assert d.alive()


def frame(request, cookie):
    return cookie + b" " + bencode(request)


def read_frames(s, count):
    """Cookie and reply of so many answers."""
    data, found = b"", []
    while len(found) < count:
        chunk = s.recv(65536)
        assert chunk, "closed early"
        data += chunk
        while b" " in data:
            cookie, _, doc = data.partition(b" ")
            for end in (i + 1 for i in range(len(doc)) if doc[i:i + 1] == b"e"):
                try:
                    reply = bdecode(doc[:end])
                except (ValueError, IndexError):
                    continue
                found.append((cookie, reply))
                data = doc[end:]
                break
            else:
                break
    return found


@test("NG over TCP: many messages on a connection, cut anywhere")
def ng_tcp(d):
    with d.connect(d.tcp_port) as s:
        s.sendall(frame({"command": "ping"}, b"c1") + frame({"command": "list"}, b"c2"))
        answers = read_frames(s, 2)
        equal([a[0] for a in answers], [b"c1", b"c2"])
        equal(answers[0][1], {"result": "pong"})
        for byte in frame({"command": "ping", "x": "d" * 50}, b"c3"):
            s.sendall(bytes([byte]))
        equal(read_frames(s, 1), [(b"c3", {"result": "pong"})])
        s.sendall(frame({"command": "ping", "x": "y" * 60000}, b"c4"))
        equal(read_frames(s, 1), [(b"c4", {"result": "pong"})])
        s.sendall(frame({"command": "no such"}, b"c5"))
        equal(read_frames(s, 1)[0][1]["error-reason"], "Unrecognized command")
        s.sendall(frame({"command": "list"}, b"c1"))        # a repeat of the first
        equal(read_frames(s, 1), [(b"c1", {"result": "pong"})])
        s.sendall(frame({"command": "ping"}, b"c6"))
        s.shutdown(socket.SHUT_WR)
        equal(read_frames(s, 1), [(b"c6", {"result": "pong"})])
        equal(s.recv(10), b"")


@test("NG over TCP: what never becomes a message ends with the connection")
def ng_tcp_garbage(d):
    for start in (b"c {\"command\":\"ping\"}", b"c dxe", b"c d1:a", b"nothing"):
        with d.connect(d.tcp_port) as s:
            s.sendall(start)
            s.settimeout(0.1)
            try:
                raise AssertionError(f"an answer to {start}: {s.recv(100)}")
            except socket.timeout:
                pass
            s.settimeout(10)
            try:
                for _ in range(20):
                    s.sendall(b"x" * 8192)
                equal(s.recv(100), b"")
            except ConnectionError:
                pass
    assert d.alive()


@test("a client that does not read its answers holds up nobody")
def not_reading(d):
    with d.connect(d.tcp_port) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(0.2)
        request, sent = frame({"command": "statistics"}, b"") * 100, 0
        try:
            while sent < 30 << 20:
                sent += slow.send(b"".join(b"k%d%s" % (sent + i, frame({"command": "statistics"}, b""))
                                           for i in range(100)))
        except socket.timeout:
            pass
        assert sent < 30 << 20, "the daemon took it all"
        assert len(request) and d.alive()
        equal(d.cli("list timeout"), "TIMEOUT=60\n")
        with open(f"/proc/{d.process.pid}/statm") as f:
            pages = int(f.read().split()[1])
        if "asan" not in PROGRAM and "tsan" not in PROGRAM:
            assert pages * 4096 < 400 << 20, pages


@test("1,000 connections that do nothing cost nothing but memory")
def idle(d):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))

    def ticks():
        with open(f"/proc/{d.process.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    before = d.descriptors()
    conns = [d.connect(port) for port in (d.cli_port, d.tcp_port) for _ in range(500)]
    for c in conns[::3]:
        c.sendall(b"li")                # half a command
    for c in conns[::7]:
        c.shutdown(socket.SHUT_WR)      # nothing more will come: those go
    wait_until(lambda: d.descriptors() - before <= len(conns) - len(conns[::7]), what="closed ones")
    start = ticks()
    time.sleep(1)
    assert ticks() - start <= 5, "the daemon is busy"
    equal(d.cli("list timeout"), "TIMEOUT=60\n")
    for c in conns:
        c.close()
    wait_until(lambda: d.descriptors() <= before + 1, what="descriptors back")


def try_start(*args):
    return run("--config-file=none", "-f", "--interface=127.0.0.1", "--listen-ng=127.0.0.1:2223", *args)


@test("an option whose plugin is not there names it")
def no_plugin():
    with tempfile.TemporaryDirectory() as empty:
        for option, name in (("--listen-cli", "cli"), ("--listen-tcp-ng", "ng_tcp")):
            status, _, err = try_start(f"--plugin-dir={empty}", f"{option}=127.0.0.1:9900")
            equal(status, 255)
            contains(err, f"Fatal error: Option {option} needs plugin '{name}': "
                     f"{empty}/{name}.so is not there\n")
    status, _, err = try_start("--plugin-dir=/nonexistent")
    equal(status, 255)
    contains(err, "/nonexistent")


@test("a broken plugin is left out with a line, and missed only where it is needed")
def broken_plugin():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(PLUGINS, "cli.so"), folder)
        with open(os.path.join(folder, "ng_tcp.so"), "w", encoding="utf-8") as f:
            f.write("no library")
        with Fronts.__mro__[1](f"--plugin-dir={folder}") as d:
            contains(d.log(), f"WARNING: Plugin {folder}/ng_tcp.so skipped: ")
            equal(d.ng.request("cli", body="list timeout")["response"], "TIMEOUT=60\n")
        status, _, err = try_start(f"--plugin-dir={folder}", "--listen-tcp-ng=127.0.0.1:9900")
        equal(status, 255)
        contains(err, "Fatal error: Option --listen-tcp-ng needs plugin 'ng_tcp': ")


@test("addresses that are none, and those that are taken")
def bad_addresses(d):
    for option, kind in (("--listen-cli", "CLI"), ("--listen-tcp-ng", "TCP NG control")):
        _, _, err = run("--config-file=none", "-f", "--interface=127.0.0.1", "--listen-ng=127.0.0.1:0",
                        f"{option}=x")
        contains(err, "Fatal error: ")
        status, _, err = run("--config-file=none", "-f", "--interface=127.0.0.1",
                             "--listen-tcp-ng=127.0.0.1:1.2", f"{option}=1.2.3.4")
        equal(status, 255)
        contains(err, f"Fatal error: Invalid IP or port '1")
        status, _, err = run("--config-file=none", "-f", "--interface=127.0.0.1",
                             f"--listen-ng=127.0.0.1:{free_tcp_port()}", f"{option}=127.0.0.1:{d.cli_port}")
        equal(status, 255)
        contains(err, f"Fatal error: Failed to open {kind} connection port (127.0.0.1:{d.cli_port}): ")


def tool(name, *args, **more):
    p = subprocess.run([os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), name), *args],
                       capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, **more)
    return p.returncode, p.stdout, p.stderr


@test("rtpengine-ctl")
def ctl(d):
    at = f"127.0.0.1:{d.cli_port}"
    equal(tool("rtpengine-ctl", "-ip", at, "list", "timeout"), (0, "TIMEOUT=60\n", ""))
    equal(tool("rtpengine-ctl", "--ip", "127.0.0.1", "--port", str(d.cli_port), "list", "timeout"),
          (0, "TIMEOUT=60\n", ""))
    for value in (at, str(d.cli_port), f"0.0.0.0:{d.cli_port}"):
        with tempfile.NamedTemporaryFile("w") as f:
            f.write(f"[rtpengine]\nlisten-cli = {value}\n")
            f.flush()
            equal(tool("rtpengine-ctl", "-config-file", f.name, "list", "timeout"), (0, "TIMEOUT=60\n", ""))
    d.call("by-ctl")
    for words, want in [
            (["debug"], "No call ID specified\n"),
            (["debug", "by-ctl"], "Enabled debugging for call 'by-ctl'\n"),
            (["call", "by-ctl", "debug", "off"], "Disabled debugging for call 'by-ctl'\n"),
            (["call", "by-ctl", "tag", "x", "info"], "No such tag 'x'\n"),
            (["set", "loglevel", "core", "6"], "Success setting loglevel to 6\n"),
            (["params", "revert"], ""),
            (["media", "list", "files"], "Managing stored media is not supported by this build\n")]:
        equal(tool("rtpengine-ctl", "-ip", at, *words), (0, want, ""), " ".join(words))
    d.ng.request("delete", call_id="by-ctl")
    contains(tool("rtpengine-ctl", "-ip", at)[1], "    Supported commands are:\n")
    status, out, _ = tool("rtpengine-ctl", "-ip", at, "-h")
    equal(status, 0)
    contains(out, "Usage: rtpengine-ctl ")
    contains(out, "    Supported commands are:\n")
    status, out, err = tool("rtpengine-ctl", "-ip", f"127.0.0.1:{free_tcp_port()}", "list", "totals")
    equal((status, out), (1, ""))
    contains(err, "cannot connect")
    equal(tool("rtpengine-ctl", "-nonsense")[0], 1)


@test("rtpengine-ng-client")
def ng_client(d):
    to = ("--proxy-address=127.0.0.1", f"--proxy-port={d.port}")
    equal(tool("rtpengine-ng-client", *to, "ping"), (0, '{ "result": "pong" }\n', ""))
    equal(tool("rtpengine-ng-client", *to, "--raw", "ping"), (0, "d6:result4:ponge\n", ""))
    equal(tool("rtpengine-ng-client", *to, "--raw", "--json", "ping"), (0, '{"result":"pong"}\n', ""))
    with tempfile.NamedTemporaryFile("w", newline="") as f:
        f.write(SDP)
        f.flush()
        status, out, _ = tool("rtpengine-ng-client", *to, "offer", "call-id=42", "from-tag=7",
                              f"sdp=@{f.name}", "replace=[origin,session connection]", "trust-address")
    equal(status, 0)
    contains(out, '"result": "ok"')
    equal(d.ng.calls(), ["42"])
    equal(tool("rtpengine-ng-client", *to, "delete", "call-id=42", "delete-delay=0")[0], 0)
    equal(d.ng.calls(), [])
    equal(tool("rtpengine-ng-client", *to, "nonsense")[0], 1)
    status, out, err = tool("rtpengine-ng-client", "--proxy-port=9", "--timeout=50", "--tries=2", "ping")
    equal((status, out), (1, ""))


@test("the daemon stops with connections open")
def stops(d):
    conns = [d.connect() for _ in range(5)] + [d.connect(d.tcp_port) for _ in range(5)]
    equal(d.stop(), 0)
    for c in conns:
        equal(c.recv(10), b"")


tap.run(Fronts())
