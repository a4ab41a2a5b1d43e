# SPDX-License-Identifier: MIT
"""What an author of plugins does: compiles one from text, and brings it over an older file in the usual ways."""
import os
import shutil
import subprocess

from host import ROOT


def compile_to(target, text, *flags, language="c"):
    """Into another file and then by mv. What follows in `flags` may be libraries."""
    new = target.with_suffix(".new")
    subprocess.run(["cc" if language == "c" else "c++", "-shared", "-fPIC", "-fvisibility=hidden",
                    "-I", ROOT / "host/include", "-x", language, "-", "-o", new, "-x", "none", *flags],
                   input=text, text=True, check=True, timeout=60)
    new.rename(target)


def by_mv(source, target):
    shutil.copy(source, target.with_suffix(".tmp"))
    os.rename(target.with_suffix(".tmp"), target)


def by_cp(source, target):
    """The same inode is truncated and written anew, in two pieces."""
    data = source.read_bytes()
    with open(target, "r+b", buffering=0) as file:
        file.truncate(0)
        file.write(data[:len(data) // 2])
        file.write(data[len(data) // 2:])
