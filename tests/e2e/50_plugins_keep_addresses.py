# SPDX-License-Identifier: MIT
"""What sl_peer gives stays where it is until disconnect has returned, for as many connections as a plugin asks of."""
from client import WebSocket
from host import TEST_PLUGINS, Host, routes_text


def host_of(listen="127.0.0.1:0", top=""):
    text = routes_text("  - {path: /ws, plugin: address_book}\n", plugins=TEST_PLUGINS, top=top)
    return Host(text=text.replace("[127.0.0.1:8000]", f"[{listen}]"), listen=(), listeners=1)


def address(ws):
    return "{}:{}".format(*ws.sock.getsockname()[:2])


def says(ws, text):
    ws.text("?")
    ws.expect_text(text)


def test_each_has_its_own_as_long_as_it_is_there():
    with host_of() as host:
        sockets = [WebSocket(host.port, "/ws") for _ in range(3)]
        addresses = [address(ws) for ws in sockets]
        before = "nobody"
        for ws, own in [*zip(sockets, addresses), (sockets[0], addresses[0])]:
            says(ws, f"{own} behind {before}")
            before = own
        for ws, own, leave in zip(sockets, addresses, (WebSocket.drop, WebSocket.reset, WebSocket.closes)):
            leave(ws)
            host.wait_log(f"left: {own}, who is {own}$")


def test_the_client_behind_a_proxy_keeps_it_too():
    with host_of(top="proxies: 127.0.0.1\n") as host:
        with WebSocket(host.port, "/ws", headers=[("X-Forwarded-For", "192.0.2.7")]) as one:
            says(one, "192.0.2.7 behind nobody")
            with WebSocket(host.port, "/ws") as two:
                says(two, f"{address(two)} behind 192.0.2.7")
            host.wait_log("left: 127.0.0.1")
            says(one, "192.0.2.7 behind nobody")
        host.wait_log("left: 192.0.2.7, who is 192.0.2.7$")


def test_a_proxy_header_names_it():
    with host_of("{at: 127.0.0.1:0, proxy_protocol: true}", "proxies: 127.0.0.1\n") as host:
        with WebSocket(host.port, "/ws", preamble=b"PROXY TCP4 192.0.2.7 198.51.100.1 50123 443\r\n") as one:
            says(one, "192.0.2.7:50123 behind nobody")
        host.wait_log("left: 192.0.2.7:50123, who is 192.0.2.7:50123$")
