# SPDX-License-Identifier: MIT
"""What topics promise, as the plainest program that can say it: lists of messages, members and their subscriptions.

Knows nothing of sockets: topic_play.py tells it what clients ask for and what they hear, and it says what is wrong.
A message is *sure* once its publisher has been answered, *open* while nobody can know whether the host has it (then all
hear it or none), or *never*. Who had subscribed for certain when it was sent is waited for; who might have may hear it.
"""
import itertools

OPEN, SURE, NEVER = "open", "sure", "never"
KEPT, FEW, FEW_MESSAGES = "k/", "f/", 3  # the filters that the host keeps are k/# and, three messages each, f/#


class Wrong(AssertionError):
    """The host has broken a promise."""


def matches(pattern, topic):
    """The rule of the manual: `+` is one level, `#` all the rest and the level before it."""
    levels, names = pattern.split("/"), topic.split("/")
    for at, level in enumerate(levels):
        if level == "#":
            return True
        if at == len(names) or level not in ("+", names[at]):
            return False
    return len(levels) == len(names)


def is_kept(topic):
    return topic.startswith((KEPT, FEW))


def may_overlap(one, other):
    return one == other or (one[:2] == other[:2] and any(sign in one + other for sign in "+#"))


class Publisher:
    """Whoever publishes in an order of its own: a connection, or one HTTP connection to `admin`."""

    def __init__(self, name):
        self.name, self.count = name, itertools.count(1)
        self.answered = []  # messages that the host has, perhaps not yet beyond its worker


class Message:
    def __init__(self, key, topic, publisher, author, index, is_binary=False, notice=None):
        self.key, self.topic, self.publisher, self.author, self.index = key, topic, publisher, author, index
        self.is_binary, self.notice = is_binary, notice
        self.fate, self.passed = OPEN, False  # passed: beyond the worker, so that its death takes nothing
        self.is_of_plugin = False             # a timer of a plugin that a newer one may take the place of
        self.number = None                    # its place in the order of all that is kept
        self.wanted, self.heard = {}, set()

    def is_missed(self):
        """By whom it has to be heard yet."""
        if self.fate == NEVER or (self.fate == OPEN and not self.heard and self.number is None):
            return set()
        return self.wanted.keys() - self.heard

    def has_order(self):
        """With what else its publisher says; what is kept takes another way, and has one order for all."""
        return self.index is not None and not is_kept(self.topic)

    def __repr__(self):
        return f"{self.key} to {self.topic} ({self.fate}, heard by {sorted(m.name for m in self.heard)})"


class Subscription:
    def __init__(self, member, pattern, flags="", position=None):
        """Flags as of the plugin actor, `x` also of a plain one; position: (number, text), None for none."""
        self.member, self.pattern, self.flags, self.position = member, pattern, flags, position
        self.is_live = self.is_ending = False
        self.received, self.last = [], 0  # of one with positions: (number, message)
        self.caught_at = None             # the number that the host named when the past was over
        self.was_lost = self.was_told = self.is_broken = False
        self.safe = position              # the last one before whatever was lost

    @property
    def has_positions(self):
        return "p" in self.flags

    @property
    def excludes(self):
        return "x" in self.flags

    def is_certain(self):
        return self.is_live and not self.is_ending and (not self.has_positions or self.caught_at is not None)


class Member(Publisher):
    """One connection."""

    def __init__(self, name, number, worker):
        super().__init__(name)
        self.number, self.worker = number, worker
        self.subscriptions, self.is_open = [], True
        self.present = {}                  # topic: the message that told of it
        self.heard_raw, self.last_of, self.kept_raw = set(), {}, []
        self.last_words = None             # published when it ends

    def note_order(self, message):
        if message.has_order():
            self.last_of[message.publisher] = message

    def live(self, topic):
        return [one for one in self.subscriptions if one.is_live and matches(one.pattern, topic)]


class Model:
    def __init__(self):
        self.members, self.unsettled, self.by_key, self.notices, self.log = [], [], {}, {}, []
        self.logged = set()
        self.ended = []    # subscriptions with positions that are over, and were not looked at yet
        self.lossy = None  # the topic that overflows a worker's queue on purpose
        self.keys = itertools.count(1)

    # ---- what clients ask for

    def publish(self, publisher, topic, author=None, is_ordered=True, is_binary=False, notice=None, key=None):
        index = next(publisher.count) if is_ordered else None
        message = Message(key or self.new_key(), topic, publisher, author, index, is_binary, notice)
        if notice:
            self.notices.setdefault((notice["topic"], notice["id"]), []).append(message)
        else:
            self.by_key.setdefault(message.key, []).append(message)
        self.expect(message)
        return message

    def new_key(self):
        return f"m{next(self.keys)}"

    def prepare(self, publisher, topic):
        """What will be published when it ends: nobody can be waited for yet."""
        message = Message(self.new_key(), topic, publisher, None, None)
        self.by_key[message.key] = [message]
        return message

    def expect(self, message):
        """By all who have subscribed for certain."""
        self.unsettled.append(message)
        for member in self.members:
            if not member.is_open or message.topic == self.lossy:
                continue
            matching = [one for one in member.subscriptions if matches(one.pattern, message.topic)]
            certain = {one for one in matching if one.is_certain()}
            if certain and not (message.author is member and any(one.excludes for one in matching)):
                message.wanted[member] = certain

    def doubt(self, member, pattern=None):
        """Whether what is under way still reaches it by this subscription (None: by any), nobody knows."""
        for message in self.unsettled:
            left = {one for one in message.wanted.get(member, ()) if pattern and one.pattern != pattern}
            if left:
                message.wanted[member] = left
            else:
                message.wanted.pop(member, None)

    def doubt_own(self, member, pattern):
        """It begins to exclude its own: what is under way, perhaps, too."""
        for message in self.unsettled:
            if message.author is member and matches(pattern, message.topic):
                message.wanted.pop(member, None)

    def notice(self, member, event, topic, label, is_ordered=True):
        return self.publish(member, f"$presence/{topic}", is_ordered=is_ordered, notice={
            "event": event, "topic": topic, "id": member.number, "label": label})

    def drops(self, one):
        """The subscription is over, at this place of what its member hears."""
        if one in one.member.subscriptions:
            one.member.subscriptions.remove(one)
        if one.has_positions and one.received and one.caught_at is not None:
            self.ended.append(one)

    def ends(self, member):
        member.is_open = False
        self.doubt(member)
        for message in self.unsettled:  # what it has a thread do is done for nobody then
            if message.author is member and message.index is None and message.fate == SURE:
                message.fate = OPEN
        for one in list(member.subscriptions):
            self.drops(one)

    def leaves(self, member):
        """It has gone, and its worker says so, of its topics in whatever order."""
        self.ends(member)
        for topic, join in member.present.items():
            self.notice(member, "leave", topic, join.notice["label"], is_ordered=False).fate = SURE
        member.present = {}
        member.last_words.fate = SURE
        self.expect(member.last_words)

    def dies_with_worker(self, member):
        """Another worker says who has gone, of those that the dead one had told of."""
        self.ends(member)
        self.forget_unpassed(member)
        for topic, join in member.present.items():
            leave = self.notice(member, "leave", topic, join.notice["label"], is_ordered=False)
            leave.fate = SURE if join.passed else OPEN
        member.present = {}

    def forget_unpassed(self, publisher):
        for message in self.unsettled:
            if message.publisher is publisher and not message.passed and message.fate == SURE:
                message.fate = OPEN

    def forget_timers(self):
        """The timers of a plugin end with it, and it ends when a newer one has all of its connections."""
        for message in self.unsettled:
            if message.is_of_plugin and message.fate == SURE:
                message.fate = OPEN

    # ---- what clients hear

    def hears(self, member, key, is_binary):
        """One as it was published. What went to several topics at once is the same for each: it is the first of those."""
        found = self.by_key.get(key)
        if not found:
            raise Wrong(f"{member.name} heard {key}, which nobody has published")
        complaints = [self._complaint(member, message, is_binary) for message in found]
        if None not in complaints:
            raise Wrong(f"{member.name} heard {key}: " + "; ".join(map(str, complaints)))
        message = found[complaints.index(None)]
        member.heard_raw.add(message)
        if is_kept(message.topic):
            member.kept_raw.append(message)
        member.note_order(message)
        message.heard.add(member)

    def _complaint(self, member, message, is_binary):
        live = member.live(message.topic)
        if message in member.heard_raw:
            return f"{message} comes twice"
        if is_binary != message.is_binary:
            return f"{message} comes as {'binary' if is_binary else 'text'}"
        if any(one.has_positions for one in live):
            return f"{message} comes without the position that was asked for"
        return self._refusal(member, message, live)

    @staticmethod
    def _refusal(member, message, live):
        """Why it may not be heard here; None: it may."""
        if message.fate == NEVER:
            return f"{message} had been refused, or lost with its worker for others"
        if not live:
            return f"{message} is to a topic without a subscription"
        if message.author is member and any(one.excludes for one in live):
            return f"{message} is its own, and excluded"
        before = member.last_of.get(message.publisher)
        if before and message.has_order() and before.index >= message.index:
            return f"{message} comes behind {before} of the same publisher"
        return None

    def _check_may(self, member, message):
        live = member.live(message.topic)
        refusal = self._refusal(member, message, live)
        if refusal:
            raise Wrong(f"{member.name} heard {refusal}")
        return live

    def hears_notice(self, member, found):
        """False: nobody has come or gone so."""
        for message in self.notices.get((found["topic"], found["id"]), ()):
            if message.notice == found and member not in message.heard and not self._refusal(
                    member, message, member.live(message.topic)):
                member.note_order(message)
                message.heard.add(member)
                return True
        return False

    def hears_at(self, member, key, number, topic):
        """One with its position; number None where a loss is yet to be told. Gives back the subscription."""
        message = next((one for one in self.by_key.get(key, ()) if one.topic == topic), None)
        if message is None:
            raise Wrong(f"{member.name} heard {key} to {topic}, which nobody has published")
        one, *others = self._check_may(member, message)
        if others or not one.has_positions:
            raise Wrong(f"{member.name} heard {message} with a position it had not asked for")
        message.heard.add(member)
        if number is None:
            if topic != self.lossy:
                raise Wrong(f"{member.name} heard {message} without a position, and nothing was lost")
            return one
        if number <= one.last:
            raise Wrong(f"{member.name} heard {message} as number {number} behind number {one.last}")
        self.numbers(message, number)
        one.last = number
        one.received.append((number, message))
        return one

    @staticmethod
    def numbers(message, number):
        if message.number not in (None, number):
            raise Wrong(f"{message} is number {number} for one, number {message.number} for another")
        message.number = number

    def scribe_hears(self, key, topic, number):
        """Of whatever sequence; this one's go into the log."""
        message = next((one for one in self.by_key.get(key, ()) if one.topic == topic), None)
        if message is None:
            return
        self.numbers(message, number)
        if message not in self.logged:
            self.logged.add(message)
            self.log.append((number, message))

    # ---- the sums

    def waits_for(self):
        """What has to come yet, in words; empty: all is told."""
        for message in self.unsettled:
            if message.is_missed():
                yield f"{', '.join(m.name for m in message.is_missed())} to hear {message}"
            if message.fate == SURE and is_kept(message.topic) and message not in self.logged:
                yield f"the scribe to hear {message}"
        for member in self.members:
            for one in member.subscriptions:
                if not member.is_open or not one.has_positions:
                    continue
                if one.caught_at is None:
                    yield f"{member.name} to catch up with {one.pattern}"
                elif one.last < self._newest_for(one):
                    yield f"{member.name} to hear number {self._newest_for(one)} to {one.pattern}"

    def _newest_for(self, one):
        return max((number for number, message in self.log if matches(one.pattern, message.topic)
                    and not (one.excludes and message.author is one.member)), default=0)

    def settle(self):
        """All is quiet: what is open was heard by nobody, and what is kept has its order."""
        for message in self.unsettled:
            if message.fate == OPEN and not message.is_of_plugin:
                message.fate = SURE if message.heard or message.number else NEVER
            message.passed = True
        self.unsettled = []
        for member in self.members:
            self._check_kept_raw(member)
            for one in member.subscriptions:
                if member.is_open and one.has_positions:
                    self.check_kept(one)
        for one in self.ended:
            self.check_kept(one, up_to=one.last)
        self.ended = []

    @staticmethod
    def _check_kept_raw(member):
        numbered = [message for message in member.kept_raw if message.number]
        for before, message in zip(numbered, numbered[1:]):
            if before.number >= message.number:
                raise Wrong(f"{member.name} heard {message}, number {message.number}, behind number {before.number}")

    def check_kept(self, one, up_to=None):
        """Whoever asked for positions has heard exactly what is in the log behind its start, in its order."""
        wanted = [(number, message) for number, message in self._expected(one)
                  if not (one.excludes and message.author is one.member) and (up_to is None or number <= up_to)]
        if one.received != wanted:
            raise Wrong(f"{one.member.name}, from {one.position} of {one.pattern} with flags {one.flags}, lost "
                        f"{one.was_lost}, caught up at {one.caught_at}\nheard  {one.received}\nwanted {wanted}")
        if one.was_lost != one.was_told:
            raise Wrong(f"{one.member.name}: lost {one.was_lost}, but its plugin was told {one.was_told}")

    def _expected(self, one):
        log = sorted((number, message) for number, message in self.log if matches(one.pattern, message.topic))
        start = one.position[0] if one.position else 0 if "k" in one.flags else one.caught_at
        if one.position:
            is_known = start and start >= self._forgotten(log, one.caught_at)
            if one.was_lost and is_known:
                raise Wrong(f"{one.member.name} was told that {one.position} of {one.pattern} is not known")
            if not one.was_lost and not is_known:
                raise Wrong(f"{one.member.name} was not told that {one.position} of {one.pattern} is not known")
        elif one.was_lost:
            raise Wrong(f"{one.member.name} was told of a loss in {one.pattern}, where it asked for none")
        if one.was_lost:
            start = 0 if "k" in one.flags else one.caught_at
        elif one.position:
            return [row for row in log if row[0] > start]
        old = [row for row in log if start < row[0] <= one.caught_at and row[0] > self._forgotten(
            [other for other in log if other[1].topic == row[1].topic], one.caught_at)]
        return old + [row for row in log if row[0] > max(start, one.caught_at)]

    @staticmethod
    def _forgotten(log, at):
        """The number of the newest message of any of these topics that was no longer kept at that number."""
        rows, forgotten = {}, 0
        for number, message in log:
            if number <= at:
                rows.setdefault(message.topic, []).append(number)
        for topic, numbers in rows.items():
            if topic.startswith(FEW) and len(numbers) > FEW_MESSAGES:
                forgotten = max(forgotten, numbers[-FEW_MESSAGES - 1])
        return forgotten
