# SPDX-License-Identifier: MIT
"""What a message and a handshake cost, in instructions of the release build: a slow-down fails here, without a timer.

callgrind counts the same on a busy machine and on an idle one. It writes a part whenever the function that each
handshake calls once is entered, so what is between two handshakes is one row; the handshake itself is a part of it.
"""
import contextlib
import re
import shutil

from client import TEXT, WebSocket, frame
from host import ROOT, Host, folder, routes_text
from story import Skip, note

TEST_SECONDS = 300  # valgrind makes it twenty times slower
MESSAGES = 400
MEMBERS = 10
ROUNDS = 2
MARK = "EVP_EncodeBlock"  # of OpenSSL: of ours it could be a function that the whole-program optimiser has dissolved

# Measured, and a quarter more: the C library picks its code by the processor. Who makes it cheaper lowers the bound.
BOUNDS = {"echo of 20 B": 1420, "sixteen at once": 510, "echo of 1 KiB": 2580, f"publish to {MEMBERS} members": 15800,
          "a handshake and its end": 21500}


@contextlib.contextmanager
def counted(out):
    """The release build under callgrind; its parts are in the folder once it has ended."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise Skip("valgrind is not there")
    routes = "  - {path: /, plugin: mirror}\n  - {path: '/chat/{client_id}', plugin: chat}\n"
    host = Host(text=routes_text(routes, plugins=ROOT / "build-bench/plugins", top="log: {access: off}\nwatchdog: 0\n"))
    host.arguments[:1] = [valgrind, "-q", "--tool=callgrind", f"--callgrind-out-file={out}/%p", f"--dump-before={MARK}",
                          str(ROOT / "build-bench/host/socklet")]
    with host:
        yield host


class Rows:
    """Connections, each of which begins a row: its name, and for how many messages that is the cost."""

    def __init__(self, host):
        self.host, self.names = host, ["start"]

    def connect(self, name, path="/"):
        ws = WebSocket(self.host.port, path)
        self.names.append(name)
        return ws

    def echo(self, name, size, depth=1):
        with self.connect(name) as ws:
            for _ in range(MESSAGES // depth):
                ws.send(frame(TEXT, b"x" * size) * depth)
                for _ in range(depth):
                    ws.expect_text("x" * size)

    def publish(self, name):
        members = [self.connect(name if number == MEMBERS else "member", f"/chat/{number}")
                   for number in range(1, MEMBERS + 1)]
        for _ in range(MESSAGES):
            members[0].text("hello")
            for member in members:
                member.recv()
            members[0].recv()  # what chat says to its author alone
        for member in members:
            member.drop()

    def come_and_go(self, name):
        self.connect("before").drop()
        for _ in range(10):
            self.connect(name).drop()


def totals(out, pid):
    """Of each part, in the order of time; the first is all before the first handshake."""
    parts = sorted(out.glob(f"{pid}.*"), key=lambda path: int(path.suffix[1:]))
    return [int(re.search(r"^totals: (\d+)", path.read_text(), re.M)[1]) for path in parts]


def test_nothing_costs_more_than_it_did():
    one, sixteen, long, publish, handshake = BOUNDS
    with folder() as out:
        with counted(out) as host:
            worker, rows = host.workers()[0], Rows(host)
            rows.echo("first", 1)  # the first handshake of a worker also sets up what OpenSSL needs
            for _ in range(ROUNDS):
                rows.echo(one, 20)
                rows.echo(sixteen, 20, depth=16)
                rows.echo(long, 1024)
                rows.publish(publish)
                rows.come_and_go(handshake)
            rows.connect("last").drop()
        parts = totals(out, worker)
    assert len(parts) == len(rows.names) - 1, (parts, rows.names)
    # Timers run meanwhile, more of them on a busy machine: the better round is the truer one.
    costs = {name: min(part for part, its in zip(parts, rows.names) if its == name) for name in BOUNDS}
    costs = {name: cost if name == handshake else cost // MESSAGES for name, cost in costs.items()}
    note(f"instructions: {costs}")
    assert all(costs[name] <= bound for name, bound in BOUNDS.items()), f"wanted at most {BOUNDS}, got {costs}"
