# SPDX-License-Identifier: MIT
"""host/quickstart builds a release build and serves it; a second call starts at once."""
import select
import subprocess
import time

from client import get
from host import ROOT, environment

TEST_SECONDS = 600  # the first call compiles everything


def serve(seconds):
    """Runs quickstart until the ready line; returns (output, port, process)."""
    process = subprocess.Popen([ROOT / "host/quickstart", "--listen", "127.0.0.1:0"], cwd="/",
                               env=environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               bufsize=0)  # select does not see what a buffer holds
    end, out = time.monotonic() + seconds, b""
    while b"socklet: listening on http://" not in out or not out.endswith(b"\n"):
        ready = select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]
        line = process.stdout.readline() if ready else b""
        if not line:
            process.kill()
            raise AssertionError(f"no ready line within {seconds} s:\n{out.decode()}")
        out += line
    return out.decode(), int(out.rsplit(b":", 1)[1]), process


def stop(process):
    process.terminate()
    assert process.wait(20) == 0, process.returncode
    process.stdout.close()


def test_first_call_builds_and_serves_the_page():
    out, port, process = serve(500)
    try:
        assert "open " in out and "warning" not in out, out
        assert (ROOT / "build/host/socklet").exists()
        assert (ROOT / "build/plugins/echo.so").exists()
        for path in "/", "/items", "/chat":
            page = get(port, path)
            assert page.status == 200 and b"<h1" in page.body, page
    finally:
        stop(process)


def test_second_call_is_quick():
    stop(serve(500)[2])
    begin = time.monotonic()
    stop(serve(30)[2])
    took = time.monotonic() - begin
    assert took < 10, f"{took:.1f} s, though nothing changed"
