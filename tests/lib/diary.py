# SPDX-License-Identifier: MIT
"""What the plugins lender and borrower wrote to a host's log: who was called, with what, who gave back."""
import re

from host import wait_until

LINE = re.compile(r" info \w+ \S+ #(\d+): ((?:call|release|connect|message|disconnect|provided) .*)$", re.M)


class Diary:
    """What providers and callbacks wrote from here on; numbers become letters in order of appearance."""

    def __init__(self, host):
        """Of connections that begin from now on: earlier ones may still be ending."""
        self.host = host
        self.last = max((int(number) for number, _ in LINE.findall(host.log)), default=0)

    def lines(self):
        names, out = {}, []
        for number, line in LINE.findall(self.host.log):
            if int(number) <= self.last or line == "call asked ":
                continue
            out.append(re.sub(r"(?<=[ =])(?<!by )[1-9]\d*(?= |$)",
                              lambda m: names.setdefault(m[0], chr(ord("A") + len(names))), line))
        return out

    def expect(self, *wanted):
        wait_until(lambda: len(self.lines()) >= len(wanted), lambda: f"{wanted}\ngot {self.lines()}")
        assert self.lines() == list(wanted), f"\nwanted {wanted}\ngot    {self.lines()}"
