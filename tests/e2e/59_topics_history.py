# SPDX-License-Identifier: MIT
"""A client that comes again with its last position gets exactly what it missed, or is told that nobody knows."""
import base64
import contextlib
import json
import os
import random
import signal

from host import TEST_PLUGINS, Host, is_gone, routes_text, socklet, wait_until
from member import Member, elsewhere

ROUTES = "  - {path: /r, plugin: rejoin, limits: {queue: 64MiB}}\n"
HISTORY = 'topics: {history: [{filter: "few/+", messages: 3}, {filter: "room/#", messages: 1000}]}\n'


@contextlib.contextmanager
def crew(count=2, top=HISTORY, routes=ROUTES):
    text = routes_text(routes, plugins=TEST_PLUGINS, top=f"workers: {count}\n{top}")
    with Host(text=text) as host:
        yield host


@contextlib.contextmanager
def shared():
    with crew() as host:
        yield host


def test_who_comes_again_gets_what_it_missed(host):
    one = Member(host, "room/a")
    other = elsewhere(host, one.pid(), topic="")
    other.says("pub room/a 1")
    one.hears("1")
    position = one.position
    one.drop()
    for number in range(2, 7):
        other.says(f"pub room/a {number}")
    other.says("pub room/b not for it")
    other.settle()
    for pid in (None, other.pid()):
        again = elsewhere(host, pid, topic="room/a", position=position)
        again.hears("2", "3", "4", "5", "6")
        assert not again.lost and not again.told, (again.lost, again.told)
        again.drop()
    again = Member(host, "room/a", position)
    again.heard.clear()
    other.says("pub room/a 7")
    again.hears("7")
    later = again.position
    again.drop()
    again = Member(host, "room/a", later)
    again.hears()
    again.drop()
    other.drop()


def test_the_order_is_one_for_all(host):
    members = [Member(host, "room/order") for _ in range(4)]
    speakers = [elsewhere(host, pid, topic="") for pid in {member.pid() for member in members}]
    for speaker in speakers:
        for _ in range(20):
            speaker.ws.text("many room/order 5 1")
    for member in members:
        while len(member.heard) < 100 * len(speakers):
            member.take()
    for member in members[1:]:
        assert member.heard == members[0].heard
    for one in members + speakers:
        one.drop()


def test_wildcards_binary_and_messages_without_positions(host):
    start = Member(host, "room/w/#")
    start.drop()
    speaker = Member(host, "")
    speaker.says("pub room/w/1 one")
    speaker.says("raw room/w/2 two")
    speaker.says("pub room/w three")
    speaker.settle()
    again = Member(host, "room/w/#", start.position, live=False)
    first, second, third, note = (again.take() for _ in range(4))
    assert (first["topic"], first["text"]) == ("room/w/1", "one"), first
    assert base64.b64decode(second["base64"]) == b"two", second
    assert (third["topic"], third["text"]) == ("room/w", "three"), third
    assert note == {"topic": "room/w/#", "position": third["position"]}, note
    plain = Member(host, "room/w/#", start.position, flags="", live=False)
    plain.ws.expect_text("one")
    assert plain.ws.recv()[1] == b"two"
    plain.ws.expect_text("three")
    speaker.says("pub room/w/1 live")
    plain.ws.expect_text("live")
    again.hears("one", "three", "live")
    for member in (speaker, again, plain):
        member.drop()


def test_what_cannot_be_known_is_told(host):
    one = Member(host, "few/a")
    one.drop()
    speaker = Member(host, "")
    for number in range(5):
        speaker.says(f"pub few/a {number}")
    speaker.settle()
    order = one.position.split("-")[0]
    for wrong in (one.position, "nonsense", "-", f"{order}-0", f"{order}-99999999", f"{order}-+5", f"{order}-",
                  "0123456789abcdef-5", "9" * 500, "ü"):
        again = Member(host, "few/a", wrong)
        assert again.lost == ["few/a"] and again.told == ["lost few/a 0"], (wrong, again.lost, again.told)
        speaker.says("pub few/a new")
        again.hears("new")
        again.drop()
    speaker.settle()
    kept = Member(host, "few/a", one.position, flags="pk")
    assert kept.lost == ["few/a"]
    kept.hears("new", "new", "new")
    kept.drop()
    kept = Member(host, "few/a", flags="pk")
    assert not kept.lost and not kept.told
    kept.hears("new", "new", "new")
    kept.drop()
    speaker.drop()


def all_workers_settle(host):
    """Each has seen all that the master had passed on before this."""
    seen = set()
    while len(seen) < len(host.workers()):
        member = Member(host)
        member.settle()
        seen.add(member.pid())
        member.drop()


def test_topics_that_are_not_kept_have_no_past(host):
    plain = Member(host, "other", live=False)
    assert plain.take() == {"topic": "other"}
    plain.says("pub other x")
    assert plain.heard == ["x"] and plain.position == "", (plain.heard, plain.position)
    plain.settle()
    all_workers_settle(host)  # or it could still be on its way, and be live for who comes now
    again = Member(host, "other", "0123456789abcdef-5", live=False)
    while not (again.lost and again.told):
        again.take()
    again.says("pub other y")
    again.hears("y")
    plain.hears("x", "y")
    again.drop()
    plain.drop()


def test_own_messages_and_several_subscriptions(host):
    one = Member(host, "room/own", flags="px")
    one.says("pub room/own mine")
    other = Member(host, "room/own")
    other.says("pub room/own others")
    one.hears("others")
    start = other.position
    other.says(f"from room/second {start}")
    other.catch_up()
    other.says("pub room/second x")
    other.says("unsub room/own")
    other.says("pub room/own y")
    other.says("pub room/second z")
    other.hears("others", "x", "z")
    one.drop()
    other.drop()


def test_a_long_past_comes_in_parts(host):
    start = Member(host, "room/long")
    start.drop()
    speaker = Member(host, "")
    for _ in range(10):
        speaker.says("many room/long 20 20000")
    again = Member(host, "room/long", start.position, live=False)
    speaker.says("pub room/long live")
    while len(again.heard) < 201:
        again.take()
    assert [text.split()[0] for text in again.heard] == [*map(str, range(20))] * 10 + ["live"]
    again.drop()
    speaker.drop()


def test_a_past_longer_than_the_queue_waits_for_its_reader():
    routes = "  - {path: /r, plugin: rejoin, limits: {queue: 300KiB}}\n"
    with crew(1, HISTORY, routes) as host:
        start = Member(host, "room/long")
        start.drop()
        speaker = Member(host, "")
        for _ in range(5):
            speaker.says("many room/long 150 10000")
        readers = [Member(host, "room/long", start.position, flags, live=False) for flags in ("p", "pk", "p")]
        speaker.says("pub room/long live")
        for reader in readers:
            while len(reader.heard) < 751:
                reader.take()
            assert [text.split()[0] for text in reader.heard] == [*map(str, range(150))] * 5 + ["live"]
            assert not reader.lost
            reader.drop()
        speaker.drop()


def test_no_position_behind_a_gap_before_it_is_told():
    with crew(2, HISTORY.replace("{history", "{queue: 64KiB, history")) as host:
        one = Member(host)
        first = one.pid()
        other = elsewhere(host, first, topic="")
        os.kill(first, signal.SIGSTOP)
        try:
            for _ in range(100):
                other.says("many room/1 1 10000")
            other.settle()
        finally:
            os.kill(first, signal.SIGCONT)
        other.says("pub room/1 last")
        safe = None
        while not one.told:
            message = one.take()
            if one.lost and safe is None:
                safe = one.position
            assert one.lost or message["text"].startswith("0 ") or "position" not in message, message
        heard, told = len(one.heard), int(one.told[0].split()[-1])
        assert 0 < heard < 100 and told > 0, (heard, told)
        # Whoever comes again with the last position before the gap gets all that was in it.
        again = Member(host, position=safe)
        assert not again.lost and len(again.heard) >= 101 - heard, (heard, len(again.heard))
        for member in (one, other, again):
            member.drop()


def test_a_worker_that_dies_loses_nothing():
    with crew() as host:
        one = Member(host)
        first = one.pid()
        other = elsewhere(host, first, topic="")
        third = elsewhere(host, first)
        other.says("pub room/1 before")
        one.hears("before")
        third.hears("before")
        os.kill(first, signal.SIGKILL)
        for number in range(50):
            other.says(f"pub room/1 {number}")
        other.settle()
        wait_until(lambda: is_gone(first) and len(host.workers()) == 2, "a successor")
        wanted = [str(number) for number in range(50)]
        for _ in range(6):
            again = Member(host, position=one.position)
            again.hears(*wanted)
            assert not again.lost
            again.drop()
        third.hears(*wanted)
        # The one who published dies, too: what the hub had is not lost with it.
        last = elsewhere(host, third.pid(), topic="")
        last.says("many room/1 300 100")
        killed = last.pid()
        os.kill(killed, signal.SIGKILL)
        while len(third.heard) < 300:
            third.take()
        host.wait_log(rf"\(pid {killed}\) died of signal 9 \(Killed\); the next one starts")
        wait_until(lambda: len(host.workers()) == 2, "two workers")
        third.drop()
        other.drop()


def test_a_reload_keeps_what_is_kept():
    with crew() as host:
        one, few = Member(host), Member(host, "few/1")
        one.says("pub room/1 a")
        one.hears("a")
        few.says("pub few/1 a")
        few.hears("a")
        one.drop()
        few.drop()
        host.write(host.routes.read_text().replace("workers: 2", "workers: 3"))
        host.reload()
        one_again, few_again = Member(host, position=one.position), Member(host, "few/1", few.position)
        one_again.says("pub room/1 b")
        one_again.hears("b")
        assert not one_again.lost and not few_again.lost
        one_again.drop()
        few_again.drop()
        host.write(host.routes.read_text().replace('{filter: "few/+", messages: 3}, ', ""))
        host.reload()
        kept = Member(host, position=one.position)
        kept.hears("b")
        assert not kept.lost
        gone = Member(host, "few/1", few.position, live=False)
        while not (gone.lost and gone.told):
            gone.take()
        host.write(host.routes.read_text().replace("history: [", 'history: [{filter: "few/+"}, '))
        host.reload()
        gone.drop()
        gone = Member(host, "few/1", few.position)
        assert gone.lost == ["few/1"], gone.lost
        gone.drop()
        kept.drop()


def test_one_worker_keeps_too():
    with crew(1) as host:
        one = Member(host)
        one.says("pub room/1 a")
        one.hears("a")
        one.drop()
        other = Member(host)
        other.says("pub room/1 b")
        other.hears("b")
        again = Member(host, position=one.position)
        again.hears("b")
        again.drop()
        other.drop()


def test_all_that_is_kept_is_bounded():
    top = 'topics: {history: [{filter: "#", messages: 100000, time: 1h}], history_size: 256KiB}\n'
    with crew(2, top) as host:
        start = Member(host, "a/0")
        speaker = Member(host, "")
        for topic in range(200):
            speaker.says(f"many a/{topic} 20 1000")
        speaker.settle()
        history = json.loads(socklet("status", "--json", host.routes).stdout)["history"]
        assert 100 < history["messages"] < 300 and 0 < history["bytes"] <= history["bytes_max"] == 256 * 1024, history
        assert f'history: {history["messages"]} messages of' in socklet("status", host.routes).stdout
        kept = Member(host, "#", flags="pk")
        assert 100 < len(kept.heard) < 300, len(kept.heard)
        again = Member(host, "a/0", start.position)
        assert again.lost == ["a/0"]
        for member in (start, speaker, kept, again):
            member.drop()


def test_a_filter_that_is_none_is_a_mistake():
    with crew(1) as host:
        host.write(host.routes.read_text().replace('"few/+"', '"few/#/x"'))
        done = socklet("check", host.routes)
        wanted = """history: topic "few/#/x": '#' before another level"""
        assert done.returncode == 1 and wanted in done.stdout + done.stderr, done


def test_those_who_come_and_go_at_random_miss_nothing():
    """Against the plainest model: a list of what was published, and each member's place in it."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice = random.Random(seed)
    with crew() as host:
        speaker = Member(host, "room/1")  # of a worker that is never killed
        spared = speaker.pid()
        members, published = [Member(host) for _ in range(6)], []
        heard, kills = [[] for _ in members], 0
        for step in range(400):
            at = dice.randrange(len(members))
            what = dice.random()
            if what < 0.6:
                speaker.says(f"pub room/1 {step}")
                published.append(str(step))
                while len(speaker.heard) < len(published):
                    speaker.take()
            elif what < 0.98:
                if members[at].position and dice.random() < 0.7:
                    # Some of it is read, perhaps, and some is on its way: it drops in the middle.
                    while len(members[at].heard) + len(heard[at]) < len(published) and dice.random() < 0.5:
                        members[at].take()
                heard[at] += members[at].heard
                members[at].drop()
                members[at] = Member(host, position=members[at].position, live=dice.random() < 0.5)
            else:
                victims = [pid for pid in host.workers() if pid != spared]
                if victims and kills < 2:  # more in a row, and the next one would take its time
                    kills += 1
                    os.kill(victims[0], signal.SIGKILL)
                    host.wait_log(rf"\(pid {victims[0]}\) died of signal 9 \(Killed\); the next one starts")
                    wait_until(lambda: len(host.workers()) == 2, "a successor")
                    for index, member in enumerate(members):
                        heard[index] += member.heard
                        member.drop()
                        members[index] = Member(host, position=member.position)
        for index, member in enumerate(members):
            heard[index] += member.heard
            member.drop()
            last = Member(host, position=member.position)
            heard[index] += last.heard
            last.drop()
            assert heard[index] == published, f"seed {seed}: member {index}: found {heard[index]}, wanted {published}"
            assert not last.lost, f"seed {seed}"
        speaker.drop()
