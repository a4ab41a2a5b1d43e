# SPDX-License-Identifier: MIT
"""The servers that are measured side by side: how each is set up, started on a core and stopped.

A server listens on the port it is told and serves the path `/`: an echo, or a broadcast of what any
connection says to all. What is said of its set-up here stands in the results.
"""
import contextlib
import dataclasses
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
SOCKLET = BUILD / "host/socklet"
os.environ.setdefault("SOCKLET_BUILD", str(BUILD))
sys.path.insert(0, str(ROOT / "tests/lib"))
LIMITS = "limits: {message: 32MiB, queue: 64MiB}"
LEVEL = 1  # of compression: the default


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
            time.sleep(0.002)


@dataclasses.dataclass
class Place:
    """Where a server that runs is met, and whose time on the CPU is counted."""
    ports: list
    pids: list
    broker: int = 0  # its process

    def words(self):
        return [*(f"port={port}" for port in self.ports), *(f"pid={pid}" for pid in self.pids),
                *([f"broker={self.broker}"] if self.broker else [])]


@contextlib.contextmanager
def started(command, port, name, on):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               preexec_fn=lambda: os.sched_setaffinity(0, on))
    try:
        wait_listening(process, port, name)
        yield process.pid
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


class Server:
    """One row: its name, what makes its command of a port and a folder, what it is, and why it cannot run (or nothing)."""
    mode = None  # of the load generator, where there is nothing to load

    def __init__(self, name, command, setup, missing=lambda: "", all_cores=False, options=None):
        self.name, self.command, self.setup, self.missing = name, command, setup, missing
        self.all_cores = all_cores
        self.options = options or {}  # of the load generator, for this one

    @contextlib.contextmanager
    def running(self):
        port = free_port()
        on = set(cores()) if self.all_cores else {cores()[0]}
        with tempfile.TemporaryDirectory(prefix="socklet-bench-") as scratch:
            with started(self.command(port, pathlib.Path(scratch)), port, self.name, on) as pid:
                yield Place([port], [pid])


class Alone(Server):
    """What the load generator measures of itself."""

    def __init__(self, name, mode, setup):
        super().__init__(name, None, setup)
        self.mode = mode

    @contextlib.contextmanager
    def running(self):
        yield Place([], [])


class Pair(Server):
    """Two hosts on one broker, which tests/lib starts; half of the connections are of each."""

    def __init__(self, driver):
        super().__init__(f"two on {driver}", None, f"two hosts, one worker each, plugins/{driver}, Debian's broker; all on one core")
        self.driver = driver

    @contextlib.contextmanager
    def running(self):
        import broker as brokers
        driver = dict(brokers.DRIVERS)[self.driver]
        with contextlib.ExitStack() as stack:
            broker = stack.enter_context(brokers.running(driver))
            os.sched_setaffinity(broker.process.pid, {cores()[0]})
            scratch = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="socklet-bench-")))
            shutil.copy(BENCH / "plugins/audience.so", scratch)
            shutil.copy(BUILD / f"plugins/{self.driver}.so", scratch)
            place = Place([], [], broker.process.pid)
            for number in range(2):
                place.ports.append(free_port())
                below = scratch / str(number)
                below.mkdir()
                top = f"bus: {{driver: {self.driver}, options: {broker.options()}}}\n"
                command = socklet(scratch, "audience", top=top)(place.ports[-1], below)
                place.pids.append(stack.enter_context(started(command, place.ports[-1], self.name, {cores()[0]})))
                wait_bus(below / "routes.yaml")
            yield place


def wait_bus(routes):
    end = time.monotonic() + 30
    while '"state": "up"' not in subprocess.run([SOCKLET, "status", "--json", routes], capture_output=True, text=True).stdout:
        if time.monotonic() > end:
            sys.exit(f"{routes}: the broker is not reached")
        time.sleep(0.05)


# ---- commands --------------------------------------------------------------------------------

def socklet(plugins, plugin, workers=1, top="", address="127.0.0.1"):
    """One route: /."""
    def command(port, scratch):
        return run_socklet(port, scratch, plugins, f"  - {{path: /, plugin: {plugin}, {LIMITS}}}\n", top, workers, address)
    return command


def run_socklet(port, scratch, plugins, routes, top="", workers=1, address="127.0.0.1"):
    file = scratch / "routes.yaml"
    file.write_text(f"listen: '{address}:8000'\nplugins: {plugins}\nworkers: {workers}\nlog: {{level: warn, access: off}}\n"
                    f"{top}routes:\n{routes}")
    return [SOCKLET, "run", file, "--listen", f"{address}:{port}"]


def socklet_with_many(routes, plugins=1):
    """Routes /r0/{id}, /r1/{id} … that share so many plugins, all copies of mirror under names of their own."""
    def command(port, scratch):
        copy_plugins(scratch, plugins)
        lines = "".join(f"  - {{path: '/r{n}/{{id}}', plugin: {plugin_name(n % plugins)}, {LIMITS}}}\n" for n in range(routes))
        return run_socklet(port, scratch, scratch, lines)
    return command


def plugin_name(number):
    return f"p{number:05d}"


def copy_plugins(folder, count):
    """A plugin says its name in its file, once; six letters fit in the place of `mirror`."""
    image = (BUILD / "plugins/mirror.so").read_bytes()
    for number in range(count):
        (folder / f"{plugin_name(number)}.so").write_bytes(image.replace(b"\0mirror\0", f"\0{plugin_name(number)}\0".encode()))


def program(path, *more):
    return lambda port, scratch: [path, str(port), *map(str, more)]


_CERTIFICATES = []


def certificate():
    """(certificate, key) of this run: P-256, signed by an authority of its own."""
    if not _CERTIFICATES:
        from certificates import Authority
        folder = tempfile.TemporaryDirectory(prefix="socklet-bench-")
        _CERTIFICATES.extend([folder, Authority(pathlib.Path(folder.name)).issue("localhost", ["localhost"])])
    return _CERTIFICATES[1]


def floor_tls(port, scratch):
    return program(BENCH / "floor_tls", *certificate())(port, scratch)


def socklet_tls(port, scratch):
    pem, key = certificate()
    top = f"tls: {{certificates: [{{certificate: {pem}, key: {key}}}]}}\n"
    return socklet(BUILD / "plugins", "mirror", top=top, address="https://127.0.0.1")(port, scratch)


# ---- rows ------------------------------------------------------------------------------------

def has_file(path):
    return lambda: "" if path.exists() else f"{path.name} is not built: its package is missing"


def has_fastapi():
    answer = subprocess.run([PYTHON, "-c", "import fastapi, uvicorn, uvloop, httptools, websockets"],
                            capture_output=True, text=True)
    return answer.stderr.strip().rpartition("\n")[2]


def has_npm_ws():
    there = shutil.which("node") and (ROOT / "tests/node_modules/ws").exists()
    return "" if there else "node or the package ws is missing (tests/run installs both)"


FLOOR = Server("bare epoll", program(BENCH / "floor_raw"), "-O2; recv and send of what is ready, no protocol: masked frames go back")
SENDS = Server("bare sends", program(BENCH / "floor_raw", "broadcast"), "-O2; a loop of send on the bytes as they came")
MIRROR = Server("socklet", socklet(BUILD / "plugins", "mirror"),
                "RelWithDebInfo; one worker, plugins/mirror, access log off, compression offered only where it is measured")
AUDIENCE = Server("socklet", socklet(BENCH / "plugins", "audience"), "RelWithDebInfo; one worker, one topic, access log off")
ECHO = [
    FLOOR,
    Server("plain libevent", program(BENCH / "floor_libevent"), "-O2; the same on two plain events a connection, no locks"),
    MIRROR,
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
    SENDS, AUDIENCE,
    Server("socklet, 2 workers", socklet(BENCH / "plugins", "audience", 2), "the same with two, both on the one core"),
]
TLS = [
    Server("bare OpenSSL", floor_tls, "-O2; the bare epoll echo, OpenSSL between BIOs that never touch the socket; TLS 1.3"),
    Server("socklet", socklet_tls, "RelWithDebInfo; one worker, plugins/mirror, TLS 1.3"),
]
DEFLATE = [
    Server("bare zlib", program(BENCH / "floor_zlib", LEVEL), "-O2; the bare epoll echo, each frame inflated and deflated again, level 1"),
    MIRROR,
    Alone("zlib alone", "zlib", "inflate and deflate of the same message in a loop, level 1, no socket"),
]
DEFLATE_BROADCAST = [
    Server("bare zlib", program(BENCH / "floor_zlib", LEVEL, "broadcast"),
           "-O2; inflated and deflated once, then a loop of send on the bytes"),
    AUDIENCE,
]
ROUTES = [Server(f"{count:,} route{'s' * (count > 1)}", socklet_with_many(count), "connections are spread over all routes",
                 options={"routes": count}) for count in (1, 100, 10_000)]
PLUGINS = [Server(f"{count} plugin{'s' * (count > 1)}", socklet_with_many(count, count),
                  "one route each, connections spread over all", options={"routes": count}) for count in (1, 50, 200)]
WORKERS = [
    Server("1 worker", socklet(BUILD / "plugins", "mirror"), "on one core, the client on the other"),
    Server("2 workers", socklet(BUILD / "plugins", "mirror", 2), "on both cores, the client on one of them", all_cores=True),
]
BROKERS = [SENDS, AUDIENCE, Pair("redis"), Pair("nats"), Pair("postgres")]


def present(servers):
    """Those that can run here; one line for each that cannot."""
    found = []
    for server in servers:
        if why := server.missing():
            print(f"# {server.name} is left out: {why}", file=sys.stderr)
        else:
            found.append(server)
    return found
