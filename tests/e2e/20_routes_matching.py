# SPDX-License-Identifier: MIT
"""A path finds its route as in FastAPI, static parts before parameters, however many routes there are."""
import contextlib
import time

from client import WebSocket, get, upgrade
from host import TEST_PLUGINS, Host, routes_text
from story import each

# The plugin `params` says which route was found, and the path's parameters.
ROUTES = """\
  - {path: /ws, plugin: params, options: {route: static}}
  - {path: "/{name}", plugin: params, options: {route: name}}
  - {path: "/int/{x:int}", plugin: params, options: {route: int}}
  - {path: "/float/{x:float}", plugin: params, options: {route: float}}
  - {path: "/uuid/{x:uuid}", plugin: params, options: {route: uuid}}
  - {path: "/files/{rest:path}", plugin: params, options: {route: path}}
  - {path: "/mixed/{a}/x/{b:int}", plugin: params, options: {route: two}}
  - {path: "/mixed/{a}/x/{b}", plugin: params, options: {route: text}}
  - {path: "/mixed/same/x/{b}", plugin: params, options: {route: same}}
  - {path: "/slash/", plugin: params, options: {route: slash}}
  - {path: "/grüße", plugin: params, options: {route: letters}}
"""


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


FOUND = [
    ("/ws", "static", {}),
    ("/wss", "name", {"name": "wss"}),
    ("/a%20b", "name", {"name": "a b"}),
    ("/a+b", "name", {"name": "a+b"}),
    ("/%e4%b8%96", "name", {"name": "世"}),
    ("/100%", "name", {"name": "100%"}),
    ("/a%zz", "name", {"name": "a%zz"}),
    ("/w%73", "static", {}),
    ("/int/007", "int", {"x": "007"}),
    ("/float/3", "float", {"x": "3"}),
    ("/float/3.25", "float", {"x": "3.25"}),
    ("/uuid/123e4567-e89b-12d3-a456-426614174000", "uuid", {"x": "123e4567-e89b-12d3-a456-426614174000"}),
    ("/uuid/123e4567e89b12d3a456426614174000", "uuid", {"x": "123e4567e89b12d3a456426614174000"}),
    ("/files/a/b/c", "path", {"rest": "a/b/c"}),
    ("/files/a%2Fb", "path", {"rest": "a/b"}),
    ("/files/", "path", {"rest": ""}),
    ("/mixed/q/x/12", "two", {"a": "q", "b": "12"}),
    ("/mixed/q/x/1a", "text", {"a": "q", "b": "1a"}),
    ("/mixed/same/x/12", "same", {"b": "12"}),
    ("/mixed/same/x/y", "same", {"b": "y"}),
    ("/slash/", "slash", {}),
    ("/slash", "name", {"name": "slash"}),
    ("/gr%C3%BC%C3%9Fe", "letters", {}),
]


@each(FOUND)
def test_finds(host, row):
    path, route, params = row
    with WebSocket(host.port, path) as ws:
        ws.text("?")
        parts = [f"route={route}"] + [f"{name}={value}" for name, value in params.items()]
        ws.expect_text(" ".join(parts))


MISSED = ["/", "/ws/", "/a%2Fb", "/a/", "/int/x", "/int/-5", "/int/", "/int/5.0", "/int/%D9%A3", "/float/.5",
          "/float/1e3", "/float/3.", "/uuid/123", "/uuid/123e4567-e89b-12d3-a456-42661417400g",
          "/mixed//x/1", "/mixed/q/x/", "/mixed/q/x", "//ws", "/WS/x", "/slash//"]


@each([(path,) for path in MISSED])
def test_misses(host, row):
    answer = upgrade(host.port, row[0])
    assert answer.status == 404 and answer.body == b'{"detail":"Not Found"}', answer


def test_thousands_of_routes_match_as_fast_as_a_few():
    plain = "".join(f"  - {{path: /a/{n}/ws, plugin: echo}}\n  - {{path: '/b/{n}/{{x}}/ws', plugin: echo}}\n"
                    for n in range(2500))
    with Host(text=routes_text(plain)) as host:
        def seconds(path, status):
            begin = time.monotonic()
            for _ in range(200):
                assert get(host.port, path).status == status, path
            return time.monotonic() - begin
        first = seconds("/a/0/ws", 426)
        for path, status in ("/a/2499/ws", 426), ("/b/2499/y/ws", 426), ("/c/nothing", 404):
            took = seconds(path, status)
            assert took < 3 * first + 0.2, f"{path}: {took:.3f} s, the first route {first:.3f} s"
