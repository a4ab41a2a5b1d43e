# SPDX-License-Identifier: MIT
"""A reload is tried out first, then made by all workers or by none; what did not change is no reload."""
import contextlib
import os
import re
import shutil
import signal
import time

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, folder, proc_text, routes_text, socklet, wait_until
from story import each

ONE, TWO = TEST_PLUGINS / "talk_one.so", TEST_PLUGINS / "talk_two.so"
TALK = "  - {path: /talk, plugin: talk}\n"
WAYS = [("hang", r"trying it out: start of sudden did not end within 10 s"),
        ("exit", r"start of sudden ended the process with status 0"),
        ("crash", r"start of sudden crashed with signal 9 \(Killed\)"),
        ("refuse", r"sudden\.so: start returned -\d+ instead of SL_OK")]


@contextlib.contextmanager
def talking(workers=2, routes=TALK):
    """A host with a plugin folder of its own, which holds talk.so, version one, and sudden.so."""
    with folder() as plugins:
        shutil.copy(ONE, plugins / "talk.so")
        shutil.copy(TEST_PLUGINS / "sudden.so", plugins)
        with Host(text=routes_text(routes, plugins=plugins, top=f"workers: {workers}\n")) as host:
            host.plugins = plugins
            yield host


def put(source, target):
    shutil.copy(source, target.with_suffix(".tmp"))
    os.rename(target.with_suffix(".tmp"), target)


def versions(port, count=12):
    """What new connections are served by."""
    seen = set()
    for _ in range(count):
        with WebSocket(port, "/talk") as ws:
            ws.text("x")
            seen.add(ws.recv()[1].split()[0].decode())
            ws.closes()
    return seen


def sudden(options):
    return "  - {path: /sudden, plugin: sudden, options: {%s}}\n" % options


@each(WAYS)
def test_plugin_that_is_sudden_at_its_start_refuses_the_reload(row):
    what, words = row
    with talking() as host:
        pids = host.workers()
        put(TWO, host.plugins / "talk.so")
        host.write(host.routes.read_text() + sudden(f"at_start: {what}"))
        said = host.reload("refused")
        assert re.search(rf"routes\.yaml:6:\d+: .*{words}", said), said
        assert "generation 1 serves on" in said, said
        assert versions(host.port) == {"one"} and host.workers() == pids


@each(WAYS[1:])
def test_plugin_that_is_sudden_at_its_start_refuses_the_start(row):
    what, words = row
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(sudden(f"at_start: {what}"), plugins=TEST_PLUGINS))
        done = socklet("run", path / "routes.yaml", "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and not done.stdout, done
        assert re.search(rf"routes\.yaml:4:\d+: .*{words}", done.stderr), done.stderr
        assert "not started, 1 mistake" in done.stderr, done.stderr


@each([("aborts_on_load", r"crashed with signal 6"), ("exits_on_load", r"ended the process with status 0")])
def test_plugin_that_dies_when_opened_is_named_beside_all_other_mistakes(row):
    name, words = row
    with talking() as host:
        shutil.copy(TEST_PLUGINS / f"{name}.so", host.plugins)
        host.write(host.routes.read_text() + f"  - {{path: /a, plugin: {name}}}\n  - {{path: /b, plugin: absent}}\n")
        said = host.reload("refused")
        assert re.search(rf'routes\.yaml:6:\d+: opening plugin "{name}" {words}', said), said
        assert re.search(r"routes\.yaml:7:\d+: .*absent\.so does not exist", said), said
        assert "2 mistakes" in said, said


def test_good_plugin_is_not_swapped_when_another_is_bad():
    with talking(routes=TALK + sudden("after: 0")) as host:
        put(TWO, host.plugins / "talk.so")
        (host.plugins / "sudden.so").write_bytes(b"no plugin")
        host.reload("refused")
        assert versions(host.port) == {"one"}
        put(TEST_PLUGINS / "sudden.so", host.plugins / "sudden.so")
        said = host.reload()
        assert len(re.findall(r"plugin talk: version \d serves new connections", said)) == 1, said
        assert "plugin sudden" not in said and "generation 2 serves" in said, said
        assert versions(host.port) == {"two"}


@each([("refuse", r"start returned"), ("crash", r"worker \d died of signal 9.* while it prepared")])
def test_worker_that_cannot_prepare_keeps_all_from_it(row):
    what, words = row
    with talking() as host, WebSocket(host.port, "/talk") as old:
        put(TWO, host.plugins / "talk.so")
        # The canary's start and that of one worker do nothing yet.
        host.write(host.routes.read_text() +
                   sudden(f"at_start: {what}, after: 2, count: {host.scratch}/starts"))
        said = host.reload("refused")
        assert re.search(words, said) and "generation 1 serves on" in said, said
        wait_until(lambda: len(host.workers()) == 2, "both workers")
        assert versions(host.port) == {"one"}
        if what == "refuse":
            old.text("x")
            old.expect_text("one members=1 messages=1 x")


def test_worker_that_does_not_answer_is_replaced_and_keeps_all_from_it():
    with talking() as host:
        stuck = host.workers()[0]
        os.kill(stuck, signal.SIGSTOP)
        put(TWO, host.plugins / "talk.so")
        said = host.reload("refused")
        assert f"worker 1 (pid {stuck}) does not answer, killing it" in said, said
        assert re.search(r"worker 1 died of signal 9 .* while it prepared", said), said
        wait_until(lambda: stuck not in host.workers() and len(host.workers()) == 2, "a successor")
        assert versions(host.port) == {"one"}
        host.reload()
        assert versions(host.port) == {"two"}


def test_worker_that_dies_when_it_has_prepared_leaves_one_version_everywhere():
    """Which one depends on whether its yes came before its death."""
    with talking() as host, WebSocket(host.port, "/talk") as old:
        first, second = host.workers()
        os.kill(second, signal.SIGSTOP)  # holds up the commit
        put(TWO, host.plugins / "talk.so")
        since = len(host.log)
        host.signal(signal.SIGHUP)
        wait_until(lambda: "talk.2.so" in proc_text(first, "maps"), "worker 1 to prepare")
        os.kill(first, signal.SIGKILL)
        os.kill(second, signal.SIGCONT)
        outcome = host.wait_log(r"reload: (done|refused).*$", since)[1]
        wait_until(lambda: first not in host.workers() and len(host.workers()) == 2, "a successor")
        assert second in host.workers()
        assert versions(host.port) == {"one" if outcome == "refused" else "two"}
        host.reload()
        assert versions(host.port) == {"two"}
        old.drop()


def test_successor_of_a_worker_is_of_the_generation_that_serves():
    with talking() as host:
        put(TWO, host.plugins / "talk.so")
        host.reload()
        for pid in host.workers():
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: pid not in host.workers() and len(host.workers()) == 2, "a successor")
        assert versions(host.port) == {"two"}
        put(ONE, host.plugins / "talk.so")
        said = host.reload()
        assert "version 3" in said and "generation 3" in said, said
        assert versions(host.port) == {"one"}


def test_worker_that_restarts_during_a_reload_comes_back_with_the_new():
    with talking() as host:
        stopped = host.workers()[0]
        os.kill(stopped, signal.SIGSTOP)
        os.kill(stopped, signal.SIGKILL)
        put(TWO, host.plugins / "talk.so")
        since = len(host.log)
        host.signal(signal.SIGHUP)
        # The death may be noticed before or while all prepare.
        if host.wait_log(r"reload: (done|refused).*$", since)[1] == "refused":
            host.reload()
        wait_until(lambda: len(host.workers()) == 2, "both workers")
        wait_until(lambda: versions(host.port) == {"two"}, "version two everywhere")


@each([("nothing", lambda path: None), ("touched", os.utime),
       ("the same bytes", lambda path: put(ONE, path)), ("older", lambda path: os.utime(path, (1, 1)))])
def test_what_did_not_change_keeps_the_generation(row):
    with talking() as host:
        row[1](host.plugins / "talk.so")
        os.utime(host.routes)
        said = host.reload()
        assert "nothing has changed; generation 1 serves on" in said, said
        put(TWO, host.plugins / "talk.so")
        os.utime(host.plugins / "talk.so", (1, 1))  # older than what it replaces
        assert "generation 2 serves" in host.reload()
        assert versions(host.port) == {"two"}


def test_folder_that_was_replaced_is_a_change():
    with folder() as pages:
        (pages / "now").mkdir()
        with talking(routes=TALK + f"  - {{path: /pages, dir: {pages}/now}}\n") as host:
            os.rename(pages / "now", pages / "before")
            (pages / "now").mkdir()
            assert "generation 2 serves" in host.reload()
            assert "nothing has changed" in host.reload()


def test_secret_that_was_written_is_a_change():
    with folder() as path:
        (path / "key").write_text("first\n")
        with talking(routes=TALK + f"providers:\n  key: {{api_key: {{from: {{header: x-key}}, secrets: {{file: {path}/key}}}}}}\n") as host:
            assert "nothing has changed" in host.reload()
            (path / "key").write_text("second\n")
            assert "generation 2 serves" in host.reload()


def test_hundred_signals_in_a_row_end_in_the_last_state():
    with talking() as host, WebSocket(host.port, "/talk") as old:
        for number in range(100):
            put((TWO, ONE)[number % 2], host.plugins / "talk.so")
            host.signal(signal.SIGHUP)
        put(TWO, host.plugins / "talk.so")
        host.signal(signal.SIGHUP)
        wait_until(lambda: versions(host.port, 4) == {"two"}, "version two")
        old.text("x")
        assert old.recv()[1].startswith(b"one ")
        assert "refused" not in host.log, host.log


def test_copies_go_when_nobody_uses_them():
    with talking() as host:
        def copies():
            return [os.path.basename(path) for path in host.copies()]
        assert copies() == ["talk.1.so"], copies()
        with WebSocket(host.port, "/talk") as old:
            put(TWO, host.plugins / "talk.so")
            host.reload()
            assert copies() == ["talk.1.so", "talk.2.so"], copies()
            old.text("x")
            old.expect_text("one members=1 messages=1 x")
            old.closes()
        put(ONE, host.plugins / "talk.so")
        host.reload()
        # What was committed before stays, to fall back to.
        assert copies() == ["talk.2.so", "talk.3.so"], copies()


def test_stop_during_a_reload_is_a_stop():
    with talking() as host:
        host.write(host.routes.read_text() + sudden("at_start: hang"))
        host.signal(signal.SIGHUP)
        wait_until(lambda: len(host.workers()) == 3, "the process that tries it out")
        begin = time.monotonic()
        host.signal(signal.SIGTERM)
        host.wait()
        assert time.monotonic() - begin < 8, "it waited for the reload"


@each([("refused", "refuse", r"ended with status 1"), ("crash_without_quarantine", "crash", r"died of signal 9 \(Killed\)")])
def test_set_that_cannot_start_again_is_taken_back(row):
    _, how, end = row
    with folder() as path:
        quiet = "  - {path: /ws, plugin: sudden}\n"
        text = routes_text(quiet, plugins=TEST_PLUGINS, top="workers: 2\nquarantine: {deaths: 0}\n")
        with Host(text=text) as host:
            # The canary's and both workers' starts do nothing; all that come after them fail.
            host.write(text + "  - {path: /more, plugin: sudden, options: {at_start: %s, after: 3, count: %s/n}}\n"
                       % (how, path))
            host.reload()
            assert upgrade(host.port, "/more").status == 101
            bystander = host.workers()[1]
            since = len(host.log)
            os.kill(host.workers()[0], signal.SIGKILL)
            host.wait_log(rf"error generation 2 is given up: worker \d {end} before it served, 5 times in a row", since)
            host.wait_log(r"error reload: taken back; generation 3 serves what was committed before, with 1 routes", since)
            wait_until(lambda: len(host.workers()) == 2, "a successor")
            assert bystander in host.workers()
            for _ in range(10):
                assert upgrade(host.port, "/more").status == 404
                assert upgrade(host.port, "/ws").status == 101
            said = socklet("status", host.routes)
            assert re.search(r"generation 3,.*last reload, \S+: refused\n  generation 2 is given up", said.stdout, re.S), said
            # The author's file has not changed: that is tried again when it is asked for.
            (path / "n").unlink()
            host.reload()
            assert upgrade(host.port, "/more").status == 101
