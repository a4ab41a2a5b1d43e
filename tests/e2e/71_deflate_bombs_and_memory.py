# SPDX-License-Identifier: MIT
"""Compressed messages cost a worker no more memory than its limits say, whatever they would become."""
import contextlib
import time
import zlib

from client import BINARY, TEXT, WebSocket
from deflate import DeflateSocket, marked, TAIL
from host import Host, routes_text
from story import each

MIB = 1 << 20
TEXT_4K = b"".join(b"line %d of some text that compresses\n" % number for number in range(110))
LIMIT = 4 * MIB
ROUTES = f"""\
  - {{path: /, plugin: mirror, limits: {{message: {LIMIT}B}}}}
  - {{path: /contexts, plugin: mirror, limits: {{message: {LIMIT}B}},
     compression: {{client_context: true, server_context: true, min: 0}}}}
"""
# Sanitizers keep what was freed, 256 MiB of it, and add to what is not.
SANITIZER = 400 * MIB


def bomb(size):
    """So many zeros: one byte stands for a thousand."""
    packer, parts = zlib.compressobj(9, zlib.DEFLATED, -15), []
    for _ in range(size // MIB):
        parts.append(packer.compress(bytes(MIB)))
    parts.append(packer.flush(zlib.Z_SYNC_FLUSH))
    data = b"".join(parts)
    assert data.endswith(TAIL)
    return data[:-4]


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES)) as host:
        yield host


def latency(ws):
    """Milliseconds from a message to its echo."""
    begin = time.monotonic()
    ws.text("still there?")
    ws.expect_text("still there?", timeout=30)
    return (time.monotonic() - begin) * 1000


@each([("without_contexts", "/"), ("with_contexts", "/contexts")])
def test_bombs_cost_no_more_than_the_limit(host, row):
    payload, count, size = bomb(1024 * MIB), 40, 1024 * MIB
    before, worst = host.resident(), 0
    with WebSocket(host.port, "/") as bystander:
        for number in range(count):
            with DeflateSocket(host.port, row[1], timeout=30) as ws:
                ws.send(b"".join(marked(BINARY, payload, parts=1 + number % 3)))
                worst = max(worst, latency(bystander))
                ws.expect_close(1009, f"message with {len(payload)} compressed bytes inflates beyond limit of "
                                      f"{LIMIT} bytes")
    grown = host.resident() - before
    print(f"{count} bombs of {len(payload)} bytes, {size // MIB} MiB each: the worker grew by {grown / MIB:.1f} MiB, "
          f"a bystander waited {worst:.1f} ms at most")
    assert grown < SANITIZER, f"{grown} bytes, {count * size} were in the bombs"


def test_messages_that_are_not_whole_cost_what_they_brought(host):
    """A part of a bomb is a part of a bomb: nothing is inflated before its end."""
    payload, before = bomb(256 * MIB), host.resident()
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(DeflateSocket(host.port, "/contexts", timeout=30)) for _ in range(50)]
        for ws in sockets:
            ws.send(marked(BINARY, payload, parts=2)[0])
            ws.ping()
            ws.recv()
        grown = host.resident() - before
        print(f"{len(sockets)} halves of {len(payload)} bytes: the worker grew by {grown / MIB:.1f} MiB")
        assert grown < SANITIZER, grown


def test_blocks_that_end_nothing_cost_no_time(host):
    """A last block every two bytes, each of which lets the window stay (RFC 7692 section 7.2.3.4)."""
    begin = time.monotonic()
    with DeflateSocket(host.port, "/contexts", timeout=30) as ws:
        ws.packed(TEXT, TEXT_4K)
        ws.expect(TEXT, TEXT_4K)
        ws.send(b"".join(marked(BINARY, b"\x03\x00" * (LIMIT // 2) + b"\0")))
        ws.expect(BINARY, b"")
    print(f"{LIMIT // 2} last blocks took {time.monotonic() - begin:.2f} s")


@each([("without_contexts", "/"), ("with_contexts", "/contexts")])
def test_memory_of_many_connections(host, row):
    count = 200
    with contextlib.ExitStack() as stack:
        before = host.resident()
        sockets = [stack.enter_context(DeflateSocket(host.port, row[1], timeout=30)) for _ in range(count)]
        opened = host.resident()
        for ws in sockets:
            ws.packed(TEXT, TEXT_4K)
            ws.expect(TEXT, TEXT_4K)
        grown = host.resident() - opened
        print(f"{count} connections: {(opened - before) / count / 1024:.1f} KiB each when idle, "
              f"{grown / count / 1024:.1f} KiB more after a compressed message both ways")
        assert grown < SANITIZER, grown
