# SPDX-License-Identifier: MIT
"""SIGHUP takes new plugins and routes while clients talk: the old stay as they were, the new get the new."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket

from author import by_cp, by_mv
from client import WebSocket, get, upgrade
from host import PLUGINS, TEST_PLUGINS, Host, folder, free_port, routes_text, wait_until
from story import each

ONE, TWO = TEST_PLUGINS / "talk_one.so", TEST_PLUGINS / "talk_two.so"
ROUTES = "  - {path: /talk, plugin: talk}\n"


@contextlib.contextmanager
def talking(routes=ROUTES):
    """A host with a plugin folder of its own, which holds talk.so, version one."""
    with folder() as plugins:
        shutil.copy(ONE, plugins / "talk.so")
        for plugin in PLUGINS.glob("*.so"):
            shutil.copy(plugin, plugins)
        with Host(text=routes_text(routes, plugins=plugins)) as host:
            host.plugins = plugins
            yield host


def says(ws, version, members, messages, text="x"):
    ws.text(text)
    ws.expect_text(f"{version} members={members} messages={messages} {text}")


@each([("cp", by_cp), ("mv", by_mv)])
def test_new_plugin_serves_new_connections_only(row):
    with talking() as host, WebSocket(host.port, "/talk") as old:
        says(old, "one", 1, 1)
        row[1](TWO, host.plugins / "talk.so")
        says(old, "one", 1, 2)  # overwritten, not yet reloaded
        host.reload()
        says(old, "one", 1, 3)
        with WebSocket(host.port, "/talk") as new:
            says(new, "two", 1, 1)
            says(old, "one", 1, 4)
            row[1](ONE, host.plugins / "talk.so")
            host.reload()
            says(new, "two", 1, 2)
            with WebSocket(host.port, "/talk") as newest:
                newest.text("x")
                assert newest.recv()[1].startswith(b"one "), "not the newest version"
        old.closes()


def test_same_plugin_keeps_its_state():
    with talking("  - {path: '/ws/{client_id}', plugin: chat}\n" + ROUTES) as host, \
            WebSocket(host.port, "/ws/1") as before:
        for _ in range(3):
            host.reload()
        os.utime(host.plugins / "chat.so")  # touched, not changed
        by_mv(TWO, host.plugins / "talk.so")
        host.reload()
        with WebSocket(host.port, "/ws/2") as after:
            after.text("hello")
            after.expect_text("You wrote: hello", "Client #2 says: hello")
            before.expect_text("Client #2 says: hello")
            before.text("hi")
            before.expect_text("You wrote: hi", "Client #1 says: hi")
            after.expect_text("Client #1 says: hi")


def test_plugin_put_back_after_a_refused_reload_keeps_its_state():
    with talking() as host, WebSocket(host.port, "/talk") as before:
        says(before, "one", 1, 1)
        right = host.routes.read_text()
        by_mv(TWO, host.plugins / "talk.so")
        host.write(right + "  - {path: /x, plugin: nothing}\n")
        host.reload("refused")
        by_mv(ONE, host.plugins / "talk.so")
        host.write(right)
        host.reload()
        with WebSocket(host.port, "/talk") as after:
            says(after, "one", 2, 1)


def test_route_is_added_and_removed():
    with talking() as host, WebSocket(host.port, "/talk") as old:
        assert upgrade(host.port, "/more").status == 404
        both = host.routes.read_text() + "  - {path: /more, plugin: echo}\n"
        host.write(both)
        host.reload()
        with WebSocket(host.port, "/more") as more:
            more.text("x")
            more.expect_text("Message text was: x")
            host.write(both.replace("/talk", "/moved"))
            host.reload()
            assert upgrade(host.port, "/talk").status == 404
            says(old, "one", 1, 1)
            with WebSocket(host.port, "/moved") as moved:
                says(moved, "one", 2, 1)  # the same plugin, so the same state
            more.text("y")
            more.expect_text("Message text was: y")


def test_limits_change_for_open_connections_too():
    with talking() as host, WebSocket(host.port, "/talk") as old:
        host.write(host.routes.read_text().replace("plugin: talk}", "plugin: talk, limits: {message: 10}}"))
        host.reload()
        with WebSocket(host.port, "/talk") as new:
            new.text("x" * 11)
            new.expect_close(1009, None)
        says(old, "one", 1, 1)  # at the latest with this one it has them
        old.text("x" * 11)
        old.expect_close(1009, "frame with 11 bytes exceeds limit of 10 bytes")


def bad_yaml(host):
    host.write(host.routes.read_text() + "  - {path: /x, plugin\n")


def unknown_key(host):
    host.write(host.routes.read_text() + "  - {path: /x, plugin: echo, plugni: echo}\n")


def missing_plugin(host):
    host.write(host.routes.read_text() + "  - {path: /x, plugin: nothing}\n")


def missing_file(host):
    host.routes.unlink()


def wrong_field(host):
    host.write(host.routes.read_text() + "  - {path: /x, plugin: echo, inject: {nothing: query}}\n")


def cut_plugin(host):
    whole = TWO.read_bytes()
    (host.plugins / "talk.so").write_bytes(whole[:len(whole) // 2])


def empty_plugin(host):
    (host.plugins / "talk.so").write_bytes(b"")


def no_plugin_file(host):
    (host.plugins / "talk.so").unlink()


def text_for_a_plugin(host):
    (host.plugins / "talk.so").write_text("not a shared object")


MISTAKES = [bad_yaml, unknown_key, missing_plugin, missing_file, wrong_field, cut_plugin, empty_plugin,
            no_plugin_file, text_for_a_plugin]


@each([(mistake.__name__, mistake) for mistake in MISTAKES])
def test_mistake_leaves_all_as_it_was(row):
    _, mistake = row
    with talking() as host, WebSocket(host.port, "/talk") as old:
        says(old, "one", 1, 1)
        good = host.routes.read_text()
        mistake(host)
        said = host.reload("refused")
        assert "routes.yaml" in said, said
        if mistake is not missing_file:
            assert "routes.yaml:" in said, said
        says(old, "one", 1, 2)
        with WebSocket(host.port, "/talk") as new:
            says(new, "one", 2, 1)
        assert upgrade(host.port, "/x").status == 404
        # Put right, the next reload works.
        host.write(good)
        by_mv(TWO, host.plugins / "talk.so")
        host.reload()
        with WebSocket(host.port, "/talk") as new:
            says(new, "two", 1, 1)


def test_fifty_reloads_under_talking_clients():
    """No connection drops, no message is lost, no descriptor and no mapping stays behind."""
    with talking() as host:
        clients = [WebSocket(host.port, "/talk") for _ in range(10)]
        spoken = [0] * len(clients)

        def speak(times):
            for index, ws in enumerate(clients):
                for _ in range(times):
                    spoken[index] += 1
                    ws.text(f"n{spoken[index]}")

        def hear():
            for index, ws in enumerate(clients):
                while ws.heard < spoken[index]:
                    ws.heard += 1
                    text = ws.recv()[1].decode()
                    assert text.endswith(f"messages={ws.heard} n{ws.heard}"), (index, text)
        for ws in clients:
            ws.heard = 0
        speak(2)
        hear()
        host.reload()
        before = None
        for number in range(50):
            speak(3)
            by_mv((TWO, ONE)[number % 2], host.plugins / "talk.so")
            speak(3)
            host.reload()
            speak(3)
            with WebSocket(host.port, "/talk") as new:
                new.text("x")
                assert new.recv()[1].startswith((b"two ", b"one ")[number % 2]), number
                new.closes()
            hear()
            before = before or host.descriptors_open()
        assert host.descriptors_open() <= before + 2, (before, host.descriptors_open())
        for ws in clients:
            ws.closes()


def test_old_code_is_unloaded_once_nobody_needs_it():
    with talking() as host:
        with WebSocket(host.port, "/talk") as ws:
            says(ws, "one", 1, 1)
        for number in range(10):
            by_mv((TWO, ONE)[number % 2], host.plugins / "talk.so")
            host.reload()
        names = {line.split()[-1] for line in host.mappings("talk") if "/" in line}
        assert len(names) <= 2, f"{len(names)} versions are still mapped: {names}"


def test_listeners_change():
    old_port, new_port = free_port(), free_port()
    with folder() as path:
        file = path / "routes.yaml"

        def write(*ports):
            listen = ", ".join(f"127.0.0.1:{port}" for port in ports)
            file.write_text(f"listen: [{listen}]\nplugins: {PLUGINS}\nroutes:\n  - {{path: /ws, plugin: echo}}\n")
        write(old_port)
        with Host(arguments=["run", file]) as host, WebSocket(old_port, "/ws") as ws:
            write(old_port, new_port)
            host.reload()
            assert get(new_port, "/ws").status == 426 and get(old_port, "/ws").status == 426
            write(new_port)
            host.reload()
            assert get(new_port, "/ws").status == 426
            try:
                get(old_port, "/ws")
                raise AssertionError("the removed address still accepts")
            except ConnectionRefusedError:
                pass
            ws.text("x")
            ws.expect_text("Message text was: x")


def test_address_that_cannot_be_bound_refuses_the_reload():
    port = free_port()
    with folder() as path, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = f"127.0.0.1:{taken.getsockname()[1]}"
        file = path / "routes.yaml"
        text = f"listen: [127.0.0.1:{port}]\nplugins: {PLUGINS}\nroutes:\n  - {{path: /ws, plugin: echo}}\n"
        file.write_text(text)
        with Host(arguments=["run", file]) as host:
            file.write_text(text.replace(f":{port}]", f":{port}, {busy}]"))
            assert busy in host.reload("refused")
            assert get(port, "/ws").status == 426


def hang_up(host):
    """SIGHUP; returns when the process has taken it, whatever it is busy with."""
    def is_taken():
        status = pathlib.Path(f"/proc/{host.pid}/status").read_text()
        return all(int(field, 16) & 1 == 0 for field in re.findall(r"(?:Sig|Shd)Pnd:\s+(\w+)", status))

    host.signal(signal.SIGHUP)
    wait_until(is_taken, "the signal to be taken")


def test_signals_during_a_reload_are_one_more_reload():
    with talking() as host, WebSocket(host.port, "/talk") as ws:
        since = len(host.log)
        with open(host.plugins / "talk.so", "r+b"):  # a writer, whose end the first reload waits for
            for _ in range(20):
                hang_up(host)
        host.wait_log("reload: done", since)
        host.reload()
        says(ws, "one", 1, 1)
        count = host.log.count("reload: done", since)
        assert count <= 4, f"20 signals were {count} reloads"


def test_signals_in_quick_succession_end_in_the_last_state():
    with talking() as host:
        for number in range(20):
            by_mv((TWO, ONE)[number % 2], host.plugins / "talk.so")
            host.signal(signal.SIGHUP)
        by_mv(TWO, host.plugins / "talk.so")
        host.reload()
        host.reload()  # the first answer may have been that of an earlier signal
        with WebSocket(host.port, "/talk") as ws:
            ws.text("x")
            assert ws.recv()[1].startswith(b"two "), "not the last version"
