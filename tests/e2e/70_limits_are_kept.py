# SPDX-License-Identifier: MIT
"""Limits of a route hold at their exact value: message size, idle time, ping, handshake, descriptors."""
import contextlib
import json

from client import BINARY, PING, TEXT, Http, Late, WebSocket, fragments, frame, get
from host import TEST_PLUGINS, Host, routes_text, socklet, wait_until
from story import each

ROUTES = """\
  - {path: /small, plugin: mirror, limits: {message: 1000}}
  - {path: /idle, plugin: mirror, limits: {idle: 400ms}}
  - {path: /ping, plugin: mirror, ping: {interval: 100ms, timeout: 300ms}}
  - {path: /default, plugin: mirror}
"""


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, top="limits: {message: 2KiB}\n")) as host:
        yield host


def too_big(ws, size, limit):
    ws.expect_close(1009, f"frame with {size} bytes exceeds limit of {limit} bytes")


def test_message_at_the_limit_passes(host):
    with WebSocket(host.port, "/small") as ws:
        for opcode in TEXT, BINARY:
            ws.send_frame(opcode, b"x" * 1000)
            ws.expect(opcode, b"x" * 1000)


def test_one_octet_more_is_1009(host):
    with WebSocket(host.port, "/small") as ws:
        ws.send_frame(TEXT, b"x" * 1001)
        too_big(ws, 1001, 1000)


def test_limit_of_the_file_holds_where_the_route_says_nothing(host):
    with WebSocket(host.port, "/default") as ws:
        ws.send_frame(TEXT, b"x" * 2048)
        ws.expect(TEXT, b"x" * 2048)
        ws.send_frame(TEXT, b"x" * 2049)
        too_big(ws, 2049, 2048)


def test_announced_size_is_refused_before_it_arrives(host):
    with WebSocket(host.port, "/small") as ws:
        ws.send(frame(BINARY, b"x" * (1 << 20))[:20])
        too_big(ws, 1 << 20, 1000)


@each([("two", 2), ("ten", 10), ("hundred", 100)])
def test_fragments_count_together(host, row):
    size = 1000 // row[1]
    with WebSocket(host.port, "/small") as ws:
        ws.send(b"".join(fragments(BINARY, [b"x" * size] * row[1])))
        ws.expect(BINARY, b"x" * 1000)
        ws.send(b"".join(fragments(BINARY, [b"x" * size] * row[1] + [b"x"])))
        ws.expect_close(1009, None)


def test_endless_message_of_empty_fragments_costs_nothing(host):
    with WebSocket(host.port, "/small") as ws:
        ws.send(frame(TEXT, b"x", fin=False) + frame(0, b"", fin=False) * 100000 + frame(0, b"y"))
        ws.expect(TEXT, "xy")


def test_control_frames_do_not_count(host):
    with WebSocket(host.port, "/small") as ws:
        ws.send(frame(TEXT, b"x" * 500, fin=False) + frame(PING, b"p" * 125) * 20 + frame(0, b"x" * 500))
        for _ in range(20):
            ws.recv()
        ws.expect(TEXT, b"x" * 1000)


def test_idle_peer_is_closed_with_1001(host):
    with WebSocket(host.port, "/idle") as ws:
        ws.expect_close(1001, None, timeout=5)


def test_peer_that_speaks_is_not_idle(host):
    with WebSocket(host.port, "/idle") as ws:
        for _ in range(8):
            ws.text("x")
            ws.expect_text("x")
            with contextlib.suppress(Late):
                ws.wait(lambda: ws.input, "a close", 0.1)
                raise AssertionError(f"closed though it spoke: {bytes(ws.input)}")


def test_silent_peer_is_pinged_then_closed_with_1011(host):
    with WebSocket(host.port, "/ping") as ws:
        received = ws.recv_frame()
        assert received.opcode == PING, received
        while (received := ws.recv_frame()).opcode == PING:
            pass
        assert received.opcode == 8 and received.code == 1011, received


def test_pong_keeps_the_connection(host):
    with WebSocket(host.port, "/ping") as ws:
        for _ in range(6):
            received = ws.recv_frame()
            assert received.opcode == PING, received
            ws.pong(received.payload)


def test_out_of_descriptors_the_host_lives_and_recovers():
    with Host(text=routes_text("  - {path: /, plugin: mirror}\n"), descriptors=64) as host:
        first = WebSocket(host.port)
        others = []
        with contextlib.suppress(AssertionError, OSError):
            for _ in range(100):
                others.append(Http(host.port))
        first.text("still served")
        first.expect_text("still served")
        for http in others:
            http.drop()

        def served():
            with contextlib.suppress(AssertionError, OSError), WebSocket(host.port, timeout=1) as ws:
                ws.text("x")
                ws.expect_text("x")
                return True
        wait_until(served, "a new connection once descriptors are free", 20)
        first.drop()


def test_thousand_silent_connections_do_not_stop_the_others(host):
    silent = [Http(host.port) for _ in range(500)]
    assert get(host.port, "/nope").status == 404
    for http in silent:
        http.drop()


def test_round_trip_time_is_the_plugins_and_the_statuses():
    text = routes_text("  - {path: /pulse, plugin: pulse, ping: {interval: 50ms}}\n", plugins=TEST_PLUGINS)
    with Host(text=text) as host, WebSocket(host.port, "/pulse") as ws:
        def measured():
            ws.text("now")
            return [int(word) for word in ws.recv()[1].decode().split()]

        smoothed, last = wait_until(lambda: min(found := measured()) > 0 and found, "a round-trip time")
        route = json.loads(socklet("status", host.routes, "--json").stdout)["routes"][0]
        metrics = socklet("status", host.routes, "--metrics").stdout
        ws.close(1000, "")
        host.wait_log(r" close .* rtt_us=[1-9]")
    assert 0 < smoothed < 20_000_000 and 0 < last < 20_000_000, (smoothed, last)
    assert route["rtt_us"] > 0 and "measured" not in route, route
    assert "socklet_round_trip_microseconds{" in metrics, metrics
