# SPDX-License-Identifier: MIT
"""Whatever keeps the history, a client that comes again to any host gets exactly what it missed, or is told that nobody knows."""
import base64
import random

from host import Host, wait_until
from member import Member
from story import each
from store import BROKERS, STORES, another, kept


def order_of(member):
    return member.position.split("-")[0]


@each(STORES)
def test_published_there_and_resumed_here(row):
    with kept(row) as (_, one, other):
        member, speaker = Member(one, "room/a"), Member(other, "")
        speaker.says("pub room/a 1")
        member.hears("1")
        member.drop()
        for number in range(2, 7):
            speaker.says(f"pub room/a {number}")
        speaker.says("pub room/b not for it")
        speaker.settle()
        for host in (one, other) * 3:
            again = Member(host, "room/a", member.position)
            again.hears("2", "3", "4", "5", "6")
            assert not again.lost and not again.told, (again.lost, again.told)
            again.drop()
        again = Member(one, "room/a", member.position)
        again.heard.clear()
        speaker.says("pub room/a 7")
        again.hears("7")
        assert order_of(again) == order_of(member)
        again.drop()
        speaker.drop()


@each(STORES)
def test_a_position_is_had_before_the_first_message(row):
    with kept(row) as (_, one, other):
        member, speaker = Member(one, "room/first"), Member(other, "")
        assert member.position
        member.drop()
        speaker.says("pub room/first 1")
        speaker.settle()
        again = Member(other, "room/first", member.position)
        again.hears("1")
        again.drop()
        speaker.drop()


@each(STORES)
def test_who_subscribes_and_speaks_hears_itself(row):
    with kept(row) as (_, one, other):
        for number in range(5):
            member = Member(one if number % 2 else other, "")
            member.ws.text(f"from room/own{number} ")
            member.ws.text(f"pub room/own{number} x")
            member.hears("x")
            member.drop()


@each(STORES)
def test_the_order_is_one_for_all(row):
    with kept(row) as (_, one, other):
        members = [Member(host, "room/order") for host in (one, other) * 3]
        speakers = [Member(host, "") for host in (one, other) * 2]
        for speaker in speakers:
            for _ in range(20):
                speaker.ws.text("many room/order 5 1")
        for member in members:
            while len(member.heard) < 100 * len(speakers):
                member.take()
        for member in members[1:]:
            assert member.heard == members[0].heard
        kept_all = Member(one, "room/order", flags="pk")
        assert kept_all.heard == members[0].heard
        for member in members + speakers + [kept_all]:
            member.drop()


@each(STORES)
def test_wildcards_and_binary(row):
    with kept(row) as (_, one, other):
        start = Member(one, "room/w/#")
        start.drop()
        speaker = Member(other, "")
        speaker.says("pub room/w/1 one")
        speaker.says("raw room/w/2 two")
        speaker.says("pub room/x no")
        speaker.says("pub room/w three")
        speaker.says("pub room/w/1/2 four")
        speaker.settle()
        again = Member(one, "room/w/#", start.position, live=False)
        got = [again.take() for _ in range(5)]
        assert [note["topic"] for note in got] == ["room/w/1", "room/w/2", "room/w", "room/w/1/2", "room/w/#"], got
        assert base64.b64decode(got[1]["base64"]) == b"two", got
        again.drop()
        for pattern, wanted in (("room/w/+", ["one"]), ("room/+", ["no", "three"]), ("room/+/1/#", ["one", "four"])):
            again = Member(one, pattern, start.position)
            heard = [text for text in again.heard if text]
            assert heard == wanted, (pattern, heard)
            again.drop()
        plain = Member(other, "room/w/#", start.position, flags="", live=False)
        plain.ws.expect_text("one")
        assert plain.ws.recv()[1] == b"two"
        plain.ws.expect_text("three", "four")
        speaker.says("pub room/w/1 live")
        plain.ws.expect_text("live")
        plain.drop()
        speaker.drop()


@each(STORES)
def test_odd_names(row):
    """Which mean something to a broker's patterns."""
    with kept(row) as (_, one, other):
        speaker = Member(one, "")
        for topic in ("room/[a]*?", "room/a.b%c^d$e(f)", "room/-", "room/it's \"x\"\\", "room/ü/ñ", "room/{1,2}"):
            start = Member(other, topic)
            wild = Member(other, f"{topic}/#")
            speaker.says(f"pub {topic} x") if " " not in topic else speaker.says("pub room/- y")
            speaker.settle()
            for again in (Member(other, topic, start.position), Member(other, f"{topic}/#", wild.position)):
                assert again.heard == (["x"] if " " not in topic else []), (topic, again.heard)
                assert not again.lost
                again.drop()
            start.drop()
            wild.drop()
        speaker.drop()


@each(STORES)
def test_the_longest_filter(row):
    """Ten levels and 255 bytes, each of which a broker's pattern has to say in more than one."""
    rest = "." * (255 - len("room/") - 8 * len("+/"))
    with kept(row) as (_, one, other):
        start, speaker = Member(one, "room/" + "+/" * 8 + rest), Member(other, "")
        start.drop()
        speaker.says(f"pub room/{'x/' * 8}{rest} found")
        speaker.says(f"pub room/{'x/' * 8}y not")
        speaker.settle()
        again = Member(one, "room/" + "+/" * 8 + rest, start.position)
        again.hears("found")
        again.drop()
        speaker.drop()


@each(STORES)
def test_what_cannot_be_known_is_told(row):
    with kept(row) as (_, one, other):
        member, speaker = Member(one, "few/a"), Member(other, "")
        member.drop()
        for number in range(5):
            speaker.says(f"pub few/a {number}")
        speaker.settle()
        order = order_of(member)
        for wrong in (member.position, "nonsense", "-", f"{order}-0", f"{order}-99999999", f"{order}-+5", f"{order}-",
                      "0123456789abcdef-5", "9" * 500, "ü", f"{order}-18446744073709551615", "0000000000000000-1"):
            for topic in ("few/a", "few/+"):
                again = Member(one, topic, wrong)
                assert again.lost == [topic] and again.told == [f"lost {topic} 0"], (wrong, again.lost, again.told)
                speaker.says("pub few/a new")
                again.hears("new")
                again.drop()
        speaker.settle()
        again = Member(other, "few/a", member.position, flags="pk")
        assert again.lost == ["few/a"]
        again.hears("new", "new", "new")
        again.drop()
        again = Member(one, "few/a", flags="pk")
        assert not again.lost and not again.told
        again.hears("new", "new", "new")
        last = again.position
        again.drop()
        again = Member(one, "few/+", last)
        assert not again.lost and not again.heard
        again.drop()
        speaker.drop()


@each(STORES)
def test_what_is_too_old_is_not_given(row):
    with kept(row) as (_, one, other):
        member, speaker = Member(one, "short/a"), Member(other, "")
        speaker.says("pub short/a old")
        member.hears("old")
        fresh = Member(other, "short/a", flags="pk")
        fresh.hears("old")
        begin = member.position
        member.drop()
        fresh.drop()
        speaker.says("pub short/a older")
        speaker.says("pub short/b other")
        speaker.settle()

        def is_told():
            again = Member(one, "short/a", begin)
            again.drop()
            return again.lost == ["short/a"]
        wait_until(is_told, "it is too old")
        again = Member(one, "short/#", begin)
        assert again.lost == ["short/#"], again.lost
        again.drop()
        again = Member(one, "short/#", flags="pk")
        assert not again.lost and not again.heard, again.heard
        speaker.says("pub short/b new")
        again.hears("new")
        again.drop()
        speaker.drop()


@each(STORES)
def test_a_large_past_comes_in_parts(row):
    with kept(row) as (_, one, other):
        start, speaker = Member(one, "room/long"), Member(other, "")
        start.drop()
        speaker.says("many room/long 3 1048000")
        for _ in range(10):
            speaker.says("many room/long 20 20000")
        speaker.settle()
        again = Member(one, "room/long", start.position, live=False)
        speaker.says("pub room/long live")
        while len(again.heard) < 204:
            again.take()
        assert [text.split()[0] for text in again.heard] == ["0", "1", "2"] + [*map(str, range(20))] * 10 + ["live"]
        assert all(len(text) > 1048000 for text in again.heard[:3])
        again.drop()
        speaker.drop()


@each(STORES)
def test_a_thousand_topics(row):
    with kept(row) as (_, one, other):
        start, speaker = Member(one, "room/t/#"), Member(other, "")
        each_one = Member(one, "room/t/500")
        start.drop()
        each_one.drop()
        for number in range(1000):
            speaker.ws.text(f"pub room/t/{number} {number}")
        while len(speaker.answers) < 1000:
            speaker.take()
        assert set(speaker.answers) == {0}
        speaker.answers.clear()
        speaker.settle()
        again = Member(one, "room/t/#", start.position)
        again.hears(*map(str, range(1000)))
        again.drop()
        again = Member(other, "room/t/500", each_one.position)
        again.hears("500")
        for topic in range(100):
            again.says(f"from room/t/{topic} {start.position}", None)
        while len(again.heard) < 100:
            again.take()
        assert sorted(again.heard, key=int) == [*map(str, range(100))]
        again.drop()
        speaker.drop()


@each(STORES)
def test_all_that_is_kept_is_bounded(row):
    with kept(row, history='[{filter: "#", messages: 100000, time: 1h}]', size="256KiB") as (_, one, other):
        start, speaker = Member(one, "a/0"), Member(other, "")
        for topic in range(200):
            speaker.says(f"many a/{topic} 20 1000")
        speaker.says("from a/settled ")
        speaker.catch_up()
        everything = Member(one, "#", flags="pk")
        assert 100 < len(everything.heard) < 300, len(everything.heard)
        again = Member(one, "a/0", start.position)
        assert again.lost == ["a/0"]
        last = Member(one, "a/199", flags="pk")
        assert len(last.heard) == 20, len(last.heard)
        for member in (start, speaker, everything, again, last):
            member.drop()


@each(STORES)
def test_those_who_come_and_go_at_random_miss_nothing(row):
    """Against the plainest model: a list of what was published, and each member's place in it."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice = random.Random(seed)
    with kept(row) as (_, *hosts):
        speakers = [Member(host, "room/1") for host in hosts]
        members, published = [Member(dice.choice(hosts), "room/+") for _ in range(6)], []
        heard = [[] for _ in members]
        for step in range(300):
            at = dice.randrange(len(members))
            if dice.random() < 0.6:
                speaker = dice.choice(speakers)
                speaker.says(f"pub room/1 {step}")
                published.append(str(step))
                for speaker in speakers:
                    while len(speaker.heard) < len(published):
                        speaker.take()
            else:
                while len(members[at].heard) + len(heard[at]) < len(published) and dice.random() < 0.5:
                    members[at].take()
                heard[at] += members[at].heard
                members[at].drop()
                members[at] = Member(dice.choice(hosts), "room/+", members[at].position, live=dice.random() < 0.5)
        for index, member in enumerate(members):
            heard[index] += member.heard
            member.drop()
            last = Member(dice.choice(hosts), "room/+", member.position)
            heard[index] += last.heard
            last.drop()
            assert heard[index] == published, f"seed {seed}: member {index}: found {heard[index]}, wanted {published}"
            assert not last.lost, f"seed {seed}"
        for speaker in speakers:
            assert speaker.heard == published
            speaker.drop()


@each(STORES)
def test_resumed_in_a_flood(row):
    """What is live and what is past overlap, and nobody hears twice or misses one."""
    with kept(row) as (_, one, other):
        start, speaker = Member(one, "room/flood"), Member(other, "")
        start.drop()
        members = []
        for _ in range(45):
            speaker.ws.text("many room/flood 20 50")
            members.append(Member((one, other)[len(members) % 2], "room/flood", start.position, live=False))
        for member in members:
            while len(member.heard) < 900:
                member.take()
            assert [text.split()[0] for text in member.heard] == [*map(str, range(20))] * 45
            assert not member.lost
            member.drop()
        speaker.drop()


@each(BROKERS)
def test_a_host_that_was_restarted_goes_on(row):
    with kept(row, count=1) as (_, one):
        member, speaker = Member(one, "room/r"), Member(one, "")
        speaker.says("pub room/r 1")
        member.hears("1")
        member.drop()
        speaker.says("pub room/r 2")
        speaker.settle()
        speaker.drop()
        text = one.routes.read_text()
        one.stop()
        with Host(text=text) as again:
            back = Member(again, "room/r", member.position)
            back.says("pub room/r 3")
            back.hears("2", "3")
            assert not back.lost and order_of(back) == order_of(member)
            back.drop()


@each(BROKERS)
def test_one_more_host_knows_all(row):
    with kept(row, count=1) as (_, one):
        speaker = Member(one, "room/m")
        speaker.says("many room/m 50 10")
        while len(speaker.heard) < 50:
            speaker.take()
        with another(one) as other:
            new = Member(other, "room/m", flags="pk")
            assert new.heard == speaker.heard
            new.says("pub room/m x")
            speaker.heard.clear()
            speaker.hears("x")
            new.drop()
        speaker.drop()
