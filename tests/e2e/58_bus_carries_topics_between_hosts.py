# SPDX-License-Identifier: MIT
"""By whatever driver: what one host publishes, the members on the others hear once, in order, or hear that it was lost."""
import contextlib
import os
import re
import signal
import time

from broker import DRIVERS, Listener, Traffic, bus_rows, connect_through, hosts, joined, plugins_of, running, says, wait_bus
from client import BINARY, Late, WebSocket
from host import Host, routes_text, socklet, wait_until
from story import each


@contextlib.contextmanager
def two_hosts(row, **how):
    with running(row[1]) as broker, hosts(broker, **how) as (one, other):
        yield broker, one, other


@contextlib.contextmanager
def three_peers(row, topic, **how):
    """A listener on one host, who is known to the broker, and a speaker on each."""
    with two_hosts(row, **how) as (broker, one, other), joined(one) as listener, joined(one) as near, \
            joined(other) as far:
        says(listener, f"sub {topic}")
        connect_through(far, [listener], topic.replace("+", "x").replace("#", "x/y"))
        yield broker, listener, near, far


@each(DRIVERS)
def test_members_hear_other_hosts_once(row):
    """Two workers each: a message comes by the broker to both, and by the hub to none."""
    with two_hosts(row, workers=2) as (_, one, other):
        members = [joined(host) for host in (one, other) for _ in range(6)]
        with joined(one) as near, joined(other) as far:
            for ws in members:
                says(ws, "sub a/b")
            connect_through(far, members[:6], "a/b")
            connect_through(near, members[6:], "a/b")
            drain(members, near)
            for number in range(20):
                says(near if number % 2 else far, f"pub a/b {number}")
            for ws in members:
                heard = [int(ws.recv()[1]) for _ in range(20)]
                for parity in (0, 1):
                    assert [n for n in heard if n % 2 == parity] == list(range(parity, 20, 2)), heard
            for ws in members:
                ws.drop()


def drain(members, speaker):
    """What came of the probes of the others."""
    says(speaker, "pub a/b end")
    for ws in members:
        while ws.recv()[1] != b"end":
            pass


@each([(f"{name} {pattern}", driver, pattern, hit, miss) for name, driver in DRIVERS
       for pattern, hit, miss in (("r/+", "r/1", "r/1/2"), ("r/#", "r/1/2", "s/1"), ("+/b/+", "a/b/c", "a/b"), ("#", "x", None),
                                  ("q/[a]*?", "q/[a]*?", "q/a"))])
def test_wildcards_match_as_on_one_host(row):
    _, _, pattern, hit, miss = row
    with two_hosts(row) as (_, one, other), joined(one) as listener, joined(other) as far:
        says(listener, f"sub {pattern}")
        connect_through(far, [listener], hit)
        if miss:
            says(far, f"pub {miss} wrong")
        says(far, f"pub {hit} right")
        listener.expect_text("right")


@each(DRIVERS)
def test_who_matches_twice_hears_once(row):
    with three_peers(row, "w/1") as (_, listener, _, far):
        says(listener, "sub w/+")
        says(listener, "sub w/#")
        for number in range(50):
            says(far, f"pub w/1 {number}")
            listener.expect_text(str(number))
        says(listener, "unsub w/1")
        says(far, "pub w/1 still")
        listener.expect_text("still")


@each(DRIVERS)
def test_bytes_of_all_values_and_sizes_arrive(row):
    with three_peers(row, "big") as (_, listener, _, far):
        for size in (0, 1, 255, 4096, 8001, row[1].message_max):
            says(far, f"bytes big {size}")
            wanted = bytes((i * 7 + i // 256) & 255 for i in range(size))
            assert listener.recv(timeout=60) == (BINARY, wanted), size


@each(DRIVERS)
def test_order_is_kept_in_a_flood(row):
    """More than a turn, of more than one topic, beside local traffic."""
    with three_peers(row, "f/+") as (_, listener, near, far):
        for number in range(30):
            far.text(f"many f/{number % 3} 50 100")
            near.text("many f/near 5 10")
        wanted = {topic: [*range(50)] * 10 for topic in range(3)}
        heard = [listener.recv(timeout=60)[1] for _ in range(30 * 55)]
        far_ones = [int(text.split(b" ")[0]) for text in heard if len(text) == 100]
        assert sorted(far_ones) == sorted(sum(wanted.values(), [])), len(far_ones)
        assert far_ones == [*range(50)] * 30, far_ones


@each(DRIVERS)
def test_a_thousand_topics(row):
    with two_hosts(row) as (_, one, other), joined(one) as listener, joined(other) as far:
        for number in range(1000):
            listener.text(f"sub t/{number}")
        for _ in range(1000):
            listener.expect_text("ok")
        connect_through(far, [listener], "t/999")
        for number in range(1000):
            far.text(f"pub t/{number} {number}")
        listener.expect_text(*map(str, range(1000)))


@each(DRIVERS)
def test_a_broker_that_dies_under_traffic(row):
    """Local members notice nothing; what crosses is heard or counted, and nothing is lost while all is up."""
    with two_hosts(row) as (broker, one, other), joined(one) as near, joined(one) as listener, joined(other) as far:
        says(listener, "sub d")
        connect_through(far, [listener], "d")
        traffic, ears = Traffic(far, "d"), Listener(listener)
        ears.until(50)
        assert ears.heard == [*range(len(ears.heard))] and ears.lost == 0, (ears.heard, ears.lost)
        first = len(ears.heard)
        broker.kill()
        for host in (one, other):
            wait_bus(host, "down")
            host.wait_log(rf"bus: {broker.name} is down: ")
        says(near, "sub local")
        says(near, "pub local still", "still", "ok")
        broker.start()
        for host in (one, other):
            wait_bus(host, "up")
        ears.until(traffic.sent)
        last = ears.heard[-1]
        ears.until(last + 50)
        traffic.stop()
        ears.until(traffic.sent - 1)
        assert ears.heard == sorted(set(ears.heard)), "out of order, or twice"
        assert len(ears.heard) + ears.lost == traffic.sent, (len(ears.heard), ears.lost, traffic.sent)
        missing = set(range(traffic.sent)) - set(ears.heard)
        assert all(first <= number < last for number in missing), (first, last, sorted(missing))
        counts = bus_rows(one)[0]
        assert counts["lost"] == ears.lost, (counts, ears.lost)
        assert bus_rows(other)[0]["dropped"] == 0, bus_rows(other)
        for host in (one, other):
            assert len(re.findall(rf"bus: {broker.name} is up: ", host.log)) == 2, host.log


@each(DRIVERS)
def test_who_comes_while_the_broker_is_away_is_served_after(row):
    with two_hosts(row) as (broker, one, other), joined(one) as listener, joined(other) as far:
        broker.kill()
        for host in (one, other):
            wait_bus(host, "down")
        says(listener, "sub late/+")
        broker.start()
        for host in (one, other):
            wait_bus(host, "up")
        connect_through(far, [listener], "late/1")


@each(DRIVERS)
def test_a_host_starts_without_its_broker_and_keeps_what_it_says(row):
    """The queue is bounded: the oldest go, or the newest."""
    with running(row[1]) as broker:
        broker.kill()
        with alone(broker) as host, joined(host) as ws:
            assert bus_rows(host)[0]["state"] != "up"
            says(ws, "many q 200 1000", "taken 200")
            rows = bus_rows(host)
            assert 130 <= rows[0]["dropped"] <= 150 and rows[0]["queued"] <= 65536, rows
            host.wait_log(r"bus: .* wait for the broker already")
            broker.start()
            wait_bus(host, "up")
            wait_until(lambda: bus_rows(host)[0]["published"] == 200 - rows[0]["dropped"], lambda: str(bus_rows(host)))


@contextlib.contextmanager
def alone(broker):
    with plugins_of(broker, "gossip") as plugins:
        top = f"bus: {{driver: {broker.name}, options: {broker.options()}, queue: 64KiB}}\n"
        with Host(text=routes_text("  - {path: /t, plugin: gossip}\n", plugins=plugins, top=top)) as host:
            yield host


@each(DRIVERS)
def test_reload_keeps_the_connection_or_ends_it(row):
    with two_hosts(row) as (broker, one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub r")
        connect_through(far, [listener], "r")
        text = one.routes.read_text()
        one.write(text.replace("limits: {queue: 64MiB}", "limits: {queue: 32MiB}"))
        one.reload()
        says(far, "pub r same")
        listener.expect_text("same")
        one.write(re.sub(r"bus: .*\n", "", text))
        one.reload()
        assert bus_rows(one) == [None]
        says(far, "pub r unheard")
        one.write(text)
        one.reload()
        wait_bus(one, "up")
        connect_through(far, [listener], "r")
        assert len(re.findall(rf"bus: {broker.name} is up: ", one.log)) == 2, one.log


@each(DRIVERS)
def test_status_tells_how_it_is(row):
    with two_hosts(row) as (broker, one, _), joined(one) as ws:
        says(ws, "pub s x")
        text = socklet("status", one.routes).stdout
        assert re.search(rf"WORKER +BUS +STATE .*\n1 +{broker.name} +up ", text), text


@each(DRIVERS)
def test_a_worker_that_dies_is_back_on_the_bus(row):
    with two_hosts(row) as (_, one, other), joined(other) as far:
        pid = one.workers()[0]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: one.workers() and one.workers() != [pid], "another worker")
        wait_bus(one, "up")
        with joined(one) as listener:
            says(listener, "sub back")
            connect_through(far, [listener], "back")


@each(DRIVERS)
def test_the_tutorials_chat_is_the_same_on_two_hosts(row):
    """As with one worker: its messages, their order, and who left."""
    with two_hosts(row, workers=2) as (_, one, other):
        members = [WebSocket(host.port, f"/ws/{number}", timeout=30)
                   for number, host in enumerate((one, other) * 5, 2)]
        meet(members)
        for number, speaker in enumerate(members, 2):
            speaker.text("hi")
            speaker.expect_text("You wrote: hi")
            for ws in members:
                ws.expect_text(f"Client #{number} says: hi")
        for number, ws in enumerate(members[:5], 2):
            ws.closes(1000)
            for other_one in members[number - 1:]:
                other_one.expect_text(f"Client #{number} left the chat")
        for ws in members[5:]:
            ws.drop()


def meet(members):
    """Each says so until all have heard it: then the broker knows of everybody."""
    for number, speaker in enumerate(members, 2):
        waiting = list(members)
        end = time.monotonic() + 60
        while waiting:
            assert time.monotonic() < end, f"{len(waiting)} never heard of client {number}"
            speaker.text("met?")
            waiting = [ws for ws in waiting if not heard(ws, f"Client #{number} says: met?")]
        speaker.text("met")
        for ws in members:
            while ws.recv()[1].decode() != f"Client #{number} says: met":
                pass


def heard(ws, wanted):
    with contextlib.suppress(Late):
        while True:
            if ws.recv(timeout=0.2)[1].decode() == wanted:
                return True
    return False
