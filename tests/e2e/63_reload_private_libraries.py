# SPDX-License-Identifier: MIT
"""A library in the folder of plugins is copied with the plugin that needs it: an old version is never mistaken
for a new one."""
import contextlib
import re

from author import compile_to
from client import WebSocket
from host import Host, folder, routes_text, wait_until

COMMON = "int common_value(void);\nint common_value(void) { return %d; }\n"
PLUGIN = """#include <socklet.h>
int common_value(void);
static int %(name)s_message(struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	(void)msg;
	return sl_sendf(conn, "%(version)d with %%d", common_value());
}
SL_PLUGIN(%(name)s, sl_no_args, .message = %(name)s_message);
"""


def make_common(where, value, soname="libcommon.so"):
    compile_to(where / soname, COMMON % value, "-fvisibility=default", *([f"-Wl,-soname,{soname}"]))


def make_plugin(where, version, name="user", soname="libcommon.so"):
    compile_to(where / f"{name}.so", PLUGIN % {"name": name, "version": version}, where / soname,
               "-Wl,-rpath,$ORIGIN")


@contextlib.contextmanager
def serving():
    with folder() as plugins:
        make_common(plugins, 1)
        make_plugin(plugins, 1)
        with Host(text=routes_text("  - {path: /ws, plugin: user}\n", plugins=plugins)) as host:
            host.plugins = plugins
            yield host


def says(ws, wanted):
    ws.text("?")
    ws.expect_text(wanted)


def test_the_library_may_be_overwritten_and_the_same_bytes_are_no_change():
    with serving() as host, WebSocket(host.port, "/ws") as ws:
        says(ws, "1 with 1")
        whole = (host.plugins / "libcommon.so").read_bytes()
        (host.plugins / "libcommon.so").write_bytes(b"overwritten")
        says(ws, "1 with 1")
        (host.plugins / "libcommon.so").write_bytes(whole)
        assert "version 2" not in host.reload()
        assert not [line for line in host.mappings("libcommon") if str(host.plugins) in line]


def test_a_new_plugin_shares_a_library_that_did_not_change():
    with serving() as host, WebSocket(host.port, "/ws") as old:
        says(old, "1 with 1")
        for version in (2, 3):
            make_plugin(host.plugins, version)
            host.reload()
            with WebSocket(host.port, "/ws") as new:
                says(new, f"{version} with 1")
        says(old, "1 with 1")


def test_a_changed_library_of_the_same_soname_is_refused_not_mixed_up():
    with serving() as host, WebSocket(host.port, "/ws") as old:
        says(old, "1 with 1")
        make_common(host.plugins, 2)
        for version in (1, 2):  # the library alone, then both
            make_plugin(host.plugins, version)
            said = host.reload("refused")
            assert re.search(r"routes\.yaml:\d+:\d+: user\.so: a library libcommon\.so with other bytes is in the "
                             r"process already, .* link it statically, or give it another soname", said), said
            with WebSocket(host.port, "/ws") as new:
                says(new, "1 with 1")


def test_a_changed_library_with_another_soname_is_loaded_beside_the_old():
    with serving() as host, WebSocket(host.port, "/ws") as old:
        make_common(host.plugins, 2, "libcommon.so.2")
        make_plugin(host.plugins, 2, soname="libcommon.so.2")
        host.reload()
        with WebSocket(host.port, "/ws") as new:
            says(new, "2 with 2")
            says(old, "1 with 1")
            old.closes()
            wait_until(lambda: not host.mappings("user.1"), lambda: host.mappings("user.1"))
            says(new, "2 with 2")


def test_a_library_without_a_soname_is_refused_in_words():
    with serving() as host:
        compile_to(host.plugins / "libplain.so", COMMON % 3, "-fvisibility=default")
        compile_to(host.plugins / "user.so", PLUGIN % {"name": "user", "version": 2}, "-L", host.plugins, "-lplain",
                   "-Wl,-rpath,$ORIGIN")
        said = host.reload("refused")
        assert "libplain.so lies in the folder of plugins and has no soname" in said, said
        assert "-Wl,-soname,libplain.so" in said, said
