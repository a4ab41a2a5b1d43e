# SPDX-License-Identifier: MIT
"""Bodies are taken within limits or refused, no byte of one is ever a request, and a request outlives what happens meanwhile."""
import contextlib
import signal

from client import Gone, Http, WebSocket, get
from host import TEST_PLUGINS, Host, routes_text, wait_until
from story import each

ROUTES = """\
  - {path: '/w/{way}', plugin: desk, limits: {body: 1000, request: 20s}}
  - {path: '/quick/{way}', plugin: desk, limits: {request: 300ms}}
  - {path: '/none/{way}', plugin: desk, limits: {body: 0}}
  - {path: /page, file: page.html}
  - {path: /ws, plugin: whole, options: {room: x}}
"""
PAGE = "<h1>page</h1>"
HOST = b"Host: h\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS), files={"page.html": PAGE}) as host:
        yield host


def post(path, *lines, body=b""):
    return b"POST " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) \
        + b"\r\n" + body


def chunked(path, body, *lines):
    return post(path, b"Transfer-Encoding: chunked", *lines, body=body)


# ---- what is taken ----

@each([
    ("one", b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    ("none", b"0\r\n\r\n", b""),
    ("several", b"3\r\nabc\r\n1\r\nd\r\nA\r\n0123456789\r\n0\r\n\r\n", b"abcd0123456789"),
    ("extensions", b"3;a=b;c=\"d\"\r\nabc\r\n0;x\r\n\r\n", b"abc"),
    ("trailers", b"1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", b"a"),
    ("zeros", b"0003\r\nabc\r\n000\r\n\r\n", b"abc"),
    ("the limit", b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n", b"x" * 1000),
    ("a request inside", b"1f\r\nGET /nope HTTP/1.1\r\nHost: h\r\n\r\n\r\n0\r\n\r\n", b"GET /nope HTTP/1.1\r\nHost: h\r\n\r\n"),
], name=lambda row: row[0])
def test_chunks(host, row):
    _, body, wanted = row
    whole = chunked("/w/mirror", body)
    with Http(host.port) as http:
        for chop in None, 1:
            http.send(whole + whole, chop)
            for _ in range(2):
                answer = http.response()
                assert (answer.status, answer.body) == (201, wanted), (chop, answer)


@each([1, 999, 1000], name=str)
def test_length(host, row):
    with Http(host.port) as http:
        for chop in None, 1:
            http.send(post("/w/mirror", b"Content-Length: %d" % row, body=b"b" * row) * 2, chop)
            for _ in range(2):
                answer = http.response()
                assert (answer.status, len(answer.body)) == (201, row), answer


# ---- what is not ----

@each([
    ("length", post("/w/mirror", b"Content-Length: 1001"), 413),
    ("huge length", post("/w/mirror", b"Content-Length: 18446744073709551615"), 413),
    ("no body wanted", post("/none/mirror", b"Content-Length: 1", body=b"x"), 413),
    ("chunk", chunked("/w/mirror", b"3e9\r\n"), 413),
    ("chunks together", chunked("/w/mirror", b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\n"), 413),
    ("huge chunk", chunked("/w/mirror", b"ffffffffffffffff\r\n"), 413),
    ("before the arguments", post("/w/mirror?n=x", b"Content-Length: 1001"), 413),
    ("of a page", b"GET /page HTTP/1.1\r\n" + HOST + b"Content-Length: 65537\r\n\r\n", 413),
    ("size too long", chunked("/w/mirror", b"00000000000000001\r\na\r\n0\r\n\r\n"), 400),
    ("no size", chunked("/w/mirror", b"\r\na\r\n"), 400),
    ("sign", chunked("/w/mirror", b"+1\r\na\r\n0\r\n\r\n"), 400),
    ("0x", chunked("/w/mirror", b"0x1\r\na\r\n0\r\n\r\n"), 400),
    ("blank before", chunked("/w/mirror", b" 1\r\na\r\n0\r\n\r\n"), 400),
    ("blank behind", chunked("/w/mirror", b"1 \r\na\r\n0\r\n\r\n"), 400),
    ("bare LF", chunked("/w/mirror", b"1\na\r\n0\r\n\r\n"), 400),
    ("bare LF in an extension", chunked("/w/mirror", b"1;a\n\r\na\r\n0\r\n\r\n"), 400),
    ("bare CR in an extension", chunked("/w/mirror", b"1;a\rb\r\na\r\n0\r\n\r\n"), 400),
    ("long extension", chunked("/w/mirror", b"1;" + b"x" * 300 + b"\r\na\r\n0\r\n\r\n"), 400),
    ("chunk longer than said", chunked("/w/mirror", b"1\r\nab\r\n0\r\n\r\n"), 400),
    ("LF behind a chunk", chunked("/w/mirror", b"1\r\na\n0\r\n\r\n"), 400),
    ("folded trailer", chunked("/w/mirror", b"0\r\nA: b\r\n c\r\n\r\n"), 400),
    ("bare LF in a trailer", chunked("/w/mirror", b"0\r\nA: b\n\r\n"), 400),
    ("endless trailers", chunked("/w/mirror", b"0\r\n" + b"A: b\r\n" * 2000), 400),
    ("both framings", post("/w/mirror", b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n"), 400),
    ("two lengths", post("/w/mirror", b"Content-Length: 1", b"Content-Length: 2", body=b"xx"), 400),
    ("list of lengths", post("/w/mirror", b"Content-Length: 1, 1", body=b"x"), 400),
    ("another coding", post("/w/mirror", b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    ("chunked not last", post("/w/mirror", b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), 400),
    ("chunked by HTTP/1.0", b"POST /w/mirror HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
], name=lambda row: row[0])
def test_refused_and_nothing_behind_is_looked_at(host, row):
    _, data, status = row
    for chop in None, 7:
        with Http(host.port) as http:
            http.send(data + b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n", chop)
            answer = http.response()
            assert answer.status == status and answer.header("connection") == "close", (chop, answer)
            assert answer.detail(), answer
            http.expect_end()


def test_continue_is_said_only_when_the_body_is_wanted(host):
    expect = b"Expect: 100-continue"
    with Http(host.port) as http:
        for _ in range(2):
            http.send(post("/w/mirror", b"Content-Length: 3", expect))
            assert http.read(len(CONTINUE)) == CONTINUE
            http.send(b"abc")
            assert http.response().body == b"abc"
        http.send(chunked("/w/mirror", b"", expect))
        assert http.read(len(CONTINUE)) == CONTINUE
        http.send(b"1\r\nx\r\n0\r\n\r\n")
        assert http.response().body == b"x"
        http.send(post("/w/mirror", b"Content-Length: 0", expect))  # there is none to wait for
        assert http.response().body == b""
    for path, length, status in (("/w/mirror", 1001, 413), ("/w/mirror?n=x", 3, 422), ("/nope", 3, 404),
                                 ("/page", 3, 405), ("/ws", 3, 405)):
        with Http(host.port) as http:
            http.send(post(path, b"Content-Length: %d" % length, expect))
            answer = http.response()
            assert answer.status == status and answer.header("connection") == "close", (path, answer)
            http.expect_end()


def test_a_body_that_does_not_come_is_408(host):
    for start in post("/quick/mirror", b"Content-Length: 9", body=b"abc"), chunked("/quick/mirror", b"9\r\nabc"):
        with Http(host.port) as http:
            http.send(start)
            answer = http.response()
            assert answer.status == 408 and answer.header("connection") == "close", answer
            http.expect_end()


def test_an_answer_that_does_not_come_is_503(host):
    with Http(host.port) as http:
        answer = http.request("/quick/never", "POST", [("Content-Length", "3")], b"abc")
        assert answer.status == 503 and answer.header("retry-after"), answer
        http.expect_end()
    host.wait_log("the plugin did not answer within 300 ms")
    # Pieces may take longer.
    assert get(host.port, "/quick/ticks?n=100").body.endswith(b"tick 1\n")


def test_a_client_that_ends_in_its_body_is_told(host):
    with Http(host.port) as http:
        http.send(post("/w/mirror", b"Content-Length: 9", body=b"abc"))
        http.finish_sending()
        assert http.response().status == 400
        http.expect_end()
    with Http(host.port) as http:
        http.send(post("/w/mirror", b"Content-Length: 9", body=b"abc"))
        http.reset()
    assert get(host.port, "/w/echo").status == 200


# ---- meanwhile ----

def test_a_request_outlives_reloads_and_keeps_its_version():
    text = routes_text("  - {path: '/w/{way}', plugin: desk}\n", plugins=TEST_PLUGINS)
    with Host(text=text) as host, Http(host.port) as late, Http(host.port) as body, Http(host.port) as stream:
        stream.send(b"GET /w/ticks?n=100000 HTTP/1.1\r\n" + HOST + b"\r\n")
        stream.wait(lambda: b"tick" in stream.input, "a tick")
        late.send(b"GET /w/later?n=1500 HTTP/1.1\r\n" + HOST + b"\r\n")
        body.send(post("/w/mirror", b"Content-Length: 4", body=b"ab"))
        host.write(text.replace("/w/{way}", "/other/{way}"))
        host.reload()
        assert get(host.port, "/w/echo").status == 404
        assert get(host.port, "/other/echo").status == 200
        body.send(b"cd")
        assert body.response().body == b"abcd"
        assert body.request("/other/echo").status == 200  # the same connection
        assert late.response().status == 200


def test_drain_breaks_pieces_off_but_no_request():
    route = "  - {path: '/w/{way}', plugin: desk, drain: {after: 0}}\n"
    text = routes_text(route, plugins=TEST_PLUGINS)
    with Host(text=text) as host, Http(host.port) as late, Http(host.port) as stream:
        stream.send(b"GET /w/ticks?n=100000 HTTP/1.1\r\n" + HOST + b"\r\n")
        stream.wait(lambda: b"tick" in stream.input, "a tick")
        late.send(b"GET /w/later?n=1500 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert get(host.port, "/w/echo").status == 200  # behind the one before
        host.write(text.replace("/w/{way}", "/other/{way}"))
        host.reload()
        try:
            stream.response()
        except Gone:
            pass
        else:
            raise AssertionError("the answer looks whole")
        assert late.response().status == 200


def test_a_stop_lets_a_request_finish():
    text = routes_text("  - {path: '/w/{way}', plugin: desk}\n", plugins=TEST_PLUGINS)
    with Host(text=text) as host, Http(host.port) as late:
        late.send(b"GET /w/later?n=1000 HTTP/1.1\r\n" + HOST + b"\r\n")
        get(host.port, "/w/echo")
        host.signal(signal.SIGTERM)
        answer = late.response()
        assert answer.status == 200 and answer.header("connection") == "close", answer
        late.expect_end()
        host.wait()


def test_a_crash_is_named():
    with Host(text=routes_text("  - {path: '/w/{way}', plugin: desk}\n", plugins=TEST_PLUGINS)) as host:
        try:
            with Http(host.port) as http:
                http.request("/w/crash")
            raise AssertionError("an answer")
        except Gone:
            pass
        finally:
            host.stopped = True
        host.wait_log(r"in plugin desk \(version 1\), callback request, route /w/\{way\}, connection #1,")


def test_quarantine_is_503():
    top = "quarantine: {deaths: 1, within: 60s}\n"
    with Host(text=routes_text("  - {path: '/w/{way}', plugin: desk}\n", plugins=TEST_PLUGINS, top=top)) as host:
        try:
            with Http(host.port) as http:
                http.request("/w/crash")
            raise AssertionError("an answer")
        except Gone:
            pass
        finally:
            host.stopped = True

        def refused():
            try:
                answer = get(host.port, "/w/echo")
            except (OSError, AssertionError):
                return None
            return answer if answer.status == 503 else None
        answer = wait_until(refused, "a 503")
        assert answer.header("retry-after"), answer


# ---- the sample ----

def test_webhook_pushes_what_is_posted():
    with Host("conf/webhook.yaml") as host, WebSocket(host.port, "/hook/builds") as one, \
            WebSocket(host.port, "/hook/builds") as two, WebSocket(host.port, "/hook/other") as other:
        assert get(host.port, "/hook/builds").json() == {"status": "ok", "listeners": 2}
        answer = get(host.port, "/hook/builds", "POST", [("Content-Length", "5")], b"green")
        assert answer.status == 202 and answer.json() == {"pushed": True}, answer
        one.expect_text("green")
        two.expect_text("green")
        assert get(host.port, "/hook/builds", "POST", [("Content-Length", "1")], b"\xff").status == 400
        assert get(host.port, "/hook/a+b").status == 422
        assert get(host.port, "/hook/builds", "POST", [("Content-Length", "0")]).status == 400
        assert get(host.port, "/hook/builds", "PUT", [("Content-Length", "0")]).status == 405
        other.expect_silence(0.1)
