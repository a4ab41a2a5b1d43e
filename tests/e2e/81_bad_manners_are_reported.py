# SPDX-License-Identifier: MIT
"""What a plugin changes for the whole process is put back, and the log names the plugin."""
import contextlib
import os
import pathlib
import re

from client import WebSocket, get
from host import PLUGINS, TEST_PLUGINS, Host, folder, routes_text, wait_until
from story import each


@contextlib.contextmanager
def serving(start=None, stop=None):
    options = ", ".join(f"{name}: {way}" for name, way in (("start", start), ("stop", stop)) if way)
    with folder() as plugins:
        for plugin in (TEST_PLUGINS / "rude.so", PLUGINS / "echo.so"):
            (plugins / plugin.name).write_bytes(plugin.read_bytes())
        routes = f"  - {{path: /rude, plugin: rude, options: {{{options}}}}}\n" if options else \
            "  - {path: /rude, plugin: rude}\n"
        with Host(text=routes_text("  - {path: /ws, plugin: echo}\n" + routes, plugins=plugins)) as host:
            yield host


def status_field(host, name):
    text = pathlib.Path(f"/proc/{host.workers()[0]}/status").read_text()
    return re.search(rf"^{name}:\s+(\w+)", text, re.M)[1]


def is_well(host):
    """The process is as its parent made it, and serves."""
    assert status_field(host, "Umask") == f"{os.umask(os.umask(0o22)):04o}", status_field(host, "Umask")
    assert os.readlink(f"/proc/{host.workers()[0]}/cwd") == os.getcwd(), os.readlink(f"/proc/{host.workers()[0]}/cwd")
    assert int(status_field(host, "SigIgn"), 16) & 1 << 12, "SIGPIPE is no longer ignored"
    for fd in range(3):
        assert os.path.lexists(f"/proc/{host.workers()[0]}/fd/{fd}"), f"descriptor {fd} is closed"
    with WebSocket(host.port, "/ws") as ws:
        ws.text("x")
        ws.expect_text("Message text was: x")
    assert get(host.port, "/none").status == 404


CHANGES = [
    ("umask", r"changed the umask from \d+ to 0000, put back"),
    ("folder", r"changed the working directory to /, put back"),
    ("locale", r"changed the locale from C to C\.UTF-8, put back"),
    ("thread locale", r"left another locale in use, put back"),
    ("sigpipe", r"changed what signal 13, SIGPIPE does, put back"),
    ("standard", r"closed descriptor 1, which is the host's, put back"),
]


@each(CHANGES)
def test_what_start_changes_is_put_back(row):
    way, words = row
    with serving(start=way) as host:
        host.wait_log(rf"warn plugin rude \(version 1\), in start: {words}")
        is_well(host)


@each([row for row in CHANGES if row[0] != "thread locale"])
def test_what_stop_changes_is_put_back(row):
    way, words = row
    with serving(stop=way) as host:
        host.write(host.routes.read_text().split("  - {path: /rude")[0])
        host.reload()
        host.wait_log(rf"warn plugin rude \(version 1\), in stop: {words}")
        is_well(host)


@each(CHANGES)
def test_what_a_message_changes_is_put_back_soon(row):
    way, words = row
    with serving() as host, WebSocket(host.port, "/rude") as ws:
        def did(what):
            ws.text(what)
            ws.expect_text(f"did {what}")

        def is_told():
            did("nothing")  # the host looks when a plugin has run, once a second
            return re.search(rf"warn plugin rude \(version 1\), which ran last \(message\): {words}", host.log)

        did("nothing")
        did(way)
        wait_until(is_told, lambda: host.log)
        is_well(host)


def test_descriptors_of_the_host_that_start_closes_are_put_back():
    with serving(start="many") as host:
        said = host.log
        assert re.search(r"in start: closed descriptor 2, which is the host's, put back", said), said
        assert len(re.findall("which is the host's, put back", said)) > 4, said
        is_well(host)


def test_descriptors_of_the_host_that_a_reloaded_plugin_closes_are_put_back():
    with serving() as host:
        is_well(host)
        host.write(host.routes.read_text().replace("plugin: rude", "plugin: rude, options: {start: many}"))
        host.reload()
        assert "which is the host's, put back" in host.log, host.log
        is_well(host)


def test_a_descriptor_that_start_opened_and_stop_did_not_close_is_named():
    with serving(start="leave open") as host:
        assert "warn plugin" not in host.log, host.log
        host.write(host.routes.read_text().split("  - {path: /rude")[0])
        host.reload()
        host.wait_log(r"warn plugin rude \(version 1\), in stop: left descriptor \d+ open, .* that \.start opened")


def test_good_plugins_are_not_accused():
    with Host("conf/echo.yaml") as host:
        for _ in range(3):
            host.reload()
        with WebSocket(host.port, "/ws") as ws:
            ws.text("x")
            ws.recv()
        assert " warn " not in host.log, host.log
