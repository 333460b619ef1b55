# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrograms as a PNG picture, with nothing but Python's own library."""
import cmath
import math
import struct
import zlib

WINDOW, HOP, BANDS, HEIGHT = 256, 40, 128, 128      # samples, samples, of the window, dots
MARGIN, TITLE, DARKEST_DB = 12, 22, -75.0
# Five rows of three dots, an octal digit each.
FONT = {"A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
        "G": "34553", "H": "55755", "I": "72227", "K": "55655", "L": "44447", "M": "57755",
        "N": "65555", "O": "25552", "P": "65644", "R": "65655", "S": "34216", "T": "72222",
        "U": "55557", "V": "55552", "W": "55775", "X": "55255", "Y": "55222", "Z": "71247",
        "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717",
        "6": "74757", "7": "71122", "8": "75757", "9": "75717", ".": "00002", ",": "00024"}


def fft(x):
    """Of a length that is a power of two."""
    if len(x) == 1:
        return x
    even, odd = fft(x[::2]), fft(x[1::2])
    half = len(x) // 2
    turned = [cmath.exp(-2j * math.pi * k / len(x)) * odd[k] for k in range(half)]
    return [even[k] + turned[k] for k in range(half)] + [even[k] - turned[k] for k in range(half)]


def spectrogram(samples):
    """Columns of levels from 0 to 1, the lowest frequency first."""
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW) for n in range(WINDOW)]
    columns = []
    for at in range(0, len(samples) - WINDOW, HOP):
        spectrum = fft([s * w for s, w in zip(samples[at:at + WINDOW], window)])
        column = []
        for value in spectrum[:BANDS]:
            db = 20 * math.log10(max(abs(value) / (WINDOW / 4) / 32768, 1e-9))
            column.append(min(max(1 - db / DARKEST_DB, 0), 1))
        columns.append(column)
    return columns


def colour(level):
    """From black over violet and orange to pale yellow."""
    return (int(255 * min(1, 1.7 * level)), int(255 * max(0, 1.6 * level - 0.6) ** 1.3),
            int(255 * max(math.sin(math.pi * 0.9 * level) * 0.6, 2.2 * level - 1.3)))


class Picture:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [bytearray(b"\xff" * 3 * width) for _ in range(height)]

    def dot(self, x, y, rgb):
        if 0 <= x < self.width and 0 <= y < self.height:
            self.rows[y][3 * x:3 * x + 3] = bytes(rgb)

    def text(self, x, y, text, size=2):
        for n, letter in enumerate(text.upper()):
            for row, digit in enumerate(FONT.get(letter, "00000")):
                for column in range(3):
                    if int(digit, 8) >> (2 - column) & 1:
                        for i in range(size * size):
                            self.dot(x + (4 * n + column) * size + i % size,
                                     y + row * size + i // size, (0, 0, 0))

    def write(self, path):
        def chunk(kind, data):
            return struct.pack("!I", len(data)) + kind + data + \
                struct.pack("!I", zlib.crc32(kind + data))
        header = struct.pack("!IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        with open(path, "wb") as f:
            f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                    chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(r) for r in self.rows))) +
                    chunk(b"IEND", b""))


def draw(path, panels):
    """Panels of (title, samples at one rate), one below the other."""
    grams = [(title, spectrogram(samples)) for title, samples in panels]
    width = max(len(columns) for _, columns in grams) + 2 * MARGIN
    picture = Picture(width, MARGIN + len(grams) * (TITLE + HEIGHT + MARGIN))
    for n, (title, columns) in enumerate(grams):
        top = MARGIN + n * (TITLE + HEIGHT + MARGIN)
        picture.text(MARGIN, top, title)
        for x, column in enumerate(columns):
            for y in range(HEIGHT):
                level = column[(HEIGHT - 1 - y) * BANDS // HEIGHT]
                picture.dot(MARGIN + x, top + TITLE - 6 + y, colour(level))
    picture.write(path)
