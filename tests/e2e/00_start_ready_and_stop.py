# SPDX-License-Identifier: MIT
"""The host says where it listens once it does, and ends with status 0 when told to."""
import os
import re
import signal
import socket
import subprocess

from client import CLOSE, Http, WebSocket, get, upgrade_headers
from host import SOCKLET, Host, environment, folder, free_port, placed, routes_text, socklet

ECHO = "  - {path: /ws, plugin: echo}\n"


def test_ready_line_names_the_real_port():
    with Host("conf/echo.yaml") as host:
        address, port = host.addresses[0]
        assert address == "127.0.0.1" and port > 0, host.addresses
        assert get(host.port, "/").status == 200


def test_run_is_the_default_command():
    with folder() as path:
        (path / "routes.yaml").write_text(placed("conf/echo.yaml"))
        with Host(arguments=[path / "routes.yaml", "--listen", "127.0.0.1:0"]) as host:
            assert get(host.port, "/").status == 200


def test_file_says_where_to_listen():
    port = free_port()
    text = routes_text(ECHO).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    with folder() as path:
        (path / "routes.yaml").write_text(text)
        with Host(arguments=["run", path / "routes.yaml"]) as host:
            assert host.addresses == [("127.0.0.1", port)], host.addresses


def test_listen_is_repeatable_and_overrides_the_file():
    with Host("conf/echo.yaml", listen=("127.0.0.1:0", "127.0.0.2:0", "[::1]:0")) as host:
        assert [address for address, _ in host.addresses] == ["127.0.0.1", "127.0.0.2", "[::1]"]
        for address, port in host.addresses:
            with WebSocket(port, "/ws", address=address.strip("[]")) as ws:
                ws.text("x")
                ws.expect_text("Message text was: x")


def test_sigterm_and_sigint_end_with_status_0():
    for number in signal.SIGTERM, signal.SIGINT:
        with Host("conf/echo.yaml") as host:
            host.signal(number)
            host.wait()


def test_idle_http_connection_does_not_hold_up_the_stop():
    with Host("conf/echo.yaml") as host, Http(host.port) as idle, Http(host.port) as silent:
        assert idle.request("/").status == 200
        host.signal(signal.SIGTERM)
        host.wait(timeout=3)
        idle.expect_end()
        silent.expect_end()


def test_signals_work_from_the_ready_line_on():
    for number in signal.SIGHUP, signal.SIGTERM, signal.SIGINT:
        for _ in range(5):
            with Host("conf/echo.yaml") as host:
                host.signal(number)
                if number == signal.SIGHUP:
                    host.wait_log("reload: done")
                    host.signal(signal.SIGTERM)
                host.wait()


def test_second_signal_ends_at_once():
    with Host(text=routes_text("  - {path: /ws, plugin: echo, limits: {close: 1h}}\n")) as host, \
            WebSocket(host.port, "/ws") as ws:
        host.signal(signal.SIGTERM)
        assert ws.recv()[0] == CLOSE
        host._still()  # it waits for our answer to its close frame
        host.signal(signal.SIGTERM)
        host.wait(timeout=5, wanted=1)


def test_handshake_that_ends_while_stopping_is_refused():
    head = b"GET /ws HTTP/1.1\r\nHost: x\r\n"
    rest = "".join(f"{name}: {value}\r\n" for name, value in upgrade_headers()).encode() + b"\r\n"
    with Host("conf/echo.yaml") as host, Http(host.port) as half, Http(host.port) as other:
        half.send(head)
        assert other.request("/").status == 200  # so the half has been read
        host.signal(signal.SIGTERM)
        host.wait_log("stop: closing")
        half.send(rest)
        answer = half.response()
        assert answer.status == 503 and answer.header("connection") == "close", answer
        half.expect_end()
        host.wait(timeout=3)


def test_missing_standard_descriptors_are_not_given_to_sockets():
    host = Host("conf/echo.yaml")
    host.arguments = ["/bin/sh", "-c", 'exec "$0" "$@" <&- 2>&-', *host.arguments]
    with host:
        for number in 0, 2:
            target = os.readlink(f"/proc/{host.pid}/fd/{number}")
            assert target == "/dev/null", f"descriptor {number} is {target}"
        assert get(host.port, "/").status == 200


def test_stopped_host_refuses_new_connections_at_once():
    with Host(text=routes_text("  - {path: /ws, plugin: echo, limits: {close: 1h}}\n")) as host, \
            WebSocket(host.port, "/ws") as ws:
        host.signal(signal.SIGTERM)
        assert ws.recv()[0] == CLOSE
        try:
            socket.create_connection(("127.0.0.1", host.port), 2).close()
            raise AssertionError("a stopping host still accepts")
        except ConnectionRefusedError:
            pass
        ws.close(1012)
        ws.expect_end()
        host.wait()


def test_help_names_every_command():
    done = socklet("--help")
    assert done.returncode == 0 and not done.stderr, done
    for word in "run", "check", "routes", "--listen", "--json", "--version":
        assert word in done.stdout, f"{word} is missing:\n{done.stdout}"


def test_version():
    done = socklet("--version")
    assert done.returncode == 0 and re.fullmatch(r"socklet \d+\.\d+\.\d+\n", done.stdout), done


def test_wrong_command_lines_say_what_is_wrong():
    for arguments, word in (
            (["--listne", "127.0.0.1:0", "conf/echo.yaml"], "--listne"),
            (["run"], "routes file"),
            ([], "usage"),
            (["run", "conf/echo.yaml", "--listen"], "--listen"),
            (["run", "conf/echo.yaml", "conf/items.yaml"], "conf/items.yaml"),
            (["chekc", "conf/echo.yaml"], "chekc")):
        done = socklet(*arguments)
        assert done.returncode == 2, f"{arguments}: {done}"
        assert word in done.stderr and not done.stdout, f"{arguments}: {done}"


def test_missing_file_is_named():
    done = socklet("run", "conf/nothing.yaml", "--listen", "127.0.0.1:0")
    assert done.returncode == 1, done
    assert "conf/nothing.yaml" in done.stderr and "No such file" in done.stderr, done.stderr


def test_busy_port_is_named_with_the_reason():
    with folder() as path, socket.socket() as taken:
        (path / "routes.yaml").write_text(placed("conf/echo.yaml"))
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = socklet("run", path / "routes.yaml", "--listen", address)
        assert done.returncode == 1, done
        for word in "127.0.0.1", str(taken.getsockname()[1]), "ddress already in use":
            assert word in done.stderr, done.stderr


def test_bad_listen_addresses_are_refused():
    with folder() as path:
        (path / "routes.yaml").write_text(placed("conf/echo.yaml"))
        for address in "127.0.0.1", "127.0.0.1:70000", ":::", "127.0.0.1:http!", "no.such.host.invalid:80":
            done = socklet("run", path / "routes.yaml", "--listen", address)
            said = done.stderr
            assert done.returncode in (1, 2) and address.rpartition(":")[0] in said, f"{address}: {done}"


def test_closed_standard_output_does_not_kill():
    """A host whose terminal has gone goes on serving."""
    with folder() as path:
        (path / "routes.yaml").write_text(placed("conf/echo.yaml"))
        process = subprocess.Popen([SOCKLET, "run", path / "routes.yaml", "--listen", "127.0.0.1:0"],
                                   env=environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check_without_terminal(process)


def check_without_terminal(process):
    try:
        port = int(process.stdout.readline().rsplit(b":", 1)[1])
        process.stdout.close()
        process.stderr.close()
        for _ in range(3):
            with WebSocket(port, "/ws") as ws:
                ws.send_frame(3)
                ws.expect_close(1002, None)
        assert get(port, "/").status == 200
    finally:
        process.terminate()
        assert process.wait(20) == 0
