# SPDX-License-Identifier: MIT
"""Several workers share every address, and one that dies is replaced from what was committed."""
import contextlib
import os
import re
import shutil
import signal
import socket

from client import CLOSE, Http, WebSocket, get
from host import TEST_PLUGINS, Host, folder, free_port, is_gone, routes_text, socklet, wait_until
from story import each

SUDDEN = "  - {path: /ws, plugin: sudden}\n"


def workers(count, routes=SUDDEN, plugins=TEST_PLUGINS, **options):
    return Host(text=routes_text(routes, plugins=plugins, top=f"workers: {count}\n"), **options)


def server(port):
    """The process that serves a new connection there."""
    with WebSocket(port, "/ws") as ws:
        ws.text("pid")
        pid = int(ws.recv()[1])
        ws.closes()
        return pid


def servers(port, count):
    """Which processes serve, once `count` have been seen."""
    seen = set()

    def enough():
        seen.add(server(port))
        return len(seen) == count
    wait_until(enough, lambda: f"{count} processes that serve, found {seen}")
    return seen


def refuses(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def test_workers_share_each_address():
    with workers(3, listen=("127.0.0.1:0", "[::1]:0")) as host:
        assert servers(host.port, 3) == set(host.workers())
        assert host.pid not in host.workers()
        assert get(host.port, "/ws").status == 426


def test_auto_is_one_worker_per_core():
    with workers("auto") as host:
        wanted = min(len(os.sched_getaffinity(0)), 64)
        assert len(host.workers()) == wanted, (host.workers(), wanted)


def test_log_says_which_worker_when_there_are_several():
    with workers(2) as host:
        host.signal(signal.SIGTERM)
        host.wait()
        for number in 1, 2:
            assert f" info worker {number}: stop: closing" in host.log, host.log
    with workers(1) as host:
        host.signal(signal.SIGTERM)
        host.wait()
        assert " info stop: closing" in host.log, host.log


def test_address_of_a_running_host_is_taken_for_another():
    with workers(2) as host, folder() as path:
        (path / "routes.yaml").write_text(routes_text(SUDDEN, plugins=TEST_PLUGINS))
        done = socklet("run", path / "routes.yaml", "--listen", f"127.0.0.1:{host.port}")
        assert done.returncode == 1 and "ddress already in use" in done.stderr, done


def test_killed_worker_is_replaced_and_others_do_not_notice():
    with workers(2) as host:
        first, second = host.workers()
        clients = {}
        while len(clients) < 2:
            ws = WebSocket(host.port, "/ws")
            ws.text("pid")
            clients.setdefault(int(ws.recv()[1]), ws)
        os.kill(first, signal.SIGKILL)
        host.wait_log(rf"worker \d \(pid {first}\) died of signal 9 \(Killed\); the next one starts at once")
        clients[second].text("pid")
        clients[second].expect_text(str(second))
        wait_until(lambda: len(host.workers()) == 2, "a successor")
        assert first not in servers(host.port, 2)


def test_no_two_connections_have_the_same_id():
    with workers(2) as host:
        seen = []
        for _ in range(3):
            for _ in range(20):
                with WebSocket(host.port, "/ws") as ws:
                    ws.text("id")
                    seen.append(int(ws.recv()[1]))
            before = host.workers()[0]
            os.kill(before, signal.SIGKILL)
            wait_until(lambda: is_gone(before) and len(host.workers()) == 2, "a successor")
        assert len(set(seen)) == len(seen), sorted(seen)


def test_successor_serves_what_was_committed_not_what_lies_in_the_folder():
    with folder() as plugins:
        shutil.copy(TEST_PLUGINS / "sudden.so", plugins)
        with workers(1, plugins=plugins) as host:
            whole = (plugins / "sudden.so").read_bytes()
            (plugins / "sudden.so").write_bytes(whole[:len(whole) // 2])
            host.write("half a routes file: [")
            for _ in range(3):
                before = server(host.port)
                os.kill(before, signal.SIGKILL)
                wait_until(lambda: is_gone(before), "the end of the worker")
                assert server(host.port) != before
            host.reload("refused")
            (plugins / "sudden.so").unlink()
            os.kill(server(host.port), signal.SIGKILL)
            assert server(host.port) in host.workers()


def test_clients_that_wait_to_be_accepted_are_served_by_the_successor():
    with workers(1) as host:
        pid = server(host.port)
        os.kill(pid, signal.SIGSTOP)
        waiting = [socket.create_connection(("127.0.0.1", host.port), 5) for _ in range(20)]
        for sock in waiting:
            sock.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        os.kill(pid, signal.SIGKILL)
        for sock in waiting:
            sock.settimeout(10)
            assert sock.recv(100).startswith(b"HTTP/1.1 404 "), "not served"
            sock.close()


def test_worker_that_dies_again_and_again_is_replaced_ever_more_slowly():
    with workers(1) as host:
        for _ in range(4):
            os.kill(server(host.port), signal.SIGKILL)
        host.wait_log("starts in 80 ms")
        pauses = re.findall(r"the next one starts (at once|in \d+ ms)", host.log)
        assert pauses == ["at once", "in 20 ms", "in 40 ms", "in 80 ms"], pauses
        assert server(host.port)


@each([("crash", r"died of signal 9"), ("exit", "ended with status 0")])
def test_worker_that_never_gets_ready_refuses_the_start(row):
    what, words = row
    with folder() as path:
        # The first start is the canary's, and does nothing.
        (path / "routes.yaml").write_text(routes_text(
            "  - {path: /ws, plugin: sudden, options: {at_start: %s, after: 1, count: %s/starts}}\n" % (what, path),
            plugins=TEST_PLUGINS))
        done = socklet("run", path / "routes.yaml", "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and not done.stdout, done
        assert re.search(rf"worker 1 {words}.* before it served, 5 times in a row", done.stderr), done.stderr


def test_worker_whose_plugin_refuses_to_start_refuses_the_start():
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(
            "  - {path: /ws, plugin: sudden, options: {at_start: refuse, after: 1, count: %s/starts}}\n" % path,
            plugins=TEST_PLUGINS))
        done = socklet("run", path / "routes.yaml", "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and not done.stdout, done
        assert re.search(r"routes\.yaml:4:\d+: sudden.so: start returned", done.stderr), done.stderr


def test_last_words_of_a_worker_are_heard_however_late():
    with folder() as path:
        options = "options: {at_start: refuse, after: 3, count: %s/starts}" % path
        route = "  - {path: /ws, plugin: sudden, %s}\n" % options
        with Host(text=routes_text(route, plugins=TEST_PLUGINS)) as host:
            first = host.workers()
            host.write(routes_text(route, plugins=TEST_PLUGINS, top="workers: 2\n"))
            since = len(host.log)
            host.reload()

            def dies_unseen():
                host.signal(signal.SIGSTOP)
                others = [pid for pid in host.workers() if pid not in first]
                if others:
                    wait_until(lambda: all(is_gone(pid) for pid in others), "the end of worker 2")
                host.signal(signal.SIGCONT)
                return others
            wait_until(dies_unseen, "a worker 2")
            host.wait_log(r"worker 2 \(pid \d+\) ended with status 1", since)
            log = host.log[since:]
            reasons, ends = (log.count(word) for word in ("start returned", "ended with status 1"))
            assert reasons >= ends > 0, (reasons, ends)
            host.write(routes_text(SUDDEN, plugins=TEST_PLUGINS))
            host.reload()
            wait_until(lambda: host.workers() == first, "the end of worker 2")


def test_workers_end_with_their_master():
    with workers(2) as host:
        pids = host.workers()
        with WebSocket(host.port, "/ws") as ws:
            os.kill(host.pid, signal.SIGKILL)
            host.wait(wanted=-signal.SIGKILL)
            wait_until(lambda: all(map(is_gone, pids)), "the end of the workers")
            ws.expect_end()
        # The next start removes the folder of copies that was left.
        assert host.copies()
        with workers(1):
            assert not host.copies()


def test_signals_for_the_whole_group_are_the_masters():
    with workers(2) as host, WebSocket(host.port, "/ws") as ws:
        pids = set(host.workers())
        since = len(host.log)
        os.killpg(host.pid, signal.SIGHUP)
        host.wait_log("reload: done", since)
        ws.text("pid")
        assert int(ws.recv()[1]) in pids
        assert set(host.workers()) == pids
        os.killpg(host.pid, signal.SIGINT)
        assert ws.recv()[0] == CLOSE
        ws.close(1012)
        ws.expect_end()
        ws.drop()
        host.wait()


def test_leak_in_a_worker_shows_in_the_exit_status():
    with workers(2) as host:
        with WebSocket(host.port, "/ws") as ws:
            ws.text("leak")
            ws.recv()
            ws.closes()
        host.signal(signal.SIGTERM)
        assert host.process.wait(20) == 1, host.log
        host.stopped = True
        assert re.search(r"worker \d \(pid \d+\) ended with status", host.log), host.log


def test_number_of_workers_changes_by_reload():
    with workers(1) as host, WebSocket(host.port, "/ws") as ws:
        ws.text("pid")
        first = int(ws.recv()[1])
        text = host.routes.read_text()
        host.write(text.replace("workers: 1", "workers: 3"))
        host.reload()
        assert len(servers(host.port, 3)) == 3
        ws.text("pid")
        ws.expect_text(str(first))
        host.write(text)
        host.reload()
        wait_until(lambda: len(host.workers()) == 1, "the end of two workers")
        for _ in range(10):
            assert server(host.port) == first
        ws.text("pid")
        ws.expect_text(str(first))


def test_nobody_waits_for_a_worker_that_has_yet_to_leave():
    with workers(3) as host, contextlib.ExitStack() as stack:
        for _ in range(12):  # which do not answer the close frame
            stack.enter_context(WebSocket(host.port, "/ws"))
        for count in (1, 3):
            host.write(routes_text(SUDDEN, plugins=TEST_PLUGINS, top=f"workers: {count}\n"))
            host.reload()
        for _ in range(30):
            with Http(host.port, timeout=4) as http:
                assert http.request("/ws").status == 426
        stack.close()
        servers(host.port, 3)


def test_listen_changes_for_all_workers():
    old, new = free_port(), free_port()
    with folder() as path:
        file = path / "routes.yaml"
        text = routes_text(SUDDEN, plugins=TEST_PLUGINS, top="workers: 2\n")
        file.write_text(text.replace(":8000", f":{old}"))
        with Host(arguments=["run", file]) as host:
            assert len(servers(old, 2)) == 2
            file.write_text(text.replace(":8000", f":{new}"))
            host.reload()
            assert servers(new, 2) == set(host.workers())
            with contextlib.suppress(ConnectionRefusedError):
                get(old, "/ws")
                raise AssertionError("the removed address still accepts")
            os.kill(host.workers()[0], signal.SIGKILL)
            wait_until(lambda: len(host.workers()) == 2, "a successor")
            assert len(servers(new, 2)) == 2


def test_successor_listens_where_the_refused_reload_would_not():
    old, new = free_port(), free_port()
    with folder() as path:
        file = path / "routes.yaml"
        text = routes_text(SUDDEN, plugins=TEST_PLUGINS, top="workers: 2\n")
        file.write_text(text.replace(":8000", f":{old}"))
        with Host(arguments=["run", file]) as host:
            # The canary starts it once, and the workers refuse: the new sockets were open by then.
            file.write_text(text.replace(":8000", f":{new}") +
                            "  - {path: /x, plugin: sudden, options: {at_start: refuse, after: 1, count: %s/n}}\n" % path)
            host.reload("refused")
            # A worker that was still preparing closes its own a moment later.
            wait_until(lambda: refuses(new), "the refused address to be closed")
            for pid in host.workers():
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda: pid not in host.workers() and len(host.workers()) == 2, "a successor")
            assert servers(old, 2) == set(host.workers())


def test_worker_that_is_too_many_serves_who_waits_to_be_accepted():
    with workers(2) as host:
        pids = host.workers()
        fewer = host.routes.read_text().replace("workers: 2", "workers: 1")
        os.kill(pids[1], signal.SIGSTOP)
        # More for each than one turn of the loop accepts.
        waiting = [socket.create_connection(("127.0.0.1", host.port), 5) for _ in range(300)]
        for sock in waiting:
            sock.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        host.write(fewer)
        host.reload()
        os.kill(pids[1], signal.SIGCONT)
        for sock in waiting:
            sock.settimeout(10)
            assert sock.recv(100).startswith(b"HTTP/1.1 404 "), "not served"
            sock.close()
        wait_until(lambda: len(host.workers()) == 1, "the end of a worker")
