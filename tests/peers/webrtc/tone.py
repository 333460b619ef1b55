# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones and how well they arrive; G.711's A-law (ITU-T G.711)."""
import math

LOUDNESS = 8000


def level_at(samples, rate, hz):
    """The amplitude of that tone in the samples (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * hz / rate)
    one = two = 0.0
    for sample in samples:
        one, two = sample + turn * one - two, one
    return 2 * math.sqrt(max(one * one + two * two - turn * one * two, 0)) / max(len(samples), 1)


def has_tone(samples, rate, hz):
    """Is this tone there, about as loud as it was sent, and nothing as loud beside it?"""
    wanted = level_at(samples, rate, hz)
    others = [level_at(samples, rate, other) for other in (350, 620, 1370, 2100) if other != hz]
    return LOUDNESS / 2 < wanted < LOUDNESS * 2 and max(others) < wanted / 4


def to_alaw(sample):
    sign, value = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    value = min(value, 32767) >> 4
    segment = max(value.bit_length() - 4, 0)
    return (sign | segment << 4 | value >> max(segment - 1, 0) & 0xf) ^ 0x55


def from_alaw(code):
    code ^= 0x55
    segment, mantissa = code >> 4 & 7, code & 0xf
    value = (mantissa << 4) + 8 if not segment else ((mantissa << 4) + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


FROM_ALAW = [from_alaw(code) for code in range(256)]
