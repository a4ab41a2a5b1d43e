# SPDX-License-Identifier: MIT
"""What plugin and route say of a value beside its type is kept, refused in FastAPI's words, and never loosened."""
import contextlib
import json
from urllib.parse import quote

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, folder, routes_text, socklet
from story import each

ROUTES = """\
  - path: /close
    plugin: bounded
    reject: close
    inject:
      name:
        pattern: "^(é|no_name_keeps_to_this_pattern_whose_text_is_longer_than_a_reason_éééééééééééééééééééé)$"
  - {path: "/shake/{how}", plugin: handshake, reject: close}
  - {path: /plain, plugin: bounded}
  - path: /tighter
    plugin: bounded
    options: {tables: 7}
    inject:
      seats: {from: query, ge: 3, lt: 6, description: how many}
      name: {from: query, alias: who, default: anna, pattern: a}
      x_note: header
"""


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


def answer(host, path, headers=()):
    with WebSocket(host.port, path, headers) as ws:
        ws.text("?")
        return json.loads(ws.recv()[1])


def test_the_plugins_default_and_alias(host):
    assert answer(host, "/plain?n=ann") == {"seats": 2, "name": "ann", "x_note": "", "tables": 4}


def test_the_routes_default_and_alias(host):
    got = answer(host, "/tighter?seats=3", [("x_note", "kept"), ("X-Note", "not read")])
    assert got == {"seats": 3, "name": "anna", "x_note": "kept", "tables": 7}, got


@each([
    ("/plain?n=ann&seats=0", "greater_than_equal", "seats", "Input should be greater than or equal to 1", "0", {"ge": 1}),
    ("/plain?n=ann&seats=9", "less_than_equal", "seats", "Input should be less than or equal to 8", "9", {"le": 8}),
    ("/tighter?seats=2", "greater_than_equal", "seats", "Input should be greater than or equal to 3", "2", {"ge": 3}),
    ("/tighter?seats=6", "less_than", "seats", "Input should be less than 6", "6", {"lt": 6}),
    ("/plain?n=a", "string_too_short", "n", "String should have at least 2 characters", "a", {"min_length": 2}),
    ("/plain?n=abcdef", "string_too_long", "n", "String should have at most 5 characters", "abcdef", {"max_length": 5}),
    ("/plain?n=ann1", "string_pattern_mismatch", "n", "String should match pattern '^[a-zé]+$'", "ann1",
     {"pattern": "^[a-zé]+$"}),
    ("/tighter?seats=3&who=bob", "string_pattern_mismatch", "who", "String should match pattern 'a'", "bob",
     {"pattern": "a"}),
    ("/plain?n=ann&price=0", "greater_than", "price", "Input should be greater than 0", "0", {"gt": 0}),
    ("/plain?n=ann&price=0.7", "multiple_of", "price", "Input should be a multiple of 0.5", "0.7", {"multiple_of": 0.5}),
])
def test_a_broken_rule_is_refused(host, row):
    path, kind, name, message, text, ctx = row
    said = upgrade(host.port, path).detail()
    assert said == [{"type": kind, "loc": ["query", name], "msg": message, "input": text, "ctx": ctx}], said


def test_no_ctx_where_fastapi_has_none(host):
    said = upgrade(host.port, "/plain?n=ann&price=inf").detail()
    assert said == [{"type": "finite_number", "loc": ["query", "price"], "msg": "Input should be a finite number",
                     "input": "inf"}], said


def test_characters_are_counted_and_not_bytes(host):
    assert answer(host, "/plain?n=" + quote("ééééé"))["name"] == "ééééé"


@each([
    ("/close?n=ann&seats=0", 1008, "query seats: Input should be greater than or equal to 1"),
    ("/close?seats=x", 1008, "query seats: Input should be a valid integer, unable to parse string as an integer"),
    ("/close", 1008, "query n: Field required"),
    ("/shake/close", 4001, "closed before"),
    ("/shake/later_close", 4001, "closed before"),
    ("/shake/refuse", 1008, 'not you 世 "quoted"'),
    ("/shake/later_refuse", 1008, 'not you 世 "quoted"'),
    ("/shake/fail", 1011, "Internal Server Error"),
])
def test_reject_close_is_a_reason_that_a_browser_can_read(host, row):
    path, code, reason = row
    with WebSocket(host.port, path) as ws:
        ws.expect_close(code, reason)


def test_a_long_reason_is_cut_on_a_character_border(host):
    with WebSocket(host.port, "/close?n=ann") as ws:
        reason = ws.expect_close(1008, None)
    assert 120 <= len(reason.encode()) <= 123, reason
    assert reason.startswith("query n: String should match pattern"), reason


def test_the_first_offered_subprotocol_is_given_so_that_browsers_listen(host):
    with WebSocket(host.port, "/close", protocols=("v2", "v1")) as ws:
        assert ws.protocol == "v2"
        ws.expect_close(1008, "query n: Field required")


def test_an_answer_of_its_own_stays_http(host):
    refused = upgrade(host.port, "/shake/refuse_with")
    assert (refused.status, refused.body) == (418, b"<h1>teapot</h1>"), refused


def check(text):
    with folder() as below:
        path = below / "routes.yaml"
        path.write_text(routes_text(text, plugins=TEST_PLUGINS))
        return socklet("check", path)


@each([
    ("inject: {seats: {ge: 0}}", "route /r: field seats: ge 0 of the route is looser than ge 1 of struct bounded_args "
     "of the plugin"),
    ("inject: {seats: {ge: 9}}", "ge 9 of the route and le 8 of struct bounded_args of the plugin leave no value"),
    ("inject: {seats: {max_length: 3}}", "max_length is nothing for int"),
    ("inject: {name: {pattern: '('}}", 'pattern "(": missing closing parenthesis at byte 1'),
    ("inject: {name: {min_length: few}}", 'min_length: found "few", wanted a number of characters, such as 20'),
    ("inject: {seats: {deprecated: maybe}}", 'deprecated: found "maybe", wanted true or false'),
    ("reject: clsoe", 'unknown reject "clsoe": did you mean "close"?'),
    ("options: {tables: 100}", 'option tables: found "100": Input should be less than 100'),
])
def test_check_names_what_cannot_be(row):
    done = check(f"  - path: /r\n    plugin: bounded\n    {row[0]}\n")
    said = done.stdout + done.stderr
    assert done.returncode == 1 and row[1] in said and "routes.yaml:6:" in said, said


def test_routes_shows_rules_and_documentation(host):
    done = socklet("routes", host.routes, "--json")
    fields = {route["path"]: {f["field"]: f for f in route["calls"][0]["fields"]} for route in json.loads(done.stdout)}
    assert fields["/tighter"]["seats"] == {
        "field": "seats", "type": "int", "from": "query", "name": "seats", "default": 2, "ge": 3, "lt": 6, "le": 8,
        "title": "Seats", "description": "how many"}, fields
    assert fields["/plain"]["x_note"]["deprecated"] is True, fields
