# SPDX-License-Identifier: MIT
"""How many, how often, how much: whoever is over a limit gets its answer, over all workers, and reloads change it."""
import contextlib
import json

from client import CLOSE, PING, TEXT, Http, WebSocket, frame, get, upgrade
from host import Host, routes_text, socklet, wait_until
from story import each

MIRROR = "  - {path: /, plugin: mirror}\n"


def serving(top="", routes=MIRROR, workers=1):
    return Host(text=routes_text(routes, top=f"workers: {workers}\n{top}"))


def refused(response, status, detail):
    assert response.status == status, response
    assert response.detail() == detail, response
    assert int(response.header("retry-after")) >= 1, response


def opens(port, target="/", **options):
    """A connection, as soon as the host has noticed that another has gone."""
    found = []

    def tried():
        with contextlib.suppress(AssertionError):
            found.append(WebSocket(port, target, **options))
        return found
    wait_until(tried, "a place that has become free")
    return found[0]


@each([("one", 1), ("three", 3)], name=lambda row: f"{row[0]}_workers")
def test_route_is_full_at_its_number(row):
    routes = MIRROR + "  - {path: /two, plugin: mirror, limits: {connections: 2}}\n" \
                      "  - {path: /close, plugin: mirror, reject: close, limits: {connections: 1}}\n"
    detail = "too many connections on this route, at most {}"
    with serving(routes=routes, workers=row[1]) as host:
        first, second = WebSocket(host.port, "/two"), WebSocket(host.port, "/two")
        for _ in range(4):
            refused(upgrade(host.port, "/two"), 503, detail.format(2))
        WebSocket(host.port, "/").drop()
        with WebSocket(host.port, "/close"), WebSocket(host.port, "/close") as told:
            told.expect_close(1013, detail.format(1))
        first.closes()
        opens(host.port, "/two").drop()
        second.drop()
        host.wait_log(r"warn .*mirror /two: refused 127\.0\.0\.1:\d+ with 503: too many connections on this route")


@each([("one", 1), ("three", 3)], name=lambda row: f"{row[0]}_workers")
def test_address_has_so_many(row):
    with serving("limits: {per_address: 3}\n", workers=row[1]) as host:
        mine = [WebSocket(host.port) for _ in range(3)]
        for _ in range(4):
            refused(upgrade(host.port, "/"), 429, "too many connections from your address, at most 3")
        assert get(host.port, "/nope").status == 404
        mine[0].closes()
        opens(host.port).drop()
        for ws in mine[1:]:
            ws.drop()


def test_ipv6_addresses_count_by_their_network():
    with Host(text=routes_text(MIRROR, top="limits: {per_address: 1}\n"), listen=("[::1]:0",)) as host, \
            WebSocket(host.port, address="::1"), Http(host.port, address="::1") as other:
        response = other.request("/", headers=[("Upgrade", "websocket"), ("Connection", "Upgrade"),
                                               ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                                               ("Sec-WebSocket-Version", "13")])
        refused(response, 429, "too many connections from your address, at most 1")


@each([("one", 1), ("two", 2)], name=lambda row: f"{row[0]}_workers")
def test_handshakes_have_a_burst_and_a_rate(row):
    with serving("limits: {handshake_rate: 1, handshake_burst: 5}\n", workers=row[1]) as host:
        answers = [upgrade(host.port, "/") for _ in range(20)]
        let_in = [one.status for one in answers].count(101)
        assert 5 <= let_in < 20, [one.status for one in answers]
        for one in answers:
            if one.status != 101:
                refused(one, 429, "too many handshakes from your address")
        opens(host.port).drop()


@each([("one", 1), ("two", 2)], name=lambda row: f"{row[0]}_workers")
def test_full_host_tells_503_and_recovers(row):
    with serving("limits: {connections: 4}\n", workers=row[1]) as host:
        mine = [WebSocket(host.port) for _ in range(4)]
        for _ in range(4):
            response = get(host.port, "/nope")
            assert response.status in (404, 503), response
        if row[1] == 1:
            refused(upgrade(host.port, "/"), 503, "the host has as many connections as it may have")
            host.wait_log(r"the host is full \(`connections: 4`\)")
        for ws in mine:
            ws.text("still here")
            ws.expect_text("still here")
        mine[0].closes()
        opens(host.port).drop()


def test_worker_that_dies_takes_its_counts_with_it():
    import os
    import signal
    with serving("limits: {per_address: 2}\n") as host:
        mine = [WebSocket(host.port) for _ in range(2)]
        os.kill(host.workers()[0], signal.SIGKILL)
        opens(host.port).drop()
        for ws in mine:
            ws.drop()


def test_reload_changes_limits_and_counts_who_is_there():
    with serving() as host:
        text = host.routes.read_text()
        with WebSocket(host.port) as one, WebSocket(host.port) as two:
            host.write("limits: {per_address: 2, message: 10}\n" + text)
            host.reload()
            refused(upgrade(host.port, "/"), 429, "too many connections from your address, at most 2")
            one.text("x" * 9)
            one.expect_text("x" * 9)
            one.text("x" * 11)
            one.expect_close(1009, "frame with 11 bytes exceeds limit of 10 bytes")
            host.write(text)
            host.reload()
            WebSocket(host.port).drop()
            two.text("x" * 9)
            two.expect_text("x" * 9)


HEADS = [
    ("target", "limits: {target: 100B}\n", "/" + "a" * 99, "/" + "a" * 100, [], 414),
    ("headers", "limits: {headers: 5}\n", None, None, [("X-A", "1")] * 4, 431),
    ("header", "limits: {header: 100B}\n", None, None, [("X-A", "a" * 95)], 431),
    ("head", "limits: {head: 300B}\n", None, None, [("X-A", "a" * 200)], 431),
]


@each(HEADS)
def test_heads_over_their_limit(row):
    _, top, good, bad, headers, status = row
    with serving(top) as host:
        if bad:
            assert get(host.port, good).status == 404
            assert get(host.port, bad).status == status
        else:
            assert get(host.port, "/nope", headers=headers).status == 404
            assert get(host.port, "/nope", headers=headers + [("X-B", "b" * 96)]).status == status


def test_larger_heads_than_usual():
    with serving("limits: {target: 100KiB, header: 300KiB, head: 500KiB}\n") as host:
        assert get(host.port, "/" + "a" * 100_000).status == 404
        assert get(host.port, "/nope", headers=[("X-A", "a" * 300_000)]).status == 404
        assert get(host.port, "/nope", headers=[("X-A", "a" * 310_000)]).status == 431


FRAMES = "  - {path: /, plugin: mirror, limits: {frame: 100B, message: 1000B}}\n"


def test_frame_has_a_limit_of_its_own():
    with serving(routes=FRAMES) as host, WebSocket(host.port) as ws:
        ws.send(b"".join([frame(TEXT, b"x" * 100, fin=False)] + [frame(0, b"x" * 100, fin=i == 8) for i in range(9)]))
        ws.expect(TEXT, b"x" * 1000)
        ws.send_frame(TEXT, b"x" * 101)
        ws.expect_close(1009, "frame with 101 bytes exceeds frame limit of 100 bytes")


def rated(limits):
    return serving(routes=f"  - {{path: /, plugin: mirror, limits: {{{limits}}}}}\n")


def test_pause_delays_and_loses_nothing():
    with rated("message_rate: 100, message_burst: 10") as host, WebSocket(host.port) as ws:
        ws.send(b"".join(frame(TEXT, str(i)) for i in range(60)))
        for i in range(60):
            ws.expect_text(str(i))
        ws.closes()


def test_refuse_drops_and_goes_on():
    with rated("message_rate: 1, message_burst: 10, over_rate: refuse") as host, WebSocket(host.port) as ws:
        ws.send(b"".join(frame(TEXT, str(i)) for i in range(100)))
        for i in range(10):
            ws.expect_text(str(i))
        ws.close(1000)
        while ws.recv()[0] != CLOSE:
            pass


@each([("messages", frame(TEXT, "x")), ("pings", frame(PING, "x")), ("empty_messages", frame(TEXT)),
       ("empty_fragments", frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 8)])
def test_close_says_which_rate(row):
    with rated("message_rate: 20, over_rate: close") as host, WebSocket(host.port) as ws:
        sent = row[1]
        if row[0] == "empty_fragments":
            ws.send(sent + frame(0, b"", fin=False) * 500)
        else:
            ws.send(sent * 500)
        while (received := ws.recv_frame()).opcode != CLOSE:
            pass
        assert (received.code, received.reason) == (1008, "more than 20 frames a second"), received


def test_bytes_have_a_rate():
    with rated("byte_rate: 10KiB, byte_burst: 20KiB, over_rate: close") as host, WebSocket(host.port) as ws:
        for _ in range(2):
            ws.binary(bytes(9000))
            ws.expect(2, bytes(9000))
        ws.send(frame(2, bytes(9000)) * 5)
        while (received := ws.recv_frame()).opcode != CLOSE:
            pass
        assert (received.code, received.reason) == (1008, "more than 10240 bytes a second"), received


def test_lifetime_ends_a_busy_connection():
    with rated("lifetime: 300ms, lifetime_spread: 200ms") as host, WebSocket(host.port) as ws:
        for i in range(100000):
            ws.text(str(i))
            opcode, payload = ws.recv()
            if opcode == CLOSE:
                break
        assert payload == b"\x03\xe9lifetime over", payload


def test_routes_shows_them():
    routes = "  - {path: /, plugin: mirror, limits: {message: 64KiB, message_rate: 50, over_rate: close, connections: 7}}\n"
    with serving("limits: {idle: 90s, per_address: 20}\n", routes) as host:
        shown = socklet("routes", host.routes)
        assert shown.returncode == 0, shown
        assert ("    limits: message 64KiB, idle 90s, message_rate 50, over_rate close, connections 7\n"
                in shown.stdout), shown.stdout
        assert "limits of the host: per_address 20\n" in shown.stdout, shown.stdout
        limits = json.loads(socklet("routes", "--json", host.routes).stdout)[0]["limits"]
        assert limits["message"] == 65536 and limits["idle"] == 90000 and limits["over_rate"] == "close", limits
