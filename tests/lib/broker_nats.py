# SPDX-License-Identifier: MIT
"""A real nats-server on a free port, in a scratch folder, for the tests of the bus."""
import signal
import subprocess

from host import DEADLINE, PLUGINS, free_port, wait_until
from network import Here

TOKEN = "not-a-secret"


class Nats:
    """A row of broker.py; `certificate` is a pair of paths (chain, key) and makes it speak TLS."""

    name, plugins, message_max = "nats", PLUGINS, 1 << 20

    def __init__(self, scratch, *settings, certificate=None, where=Here):
        self.scratch, self.port, self.process, self.where = scratch, free_port(), None, where
        self.scheme = "tls" if certificate else "nats"
        tls = f"tls {{cert_file: '{certificate[0]}', key_file: '{certificate[1]}'}}" if certificate else ""
        self.text = "\n".join((f"listen: {where.listen}:{self.port}", *(settings or [f"authorization {{token: '{TOKEN}'}}"]), tls))

    def options(self, address="127.0.0.1"):
        return f"{{url: '{self.url_at(address)}'}}"

    def url_at(self, address):
        return f"{self.scheme}://{TOKEN}@{address}:{self.port}"

    @property
    def url(self):
        return self.url_at("127.0.0.1")

    def start(self):
        """Up when it greets."""
        (self.scratch / "server.conf").write_text(self.text)
        with open(self.scratch / "log.txt", "ab") as log:
            self.process = subprocess.Popen(
                [*self.where.command(), "nats-server", "-c", str(self.scratch / "server.conf")], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.scratch, start_new_session=True)
        wait_until(self._is_up, lambda: f"nats-server up:\n{self.log}", 3 * DEADLINE)

    def _is_up(self):
        assert self.process.poll() is None, f"nats-server ended with {self.process.returncode}:\n{self.log}"
        try:
            with self.where.connect(self.port) as sock:
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
