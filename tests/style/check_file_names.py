# SPDX-License-Identifier: MIT
"""A file's bare name says which one it is, and the top level holds what it is meant to hold."""
import collections

from tree import files, finish

COMMON = {"CMakeLists.txt", "README.md", "run", "index.html", "link.cmake", ".gitignore", ".clang-format"}
TOP = {"host", "plugins", "conf", "tests", "CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE"}


def main():
    places = collections.defaultdict(list)
    for path in files():
        # Kept ABI headers and the data and seeds of tests are told apart by their folder.
        if path.name not in COMMON and path.parts[:2] not in (("tests", "abi"), ("tests", "data"), ("tests", "fuzz")):
            places[path.name].append(str(path))
    complaints = [f"{name}: {', '.join(paths)}" for name, paths in sorted(places.items()) if len(paths) > 1]
    top = {path.parts[0] for path in files()}
    complaints += [f"{name}: does not belong at the top level" for name in sorted(top - TOP)
                   if not name.startswith(".")]
    finish(complaints)


main()
