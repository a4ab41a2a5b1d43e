# SPDX-License-Identifier: MIT
"""A byte-level HTTP/1.1 and WebSocket client on plain sockets.

It shares no code with the host, so a codec cannot vouch for itself: frames are built and taken
apart here from RFC 6455 alone, and a test may break any rule on purpose. Every read has a deadline.
What the host sends is held to the rules in any test: never masked, shortest length, no reserved bit.
"""
import base64
import hashlib
import json
import os
import select
import socket
import struct
import time

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3
DEADLINE = 10.0  # seconds for anything a test waits for, unless it says otherwise


class Gone(AssertionError):
    """The host ended TCP while more was expected of it."""


class Late(AssertionError):
    """The host did not send what was expected before the deadline."""


def mask(data, key):
    """XOR with the repeated 4-byte key, as one big number: fast enough for 16 MiB."""
    if not data:
        return b""
    repeated = (key * (len(data) // 4 + 1))[: len(data)]
    number = int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")
    return number.to_bytes(len(data), "little")


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, key=None, length_bytes=None):
    """One frame; rsv is the three bits as a number, length_bytes (0, 2, 8) forces a long form."""
    if isinstance(payload, str):
        payload = payload.encode()
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    size = len(payload)
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    bit = 0x80 if masked else 0
    if length_bytes == 0:
        head += bytes([bit | size])
    elif length_bytes == 2:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4) if key is None else key
    return head + key + mask(payload, key)


def close_payload(code=None, reason=b""):
    if isinstance(reason, str):
        reason = reason.encode()
    return b"" if code is None else struct.pack("!H", code) + reason


def fragments(opcode, parts):
    """The frames of one message, a part each, FIN on the last."""
    last = len(parts) - 1
    return [frame(opcode if i == 0 else CONTINUATION, part, fin=i == last)
            for i, part in enumerate(parts)]


class Connection:
    """Bytes over TCP, or over the Unix socket that `port` is the path of. Reads wait at most `timeout` seconds.

    The `preamble` goes out before anything else, as a proxy's header does.
    """

    def __init__(self, port, address="127.0.0.1", timeout=DEADLINE, receive_buffer=None, preamble=b""):
        self.timeout = timeout
        is_unix = not isinstance(port, int)
        family = socket.AF_UNIX if is_unix else socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(str(port) if is_unix else (address, port))
        if not is_unix:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.input = bytearray()
        self.ended = None  # how TCP ended: "eof" or "reset"
        self.send(preamble)
        self.connected()

    def connected(self):
        """For who speaks something else before."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    def send(self, data, chop=None):
        """Sends all, reading meanwhile, so that two full socket buffers cannot block each other."""
        if chop:
            for start in range(0, len(data), chop):
                self.send(data[start:start + chop])
            return
        view = memoryview(data)
        end = time.monotonic() + max(self.timeout, len(view) / 1e6)
        while view and not self.ended:
            left = end - time.monotonic()
            readable, writable, _ = select.select([self.sock], [self.sock], [], max(left, 0))
            if not readable and not writable:
                raise Late(f"the host took no more bytes, {len(view)} left to send")
            if readable:
                self._read_some()
            if writable and not self.ended:
                try:
                    view = view[self.sock.send(view):]
                except BlockingIOError:
                    pass
                except (ConnectionResetError, BrokenPipeError):
                    self._ended_while_sending()

    def _ended_while_sending(self):
        # What the host said before it closed is still ours to read.
        while not self.ended:
            try:
                chunk = self.sock.recv(1 << 18)
                if not chunk:
                    self.ended = "eof"
                self.input += chunk
            except OSError:
                self.ended = "reset"

    def _read_some(self):
        try:
            chunk = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.ended = "reset"
            return
        if chunk:
            self.input += chunk
        else:
            self.ended = "eof"

    def wait(self, enough, what, timeout=None):
        """Reads until enough() holds; fails at the deadline or when TCP ends before."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not enough():
            if self.ended:
                raise Gone(f"TCP ended ({self.ended}) while waiting for {what}; "
                           f"unread: {bytes(self.input[:300])!r}")
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise Late(f"no {what} in time; unread: {bytes(self.input[:300])!r}")
            self._read_some()

    def take(self, count):
        data = bytes(self.input[:count])
        del self.input[:count]
        return data

    def read(self, count, what="bytes", timeout=None):
        self.wait(lambda: len(self.input) >= count, f"{count} bytes of {what}", timeout)
        return self.take(count)

    def read_to_end(self, timeout=None):
        """Everything up to the end of TCP."""
        try:
            self.wait(lambda: False, "end of TCP", timeout)
        except Gone:
            pass
        return self.take(len(self.input))

    def expect_end(self, timeout=None):
        """The host must end TCP now, without another byte; then so do we."""
        rest = self.read_to_end(timeout)
        assert not rest, f"expected the end of TCP, got {rest[:300]!r}"
        self.drop()

    def expect_silence(self, seconds):
        """Nothing may arrive for that long. Only for claims about what does not happen."""
        try:
            self.wait(lambda: self.input, "silence", seconds)
        except Late:
            return
        raise AssertionError(f"expected silence, got {bytes(self.input[:300])!r}")

    def finish_sending(self):
        """Half-closes: the host reads an end of file."""
        self.sock.shutdown(socket.SHUT_WR)

    def drop(self):
        """Ends TCP as a program that exits does: FIN (or RST when input is unread)."""
        self.sock.close()

    def reset(self):
        """Ends TCP with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Response:
    def __init__(self, head, body=b""):
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = (lines[0].split(" ", 2) + [""])[:3]
        self.status = int(status)
        self.headers = []
        for line in lines[1:]:
            assert ":" in line, f"header line without a colon: {line!r}"
            name, value = line.split(":", 1)
            assert name == name.strip() and "\n" not in line, f"bad header line {line!r}"
            self.headers.append((name, value.strip()))
        self.body = body

    def header(self, name):
        """The value; None when absent; a header that comes twice is a mistake."""
        found = self.all(name)
        assert len(found) < 2, f"{name} comes {len(found)} times: {found}"
        return found[0] if found else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def tokens(self, name):
        return [part.strip().lower() for part in ",".join(self.all(name)).split(",") if part.strip()]

    def json(self):
        kind = self.header("content-type")
        assert kind == "application/json", f"content type {kind!r}, body {self.body[:200]!r}"
        return json.loads(self.body)

    def detail(self):
        return self.json()["detail"]

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:300]!r}>"


class Http(Connection):
    """One connection that speaks HTTP/1.1."""

    def request(self, target, method="GET", headers=(), body=b"", host="127.0.0.1:8000"):
        lines = [f"{method} {target} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in headers]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return self.response(has_body=method != "HEAD")

    def response(self, has_body=True, timeout=None):
        self.wait(lambda: b"\r\n\r\n" in self.input, "response head", timeout)
        head = self.take(self.input.index(b"\r\n\r\n") + 4)[:-4]
        response = Response(head)
        length = response.header("content-length")
        if response.status == 101 or response.status == 304 or not has_body:
            return response
        if response.header("transfer-encoding") == "chunked":
            assert length is None, f"both lengths and chunks: {response}"
            self.read_chunks(response, timeout)
        elif length is None and response.status == 204:
            pass
        elif length is None:
            assert response.header("connection") == "close", f"body without an end: {response}"
            response.body = self.read_to_end(timeout)
        else:
            response.body = self.read(int(length), "response body", timeout)
        return response

    def read_chunks(self, response, timeout=None):
        """Adds each chunk to response.body, so that what came is there also when the rest does not."""
        while True:
            self.wait(lambda: b"\r\n" in self.input, "the size of a chunk", timeout)
            size = int(self.take(self.input.index(b"\r\n") + 2), 16)
            response.body += self.read(size, "a chunk", timeout)
            assert self.read(2, "the end of a chunk", timeout) == b"\r\n", response
            if size == 0:
                return


def get(port, target, method="GET", headers=(), body=b""):
    """One request on a connection of its own."""
    with Http(port) as http:
        return http.request(target, method, headers, body)


def raw(port, data, has_body=True):
    """The answer to these very bytes."""
    with Http(port) as http:
        http.send(data)
        return http.response(has_body)


def upgrade_headers(key=SAMPLE_KEY, version="13", extra=()):
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
    if key is not None:
        headers.append(("Sec-WebSocket-Key", key))
    if version is not None:
        headers.append(("Sec-WebSocket-Version", version))
    return headers + list(extra)


def upgrade(port, target, headers=(), **changes):
    """The response to a handshake that may well be refused."""
    with Http(port) as http:
        return http.request(target, headers=upgrade_headers(extra=headers, **changes))


def accept_for(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


class Frame:
    def __init__(self, opcode, fin, payload, rsv=0):
        self.opcode, self.fin, self.payload, self.rsv = opcode, fin, payload, rsv

    def __repr__(self):
        name = NAMES.get(self.opcode, self.opcode)
        return f"<{name}{'' if self.fin else ' (no FIN)'} {len(self.payload)} {self.payload[:80]!r}>"

    @property
    def code(self):
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None

    @property
    def reason(self):
        return self.payload[2:].decode()


class WebSocket(Http):
    """A WebSocket that is open once the constructor returns. `early` goes out with the handshake."""

    extensions = False  # deflate.py's client offers one, and then takes RSV1

    def __init__(self, port, target="/", headers=(), protocols=(), early=b"", **options):
        super().__init__(port, **options)
        key = base64.b64encode(os.urandom(16)).decode()
        extra = list(headers)
        if protocols:
            extra.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
        self.response_head = self.request(
            target, headers=upgrade_headers(key=key, extra=extra), body=early)
        head = self.response_head
        assert head.status == 101, f"{target} was refused: {head}"
        assert head.header("sec-websocket-accept") == accept_for(key), f"wrong accept key: {head}"
        assert head.header("upgrade").lower() == "websocket", head
        assert "upgrade" in head.tokens("connection"), head
        assert self.extensions or head.header("sec-websocket-extensions") is None, f"nothing was offered: {head}"
        assert head.header("content-length") is None, head
        self.protocol = head.header("sec-websocket-protocol")

    def send_frame(self, opcode, payload=b"", chop=None, **options):
        self.send(frame(opcode, payload, **options), chop)

    def text(self, text):
        self.send_frame(TEXT, text)

    def binary(self, data):
        self.send_frame(BINARY, data)

    def ping(self, payload=b""):
        self.send_frame(PING, payload)

    def pong(self, payload=b""):
        self.send_frame(PONG, payload)

    def close(self, code=None, reason=""):
        self.send_frame(CLOSE, close_payload(code, reason))

    def recv_frame(self, timeout=None):
        """The next frame, held to what a server may send when nothing was negotiated."""
        first, second = self.read(2, "frame header", timeout)
        marked = self.extensions and first & 15 in (TEXT, BINARY)
        assert first & (0x30 if marked else 0x70) == 0, f"reserved bit set: {first:#x}"
        assert second & 0x80 == 0, "the host masked a frame"
        fin, opcode, size = first >= 0x80, first & 15, second & 127
        assert opcode in NAMES, f"unknown opcode {opcode}"
        if size == 126:
            size, = struct.unpack("!H", self.read(2))
            assert size >= 126, "length not in its shortest form"
        elif size == 127:
            size, = struct.unpack("!Q", self.read(8))
            assert size >= 65536, "length not in its shortest form"
        if opcode >= 8:
            assert fin and size <= 125, f"bad control frame: opcode {opcode}, {size} bytes"
        received = Frame(opcode, fin, self.read(size, f"{NAMES[opcode]} payload", timeout), first >> 4 & 7)
        if opcode == CLOSE:
            assert size != 1, "close frame of one byte"
            received.reason  # must be UTF-8
        return received

    def recv(self, timeout=None, answer_pings=True):
        """The next message as a whole, a pong or a close frame: (opcode, payload)."""
        opcode, parts, marked = None, [], False
        while True:
            part = self.recv_frame(timeout)
            if part.opcode == PING and answer_pings:
                self.pong(part.payload)
                continue
            if part.opcode >= 8:
                return part.opcode, part.payload
            assert (part.opcode == CONTINUATION) == (opcode is not None), f"out of order: {part}"
            opcode, marked = opcode or part.opcode, marked or part.rsv == 4
            parts.append(part.payload)
            if part.fin:
                payload = b"".join(parts)
                if marked:
                    payload = self.inflate(payload)
                if opcode == TEXT:
                    payload.decode()
                return opcode, payload

    def expect(self, opcode, payload, timeout=None):
        if isinstance(payload, str):
            payload = payload.encode()
        got = self.recv(timeout)
        assert got == (opcode, payload), (
            f"wanted {NAMES[opcode]} {payload[:200]!r}, got {NAMES[got[0]]} {got[1][:200]!r}")

    def expect_text(self, *texts, timeout=None):
        for text in texts:
            self.expect(TEXT, text, timeout)

    def expect_close(self, code, reason="", timeout=None, answer=True):
        """A close frame with this code and reason (None: any), and the end of TCP after our answer."""
        opcode, payload = self.recv(timeout)
        assert opcode == CLOSE, f"wanted close {code}, got {NAMES[opcode]} {payload[:200]!r}"
        got = Frame(CLOSE, True, payload)
        wanted = (code, got.reason if reason is None else reason)
        assert (got.code, got.reason) == wanted, f"wanted {wanted}, got {(got.code, got.reason)}"
        if answer and not self.ended:
            self.send_frame(CLOSE, payload[:2])
        self.expect_end(timeout)
        return got.reason

    def closes(self, code=1000, reason=""):
        """We close: the host gives the same back and ends TCP."""
        self.close(code, reason)
        opcode, payload = self.recv()
        wanted = close_payload(code, reason)
        assert (opcode, payload) == (CLOSE, wanted), f"wanted close {wanted!r}, got {opcode} {payload!r}"
        self.expect_end()
