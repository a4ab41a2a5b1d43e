# SPDX-License-Identifier: MIT
"""State starts zeroed, disconnect comes once and says who, why and with which code, and ids stay safe."""
import contextlib

from client import TEXT, WebSocket, frame, upgrade
from host import TEST_PLUGINS, Host, routes_text
from story import each


@contextlib.contextmanager
def shared():
    with Host(text=routes_text('  - {path: "/w/{role}", plugin: witness}\n', plugins=TEST_PLUGINS)) as host:
        yield host


def leave_with_code(ws):
    ws.closes(4000, "bye wörld")


def leave_without_code(ws):
    ws.closes(None)


def leave_by_plugin(ws):
    ws.text("close")
    ws.expect_close(4005, "as asked")


def leave_by_fault(ws):
    ws.send(frame(3))
    ws.expect_close(1002, None)


def leave_by_bad_text(ws):
    ws.send(frame(TEXT, b"\xff"))
    ws.expect_close(1007, None)


def leave_by_drop(ws):
    ws.drop()


def leave_by_reset(ws):
    ws.reset()


@each([
    ("close_with_code", leave_with_code, "by=peer code=4000 reason=bye wörld"),
    ("close_without_code", leave_without_code, "by=peer code=1005 reason="),
    ("plugin_closes", leave_by_plugin, "by=plugin code=4005 reason=as asked"),
    ("fault", leave_by_fault, "by=host code=1002 reason=invalid opcode"),
    ("bad_text", leave_by_bad_text, "by=host code=1007 reason="),
    ("drop", leave_by_drop, "by=peer code=1006 reason="),
    ("reset", leave_by_reset, "by=peer code=1006 reason="),
])
def test_disconnect_tells(host, row):
    name, leave, wanted = row
    with WebSocket(host.port, "/w/watch") as watcher:
        watcher.text("x")  # answered: it is registered
        watcher.recv()
        with WebSocket(host.port, f"/w/{name}") as ws:
            leave(ws)
        watcher.expect_text(f"{name} ended {wanted}")
        watcher.ping(b"only once")
        assert watcher.recv()[1] == b"only once"


def test_refused_connection_has_no_disconnect(host):
    with WebSocket(host.port, "/w/watch") as watcher:
        watcher.text("x")
        watcher.recv()
        assert upgrade(host.port, "/w/refused").status == 403
        watcher.ping(b"nothing")
        assert watcher.recv()[1] == b"nothing"


def test_state_is_zeroed_for_every_connection(host):
    for _ in range(5):
        with WebSocket(host.port, "/w/one") as ws:
            for number in 1, 2, 3:
                ws.text("x")
                ws.expect_text(f"messages={number} last=here")
            ws.closes()


def test_id_of_a_gone_connection_finds_nothing(host):
    with WebSocket(host.port, "/w/watch") as watcher:
        watcher.text("x")
        watcher.recv()
        with WebSocket(host.port, "/w/last") as ws:
            ws.text("x")
            ws.expect_text("messages=1 last=here")
            ws.closes()
        watcher.recv()
        others = [WebSocket(host.port, "/w/watch") for _ in range(3)]  # may reuse its memory
        watcher.text("x")
        watcher.expect_text("messages=2 last=gone")
        for other in others:
            other.drop()


def test_second_close_and_late_sends_change_nothing(host):
    since = len(host.log)
    with WebSocket(host.port, "/w/twice") as ws:
        ws.text("twice")
        ws.expect_close(4006, "first")
    host.wait_log(r"witness.*closed twice: 0 -1 -1", since)


def test_messages_behind_a_plugins_close_are_not_delivered(host):
    with WebSocket(host.port, "/w/flood") as ws:
        ws.send(frame(TEXT, "close") + frame(TEXT, "x") * 10)
        ws.expect_close(4005, "as asked")
