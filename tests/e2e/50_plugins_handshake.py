# SPDX-License-Identifier: MIT
"""A plugin answers the handshake as it likes: yes with extras, no with a body, at once or later."""
import contextlib

from client import TEXT, WebSocket, frame, upgrade
from host import TEST_PLUGINS, Host, routes_text
from story import each

ROUTES = '  - {path: "/h/{how}", plugin: handshake}\n'


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


@each([("accept",), ("later_accept",)])
def test_accepts_with_headers(host, row):
    with WebSocket(host.port, f"/h/{row[0]}") as ws:
        head = ws.response_head
        assert head.header("x-answer") == "accept" and head.all("set-cookie") == ["a=1", "b=2"], head
        assert ws.protocol is None, head
        ws.text("hi")
        ws.expect_text(f"{row[0]}: hi")


def test_accepts_by_returning_ok(host):
    with WebSocket(host.port, "/h/silently") as ws:
        ws.text("hi")
        ws.expect_text("silently: hi")


def test_chooses_an_offered_subprotocol(host):
    with WebSocket(host.port, "/h/accept?protocol=two", protocols=["one", "two", "three"]) as ws:
        assert ws.protocol == "two", ws.response_head


def test_cannot_choose_what_was_not_offered(host):
    for protocols in (), ("one",):
        headers = [("Sec-WebSocket-Protocol", ", ".join(protocols))] if protocols else []
        answer = upgrade(host.port, "/h/accept?protocol=two", headers)
        assert answer.status == 500 or answer.header("sec-websocket-protocol") is None, answer


@each([("refuse",), ("later_refuse",)])
def test_refuses_with_status_headers_and_detail(host, row):
    answer = upgrade(host.port, f"/h/{row[0]}")
    assert answer.status == 401 and answer.detail() == 'not you 世 "quoted"', answer
    assert answer.header("x-answer") == "refuse" and answer.all("set-cookie") == ["a=1", "b=2"], answer


@each([("refuse_with",), ("later_refuse_with",)])
def test_refuses_with_a_body_of_its_own(host, row):
    answer = upgrade(host.port, f"/h/{row[0]}")
    assert answer.status == 418 and answer.body == b"<h1>teapot</h1>", answer
    assert answer.header("content-type") == "text/html", answer


@each([("close",), ("later_close",)])
def test_close_before_accept_is_403_with_the_reason(host, row):
    answer = upgrade(host.port, f"/h/{row[0]}")
    assert answer.status == 403 and answer.detail() == "closed before", answer


@each([("accept_then_close",), ("later_accept_then_close",)])
def test_accept_then_close_gives_the_browser_a_code(host, row):
    with WebSocket(host.port, f"/h/{row[0]}") as ws:
        ws.expect_text("hello and")
        ws.expect_close(4002, "goodbye")


def test_failure_in_connect_is_500(host):
    answer = upgrade(host.port, "/h/fail")
    assert answer.status == 500 and answer.detail(), answer


def test_failure_in_message_is_1011(host):
    with WebSocket(host.port, "/h/accept") as ws:
        ws.text("fail")
        ws.expect_close(1011, None)


def test_frames_sent_before_a_late_accept_are_kept(host):
    with WebSocket(host.port, "/h/later_accept", early=frame(TEXT, "one") + frame(TEXT, "two")) as ws:
        ws.expect_text("later_accept: one", "later_accept: two")


def test_peer_that_goes_before_a_late_answer_hurts_nobody(host):
    for how in "later_accept", "later_refuse", "later_close", "never":
        with contextlib.suppress(AssertionError):
            with WebSocket(host.port, f"/h/{how}", timeout=0.02):
                pass
    with WebSocket(host.port, "/h/later_accept") as ws:
        ws.text("hi")
        ws.expect_text("later_accept: hi")


def test_answer_that_never_comes_ends_as_503():
    text = routes_text(ROUTES, plugins=TEST_PLUGINS, top="limits: {handshake: 300ms}\n")
    with Host(text=text) as host:
        answer = upgrade(host.port, "/h/never")
        assert answer.status == 503 and answer.detail(), answer


def test_wrong_uses_are_answered_and_harmless(host):
    closed, invalid = "-1", "-3"
    with WebSocket(host.port, "/h/accept") as ws:
        ws.text("misuse")
        _, text = ws.recv()
        results = text.decode().split()
        # sl_sendf evaluates its arguments in any order, but none of them changes another's result.
        assert results == [closed, closed, closed, invalid, invalid, invalid], results
        ws.text("hi")
        ws.expect_text("accept: hi")
