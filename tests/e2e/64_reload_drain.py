# SPDX-License-Identifier: MIT
"""`drain` closes connections that a reload left behind, `stop` all of them, each at a time of its own."""
import contextlib
import json
import shutil
import signal
import time

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, socklet, together, wait_until
from story import each

ROUTE = "  - {path: /t, plugin: tally%s}\n"
KEPT = "  - {path: /kept, plugin: tally}\n"


@contextlib.contextmanager
def tallying(top="", drain="", version="one"):
    with folder() as plugins:
        shutil.copy(TEST_PLUGINS / f"tally_{version}.so", plugins / "tally.so")
        with Host(text=routes_text(ROUTE % drain + KEPT, plugins=plugins, top=top)) as host:
            host.plugins = plugins
            yield host


def change_to(host, version):
    shutil.copy(TEST_PLUGINS / f"tally_{version}.so", host.plugins / "tally.so")
    host.reload()
    return time.monotonic()


def ends(clients, code):
    """Reads each to its close; the times."""
    times = []

    def read(ws):
        ws.expect_close(code, timeout=15)
        times.append(time.monotonic())

    together(*((lambda ws=ws: read(ws)) for ws in clients))
    return sorted(times)


@each([("top", "drain: {after: 200ms, spread: 600ms}\n", ""),
       ("route", "", ", drain: {after: 200ms, spread: 600ms}"),
       ("route_before_top", "drain: {after: never}\n", ", drain: {after: 200ms, spread: 600ms}")])
def test_closed_with_1012_within_after_and_spread(row):
    with tallying(row[1], row[2]) as host:
        clients = [WebSocket(host.port, "/t") for _ in range(20)]
        begin = change_to(host, "plain")
        with WebSocket(host.port, "/t") as new:
            times = ends(clients, 1012)
            assert times[0] - begin > 0.1, f"the first after {times[0] - begin:.3f} s"
            assert times[-1] - begin < 2, f"the last after {times[-1] - begin:.3f} s"
            assert times[-1] - times[0] > 0.1, f"all within {times[-1] - times[0]:.3f} s"
            new.closes()


def test_removed_route_closes_with_1001_by_its_own_drain():
    with tallying(drain=", drain: {after: 100ms}") as host, WebSocket(host.port, "/kept") as kept:
        clients = [WebSocket(host.port, "/t") for _ in range(3)]
        host.write(host.routes.read_text().replace(ROUTE % ", drain: {after: 100ms}", ""))
        host.reload()
        ends(clients, 1001)
        kept.text("x")
        kept.expect_text("v1 count=1 hops=0 from=v1 nobody ab x")


def test_a_drain_that_comes_with_the_reload_counts():
    with tallying() as host, WebSocket(host.port, "/t") as ws:
        host.write(host.routes.read_text().replace("routes:", "drain: {after: 0}\nroutes:", 1))
        change_to(host, "plain")
        ws.expect_close(1012)


def test_who_moved_or_did_not_change_stays():
    with tallying("drain: {after: 0}\n") as host, WebSocket(host.port, "/t") as ws:
        for number in range(4):
            change_to(host, ("two", "one")[number % 2])
        host.write(host.routes.read_text() + "# changed\n")
        host.reload()
        ws.text("x")
        ws.expect_text("v1 count=1 hops=4 from=v1 nobody ab x")


def test_never_by_default():
    with tallying() as host, WebSocket(host.port, "/t") as left, WebSocket(host.port, "/kept") as closed:
        change_to(host, "plain")
        host.write(host.routes.read_text().replace(KEPT, KEPT.replace("tally", "tally, drain: {after: 0}")))
        change_to(host, "other")
        closed.expect_close(1012)
        left.text("x")
        left.expect_text("v1 count=1 hops=0 from=v1 nobody ab x")


def stop(host):
    host.signal(signal.SIGTERM)
    return time.monotonic()


def test_stop_is_spread_and_what_was_sent_leaves():
    with tallying("stop: {spread: 800ms, deadline: 5s}\n") as host:
        clients = [WebSocket(host.port, "/t") for _ in range(20)]
        for ws in clients:
            ws.text("x")
        for ws in clients:
            ws.expect_text("v1 count=1 hops=0 from=v1 nobody ab x")
        begin = stop(host)
        times = ends(clients, 1012)
        assert times[-1] - begin < 2.5 and times[-1] - times[0] > 0.1, [time - begin for time in times]
        host.wait()


def test_stop_drops_at_the_deadline():
    with tallying("stop: {deadline: 300ms}\n") as host:
        deaf = WebSocket(host.port, "/t")
        begin = stop(host)
        host.wait()
        assert time.monotonic() - begin < 4, "the deadline passed"
        assert "did not end within 300 ms" in host.log, host.log
        deaf.drop()


def status(host):
    return json.loads(socklet("status", "--json", host.routes).stdout)


def test_log_and_status_tell_who_is_left_behind():
    with tallying(drain=", drain: {after: 1h}") as host, WebSocket(host.port, "/t"), \
            WebSocket(host.port, "/kept"), WebSocket(host.port, "/t"):
        since = len(host.log)
        change_to(host, "plain")
        host.wait_log(r"reload: plugin tally: connections that stay with an older version, .*: 3$", since)
        wait_until(lambda: status(host)["generations"] == [
            {"generation": 1, "connections": 3, "moved": 0, "draining": 2, "rtt_us": None}],
            lambda: status(host))
        change_to(host, "two")
        wait_until(lambda: status(host)["generations"] == [
            {"generation": 3, "connections": 3, "moved": 3, "draining": 0, "rtt_us": None}],
            lambda: status(host))
        assert "GENERATION  CONNECTIONS  MOVED    DRAINING\n3           3            3        0" in \
            socklet("status", host.routes).stdout
