# SPDX-License-Identifier: MIT
"""Who is present is known on all hosts of a broker, and told once: also when a host, a worker or the broker dies, stands still or comes back."""
import contextlib
import json
import os
import re
import signal

from broker import DRIVERS, Nats, Postman, Redis, hosts, joined, plugins_of, running, says, wait_bus
from client import TEXT, WebSocket
from host import Host, folder, is_gone, routes_text, socklet, wait_until
from story import each

PATIENCE = 60
ROUTES = "  - {path: /t, plugin: gossip, limits: {queue: 64MiB}}\n"
BROKERS = [row for row in DRIVERS if row[1] is not Postman]  # who stands still does not stop the others


@contextlib.contextmanager
def crew(row, count=2, workers=1, timeout="3s", more=""):
    """Hosts that have heard of each other."""
    presence = f"}}\npresence: {{interval: 300ms, timeout: {timeout}{more}}}\nstop: {{deadline: 200ms"
    with running(row[1]) as broker, hosts(broker, count, workers, top=presence, routes=ROUTES) as made:
        know_each_other(made)
        yield broker, made


def know_each_other(made):
    for host in made:
        wait_until(lambda h=host: len(others(h)) == len(made) - 1, lambda h=host: f"the others: {others(h)}", PATIENCE)


def status(host):
    done = socklet("status", "--json", host.routes)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def others(host):
    return status(host)["hosts"]


def number(host):
    return status(host)["presence"]["host"]


def listed(ws, topic):
    says(ws, f"who {topic}")
    return json.loads(ws.recv(timeout=PATIENCE)[1])


def ask(ws, topic):
    """What the list says, as (host, label)."""
    found = listed(ws, topic)
    assert found["count"] == len(found["members"]), found
    return sorted((row["host"], row["label"]) for row in found["members"])


def wait_list(host, topic, wanted):
    with joined(host) as ws:
        wait_until(lambda: ask(ws, topic) == sorted(wanted), lambda: f"{wanted}, found {ask(ws, topic)}", PATIENCE)


class Watcher:
    """Somebody who hears the notices of a topic."""

    def __init__(self, host, topic):
        self.host, self.topic, self.ws = host, topic, joined(host)
        says(self.ws, f"sub $presence/{topic}")

    def next(self):
        opcode, text = self.ws.recv(timeout=PATIENCE)
        found = json.loads(text)
        assert opcode == TEXT and found["topic"] == self.topic, found
        return found["event"], found["host"], found["label"]

    def expect(self, *wanted):
        """These, in any order, and no other."""
        found = [self.next() for _ in wanted]
        assert sorted(found) == sorted(wanted), (found, wanted)

    def expect_no_more(self):
        """Somebody on this host comes, and that is the next thing heard."""
        with joined(self.host) as ws:
            says(ws, f"here {self.topic} mark")
            assert self.next()[::2] == ("join", "mark")
        assert self.next()[::2] == ("leave", "mark")


def present(host, topic, label):
    """A member, who stays as long as its host does, whoever looks."""
    ws = joined(host)
    says(ws, f"here {topic} {label}")
    vars(host).setdefault("present", []).append(ws)
    return ws


def kill_all(host):
    """The whole host at once, as a power cut would."""
    pids = [host.pid, *host.workers()]
    os.killpg(host.pid, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: is_gone(pid), "its end")
    host.process.wait()
    host.stopped = True


def signal_all(host, what):
    for pid in (host.pid, *host.workers()):
        os.kill(pid, what)


@each(DRIVERS)
def test_who_is_on_one_host_is_listed_on_the_others(row):
    with crew(row, 3) as (_, (one, two, three)):
        names = {host: number(host) for host in (one, two, three)}
        watchers = [Watcher(host, "a/b") for host in (one, two, three)]
        ann = present(one, "a/b", "ann \N{SNOWMAN}")
        for watcher in watchers:
            watcher.expect(("join", names[one], "ann \N{SNOWMAN}"))
        bob = present(two, "a/b", "bob")
        for watcher in watchers:
            watcher.expect(("join", names[two], "bob"))
        for host in (one, two, three):
            wait_list(host, "a/b", [(names[one], "ann \N{SNOWMAN}"), (names[two], "bob")])
            wait_list(host, "a", [])
        says(ann, "here a/b eve")
        bob.drop()
        for watcher in watchers:
            watcher.expect(("leave", names[one], "ann \N{SNOWMAN}"), ("join", names[one], "eve"), ("leave", names[two], "bob"))
            watcher.expect_no_more()
            break  # its mark is heard by the others


@each(DRIVERS)
def test_a_host_that_dies_leaves_nobody_behind(row):
    """Two workers each: every member of a surviving host hears of each who was there, once."""
    with crew(row, 3, workers=2) as (_, (one, two, three)):
        dying, alive = number(one), number(two)
        for label in ("ann", "bob"):
            present(one, "k", label)
        present(two, "k", "eve")
        for host in (two, three):
            wait_list(host, "k", [(dying, "ann"), (dying, "bob"), (alive, "eve")])
        watchers = [Watcher(host, "k") for host in (two, two, two, two, three)]
        kill_all(one)
        for watcher in watchers:
            watcher.expect(("leave", dying, "ann"), ("leave", dying, "bob"))
        for host in (two, three):
            wait_list(host, "k", [(alive, "eve")])
            wait_until(lambda h=host: len(others(h)) == 1, lambda h=host: str(others(h)))
        two.wait_log(f"presence: host {dying} is gone with 2 members: it was not heard of")
        watchers[0].expect_no_more()


@each(DRIVERS)
def test_a_host_that_stops_says_so(row):
    with crew(row, timeout="10m") as (_, (one, two)):
        stopping = number(one)
        watcher = Watcher(two, "s")
        present(one, "s", "ann")
        watcher.expect(("join", stopping, "ann"))
        one.stop()
        watcher.expect(("leave", stopping, "ann"))
        watcher.expect_no_more()
        two.wait_log(f"presence: host {stopping} is gone with 1 members: it has said goodbye")


@each(DRIVERS)
def test_workers_die_one_after_the_other(row):
    """Whoever speaks for the host is replaced; only those who were on the dead worker leave, once."""
    with crew(row, workers=2, timeout="10m") as (_, (one, two)):
        name = number(one)
        watcher = Watcher(two, "w")
        for turn in range(3):
            speaker = status(one)["presence"]["speaker"]
            rows = {r["pid"]: r["worker"] for r in status(one)["workers"]}
            doomed = next(pid for pid, worker in rows.items() if worker == speaker)
            there = {}
            while len(there) < 2:
                ws = joined(one)
                ws.text("pid")
                pid = int(ws.recv()[1])
                if pid not in there:
                    there[pid] = ws
                    says(ws, f"here w {'victim' if pid == doomed else 'stays'}{turn}")
            watcher.expect(("join", name, f"victim{turn}"), ("join", name, f"stays{turn}"))
            os.kill(doomed, signal.SIGKILL)
            watcher.expect(("leave", name, f"victim{turn}"))
            wait_until(lambda: status(one)["presence"]["speaker"] not in (None, speaker), "another speaker", PATIENCE)
            wait_until(lambda: all(r["state"] == "serving" for r in status(one)["workers"]), "another worker", PATIENCE)
            wait_bus(one, "up")
            says(next(ws for pid, ws in there.items() if pid != doomed), "gone w")
            watcher.expect(("leave", name, f"stays{turn}"))
        watcher.expect_no_more()


@each(BROKERS)
def test_a_worker_that_stands_still_lets_another_speak(row):
    with crew(row, workers=2) as (_, (one, two)):
        name = number(one)
        workers = status(one)["workers"]
        speaker = status(one)["presence"]["speaker"]
        frozen = next(w["pid"] for w in workers if w["worker"] == speaker)
        watcher = Watcher(two, "y")
        while True:
            ws = joined(one)
            ws.text("pid")
            if int(ws.recv()[1]) != frozen:
                break
        os.kill(frozen, signal.SIGSTOP)
        try:
            wait_until(lambda: status(one)["presence"]["speaker"] not in (None, speaker), "another speaker", PATIENCE)
            says(ws, "here y ann")
            watcher.expect(("join", name, "ann"))
            before = status(two)["presence"]["heard"]
            wait_until(lambda: status(two)["presence"]["heard"] > before + 20, "signs of life", PATIENCE)
            assert [(row["host"], row["members"]) for row in others(two)] == [(name, 1)], others(two)
        finally:
            os.kill(frozen, signal.SIGCONT)
        watcher.expect_no_more()
        ws.drop()


@each(BROKERS)
def test_a_host_that_stands_still_is_gone_and_comes_back(row):
    """As one that is cut off: for the others it has died. It itself saw nothing, and hears what has changed meanwhile."""
    with crew(row) as (_, (one, two)):
        frozen, other = number(one), number(two)
        stays, leaves = present(one, "f", "stays"), present(one, "f", "leaves")
        far, goes = present(two, "f", "far"), present(two, "f", "goes")
        wait_list(one, "f", [(frozen, "stays"), (frozen, "leaves"), (other, "far"), (other, "goes")])
        wait_list(two, "f", [(frozen, "stays"), (frozen, "leaves"), (other, "far"), (other, "goes")])
        near, watcher = Watcher(one, "f"), Watcher(two, "f")
        signal_all(one, signal.SIGSTOP)
        watcher.expect(("leave", frozen, "stays"), ("leave", frozen, "leaves"))
        wait_list(two, "f", [(other, "far"), (other, "goes")])
        leaves.drop()
        goes.drop()
        watcher.expect(("leave", other, "goes"))
        signal_all(one, signal.SIGCONT)
        wait_list(one, "f", [(frozen, "stays"), (other, "far")])
        wait_list(two, "f", [(frozen, "stays"), (other, "far")])
        found = [watcher.next()]
        while found[-1] != ("join", frozen, "stays"):
            found.append(watcher.next())
        # Who left at once when it moved on may have been told before.
        assert found in ([("join", frozen, "stays")], [("join", frozen, "leaves"), ("leave", frozen, "leaves"), ("join", frozen, "stays")],
                         [("join", frozen, "leaves"), ("join", frozen, "stays")]), found
        if ("join", frozen, "leaves") in found and ("leave", frozen, "leaves") not in found:
            watcher.expect(("leave", frozen, "leaves"))
        near.expect(("leave", frozen, "leaves"), ("leave", other, "goes"))
        near.expect_no_more()
        watcher.expect(("join", frozen, "mark"), ("leave", frozen, "mark"))
        says(stays, "gone f")
        watcher.expect(("leave", frozen, "stays"))
        far.drop()


@each(DRIVERS)
def test_without_its_broker_each_host_serves_its_own(row):
    with crew(row) as (broker, (one, two)):
        first, second = number(one), number(two)
        ann, bob = present(one, "d", "ann"), present(two, "d", "bob")
        both = [(first, "ann"), (second, "bob")]
        for host in (one, two):
            wait_list(host, "d", both)
        watchers = [Watcher(one, "d"), Watcher(two, "d")]
        broker.kill()
        watchers[0].expect(("leave", second, "bob"))
        watchers[1].expect(("leave", first, "ann"))
        eve = present(one, "d", "eve")
        watchers[0].expect(("join", first, "eve"))
        says(bob, "gone d")
        watchers[1].expect(("leave", second, "bob"))
        says(bob, "here d rob")
        watchers[1].expect(("join", second, "rob"))
        wait_list(one, "d", [(first, "ann"), (first, "eve")])
        broker.start()
        for host in (one, two):
            wait_bus(host, "up")
        watchers[0].expect(("join", second, "rob"))
        watchers[1].expect(("join", first, "ann"), ("join", first, "eve"))
        for host in (one, two):
            wait_list(host, "d", [(first, "ann"), (first, "eve"), (second, "rob")])
        ann.drop()
        eve.drop()
        for watcher in watchers:
            watcher.expect(("leave", first, "ann"), ("leave", first, "eve"))


@each(DRIVERS)
def test_a_short_absence_is_made_up_for(row):
    """The broker is back before the time-out: what has changed meanwhile is told, and nothing else."""
    with crew(row, timeout="10m") as (broker, (one, two)):
        name = number(one)
        stays, leaves = present(one, "g", "stays"), present(one, "g", "leaves")
        wait_list(two, "g", [(name, "stays"), (name, "leaves")])
        watcher = Watcher(two, "g")
        broker.kill()
        for host in (one, two):
            wait_bus(host, "down")
        leaves.drop()
        comes = present(one, "g", "comes")
        broker.start()
        watcher.expect(("leave", name, "leaves"), ("join", name, "comes"))
        wait_list(two, "g", [(name, "stays"), (name, "comes")])
        watcher.expect_no_more()
        stays.drop()
        comes.drop()


@each(DRIVERS)
def test_many_members_are_told_in_parts_to_who_comes_later(row):
    """10,000 in 1,000 topics."""
    with crew(row, timeout="10m") as (broker, (one, two)):
        crowd = [joined(one) for _ in range(10)]
        for ws in crowd:
            for topic in range(1000):
                ws.text(f"here room/{topic} somebody")
        for ws in crowd:
            for _ in range(1000):
                ws.expect_text("ok")
        wait_until(lambda: others(two)[0]["members"] == 10000, lambda: str(others(two)), PATIENCE)
        with hosts(broker, 1, top="}\npresence: {timeout: 10m, interval: 300ms", routes=ROUTES) as (late,):
            wait_until(lambda: sum(r["members"] for r in others(late)) == 10000, lambda: str(others(late)), PATIENCE)
            wait_list(late, "room/999", [(number(one), "somebody")] * 10)
            for ws in crowd[1:]:
                ws.drop()
            for host in (two, late):
                wait_until(lambda h=host: sum(r["members"] for r in others(h)) == 1000, lambda h=host: str(others(h)), PATIENCE)


def test_a_reload_to_another_broker_keeps_who_is_there():
    """And without any: then the others are gone, at once, and are told so."""
    with running(Redis) as first, running(Nats) as second, plugins_of(first, "gossip", "nats") as plugins, contextlib.ExitStack() as stack:
        def text(bus):
            return routes_text(ROUTES, plugins=plugins, top=f"{bus}presence: {{interval: 300ms, timeout: 10m}}\nstop: {{deadline: 200ms}}\n")

        made = [stack.enter_context(Host(text=text(f"bus: {{driver: redis, options: {first.options()}}}\n"))) for _ in range(2)]
        know_each_other(made)
        one, two = made
        names = number(one), number(two)
        ann = present(one, "r", "ann")
        wait_list(two, "r", [(names[0], "ann")])
        watcher = Watcher(two, "r")
        for host in made:
            host.write(text(f"bus: {{driver: nats, options: {second.options()}}}\n"))
            host.reload()
            wait_bus(host, "up")
        says(ann, "here r eve")
        watcher.expect(("leave", names[0], "ann"), ("join", names[0], "eve"))
        one.write(text(""))
        one.reload()
        watcher.expect(("leave", names[0], "eve"))
        two.wait_log("it has said goodbye")
        assert others(one) == [] or wait_until(lambda: others(one) == [], lambda: str(others(one)))
        with joined(one) as ws:
            rows = listed(ws, "r")["members"]
            assert [sorted(row) for row in rows] == [["id", "label"]], rows
        watcher.expect_no_more()


def test_status_and_metrics_tell_of_other_hosts():
    with crew(("postman", Postman)) as (_, (one, two)):
        with present(one, "m", "ann"):
            wait_list(two, "m", [(number(one), "ann")])
            text = socklet("status", two.routes).stdout
            assert re.search(rf"presence: 0 members on this host \({number(two)}\)", text), text
            assert re.search(rf"OTHER HOST +STATE .*\n{number(one)} +known +1 +0 +\d+ m?s\n", text), text
            metrics = socklet("status", "--metrics", two.routes).stdout
            assert f'socklet_host_members{{host="{number(one)}"}} 1\n' in metrics, metrics
            assert re.search(r"^socklet_roster_heard_total [1-9]", metrics, re.M), metrics


def test_members_beyond_the_memory_are_left_out_and_counted():
    with crew(("postman", Postman), more=", memory: 64KiB") as (_, (one, two)):
        with joined(one) as ws:
            for topic in range(1000):
                says(ws, f"here x/{topic} somebody")
            wait_until(lambda: others(two)[0]["left_out"] > 500, lambda: str(others(two)))
            row = others(two)[0]
            assert row["members"] + row["left_out"] == 1000 and row["members"] > 100, row
            two.wait_log("are left out: what is known of other hosts takes")
        wait_until(lambda: others(two)[0]["members"] == others(two)[0]["left_out"] == 0, lambda: str(others(two)))


@each([("hosts say", "sub $socklet/hosts"), ("hosts say, by a wildcard", "sub $socklet/#"), ("hosts say, to it", "pub $socklet/hosts x"),
       ("is the host's notice", "pub $presence/a x"), ("is the host's notice, in bytes", "raw $presence/a x")])
def test_plugins_have_no_part_in_what(row):
    with crew(("postman", Postman), count=1) as (_, (one,)), joined(one) as ws:
        ws.text(row[1])
        assert ws.recv()[1] != b"ok", row


def test_what_the_broker_says_is_not_believed():
    """Whatever is published to the topic of the hosts: nobody falls, nobody is told."""
    with crew(("redis", Redis), timeout="10m") as (broker, (one, two)):
        names = number(one), number(two)
        watcher = Watcher(two, "h")
        with present(one, "h", "ann"):
            watcher.expect(("join", names[0], "ann"))
            head = b"SLB\x02" + b"\x07" * 32
            own = b"SLB\x02" + int(names[0], 16).to_bytes(8, "little") + b"\x07" * 24
            letters = [b"", b"P", b"P\x02\x01", b"P\x01\x63", b"P\x01\x01", b"P\x01\x02" + b"\xff" * 20, b"P\x01\x03" + b"\xff\xff\x7f" * 9,
                       b"P\x01\x02\x01\x01\x01\x03a/#\x01x", b"P\x01\x02\x01\x01\x01\x01a" + b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
            for start in (head, own):
                for letter in letters:
                    broker.ask("PUBLISH", "socklet:$socklet/hosts", start + letter)
            wait_until(lambda: status(two)["presence"]["refused"] >= 2 * len(letters) - 2, lambda: str(status(two)["presence"]))
            two.wait_log("presence: a message of host 0707070707070707 is refused: ")
            wait_list(two, "h", [(names[0], "ann")])
            watcher.expect_no_more()
