#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""transcode.t with the engine that steers packets. TAP."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import run_steered       # noqa: E402

run_steered(os.path.abspath(__file__), "transcode.t")
