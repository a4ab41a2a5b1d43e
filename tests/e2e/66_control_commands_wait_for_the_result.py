# SPDX-License-Identifier: MIT
"""`socklet reload`, `status` and `stop` find the host by its routes file and end with its answer."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import stat
import time

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, socklet, wait_until
from story import each

TALK = "  - {path: /talk, plugin: talk}\n"


class Talking:
    """A host with a plugin folder of its own, which holds talk.so, version one."""

    def __init__(self, workers=2, top="", **options):
        self.folder = folder()
        self.plugins = self.folder.__enter__()
        self.put("talk_one")
        text = routes_text(TALK, plugins=self.plugins, top=f"workers: {workers}\n{top}")
        self.host = Host(text=text, **options)

    def put(self, version):
        shutil.copy(TEST_PLUGINS / f"{version}.so", self.plugins / "talk.tmp")
        os.rename(self.plugins / "talk.tmp", self.plugins / "talk.so")

    def __enter__(self):
        self.host.__enter__()
        return self

    def __exit__(self, *why):
        try:
            self.host.__exit__(*why)
        finally:
            self.folder.__exit__(*why)


def ask(talking, *words):
    return socklet(*words[:1], talking.host.routes, *words[1:])


def status(talking):
    done = ask(talking, "status", "--json")
    assert done.returncode == 0 and not done.stderr, done
    return json.loads(done.stdout)


def test_reload_says_what_is_new():
    with Talking() as talking:
        done = ask(talking, "reload")
        assert done.returncode == 0 and not done.stderr, done
        assert done.stdout == "reload: done, nothing has changed; generation 1 serves on\n", done.stdout
        talking.put("talk_two")
        done = ask(talking, "reload")
        assert done.returncode == 0 and not done.stderr, done
        assert done.stdout.splitlines() == ["reload: plugin talk: version 2 serves new connections",
                                            "reload: done, generation 2 serves 1 route with 1 plugin"], done.stdout
        with WebSocket(talking.host.port, "/talk") as ws:
            ws.text("x")
            assert ws.recv()[1].startswith(b"two ")


@each([("two mistakes", "  - {path: /x, plugin: absent}\n  - {path: /y, plguin: talk}\n", 2),
       ("no YAML", "  - {path: /x, plugin\n", 1)])
def test_refused_reload_ends_with_1_and_the_reasons(row):
    _, more, count = row
    with Talking() as talking:
        talking.host.write(talking.host.routes.read_text() + more)
        done = ask(talking, "reload")
        assert done.returncode == 1 and not done.stdout, done
        lines = done.stderr.splitlines()
        assert all(re.match(r"/.*routes\.yaml:\d+:\d+: ", line) for line in lines[:-1]), lines
        assert re.fullmatch(rf"reload: refused, {count} mistakes?; generation 1 serves on", lines[-1]), lines
        now = status(talking)
        assert now["generation"] == 1 and now["reload"]["result"] == "refused", now
        assert now["reload"]["text"] == lines, now
        text = ask(talking, "status").stdout
        assert ": refused" in text and lines[0] in text, text


def test_reload_that_comes_during_another_waits_for_its_own():
    with Talking() as talking:
        talking.put("talk_two")
        talking.host.signal(signal.SIGHUP)
        done = ask(talking, "reload")
        assert done.returncode == 0 and "generation 2 serves" in done.stdout, done


def test_status_counts_connections_by_route_and_generation():
    with Talking() as talking:
        port = talking.host.port
        with WebSocket(port, "/talk"), WebSocket(port, "/talk"), WebSocket(port, "/talk") as third:
            talking.put("talk_two")
            ask(talking, "reload")
            with WebSocket(port, "/talk"):
                now = status(talking)
                assert [(row["generation"], row["path"], row["plugin"], row["version"], row["connections"])
                        for row in sorted(now["routes"], key=lambda row: row["generation"])] == \
                    [(1, "/talk", "talk", 1, 3), (2, "/talk", "talk", 2, 1)], now
                assert sum(worker["connections"] for worker in now["workers"]) == 4, now
                assert now["pid"] == talking.host.pid and now["generation"] == 2, now
                assert [worker["pid"] for worker in now["workers"]] == talking.host.workers(), now
                assert {worker["state"] for worker in now["workers"]} == {"serving"}, now
                assert now["listen"] == [f"http://127.0.0.1:{port}"], now
                assert now["plugins"] == [{"name": "talk", "version": 2}], now
                text = ask(talking, "status").stdout
                assert re.search(r"^/talk +talk +1 +1 +3 \(old\)$", text, re.M), text
                assert re.search(r"^/talk +talk +2 +2 +1$", text, re.M), text
            third.closes()
            wait_until(lambda: sum(row["connections"] for row in status(talking)["routes"]
                                   if row["generation"] == 1) == 2, "the end of one connection")


def test_status_tells_of_deaths_and_of_workers_that_do_not_answer():
    with Talking() as talking:
        dead, stopped = talking.host.workers()
        os.kill(dead, signal.SIGKILL)
        wait_until(lambda: len(talking.host.workers()) == 2 and
                   {row["state"] for row in status(talking)["workers"]} == {"serving"}, "a successor")
        os.kill(stopped, signal.SIGSTOP)
        try:
            rows = status(talking)["workers"]
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert sorted(row["deaths"] for row in rows) == [0, 1], rows
        assert [row["last_end"] for row in rows if row["deaths"]] == ["died of signal 9 (Killed)"], rows
        assert [row["connections"] is None for row in rows] == [row["pid"] == stopped for row in rows], rows


def test_stop_waits_for_the_end():
    with Talking() as talking, WebSocket(talking.host.port, "/talk") as ws:
        ws.text("x")
        ws.recv()
        ws.drop()
        done = ask(talking, "stop")
        assert done.returncode == 0 and done.stdout == "stop: done\n", done
        talking.host.wait(timeout=5)


@each([("reload",), ("status",), ("stop",)])
def test_without_a_host_the_commands_say_so(row):
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(TALK))
        done = socklet(row[0], path / "routes.yaml")
        assert done.returncode == 1 and not done.stdout, done
        assert "found no host that runs with" in done.stderr and "socklet run" in done.stderr, done


def test_path_of_the_socket_can_be_chosen():
    with Talking(top="control: ctl\n") as talking:
        path = talking.host.routes.parent / "ctl"
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode) and mode & 0o077 == 0, oct(mode)
        assert ask(talking, "reload").returncode == 0
        talking.host.stop()
        assert not path.exists()


def test_socket_that_a_killed_host_left_is_no_obstacle():
    with Talking(top="control: ctl\n") as talking:
        os.kill(talking.host.pid, signal.SIGKILL)
        talking.host.wait(wanted=-signal.SIGKILL)
        assert (talking.host.routes.parent / "ctl").exists()
        with Host(arguments=["run", talking.host.routes, "--listen", "127.0.0.1:0"]):
            assert ask(talking, "reload").returncode == 0


def test_second_host_with_the_same_file_leaves_the_socket_to_the_first():
    with Talking() as talking:
        with Host(arguments=["run", talking.host.routes, "--listen", "127.0.0.1:0"]) as second:
            assert "another host's with the same routes file" in second.log, second.log
            assert status(talking)["pid"] == talking.host.pid
        assert status(talking)["pid"] == talking.host.pid


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_client_for_whom_no_descriptor_is_left_waits_and_costs_nothing():
    text = routes_text("  - {path: /, plugin: borrower}\n", plugins=TEST_PLUGINS)
    with folder() as path, Host(text=f"control: {path}/c.sock\n{text}") as host:
        before = resource.prlimit(host.pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{host.pid}/fd"))
        resource.prlimit(host.pid, resource.RLIMIT_NOFILE, (used, before[1]))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{path}/c.sock")
            since = processor_seconds(host.pid)
            time.sleep(1)  # the claim is about time
            spent = processor_seconds(host.pid) - since
        assert spent < 0.3, spent
        resource.prlimit(host.pid, resource.RLIMIT_NOFILE, before)
        done = socklet("status", host.routes)
        assert done.returncode == 0, done
