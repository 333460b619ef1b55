# SPDX-License-Identifier: GPL-3.0-or-later
"""SRTP and SDES for parties of tests, written from RFC 3711, 4568, 6188 and 7714 with nothing of
the daemon's: only the block ciphers are those of libcrypto, by ctypes."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import struct

import rtp

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
GCM_TAG = 16
SET_IV_BYTES, GET_TAG, SET_TAG = 0x9, 0x10, 0x11    # EVP_CTRL_AEAD_*
E_BIT = 1 << 31

# name: (cipher, key bytes, salt bytes, tag of RTP, tag of RTCP)
SUITES = {
    "AEAD_AES_256_GCM": ("gcm", 32, 12, 16, 16),
    "AEAD_AES_128_GCM": ("gcm", 16, 12, 16, 16),
    "AES_256_CM_HMAC_SHA1_80": ("ctr", 32, 14, 10, 10),
    "AES_256_CM_HMAC_SHA1_32": ("ctr", 32, 14, 4, 10),
    "AES_192_CM_HMAC_SHA1_80": ("ctr", 24, 14, 10, 10),
    "AES_192_CM_HMAC_SHA1_32": ("ctr", 24, 14, 4, 10),
    "AES_CM_128_HMAC_SHA1_80": ("ctr", 16, 14, 10, 10),
    "AES_CM_128_HMAC_SHA1_32": ("ctr", 16, 14, 4, 10),
    "NULL_HMAC_SHA1_80": (None, 16, 14, 10, 10),
    "NULL_HMAC_SHA1_32": (None, 16, 14, 4, 10),
}

for _name in ("EVP_CIPHER_CTX_new", *(f"EVP_aes_{bits}_{mode}" for bits in (128, 192, 256)
                                     for mode in ("ctr", "gcm"))):
    getattr(CRYPTO, _name).restype = ctypes.c_void_p


class NotAuthentic(Exception):
    pass


class _Cipher:
    """One use of a cipher of libcrypto."""

    def __init__(self, mode, key, iv, encrypt=True):
        self.ctx = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
        cipher = ctypes.c_void_p(getattr(CRYPTO, f"EVP_aes_{8 * len(key)}_{mode}")())
        assert CRYPTO.EVP_CipherInit_ex(self.ctx, cipher, None, key, iv, int(encrypt)) == 1

    def __del__(self):
        CRYPTO.EVP_CIPHER_CTX_free(self.ctx)

    def update(self, data, hidden=True):
        out, length = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
        assert CRYPTO.EVP_CipherUpdate(self.ctx, out if hidden else None, ctypes.byref(length),
                                       data, len(data)) == 1
        return out.raw[:length.value]

    def control(self, what, size, data):
        assert CRYPTO.EVP_CIPHER_CTX_ctrl(self.ctx, what, size, data) == 1

    def final(self):
        return CRYPTO.EVP_CipherFinal_ex(self.ctx, ctypes.create_string_buffer(16),
                                         ctypes.byref(ctypes.c_int())) == 1


def aes_ctr(key, iv, data):
    return _Cipher("ctr", key, iv).update(data)


def gcm_seal(key, iv, aad, data):
    cipher, tag = _Cipher("gcm", key, iv), ctypes.create_string_buffer(GCM_TAG)
    cipher.update(aad, hidden=False)
    out = cipher.update(data)
    cipher.final()
    cipher.control(GET_TAG, GCM_TAG, tag)
    return out + tag.raw


def gcm_open(key, iv, aad, sealed):
    cipher = _Cipher("gcm", key, iv, encrypt=False)
    cipher.update(aad, hidden=False)
    out = cipher.update(sealed[:-GCM_TAG])
    cipher.control(SET_TAG, GCM_TAG, ctypes.create_string_buffer(sealed[-GCM_TAG:], GCM_TAG))
    if not cipher.final():
        raise NotAuthentic
    return out


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


class Keys:
    """What one direction of a stream is protected with: a suite, a master key and its salt."""

    def __init__(self, suite, secret=None):
        self.suite = suite
        self.cipher, key, salt, self.tag, self.rtcp_tag = SUITES[suite]
        self.secret = secret or os.urandom(key + salt)
        self.key, self.salt = self.secret[:key], self.secret[key:].ljust(14, b"\0")
        assert len(self.secret) == key + salt
        # encryption key, authentication key, salt: of RTP, of RTCP (RFC 3711 4.3)
        self.rtp, self.rtcp = ([self._derive(base, key), self._derive(base + 1, 20),
                                self._derive(base + 2, salt)] for base in (0, 3))
        self.highest, self.index = {}, 0

    @classmethod
    def of_line(cls, value):
        """The value of a=crypto: (tag, keys)."""
        tag, suite, key = value.split()[:3]
        text = key.removeprefix("inline:").partition("|")[0].rstrip("=")
        return int(tag), cls(suite, base64.b64decode(text + "=" * (-len(text) % 4)))

    def line(self, tag=1):
        return f"{tag} {self.suite} inline:{base64.b64encode(self.secret).decode().rstrip('=')}"

    def _derive(self, label, size):
        iv = _xor(self.salt, bytes(7) + bytes([label]) + bytes(6)) + b"\0\0"
        return aes_ctr(self.key, iv, bytes(size))

    def _guess(self, ssrc, seq):
        """The index that is nearest to the highest so far (RFC 3711 3.3.1)."""
        highest = self.highest.get(ssrc, seq)
        return min((roc << 16 | seq for roc in range(max((highest >> 16) - 1, 0),
                                                     (highest >> 16) + 2)),
                   key=lambda index: abs(index - highest))

    def _crypt(self, keys, ssrc, index, data):
        iv = int.from_bytes(keys[2] + b"\0\0", "big") ^ ssrc << 64 ^ index << 16
        return aes_ctr(keys[0], iv.to_bytes(16, "big"), data) if self.cipher else data

    @staticmethod
    def _gcm_iv(keys, ssrc, low):
        return _xor(keys[2], struct.pack("!HI", 0, ssrc) + low)

    def protect(self, packet, index=None):
        seq, ssrc = struct.unpack_from("!H", packet, 2)[0], struct.unpack_from("!I", packet, 8)[0]
        index = self._guess(ssrc, seq) if index is None else index
        self.highest[ssrc] = max(index, self.highest.get(ssrc, 0))
        header, payload = packet[:12], packet[12:]
        if self.cipher == "gcm":
            iv = self._gcm_iv(self.rtp, ssrc, index.to_bytes(6, "big"))
            return header + gcm_seal(self.rtp[0], iv, header, payload)
        sealed = header + self._crypt(self.rtp, ssrc, index, payload)
        mac = hmac.new(self.rtp[1], sealed + struct.pack("!I", index >> 16), hashlib.sha1)
        return sealed + mac.digest()[:self.tag]

    def unprotect(self, packet):
        seq, ssrc = struct.unpack_from("!H", packet, 2)[0], struct.unpack_from("!I", packet, 8)[0]
        index, header = self._guess(ssrc, seq), packet[:12]
        if self.cipher == "gcm":
            iv = self._gcm_iv(self.rtp, ssrc, index.to_bytes(6, "big"))
            out = header + gcm_open(self.rtp[0], iv, header, packet[12:])
        else:
            sealed = packet[:-self.tag]
            mac = hmac.new(self.rtp[1], sealed + struct.pack("!I", index >> 16), hashlib.sha1)
            if mac.digest()[:self.tag] != packet[-self.tag:]:
                raise NotAuthentic
            out = header + self._crypt(self.rtp, ssrc, index, sealed[12:])
        self.highest[ssrc] = max(index, self.highest.get(ssrc, 0))
        return out

    def protect_rtcp(self, packet):
        ssrc, head = struct.unpack_from("!I", packet, 4)[0], packet[:8]
        word, self.index = struct.pack("!I", self.index | (E_BIT if self.cipher else 0)), \
            self.index + 1
        index = struct.unpack("!I", word)[0] & ~E_BIT
        if self.cipher == "gcm":
            iv = self._gcm_iv(self.rtcp, ssrc, struct.pack("!HI", 0, index))
            return head + gcm_seal(self.rtcp[0], iv, head + word, packet[8:]) + word
        sealed = head + self._crypt(self.rtcp, ssrc, index, packet[8:]) + word
        return sealed + hmac.new(self.rtcp[1], sealed, hashlib.sha1).digest()[:self.rtcp_tag]

    def unprotect_rtcp(self, packet):
        ssrc, head = struct.unpack_from("!I", packet, 4)[0], packet[:8]
        sealed, tag = packet, b""
        if self.cipher != "gcm":
            sealed, tag = packet[:-self.rtcp_tag], packet[-self.rtcp_tag:]
        word = sealed[-4:]
        index = struct.unpack("!I", word)[0] & ~E_BIT
        if self.cipher == "gcm":
            iv = self._gcm_iv(self.rtcp, ssrc, struct.pack("!HI", 0, index))
            return head + gcm_open(self.rtcp[0], iv, head + word, sealed[8:-4])
        if hmac.new(self.rtcp[1], sealed, hashlib.sha1).digest()[:self.rtcp_tag] != tag:
            raise NotAuthentic
        return head + self._crypt(self.rtcp, ssrc, index, sealed[8:-4])


class SecureParty(rtp.Party):
    """Offers one suite, or answers with it, and speaks SRTP from then on. `plain` leaves it at
    RTP, to be used in the same way."""

    def __init__(self, tag, suite, **how):
        super().__init__(tag, **how)
        self.suite = suite
        self.out = Keys(suite) if suite else None
        self.back = None

    def sdp(self, *attributes, **how):
        body = super().sdp(*attributes, *([f"crypto:{self.tag_of_offer()} "
                                           + self.out.line().partition(" ")[2]]
                                          if self.suite else []), **how)
        return body.replace("RTP/AVP", "RTP/SAVP") if self.suite else body

    def _line(self):
        """The line of our suite in what we were shown, if there is one yet."""
        for value in [a.partition(":")[2] for a in (self.to.attributes if self.to else ())
                      if a.startswith("crypto:")]:
            if value.split()[1] == self.suite:
                return Keys.of_line(value)
        return None

    def tag_of_offer(self):
        return (self._line() or (1, None))[0]

    def keys_back(self):
        """What we are sent with; good as long as our view of the peer is."""
        found = self._line()[1]
        if not self.back or self.back.secret != found.secret:
            self.back = found
        return self.back

    def sealed(self, payload=b"\xff" * 160, pt=0):
        packet = rtp.rtp_packet(self.seq, self.seq * 160, self.ssrc, payload, pt)
        self.seq += 1
        return self.out.protect(packet) if self.suite else packet

    def open(self, packet):
        return self.keys_back().unprotect(packet) if self.suite else packet

    def sealed_rtcp(self):
        report = rtp.sender_report(self.ssrc, self.seq, 0)
        return self.out.protect_rtcp(report) if self.suite else report

    def open_rtcp(self, packet):
        return self.keys_back().unprotect_rtcp(packet) if self.suite else packet
