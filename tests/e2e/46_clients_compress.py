# SPDX-License-Identifier: MIT
"""Clients that other people wrote agree on permessage-deflate with the host and understand it."""
import asyncio
import os
import pathlib
import subprocess

from host import ROOT, Host, routes_text
from story import each

ROUTES = """\
  - {path: /, plugin: mirror}
  - {path: /contexts, plugin: mirror, compression: {server_context: true, client_context: true, min: 0, level: 9}}
  - {path: /narrow, plugin: mirror, compression: {server_window: 8, client_window: 9, min: 0}}
"""
SCRIPT = pathlib.Path(__file__).with_name("46_clients_compress_npm_ws.js")
PROSE = "all work and no play makes Jack a dull boy, 😀. " * 400


def shared():
    return Host(text=routes_text(ROUTES))


def test_npm_ws(host):
    assert (ROOT / "tests/node_modules/ws").exists(), "npm packages are missing: npm ci --prefix tests"
    done = subprocess.run(["node", SCRIPT, str(host.port)], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0 and len(done.stdout.split()) == 10, f"{done.stdout}\n{done.stderr}"


def offers():
    """(name, the arguments of websockets' factory)"""
    yield "standard", None
    yield "no_contexts", {"server_no_context_takeover": True, "client_no_context_takeover": True}
    yield "small_windows", {"server_max_window_bits": 9, "client_max_window_bits": 10}
    yield "smallest_window", {"server_max_window_bits": 8}


@each([(f"{name}_at_{path}", path, offer) for name, offer in offers() for path in ("", "contexts", "narrow")])
def test_python_websockets(host, row):
    import websockets
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

    _, path, offer = row
    arguments = {} if offer is None else {
        "compression": None, "extensions": [ClientPerMessageDeflateFactory(**offer)]}

    async def talk():
        url = f"ws://127.0.0.1:{host.port}/{path}"
        async with websockets.connect(url, max_size=None, **arguments) as ws:
            assert "permessage-deflate" in ws.response_headers["Sec-WebSocket-Extensions"], ws.response_headers
            noise = os.urandom(900_000)
            for data in ["", "short", PROSE, b"", noise, PROSE * 50, PROSE.encode(), noise[:2000]] * 2:
                await ws.send(data)
                assert await ws.recv() == data, f"{data[:40]!r}"
            await ws.send([PROSE, "in ", "parts"])
            assert await ws.recv() == PROSE + "in parts"

    asyncio.run(asyncio.wait_for(talk(), 40))
