# SPDX-License-Identifier: MIT
"""What is measured: every suite is a list of sections, a section a table of servers and columns with its floor.

A column is a mode of the load generator with its options. Figures of a section are ratios to those of its first server
in the same column, or, `by="column"`, to those of the same server in the first column.
"""
import dataclasses

import servers
import start

KIB = 1024
IDLE = "idle"  # a mode that is measured by itself, on a server that has served nobody before


@dataclasses.dataclass
class Section:
    title: str
    servers: list
    columns: dict
    by: str = "server"
    goals: dict = dataclasses.field(default_factory=dict)  # of socklet: column to ratio
    figures: tuple = ("CPU",)  # what the ratios are of
    probe: object = None       # in place of the load generator: makes a result of a server that is not running


def echo(size, depth=1, connections=64, **more):
    return "echo", {"bytes": size, "depth": depth, "connections": connections, **more}


def peers(_):
    return [Section("echo", servers.ECHO, {
        "20 B": echo(20),
        "20 B x16": echo(20, 16),
        "1 KiB": echo(KIB),
        "16 KiB": echo(16 * KIB),
        "1 MiB": echo(KIB * KIB, connections=8),
        "20 B one": echo(20, connections=1),
        "handshake": ("handshake", {"connections": 32}),
        "idle bytes": (IDLE, {"connections": 5000}),
    }, goals={"20 B": 1.02, "20 B x16": 1.07, "1 KiB": 1.03, "16 KiB": 1.08, "1 MiB": 1.12, "handshake": 1.15, "idle bytes": 256})]


def crowd(members, depth, deflate=0, size=100):
    return "broadcast", {"connections": members, "depth": depth, "bytes": size, "deflate": deflate}


def crowds(is_quick):
    """members x publishes at once; 100 bytes plain, 1 KiB compressed."""
    return {f"{members:,} x{depth}{' deflate' if deflate else ''}": crowd(members, depth, deflate, KIB if deflate else 100)
            for members in ((100, 5000) if is_quick else (100, 5000, 15000)) for depth in (1, 16) for deflate in (0, 1)}


CROWD_GOALS = {"5,000 x1": 1.05, "5,000 x16": 1.03}


def broadcast(is_quick):
    return [Section("broadcast", servers.BROADCAST, crowds(is_quick), goals=CROWD_GOALS)]


def tls(_):
    columns = {"20 B": echo(20, tls=1), "1 KiB": echo(KIB, tls=1), "16 KiB": echo(16 * KIB, tls=1),
               "1 MiB": echo(KIB * KIB, connections=8, tls=1), "handshake": ("handshake", {"connections": 32, "tls": 1}),
               "idle bytes": (IDLE, {"connections": 2000, "tls": 1})}
    return [Section("TLS echo", servers.TLS, columns, goals={"16 KiB": 1.1})]


def deflate(is_quick):
    options = {"deflate": 1, "level": servers.LEVEL}
    members = (100,) if is_quick else (100, 5000)
    return [Section("compressed echo", servers.DEFLATE, {
                "1 KiB": echo(KIB, **options), "1 KiB x16": echo(KIB, 16, **options), "16 KiB": echo(16 * KIB, **options)},
                goals={"1 KiB": 1.1, "1 KiB x16": 1.1}),
            Section("compressed broadcast", servers.DEFLATE_BROADCAST,
                    {f"{count:,} x{depth}": crowd(count, depth, 1, KIB) for count in members for depth in (1, 16)})]


def counts(is_quick):
    return (10, 100, 1000) if is_quick else (10, 100, 1000, 5000, 15000)


def flat(names, bound=1.05):
    return {name: bound for name in names}


def scale(is_quick):
    few = {f"{count:,}": echo(20, connections=count, active=10) for count in counts(is_quick)}
    every = {f"{count:,}": echo(20, connections=count) for count in counts(is_quick)}
    hands = ("handshake", {"connections": 32})
    return [
        Section("connections, of which 10 talk", [servers.FLOOR, servers.MIRROR], few, by="column", goals=flat(few)),
        Section("connections, all of which talk", [servers.FLOOR, servers.MIRROR], every, by="column", goals=flat(every)),
        Section("routes", servers.ROUTES, {"20 B": echo(20), "handshake": hands}, goals=flat(("20 B", "handshake"))),
        Section("plugins", servers.PLUGINS, {"20 B": echo(20, connections=200), "handshake": hands},
                goals=flat(("20 B", "handshake"))),
        Section("workers, and one client", servers.WORKERS,
                {"20 B x16": echo(20, 16), "1 KiB deflate x16": echo(KIB, 16, deflate=1)}, figures=("CPU", "per second")),
    ]


def brokers(is_quick):
    return [Section("broadcast through brokers", servers.BROKERS, crowds(is_quick), figures=("CPU", "broker CPU"))]


def start_up(_):
    return [Section("from exec to the first answer", start.SERVERS, {"start": ("start", {})}, figures=("ms",),
                    probe=start.once)]


SUITES = {"peers": peers, "broadcast": broadcast, "tls": tls, "deflate": deflate, "scale": scale, "brokers": brokers,
          "start": start_up}
