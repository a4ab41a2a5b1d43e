# SPDX-License-Identifier: MIT
"""Timers fire and end with their connection; offloaded work comes back on the loop, or is dropped safely."""
import contextlib
import signal
import time

from client import CLOSE, WebSocket, close_payload
from host import TEST_PLUGINS, Host, routes_text, wait_until

ROUTES = "  - {path: /clock, plugin: clockwork}\n  - {path: /errands, plugin: errands}\n"


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


def test_timers_of_a_connection(host):
    with WebSocket(host.port, "/clock") as ws:
        ws.expect_text(*[f"tick {number}" for number in range(1, 11)])
        ws.expect_close(1000, "run down")


def test_timer_of_the_plugin(host):
    with WebSocket(host.port, "/clock") as ws:
        def beats():
            ws.text("?")
            while (text := ws.recv()[1]).startswith(b"tick"):
                pass
            return text == b"beats=some"
        wait_until(beats, "a beat of the plugin's timer", 5)


def test_timers_end_with_their_connection(host):
    for reset in False, True:
        for _ in range(20):
            ws = WebSocket(host.port, "/clock")
            ws.reset() if reset else ws.drop()
    with WebSocket(host.port, "/clock") as ws:
        ws.expect_text("tick 1")


def test_work_comes_back(host):
    with WebSocket(host.port, "/errands") as ws:
        ws.text("sleep 20")
        ws.expect_text("slept 20")


def test_work_does_not_hold_the_loop(host):
    with WebSocket(host.port, "/errands") as slow, WebSocket(host.port, "/errands") as quick:
        slow.text("sleep 700")
        begin = time.monotonic()
        quick.text("count")
        assert quick.recv()[1].startswith(b"done=")
        assert time.monotonic() - begin < 0.6, "the loop waited for the work"
        slow.expect_text("slept 700")


def test_handshake_may_wait_for_work(host):
    with WebSocket(host.port, "/errands?wait=30") as ws:
        ws.expect_text("slept 30")


def counts(ws):
    ws.text("count")
    return [int(part.split(b"=")[1]) for part in ws.recv()[1].split()]


def test_work_for_a_gone_connection_is_dropped(host):
    with WebSocket(host.port, "/errands") as watcher:
        done, dropped = counts(watcher)
        for reset in False, True:
            ws = WebSocket(host.port, "/errands")
            ws.text("sleep 200")
            ws.ping(b"p")
            ws.recv()
            ws.reset() if reset else ws.drop()
        wait_until(lambda: counts(watcher) == [done, dropped + 2], lambda: f"two drops: {counts(watcher)}", 10)


def test_handshake_that_waits_may_be_abandoned(host):
    with WebSocket(host.port, "/errands") as watcher:
        done, dropped = counts(watcher)
        with contextlib.suppress(AssertionError):
            WebSocket(host.port, "/errands?wait=200", timeout=0.05)
        # Its socket is still open here: the answer comes, or is dropped once it is closed.
        wait_until(lambda: sum(counts(watcher)) == done + dropped + 1, "the end of the work", 10)


def test_too_much_work_is_refused_not_queued_for_ever(host):
    with WebSocket(host.port, "/errands", timeout=30) as ws:
        total = 3000
        for _ in range(total):
            ws.text("sleep 1")
        answers = [ws.recv()[1] for _ in range(total)]
        assert set(answers) <= {b"slept 1", b"full"} and answers.count(b"slept 1") >= 1024, set(answers)


def test_code_of_a_provider_stays_while_its_work_is_under_way():
    kept = "  - {path: /work, plugin: errands}\n"
    routes = kept + "  - {path: /x, plugin: handshake, inject: {how: {from: provider, alias: busy}}}\n"
    providers = "providers:\n  busy: {plugin: errand_provider, inject: {ms: query}}\n"
    with Host(text=routes_text(routes, plugins=TEST_PLUGINS) + providers) as host:
        with WebSocket(host.port, "/x?ms=20") as ws:
            ws.expect_text("work done")
        with WebSocket(host.port, "/x?ms=500") as ws:
            ws.closes()
        host.write(routes_text(kept, plugins=TEST_PLUGINS))
        host.reload()
        assert host.mappings("errand_provider"), "unloaded under its own work"
        wait_until(lambda: not host.mappings("errand_provider"), "the end of the work")


def test_stop_with_work_under_way_is_clean():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host, WebSocket(host.port, "/errands") as ws:
        for _ in range(20):
            ws.text("sleep 50")
        ws.ping(b"p")
        while ws.recv()[1] != b"p":
            pass
        host.signal(signal.SIGTERM)
        while ws.recv() != (CLOSE, close_payload(1012)):
            pass
        ws.close(1012)
        ws.expect_end()
        host.wait()
