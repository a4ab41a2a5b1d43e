# SPDX-License-Identifier: MIT
"""A plugin answers plain HTTP: at once, later or in pieces, with the arguments that a handshake would have."""
import contextlib
import http.client
import json
import subprocess

from client import Gone, Http, WebSocket, get, upgrade
from host import TEST_PLUGINS, Host, routes_text, socklet
from story import each

ROUTES = """\
  - {path: '/w/{way}', plugin: desk, limits: {body: 100KiB, queue: 256KiB}}
  - {path: '/m/{way}', plugin: desk, methods: [GET, POST]}
  - {path: '/own/{way}', plugin: desk, methods: [HEAD, OPTIONS]}
  - {path: /page, file: page.html}
"""
PAGE = "<h1>page</h1>"
INT_PARSING = "Input should be a valid integer, unable to parse string as an integer"


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS), files={"page.html": PAGE}) as host:
        yield host


def echoed(method="GET", body="", kind="", n=1):
    return {"method": method, "body": body, "type": kind, "n": n}


@contextlib.contextmanager
def watcher(host):
    """Is told what becomes of the requests."""
    with WebSocket(host.port, "/w/watch") as ws:
        ws.text("watch")
        ws.expect_text("hello watch")
        yield ws


# ---- what the plugin sees ----

@each([
    ("GET", [], b"", echoed()),
    ("POST", [], b"a=1&b=2", echoed("POST", "a=1&b=2")),
    ("POST", [("Content-Type", "application/json")], b'{"x":1}', echoed("POST", '{"x":1}', "application/json")),
    ("PUT", [("Content-Type", "")], b"", echoed("PUT")),
    ("BREW", [], b"", echoed("BREW")),
    ("OPTIONS", [], b"", echoed("OPTIONS")),
], name=lambda row: f"{row[0]} {row[2]}")
def test_method_body_and_type(host, row):
    method, headers, body, wanted = row
    answer = get(host.port, "/w/echo", method, [*headers, ("Content-Length", str(len(body)))], body)
    assert answer.status == 200 and answer.json() == wanted, answer


def test_wrong_arguments_are_422_with_the_body_of_fastapi(host):
    answer = get(host.port, "/w/echo?n=abc", "POST", [("Content-Length", "2")], b"{}")
    assert (answer.status, answer.reason) == (422, "Unprocessable Content"), answer
    assert answer.body == json.dumps({"detail": [
        {"type": "int_parsing", "loc": ["query", "n"], "msg": INT_PARSING, "input": "abc"}]},
        separators=(",", ":")).encode(), answer
    answer = get(host.port, "/w/echo?n=-1")
    assert answer.detail() == [{"type": "greater_than_equal", "loc": ["query", "n"],
                                "msg": "Input should be greater than or equal to 0", "input": "-1",
                                "ctx": {"ge": 0}}], answer


@each([
    ("/w/mirror", 201, b"text"), ("/w/nothing", 204, b""), ("/w/fail", 500, b'{"detail":"Internal Server Error"}'),
    ("/w/refuse", 409, b'{"detail":"taken"}'), ("/w/unknown", 404, b'{"detail":"no such way"}'),
    ("/w/later?n=20", 200, b"text"), ("/w/offload", 200, b"thought"), ("/w/pieces?n=3", 200, b"piece" * 3),
    ("/w/pieces?n=0", 200, b""), ("/w/ticks?n=2", 200, b"tick 2\ntick 1\n"),
    ("/w/flood?n=0", 200, b""),
], name=lambda row: row[0])
def test_each_way_to_answer(host, row):
    path, status, body = row
    with Http(host.port) as http:
        for _ in range(2):  # the connection is kept
            answer = http.request(path, "POST", [("Content-Length", "4")], b"text")
            assert (answer.status, answer.body) == (status, body), answer
            assert answer.header("connection") is None, answer


def test_what_is_for_websockets_says_so(host):
    with watcher(host) as ws:
        assert get(host.port, "/w/misuse").body == b"IIIIIIIIIIICC"
        ws.expect_text("again -1", "end of misuse: code 1000 by 2 status 200")
    for line in ("sl_accept on a plain request, wanted a WebSocket; answer with sl_respond",
                 "sl_respond with status 600, wanted 200 to 599",
                 "sl_respond on a WebSocket, wanted a plain request; use sl_send"):
        host.wait_log(line)


def test_the_plugin_learns_of_each_end(host):
    with watcher(host) as ws:
        get(host.port, "/w/nothing")
        ws.expect_text("end of nothing: code 1000 by 2 status 204")
        get(host.port, "/w/pieces")
        ws.expect_text("end of pieces: code 1000 by 2 status 200")
        get(host.port, "/w/echo?n=x")  # never reached the plugin
        with Http(host.port) as http:
            http.send(b"GET /w/never HTTP/1.1\r\nHost: h\r\n\r\n")
            ws.expect_text("waiting")
        ws.expect_text("end of never: code 1006 by 1 status 0")


# ---- methods ----

@each([
    ("/m/echo", "PUT", 405), ("/m/echo", "DELETE", 405), ("/m/echo", "OPTIONS", 204), ("/m/echo", "get", 405),
    ("/own/echo", "GET", 405),
], name=lambda row: f"{row[1]} {row[0]}")
def test_methods_that_are_not_wanted(host, row):
    path, method, status = row
    answer = get(host.port, path, method, [("Content-Length", "0")])
    assert answer.status == status, answer
    wanted = "GET, POST, HEAD, OPTIONS" if path == "/m/echo" else "HEAD, OPTIONS"
    assert answer.header("allow") == wanted, answer


def test_head_is_get_without_the_body(host):
    with Http(host.port) as http:
        for path in "/w/echo", "/m/echo", "/w/pieces?n=5", "/w/ticks?n=1", "/w/nothing", "/w/later":
            full = http.request(path)
            head = http.request(path, "HEAD")
            assert head.status == full.status, (path, head)
            for name in "content-length", "content-type", "transfer-encoding":
                assert head.header(name) == full.header(name), (path, head, full)
        assert http.request("/own/echo", "OPTIONS").json() == echoed("OPTIONS")
        assert http.request("/own/echo", "HEAD").header("content-length") == \
            str(len(json.dumps(echoed("HEAD"), separators=(",", ":"))))


# ---- beside WebSocket and files ----

def test_one_route_is_both(host):
    with WebSocket(host.port, "/w/echo") as ws:
        ws.text("x")
        ws.expect_text("hello x")
    assert get(host.port, "/w/echo").status == 200
    # Only a GET upgrades; what another would like to become is ignored.
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Content-Length", "1")]
    assert get(host.port, "/w/echo", "POST", headers, b"x").json() == echoed("POST", "x")
    assert upgrade(host.port, "/w/echo?n=x").status == 403


def test_pipelined_with_files_handshakes_and_late_answers(host):
    paths = ["/w/echo", "/page", "/w/later?n=5", "/nope", "/w/pieces?n=2", "/w/mirror", "/page", "/w/offload",
             "/w/echo?n=x", "/w/nothing"] * 5
    wanted = {"/nope": 404, "/w/mirror": 201, "/w/echo?n=x": 422, "/w/nothing": 204}
    with Http(host.port) as http:
        http.send(b"".join(
            b"%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" % (b"GET", path.encode()) for path in paths)
            + b"GET /w/x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        for path in paths:
            answer = http.response()
            assert answer.status == wanted.get(path, 200), (path, answer)
            if path in ("/w/mirror", "/w/later?n=5"):
                assert answer.body == b"abc", answer
        assert http.response().status == 101


# ---- other people's clients ----

def test_http_client_of_python(host):
    conn = http.client.HTTPConnection("127.0.0.1", host.port, timeout=20)
    for body in b"one", b"", b"x" * 90000:
        conn.request("POST", "/w/mirror", body=body)
        answer = conn.getresponse()
        assert answer.status == 201 and answer.read() == body and answer.headers["X-Seen"] == "yes"
        conn.request("POST", "/w/mirror", body=iter([body, b"", b"end"]), encode_chunked=True,
                     headers={"Transfer-Encoding": "chunked"})
        assert conn.getresponse().read() == body + b"end"
        conn.request("GET", "/w/pieces?n=4")
        assert conn.getresponse().read() == b"piece" * 4
    conn.close()


def curl(host, *arguments):
    done = subprocess.run(["curl", "-s", "-m", "20", *arguments[:-1], f"http://127.0.0.1:{host.port}{arguments[-1]}"],
                          capture_output=True)
    return done.returncode, done.stdout


def test_curl(host):
    assert curl(host, "-d", "a=1", "/w/mirror") == (0, b"a=1")
    assert curl(host, "-H", "Expect: 100-continue", "--data-binary", "y" * 5000, "/w/mirror") == (0, b"y" * 5000)
    assert curl(host, "-H", "Transfer-Encoding: chunked", "-d", "a=1", "/w/mirror") == (0, b"a=1")
    assert curl(host, "--http1.0", "/w/pieces?n=3") == (0, b"piece" * 3)
    assert curl(host, "/w/cut?n=2") == (18, b"piecepiece")  # 18: the rest is missing


# ---- in pieces ----

def test_an_answer_that_breaks_off_can_be_told(host):
    with Http(host.port) as http:
        http.send(b"GET /w/cut?n=2 HTTP/1.1\r\nHost: h\r\n\r\n")
        try:
            http.response()
        except Gone:
            pass
        else:
            raise AssertionError("the answer looks whole")


def test_http_1_0_gets_pieces_without_chunks(host):
    with Http(host.port) as http:
        http.send(b"GET /w/pieces?n=2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = http.response()
        assert answer.header("transfer-encoding") is None and answer.header("connection") == "close", answer
        assert answer.body == b"piecepiece", answer


def test_a_slow_reader_gets_all_and_costs_a_queue(host):
    size = 20_000_000
    with Http(host.port, receive_buffer=4096, timeout=60) as http:
        http.send(b"GET /w/flood?n=%d HTTP/1.1\r\nHost: h\r\n\r\n" % size)
        http.read(1000, "the first pieces")
        assert get(host.port, "/w/echo").status == 200  # others are served meanwhile
        got = 0
        while got < size - 10000:  # the bytes of the first read, and sizes of chunks that hold an f
            http.wait(lambda: http.input, "more of the flood")
            got += http.input.count(b"f")
            http.take(len(http.input))


def test_a_client_that_leaves_in_the_middle(host):
    with watcher(host) as ws:
        with Http(host.port) as http:
            http.send(b"GET /w/ticks?n=100000 HTTP/1.1\r\nHost: h\r\n\r\n")
            http.wait(lambda: b"tick" in http.input, "a tick")
        ws.expect_text("end of ticks: code 1006 by 1 status 0")


# ---- what the commands say ----

def test_mistakes_in_the_file():
    with Host(text=routes_text("  - {path: '/w/{way}', plugin: desk}\n", plugins=TEST_PLUGINS)) as host:
        file = host.scratch / "bad.yaml"
        file.write_text(routes_text(
            "  - {path: '/w/{way}', plugin: desk}\n  - {path: '/w/{x}', file: bad.yaml}\n"
            "  - {path: /echo, plugin: whole, options: {room: x}, methods: [GET]}\n", plugins=TEST_PLUGINS))
        said = socklet("check", file).stderr
        assert 'matches the same paths as "/w/{way}"' in said, said
        assert "found methods, but plugin whole has no request callback: take it away" in said, said


def test_the_route_table_and_explain_know_of_it(host):
    table = socklet("routes", host.routes).stdout
    assert "answers HTTP, too: GET, POST, HEAD, OPTIONS" in table and "answers HTTP, too: any method" in table, table
    routes = {route["path"]: route for route in json.loads(socklet("routes", "--json", host.routes).stdout)}
    assert routes["/m/{way}"]["websocket"] is True, routes
    assert routes["/m/{way}"]["http"] == {"methods": "GET, POST, HEAD, OPTIONS", "body_bytes": 1 << 20,
                                          "request_ms": 30000}, routes


@each([
    ("/m/echo?n=2", "POST", 0, "goes to request of plugin desk, which answers"),
    ("/m/echo?n=x", "POST", 1, "HTTP/1.1 422 Unprocessable Content"),
    ("/m/echo", "PUT", 1, "Allow: GET, POST, HEAD, OPTIONS"),
    ("/page", "GET", 2, "no plugin answers plain requests there"),
    ("/m/echo", "P T", 2, "wanted a method such as POST"),
], name=lambda row: f"{row[1]} {row[0]}")
def test_explain(host, row):
    url, method, status, text = row
    done = socklet("explain", host.routes, url, "-X", method)
    assert done.returncode == status and text in done.stdout + done.stderr, done
