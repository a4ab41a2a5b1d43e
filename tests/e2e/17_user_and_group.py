# SPDX-License-Identifier: MIT
"""Started by root with `user:`, the code of plugins runs as that user for good; the master binds, copies, replaces."""
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess

from client import WebSocket
from host import SOCKLET, TEST_PLUGINS, Host, environment, folder, proc_text, routes_text, socklet, wait_until

TALK = "  - {path: /ws, plugin: echo}\n"
IS_ROOT = os.geteuid() == 0


def text(top, routes=TALK, listen="127.0.0.1:0", **more):
    return routes_text(routes, top=top, **more).replace("[127.0.0.1:8000]", listen)


def dropped(top="user: nobody\n", count=1, **more):
    return Host(text=text(top, **more), listen=(), listeners=count)


def lines_of(pid):
    return dict(line.split(":\t", 1) for line in proc_text(pid, "status").splitlines() if ":\t" in line)


def echoes(port, word):
    with WebSocket(port, "/ws") as ws:
        ws.text(word)
        ws.expect_text(f"Message text was: {word}")


def low_port():
    """A free port that only root may bind."""
    for port in range(1023, 600, -1):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port below 1024")


def expect_nobody(pid):
    nobody, status = pwd.getpwnam("nobody"), lines_of(pid)
    assert status["Uid"].split() == [str(nobody.pw_uid)] * 4, status["Uid"]
    assert status["Gid"].split() == [str(nobody.pw_gid)] * 4, status["Gid"]
    groups = {str(nobody.pw_gid)} | {str(one.gr_gid) for one in grp.getgrall() if "nobody" in one.gr_mem}
    assert set(status["Groups"].split()) == groups, status["Groups"]
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0, status


def test_workers_are_that_user_and_the_master_is_not():
    if not IS_ROOT:
        return
    with dropped("user: nobody\nworkers: 2\n") as host:
        echoes(host.port, "hello")
        for pid in host.workers():
            expect_nobody(pid)
        assert lines_of(host.pid)["Uid"].split()[0] == "0"
        assert socklet("status", host.routes).returncode == 0, "the control socket is the master's"


def test_a_group_of_its_own_and_a_number_without_a_name():
    if not IS_ROOT:
        return
    with dropped("user: 54321\ngroup: 54322\n") as host:
        echoes(host.port, "hello")
        status = lines_of(host.workers()[0])
        assert status["Uid"].split() == ["54321"] * 4 and status["Gid"].split() == ["54322"] * 4, status
        assert not status["Groups"].split(), status["Groups"]


def test_reloads_and_replaced_workers_stay_that_user():
    if not IS_ROOT:
        return
    with dropped() as host:
        port = low_port()
        host.write(text("user: nobody\nworkers: 2\n", listen=f"[127.0.0.1:0, 127.0.0.1:{port}]",
                        routes=TALK + "  - {path: /other, plugin: chat}\n"))
        host.reload()
        echoes(host.port, "after the reload")
        echoes(port, "a port that only the master could bind")
        first = host.workers()[0]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: first not in host.workers() and len(host.workers()) == 2, "the next worker")
        host.wait_log(r"died of signal 9")
        wait_until(lambda: all(lines_of(pid).get("Uid", "0").split()[0] != "0" for pid in host.workers()),
                   "the next worker to be nobody")
        echoes(host.port, "after the death")
        for pid in host.workers():
            expect_nobody(pid)


def test_another_user_wants_an_upgrade():
    if not IS_ROOT:
        return
    with dropped("user: nobody\ncontrol: ctl\n") as host:
        host.write(text("user: 54321\ngroup: 54322\ncontrol: ctl\n"))
        lines = host.reload("refused")
        assert "user: found another one than workers run as: `socklet upgrade` changes it" in lines, lines
        port = host.port
        assert socklet("upgrade", host.routes, timeout=60).returncode == 0
        try:
            echoes(port, "upgraded")
            host.wait()
        finally:
            assert socklet("stop", host.routes, timeout=60).returncode == 0


def test_a_crash_is_reported_as_ever():
    if not IS_ROOT:
        return
    with dropped(routes="  - {path: /ws, plugin: crasher}\n", plugins=TEST_PLUGINS) as host:
        with WebSocket(host.port, "/ws?in=message&how=null") as ws:
            ws.text("now")
            host.wait_log(r"worker \d+ crashed: .*crasher.*crasher\.so\+0x[0-9a-f]+")
            host.stopped = True  # its log holds a sanitizer's report


def test_a_mistake_is_told():
    if IS_ROOT:
        with dropped("control: ctl\n") as host:
            host.write(text("group: nogroup\ncontrol: ctl\n"))
            assert "group: found nogroup, but no user: add \"user:\"" in host.reload("refused")
            host.write(text("user: 54321\ncontrol: ctl\n"))
            assert "user: found 54321, whose group this machine does not know: add \"group:\"" in host.reload("refused")
    with folder() as below:
        os.chmod(below, 0o755)
        routes = below / "routes.yaml"
        routes.write_text(text("user: root\ngroup: root\n"))
        # The checkout may lie where only its owner may look.
        program = shutil.copy(SOCKLET, below)
        done = subprocess.run([program, "run", str(routes)], capture_output=True, text=True, timeout=60,
                              env=environment() | {"TMPDIR": "/tmp", "XDG_RUNTIME_DIR": ""},
                              **({"user": 54321, "group": 54321, "extra_groups": []} if IS_ROOT else {}))
        assert done.returncode == 1, done
        assert "routes.yaml:3:7: user: found root, but only a host that root has started" in done.stderr, done


def test_its_own_user_is_no_change():
    with dropped(f"user: {os.geteuid()}\ngroup: {os.getegid()}\n") as host:
        echoes(host.port, "the same")
