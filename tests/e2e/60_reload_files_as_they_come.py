# SPDX-License-Identifier: MIT
"""However a plugin's file is written, replaced, cut or placed: it is taken whole, or refused in words and nobody notices."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

from author import by_cp, by_mv, compile_to
from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, folder, routes_text, wait_until
from story import Skip, each

ONE, TWO = TEST_PLUGINS / "talk_one.so", TEST_PLUGINS / "talk_two.so"
TALK = "  - {path: /talk, plugin: talk}\n"
SAYS = """#include <socklet.h>
%(before)s
static int says_message(struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	(void)msg;
	return sl_sendf(conn, "%%d", %(value)s);
}
SL_PLUGIN(says, sl_no_args, .message = says_message);
"""


@contextlib.contextmanager
def talking(workers=1, routes=TALK):
    """A host with a plugin folder of its own, which holds talk.so, version one."""
    with folder() as plugins:
        shutil.copy(ONE, plugins / "talk.so")
        with Host(text=routes_text(routes, plugins=plugins, top=f"workers: {workers}\n")) as host:
            host.plugins = plugins
            yield host


def version(port, path="/talk"):
    """What a new connection is served by."""
    with WebSocket(port, path) as ws:
        ws.text("x")
        said = ws.recv()[1].decode().split()[0]
        ws.closes()
        return said


def hang_up(host):
    """SIGHUP; returns when the process has taken it."""
    def is_taken():
        status = pathlib.Path(f"/proc/{host.pid}/status").read_text()
        return all(int(field, 16) & 1 == 0 for field in re.findall(r"(?:Sig|Shd)Pnd:\s+(\w+)", status))
    host.signal(signal.SIGHUP)
    wait_until(is_taken, "the signal to be taken")


def test_cp_over_the_file_is_nothing_to_a_hundred_talking_connections():
    with talking(workers=2) as host:
        clients = [WebSocket(host.port, "/talk") for _ in range(100)]
        pids = host.workers()
        for count in range(1, 11):
            by_cp((TWO, ONE)[count % 2], host.plugins / "talk.so")
            for ws in clients:
                ws.text("x")
            for ws in clients:
                said = ws.recv()[1]
                assert re.fullmatch(rb"one members=\d+ messages=%d x" % count, said), (count, said)
        assert host.workers() == pids
        assert version(host.port) == "one", "taken without a reload"
        for ws in clients:
            ws.closes()


@each([("cp", True), ("rsync --inplace", False)])
def test_reload_during_a_slow_copy_waits_for_its_end(row):
    _, is_truncating = row
    data = TWO.read_bytes()
    with talking() as host, WebSocket(host.port, "/talk") as old:
        since = len(host.log)
        with open(host.plugins / "talk.so", "r+b", buffering=0) as file:
            if is_truncating:
                file.truncate(0)
            file.write(data[:len(data) // 2])
            hang_up(host)
            old.text("x")
            old.expect_text("one members=1 messages=1 x")
            file.write(data[len(data) // 2:])
            file.truncate(len(data))
        host.wait_log("reload: done", since)
        assert version(host.port) == "two"


@each([("ends there", lambda data, at: data[:at]),
       ("is zero from there", lambda data, at: data[:at] + bytes(len(data) - at))])
def test_copy_that_broke_off_is_refused_wherever_it(row):
    _, cut = row
    data = TWO.read_bytes()
    end = len(data.rstrip(b"\0"))
    # Odd places all over the file, and the last bytes, which are the hardest to miss.
    places = [1, 40, 63, 64, *range(65, end, end // 25), end - 64, end - 1]
    with talking() as host, WebSocket(host.port, "/talk") as old:
        for number, at in enumerate(places, 1):
            (host.plugins / "talk.so").write_bytes(cut(data, at))
            said = host.reload("refused")
            assert "talk.so is not" in said, (at, said)
            old.text("x")
            old.expect_text(f"one members=1 messages={number} x")
        assert version(host.port) == "one"
        by_mv(TWO, host.plugins / "talk.so")
        host.reload()
        assert version(host.port) == "two"


def patched(offset, value):
    def make(path):
        data = bytearray(TWO.read_bytes())
        data[offset:offset + len(value)] = value
        path.write_bytes(data)
    return make


def a_program(path):
    shutil.copy("/bin/true", path)


def a_folder(path):
    path.unlink()
    path.mkdir()


def another_name(path):
    shutil.copy(TEST_PLUGINS / "sudden.so", path)


KINDS = [("of 32 bits", patched(4, b"\1"), "for another machine"), ("of another machine", patched(18, b"\xf3\0"), "for another machine"),
         ("of the other byte order", patched(5, b"\2"), "for another machine"),
         ("an executable", patched(16, b"\2\0"), "not a shared object"), ("a program", a_program, "talk.so"),
         ("a folder", a_folder, "is not a file"), ("deleted", pathlib.Path.unlink, "does not exist"),
         ("another plugin", another_name, "calls itself sudden")]


@each(KINDS)
def test_what_is_no_plugin_for_this_host_is_refused(row):
    _, make, words = row
    with talking() as host, WebSocket(host.port, "/talk") as old:
        make(host.plugins / "talk.so")
        said = host.reload("refused")
        assert words in said and "routes.yaml:" in said, said
        old.text("x")
        old.expect_text("one members=1 messages=1 x")
        assert version(host.port) == "one"


@contextlib.contextmanager
def mounted(mounts, plugins, variables=""):
    """The host in a mount namespace of its own, in which it sees these mounts."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        raise Skip("mounts need root")
    host = Host(text=routes_text(TALK, plugins=plugins))
    host.arguments = ["/usr/bin/env", "unshare", "-m", "sh", "-ec", f'{mounts}\nexec env {variables} "$@"', "sh",
                      *host.arguments]
    with host:
        yield host


@each([("read-only", "ro"), ("noexec", "noexec"), ("both", "ro,noexec")])
def test_folder_of_plugins_may_be(row):
    with folder() as plugins:
        shutil.copy(ONE, plugins / "talk.so")
        with mounted(f"mount --bind {plugins} {plugins}\nmount -o remount,bind,{row[1]} {plugins}", plugins) as host:
            assert version(host.port) == "one"
            by_mv(TWO, plugins / "talk.so")
            host.reload()
            assert version(host.port) == "two"


@each([("read-only", "ro"), ("noexec", "noexec"), ("full", "size=4k,nr_inodes=1")])
def test_folder_for_copies_is_another_one_when_the_first_is(row):
    with folder() as plugins, folder() as cache:
        shutil.copy(ONE, plugins / "talk.so")
        with mounted(f"mount -t tmpfs -o {row[1]} tmpfs {cache}", plugins, f"-u XDG_RUNTIME_DIR TMPDIR={cache}") as host:
            by_mv(TWO, plugins / "talk.so")
            host.reload()
            assert version(host.port) == "two"
            assert len(host.mappings("/talk.2.so")) > 0 and not host.mappings(str(cache)), host.mappings("talk")


def test_two_routes_change_together_and_two_names_are_two_plugins():
    with talking(routes=TALK + "  - {path: /again, plugin: talk}\n") as host, WebSocket(host.port, "/talk") as first:
        with WebSocket(host.port, "/again") as second:
            second.text("x")
            second.expect_text("one members=2 messages=1 x")
            right = host.routes.read_text()
            for link in (os.link, os.symlink):
                link(host.plugins / "talk.so", host.plugins / "other.so")
                host.write(right + "  - {path: /other, plugin: other}\n")
                said = host.reload("refused")
                assert "the plugin calls itself talk, its file says other" in said, said
                os.unlink(host.plugins / "other.so")
            host.write(right)
            by_mv(TWO, host.plugins / "talk.so")
            host.reload()
            assert version(host.port) == version(host.port, "/again") == "two"
            first.text("x")
            first.expect_text("one members=2 messages=1 x")


@contextlib.contextmanager
def saying(before, value, *flags, **options):
    """A host that serves the plugin `says`, compiled now."""
    with folder() as plugins:
        compile_to(plugins / "says.so", SAYS % {"before": before, "value": value}, *flags, **options)
        with Host(text=routes_text("  - {path: /says, plugin: says}\n", plugins=plugins, top="workers: 2\n")) as host:
            host.plugins = plugins
            yield host


TEMPLATE = """template <class T> struct counter { static int value; };
template <class T> int counter<T>::value = %d;
static inline int &local() { static int value = %d; return value; }"""


def test_template_static_of_a_new_version_is_its_own():
    flags = ("-fno-gnu-unique",)
    with saying(TEMPLATE % (1, 10), "counter<int>::value + local()", *flags, language="c++") as host, \
            WebSocket(host.port, "/says") as old:
        compile_to(host.plugins / "says.so", SAYS % {"before": TEMPLATE % (2, 20), "value": "counter<int>::value + local()"},
                   *flags, language="c++")
        host.reload()
        assert version(host.port, "/says") == "22"
        old.text("x")
        old.expect_text("11")


SAME_NAMES = {"the host": "log_error host_new breadcrumb_enter", "its libraries": "event_base_loop evbuffer_add json_pack"}
EXPORTED = '#pragma GCC visibility push(default)\n'


@each([("the host, hidden", ""), ("the host, exported", EXPORTED), ("its libraries, hidden", ""),
       ("its libraries, exported but bound", EXPORTED)])
def test_symbols_are_the_plugins_own_though_named_as_those_of(row):
    """Exported and not bound, those of the libraries come first: so the loader searches."""
    whose, _, how = row[0].partition(", ")
    names = SAME_NAMES[whose].split()
    before = row[1] + "".join(f"int {name}(void);\nint {name}(void) {{ return {10 ** at}; }}\n"
                              for at, name in enumerate(names))
    flags = ["-Wl,-Bsymbolic"] if "bound" in how else []
    with saying(before, "() + ".join(names) + "()", *flags) as host:
        assert version(host.port, "/says") == "111"
        host.write(host.routes.read_text() + "  - {path: /more, plugin: says}\n")
        host.reload()  # the host and its libraries go on with theirs
        assert version(host.port, "/more") == "111"


CONSTRUCTOR = """#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void on_load(void) { %s }"""


def drain(host):
    """Reads what comes on standard output, as the terminal would."""
    os.set_blocking(host.process.stdout.fileno(), True)
    file = os.fdopen(os.dup(host.process.stdout.fileno()), "rb")
    threading.Thread(target=file.read, daemon=True).start()


@each([("prints a megabyte", "for (int i = 0; i < 1 << 20; i++) putchar('x');"),
       ("logs a megabyte", "for (int i = 0; i < 1 << 14; i++) fprintf(stderr, \"%s\\n\", "
        "\"a line of 64 characters that a plugin prints when it is loaded\");"),
       ("forks", "if (fork() == 0) { close(1); sleep(2); _exit(0); }")])
def test_constructor_is_survived_that(row):
    with saying("", "1") as host, WebSocket(host.port, "/says") as old:
        drain(host)
        compile_to(host.plugins / "says.so", SAYS % {"before": CONSTRUCTOR % row[1], "value": "2"})
        host.reload()
        old.text("x")
        old.expect_text("1")
        assert version(host.port, "/says") == "2"


@each([("hangs", "signal(SIGTERM, SIG_IGN); for (;;) pause();", "did not end within 10 s"),
       ("traps", "__builtin_trap();", "crashed with signal 4"),
       ("aborts", "abort();", "crashed with signal 6"), ("exits", "exit(0);", "ended the process with status 0"),
       ("kills itself", "raise(SIGKILL);", "crashed with signal 9")])
def test_constructor_is_refused_that(row):
    with saying("", "1") as host, WebSocket(host.port, "/says") as old:
        pids = host.workers()
        compile_to(host.plugins / "says.so", SAYS % {"before": CONSTRUCTOR % row[1], "value": "2"})
        said = host.reload("refused")
        assert re.search(row[2], said), said
        old.text("x")
        old.expect_text("1")
        assert version(host.port, "/says") == "1" and host.workers() == pids
