# SPDX-License-Identifier: MIT
"""The servers that are measured side by side: how each is set up, started on a core and stopped.

A server listens on the port it is told and serves the path `/`: an echo, or a broadcast of what any
connection says to all. What is said of its set-up here stands in the results.
"""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-bench"
BENCH = BUILD / "tests/bench"
PEERS = ROOT / "tests/bench/peers"
PYTHON = "/usr/bin/python3"  # whose packages are Debian's

ROUTES = """listen: 127.0.0.1:8000
plugins: {plugins}
workers: {workers}
log: {{level: warn, access: off}}
routes:
  - {{path: /, plugin: {plugin}, limits: {{message: 32MiB, queue: 64MiB}}}}
"""


def socklet(plugins, plugin, workers=1):
    def command(port, scratch):
        routes = scratch / "routes.yaml"
        routes.write_text(ROUTES.format(plugins=plugins, plugin=plugin, workers=workers))
        return [BUILD / "host/socklet", "run", routes, "--listen", f"127.0.0.1:{port}"]
    return command


def program(path, *more):
    return lambda port, scratch: [path, str(port), *more]


def has_file(path):
    return lambda: "" if path.exists() else f"{path.name} is not built: its package is missing"


def has_fastapi():
    answer = subprocess.run([PYTHON, "-c", "import fastapi, uvicorn, uvloop, httptools, websockets"],
                            capture_output=True, text=True)
    return answer.stderr.strip().rpartition("\n")[2]


def has_npm_ws():
    there = shutil.which("node") and (ROOT / "tests/node_modules/ws").exists()
    return "" if there else "node or the package ws is missing (tests/run installs both)"


class Server:
    """One row: its name, what makes its command, what it is, and why it cannot run (or nothing)."""

    def __init__(self, name, command, setup, missing=lambda: ""):
        self.name, self.command, self.setup, self.missing = name, command, setup, missing


FLOOR = "bare epoll"
ECHO = [
    Server(FLOOR, program(BENCH / "floor_epoll"), "-O2; recv and send of what is ready, no protocol: masked frames go back"),
    Server("plain libevent", program(BENCH / "floor_libevent"), "-O2; the same on two plain events a connection, no locks"),
    Server("socklet", socklet(BUILD / "plugins", "mirror"),
           "RelWithDebInfo; one worker, plugins/mirror, access log off, compression not offered by the client"),
    Server("libwebsockets", program(BENCH / "echo_libwebsockets"), "-O2, Debian's library; no extensions, 64 KiB buffers",
           has_file(BENCH / "echo_libwebsockets")),
    Server("Boost.Beast", program(BENCH / "echo_beast"), "-O2 -DNDEBUG, Debian's headers; one thread, no locks, no deflate",
           has_file(BENCH / "echo_beast")),
    Server("FastAPI + uvicorn", lambda port, _: [PYTHON, PEERS / "echo_fastapi.py", str(port)],
           "Debian's packages; uvloop, httptools, websockets, one process, no deflate, no access log", has_fastapi),
    Server("npm ws", lambda port, _: ["node", PEERS / "echo_npm_ws.js", str(port)],
           "no deflate, clients not tracked", has_npm_ws),
]
BROADCAST = [
    Server(FLOOR, program(BENCH / "floor_epoll", "broadcast"), "-O2; a loop of send on the bytes as they came"),
    Server("socklet", socklet(BENCH / "plugins", "audience"), "RelWithDebInfo; one worker, one topic, access log off"),
    Server("socklet, 2 workers", socklet(BENCH / "plugins", "audience", 2), "the same with two, both on the one core"),
]


def cores():
    """(of the server, of the client); the same one when there is no other."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_listening(process, port, name):
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"{name} does not listen on port {port}: {' '.join(map(str, process.args))}")
            time.sleep(0.02)


@contextlib.contextmanager
def running(server):
    """Yields (pid, port)."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="socklet-bench-") as scratch:
        process = subprocess.Popen(server.command(port, pathlib.Path(scratch)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, {cores()[0]}))
        try:
            wait_listening(process, port, server.name)
            yield process.pid, port
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def present(servers):
    """Those that can run here; one line for each that cannot."""
    found = []
    for server in servers:
        if why := server.missing():
            print(f"# {server.name} is left out: {why}", file=sys.stderr)
        else:
            found.append(server)
    return found
