# SPDX-License-Identifier: MIT
"""A plugin that cannot be loaded is refused with its file, the line of the route and the reason."""
import os
import re
import shutil

from host import PLUGINS, TEST_PLUGINS, folder, routes_text, socklet
from story import each

ECHO = PLUGINS / "echo.so"


def nothing(_):
    pass


def empty(path):
    path.write_bytes(b"")


def text(path):
    path.write_text("this is no shared object\n")


def half(path):
    whole = ECHO.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])


def zero_tail(path):
    whole = ECHO.read_bytes()
    path.write_bytes(whole[:len(whole) // 2] + bytes(len(whole) - len(whole) // 2))


def directory(path):
    path.mkdir()


def other_library(path):
    shutil.copy(next(p for p in ("/lib/x86_64-linux-gnu/libyaml-0.so.2", "/usr/lib/x86_64-linux-gnu/libyaml-0.so.2",
                                 "/usr/lib/aarch64-linux-gnu/libyaml-0.so.2") if os.path.exists(p)), path)


def fifo(path):
    os.mkfifo(path)


@each([(make.__name__, make) for make in (nothing, empty, text, half, zero_tail, directory, other_library, fifo)])
def test_refused(row):
    _, make = row
    with folder() as path:
        make(path / "broken.so")
        (path / "routes.yaml").write_text(
            routes_text("  - path: /ws\n    plugin: broken\n", plugins=path))
        for command in (["check"], ["run", "--listen", "127.0.0.1:0"]):
            done = socklet(command[0], path / "routes.yaml", *command[1:])
            said = done.stdout + done.stderr
            assert done.returncode == 1, f"{command}: {done}"
            assert "broken.so" in said and re.search(r"routes\.yaml:5:\d+: ", said), f"{command}: {said}"
            assert "AddressSanitizer" not in said, said


# What stands in the descriptor, and words of what is said about it.
DESCRIPTORS = [
    ("wrong_magic", "0x12345678", "0x314b4353"), ("other_major", "socklet.h 2.2", "1.0"),
    ("newer_minor", "socklet.h 1.3", "1.2"), ("short_size", "40 bytes", "128"),
    ("no_callback", ".connect", ".message"), ("no_entry", "socklet_plugin", "SL_PLUGIN"),
    ("name_differs", "somebody_else", "name_differs"), ("bad_field_type", "blob", "type 99"),
    ("field_outside", "far", "outside"), ("static_tls", "thread-local", "-fPIC"),
]


@each(DESCRIPTORS)
def test_wrong_descriptor_is_refused_in_words(row):
    name, found, wanted = row
    with folder() as path:
        (path / "routes.yaml").write_text(
            routes_text(f"  - path: /ws\n    plugin: {name}\n", plugins=TEST_PLUGINS))
        done = socklet("check", path / "routes.yaml")
        said = done.stdout + done.stderr
        assert done.returncode == 1 and re.search(r"routes\.yaml:5:\d+: ", said), done
        assert f"{name}.so" in said and found in said and wanted in said, said


def test_plugin_whose_start_says_no_is_not_served():
    with folder() as path:
        (path / "routes.yaml").write_text(
            routes_text("  - path: /ws\n    plugin: refuses_start\n", plugins=TEST_PLUGINS))
        done = socklet("run", path / "routes.yaml", "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and re.search(r"routes\.yaml:5:\d+: .*refuses_start", done.stderr), done


def test_plugin_that_one_route_of_many_lacks_is_reported_for_each():
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(
            "  - {path: /a, plugin: gone}\n  - {path: /b, plugin: echo}\n  - {path: /c, plugin: lost}\n"))
        done = socklet("check", path / "routes.yaml")
        said = done.stdout + done.stderr
        assert done.returncode == 1 and re.search(r":4:\d+: .*gone", said) and re.search(r":6:\d+: .*lost", said), said


@each([("aborts_on_load", "crashed with signal 6"), ("exits_on_load", "ended the process with status 0")])
def test_check_survives_a_plugin_that_ends_the_process(row):
    name, words = row
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(
            f"  - {{path: /a, plugin: {name}}}\n  - {{path: b, plugin: {name}}}\n", plugins=TEST_PLUGINS))
        done = socklet("check", path / "routes.yaml")
        assert done.returncode == 1 and not done.stdout, done
        assert re.search(rf"routes\.yaml:4:\d+: .*{name}.*{words}", done.stderr), done.stderr
        assert "'/' at its start" in done.stderr, f"the other mistake is missing: {done.stderr}"
