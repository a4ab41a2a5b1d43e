# SPDX-License-Identifier: MIT
"""The results that are kept: a document and a picture of each suite, and a page with their tables."""
import json

import chart
import report
from servers import ROOT
from suites import SUITES

FOLDER = ROOT / "tests/bench/results"


def save(document):
    FOLDER.mkdir(exist_ok=True)
    report.write(document, FOLDER / f"{document['suite']}.json")
    (FOLDER / f"{document['suite']}.svg").write_text(chart.draw(document))
    kept = [FOLDER / f"{name}.json" for name in SUITES]
    (FOLDER / "README.md").write_text(page([json.loads(path.read_text()) for path in kept if path.exists()]))


def page(documents):
    """Markdown, made of the documents alone."""
    parts = ["# Results", "Written by `tests/bench/run all --save`; [tests/README.md](../../README.md#side-by-side) tells how they are "
             "measured. Ratios are medians of the ratios of single rounds; absolute figures are in the JSON files and mean nothing on "
             "another machine."]
    for document in documents:
        parts += [f"## {document['suite']}",
                  f"{document['at'][:10]}, {document['machine']}; {document['rounds']} rounds of {document['ms']} ms, load average "
                  f"{document['load_average'][0]} before and {document['load_average'][1]} after.",
                  f"![{document['suite']}]({document['suite']}.svg)"]
        for section in document["sections"]:
            parts += tables(section)
    return "\n\n".join(parts) + "\n"


def tables(section):
    columns = list(section["columns"])
    for figure, rows in section["ratios"].items():
        lines = [[name, *(report.shown(row.get(column)) for column in columns)] for name, row in rows.items()]
        if section["goals"] and figure == next(iter(section["ratios"])):
            lines.append(["goal", *(report.shown(section["goals"].get(column)) for column in columns)])
        by = "the first column's" if section["by"] == "column" else f"that of {next(iter(rows))}"
        yield f"**{section['title']}**: {report.FIGURES[figure][2]}, by {by}"
        yield report.table(["", *columns], lines)
    yield "\n".join(f"- {name}: {setup}" for name, setup in section["set_up"].items())
