# SPDX-License-Identifier: MIT
"""Each kind of credential in each place lets in or is refused in FastAPI's words, and its claims arrive typed."""
import base64
import contextlib
import time

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, routes_text, socklet
from story import each
from tokens import base64url, soon, token

OTHER_KEY = "another-key-another-key-another-key"
FILES = {"keys.txt": "k3y\nsecond\n", "users.txt": "ada:hunter2\n", "tokens.txt": "t0ken\n", "other.key": OTHER_KEY}
KEYS = "[{env: SESSION_KEY, kid: a}, {file: other.key, kid: b}]"
TOP = f"""\
providers:
  key: {{api_key: {{from: [{{header: x-key}}, {{cookie: key}}, {{query: key}}], secrets: {{file: keys.txt}}}}}}
  login: {{basic: {{realm: zone, secrets: {{file: users.txt}}}}}}
  known: {{bearer: {{from: [header, {{header: x-token}}, {{cookie: t}}, {{query: t}}, subprotocol], secrets: {{file: tokens.txt}}}}}}
  opaque: {{oauth2: {{}}}}
  reader: {{plugin: badge, inject: {{token: {{from: provider, alias: opaque, scopes: [own]}}}}}}
  chained: {{plugin: badge, function: reader, inject: {{token: {{from: provider, alias: jwt, claim: sub, scopes: [deep]}}}}}}
  jwt: {{jwt: {{from: [header, {{header: x-token}}, {{cookie: t}}, {{query: t}}, subprotocol], algorithms: HS256, keys: {KEYS}}}}}
  maybe: {{jwt: {{algorithms: HS256, keys: {{env: SESSION_KEY}}, required: false}}}}
  narrow: {{jwt: {{algorithms: HS256, keys: {{env: SESSION_KEY}}, audience: [chat, room], issuer: me, required_claims: jti, leeway: 5s}}}}
  late: {{jwt: {{from: {{query: late}}, algorithms: HS256, keys: {{env: SESSION_KEY}}, expire_code: 4408}}}}
"""
ALL = "who: {from: provider, alias: jwt}, level: {from: provider, alias: jwt, claim: level}, " \
    "until: {from: provider, alias: jwt, claim: exp}, tags: {from: provider, alias: jwt, claim: tags}, " \
    "color: {from: provider, alias: jwt, claim: color}, mail: {from: provider, alias: jwt, claim: mail}"


def route(path, inject, **more):
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"  - {{path: {path}, plugin: badge, inject: {{{inject}}}{extra}}}\n"


def who(provider, **more):
    return "who: {from: provider, alias: %s%s}" % (provider, "".join(f", {k}: {v}" for k, v in more.items()))


ROUTES = "".join([route(f"/{name}", who(name)) + route(f"/close/{name}", who(name), reject="close")
                  for name in ("key", "login", "known", "opaque", "reader", "chained", "jwt", "narrow")]) + "".join([
    route("/claims", ALL),
    route("/close/claims", ALL, reject="close"),
    route("/scoped", who("jwt", scopes="[read, write]")),
    route("/close/scoped", who("jwt", scopes="[read]"), reject="close"),
    route("/scoped/chain", who("chained", scopes="[outer]")),
    route("/scoped/reader", who("reader", scopes="[outer]")),
    route("/scoped/attached", "who: query", providers="[{name: jwt, scopes: [admin]}]"),
    route("/maybe", who("maybe")),
    route("/maybe/guest", who("maybe", default="guest")),
    route("/strict", who("jwt"), strict="[query, cookie]"),
    route("/two", who("login") + ", mail: {from: provider, alias: known}"),
    route("/expires", who("jwt")),
    route("/expires/code", who("late"), reject="close"),
    route("/expires/first", who("jwt") + ", mail: {from: provider, alias: late, claim: sub}"),
])


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS, top=TOP), files=FILES) as host:
        yield host
        look_for_secrets(host.log)


def look_for_secrets(text):
    """Whatever any test here showed to the host: the beginning of each token, and each secret."""
    for secret in ("eyJ", "k3y", "second", "hunter2", "t0ken", "t1ken", basic("ada:hunter2"), basic("ada:hunter3"),
                   "0paque", OTHER_KEY):
        assert secret not in text, f"{secret!r} is in\n{text}"


def basic(both):
    return base64.b64encode(both.encode()).decode()


def bearer(value):
    return [("Authorization", f"Bearer {value}")]


def offers(*values):
    return [("Sec-WebSocket-Protocol", ", ".join(values))]


def enters(host, target, headers=()):
    """The plugin's line about what it was given."""
    with WebSocket(host.port, target, headers=list(headers)) as ws:
        opcode, line = ws.recv()
        assert opcode == 1, (target, opcode, line)
        return dict(part.split("=", 1) for part in line.decode().split(" "))


def refused(host, target, headers, status, challenge, detail):
    answer = upgrade(host.port, target, list(headers))
    got = (answer.status, answer.header("WWW-Authenticate"), answer.body.decode())
    wanted = (status, challenge, '{"detail":"%s"}' % detail)
    assert got == wanted, f"{target} {headers}: wanted {wanted}, got {got}"


# ---- each kind, each place ----

GOOD = [
    ("key header", "/key", [("X-Key", "k3y")], "k3y"),
    ("key cookie", "/key", [("Cookie", "key=second")], "second"),
    ("key query", "/key?key=k3y", [], "k3y"),
    ("basic header", "/login", [("Authorization", "Basic " + basic("ada:hunter2"))], "ada"),
    ("basic subprotocol", "/login", offers("chat", "basic", basic("ada:hunter2").rstrip("=")), "ada"),
    ("bearer header", "/known", bearer("t0ken"), "t0ken"),
    ("bearer own header", "/known", [("X-Token", "t0ken")], "t0ken"),
    ("bearer cookie", "/known", [("Cookie", "t=t0ken")], "t0ken"),
    ("bearer query", "/known?t=t0ken", [], "t0ken"),
    ("bearer subprotocol", "/known", offers("bearer", "t0ken"), "t0ken"),
    ("oauth2 header", "/opaque", [("Authorization", "bEARER 0paque")], "0paque"),
    ("oauth2 subprotocol", "/opaque", offers("Bearer", "0paque"), "0paque"),
    ("jwt header", "/jwt", bearer(token(sub="ada")), "ada"),
    ("jwt own header", "/jwt", [("X-Token", token(sub="ada"))], "ada"),
    ("jwt cookie", "/jwt", [("Cookie", "t=" + token(sub="ada"))], "ada"),
    ("jwt query", "/jwt?t=" + token(sub="ada"), [], "ada"),
    ("jwt subprotocol", "/jwt", offers("bearer", token(sub="ada")), "ada"),
    ("first place counts", "/jwt?t=" + token(sub="eve"), bearer(token(sub="ada")), "ada"),
    ("another scheme is nothing", "/jwt?t=" + token(sub="eve"), [("Authorization", "Basic abc")], "eve"),
    ("key by kid", "/jwt", bearer(token(OTHER_KEY, header={"kid": "b"}, sub="ada")), "ada"),
    ("any key without kid", "/jwt", bearer(token(OTHER_KEY, sub="ada")), "ada"),
    ("audience, issuer, claim", "/narrow", bearer(token(sub="ada", aud=["x", "room"], iss="me", jti="1")), "ada"),
    ("leeway", "/narrow", bearer(token(sub="ada", aud="chat", iss="me", jti="1", nbf=soon(3))), "ada"),
]


@each(GOOD)
def test_good_one_lets_in(host, row):
    _, target, headers, wanted = row
    assert enters(host, target, headers)["who"] == wanted, row


@each([("key", "APIKey"), ("login", 'Basic realm="zone"'), ("known", "Bearer"), ("opaque", "Bearer"),
       ("jwt", "Bearer"), ("reader", 'Bearer scope="own"'), ("chained", 'Bearer scope="deep"')])
def test_nothing_given_is_refused(host, row):
    name, challenge = row
    refused(host, f"/{name}", [], 401, challenge, "Not authenticated")
    with WebSocket(host.port, f"/close/{name}") as ws:
        ws.expect_close(4401, "Not authenticated")


INVALID = 'Bearer error="invalid_token", error_description="%s"'
BAD = [
    ("key", "/key", [("X-Key", "k3")], "APIKey", None),
    ("empty key", "/key?key=", [], "APIKey", None),
    ("password", "/login", [("Authorization", "Basic " + basic("ada:hunter3"))], 'Basic realm="zone"', None),
    ("no base64", "/login", [("Authorization", "Basic !!")], 'Basic realm="zone"', None),
    ("scheme", "/opaque", [("Authorization", "Basic " + basic("ada:hunter2"))], "Bearer", None),
    ("unknown token", "/known", bearer("t1ken"), INVALID % "The token is not known", "Not authenticated"),
    ("tampered", "/jwt", bearer(token(sub="ada")[:-8] + "AAAAAAAA"), None, "The token's signature is not valid"),
    ("other key", "/jwt", bearer(token("x" * 32, sub="ada")), None, "The token's signature is not valid"),
    ("key of another kid", "/jwt", bearer(token(OTHER_KEY, header={"kid": "a"}, sub="ada")), None,
     "The token's signature is not valid"),
    ("unknown kid", "/jwt", bearer(token(header={"kid": "c"}, sub="ada")), None, "The token's key is not known"),
    ("alg none", "/jwt", bearer(token(alg="none", sub="ada")), None, "The token's algorithm is not accepted"),
    ("wrong alg", "/jwt", bearer(token("f" * 64, "HS512", sub="ada")), None, "The token's algorithm is not accepted"),
    ("no token", "/jwt", bearer("eyJhbGci"), None, "The token is malformed"),
    ("NUL in a text", "/jwt", bearer(token(sub="a\0b")), None, "The token is malformed"),
    ("two parts", "/jwt", bearer("eyJhbGciOiJIUzI1NiJ9.e30"), None, "The token is malformed"),
    ("expired", "/jwt", bearer(token(sub="ada", exp=soon(-5))), None, "The token expired"),
    ("not yet", "/jwt", bearer(token(sub="ada", nbf=soon(60))), None, "The token is not valid yet"),
    ("later", "/jwt", bearer(token(sub="ada", iat=soon(60))), None, "The token was issued in the future"),
    ("exp is text", "/jwt", bearer(token(sub="ada", exp="tomorrow")), None, "The token has a time that is no number"),
    ("unasked audience", "/jwt", bearer(token(sub="ada", aud="x")), None, "The token is for another audience"),
    ("audience", "/narrow", bearer(token(aud="x", iss="me", jti="1")), None, "The token is for another audience"),
    ("issuer", "/narrow", bearer(token(aud="chat", iss="you", jti="1")), None, "The token is from another issuer"),
    ("no such claim", "/narrow", bearer(token(aud="chat", iss="me")), None, "The token lacks a claim"),
    ("beyond leeway", "/narrow", bearer(token(aud="chat", iss="me", jti="1", exp=soon(-9))), None, "The token expired"),
    ("first place counts", "/jwt?t=" + token(sub="ada"), bearer("eyJ"), None, "The token is malformed"),
]


@each(BAD)
def test_bad_one_is_refused(host, row):
    _, target, headers, challenge, detail = row
    detail = detail or "Not authenticated"
    refused(host, target, headers, 401, challenge or INVALID % detail, detail)
    with WebSocket(host.port, "/close" + target, headers=headers) as ws:
        ws.expect_close(4401, detail)


# ---- scopes ----

@each([("text", {"scope": "read other write"}), ("list", {"scopes": ["write", "read"]}), ("scp", {"scp": "write read"})])
def test_scopes_let_in(host, row):
    assert enters(host, "/scoped", bearer(token(sub="ada", **row[1])))["who"] == "ada"


def test_missing_scope_is_403(host):
    challenge = 'Bearer error="insufficient_scope", scope="read write"'
    for scope in ({}, {"scope": "read"}, {"scope": "reading write"}, {"scope": ""}):
        refused(host, "/scoped", bearer(token(sub="ada", **scope)), 403, challenge, "Not enough permissions")
    with WebSocket(host.port, "/close/scoped", headers=bearer(token(sub="ada", scope="write"))) as ws:
        ws.expect_close(4403, "Not enough permissions")


def test_scopes_accumulate_from_the_route_to_the_token(host):
    assert enters(host, "/scoped/chain", bearer(token(sub="ada", scope="outer deep")))["who"] == "ada/outer"
    refused(host, "/scoped/chain", bearer(token(sub="ada", scope="deep")), 403,
            'Bearer error="insufficient_scope", scope="outer deep"', "Not enough permissions")


def test_provider_on_top_of_an_opaque_token_reads_the_scopes_it_is_asked_for(host):
    assert enters(host, "/scoped/reader", bearer("0paque"))["who"] == "0paque/outer"


def test_attached_one_asks_for_its_scopes(host):
    assert enters(host, "/scoped/attached?who=x", bearer(token(scope="admin")))["who"] == "x"
    refused(host, "/scoped/attached?who=x", bearer(token(scope="user")), 403,
            'Bearer error="insufficient_scope", scope="admin"', "Not enough permissions")


# ---- claims ----

def test_claims_arrive_typed(host):
    given = enters(host, "/claims", bearer(token(
        sub="ada", level=7, exp=4102444800, tags=["x", "y"], color="green", mail="a@b")))
    given.pop("offers")
    assert given == {"who": "ada", "level": "7", "until": "2100-01-01", "tags": "x,y", "color": "2", "mail": "a@b"}


def test_claims_that_are_not_there_have_their_defaults(host):
    given = enters(host, "/claims", bearer(token(sub="ada", mail=None, tags=[])))
    given.pop("offers")
    assert given == {"who": "ada", "level": "-1", "until": "2000-01-01", "tags": "", "color": "1", "mail": "-"}


# Name, claims, type and text of the one error, the field's claim.
UNFIT = [
    ("missing", {}, "missing", "sub"),
    ("text for int", {"sub": "a", "level": "high"}, "int_parsing", "level"),
    ("fraction for int", {"sub": "a", "level": 1.5}, "int_parsing", "level"),
    ("too large for int", {"sub": "a", "level": 1e300}, "int_parsing", "level"),
    ("past the last day", {"sub": "a", "exp": 2**53}, "datetime_from_date_parsing", "exp"),
    ("object", {"sub": {"name": "a"}}, "missing", "sub"),
    ("no enumerator", {"sub": "a", "color": "blue"}, "enum", "color"),
]


@each(UNFIT)
def test_claim_that_does_not_fit_is_told_like_a_parameter(host, row):
    _, claims, kind, name = row
    answer = upgrade(host.port, "/claims", bearer(token(**claims)))
    rows = answer.json()["detail"]
    assert answer.status == 403 and len(rows) == 1, (answer.status, rows)
    assert rows[0]["loc"] == ["claim", name] and kind in (None, rows[0]["type"]), rows
    with WebSocket(host.port, "/close/claims", headers=bearer(token(**claims))) as ws:
        ws.expect_close(1008, None)


def test_list_in_a_field_for_one_text_gives_its_first(host):
    assert enters(host, "/claims", bearer(token(sub=["ada", "eve"])))["who"] == "ada"


def test_what_is_not_required_may_be_missing_but_not_wrong(host):
    assert enters(host, "/maybe/guest")["who"] == "guest"
    assert enters(host, "/maybe/guest", bearer(token(sub="ada")))["who"] == "ada"
    assert upgrade(host.port, "/maybe", []).status == 403
    refused(host, "/maybe/guest", bearer(token(sub="ada", exp=1)), 401, INVALID % "The token expired",
            "The token expired")


def test_strict_sources_know_the_token(host):
    assert enters(host, "/strict?t=" + token(sub="ada"), [("Cookie", "t=" + token(sub="eve"))])["who"] == "eve"
    answer = upgrade(host.port, "/strict?tt=1", bearer(token(sub="ada")))
    assert answer.json()["detail"][0]["loc"] == ["query", "tt"], answer.body


# ---- subprotocols ----

def test_token_is_no_subprotocol_for_the_plugin_nor_for_the_answer(host):
    secret = token(sub="ada")
    for target, wanted in (("/jwt", "bearer"), ("/jwt?choose=v2", "v2"), ("/jwt?choose=bearer", "bearer")):
        with WebSocket(host.port, target, headers=offers("v1", "bearer", secret, "v2")) as ws:
            assert ws.protocol == wanted, (target, ws.protocol)
            assert ws.recv()[1].endswith(b"offers=v1,bearer,v2")


def test_accepting_the_token_fails_without_naming_it(host):
    since = len(host.log)
    secret = token(sub="ada")
    answer = upgrade(host.port, "/jwt?choose=" + secret, offers("bearer", secret))
    assert answer.status == 500, answer
    host.wait_log("sl_accept with the credential as subprotocol", since)


def test_two_tokens_among_the_subprotocols_are_both_kept_back(host):
    login = basic("ada:hunter2").rstrip("=")
    given = enters(host, "/two", offers("basic", login, "bearer", "t0ken"))
    assert (given["who"], given["mail"], given["offers"]) == ("ada", "t0ken", "basic,bearer"), given


def test_thousands_of_subprotocols_cost_no_time(host):
    many = [("Sec-WebSocket-Protocol", "bearer," + token(sub="ada") + ",a" * 15000)]
    began = time.monotonic()
    assert upgrade(host.port, "/jwt?choose=none", many).status == 500
    assert time.monotonic() - began < 3, f"{time.monotonic() - began:.1f} s"


# ---- expiry ----

def test_expiry_closes_what_is_open(host):
    with WebSocket(host.port, "/expires", headers=bearer(token(sub="ada", exp=soon(2)))) as ws:
        ws.recv()
        ws.text("hi")
        ws.expect_text("ada: hi")
        ws.expect_close(4401, "credential expired")


def test_expiry_has_a_code_of_its_own(host):
    with WebSocket(host.port, "/expires/code?late=" + token(sub="ada", exp=soon(2))) as ws:
        ws.recv()
        ws.expect_close(4408, "credential expired")


def test_first_of_two_to_expire_counts(host):
    for first, second, code in ((2, 600, 4401), (600, 2, 4408)):
        target = "/expires/first?late=" + token(sub="eve", exp=soon(second))
        with WebSocket(host.port, target, headers=bearer(token(sub="ada", exp=soon(first)))) as ws:
            ws.recv()
            ws.expect_close(code, "credential expired")


def test_expiry_ends_a_handshake_that_is_not_decided(host):
    refused(host, "/expires?choose=later", bearer(token(sub="ada", exp=soon(2))), 401,
            INVALID % "The token expired", "The token expired")
    with WebSocket(host.port, "/expires/code?choose=later&late=" + token(sub="ada", exp=soon(2))) as ws:
        ws.expect_close(4408, "The token expired")


def test_very_late_expiry_is_no_expiry(host):
    for exp in (2**53 - 1, 10**15, 1e300, 4102444800.5):
        with WebSocket(host.port, "/expires", headers=bearer(token(sub="ada", exp=exp))) as ws:
            ws.recv()
            ws.text("hi")
            ws.expect_text("ada: hi")


# ---- what people see ----

def test_explain_tells_names_and_no_credential(host):
    secret = token(sub="ada")
    for headers, word in ((["Authorization: Bearer " + secret], "it gave sub, token"), (["X: y"], "it refuses"),
                          (["Authorization: Bearer " + secret[:-6]], "it refuses")):
        done = socklet("explain", host.routes, "/jwt", *(word for one in headers for word in ("-H", one)))
        said = done.stdout + done.stderr
        assert word in said, (headers, said)
        look_for_secrets(said)
