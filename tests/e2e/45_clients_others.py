# SPDX-License-Identifier: MIT
"""Clients that other people wrote get along with the host: npm's ws and Python's websockets."""
import asyncio
import pathlib
import re
import subprocess

from host import ROOT, Host
from story import each

SCRIPT = pathlib.Path(__file__).with_name("45_clients_npm_ws.js")
CLAIMS = re.findall(r"^\tasync (\w+)\(\)", SCRIPT.read_text(), re.M)
outputs = {}


def node_output():
    """The script runs once; each of its claims is a test of its own."""
    if not outputs:
        with Host("conf/mirror.yaml") as host:
            done = subprocess.run(["node", SCRIPT, str(host.port)], capture_output=True, text=True, timeout=50)
            outputs["lines"], outputs["errors"] = done.stdout.split(), done.stderr
    return outputs


@each([(name,) for name in CLAIMS])
def test_npm_ws(row):
    assert (ROOT / "tests/node_modules/ws").exists(), "npm packages are missing: npm ci --prefix tests"
    out = node_output()
    assert row[0] in out["lines"], f"held: {out['lines']}\n{out['errors']}"


def test_python_websockets():
    import websockets

    async def talk(port):
        async with websockets.connect(f"ws://127.0.0.1:{port}/", max_size=None) as ws:
            for data in "", "text", b"", b"binary", "x" * 70000, b"\0" * 1_000_000:
                await ws.send(data)
                assert await ws.recv() == data, f"{data[:40]!r}"
            await ws.send(["in ", "three ", "parts"])
            assert await ws.recv() == "in three parts"
            await asyncio.wait_for(await ws.ping(b"p"), 10)
        assert (ws.close_code, ws.close_reason) == (1000, ""), (ws.close_code, ws.close_reason)

    with Host("conf/mirror.yaml") as host:
        asyncio.run(asyncio.wait_for(talk(host.port), 40))
