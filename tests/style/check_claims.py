# SPDX-License-Identifier: MIT
"""Every source file has its licence line and says first what it is; every test file opens with its claim."""
import re

from tree import files, finish, read


LICENCE = re.compile(r"(//|#)?\s*SPDX-License-Identifier:(\s|\*)+MIT\b")  # a formatter may break the line


def opening(path, text):
    """The text of the first comment or docstring, without the licence."""
    if path.suffix == ".py":
        found = re.search(r'^"""(.*?)"""', text, re.S | re.M)
    elif path.suffix == ".js" or text.startswith("//"):
        found = re.match(r"((?://[^\n]*\n)+)", text)
    else:
        found = re.match(r"\s*/\*(.*?)\*/", text, re.S)
    if not found:
        return ""
    text = re.sub(r"^\s*(\*|//|#)\s?", "", LICENCE.sub("", found[1]), flags=re.M)
    return " ".join(text.split())


def main():
    complaints = []
    for path in files(".c", ".h", ".cc", ".py", ".js"):
        text = read(path)
        if not LICENCE.search("\n".join(text.splitlines()[:40])):
            complaints.append(f"{path}: no SPDX-License-Identifier: MIT near the top")
        said = opening(path, text)
        if len(said.split()) < 3 or not re.search(r"[.:!)]( |$)", said):
            complaints.append(f"{path}: opens with no sentence that says what it is: {said[:60]!r}")
    for path in files("_test.c", under="tests/unit/"):
        layer = path.parts[2]
        stems = tuple(p.stem for p in files(".c", ".h", under=f"host/{layer}/"))
        if not path.name.startswith(stems):
            complaints.append(f"{path}: mirrors no file of host/{layer}/")
    finish(complaints)


main()
