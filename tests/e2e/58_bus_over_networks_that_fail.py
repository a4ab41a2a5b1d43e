# SPDX-License-Identifier: MIT
"""Two hosts and their broker in three networks: links that are slow, cut, or swallow all are noticed, told, and healed.

All brokers are in the middle at once, each with a host on either side, so that whatever happens to a link happens to all
drivers together.
"""
import contextlib
import json
import time

from broker import Listener, Nats, Postgres, Redis, Traffic, bus_rows, connect_through, plugins_of, says, wait_bus
from client import WebSocket
from host import Host, folder, routes_text, together, wait_until
from member import Member
from network import Network
from story import each, note

DRIVERS = (Redis, Postgres, Nats)
TEST_SECONDS = 150
NOTICED_SECONDS = 45  # a link that swallows all; each driver asks after 10 s of silence at most
HEALED_SECONDS = 45   # tries to connect are half a minute apart at most
PAUSE = 0.02          # between two messages of who talks
ABSENT = "6s"         # then who is on the other side has left
QUEUE_BYTES = 512 * 1024
ROUTES = "  - {path: /t, plugin: gossip, limits: {queue: 64MiB}}\n  - {path: /r, plugin: rejoin, limits: {queue: 64MiB}}\n"
STORES = ("redis", "postgres")  # these keep the history, too
HISTORY = 'topics: {history: [{filter: "past/#", messages: 1000}], history_store: bus}\n'


class Pair:
    """The hosts of one driver, by the side that they are on."""

    def __init__(self, stack, driver, net):
        self.name, self.net = driver.name, net
        self.broker = driver(stack.enter_context(folder()), where=net.middle)
        stack.callback(self.broker.kill)
        self.broker.start()
        plugins = stack.enter_context(plugins_of(self.broker, "gossip", "rejoin"))
        self.hosts = {side: stack.enter_context(self.host(side, plugins)) for side in net.places}
        for host in self.hosts.values():
            wait_bus(host, "up")

    def host(self, side, plugins):
        options = self.broker.options(self.net.links[side].address)
        # Clients that wait for somebody else answer no pings.
        top = f"workers: 2\nping: {{interval: 0}}\npresence: {{interval: 500ms, timeout: {ABSENT}}}\nbus: {{driver: {self.name}, options: {options}, queue: {QUEUE_BYTES}}}\n" \
              f"{HISTORY if self.name in STORES else ''}"
        text = routes_text(ROUTES, plugins=plugins, top=top).replace("listen: [127.0.0.1:8000]", 'listen: ["unix:topics.sock"]')
        return Host(text=text, listen=(), listeners=1, before=self.net.places[side].command())

    def joined(self, side):
        return WebSocket(self.hosts[side].port, "/t", timeout=30)

    def rows(self, side):
        return bus_rows(self.hosts[side])

    def log_places(self):
        return {side: len(host.log) for side, host in self.hosts.items()}

    def was_down(self, side, since):
        return f"bus: {self.name} is down" in self.hosts[side].log[since[side]:]


@contextlib.contextmanager
def shared():
    with Network("left", "right") as net, contextlib.ExitStack() as stack:
        yield [Pair(stack, driver, net) for driver in DRIVERS]


def for_all(pairs, job):
    together(*[lambda pair=pair: job(pair) for pair in pairs])


class Conversation:
    """Somebody on each side who says numbers, and somebody on the other side who hears them."""

    def __init__(self, pair, topic):
        self.pair, self.topic = pair, topic
        self.sockets = {(side, what): pair.joined(side) for side in pair.hosts for what in ("says", "hears")}
        for side, other in (("left", "right"), ("right", "left")):
            says(self.sockets[side, "hears"], f"sub {topic}/{other}")
            connect_through(self.sockets[other, "says"], [self.sockets[side, "hears"]], f"{topic}/{other}")
        self.before = {side: sum(row["lost"] for row in pair.rows(side)) for side in pair.hosts}
        self.traffic = {side: Traffic(self.sockets[side, "says"], f"{topic}/{side}", PAUSE) for side in pair.hosts}
        self.ears = {side: Listener(self.sockets[side, "hears"]) for side in pair.hosts}

    def flows(self, count=20):
        """Both hear that many more from the other side, of what is said from now on."""
        for side, other in (("left", "right"), ("right", "left")):
            self.ears[side].until(self.traffic[other].sent + count)

    def ends(self, may_lose):
        """All that was said was heard once, in order, or counted as lost."""
        for traffic in self.traffic.values():
            traffic.stop()
        for side, other in (("left", "right"), ("right", "left")):
            ears, sent = self.ears[side], self.traffic[other].sent
            ears.until(sent - 1)
            told = (self.pair.name, side, len(ears.heard), ears.lost, sent)
            assert ears.heard == sorted(set(ears.heard)), f"out of order, or twice: {told}"
            assert len(ears.heard) + ears.lost == sent, f"neither heard nor told as lost: {told}"
            assert may_lose or ears.lost == 0, f"lost: {told}"
            assert sum(row["lost"] for row in self.pair.rows(side)) - self.before[side] >= ears.lost, told
        for ws in self.sockets.values():
            ws.drop()


class Room:
    """Somebody who is present on each side, and somebody who hears who comes and goes."""

    def __init__(self, pair, topic):
        self.pair, self.topic = pair, topic
        self.members = {side: pair.joined(side) for side in pair.hosts}
        self.watchers = {side: pair.joined(side) for side in pair.hosts}
        for side, ws in self.members.items():
            says(ws, f"here {topic} {side}")
        self.expect_list(*self.members)
        for ws in self.watchers.values():
            says(ws, f"sub $presence/{topic}")

    def expect_list(self, *labels):
        for side in self.pair.hosts:
            with self.pair.joined(side) as ws:
                wait_until(lambda: self.listed(ws) == sorted(labels),
                           lambda: f"{self.pair.name}, {side}: {labels}, found {self.listed(ws)}", HEALED_SECONDS)

    def listed(self, ws):
        says(ws, f"who {self.topic}")
        return sorted(row["label"] for row in json.loads(ws.recv(timeout=30)[1])["members"])

    def expect(self, side, *wanted):
        """These notices, in any order."""
        found = [json.loads(self.watchers[side].recv(timeout=60)[1]) for _ in wanted]
        found = sorted(f"{row['event']} {row['label']}" for row in found)
        assert found == sorted(wanted), f"{self.pair.name}, {side}: {found}, wanted {wanted}"

    def goes_on(self, bad, good):
        """Each side is alone with its own, who come and go there."""
        self.expect(bad, f"leave {good}")
        self.expect(good, f"leave {bad}")
        for side in (bad, good):
            says(self.members[side], f"here {self.topic} {side} again")
            self.expect(side, f"leave {side}", f"join {side} again")

    def ends(self, *labels):
        """These are there, and nobody was told anything else."""
        self.expect_list(*labels)
        for side, ws in self.members.items():
            ws.text(f"here {self.topic} last of {side}")
            ws.expect_text("ok")
        wanted = [f"{event} {label}" for side, label in zip(self.members, labels)
                  for event, label in (("leave", label), ("join", f"last of {side}"))]
        for side in self.watchers:
            self.expect(side, *wanted)
        for ws in (*self.members.values(), *self.watchers.values()):
            ws.drop()


class Past:
    """A topic whose history the broker keeps, somebody on each side who saw its first message, and somebody who stays."""

    def __init__(self, pair, way):
        self.pair, self.topic = pair, f"past/{way}"
        self.speakers = {side: self.joined(side, topic="") for side in pair.hosts}
        self.stay = {side: self.joined(side) for side in pair.hosts}
        saw = {side: self.joined(side) for side in pair.hosts}
        self.says("left", "first")
        for member in (*saw.values(), *self.stay.values()):
            member.hears("first")
        self.position = {side: member.position for side, member in saw.items()}
        for member in saw.values():
            member.drop()

    def joined(self, side, position="", **options):
        return Member(self.pair.hosts[side], **{"topic": self.topic, "position": position, **options})

    def says(self, side, *texts):
        for text in texts:
            self.speakers[side].says(f"pub {self.topic} {text}")

    def expect(self, side, *wanted):
        """Whichever side a client comes from, it gets what it missed, and is told of no loss."""
        for position in self.position.values():
            again = self.joined(side, position)
            again.hears(*wanted)
            assert not again.lost and not again.told, (self.pair.name, side, again.lost, again.told)
            again.drop()

    def goes_on(self, bad, good):
        """Who can reach the broker gets it all there; what is said on the other side is heard there, and waits."""
        for side in (good, bad):
            self.says(side, f"{side}-1", f"{side}-2")
            self.stay[side].hears(f"{side}-1", f"{side}-2")
        self.expect(good, f"{good}-1", f"{good}-2")

    def ends(self, bad, good):
        """Each has heard all of it once; now it has one order."""
        for side, other in ((good, bad), (bad, good)):
            self.stay[side].hears(f"{other}-1", f"{other}-2")
            assert not self.stay[side].lost and not self.stay[side].told, (self.pair.name, side, self.stay[side].told)
        for side in (good, bad):
            self.expect(side, f"{good}-1", f"{good}-2", f"{bad}-1", f"{bad}-2")
        for member in (*self.speakers.values(), *self.stay.values()):
            member.drop()


def test_a_slow_link_loses_nothing(shared):
    net = shared[0].net
    since = [pair.log_places() for pair in shared]
    for link in net.links.values():
        link.delay(60)
    try:
        def talk(pair):
            conversation, room = Conversation(pair, "slow"), Room(pair, "slow")
            conversation.flows()
            conversation.ends(may_lose=False)
            room.ends("left", "right")
        for_all(shared, talk)
    finally:
        for link in net.links.values():
            link.heal()
    for pair, places in zip(shared, since):
        assert not any(pair.was_down(side, places) for side in pair.hosts), pair.name


def test_a_short_hole_is_filled(shared):
    """TCP sends again what was swallowed: nobody is down, nothing is missing."""
    net = shared[0].net
    since = [pair.log_places() for pair in shared]
    talks, rooms = [Conversation(pair, "hole") for pair in shared], [Room(pair, "hole") for pair in shared]
    for talk in talks:
        talk.flows()
    try:
        net.links["right"].swallow()
        sent = talks[0].traffic["left"].sent
        wait_until(lambda: talks[0].traffic["left"].sent > sent + 100, "some traffic into the hole")
    finally:
        net.links["right"].heal()
    for talk in talks:
        talk.flows()
        talk.ends(may_lose=False)
    for room in rooms:
        room.ends("left", "right")
    for pair, places in zip(shared, since):
        assert not any(pair.was_down(side, places) for side in pair.hosts), pair.name


@each([("swallows all", "swallow", "right", "left"), ("is cut", "cut", "left", "right")])
def test_a_link_that(row, shared):
    _, way, bad, good = row
    link = shared[0].net.links[bad]
    talks, rooms = [Conversation(pair, way) for pair in shared], [Room(pair, way) for pair in shared]
    pasts = [Past(pair, way) for pair in shared if pair.name in STORES]
    for talk in talks:
        talk.flows()
    places = [pair.log_places() for pair in shared]
    descriptors = [pair.hosts[bad].descriptors_open() for pair in shared]
    begin = time.monotonic()
    try:
        getattr(link, way)()
        for_all(shared, lambda pair: is_noticed(pair, bad, begin))
        for_all(shared, lambda pair: goes_on_alone(pair, bad))
        together(*[lambda one=one: one.goes_on(bad, good) for one in (*rooms, *pasts)])
    finally:
        link.heal()
    healed = time.monotonic()
    for_all(shared, lambda pair: is_up_again(pair, bad, healed))
    for talk in talks:
        talk.flows()
        talk.ends(may_lose=True)
    for room in rooms:
        room.expect(bad, f"join {good} again")
        room.expect(good, f"join {bad} again")
        room.ends("left again", "right again")
    for past in pasts:
        past.ends(bad, good)
    for pair, since, before in zip(shared, places, descriptors):
        assert not pair.was_down(good, since), f"{pair.name}: the other side's link was right"
        wait_until(lambda: pair.hosts[bad].descriptors_open() <= before + 4, f"{pair.name}: descriptors as before")


def is_noticed(pair, bad, begin):
    """Meanwhile local members are served at once."""
    with pair.joined(bad) as ws:
        says(ws, "sub near")
        for number in range(20):
            says(ws, f"pub near {number}", str(number), "ok")
    wait_until(lambda: all(row and row["state"] != "up" for row in pair.rows(bad)), f"{pair.name} down", NOTICED_SECONDS)
    note(f"{pair.name}: noticed after {time.monotonic() - begin:.1f} s")


def goes_on_alone(pair, bad):
    """However much is said: what waits is bounded, what has no room is counted."""
    with pair.joined(bad) as ws:
        says(ws, "sub alone")
        for _ in range(40):
            ws.text("many alone 20 1000")
        heard = [ws.recv()[1] for _ in range(840)]
        assert heard.count(b"taken 20") == 40 and sum(len(text) == 1000 for text in heard) == 800
        rows = [row for row in pair.rows(bad) if row]
        assert rows and all(row["queued"] <= QUEUE_BYTES for row in rows), rows
        assert sum(row["dropped"] for row in rows) > 0, rows


def is_up_again(pair, bad, healed):
    wait_bus(pair.hosts[bad], "up", HEALED_SECONDS)
    note(f"{pair.name}: up again {time.monotonic() - healed:.1f} s after it was healed")
