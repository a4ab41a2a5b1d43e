# SPDX-License-Identifier: MIT
"""socklet.h compiles everywhere without a warning, refuses what it must, and has not moved a member since 1.0."""
import concurrent.futures
import itertools
import pathlib
import re
import shutil
import subprocess
import tempfile

from tree import ROOT, files, finish, read

ABI = ROOT / "tests/abi"
HEADERS = {"the host's header": ROOT / "host/include", "1.0's header": ABI / "v1_0"}
LANGUAGES = {"gcc": ["-std=c11"], "clang": ["-std=c11"],
             "g++": ["-x", "c++", "-std=c++17"], "clang++": ["-x", "c++", "-std=c++17"]}
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def compile_file(compiler, source, folder, *options):
    command = [compiler, *LANGUAGES[compiler], "-I", HEADERS[folder], "-fPIC", *options, source]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def check_good(compiler, folder, path, visibility, scratch):
    """Compiles without a warning, and exports the entry and nothing else, also without -fvisibility."""
    library = scratch / f"{compiler}-{folder[:3]}-{path.stem}{visibility}.so"
    made = compile_file(compiler, ROOT / path, folder, *STRICT, *visibility.split(), "-shared", "-o", library)
    if made.returncode:
        return [f"{path}: {compiler} with {folder}: {made.stderr.strip()}"]
    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True)
    names = [line.split()[-1] for line in listed.stdout.splitlines()]
    return [] if names == ["socklet_plugin"] else [f"{path}: {compiler} {visibility}: exports {names}"]


def check_bad(compiler, path):
    """Is refused with an author's plain flags; the same file put right is not, so that nothing else is wrong with it."""
    folder = "the host's header"
    right = compile_file(compiler, ROOT / path, folder, *STRICT, "-DRIGHT", "-fsyntax-only")
    wrong = compile_file(compiler, ROOT / path, folder, "-fsyntax-only")
    if right.returncode:
        yield f"{path}: {compiler}: wrong also with -DRIGHT: {right.stderr.strip()}"
    if wrong.returncode == 0:
        yield f"{path}: {compiler} takes it: {wrong.stderr.strip()}"


def check_layout(compiler, folder):
    made = compile_file(compiler, ABI / "layout_1_0.c", folder, "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    return [f"{folder}, {compiler}: {line}" for line in made.stderr.splitlines() if "error" in line]


def declarations(path):
    """A header without comments and layout."""
    return re.sub(r"\s+", "", re.sub(r"/\*.*?\*/", "", read(path), flags=re.S))


def check_kept():
    """Until the minor grows, the kept header declares what the shipped one does."""
    shipped = declarations("host/include/socklet.h")
    if "#defineSL_ABI_MINOR0u" in shipped and shipped != declarations("tests/abi/v1_0/socklet.h"):
        yield "host/include/socklet.h: 1.0 has changed; raise SL_ABI_MINOR, or before the first " \
              "release: cp host/include/socklet.h tests/abi/v1_0/"


def jobs(scratch):
    good, bad = files(".c", under="tests/abi/good/"), files(".c", under="tests/abi/bad/")
    compilers = [name for name in LANGUAGES if shutil.which(name)]
    for compiler, folder, path, visibility in itertools.product(
            compilers, HEADERS, good, ("", "-fvisibility=hidden")):
        yield check_good, compiler, folder, path, visibility, scratch
    for compiler, path in itertools.product(compilers, bad):
        yield check_bad, compiler, path
    for compiler, folder in itertools.product([name for name in compilers if "+" not in name], HEADERS):
        yield check_layout, compiler, folder
    yield (check_kept,)


def main():
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda job: list(job[0](*job[1:])), jobs(pathlib.Path(scratch)))
        finish([line for lines in found for line in lines])


main()
