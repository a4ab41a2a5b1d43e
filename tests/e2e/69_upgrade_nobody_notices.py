# SPDX-License-Identifier: MIT
"""A new host program takes over the sockets: nobody is refused or cut off, and one that fails changes nothing."""
import json
import os
import shutil
import signal
import socket
import threading

from client import WebSocket, get
from host import SOCKLET, Host, folder, is_gone, routes_text, socklet, wait_until
from story import each

TALK = "  - {path: /ws, plugin: echo}\n"


class Upgradable:
    """A host whose program is a copy of its own, at a path where a test can put another one."""

    def __init__(self, workers=2, top="", control="ctl"):
        self.folder = folder()
        self.program = self.folder.__enter__() / "socklet"
        shutil.copy(SOCKLET, self.program)
        self.host = Host(text=routes_text(TALK, top=f"workers: {workers}\ncontrol: {control}\n{top}"))
        self.host.arguments[0] = str(self.program)

    def __enter__(self):
        self.host.__enter__()
        return self

    def __exit__(self, kind, *why):
        try:
            self.end_successor()
            self.host.__exit__(kind, *why)
        finally:
            self.folder.__exit__(kind, *why)

    def ask(self, *words):
        return socklet(words[0], self.host.routes, *words[1:], timeout=60)

    def status(self):
        done = self.ask("status", "--json")
        assert done.returncode == 0 and not done.stderr, done
        return json.loads(done.stdout)

    def end_successor(self):
        """The one that answers, if it is not the first."""
        done = self.ask("status", "--json")
        if done.returncode == 0 and json.loads(done.stdout)["pid"] != self.host.pid:
            done = self.ask("stop")
            assert done.returncode == 0, done

    def put(self, content, mode=0o755):
        """As an installer does: another file under the same name."""
        new = self.program.with_suffix(".new")
        new.write_bytes(content)
        new.chmod(mode)
        new.rename(self.program)

    def upgrade(self):
        before = self.status()["pid"]
        self.put(SOCKLET.read_bytes())
        done = self.ask("upgrade")
        assert done.returncode == 0 and not done.stderr, done
        now = self.status()
        assert done.stdout == f"upgrade: done, process {now['pid']} serves; process {before} ends with its " \
            "last connection\n", done.stdout
        assert now["pid"] != before, now
        return now["pid"]


def echoes(ws, text):
    ws.text(text)
    ws.expect_text(f"Message text was: {text}")


def test_connections_talk_before_during_and_after():
    with Upgradable() as it:
        with WebSocket(it.host.port, "/ws") as old:
            echoes(old, "before")
            successor = it.upgrade()
            assert os.readlink(f"/proc/{successor}/exe") == str(it.program), "the new file runs"
            with WebSocket(it.host.port, "/ws") as new:
                echoes(old, "after")
                echoes(new, "new")
                assert sum(row["connections"] for row in it.status()["workers"]) == 1, "the other is the old one's"
                assert it.host.process.poll() is None, "the old one has a client still"
                old.closes()
                it.host.wait()
                echoes(new, "alone")
        assert it.host.process.stdout.read() in (None, b""), "ready lines are printed once"


def test_nobody_is_refused_during_five_upgrades():
    with Upgradable() as it:
        over, failures, count = threading.Event(), [], [0]

        def come_and_go():
            while not over.is_set():
                try:
                    with WebSocket(it.host.port, "/ws") as ws:
                        echoes(ws, "x")
                        ws.closes()
                    count[0] += 1
                except (AssertionError, OSError) as error:
                    failures.append(repr(error))

        clients = [threading.Thread(target=come_and_go, daemon=True) for _ in range(3)]
        for client in clients:
            client.start()
        pids = [it.host.pid]
        try:
            for _ in range(5):
                pids.append(it.upgrade())
                wait_until(lambda: is_gone(pids[-2]), f"the end of process {pids[-2]}")
        finally:
            over.set()
            for client in clients:
                client.join()
        assert not failures and count[0] > 20, (count, failures)
        assert len(set(pids)) == 6, pids
        it.host.wait()


def test_signals_reach_the_new_one():
    with Upgradable() as it, WebSocket(it.host.port, "/ws") as old:
        before = it.status()["pid"]
        it.host.signal(signal.SIGUSR2)
        successor = wait_until(lambda: (pid := it.status()["pid"]) != before and pid, "a successor")
        since = len(it.host.log)
        os.kill(successor, signal.SIGHUP)
        it.host.wait_log(r"reload: done, nothing has changed", since)
        it.host.signal(signal.SIGHUP)
        it.host.wait_log(rf"reload: process {successor} has taken over", since)
        it.host.signal(signal.SIGTERM)
        old.expect_close(1012)
        it.host.wait()
        assert it.status()["pid"] == successor


def test_the_service_manager_is_told_the_new_process_by_the_old_one():
    with folder() as path, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path / "notify"))
        manager.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = str(path / "notify")
        try:
            with Upgradable() as it:
                def told():
                    return manager.recv(4096).decode().split("\n")
                serves = ["READY=1", "STATUS=generation 1 serves"]
                assert told() == serves
                successor = it.upgrade()
                assert told() == serves
                assert told() == ["READY=1", f"MAINPID={successor}", "STATUS=upgraded"]
                it.host.wait()
                it.end_successor()
                assert told() == ["STOPPING=1", "STATUS=stopping"], "the new one's only"
        finally:
            del os.environ["NOTIFY_SOCKET"]


def test_drain_ends_the_old_connections():
    with Upgradable(top="drain: {after: 200ms, spread: 300ms}\n") as it:
        with WebSocket(it.host.port, "/ws") as first, WebSocket(it.host.port, "/ws") as second:
            it.upgrade()
            first.expect_close(1012)
            second.expect_close(1012)
            it.host.wait()
            with WebSocket(it.host.port, "/ws") as new:
                echoes(new, "x")
                new.closes()


def test_idle_http_connection_does_not_hold_the_old_one():
    with Upgradable() as it, socket.create_connection(("127.0.0.1", it.host.port)):
        it.upgrade()
        it.host.wait()


@each([("no program", b"no program", 0o755, r"cannot run .*socklet: Exec format error"),
       ("not executable", b"#!/bin/sh\n", 0o644, r"cannot run .*socklet: Permission denied"),
       ("ends at once", b"#!/bin/sh\nexit 3\n", 0o755, r"the new process ended with status 3 before it served"),
       ("dies", b"#!/bin/sh\nkill -SEGV $$\n", 0o755, r"the new process died of signal 11 .* before it served")])
def test_program_that_fails_changes_nothing(row):
    with Upgradable() as it, WebSocket(it.host.port, "/ws") as old:
        it.put(row[1], row[2])
        done = it.ask("upgrade")
        assert done.returncode == 1 and not done.stdout, done
        it.host.wait_log(rf"upgrade: failed, process {it.host.pid} serves on: {row[3]}")
        assert done.stderr.startswith(f"upgrade: failed, process {it.host.pid} serves on: "), done
        assert it.status()["pid"] == it.host.pid
        echoes(old, "still")
        with WebSocket(it.host.port, "/ws") as new:
            echoes(new, "x")
        it.upgrade()
        old.closes()
        it.host.wait()


def test_routes_with_a_mistake_change_nothing():
    with Upgradable() as it, WebSocket(it.host.port, "/ws") as old:
        right = it.host.routes.read_text()
        it.host.write(right + "  - {path: /x, plugin: absent}\n")
        done = it.ask("upgrade")
        assert done.returncode == 1 and "routes.yaml:" in done.stderr and "absent" in done.stderr, done
        it.host.write(right)
        assert it.status()["pid"] == it.host.pid
        echoes(old, "still")
        assert "reload: done" in it.ask("reload").stdout


def test_listen_and_workers_may_change_with_it():
    with Upgradable(workers=3) as it:
        it.host.write(it.host.routes.read_text().replace("workers: 3", "workers: 1"))
        with WebSocket(it.host.port, "/ws") as old:
            it.upgrade()
            assert len(it.status()["workers"]) == 1
            for _ in range(10):
                with WebSocket(it.host.port, "/ws") as new:
                    echoes(new, "x")
                    new.closes()
            old.closes()
            it.host.wait()


def test_control_path_may_change_with_it():
    with Upgradable() as it:
        folder_of = it.host.routes.parent
        before, text = it.host.pid, it.host.routes.read_text()
        it.host.write(text.replace("control: ctl", "control: other"))
        it.host.signal(signal.SIGUSR2)
        wait_until(lambda: (folder_of / "other").exists(), "the new path")
        it.host.wait()
        assert it.status()["pid"] != before and not (folder_of / "ctl").exists()


def test_stop_during_an_upgrade_ends_both():
    with Upgradable() as it:
        it.put(b"#!/bin/sh\nexec sleep 60\n")
        it.host.signal(signal.SIGUSR2)
        pid = int(it.host.wait_log(r"upgrade: starting \S+ as process (\d+)")[1])
        it.host.stop()
        wait_until(lambda: is_gone(pid), "the end of the new process")
