# SPDX-License-Identifier: MIT
"""Only pages that may talk to the host get a WebSocket, only hosts that it speaks for are served, only proxies are believed."""
import contextlib
import re

from client import Http, WebSocket, get, upgrade, upgrade_headers
from host import TEST_PLUGINS, Host, routes_text
from story import each

ROUTES = """\
  - {path: /ws, plugin: subprotocols}
  - {path: /open, plugin: subprotocols, origins: "*"}
  - {path: /closed, plugin: subprotocols, origins: []}
  - {path: /page, file: page.html}
"""
TOP = """\
origins: ["https://*.example.org", "http://localhost:*"]
"""


def text(top=TOP, routes=ROUTES):
    return routes_text(routes, TEST_PLUGINS, top)


@contextlib.contextmanager
def shared():
    with Host(text=text(), files={"page.html": "page"}) as host:
        yield host


# path, Origin headers, Host (None: that of the connection), status
ORIGINS = [
    ("none", "/ws", [], None, 101),
    ("same", "/ws", ["http://{host}"], None, 101),
    ("same over tls", "/ws", ["https://{host}"], None, 101),
    ("same in capitals", "/ws", ["HTTP://EXAMPLE.NET"], "example.net", 101),
    ("default port", "/ws", ["https://example.net"], "example.net:443", 101),
    ("ipv6", "/ws", ["http://[::1]:8000"], "[::1]:8000", 101),
    ("other port", "/ws", ["http://127.0.0.1:1"], None, 403),
    ("other name", "/ws", ["http://evil.example"], None, 403),
    ("null", "/ws", ["null"], None, 403),
    ("empty", "/ws", [""], None, 403),
    ("rubbish", "/ws", ["http://{host}/"], None, 403),
    ("two", "/ws", ["http://{host}", "http://{host}"], None, 400),
    ("two, open", "/open", ["http://a", "http://b"], None, 400),
    ("listed below", "/ws", ["https://a.b.example.org"], None, 101),
    ("listed port", "/ws", ["http://localhost:3000"], None, 101),
    ("not quite listed", "/ws", ["http://a.example.org"], None, 403),
    ("open", "/open", ["http://evil.example"], None, 101),
    ("open to null", "/open", ["null"], None, 101),
    ("closed to listed", "/closed", ["http://localhost:3000"], None, 403),
    ("closed but same", "/closed", ["http://{host}"], None, 101),
    ("no such route", "/nothing", ["http://evil.example"], None, 404),
]


@each(ORIGINS)
def test_origin(host, row):
    _, path, origins, name, status = row
    name = name or f"127.0.0.1:{host.port}"
    headers = [("Origin", origin.format(host=name)) for origin in origins]
    with Http(host.port) as http:
        answer = http.request(path, headers=upgrade_headers(extra=headers), host=name)
        assert answer.status == status, f"{headers} at {name}: {answer}"
        if status == 403:
            assert headers[0][1] in answer.detail() and name in answer.detail(), answer
            assert answer.header("connection") == "close", answer


def test_plain_requests_are_for_every_page(host):
    assert get(host.port, "/page", headers=[("Origin", "http://evil.example")]).body == b"page"


def test_an_absolute_target_says_the_host(host):
    with Http(host.port) as http:
        headers = upgrade_headers(extra=[("Origin", "http://example.net")])
        assert http.request("http://example.net/ws", headers=headers, host="other").status == 101
    with Http(host.port) as http:
        headers = upgrade_headers(extra=[("Origin", "http://other")])
        assert http.request("http://example.net/ws", headers=headers, host="other").status == 403


def test_the_log_says_what_to_do(host):
    since = len(host.log)
    assert upgrade(host.port, "/ws", [("Origin", "http://evil\x7f.example")]).status in (400, 403)
    assert upgrade(host.port, "/ws", [("Origin", "http://evil.example")]).status == 403
    host.wait_log(r'subprotocols /ws: refused 127\.0\.0\.1:\d+ with 403: origin "http://evil.example" is not that of '
                  r'host "127.0.0.1:8000"; `origins` lists', since)


def test_origins_change_by_reload():
    with Host(text=text(), files={"page.html": "page"}) as host:
        evil = [("Origin", "http://evil.example")]
        assert upgrade(host.port, "/ws", evil).status == 403
        with WebSocket(host.port, "/ws") as open_before:
            host.write(text("origins: http://evil.example\n"))
            host.reload()
            assert upgrade(host.port, "/ws", evil).status == 101
            open_before.text("?")
            assert open_before.recv()[1].startswith(b"none from 127.0.0.1:")


# Host headers, and whether they are served.
HOSTS = [("example.org", True), ("EXAMPLE.ORG:8000", True), ("a.b.example.net", True), ("localhost:8000", True),
         ("localhost", False), ("localhost:8001", False), ("example.net", False), ("127.0.0.1", False),
         ("evil.example", False), ("example.org.evil.example", False)]


def test_hosts():
    top = "hosts: [example.org, '*.example.net', 'localhost:8000']\n"
    with Host(text=text(top), files={"page.html": "page"}) as host:
        for name, served in HOSTS:
            with Http(host.port) as http:
                page = http.request("/page", host=name)
                assert page.status == (200 if served else 421), f"{name}: {page}"
                if not served:
                    assert name in page.detail(), page
            with Http(host.port) as http:
                answer = http.request("/ws", headers=upgrade_headers(), host=name)
                assert answer.status == (101 if served else 421), f"{name}: {answer}"
        with Http(host.port) as http:
            http.send(b"GET /page HTTP/1.0\r\n\r\n")
            assert http.response().status == 421


def peer_of(port, headers=(), target="/ws"):
    with WebSocket(port, target, headers) as ws:
        ws.text("?")
        return ws.recv()[1].decode().split(" from ")[1]


def test_a_trusted_proxy_is_believed():
    with Host(text=text("proxies: [127.0.0.1, 10.0.0.0/8]\n"), files={"page.html": "page"}) as host:
        def peer(*values):
            return peer_of(host.port, [("X-Forwarded-For", value) for value in values])
        assert peer("203.0.113.9") == "203.0.113.9"
        assert peer("6.6.6.6, 203.0.113.9:4711, 10.0.0.7") == "203.0.113.9:4711"
        assert peer("6.6.6.6", "2001:db8::1") == "2001:db8::1"
        assert re.fullmatch(r"127\.0\.0\.1:\d+", peer())
        assert re.fullmatch(r"127\.0\.0\.1:\d+", peer("unknown"))
        broken = upgrade(host.port, "/ws", [("X-Forwarded-For", "6.6.6.6, rubbish")])
        assert broken.status == 400 and "rubbish" in broken.detail(), broken
        host.wait_log(r"127\.0\.0\.1:\d+: refused with 400: X-Forwarded-For: found .rubbish")
        since = len(host.log)
        upgrade(host.port, "/ws", [("X-Forwarded-For", "203.0.113.9"), ("Origin", "http://evil.example")])
        host.wait_log(r"refused 203\.0\.113\.9 with 403", since)


def test_a_stranger_is_not_believed():
    with Host(text=text("proxies: [10.0.0.0/8]\n"), files={"page.html": "page"}) as host:
        headers = [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("X-Forwarded-Host", "a")]
        assert peer_of(host.port, headers).startswith("127.0.0.1:")
        assert peer_of(host.port, [("X-Forwarded-For", "rubbish")]).startswith("127.0.0.1:")
        assert upgrade(host.port, "/ws", [*headers, ("Origin", "http://a")]).status == 403


def test_each_request_of_a_proxy_has_its_client():
    with Host(text=text("proxies: 127.0.0.1\nhosts: [example.org, '127.0.0.1']\n"), files={"page.html": "page"}) as host:
        with Http(host.port) as http:
            name = f"127.0.0.1:{host.port}"
            assert http.request("/page", host=name, headers=[("X-Forwarded-For", "203.0.113.9")]).status == 200
            assert http.request("/page", host=name).status == 200
            assert http.request("/page", host=name, headers=[("X-Forwarded-For", "203.0.113.8"),
                                                             ("X-Forwarded-Host", "example.org")]).status == 200
            answer = http.request("/ws", host=name, headers=upgrade_headers())
            assert answer.status == 101, answer


def test_the_host_that_a_proxy_was_asked_for_counts():
    with Host(text=text("proxies: 127.0.0.1\n"), files={"page.html": "page"}) as host:
        extra = [("Origin", "https://www.example.com"), ("X-Forwarded-Host", "www.example.com"),
                 ("X-Forwarded-Proto", "https")]
        assert upgrade(host.port, "/ws", extra).status == 101
        assert upgrade(host.port, "/ws", extra[:1]).status == 403


def test_forwarded_alone_is_read_when_it_is_chosen():
    top = "proxies: 127.0.0.1\nproxy_header: forwarded\n"
    with Host(text=text(top), files={"page.html": "page"}) as host:
        headers = [("Forwarded", 'for=6.6.6.6, for="[2001:db8::7]:80";proto=https;host=www.example.com'),
                   ("X-Forwarded-For", "6.6.6.6")]
        assert peer_of(host.port, headers) == "[2001:db8::7]:80"
        assert upgrade(host.port, "/ws", [*headers, ("Origin", "https://www.example.com")]).status == 101
        assert upgrade(host.port, "/ws", [("Forwarded", "for=rubbish;;=")]).status == 400
