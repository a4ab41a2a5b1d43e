# SPDX-License-Identifier: MIT
"""A trusted peer's PROXY header names the client; any other first bytes end the connection, and the log says why."""
import contextlib
import socket
import struct
import time

from client import Connection, WebSocket
from host import TEST_PLUGINS, Host, routes_text
from story import each

READ_BACK = "  - {path: /ws, plugin: read_back}\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 50123 443\r\n"


def v2(command, family, body):
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


V2 = v2(0x21, 0x11, socket.inet_aton("192.0.2.8") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 50124, 443))
V2_6 = v2(0x21, 0x21, socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(16) + struct.pack("!HH", 1, 2)
          + b"\x04\x00\x03abc")


def text(top="proxies: [127.0.0.1, unix]\n", listen="[{at: 127.0.0.1:0, proxy_protocol: true}]"):
    return routes_text(READ_BACK, plugins=TEST_PLUGINS, top=top).replace("[127.0.0.1:8000]", listen)


@contextlib.contextmanager
def shared():
    listen = "[{at: 127.0.0.1:0, proxy_protocol: true}, {at: 'unix:x.sock', proxy_protocol: true}]"
    with Host(text=text(listen=listen, top="proxies: [127.0.0.1, unix]\nlimits: {handshake: 2s}\n"), listen=(),
              listeners=2) as host:
        yield host


def expect_peer(ws, wanted):
    ws.text("peer")
    ws.expect_text(wanted)


@each([("version 1", V1, "192.0.2.7:50123"),
       ("version 1 over IPv6", b"PROXY TCP6 2001:db8::1 ::1 7 8\r\n", "[2001:db8::1]:7"),
       ("version 2", V2, "192.0.2.8:50124"),
       ("version 2 over IPv6 with more", V2_6, "[2001:db8::7]:1")])
def test_the_client_is_the_one_of_the_header(host, row):
    for port in (host.port, host.addresses[1][0]):
        with WebSocket(port, "/ws", preamble=row[1]) as ws:
            expect_peer(ws, row[2])


@each([("UNKNOWN", b"PROXY UNKNOWN\r\n"), ("LOCAL", v2(0x20, 0, b"")), ("unspecified", v2(0x21, 0, b"abc"))])
def test_a_proxy_may_speak_for_itself(host, row):
    with WebSocket(host.port, "/ws", preamble=row[1]) as ws:
        expect_peer(ws, "127.0.0.1:%d" % ws.sock.getsockname()[1])


@each([("version 1", V1, "192.0.2.7:50123"), ("version 2", V2_6, "[2001:db8::7]:1")])
def test_it_may_come_byte_by_byte(host, row):
    with Connection(host.port) as slow:
        for byte in row[1]:
            slow.send(bytes([byte]))
            time.sleep(0.001)  # only so that they come in many pieces, however many
        slow.send(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        slow.wait(lambda: b"404" in slow.input, "an answer")


def expect_closed(host, since, preamble, why):
    with Connection(host.port) as peer:
        peer.send(preamble)
        peer.expect_end()
    host.wait_log(why, since)


@each([("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "found no PROXY header before the client's first byte"),
       ("TLS", b"\x16\x03\x01\x02\x00\x01", "found no PROXY header"),
       ("a wrong address", b"PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2\r\n", "found a PROXY header that is not"),
       ("a long line", b"PROXY UNKNOWN " + b"x" * 200 + b"\r\n", "found a PROXY header of more than 107 bytes"),
       ("an endless line", b"PROXY TCP4 " + b"1" * 5000, "found a PROXY header of more than 107 bytes"),
       ("a huge version 2", SIGNATURE + b"\x21\x11\xff\xff" + b"x" * 60000, "of more than 16384 bytes"),
       ("another version", SIGNATURE + b"\x31\x11\x00\x0c" + b"x" * 12, "unknown version or command"),
       ("an address cut off", v2(0x21, 0x21, b"x" * 12), "too short for its addresses")])
def test_other_bytes_end_it(host, row):
    expect_closed(host, len(host.log), row[1], row[2])


def test_who_does_not_send_it_is_closed(host):
    since = len(host.log)
    with Connection(host.port) as silent, Connection(host.port) as half:
        half.send(V2[:20])
        for one in (silent, half):
            one.expect_end(timeout=20)
    host.wait_log("found no whole PROXY header within 2000 ms", since)


def test_who_is_not_listed_is_closed():
    for top in ("", "proxies: 10.0.0.0/8\n"):
        with Host(text=text(top=top), listen=(), listeners=1) as host:
            with Connection(host.port) as stranger:
                with contextlib.suppress(OSError, AssertionError):
                    stranger.send(V1)
                stranger.expect_end()
            host.wait_log(r"closed: a PROXY header is expected there, and `proxies` does not list it")


def test_a_reload_changes_it_for_new_connections():
    with Host(text=text(listen="[127.0.0.1:0]"), listen=(), listeners=1) as host:
        with WebSocket(host.port, "/ws") as old:
            host.write(text(listen="[{at: 127.0.0.1:0, proxy_protocol: true}]"))
            host.reload()
            expect_peer(old, "127.0.0.1:%d" % old.sock.getsockname()[1])
            with WebSocket(host.port, "/ws", preamble=V1) as new:
                expect_peer(new, "192.0.2.7:50123")


def test_a_stop_does_not_wait_for_headers():
    with Host(text=text(top="proxies: 127.0.0.1\nlimits: {handshake: 1h}\n"), listen=(), listeners=1) as host:
        with Connection(host.port) as silent:
            silent.send(V1[:10])
            host.stop()
            silent.expect_end()
