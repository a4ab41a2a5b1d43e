# SPDX-License-Identifier: MIT
"""What TLS accepts and what it refuses; whatever a peer does to the handshake leaves nothing behind."""
import contextlib
import re
import socket
import ssl
import struct
import subprocess

from certificates import Authority
from client import Connection, frame, raw
from host import PLUGINS, SPARE, Host, folder, routes_text, wait_until
from secure import SecureHttp, SecureWebSocket, context
from story import each

LISTEN = ("https://127.0.0.1:0",)


@contextlib.contextmanager
def shared():
    with folder() as path:
        ca = Authority(path)
        pem, key = ca.issue("localhost", ["localhost", "127.0.0.1"], kind="rsa:2048")
        text = routes_text("  - {path: /, plugin: mirror, limits: {message: 8MiB, queue: 1MiB}}\n"
                           f"  - {{path: /page, file: {path}/page.html}}\n", plugins=PLUGINS,
                           top=f"tls: {{certificates: [{{certificate: {pem}, key: {key}}}], hsts: 90d, "
                               "hsts_subdomains: true}\nlimits: {handshake: 2s}\n")
        (path / "page.html").write_bytes(bytes(range(256)) * 20000)
        with Host(text=text, listen=LISTEN) as host:
            host.ca, host.folder = ca, path
            yield host


def s_client(host, *words, said=""):
    """What `openssl s_client` prints, and its status."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{host.port}", "-CAfile", host.ca.path, *words],
                          input=said, capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr, done.returncode


@each([
    ("SSL without a version", ["-ssl3"], None), ("TLS 1.0", ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], None),
    ("TLS 1.1", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], None),
    ("TLS 1.2", ["-tls1_2"], "TLSv1.2"), ("TLS 1.3", ["-tls1_3"], "TLSv1.3"),
    ("no forward secrecy", ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA"], None),
    ("CBC", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384"], None),
    ("no encryption", ["-tls1_2", "-cipher", "NULL:@SECLEVEL=0"], None),
    ("no authentication", ["-tls1_2", "-cipher", "ADH:AECDH:@SECLEVEL=0"], None),
    ("3DES", ["-tls1_2", "-cipher", "3DES:@SECLEVEL=0"], None),
    ("AES-GCM", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "TLSv1.2"),
    ("ChaCha20", ["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], "TLSv1.2"),
    ("HTTP/1.1 by ALPN", ["-alpn", "h2,http/1.1"], "TLSv1.3"),
    ("HTTP/2 alone by ALPN", ["-alpn", "h2"], None),
])
def test_versions_and_ciphers(host, row):
    _, words, wanted = row
    out, _ = s_client(host, *words)
    found = re.search(r"^New, (\S+), Cipher is (\S+)$", out, re.M)
    name = found and found[1]
    if wanted is None:
        assert not found or found[2] == "(NONE)", f"was accepted: {out[-1500:]}"
        assert row[0] != "HTTP/2 alone by ALPN" or "no application protocol" in out, out[-1500:]
    else:
        assert name == wanted and "Verify return code: 0 (ok)" in out, out[-1500:]
        assert "Compression: NONE" in out and ("ALPN" not in row[0] or "ALPN protocol: http/1.1" in out), out[-1500:]


def test_renegotiation_is_refused(host):
    out, _ = s_client(host, "-tls1_2", "-legacy_renegotiation", said="R\n")
    assert "RENEGOTIATING" in out and "no renegotiation" in out, out[-1500:]


def test_plain_http_is_told(host):
    for first in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"g":
        answer = raw(host.port, first)
        assert answer.status == 400 and b"https://" in answer.body, answer


def test_pages_and_hsts(host):
    with SecureHttp(host.port, context(host.ca.path)) as http:
        for _ in range(2):
            answer = http.request("/page")
            assert answer.status == 200 and answer.body == (host.folder / "page.html").read_bytes()
            assert answer.header("strict-transport-security") == "max-age=7776000; includeSubDomains"
    curl = subprocess.run(["curl", "-sS", "--cacert", host.ca.path, "-o", "-", f"https://127.0.0.1:{host.port}/page"],
                          capture_output=True, timeout=30)
    assert curl.stdout == (host.folder / "page.html").read_bytes(), curl.stderr


def test_a_request_with_the_end_behind_it_is_answered(host):
    with SecureHttp(host.port, context(host.ca.path)) as http:
        http.sock.tls.write(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        http.finish_sending()
        answer = http.response()
        assert answer.status == 200 and len(answer.body) == 5120000, answer
        http.expect_end()
        assert http.ended == "eof", "the host has to say that it ends, too"


def hello(host, version=None):
    """The bytes of a client's first flight."""
    made = context(host.ca.path, version=version)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = made.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def gone(host, before):
    wait_until(lambda: host.descriptors_open() <= before + SPARE, lambda: f"{host.descriptors_open()} for {before}")


def test_a_reset_at_any_byte_leaves_nothing(host):
    before = host.descriptors_open()
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        flight = hello(host, version)
        for end in range(len(flight) + 1):
            with socket.create_connection(("127.0.0.1", host.port)) as sock:
                sock.sendall(flight[:end])
                if end % 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone(host, before)
    SecureWebSocket(host.port, "/", context(host.ca.path)).drop()


def test_a_broken_byte_anywhere_is_refused(host):
    before = host.descriptors_open()
    flight = hello(host)
    for at in range(0, len(flight), 3):
        with socket.create_connection(("127.0.0.1", host.port)) as sock:
            sock.sendall(flight[:at] + bytes([flight[at] ^ 0x55]) + flight[at + 1:])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone(host, before)
    SecureWebSocket(host.port, "/", context(host.ca.path)).drop()


def test_a_slow_handshake_has_a_deadline(host):
    with Connection(host.port) as silent, Connection(host.port) as slow:
        slow.send(hello(host)[:100])
        silent.expect_end(15)
        slow.expect_end(15)


def test_a_byte_at_a_time_is_understood(host):
    flight = hello(host)
    with Connection(host.port) as conn:
        conn.send(flight, chop=1)
        assert conn.read(1, "a record") == b"\x16"


def test_large_messages_go_both_ways(host):
    data = bytes(range(256)) * 4096
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        with SecureWebSocket(host.port, "/", context(host.ca.path, version=version)) as ws:
            for size in 0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 1000000, len(data) - 20:
                ws.binary(data[:size])
                ws.expect(2, data[:size])
            for _ in range(50):
                ws.text("hello")
            ws.expect_text(*["hello"] * 50)
            ws.closes()


def test_a_peer_that_does_not_read_is_lost(host):
    """Its queue holds 1 MiB; others do not notice."""
    tls, since = context(host.ca.path), len(host.log)
    with SecureWebSocket(host.port, "/", tls, receive_buffer=4096) as lazy, SecureWebSocket(host.port, "/", tls) as other:
        lazy.sock.sock.settimeout(20)
        for _ in range(400):
            lazy.sock.tls.write(frame(2, b"x" * 100000))
            lazy.sock.sock.sendall(lazy.sock.outgoing.read())
            other.text("still there")
            other.expect_text("still there")
            if "reads too slowly" in host.log[since:]:
                break
        host.wait_log(r" close .* code=1013 ", since)


def test_an_end_without_close_notify_is_a_loss(host):
    since = len(host.log)
    with SecureWebSocket(host.port, "/", context(host.ca.path)) as ws:
        ws.sock.sock.shutdown(socket.SHUT_WR)
        host.wait_log(r" close .* code=1006 ", since)
    with SecureWebSocket(host.port, "/", context(host.ca.path)) as polite:
        polite.closes()
        polite.expect_end()
        assert polite.ended == "eof", "no close_notify came"
