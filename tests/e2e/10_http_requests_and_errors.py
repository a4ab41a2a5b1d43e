# SPDX-License-Identifier: MIT
"""Every request gets an answer: the right status for the wrong ones, and never a hang."""
import contextlib

from client import Gone, Http, WebSocket, get, raw, upgrade_headers
from host import Host, routes_text, wait_until
from story import each

ROUTES = """\
  - {path: /, file: page.html}
  - {path: /ws, plugin: echo}
"""
HOST = b"Host: 127.0.0.1\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@contextlib.contextmanager
def shared():
    text = routes_text(ROUTES, top="limits: {handshake: 1500ms}\n")
    with Host(text=text, files={"page.html": "<h1>page</h1>"}) as host:
        yield host


def get_with(*lines):
    return b"GET / HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def test_unknown_path_is_404_with_a_detail(host):
    answer = get(host.port, "/nope")
    assert answer.status == 404 and answer.reason == "Not Found", answer
    assert answer.body == b'{"detail":"Not Found"}', answer
    assert answer.header("content-type") == "application/json", answer


def test_wrong_method_is_405_with_allow(host):
    for method in "POST", "PUT", "DELETE", "PATCH", "OPTIONS":
        with Http(host.port) as http:
            answer = http.request("/", method, [("Content-Length", "0")])
            assert answer.status == 405 and answer.detail() == "Method Not Allowed", answer
            assert "get" in answer.tokens("allow"), answer


def test_wrong_method_on_an_unknown_path_is_404(host):
    assert get(host.port, "/nope", "POST", [("Content-Length", "0")]).status == 404


def test_plain_get_on_a_websocket_route_is_426(host):
    answer = get(host.port, "/ws")
    assert answer.status == 426, answer
    assert answer.header("upgrade").lower() == "websocket", answer
    assert "upgrade" in answer.tokens("connection"), answer
    assert answer.header("sec-websocket-version") == "13", answer
    assert answer.detail(), answer


def test_post_upgrade_is_405(host):
    answer = get(host.port, "/ws", "POST", upgrade_headers() + [("Content-Length", "0")])
    assert answer.status == 405 and "get" in answer.tokens("allow"), answer


def test_head_has_the_headers_of_get_and_no_body(host):
    with Http(host.port) as http:
        full = http.request("/")
        head = http.request("/", "HEAD")
        assert head.status == 200 and head.header("content-length") == str(len(full.body)), head
        missing = http.request("/nope", "HEAD")
        assert missing.status == 404, missing
        assert http.request("/").body == full.body  # nothing but the heads was sent


def test_upgrade_without_connection_and_the_reverse_are_plain_requests(host):
    for drop in "Upgrade", "Connection":
        headers = [pair for pair in upgrade_headers() if pair[0] != drop]
        assert get(host.port, "/", headers=headers).status == 200
        assert get(host.port, "/ws", headers=headers).status == 426


def test_upgrade_to_something_else_is_ignored(host):
    for other in "h2c", "websocket2", "":
        headers = [("Upgrade", other), ("Connection", "Upgrade")]
        assert get(host.port, "/", headers=headers).status == 200


def test_upgrade_is_found_among_others_in_any_case(host):
    for upgrade, connection in (("WebSocket", "keep-alive, UPGRADE"), ("h2c, websocket", "upgrade")):
        headers = [("Upgrade", upgrade), ("Connection", connection)] + upgrade_headers()[2:]
        with Http(host.port) as http:
            answer = http.request("/ws", headers=headers)
            assert answer.status == 101, answer


def test_keep_alive_and_connection_close(host):
    with Http(host.port) as http:
        for path, status in ("/", 200), ("/nope", 404), ("/", 200), ("/ws", 426), ("/", 200):
            assert http.request(path).status == status
        answer = http.request("/", headers=[("Connection", "close")])
        assert "close" in answer.tokens("connection"), answer
        http.expect_end()


def test_http_1_0_closes_unless_asked_to_stay(host):
    with Http(host.port) as http:
        http.send(b"GET / HTTP/1.0\r\n\r\n")
        assert http.response().status == 200
        http.expect_end()
    with Http(host.port) as http:
        for _ in range(2):
            http.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = http.response()
            assert answer.status == 200 and "keep-alive" in answer.tokens("connection"), answer


def test_pipelined_requests_are_answered_in_order(host):
    with Http(host.port) as http:
        paths = ["/", "/nope", "/ws", "/"] * 25
        http.send(b"".join(b"GET %s HTTP/1.1\r\n%s\r\n" % (p.encode(), HOST) for p in paths))
        wanted = {"/": 200, "/nope": 404, "/ws": 426}
        for path in paths:
            assert http.response().status == wanted[path], path


def test_upgrade_behind_pipelined_requests(host):
    with Http(host.port) as http:
        http.send(get_with() + b"GET /ws HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\n"
                  b"Connection: upgrade\r\nSec-WebSocket-Version: 13\r\n" + KEY + b"\r\n")
        assert http.response().status == 200
        assert http.response().status == 101


def test_date_header_is_there_once(host):
    for path in "/", "/nope":
        assert get(host.port, path).header("date").endswith("GMT")


def handshake(*lines):
    return get_with(b"Upgrade: websocket", b"Connection: upgrade", *lines).replace(b"/ ", b"/ws ", 1)


GOOD_KEY = KEY.strip()
BAD = [
    ("garbage", b"\x00\xff\xfe garbage\r\n\r\n", 400),
    ("tls_hello", bytes.fromhex("16030100c6010000c203035468697320") + b"\x00" * 200, 400),
    ("no_host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two_hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("bare_lf", b"GET / HTTP/1.1\nHost: a\n\n", 400),
    ("one_bare_lf", b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
    ("bare_cr", b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
    ("nul_in_value", get_with(b"X: a\0b"), 400),
    ("obs_fold", get_with(b"X: a", b" folded"), 400),
    ("space_before_colon", get_with(b"X : a"), 400),
    ("empty_name", get_with(b": a"), 400),
    ("no_colon", get_with(b"just words"), 400),
    ("bad_name", get_with(b"X(y): a"), 400),
    ("bad_method", b"GE T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("relative_target", b"GET page HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("space_in_target", b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("control_in_target", b"GET /a\x01b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("fragment_in_target", b"GET /#top HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("no_version", b"GET /\r\n" + HOST + b"\r\n", 400),
    ("version_2", b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    ("version_1_2", b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 200),
    ("lower_case_version", b"GET / http/1.1\r\n" + HOST + b"\r\n", 400),
    ("http2_preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("length_and_chunked", get_with(b"Content-Length: 5", b"Transfer-Encoding: chunked"), 400),
    ("two_lengths", get_with(b"Content-Length: 5", b"Content-Length: 6"), 400),
    ("length_list", get_with(b"Content-Length: 5, 6"), 400),
    ("negative_length", get_with(b"Content-Length: -1"), 400),
    ("signed_length", get_with(b"Content-Length: +1"), 400),
    ("huge_length", get_with(b"Content-Length: 99999999999999999999"), 400),
    ("unknown_coding", get_with(b"Transfer-Encoding: gzip, chunked"), 501),
    ("chunked_not_last", get_with(b"Transfer-Encoding: chunked, gzip"), 400),
    ("expect_other", get_with(b"Expect: 200-maybe"), 417),
    ("long_target", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ("long_head", get_with(*[b"X-%d: %s" % (i, b"a" * 1000) for i in range(40)]), 431),
    ("long_line", get_with(b"X: " + b"a" * 40000), 431),
    ("many_headers", get_with(*[b"X-%d: a" % i for i in range(120)]), 431),
    ("no_key", handshake(b"Sec-WebSocket-Version: 13"), 400),
    ("short_key", handshake(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: short"), 400),
    ("long_key", handshake(b"Sec-WebSocket-Version: 13",
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWV4dHJh"), 400),
    ("two_keys", handshake(b"Sec-WebSocket-Version: 13", GOOD_KEY, GOOD_KEY), 400),
    ("no_ws_version", handshake(GOOD_KEY), 426),
    ("ws_version_8", handshake(b"Sec-WebSocket-Version: 8", GOOD_KEY), 426),
    ("ws_version_text", handshake(b"Sec-WebSocket-Version: thirteen", GOOD_KEY), 426),
]


@each(BAD)
def test_bad_request(host, row):
    _, data, status = row
    answer = raw(host.port, data)
    assert answer.status == status, f"wanted {status}, got {answer}"
    if status >= 400:
        assert answer.detail(), f"a detail is missing: {answer}"
    if status == 426:
        assert answer.header("sec-websocket-version") == "13", answer


@each([("garbage",), ("two_hosts",), ("length_and_chunked",), ("long_target",), ("long_head",)])
def test_connection_ends_after_a_bad_head(host, row):
    data = {name: data for name, data, _ in BAD}[row[0]]
    with Http(host.port) as http:
        http.send(data + get_with())
        http.response()
        http.expect_end()


def test_answer_survives_a_peer_that_is_still_sending(host):
    """431 arrives although much more than a head was sent: no reset destroys it."""
    with Http(host.port) as http:
        http.send(get_with(*[b"X-%d: %s" % (i, b"a" * 1000) for i in range(300)]))
        assert http.response().status == 431


def test_bodies_are_refused_or_skipped_without_a_hang(host):
    for headers, body in (
            (b"Content-Length: 5\r\n", b"hello"),
            (b"Content-Length: 1000000\r\n", b"only a part"),
            (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
            (b"Transfer-Encoding: chunked\r\n", b"zz\r\n"),
            (b"Expect: 100-continue\r\nContent-Length: 5\r\n", b"")):
        for method in b"GET", b"POST":
            with Http(host.port) as http:
                http.send(method + b" / HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body)
                answer = http.response()
                assert answer.status in (400, 405, 411, 413, 417, 200), answer
                if b"close" in str(answer.headers).lower().encode():
                    http.expect_end()


def test_body_is_never_taken_for_the_next_request(host):
    hidden = b"GET /nope HTTP/1.1\r\n" + HOST + b"\r\n"
    with Http(host.port) as http:
        http.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden)
        assert http.response().status in (405, 413)
        try:
            http.send(get_with())
            assert http.response().status == 200
        except Gone:
            pass  # the host may end the connection instead


def test_head_may_come_octet_by_octet(host):
    with Http(host.port) as http:
        http.send(get_with(b"X: slow but within the time"), chop=1)
        assert http.response().status == 200


def test_empty_lines_before_a_request_are_skipped(host):
    assert raw(host.port, b"\r\n\r\n" + get_with()).status == 200


def test_half_a_head_and_silence_is_408(host):
    with Http(host.port) as http:
        http.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        answer = http.response(timeout=8)
        assert answer.status == 408 and "close" in answer.tokens("connection"), answer
        http.expect_end()


def test_silence_from_the_start_is_ended(host):
    with Http(host.port) as http:
        rest = http.read_to_end(timeout=8)
        assert rest == b"" or rest.startswith(b"HTTP/1.1 408 "), rest


def test_dribbling_head_is_ended_at_the_same_time(host):
    """Octets that trickle in do not buy time."""
    with Http(host.port) as http:
        http.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")

        def ended():
            http.ended or http.send(b"a")
            return http.ended or b"408" in http.input
        wait_until(ended, "an end of a head that never ends", 8)


def test_peer_that_hangs_up_in_a_head_hurts_nobody(host):
    for data in b"", b"G", b"GET / HTTP/1.1\r\n", handshake(GOOD_KEY)[:-1]:
        for reset in False, True:
            http = Http(host.port)
            http.send(data)
            http.reset() if reset else http.drop()
    assert get(host.port, "/").status == 200


def test_half_closed_peer_still_gets_its_answer(host):
    with Http(host.port) as http:
        http.send(get_with())
        http.finish_sending()
        assert http.response().status == 200


def test_absolute_target_is_understood(host):
    answer = raw(host.port, b"GET http://127.0.0.1/ HTTP/1.1\r\n" + HOST + b"\r\n")
    assert answer.status == 200, answer


def test_handshake_on_the_page_is_403_with_a_reason(host):
    answer = get(host.port, "/", headers=upgrade_headers())
    assert answer.status == 403 and "WebSocket" in answer.detail(), answer


def test_peer_may_speak_at_once(host):
    with WebSocket(host.port, "/ws") as ws:
        ws.text("x")
        ws.expect_text("Message text was: x")
