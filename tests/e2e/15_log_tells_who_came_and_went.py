# SPDX-License-Identifier: MIT
"""One line at the opening and one at the close of a connection; in a file, as JSON, by area; and the same counted."""
import json
import os
import re
import signal

from client import WebSocket, get, upgrade
from host import TEST_PLUGINS, Host, routes_text, socklet, wait_until

ECHO = "  - {path: /ws, plugin: echo}\n"
COUNTING = "  - {path: /count, plugin: counting}\n"
PAGE = "  - {path: /page, file: page.html}\n"


def logged(host, event):
    """The fields of the first line of that event, which may not have been written yet."""
    found = host.wait_log(rf" info {event}.*$")[0]
    return dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', found))


def test_a_connection_is_told_of_twice():
    with Host(text=routes_text(ECHO)) as host:
        with WebSocket(host.port, "/ws?token=secret") as ws:
            ws.text("héllo")
            ws.expect_text("Message text was: héllo")
            opened = logged(host, "open")
            ws.close(1000, "bye now")
        closed = logged(host, "close")
        assert "secret" not in host.log
    assert opened["route"] == "/ws" and opened["plugin"] == "echo" and opened["client"].startswith("127.0.0.1:"), opened
    assert closed["id"] == opened["id"] and closed["client"] == opened["client"], (opened, closed)
    assert int(closed.pop("duration_ms")) >= 0, closed
    wanted = {"messages_in": "1", "bytes_in": "6", "messages_out": "1", "bytes_out": "24", "code": "1000",
              "reason": '"bye now"', "by": "peer"}
    assert wanted.items() <= closed.items(), (wanted, closed)


def test_a_lost_connection_a_refused_one_and_a_plain_request():
    with Host(text=routes_text(ECHO + PAGE), files={"page.html": "<p>hello"}) as host:
        WebSocket(host.port, "/ws").drop()
        lost = logged(host, "close")
        assert get(host.port, "/page?password=x").status == 200
        assert get(host.port, "/nowhere").status == 404
        page = logged(host, "request")
        missing = logged(host, r"request .*nowhere")
        assert upgrade(host.port, "/no").status == 404
        other = logged(host, "refused")
    assert lost["code"] == "1006" and lost["by"] == "peer", lost
    assert page["method"] == "GET" and page["path"] == "/page" and page["status"] == "200" and page["bytes"] == "8", page
    assert missing["status"] == "404", missing
    assert other["path"] == "/no" and other["status"] == "404", other


def test_levels_are_kept_by_area():
    top = "log: {level: error, plugin: debug}\n"
    with Host(text=routes_text(COUNTING, plugins=TEST_PLUGINS, top=top)) as host:
        with WebSocket(host.port, "/count") as ws:
            ws.text("apples")
            ws.expect_text("0")
        host.wait_log(r" debug counting /count #\d+: counting apples$")
        assert " open " not in host.log and " close " not in host.log, host.log
        host.write(routes_text(COUNTING, plugins=TEST_PLUGINS, top="log: {access: info, level: error}\n"))
        assert socklet("reload", host.routes).returncode == 0
        with WebSocket(host.port, "/count"):
            logged(host, "open")


def test_json_is_an_object_a_line():
    with Host(text=routes_text(ECHO, top="log: {format: json}\nworkers: 2\n")) as host:
        with WebSocket(host.port, "/ws"):
            pass
        host.wait_log('"event":"close"')
        lines = [json.loads(line) for line in host.log.splitlines()]
    closed = [line for line in lines if line.get("event") == "close"]
    assert closed and closed[0]["route"] == "/ws" and closed[0]["bytes_in"] == 0, lines
    assert closed[0]["area"] == "access" and closed[0]["process"] in ("worker 1", "worker 2"), closed


def test_a_file_is_opened_anew_and_nothing_is_lost():
    with Host(text=routes_text(ECHO, top="log: {to: socklet.log}\nworkers: 2\n")) as host:
        file, old = host.scratch / "socklet.log", host.scratch / "socklet.log.1"
        assert file.stat().st_mode & 0o777 == 0o640, oct(file.stat().st_mode)
        with WebSocket(host.port, "/ws") as ws:
            wait_until(lambda: " open " in file.read_text(), file.read_text)
            os.rename(file, old)
            host.signal(signal.SIGUSR1)
            wait_until(lambda: file.exists() and "log: opened again" in file.read_text(), "the new file")
            before = old.read_text()
            ws.close(1000, "")
            wait_until(lambda: " close " in file.read_text() + old.read_text(), lambda: file.read_text() + old.read_text())
        # A worker that has not heard yet writes to the old one.
        for comers in range(2, 1000):
            with WebSocket(host.port, "/ws"):
                wait_until(lambda: (file.read_text() + old.read_text()).count(" open ") == comers, file.read_text)
            if " open " in file.read_text():
                break
        assert " open " in file.read_text() and " open " in before and " open " not in host.log, host.log
        host.write(routes_text(ECHO, top="workers: 2\n"))
        assert socklet("reload", host.routes).returncode == 0
        with WebSocket(host.port, "/ws"):
            host.wait_log(" open ")


def test_a_file_that_cannot_be_opened_is_a_refused_reload():
    with Host(text=routes_text(ECHO)) as host:
        host.write(routes_text(ECHO, top="log: {to: /nowhere/at/all.log}\n"))
        done = socklet("reload", host.routes)
        assert done.returncode == 1, done
        assert re.search(r"routes.yaml:3:11: log: cannot write to /nowhere/at/all.log: No such file or directory",
                         done.stderr), done.stderr
        with WebSocket(host.port, "/ws"):
            host.wait_log(" open ")


def metrics(host):
    done = socklet("status", host.routes, "--metrics")
    assert done.returncode == 0, done
    return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if not line.startswith("#"))


def test_what_happened_is_counted():
    with Host(text=routes_text(COUNTING, plugins=TEST_PLUGINS, top="workers: 2\n")) as host:
        for name, result in (("apples", "0"), ("apples", "0"), ("no name", "-3"), ("pears", "0")):
            with WebSocket(host.port, "/count") as ws:
                ws.text(name)
                ws.expect_text(result)
        wait_until(lambda: metrics(host)["socklet_connections_closed_total"] == "4", lambda: metrics(host))
        found = metrics(host)
    wanted = {'socklet_plugin_total{plugin="counting",name="apples"}': "4",
              'socklet_plugin_total{plugin="counting",name="pears"}': "2",
              "socklet_connections_opened_total": "4", "socklet_messages_received_total": "4",
              "socklet_bytes_received_total": "24", "socklet_messages_sent_total": "4", "socklet_bytes_sent_total": "5",
              'socklet_sockets{worker="1"}': found.get('socklet_sockets{worker="1"}'), "socklet_generation": "1"}
    assert wanted.items() <= found.items(), (wanted, found)


def test_traffic_of_open_connections_counts_once():
    with Host(text=routes_text(COUNTING, plugins=TEST_PLUGINS, top="workers: 2\n")) as host:
        def counted():
            found = metrics(host)
            return [found[f"socklet_{name}_total"] for name in ("connections_closed", "messages_received", "bytes_sent")]

        with WebSocket(host.port, "/count") as gone:
            gone.text("apples")
            gone.expect_text("0")
        wait_until(lambda: counted() == ["1", "1", "1"], counted)
        with WebSocket(host.port, "/count") as ws:
            for _ in range(3):
                ws.text("pears")
                ws.expect_text("0")
            assert counted() == ["1", "4", "4"], counted()
        wait_until(lambda: counted() == ["2", "4", "4"], counted)


def test_names_to_count_by_are_bounded():
    with Host(text=routes_text(COUNTING, plugins=TEST_PLUGINS)) as host, WebSocket(host.port, "/count") as ws:
        for number in range(1024):
            ws.text(f"name{number}")
            ws.expect_text("0")
        ws.text("one_more")
        ws.expect_text("-2")
        ws.text("name7")
        ws.expect_text("0")
        host.wait_log("there are 1024 names already")
