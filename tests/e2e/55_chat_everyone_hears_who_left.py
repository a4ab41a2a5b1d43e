# SPDX-License-Identifier: MIT
"""Members of the chat hear each other, and hear of every leave, whatever way it happens."""
import contextlib
import json

from client import BINARY, TEXT, WebSocket, frame
from host import Host, routes_text, socklet, together, wait_until
from story import each

ROUTES = """\
  - path: /ws/{client_id}
    plugin: chat
    ping: {interval: 200ms, timeout: 300ms}
"""


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES)) as host:
        yield host


def close_frame(ws):
    ws.closes(1000)


def close_without_code(ws):
    ws.closes(None)


def tcp_close(ws):
    ws.drop()


def tcp_reset(ws):
    ws.reset()


def half_close(ws):
    ws.finish_sending()


def protocol_error(ws):
    ws.send(frame(3))
    ws.expect_close(1002, "invalid opcode")


def bad_text(ws):
    ws.send(frame(TEXT, b"\xc3\x28"))
    ws.expect_close(1007, "")


def binary(ws):
    ws.send(frame(BINARY, b"x"))
    ws.expect_close(1003, None)


def inside_a_message(ws):
    ws.send(frame(TEXT, "unfinished", fin=False))
    ws.drop()


def inside_a_frame(ws):
    ws.send(frame(TEXT, "unfinished")[:7])
    ws.reset()


def silence(_):
    """The peer's machine is gone: no FIN, no answer to pings."""


WAYS = [close_frame, close_without_code, tcp_close, tcp_reset, half_close, protocol_error, bad_text, binary,
        inside_a_message, inside_a_frame, silence]


@each([(way.__name__, way, number) for number, way in enumerate(WAYS, 100)])
def test_leave_is_heard(host, row):
    _, way, number = row
    with WebSocket(host.port, "/ws/1") as one, WebSocket(host.port, f"/ws/{number}") as other:
        other.text("hi")
        other.expect_text("You wrote: hi", f"Client #{number} says: hi")
        one.expect_text(f"Client #{number} says: hi")
        way(other)
        one.expect_text(f"Client #{number} left the chat")
        one.text("alone?")
        one.expect_text("You wrote: alone?", "Client #1 says: alone?")


def test_silent_peer_is_told_before_it_is_dropped(host):
    with WebSocket(host.port, "/ws/7") as ws:
        while (received := ws.recv_frame()).opcode == 9:
            pass
        assert received.opcode == 8 and received.code == 1011, received


def test_peer_that_answers_pings_stays(host):
    with WebSocket(host.port, "/ws/8") as ws:
        for _ in range(4):
            received = ws.recv_frame()
            assert received.opcode == 9, received
            ws.pong(received.payload)
        ws.text("here")
        ws.expect_text("You wrote: here", "Client #8 says: here")


def test_leaver_does_not_hear_of_its_own_leave(host):
    with WebSocket(host.port, "/ws/9") as ws:
        ws.closes(1000)


def test_everyone_hears_everyone_in_order(host):
    members = [WebSocket(host.port, f"/ws/{number}") for number in range(20)]

    def read(ws, number):
        texts = []
        while len(texts) < 20 * 10 + 10:
            texts.append(ws.recv(timeout=30)[1].decode())
        for speaker in range(20):
            said = [text for text in texts if text.startswith(f"Client #{speaker} ")]
            assert said == [f"Client #{speaker} says: {n}" for n in range(10)], (number, said)

    for n in range(10):
        for ws in members:
            ws.text(str(n))
    together(*[lambda ws=ws, number=number: read(ws, number) for number, ws in enumerate(members)])
    for ws in members:
        ws.drop()


def test_members_of_two_workers_hear_each_other():
    """As with one: the tutorial's messages, its order, and who left."""
    with Host(text=routes_text("  - {path: '/ws/{client_id}', plugin: chat}\n", top="workers: 2\n")) as host:
        members = [WebSocket(host.port, f"/ws/{number}") for number in range(2, 18)]
        wait_until(lambda: all(row["connections"] > 0 for row in workers(host)), lambda: f"both: {workers(host)}")
        for number, speaker in enumerate(members, 2):
            speaker.text("hi")
            speaker.expect_text("You wrote: hi")
            for ws in members:
                ws.expect_text(f"Client #{number} says: hi")
        for number, ws in enumerate(members[:8], 2):
            ws.closes(1000)
            for other in members[number - 1:]:
                other.expect_text(f"Client #{number} left the chat")
        for ws in members[8:]:
            ws.drop()


def workers(host):
    return json.loads(socklet("status", "--json", host.routes).stdout)["workers"]


def test_rooms_do_not_hear_each_other():
    routes = ("  - {path: '/a/{client_id}', plugin: chat, options: {room: a}}\n"
              "  - {path: '/b/{client_id}', plugin: chat, options: {room: b}}\n")
    with Host(text=routes_text(routes)) as host, WebSocket(host.port, "/a/1") as one, \
            WebSocket(host.port, "/b/2") as two:
        one.text("in a")
        one.expect_text("You wrote: in a", "Client #1 says: in a")
        two.text("in b")
        two.expect_text("You wrote: in b", "Client #2 says: in b")
