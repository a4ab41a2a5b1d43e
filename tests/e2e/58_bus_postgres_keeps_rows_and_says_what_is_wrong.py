# SPDX-License-Identifier: MIT
"""The PostgreSQL driver: TLS, rights, rows that go after a while, and what is wrong is said without passwords."""
import contextlib

from broker import Postgres, bus_rows, connect_through, hosts, joined, plugins_of, running, says
from broker_postgres import PASSWORD
from certificates import Authority
from client import BINARY
from host import Host, folder, routes_text, socklet, wait_until
from story import each

ROUTES = "  - {path: /t, plugin: gossip}\n"


@contextlib.contextmanager
def shared():
    with running(Postgres) as broker:
        yield broker


@contextlib.contextmanager
def host_with(broker, options):
    with plugins_of(broker, "gossip") as plugins:
        top = f"bus: {{driver: postgres, options: {options}}}\n"
        with Host(text=routes_text(ROUTES, plugins=plugins, top=top)) as host:
            yield host


def crosses(broker, options, size):
    with hosts(broker, options=options) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub x")
        connect_through(far, [listener], "x")
        says(far, f"bytes x {size}")
        assert listener.recv(timeout=60) == (BINARY, bytes((i * 7 + i // 256) & 255 for i in range(size)))


def test_sizes_around_what_a_notify_holds(broker):
    """Each side of the border, byte by byte, and in their order."""
    sizes = [*range(5950, 6000), 1, 70000, 0, 1 << 20, 2]
    with hosts(broker) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub s/+")
        connect_through(far, [listener], "s/x")
        for size in sizes:
            says(far, f"bytes s/x {size}")
        assert [len(listener.recv(timeout=60)[1]) for _ in sizes] == sizes


def test_a_name_is_looked_up(broker):
    crosses(broker, f"{{url: '{broker.url.replace('127.0.0.1', 'localhost')}'}}", 1)


def test_rows_go_after_a_while(broker):
    options = f"{{url: '{broker.url}', table: short_lived, keep_seconds: 2}}"
    crosses(broker, options, 100000)
    with hosts(broker, count=1, options=options) as (one,), joined(one) as ws:
        says(ws, "bytes x 50000")
        wait_until(lambda: broker.sql("SELECT count(*) FROM short_lived") == "0", "no rows")


def test_other_channels_are_not_heard(broker):
    with hosts(broker, count=1) as (one,), hosts(broker, options=f"{{url: '{broker.url}', channel: b}}") as (two, three), \
            joined(one) as deaf, joined(two) as listener, joined(three) as far:
        says(deaf, "sub c")
        says(listener, "sub c")
        connect_through(far, [listener], "c")
        says(deaf, "pub c own", "own", "ok")


def test_what_is_no_message_of_a_host_is_passed_over(broker):
    with hosts(broker) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub #")
        connect_through(far, [listener], "n")
        for text in ("", "x", "=", "=====", "=AAAA", "@", "@1", "@-1=AAAA", "@99999999999999999999=U0xC", "=" + "A" * 7000):
            broker.sql(f"SELECT pg_notify('socklet', '{text}')")
        says(far, "pub n after")
        listener.expect_text("after")


def test_rights_are_told_and_a_table_made_by_another_is_enough(broker):
    broker.sql("CREATE ROLE poor LOGIN PASSWORD 'p'")
    url = broker.url.replace(f"socklet:{PASSWORD.replace(' ', '%20')}", "poor:p")
    with host_with(broker, f"{{url: '{url}', table: made}}") as host:
        host.wait_log(r"warn bus: postgres is down: 127.0.0.1:\d+: permission denied for schema public, next try in")
        broker.sql("CREATE UNLOGGED TABLE made (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL "
                   "DEFAULT now(), data bytea NOT NULL); GRANT SELECT, INSERT, DELETE ON made TO poor")
        host.wait_log("bus: postgres is up", timeout=60)
    crosses(broker, f"{{url: '{url}', table: made}}", 20000)


@each([("wrong password", "socklet:wr0ng@127.0.0.1:{port}/postgres", "password authentication failed"),
       ("no such database", "socklet:not%20a%20secret@127.0.0.1:{port}/nowhere", 'database .*nowhere.* does not exist'),
       ("no such name", "socklet:wr0ng@nobody.invalid/postgres", "not known|resolution|No address"),
       ("no TLS there", "socklet:wr0ng@127.0.0.1:{port}/postgres?sslmode=require", "server does not support SSL")])
def test_what_is_wrong_is_said_and_the_host_serves(broker, row):
    with host_with(broker, f"{{url: 'postgresql://{row[1].format(port=broker.port)}'}}") as host, joined(host) as ws:
        host.wait_log(rf"warn bus: postgres is down: (127.0.0.1:{broker.port}|nobody.invalid): .*({row[2]}).*, next try in")
        says(ws, "sub a")
        says(ws, "pub a x", "x", "ok")
        assert bus_rows(host)[0]["state"] != "up"
        assert "wr0ng" not in host.log and "wr0ng" not in socklet("status", "--json", host.routes).stdout


@each([("no url", "{}", "url"), ("half a url", "{url: 'postgresql://u:wr0ng@[::1'}", "option url: "),
       ("unknown word", "{url: 'host=a wr0ng=b'}", "option url: "), ("channel", "{url: '', channel: 'a b'}", "channel"),
       ("table", "{url: '', table: 'a;b'}", "table"), ("keep", "{url: '', keep_seconds: 0}", "keep_seconds")])
def test_options_that_cannot_be_right_refuse_the_load(broker, row):
    with plugins_of(broker, "gossip") as plugins, Host(text=routes_text(ROUTES, plugins=plugins)) as host:
        host.write(routes_text(ROUTES, plugins=plugins, top=f"bus: {{driver: postgres, options: {row[1]}}}\n"))
        host.reload("refused")
        assert row[2] in host.log and "u:wr0ng" not in host.log, host.log


def test_tls_is_checked_and_an_odd_encoding_does_not_matter():
    with folder() as scratch:
        authority = Authority(scratch)
        broker = Postgres(scratch, certificate=authority.issue("server", names=["127.0.0.1"]), encoding="LATIN1")
        try:
            broker.start()
            tls = f"{broker.url}?sslmode=verify-full&sslrootcert="
            crosses(broker, f"{{url: '{tls}{authority.path}'}}", 1 << 20)
            other = Authority(scratch, name="Other")
            with host_with(broker, f"{{url: '{tls}{other.path}'}}") as host:
                host.wait_log(r"warn bus: postgres is down: .*certificate verify failed")
        finally:
            broker.kill()


def test_a_server_that_stands_still_is_noticed():
    """It blocks nobody, and what was taken meanwhile arrives."""
    with running(Postgres) as broker, hosts(broker) as (one, other), joined(one) as listener, joined(other) as far:
        says(listener, "sub z")
        connect_through(far, [listener], "z")
        broker.freeze()
        try:
            says(far, "pub z 1")
            says(far, "sub local")
            says(far, "pub local still", "still", "ok")
            other.wait_log("bus: postgres is down: .*does not answer", timeout=90)
        finally:
            broker.thaw()
        assert listener.recv(timeout=60)[1] == b"1"
