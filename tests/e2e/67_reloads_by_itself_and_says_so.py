# SPDX-License-Identifier: MIT
"""The host reloads by itself under --reload, and tells a service manager how it is."""
import contextlib
import os
import re
import shutil
import signal
import socket

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, wait_until
from story import each

TALK = "  - {path: /talk, plugin: talk}\n"


@contextlib.contextmanager
def talking(*words, workers=1):
    """A host with a plugin folder of its own, which holds talk.so, version one."""
    with folder() as path:
        plugins = path / "plugins"
        plugins.mkdir()
        shutil.copy(TEST_PLUGINS / "talk_one.so", plugins / "talk.so")
        routes = path / "routes.yaml"
        routes.write_text(routes_text(TALK, plugins=plugins, top=f"workers: {workers}\n"))
        with Host(arguments=["run", *words, routes, "--listen", "127.0.0.1:0"]) as host:
            host.routes, host.plugins = routes, plugins
            yield host


def version(port):
    with WebSocket(port, "/talk") as ws:
        ws.text("x")
        return ws.recv()[1].split()[0].decode()


def by_cp(source, target):
    shutil.copyfile(source, target)


def by_mv(source, target):
    shutil.copyfile(source, target.with_suffix(".tmp"))
    os.rename(target.with_suffix(".tmp"), target)


@each([("cp", by_cp), ("mv", by_mv)])
def test_changed_plugin_is_reloaded(row):
    with talking("--reload") as host, WebSocket(host.port, "/talk") as old:
        row[1](TEST_PLUGINS / "talk_two.so", host.plugins / "talk.so")
        host.wait_log(r"reload: talk\.so has changed")
        host.wait_log(r"reload: done, generation 2")
        assert version(host.port) == "two"
        old.text("x")
        assert old.recv()[1].startswith(b"one ")


def test_changed_routes_file_is_reloaded():
    with talking("--reload") as host:
        good = host.routes.read_text()
        host.write(good + "  - {path: /x, plguin: talk}\n")
        host.wait_log("reload: refused")
        host.write(good + "  - {path: /x, plugin: talk}\n")
        host.wait_log(r"reload: done, generation 2 serves 2 routes")


def test_other_files_beside_them_are_none_of_its_business():
    with talking("--reload") as host:
        (host.plugins / "notes.txt").write_text("x")
        (host.routes.parent / "other.yaml").write_text("x")
        host.write(host.routes.read_text() + "  - {path: /x, plugin: talk}\n")
        host.wait_log("reload: done")
        assert re.findall("reload: (.*) has changed", host.log) == ["routes.yaml"], host.log


def test_plugins_folder_that_is_made_anew_is_found_again():
    with talking("--reload") as host:
        shutil.rmtree(host.plugins)
        host.plugins.mkdir()
        shutil.copy(TEST_PLUGINS / "talk_two.so", host.plugins / "talk.so")
        wait_until(lambda: version(host.port) == "two", "version two")


def test_without_the_option_nothing_is_reloaded_by_itself():
    with talking() as host:
        by_mv(TEST_PLUGINS / "talk_two.so", host.plugins / "talk.so")
        host.signal(signal.SIGHUP)
        host.wait_log("reload: done")
        assert host.log.count("reload: done") == 1 and "has changed" not in host.log.replace("nothing has changed", "")


def test_service_manager_is_told():
    with folder() as path, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path / "notify"))
        manager.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = str(path / "notify")
        try:
            with talking(workers=2) as host:
                def told():
                    return manager.recv(4096).decode().split("\n")
                assert told() == ["READY=1", "STATUS=generation 1 serves"]
                host.reload()
                reloading = told()
                assert reloading[0] == "RELOADING=1" and reloading[2:] == ["STATUS=reloading"], reloading
                assert re.fullmatch(r"MONOTONIC_USEC=\d{6,}", reloading[1]), reloading
                assert told() == ["READY=1", "STATUS=generation 1 serves"]
                host.routes.write_text("x")
                host.reload("refused")
                assert told()[0] == "RELOADING=1"
                assert told() == ["READY=1", "STATUS=reload refused: 1 mistake; generation 1 serves on"]
                host.stop()
                assert told() == ["STOPPING=1", "STATUS=stopping"]
        finally:
            del os.environ["NOTIFY_SOCKET"]
