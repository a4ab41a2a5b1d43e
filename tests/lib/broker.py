# SPDX-License-Identifier: MIT
"""Brokers that bus drivers speak with: real servers on free ports, in a folder of their own, each one row of DRIVERS.

A broker can be killed and started again where it was.
"""
import contextlib
import json
import shutil
import socket
import subprocess
import time

from broker_nats import Nats
from broker_postgres import Postgres
from client import Late, WebSocket
from host import PLUGINS, TEST_PLUGINS, Host, folder, free_port, routes_text, socklet, wait_until


class Postman:
    """The driver of tests/plugins: datagrams in a folder, with no server."""
    name, plugins, message_max = "postman", TEST_PLUGINS, 20000

    def __init__(self, scratch):
        self.dir = scratch / "post"

    def start(self):
        self.dir.mkdir(exist_ok=True)
        (self.dir / "down").unlink(missing_ok=True)

    def kill(self):
        (self.dir / "down").touch()

    def options(self):
        return f"{{dir: {self.dir}}}"


class Redis:
    name, plugins, message_max = "redis", PLUGINS, 1 << 20

    def __init__(self, scratch, *settings, port=None):
        self.scratch, self.settings, self.port = scratch, settings, port or free_port()
        self.process = None

    def start(self):
        log = open(self.scratch / "redis.log", "ab")
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
             str(self.scratch), *self.settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self.accepts, lambda: (self.scratch / "redis.log").read_text())

    def accepts(self):
        assert self.process.poll() is None, (self.scratch / "redis.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def ask(self, *words, timeout=10):
        """The answer of a command, as its bytes; for what a test wants to know of the server."""
        words = [word if isinstance(word, bytes) else word.encode() for word in words]
        with socket.create_connection(("127.0.0.1", self.port), timeout) as sock:
            sock.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            return sock.recv(65536)

    def options(self):
        return f"{{url: 'redis://127.0.0.1:{self.port}'}}"


DRIVERS = [(driver.name, driver) for driver in (Postman, Redis, Postgres, Nats)]


@contextlib.contextmanager
def running(driver, *settings):
    """A broker that was started, and ends with the block."""
    with folder() as scratch:
        broker = driver(scratch, *settings)
        try:
            broker.start()
            yield broker
        finally:
            broker.kill()


@contextlib.contextmanager
def plugins_of(broker, *names):
    """A folder with the driver and these plugins, which the build keeps in two."""
    with folder() as below:
        for name in {broker.name, *names}:
            made = [place / f"{name}.so" for place in (PLUGINS, TEST_PLUGINS) if (place / f"{name}.so").exists()]
            assert made, f"{name}.so was not built"
            shutil.copy(made[0], below)
        yield below


ROUTES = "  - {path: /t, plugin: gossip, limits: {queue: 64MiB}}\n  - {path: '/ws/{client_id}', plugin: chat}\n"


@contextlib.contextmanager
def hosts(broker, count=2, workers=1, options=None, top="", routes=ROUTES):
    """So many hosts on one broker, which is up with all their workers."""
    with plugins_of(broker, "gossip", "chat") as plugins, contextlib.ExitStack() as stack:
        bus = f"workers: {workers}\nbus: {{driver: {broker.name}, options: {options or broker.options()}{top}}}\n"
        made = [stack.enter_context(Host(text=routes_text(routes, plugins=plugins, top=bus))) for _ in range(count)]
        for host in made:
            wait_bus(host, "up")
        yield made


def bus_rows(host):
    """What the workers' drivers say of themselves."""
    return [row.get("bus") for row in json.loads(socklet("status", "--json", host.routes).stdout)["workers"]]


def wait_bus(host, state, timeout=60):
    def is_so():
        rows = bus_rows(host)
        return rows and all(row and row["state"] == state for row in rows)
    wait_until(is_so, lambda: f"{state}: {bus_rows(host)}", timeout)


def says(ws, order, *answers):
    ws.text(order)
    ws.expect_text(*(answers or ("ok",)))


def joined(host):
    return WebSocket(host.port, "/t", timeout=30)


def connect_through(speaker, listeners, topic):
    """Publishes until each of `listeners` hears, who has subscribed: then the broker knows, and what follows arrives."""
    waiting, end = list(listeners), time.monotonic() + 60
    while waiting:
        assert time.monotonic() < end, f"{len(waiting)} of {len(listeners)} never heard of {topic}"
        says(speaker, f"pub {topic} probe")
        waiting = [ws for ws in waiting if not hears(ws)]
    says(speaker, f"pub {topic} mark")
    for ws in listeners:
        while (text := ws.recv()[1]) != b"mark":
            assert text == b"probe" or text.startswith(b"lost "), text


def hears(ws):
    with contextlib.suppress(Late):
        return ws.recv(timeout=0.1)[1] == b"probe"
    return False
