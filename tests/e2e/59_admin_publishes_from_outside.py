# SPDX-License-Identifier: MIT
"""Other programs publish, ask and disconnect over HTTP, and mean the connections of all workers."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import urllib.error
import urllib.request

from client import BINARY, TEXT, Http, WebSocket, get, raw
from host import TEST_PLUGINS, Host, is_gone, routes_text, socklet, together, wait_until
from story import each

ROUTES = "  - {path: /t, plugin: gossip, limits: {queue: 64MiB}}\n"


@contextlib.contextmanager
def crew(admin="{listen: \"unix:admin.sock\"}", files=None):
    text = routes_text(ROUTES, plugins=TEST_PLUGINS, top=f"workers: 2\nadmin: {admin}\n")
    with Host(text=text, listeners=2, files=files) as host:
        host.admin = host.addresses[1][1] or host.addresses[1][0]
        yield host


@contextlib.contextmanager
def shared():
    with crew() as host:
        yield host


def joined(host, topic, other_than=None):
    """A member, and its worker's process: of another worker than `other_than`, if one is given."""
    while True:
        ws = WebSocket(host.port, "/t")
        ws.text("pid")
        pid = int(ws.recv()[1])
        if pid != other_than:
            ws.text(f"sub {topic}")
            ws.expect_text("ok")
            return ws, pid
        ws.drop()


def two_members(host, topic):
    one, pid = joined(host, topic)
    other, _ = joined(host, topic, pid)
    return one, other


def ask(host, target, method="GET", **more):
    return get(host.admin, target, method, **more)


def post(host, target, body=b"", headers=()):
    headers = [("Content-Length", str(len(body))), *headers]
    return ask(host, target, "POST", headers=headers, body=body)


def published(host, topic, body, headers=()):
    answer = post(host, f"/publish?topic={topic}", body, headers)
    assert answer.status == 200, answer
    return answer.json()


def members(host, topic):
    """By the port that each speaks from."""
    answer = ask(host, f"/members?topic={topic}").json()
    assert answer["workers"] == {"asked": 2, "answered": 2}, answer
    return {int(row["peer"].rpartition(":")[2]): row["id"] for row in answer["members"]}


def id_of(host, topic, ws):
    return members(host, topic)[ws.sock.getsockname()[1]]


# ---- publish


def test_members_of_all_workers_hear_it(host):
    both = two_members(host, "p/1")
    for text in ("\N{SNOWMAN}", "again"):
        assert published(host, "p/1", text.encode()) == {"topics": 1, "duplicate": False}
        for ws in both:
            ws.expect_text(text)


@each([("octets", "", "application/octet-stream", BINARY), ("with a parameter", "", "Application/Octet-Stream; x=1", BINARY),
       ("json", "", "application/json", TEXT), ("a form, as curl says", "", "application/x-www-form-urlencoded", TEXT),
       ("asked for text", "&type=text", "application/octet-stream", TEXT), ("asked for binary", "&type=binary", "text/plain", BINARY)])
def test_content_type_says_text_or_binary(host, row):
    name, query, kind, opcode = row
    body = json.dumps({"row": name, "list": [1, 2.5, None]}).encode()
    one, other = two_members(host, "kind")
    published(host, f"kind{query}", body, [("Content-Type", kind)])
    for ws in (one, other):
        ws.expect(opcode, body if opcode == BINARY else body.decode())
        ws.drop()


def test_any_bytes_as_binary_and_no_others_as_text(host):
    one, other = two_members(host, "bytes")
    body = bytes(range(256))
    published(host, "bytes&type=binary", body)
    for ws in (one, other):
        ws.expect(BINARY, body)
    answer = post(host, "/publish?topic=bytes", body)
    assert answer.status == 422 and "UTF-8" in answer.detail(), answer
    published(host, "bytes", b"")
    for ws in (one, other):
        ws.expect_text("")


def test_several_topics_at_once(host):
    one, other = joined(host, "m/a")[0], joined(host, "m/b/c")[0]
    answer = post(host, "/publish?topic=m/a&topic=m%2Fb%2Fc&topic=m/nobody", b"to all")
    assert answer.json()["topics"] == 3, answer
    for ws in (one, other):
        ws.expect_text("to all")


def test_up_to_the_limit_and_no_further(host):
    most = 1024 * 1024
    one, other = two_members(host, "big")
    with Http(host.admin) as http:
        chunked = b"".join(b"%x\r\n%s\r\n" % (most // 4, b"y" * (most // 4)) for _ in range(4))
        answer = http.request("/publish?topic=big", "POST", [("Transfer-Encoding", "chunked")], chunked + b"0\r\n\r\n")
        assert answer.status == 200, answer
        for ws in (one, other):
            ws.expect_text("y" * most)
        answer = http.request("/publish?topic=big", "POST", [("Content-Length", str(most))], b"x" * most)
        assert answer.status == 200, answer
    for ws in (one, other):
        ws.expect_text("x" * most)
    answer = ask(host, "/publish?topic=big", "POST", headers=[("Content-Length", str(most + 1))])
    assert answer.status == 413 and str(most) in answer.detail(), answer
    answer = ask(host, "/publish?topic=big", "POST", headers=[("Transfer-Encoding", "chunked")],
                 body=b"%x\r\n" % (most + 1))
    assert answer.status == 413, answer


def test_order_is_kept_on_one_connection(host):
    one, other = two_members(host, "order")
    with Http(host.admin) as http:
        for i in range(200):
            assert http.request("/publish?topic=order", "POST", [("Content-Length", "3")], b"%03d" % i).status == 200
    for ws in (one, other):
        ws.expect_text(*(f"{i:03}" for i in range(200)))


# ---- the same key


def test_the_same_key_is_published_once(host):
    one, other = two_members(host, "once")
    answers = []

    def attempt():
        answers.append(post(host, "/publish?topic=once", b"hello", [("Idempotency-Key", "order 66")]))

    together(*[attempt] * 20)
    kinds = [answer.json().get("duplicate") if answer.status == 200 else answer.status for answer in answers]
    assert kinds.count(False) == 1 and set(kinds) <= {False, True, 409}, kinds
    assert published(host, "once", b"again", [("Idempotency-Key", "order 66")])["duplicate"], "forgotten"
    assert not published(host, "once", b"other", [("Idempotency-Key", "order 67")])["duplicate"]
    for ws in (one, other):
        ws.expect_text("hello", "other")


def test_what_was_refused_does_not_use_up_a_key(host):
    key = [("Idempotency-Key", "k")]
    assert post(host, "/publish?topic=k", b"\xff", key).status == 422
    assert not published(host, "k", b"right", key)["duplicate"]


@each([("empty", ""), ("long", "x" * 256)])
def test_a_key_has_1_to_255_bytes(host, row):
    answer = post(host, "/publish?topic=k", b"", [("Idempotency-Key", row[1])])
    assert answer.status == 400 and "Idempotency-Key" in answer.detail(), answer


# ---- ask


def test_subscribers_of_all_workers_are_counted(host):
    assert ask(host, "/subscribers?topic=c/1").json() == {
        "topic": "c/1", "subscribers": 0, "workers": {"asked": 2, "answered": 2}}
    one, other = two_members(host, "c/1")
    one.text("sub c/+")
    one.expect_text("ok")
    assert ask(host, "/subscribers?topic=c/1").json()["subscribers"] == 2  # who matches twice is one
    assert ask(host, "/subscribers?topic=c/2").json()["subscribers"] == 1
    other.drop()
    wait_until(lambda: ask(host, "/subscribers?topic=c/1").json()["subscribers"] == 1, "the one that stayed")


def test_members_have_id_peer_and_route(host):
    one, other = two_members(host, "who")
    answer = ask(host, "/members?topic=who").json()
    assert answer["count"] == 2 and answer["topic"] == "who", answer
    peers = {f"127.0.0.1:{ws.sock.getsockname()[1]}" for ws in (one, other)}
    assert {row["peer"] for row in answer["members"]} == peers, answer
    assert {row["route"] for row in answer["members"]} == {"/t"}, answer
    assert len({row["id"] for row in answer["members"]}) == 2, answer


def test_health_status_and_metrics(host):
    assert ask(host, "/health").json() == {"status": "ok"}
    status = ask(host, "/status").json()
    assert [worker["worker"] for worker in status["workers"]] == [1, 2], status
    metrics = ask(host, "/metrics")
    assert metrics.header("content-type").startswith("text/plain; version=0.0.4"), metrics
    assert re.search(rb"^socklet_generation 1$", metrics.body, re.M), metrics.body
    assert ask(host, "/metrics", "HEAD").status == 200


# ---- disconnect


def test_one_connection_wherever_it_is(host):
    both = two_members(host, "d/1")
    for ws in both:
        number = id_of(host, "d/1", ws)
        answer = post(host, f"/disconnect?id={number}&code=4123&reason=too%20loud")
        assert answer.json()["disconnected"] == 1, answer
        ws.expect_close(4123, "too loud")
        assert post(host, f"/disconnect?id={number}").status == 404


def test_all_members_of_a_topic_behind_what_the_same_connection_published(host):
    both = two_members(host, "d/2")
    outside, _ = joined(host, "d/3")
    with Http(host.admin) as http:
        http.request("/publish?topic=d/2", "POST", [("Content-Length", "10")], b"last words")
        answer = http.request("/disconnect?topic=d/2", "POST")
    assert answer.json() == {"disconnected": 2, "workers": {"asked": 2, "answered": 2}}, answer
    for ws in both:
        ws.expect_text("last words")
        ws.expect_close(1000)
    outside.text("count d/3")
    outside.expect_text("1")
    assert post(host, "/disconnect?topic=d/2").json()["disconnected"] == 0


# ---- what is wrong


@each([("no such path", "GET", "/nope", 404), ("a route", "GET", "/t", 404), ("below a path", "GET", "/status/x", 404),
       ("publish with GET", "GET", "/publish?topic=a", 405), ("status with POST", "POST", "/status", 405),
       ("no topic", "POST", "/publish", 422), ("a wildcard", "POST", "/publish?topic=a/%2B", 422),
       ("an empty topic", "POST", "/publish?topic=", 422), ("a misspelled name", "POST", "/publish?topc=a", 422),
       ("another's name", "POST", "/publish?topic=a&id=1", 422), ("an unknown type", "POST", "/publish?topic=a&type=xml", 422),
       ("twice", "POST", "/publish?topic=a&type=text&type=text", 422),
       ("101 topics", "POST", "/publish?" + "&".join(f"topic={i}" for i in range(101)), 422),
       ("two topics to ask", "GET", "/subscribers?topic=a&topic=b", 422), ("none to ask", "GET", "/members", 422),
       ("nobody to disconnect", "POST", "/disconnect", 422), ("both", "POST", "/disconnect?id=1&topic=a", 422),
       ("id 0", "POST", "/disconnect?id=0", 422), ("no id", "POST", "/disconnect?id=-1", 422),
       ("a huge id", "POST", "/disconnect?id=" + "9" * 40, 422), ("code 1005", "POST", "/disconnect?id=1&code=1005", 422),
       ("code 999", "POST", "/disconnect?topic=a&code=999", 422), ("code 70000", "POST", "/disconnect?id=1&code=70000", 422),
       ("a long reason", "POST", "/disconnect?topic=a&reason=" + "x" * 124, 422),
       ("a reason with a zero", "POST", "/disconnect?topic=a&reason=a%00b", 422)])
def test_bad_requests_say_what_is_wrong(host, row):
    _, method, target, status = row
    answer = post(host, target) if method == "POST" else ask(host, target)
    assert answer.status == status and answer.detail(), answer
    if status == 405:
        assert answer.header("allow") == ("POST" if method == "GET" else "GET, HEAD"), answer


def test_a_packed_body_is_refused(host):
    answer = post(host, "/publish?topic=a", b"x", [("Content-Encoding", "gzip")])
    assert answer.status == 415, answer


def test_nobody_becomes_a_websocket_here_and_routes_serve_no_admin(host):
    answer = raw(host.admin, b"GET /t HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                             b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert answer.status == 404, answer
    assert get(host.port, "/health").status == 404


def test_a_client_that_leaves_early_harms_nobody(host):
    for target in ("/status", "/subscribers?topic=a", "/publish?topic=a"):
        for _ in range(20):
            http = Http(host.admin)
            method = "POST" if "publish" in target else "GET"
            body = "Content-Length: 9\r\nIdempotency-Key: early\r\n" if method == "POST" else ""
            http.send(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{body}\r\n".encode())
            http.drop()
    assert not published(host, "a", b"123456789", [("Idempotency-Key", "early")])["duplicate"]


def test_another_language_in_five_lines(host):
    """The curl of conf/README.md."""
    ws, _ = joined(host, "curl")
    done = subprocess.run(["curl", "-sS", "--unix-socket", str(host.admin), "--data-binary", "hello",
                           "http://localhost/publish?topic=curl"], capture_output=True, text=True, timeout=20)
    assert json.loads(done.stdout) == {"topics": 1, "duplicate": False}, done
    ws.expect_text("hello")


def test_routes_tells_of_it(host):
    said = socklet("routes", host.routes).stdout
    assert "listen unix:admin.sock, admin (no token, body 1048576 bytes, keys known for 300000 ms)" in said, said
    found = json.loads(socklet("routes", "--json", host.routes).stdout)[0]["listen"]
    assert [row.get("admin") for row in found] == [None, {"token": False, "body": 1048576, "remember": 300000}], found


# ---- workers and loads that come and go


def test_a_worker_that_dies_is_not_waited_for():
    with crew() as host:
        one, pid = joined(host, "x")
        other, _ = joined(host, "x", pid)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_gone(pid), "the worker's end")
        wait_until(lambda: ask(host, "/subscribers?topic=x").json() ==
                   {"topic": "x", "subscribers": 1, "workers": {"asked": 2, "answered": 2}}, "the others' answers")
        published(host, "x", b"still here")
        other.expect_text("still here")


def python_example(port, token, topic, message):
    """As in conf/README.md."""
    request = urllib.request.Request(
        f"http://127.0.0.2:{port}/publish?topic={topic}", data=message,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def bearer(*values):
    return [("Authorization", value) for value in values]


def at(host, target, headers=()):
    with Http(host.admin, address="127.0.0.2") as http:
        return http.request(target, headers=headers)


def test_a_token_is_wanted_and_never_told():
    admin = "{listen: \"127.0.0.2:0\", token: {file: token.txt}, body: 2KiB}"
    with crew(admin, {"token.txt": "old-secret\n"}) as host:
        ws, _ = joined(host, "t")
        assert at(host, "/health").status == 200
        for headers in (bearer(), bearer("Bearer wrong-guess"), bearer("Bearer old-secre"), bearer("Bearer old-secret2"),
                        bearer("Bearer "), bearer("Basic old-secret"), bearer("Bearer old-secret", "Bearer old-secret")):
            for target in ("/status", "/nope"):
                answer = at(host, target, headers)
                assert answer.status == 401 and answer.header("www-authenticate") == "Bearer", (headers, answer)
        assert at(host, "/status", bearer("bearer old-secret")).status == 200
        assert python_example(host.admin, "old-secret", "t", b"from python") == {"topics": 1, "duplicate": False}
        ws.expect_text("from python")
        try:
            python_example(host.admin, "old-secret", "t", b"x" * 2049)
            raise AssertionError("taken")
        except urllib.error.HTTPError as error:
            assert error.code == 413, error
        (pathlib.Path(host.routes).parent / "token.txt").write_text("# two at a time\nnew-secret\nold-secret\n")
        host.reload()
        for token in ("new-secret", "old-secret"):
            assert at(host, "/status", bearer(f"Bearer {token}")).status == 200
        assert "secret" not in host.log and "wrong-guess" not in host.log, host.log
        with Http(host.admin, address="127.0.0.2") as stays:
            assert stays.request("/health").status == 200
            host.write(host.routes.read_text().replace("admin: ", "# "))
            host.reload()
            for headers in (bearer(), bearer("Bearer new-secret")):
                assert stays.request("/status", headers=headers).status == 404
        ws.text("count t")
        ws.expect_text("1")
        assert get(host.port, "/health").status == 404
