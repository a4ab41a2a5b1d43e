# SPDX-License-Identifier: MIT
"""clang-format has nothing to change."""
import subprocess

from tree import ROOT, files, finish


def main():
    paths = [str(path) for path in files(".c", ".h", ".cc") if path.parts[:2] != ("tests", "abi")]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=ROOT, capture_output=True, text=True)
    finish([line for line in done.stderr.splitlines() if "error:" in line] or
           ([done.stderr] if done.returncode else []))


main()
