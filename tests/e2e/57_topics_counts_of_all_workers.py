# SPDX-License-Identifier: MIT
"""sl_subscribers counts the connections of all workers, and says the same whichever worker is asked."""
import contextlib
import os
import signal

from client import WebSocket
from host import TEST_PLUGINS, Host, routes_text, wait_until

ROUTES = "  - {path: /t, plugin: gossip, limits: {queue: 64MiB}}\n"


@contextlib.contextmanager
def crew(count=3, top=""):
    text = routes_text(ROUTES, plugins=TEST_PLUGINS, top=f"workers: {count}\n{top}")
    with Host(text=text) as host:
        yield host


@contextlib.contextmanager
def shared():
    with crew() as host:
        yield host


def says(ws, order, answer="ok"):
    ws.text(order)
    ws.expect_text(answer)


def count(ws, topic):
    ws.text(f"count {topic}")
    return int(ws.recv()[1])


def joined(host, *others):
    """A connection, and the worker that it is with: none of `others`."""
    while True:
        ws = WebSocket(host.port, "/t")
        ws.text("pid")
        pid = int(ws.recv()[1])
        if pid not in others:
            return ws, pid
        ws.drop()


def one_of_each(host, workers=3):
    """A connection for each worker: by the worker."""
    all_ = {}
    while len(all_) < workers:
        ws, pid = joined(host, *all_)
        all_[pid] = ws
    return all_


def all_count(connections, topic, wanted):
    """Each of them, soon."""
    def counts():
        return [count(ws, topic) for ws in connections]
    try:
        wait_until(lambda: set(counts()) == {wanted}, f"{wanted} subscriptions of {topic} everywhere")
    except AssertionError as error:
        raise AssertionError(f"{topic}: found {counts()}, wanted {wanted}") from error


def set_workers(host, before, after):
    host.write(host.routes.read_text().replace(f"workers: {before}", f"workers: {after}"))
    host.reload()
    wait_until(lambda: len(host.workers()) == after, f"{after} workers")


def test_all_are_counted_everywhere(host):
    a, b, c = one_of_each(host).values()
    everyone = (a, b, c)
    for number, ws in enumerate(everyone, 1):
        says(ws, "sub all/1")
        assert count(ws, "all/1") >= 1, "one's own counts at once"
        all_count(everyone, "all/1", number)
    says(b, "sub all/1")  # it had that already
    says(b, "sub all/2")
    all_count(everyone, "all/2", 1)
    all_count(everyone, "all/1", 3)
    says(a, "unsub all/1")
    all_count(everyone, "all/1", 2)
    c.drop()
    all_count((a, b), "all/1", 1)
    assert count(a, "all/#") == 0, "a filter is no name"
    a.drop()
    b.drop()


def test_wildcards_count_by_each_filter(host):
    a, b, c = one_of_each(host).values()
    says(a, "sub w/+")
    says(b, "sub w/#")
    says(b, "sub w/1")
    says(c, "sub #")
    all_count((a, b, c), "w/1", 4)
    all_count((a, b, c), "w/2", 3)
    all_count((a, b, c), "w", 2)
    says(c, "unsub #")
    all_count((a, b, c), "w/1", 3)
    for ws in (a, b, c):
        ws.drop()


def test_many_of_one_turn_are_all_told(host):
    a, b, c = one_of_each(host).values()
    for number in range(1000):
        a.text(f"sub many/{number}")
    for number in range(1000):
        a.expect_text("ok")
    all_count((b, c), "many/0", 1)
    all_count((b, c), "many/999", 1)
    a.reset()
    all_count((b, c), "many/0", 0)
    all_count((b, c), "many/999", 0)
    b.drop()
    c.drop()


def test_a_dead_worker_counts_no_more_and_a_new_one_knows_all():
    with crew() as host:
        workers = one_of_each(host)
        first, second, doomed = workers
        for ws in workers.values():
            says(ws, "sub k/1")
            says(ws, "sub k/+")
        all_count(workers.values(), "k/1", 6)
        os.kill(doomed, signal.SIGKILL)
        all_count((workers[first], workers[second]), "k/1", 4)
        wait_until(lambda: len(host.workers()) == 3 and doomed not in host.workers(), "a successor")
        fresh, _ = joined(host, first, second)
        all_count((fresh,), "k/1", 4)
        says(fresh, "sub k/1")
        all_count((fresh, workers[first], workers[second]), "k/1", 5)
        for ws in (fresh, workers[first], workers[second]):
            ws.drop()


def test_a_worker_that_stood_still_catches_up():
    with crew(2, "topics: {queue: 256KiB}\n") as host:
        (first, one), (_, other) = one_of_each(host, 2).items()
        says(other, "sub s/gone")
        all_count((one,), "s/gone", 1)
        os.kill(first, signal.SIGSTOP)
        try:
            for _ in range(200):
                says(other, "many s/lost 1 10000", "taken 1")
            host.wait_log(r"topics: worker \d does not keep up")
            says(other, "unsub s/gone")
            says(other, "sub s/new")
            says(other, "count s/gone", "0")
        finally:
            os.kill(first, signal.SIGCONT)
        all_count((one, other), "s/new", 1)
        all_count((one, other), "s/gone", 0)
        one.drop()
        other.drop()


def test_more_and_fewer_workers():
    with crew(1, "stop: {deadline: 200ms}\n") as host:
        one, first = joined(host)
        says(one, "sub r/1")
        says(one, "count r/1", "1")
        set_workers(host, 1, 3)
        workers = one_of_each(host)
        for ws in workers.values():
            all_count((ws,), "r/1", 1)
        for ws in workers.values():
            says(ws, "sub r/1")
        all_count((one, *workers.values()), "r/1", 4)
        workers.pop(first).drop()
        all_count((one, *workers.values()), "r/1", 3)
        set_workers(host, 3, 1)
        all_count((one,), "r/1", 1)
        for ws in workers.values():
            ws.drop()
        one.drop()
