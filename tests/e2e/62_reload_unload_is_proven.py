# SPDX-License-Identifier: MIT
"""Old code leaves memory when nothing can still call it; else it stays, and the log names what keeps it."""
import contextlib
import os
import re
import shutil

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, socklet, wait_until
from story import each


@contextlib.contextmanager
def serving(name, options=""):
    """A host whose plugin can be changed without changing what it does."""
    with folder() as plugins:
        shutil.copy(TEST_PLUGINS / f"{name}.so", plugins)
        routes = f"  - {{path: /ws, plugin: {name}{options.format(folder=plugins)}}}\n"
        with Host(text=routes_text(routes, plugins=plugins)) as host:
            host.plugins = plugins
            host.file = plugins / f"{name}.so"
            host.whole = host.file.read_bytes()
            yield host


def other_bytes(host, number):
    """The same code as another version: what is behind the end of an ELF file means nothing."""
    new = host.file.with_suffix(".new")
    new.write_bytes(host.whole + f"version {number}".encode())
    new.rename(host.file)


def versions_mapped(host):
    name = host.file.stem
    found = (re.search(rf"{name}\.(\d+)\.so", line) for line in host.mappings(f"{name}."))
    return sorted({int(one[1]) for one in found if one})


def answers(ws, text):
    ws.text(text)
    return ws.recv()[1].decode()


LEFT = [
    ("leaves_thread", r"thread \d+ \(socklet\) still runs in it; end and join every thread in \.stop"),
    ("leaves_handler", r"the handler of signal 23, SIGURG lies in it; put the one before back in \.stop"),
    ("leaves_local", r"the loader keeps it; no thread_local with a destructor"),
    ("leaves_key", r"it makes pthread keys, .*; call pthread_key_delete in \.stop"),
]


@each(LEFT)
def test_what_something_still_needs_stays_and_is_named(row):
    name, reason = row
    with serving(name) as host:
        with WebSocket(host.port, "/ws") as old:
            answers(old, "a")
            other_bytes(host, 2)
            host.reload()
            with WebSocket(host.port, "/ws") as new:
                answers(new, "b")
                answers(old, "c")
                assert "warn plugin" not in host.log, "the old version serves a connection"
                since = len(host.log)
                old.closes()
                host.wait_log(rf"warn plugin {name}: version 1 stays in memory: {reason}", since)
                assert versions_mapped(host) == [1, 2], host.mappings(name)
                answers(new, "d")


def test_what_leaves_nothing_behind_is_unloaded():
    with serving("leaves_nothing") as host, WebSocket(host.port, "/ws") as old:
        answers(old, "a")
        other_bytes(host, 2)
        host.reload()
        assert versions_mapped(host) == [1, 2], host.mappings("leaves_nothing")
        old.closes()
        wait_until(lambda: versions_mapped(host) == [2], lambda: host.mappings("leaves_nothing"))
        assert "stays in memory" not in host.log, host.log


def test_a_thread_that_ends_late_lets_its_code_go_with_the_next_reload():
    with serving("leaves_thread", ", options: {{until: {folder}/over}}") as host:
        other_bytes(host, 2)
        host.reload()
        host.wait_log("warn plugin leaves_thread: version 1 stays in memory")
        said = socklet("status", host.routes).stdout
        assert re.search(r"^leaves_thread +1 +1 +.*thread", said, re.M), said
        (host.plugins / "over").touch()
        threads = f"/proc/{host.workers()[0]}/task"
        wait_until(lambda: len(os.listdir(threads)) == 1, "the threads to end")
        since = len(host.log)
        other_bytes(host, 3)
        host.reload()
        host.wait_log("plugin leaves_thread: version 1 has left memory", since)
        wait_until(lambda: versions_mapped(host) == [3], lambda: host.mappings("leaves_thread"))


def test_two_hundred_reloads_leave_nothing():
    with serving("leaves_nothing") as host, WebSocket(host.port, "/ws") as ws:
        def now():
            return host.descriptors_open(), len(host.mappings("")), host.resident()

        for number in range(2, 202):
            other_bytes(host, number)
            host.reload()
            if number == 20:
                before = now()
        after = now()
        # The master's word comes before the last old copy is closed.
        assert after[0] <= before[0] + 2, f"descriptors: {before[0]}, then {after[0]}"
        assert after[1] <= before[1] + 20, f"mappings: {before[1]}, then {after[1]}"
        # AddressSanitizer keeps what is freed for a while.
        assert host.mappings("libasan") or after[2] <= before[2] + (2 << 20), f"resident bytes: {before[2]}, then {after[2]}"
        # The first version serves this connection, the last one all others.
        assert versions_mapped(host) == [1, 201], versions_mapped(host)
        assert answers(ws, "x") == "nothing: x"


def test_too_many_versions_refuse_the_next_reload():
    with serving("leaves_key") as host:
        for number in range(2, 65):
            other_bytes(host, number)
            host.reload()
        other_bytes(host, 65)
        said = host.reload("refused")
        assert re.search(r"leaves_key\.so: 64 versions of it are in memory \(1 in use, 63 that could not "
                         r"be unloaded\), at most 64", said), said
        with WebSocket(host.port, "/ws") as ws:
            assert answers(ws, "x") == "key: x"
