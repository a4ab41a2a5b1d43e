# SPDX-License-Identifier: MIT
"""The three tutorial programs answer on the wire what FastAPI answers, but where they mean to be better.

data/fastapi-wire.json holds what FastAPI did; BETTER below says where socklet does otherwise.
"""
import json
import signal

from client import CLOSE, NAMES, PONG, Http, WebSocket, close_payload, frame
from host import ROOT, Host, routes_text
from story import each

RECORD = json.loads((ROOT / "tests/data/fastapi-wire.json").read_text())
FILES = {"tutorial001": "conf/echo.yaml", "tutorial002": "conf/items.yaml", "tutorial003": "conf/chat.yaml"}
OPCODES = {name: number for number, name in NAMES.items()} | {"cont": 0}
INT_PARSING = "Input should be a valid integer, unable to parse string as an integer"
NOT_FOUND = (404, "Not Found")


def wrong_int(source, name, text):
    return [{"type": "int_parsing", "loc": [source, name], "msg": INT_PARSING, "input": text}]


# Case: status and detail where the record has a bare 403, or a text about a bad handshake.
BETTER = {
    "t1-ws-unknown": NOT_FOUND,
    "t2-item-encslash": NOT_FOUND,
    "t1-ws-on-http-route": (403, "WebSocket"),
    "t1-hs-nokey": (400, "Sec-WebSocket-Key"),
    "t1-hs-badkey": (400, "Sec-WebSocket-Key"),
    "t2-none": (403, ""),
    "t2-q-bad": (403, wrong_int("query", "q", "abc")),
    "t2-q-empty": (403, wrong_int("query", "q", "")),
    "t3-id-bad": (403, wrong_int("path", "client_id", "abc")),
}


def host_for(case):
    if case["id"] == "t1-toobig":
        return Host(text=routes_text("  - {path: /ws, plugin: echo, limits: {message: 64KiB}}\n"))
    return Host(FILES[case["app"]])


def payload_of(told):
    if "hex" in told:
        return bytes.fromhex(told["hex"])
    if "repeat" in told:
        return b"a" * told["repeat"]
    if "code" in told:
        return close_payload(told["code"], told.get("reason", ""))
    return told.get("payload", "").encode()


class Player:
    """Plays the steps of one case and compares what was observed after each."""

    def __init__(self, case, host):
        self.case, self.host, self.clients = case, host, {}

    def run(self):
        for number, step in enumerate(self.case["steps"]):
            seen = [one for one in self.case["observed"] if one["after_step"] == number]
            getattr(self, "step_" + step["step"])(step)
            for one in seen:
                self.compare(one)

    def step_open(self, step):
        method, target, _ = step["request_line"].split(" ")
        http = self.clients[step["client"]] = WebSocket.__new__(WebSocket)
        Http.__init__(http, self.host.port)
        headers = [pair for pair in step["headers"] if pair[0] != "Host"]
        http.answer = http.request(target, method, headers, step.get("body", "").encode())

    def step_send(self, step):
        told = step["frame"]
        opcode = told["op"] if isinstance(told["op"], int) else OPCODES[told["op"]]
        self.clients[step["client"]].send(frame(
            opcode, payload_of(told), fin=told.get("fin", True), masked=told.get("masked", True)))

    def step_signal(self, _):
        self.host.signal(signal.SIGTERM)

    def step_tcp_close(self, step):
        self.clients[step["client"]].drop()

    def step_recv(self, _):
        pass

    def compare(self, seen):
        client = self.clients[seen["client"]]
        if "response" in seen:
            self.compare_response(client, seen["response"])
        elif "frame" in seen:
            self.compare_frame(client, seen["frame"])
        else:
            assert seen["tcp"].startswith("closed_by_server"), seen
            client.expect_end()

    def compare_response(self, client, wanted):
        got = client.answer
        if self.case["id"] in BETTER:
            status, detail = BETTER[self.case["id"]]
            assert got.status == status, got
            said = got.detail()
            exact = isinstance(detail, list) or (status, detail) == NOT_FOUND
            assert said and (said == detail if exact else detail in said), got
            return
        assert (got.version, got.status, got.reason) == ("HTTP/1.1", wanted["status"], wanted["reason"]), got
        recorded = {name.lower(): value for name, value in wanted["headers"]}
        for name in "content-type", "sec-websocket-accept":
            assert got.header(name) == recorded.get(name), f"{name}: {got}"
        if "allow" in recorded:
            assert recorded["allow"].lower() in got.tokens("allow"), got
        if "body" in wanted:
            assert got.body == wanted["body"].encode(), got

    def compare_frame(self, client, wanted):
        got = client.recv_frame()
        if wanted["opcode"] == "close":
            assert got.opcode == CLOSE, f"wanted {wanted}, got {got}"
            assert got.code == wanted["code"] and got.reason == wanted["close_reason"], got
            client.send_frame(CLOSE, got.payload[:2])  # as every real client does
            return
        assert got.opcode == OPCODES[wanted["opcode"]] and got.fin, f"wanted {wanted}, got {got}"
        assert got.payload == wanted["payload"].encode(), f"wanted {wanted['payload'][:99]!r}, got {got}"


@each(RECORD["cases"], name=lambda case: case["id"])
def test_replays(row):
    with host_for(row) as host:
        Player(row, host).run()
        if any(step["step"] == "signal" for step in row["steps"]):
            host.wait()


# What the record's `deliberately_differ` names besides the cases above.

def test_binary_message_closes_with_1003():
    with Host("conf/echo.yaml") as host, WebSocket(host.port, "/ws") as ws:
        ws.binary(b"\x00")
        ws.expect_close(1003, None)


def test_binary_message_in_the_chat_is_a_leave():
    with Host("conf/chat.yaml") as host, WebSocket(host.port, "/ws/1") as one, \
            WebSocket(host.port, "/ws/2") as two:
        two.binary(b"\x00")
        two.expect_close(1003, None)
        one.expect_text("Client #2 left the chat")
        one.text("still works")
        one.expect_text("You wrote: still works", "Client #1 says: still works")


# And tables of the tutorials' behaviour that the record does not hold.

@each([
    ("/items/2/ws?token=t&q=1&q=2", ["Query parameter q is: 2"]),
    ("/items/2/ws?token=t&q=%2B3", ["Query parameter q is: 3"]),
    ("/items/2/ws?token=t&q=1_000", ["Query parameter q is: 1000"]),
    ("/items/2/ws?token=t&q=3.0", ["Query parameter q is: 3"]),
    ("/items/2/ws?token=t&q=%2042%20", ["Query parameter q is: 42"]),
    ("/items/2/ws?token=t&other=1", []),
    ("/items/2/ws?token=a&token=t", []),
])
def test_items_reads(row):
    path, lines = row
    with Host("conf/items.yaml") as host, WebSocket(host.port, path) as ws:
        ws.text("m")
        ws.expect_text("Session cookie or query token value is: t", *lines,
                       "Message text was: m, for item ID: 2")


@each([("/ws/-5", "-5"), ("/ws/1700000000000", "1700000000000"), ("/ws/%2B7", "7")])
def test_chat_reads(row):
    path, number = row
    with Host("conf/chat.yaml") as host, WebSocket(host.port, path) as ws:
        ws.text("m")
        ws.expect_text("You wrote: m", f"Client #{number} says: m")


@each([("/ws/", 404), ("/ws/1/", 404), ("/ws/1/2", 404)])
def test_chat_does_not_know(row):
    with Host("conf/chat.yaml") as host, Http(host.port) as http:
        headers = [("Upgrade", "websocket"), ("Connection", "upgrade"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13")]
        assert http.request(row[0], headers=headers).status == row[1]


def test_ping_is_answered_between_messages():
    with Host("conf/echo.yaml") as host, WebSocket(host.port, "/ws") as ws:
        ws.ping(b"p")
        ws.text("x")
        ws.expect(PONG, b"p")
        ws.expect_text("Message text was: x")
