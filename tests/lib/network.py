# SPDX-License-Identifier: MIT
"""Hosts and brokers in network namespaces, with links between them that can be cut, swallow all, or take their time.

A namespace has no name: it lives as long as a process that holds it, and that one, as all that is started in it, ends with
the test, however the test ends. The links are in the namespaces, too, so that nothing is left, and runs side by side never meet.
"""
import contextlib
import ctypes
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

from host import wait_until
from story import Skip

CLONE_NEWNET = 0x40000000
ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
libc = ctypes.CDLL(None, use_errno=True)


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr.strip() or done.stdout.strip()}"
    return done.stdout


class Here:
    """Where everything else is: the namespace of the tests themselves."""

    listen = "127.0.0.1"

    @staticmethod
    def command(user=None):
        """What to write before a command. `user` is the caller's matter here."""
        return []

    @staticmethod
    def connect(port, timeout=5):
        return socket.create_connection(("127.0.0.1", port), timeout)


class Place:
    """A namespace; `listen` is for servers in it that all its links are to reach."""

    listen = "0.0.0.0"

    def __init__(self):
        self.holder = subprocess.Popen([*ENDS_WITH_US, "unshare", "--net", "cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        ours = os.readlink("/proc/self/ns/net")
        wait_until(lambda: self.holder.poll() is not None or self._namespace() not in (ours, None), "a namespace")
        if self.holder.poll() is not None:
            raise Skip(f"no network namespace can be made here: {self.holder.stderr.read().decode().strip()}")
        self.run("ip", "link", "set", "lo", "up")

    def _namespace(self):
        try:
            command = pathlib.Path(f"/proc/{self.holder.pid}/comm").read_text().strip()
            return os.readlink(self.path) if command == "cat" else None
        except OSError:
            return None

    @property
    def path(self):
        return f"/proc/{self.holder.pid}/ns/net"

    def command(self, user=None):
        """What to write before a command so that it runs here, by that user, and not longer than the test."""
        who = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
        return ["nsenter", f"--net={self.path}", "--", *ENDS_WITH_US, *who]

    def run(self, *words):
        return run("nsenter", f"--net={self.path}", "--", *words)

    def connect(self, port, timeout=5):
        """A socket of ours that is in there."""
        found = []

        def enter():  # a thread may have a namespace of its own
            try:
                with open(self.path) as file:
                    assert libc.setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
                found.append(socket.create_connection(("127.0.0.1", port), timeout))
            except BaseException as error:
                found.append(error)
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    def end(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=30)
        self.holder.stderr.close()


class Link:
    """Between the middle and one place at its edge, through a cable of ours. `address` is the middle, as seen from there."""

    def __init__(self, number, name, middle, edge, cables):
        self.name, self.edge = name, edge
        self.address, own = f"10.77.{number}.1", f"10.77.{number}.2"
        for place, device, address, end in ((middle, name, self.address, f"{name}-in"), (edge, "uplink", own, f"{name}-out")):
            place.run("ip", "link", "add", "name", device, "type", "veth", "peer", "name", end, "netns", cables.holder.pid)
            cables.run("ip", "link", "set", end, "up")
            place.run("ip", "address", "add", f"{address}/24", "dev", device)
            place.run("ip", "link", "set", device, "up")
        self.cable = subprocess.Popen(
            [*cables.command(), sys.executable, pathlib.Path(__file__).with_name("cable.py"), f"{name}-in", f"{name}-out"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hear("ready")

    def _hear(self, wanted):
        found = self.cable.stdout.readline().strip()
        if found != wanted:
            raise Skip(f"no cable can be made here: it says {found!r}, and ended with {self.cable.wait(10)}")

    def _order(self, order):
        self.cable.stdin.write(order + "\n")
        self.cable.stdin.flush()
        self._hear("done")

    def cut(self):
        """The edge's own plug is pulled: it knows that it has no way."""
        self.edge.run("ip", "link", "set", "uplink", "down")

    def swallow(self):
        """Nothing comes through any more, in either direction, and nobody is told: no FIN, no RST, no ICMP."""
        self._order("swallow")

    def delay(self, ms):
        """Each frame takes so long, in each direction."""
        self._order(f"delay {ms}")

    def heal(self):
        self._order("pass")
        self.edge.run("ip", "link", "set", "uplink", "up")

    def end(self):
        self.cable.stdin.close()
        self.cable.wait(timeout=30)
        self.cable.stdout.close()


class Network:
    """`with Network("left", "right") as net:`: net.middle, net.places["left"], net.links["left"]."""

    def __init__(self, *names):
        self.names, self.places, self.links, self.middle = names, {}, {}, None
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self._need()
        try:
            self.middle = self._place()
            cables = self._place()
            for number, name in enumerate(self.names, 1):
                self.places[name] = self._place()
                self.links[name] = Link(number, name, self.middle, self.places[name], cables)
                self.stack.callback(self.links[name].end)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *problem):
        return self.stack.__exit__(*problem)

    def _place(self):
        place = Place()
        self.stack.callback(place.end)
        return place

    @staticmethod
    def _need():
        if os.geteuid() != 0:
            raise Skip("network namespaces need root")
        for name in ("ip", "nsenter", "unshare", "setpriv"):
            if shutil.which(name) is None:
                raise Skip(f"{name} is not installed (packages iproute2 and util-linux)")
