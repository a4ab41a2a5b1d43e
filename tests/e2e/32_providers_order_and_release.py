# SPDX-License-Identifier: MIT
"""Providers are called depth first, each once unless told otherwise, and give back in reverse, told how it ended."""
import contextlib
import re

from client import WebSocket, upgrade
from diary import Diary
from host import TEST_PLUGINS, Host, folder, routes_text, socklet
from story import each

TOP = """\
providers:
  lasting: {plugin: lender, inject: {end: query}}
  chained: {plugin: lender, inject: {lasting: provider}}
  fresh_chain: {plugin: lender, function: chained, inject: {lasting: {from: provider, cache: false}}}
  greeting: {plugin: lender, inject: {end: {from: query, alias: end_greeting}}}
  passing: {plugin: lender, inject: {end: {from: query, alias: end_passing}}}
  purse: {plugin: lender}
  everywhere: {plugin: lender, function: asked, all_routes: true}
"""
ROUTES = """\
  - path: /cached
    plugin: borrower
    inject: {a: {from: provider, alias: lasting}, b: {from: provider, alias: chained}, c: {from: provider, alias: lasting}}
  - path: /fresh
    plugin: borrower
    inject:
      a: {from: provider, alias: lasting}
      b: {from: provider, alias: fresh_chain}
      c: {from: provider, alias: lasting, cache: false}
  - path: /scopes
    plugin: borrower
    inject: {a: {from: provider, alias: lasting}, b: {from: provider, alias: greeting}, c: {from: provider, alias: passing}}
  - path: /attached
    plugin: borrower
    providers: [greeting, {name: lasting}]
    inject: {a: {from: provider, alias: lasting}, b: query}
  - {path: /close/attached, plugin: borrower, reject: close, providers: [lasting]}
  - {path: /shared, plugin: sharer, inject: {mine: {from: provider, alias: purse}, again: {from: provider, alias: purse}}}
  - {path: /bare, plugin: lender}
"""
CALLS = re.compile(r"#\d+: call (\w+)", re.M)


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP)) as host:
        yield host


def test_a_result_is_shared_and_released_after_disconnect_in_reverse(host):
    diary = Diary(host)
    with WebSocket(host.port, "/cached") as ws:
        ws.closes(1000)
    diary.expect("call lasting A", "call chained B", "connect a=A b=B c=A", "disconnect a=A b=B c=A",
                 "release chained B 1000/0 by 1", "release lasting A 1000/0 by 1")


def test_cache_false_is_a_call_of_its_own(host):
    diary = Diary(host)
    with WebSocket(host.port, "/fresh") as ws:
        ws.closes(4000)
    diary.expect("call lasting A", "call lasting B", "call chained C", "call lasting D", "connect a=A b=C c=D",
                 "disconnect a=A b=C c=D", "release lasting D 4000/0 by 1", "release chained C 4000/0 by 1",
                 "release lasting B 4000/0 by 1", "release lasting A 4000/0 by 1")


def test_each_scope_ends_where_it_should_and_its_member_is_cleared(host):
    diary = Diary(host)
    with WebSocket(host.port, "/scopes") as ws:
        for text in ("x", "y"):
            ws.text(text)
            ws.recv()
        ws.closes(1000)
    diary.expect("call lasting A", "call greeting B", "connect a=A b=B c=0", "release greeting B goes on",
                 "call passing C", "message a=A b=0 c=C", "release passing C goes on",
                 "call passing D", "message a=A b=0 c=D", "release passing D goes on",
                 "disconnect a=A b=0 c=0", "release lasting A 1000/0 by 1")


def test_handshake_scope_lasts_until_a_late_answer(host):
    diary = Diary(host)
    with WebSocket(host.port, "/scopes?how=later") as ws:
        ws.closes(1000)
    diary.expect("call lasting A", "call greeting B", "connect a=A b=B c=0", "release greeting B goes on",
                 "disconnect a=A b=0 c=0", "release lasting A 1000/0 by 1")


def test_handshake_scope_of_a_connection_that_connect_closes(host):
    diary = Diary(host)
    with WebSocket(host.port, "/scopes?how=close") as ws:
        ws.expect_close(4002, "closed by connect")
    diary.expect("call lasting A", "call greeting B", "connect a=A b=B c=0", "disconnect a=A b=0 c=0",
                 "release greeting B 4002/0 by 2", "release lasting A 4002/0 by 2")


def test_the_message_in_which_the_plugin_closes(host):
    diary = Diary(host)
    with WebSocket(host.port, "/scopes") as ws:
        ws.text("bye")
        ws.expect_close(4003, "bye")
    diary.expect("call lasting A", "call greeting B", "connect a=A b=B c=0", "release greeting B goes on",
                 "call passing C", "message a=A b=0 c=C", "release passing C 4003/0 by 2",
                 "disconnect a=A b=0 c=0", "release lasting A 4003/0 by 2")


@each([("close", 4001, "not today", 2), ("fail", 1011, "internal error", 3)])
def test_a_message_provider_that_ends_it(host, row):
    how, code, reason, by = row
    diary = Diary(host)
    with WebSocket(host.port, f"/scopes?end_passing={how}") as ws:
        ws.text("x")
        ws.text("y")
        ws.expect_close(code, reason)
    diary.expect("call lasting A", "call greeting B", "connect a=A b=B c=0", "release greeting B goes on",
                 "call passing C", "disconnect a=A b=0 c=0", f"release lasting A {code}/0 by {by}")


@each([("refuse", 402, "pay first"), ("reject", 401, "who are you?"), ("close", 403, "not today"),
       ("fail", 500, "Internal Server Error")])
def test_a_provider_that_refuses_is_not_released_and_those_before_it_are(host, row):
    how, status, detail = row
    diary = Diary(host)
    answer = upgrade(host.port, f"/scopes?end_greeting={how}")
    assert (answer.status, answer.detail()) == (status, detail), answer
    assert (answer.header("X-Why") == "lender") == (how == "refuse"), answer
    diary.expect("call lasting A", "call greeting B", f"release lasting A 1006/{status} by 2")


@each([("refuse", 1008, "pay first"), ("reject", 4401, "who are you?"), ("close", 4001, "not today"),
       ("fail", 1011, "Internal Server Error")])
def test_on_a_route_that_rejects_by_close_frame(host, row):
    with WebSocket(host.port, f"/close/attached?end={row[0]}") as ws:
        ws.expect_close(row[1], row[2])


def test_connect_that_refuses_is_told_to_release(host):
    diary = Diary(host)
    assert upgrade(host.port, "/cached?how=fail").status == 500
    diary.expect("call lasting A", "call chained B", "connect a=A b=B c=A",
                 "release chained B 1006/500 by 2", "release lasting A 1006/500 by 2")


def test_errors_in_other_arguments_release_what_was_called(host):
    diary = Diary(host)
    assert upgrade(host.port, "/attached?b=x").status == 403
    diary.expect("call greeting A", "call lasting B", "release lasting B 1006/403 by 2",
                 "release greeting A 1006/403 by 2")


def test_a_lost_socket_releases(host):
    diary = Diary(host)
    with WebSocket(host.port, "/cached") as ws:
        ws.drop()
    diary.expect("call lasting A", "call chained B", "connect a=A b=B c=A", "disconnect a=A b=B c=A",
                 "release chained B 1006/0 by 1", "release lasting A 1006/0 by 1")


@each([("/attached", "asked greeting lasting"), ("/bare", "asked"), ("/cached", "asked lasting chained")])
def test_attached_ones_run_first_outer_before_inner(host, row):
    since = len(host.log)
    with WebSocket(host.port, row[0]) as ws:
        ws.closes(1000)
    assert " ".join(CALLS.findall(host.log[since:])) == row[1], host.log[since:]


def test_two_plugins_share_a_struct(host):
    diary = Diary(host)
    with WebSocket(host.port, "/shared") as ws:
        ws.text("x")
        ws.expect_text("7 coins, shared, 1 takers")
        ws.closes(1000)
    diary.expect("release purse A 1000/0 by 1")


def test_overrides_replace_a_provider_wherever_it_is_taken():
    override = "overrides:\n  lasting: {plugin: lender, function: greeting, scope: connection, inject: {end: cookie}}\n"
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP + override)) as host:
        diary = Diary(host)
        with WebSocket(host.port, "/cached?end=refuse") as ws:
            ws.closes(1000)
        diary.expect("call greeting A", "call chained B", "connect a=A b=B c=A", "disconnect a=A b=B c=A",
                     "release chained B 1000/0 by 1", "release greeting A 1000/0 by 1")


def test_security_scopes_add_up_along_the_chain():
    top = "providers:\n  asked: {plugin: lender}\n" \
          "  asking: {plugin: lender, inject: {asked: {from: provider, scopes: [b, c]}}}\n"
    routes = "  - {path: /a, plugin: borrower, inject: {text: {from: provider, alias: asking, scopes: [a, b]}}}\n" \
             "  - {path: /b, plugin: borrower, providers: [{name: asking, scopes: [x]}, asked], " \
             "inject: {text: {from: provider, alias: asked}}}\n"
    with Host(text=routes_text(routes, plugins=TEST_PLUGINS, top=top)) as host:
        with WebSocket(host.port, "/a") as ws:
            ws.text("x")
            ws.expect_text("x: a=0 b=0 c=0 text=a b c")
        since = len(host.log)
        with WebSocket(host.port, "/b") as ws:
            ws.text("x")
            ws.expect_text("x: a=0 b=0 c=0 text=")
        asked = re.findall(r"call asked (.*)$", host.log[since:], re.M)
        assert asked == ["x b c", ""], asked


@each([
    ("circle", "inject: {a: {from: provider, alias: p}}", "  p: {plugin: lender, function: chained, inject: {lasting: "
     "{from: provider, alias: p}}}\n", r"in a circle: route /ws -> a -> provider p -> lasting -> provider p;"),
    ("missing", "inject: {a: {from: provider, alias: p}}", "  p: {plugin: lender, function: chained, inject: {lasting: "
     "{from: provider, alias: pp}}}\n", r"route /ws -> a -> provider p: field lasting: there is no provider pp; did you mean p\?"),
    ("type", "inject: {text: {from: provider, alias: p}}", "  p: {plugin: lender, function: lasting}\n",
     r"route /ws: field text is struct sl_opt_text, but provider p gives int64_t"),
    ("scope", "inject: {a: {from: provider, alias: chained}}", "  chained: {plugin: lender, inject: {lasting: "
     "{from: provider, alias: p}}}\n  p: {plugin: lender, function: greeting}\n",
     r"route /ws -> a -> provider chained: field lasting of provider chained, whose scope is connection, comes from "
     r"provider p, whose scope is handshake and ends before"),
    ("untaken", "inject: {}", "  p: {plugin: lender, function: chained, inject: {lasting: provider}}\n",
     r"providers -> provider p: field lasting: there is no provider lasting"),
    ("attached", "providers: [nobody]", "  p: {plugin: lender, function: lasting}\n",
     r"route /ws: there is no provider nobody"),
    ("function", "inject: {}", "  p: {plugin: lender, function: lastin}\n",
     r'plugin lender has no provider "lastin", did you mean "lasting"\?'),
    ("override's type", "inject: {a: {from: provider, alias: p}}",
     "  p: {plugin: lender, function: lasting}\noverrides:\n  p: {plugin: lender, function: purse}\n",
     r"route /ws: field a is struct sl_opt_int, but provider p gives struct purse \* \(8 bytes\)"),
    ("cache of no provider", "inject: {a: {from: query, cache: false}}", "  p: {plugin: lender, function: lasting}\n",
     r"field a does not come from a provider, so its cache can never be used"),
])
def test_mistakes_name_the_chain(row):
    _, words, providers, wanted = row
    text = routes_text(f"  - {{path: /ws, plugin: borrower, {words}}}\n", plugins=TEST_PLUGINS,
                       top="providers:\n" + providers)
    with folder() as below:
        (below / "routes.yaml").write_text(text)
        done = socklet("check", below / "routes.yaml")
    assert done.returncode == 1 and re.search(wanted, done.stderr), done.stderr


def test_routes_and_explain_show_calls_in_order():
    with folder() as below:
        (below / "routes.yaml").write_text(routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP))
        said = socklet("routes", below / "routes.yaml").stdout
        told = socklet("explain", below / "routes.yaml", "/scopes")
    for line in ("calls everywhere, attached\n", "calls lasting, not cached, with\n", "calls greeting, scope handshake, with\n",
                 "calls passing, scope message, with\n"):
        assert line in said, said
    assert told.returncode == 0 and "calls passing for each message with\n" in told.stdout, told
    assert "c: int? from provider passing is filled for each message\n" in told.stdout, told.stdout
