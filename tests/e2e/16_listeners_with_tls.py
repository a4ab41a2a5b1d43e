# SPDX-License-Identifier: MIT
"""A PROXY header comes before TLS, and a redirecting listener knows the port of the one that speaks it."""
import contextlib
import socket
import ssl
import subprocess

from client import Http
from host import TEST_PLUGINS, Host, folder, routes_text

HEADER = b"PROXY TCP4 192.0.2.7 198.51.100.1 50123 443\r\n"
TLS = "tls: {certificates: [{certificate: %s/c.pem, key: %s/k.pem}]}\n"
LISTEN = "[{at: 'https://127.0.0.1:0', proxy_protocol: true}, {at: 127.0.0.1:0, redirect: https}]"


@contextlib.contextmanager
def secure():
    with folder() as below:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-keyout", below / "k.pem", "-out", below / "c.pem"],
                       check=True, capture_output=True)
        body = routes_text("  - {path: /ws, plugin: read_back}\n", plugins=TEST_PLUGINS,
                           top="proxies: 127.0.0.1\n" + TLS % (below, below))
        with Host(text=body.replace("[127.0.0.1:8000]", LISTEN), listen=(), listeners=2) as host:
            yield host


def ask(port, first):
    """The first line of the answer to a request over TLS, behind these bytes."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        plain.sendall(first)
        with context.wrap_socket(plain) as secure_socket:
            secure_socket.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return secure_socket.recv(4096).split(b"\r\n")[0]


def test_the_header_comes_before_tls():
    with secure() as host:
        assert ask(host.port, HEADER) == b"HTTP/1.1 426 Upgrade Required"
        try:
            answer = ask(host.port, b"")
        except (ssl.SSLError, ConnectionError):
            answer = None
        assert answer is None, "without the header there is no TLS"
        host.wait_log("closed: found no PROXY header")


def test_the_port_is_the_real_one():
    with secure() as host:
        with Http(host.addresses[1][1]) as http:
            answer = http.request("/a?b", host="localhost:1")
            assert answer.header("location") == f"https://localhost:{host.port}/a?b", answer
