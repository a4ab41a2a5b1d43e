# SPDX-License-Identifier: MIT
"""Clients that want to hurt cost a bounded amount of memory and descriptors, and a bystander is served meanwhile."""
import contextlib
import resource
import selectors
import socket
import threading
import time

from bystander import Bystander
from client import (CLOSE, PING, TEXT, Connection, Gone, Http, WebSocket, close_payload, frame, get,
                    upgrade_headers)
from host import SPARE, Host, routes_text, together, wait_until
from story import each

TEST_SECONDS = 240
ROUTES = """\
  - {path: /, plugin: mirror}
  - {path: /timed, plugin: mirror, limits: {message_time: 500ms, close: 500ms}}
  - {path: /rated, plugin: mirror, limits: {message_rate: 200, byte_rate: 64KiB, close: 500ms}}
  - {path: /ping, plugin: mirror, ping: {interval: 200ms, timeout: 500ms}}
"""
MIB = 1 << 20


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, top="limits: {handshake: 1s}\n")) as host:
        yield host


def request_bytes(target="/"):
    lines = [f"GET {target} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in upgrade_headers())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def drip(connection, data, seconds):
    """A byte at a time until the host has had enough."""
    end = time.monotonic() + seconds
    for i in range(len(data)):
        if connection.ended or time.monotonic() > end:
            return
        with contextlib.suppress(OSError):
            connection.send(data[i:i + 1])
        with contextlib.suppress(AssertionError):
            connection.wait(lambda: connection.ended, "the end", 0.1)


def test_slow_loris_on_the_request(host):
    with Bystander(host, what="slow request heads") as bystander:
        slow = [Http(host.port, timeout=30) for _ in range(100)]
        together(*(lambda one=one: drip(one, request_bytes() * 20, 30) for one in slow))
        for one in slow:
            assert b" 408 " in one.input or one.ended, bytes(one.input[:100])
            one.drop()
    assert bystander.grown() < 100 * MIB, bystander


def test_slow_loris_on_a_frame_header(host):
    with Bystander(host, what="slow frame headers") as bystander:
        slow = [WebSocket(host.port, "/timed", timeout=30) for _ in range(100)]
        for ws in slow:
            ws.send(b"\x81")
        for ws in slow:
            ws.expect(CLOSE, close_payload(1008, "message timeout"), 30)
        for ws in slow:
            ws.read_to_end(30)
            ws.drop()
    assert bystander.grown() < 100 * MIB, bystander


def test_slow_loris_within_a_message_with_pings_between(host):
    with WebSocket(host.port, "/timed", timeout=30) as ws:
        ws.send(frame(TEXT, "begun", fin=False))
        with contextlib.suppress(Gone):
            for _ in range(200):
                ws.ping(b"alive")
                opcode, payload = ws.recv()
                if opcode == CLOSE:
                    break
                time.sleep(0.02)
            assert opcode == CLOSE and payload == close_payload(1008, "message timeout"), payload


def test_slow_loris_on_the_close(host):
    before = host.descriptors_open()
    with Bystander(host, what="close frames never answered"):
        slow = [WebSocket(host.port, "/timed", timeout=30) for _ in range(100)]
        for ws in slow:
            ws.send(frame(3))  # breaks a rule: the host closes
        for ws in slow:
            assert ws.recv()[0] == CLOSE
        wait_until(lambda: host.descriptors_open() <= before + 5, "the host to give them up", 60)
        for ws in slow:
            ws.drop()


FLOODS = [
    ("tiny_frames", frame(TEXT, "x") * 2000),
    ("pings", frame(PING, "x") * 2000),
    ("empty_messages", frame(TEXT) * 2000),
    ("empty_fragments", frame(TEXT, fin=False) + frame(0, fin=False) * 2000 + frame(0)),
]


def pour(sock, data, over):
    """Sends as fast as it goes, and reads what comes, until the other side or the time is over."""
    sock.setblocking(False)
    view = memoryview(data)
    with contextlib.suppress(OSError):
        while not over.is_set():
            try:
                view = view[sock.send(view):] or memoryview(data)
            except BlockingIOError:
                time.sleep(0.002)
            with contextlib.suppress(BlockingIOError):
                sock.recv(1 << 16)


@each([(f"{name}_{where}", data, target) for name, data in FLOODS
       for where, target in (("unlimited", "/"), ("rated", "/rated"))])
def test_flood(host, row):
    _, data, target = row
    over = threading.Event()
    clients = [WebSocket(host.port, target) for _ in range(3)]
    with Bystander(host, what=f"flood of {row[0]}") as bystander:
        threads = [threading.Thread(target=pour, args=(ws.sock, data, over), daemon=True) for ws in clients]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(bystander.took) >= 50 or bystander.failure, "answers to the bystander", 60)
        over.set()
        for thread in threads:
            thread.join(30)
    for ws in clients:
        ws.reset()
    assert bystander.grown() < 150 * MIB, bystander


def test_client_that_never_reads(host):
    over = threading.Event()
    with Bystander(host, what="clients that never read") as bystander:
        clients = [WebSocket(host.port, receive_buffer=4096) for _ in range(5)]
        for ws in clients:
            ws.sock.setblocking(True)
            ws.sock.settimeout(0.5)
            with contextlib.suppress(OSError):
                ws.sock.sendall(frame(TEXT, b"x" * 60000) * 200)
        over.set()
        for ws in clients:
            ws.reset()
    assert bystander.grown() < 400 * MIB, bystander


def half_open(port, count):
    """Sockets that have sent a part of a request; from several addresses, as ports are scarce."""
    sockets, part = [], request_bytes()[:20]
    for i in range(count):
        sock = socket.socket()
        sock.settimeout(20)
        sock.bind((f"127.0.0.{2 + i % 8}", 0))
        sock.connect(("127.0.0.1", port))
        sock.send(part)
        sockets.append(sock)
    return sockets


@contextlib.contextmanager
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@each([("by_the_deadline", "limits: {handshake: 3s}\n", None),
       ("by_the_number", "limits: {handshake: 1h, connections: 2000}\n", 2000)])
def test_ten_thousand_half_open_handshakes(row):
    _, top, most = row
    with many_descriptors() as hard, Host(text=routes_text(ROUTES, top=top), descriptors=hard) as host:
        before = host.descriptors_open()
        # The client waits with select, which takes no number beyond 1023.
        low = [socket.socket() for _ in range(10)]
        with Bystander(host, what=f"10,000 half-open handshakes, ended {row[0]}") as bystander:
            sockets = half_open(host.port, min(10000, hard - 500))
            for sock in low:
                sock.close()
            with WebSocket(host.port, timeout=30) as ws:
                ws.text("a new one")
                ws.expect_text("a new one")
            if most is None:
                wait_until(lambda: host.descriptors_open() <= before + 10, "their end", 60)
            else:
                assert host.descriptors_open() <= before + most + 10, host.descriptors_open()
        for sock in sockets:
            sock.close()
        assert bystander.grown() < 400 * MIB, bystander
        if most is not None:
            assert "that had sent no request were closed to make room" in host.log, host.log[-2000:]


def test_resets_at_every_byte_of_the_handshake(host):
    data = request_bytes() + frame(TEXT, "first")
    before = host.descriptors_open()
    with Bystander(host, what=f"resets at {len(data)} bytes"):
        for end in range(len(data) + 1):
            connection = Connection(host.port)
            connection.send(data[:end])
            connection.reset()
    wait_until(lambda: host.descriptors_open() <= before + SPARE, "the end of their descriptors", 30)
    assert get(host.port, "/nope").status == 404


class Cable:
    """A TCP proxy that can stop forwarding, as a network that vanished: nobody hears of an end."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.far, self.is_cut = port, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        near, _ = self.listener.accept()
        far = socket.create_connection(("127.0.0.1", self.far))
        self.sockets = [near, far]
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while not self.is_cut.is_set():
                for key, _ in selector.select(0.05):
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if not self.is_cut.is_set():
                        key.data.sendall(data)


def test_peer_whose_network_vanished_is_found():
    with Host(text=routes_text(ROUTES)) as host:
        cable = Cable(host.port)
        ws = WebSocket(cable.listener.getsockname()[1], "/ping")
        received = ws.recv_frame()
        assert received.opcode == PING and len(received.payload) == 8, received
        ws.pong(received.payload)
        assert host.connections() == 1
        cable.is_cut.set()
        wait_until(lambda: host.connections() == 0, "the host to find out", 30)
        ws.drop()
        for sock in cable.sockets:
            sock.close()
