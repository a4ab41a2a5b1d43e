# SPDX-License-Identifier: MIT
"""`socklet explain` says of a request, without a server, what a server then answers."""
import json
import re
import shlex

from client import upgrade
from host import ROOT, TEST_PLUGINS, Host, folder, placed, routes_text, socklet
from story import each

MOODY = """\
  - {path: "/m/{how}", plugin: moody, inject: {verdict: provider}}
providers:
  mood: {plugin: moody, inject: {level: {from: query, default: 5}}}
  verdict: {plugin: moody, inject: {mood: provider}}
"""


def explain(text, *words):
    with folder() as path:
        (path / "routes.yaml").write_text(text)
        done = socklet("explain", path / "routes.yaml", *words)
        said = done.stdout.replace(str(path), ".")
        return done, said


# The shipped files: file, URL, headers, status, what the report must hold.
SHIPPED = [
    ("echo", "conf/echo.yaml", "/ws", [], 0, ["/ws  plugin echo", "accepted: plugin echo has no connect"]),
    ("items", "conf/items.yaml", "/items/foo/ws?token=jessica&q=3", [], 0,
     ['token: str? from query = "jessica"', "session: str? from cookie is not set", 'it gave "jessica"',
      'item_id: str from path = "foo"', "q: int? from query = 3"]),
    ("items_cookie", "conf/items.yaml", "ws://localhost:8000/items/foo/ws", ["Cookie: session=abc"], 0,
     ['session: str? from cookie = "abc"', "q: int? from query is not set"]),
    ("items_nobody", "conf/routes.yaml", "/items/foo/ws", [], 1,
     ["it answered the request itself", "HTTP/1.1 403 Forbidden",
      '{"detail":"a session cookie or a token is required"}']),
    ("items_wrong", "conf/routes.yaml", "/items/foo/ws?token=t&q=three", [], 1,
     ["q: int? from query is wrong: Input should be a valid integer", '"loc":["query","q"]']),
    ("chat", "conf/chat.yaml", "/ws/7", [], 0,
     ["client_id: int from path = 7", "goes to connect of plugin chat"]),
    ("chat_wrong", "conf/routes.yaml", "/chat/ws/seven", [], 1, ['found "seven"', '"loc":["path","client_id"]']),
    ("mirror", "conf/mirror.yaml", "/", [], 0, ["/  plugin mirror"]),
    ("page", "conf/routes.yaml", "/chat", [], 1, ["/chat  file ", "HTTP/1.1 403 ", "This route serves no WebSocket"]),
    ("stranger", "conf/echo.yaml", "/ws", ["Origin: http://evil.example"], 1,
     ["HTTP/1.1 403 Forbidden", 'Origin \\"http://evil.example\\" is not that of host']),
    ("own_page", "conf/echo.yaml", "ws://example.org/ws", ["Origin: https://example.org"], 0, ["accepted"]),
    ("nothing", "conf/routes.yaml", "/nope", [], 1, ['no route has the path "/nope"', "HTTP/1.1 404 Not Found"]),
]


@each(SHIPPED)
def test_shipped_file(row):
    _, file, url, headers, status, wanted = row
    done, said = explain(placed(file), url, *(word for header in headers for word in ("-H", header)))
    assert done.returncode == status and not done.stderr, done
    missing = [words for words in wanted if words not in said]
    assert not missing, f"{missing} not in\n{said}"


REFUSED = ["/items/foo/ws", "/items/foo/ws?token=t&q=three", "/items/%00/ws?token=t&q=+", "/chat/ws/seven", "/chat", "/",
           "/nope"]


def test_a_server_answers_the_same():
    with Host("conf/routes.yaml") as host:
        for url in REFUSED:
            answer = upgrade(host.port, url)
            done, _ = explain(placed("conf/routes.yaml"), url, "--json")
            told = json.loads(done.stdout)["answer"]
            assert (told["status"], told["body"].encode()) == (answer.status, answer.body), f"{url}: {told}, {answer}"
            assert told["content_type"] == answer.header("content-type"), f"{url}: {told}, {answer}"


def test_as_json():
    done, _ = explain(placed("conf/routes.yaml"), "/items/foo/ws?q=3&token=t", "--json")
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert (told["outcome"], told["answer"]) == ("reaches the plugin", None), told
    assert told["route"]["path"] == "/items/{item_id}/ws", told
    provider, own = told["calls"]
    assert (provider["provider"], provider["state"], provider["result"]) == ("cookie_or_token", "called", "t"), told
    fields = {field["field"]: field for call in (provider, own) for field in call["fields"]}
    assert (fields["q"]["value"], fields["q"]["is"], fields["q"]["from"]) == (3, "value", "query"), told
    assert fields["session"]["is"] == "not set" and "value" not in fields["session"], told


@each([("crash", "crashed with signal 6"), ("exit", "ended the process with status 0")])
def test_a_provider_that_ends_the_process_is_a_message(row):
    how, words = row
    done, _ = explain(routes_text(MOODY, plugins=TEST_PLUGINS), f"/m/{how}?ratio=1")
    assert done.returncode == 1 and not done.stdout, done
    assert re.search(rf"provider mood {words}.*without start", done.stderr), done.stderr


def test_says_that_start_did_not_run():
    done, said = explain(routes_text(MOODY, plugins=TEST_PLUGINS), "/m/fine?ratio=1&level=2")
    assert done.returncode == 0 and "it gave 0" in said, done
    assert said.count("without `start` of its plugin moody") == 2, said


def test_a_file_with_mistakes_is_not_explained():
    done, _ = explain("routes:\n  - {path: /, plugin: nothing}\n", "/")
    assert done.returncode == 1 and re.search(r"routes\.yaml:2:\d+: ", done.stderr), done


@each([
    ("no_url", [], "a URL behind it"),
    ("no_path", ["ws"], "wanted a URL such as"),
    ("two", ["/a", "/b"], "one file and one URL only"),
    ("header_without_colon", ["/", "-H", "X-Token"], "wanted a header such as"),
    ("no_header", ["/", "-H"], "a header behind it"),
    ("other_option", ["/", "--listen", "127.0.0.1:0"], "an option that this command takes"),
    ("no_upgrade", ["/ws", "-H", "Upgrade: h2c"], "no WebSocket request"),
])
def test_wrong_use_is_status_2(row):
    _, words, wanted = row
    done, _ = explain(placed("conf/routes.yaml"), *words)
    assert done.returncode == 2 and wanted in done.stderr + done.stdout, done


EXAMPLE = re.compile(r"```sh\nbuild/host/socklet explain conf/routes\.yaml (.*)\n```\n\n```\n(.*?)```", re.S)


@each([("README.md",), ("plugins/README.md",)])
def test_example_of_the_documentation_is_what_it_prints(row):
    words, wanted = EXAMPLE.search((ROOT / row[0]).read_text()).groups()
    _, said = explain(placed("conf/routes.yaml"), *shlex.split(words))
    assert said.replace("./routes.yaml", "conf/routes.yaml") == wanted, said


def test_help_tells_of_it():
    done = socklet("--help")
    assert "socklet explain FILE URL" in done.stdout and "start, connect and request do not" in done.stdout, done.stdout
