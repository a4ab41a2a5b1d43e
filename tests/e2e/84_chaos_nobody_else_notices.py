# SPDX-License-Identifier: MIT
"""Workers killed, crashed and stopped at random: nobody is refused, and other workers' clients do not notice."""
from chaos import Chaos
from host import TEST_PLUGINS, Host, routes_text

SECONDS = 8  # the long form is tests/soak/chaos


def test_listeners_never_refuse_and_bystanders_lose_nothing():
    text = routes_text("  - {path: /ws, plugin: sudden}\n", plugins=TEST_PLUGINS,
                       top="workers: 3\nquarantine: {deaths: 0}\n")
    with Host(text=text) as host:
        chaos = Chaos(host).run(SECONDS)
        host.stopped = True  # a SIGSEGV that was sent leaves a sanitizer's report
        seen = f"seed {chaos.seed}: {chaos.blows}, {chaos.connects} connections, {chaos.messages} messages"
        assert not chaos.wrong, (seen, chaos.wrong)
        assert chaos.refused == 0, f"{chaos.refused} connections refused; {seen}"
        assert chaos.messages > 100 and sum(chaos.blows.values()) > 3, seen
