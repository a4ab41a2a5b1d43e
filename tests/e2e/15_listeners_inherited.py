# SPDX-License-Identifier: MIT
"""Sockets that a service manager has opened are served, by all workers, through reloads and upgrades."""
import json
import os
import socket
import subprocess

from client import WebSocket
from host import SOCKLET, Host, environment, folder, proc_text, routes_text, socklet

TALK = "  - {path: /ws, plugin: echo}\n"
# As the manager does it: the process itself is named, so the variables are set between fork and exec.
ACTIVATE = 'export LISTEN_PID=$$ LISTEN_FDS="$1"; [ -n "$2" ] && export LISTEN_FDNAMES="$2"; shift 2; exec "$@"'


def text(listen, top=""):
    return routes_text(TALK, top=top).replace("[127.0.0.1:8000]", listen)


def listening(family=socket.AF_INET, address=("127.0.0.1", 0), kind=socket.SOCK_STREAM):
    sock = socket.socket(family, kind)
    sock.bind(address)
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    return sock


class Activated(Host):
    """A host that is started with sockets from descriptor 3 on."""

    close_fds = False

    def __init__(self, sockets, names, **more):
        super().__init__(listen=(), **more)
        self.sockets = sockets
        self.arguments = ["/bin/sh", "-c", ACTIVATE, "sh", str(len(sockets)), names, *self.arguments]

    def _limit(self):
        # From the last to the first, and by way of numbers that none of them has.
        high = [os.dup2(sock.fileno(), 500 + i) for i, sock in enumerate(self.sockets)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i, inheritable=True)
            os.close(fd)


def echoes(ws, word):
    ws.text(word)
    ws.expect_text(f"Message text was: {word}")


def test_the_only_one_needs_no_name():
    with listening() as sock, Activated([sock], "", text=text("systemd"), listeners=1) as host:
        assert host.addresses == [sock.getsockname()], host.addresses
        with WebSocket(host.port, "/ws") as ws:
            echoes(ws, "activated")


def test_names_and_numbers_and_several_workers():
    with folder() as below:
        path = str(below / "given.sock")
        with listening() as web, listening() as other, listening(socket.AF_UNIX, path) as local:
            with Activated([web, other, local], "web:web:local", listeners=3,
                           text=text("['fd:3', 'fd:4', 'fd:local']", top="workers: 3\n")) as host:
                assert host.addresses == [web.getsockname(), other.getsockname(), (path, None)], host.addresses
                for _ in range(10):
                    for port in (web.getsockname()[1], other.getsockname()[1], path):
                        with WebSocket(port, "/ws") as ws:
                            echoes(ws, "x")
            assert os.path.lexists(path), "who made the file removes it"


def test_a_reload_may_leave_it_and_come_back():
    with listening() as sock, Activated([sock], "web", text=text("fd:web"), listeners=1) as host:
        with WebSocket(host.port, "/ws") as old:
            host.write(text("127.0.0.1:0"))
            host.reload()
            echoes(old, "without")
            host.write(text("[127.0.0.1:0, 'fd:web']", top="workers: 2\n"))
            host.reload()
            with WebSocket(host.port, "/ws") as new:
                echoes(new, "again")


def test_an_upgrade_passes_on_what_is_used_and_what_is_not():
    with listening() as web, listening() as spare:
        with Activated([web, spare], "web:spare", text=text("fd:web", top="control: ctl\n"), listeners=1) as host:
            with WebSocket(host.port, "/ws") as old:
                echoes(old, "before")
                assert socklet("upgrade", host.routes, timeout=60).returncode == 0
                try:
                    with WebSocket(host.port, "/ws") as new:
                        echoes(new, "after")
                    host.write(text("['fd:web', 'fd:spare']", top="control: ctl\n"))
                    assert socklet("reload", host.routes, timeout=60).returncode == 0
                    with WebSocket(spare.getsockname()[1], "/ws") as ws:
                        echoes(ws, "spare")
                    old.closes()
                    host.wait()
                finally:
                    assert socklet("stop", host.routes, timeout=60).returncode == 0


def test_what_is_not_there_is_told_with_what_is():
    with listening() as web, listening(kind=socket.SOCK_DGRAM) as datagram, socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        with Activated([web, datagram, idle, web], "web:data:idle:web", text=text("fd:3"), listeners=1) as host:
            for listen, wanted in [
                    ("fd:wab", "found no inherited socket called wab, there are: fd:web (3), fd:data (4), fd:idle (5)"),
                    ("fd:9", "found no inherited socket called 9"),
                    ("systemd", "found 4 inherited sockets, say which: fd:web (3), fd:data (4)"),
                    ("fd:web", "found 2 inherited sockets called web, name one by its number"),
                    ("fd:data", "inherited descriptor 4 (fd:data) is no stream socket of TCP or Unix"),
                    ("fd:idle", "inherited descriptor 5 (fd:idle) is a socket that does not listen")]:
                host.write(text(f"['fd:3', '{listen}']"))
                lines = host.reload("refused")
                assert wanted in lines, lines
            with WebSocket(host.port, "/ws") as ws:
                echoes(ws, "serves on")


def test_sockets_of_another_process_are_not_taken():
    with folder() as below:
        routes = below / "routes.yaml"
        routes.write_text(text("systemd"))
        done = subprocess.run([str(SOCKLET), "run", str(routes)], capture_output=True, text=True, timeout=60,
                              env=environment() | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})
        assert done.returncode == 1 and f"{routes}:1:9: found no inherited socket: start the host by" in done.stderr, done


def test_programs_that_plugins_start_do_not_hear_of_it():
    with listening() as sock, Activated([sock], "web", text=text("fd:web"), listeners=1) as host:
        # /proc shows the environment of exec, so the names are looked for in a successor's.
        assert socklet("upgrade", host.routes, timeout=60).returncode == 0
        try:
            successor = json.loads(socklet("status", host.routes, "--json").stdout)["pid"]
            assert "LISTEN_" not in proc_text(successor, "environ")
            with WebSocket(host.port, "/ws") as ws:
                echoes(ws, "x")
            host.wait()
        finally:
            assert socklet("stop", host.routes, timeout=60).returncode == 0
