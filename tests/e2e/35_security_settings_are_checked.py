# SPDX-License-Identifier: MIT
"""Keys and secrets of security providers are read by `socklet check`; each mistake has its place and tells no secret."""
import re

from host import ROOT, folder, routes_text, socklet

SECRET = "hunter2-which-is-far-too-short"
KEY = ROOT / "tests/data/keys/rfc8037_a_ed25519.pem"

GOOD = """providers:
  token: {jwt: {algorithms: [HS256, EdDSA], keys: [{file: long.txt}, {file: KEY, kid: "1"}]}}
  login: {basic: {realm: zone, secrets: {file: users.txt}}}
  key: {api_key: {from: {header: x-key}, secrets: {file: long.txt}}}
  opaque: {bearer: {}}
  user: {oauth2: {from: header}}
"""

# line: what stands there, and a pattern its complaint must match.
WRONG = [
    ("providers:", None),
    ("  a: {jwt: {algorithms: HS256, keys: {file: short.txt}}}", r"key: found a secret of 30 bytes, wanted at least 32"),
    ("  b: {jwt: {algorithms: ES256, keys: {file: KEY}}}", r"key: found a public key for EdDSA, but algorithms has only ES256"),
    ("  c: {jwt: {algorithms: HS256, keys: {file: no/such.txt}}}", r"no/such\.txt.*cannot be read"),
    ("  d: {bearer: {secrets: {env: SOCKLET_TEST_NO_SUCH}}}", r"SOCKLET_TEST_NO_SUCH is not in the environment"),
    ("  e: {basic: {secrets: {file: short.txt}}}", r"line 1 of .*short\.txt has no ':'"),
    ("  g: {jwt: {algorithms: HS265, keys: {file: long.txt}}}", r"unknown algorithm \"HS265\": did you mean \"HS256\""),
    ("  h: {jwt: {algorithms: HS256, keys: long.txt}}", r"keys: found no \{env: \.\.\.\} and no \{file"),
    ("  i: {jwt: {keys: {file: long.txt}}}", r"found jwt without algorithms"),
    (f"  f: {{bearer: {{secrets: {SECRET}}}}}", r"put the secret into a variable or a file"),
]


def check(providers):
    with folder() as path:
        (path / "short.txt").write_text(SECRET + "\n")
        (path / "long.txt").write_text(SECRET * 2 + "\n")
        (path / "users.txt").write_text("# who may\nada:" + SECRET + "\n")
        file = path / "routes.yaml"
        file.write_text(routes_text("  - {path: /, plugin: echo}\n") + providers.replace("KEY", str(KEY)))
        done = socklet("check", file)
        return done.returncode, (done.stdout + done.stderr).replace(str(file), "routes.yaml")


def test_good_ones_pass():
    status, said = check(GOOD)
    assert status == 0, said


def test_mistakes_are_told_with_their_place_and_without_a_secret():
    status, said = check("\n".join(line for line, _ in WRONG) + "\n")
    assert status == 1, said
    first = routes_text("  - {path: /, plugin: echo}\n").count("\n") + 1
    for number, (line, pattern) in enumerate(WRONG, first):
        found = [text for text in said.splitlines() if text.startswith(f"routes.yaml:{number}:")]
        assert len(found) == (0 if pattern is None else 1), (line, said)
        assert pattern is None or re.search(pattern, found[0]), (pattern, found)
    assert SECRET not in said, said
