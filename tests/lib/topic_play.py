# SPDX-License-Identifier: MIT
"""Plays random sequences of what clients do with topics on a real host, against topic_model.py.

A sequence is its seed, or a list of steps (name, three numbers) dealt from it, so that steps can be left out when it is
made shorter. Each has topics of its own on a host that many share. Whoever has connected says a mark when it leaves, and
all say one when the model wants everything to be quiet: what was said before a mark is heard before it.
"""
import collections
import json
import os
import random
import select
import signal
import time
import urllib.parse

from client import BINARY, CLOSE
from topic_model import FEW, KEPT, NEVER, SURE, Member, Model, Publisher, Subscription, Wrong, is_kept, may_overlap
from topic_stage import PATIENCE, Ears, key_of

FILL_BYTES, FILLS = 20000, 60
PLAIN = ("a", "b", "c/d", "c", "e/f/g")
PLAIN_FILTERS = ("a", "b", "c/d", "+", "#", "c/+", "c/#", "+/d", "e/+/g")
STEPS = {                # how often: of all that happens within a sequence
    "publish": 30, "subscribe": 16, "unsubscribe": 6, "resume": 10, "publish_admin": 6, "be_present": 7, "be_gone": 3,
    "watch": 4, "join": 4, "leave": 4, "disconnect_admin": 2, "read": 8, "settle": 3,
}
THEMES = {(): 100, ("kill",): 3, ("reload",): 4, ("reload", "kill"): 1, ("stall",): 1}  # what happens to the host in one


def deal(seed):
    """The steps of a sequence."""
    dice = random.Random(seed)
    names, weights = list(STEPS), list(STEPS.values())
    steps = [["join", dice.getrandbits(16), 0, 0] for _ in range(dice.randint(2, 4))]
    for _ in range(dice.randint(6, 20)):
        name, = dice.choices(names, weights)
        steps.append([name, *(dice.getrandbits(16) for _ in range(3))])
    theme, = dice.choices(list(THEMES), list(THEMES.values()))
    at = dice.randrange(3, len(steps) + 1)
    return steps[:at] + [[name, *(dice.getrandbits(16) for _ in range(3))] for name in theme] + steps[at:]


class Actor(Member):
    """A member of the model and its connection."""

    def __init__(self, stage, name):
        self.ears = Ears(stage.host)
        self.ws = self.ears.ws
        super().__init__(name, int(self.ws.response_head.header("x-connection")), self.ears.worker)
        self.pending = collections.deque()  # of class Order
        self.lost = 0                       # messages to the topic that overflows

    def has_pending(self, *words):
        return any(order.text.startswith(words) for order in self.pending)


class Order:
    def __init__(self, text, messages, covered, done, is_async):
        self.text, self.messages, self.covered, self.done, self.is_async = text, messages, covered, done, is_async


class Play:
    def __init__(self, stage, seed, steps=None, patience=PATIENCE):
        self.stage, self.patience = stage, patience
        self.steps = deal(seed) if steps is None else steps
        self.model, self.diary = Model(), []
        stage.serial += 1
        self.name = stage.serial
        self.mark = f"{KEPT}{self.name}/mark"
        self.admin = Publisher("admin")
        self.positions = collections.defaultdict(list)  # pattern: what clients have seen of it
        self.actors, self.deferred = [], []
        self.was_shrunk = self.was_replaced = False  # by reloads: workers, the plugin

    def run(self):
        try:
            for step in self.steps:
                self.note("step " + " ".join(map(str, step)))
                self.stage.steps += 1
                getattr(self, f"step_{step[0]}")(*step[1:])
                self.read(0)
            self.settle()
            self.check_admin()
            for actor in self.open_ones():
                self.leave(actor)
            self.settle()
            self.check_admin()
        except (AssertionError, OSError) as wrong:
            wrong.diary = self.diary
            raise
        finally:
            for actor in self.actors:
                actor.ws.drop()

    def note(self, text):
        self.diary.append(text)

    def open_ones(self):
        return [actor for actor in self.actors if actor.is_open]

    def one(self, number):
        ones = self.open_ones()
        return ones[number % len(ones)] if ones else None

    def named(self, *groups):
        """Topics or filters of this sequence, by what they begin with."""
        start = {"plain": f"p{self.name}/", "kept": f"{KEPT}{self.name}/t/", "few": f"{FEW}{self.name}/"}
        return [start[group] + rest for group, names in groups for rest in names]

    def topics(self):
        return self.named(("plain", PLAIN), ("kept", ("x", "y/z")), ("few", ("x", "y")))

    # ---- saying and hearing

    def say(self, actor, text, messages=(), done=None, is_async=False):
        self.note(f"  {actor.name} says {text}")
        covered, actor.answered = actor.answered, []
        actor.pending.append(Order(text, messages, covered, done, is_async))
        actor.ws.text(text)

    def take_answer(self, actor, result):
        if not actor.pending:
            raise Wrong(f"{actor.name} got an answer that it had not asked for: {result}")
        order = actor.pending.popleft()
        if result != 0 and not self.model.lossy:
            raise Wrong(f"{actor.name} got {result} for {order.text}")
        for message in order.covered:
            message.passed = True
        for message in order.messages:
            if not (message.is_of_plugin and self.was_replaced):
                message.fate = SURE if result == 0 else NEVER
        if not order.is_async:
            actor.answered += order.messages
        if order.done:
            order.done()

    def read(self, seconds):
        """All that has come; waits so long for the first of it."""
        ears = {one.ears.ws.sock: one for one in [*self.open_ones(), *self.stage.scribes]}
        ready, _, _ = select.select(list(ears), [], [], seconds)
        for sock in ready:
            if ears[sock] in self.stage.scribes:
                ears[sock].read()
                for news in ears[sock].take_news():
                    self.model.scribe_hears(*news)
            else:
                self.read_actor(ears[sock])

    def read_actor(self, actor):
        for opcode, payload in actor.ears.messages():
            if opcode in (CLOSE, None):
                self.was_ended(actor, payload)
                return
            self.take(actor, opcode, payload.decode())

    def take(self, actor, opcode, text):
        self.note(f"    {actor.name} hears {text[:100].strip()}")
        self.stage.messages += not text.startswith("=")
        if opcode == BINARY:
            self.model.hears(actor, text.split()[0], True)
        elif text.startswith("="):
            self.take_answer(actor, int(text[1:]))
        elif text.startswith('{"event"'):
            self.take_notice(actor, json.loads(text))
        elif text.startswith("{"):
            self.take_envelope(actor, json.loads(text))
        elif text.startswith("lost "):
            self.take_loss(actor, *text.split()[1:])
        else:
            self.model.hears(actor, text.split()[0], False)

    def take_notice(self, actor, note):
        if self.model.hears_notice(actor, note):
            return
        if not self.was_shrunk:
            raise Wrong(f"{actor.name} heard {note}, which is not so")
        self.deferred.append((actor, note))  # of a connection whose end was not seen yet

    def take_envelope(self, actor, note):
        key, topic = key_of(note), note["topic"]
        number = int(note["position"].rpartition("-")[2]) if "position" in note else None
        if key:
            one = self.model.hears_at(actor, key, number, topic)
        elif "lost" in note and topic == self.model.lossy:
            for one in actor.live(topic):
                one.is_broken = True
            return
        else:
            one = self.take_state(actor, note, number)
        if number is not None and not one.is_broken:
            one.safe = number, note["position"]
            self.positions[one.pattern].append(one.safe)

    @staticmethod
    def take_state(actor, note, number):
        """That a subscription has caught up, or cannot."""
        one = next((one for one in actor.subscriptions if one.has_positions and one.pattern == note["topic"]
                    and one.is_live and one.caught_at is None), None)
        if one is None or ("lost" in note and one.was_lost):
            raise Wrong(f"{actor.name} heard {note} once too often")
        if "lost" in note:
            one.was_lost, one.last = True, 0  # what is kept may begin before it
        else:
            one.caught_at = number
            one.last = max(one.last, number)
        return one

    def take_loss(self, actor, topic, count):
        if topic == self.model.lossy:
            actor.lost += int(count)
            return
        for one in actor.subscriptions:
            if one.pattern == topic and one.was_lost and not one.was_told and count == "0":
                one.was_told = True
                return
        raise Wrong(f"{actor.name} was told that {count} of {topic} are lost, and nothing was")

    # ---- ends

    def was_ended(self, actor, payload):
        """By the host, which has to have a reason."""
        code = int.from_bytes(payload[:2], "big") if payload else None
        self.note(f"    {actor.name} was closed with {code}")
        if code != 1012 or not self.was_shrunk:
            raise Wrong(f"{actor.name} was closed with {code}")
        actor.ws.drop()
        self.model.leaves(actor)

    def leave(self, actor, how=0):
        """Where it is present has to be known, and what others will publish for it."""
        self.read_while(lambda: actor.is_open and actor.has_pending("here", "gone", "bye", "later", "tick"),
                        f"answers to {actor.name}")
        if not actor.is_open:
            return
        self.note(f"  {actor.name} leaves, way {how % 3}")
        if how % 3 == 1:
            actor.ws.reset()
        elif how % 3 == 2:
            actor.ws.close(1000)
        actor.ws.drop()
        self.model.leaves(actor)

    # ---- waiting

    def read_while(self, condition, what):
        end = time.monotonic() + self.patience
        while condition():
            if time.monotonic() > end:
                raise Wrong(f"not within {self.patience:g} s: {what() if callable(what) else what}")
            self.read(0.01)

    def settle(self):
        """Until all has been said and heard; then the sums must be right."""
        self.note("  all is to be quiet")
        self.finish_reload()
        self.stage.mourn()
        for actor in self.open_ones():
            self.say(actor, *self.publish(actor, self.mark, "pub"))
        self.read_while(lambda: any(self.waits_for()), lambda: "\n  ".join(["", *self.waits_for()]))
        self.model.settle()

    def waits_for(self):
        for actor in self.open_ones():
            if actor.pending:
                yield f"{actor.name} to be answered: {[order.text for order in actor.pending]}"
        yield from self.model.waits_for()

    def finish_reload(self):
        """Then nobody is with a worker that is one too many."""
        self.read_while(lambda: not self.stage.reload_is_over(), "the end of a reload")
        self.stage.finish_reload()
        if self.was_shrunk:
            self.read_while(self.stage.has_too_many, "the end of workers that are too many")
            self.read(0)
        deferred, self.deferred = self.deferred, []
        for actor, note in deferred:
            if not self.model.hears_notice(actor, note):
                raise Wrong(f"{actor.name} heard {note}, which is not so")

    # ---- what the host says of itself, when all is quiet

    def check_admin(self):
        for topic in self.named(("plain", ("a", "b"))):
            wanted = sorted((actor.number, actor.present[topic].notice["label"]) for actor in self.open_ones()
                            if topic in actor.present)
            self.must_become(f"/present?topic={topic}", wanted, lambda answer: sorted(
                (row["id"], row["label"]) for row in answer["members"]))
        topic = self.topics()[len(self.diary) % len(self.topics())]
        wanted = sum(bool(actor.live(topic)) for actor in self.open_ones()) + 2 * is_kept(topic)  # the scribes
        self.must_become(f"/subscribers?topic={topic}", wanted, lambda answer: answer["subscribers"])

    def must_become(self, target, wanted, read):
        """At once, but for a worker that died and was not asked, or one whose client has only just gone."""
        end = time.monotonic() + self.patience
        while (found := read(self.stage.must_ask(target))) != wanted:
            if time.monotonic() > end:
                raise Wrong(f"{target}: found {found}, wanted {wanted}")
            self.read(0.001)

    # ---- steps: come and go

    def step_join(self, *_):
        if len(self.open_ones()) >= 6:
            return
        if self.stage.dying:
            self.finish_reload()
            self.stage.mourn()
        actor = Actor(self.stage, f"#{len(self.actors) + 1}")
        self.note(f"  {actor.name} is connection {actor.number} of worker {actor.worker}")
        self.actors.append(actor)
        self.model.members.append(actor)
        actor.last_words = self.model.prepare(actor, self.mark)
        self.say(actor, f"bye {self.mark} {actor.last_words.key}")
        self.subscribe(actor, self.mark, "")

    def step_leave(self, who, how, _):
        if self.one(who):
            self.leave(self.one(who), how)

    def step_disconnect_admin(self, who, what, how):
        """What it has published on its own connection is before that, whoever asks."""
        actor = self.one(who)
        if not actor:
            return
        self.settle()
        if not actor.is_open:
            return
        self.note(f"  admin closes {actor.name}")
        answer = self.stage.must_ask(f"/disconnect?id={actor.number}&code=4000&reason=x", "POST")
        if answer.get("disconnected") != 1:
            raise Wrong(f"admin could not close {actor.name}: {answer}")
        while (got := actor.ws.recv())[0] != CLOSE:
            self.take(actor, got[0], got[1].decode())
        if got[1] != b"\x0f\xa0x":
            raise Wrong(f"{actor.name} was closed with {got[1]}")
        actor.ws.drop()
        self.model.leaves(actor)

    # ---- steps: subscribe

    def begin(self, new, order):
        """It takes the place of an older one of the same filter when its answer comes."""
        actor = new.member
        olds = self.end(actor, new.pattern)
        if new.excludes:
            self.model.doubt_own(actor, new.pattern)
        actor.subscriptions.append(new)

        def done():
            new.is_live = True
            for one in olds:
                self.model.drops(one)
        self.say(actor, order, done=done)

    def end(self, actor, pattern):
        """What is under way reaches it or not."""
        olds = [one for one in actor.subscriptions if one.pattern == pattern]
        for one in olds:
            one.is_ending = True
        if olds:
            self.model.doubt(actor, pattern)
        return olds

    def subscribe(self, actor, pattern, flags):
        self.begin(Subscription(actor, pattern, flags), f"sub{'!' if flags else ''} {pattern}")

    def step_subscribe(self, who, what, how):
        actor, patterns = self.one(who), self.named(("plain", PLAIN_FILTERS), ("kept", ("x", "+", "#")), ("few", ("+",)))
        pattern = patterns[what % len(patterns)]
        if actor and not any(one.has_positions and may_overlap(one.pattern, pattern) for one in actor.subscriptions):
            self.subscribe(actor, pattern, "x" if how % 3 == 0 else "")

    def step_watch(self, who, what, _):
        if self.one(who):
            self.subscribe(self.one(who), f"$presence/p{self.name}/{('a', 'b', '#')[what % 3]}", "")

    def step_unsubscribe(self, who, what, _):
        actor = self.one(who)
        patterns = sorted({one.pattern for one in actor.subscriptions} - {self.mark}) if actor else []
        if not patterns:
            return
        pattern = patterns[what % len(patterns)]
        olds = self.end(actor, pattern)
        self.say(actor, f"unsub {pattern}", done=lambda: [self.model.drops(one) for one in olds])

    def step_resume(self, who, what, how):
        """Never beside another that may match the same topics: then what it missed could come twice."""
        actor, patterns = self.one(who), self.named(("kept", ("x", "y/z", "#", "+")), ("few", ("x", "+")))
        pattern = patterns[what % len(patterns)]
        if not actor or any(may_overlap(one.pattern, pattern) and not (one.has_positions and one.pattern == pattern)
                            for one in actor.subscriptions):
            return
        flags = "p" + ("k" if how % 3 == 0 else "") + ("x" if how % 5 == 0 else "")
        known = self.positions[pattern]
        self.resume(actor, pattern, flags, (0, "nonsense") if how % 16 == 0 else known[how % len(known)] if known else None)

    def resume(self, actor, pattern, flags, position):
        new = Subscription(actor, pattern, flags, position)
        new.last = position[0] if position else 0
        self.begin(new, f"from {pattern} {flags} {position[1] if position else ''}".rstrip())

    # ---- steps: publish

    def publish(self, actor, topic, way):
        """What to say, and the message of the model."""
        is_async = way in ("later", "tick")
        message = self.model.publish(actor, topic, None if way == "tick" else actor, not is_async, way == "raw")
        message.is_of_plugin = way == "tick"
        return f"{way} {topic} {message.key}", [message], None, is_async

    def step_publish(self, who, what, how):
        actor, topics = self.one(who), self.topics()
        way = ("pub", "pub", "raw", "pubs", "later", "tick")[how % 6]
        for number in range(1 + how // 6 % 4 if actor else 0):
            if way != "pubs":
                self.say(actor, *self.publish(actor, topics[what % len(topics)], way))
                continue
            names, key = topics[(what + number) % 3::3], self.model.new_key()
            self.say(actor, f"pubs {','.join(names)} {key}",
                     [self.model.publish(actor, name, actor, key=f"{key}.{at}") for at, name in enumerate(names)])

    def step_publish_admin(self, what, how, _):
        """To several topics only while all is quiet: as they are one and the same text, who hears it twice has to be known."""
        names = self.topics()[what % 4::4] if how % 4 == 0 else [self.topics()[what % len(self.topics())]]
        if len(names) > 1:
            self.settle()
        self.publish_admin(names, self.model.new_key(), how % 3 == 0)
        if len(names) > 1:
            self.settle()

    def publish_admin(self, names, key, is_binary):
        self.note(f"  admin publishes {key} to {names}")
        covered, self.admin.answered = self.admin.answered, []
        messages = [self.model.publish(self.admin, name, is_binary=is_binary, key=key) for name in names]
        query = urllib.parse.urlencode([("type", "binary" if is_binary else "text"), *(("topic", name) for name in names)])
        answer = self.stage.ask(f"/publish?{query}", "POST", key.encode())
        if answer is None:  # its worker died, and an order of its own with it
            self.admin = Publisher("admin")
            return
        if answer.status != 200:
            raise Wrong(f"admin: {answer}")
        for message in covered:
            message.passed = True
        for message in messages:
            message.fate = SURE
        self.admin.answered = messages

    # ---- steps: be present

    def step_be_present(self, who, what, how):
        actor, topic = self.one(who), f"p{self.name}/{'ab'[what % 2]}"
        if not actor:
            return
        old, messages = actor.present.get(topic), []
        label = old.notice["label"] if old and how % 4 == 0 else f"label {next(self.model.keys)}"
        if not old or old.notice["label"] != label:
            if old:
                messages.append(self.model.notice(actor, "leave", topic, old.notice["label"]))
            actor.present[topic] = self.model.notice(actor, "join", topic, label)
            messages.append(actor.present[topic])
        self.say(actor, f"here {topic} {label}", messages)

    def step_be_gone(self, who, what, _):
        actor, topic = self.one(who), f"p{self.name}/{'ab'[what % 2]}"
        if not actor:
            return
        old = actor.present.pop(topic, None)
        self.say(actor, f"gone {topic}", [self.model.notice(actor, "leave", topic, old.notice["label"])] if old else [])

    # ---- steps: the world

    def step_read(self, *_):
        self.read_while(lambda: any(actor.pending for actor in self.open_ones()), "answers to all")

    def step_settle(self, *_):
        self.settle()
        self.check_admin()

    def step_reload(self, what, number, _):
        kind = ("nothing", "plugin", "plugin", "workers", "workers", "refused")[what % 6]
        before = self.stage.workers
        if kind == "workers":
            self.settle()
        self.note(f"  reload: {kind} {number}")
        self.was_shrunk |= kind == "workers" and self.stage.count_of(number) < before
        if kind == "plugin":
            self.was_replaced = True
            self.model.forget_timers()
        self.stage.begin_reload(kind, number)

    def step_kill(self, who, *_):
        """Whoever was with that worker is gone; what it had only just been told of may be."""
        actor = self.one(who)
        if not actor:
            return
        self.read_while(lambda: any(one.has_pending("here", "gone") for one in self.open_ones()), "answers to all")
        if not actor.is_open:
            return
        self.note(f"  worker {actor.worker} is killed")
        self.stage.kill(actor.worker)
        self.model.forget_unpassed(self.admin)
        for one in [one for one in self.actors if one.worker == actor.worker]:
            if not one.is_open:  # its worker has heard of that, or not
                self.model.forget_unpassed(one)
                continue
            self.note(f"  {one.name} dies with it")
            one.ws.drop()
            self.model.dies_with_worker(one)

    def step_stall(self, who, what, _):
        """A worker stands still while others publish more than its queue takes: each message is heard, or told as lost."""
        victim, topics = self.one(who), self.named(("plain", ("a",)), ("kept", ("x",)))
        speaker = next((one for one in self.open_ones() if victim and one.worker != victim.worker), None)
        if not speaker:
            return
        self.settle()
        if not (victim.is_open and speaker.is_open):
            return
        topic = topics[what % 2]
        if not victim.live(topic):
            self.subscribe(victim, topic, "")
            self.read_while(lambda: victim.pending, "its answer")
        self.overflow(victim, speaker, topic)
        self.settle()

    def overflow(self, victim, speaker, topic):
        self.stage.stalls += 1
        self.model.lossy = topic
        for one in self.open_ones():
            one.lost = 0
        self.note(f"  worker {victim.worker} stands still")
        os.kill(victim.worker, signal.SIGSTOP)
        try:
            messages = []
            for _ in range(FILLS):
                _, made, *_ = self.publish(speaker, topic, "fill")
                messages += made
                self.say(speaker, f"fill {topic} {made[0].key} {FILL_BYTES}", made)
                self.read_while(lambda: speaker.pending, "an answer to who fills the queue")
        finally:
            os.kill(victim.worker, signal.SIGCONT)
        taken = [message for message in messages if message.fate == SURE]
        hearers = [one for one in self.open_ones() if one.live(topic)
                   and not (one is speaker and any(each.excludes for each in one.live(topic)))]
        self.read_while(lambda: any(self.heard_of(one, taken) < len(taken) for one in hearers),
                        lambda: f"{len(taken)} messages to {topic}: {[(one.name, self.heard_of(one, taken)) for one in hearers]}")
        for one in hearers:
            if self.heard_of(one, taken) != len(taken):
                raise Wrong(f"{one.name} heard or lost {self.heard_of(one, taken)} of {len(taken)} messages to {topic}")
        self.stage.lost += sum(one.lost for one in hearers)
        self.come_again()
        self.model.lossy = None

    @staticmethod
    def heard_of(actor, messages):
        return actor.lost + sum(actor in message.heard for message in messages)

    def come_again(self):
        """Behind a loss: from the last position before it."""
        for actor in self.open_ones():
            for one in list(actor.subscriptions):
                if one.is_broken:
                    self.resume(actor, one.pattern, one.flags.replace("k", ""), one.safe)
                    one.received = []
        self.read_while(lambda: any(actor.pending for actor in self.open_ones()), "answers to all")
