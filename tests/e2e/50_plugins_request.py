# SPDX-License-Identifier: MIT
"""A plugin that asks for it can read the whole request: target, path, query, headers, cookies, subprotocols."""
import contextlib

from client import WebSocket
from host import TEST_PLUGINS, Host, routes_text
from story import each

TARGET = "/r/a%20b?q=1&q=2&empty=&flag&enc=%C3%A4+x"
HEADERS = [("X-One", "first"), ("Cookie", "a=1; b=\"two\""), ("x-one", "second"),
           ("Sec-WebSocket-Protocol", "chat, superchat"), ("Cookie", "c=3"),
           ("Sec-WebSocket-Protocol", "third")]


@contextlib.contextmanager
def shared():
    with Host(text=routes_text('  - {path: "/r/{id}", plugin: read_back}\n', plugins=TEST_PLUGINS)) as host:
        yield host


@each([
    ("target", TARGET), ("path", "/r/a b"), ("path id", "a b"), ("path other", "(absent)"),
    ("query", "q=1&q=2&empty=&flag&enc=%C3%A4+x"), ("query q 0", "1"), ("query q 1", "2"),
    ("query q 2", "(absent)"), ("query empty", ""), ("query flag", ""), ("query enc", "ä x"),
    ("query other", "(absent)"), ("header X-ONE 0", "first"), ("header x-one 1", "second"),
    ("header x-one 2", "(absent)"), ("header upgrade", "websocket"), ("cookie a", "1"), ("cookie b", "two"),
    ("cookie c", "3"), ("cookie d", "(absent)"), ("protocol 0", "chat"), ("protocol 1", "superchat"),
    ("protocol 2", "third"), ("protocol 3", "(absent)"), ("line 0", "Host"), ("line 99", "(absent)"),
])
def test_reads(host, row):
    with WebSocket(host.port, TARGET, HEADERS) as ws:
        ws.text(row[0])
        ws.expect_text(row[1])


def test_peer_is_the_clients_address(host):
    with WebSocket(host.port, TARGET) as ws:
        ws.text("peer")
        address, port = ws.sock.getsockname()
        ws.expect_text(f"{address}:{port}")
