# SPDX-License-Identifier: MIT
"""A provider may answer later: the handshake or the message waits, in order, with a time-out, and nobody else does."""
import contextlib
import shutil

from client import CLOSE, PING, PONG, TEXT, Http, WebSocket, close_payload, frame, upgrade, upgrade_headers
from diary import Diary
from host import TEST_PLUGINS, Host, folder, routes_text, socklet, wait_until
from story import each

TOP = """\
providers:
  lasting: {plugin: lender}
  slow: {plugin: lender, timeout: 300ms, inject: {ms: query}}
  slower: {plugin: lender, function: slow, timeout: 5s, inject: {ms: query, how: query}}
  after_slow: {plugin: lender, function: chained, inject: {lasting: {from: provider, alias: slower}}}
  slow_message: {plugin: lender, timeout: 300ms, inject: {ms: query}}
  slower_message: {plugin: lender, function: slow_message, timeout: 5s, inject: {ms: query, how: query}}
"""
ROUTES = "".join(f"  - {{path: /{path}, plugin: borrower, {more}inject: {{a: {{from: provider, alias: lasting}}, "
                 f"b: {{from: provider, alias: {name}}}}}}}\n" for path, more, name in [
                     ("slow", "", "slow"), ("slow_close", "reject: close, ", "slow"), ("slower", "", "slower"),
                     ("slower_close", "reject: close, ", "slower"), ("after", "", "after_slow"),
                     ("message", "", "slow_message"), ("messages", "", "slower_message")])


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP)) as host:
        yield host


@contextlib.contextmanager
def waiting(host, target, diary):
    """A handshake whose provider `slow` was called and has not answered."""
    with Http(host.port) as conn:
        headers = "".join(f"{name}: {value}\r\n" for name, value in [("Host", "x"), *upgrade_headers()])
        conn.send(f"GET {target} HTTP/1.1\r\n{headers}\r\n".encode())
        wait_until(lambda: "call slow" in diary.lines(), diary.lines)
        yield conn


@each([("in the call itself", -1), ("at once", 0), ("soon", 30)])
def test_the_handshake_waits_and_goes_on(host, row):
    diary = Diary(host)
    with WebSocket(host.port, f"/after?ms={row[1]}") as ws:
        ws.text("x")
        ws.recv()
        ws.closes(1000)
    diary.expect("call lasting A", "call slow", "provided 0, again -1", "call chained B", "connect a=A b=B c=0",
                 "message a=A b=B c=0", "disconnect a=A b=B c=0", "release chained B 1000/0 by 1",
                 "release slow C 1000/0 by 1", "release lasting A 1000/0 by 1")


def test_others_are_served_meanwhile(host):
    with waiting(host, "/slower?ms=-2", Diary(host)), WebSocket(host.port, "/after?ms=0") as ws:
        ws.text("x")
        ws.recv()
        ws.closes(1000)


def test_time_out_is_504(host):
    diary = Diary(host)
    since = len(host.log)
    answer = upgrade(host.port, "/slow?ms=-2")
    assert (answer.status, answer.detail()) == (504, "Gateway Timeout"), answer
    diary.expect("call lasting A", "call slow", "release lasting A 1006/504 by 2")
    host.wait_log(r"error borrower /slow #\d+: provider slow did not answer within 300 ms", since)


def test_time_out_on_a_route_that_rejects_by_close_frame(host):
    with WebSocket(host.port, "/slow_close?ms=-2") as ws:
        ws.expect_close(1011, "Gateway Timeout")


@each([("refuse", 402), ("reject", 401), ("close", 403)])
def test_a_late_refusal(host, row):
    diary = Diary(host)
    assert upgrade(host.port, f"/slower?ms=10&how={row[0]}").status == row[1]
    diary.expect("call lasting A", "call slow", f"release lasting A 1006/{row[1]} by 2")


def test_a_late_rejection_by_close_frame(host):
    with WebSocket(host.port, "/slower_close?ms=10&how=reject") as ws:
        ws.expect_close(4401, "who are you?")


def test_a_peer_that_leaves_releases_what_was_there_and_not_what_waits(host):
    diary = Diary(host)
    with waiting(host, "/slower?ms=200", diary) as conn:
        conn.reset()
    diary.expect("call lasting A", "call slow", "release lasting A 1006/0 by 1")


def test_messages_keep_their_order(host):
    words = [f"m{i}" for i in range(60)]
    with WebSocket(host.port, "/messages?ms=1") as ws:
        ws.send(b"".join(frame(TEXT, word) for word in words) + frame(PING, b"end"))
        for word in words:
            assert ws.recv(answer_pings=False)[1].startswith(word.encode() + b":")
        ws.expect(PONG, b"end")
        ws.closes(1000)


def test_large_messages_in_pieces_keep_their_order(host):
    words = [chr(ord("a") + i) * 90_000 for i in range(8)]
    with WebSocket(host.port, "/messages?ms=5") as ws:
        ws.send(b"".join(frame(TEXT, word) for word in words), chop=50_000)
        for word in words:
            assert ws.recv()[1].startswith(word.encode() + b":")
        ws.closes(1000)


def test_each_message_has_its_own_value_given_back_after_it(host):
    diary = Diary(host)
    with WebSocket(host.port, "/messages?ms=1") as ws:
        ws.send(frame(TEXT, "x") + frame(TEXT, "y") + frame(CLOSE, close_payload(1000)))
        ws.recv()
        ws.recv()
        ws.expect_close(1000, answer=False)
    diary.expect("call lasting A", "connect a=A b=0 c=0", "call slow_message", "message a=A b=B c=0",
                 "release slow_message B goes on", "call slow_message", "message a=A b=C c=0",
                 "release slow_message C goes on", "disconnect a=A b=0 c=0", "release lasting A 1000/0 by 1")


def test_a_message_time_out_closes(host):
    diary = Diary(host)
    with WebSocket(host.port, "/message?ms=-2") as ws:
        ws.send(frame(TEXT, "x") + frame(TEXT, "y"))
        ws.expect_close(1011, "internal error")
    diary.expect("call lasting A", "connect a=A b=0 c=0", "call slow_message", "disconnect a=A b=0 c=0",
                 "release lasting A 1011/0 by 3")


def test_a_message_provider_that_closes_later(host):
    with WebSocket(host.port, "/messages?ms=5&how=enough") as ws:
        ws.send(frame(TEXT, "x") + frame(TEXT, "y"))
        ws.expect_close(4009, "enough")


def test_a_peer_that_leaves_while_its_message_waits(host):
    diary = Diary(host)
    with WebSocket(host.port, "/messages?ms=50") as ws:
        ws.send(frame(TEXT, "x"))
        wait_until(lambda: "call slow_message" in diary.lines(), diary.lines)
        ws.drop()
    diary.expect("call lasting A", "connect a=A b=0 c=0", "call slow_message", "message a=A b=B c=0",
                 "release slow_message B goes on", "disconnect a=A b=0 c=0", "release lasting A 1006/0 by 1")


def test_memory_of_a_flood_behind_a_waiting_message_is_bounded(host):
    with WebSocket(host.port, "/message?ms=250") as ws:
        before = host.resident()
        ws.sock.settimeout(0.2)
        with contextlib.suppress(OSError):
            for _ in range(200):
                ws.sock.sendall(frame(TEXT, "y" * 60_000))
        assert host.resident() - before < 32 << 20, (before, host.resident())
        ws.drop()


def test_a_reload_keeps_the_generation_that_waits():
    with folder() as plugins:
        for name in ("lender", "borrower"):
            shutil.copy(TEST_PLUGINS / f"{name}.so", plugins)
        (plugins / "page.html").write_text("x")
        with Host(text=routes_text(ROUTES, plugins=plugins, top=TOP)) as host:
            diary = Diary(host)
            with waiting(host, "/slower?ms=500", diary) as conn:
                host.write(f"listen: [127.0.0.1:8000]\nroutes:\n  - {{path: /, file: {plugins}/page.html}}\n")
                host.reload()
                assert conn.response(has_body=False).status == 101
            diary.expect("call lasting A", "call slow", "provided 0, again -1", "connect a=A b=B c=0",
                         "disconnect a=A b=B c=0", "release slow B 1006/0 by 1", "release lasting A 1006/0 by 1")
            wait_until(lambda: not host.mappings("lender"), "the old image to go")


def test_stopping_while_one_waits_is_clean():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP)) as host:
        diary = Diary(host)
        with waiting(host, "/slower?ms=-2", diary) as conn:
            host.stop()
            assert conn.response().status == 503
        assert diary.lines()[-1] == "release lasting A 1006/503 by 3", diary.lines()


def test_explain_says_that_it_answers_later():
    with folder() as below:
        (below / "routes.yaml").write_text(routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP))
        told = socklet("explain", below / "routes.yaml", "/slow?ms=1")
    assert "it answers later, within 300 ms: explain does not wait" in told.stdout and told.returncode == 1, told
