# SPDX-License-Identifier: MIT
"""What a test file needs to declare its tests; read by runner.py.

A test is a function `test_<claim>`. One that takes an argument gets what the file's `shared()`
yields (a host, mostly); `@each(rows)` runs it once for every row and counts every row.
"""


def each(rows, name=lambda row: row[0]):
    """Runs the test once a row; rows are tuples, or name(row) says what to call them."""
    def mark(function):
        function.rows = [(str(name(row)), row) for row in rows]
        names = [key for key, _ in function.rows]
        assert len(set(names)) == len(names), "two rows have one name"
        return function
    return mark


notes = []  # of the running test; the runner shows them, also when all is well


def note(text):
    """A figure that a person may want to see: it is printed, and nobody fails by it."""
    notes.append(str(text))


class Skip(Exception):
    """The test cannot run here; the text says what is missing."""
