# SPDX-License-Identifier: MIT
"""The limit of descriptors is raised to the hard one at start; who comes behind the last gets 503, then all is as before."""
import contextlib
import re
import resource

from client import Http, WebSocket
from host import Host, proc_text, routes_text, wait_until

TEXT = routes_text("  - {path: /ws, plugin: echo}\n")


class Limited(Host):
    soft, hard = 40, 72

    def _limit(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.soft, self.hard))


def allowed(pid):
    found = re.search(r"^Max open files\s+(\d+)\s+(\d+)", proc_text(pid, "limits"), re.M)
    return int(found[1]), int(found[2])


def test_the_soft_limit_becomes_the_hard_one():
    with Limited(text=TEXT + "log: {level: debug}\n") as host:
        for pid in (host.pid, *host.workers()):
            assert allowed(pid) == (72, 72), allowed(pid)
        host.wait_log("descriptors: each process may have 72, the hard limit")


def test_who_is_too_many_is_told_and_nobody_else_notices():
    with Limited(text=TEXT) as host, contextlib.ExitStack() as held:
        first = held.enter_context(WebSocket(host.port, "/ws"))
        statuses = []
        for _ in range(90):
            one = held.enter_context(Http(host.port))
            statuses.append(one.request("/none").status)
        assert set(statuses) == {404, 503}, statuses
        assert statuses[0] == 404 and statuses[-1] == 503, statuses
        first.text("still here")
        first.expect_text("Message text was: still here")
        held.close()

        def serves():
            with Http(host.port) as http:
                return http.request("/none").status == 404

        wait_until(serves, "an answer as before")
