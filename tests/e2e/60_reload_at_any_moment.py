# SPDX-License-Identifier: MIT
"""A reload may come at any moment of a connection or of the host: nothing is lost, and the last state is what serves."""
import contextlib
import re
import signal
import threading
import time

from author import by_mv, compile_to
from client import BINARY, CLOSE, TEXT, Http, WebSocket, get, upgrade, upgrade_headers
from host import TEST_PLUGINS, Host, folder, routes_text, together, wait_until
from story import each

ROUTE = "  - {path: /ws, plugin: leaver}\n"
SOURCE = """#include <socklet.h>
#include <string.h>
static int leaver_message(struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	if (msg->data.len == 5 && memcmp(msg->data.ptr, "leave", 5) == 0)
		return sl_close(conn, 4000, "version %(version)d");
	if (msg->data.len == 3 && memcmp(msg->data.ptr, "big", 3) == 0) {
		static const char block[65536];
		for (int i = 0; i < %(blocks)d; i++)
			sl_send(conn, SL_BINARY, block, sizeof(block));
	}
	return sl_sendf(conn, "%(version)d %%.*s", SL_STR(msg->data));
}
SL_PLUGIN(leaver, sl_no_args, .message = leaver_message);
"""
BLOCKS = 160  # of 64 KiB: more than the kernel takes for a peer that does not read


class Versions:
    """Two versions of one plugin, compiled once for the file, as the tests need other bytes many times."""

    def __init__(self, path):
        self.path, self.now = path, 0
        for version in (0, 1):
            compile_to(path / f"{version}.so", SOURCE % {"version": version, "blocks": BLOCKS})

    def put(self, plugins, version):
        by_mv(self.path / f"{version}.so", plugins / "leaver.so")


@contextlib.contextmanager
def shared():
    with folder() as path:
        yield Versions(path)


@contextlib.contextmanager
def leaving(versions, route=ROUTE, workers=1):
    with folder() as plugins:
        versions.put(plugins, 0)
        text = routes_text(route, plugins=plugins, top=f"workers: {workers}\n")
        with Host(text=text) as host:
            host.plugins = plugins
            host.change_to = lambda version: versions.put(plugins, version)
            yield host


def serves(port, path="/ws"):
    """The version that serves a new connection."""
    with WebSocket(port, path) as ws:
        ws.text("x")
        number = int(ws.recv()[1].split()[0])
        ws.closes()
        return number


def leave_by_plugin(ws):
    ws.text("leave")


def leave_by_client(ws):
    ws.close(1000)


def leave_by_reset(ws):
    ws.reset()


def leave_by_time(_):
    pass


@each([(leave.__name__, leave) for leave in (leave_by_plugin, leave_by_client, leave_by_reset, leave_by_time)])
def test_last_connections_of_a_version_end_while_the_next_is_committed(versions, row):
    """One after the other over the time of the reload, so that some end in the turn of the commit."""
    _, leave = row
    route = ROUTE.replace("}", ", limits: {idle: 50ms}}") if leave is leave_by_time else ROUTE
    with leaving(versions, route) as host:
        for number in range(1, 9):
            clients = [WebSocket(host.port, "/ws") for _ in range(20)]
            host.change_to(number % 2)
            since = len(host.log)
            host.signal(signal.SIGHUP)
            for ws in clients:
                leave(ws)
                assert get(host.port, "/").status == 404  # a moment passes
            host.wait_log("reload: done", since)
            for ws in clients:
                if leave is leave_by_plugin:
                    ws.expect_close(4000, f"version {(number + 1) % 2}")
                elif leave is leave_by_time:
                    ws.expect_close(1001, None)
                ws.drop()
            assert serves(host.port) == number % 2

        def mapped():
            return {line.split()[-1] for line in host.mappings("leaver.")}
        host.change_to(1)
        host.reload()
        host.change_to(0)
        host.reload()
        wait_until(lambda: len(mapped()) <= 2, lambda: f"old versions gone, found {mapped()}")


def test_inside_a_fragmented_message(versions):
    with leaving(versions) as host, WebSocket(host.port, "/ws") as ws:
        ws.send_frame(TEXT, b"be", fin=False)
        ws.ping(b"1")
        ws.expect(10, b"1")
        host.change_to(1)
        host.reload()
        ws.send_frame(0, b"g", fin=False)
        ws.send_frame(0, b"un")
        ws.expect_text("0 begun")
        assert serves(host.port) == 1


def test_inside_a_frame(versions):
    with leaving(versions) as host, WebSocket(host.port, "/ws") as ws:
        whole = b"\x81\x85\0\0\0\0hello"
        ws.send(whole[:8])
        host.change_to(1)
        host.reload()
        ws.send(whole[8:])
        ws.expect_text("0 hello")


@each([("request line", 10), ("header", 60), ("last line end", -1)])
def test_inside_a_handshake_it_is_the_new_that_answers(versions, row):
    lines = ["GET /ws HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in upgrade_headers()), "", ""]
    request = "\r\n".join(lines).encode()
    with leaving(versions) as host, WebSocket(host.port, "/ws") as sure, Http(host.port) as late:
        sure.text("x")
        sure.expect_text("0 x")
        late.send(request[:row[1]])
        host.change_to(1)
        host.reload()
        late.send(request[row[1]:])
        assert late.response().status == 101
        late.send(b"\x81\x81\0\0\0\0x")
        assert late.read(5) == b"\x81\x031 x", "not the new version"


def test_inside_a_close_handshake(versions):
    with leaving(versions) as host, WebSocket(host.port, "/ws") as ws:
        ws.text("leave")
        assert ws.recv()[0] == CLOSE
        host.change_to(1)
        host.reload()
        ws.close(4000)
        ws.expect_end()
        assert serves(host.port) == 1


def test_with_ten_megabytes_unsent(versions):
    with leaving(versions, ROUTE.replace("}", ", limits: {queue: 32MiB}}")) as host, \
            WebSocket(host.port, "/ws", receive_buffer=4096) as ws:
        ws.text("big")
        ws.wait(lambda: ws.input, "the begin of it")
        for version in (1, 0, 1):
            host.change_to(version)
            host.reload()
        assert serves(host.port) == 1
        for _ in range(BLOCKS):
            assert ws.recv() == (BINARY, bytes(65536))
        ws.expect_text("0 big")


def test_bad_routes_with_a_good_plugin_and_good_routes_with_a_bad_plugin(versions):
    with leaving(versions, workers=2) as host, WebSocket(host.port, "/ws") as old:
        right = host.routes.read_text()
        host.change_to(1)
        host.write(right + "  - {path: /more, plugin: leaver\n")
        assert "generation 1 serves on" in host.reload("refused")
        assert serves(host.port) == 0 and upgrade(host.port, "/more").status == 404
        (host.plugins / "leaver.so").write_bytes(b"not a plugin")
        host.write(right + "  - {path: /more, plugin: leaver}\n")
        assert "generation 1 serves on" in host.reload("refused")
        assert serves(host.port) == 0 and upgrade(host.port, "/more").status == 404
        host.change_to(1)
        assert "generation 2 serves" in host.reload()
        assert serves(host.port) == serves(host.port, "/more") == 1
        old.text("x")
        old.expect_text("0 x")


def test_hundred_signals_within_ten_milliseconds(versions):
    with leaving(versions, workers=2) as host, WebSocket(host.port, "/ws") as old:
        pids, since = host.workers(), len(host.log)
        host.change_to(1)
        begin = time.monotonic()
        for _ in range(100):
            host.signal(signal.SIGHUP)
        took = time.monotonic() - begin
        host.wait_log("reload: done", since)
        wait_until(lambda: serves(host.port) == 1, "the new version")
        host.reload()
        count = host.log.count("reload: done", since) + host.log.count("nothing has changed", since)
        assert count < 20, f"100 signals in {took * 1000:.0f} ms were {count} reloads"
        assert host.workers() == pids and "refused" not in host.log, host.log
        old.text("x")
        old.expect_text("0 x")


def test_signal_while_it_starts(_):
    text = routes_text("  - {path: /ws, plugin: sudden, options: {at_start: nap}}\n", plugins=TEST_PLUGINS)
    host = Host(text=text)

    def hang_up():
        """While its first load is tried out: one that came before that load is the same load."""
        def has_child():
            return open(f"/proc/{host.pid}/task/{host.pid}/children").read()
        wait_until(lambda: host.process and has_child(), "the first load to be tried out")
        host.signal(signal.SIGHUP)

    def serve():
        with host:
            host.wait_log("reload: done")
            assert upgrade(host.port, "/ws").status == 101
    together(hang_up, serve)


def test_signals_while_it_stops(versions):
    with leaving(versions, ROUTE.replace("}", ", limits: {close: 1h}}")) as host, WebSocket(host.port, "/ws") as ws:
        host.signal(signal.SIGTERM)
        assert ws.recv()[0] == CLOSE
        host.change_to(1)
        for _ in range(20):
            host.signal(signal.SIGHUP)
        ws.close(1012)
        ws.expect_end()
        host.wait()
        assert "version 2" not in host.log, host.log


def test_route_that_is_removed_and_comes_again(versions):
    with leaving(versions, ROUTE + "  - {path: /stays, plugin: leaver}\n") as host, WebSocket(host.port, "/ws") as old:
        right = host.routes.read_text()
        for version in (1, 0, 1):
            host.write(right.replace(ROUTE, ""))
            host.change_to(version)
            host.reload()
            assert upgrade(host.port, "/ws").status == 404
            old.text("x")
            old.expect_text("0 x")
            host.write(right)
            host.reload()
            assert serves(host.port) == serves(host.port, "/stays") == version
            old.text("y")
            old.expect_text("0 y")
        old.closes()


def test_connections_that_come_all_the_time_meet_one_version_or_the_other(versions):
    with leaving(versions, workers=2) as host:
        is_over, seen = threading.Event(), []

        def come():
            while not is_over.is_set():
                seen.append(serves(host.port))
        threads = [threading.Thread(target=come, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(1, 11):
            host.change_to(number % 2)
            host.reload()
        is_over.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "a handshake is stuck"
        assert set(seen) == {0, 1}, seen
