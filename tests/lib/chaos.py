# SPDX-License-Identifier: MIT
"""Workers that are killed, crashed and stopped at random while clients talk; what the clients saw of it.

Used by a story in its short form and by tests/soak/chaos in its long one.
"""
import os
import random
import signal
import threading
import time

from client import Http, WebSocket, upgrade_headers
from host import wait_until

WAYS = {"SIGKILL": signal.SIGKILL, "SIGSEGV": signal.SIGSEGV, "SIGSTOP": signal.SIGSTOP}
STOP_SECONDS = 0.3    # a stopped worker goes on, or is killed, after that
PAUSE_SECONDS = 0.25  # between two blows
GRACE_SECONDS = 8     # a client may wait that long for one that is stopped, or for a successor


class Chaos:
    """`Chaos(host, clients).run(seconds)`, then the figures."""

    def __init__(self, host, clients=8, seed=None):
        self.host, self.clients = host, clients
        self.seed = random.randrange(1 << 32) if seed is None else seed
        self.random = random.Random(self.seed)
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.gone = set()    # workers that were struck so that they end
        self.blows = dict.fromkeys(WAYS, 0)
        self.messages = self.connects = self.lost = self.refused = 0
        self.wrong = []      # what should not have happened, in words
        self.connect_ms = []

    def _count(self, name, more=1):
        with self.lock:
            setattr(self, name, getattr(self, name) + more)

    def _connect(self):
        begin = time.monotonic()
        while True:
            try:
                ws = WebSocket(self.host.port, "/ws", timeout=GRACE_SECONDS)
                break
            except ConnectionRefusedError:
                self._count("refused")
                return None
            except (AssertionError, OSError):
                # The worker that had just accepted it was struck.
                if time.monotonic() > begin + GRACE_SECONDS or self.is_over.is_set():
                    return None
        with self.lock:
            self.connects += 1
            self.connect_ms.append((time.monotonic() - begin) * 1000)
        return ws

    def _talk(self, ws):
        """Until the connection is lost or all is over; its worker's name is the first answer."""
        ws.text("pid")
        worker = int(ws.recv()[1])
        while not self.is_over.is_set():
            ws.text("pid")
            try:
                answer = int(ws.recv()[1])
            except (AssertionError, OSError):
                with self.lock:
                    self.lost += 1
                    if worker not in self.gone:
                        self.wrong.append(f"a client of worker {worker}, which nobody struck, lost its connection")
                return
            if answer != worker:
                self.wrong.append(f"worker {answer} answered for {worker}")
            self._count("messages")
            time.sleep(0.002)

    def _client(self):
        while not self.is_over.is_set():
            ws = self._connect()
            if ws is None:
                continue
            try:
                self._talk(ws)
            except (AssertionError, OSError, ValueError):
                self._count("lost")
            ws.drop()

    def _strike(self, pid, way):
        self.blows[way] += 1
        if way != "SIGSTOP":
            with self.lock:
                self.gone.add(pid)
            os.kill(pid, WAYS[way])
            return
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.random.uniform(0, STOP_SECONDS))
        if self.random.random() < 0.5:
            os.kill(pid, signal.SIGCONT)
            return
        with self.lock:
            self.gone.add(pid)
        os.kill(pid, signal.SIGKILL)

    def _whole(self):
        """The workers, once there are as many as wanted; one that is dying counts no longer."""
        def workers():
            alive = [pid for pid in self.host.workers() if pid not in self.gone]
            return alive if len(alive) == self.wanted else None
        return wait_until(workers, "all workers", 20)

    def run(self, seconds):
        self.wanted = len(self.host.workers())
        threads = [threading.Thread(target=self._client, daemon=True) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # One worker is always left alone, so that somebody has nothing to notice.
            victims = self._whole()[1:] if self.wanted > 1 else self._whole()
            self._strike(self.random.choice(victims), self.random.choice(list(WAYS)))
            time.sleep(self.random.uniform(0, 2 * PAUSE_SECONDS))
        self._whole()
        self.is_over.set()
        for thread in threads:
            thread.join(30)
            if thread.is_alive():
                self.wrong.append("a client is stuck")
        return self


def successor_ms(host):
    """From the end of the only worker to the handshake that its successor answers."""
    pid, = host.workers()
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    with Http(host.port) as http:
        http.request("/ws", headers=upgrade_headers())
    return (time.monotonic() - begin) * 1000
