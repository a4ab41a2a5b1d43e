# SPDX-License-Identifier: MIT
"""A Unix socket is a listener like others: its file comes, goes and changes with the host that made it."""
import json
import os
import socket
import stat
import subprocess

from client import WebSocket
from host import TEST_PLUGINS, Host, environment, routes_text, socklet, SOCKLET, wait_until
from story import each

TALK = "  - {path: /ws, plugin: echo}\n"
READ_BACK = "  - {path: /ws, plugin: read_back}\n"


def text(listen, routes=TALK, plugins=None, top=""):
    body = routes_text(routes, **({"plugins": plugins} if plugins else {}), top=top)
    return body.replace("[127.0.0.1:8000]", listen)


def unix_host(listen="unix:x.sock", count=1, **more):
    return Host(text=text(listen, **more), listen=(), listeners=count)


def echoes(ws, word):
    ws.text(word)
    ws.expect_text(f"Message text was: {word}")


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@each([("one worker", 1), ("three workers, one socket", 3)])
def test_it_serves_and_says_where(row):
    with unix_host("[unix:x.sock, 127.0.0.1:0]", count=2, top=f"workers: {row[1]}\ncontrol: ctl\n") as host:
        path = str(host.scratch / "x.sock")
        assert host.addresses[0] == (path, None), host.addresses
        assert mode_of(path) == 0o660, oct(mode_of(path))
        with WebSocket(path, "/ws") as ws, WebSocket(host.addresses[1][1], "/ws") as other:
            echoes(ws, "over unix")
            echoes(other, "over tcp")
        for _ in range(20):
            with WebSocket(path, "/ws") as ws:
                echoes(ws, "again")
        status = json.loads(socklet("status", host.routes, "--json").stdout)
        assert status["listen"][0] == f"unix:{path}", status["listen"]
    assert not os.path.lexists(path), "the file goes with the host"


def test_the_peer_is_named():
    with unix_host(routes=READ_BACK, plugins=TEST_PLUGINS) as host:
        with WebSocket(host.scratch / "x.sock", "/ws") as ws:
            ws.text("peer")
            ws.expect_text(f"unix:pid={os.getpid()},uid={os.getuid()}")


def test_mode_and_owner_are_as_wished():
    with unix_host("[{at: unix:x.sock, mode: 0606, owner: %d, group: %d}]" % (os.getuid(), os.getgid())) as host:
        assert mode_of(host.scratch / "x.sock") == 0o606
    if os.geteuid() == 0:
        with unix_host("[{at: unix:x.sock, owner: 12345, group: nogroup}]") as host:
            info = os.lstat(host.scratch / "x.sock")
            assert info.st_uid == 12345 and info.st_gid != 0, info


def test_a_file_that_a_killed_host_left_is_replaced():
    with unix_host() as host:
        path = host.scratch / "x.sock"
        host.process.kill()
        host.process.wait()
        host.stopped = True
        assert path.exists(), "nobody removed it"
        with Host(arguments=["run", host.routes], listeners=1):
            with WebSocket(path, "/ws") as ws:
                echoes(ws, "new host")
        assert not path.exists()


def refused(host_text, folder):
    routes = folder / "second.yaml"
    routes.write_text(host_text)
    done = subprocess.run([str(SOCKLET), "run", str(routes)], capture_output=True, text=True, timeout=60,
                          env=environment())
    assert done.returncode == 1 and not done.stdout, done
    return done.stderr


def test_what_somebody_else_has_stays():
    with unix_host() as host:
        path = host.scratch / "x.sock"
        complaint = refused(text("unix:x.sock"), host.scratch)
        assert f"second.yaml:1:9: cannot listen on unix:{path}: another program does" in complaint, complaint
        with WebSocket(path, "/ws") as ws:
            echoes(ws, "the first one serves on")
        plain = host.scratch / "plain"
        plain.write_text("precious")
        complaint = refused(text("unix:plain"), host.scratch)
        assert "found a file that is no socket" in complaint and plain.read_text() == "precious", complaint
        complaint = refused(text("unix:no/such/folder"), host.scratch)
        assert "No such file or directory" in complaint, complaint


def test_a_file_of_another_host_is_not_removed():
    with unix_host() as host:
        path = host.scratch / "x.sock"
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            host.stop()
            assert path.exists(), "it was not the host's any more"


def test_a_reload_adds_keeps_changes_and_removes():
    with unix_host(top="workers: 2\n") as host:
        x, y = host.scratch / "x.sock", host.scratch / "y.sock"
        before = os.lstat(x).st_ino
        with WebSocket(x, "/ws") as ws:
            host.write(text("[{at: unix:x.sock, mode: 0600}, unix:y.sock]", top="workers: 3\n"))
            host.reload()
            echoes(ws, "still here")
            assert os.lstat(x).st_ino == before and mode_of(x) == 0o600, "the same file, another mode"
            with WebSocket(y, "/ws") as new:
                echoes(new, "new")
            host.write(text("[unix:y.sock, unix:no/such/folder]"))
            host.reload("refused")
            with WebSocket(x, "/ws") as again:
                echoes(again, "nothing has changed")
            host.write(text("[unix:y.sock]"))
            host.reload()
            wait_until(lambda: not x.exists(), "the end of x.sock")
            echoes(ws, "a connection outlives its listener")
            ws.closes()
        with WebSocket(y, "/ws") as new:
            echoes(new, "y")
    assert not y.exists()


def test_a_refused_reload_leaves_no_file():
    with unix_host() as host:
        host.write(text("[unix:x.sock, unix:y.sock, unix:no/such/folder]"))
        host.reload("refused")
        assert not (host.scratch / "y.sock").exists()


def successor_of(host):
    done = socklet("upgrade", host.routes, timeout=60)
    assert done.returncode == 0, done
    return json.loads(socklet("status", host.routes, "--json").stdout)["pid"]


def test_an_upgrade_passes_it_on():
    with unix_host(top="workers: 2\ncontrol: ctl\n") as host:
        path = host.scratch / "x.sock"
        before = os.lstat(path).st_ino
        with WebSocket(path, "/ws") as old:
            echoes(old, "before")
            successor = successor_of(host)
            try:
                with WebSocket(path, "/ws") as new:
                    echoes(old, "old host")
                    echoes(new, "new host")
                    old.closes()
                    host.wait()
                    assert os.lstat(path).st_ino == before, "the file was not touched"
                    echoes(new, "alone")
                    with WebSocket(path, "/ws") as third:
                        echoes(third, "third")
                    new.closes()
            finally:
                assert socklet("stop", host.routes, timeout=60).returncode == 0
        wait_until(lambda: not path.exists(), f"process {successor} to remove what it was given")


def test_an_upgrade_that_fails_leaves_the_file():
    with unix_host(top="control: ctl\n") as host:
        path = host.scratch / "x.sock"
        host.write(text("[unix:x.sock]", routes="  - {path: /ws, plugin: none_of_that_name}\n", top="control: ctl\n"))
        assert socklet("upgrade", host.routes, timeout=60).returncode == 1
        assert path.exists()
        with WebSocket(path, "/ws") as ws:
            echoes(ws, "serves on")
