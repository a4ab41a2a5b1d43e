# SPDX-License-Identifier: MIT
"""The host has two mutable globals, the log's sink and what its crash handler needs; all else hangs on an object."""
import re
import subprocess

from tree import finish, objects

ALLOWED = {"host/base/log.c", "host/daemon/crash.c"}
# What sanitizers put beside our own data.
FOREIGN = re.compile(r"^(\*?\.L|__(odr_)?asan|__ubsan|__san|_ZN|__sancov)|ubsan|\.LASAN")
MUTABLE = re.compile(r"^\.(data|bss|tdata|tbss)(\.(?!rel\.ro)|$)")


def main():
    complaints = []
    for path, object_file in objects():
        table = subprocess.run(["objdump", "-t", object_file], capture_output=True, text=True).stdout
        for line in table.splitlines():
            found = re.match(r"^[0-9a-f]+ (.{7}) (\S+)\t([0-9a-f]+) +(?:\.hidden )?(\S+)$", line)
            if not found or "d" in found[1] or not MUTABLE.match(found[2]):
                continue
            if not FOREIGN.search(found[4]) and str(path) not in ALLOWED:
                complaints.append(f"{path}: {found[4]} is a mutable global ({found[2]})")
    finish(complaints)


main()
