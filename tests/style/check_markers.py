# SPDX-License-Identifier: MIT
"""No unfinished work and no path of somebody's machine enters the tree."""
import re

from tree import ROOT, files, finish

MARKS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
PLACES = re.compile(r"(?<![\w./-])/(ho" + r"me/\w|ro" + r"ot/|wo" + r"rk/|tm" + r"p/wt|Us" + r"ers/)")
CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.M)


def main():
    complaints = []
    for path in files():
        data = (ROOT / path).read_bytes()
        if b"\0" in data or path.name == "package-lock.json":
            continue
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            for pattern, what in (MARKS, "marks unfinished work"), (PLACES, "names a machine's folder"), \
                    (CONFLICT, "is left of a merge"):
                if pattern.search(line):
                    complaints.append(f"{path}:{number}: {what}: {line.strip()[:80]}")
            if line != line.rstrip() and path.suffix in (".c", ".h", ".py", ".yaml", ".js"):
                complaints.append(f"{path}:{number}: blanks at the end of the line")
    finish(complaints)


main()
