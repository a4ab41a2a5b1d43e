# SPDX-License-Identifier: MIT
"""Headers of the routes file are in every answer, and redirects lead where the file says and nowhere else."""
import contextlib

from client import WebSocket, get, raw, upgrade
from host import PLUGINS, Host, routes_text
from story import each

ROUTES = f"""\
  - {{path: /page, file: page.html, headers: {{X-Two: route, X-Three: "3"}}}}
  - {{path: /ws, plugin: echo, headers: {{X-Route: ws}}}}
  - {{path: "/items/{{item_id}}", plugin: items, inject: {{cookie_or_token: provider}}}}
  - {{path: "/old/{{name}}", redirect: "/new/{{name}}", headers: {{X-Moved: "yes"}}}}
  - {{path: "/far/{{rest:path}}", redirect: "https://example.org/{{rest}}?from=here", status: 308}}
  - {{path: "/any/{{rest:path}}", redirect: "/{{rest}}", status: 303}}
"""
TOP = 'headers: {X-One: "1", x-two: top}\n'
PROVIDERS = "providers:\n  cookie_or_token: {plugin: items, inject: {session: cookie, token: query}}\n"


def text(top):
    return routes_text(ROUTES, PLUGINS, top + PROVIDERS)


@contextlib.contextmanager
def shared():
    with Host(text=text(TOP), files={"page.html": "page"}) as host:
        yield host


def holds(answer, **wanted):
    found = {name: answer.header(name.replace("_", "-")) for name in wanted}
    assert found == wanted, answer


def test_headers_are_in_every_answer(host):
    holds(get(host.port, "/page"), X_One="1", X_Two="route", X_Three="3", Server="socklet")
    holds(get(host.port, "/nothing"), X_One="1", X_Two="top", X_Three=None)
    holds(get(host.port, "/ws"), X_One="1", X_Route="ws")  # 426
    holds(get(host.port, "/page", "POST"), X_Two="route")  # 405
    holds(upgrade(host.port, "/page"), X_Two="route")      # 403
    holds(upgrade(host.port, "/items/x"), X_One="1")       # 403 of the injection
    holds(get(host.port, "/old/x"), X_Moved="yes", X_One="1")
    holds(raw(host.port, b"rubbish\r\n\r\n"), X_One="1", X_Two="top")
    tag = get(host.port, "/page").header("etag")
    holds(get(host.port, "/page", headers=[("If-None-Match", tag)]), X_Three="3")
    with WebSocket(host.port, "/ws") as ws:
        holds(ws.response_head, X_One="1", X_Two="top", X_Route="ws")
        ws.text("x")
        ws.expect_text("Message text was: x")


def test_server_and_date_can_be_left_out():
    with Host(text=text("server: false\ndate: false\n"), files={"page.html": "page"}) as host:
        for answer in (get(host.port, "/page"), get(host.port, "/x"), raw(host.port, b"rubbish\r\n\r\n"),
                       upgrade(host.port, "/ws")):
            holds(answer, Server=None, Date=None)
        host.write(text("server: other/2\n"))
        host.reload()
        for answer in (get(host.port, "/page"), raw(host.port, b"rubbish\r\n\r\n"), upgrade(host.port, "/ws")):
            holds(answer, Server="other/2")
            assert answer.header("date"), answer


@each([
    ("/old/foo", 307, "/new/foo"),
    ("/old/foo?a=b&c", 307, "/new/foo?a=b&c"),
    ("/old/a%20b%0D%0AX:%20y", 307, "/new/a%20b%0D%0AX%3A%20y"),
    ("/far/a/b.html?x", 308, "https://example.org/a/b.html?from=here"),
    ("/any/page", 303, "/page"),
    ("/any//evil.example", 303, "/%2Fevil.example"),
    ("/any/%5Cevil.example", 303, "/%5Cevil.example"),
])
def test_redirect(host, row):
    path, status, location = row
    for method in "GET", "HEAD", "POST":
        answer = get(host.port, path, method)
        assert (answer.status, answer.header("location")) == (status, location), answer
        assert answer.header("content-length") == "0", answer


def test_handshakes_are_not_redirected(host):
    assert upgrade(host.port, "/old/foo").status == 403
