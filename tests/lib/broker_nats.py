# SPDX-License-Identifier: MIT
"""A real nats-server on a free port, in a scratch folder, for the tests of the bus."""
import signal
import socket
import subprocess

from host import DEADLINE, PLUGINS, free_port, wait_until

TOKEN = "not-a-secret"


class Nats:
    """A row of broker.py; `certificate` is a pair of paths (chain, key) and makes it speak TLS."""

    name, plugins, message_max = "nats", PLUGINS, 1 << 20

    def __init__(self, scratch, *settings, certificate=None):
        self.scratch, self.port, self.process = scratch, free_port(), None
        self.scheme = "tls" if certificate else "nats"
        tls = f"tls {{cert_file: '{certificate[0]}', key_file: '{certificate[1]}'}}" if certificate else ""
        self.text = "\n".join((f"listen: 127.0.0.1:{self.port}", *(settings or [f"authorization {{token: '{TOKEN}'}}"]), tls))

    @property
    def url(self):
        return f"{self.scheme}://{TOKEN}@127.0.0.1:{self.port}"

    def options(self):
        return f"{{url: '{self.url}'}}"

    def start(self):
        """Up when it greets."""
        (self.scratch / "server.conf").write_text(self.text)
        with open(self.scratch / "log.txt", "ab") as log:
            self.process = subprocess.Popen(
                ["nats-server", "-c", str(self.scratch / "server.conf")], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.scratch, start_new_session=True)
        wait_until(self._is_up, lambda: f"nats-server up:\n{self.log}", 3 * DEADLINE)

    def _is_up(self):
        assert self.process.poll() is None, f"nats-server ended with {self.process.returncode}:\n{self.log}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
                return sock.recv(5) == b"INFO "
        except OSError:
            return False

    @property
    def log(self):
        path = self.scratch / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=60)
            self.process = None

    def freeze(self):
        """Takes connections and answers nothing, until thaw."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
