# SPDX-License-Identifier: MIT
"""A real PostgreSQL on a free port, in a scratch folder, for the tests of the bus.

Its superuser is `socklet` with a password, and nothing that it writes is synced. initdb and the server
refuse to be root: run by root, they are Debian's user postgres.
"""
import os
import pathlib
import shutil
import signal
import subprocess

from host import DEADLINE, PLUGINS, free_port, wait_until
from network import Here

PASSWORD = "not a secret"
USER = "postgres" if os.geteuid() == 0 else None


def programs():
    """Debian keeps each version's in a folder of its own."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert found, "no PostgreSQL in /usr/lib/postgresql: tests/run installs it"
    return found[-1]


class Postgres:
    """A row of broker.py; `certificate` is a pair of paths (chain, key) and makes it speak TLS."""

    name, plugins, message_max = "postgres", PLUGINS, 1 << 20

    def __init__(self, scratch, *settings, certificate=None, encoding="UTF8", where=Here):
        self.scratch, self.settings, self.encoding, self.where = scratch, list(settings), encoding, where
        self.certificate = certificate
        self.process = None
        self.port = free_port()

    def options(self, address="127.0.0.1"):
        return f"{{url: '{self.url_at(address)}'}}"

    def url_at(self, address):
        return f"postgresql://socklet:{PASSWORD.replace(' ', '%20')}@{address}:{self.port}/postgres"

    @property
    def url(self):
        return self.url_at("127.0.0.1")

    def _make(self):
        password = self.scratch / "password"
        password.write_text(PASSWORD + "\n")
        self.scratch.chmod(0o755)
        self._give(self.scratch, password)
        self._run(programs() / "initdb", "--no-sync", "--locale=C", f"--encoding={self.encoding}", "-A",
                  "scram-sha-256", "-U", "socklet", f"--pwfile={password}", "-D", self.scratch / "data")
        with open(self.scratch / "data/pg_hba.conf", "a") as rules:
            rules.write("host all all 10.77.0.0/16 scram-sha-256\n")  # the links of network.py
        if self.certificate:
            for name, path in zip(("server.crt", "server.key"), self.certificate):
                copy = self.scratch / "data" / name
                copy.write_bytes(pathlib.Path(path).read_bytes())
                copy.chmod(0o600)
                self._give(copy)
            self.settings.append("ssl=on")

    def _give(self, *paths):
        for path in paths:
            if USER:
                shutil.chown(path, USER, USER)

    def _run(self, *words):
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=120, cwd=self.scratch,
                              stdin=subprocess.DEVNULL, user=USER, group=USER)
        assert done.returncode == 0, f"{words[0]}: {done.stderr or done.stdout}"
        return done.stdout

    def start(self):
        """Up when it lets us in; the first time it is made."""
        if not (self.scratch / "data").exists():
            self._make()
        wait_until(self._is_free, "the port of the old one is free")
        settings = ["fsync=off", f"listen_addresses={self.where.listen}", "unix_socket_directories=", *self.settings]
        with open(self.scratch / "log.txt", "ab") as log:
            command = self.where.command(USER)  # enters a place as root and becomes the user there
            user = None if command else USER
            self.process = subprocess.Popen(
                [*command, programs() / "postgres", "-D", self.scratch / "data", "-p", str(self.port),
                 *(word for one in settings for word in ("-c", one))],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.scratch, user=user, group=user,
                start_new_session=True)
        wait_until(self._is_up, lambda: f"PostgreSQL up:\n{self.log}", 3 * DEADLINE)

    def _is_up(self):
        assert self.process.poll() is None, f"PostgreSQL ended with {self.process.returncode}:\n{self.log}"
        return subprocess.run([*self.where.command(), programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              timeout=30, check=False).returncode == 0

    @property
    def log(self):
        path = self.scratch / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        """All of its processes at once, as a power cut would."""
        if self.process is None:
            return
        self._children(signal.SIGKILL)
        self.process.kill()
        self.process.wait(timeout=60)
        self.process = None

    def freeze(self):
        """Takes connections and answers nothing, until thaw."""
        self._children(signal.SIGSTOP)
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self._children(signal.SIGCONT)

    def _is_free(self):
        try:
            self.where.connect(self.port).close()
        except OSError:
            return True
        return False

    def _children(self, number):
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for pid in task.read_text().split():
                try:
                    os.kill(int(pid), number)
                except ProcessLookupError:
                    pass

    def sql(self, text):
        """What psql answers, unadorned."""
        done = subprocess.run([programs() / "psql", "-XAtq", self.url, "-c", text], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{text}: {done.stderr}"
        return done.stdout.strip()
