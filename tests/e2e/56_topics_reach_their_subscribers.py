# SPDX-License-Identifier: MIT
"""What is published to a topic reaches each subscriber once, in order, until it unsubscribes or leaves."""
import contextlib
import json
import re
import shutil

from author import compile_to
from client import BINARY, TEXT, WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, socklet, wait_until
from story import each

ROUTES = "  - {path: /t, plugin: gossip}\n"


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


def says(ws, order, *answers):
    """Sends an order and expects its answers: "ok" when none are given."""
    ws.text(order)
    ws.expect_text(*(answers or ("ok",)))


def test_published_text_and_bytes_arrive_as_they_are(host):
    with WebSocket(host.port, "/t") as one, WebSocket(host.port, "/t") as two:
        says(one, "sub news/a")
        says(two, "pub news/a hello")
        one.expect_text("hello")
        says(two, "raw news/a \N{SNOWMAN}")
        one.expect(BINARY, "\N{SNOWMAN}")
        says(two, "pub news/b hello")
        says(two, "pub news hello")
        says(two, "pub news/a/b hello")
        says(one, "count news/a", "1")


@each([("one", "room/+", "room/1"), ("rest", "room/#", "room/1/2"), ("none", "room/#", "room"), ("all", "#", "x/y/z"),
       ("middle", "+/b/+", "a/b/c")])
def test_wildcards_match(host, row):
    _, pattern, topic = row
    with WebSocket(host.port, "/t") as one, WebSocket(host.port, "/t") as two:
        says(one, f"sub {pattern}")
        says(two, f"pub {topic} hello")
        one.expect_text("hello")
        says(one, f"unsub {pattern}")
        says(two, f"pub {topic} hello")
        says(one, f"count {topic}", "0")


def test_who_matches_twice_hears_once(host):
    with WebSocket(host.port, "/t") as ws:
        for topic in ("w/1", "w/+", "w/#", "#", "w/1"):
            says(ws, f"sub {topic}")
        says(ws, "pub w/1 once", "once", "ok")
        says(ws, "count w/1", "4")


def test_own_messages_can_be_left_out(host):
    with WebSocket(host.port, "/t") as one, WebSocket(host.port, "/t") as two:
        says(one, "sub! x/+")
        says(two, "sub x/1")
        says(one, "pub x/1 from one")
        two.expect_text("from one")
        says(two, "pub x/1 from two", "from two", "ok")
        one.expect_text("from two")
        says(one, "sub x/1")  # one of the subscriptions that match says no: that counts
        says(one, "pub x/1 again")
        two.expect_text("again")
        says(one, "sub x/+")  # the flag of the same subscription is taken back
        says(one, "pub x/1 both", "both", "ok")
        two.expect_text("both")


@each([("empty level", "sub a//b"), ("wildcard beside text", "sub a+"), ("rest in the middle", "sub #/a"),
       ("eleven levels", "sub 1/2/3/4/5/6/7/8/9/10/11"), ("to a wildcard", "pub a/+ x"), ("too long", "sub " + "x" * 256)])
def test_what_is_no_topic_is_refused(host, row):
    since = len(host.log)
    with WebSocket(host.port, "/t") as ws:
        says(ws, row[1], "-3")
    host.wait_log(r"gossip /t #\d+: sl_(sub|unsub|publish)\S*: topic \".*\": \S", since)


def test_a_connection_has_at_most_a_thousand(host):
    with WebSocket(host.port, "/t") as ws:
        for number in range(1000):
            says(ws, f"sub m/{number}")
        says(ws, "sub m/1000", "-2")
        says(ws, "unsub m/0")
        says(ws, "sub m/1000")


def test_timers_and_threads_publish(host):
    with WebSocket(host.port, "/t") as ws:
        says(ws, "sub x/#")
        says(ws, "tick x/timer", "ok", "tick", "tock")
        says(ws, "later x/thread done", "ok", "done")


def test_who_leaves_hears_no_more_and_may_say_so(host):
    with WebSocket(host.port, "/t") as one, WebSocket(host.port, "/t") as two:
        says(one, "sub y")
        says(two, "sub y")
        says(two, "bye y")
        two.closes()
        one.expect_text("bye")
        says(one, "count y", "1")
        says(one, "pub y still", "still", "ok")


def test_a_slow_member_holds_up_nobody():
    limits = "  - {path: /t, plugin: gossip, limits: {queue: 64KiB}}\n"
    with Host(text=routes_text(limits, plugins=TEST_PLUGINS)) as host, \
            WebSocket(host.port, "/t", receive_buffer=4096) as slow, WebSocket(host.port, "/t") as quick, \
            WebSocket(host.port, "/t") as speaker:
        says(slow, "sub s")
        says(quick, "sub s")
        for number in range(200):
            says(speaker, f"many s 1 {50 * 1024}", "taken 1")
            opcode, payload = quick.recv()
            assert opcode == TEXT and len(payload) == 50 * 1024, (number, opcode, payload[:80])
        host.wait_log(r"reads too slowly")
        wait_until(lambda: counts_one(speaker), "the slow one to have left")


def counts_one(ws):
    ws.text("count s")
    return ws.recv()[1] == b"1"


def test_a_crowd_hears_all_in_order(host):
    """More than a slice: the rest is delivered in later turns, in the order of publishing, to each once."""
    members = [WebSocket(host.port, "/t") for _ in range(900)]
    for ws in members:
        ws.text("sub crowd")
    for ws in members:
        ws.expect_text("ok")
    with WebSocket(host.port, "/t") as speaker:
        says(speaker, "many crowd 30 4", "taken 30")
        says(speaker, "pub crowd last")
    for number, ws in enumerate(members):
        heard = [ws.recv()[1].decode().split(" ")[0] for _ in range(31)]
        assert heard == [*map(str, range(30)), "last"], (number, heard)
        ws.drop()


def test_other_topics_come_in_the_order_of_publishing(host):
    with WebSocket(host.port, "/t") as ws, WebSocket(host.port, "/t") as speaker:
        says(ws, "sub o/#")
        for number in range(100):
            speaker.text(f"pub o/{number % 7} {number}")
        ws.expect_text(*map(str, range(100)))


def test_subscriptions_stay_over_a_reload():
    """With the same code, with new code that takes over, and with old code that stays: they share topics."""
    with folder() as plugins:
        shutil.copy(TEST_PLUGINS / "gossip.so", plugins / "gossip.so")
        source = (TEST_PLUGINS.parents[2] / "tests/plugins/gossip.c").read_text()
        new = source.replace('"ok" : "%d"', '"new" : "%d"')
        taking = new.replace("SL_PLUGIN(", "static int take(struct sl_conn *conn, const void *old_state, uint32_t layout, "
                             "size_t size, void *state)\n{\n(void)conn; (void)layout; memcpy(state, old_state, size);\n"
                             "return SL_OK;\n}\nSL_PLUGIN(").replace(".lost = lost", ".hand_over = take, .lost = lost")
        with Host(text=routes_text(ROUTES, plugins=plugins)) as host, WebSocket(host.port, "/t") as one:
            says(one, "sub r/+")
            compile_to(plugins / "gossip.so", new, "-w")
            host.reload()
            with WebSocket(host.port, "/t") as two:
                says(two, "pub r/1 from new code", "new")
                one.expect_text("from new code")
                says(one, "sub r/2")  # it has no hand_over: the old code serves on
                says(two, "sub r/2", "new")
                compile_to(plugins / "gossip.so", taking, "-w")
                host.reload()
                says(two, "pub r/2 from newer code", "from newer code", "new")
                one.expect_text("from newer code")
                says(one, "unsub r/2", "new")
                says(two, "pub r/1 over", "new")
                one.expect_text("over")


def test_status_tells_of_topics(host):
    with WebSocket(host.port, "/t") as ws:
        says(ws, "sub status/1")
        says(ws, "sub status/+")
        says(ws, "pub status/1 x", "x", "ok")
        done = socklet("status", "--json", host.routes)
        topics = json.loads(done.stdout)["workers"][0]["topics"]
        assert topics["filters"] == 2 and topics["subscriptions"] == 2, topics
        assert topics["published"] >= 1 and topics["delivered"] >= 1 and topics["lost"] == 0, topics
        text = socklet("status", host.routes).stdout
        assert re.search(r"TOPICS +SUBSCRIPTIONS +PUBLISHED +DELIVERED", text), text
