# SPDX-License-Identifier: MIT
"""Reloads one after the other under talking connections, and what became of these.

Each connection has a count in its state, which every answer tells; so an answer that is missing, comes twice or in
another place is seen at once. Knows the plugin tests/plugins/tally_plugin.h by its answers.
"""
import contextlib
import os
import re
import shutil
import threading

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text

VERSIONS = ("two", "one", "plain")  # the last takes nobody over, and is taken over by the next
ANSWER = re.compile(rb"\w+ count=(\d+) hops=(\d+) from=v1 nobody ab n(\d+)$")


class Talker:
    def __init__(self, host, count):
        self.sockets = [WebSocket(host.port, "/t") for _ in range(count)]
        self.sent = self.hops = 0
        self.found = dict.fromkeys(("dropped", "lost", "duplicated", "reordered"), 0)
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.talk, daemon=True)
        self.thread.start()

    def talk(self):
        while not self.is_over.is_set() and not any(self.found.values()):
            self.sent += 1
            for ws in self.sockets:
                with self.counting_drops():
                    ws.text(f"n{self.sent}")
            for ws in self.sockets:
                with self.counting_drops():
                    self.hear(ws.recv()[1])

    @contextlib.contextmanager
    def counting_drops(self):
        try:
            yield
        except (AssertionError, OSError):
            self.found["dropped"] += 1

    def hear(self, said):
        answer = ANSWER.match(said)
        count, number = (int(answer[1]), int(answer[3])) if answer else (0, 0)
        if number < self.sent:
            self.found["duplicated"] += 1
        elif number > self.sent:
            self.found["reordered"] += 1
        elif count != self.sent:
            self.found["lost"] += 1
        else:
            self.hops = max(self.hops, int(answer[2]))

    def stop(self):
        self.is_over.set()
        self.thread.join(60)
        assert not self.thread.is_alive(), "the talking thread is stuck"
        for ws in self.sockets:
            with self.counting_drops():
                ws.closes()


def footprint(host):
    """What must not grow: of all workers, in KiB and pieces."""
    return {"memory": host.resident() // 1024, "descriptors": host.descriptors_open(),
            "mappings": len(host.mappings("")), "versions mapped": len(
                {line.split()[-1] for line in host.mappings("tally") if "/" in line})}


def storm(reloads, connections, workers=2, settle=30, report=None):
    """(found, before, after, hops, messages); `before` is taken once the first `settle` reloads are over."""
    with folder() as plugins:
        shutil.copy(TEST_PLUGINS / "tally_one.so", plugins / "tally.so")
        text = routes_text("  - {path: /t, plugin: tally}\n", plugins=plugins, top=f"workers: {workers}\n")
        with Host(text=text) as host:
            talker, before = Talker(host, connections), None
            for number in range(reloads + settle):
                if number == settle:
                    before = footprint(host)
                shutil.copy(TEST_PLUGINS / f"tally_{VERSIONS[number % len(VERSIONS)]}.so", plugins / "new")
                os.rename(plugins / "new", plugins / "tally.so")
                host.reload()
                if report and number % 50 == 0:
                    report(number, footprint(host))
            after = footprint(host)
            talker.stop()
            return talker.found, before, after, talker.hops, talker.sent * connections
