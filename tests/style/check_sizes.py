# SPDX-License-Identifier: MIT
"""Functions and files stay small enough to be read in one go."""
import re

from tree import files, finish, read

FUNCTION_LINES, SOURCE_LINES, HEADER_LINES, COLUMNS = 70, 600, 150, 100
FREE = ("host/include/socklet.h", "host/include/socklet_bus.h")


def functions(text):
    """(name, first line, lines) by the house's braces: a body opens and closes in column 0."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
            while start > 0 and lines[start - 1] and lines[start - 1][-1] not in ";}/":
                start -= 1
            head = " ".join(lines[start:number])
        elif line == "}" and start is not None:
            name = re.search(r"(\w+)\s*\(", head)
            yield name[1] if name else "?", start + 1, number - start + 1
            start = None


def main():
    complaints = []
    for path in files(".c", ".h", ".cc"):
        text = read(path)
        count = text.count("\n")
        limit = HEADER_LINES if path.suffix == ".h" else SOURCE_LINES
        if str(path) not in FREE and not str(path).startswith("tests/") and count > limit:
            complaints.append(f"{path}: {count} lines, at most {limit}: split it by responsibility")
        complaints += [f"{path}:{line}: {name} has {size} lines, at most {FUNCTION_LINES}"
                       for name, line, size in functions(text) if size > FUNCTION_LINES]
        complaints += [f"{path}:{number}: {len(line.expandtabs(8))} columns, at most {COLUMNS}"
                       for number, line in enumerate(text.splitlines(), 1)
                       if len(line.expandtabs(8)) > COLUMNS and str(path) not in FREE]
    finish(complaints)


main()
