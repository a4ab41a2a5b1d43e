# SPDX-License-Identifier: MIT
"""socklet.h compiles everywhere without a warning, refuses what it must, and has not moved a member of any kept version."""
import concurrent.futures
import itertools
import pathlib
import re
import shutil
import subprocess
import tempfile

from tree import ROOT, files, finish, read

ABI = ROOT / "tests/abi"
OURS = "the host's header"
KEPT = sorted((int(minor), folder) for folder in ABI.glob("v1_*") for minor in [folder.name[3:]])
HEADERS = {OURS: ROOT / "host/include"} | {f"1.{minor}'s header": folder for minor, folder in KEPT}
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
    folder = OURS
    right = compile_file(compiler, ROOT / path, folder, *STRICT, "-DRIGHT", "-fsyntax-only")
    wrong = compile_file(compiler, ROOT / path, folder, "-fsyntax-only")
    if right.returncode:
        yield f"{path}: {compiler}: wrong also with -DRIGHT: {right.stderr.strip()}"
    if wrong.returncode == 0:
        yield f"{path}: {compiler} takes it: {wrong.stderr.strip()}"


def check_layout(compiler, folder, minor):
    made = compile_file(compiler, ABI / f"layout_1_{minor}.c", folder, "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    return [f"{folder}, {compiler}: {line}" for line in made.stderr.splitlines() if "error" in line]


def declarations(path):
    """A header without comments and layout."""
    return re.sub(r"\s+", "", re.sub(r"/\*.*?\*/", "", read(path), flags=re.S))


def check_kept():
    """Until the minor grows, the last kept header declares what the shipped one does."""
    shipped = declarations("host/include/socklet.h")
    minor, folder = KEPT[-1]
    kept = f"tests/abi/{folder.name}/socklet.h"
    if f"#defineSL_ABI_MINOR{minor}u" not in shipped or shipped != declarations(kept):
        yield f"host/include/socklet.h: 1.{minor} has changed; raise SL_ABI_MINOR and keep the header, or before " \
              f"the first release: cp host/include/socklet.h {kept}"
    if declarations("host/include/socklet_bus.h") != declarations(f"tests/abi/{folder.name}/socklet_bus.h"):
        yield f"host/include/socklet_bus.h has changed: cp it to tests/abi/{folder.name}, before the first release"


def serves(folder, minor):
    """Whether that header has what came with 1.<minor>."""
    return folder == OURS or minor <= next(kept for kept, path in KEPT if path == HEADERS[folder])


def jobs(scratch):
    bad = files(".c", under="tests/abi/bad/")
    compilers = [name for name in LANGUAGES if shutil.which(name)]
    for folder, since in itertools.product(HEADERS, [minor for minor, _ in KEPT]):
        good = files(".c", under=f"tests/abi/good/1_{since}/") if serves(folder, since) else []
        # What was released compiled everywhere then; one compiler a language sees that it still does.
        used = compilers if folder == OURS else [name for name in compilers if name.startswith("g")]
        ways = ("", "-fvisibility=hidden") if folder == OURS else ("",)
        for compiler, path, visibility in itertools.product(used, good, ways):
            yield check_good, compiler, folder, path, visibility, scratch
    for compiler, path in itertools.product(compilers, bad):
        yield check_bad, compiler, path
    for compiler, folder, (minor, _) in itertools.product(
            [name for name in compilers if "+" not in name], HEADERS, KEPT):
        if serves(folder, minor):
            yield check_layout, compiler, folder, minor
    yield (check_kept,)


def main():
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda job: list(job[0](*job[1:])), jobs(pathlib.Path(scratch)))
        finish([line for lines in found for line in lines])


main()
