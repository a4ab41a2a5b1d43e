# SPDX-License-Identifier: MIT
"""Where histories are kept, each one row of STORES: the memory of one host, or a broker that several hosts share."""
import contextlib

from broker import Postgres, Redis, plugins_of, running, wait_bus
from host import Host, routes_text

ROUTES = "  - {path: /r, plugin: rejoin, limits: {queue: 64MiB}}\n"
HISTORY = '[{filter: "few/+", messages: 3}, {filter: "short/#", time: 1s}, {filter: "room/#", messages: 1000}]'
DURABLE = {Redis: ("--appendonly", "yes", "--appendfsync", "no"), Postgres: ()}  # what they have after a restart

BROKERS = [("redis", Redis), ("postgres", Postgres)]
STORES = [("memory", None), *BROKERS]


class Memory:
    """In the place of a broker: one host is all there is."""
    name = "rejoin"


@contextlib.contextmanager
def kept(row, count=2, workers=2, history=HISTORY, size="64MiB", settings=None, queue="16MiB", routes=ROUTES):
    """The broker, and so many hosts on it; with the memory of one host, that one so many times."""
    if row[1] is None:
        with plugins_of(Memory) as plugins:
            top = f"workers: {workers}\ntopics: {{history: {history}, history_size: {size}}}\n"
            with Host(text=routes_text(routes, plugins=plugins, top=top)) as host:
                yield None, *[host] * count
        return
    with running(row[1], *(DURABLE[row[1]] if settings is None else settings)) as broker, \
            plugins_of(broker, "rejoin") as plugins, contextlib.ExitStack() as stack:
        text = text_for(broker, plugins, workers, history, size, queue, routes)
        made = [stack.enter_context(Host(text=text)) for _ in range(count)]
        for host in made:
            wait_bus(host, "up")
        yield broker, *made


def text_for(broker, plugins, workers=2, history=HISTORY, size="64MiB", queue="16MiB", routes=ROUTES):
    top = f"workers: {workers}\nbus: {{driver: {broker.name}, options: {broker.options()}, queue: {queue}}}\n" \
          f"topics: {{history: {history}, history_size: {size}, history_store: bus}}\n"
    return routes_text(routes, plugins=plugins, top=top)


@contextlib.contextmanager
def another(host):
    """One more host that serves the same file: as the first one after a restart."""
    with Host(text=host.routes.read_text()) as made:
        wait_bus(made, "up")
        yield made
