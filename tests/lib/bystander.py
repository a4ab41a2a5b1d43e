# SPDX-License-Identifier: MIT
"""A well-behaved client beside a hostile one: what it waits for its answers, and what the host takes meanwhile.

    with Bystander(host, "/ws", "an attack"):
        attack()

Its figures are printed for people, who compare them; a loaded machine must not fail a test by them.
"""
import threading
import time

from client import WebSocket
from story import note

PAUSE = 0.01  # seconds between two questions


class Bystander:
    def __init__(self, host, target="/", what="attack"):
        self.host, self.target, self.what = host, target, what
        self.took, self.failure = [], None
        self.peak_memory = self.peak_descriptors = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.memory, self.descriptors = self.host.resident(), self.host.descriptors_open()
        self.ws = WebSocket(self.host.port, self.target, timeout=30)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thread.join(60)
        self.ws.drop()
        note(self)
        if kind is None:
            assert self.failure is None, f"the bystander was not served: {self.failure!r}"
            assert self.took, "the bystander got no answer at all"

    def _run(self):
        try:
            while not self.over.is_set():
                self._ask(f"question {len(self.took)}")
                if len(self.took) % 20 == 1:
                    self._measure()
                time.sleep(PAUSE)
            self._measure()
        except Exception as error:  # told by __exit__, in the test's own thread
            self.failure = error

    def _ask(self, text):
        begin = time.monotonic()
        self.ws.text(text)
        self.ws.expect_text(text)
        self.took.append(time.monotonic() - begin)

    def _measure(self):
        self.peak_memory = max(self.peak_memory, self.host.resident())
        self.peak_descriptors = max(self.peak_descriptors, self.host.descriptors_open())

    def grown(self):
        """Bytes of memory more than before, at the worst."""
        return self.peak_memory - self.memory

    def __str__(self):
        times = sorted(self.took) or [0]
        at = [1000 * times[min(len(times) - 1, int(len(times) * part))] for part in (0.5, 0.99, 1)]
        return (f"{self.what}: bystander of {len(self.took)} answers: median {at[0]:.2f} ms, 99 % {at[1]:.2f} ms, "
                f"worst {at[2]:.2f} ms; memory +{self.grown() / 1048576:.1f} MiB, "
                f"descriptors +{self.peak_descriptors - self.descriptors}")
