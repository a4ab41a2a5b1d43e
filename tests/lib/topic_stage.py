# SPDX-License-Identifier: MIT
"""The host that sequences of topic_play.py share: its file, plugin and workers change, and two scribes keep the log.

Knows nothing of what a sequence does; counts what happened on it.
"""
import base64
import contextlib
import json
import os
import re
import shutil
import signal

from client import CLOSE, PING, Gone, Http, WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, wait_until
from topic_model import FEW, KEPT, Wrong

PATIENCE = 20.0   # seconds for whatever has to come
QUEUE = "256KiB"  # so little that a worker that stands still loses something
VERSIONS = ("one", "two", "plain")


class Stage:
    """A host with `admin`, and two scribes who hear all that is kept. `with Stage() as stage:`"""

    def __init__(self, workers=3):
        self.workers, self.version, self.touched = workers, "one", 0
        self.stack = contextlib.ExitStack()
        self.serial = self.steps = self.messages = self.kills = self.reloads = self.stalls = self.lost = 0
        self.scribes = []
        self.reloading = None  # (place in the log, outcome; None: either) of one that is under way
        self.dying = []        # workers that were killed, whose death the host has not told of yet

    def __enter__(self):
        try:
            self.plugins = self.stack.enter_context(folder())
            self._place("one")
            self.host = self.stack.enter_context(Host(text=self.text(), listeners=2))
            self.scribes.append(Scribe(self))
            self.scribes.append(Scribe(self))
            self.admin = None
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *problem):
        for one in [*(scribe.ears.ws for scribe in self.scribes if scribe.ears), *([self.admin] if self.admin else [])]:
            one.drop()
        return self.stack.__exit__(*problem)

    def text(self):
        top = (f"workers: {self.workers}\nquarantine: {{deaths: 0}}\nlog: {{access: off, connection: warn}}\n"
               f"admin: {{listen: \"unix:admin.sock\"}}\n"
               f"topics: {{queue: {QUEUE}, history_size: 1GiB, history: [{{filter: \"{KEPT}#\", messages: 10000}}, "
               f"{{filter: \"{FEW}#\", messages: 3}}]}}\n")
        more = "".join(f"  - {{path: /more/{number}, plugin: actor}}\n" for number in range(self.touched % 3))
        return routes_text(f"  - {{path: /t, plugin: actor, limits: {{queue: 64MiB}}}}\n{more}", self.plugins, top)

    def _place(self, version):
        shutil.copy(TEST_PLUGINS / f"actor_{version}.so", self.plugins / "new")
        os.rename(self.plugins / "new", self.plugins / "actor.so")
        self.version = version

    def ask(self, target, method="GET", body=b""):
        """The answer of `admin`; None: the worker that was asked died with the question."""
        try:
            if self.admin is None:
                self.admin = Http(self.host.addresses[1][0])
            headers = [("Content-Length", str(len(body)))] if method == "POST" else []
            return self.admin.request(target, method, headers, body)
        except (Gone, OSError):
            self.admin.drop()
            self.admin = None
            return None

    def must_ask(self, target, method="GET"):
        """The same of what may be asked twice."""
        return wait_until(lambda: self.ask(target, method), f"an answer to {target}").json()

    def summary(self):
        return (f"{self.serial} sequences, {self.steps} steps, {self.messages} messages heard; {self.kills} workers killed, "
                f"{self.reloads} reloads, {self.stalls} workers stood still and {self.lost} messages were lost and told")

    @staticmethod
    def count_of(number):
        """Of workers, by the number of a step."""
        return 2 + number % 3

    def begin_reload(self, what, number):
        self.finish_reload()
        self.reloads += 1
        outcome, text = "done", None
        if what == "plugin":
            self._place(VERSIONS[number % len(VERSIONS)])
        elif what == "workers":
            self.workers = self.count_of(number)
        elif what == "refused":
            outcome, text = "refused", self.text() + ("nonsense: 1\n" if number % 2 else "  - {path: /x, plugin: nobody}\n")
        else:
            self.touched += 1
        self.host.write(text or self.text())
        self._ask_for_reload(outcome)

    def finish_reload(self):
        """One that lost a worker on its way may have been refused for that: then it is asked for again."""
        while self.reloading:
            since, outcome = self.reloading
            self.reloading = None
            found = self.host.wait_log(r"reload: (done|refused).*$", since)
            if outcome is None and found[1] == "refused":
                self._ask_for_reload(None)
            elif outcome is not None and found[1] != outcome:
                raise Wrong(f"a reload that was to be {outcome} was {found[1]}:\n{self.host.log[since:]}")

    def _ask_for_reload(self, outcome):
        self.reloading = len(self.host.log), outcome
        self.host.signal(signal.SIGHUP)

    def reload_is_over(self):
        return not self.reloading or re.search(r"reload: (done|refused)", self.host.log[self.reloading[0]:])

    def has_too_many(self):
        return len(self.host.workers()) > self.workers

    def kill(self, pid):
        self.kills += 1
        self.dying.append((len(self.host.log), pid))
        if self.reloading and self.reloading[1] == "done":
            self.reloading = self.reloading[0], None
        os.kill(pid, signal.SIGKILL)

    def mourn(self):
        """Until the host has taken all that the dead have said, and others serve in their place."""
        for since, pid in self.dying:
            self.host.wait_log(rf"\(pid {pid}\) died of signal 9", since)
        if self.dying:
            wait_until(lambda: len(self.host.workers()) >= self.workers, "a successor")
        self.dying = []


class Ears:
    """A WebSocket, read without waiting for it."""

    def __init__(self, host):
        self.ws = WebSocket(host.port, "/t", timeout=PATIENCE)
        self.worker = int(self.ws.response_head.header("x-worker"))

    def messages(self):
        """What has come up to now; None at its end."""
        self.ws._read_some()
        while self.ws.input:
            try:
                opcode, payload = self.ws.recv(answer_pings=False)
            except Gone:
                break
            if opcode == PING:
                self.ws.pong(payload)
            else:
                yield opcode, payload
        if self.ws.ended:
            yield None, None


class Scribe:
    """Keeps the numbers of all that is kept; comes again when its worker ends, or loses something."""

    def __init__(self, stage):
        self.stage, self.news, self.ears = stage, [], None
        self.positions = {f"{KEPT}#": "", f"{FEW}#": ""}
        self._connect()

    def _connect(self):
        """With another worker than the other scribe: what is forgotten soon one of the two has heard."""
        self.ears = None
        others = [scribe.ears.worker for scribe in self.stage.scribes if scribe.ears]
        self.ears = wait_until(lambda: self._elsewhere(others), "a worker for the scribe")
        self._resume()

    def _elsewhere(self, others):
        with contextlib.suppress(Gone, OSError):
            ears = Ears(self.stage.host)
            if ears.worker not in others:
                return ears
            ears.ws.drop()
        return None

    def _resume(self):
        for pattern, position in self.positions.items():
            self.ears.ws.text(f"from {pattern} p {position}")

    def take_news(self):
        news, self.news = self.news, []
        return news

    def read(self):
        for opcode, payload in self.ears.messages():
            if opcode in (None, CLOSE):
                self.ears.ws.drop()
                self._connect()
                return
            self._take(payload.decode())

    def _take(self, text):
        if text.startswith("lost ") and not text.endswith(" 0"):
            self._resume()
        if not text.startswith("{"):
            return
        note = json.loads(text)
        if "position" not in note:
            return
        self.positions[f"{note['topic'][:2]}#"] = note["position"]
        if key := key_of(note):
            self.news.append((key, note["topic"], int(note["position"].rpartition("-")[2])))


def key_of(note):
    """What a message in an envelope begins with: the model's name of it."""
    if "base64" in note:
        return base64.b64decode(note["base64"]).decode().split()[0]
    return note["text"].split()[0] if "text" in note else None
