# SPDX-License-Identifier: MIT
"""Plugin code that does not return is named and its worker ended; nothing else is taken for it."""
import contextlib
import os
import re
import shutil
import signal
import time

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, wait_until
from story import each

SUDDEN = "  - {path: /ws, plugin: sudden}\n"
STUCK = (r"error worker (\d+) is stuck for (\d+\.\d) s, ending it: in plugin sudden \(version 1\), "
         r"callback message, route /ws, connection #\d+$")


def hosted(limit, workers=1, routes=SUDDEN, top=""):
    return Host(text=routes_text(routes, plugins=TEST_PLUGINS, top=f"watchdog: {limit}\nworkers: {workers}\n{top}"))


def pid_of(ws):
    ws.text("pid")
    return int(ws.recv()[1])


def client_of_each_worker(host, count):
    clients = {}
    while len(clients) < count:
        ws = WebSocket(host.port, "/ws")
        if clients.setdefault(pid_of(ws), ws) is not ws:
            ws.drop()
    return clients


def test_stuck_worker_is_named_and_ended_and_others_do_not_notice():
    with hosted("500ms", workers=2) as host:
        (victim, stuck), (bystander, ws) = client_of_each_worker(host, 2).items()
        stuck.text("hang")
        begin, longest = time.monotonic(), 0
        while victim in host.workers():
            assert time.monotonic() < begin + 10, host.log
            asked = time.monotonic()
            assert pid_of(ws) == bystander
            longest = max(longest, time.monotonic() - asked)
        assert time.monotonic() - begin > 0.4
        assert longest < 0.3, f"the other worker's client waited {longest:.3f} s"
        found = host.wait_log(STUCK)
        assert int(found[1]) == victim and 0.5 <= float(found[2]) < 2, found[0]
        # The place in the code, and the end.
        host.wait_log(rf"worker {victim} crashed: SIGABRT sent by process {host.pid}, in plugin sudden .*sudden\.so\+0x")
        host.wait_log(rf"\(pid {victim}\) died of signal 6 ")
        stuck.expect_end()
        wait_until(lambda: len(host.workers()) == 2, "a successor")
        assert pid_of(ws) == bystander
        ws.closes()


def test_who_does_not_listen_to_the_abort_is_killed():
    with hosted("200ms") as host, WebSocket(host.port, "/ws") as ws:
        ws.text("deaf")
        victim = int(host.wait_log(STUCK)[1])
        host.wait_log(rf"\(pid {victim}\) died of signal 9 ")
        assert len(re.findall(r"worker \d+ crashed: SIGKILL, in plugin sudden", host.log)) == 1, host.log
        ws.expect_end()


def test_it_counts_as_a_death_of_the_plugin():
    with hosted("200ms", top="quarantine: {deaths: 2}\n") as host:
        for _ in range(2):
            with WebSocket(host.port, "/ws") as ws:
                ws.text("hang")
                ws.expect_end()
        host.wait_log(r"plugin sudden \(version 1\) is in quarantine: it ended 2 workers")


def test_long_idle_is_no_alarm():
    with hosted("100ms") as host, WebSocket(host.port, "/ws") as ws:
        before = pid_of(ws)
        ws.expect_silence(1)
        assert pid_of(ws) == before
        assert "stuck" not in host.log, host.log


def test_never_is_never():
    with hosted("0", top="quarantine: {deaths: 0}\n") as host, WebSocket(host.port, "/ws") as ws:
        ws.text("nap")
        ws.expect_text(str(host.workers()[0]))
        assert "stuck" not in host.log, host.log


@each([("idle", None), ("in_a_callback", "nap")])
def test_stopped_worker_is_not_stuck(row):
    with hosted("500ms") as host, WebSocket(host.port, "/ws") as ws:
        pid = pid_of(ws)
        if row[1]:
            ws.text(row[1])
            time.sleep(0.1)  # until the callback runs, which nothing tells
        os.kill(pid, signal.SIGSTOP)
        ws.expect_silence(1.5)
        assert "stuck" not in host.log, host.log
        os.kill(pid, signal.SIGCONT)
        # The second is over when it goes on, as sleep counts what passed.
        if row[1]:
            ws.expect_text(str(pid))
        assert pid_of(ws) == pid
        assert host.workers() == [pid]


def test_stopped_master_is_not_late_itself():
    with hosted("500ms") as host, WebSocket(host.port, "/ws") as ws:
        pid = pid_of(ws)
        ws.text("nap")
        time.sleep(0.1)  # as above
        for process in pid, host.pid:
            os.kill(process, signal.SIGSTOP)
        ws.expect_silence(1.5)
        for process in pid, host.pid:
            os.kill(process, signal.SIGCONT)
        ws.expect_text(str(pid))
        assert "stuck" not in host.log, host.log


def test_start_may_take_longer():
    with folder() as path:
        shutil.copy(TEST_PLUGINS / "sudden.so", path)
        slow = SUDDEN.replace("sudden}", "sudden, options: {at_start: nap}}")
        with hosted("200ms", routes=slow) as host:
            before = host.workers()[0]
            os.kill(before, signal.SIGKILL)
            wait_until(lambda: host.workers() and before not in host.workers(), "a successor")
            with WebSocket(host.port, "/ws") as ws:
                successor = pid_of(ws)
                host.write(host.routes.read_text() + "  - {path: /b, plugin: sudden, options: {at_start: nap, after: 0}}\n")
                host.reload()
                assert pid_of(ws) == successor
            assert "stuck" not in host.log, host.log


def test_limit_changes_by_reload():
    with hosted("1h") as host:
        host.write(host.routes.read_text().replace("1h", "200ms"))
        host.reload()
        with contextlib.suppress(AssertionError), WebSocket(host.port, "/ws") as ws:
            ws.text("hang")
            ws.expect_end()
        host.wait_log(STUCK)
        host.wait_log("died of signal 6 ")
