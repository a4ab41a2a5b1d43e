# SPDX-License-Identifier: MIT
"""`socklet check` reports every mistake at once with its place and a hint; `socklet routes` lists them."""
import json
import os
import re
import shutil
import subprocess

from host import PLUGINS, ROOT, SOCKLET, environment, folder, placed, routes_text, socklet
from story import each

# line: what stands there, and a pattern its complaint must match.
WRONG = [
    ("listen: 127.0.0.1:99999", r"99999|port"),
    ("plugins: PLUGINS", None),
    ("worksers: 2", r"worksers.*did you mean .?workers"),
    ("limits: {message: 64KB!, idle: 5 parsecs}", r"64KB!"),
    ("routes:", None),
    ("  - path: /one", r"(plugin|file|dir)"),                    # says not what serves it
    ("  - path: ws", r"'/' at its start"),
    ("    plugin: echo", None),
    ("  - path: /two/{id", r"brace|\}"),
    ("    plugin: echo", None),
    ("  - path: /three/{id:integer}", r"integer.*(did you mean|int)"),
    ("    plugin: echo", None),
    ("  - path: /four", None),
    ("    plugin: ecco", r"ecco"),
    ("  - path: /five", None),
    ("    plugin: echo", None),
    ("    plugin: chat", r"plugin.*twice|duplicate"),
    ("  - path: /six", None),
    ("    file: no/such/page.html", r"no/such/page\.html"),
    ("  - path: /seven/{item_id}", None),
    ("    plugin: items", None),
    ("    inject: {itm_id: path, q: {from: qurey}}", r"itm_id.*did you mean .?item_id"),
    ("  - path: /eight", None),
    ("    plugin: echo", None),
    ("  - path: /eight", r"/eight.*(line \d+|:\d+)"),
    ("    plugin: echo", None),
    ("  - path: /nine", None),
    ("    plugin: chat", None),
    ("    inject: {client_id: path}", r"client_id.*no \{client_id\}"),
    ("    ping: {interval: -1s}", r"-1s"),
]


def check(text):
    with folder() as path:
        file = path / "routes.yaml"
        file.write_text(text.replace("PLUGINS", str(PLUGINS)))
        done = socklet("check", file)
        return done, (done.stdout + done.stderr).replace(str(file), "routes.yaml")


def test_every_mistake_is_reported_at_once_with_its_place():
    done, said = check("\n".join(line for line, _ in WRONG) + "\n")
    assert done.returncode == 1, done
    by_line = {}
    for found in re.finditer(r"^routes\.yaml:(\d+):(\d+): (.*)$", said, re.M):
        by_line.setdefault(int(found[1]), []).append(found[3])
    missing = []
    for number, (line, pattern) in enumerate(WRONG, 1):
        texts = by_line.get(number, [])
        if pattern and not any(re.search(pattern, text) for text in texts):
            missing.append(f"line {number}, {line!r}: wanted /{pattern}/, got {texts}")
        if not pattern and texts:
            missing.append(f"line {number}, {line!r}: is right, but {texts}")
    assert not missing, "\n".join(missing) + f"\nall of it:\n{said}"


@each([
    ("broken_yaml", "listen: [127.0.0.1:0\nroutes: {\n", r"routes\.yaml:\d+:\d+: "),
    ("tab", "listen:\n\t- 127.0.0.1:0\n", r"routes\.yaml:2:"),
    ("empty", "", r"routes"),
    ("only_a_text", "hello\n", r"routes\.yaml:1:1: "),
    ("list_at_the_top", "- path: /\n", r"routes\.yaml:1:1: "),
    ("binary", "\0\1\2", r"routes\.yaml"),
    ("two_documents", "routes: []\n---\nroutes: []\n", r"routes\.yaml"),
    ("no_routes", "listen: 127.0.0.1:0\nplugins: PLUGINS\n", r"routes"),
    ("deep", "a: " + "[" * 2000 + "]" * 2000 + "\n", r"routes\.yaml"),
    ("anchors_that_explode", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi"))
     + "routes: *i\n", r"routes\.yaml"),
])
def test_file_that_is_no_route_map(row):
    _, text, pattern = row
    done, said = check(text)
    assert done.returncode == 1 and re.search(pattern, said), said


@each([(path.name, path) for path in sorted((ROOT / "conf").glob("*.yaml"))] or [("none", None)])
def test_shipped_file_is_right(row):
    assert row[1], "conf/ holds no route map"
    done, said = check(placed(row[1]))
    assert done.returncode == 0, said


def test_page_that_may_not_be_read_is_reported():
    with folder() as path:  # with a program of its own, as this user may not reach ours
        shutil.copy(SOCKLET, path / "socklet")
        (path / "page.html").write_text("secret")
        (path / "page.html").chmod(0)
        (path / "routes.yaml").write_text("listen: [127.0.0.1:0]\nroutes:\n  - {path: /, file: page.html}\n")
        path.chmod(0o755)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        result = subprocess.run([path / "socklet", "check", path / "routes.yaml"], capture_output=True,
                                text=True, timeout=30, env=environment(), **nobody)
        assert result.returncode == 1, result
        assert re.search(r"routes.yaml:3:21: cannot read .*page.html.*: Permission denied", result.stderr), result


def test_run_refuses_what_check_refuses():
    with folder() as path:
        (path / "routes.yaml").write_text("routes:\n  - {path: /, plugin: nothing}\n")
        done = socklet("run", path / "routes.yaml", "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and "nothing" in done.stderr, done
        assert re.search(r"routes\.yaml:2:\d+: ", done.stderr), done.stderr


def routes_of(file, *options):
    with folder() as path:
        (path / "routes.yaml").write_text(placed(file))
        return socklet("routes", path / "routes.yaml", *options)


def test_routes_lists_what_a_person_wants_to_know():
    done = routes_of("conf/routes.yaml")
    assert done.returncode == 0, done
    for words in (("/ws", "echo"), ("/items/{item_id}/ws", "items", "q", "cookie_or_token"),
                  ("/chat/ws/{client_id}", "chat", "client_id")):
        assert all(word in done.stdout for word in words), f"{words}:\n{done.stdout}"


def test_routes_as_json():
    done = routes_of("conf/routes.yaml", "--json")
    assert done.returncode == 0, done
    listed = json.loads(done.stdout)
    routes = {route["path"]: route for route in (listed["routes"] if isinstance(listed, dict) else listed)}
    assert (routes["/ws"]["serves"], routes["/ws"]["target"]) == ("plugin", "echo"), listed
    assert routes["/"]["serves"] == "file", listed
    fields = {field["field"]: field for call in routes["/items/{item_id}/ws"]["calls"] for field in call["fields"]}
    assert fields["item_id"]["from"] == "path" and fields["session"]["from"] == "cookie", listed


def test_routes_say_whose_claim_a_field_takes():
    said = routes_of("conf/login.yaml").stdout
    assert "    calls session (jwt)\n    user: str from claim sub of session\n" in said, said


WEB = """\
hosts: example.org
proxies: [10.0.0.0/8, unix]
headers: {X-One: "1"}
"""
WEB_ROUTES = """\
  - {path: /ws, plugin: echo, origins: "https://*.example.org", subprotocols: [b, a], require_subprotocol: true}
  - {path: "/old/{x}", redirect: "/new/{x}", status: 308, headers: {X-Two: "2"}}
  - {path: /here, dir: ., cache_control: no-cache}
"""


def test_routes_say_who_may_connect_and_what_answers_say():
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(WEB_ROUTES, PLUGINS, WEB))
        said = socklet("routes", path / "routes.yaml").stdout
        listed = json.loads(socklet("routes", path / "routes.yaml", "--json").stdout)
    for line in ("hosts: example.org", "proxies: 10.0.0.0/8 unix", "    origins: https://*.example.org",
                 "    subprotocols, required: b a", "    status: 308", "    header X-Two: 2", "    cache_control: no-cache"):
        assert line in said.splitlines(), said
    socket, redirect, files = listed
    assert (socket["origins"], socket["subprotocols"], socket["require_subprotocol"]) == (
        ["https://*.example.org"], ["b", "a"], True), socket
    assert socket["hosts"] == ["example.org"] and socket["proxies"] == ["10.0.0.0/8", "unix"], socket
    assert (redirect["serves"], redirect["target"], redirect["status"]) == ("redirect", "/new/{x}", 308), redirect
    assert redirect["headers"] == {"X-One": "1", "X-Two": "2"} and files["cache_control"] == "no-cache", listed
