# SPDX-License-Identifier: MIT
"""A broker that goes away, comes back, forgets, or has no room: members hear each other all the same, and nobody misses anything in silence."""
import json

from broker import Nats, Postgres, Redis, bus_rows, plugins_of, wait_bus
from broker_nats import TOKEN
from host import Host, folder, routes_text, socklet, wait_until
from member import Member
from relay import Relay
from story import each
from store import BROKERS, kept

TEST_SECONDS = 120


def goes_and_comes(broker, hosts):
    broker.kill()
    for host in hosts:
        wait_bus(host, "down")
    return lambda: back(broker, hosts)


def back(broker, hosts):
    broker.start()
    for host in hosts:
        wait_bus(host, "up")


@each(BROKERS)
def test_members_of_the_same_host_hear_each_other_meanwhile_and_once(row):
    with kept(row) as (broker, one, other):
        members, far = [Member(one, "room/a") for _ in range(4)], Member(other, "room/a")
        plain = Member(one, "room/+", flags="", live=False)
        plain.ws.text("pub room/plain hi")
        assert {plain.ws.recv()[1], plain.ws.recv()[1]} == {b"=0", b"hi"}
        members[0].says("pub room/a before")
        for member in [*members, far]:
            member.hears("before")
        plain.ws.expect_text("before")
        safe = [member.position for member in members]
        comes_back = goes_and_comes(broker, (one, other))
        for number in range(20):
            members[number % 4].says(f"pub room/a {number}")
        for member in members:
            while len(member.heard) < 20:
                member.take()
            assert sorted(member.heard, key=int) == [*map(str, range(20))], member.heard
            member.heard.clear()
            assert member.position in safe, member.position
        assert sorted(int(plain.ws.recv()[1]) for _ in range(20)) == [*range(20)]
        far.says("pub room/a far")
        far.hears("far")
        comes_back()
        # Each worker's in their order.
        while len(far.heard) < 20:
            far.take()
        assert sorted(far.heard, key=int) == [*map(str, range(20))], far.heard
        far.heard.clear()
        members[0].says("pub room/a after")
        for member in members:
            while "after" not in member.heard:
                member.take()
            assert sorted(member.heard) == ["after", "far"] and not member.lost, (member.heard, member.lost)
        far.hears("after")
        assert sorted(text.decode() for _, text in (plain.ws.recv() for _ in range(2))) == ["after", "far"]
        # Their positions have moved on with what they had before it was kept: nothing comes twice.
        for index, member in enumerate(members):
            member.drop()
            again = Member((one, other)[index % 2], "room/a", member.position)
            assert not again.heard and not again.lost, again.heard
            again.drop()
        again = Member(other, "room/a", safe[0])
        assert sorted(again.heard, key=str) == sorted([*map(str, range(20)), "far", "after"]), again.heard
        assert not again.lost
        for member in (far, plain, again):
            member.drop()


@each(BROKERS)
def test_who_comes_again_meanwhile_waits_a_moment_for_the_broker(row):
    with kept(row) as (broker, one, other):
        member, speaker = Member(one, "room/a"), Member(other, "")
        speaker.says("pub room/a 1")
        member.hears("1")
        member.drop()
        speaker.says("pub room/a 2")
        speaker.settle()
        comes_back = goes_and_comes(broker, (one, other))
        again = Member(one, "room/a", member.position, live=False)
        speaker.says("pub room/a 3")
        comes_back()
        again.hears("2", "3")
        assert not again.lost and not again.told
        again.drop()
        speaker.drop()


@each(BROKERS)
def test_who_waits_too_long_is_told_and_live(row):
    with kept(row) as (broker, one, other):
        member = Member(one, "room/a")
        member.drop()
        comes_back = goes_and_comes(broker, (one, other))
        again, fresh = Member(one, "room/a", member.position, live=False), Member(one, "room/a", live=False)
        assert fresh.take() == {"topic": "room/a"}
        while not (again.lost and again.told):
            again.take()
        again.says("pub room/a x")
        again.hears("x")
        fresh.hears("x")
        assert again.position == member.position, again.position
        comes_back()
        fresh.says("pub room/a y")
        again.hears("y")
        fresh.hears("y")
        assert again.position != member.position
        for one_of_them in (again, fresh):
            one_of_them.drop()


@each(BROKERS)
def test_traffic_goes_on_over_an_outage(row):
    """Of what two hosts publish nothing is lost, nothing comes twice, whoever was connected to what."""
    with kept(row) as (broker, one, other):
        members = [Member(host, "room/t") for host in (one, other) * 3]
        speakers = [Member(one, ""), Member(other, "")]
        published = []

        def publish(count):
            for _ in range(count):
                for speaker in speakers:
                    speaker.says(f"pub room/t {len(published)}")
                    published.append(str(len(published)))
        publish(50)
        broker.kill()
        publish(50)
        for host in (one, other):
            wait_bus(host, "down")
        publish(50)
        back(broker, (one, other))
        publish(50)
        for member in members:
            while len(member.heard) < len(published):
                member.take()
            assert sorted(member.heard, key=int) == published, "missing, or twice"
            assert not member.lost and not member.told, (member.lost, member.told)
        everything = Member(one, "room/t", flags="pk")
        assert sorted(everything.heard, key=int) == published
        for member in [*members, *speakers, everything]:
            member.drop()


@each([("redis", ("redis", Redis), b"SUBSCRIBE"), ("postgres", ("postgres", Postgres), b"LISTEN")])
def test_what_is_live_again_at_once_is_not_taken_for_the_next(row):
    """Of an outage: that it is over, and the first message behind it, read at once."""
    with kept(row[1], count=1, workers=1) as (broker, one), Relay(broker.port) as relay, \
            Host(text=one.routes.read_text().replace(f":{broker.port}", f":{relay.port}")) as other:
        wait_bus(other, "up")
        near, far = Member(one, "room/a"), Member(other, "room/a")
        near.says("pub room/a before")
        for member in (near, far):
            member.hears("before")
        relay.cut()
        wait_bus(other, "down")
        near.says("pub room/a missed")
        near.hears("missed")
        relay.mend(row[2])
        relay.wait_held()
        near.says("pub room/a live")
        near.hears("live")
        relay.wait_held(near.position.encode())
        relay.release()
        far.hears("missed", "live")
        assert far.position == near.position and not far.lost and not far.told
        for member in (near, far):
            member.drop()


@each([("redis that forgets", ("redis", Redis), ())])
def test_a_store_that_has_lost_all_is_another_order(row):
    with kept(row[1], settings=row[2]) as (broker, one, other):
        live, member = Member(one, "room/a"), Member(one, "room/a")
        live.says("pub room/a 1")
        live.hears("1")
        member.hears("1")
        member.drop()
        comes_back = goes_and_comes(broker, (one, other))
        comes_back()
        while not live.lost:
            live.take()
        again = Member(other, "room/a", member.position)
        assert again.lost == ["room/a"]
        live.says("pub room/a 2")
        live.hears("2")
        again.hears("2")
        assert live.position.split("-")[0] != member.position.split("-")[0]
        for one_of_them in (live, again):
            one_of_them.drop()


def test_a_store_that_is_flushed_is_another_order():
    with kept(("redis", Redis)) as (broker, one, other):
        live, member = Member(one, "room/a"), Member(other, "room/a")
        live.says("pub room/a 1")
        live.hears("1")
        member.hears("1")
        member.drop()
        broker.ask("FLUSHALL")
        live.says("pub room/a 2")
        live.hears("2")
        assert live.position.split("-")[0] != member.position.split("-")[0]
        again = Member(other, "room/a", member.position)
        assert again.lost == ["room/a"] and not live.lost
        broker.ask("SCRIPT", "FLUSH")
        order = live.position.split("-")[0]
        for number in range(20):
            again.says(f"pub room/a {number}")
        for one_of_them in (live, again):
            one_of_them.hears(*map(str, range(20)))
            assert not one_of_them.lost[1:] and one_of_them.position.startswith(order)
            one_of_them.drop()


@each(BROKERS)
def test_what_has_no_room_meanwhile_is_told(row):
    """Its queue is bounded; who was there has it all, everybody else hears that something is missing."""
    with kept(row, queue="64KiB", workers=1) as (broker, one, other):
        near, far, speaker = Member(one, "room/q"), Member(other, "room/q"), Member(one, "")
        member = Member(other, "room/q")
        member.drop()
        comes_back = goes_and_comes(broker, (one, other))
        for _ in range(10):
            speaker.says("many room/q 20 1000")
        while len(near.heard) < 200:
            near.take()
        dropped = bus_rows(one)[0]["dropped"]
        assert 130 < dropped < 160, dropped
        comes_back()
        while not far.told or len(far.heard) < 200 - dropped:
            far.take()
        # Who comes back after that has been told to the others hears of it from the store, without a number.
        assert far.told in ([f"lost room/q {dropped}"], ["lost room/q 0"]) and far.lost == ["room/q"], far.told
        again = Member(one, "room/q", member.position)
        assert again.lost == ["room/q"]
        for one_of_them in (near, far, speaker, again):
            one_of_them.drop()


@each(BROKERS)
def test_status_and_metrics_say_where_history_is(row):
    with kept(row, workers=1) as (broker, one, _):
        member = Member(one, "room/s")
        member.says("pub room/s x")
        member.hears("x")

        def is_kept():
            return bus_rows(one)[0]["kept"] == 1
        wait_until(is_kept, lambda: str(bus_rows(one)))
        status = json.loads(socklet("status", "--json", one.routes).stdout)
        assert status["history"]["store"] == "bus" and status["history"]["messages"] == 0, status["history"]
        assert status["workers"][0]["bus"]["position"] == member.position, status["workers"][0]["bus"]
        text = socklet("status", one.routes).stdout
        assert f"history: in the store of the bus; worker 1 is at {member.position}" in text, text
        metrics = socklet("status", "--metrics", one.routes).stdout
        assert 'socklet_bus_kept_total{worker="1"} 1' in metrics, metrics
        member.drop()


def test_a_driver_without_a_store_is_a_mistake():
    topics = 'topics:\n  history: [{filter: "room/#"}]\n  history_store: bus\n'
    bus = f"bus: {{driver: nats, options: {{url: 'nats://{TOKEN}@127.0.0.1:4222'}}}}\n"
    with plugins_of(Nats, "rejoin") as plugins, folder() as scratch:
        for top, wanted in ((topics + bus, "driver nats keeps no messages: take one that does, such as redis or postgres, or write memory"),
                            (topics, "there is no bus: name a driver that keeps messages, such as bus: {driver: redis}, or write memory")):
            (scratch / "routes.yaml").write_text(routes_text("  - {path: /r, plugin: rejoin}\n", plugins=plugins, top=top))
            done = socklet("check", scratch / "routes.yaml")
            wanted = f"routes.yaml:5:18: history_store is bus, and {wanted}"
            assert done.returncode == 1 and wanted in done.stdout + done.stderr, done


@each(BROKERS)
def test_a_reload_moves_a_history_to_the_store_and_back(row):
    with kept(row, count=1) as (_, one):
        member = Member(one, "room/a")
        member.says("pub room/a 1")
        member.hears("1")
        member.drop()
        text = one.routes.read_text()
        one.write(text.replace(", history_store: bus", ""))
        one.reload()
        again = Member(one, "room/a", member.position)
        assert again.lost == ["room/a"]
        again.says("pub room/a 2")
        again.hears("2")
        again.drop()
        one.write(text)
        one.reload()
        again = Member(one, "room/a", member.position)
        assert not again.lost
        again.hears()
        again.drop()


def test_rights_that_lack_are_told_and_given_by_hand_are_enough():
    with kept(("postgres", Postgres), count=1) as (broker, one):
        member = Member(one, "room/a")
        broker.sql("CREATE ROLE poor LOGIN PASSWORD 'p'; GRANT SELECT, INSERT, DELETE ON socklet_large TO poor")
        text = one.routes.read_text()
        poor = text.replace("socklet:not%20a%20secret", "poor:p")
        with Host(text=poor) as host:
            host.wait_log("bus: postgres is down: .*permission denied for table socklet_history")
            broker.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON socklet_history, socklet_history_topics, socklet_history_state, "
                       "socklet_history_origins TO poor")
            wait_bus(host, "up")
            other = Member(host, "room/a", member.position)
            other.says("pub room/a x")
            other.hears("x")
            member.hears("x")
            other.drop()
        member.drop()
