# SPDX-License-Identifier: MIT
"""Arrows point down only: each folder includes what host/LAYERS lets it, each library has its one place."""
import re

from tree import files, finish, read

# Where a library may be known: a folder, or a single file.
LIBRARIES = {
    "event2/": ("host/net/", "host/daemon/"),
    "yaml.h": ("host/config/yaml_tree.c",),
    "openssl/": ("host/wire/", "host/security/", "host/net/"),
    "jansson.h": ("host/security/", "host/call/", "host/daemon/command_routes", "host/daemon/hub_presence", "host/daemon/status",
                  "host/daemon/worker_status.c"),
    "zlib.h": ("host/wire/ws_deflate.c",),
    "dlfcn.h": ("host/plugin/image.c", "host/plugin/private_libs.c"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def layers():
    allowed = {}
    for line in read("host/LAYERS").splitlines():
        if line and not line.startswith("#"):
            name, below = line.split(":")
            allowed[name.strip()] = below.split()
    return allowed


def check_host(path, allowed, layer):
    for mark, name in INCLUDE.findall(read(path)):
        folder = name.split("/")[0]
        if name.endswith(("socklet.h", "socklet_bus.h")):
            if "socklet.h" not in allowed.get(layer, ()):
                yield f"{path}: {layer} may not include socklet.h"
        elif folder in allowed and "/" in name:
            if folder != layer and folder not in allowed[layer]:
                yield f"{path}: {layer} may not include {name}; host/LAYERS allows {allowed[layer]}"
        elif mark == '"':
            yield f"{path}: {name} is included by no layer's name; write \"layer/file.h\""
        for library, places in LIBRARIES.items():
            if name.startswith(library) and not str(path).startswith(places):
                yield f"{path}: only {' and '.join(places)} may include {library}"


def check_plugin(path):
    for mark, name in INCLUDE.findall(read(path)):
        if mark == '"' and name != "socklet.h" and not (path.parent / name).exists():
            yield f"{path}: a plugin includes socklet.h and no other of ours, not {name}"


def main():
    allowed = layers()
    complaints = []
    for path in files(".c", ".h", under="host/"):
        layer = path.parts[1]
        if layer == "include":
            complaints += [f"{path}: includes {name}; only <std….h>" for _, name in INCLUDE.findall(read(path))
                           if not re.fullmatch(r"std\w+\.h|socklet\.h|inttypes\.h", name)]
        elif len(path.parts) > 2:
            complaints += check_host(path, allowed, layer)
    for path in [*files(".c", ".cc", ".h", under="plugins/"), *files(".c", ".cc", under="tests/plugins/")]:
        complaints += check_plugin(path)
    for path in files(".c", under="tests/unit/"):
        layer = path.parts[2]
        complaints += [f"{path}: a test of {layer} may not include {name}"
                       for mark, name in INCLUDE.findall(read(path))
                       if "/" in name and name.split("/")[0] in allowed
                       and name.split("/")[0] not in [layer, *allowed.get(layer, ())]]
        complaints += [f"{path}: includes {name}; test through the header"
                       for _, name in INCLUDE.findall(read(path)) if name.endswith(".c")]
    finish(complaints)


main()
