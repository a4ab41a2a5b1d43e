# SPDX-License-Identifier: MIT
"""What an idle connection costs, in bytes of the release build: who makes it dearer sees it here, without a timer.

The slope between some connections and many, as tests/bench/load measures it: what a worker has without any does not count.
"""
import contextlib
import re
import socket

from client import upgrade_headers
from host import ROOT, Host, routes_text
from story import note


# What an echo may cost is a goal, and 13 bytes above what was measured; chat has a tenth more, as its blocks are malloc's,
# whose pages are shared with whatever else a worker has done meanwhile.
BOUNDS = {"echo": 256, "chat": 550}
# Who leaves the chat is told to all who stay, so that there are fewer of them.
KINDS = {"echo": ("/", 500, 3500), "chat": ("/chat/{}", 200, 1000)}
ROUTES = "  - {path: /, plugin: mirror}\n  - {path: '/chat/{client_id}', plugin: chat}\n"


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return 1024 * int(re.search(r"^Anonymous: +(\d+) kB", file.read(), re.M)[1])


def opened(port, path):
    """A WebSocket that nobody will read from, without the select() of the client, which ends at 1,024 descriptors."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in upgrade_headers())]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = sock.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    return sock


def slope(path, few, many):
    """Of a worker that has served nobody before."""
    host = Host(text=routes_text(ROUTES, plugins=ROOT / "build-bench/plugins", top="log: {access: off}\n"))
    host.arguments[:1] = [str(ROOT / "build-bench/host/socklet")]
    with host, contextlib.ExitStack() as stack:
        worker = host.workers()[0]
        sizes = []
        for begin, end in ((0, few), (few, many)):
            for number in range(begin, end):
                stack.enter_context(opened(host.port, path.format(number)))
            sizes.append(anonymous_bytes(worker))
    return (sizes[1] - sizes[0]) // (many - few)


def test_idle_connections_cost_no_more_than_they_did():
    costs = {name: slope(*kind) for name, kind in KINDS.items()}
    note(f"anonymous bytes of an idle connection: {costs}")
    assert all(costs[name] <= bound for name, bound in BOUNDS.items()), f"wanted at most {BOUNDS}, got {costs}"
