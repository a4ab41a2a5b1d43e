# SPDX-License-Identifier: MIT
"""Clients that other people wrote get along with the host over TLS: npm's ws, Python's websockets, Chromium."""
import asyncio
import contextlib
import pathlib
import re
import ssl
import subprocess

from browser import Browser
from certificates import Authority, public_key_hash
from host import PLUGINS, ROOT, Host, folder, routes_text
from story import each

TEST_SECONDS = 120
SCRIPT = pathlib.Path(__file__).with_name("45_clients_npm_ws.js")
CLAIMS = re.findall(r"^\tasync (\w+)\(\)", SCRIPT.read_text(), re.M)
ROUTES = "  - {path: /, plugin: mirror, limits: {message: 32MiB, queue: 64MiB}}\n" \
    "  - {path: /ws, plugin: echo}\n" \
    f"  - {{path: /, file: {ROOT}/plugins/echo/index.html}}\n"


@contextlib.contextmanager
def shared():
    with folder() as path:
        ca = Authority(path)
        pem, key = ca.issue("localhost", ["localhost", "127.0.0.1"])
        text = routes_text(ROUTES, plugins=PLUGINS,
                           top=f"tls: {{certificates: [{{certificate: {pem}, key: {key}}}]}}\nworkers: 2\n")
        with Host(text=text, listen=("https://127.0.0.1:0",)) as host:
            host.ca, host.pem, host.spoken = ca, pem, {}
            yield host


def node_output(host):
    """The script runs once; each of its claims is a test of its own."""
    if not host.spoken:
        done = subprocess.run(["node", SCRIPT, str(host.port), host.ca.path], capture_output=True, text=True, timeout=50)
        host.spoken["lines"], host.spoken["errors"] = done.stdout.split(), done.stderr
    return host.spoken


@each([(name,) for name in CLAIMS])
def test_npm_ws(host, row):
    assert (ROOT / "tests/node_modules/ws").exists(), "npm packages are missing: npm ci --prefix tests"
    out = node_output(host)
    assert row[0] in out["lines"], f"held: {out['lines']}\n{out['errors']}"


def test_python_websockets(host):
    import websockets

    async def talk():
        trust = ssl.create_default_context(cafile=host.ca.path)
        async with websockets.connect(f"wss://127.0.0.1:{host.port}/", ssl=trust, max_size=None) as ws:
            for data in "", "text", b"", b"binary", "x" * 70000, b"\0" * 1_000_000:
                await ws.send(data)
                assert await ws.recv() == data, f"{data[:40]!r}"
            await asyncio.wait_for(await ws.ping(b"p"), 10)
        assert (ws.close_code, ws.close_reason) == (1000, ""), (ws.close_code, ws.close_reason)

    asyncio.run(asyncio.wait_for(talk(), 40))


def test_chromium(host):
    with Browser(trusts=[public_key_hash(host.pem)]) as browser:
        browser.open(f"https://127.0.0.1:{host.port}/")
        browser.sees("Connected")
        browser.say("over TLS")
        browser.sees("Message text was: over TLS")
