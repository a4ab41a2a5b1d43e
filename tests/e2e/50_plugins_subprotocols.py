# SPDX-License-Identifier: MIT
"""A route chooses the subprotocol by its own order, a plugin may choose another, and a route may require one."""
import contextlib

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, routes_text
from story import each

ROUTES = """\
  - {path: /free, plugin: subprotocols}
  - {path: /ws, plugin: subprotocols, subprotocols: [v2.chat, v1.chat]}
  - {path: /required, plugin: subprotocols, subprotocols: [v2.chat, v1.chat], require_subprotocol: true}
  - {path: /closes, plugin: subprotocols, subprotocols: v2.chat, require_subprotocol: true, reject: close}
  - {path: /own, plugin: subprotocols, subprotocols: [v2.chat], options: {accept: v1.chat}}
"""


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, TEST_PLUGINS)) as host:
        yield host


@each([
    ("free offers", "/free", ["a", "b"], None),
    ("the route's order", "/ws", ["v1.chat", "v2.chat"], "v2.chat"),
    ("the one there is", "/ws", ["x", "v1.chat"], "v1.chat"),
    ("none in common", "/ws", ["x", "V2.CHAT"], None),
    ("none offered", "/ws", [], None),
    ("required", "/required", ["v1.chat"], "v1.chat"),
    ("the plugin's own", "/own", ["v2.chat", "v1.chat"], "v1.chat"),
])
def test_chosen(host, row):
    _, path, offered, chosen = row
    with WebSocket(host.port, path, protocols=offered) as ws:
        assert ws.protocol == chosen, ws.response_head
        ws.text("which?")
        said = ws.recv()[1].decode()
        assert said.startswith(f"{chosen or 'none'} from "), said


@each([("other", ["x", "v3.chat"]), ("none", [])])
def test_required_and_not_offered(host, row):
    extra = [("Sec-WebSocket-Protocol", ", ".join(row[1]))] if row[1] else []
    answer = upgrade(host.port, "/required", extra)
    assert answer.status == 400 and "v2.chat, v1.chat" in answer.detail(), answer


def test_required_and_rejected_by_close(host):
    with WebSocket(host.port, "/closes", protocols=["x", "y"]) as ws:
        assert ws.protocol == "x", ws.response_head
        ws.expect_close(1008, "wanted a Sec-WebSocket-Protocol header with one of: v2.chat")


def test_it_stays_when_the_routes_change():
    with Host(text=routes_text(ROUTES, TEST_PLUGINS)) as host:
        with WebSocket(host.port, "/ws", protocols=["v1.chat"]) as ws:
            host.write(routes_text("  - {path: /ws, plugin: subprotocols, subprotocols: v3.chat}\n", TEST_PLUGINS))
            host.reload()
            for _ in range(3):
                ws.text("which?")
                assert ws.recv()[1].startswith(b"v1.chat from ")
        with WebSocket(host.port, "/ws", protocols=["v1.chat", "v3.chat"]) as ws:
            assert ws.protocol == "v3.chat", ws.response_head
