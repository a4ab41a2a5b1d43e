# SPDX-License-Identifier: MIT
"""Certificates: chosen by name, shown by clients, changed by reload while connections talk, refused when wrong."""
import contextlib
import json
import os
import shutil
import signal
import ssl

from certificates import Authority, openssl
from client import WebSocket
from host import TEST_PLUGINS, Host, folder, free_port, routes_text, socklet, wait_until
from secure import SecureHttp, SecureWebSocket, context
from story import each

FIELDS = "subject common_name issuer serial fingerprint not_after dns email".split()
SHOW = "  - {path: /who, plugin: certificate, inject: {" + ", ".join(f"{name}: certificate" for name in FIELDS) \
    + ", until: {from: certificate, alias: not_after}}}\n" \
    "  - {path: /talk, plugin: certificate}\n"
LISTEN = ("https://127.0.0.1:0",)


class World:
    """An authority, certificates signed by it, and hosts that use them."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = Authority(folder)
        self.other_ca = Authority(folder, "Other CA")
        self.pair = self.ca.issue("localhost", ["localhost", "127.0.0.1"])
        self.trust = context(self.ca.path)

    def routes(self, pairs=None, rest="", routes=SHOW, top=""):
        lines = "".join(f"    - {{certificate: {pair[0]}, key: {pair[1]}{''.join(pair[2:])}}}\n"
                        for pair in pairs or [self.pair])
        return routes_text(routes, plugins=TEST_PLUGINS, top=f"{top}tls:\n  certificates:\n{lines}{rest}")

    def host(self, *args, listen=LISTEN, **options):
        return Host(text=self.routes(*args, **options), listen=listen)


@contextlib.contextmanager
def shared():
    with folder() as path:
        yield World(path)


def common_name(port, name, world, tls=None):
    """Of the certificate that the host shows to who asks for that name."""
    tls = tls or context(world.ca.path)
    tls.check_hostname = False
    with SecureHttp(port, tls, name) as http:
        return dict(part[0] for part in http.sock.tls.getpeercert()["subject"])["commonName"]


def test_the_name_asked_for_chooses(world):
    rsa = world.ca.issue("rsa", ["rsa.example", "both.example"], kind="rsa:2048")
    wild = world.ca.issue("wild", ["*.wild.example", "both.example"])
    said = world.ca.issue("said", ["said.example"])
    with world.host([world.pair, rsa, wild, (*said, ', hosts: ["*.chosen.example", one.wild.example]')]) as host:
        for name, wanted in [("localhost", "localhost"), ("rsa.example", "rsa"), ("RSA.example", "rsa"),
                             ("a.wild.example", "wild"), ("a.b.wild.example", "localhost"),
                             ("one.wild.example", "said"), ("both.example", "rsa"), ("x.chosen.example", "said"),
                             ("said.example", "localhost"), (None, "localhost"), ("unknown.example", "localhost")]:
            assert common_name(host.port, name, world) == wanted, name
        one_two = context(world.ca.path, version=ssl.TLSVersion.TLSv1_2)
        assert common_name(host.port, "rsa.example", world, one_two) == "rsa"


def who(host, tls):
    with SecureWebSocket(host.port, "/who", tls) as ws:
        ws.text("who")
        return [ws.recv()[1].decode() for _ in range(3)]


def test_what_a_client_certificate_says_is_injected(world):
    client = world.ca.issue("alice", ["alice.example.org", "b.example.org", "alice@example.org"], purpose="clientAuth",
                            subject="/C=NL/O=Exämple \\/ Söns/CN=alice")
    with world.host(rest=f"  client: {{ca: {world.ca.path}, verify: optional}}\n") as host:
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            scheme, names, numbers = who(host, context(world.ca.path, client, version))
            shown = openssl("x509", "-in", client[0], "-noout", "-serial", "-fingerprint", "-sha256").split("\n")
            serial = shown[0].partition("=")[2].lower()
            fingerprint = shown[1].partition("=")[2].replace(":", "").lower()
            assert scheme == "wss"
            assert names.split("|") == ["CN=alice,O=Exämple / Söns,C=NL", "alice", "CN=Test CA", "alice.example.org",
                                        "alice@example.org", "until"], names
            assert numbers.split("|")[:2] == [serial, fingerprint], numbers
            assert numbers.split("|")[2].endswith("Z"), numbers
        assert who(host, world.trust) == ["wss", "-|-|-|-|-|-", "-|-|-"]


def refused(host, tls):
    """TLS 1.3 lets a client go on before it is refused."""
    try:
        who(host, tls)
    except (ssl.SSLError, AssertionError, ConnectionError) as error:
        return str(error) or type(error).__name__
    return ""


@each([("optional",), ("required",)])
def test_a_wrong_client_certificate_is_refused(world, row):
    strange = world.other_ca.issue("mallory", purpose="clientAuth")
    old = world.ca.issue("old", purpose="clientAuth", expired=True)
    server = world.ca.issue("server-only", purpose="serverAuth")
    good = world.ca.issue("good", purpose="clientAuth")
    with world.host(rest=f"  client: {{ca: {world.ca.path}, verify: {row[0]}}}\n") as host:
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            for wrong in strange, old, server:
                assert refused(host, context(world.ca.path, wrong, version)), wrong
            assert who(host, context(world.ca.path, good, version))[0] == "wss"
            nobody = refused(host, context(world.ca.path, version=version))
            assert bool(nobody) == (row[0] == "required"), nobody


def test_a_new_certificate_serves_new_connections(world):
    folder = world.folder / "new"
    folder.mkdir()
    pair = [folder / "c.pem", folder / "k.pem"]
    first, second = world.ca.issue("first", ["localhost"]), world.ca.issue("second", ["localhost"])
    for source, target in zip(first, pair):
        shutil.copy(source, target)
    with world.host([pair], top="workers: 2\n") as host:
        with SecureWebSocket(host.port, "/talk", world.trust) as ws:
            ws.text("a")
            ws.expect_text("a")
            assert host.reload().count("nothing has changed") == 1
            for source, target in zip(second, pair):
                shutil.copy(source, target)
            host.reload()
            assert common_name(host.port, "localhost", world) == "second"
            ws.text("a")
            ws.expect_text("a")
            shutil.copy(first[1], pair[1])
            lines = host.reload("refused")
            assert f"{host.routes}:" in lines and "found the key of another certificate" in lines, lines
            assert common_name(host.port, "localhost", world) == "second"
            descriptors = host.descriptors_open()
            for source in (first, second) * 4:
                for one, target in zip(source, pair):
                    shutil.copy(one, target)
                host.reload()
            # Less than one for each: a worker keeps some spare ones, which it takes when it first looks at what is its own.
            assert host.descriptors_open() < descriptors + 8, (descriptors, host.descriptors_open())


def test_a_changed_file_is_a_reload_by_itself(world):
    pair = [world.folder / "watched.pem", world.folder / "watched.key"]
    first, second = world.ca.issue("early", ["localhost"]), world.ca.issue("late", ["localhost"])
    for source, target in zip(first, pair):
        shutil.copy(source, target)
    routes = world.folder / "watched.yaml"
    routes.write_text(world.routes([pair]))
    with Host(arguments=["run", "--reload", routes, "--listen", LISTEN[0]]) as host:
        assert common_name(host.port, "localhost", world) == "early"
        for source, target in zip(second, pair):
            shutil.copy(source, target.with_name(target.name + ".new"))
        for target in pair:
            os.rename(target.with_name(target.name + ".new"), target)
        wait_until(lambda: common_name(host.port, "localhost", world) == "late", lambda: host.log)


def wrong_files(world):
    """What is refused: name, pair, and what is said."""
    folder, ca = world.folder, world.ca
    (folder / "empty.pem").write_text("")
    (folder / "text.pem").write_text("no certificate\n")
    (folder / "cut.pem").write_text(world.pair[0].read_text()[:200])
    secret = folder / "locked.key"
    openssl("pkey", "-in", world.pair[1], "-aes128", "-passout", "pass:x", "-out", secret)
    good, key = world.pair
    return [
        ((folder / "none.pem", key), "none.pem cannot be read: No such file or directory"),
        ((folder, key), "cannot be read: it is no regular file"),
        ((folder / "empty.pem", key), "found no certificate"),
        ((folder / "text.pem", key), "found no certificate"),
        ((folder / "cut.pem", key), "found no certificate"),
        ((good, good), "found no private key"),
        ((good, secret), "found a key with a passphrase"),
        ((good, ca.issue("another")[1]), "found the key of another certificate than"),
        (ca.issue("ancient", ["localhost"], expired=True), "the certificate has expired at 2020-02-01T00:00:00Z"),
        (ca.issue("weak", ["localhost"], kind="rsa:1024"), "cannot be used: ee key too small"),
    ]


def test_wrong_files_are_refused_where_they_are_named(world):
    path = world.folder / "wrong.yaml"
    with world.host() as host:
        for pair, wanted in wrong_files(world):
            text = world.routes([world.pair, pair])
            path.write_text(text)
            line = next(i for i, one in enumerate(text.split("\n"), 1) if f"certificate: {pair[0]}, key: {pair[1]}" in one)
            checked = socklet("check", path)
            assert checked.returncode == 1 and f"{path}:{line}:" in checked.stderr and wanted in checked.stderr, \
                f"{pair}: {checked.stderr}"
            assert "PRIVATE" not in checked.stderr
            host.write(text)
            lines = host.reload("refused")
            assert f"{host.routes}:{line}:" in lines and wanted in lines, lines
            assert common_name(host.port, "localhost", world) == "localhost"


def test_a_certificate_that_expires_soon_is_a_warning(world):
    soon = world.ca.issue("soon", ["localhost"], days=3)
    with world.host([soon], top="workers: 2\n") as host:
        found = host.wait_log(r"soon.pem: the certificate expires in 3 days")
        assert found and host.log.count("expires in") == 1, host.log


def test_bad_words_are_refused(world):
    path = world.folder / "words.yaml"
    for rest, wanted in [("  ciphers: NONE-SUCH\n", "ciphers: found NONE-SUCH"),
                         ("  ciphersuites: NONE-SUCH\n", "ciphersuites: found NONE-SUCH"),
                         (f"  client: {{ca: {world.pair[1]}}}\n", "found no certificate")]:
        path.write_text(world.routes(rest=rest))
        checked = socklet("check", path)
        assert checked.returncode == 1 and wanted in checked.stderr, checked.stderr


def test_the_list_of_routes_says_it(world):
    path = world.folder / "list.yaml"
    path.write_text(world.routes(rest=f"  client: {{ca: {world.ca.path}, verify: optional}}\n  hsts: 1d\n"))
    out = socklet("routes", path).stdout
    assert "tls: from 1.2 on, sessions resumed for 43200000 ms, client certificates optional, hsts 86400000 ms\n" \
        f"    certificate {world.pair[0]}\n" in out, out
    assert "common_name: str? from certificate" in out, out
    route = json.loads(socklet("routes", path, "--json").stdout)[0]
    assert route["tls"]["client"] == "optional" and route["tls"]["minimum"] == "1.2", route


def test_the_scheme_of_an_address_changes_by_reload(world):
    text = world.routes()
    address = "listen: [127.0.0.1:8000]"
    port = free_port()
    with Host(text=text.replace(address, f"listen: [127.0.0.1:{port}]"), listen=()) as host:
        host.wait_ready(1)
        WebSocket(port, "/talk").drop()
        host.write(text.replace(address, f"listen: [https://127.0.0.1:{port}]"))
        host.reload()
        SecureWebSocket(port, "/talk", world.trust).drop()


def test_sessions_are_resumed_by_all_workers(world):
    with world.host(top="workers: 2\n", routes="  - {path: /, plugin: certificate}\n", listen=LISTEN) as host:
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            tls = context(world.ca.path, version=version)
            with SecureWebSocket(host.port, "/", tls) as ws:
                ws.text("a")
                ws.recv()
                session = ws.sock.tls.session
            resumed = [resumes(host, tls, session) for _ in range(12)]
            assert all(resumed), f"{version}: {resumed}"
            host.signal(signal.SIGHUP)
            host.write(host.routes.read_text() + "\n")
            host.reload()
            assert resumes(host, tls, session), "behind a reload"
    with world.host(rest="  resumption: 0\n") as host:
        tls = context(world.ca.path, version=ssl.TLSVersion.TLSv1_2)
        with SecureWebSocket(host.port, "/talk", tls) as ws:
            session = ws.sock.tls.session
        assert not session.has_ticket and not resumes(host, tls, session)


def resumes(host, tls, session):
    with SecureWebSocket(host.port, "/" if "path: /," in host.routes.read_text() else "/talk", tls,
                         session=session) as ws:
        return ws.sock.tls.session_reused
