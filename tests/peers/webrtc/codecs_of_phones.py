# SPDX-License-Identifier: GPL-3.0-or-later
"""What plain phones speak, by programs that are not ours: G.711 (tone.py), G.722 of libavcodec, and
G.729 as libbcg729 encodes it and libavcodec decodes it. Each takes and gives 16-bit samples, 20 ms
at a time; raises Missing where its library is not there."""
import array
import ctypes
import ctypes.util

from tone import FROM_ALAW, to_alaw


class Missing(Exception):
    """No such codec on this machine; the text says why."""


class Pcma:
    name, payload_type, rate = "PCMA", 8, 8000

    def encode(self, samples):
        return bytes(map(to_alaw, samples))

    def decode(self, payload):
        return [FROM_ALAW[code] for code in payload]


def av_decoder(name, rate):
    try:
        import av
    except ImportError as e:
        raise Missing(f"no PyAV: {e}") from None
    decoder = av.codec.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = rate, "mono"

    def decode(payload):
        samples = array.array("h")
        for frame in decoder.decode(av.packet.Packet(payload)):
            samples.frombytes(bytes(frame.planes[0])[:frame.samples * 2])
        return samples.tolist()
    return decode


class G722:
    name, payload_type, rate = "G722", 9, 16000

    def __init__(self):
        self.decode = av_decoder("g722", self.rate)
        import av
        self.av, self.encoder = av, av.codec.CodecContext.create("g722", "w")
        self.encoder.sample_rate, self.encoder.layout, self.encoder.format = \
            self.rate, "mono", "s16"

    def encode(self, samples):
        frame = self.av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(array.array("h", samples).tobytes())
        frame.sample_rate, frame.pts = self.rate, None
        return b"".join(bytes(packet) for packet in self.encoder.encode(frame))


class G729:
    name, payload_type, rate = "G729", 18, 8000
    FRAME_SAMPLES, FRAME_BYTES = 80, 10

    def __init__(self):
        path = ctypes.util.find_library("bcg729")
        if not path:
            raise Missing("no libbcg729")
        self.library = ctypes.CDLL(path)
        self.library.initBcg729EncoderChannel.restype = ctypes.c_void_p
        self.channel = ctypes.c_void_p(self.library.initBcg729EncoderChannel(ctypes.c_uint8(0)))
        self.decode_frame = av_decoder("g729", self.rate)

    def encode(self, samples):
        frames = []
        for n in range(0, len(samples), self.FRAME_SAMPLES):
            part = (ctypes.c_int16 * self.FRAME_SAMPLES)(*samples[n:n + self.FRAME_SAMPLES])
            out, size = (ctypes.c_uint8 * self.FRAME_BYTES)(), ctypes.c_uint8()
            self.library.bcg729Encoder(self.channel, part, out, ctypes.byref(size))
            frames.append(bytes(out[:size.value]))
        return b"".join(frames)

    def decode(self, payload):
        return sum((self.decode_frame(payload[n:n + self.FRAME_BYTES])
                    for n in range(0, len(payload), self.FRAME_BYTES)), [])
