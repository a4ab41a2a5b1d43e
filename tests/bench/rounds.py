# SPDX-License-Identifier: MIT
"""Loads the servers of a section in turn (A B C A B C …), so that a busy machine bends all of them alike."""
import contextlib
import json
import os
import subprocess
import sys

from servers import BENCH, cores
from suites import IDLE


def load(mode, place, options):
    """One round; None, and a line that says why, when it fails."""
    words = [BENCH / "load", mode, *place.words(), *(f"{key}={value}" for key, value in options.items())]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=120,
                            preexec_fn=lambda: os.sched_setaffinity(0, {cores()[1]}))
    if answer.returncode != 0:
        print(f"# {' '.join(map(str, words[1:]))}: {answer.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(answer.stdout)


def measure(section, rounds, ms):
    """{server: {column: [result of each round]}}"""
    cells = {server.name: {column: [] for column in section.columns} for server in section.servers}
    columns = {column: row for column, row in section.columns.items() if row[0] != IDLE}
    if section.probe:
        probe(section, cells, rounds)
    elif columns:
        measure_loaded(section, columns, cells, rounds, ms)
    for column, (mode, options) in section.columns.items():
        for server in section.servers if mode == IDLE else []:
            with server.running() as place:
                cells[server.name][column].append(load(mode, place, options))
    return cells


def tell(section, number, rounds):
    print(f"# {section.title}: round {number + 1} of {rounds}, load average {os.getloadavg()[0]:.2f}", file=sys.stderr)


def measure_loaded(section, columns, cells, rounds, ms):
    with contextlib.ExitStack() as stack:
        places = [(server, stack.enter_context(server.running())) for server in section.servers]
        for number in range(rounds):
            tell(section, number, rounds)
            for column, (mode, options) in columns.items():
                for server, place in places:
                    result = load(server.mode or mode, place, {"ms": ms, **options, **server.options})
                    cells[server.name][column].append(result)


def probe(section, cells, rounds):
    for number in range(rounds):
        tell(section, number, rounds)
        for server in section.servers:
            for column in section.columns:
                cells[server.name][column].append(section.probe(server))
