# SPDX-License-Identifier: MIT
"""A peer that does not read costs a bounded amount of memory, then its connection, and nobody else anything."""
import contextlib

from client import BINARY, TEXT, WebSocket, frame
from host import TEST_PLUGINS, Host, routes_text, wait_until

ROUTES = """\
  - {path: /flood, plugin: flood, limits: {queue: 1MiB}}
  - {path: /roomy, plugin: flood, limits: {queue: 64MiB}}
  - {path: /twice, plugin: twice, limits: {queue: 64MiB}}
"""
BLOCK = 65536


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


def test_queue_limit_closes_with_1013(host):
    with WebSocket(host.port, "/flood", receive_buffer=4096) as ws:
        ws.text("2000")  # 125 MiB
        got = 0
        while True:
            opcode, payload = ws.recv()
            if opcode != BINARY:
                break
            got += 1
        assert int.from_bytes(payload[:2], "big") == 1013 and got < 2000, (payload, got)


def test_what_is_sent_on_arrives_as_it_was_though_it_waited(host):
    """Long messages are sent on from where they were received: those that wait are kept, whoever is read meanwhile."""
    sizes = (16383, 16384, 20000, 60000, 65520, 70000, 300000)
    texts = [("abcdefg"[i:] + "hijklmnopq") * (size // 10) for i, size in enumerate(sizes)]
    with WebSocket(host.port, "/twice", receive_buffer=4096, timeout=30) as first, \
            WebSocket(host.port, "/twice", receive_buffer=4096, timeout=30) as ws, \
            WebSocket(host.port, "/twice", timeout=30) as busy:
        for text in texts * 4:
            ws.text(text)
        for text in texts:
            busy.text(text)
            busy.expect_text(text)
            busy.expect(BINARY, text.encode())
            busy.expect(BINARY, text[1:].encode())
        for text in texts * 4:
            ws.expect_text(text)
            ws.expect(BINARY, text.encode())
            ws.expect(BINARY, text[1:].encode())
        heard = sorted(bytes(first.recv()[1]) for _ in range(5 * len(texts)))
        assert heard == sorted(text.encode() for text in 5 * texts)


def test_memory_stays_bounded_and_others_are_served(host):
    with WebSocket(host.port, "/flood") as other:
        other.text("queued")
        other.expect_text("queued=none")
        before = host.resident()
        slow = [WebSocket(host.port, "/flood", receive_buffer=4096) for _ in range(10)]
        for ws in slow:
            ws.sock.setblocking(True)
            ws.sock.sendall(frame(TEXT, "5000"))  # and never reads
        for _ in range(5):
            other.text("queued")
            other.expect_text("queued=none")
        grown = host.resident() - before
        # Ten queues of 1 MiB, and what the sanitizer keeps of freed memory.
        assert grown < 200 << 20, f"{grown >> 20} MiB for ten peers that do not read"
        for ws in slow:
            ws.drop()


def test_drained_is_called_when_the_queue_has_left(host):
    with WebSocket(host.port, "/roomy", receive_buffer=4096, timeout=30) as ws:
        ws.text("300")  # 19 MiB
        for _ in range(300):
            ws.expect(BINARY, bytes(BLOCK))
        ws.expect_text("drained")
        ws.text("queued")
        ws.expect_text("queued=none")


def test_slow_peer_that_reads_on_gets_everything_in_order(host):
    with WebSocket(host.port, "/roomy", receive_buffer=4096, timeout=30) as ws:
        ws.text("100")
        ws.text("queued")
        for _ in range(100):
            ws.expect(BINARY, bytes(BLOCK))
        texts = sorted([ws.recv()[1], ws.recv()[1]])
        assert texts[0] == b"drained" and texts[1].startswith(b"queued="), texts


def test_dropped_slow_peer_leaves_no_connection(host):
    before = host.connections()
    for reset in False, True:
        ws = WebSocket(host.port, "/roomy", receive_buffer=4096)
        ws.text("200")
        ws.wait(lambda: ws.input, "the first bytes")
        ws.reset() if reset else ws.drop()
    wait_until(lambda: host.connections() <= before, "the end of their connections")
