# SPDX-License-Identifier: MIT
"""The Redis driver: credentials, TLS, and what is wrong is said in the log and the status, without passwords."""
import contextlib
import os
import signal

from broker import Redis, bus_rows, connect_through, hosts, joined, plugins_of, running, says, wait_bus
from certificates import Authority
from host import Host, folder, free_port, routes_text, socklet, wait_until
from story import each

ROUTES = "  - {path: /t, plugin: gossip}\n"


@contextlib.contextmanager
def host_with(broker, options):
    with plugins_of(broker, "gossip") as plugins:
        top = f"bus: {{driver: redis, options: {options}}}\n"
        with Host(text=routes_text(ROUTES, plugins=plugins, top=top)) as host:
            yield host


def crosses(broker, options):
    with hosts(broker, options=options) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub x")
        connect_through(far, [listener], "x")


USER = ("--user", "chat", "on", ">s3cret:/@", "&socklet:*", "+@all")
PASSWORD = ("--requirepass", "s3cret:/@")


@each([("password in the url", PASSWORD, "{{url: 'redis://:s3cret%3A%2F%40@127.0.0.1:{port}/0'}}"),
       ("password", PASSWORD, "{{url: 'redis://127.0.0.1:{port}', password: 's3cret:/@'}}"),
       ("password file", PASSWORD, "{{url: 'redis://127.0.0.1:{port}', password_file: '{scratch}/password'}}"),
       ("user in the url", USER, "{{url: 'redis://chat:s3cret%3a%2f%40@127.0.0.1:{port}'}}"),
       ("user", USER, "{{url: 'redis://127.0.0.1:{port}', user: chat, password: 's3cret:/@'}}"),
       ("name", (), "{{url: 'redis://localhost:{port}'}}")])
def test_logs_in(row):
    _, settings, options = row
    with running(Redis, *settings) as broker:
        (broker.scratch / "password").write_text("s3cret:/@\n")
        crosses(broker, options.format(port=broker.port, scratch=broker.scratch))


@each([("wrong", PASSWORD, "{{url: 'redis://:wr0ng@127.0.0.1:{port}'}}", "WRONGPASS|invalid password"),
       ("none", PASSWORD, "{{url: 'redis://127.0.0.1:{port}'}}", "NOAUTH"),
       ("no such file", PASSWORD, "{{url: 'redis://127.0.0.1:{port}', password_file: /nowhere}}", "password_file cannot be read"),
       ("no such name", (), "{{url: 'redis://nobody.invalid:{port}'}}", "not known|resolution|No address"),
       ("nobody there", (), "{{url: 'redis://127.0.0.1:{other}'}}", "Connection refused")])
def test_what_is_wrong_is_said_and_the_host_serves(row):
    _, settings, options, reason = row
    with running(Redis, *settings) as broker, \
            host_with(broker, options.format(port=broker.port, other=free_port())) as host, joined(host) as ws:
        host.wait_log(rf"warn bus: redis is down: .*({reason}).*, next try in")
        says(ws, "sub a")
        says(ws, "pub a x", "x", "ok")
        wait_until(lambda: bus_rows(host)[0]["state"] == "down", lambda: str(bus_rows(host)))
        assert "wr0ng" not in host.log and "wr0ng" not in socklet("status", "--json", host.routes).stdout


@each([("no url", "{url: nothing}", "option url: wanted a url such as redis://"),
       ("bad port", "{url: 'redis://127.0.0.1:99999'}", "option url: the url's host and port"),
       ("half a bracket", "{url: 'redis://[::1:6379'}", "option url: the url's host and port"),
       ("bad percent", "{url: 'redis://:a%zz@127.0.0.1'}", "option url: user and password of the url"),
       ("user alone", "{user: chat}", "option user: a user needs a password"),
       ("ca without tls", "{ca: /etc/hosts}", "option url: ca and certificate are for rediss://"),
       ("ca that is none", "{url: 'rediss://127.0.0.1', ca: /etc/hosts}", "option ca: no PEM file with certificates"),
       ("prefix", "{prefix: 'a*'}", "prefix"), ("unknown", "{host: here}", "no option host")])
def test_options_that_cannot_be_right_refuse_the_load(row):
    with folder() as scratch:
        broker = Redis(scratch)
        with plugins_of(broker, "gossip") as plugins:
            with Host(text=routes_text(ROUTES, plugins=plugins)) as host:
                host.write(routes_text(ROUTES, plugins=plugins, top=f"bus: {{driver: redis, options: {row[1]}}}\n"))
                host.reload("refused")
                assert row[2] in host.log, host.log


def test_routes_names_the_driver_and_no_password():
    with folder() as scratch, plugins_of(Redis(scratch), "gossip") as plugins:
        file = scratch / "routes.yaml"
        file.write_text(routes_text(ROUTES, plugins=plugins, top="bus: {driver: redis, options: {password: s3cret}}\n"))
        text = socklet("routes", file).stdout
        assert "bus: redis, queue 16777216 bytes, overflow drop_oldest\n" in text and "s3cret" not in text, text


@contextlib.contextmanager
def secure(*settings):
    with folder() as scratch:
        authority = Authority(scratch)
        pem, key = authority.issue("server", names=["127.0.0.1", "localhost"])
        broker = Redis(scratch, "--tls-port", str(free_port()), "--tls-cert-file", str(pem), "--tls-key-file", str(key),
                       "--tls-ca-cert-file", str(authority.path), *settings)
        try:
            broker.start()
            yield broker, authority, broker.settings[1]
        finally:
            broker.kill()


def test_tls_with_an_authority_of_ones_own():
    with secure("--tls-auth-clients", "no") as (broker, authority, port):
        crosses(broker, f"{{url: 'rediss://127.0.0.1:{port}', ca: '{authority.path}'}}")
        with hosts(broker, options=f"{{url: 'rediss://localhost:{port}', ca: '{authority.path}'}}") as (one, other), \
                joined(one) as listener, joined(other) as far:
            says(listener, "sub big")
            connect_through(far, [listener], "big")
            for _ in range(5):
                says(far, f"bytes big {1 << 20}")
            for _ in range(5):
                assert len(listener.recv(timeout=60)[1]) == 1 << 20


def test_tls_with_a_certificate_for_the_server():
    with secure() as (broker, authority, port):
        pem, key = authority.issue("client", purpose="clientAuth")
        options = f"url: 'rediss://127.0.0.1:{port}', ca: '{authority.path}'"
        crosses(broker, f"{{{options}, certificate: '{pem}', key: '{key}'}}")
        with host_with(broker, f"{{{options}}}") as host:
            host.wait_log(r"warn bus: redis is down: .*, next try in")


@each([("another authority", "127.0.0.1", "other", "self-signed|unable to get|verify"),
       ("another name", "localhost.localdomain", "own", "mismatch|not known|resolution"),
       ("no TLS there", "127.0.0.1", "plain", "TLS: |no answer")])
def test_tls_that_cannot_be_trusted_is_not_used(row):
    _, name, which, reason = row
    with secure("--tls-auth-clients", "no") as (broker, authority, port), folder() as elsewhere:
        ca = Authority(elsewhere, "Other CA").path if which == "other" else authority.path
        port = broker.port if which == "plain" else port
        with host_with(broker, f"{{url: 'rediss://{name}:{port}', ca: '{ca}'}}") as host:
            host.wait_log(rf"warn bus: redis is down: .*({reason})")


def test_subscriptions_are_one_a_topic_and_end():
    with running(Redis) as broker, host_with(broker, broker.options()) as host:
        wait_bus(host, "up")
        members = [joined(host) for _ in range(3)]
        for ws in members:
            says(ws, "sub n/1")
            says(ws, "sub n/+")
        wait_until(lambda: b":1\r\n" in broker.ask("PUBSUB", "NUMSUB", "socklet:n/1"), "one subscription")
        wait_until(lambda: broker.ask("PUBSUB", "NUMPAT") == b":1\r\n", "one pattern")
        for ws in members:
            ws.drop()
        wait_until(lambda: b":0\r\n" in broker.ask("PUBSUB", "NUMSUB", "socklet:n/1"), "none any more")
        wait_until(lambda: broker.ask("PUBSUB", "NUMPAT") == b":0\r\n", "no pattern any more")


def test_what_no_host_wrote_is_passed_over():
    with running(Redis) as broker, hosts(broker) as (one, other), joined(one) as ws, joined(other) as far:
        says(ws, "sub o")
        connect_through(far, [ws], "o")
        for text in ("", "x", "SLB", "SLB\x01" + "x" * 31):
            assert broker.ask("PUBLISH", "socklet:o", text).startswith(b":")
        assert broker.ask("PUBLISH", "socklet:o", "SLB\x01" + "x" * 32 + "forged").startswith(b":1")
        says(far, "pub o right")
        ws.expect_text("forged", "right")
        one.wait_log("a message that no host wrote is passed over")


def test_a_server_that_does_not_answer_is_noticed():
    with running(Redis) as broker:
        os.kill(broker.process.pid, signal.SIGSTOP)
        with host_with(broker, broker.options()) as host:
            host.wait_log(r"warn bus: redis is down: .*no answer, next try in", timeout=60)
            os.kill(broker.process.pid, signal.SIGCONT)
            wait_bus(host, "up")
