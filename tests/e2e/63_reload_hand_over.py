# SPDX-License-Identifier: MIT
"""Open connections go on with the new version of a plugin that takes them over, and stay with the old one else."""
import contextlib
import re
import shutil

from client import WebSocket
from host import TEST_PLUGINS, Host, folder, routes_text, wait_until
from story import each

ROUTES = "  - {path: /t, plugin: tally}\n"


@contextlib.contextmanager
def tallying(version="one", routes=ROUTES, top=""):
    with folder() as plugins:
        shutil.copy(TEST_PLUGINS / f"tally_{version}.so", plugins / "tally.so")
        with Host(text=routes_text(routes, plugins=plugins, top=top)) as host:
            host.plugins = plugins
            yield host


def change_to(host, version):
    shutil.copy(TEST_PLUGINS / f"tally_{version}.so", host.plugins / "tally.so")
    return host.reload()


def says(ws, wanted, text="x"):
    ws.text(text)
    ws.expect_text(f"{wanted} {text}")


def versions(host):
    return {line.split()[-1] for line in host.mappings("tally") if "/" in line}


def test_the_count_goes_on():
    with tallying() as host, WebSocket(host.port, "/t?name=Ann") as ws:
        says(ws, "v1 count=1 hops=0 from=v1 Ann ab")
        change_to(host, "two")
        says(ws, "v2 count=2 hops=1 from=v1 Ann ab")
        change_to(host, "one")
        says(ws, "v1 count=3 hops=2 from=v1 Ann ab")
        wait_until(lambda: len(versions(host)) == 1, lambda: f"one version mapped: {versions(host)}")
        ws.closes()


def test_idle_connections_move_and_the_old_code_goes():
    with tallying() as host:
        clients = [WebSocket(host.port, "/t") for _ in range(50)]
        change_to(host, "two")
        wait_until(lambda: len(versions(host)) == 1, lambda: f"one version mapped: {versions(host)}")
        for ws in clients:
            says(ws, "v2 count=1 hops=1 from=v1 nobody ab")
            ws.closes()


def test_a_hundred_talking_connections():
    """Each message of each is answered once, in order, by one version after the other."""
    with tallying() as host:
        clients = [WebSocket(host.port, "/t") for _ in range(100)]
        for number in range(6):
            for ws in clients:
                ws.text(f"a{number}")
            change_to(host, ("two", "one")[number % 2])
            for ws in clients:
                ws.text(f"b{number}")
        for index, ws in enumerate(clients):
            hops = []
            for count in range(1, 13):
                said = ws.recv()[1].decode()
                found = re.fullmatch(r"v\d count=(\d+) hops=(\d) from=v1 nobody ab (\w+)", said)
                assert found and int(found[1]) == count, (index, count, said)
                assert found[3] == f"{'ba'[count % 2]}{(count - 1) // 2}", (index, count, said)
                hops.append(int(found[2]))
            assert hops == sorted(hops) and hops[-1] == 6, (index, hops)
            ws.closes()


@each([("no_callback", "plain"), ("refusal", "wary"), ("other_arguments", "other")])
def test_who_is_not_taken_over_stays(row):
    with tallying() as host, WebSocket(host.port, "/t") as old:
        says(old, "v1 count=1 hops=0 from=v1 nobody ab")
        change_to(host, row[1])
        says(old, "v1 count=2 hops=0 from=v1 nobody ab")
        with WebSocket(host.port, "/t") as new:
            new.text("x")
            assert new.recv()[1].startswith(b"v1") is False, "a new connection has the old version"
        change_to(host, "two")  # asked again, and now it is
        says(old, "v2 count=3 hops=1 from=v1 nobody ab")


def test_unknown_layout_stays():
    with tallying("strange") as host, WebSocket(host.port, "/t") as old:
        change_to(host, "two")
        says(old, "strange count=1 hops=0 from=strange nobody ab")


def test_not_inside_a_fragmented_message():
    with tallying() as host, WebSocket(host.port, "/t") as ws:
        ws.send_frame(1, b"be", fin=False)
        ws.ping(b"1")
        ws.expect(10, b"1")
        change_to(host, "two")
        ws.send_frame(0, b"gun")
        ws.expect_text("v2 count=1 hops=1 from=v1 nobody ab begun")


def test_new_limits_hold_from_then_on():
    with tallying() as host, WebSocket(host.port, "/t") as ws:
        host.write(host.routes.read_text().replace("tally}", "tally, limits: {message: 100B}}"))
        change_to(host, "two")
        says(ws, "v2 count=1 hops=1 from=v1 nobody ab")
        ws.text("x" * 101)
        ws.expect_close(1009, "frame with 101 bytes exceeds limit of 100 bytes")


def test_a_crash_in_hand_over_is_reported():
    with tallying() as host, WebSocket(host.port, "/t") as ws:
        since = len(host.log)
        change_to(host, "doomed")
        host.wait_log(r"crashed: SIGSEGV at address 0x8, in plugin tally \(version 2\), callback hand_over, "
                      r"route /t, connection #1, code tally\.so\+0x[0-9a-f]+", since)
        host.stopped = True  # a sanitizer's report of this crash is in the log
        ws.drop()
