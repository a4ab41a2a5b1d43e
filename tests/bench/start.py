# SPDX-License-Identifier: MIT
"""From exec to the first answer: a server is started, and a handshake is tried until one is answered."""
import contextlib
import os
import pathlib
import socket
import subprocess
import tempfile
import time

import servers

REQUEST = (b"GET /r0/x HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
PLUGINS = 10
SERVERS = [
    servers.FLOOR,
    *(servers.Server(f"socklet, {count} plugin{'s' * (count > 1)}", servers.socklet_with_many(count, count),
                     "RelWithDebInfo; one worker, all of its checks") for count in (1, PLUGINS)),
]


def is_answered(port):
    """Whether a handshake is; waits for it once there is a listener."""
    with contextlib.suppress(ConnectionRefusedError), socket.socket() as sock:
        sock.settimeout(20)
        sock.connect(("127.0.0.1", port))
        sock.sendall(REQUEST)
        answer = sock.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        return True
    return False


def once(server):
    """As the load generator's results; the CPU time is not looked at."""
    port = servers.free_port()
    with tempfile.TemporaryDirectory(prefix="socklet-bench-") as scratch:
        command = server.command(port, pathlib.Path(scratch))
        usable, (ours, its) = os.sched_getaffinity(0), reversed(servers.cores())
        os.sched_setaffinity(0, {its})
        began = time.perf_counter_ns()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            os.sched_setaffinity(0, {ours})
            while not is_answered(port):
                assert process.poll() is None, f"{server.name} has ended"
            took = time.perf_counter_ns() - began
        finally:
            os.sched_setaffinity(0, usable)
            process.terminate()
            process.wait(20)
    return {"count": 1, "took_ns": took}
