# SPDX-License-Identifier: GPL-3.0-or-later
"""How demonstrations tell what happens, and whether it was right."""
import sys

CHECKS = []


def check(what, right):
    CHECKS.append((what, bool(right)))


def title(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def beside(left_title, left, right_title, right):
    rows = [left_title, *left.splitlines()], [right_title, *right.splitlines()]
    width = max(36, max(map(len, rows[0])) + 2)
    for n in range(max(map(len, rows))):
        cells = [column[n] if n < len(column) else "" for column in rows]
        print(f"  {cells[0]:{width}}| {cells[1]}")


def summary():
    """All checks; the program's exit status."""
    title("Summary")
    for what, right in CHECKS:
        print(f"  {'ok    ' if right else 'WRONG '} {what}")
    wrong = sum(not right for _, right in CHECKS)
    print("All was right." if not wrong else f"{wrong} of {len(CHECKS)} were wrong.")
    return 1 if wrong else 0
