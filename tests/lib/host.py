# SPDX-License-Identifier: MIT
"""A running host as a test holds it: start, wait for the ready line, reload, stop, and its log.

Knows the program only by its command line, signals, standard output and log. A host that ends with
the wrong status, or whose log holds a sanitizer's report, fails the test that ran it.
"""
import contextlib
import json
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOCKLET_BUILD", ROOT / "build-dev"))
SOCKLET = BUILD / "host" / "socklet"
PLUGINS = BUILD / "plugins"
TEST_PLUGINS = BUILD / "tests" / "plugins"
READY = re.compile(r"socklet: listening on (?:https?://(\S+):(\d+)|unix:(\S+))$")
REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed")
DEADLINE = 20.0  # seconds; sanitizers and a busy machine included
SPARE = 8  # descriptors that workers may take some time after their start, to look after their own

SESSION_KEY = "0123456789abcdef0123456789abcdef"  # what conf/login.yaml signs with

started = []  # every host of the running test, for its log when the test fails


def wait_until(condition, what, timeout=DEADLINE):
    """Polls a condition that no descriptor announces."""
    end = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < end, f"not within {timeout:g} s: {what() if callable(what) else what}"
        time.sleep(0.01)
    return result


def proc_text(pid, name):
    """A file of /proc; empty when the process ended before it was opened, or between that and the read."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_gone(pid):
    """Has the process ended? A zombie has, whoever has not looked yet."""
    stat = proc_text(pid, "stat")
    return not stat or stat.rpartition(")")[2].split()[0] in "ZX"


def environment():
    env = dict(os.environ)
    env["ASAN_OPTIONS"] = "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    env["SESSION_KEY"] = SESSION_KEY
    return env


def socklet(*arguments, timeout=30, cwd=ROOT):
    """A command that ends by itself, as `socklet check`."""
    return subprocess.run([str(SOCKLET), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout, cwd=cwd, env=environment())


def free_port():
    """A port that was free a moment ago: only for tests that must know it beforehand."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="socklet-test-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def routes_text(routes, plugins=PLUGINS, top=""):
    """A routes.yaml whose plugin folder is absolute."""
    return f"listen: [127.0.0.1:8000]\nplugins: {plugins}\n{top}routes:\n{routes}"


def placed(routes):
    """The text of a shipped routes file, with the plugins of the build under test and absolute paths."""
    text = (ROOT / routes).read_text()
    return text.replace("../build/plugins", str(PLUGINS)).replace("../plugins/", f"{ROOT}/plugins/") \
        .replace("login-users.txt", f"{ROOT}/conf/login-users.txt")


def write_files(below, files):
    for name, content in files.items():
        path = below / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class Host:
    """`with Host("conf/echo.yaml") as host:` or `with Host(text=...)`; stopped and checked at the end.

    With `arguments` of its own it is started with exactly these. `listen=(), listeners=N` leaves it to the
    file where to listen, and waits for N ready lines; `addresses` are (path, None) for Unix sockets. `files` (name: text or bytes) are written
    beside the routes file. `before` is a command that becomes the host, as network.py's to enter a namespace.
    """

    close_fds = True  # all but the standard ones

    def __init__(self, routes=None, text=None, arguments=None, listen=("127.0.0.1:0",), files=None,
                 descriptors=None, listeners=None, before=()):
        self.scratch = None
        if arguments is None:
            self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="socklet-test-"))
            self.routes = self.scratch / "routes.yaml"
            self.routes.write_text(placed(routes) if text is None else text)
            write_files(self.scratch, files or {})
            arguments = ["run", self.routes, *(word for one in listen for word in ("--listen", one))]
        self.arguments, self.before = [str(SOCKLET), *map(str, arguments)], before
        self.descriptors = descriptors
        self.addresses = []
        self.log_file = tempfile.NamedTemporaryFile(prefix="socklet-log-", suffix=".txt")
        self.process = None
        self.stopped = False
        self.listeners = len(listen) if listeners is None else listeners

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and not self.stopped:
                self.stop()
        finally:
            self._kill()
            if self.scratch:
                shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self):
        started.append(self)
        assert pathlib.Path(self.arguments[0]).exists(), f"not built: {self.arguments[0]}"
        self.process = subprocess.Popen(
            [*self.before, *self.arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log_file,
            cwd=ROOT, env=environment(), start_new_session=True, preexec_fn=self._limit,
            close_fds=self.close_fds)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.wait_ready(self.listeners)

    def _limit(self):
        if self.descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def wait_ready(self, count):
        """For so many listeners, of which start does not know when the file alone says where to listen."""
        end = time.monotonic() + DEADLINE
        out = b""
        while len(self.addresses) < count:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            chunk = self.process.stdout.read() if ready else None
            assert chunk, f"no ready line, got {out!r}, log:\n{self.log}"
            out += chunk
            self.addresses = [(m[3], None) if m[3] else (m[1], int(m[2]))
                              for m in map(READY.match, out.decode().split("\n")) if m]
        assert len(self.addresses) == count, f"{count} listeners wanted, got {self.addresses}"

    @property
    def port(self):
        """Of the first listener; of a Unix socket its path, which clients take as well."""
        place, number = self.addresses[0]
        return place if number is None else number

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return pathlib.Path(self.log_file.name).read_text(errors="replace") if self.log_file else ""

    def wait_log(self, pattern, since=0, timeout=DEADLINE):
        """The first match of the pattern in the log behind byte `since`."""
        return wait_until(lambda: self._still() and re.search(pattern, self.log[since:], re.M),
                          lambda: f"{pattern!r} in the log:\n{self.log[since:]}", timeout)

    def _still(self):
        assert self.process.poll() is None, f"the host ended with {self.process.returncode}:\n{self.log}"
        return True

    def write(self, text):
        """Replaces the routes file by rename, as editors do."""
        new = self.routes.with_suffix(".new")
        new.write_text(text)
        new.rename(self.routes)

    def reload(self, outcome="done"):
        """SIGHUP; returns the log lines of this reload once its outcome is there."""
        since = len(self.log)
        self.process.send_signal(signal.SIGHUP)
        found = self.wait_log(r"reload: (done|refused).*$", since)
        lines = self.log[since:]
        assert found[1] == outcome, f"wanted reload {outcome}:\n{lines}"
        return lines

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=DEADLINE, wanted=0):
        """Waits for the end; this status and a log free of sanitizer reports, or the test fails."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the host did not end within {timeout:g} s") from None
        self.stopped = True
        assert status == wanted, f"the host ended with status {status}"
        report = REPORT.search(self.log)
        assert not report, f"the log holds a report: {report[0]}"

    def stop(self):
        self._still()
        self.signal(signal.SIGTERM)
        self.wait()

    def _kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process:
            self.process.stdout.close()

    def workers(self):
        """The process ids of the workers, in the order of their start; the master is `pid`."""
        return list(map(int, proc_text(self.pid, f"task/{self.pid}/children").split()))

    def connections(self):
        """Sockets of clients that are open, in all workers."""
        done = socklet("status", self.routes, "--json")
        assert done.returncode == 0, done
        return sum(worker["connections"] or 0 for worker in json.loads(done.stdout)["workers"])

    def descriptors_open(self):
        """Of master and workers together. A worker takes some spare ones when it first looks at what is its own."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in [self.pid, *self.workers()])

    def resident(self):
        """Bytes of memory in RAM, of the workers."""
        texts = "".join(proc_text(pid, "status") for pid in self.workers())
        return sum(int(kib) * 1024 for kib in re.findall(r"VmRSS:\s+(\d+) kB", texts))

    def copies(self):
        """The files in the folder of plugin copies that this host, or a dead one of its number, has made."""
        bases = {os.environ.get(name, "/tmp") for name in ("XDG_RUNTIME_DIR", "TMPDIR")} | {"/tmp"}
        return sorted(str(path) for base in bases for path in pathlib.Path(base).glob(f"socklet-{self.pid}-*/*"))

    def mappings(self, word):
        """The lines of the workers' maps that hold the word."""
        return [line for pid in self.workers() for line in proc_text(pid, "maps").splitlines() if word in line]


def together(*jobs):
    """Runs functions in threads; the first exception of any is raised here."""
    failures = []

    def guarded(job):
        try:
            job()
        except BaseException as error:  # handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a client thread is stuck"
    if failures:
        raise failures[0]
