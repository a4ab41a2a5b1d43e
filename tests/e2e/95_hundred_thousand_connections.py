# SPDX-License-Identifier: MIT
"""100,000 connections over eight workers of the release build: all are open at once, all are answered, and what they cost is printed.

A process may have some 20,000 descriptors, so clients are eight processes, too; each has an address of its own (127.0.0.2 …),
as one address has not ports enough. Other tests run beside this one: what the kernel keeps is a figure, and no bound.
"""
import contextlib
import json
import re
import resource
import subprocess
import time

from host import ROOT, Host, proc_text, routes_text, wait_until
from story import Skip, note

TEST_SECONDS = 240
WORKERS, CLIENTS, EACH = 8, 8, 12_500
CONNECTIONS = CLIENTS * EACH
SPARE = 1000  # chance gives no worker exactly its share
MEMORY = 4 << 30
# Anonymous memory of the workers for each, as measured and a tenth more. Who makes it smaller lowers the bound.
BYTES = 1700
BUILD = ROOT / "build-bench"
LOAD = BUILD / "tests/bench/load"
TOP = f"workers: {WORKERS}\nlog: {{access: off}}\nping: {{interval: 0}}\n"


class Clients:
    """One process of the load generator, that opens connections and holds them."""

    def __init__(self, number, port):
        self.process = subprocess.Popen(
            ["nice", LOAD, "hold", f"port={port}", f"source={2 + number}", f"connections={EACH}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def hear(self, wanted):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        assert json.loads(line) == wanted, line

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self):
        self.process.kill()
        self.process.communicate()


def anonymous(pids):
    texts = "".join(proc_text(pid, "smaps_rollup") for pid in pids)
    return sum(int(kib) * 1024 for kib in re.findall(r"^Anonymous:\s+(\d+) kB", texts, re.M))


def kernel():
    """Bytes of slabs and page tables, and of what waits in TCP's buffers."""
    meminfo = dict(re.findall(r"^(\w+):\s+(\d+)", open("/proc/meminfo").read(), re.M))
    pages = int(re.search(r"^TCP:.* mem (\d+)", open("/proc/net/sockstat").read(), re.M)[1])
    return {"slabs": int(meminfo["Slab"]) * 1024, "page tables": int(meminfo["PageTables"]) * 1024,
            "TCP buffers": pages * resource.getpagesize()}


def enough():
    available = int(re.search(r"^MemAvailable:\s+(\d+)", open("/proc/meminfo").read(), re.M)[1]) * 1024
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if available < MEMORY:
        raise Skip(f"{available >> 20} MiB of memory are free, {MEMORY >> 20} are wanted")
    if hard < EACH + SPARE:
        raise Skip(f"a process may have {hard} descriptors, {EACH + SPARE} are wanted")


def test_all_are_open_and_answered():
    enough()
    host = Host(text=routes_text("  - {path: /, plugin: mirror}\n", plugins=BUILD / "plugins", top=TOP))
    host.arguments[0] = str(BUILD / "host/socklet")
    with host, contextlib.ExitStack() as stack:
        wait_until(lambda: len(host.workers()) == WORKERS, "eight workers")
        before, kernel_before, began = anonymous(host.workers()), kernel(), time.monotonic()
        clients = []
        for number in range(CLIENTS):
            clients.append(Clients(number, host.port))
            stack.callback(clients[-1].kill)
        for one in clients:
            one.hear({"connections": EACH})
        took = time.monotonic() - began
        assert host.connections() == CONNECTIONS, host.connections()
        own, of_kernel = anonymous(host.workers()) - before, kernel()
        for one in clients:
            one.go_on()
        for one in clients:
            one.hear({"answered": EACH})
        talking = anonymous(host.workers()) - before
        for one in clients:
            one.go_on()
        wait_until(lambda: host.connections() == 0, lambda: f"{host.connections()} are still open", 60)
        note(f"{CONNECTIONS} connections in {took:.1f} s; bytes for each: workers {own // CONNECTIONS}, after a message "
             f"{talking // CONNECTIONS}; kernel, both ends: " +
             ", ".join(f"{name} {(of_kernel[name] - kernel_before[name]) // CONNECTIONS}" for name in of_kernel))
        assert own // CONNECTIONS <= BYTES, own
