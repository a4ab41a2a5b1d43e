# SPDX-License-Identifier: MIT
"""What a message costs, in instructions of the release build: a slow-down fails here, without a timer.

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
BOUNDS = {"echo of 20 B": 1550, "sixteen at once": 600, "echo of 1 KiB": 2600, f"publish to {MEMBERS} members": 16500}


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


def echo(host, size, depth=1):
    with WebSocket(host.port, "/") as ws:
        for _ in range(MESSAGES // depth):
            ws.send(frame(TEXT, b"x" * size) * depth)
            for _ in range(depth):
                ws.expect_text("x" * size)


def publish(members):
    for _ in range(MESSAGES):
        members[0].text("hello")
        for member in members:
            member.recv()
        members[0].recv()  # what chat says to its author alone


def totals(out, pid):
    """Of each part, in the order of time; the first is all before the first handshake."""
    parts = sorted(out.glob(f"{pid}.*"), key=lambda path: int(path.suffix[1:]))
    return [int(re.search(r"^totals: (\d+)", path.read_text(), re.M)[1]) for path in parts]


def test_messages_cost_no_more_than_they_did():
    costs = {}
    with folder() as out:
        with counted(out) as host:
            worker = host.workers()[0]
            echo(host, 1)  # the first handshake of a worker also sets up what OpenSSL needs
            for _ in range(ROUNDS):
                echo(host, 20)
                echo(host, 20, depth=16)
                echo(host, 1024)
                members = [WebSocket(host.port, f"/chat/{number}") for number in range(MEMBERS)]
                publish(members)
                for member in members:
                    member.drop()
            WebSocket(host.port, "/").drop()  # ends the last part
        parts = totals(out, worker)
    assert len(parts) == 2 + ROUNDS * (3 + MEMBERS), parts
    # Timers run meanwhile, more of them on a busy machine: the better round is the truer one.
    for name, index in zip(BOUNDS, (2, 3, 4, 4 + MEMBERS)):
        costs[name] = min(parts[index::3 + MEMBERS][:ROUNDS]) // MESSAGES
    note(f"instructions a message: {costs}")
    assert all(costs[name] <= bound for name, bound in BOUNDS.items()), f"wanted at most {BOUNDS}, got {costs}"
