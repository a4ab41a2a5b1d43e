# SPDX-License-Identifier: MIT
"""Every type is injected plain, optional and as a list, from every source, with FastAPI's errors item by item."""
import contextlib
import json
import time
from urllib.parse import quote

from client import WebSocket, raw, upgrade, upgrade_headers
from host import TEST_PLUGINS, Host, folder, routes_text, socklet
from story import each

ROUTES = """\
  - {path: /q, plugin: forms}
  - path: /from
    plugin: forms
    inject:
      list_text: {from: header, alias: X-Tag}
      list_int: {from: cookie, alias: n}
      opt_list_date: {from: header}
      plain_enum: {from: cookie, enum: [red, deep blue], default: deep blue}
  - {path: "/p/{plain_int:int}/{plain_uuid:uuid}/{plain_enum}/{plain_text:path}", plugin: forms}
  - path: /tight
    plugin: forms
    options: {shade: deep blue, sizes: [7, 8, 9], tags: b}
    inject:
      opt_enum: {enum: [red, green]}
      opt_text: {enum: [x, "y|z"]}
      list_int: {ge: 2, min_items: 2, max_items: 3, default: [5, 6]}
      opt_list_str: {pattern: "^(a+)+$"}
      opt_datetime: {ge: "2026-01-01T00:00:00Z"}
      opt_timedelta: {lt: P1D}
  - {path: /strict, plugin: forms, strict: [query, cookie], inject: {opt_int: cookie}}
  - {path: /strict_query, plugin: forms, strict: query}
  - {path: /strict_all, plugin: forms, strict: true}
  - {path: /close, plugin: forms, reject: close}
"""
PLAIN = {"text": "<t>", "str": "<1:s>", "int": "1", "double": "0.5", "bool": "true", "uint": "2",
         "uuid": "0" * 31 + "1", "datetime": "2026-1-31T12:0:0.0+0", "date": "2026-1-31", "time": "12:0:0.0",
         "timedelta": "1000000us", "enum": "#1"}
VALUES = [
    ("text", "a b", "<a b>"), ("str", "x\0y", "<3:xNULy>"), ("int", "-9223372036854775808", "-9223372036854775808"),
    ("double", "1e3", "1000"), ("bool", "off", "false"), ("uint", "18446744073709551615", "18446744073709551615"),
    ("uuid", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "3fa85f6457174562b3fc2c963f66afa6"),
    ("datetime", "2026-02-01T01:02:03.5+01:00", "2026-2-1T1:2:3.500000+3600"), ("date", "2024-02-29", "2024-2-29"),
    ("time", "23:59:59Z", "23:59:59.0+0"), ("timedelta", "-P1DT1S", "-86401000000us"), ("enum", "deep blue", "#-3")]
INT = "Input should be a valid integer, unable to parse string as an integer"
COLORS = "'red', 'green' or 'deep blue'"


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


def answer(host, path, headers=()):
    said = {}
    with WebSocket(host.port, path, headers) as ws:
        ws.text("?")
        while (line := ws.recv()[1].decode()) != "end":
            name, _, value = line.partition(" ")
            said[name] = value
    return said


def test_defaults_of_all(host):
    said = answer(host, "/q")
    wanted = {f"plain_{word}": text for word, text in PLAIN.items()}
    wanted.update({f"list_{word}": "[]" for word in PLAIN}, list_enum="[#1 #-3]", options="#2 [1 2][]")
    assert said == wanted, said


@each(VALUES)
def test_each_type_in_each_form(host, row):
    word, sent, wanted = row
    query = "&".join(f"{form}_{word}={quote(sent)}" for form in ("plain", "opt", "list", "list", "opt_list"))
    said = answer(host, f"/q?{query}")
    assert said[f"plain_{word}"] == said[f"opt_{word}"] == wanted, said
    assert said[f"list_{word}"] == f"[{wanted} {wanted}]" and said[f"opt_list_{word}"] == f"[{wanted}]", said


def test_lists_from_headers_and_cookies(host):
    said = answer(host, "/from?list_text=no", [
        ("X-Tag", "a, b"), ("Cookie", "n=1; m=2; n=3"), ("x-tag", "caf\xe9"), ("Cookie", "n=4"), ("X-Tag", "")])
    assert said["list_text"] == "[<a, b> <café> <>]" and said["list_int"] == "[1 3 4]", said
    assert said["plain_enum"] == "#-3" and "opt_list_date" not in said, said


def test_the_path_fills_plain_members(host):
    said = answer(host, "/p/12/3fa85f64-5717-4562-b3fc-2c963f66afa6/deep%20blue/a/b")
    assert (said["plain_int"], said["plain_enum"], said["plain_text"]) == ("12", "#-3", "<a/b>"), said


def row(kind, loc, message, text, ctx=None):
    out = {"type": kind, "loc": loc, "msg": message, "input": text}
    return out if ctx is None else {**out, "ctx": ctx}


def enum_row(name, text, names=COLORS, kind="enum"):
    return row(kind, ["query", *name], f"Input should be {names}", text, {"expected": names})


NUL = "String should not contain a NUL character"


@each([
    ("a wrong item", "/q?list_int=1&list_int=x", [row("int_parsing", ["query", "list_int", 1], INT, "x")]),
    ("all wrong items, then the next field", "/q?opt_list_int=&list_int=x&list_int=2&list_int=y", [
        row("int_parsing", ["query", "list_int", 0], INT, "x"), row("int_parsing", ["query", "list_int", 2], INT, "y"),
        row("int_parsing", ["query", "opt_list_int", 0], INT, "")]),
    ("an enum", "/q?plain_enum=RED", [enum_row(["plain_enum"], "RED")]),
    ("an enum in a list", "/q?list_enum=red&list_enum=", [enum_row(["list_enum", 1], "")]),
    ("fewer names", "/tight?opt_enum=deep+blue", [enum_row(["opt_enum"], "deep blue", "'red' or 'green'")]),
    ("a text of several", "/tight?opt_text=y", [enum_row(["opt_text"], "y", "'x' or 'y|z'", "literal_error")]),
    ("too many", "/q?" + "&".join(["opt_list_enum=x"] * 4), [
        row("too_long", ["query", "opt_list_enum"], "List should have at most 3 items after validation, not 4",
            ["x"] * 4, {"field_type": "List", "max_length": 3, "actual_length": 4})]),
    ("too few", "/tight?list_int=3", [
        row("too_short", ["query", "list_int"], "List should have at least 2 items after validation, not 1", ["3"],
            {"field_type": "List", "min_length": 2, "actual_length": 1})]),
    ("too few, but wrong first", "/tight?list_int=1", [
        row("greater_than_equal", ["query", "list_int", 0], "Input should be greater than or equal to 2", "1",
            {"ge": 2})]),
    ("a moment", "/tight?opt_datetime=2026-01-01T00:59:59%2B01:00", [
        row("greater_than_equal", ["query", "opt_datetime"],
            "Input should be greater than or equal to 2026-01-01T00:00:00Z", "2026-01-01T00:59:59+01:00",
            {"ge": "2026-01-01T00:00:00Z"})]),
    ("a length of time", "/tight?opt_timedelta=P1D", [
        row("less_than", ["query", "opt_timedelta"], "Input should be less than 1 day", "P1D", {"lt": "1 day"})]),
    ("a NUL in a list of C strings", "/q?list_text=a&list_text=%00&list_str=%00", [
        row("string_nul", ["query", "list_text", 1], NUL, "\0")]),
    ("an endless pattern", "/tight?opt_list_str=aa&opt_list_str=" + "a" * 60 + "b", [
        row("string_pattern_limit", ["query", "opt_list_str", 1],
            "String takes too long to be compared with pattern '^(a+)+$'", "a" * 60 + "b", {"pattern": "^(a+)+$"})]),
])
def test_errors(host, row):
    said = upgrade(host.port, row[1]).detail()
    assert said == row[2], said


@each([
    ("nothing else", "/strict?plain_int=3&list_int=1&list_int=2", [("Cookie", "opt_int=4")], None),
    ("in the order of sources", "/strict?zz=1&plain_int=x&aa=%ff", [("Cookie", "opt_int=y; q=\xff")], [
        ("int_parsing", "query", "plain_int", "x"), ("extra_forbidden", "query", "zz", "1"),
        ("extra_forbidden", "query", "aa", "\ufffd"), ("int_parsing", "cookie", "opt_int", "y"),
        ("extra_forbidden", "cookie", "q", "ÿ")]),
    ("a name of another source", "/strict?opt_int=4", [], [("extra_forbidden", "query", "opt_int", "4")]),
    ("only one source", "/strict_query?x", [("Cookie", "y=1")], [("extra_forbidden", "query", "x", "")]),
    ("all", "/strict_all?x", [("Cookie", "y=1")],
     [("extra_forbidden", "query", "x", ""), ("extra_forbidden", "cookie", "y", "1")]),
    ("nothing is strict by itself", "/q?x=1", [("Cookie", "y=1")], None),
])
def test_strict_sources(host, row):
    _, path, headers, wanted = row
    response = upgrade(host.port, path, headers)
    if wanted is None:
        assert response.status == 101, response
        return
    said = response.detail()
    assert [(e["type"], *e["loc"], e["input"]) for e in said] == wanted, said
    assert all(e["msg"] == "Extra inputs are not permitted" for e in said if e["type"] == "extra_forbidden"), said


def test_options_have_enums_and_lists(host):
    assert answer(host, "/tight")["options"] == "#-3 [7 8 9][<b>] set"
    assert answer(host, "/tight")["list_int"] == "[5 6]"


# ---- what a peer may try -----------------------------------------------------------------------------------------

def quick(host, path, headers=()):
    """The answer, within the time that a slow build on a busy machine needs for an honest request."""
    start, before = time.monotonic(), host.resident()
    response = upgrade(host.port, path, headers)
    assert time.monotonic() - start < 5, time.monotonic() - start
    assert host.resident() - before < 64 << 20, host.resident() - before
    return response


@each([
    ("ten thousand cookies", "/strict", [("Cookie", ";".join(["a"] * 10000))], 1000),
    ("as many of one name", "/from", [("Cookie", ";".join(["n="] * 6000))], 1000),
    ("many different ones", "/strict", [("Cookie", ";".join(f"{i:x}" for i in range(5000)))], 1000),
    ("a target at its limit", "/strict?" + "&".join(["a"] * 4000), [], 1000),
    ("one list of a whole target", "/q?" + "&".join(["list_int=x"] * 700), [], 700),
])
def test_too_much_is_cut(host, row):
    response = quick(host, row[1], row[2])
    assert response.status == 403 and len(response.detail()) == row[3], (response.status, len(response.detail()))


def test_ten_thousand_cookies_that_nobody_wants(host):
    assert quick(host, "/q", [("Cookie", ";".join(["a=1"] * 8000))]).status == 101


def test_a_list_of_a_whole_head(host):
    said = answer(host, "/from", [("Cookie", ";".join(["n=7"] * 1000))])
    assert said["list_int"].count("7") == 1000, said


def test_a_head_beyond_its_limit(host):
    assert quick(host, "/strict", [("Cookie", ";".join(["a=1"] * 9000))]).status == 431


@each([
    ("escapes of escapes", "/q?plain_int=" + "%25" * 1000, "%" * 1000),
    ("half an escape", "/q?plain_int=%", "%"),
    ("not UTF-8 in the query", "/q?plain_int=%ff%c3", "\ufffd\ufffd"),
    ("a surrogate", "/q?plain_int=%ed%a0%80", "\ufffd\ufffd\ufffd"),
    ("too long a form", "/q?plain_int=%c0%af", "\ufffd\ufffd"),
])
def test_decoding_of_what_is_none(host, row):
    said = quick(host, row[1]).detail()
    assert said == [{"type": "int_parsing", "loc": ["query", "plain_int"], "msg": INT, "input": row[2]}], said


def test_bytes_that_are_no_utf8_everywhere(host):
    head = b"\r\n".join([b"GET /strict?%ff=%ff&plain_int=%ff HTTP/1.1", b"Host: x",
                         *(f"{n}: {v}".encode() for n, v in upgrade_headers()), b"Cookie: opt_int=\xff; \xfe=\xfd",
                         b"", b""])
    said = raw(host.port, head).detail()
    assert [(e["loc"], e["input"]) for e in said] == [
        (["query", "plain_int"], "\ufffd"), (["query", "\ufffd"], "\ufffd"), (["cookie", "opt_int"], "ÿ"),
        (["cookie", "þ"], "ý")], said


def test_the_reason_of_a_close(host):
    with WebSocket(host.port, "/close?list_int=x") as ws:
        ws.expect_close(1008, f"query list_int: {INT}")


# ---- at load -----------------------------------------------------------------------------------------------------

def check(text, top=""):
    with folder() as below:
        path = below / "routes.yaml"
        path.write_text(routes_text(text, plugins=TEST_PLUGINS, top=top))
        return socklet("check", path)


@each([
    ("inject: {opt_enum: {enum: [red, pink]}}", 'field opt_enum: enum of the route has "pink", which is none of those'),
    ("inject: {opt_enum: {enum: []}}", "enum of the route is empty, which leaves no value"),
    ("inject: {opt_enum: {enum: [red, red]}}", 'enum of the route lists "red" twice'),
    ("inject: {opt_int: {enum: [1]}}", "enum is nothing for int"),
    ("inject: {opt_enum: {pattern: x}}", "pattern is nothing for enum"),
    ("inject: {opt_text: {enum: [x, y], min_length: 2}}", "enum and the other rules leave no value"),
    ("inject: {plain_enum: {default: pink}}", 'default "pink" is no enum: Input should be \'red\', \'green\''),
    ("inject: {opt_list_enum: {max_items: 4}}", "max_items 4 of the route is looser than max_items 3 of struct forms_a"),
    ("inject: {opt_list_enum: {max_items: some}}", 'max_items: found "some", wanted a number of items, such as 3'),
    ("inject: {opt_int: {min_items: 1}}", "min_items is nothing for int"),
    ("inject: {opt_int: {default: [1]}}", "field opt_int is no list, but its default is one"),
    ("inject: {list_int: {default: [1, x]}}", 'field list_int: default "x" is no int'),
    ("inject: {list_int: {type: int}}", "field list_int is int list in the plugin (struct sl_list_int), the file says"),
    ("inject: {list_int: {type: int lists}}", 'unknown type "int lists"'),
    ("options: {shade: pink}", "option shade: \"pink\" is no enum: Input should be 'red', 'green' or 'deep blue'"),
    ("options: {shade: [red]}", "option shade is no list, but is given one"),
    ("options: {sizes: [1, -1]}", 'option sizes: found "-1": Input should be greater than or equal to 0'),
    ("options: {sizes: [1, 2, 3, 4]}", "option sizes: List should have at most 3 items after validation, not 4"),
    ("options: {tags: [a, d]}", "option tags: found \"d\": Input should be 'a', 'b' or 'c'"),
    ("strict: [header]", 'unknown source "header", wanted query or cookie'),
    ("strict: {query: true}", "strict: found a mapping, wanted true, false or a list such as [query, cookie]"),
])
def test_check_names_what_cannot_be(row):
    done = check(f"  - path: /r\n    plugin: forms\n    {row[0]}\n")
    said = done.stdout + done.stderr
    assert done.returncode == 1 and row[1] in said and "1 mistake" in said, said


@each([
    ("{plain_int:uuid}", "field plain_int is int, which nothing that {plain_int:uuid} lets through can be"),
    ("{plain_uuid:int}", "field plain_uuid is uuid, which nothing that {plain_uuid:int} lets through can be"),
    ("{opt_timedelta:float}", "field opt_timedelta is timedelta?, which nothing that {opt_timedelta:float}"),
    ("{plain_enum:int}", "field plain_enum is enum, which nothing that {plain_enum:int} lets through"),
    ("{list_int}", "field list_int is a list, and the path has each of its parameters once"),
    ("{plain_int:int}", None), ("{plain_double:int}", None), ("{plain_text:uuid}", None), ("{plain_bool:int}", None),
    ("{plain_uuid:uuid}", None), ("{plain_int:path}", None), ("{plain_int:float}", None), ("{plain_date:str}", None),
])
def test_converters_fit_the_type(row):
    done = check(f'  - {{path: "/{row[0]}", plugin: forms}}\n')
    said = done.stdout + done.stderr
    assert done.returncode == (1 if row[1] else 0) and (row[1] is None or row[1] in said), said


def test_check_warns_of_endless_patterns():
    done = check('  - path: /r\n    plugin: forms\n    inject:\n      opt_text: {pattern: "^(a+)+$"}\n'
                 '      opt_str: {pattern: "^[a-z]+$"}\n')
    assert done.returncode == 0 and "ok, 1 route" in done.stdout, done
    assert 'routes.yaml:7:7: warning: field opt_text: pattern "^(a+)+$" takes too long' in done.stderr, done.stderr
    assert "opt_str" not in done.stderr, done.stderr


def test_strict_at_the_top_is_for_all_that_say_nothing():
    text = "  - {path: /a, plugin: forms}\n  - {path: /b, plugin: forms, strict: false}\n"
    with Host(text=routes_text(text, plugins=TEST_PLUGINS, top="strict: query\n")) as host:
        assert upgrade(host.port, "/a?x=1").status == 403
        assert upgrade(host.port, "/b?x=1").status == 101


def test_routes_shows_all_of_it(host):
    done = socklet("routes", host.routes, "--json")
    routes = {route["path"]: route for route in json.loads(done.stdout)}
    fields = {f["field"]: f for f in routes["/tight"]["calls"][0]["fields"]}
    assert fields["list_int"] == {"field": "list_int", "type": "int list", "from": "query", "name": "list_int",
                                  "default": [5, 6], "ge": 2, "min_items": 2, "max_items": 3}, fields["list_int"]
    assert fields["opt_enum"]["enum"] == ["red", "green"] and fields["opt_enum"]["type"] == "enum?", fields["opt_enum"]
    assert fields["plain_enum"]["enum"] == ["red", "green", "deep blue"], fields["plain_enum"]
    assert routes["/strict"]["strict"] == ["query", "cookie"] and routes["/q"]["strict"] == [], routes["/q"]
    text = socklet("routes", host.routes).stdout
    assert "    list_int: int list from query, default 5|6, ge 2, max_items 3, min_items 2\n" in text, text
    assert "    opt_enum: enum? from query, enum red|green\n" in text and "    nothing else from cookie\n" in text, text


def test_explain_shows_items_and_names(host):
    said = socklet("explain", host.routes, "/q?list_int=1&list_int=2&opt_enum=deep+blue&list_text=a&list_text=b").stdout
    for line in ("    list_int: int list from query = [1, 2]\n", "    opt_enum: enum? from query = deep blue\n",
                 '    list_text: str list from query = ["a", "b"]\n', "    list_enum: enum list from query = "
                 "[red, deep blue], the default\n", "    opt_list_uuid: uuid list? from query is not set\n"):
        assert line in said, (line, said)
    said = socklet("explain", host.routes, "/strict?list_int=1&list_int=x&list_int=y&z=1").stdout
    assert f'list_int: int list from query item 1 is wrong: {INT} (int_parsing), found "x"; item 2 is wrong' in said, said
    assert '"type":"extra_forbidden"' in said.replace(" ", ""), said
