# SPDX-License-Identifier: MIT
"""Builds, runs every test and counts; tests/run calls it once all packages are there.

A job is one program to run: a build, a unit test, a style check, a fuzzer, or one end-to-end file in
a process of its own. Jobs run side by side; their results are printed in the order of depth, so that
the first red line is the most basic one.
"""
import argparse
import concurrent.futures
import contextlib
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
sys.path.insert(0, str(TESTS / "lib"))

FILE_SECONDS = 600  # an end-to-end file that takes longer is stuck
TEST_SECONDS = 60   # the same for one test; a file may set its own TEST_SECONDS
LOG_LINES = 60      # of a host's log, shown when a test fails


class Result:
    def __init__(self, name, outcome, seconds, text=""):
        self.name, self.outcome, self.seconds, self.text = name, outcome, seconds, text


class Job:
    """One program; run() gives its results."""

    def __init__(self, name, command, read=None, seconds=FILE_SECONDS, environment=None):
        self.name, self.command, self.seconds = name, command, seconds
        self.read = read or (lambda *_: [])
        self.environment = {**os.environ, **(environment or {})}

    def run(self):
        begin = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in self.command], cwd=ROOT, env=self.environment, text=True,
            errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += f"\nkilled after {self.seconds} s"
        took = time.monotonic() - begin
        results = self.read(self.name, out, err)
        failed = any(result.outcome == "FAILED" for result in results)
        if process.returncode != 0 and not failed:
            text = f"ended with status {process.returncode}\n{out[-20000:]}\n{err[-20000:]}"
            results.append(Result(self.name, "FAILED", took, text))
        return results or [Result(self.name, "ok", took)]


def read_tap(name, out, err):
    """cmocka's TAP: "ok 1 - test_name", or "not ok 1 - test_name" and the reason on "#" lines."""
    results = []
    for line in out.splitlines():
        if match := re.match(r"(not )?ok \d+ - (\S+)( # SKIP)?", line):
            outcome = "FAILED" if match[1] else "skipped" if match[3] else "ok"
            results.append(Result(f"{name}/{match[2]}", outcome, 0))
        elif results and line.startswith("#"):
            results[-1].text += line + "\n"
    for result in results:
        result.text = result.text + err[-20000:] if result.outcome == "FAILED" else ""
    return results


def read_lines(_, out, __):
    """One JSON object a line: what run_file() below prints."""
    return [Result(**json.loads(line)) for line in out.splitlines() if line.startswith('{"name"')]


def build(name, preset):
    script = f"cmake --preset {preset} && cmake --build --preset {preset}"
    return Job(f"build/{name}", ["bash", "-euo", "pipefail", "-c", script], seconds=900)


def unit_jobs():
    for source in sorted(TESTS.glob("unit/*/*_test.c")):
        binary = ROOT / "build-dev/tests/unit" / source.stem
        yield Job(f"unit/{source.parent.name}/{source.stem}", [binary], read_tap, 120,
                  {"CMOCKA_MESSAGE_OUTPUT": "TAP"})


def style_jobs():
    for script in sorted(TESTS.glob("style/check_*.py")):
        yield Job(f"style/{script.stem}", [sys.executable, script], seconds=120)


def fuzz_jobs(seconds):
    for source in sorted(TESTS.glob("fuzz/*_fuzz.c")):
        corpus = ROOT / "build-fuzz/corpus" / source.stem
        corpus.mkdir(parents=True, exist_ok=True)
        words = [ROOT / "build-fuzz/tests/fuzz" / source.stem, f"-max_total_time={seconds}",
                 "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
                 f"-artifact_prefix={corpus.parent}/crash-{source.stem}-"]
        dictionary = source.with_suffix(".dict")
        if dictionary.exists():
            words.append(f"-dict={dictionary}")
        seeds = TESTS / "fuzz" / "seeds" / source.stem.removesuffix("_fuzz")
        yield Job(f"fuzz/{source.stem}", [*words, corpus, *([seeds] if seeds.is_dir() else [])],
                  seconds=seconds + 120)


def story_jobs(words):
    for script in sorted(TESTS.glob("e2e/[0-9]*.py")):
        yield Job(f"e2e/{script.stem}", [sys.executable, __file__, "--file", script, *words],
                  read_lines)


def wanted(name, words):
    """Whether a job may hold a test that one of the words names."""
    return not words or any(word in name or word.startswith(name + "/") for word in words)


def show(result):
    print(f"{result.outcome:<8}{result.seconds:7.2f} s  {result.name}", flush=True)
    if result.text:
        print("\n".join("    " + line for line in result.text.strip().splitlines()), flush=True)


def finish(results):
    counts = {outcome: sum(r.outcome == outcome for r in results)
              for outcome in ("ok", "FAILED", "skipped")}
    for result in results:
        if result.outcome == "FAILED":
            print(f"FAILED: {result.name}")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['ok']} passed, {counts['FAILED']} failed{skipped}", flush=True)
    return 1 if counts["FAILED"] or not counts["ok"] else 0


def run_all(builds, jobs, workers):
    results = []
    for job in builds:
        results += job.run()
        show(results[-1])
        if results[-1].outcome == "FAILED":
            return results
    # The browser and the fuzzers take longest: they start first and are printed in their place.
    order = sorted(jobs, key=lambda job: not job.name.startswith(("e2e/9", "fuzz/")))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = {id(job): pool.submit(job.run) for job in order}
        for job in jobs:
            for result in running[id(job)].result():
                results.append(result)
                show(result)
    return results


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description="runs every test and counts")
    parser.add_argument("words", nargs="*", metavar="NAME",
                        help="only tests whose name holds one of these, as e2e/40 or unit/wire")
    parser.add_argument("--list", action="store_true", help="names the jobs and runs none")
    parser.add_argument("--fuzz", "--fuzz-seconds", dest="fuzz", type=int, default=5,
                        metavar="SECONDS", help="how long each fuzzer runs (default 5)")
    parser.add_argument("-j", type=int, default=max(2, os.cpu_count() + 1), metavar="N",
                        help="jobs side by side (default one more than there are cores)")
    parser.add_argument("--file", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.file:
        return run_file(arguments.file, arguments.words)
    jobs = [*style_jobs(), *unit_jobs(), *fuzz_jobs(arguments.fuzz), *story_jobs(arguments.words)]
    jobs = [job for job in jobs if wanted(job.name, arguments.words)]
    builds = [build("gcc", "dev")]
    if any(job.name.startswith("fuzz/") for job in jobs):
        builds.append(build("fuzz", "fuzz"))
    if any(job.name.startswith("e2e/95_") for job in jobs):
        builds.append(build("release", "bench"))  # what is counted and timed is what users run
    if not arguments.words or wanted("build/clang", arguments.words):
        builds.append(build("clang", "clang"))
    if arguments.list:
        print("\n".join(job.name for job in builds + jobs))
        return 0
    return finish(run_all(builds, jobs, arguments.j))


# The rest runs in the process of one end-to-end file.

class Timeout(Exception):
    pass


def on_alarm(*_):
    raise Timeout


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tests_of(module, file_name):
    """(name, function, row or None) of every test, in the order of the file."""
    for key, function in list(vars(module).items()):
        if key.startswith("test_") and callable(function):
            for name, row in getattr(function, "rows", [(None, None)]):
                yield f"{file_name}/{key[5:]}" + (f"/{name}" if name else ""), function, row


def print_result(name, outcome, seconds, text=""):
    print(json.dumps({"name": name, "outcome": outcome, "seconds": seconds, "text": text}), flush=True)


def logs(hosts, offsets):
    text = ""
    for host in hosts:
        lines = host.log[offsets.get(host, 0):].splitlines()[-LOG_LINES:]
        if lines:
            text += f"\nlog of {' '.join(host.arguments)}:\n" + "\n".join(lines)
    return text


def attempt(name, function, seconds):
    """Runs one test; prints its result."""
    import host
    from story import Skip, notes
    notes.clear()
    host.started[:] = [one for one in host.started if not one.stopped]
    offsets = {one: len(one.log) for one in host.started}
    begin = time.monotonic()
    signal.alarm(seconds)
    outcome, text = "ok", ""
    try:
        function()
    except Skip as why:
        outcome, text = "skipped", str(why)
    except Timeout:
        outcome, text = "FAILED", f"not done after {seconds} s\n{traceback.format_exc(limit=-8)}"
    except Exception:
        outcome, text = "FAILED", traceback.format_exc(limit=-8)
    finally:
        signal.alarm(0)
    if outcome == "FAILED":
        text += logs(host.started, offsets)
    print_result(name, outcome, time.monotonic() - begin, "\n".join([*notes, text]).strip())


def run_file(path, words):
    signal.signal(signal.SIGALRM, on_alarm)
    file_name = f"e2e/{path.stem}"
    module = load(path)
    seconds = getattr(module, "TEST_SECONDS", TEST_SECONDS)
    whole = not words or any(word in file_name for word in words)
    tests = [test for test in tests_of(module, file_name)
             if whole or any(word in test[0] for word in words)]
    stack = contextlib.ExitStack()
    given = []
    if hasattr(module, "shared") and tests:
        def enter():
            given.append(stack.enter_context(module.shared()))
        attempt(f"{file_name}/shared_host_starts", enter, seconds)
        if not given:
            return 0
    for name, function, row in tests:
        names = function.__code__.co_varnames[:function.__code__.co_argcount]
        values = {"row": row}
        attempt(name, lambda: function(*(
            values.get(one) if one in values else given[0] for one in names)), seconds)
    if given:
        attempt(f"{file_name}/shared_host_ends_clean", stack.close, seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
