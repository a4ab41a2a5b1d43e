# SPDX-License-Identifier: MIT
"""Declared arguments arrive typed, and all that is wrong with a request is said at once, as FastAPI says it."""
import contextlib
import json
from urllib.parse import quote

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, routes_text
from story import each

# The plugin `typed` sends its arguments back: text, number, ratio, flag, bytes are required, opt_text,
# opt_number, opt_ratio, opt_flag, opt_bytes may be absent.
ROUTES = """\
  - {path: "/typed/{text}", plugin: typed}
  - path: "/all/{text}"
    plugin: typed
    inject:
      number: {from: query, type: int}
      ratio: {from: header, alias: x-ratio}
      flag: cookie
      bytes: {from: header}
      opt_text: header
      opt_number: {from: query, default: "7"}
      opt_flag: {from: cookie, alias: wanted}
  - path: "/defaults/{text}"
    plugin: typed
    inject:
      number: {from: query, default: 41}
      ratio: {from: query, default: 0.5}
      flag: {from: query, default: true}
      bytes: {from: query, default: some}
"""
GOOD = "number=1&ratio=0.5&flag=yes&bytes=b"
ABSENT = {"opt_text": None, "opt_number": None, "opt_ratio": None, "opt_flag": None, "opt_bytes": None}


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


def answer(host, path, headers=()):
    with WebSocket(host.port, path, headers) as ws:
        ws.text("?")
        values = dict(ABSENT)
        while (text := ws.recv()[1]) != b"end":
            values.update(json.loads(text))
        return values


def complaints(host, path, headers=()):
    refused = upgrade(host.port, path, headers)
    assert refused.status == 403, refused
    return refused.detail()


def missing(source, name):
    return {"type": "missing", "loc": [source, name], "msg": "Field required", "input": None}


def parsing(kind, source, name, text):
    messages = {
        "int": "Input should be a valid integer, unable to parse string as an integer",
        "float": "Input should be a valid number, unable to parse string as a number",
        "bool": "Input should be a valid boolean, unable to interpret input"}
    return {"type": f"{kind}_parsing", "loc": [source, name], "msg": messages[kind], "input": text}


def test_every_type_arrives(host):
    got = answer(host, f"/typed/a%20b?{GOOD}&opt_text=o&opt_number=-2&opt_ratio=1e3&opt_flag=off&opt_bytes=x")
    assert got == {"text": "a b", "number": 1, "ratio": 0.5, "flag": True, "bytes": "b", "opt_text": "o",
                   "opt_number": -2, "opt_ratio": 1000.0, "opt_flag": False, "opt_bytes": "x"}, got


def test_optional_ones_may_be_absent(host):
    got = answer(host, f"/typed/t?{GOOD}")
    assert {key: got[key] for key in ABSENT} == ABSENT, got


def test_sources_and_aliases(host):
    got = answer(host, "/all/t?number=5", [
        ("X-Ratio", "2.5"), ("Cookie", "flag=1; wanted=no"), ("BYTES", "hb"), ("Opt-Text", "from a header")])
    assert got == ABSENT | {"text": "t", "number": 5, "ratio": 2.5, "flag": True, "bytes": "hb",
                            "opt_text": "from a header", "opt_number": 7, "opt_flag": False}, got


def test_defaults_fill_in(host):
    got = answer(host, "/defaults/t")
    assert got == ABSENT | {"text": "t", "number": 41, "ratio": 0.5, "flag": True, "bytes": "some"}, got
    assert answer(host, "/defaults/t?number=2")["number"] == 2


INTS = [("5", 5), ("-5", -5), ("%2B5", 5), ("007", 7), ("1_0", 10), ("5.0", 5), ("%205%20", 5),
        ("9223372036854775807", 9223372036854775807), ("-9223372036854775808", -9223372036854775808)]


@each(INTS)
def test_int_is_read(host, row):
    assert answer(host, f"/typed/t?{GOOD}&number={row[0]}")["number"] == row[1]


@each([(text,) for text in ("abc", "", "5.5", "0x10", "1__0", "_1", "1e3", "--5", "٣")])
def test_int_is_refused(host, row):
    said = complaints(host, f"/typed/t?{GOOD}&number={quote(row[0])}")
    assert said == [parsing("int", "query", "number", row[0])], said


@each([("9223372036854775808",), ("-9223372036854775809",), ("1" * 100,)])
def test_int_beyond_64_bits_is_refused(host, row):
    said = complaints(host, f"/typed/t?{GOOD}&number={row[0]}")
    assert len(said) == 1 and said[0]["loc"] == ["query", "number"] and said[0]["input"] == row[0], said


@each([("1", True), ("0", False), ("true", True), ("FALSE", False), ("on", True), ("Off", False), ("yes", True),
       ("no", False), ("t", True), ("F", False), ("y", True), ("N", False)])
def test_bool_is_read(host, row):
    assert answer(host, f"/typed/t?{GOOD}&flag={row[0]}")["flag"] is row[1]


@each([("2",), ("",), ("ja",), ("truee",), ("enabled",)])
def test_bool_is_refused(host, row):
    assert complaints(host, f"/typed/t?{GOOD}&flag={row[0]}") == [parsing("bool", "query", "flag", row[0])]


@each([("1", 1.0), ("-2.5", -2.5), ("1e3", 1000.0), (".5", 0.5), ("%202%20", 2.0)])
def test_float_is_read(host, row):
    assert answer(host, f"/typed/t?{GOOD}&ratio={row[0]}")["ratio"] == row[1]


@each([("abc",), ("",), ("1,5",), ("0x1p3",), ("1e",)])
def test_float_is_refused(host, row):
    assert complaints(host, f"/typed/t?{GOOD}&ratio={row[0]}") == [parsing("float", "query", "ratio", row[0])]


def test_all_mistakes_at_once_in_fastapis_order(host):
    """Path, then query, header and cookie, each in the order of the struct."""
    said = complaints(host, "/all/t?number=x", [("X-Ratio", "y"), ("Cookie", "wanted=z")])
    assert said == [
        parsing("int", "query", "number", "x"),
        parsing("float", "header", "x-ratio", "y"),
        missing("header", "bytes"),
        missing("cookie", "flag"),
        parsing("bool", "cookie", "wanted", "z")], said


def test_missing_ones_are_named(host):
    said = complaints(host, "/typed/t")
    assert said == [missing("query", name) for name in ("number", "ratio", "flag", "bytes")], said


def test_body_is_compact_utf8_json(host):
    refused = upgrade(host.port, "/typed/t?ratio=0.5&flag=1&bytes=b&number=%E4%B8%96%22%0A")
    assert refused.body == (
        '{"detail":[{"type":"int_parsing","loc":["query","number"],"msg":"Input should be a valid integer, '
        'unable to parse string as an integer","input":"世\\"\\n"}]}').encode(), refused.body


def test_duplicates_last_query_first_header_last_cookie(host):
    got = answer(host, "/all/t?number=1&number=2", [
        ("X-Ratio", "1"), ("X-Ratio", "2"), ("Bytes", "first"), ("Bytes", "second"), ("Cookie", "flag=0; flag=1")])
    assert (got["number"], got["ratio"], got["bytes"], got["flag"]) == (2, 1.0, "first", True), got


def test_empty_text_is_a_value(host):
    assert answer(host, f"/typed/t?{GOOD}&bytes=&opt_text=")["opt_text"] == ""


def test_quoted_cookie_is_unquoted(host):
    got = answer(host, "/all/t?number=1", [("X-Ratio", "1"), ("Bytes", "b"), ("Cookie", 'flag="1"; wanted="no"')])
    assert got["flag"] is True and got["opt_flag"] is False, got


def test_text_with_a_nul_is_refused_and_bytes_keep_it(host):
    said = complaints(host, f"/typed/a%00b?{GOOD}")
    assert len(said) == 1 and said[0]["loc"] == ["path", "text"], said
    assert answer(host, f"/typed/t?{GOOD}&bytes=a%00b")["bytes"] == "a\0b"


def test_refusal_is_logged_once(host):
    since = len(host.log)
    complaints(host, "/typed/t?number=1&ratio=1&flag=1&bytes=b&number=unheard-of")
    host.wait_log("unheard-of|number", since)
    assert len([line for line in host.log[since:].splitlines() if "number" in line]) == 1, host.log[since:]


def test_provider_refuses_with_a_reason():
    with Host("conf/items.yaml") as host:
        refused = upgrade(host.port, "/items/foo/ws")
        assert refused.status == 403 and refused.detail(), refused


def test_mistakes_count_before_a_provider_is_asked():
    with Host("conf/items.yaml") as host:
        refused = upgrade(host.port, "/items/foo/ws?q=abc")
        said = refused.detail()
        assert refused.status == 403, refused
        assert said == [parsing("int", "query", "q", "abc")] or isinstance(said, str), said


def test_provider_is_called_once_a_connection():
    with Host("conf/items.yaml") as host, WebSocket(host.port, "/items/foo/ws?token=t") as ws:
        for _ in range(3):
            ws.text("m")
            ws.expect_text("Session cookie or query token value is: t", "Message text was: m, for item ID: foo")
