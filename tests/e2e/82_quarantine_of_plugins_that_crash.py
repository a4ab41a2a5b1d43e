# SPDX-License-Identifier: MIT
"""A plugin that ends workers again and again is no longer called; others go on, and other bytes are a new beginning."""
import contextlib
import json
import os
import re
import shutil
import signal

from client import Http, WebSocket, upgrade
from host import PLUGINS, TEST_PLUGINS, Host, folder, routes_text, socklet, wait_until
from story import each

ROUTES = """\
  - {path: /ws, plugin: sudden}
  - {path: /close, plugin: sudden, reject: close}
  - {path: /echo, plugin: echo}
"""
BEGINS = r"error plugin sudden \(version 1\) is in quarantine: it ended (\d+) workers? within \d+ s; its routes answer 503"


class Shaky:
    """A host with `sudden` and `echo` in a folder of its own."""

    def __init__(self, workers=1, routes=ROUTES, top=""):
        self.folder = folder()
        self.plugins = self.folder.__enter__()
        shutil.copy(TEST_PLUGINS / "sudden.so", self.plugins)
        shutil.copy(PLUGINS / "echo.so", self.plugins)
        routes = routes.replace("SCRATCH", str(self.plugins))
        self.host = Host(text=routes_text(routes, plugins=self.plugins, top=f"workers: {workers}\n{top}"))

    def __enter__(self):
        self.host.__enter__()
        return self

    def __exit__(self, *why):
        try:
            self.host.__exit__(*why)
        finally:
            self.folder.__exit__(*why)

    def crash(self, path="/ws"):
        """Ends the worker that takes the connection, and waits for its line."""
        since = len(self.host.log)
        with contextlib.suppress(AssertionError, OSError), WebSocket(self.host.port, path) as ws:
            ws.text("crash")
            ws.expect_end()
        self.host.wait_log(r"worker \d+ \(pid \d+\) died of signal 9", since)

    def crash_into_quarantine(self, times=5):
        for _ in range(times):
            assert " is in quarantine" not in self.host.log, self.host.log
            self.crash()
        assert self.host.wait_log(BEGINS)[1] == str(times), self.host.log

    def other_bytes(self):
        new = self.plugins / "new"
        new.write_bytes((TEST_PLUGINS / "sudden.so").read_bytes() + b"x")
        new.rename(self.plugins / "sudden.so")

    def expect_quarantine(self):
        answer = upgrade(self.host.port, "/ws")
        assert answer.status == 503 and int(answer.header("retry-after")) > 0, answer
        assert answer.detail() == "Service Unavailable", answer

    def expect_echo(self):
        with WebSocket(self.host.port, "/echo") as ws:
            ws.text("x")
            ws.expect_text("Message text was: x")
            ws.closes()

    def expect_service(self):
        with WebSocket(self.host.port, "/ws") as ws:
            ws.text("pid")
            assert int(ws.recv()[1]) in self.host.workers()
            ws.closes()

    def ask(self, command, *words):
        done = socklet(command, self.host.routes, *words)
        assert done.returncode == 0 and not done.stderr, done
        return done.stdout


def test_each_death_has_one_line_that_names_the_plugin():
    with Shaky() as shaky:
        shaky.crash()
        lines = re.findall(r"^.* crashed: .*$", shaky.host.log, re.M)
        wanted = (r"error worker \d+ crashed: SIGKILL, in plugin sudden \(version 1\), callback message, "
                  r"route /ws, connection #\d+$")
        assert len(lines) == 1 and re.search(wanted, lines[0]), lines


def test_death_outside_of_plugin_code_says_what_ran_last():
    with Shaky() as shaky:
        shaky.expect_service()
        os.kill(shaky.host.workers()[0], signal.SIGKILL)
        shaky.host.wait_log(r"crashed: SIGKILL, outside of plugin code \(what ran last: plugin sudden \(version 1\)")


def test_five_deaths_are_enough_and_other_plugins_go_on():
    with Shaky() as shaky:
        shaky.crash_into_quarantine()
        shaky.expect_quarantine()
        shaky.expect_echo()
        with WebSocket(shaky.host.port, "/close", protocols=("chat",)) as ws:
            ws.expect_close(1013, "Service Unavailable")
        with Http(shaky.host.port) as http:
            assert http.request("/ws").status == 503  # it might have had a request callback
        assert len(re.findall(BEGINS, shaky.host.log)) == 1, shaky.host.log


def test_workers_that_serve_on_refuse_too_and_keep_their_connections():
    with Shaky(workers=2, top="quarantine: {deaths: 2}\n") as shaky:
        clients = {}
        while len(clients) < 2:
            ws = WebSocket(shaky.host.port, "/ws")
            ws.text("pid")
            clients.setdefault(int(ws.recv()[1]), ws)
        victim, bystander = clients
        clients[victim].text("crash")
        clients[victim].expect_end()
        wait_until(lambda: len(shaky.host.workers()) == 2, "a successor")
        while bystander in shaky.host.workers() and " is in quarantine" not in shaky.host.log:
            with contextlib.suppress(AssertionError, OSError), WebSocket(shaky.host.port, "/ws") as ws:
                ws.text("pid")
                if int(ws.recv()[1]) != bystander:
                    ws.text("crash")
                    ws.expect_end()
                    shaky.host.wait_log(BEGINS)
        for _ in range(20):
            shaky.expect_quarantine()
            shaky.expect_echo()
        clients[bystander].text("pid")
        clients[bystander].expect_text(str(bystander))
        clients[bystander].closes()


def test_same_bytes_stay_in_quarantine_and_others_end_it():
    with Shaky() as shaky:
        shaky.crash_into_quarantine()
        said = shaky.ask("reload")
        assert "plugin sudden: version 1 stays in quarantine, its bytes are the same\n" in said, said
        shaky.expect_quarantine()
        # Now with something new, and with the bytes written anew.
        shutil.copy(TEST_PLUGINS / "sudden.so", shaky.plugins)
        shaky.host.write(shaky.host.routes.read_text() + "  - {path: /more, plugin: echo}\n")
        said = shaky.ask("reload")
        assert "sudden: version 1 stays in quarantine" in said and "generation 2 serves" in said, said
        shaky.expect_quarantine()
        shaky.other_bytes()
        said = shaky.ask("reload")
        assert "reload: plugin sudden: version 1 is in quarantine no longer\n" in said, said
        shaky.expect_service()
        assert "quarantine" not in shaky.ask("reload")
        # The count begins anew.
        shaky.crash()
        shaky.expect_service()


def test_refused_reload_changes_nothing():
    with Shaky() as shaky:
        shaky.crash_into_quarantine()
        shaky.other_bytes()
        good = shaky.host.routes.read_text()
        shaky.host.write(good + "  - {path: /none, plugin: none}\n")
        shaky.host.reload("refused")
        shaky.expect_quarantine()
        shaky.host.write(good)
        shaky.host.reload()
        shaky.expect_service()


def test_status_shows_it():
    with Shaky(top="quarantine: {deaths: 2, within: 10m}\n") as shaky:
        assert json.loads(shaky.ask("status", "--json"))["quarantine"] == []
        shaky.crash_into_quarantine(2)
        row, = json.loads(shaky.ask("status", "--json"))["quarantine"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.pop("since")), row
        assert row == {"plugin": "sudden", "version": 1, "deaths": 2}, row
        text = shaky.ask("status")
        assert re.search(r"^IN QUARANTINE +VERSION +DEATHS +SINCE\nsudden +1 +2 +\d{4}-", text, re.M), text


@each([("never", "quarantine: {deaths: 0}\n"), ("not_within", "quarantine: {deaths: 2, within: 1ms}\n")])
def test_no_quarantine(row):
    with Shaky(top=row[1]) as shaky:
        for _ in range(6):
            shaky.crash()
        shaky.expect_service()
        assert "is in quarantine" not in shaky.host.log, shaky.host.log


def test_signals_of_others_are_not_blamed_on_a_plugin():
    with Shaky(top="quarantine: {deaths: 1}\n") as shaky:
        with WebSocket(shaky.host.port, "/ws") as ws:
            ws.text("hang")
            ws.expect_silence(0.2)
            os.kill(shaky.host.workers()[0], signal.SIGTRAP)
            ws.expect_end()
        shaky.expect_service()


@each([("next_worker_does_not_start_it", "crash", 5), ("which_exits", "exit", 3)])
def test_crash_in_start_of_a_successor(row):
    _, how, deaths = row
    # The canary's start and the first worker's do nothing.
    routes = ROUTES.replace("sudden}", "sudden, options: {at_start: %s, after: 2, count: SCRATCH/n}}" % how, 1)
    with Shaky(routes=routes, top="quarantine: {deaths: %d}\n" % deaths) as shaky:
        os.kill(shaky.host.workers()[0], signal.SIGKILL)
        assert shaky.host.wait_log(BEGINS)[1] == str(deaths)
        shaky.host.wait_log("callback start")
        shaky.expect_echo()
        shaky.expect_quarantine()
        assert (shaky.plugins / "n").read_text() == "x" * (2 + deaths)
        # A reload of something else neither starts it.
        shaky.host.write(shaky.host.routes.read_text() + "  - {path: /more, plugin: echo}\n")
        shaky.host.reload()
        assert (shaky.plugins / "n").read_text() == "x" * (2 + deaths)
        shaky.expect_quarantine()


@each([("a_worker_that_serves", False), ("its_successor", True)])
def test_route_that_needs_a_provider_of_the_plugin_refuses_too(row):
    with folder() as plugins:
        for file in TEST_PLUGINS / "crasher.so", PLUGINS / "echo.so":
            shutil.copy(file, plugins)
        text = routes_text("  - {path: '/brought/{how}', plugin: echo, providers: [bringer]}\n"
                           "  - {path: /echo, plugin: echo}\n", plugins=plugins, top="quarantine: {deaths: 1}\n")
        with Host(text=text + "providers:\n  bringer: {plugin: crasher, inject: {how: path}}\n") as host:
            with contextlib.suppress(AssertionError, OSError):
                upgrade(host.port, "/brought/abort")
            host.wait_log(r"plugin crasher \(version 1\) is in quarantine: it ended 1 worker ")
            if row[1]:
                # While it loads a plugin, that one would be blamed for its end.
                wait_until(lambda: upgrade(host.port, "/echo").status == 101, "a worker that serves")
                before = host.workers()[0]
                os.kill(before, signal.SIGKILL)
                wait_until(lambda: before not in host.workers(), "its end")
            assert upgrade(host.port, "/brought/none").status == 503
            assert upgrade(host.port, "/echo").status == 101
