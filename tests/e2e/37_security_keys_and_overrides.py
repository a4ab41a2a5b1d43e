# SPDX-License-Identifier: MIT
"""Keys change with a reload and old connections stay; a broken key changes nothing; tests may stand in for a token."""
import subprocess

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, folder, routes_text, socklet
from story import each
from tokens import base64url, soon, token

OLD, NEW = "old-key-" * 4, "new-key-" * 4
ROUTES = """\
  - path: /jwt
    plugin: badge
    inject: {who: {from: provider, alias: jwt}, choose: query}
"""
TOP = "providers:\n  jwt: {jwt: {algorithms: HS256, keys: {file: jwt.key}}}\n"


def start(top=TOP, routes=ROUTES, **files):
    return Host(text=routes_text(routes, plugins=TEST_PLUGINS, top=top), files={"jwt.key": OLD, **files})


def bearer(value):
    return [("Authorization", f"Bearer {value}")]


def enters(host, key):
    with WebSocket(host.port, "/jwt", headers=bearer(token(key, sub="ada"))) as ws:
        assert ws.recv()[1].startswith(b"who=ada ")


def is_refused(host, key):
    answer = upgrade(host.port, "/jwt", bearer(token(key, sub="ada")))
    assert (answer.status, answer.json()) == (401, {"detail": "The token's signature is not valid"}), answer.body


def test_new_key_is_for_new_connections():
    with start() as host, WebSocket(host.port, "/jwt", headers=bearer(token(OLD, sub="ada"))) as ws:
        ws.recv()
        is_refused(host, NEW)
        (host.scratch / "jwt.key").write_text(NEW)
        is_refused(host, NEW)
        host.reload()
        enters(host, NEW)
        is_refused(host, OLD)
        ws.text("still here")
        ws.expect_text("ada: still here")


def test_old_connection_expires_after_a_reload_too():
    with start() as host:
        headers = bearer(token(OLD, sub="ada", exp=soon(3)))
        with WebSocket(host.port, "/jwt", headers=headers) as ws:
            ws.recv()
            (host.scratch / "jwt.key").write_text(NEW)
            host.reload()
            ws.expect_close(4401, "credential expired")


def test_broken_key_is_told_and_the_old_one_serves_on():
    for content, why in (("short", "found a secret of 5 bytes"), ("", "is empty: put the secret into it"), (None, "cannot be read")):
        with start() as host:
            key = host.scratch / "jwt.key"
            key.unlink()
            if content is not None:
                key.write_text(content)
            said = host.reload("refused")
            assert why in said and "routes.yaml:" in said, (content, said)
            enters(host, OLD)
            key.write_text(NEW)
            host.reload()
            enters(host, NEW)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def test_public_key_in_pem_lets_in_who_has_the_private_one():
    with folder() as path:
        openssl("genpkey", "-algorithm", "ed25519", "-out", path / "private.pem")
        openssl("pkey", "-in", path / "private.pem", "-pubout", "-out", path / "public.pem")
        unsigned = token(alg="EdDSA", sub="ada")
        (path / "text").write_bytes(unsigned.rstrip(".").encode())
        openssl("pkeyutl", "-sign", "-rawin", "-inkey", path / "private.pem", "-in", path / "text", "-out", path / "sig")
        public, signed = (path / "public.pem").read_text(), unsigned + base64url((path / "sig").read_bytes())
        # The public key taken for a secret: the oldest trick.
        forged = token(public, sub="eve")
    top = "providers:\n  jwt: {jwt: {algorithms: [EdDSA, HS256], keys: [{file: jwt.key}, {file: public.pem}]}}\n"
    with start(top, **{"public.pem": public}) as host:
        with WebSocket(host.port, "/jwt", headers=bearer(signed)) as ws:
            assert ws.recv()[1].startswith(b"who=ada ")
        assert upgrade(host.port, "/jwt", bearer(forged)).status == 401


def test_all_routes_need_what_is_attached_to_all():
    top = TOP.replace("{jwt: {", "{all_routes: true, jwt: {")
    with start(top, "  - {path: /any, plugin: badge, inject: {who: query}}\n") as host:
        assert upgrade(host.port, "/any?who=ada").status == 401
        with WebSocket(host.port, "/any?who=ada", headers=bearer(token(OLD))) as ws:
            assert ws.recv()[1].startswith(b"who=ada ")


def check(inject, override):
    """What `socklet check` says about a route whose field takes a token for which something else stands in."""
    with folder() as path:
        (path / "jwt.key").write_text(OLD)
        (path / "test.key").write_text(NEW)
        file = path / "routes.yaml"
        file.write_text(routes_text(f"  - {{path: /jwt, plugin: badge, inject: {{{inject}}}}}\n", plugins=TEST_PLUGINS,
                                    top=TOP + f"overrides: {{jwt: {override}}}\n"))
        done = socklet("check", file)
        return done.returncode, done.stdout + done.stderr


STAND_IN = "{plugin: badge, function: reader, inject: {token: {from: query, default: tester}}}"


@each([
    ("function", "who: {from: provider, alias: jwt}", STAND_IN, None),
    ("section", "who: {from: provider, alias: jwt, claim: name}", "{jwt: {algorithms: HS256, keys: {file: test.key}}}", None),
    ("claim of a function", "who: {from: provider, alias: jwt, claim: name}", STAND_IN,
     "field who takes the claim name of provider jwt, but a plugin stands in for that in `overrides`"),
    ("typed claim of a function", "who: query, level: {from: provider, alias: jwt, claim: n}", STAND_IN,
     "field level takes the claim n of provider jwt"),
    ("default claim of another type", "who: query, level: {from: provider, alias: jwt}", STAND_IN,
     "field level is int64_t, but provider jwt gives const char *"),
])
def test_something_else_may_stand_in_for_a_token(row):
    _, inject, override, complaint = row
    status, said = check(inject, override)
    assert status == (0 if complaint is None else 1), (row, said)
    assert complaint is None or (complaint in said and said.strip().endswith(": 1 mistake")), (row, said)


def test_stand_in_is_what_the_plugin_gets():
    with start(TOP + f"overrides: {{jwt: {STAND_IN}}}\n") as host:
        with WebSocket(host.port, "/jwt") as ws:
            assert ws.recv()[1].startswith(b"who=tester ")
