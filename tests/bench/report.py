# SPDX-License-Identifier: MIT
"""What is made of the rounds: ratios to the floor of the same round, tables, a document to keep, and its comparison with one that
was kept."""
import json
import re
import statistics

from suites import IDLE

CPU = lambda result: result["cpu_ns"] / result["count"]  # noqa: E731
# name: (figure, what it is divided by in the ratio, the table's title)
FIGURES = {
    "CPU": (CPU, CPU, "server CPU per message"),
    "per second": (lambda result: result["count"] / result["took_ns"],) * 2 + ("messages a second",),
    "broker CPU": (lambda result: result["broker_ns"] / result["count"], CPU, "the broker's CPU per message"),
    "ms": (lambda result: result["took_ns"] / 1e6,) * 2 + ("milliseconds",),
}
ABSOLUTE = {
    "per second": lambda result: result["count"] * 1e9 / result["took_ns"],
    "CPU ns": CPU,
    "broker ns": lambda result: result["broker_ns"] / result["count"],
    "p50 us": lambda result: result["p50_ns"] / 1000,
    "p99 us": lambda result: result["p99_ns"] / 1000,
    "p99.9 us": lambda result: result["p999_ns"] / 1000,
    "ms": lambda result: result["took_ns"] / 1e6,
    IDLE: lambda result: result["idle_bytes"],
}


def absolute_names(section):
    if section.probe:
        return ["ms"]
    return ["per second", "CPU ns", *(["broker ns"] if "broker CPU" in section.figures else []), "p50 us", "p99 us", "p99.9 us"]


def median(results, figure):
    found = [figure(result) for result in results if result]
    return statistics.median(found) if found else None


def is_idle(section, column):
    return section.columns[column][0] == IDLE


def ratio(section, cells, figure, name, column):
    """Of an idle column it is the bytes."""
    if is_idle(section, column):
        return median(cells[name][column], ABSOLUTE[IDLE])
    above, below, _ = FIGURES[figure]
    first = (name, next(iter(section.columns))) if section.by == "column" else (section.servers[0].name, column)
    pairs = zip(cells[name][column], cells[first[0]][first[1]])
    found = [above(ours) / below(floor) for ours, floor in pairs if ours and floor]
    return statistics.median(found) if found else None


def ratios(section, cells, figure):
    return {name: {column: ratio(section, cells, figure, name, column) for column in row} for name, row in cells.items()}


# ---- tables ----------------------------------------------------------------------------------

def shown(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}" if value < 100 else f"{value:,.0f}"


def table(heads, rows):
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = []
    for row in [heads, ["-" * width for width in widths], *rows]:
        lines.append("| " + " | ".join(f"{word:>{width}}" if i else f"{word:{width}}"
                                       for i, (word, width) in enumerate(zip(row, widths))) + " |")
    return "\n".join(lines)


def ratio_title(section, figure):
    by = "the first column's" if section.by == "column" else f"that of {section.servers[0].name}"
    return f"{section.title}: {FIGURES[figure][2]}, by {by} in the same round"


def ratio_tables(section, cells):
    """One for each figure, the goals below the first."""
    for figure in section.figures:
        rows = [[name, *map(shown, row.values())] for name, row in ratios(section, cells, figure).items()]
        if figure == section.figures[0] and any(column in section.goals for column in section.columns):
            rows.append(["goal", *(shown(section.goals.get(column)) for column in section.columns)])
        yield ratio_title(section, figure), table(["", *section.columns], rows)


def absolute_table(section, cells):
    names = absolute_names(section)
    rows = [[column, name, *(shown(median(row[column], ABSOLUTE[figure]), 1) for figure in names)]
            for column in section.columns if not is_idle(section, column) for name, row in cells.items()]
    return f"{section.title}: absolute figures, of this machine only", table(["", "server", *names], rows)


# ---- what is kept ----------------------------------------------------------------------------

def rounds_of(section, column, results):
    """{figure: [of each round]}, whole numbers where they are large."""
    names = [IDLE] if is_idle(section, column) else absolute_names(section)
    return {name: [result and round(ABSOLUTE[name](result), 3 if ABSOLUTE[name](result) < 100 else None) for result in results]
            for name in names}


def rounded(rows):
    return {name: {column: value if value is None else round(value, 4) for column, value in row.items()}
            for name, row in rows.items()}


def section_document(section, cells):
    return {
        "title": section.title, "by": section.by, "goals": section.goals,
        "set_up": {server.name: server.setup for server in section.servers},
        "columns": {column: {"mode": mode, **options} for column, (mode, options) in section.columns.items()},
        "ratios": {figure: rounded(ratios(section, cells, figure)) for figure in section.figures},
        "rounds": {name: {column: rounds_of(section, column, results) for column, results in row.items()}
                   for name, row in cells.items()},
    }


def write(document, path):
    text = json.dumps(document, indent=1, ensure_ascii=False)
    path.write_text(re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text) + "\n")


def comparison(now, then):
    """Lines of a table: every ratio that both documents have."""
    old = {section["title"]: section for section in then["sections"]}
    rows = []
    for section in now["sections"]:
        for figure, servers in section["ratios"].items():
            before = old.get(section["title"], {}).get("ratios", {}).get(figure, {})
            for name, row in servers.items():
                for column, value in row.items():
                    was = before.get(name, {}).get(column)
                    if value and was:
                        rows.append([f"{section['title']}, {column}", name, figure, shown(was), shown(value), shown(value / was)])
    return table(["", "server", "ratio of", "then", "now", "now / then"], rows)
