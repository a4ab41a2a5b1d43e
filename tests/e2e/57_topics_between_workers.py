# SPDX-License-Identifier: MIT
"""Topics are one for all workers: each hears what the others publish, in order, and hears of what was lost."""
import contextlib
import os
import re
import signal

from client import WebSocket
from host import TEST_PLUGINS, Host, is_gone, routes_text, together, wait_until

ROUTES = "  - {path: /t, plugin: gossip, limits: {queue: 64MiB}}\n"


@contextlib.contextmanager
def crew(count=2, top=""):
    text = routes_text(ROUTES, plugins=TEST_PLUGINS, top=f"workers: {count}\n{top}")
    with Host(text=text) as host:
        yield host


@contextlib.contextmanager
def shared():
    with crew() as host:
        yield host


def says(ws, order, *answers):
    ws.text(order)
    ws.expect_text(*(answers or ("ok",)))


def joined(host, pid=None):
    """A connection, and the worker that it is with: of another worker than `pid`, if one is given."""
    while True:
        ws = WebSocket(host.port, "/t")
        ws.text("pid")
        ours = int(ws.recv()[1])
        if ours != pid:
            return ws, ours
        ws.drop()


def two_workers(host):
    one, first = joined(host)
    other, second = joined(host, first)
    return one, first, other, second


def test_each_hears_the_others(host):
    one, _, other, _ = two_workers(host)
    says(one, "sub a/+")
    says(other, "sub a/1")
    says(one, "pub a/1 from one", "from one", "ok")
    other.expect_text("from one")
    says(other, "pub a/1 from other", "from other", "ok")
    one.expect_text("from other")
    says(other, "tick a/2")
    one.expect_text("tick", "tock")
    one.drop()
    other.drop()


def test_own_messages_are_left_out_nowhere_else(host):
    one, _, other, _ = two_workers(host)
    says(one, "sub! b")
    says(other, "sub! b")
    says(one, "pub b x")
    other.expect_text("x")
    says(other, "pub b y")
    one.expect_text("y")
    one.drop()
    other.drop()


def test_order_is_kept_for_each_publisher(host):
    one, first, other, _ = two_workers(host)
    third, _ = joined(host, first)
    says(third, "sub c/+")
    together(*[lambda ws=ws, name=name: [says(ws, f"pub c/{name} {name}{n}") for n in range(300)]
               for ws, name in ((one, "a"), (other, "b"))])
    heard = [third.recv()[1].decode() for _ in range(600)]
    for name in "ab":
        assert [text for text in heard if text[0] == name] == [f"{name}{n}" for n in range(300)], heard
    for ws in (one, other, third):
        ws.drop()


def test_a_large_message_crosses(host):
    one, _, other, _ = two_workers(host)
    says(one, "sub d")
    says(other, f"many d 3 {3 << 20}", "taken 3")
    for _ in range(3):
        assert len(one.recv()[1]) == 3 << 20
    one.drop()
    other.drop()


def test_who_leaves_is_heard_elsewhere(host):
    one, _, other, _ = two_workers(host)
    says(one, "sub e")
    says(other, "bye e")
    other.reset()
    one.expect_text("bye")
    one.drop()


def test_a_worker_that_stands_still_loses_and_is_told():
    with crew(top="topics: {queue: 256KiB}\n") as host:
        one, first, other, _ = two_workers(host)
        says(one, "sub f/+")
        says(one, "sub other")
        os.kill(first, signal.SIGSTOP)
        sent = 0
        try:
            for number in range(400):
                says(other, f"many f/{number % 2} 1 10000", "taken 1")
                sent += 1
            host.wait_log(r"topics: worker \d does not keep up: \d+ messages to it were lost")
        finally:
            os.kill(first, signal.SIGCONT)
        heard, lost = 0, 0
        while heard + lost < sent:
            text = one.recv()[1].decode()
            if text.startswith("lost "):
                assert re.fullmatch(r"lost f/[01] \d+", text), text
                lost += int(text.split()[2])
            else:
                assert lost == 0, "a message came before the news of those lost earlier"
                heard += 1
        assert heard > 0 and lost > 0 and heard + lost == sent, (heard, lost, sent)
        says(other, "pub other after")
        one.expect_text("after")
        one.drop()
        other.drop()


def test_what_a_worker_published_before_it_died_arrives():
    with crew() as host:
        one, first, other, second = two_workers(host)
        says(one, "sub g")
        says(other, "many g 200 1000", "taken 200")
        says(other, "count g", "0")  # the turn of the publishes is over: the hub has them
        os.kill(second, signal.SIGKILL)
        for number in range(200):
            assert one.recv()[1].decode().startswith(f"{number} ")
        wait_until(lambda: is_gone(second) and len(host.workers()) == 2, "a successor")
        fresh, _ = joined(host, first)
        says(fresh, "sub g")
        says(one, "pub g hello again", "hello again", "ok")
        fresh.expect_text("hello again")
        one.drop()
        fresh.drop()


def test_more_workers_hear_at_once():
    with crew(1) as host:
        one, first = joined(host)
        says(one, "sub h")
        host.write(host.routes.read_text().replace("workers: 1", "workers: 3"))
        host.reload()
        wait_until(lambda: len(host.workers()) == 3, "three workers")
        other, _ = joined(host, first)
        says(other, "sub h")
        says(other, "pub h up", "up", "ok")
        one.expect_text("up")
        says(one, "pub h down", "down", "ok")
        other.expect_text("down")
        one.drop()
        other.drop()
