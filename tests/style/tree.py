# SPDX-License-Identifier: MIT
"""The files of the tree and the way a check ends; every check_*.py uses it."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*suffixes, under=""):
    """Paths of the tree's own files, relative to its root; what git ignores is none of ours."""
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, text=True)
    if out.returncode == 0:
        names = out.stdout.split("\0")
    else:  # an unpacked archive
        skip = re.compile(r"(^|/)(build|build-[^/]*|node_modules|__pycache__|\.git)(/|$)")
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not skip.search(name)]
    return sorted(pathlib.Path(name) for name in set(names)
                  if name.startswith(under) and (not suffixes or name.endswith(suffixes))
                  and (ROOT / name).is_file())


def read(path):
    return (ROOT / path).read_text(errors="replace")


def objects():
    """(source path, object file) of every file of the host, as the tests build it."""
    paths = sorted((ROOT / "build-dev/host/CMakeFiles").glob("*.dir/*/*.c.o"))
    assert paths, "not built: cmake --preset dev && cmake --build build-dev"
    for path in paths:
        source = pathlib.Path("host") / path.parent.name / path.name.removesuffix(".o")
        if (ROOT / source).exists():  # else it is left of an older tree
            yield source, path


def finish(complaints):
    for line in complaints:
        print(line)
    sys.exit(1 if complaints else 0)
