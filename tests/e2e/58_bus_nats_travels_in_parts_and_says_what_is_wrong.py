# SPDX-License-Identifier: MIT
"""The NATS driver: credentials, TLS, long messages in parts, odd names, and what is wrong is said without passwords."""
import contextlib

from broker import Nats, bus_rows, connect_through, hosts, joined, plugins_of, running, says
from certificates import Authority
from client import BINARY
from host import Host, folder, free_port, routes_text, socklet
from story import each

ROUTES = "  - {path: /t, plugin: gossip}\n"
USER = "authorization {users: [{user: chat, password: s3cret}]}"


@contextlib.contextmanager
def host_with(broker, options):
    with plugins_of(broker, "gossip") as plugins:
        top = f"bus: {{driver: nats, options: {options}}}\n"
        with Host(text=routes_text(ROUTES, plugins=plugins, top=top)) as host:
            yield host


def crosses(broker, options, *sizes):
    with hosts(broker, options=options) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub x")
        connect_through(far, [listener], "x")
        for size in sizes:
            says(far, f"bytes x {size}")
            assert listener.recv(timeout=60) == (BINARY, bytes((i * 7 + i // 256) & 255 for i in range(size))), size


@each([("token", (), "{{url: 'nats://127.0.0.1:{port}', token: not-a-secret}}"),
       ("user", (USER,), "{{url: 'nats://127.0.0.1:{port}', user: chat, password: s3cret}}"),
       ("user in the url", (USER,), "{{url: 'nats://chat:s3cret@127.0.0.1:{port}'}}"),
       ("the second of two", (USER,), "{{url: 'nats://chat:s3cret@127.0.0.1:{other},nats://chat:s3cret@127.0.0.1:{port}'}}")])
def test_logs_in(row):
    _, settings, options = row
    with running(Nats, *settings) as broker:
        crosses(broker, options.format(port=broker.port, other=free_port()), 1)


def test_messages_longer_than_the_server_takes_travel_in_parts():
    with running(Nats, "max_payload: 1000") as broker:
        crosses(broker, broker.options(), 0, 955, 956, 957, 1912, 1913, 50000)
    with running(Nats) as broker:
        crosses(broker, broker.options(), 3 << 20, 1048532, 1048533)


def test_whatever_a_topic_holds_is_a_subject():
    with running(Nats) as broker, hosts(broker) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub o/+")
        connect_through(far, [listener], "o/probe")
        for name in ("a.b", "*", ">", "%2E", "%", "ü", "$SYS", "_INBOX.x", "x*>.%%y"):
            says(far, f"pub o/{name} {name}")
            listener.expect_text(name)
        for name in ("p/a.b", "p/*", "p/>"):
            says(listener, f"sub {name}")
            connect_through(far, [listener], name)


def test_a_parent_level_matches_too():
    with running(Nats) as broker, hosts(broker) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub room/#")
        connect_through(far, [listener], "room")
        says(listener, "sub room")
        says(listener, "unsub room/#")
        connect_through(far, [listener], "room")


@each([("wrong", "{{url: 'nats://wr0ng@127.0.0.1:{port}'}}", "Authentication|Authorization"),
       ("nobody there", "{{url: 'nats://wr0ng@127.0.0.1:{other}'}}", "No server available"),
       ("no TLS there", "{{url: 'tls://wr0ng@127.0.0.1:{port}'}}", "[Ss]ecure"),
       ("no such name", "{{url: 'nats://wr0ng@nobody.invalid:{port}'}}", ".")])
def test_what_is_wrong_is_said_and_the_host_serves(row):
    with running(Nats) as broker, \
            host_with(broker, row[1].format(port=broker.port, other=free_port())) as host, joined(host) as ws:
        host.wait_log(rf"warn bus: nats is down: [a-z0-9.]+:\d+: .*({row[2]}).*, next try in")
        says(ws, "sub a")
        says(ws, "pub a x", "x", "ok")
        assert bus_rows(host)[0]["state"] != "up"
        assert "wr0ng" not in host.log and "wr0ng" not in socklet("status", "--json", host.routes).stdout


@each([("no url", "{}", "url"), ("empty url", "{url: ' '}", "option url: "), ("prefix", "{url: 'nats://a', prefix: 'a b'}", "prefix"),
       ("ca that is none", "{url: 'tls://a', ca: /etc/hosts}", "option ca, certificate or key: ")])
def test_options_that_cannot_be_right_refuse_the_load(row):
    with folder() as scratch, plugins_of(Nats(scratch), "gossip") as plugins, \
            Host(text=routes_text(ROUTES, plugins=plugins)) as host:
        host.write(routes_text(ROUTES, plugins=plugins, top=f"bus: {{driver: nats, options: {row[1]}}}\n"))
        host.reload("refused")
        assert row[2] in host.log, host.log


def test_tls_is_checked():
    with folder() as scratch:
        authority = Authority(scratch)
        broker = Nats(scratch, certificate=authority.issue("server", names=["127.0.0.1"]))
        try:
            broker.start()
            crosses(broker, f"{{url: '{broker.url}', ca: '{authority.path}'}}", 1 << 20)
            for ca in (f", ca: '{Authority(scratch, name='Other').path}'", ""):
                with host_with(broker, f"{{url: '{broker.url}'{ca}}}") as host:
                    host.wait_log(r"warn bus: nats is down: .*, next try in")
                    assert "bus: nats is up" not in host.log
        finally:
            broker.kill()


def test_a_server_that_stands_still_blocks_nobody():
    with running(Nats) as broker, hosts(broker) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub z")
        connect_through(far, [listener], "z")
        broker.freeze()
        try:
            says(far, "pub z 1")
            says(far, "sub local")
            says(far, "pub local still", "still", "ok")
            other.wait_log("bus: nats is down: ", timeout=90)
        finally:
            broker.thaw()
        assert listener.recv(timeout=60)[1] == b"1"
