# SPDX-License-Identifier: MIT
"""Every suite of tests/bench still runs: a round of its cheapest columns, with results that a later run can be compared with."""
import json
import re
import subprocess
import xml.etree.ElementTree

from host import ROOT, folder
from story import each

ROWS = [
    ("peers", "20 B one", "socklet"),
    ("broadcast", "100 x1", ""),
    ("tls", "20 B", ""),
    ("deflate", "1 KiB x16;100 x1", ""),
    ("scale", "10;20 B", "socklet;route;50 plugins;worker"),
    ("brokers", "100 x1", "redis"),
    ("start", "", ""),
]


def side_by_side(*words):
    done = subprocess.run([ROOT / "tests/bench/side_by_side", *map(str, words)], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def run_kept(below, suite, columns, servers):
    """The document of a round; the picture is well-formed."""
    kept, drawn = below / f"{suite}.json", below / f"{suite}.svg"
    side_by_side(suite, "--quick", "--rounds", 1, "--ms", 20, "--columns", columns, "--only", servers, "--json", kept, "--svg", drawn)
    xml.etree.ElementTree.parse(drawn)
    return json.loads(kept.read_text())


@each(ROWS)
def test_a_round_of(row):
    with folder() as below:
        for section in run_kept(below, *row)["sections"]:
            for rows in section["ratios"].values():
                assert len(rows) > 1 and all(value is not None for one in rows.values() for value in one.values()), section


def test_a_run_is_compared_with_one_that_was_kept():
    with folder() as below:
        run_kept(below, "peers", "20 B one", "socklet")
        out = side_by_side("peers", "--rounds", 1, "--ms", 20, "--columns", "20 B one", "--only", "socklet", "--compare",
                           below / "peers.json")
    found = re.search(r"^\| echo, 20 B one \| +socklet \| +CPU \| +([\d.]+) \| +([\d.]+) \| +([\d.]+) \|$", out, re.M)
    assert found and all(float(one) > 0 for one in found.groups()), out
