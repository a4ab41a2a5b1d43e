# SPDX-License-Identifier: MIT
"""A function is named after its file, so that a bare name in a backtrace says where to look."""
import re
import subprocess

from tree import files, finish, objects, read

# The allocators are named after those they stand in for; config/keys.h names a reader for each type.
OTHER_NOUNS = {"xalloc": ("x",), "main": ("main",)}
OTHER_NOUNS |= dict.fromkeys(("section", "route_conf", "limits_conf", "inject_conf", "listen_conf",
                               "provider_conf", "log_conf", "quarantine_conf", "security_conf",
                               "topics_conf", "web_conf"), ("read_",))
ABBREVIATIONS = {"ctx", "cb", "cfg", "conf_ptr", "mgr", "util", "utils", "helper", "helpers", "misc"}


def nouns(path):
    """The stem, its leading words, and the structs and enums that the file or its header declares."""
    stem = path.stem
    words = stem.split("_")
    found = {"_".join(words[:count]) for count in range(1, len(words) + 1)}
    header = path.with_suffix(".h")
    texts = [read(path)] + ([read(header)] if header in files(".h") else [])
    for text in texts:
        found.update(re.findall(r"^(?:struct|enum|union) (\w+)(?: \{|;)", text, re.M))
    return found, OTHER_NOUNS.get(stem, ())


def main():
    complaints = []
    for path, object_file in objects():
        found, prefixes = nouns(path)
        symbols = subprocess.run(["nm", "--defined-only", "-g", object_file], capture_output=True, text=True)
        for line in symbols.stdout.splitlines():
            _, kind, name = line.split()
            if kind != "T" or name.startswith(("__", "_GLOBAL_")):
                continue
            named = any(name == noun or name.startswith(noun + "_") for noun in found)
            if not named and not name.startswith(prefixes or ("\0",)):
                complaints.append(f"{path}: {name} is named after none of {sorted(found)}")
    for path in files(".c", ".h", under="host/"):
        if path.stem in ABBREVIATIONS or set(path.stem.split("_")) & ABBREVIATIONS:
            complaints.append(f"{path}: says nothing of what it holds")
    finish(complaints)


main()
