# SPDX-License-Identifier: MIT
"""A redirecting listener answers everything with 308 to the same place at the one that speaks TLS."""
import contextlib

from client import Http, raw, upgrade_headers
from host import Host, routes_text
from story import each


def text(listen):
    return routes_text("  - {path: /ws, plugin: echo}\n").replace("[127.0.0.1:8000]", listen)


@contextlib.contextmanager
def shared():
    """Something else speaks TLS for it."""
    with Host(text=text("[{at: 127.0.0.1:0, redirect: https}, 127.0.0.2:0]"), listen=(), listeners=2) as host:
        yield host


def location(port, target, host="example.org", **more):
    with Http(port) as http:
        answer = http.request(target, host=host, **more)
    assert answer.status == 308, answer
    return answer.header("location")


@each([("a path", "/", "example.org", "https://example.org/"),
       ("with a query", "/a%20b?q=1&r=%2f", "example.org", "https://example.org/a%20b?q=1&r=%2f"),
       ("an empty query", "/a?", "example.org", "https://example.org/a?"),
       ("the port is not kept", "/", "example.org:8080", "https://example.org/"),
       ("an IPv6 host", "/x", "[::1]:80", "https://[::1]/x"),
       ("two slashes", "//evil.example/x", "example.org", "https://example.org//evil.example/x")])
def test_the_same_place(host, row):
    assert location(host.port, row[1], row[2]) == row[3], location(host.port, row[1], row[2])


def test_any_method_and_handshakes_too(host):
    for method in ("GET", "HEAD", "POST", "DELETE"):
        with Http(host.port) as http:
            answer = http.request("/a", method, host="example.org")
            assert (answer.status, answer.header("location")) == (308, "https://example.org/a"), answer
    assert location(host.port, "/ws", headers=upgrade_headers()) == "https://example.org/ws"


def test_the_connection_serves_on(host):
    with Http(host.port) as http:
        for path in ("/a", "/b"):
            assert http.request(path, host="x").header("location") == f"https://x{path}"


@each([("no host", b"GET / HTTP/1.0\r\n\r\n"), ("an empty one", b"GET / HTTP/1.1\r\nHost: \r\n\r\n"),
       ("none that is one", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
       ("a path in it", b"GET / HTTP/1.1\r\nHost: evil/..\r\n\r\n"),
       ("a user in it", b"GET / HTTP/1.1\r\nHost: user@evil\r\n\r\n")])
def test_without_a_host_it_is_400(host, row):
    assert raw(host.port, row[1]).status == 400


def test_other_listeners_serve(host):
    with Http(host.addresses[1][1], address="127.0.0.2") as http:
        assert http.request("/ws").status == 426
