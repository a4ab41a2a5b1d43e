# SPDX-License-Identifier: MIT
"""Who is present in a topic is known in all workers, and told: also when a worker dies or code is replaced."""
import contextlib
import json
import os
import signal

from author import compile_to
from client import TEXT, Http, WebSocket
from host import TEST_PLUGINS, Host, folder, is_gone, routes_text, wait_until
from story import each

ROUTES = "  - {path: /t, plugin: gossip}\n"


@contextlib.contextmanager
def crew(count=2):
    top = f"workers: {count}\nadmin: {{listen: \"unix:admin.sock\"}}\n"
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS, top=top), listeners=2) as host:
        yield host


@contextlib.contextmanager
def shared():
    with crew() as host:
        yield host


def says(ws, order):
    ws.text(order)
    ws.expect_text("ok")


def joined(host, other_than=None):
    """A connection and its worker's process: of another worker than `other_than`, if one is given."""
    while True:
        ws = WebSocket(host.port, "/t")
        ws.text("pid")
        pid = int(ws.recv()[1])
        if pid != other_than:
            return ws, pid
        ws.drop()


def watching(host, topic, other_than=None):
    ws, pid = joined(host, other_than)
    says(ws, f"sub $presence/{topic}")
    return ws, pid


def notice(ws):
    opcode, text = ws.recv()
    assert opcode == TEXT, (opcode, text)
    return json.loads(text)


def expect_notice(ws, event, topic, label):
    found = notice(ws)
    assert (found["event"], found["topic"], found["label"]) == (event, topic, label), found
    return found["id"]


def present(host, topic):
    with Http(host.addresses[1][0]) as http:
        answer = http.request(f"/present?topic={topic}").json()
    assert answer["count"] == len(answer["members"]) and answer["topic"] == topic, answer
    return sorted(row["label"] for row in answer["members"])


def test_everybody_in_all_workers_is_listed(host):
    one, pid = joined(host)
    other, _ = joined(host, pid)
    for ws in (one, other):
        says(ws, "here a/b ann \N{SNOWMAN}")
    wait_until(lambda: present(host, "a/b") == ["ann \N{SNOWMAN}"] * 2, "both in the list")
    other.drop()
    wait_until(lambda: present(host, "a/b") == ["ann \N{SNOWMAN}"], "the one that stayed")


def test_a_notice_says_who_and_where(host):
    one, pid = watching(host, "n")
    other, _ = joined(host, pid)
    says(other, "here n bob")
    number = expect_notice(one, "join", "n", "bob")
    says(other, "here n bob")  # nothing new
    says(other, "here n rob")
    assert expect_notice(one, "leave", "n", "bob") == number
    assert expect_notice(one, "join", "n", "rob") == number
    says(other, "gone n")
    assert expect_notice(one, "leave", "n", "rob") == number
    says(other, "gone n")
    says(other, "here n eve")
    expect_notice(one, "join", "n", "eve")
    other.drop()
    assert expect_notice(one, "leave", "n", "eve") == number


def test_the_list_comes_to_who_asks(host):
    one, pid = joined(host)
    other, _ = joined(host, pid)
    says(one, "here l x")
    says(other, "here l y")
    says(other, "here l/deeper z")
    wait_until(lambda: present(host, "l") == ["x", "y"], "both in the list")
    says(one, "who l")
    found = notice(one)
    assert found["event"] == "present" and found["count"] == 2, found
    assert sorted(row["label"] for row in found["members"]) == ["x", "y"], found
    says(one, "who nobody/here")
    assert notice(one) == {"event": "present", "topic": "nobody/here", "count": 0, "members": []}


def test_wildcards_hear_no_notices_unless_they_ask_for_them(host):
    all_, _ = joined(host)
    for pattern in ("#", "+/w"):
        says(all_, f"sub {pattern}")
    asked, _ = watching(host, "#")
    ws, _ = joined(host)
    says(ws, "here w x")
    expect_notice(asked, "join", "w", "x")
    says(ws, "pub w plain")
    all_.expect_text("plain")


@each([("a wildcard", "here a/+ x"), ("ten levels", "here 1/2/3/4/5/6/7/8/9/10 x"), ("a long topic", "here " + "x" * 246 + " y"),
       ("a long label", "here a " + "x" * 256), ("who of a wildcard", "who #")])
def test_what_cannot_be_is_refused(host, row):
    ws, _ = joined(host)
    ws.text(row[1])
    assert ws.recv()[1] != b"ok", row


def test_a_reload_keeps_who_is_there(host):
    ws, _ = joined(host)
    says(ws, "here r stays")
    wait_until(lambda: present(host, "r") == ["stays"], "the one")
    host.write(host.routes.read_text() + "  - {path: /more, plugin: gossip}\n")
    host.reload()
    says(ws, "here r2 stays")
    wait_until(lambda: present(host, "r2") == ["stays"], "the one")
    assert present(host, "r") == ["stays"]


def test_who_goes_with_a_worker_is_told_by_another():
    with crew() as host:
        watcher, pid = watching(host, "k")
        victim, doomed = joined(host, pid)
        says(victim, "here k first")
        expect_notice(watcher, "join", "k", "first")
        says(victim, "here k/other second")
        watcher.text("here k stays")
        expect_notice(watcher, "join", "k", "stays")
        watcher.expect_text("ok")
        os.kill(doomed, signal.SIGKILL)
        expect_notice(watcher, "leave", "k", "first")
        wait_until(lambda: is_gone(doomed), "its end")
        wait_until(lambda: present(host, "k") == ["stays"] and present(host, "k/other") == [], "those that are left")
        again, _ = joined(host, pid)
        says(again, "here k first")
        expect_notice(watcher, "join", "k", "first")


def test_one_worker_alone_knows_it_too():
    with crew(1) as host:
        ws, pid = watching(host, "one")
        says_join = WebSocket(host.port, "/t")
        says(says_join, "here one x")
        expect_notice(ws, "join", "one", "x")
        assert present(host, "one") == ["x"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_gone(pid), "its end")
        wait_until(lambda: present(host, "one") == [], "nobody")


TAKEN_OVER = """
#include <socklet.h>
static int connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	return sl_present(conn, "h", "of VERSION");
}
static int message(struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	sl_present(conn, "h", message->data.len ? "seen by VERSION" : NULL);
	return sl_sendf(conn, "VERSION");
}
static int take(struct sl_conn *conn, const void *state, uint32_t layout, size_t size, void *own)
{
	(void)conn, (void)state, (void)layout, (void)size, (void)own;
	return SL_OK;
}
SL_PLUGIN(taken, sl_no_args, .connect = connect, .message = message, .layout = 1, .hand_over = take);
"""


def test_newer_code_takes_over_who_is_there():
    with folder() as plugins:
        compile_to(plugins / "taken.so", TAKEN_OVER.replace("VERSION", "one"), "-w")
        text = routes_text("  - {path: /t, plugin: taken}\n", plugins=plugins,
                           top="workers: 2\nadmin: {listen: \"unix:admin.sock\"}\n")
        with Host(text=text, listeners=2) as host, WebSocket(host.port, "/t") as ws:
            wait_until(lambda: present(host, "h") == ["of one"], "the one")
            compile_to(plugins / "taken.so", TAKEN_OVER.replace("VERSION", "two"), "-w")
            host.reload()
            assert present(host, "h") == ["of one"]
            ws.text("hello")
            ws.expect_text("two")
            wait_until(lambda: present(host, "h") == ["seen by two"], "the newer label")
            ws.drop()
            wait_until(lambda: present(host, "h") == [], "nobody")
