# SPDX-License-Identifier: MIT
"""A real nats-server on a free port, in a scratch folder, for the tests of the bus."""
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from host import DEADLINE, free_port, wait_until

TOKEN = "not-a-secret"


class Nats:
    """`with Nats() as broker:`; `certificate` is a pair of paths (chain, key) and makes it speak TLS."""

    name = "nats"

    def __init__(self, certificate=None, settings=""):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="socklet-nats-"))
        self.port = free_port()
        self.process = None
        self.scheme = "tls" if certificate else "nats"
        tls = f"tls {{cert_file: '{certificate[0]}', key_file: '{certificate[1]}'}}\n" if certificate else ""
        (self.scratch / "server.conf").write_text(
            f"listen: 127.0.0.1:{self.port}\nmax_payload: 32MB\nmax_pending: 256MB\n"
            f"{settings or f'authorization {{token: {TOKEN!r}}}'}\n{tls}")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)

    @property
    def url(self):
        return f"{self.scheme}://{TOKEN}@127.0.0.1:{self.port}"

    def options(self, **more):
        """What the `options` of `bus` in routes.yaml say."""
        return {"url": self.url, **more}

    def start(self):
        """Up when it greets."""
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

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def freeze(self):
        """Takes connections and answers nothing, until thaw."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def restart(self):
        self.kill()
        self.start()

    def _end(self, number):
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)
            self.process = None
