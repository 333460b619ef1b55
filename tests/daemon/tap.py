# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of tests that is run in order and told as TAP."""
import sys
import time
import traceback

TESTS = []
ON_FAILURE = []     # called after a failed test; what they return is shown


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


def test(name):
    """Decorator: the function is a test. It fails by raising."""
    def add(function):
        TESTS.append((name, function))
        return function
    return add


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what + ': ' if what else ''}got {got!r}, want {want!r}")


def contains(text, part, what=""):
    if part not in text:
        raise AssertionError(f"{what + ': ' if what else ''}no {part!r} in {text!r}")


def wait_until(condition, seconds=5, what="a condition"):
    """Polls until the condition gives something true, which is returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.01)


def stays(condition, seconds, what="a condition"):
    """For things that must not happen: the condition is true all the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"{what} did not last {seconds} s")
        time.sleep(0.01)


def skip_all(reason):
    print(f"1..0 # skip {reason}")
    sys.exit(0)


def show(text):
    print("".join(f"# {line}\n" for line in text.splitlines()), end="")


def run(context=None):
    """Runs all tests, each with the context if it takes a parameter, and ends the program."""
    failed = 0
    print(f"1..{len(TESTS)}", flush=True)
    for n, (name, function) in enumerate(TESTS, 1):
        try:
            function(*[context] * function.__code__.co_argcount)
            print(f"ok {n} - {name}", flush=True)
        except Skip as e:
            print(f"ok {n} - {name} # SKIP {e}", flush=True)
        except Exception:   # whatever went wrong, the others are still run
            failed += 1
            show(traceback.format_exc())
            for more in ON_FAILURE:
                show(more())
            print(f"not ok {n} - {name}", flush=True)
    sys.exit(1 if failed else 0)
