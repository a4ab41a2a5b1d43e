# SPDX-License-Identifier: MIT
"""The client that offers permessage-deflate (RFC 7692), with the zlib of Python.

Inflates with exactly the window and the contexts that were agreed on, so that a host which refers
further back, or to a message before, is found out.
"""
import zlib

from client import BINARY, CONTINUATION, TEXT, WebSocket, frame

TAIL = b"\x00\x00\xff\xff"
RSV1 = 4
CHROMIUM = "permessage-deflate; client_max_window_bits"
FLAGS = "server_no_context_takeover", "client_no_context_takeover"
BITS = "server_max_window_bits", "client_max_window_bits"


def parameters(answer):
    """{name: bits or True} of the header of a response, which must be as strict as RFC 7692."""
    if answer is None:
        return None
    name, *rest = [part.strip() for part in answer.split(";")]
    assert name == "permessage-deflate", f"not offered: {answer!r}"
    found = {}
    for parameter in rest:
        key, _, value = parameter.partition("=")
        assert key in FLAGS + BITS and key not in found, f"unknown or repeated: {answer!r}"
        assert (key in BITS) == value.isdigit(), f"a value is wrong: {answer!r}"
        found[key] = int(value) if value else True
        assert key in FLAGS or 8 <= found[key] <= 15, f"bits out of range: {answer!r}"
    return found


def deflate(data, bits=15, level=6):
    """One message without a context."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -max(bits, 9))
    return cut(packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))


def cut(data):
    assert data.endswith(TAIL), data[-8:]
    return data[:-4]


def marked(opcode, payload, parts=1, size=None):
    """The frames of one compressed message: so many of them, or with at most `size` bytes each."""
    size = size or max(1, -(-len(payload) // parts))
    pieces = [payload[at:at + size] for at in range(0, len(payload), size)] or [b""]
    last = len(pieces) - 1
    return [frame(opcode if i == 0 else CONTINUATION, piece, fin=i == last, rsv=RSV1 if i == 0 else 0)
            for i, piece in enumerate(pieces)]


class DeflateSocket(WebSocket):
    """`agreed` is None when the host did not take the offer."""

    extensions = True

    def __init__(self, port, target="/", offer=CHROMIUM, headers=(), **options):
        super().__init__(port, target, [*headers, ("Sec-WebSocket-Extensions", offer)], **options)
        self.agreed = parameters(self.response_head.header("sec-websocket-extensions"))
        self.counts = {True: 0, False: 0}  # messages received, compressed or not
        self._packer = self._opener = None
        for name in ("server_max_window_bits", "client_max_window_bits"):
            said = self.agreed and self.agreed.get(name)
            assert not said or name in offer or name == BITS[0], f"{name} was not offered: {self.agreed}"

    def _bits(self, name):
        return self.agreed.get(name, 15)

    def pack(self, data):
        if self._packer is None or "client_no_context_takeover" in self.agreed:
            self._packer = zlib.compressobj(6, zlib.DEFLATED, -max(self._bits(BITS[1]), 9))
        return cut(self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH))

    def inflate(self, payload):
        assert self.agreed is not None, "RSV1 without an agreement"
        if self._opener is None or "server_no_context_takeover" in self.agreed:
            self._opener = zlib.decompressobj(-self._bits(BITS[0]))
        data = self._opener.decompress(payload + TAIL)
        assert not self._opener.unused_data and not self._opener.eof, "a last block in a message"
        return data

    def recv_frame(self, timeout=None):
        received = super().recv_frame(timeout)
        if received.opcode in (TEXT, BINARY):
            self.counts[received.rsv == RSV1] += 1
        return received

    def packed(self, opcode, data, size=None):
        """A compressed message."""
        data = data.encode() if isinstance(data, str) else data
        self.send(b"".join(marked(opcode, self.pack(data), size=size)))
