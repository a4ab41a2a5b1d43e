# SPDX-License-Identifier: MIT
"""A plugin that brings its process down is named in the log: version, callback, route, connection, place in the code."""
import contextlib
import os
import re
import signal
import subprocess

from client import WebSocket
from host import TEST_PLUGINS, Host, is_gone, routes_text, wait_until
from story import each

WAYS = "  - {path: '/crash/{in}/{how}', plugin: crasher}\n"
BROUGHT = "  - {path: '/brought/{in}/{how}', plugin: crasher, inject: {brought: {from: provider, alias: bringer}}}\n"
PROVIDERS = "providers:\n  bringer: {plugin: crasher, inject: {how: path}}\n"
TEXT = routes_text(WAYS + BROUGHT, plugins=TEST_PLUGINS) + PROVIDERS

CODE = r"crasher\.so\+0x[0-9a-f]+"
CALLED = rf"\S+\+0x[0-9a-f]+, called from {CODE}"
SEGV = r"SIGSEGV at address 0x8"


@contextlib.contextmanager
def doomed(text=TEXT):
    """A host whose end, or a worker's, is not this story's business."""
    with Host(text=text) as host:
        try:
            yield host
        finally:
            host.stopped = True


def wait_line(host, pattern):
    """As wait_log, also when nobody is left to write more."""
    line = rf"^\S+Z error worker \d+ crashed: {pattern}$"
    return wait_until(lambda: re.search(line, host.log, re.M), lambda: f"{line!r} in the log:\n{host.log}")


def provoke(host, path):
    """A connection, a message and its end; whichever of them is too much for the plugin."""
    with contextlib.suppress(AssertionError, OSError), WebSocket(host.port, path) as ws:
        ws.text("go")
        ws.recv()
        if "/disconnect/" in path:
            ws.closes()
        else:
            ws.recv(timeout=5)


def step(callback, route="/crash/{in}/{how}"):
    return rf"in plugin crasher \(version 1\), callback {callback}, route {re.escape(route)}, connection #\d+"


@each([
    ("connect", "null", SEGV, CODE),
    ("message", "null", SEGV, CODE),
    ("disconnect", "null", SEGV, CODE),
    ("timer", "null", SEGV, CODE),
    ("done", "null", SEGV, CODE),
    ("message", "stack", r"SIGSEGV at address 0x[0-9a-f]+ \(the stack is full\)", rf".*{CODE}"),  # or in a sanitizer's part
    ("message", "libc", SEGV, CALLED),
    ("message", "abort", "SIGABRT", CALLED),
    ("message", "fpe", "SIGFPE", CODE),
], name=lambda row: f"{row[0]}_{row[1]}")
def test_crash_in(row):
    callback, how, cause, code = row
    with doomed() as host:
        provoke(host, f"/crash/{callback}/{how}")
        wait_line(host, rf"{cause}, {step(callback)}, code {code}")


def test_crash_in_provider():
    with doomed() as host:
        provoke(host, "/brought/provider/null")
        where = step("provider bringer", "/brought/{in}/{how}")
        wait_line(host, rf"{SEGV}, {where}, code {CODE}")


def test_crash_in_offloaded_work():
    with doomed() as host:
        provoke(host, "/crash/work/null")
        where = r"in plugin crasher \(version 1\), on a thread of sl_offload or of its own"
        wait_line(host, rf"{SEGV}, {where}, code {CODE}")


def test_crash_in_start():
    with doomed() as host:
        host.write(routes_text(WAYS + "  - {path: /start, plugin: crash_start}\n", plugins=TEST_PLUGINS))
        host.signal(signal.SIGHUP)
        wait_line(host, rf"{SEGV}, in plugin crash_start \(version 1\), callback start, code crash_start\.so\+0x\w+")


def test_endless_loop_ends_by_an_abort_from_outside():
    with doomed() as host:
        with contextlib.suppress(AssertionError, OSError), WebSocket(host.port, "/crash/message/loop") as ws:
            ws.text("go")
            worker = int(host.wait_log(r"process (\d+)$")[1])
            os.kill(worker, signal.SIGABRT)
            wait_line(host, rf"SIGABRT sent by process {os.getpid()}, {step('message')}, code .*crasher\.so\+0x\w+")
            ws.expect_end()
        wait_until(lambda: is_gone(worker), f"the end of process {worker}")


def test_address_of_the_line_leads_to_the_source():
    with doomed() as host:
        provoke(host, "/crash/message/null")
        offset = wait_line(host, rf".*, code crasher\.so\+(0x[0-9a-f]+)")[1]
    said = subprocess.run(["addr2line", "-ife", TEST_PLUGINS / "crasher.so", offset],
                          capture_output=True, text=True).stdout
    assert re.search("write_nowhere|crash_ways.h", said), f"{offset}: {said}"  # the former may be inlined


def test_crash_outside_of_plugins_says_so():
    with doomed() as host:
        with WebSocket(host.port, "/crash/none/null") as ws:
            ws.text("go")
            worker = int(host.wait_log(r"process (\d+)$")[1])
            ws.recv()
            ws.ping(b"the callback has returned")
            ws.recv()
        since = len(host.log)
        os.kill(worker, signal.SIGSEGV)
        found = wait_line(host, rf"SIGSEGV sent by process {os.getpid()}, outside of plugin code \(what ran last: "
                                r"plugin crasher \(version 1\), callback \w+, route .*\), code .*")
        assert found.start() >= since, found[0]
