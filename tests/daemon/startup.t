#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon says and returns before it runs: options, config files, fatal errors. TAP."""
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import free_udp_port, run    # noqa: E402
from tap import contains, equal, test    # noqa: E402
import tap                               # noqa: E402

ENOUGH = ("--interface=127.0.0.1", "--listen-ng=127.0.0.1:2223")
FATAL = 255
COMMAND_LINE_ONLY = {"help", "version", "config-file", "config-section", "codecs", "dump-config",
                     "print-flags"}


def fatal(text, *args, file="none"):
    status, out, err = run(f"--config-file={file}", *args)
    contains(err, f"Fatal error: {text}")
    equal(status, FATAL, "status")
    equal(out, "", "stdout")
    return err


def dump(*args):
    """{name: (value, where it came from)} of the settings in effect."""
    status, out, err = run(*args, "--dump-config")
    equal((status, err), (0, ""))
    assert re.match(r"\[[a-z]+\]\n", out), out
    found = re.findall(r"^# (default|config file|command line)\n([a-z-]+) = (.*)$", out, re.M)
    return {name: (value, source) for source, name, value in found}


def with_file(text, function):
    """What the function makes of the path of a file with that text."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        f.write(text)
        f.flush()
        return function(f.name)


def from_file(text, *args):
    return with_file(text, lambda path: dump(f"--config-file={path}", *args))


MINIMAL = "[rtpengine]\ninterface = 127.0.0.1\nlisten-ng = 127.0.0.1:2223\n"


@test("--help in its three spellings is usage on stdout")
def help_text():
    for option in ("--help", "-h", "-?"):
        status, out, err = run(option)
        equal((status, err), (0, ""), option)
        equal(out.splitlines()[:2],
              ["Usage:", "  rtpengine [OPTION?]  - next-generation media proxy"], option)
        for part in ("Help Options:", "Application Options:", "-i, --interface=[NAME/]IP[!IP]",
                     "-n, --listen-ng=[IP46|HOSTNAME:]PORT", "-f, --foreground"):
            contains(out, part, option)


@test("--version is one line on stderr")
def version():
    for option in ("--version", "-v"):
        status, out, err = run("--config-file=none", option)
        equal((status, out), (0, ""), option)
        assert re.fullmatch(r"Version: \S+\n", err), err


@test("--codecs needs no other option")
def codecs():
    status, out, err = run("--config-file=none", "--codecs")
    equal((status, err), (0, ""))
    lines = out.splitlines()
    equal(lines[0][:22], " " * 16 + "PCMA: ")
    assert "                 L16: fully supported" in lines, out
    assert "                 EVS: not supported" in lines, out
    assert "                 red: fully supported" in lines, out


@test("--codecs without any plugin that has one")
def no_codecs():
    with tempfile.TemporaryDirectory() as empty:
        equal(run("--config-file=none", f"--plugin-dir={empty}", "--codecs"),
              (0, "No codecs supported.\n", ""))


@test("mandatory options")
def mandatory():
    fatal("Cannot start without any configured interfaces\n")
    fatal("Missing option --listen-tcp, --listen-udp", "--interface=127.0.0.1")


@test("what the parser of the command line refuses")
def bad_command_line():
    fatal("Bad command line: ", "--no-such-option")
    fatal("Bad command line: ", "--interf=127.0.0.1")
    fatal("Bad command line: ", "--interface")
    fatal("Bad command line: ", "--foreground=yes", *ENOUGH)
    for value in ("x", "12x", "2147483648", ""):
        fatal("Bad command line: ", f"--timeout={value}", *ENOUGH)


@test("values out of range")
def out_of_range():
    fatal("Invalid TOS value\n", "--tos=256", *ENOUGH)
    fatal("Invalid TOS value\n", "--tos=-1", *ENOUGH)
    fatal("Invalid control-ng TOS value\n", "--control-tos=256", *ENOUGH)
    fatal("Invalid log level (--log_level)\n", "--log-level=8", *ENOUGH)
    fatal("Invalid --log-format option\n", "--log-format=x", *ENOUGH)
    fatal("Invalid negative delete-delay\n", "--delete-delay=-1", *ENOUGH)
    for ports in (("0", "100"), ("1", "65536"), ("200", "100")):
        fatal("Invalid RTP port range: ", "--port-min", ports[0], "--port-max", ports[1], *ENOUGH)


@test("more threads or tables than there can be")
def too_many():
    for option in ("--num-threads=100000", "--table=99"):
        err = fatal("", "-f", "-E", option, *ENOUGH)
        assert re.search(r"^Fatal error: \S", err, re.M), (option, err)


@test("addresses of peers that are none")
def peers():
    for option in ("redis", "redis-write"):
        for text in ("garbage", "127.0.0.1:6379", "127.0.0.1:6379/", "127.0.0.1:6379/x",
                     "127.0.0.1:999999/1", "pw@garbage/1"):
            fatal(f"Invalid Redis endpoint [IP:PORT/INT] '{text}' (--{option})\n",
                  f"--{option}={text}", *ENOUGH)
    for option in ("graphite", "homer"):
        for text in ("garbage", "127.0.0.1:999999", "127.0.0.1:x", "127.0.0.1"):
            fatal(f"Invalid IP or port '{text}' (--{option})\n", f"--{option}={text}", *ENOUGH)


@test("what cannot be an address is told before what cannot be used")
def other_listeners():
    for option in ("listen-tcp", "listen-udp", "listen-cli"):
        for text in ("999999", "127.0.0.1:999999", "garbage"):
            fatal(f"Invalid IP or port '{text}' (--{option})\n", f"--{option}={text}", *ENOUGH)


@test("an unknown log facility comes with those that are known")
def facility():
    err = fatal("Invalid log facility 'x' (--log-facility)\n", "--log-facility=x", *ENOUGH)
    contains(err, "available facilities: auth authpriv cron daemon ftp kern lpr mail news syslog "
             "user uucp local0 local1 local2 local3 local4 local5 local6 local7\n")


@test("interfaces that are none")
def interfaces():
    for text in ("0.0.0.0", "::", "x/0.0.0.0", "no-such-interface", "127.0.0.1!0.0.0.0", "x/"):
        fatal(f"Invalid interface specification: '{text}'\n", "-f", f"--interface={text}",
              f"--listen-ng=127.0.0.1:{free_udp_port()}")


@test("listeners that are none")
def listeners():
    for text in ("1.2.3.4", "127.0.0.1:65536", "127.0.0.1:0", "127.0.0.1:x", "127.0.0.1:", "x"):
        fatal(f"Invalid IP or port '{text}' (--listen-ng)\n", "-f", "--interface=127.0.0.1",
              f"--listen-ng={text}")


@test("a listener that cannot be bound")
def unbindable():
    fatal("Failed to open UDP NG control connection port (192.0.2.1:2223): ", "-f",
          "--interface=127.0.0.1", "--listen-ng=192.0.2.1:2223")


@test("fatal errors are on stderr whatever the log level, with and without --log-stderr")
def fatal_at_level_0():
    for more in ((), ("-E",), ("-L", "0"), ("-L", "0", "-E")):
        fatal("Failed to open UDP NG control connection port (192.0.2.1:2223): ", "-f", *more,
              "--interface=127.0.0.1", "--listen-ng=192.0.2.1:2223")
        err = fatal("Invalid interface specification: '0.0.0.0'\n", "-f", *more,
                    "--interface=0.0.0.0", f"--listen-ng=127.0.0.1:{free_udp_port()}")
        equal(len(re.findall("Fatal error: ", err)), 1, "times it is said")


@test("options of features that are not there are refused, not ignored")
def unavailable():
    for option in ("--redis=127.0.0.1:6379/1", "--listen-udp=9900",
                   "--homer=127.0.0.1:9060", "--jitter-buffer=4"):
        name = option.partition("=")[0]
        fatal(f"Option {name} cannot be used: ", "-f", option, *ENOUGH)


@test("numbers in other bases, short options, words that are no options")
def spellings():
    got = dump("--config-file=none", "-i127.0.0.1", "-n", "2223", "-fE", "-o", "0x10",
               "--silent-timeout=010", "word")
    equal([got[n] for n in ("interface", "listen-ng", "foreground", "log-stderr", "timeout",
                            "silent-timeout")],
          [(v, "command line") for v in ("127.0.0.1", "2223", "true", "true", "16", "8")])


@test("defaults")
def defaults():
    got = dump("--config-file=none", *ENOUGH)
    want = {"timeout": "60", "silent-timeout": "3600", "offer-timeout": "3600",
            "final-timeout": "0", "delete-delay": "30", "port-min": "30000", "port-max": "39999",
            "log-level": "6", "table": "-1", "max-sessions": "-1", "tos": "0"}
    equal({n: got[n] for n in want}, {n: (v, "default") for n, v in want.items()})


@test("timeouts that make no sense are the defaults")
def timeouts():
    got = dump("--config-file=none", "--timeout=0", "--silent-timeout=-5", "--final-timeout=-1",
               *ENOUGH)
    equal([got[n][0] for n in ("timeout", "silent-timeout", "final-timeout")],
          ["60", "3600", "0"])


@test("a config file: comments, blanks, lists, unknown keys, other sections")
def config_file():
    got = from_file("# comment\n[other]\ntimeout = 1\n[rtpengine]\n"
                    "interface = internal/127.0.0.1; external/127.0.0.2 ;\n"
                    "listen-ng = 127.0.0.1:2223  \ntimeout = 20\nno-such-key = 1\n"
                    "foreground = true\nlog-stderr=1\ntimeout = 21\n")
    equal([got[n] for n in ("interface", "listen-ng", "timeout", "foreground", "log-stderr")],
          [(v, "config file") for v in ("internal/127.0.0.1;external/127.0.0.2",
                                        "127.0.0.1:2223", "21", "true", "true")])


@test("the command line wins over the file, whole lists included")
def precedence():
    got = from_file(MINIMAL + "timeout = 20\nlog-stderr = true\n", "--interface=127.0.0.5",
                    "--timeout=30")
    equal([got[n] for n in ("interface", "timeout", "log-stderr", "listen-ng")],
          [("127.0.0.5", "command line"), ("30", "command line"), ("true", "config file"),
           ("127.0.0.1:2223", "config file")])


@test("another section can be chosen")
def section():
    got = from_file("[rtpengine]\ntimeout = x\n" + MINIMAL.replace("rtpengine", "second"),
                    "--config-section=second")
    equal(got["interface"], ("127.0.0.1", "config file"))


@test("files that are refused")
def bad_files():
    for text in ("key = before any section\n" + MINIMAL, MINIMAL + "no key and no section\n",
                 MINIMAL + "timeout = 0x10\n", MINIMAL + "timeout = much\n",
                 MINIMAL + "foreground = yes\n", MINIMAL.replace("rtpengine", "other"), ""):
        err = with_file(text, lambda path: fatal("Bad command line: ", file=path))
        assert "No such file" not in err, err


@test("a file that was asked for must be there")
def missing_file():
    fatal("Bad command line: ", *ENOUGH, file="/nonexistent/rtpengine.conf")


@test("--version looks at the config file first")
def version_after_file():
    with_file("no config file\n", lambda path: fatal("Bad command line: ", "--version", file=path))


@test("templates come from a section that must be there")
def templates():
    with_file(MINIMAL, lambda path: fatal("File '%s' has no section 'tpl' with templates" % path,
                                          "--templates=tpl", "--foreground", file=path))
    fatal("Templates cannot be read from 'none'", "--templates=tpl", "--foreground", *ENOUGH)


@test("rules of transcoding are read whole, or the daemon does not start")
def transcode_rules():
    def refused(text, message):
        with_file(MINIMAL + text, lambda path: fatal(message, "--transcode-config=tc",
                                                     "--foreground", file=path))

    rule = "[tc-1]\nsource = PCMA\ndestination = opus/48000/2\n"
    needs = "is no rule of transcoding: it needs 'source', 'destination' and 'preference'"
    refused(rule, "Section 'tc-1' " + needs)
    refused("[tc-b]\npreference = 1\nsource = PCMA\n", "Section 'tc-b' " + needs)
    refused(rule + "preference = high\n", "Section 'tc-1': preference 'high' is not a number")
    refused("[tc-1]\nsource = PCMA/x\ndestination = PCMU\npreference = 1\n",
            "Section 'tc-1': 'PCMA/x' or 'PCMU' is no codec specification")
    refused(rule + "transform = 127.0.0.1:2223\n",
            "Section 'tc-1': 'transform' is not supported: this version transcodes all media itself")
    fatal("Rules of transcoding cannot be read from 'none'", "--transcode-config=tc",
          "--foreground", *ENOUGH)


@test("the settings in effect can be used as a config file")
def dump_is_config():
    _, text, _ = run("--config-file=none", "--timeout=77", "--interface=a/127.0.0.1!127.0.0.9",
                     "--interface=b/127.0.0.2", "--listen-ng=2223", "--dump-config")
    got = from_file(text)
    equal([got[n] for n in ("timeout", "interface")],
          [("77", "config file"), ("a/127.0.0.1!127.0.0.9;b/127.0.0.2", "config file")])


@test("the settings in effect name every option, with why some cannot be used")
def dump_is_complete():
    _, text, _ = run("--help")
    listed = re.findall(r"^  (?:-\S, )?--([a-z0-9-]+)(?:[= ].*?)?(?:\[refused: (.*)\])?$", text, re.M)
    want = {name: why for name, why in listed if name not in COMMAND_LINE_ONLY}
    assert len(want) > 50 and any(want.values()) and not all(want.values()), want
    status, text, _ = run("--config-file=none", *ENOUGH, "--dump-config")
    equal(status, 0)
    got = {name: "" for name in re.findall(r"^(?:# )?([a-z0-9-]+) = ?", text, re.M)}
    got.update((name, why) for why, name in
               re.findall(r"^# refused for now: (.*)\n# ([a-z0-9-]+) = ?", text, re.M))
    equal(got, want)


@test("the options of a plugin as a config file")
def plugin_conf():
    status, text, _ = run("--print-plugin-conf=cli")
    equal(status, 0)
    assert re.search(r"^\[rtpengine\]$", text, re.M) and re.search(r"^# listen-cli = <", text, re.M), text
    status, text, err = run("--print-plugin-conf=nonsense")
    equal((status, text), (255, ""))
    assert re.match(r"Fatal error: \S+/nonsense\.so is not there\n$", err), err


tap.run()
