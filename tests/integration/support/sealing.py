# SPDX-License-Identifier: MIT
"""Seals as include/bellhop/seal.h says, by libsodium alone: many secrets at once, and what `bellhop` would not seal."""

import base64
import ctypes
import ctypes.util

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium"))
PAD, OVERHEAD = 64, 48


class Seal:
    """With the key of a `.pub` file."""

    def __init__(self, public_file):
        with open(public_file, encoding="ascii") as file:
            _, self.key_id, encoded = file.read().split()
        self.key = base64.b64decode(encoded)

    def __call__(self, org, integration, field, origin, value):
        return self.whole(b"\0".join(part.encode() for part in ("bh1", org, integration, field, origin, value)))

    def whole(self, plain):
        plain += b"\x80"
        plain += b"\0" * (-len(plain) % PAD)
        box = ctypes.create_string_buffer(len(plain) + OVERHEAD)
        assert SODIUM.crypto_box_seal(box, plain, ctypes.c_ulonglong(len(plain)), self.key) == 0
        return f"bh1.{self.key_id}." + base64.urlsafe_b64encode(box.raw).decode().rstrip("=")
