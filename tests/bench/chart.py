# SPDX-License-Identifier: MIT
"""Draws a document of results (report.py) as a table of bars, one SVG: a row for each server, a column for each kind of load, and
in each cell the ratio as a bar on a logarithmic scale that the whole section shares. No library."""
import html
import math

LABEL, ROW, HEAD, GAP, EDGE = 140, 20, 58, 26, 12
WIDTH, CELL_MIN, NUMBER = 980, 82, 40
OURS, FLOOR, OTHER, GOAL = "#1a73e8", "#80868b", "#c4c9cf", "#188038"
IDLE = "idle"
OF = {"CPU": "server CPU per message", "per second": "messages a second", "broker CPU": "the broker's CPU per message",
      "ms": "time"}


def text(x, y, words, size=12, anchor="start", color="#202124", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}" font-weight="{weight}">'
            f"{html.escape(words)}</text>")


def shown(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


class Scale:
    """Where a value ends within a cell; from half of the least, or of 1, up to the most."""

    def __init__(self, values, room):
        self.low = min([1, *values]) / 2
        self.high = max([2 * self.low, 1.3, *values])
        self.room = room

    def x(self, value):
        return self.room * math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)


def color_of(name, rows):
    if name.startswith(("socklet", "two on")) or not any(other.startswith("socklet") for other in rows):
        return OURS
    return FLOOR if name == next(iter(rows)) else OTHER


def panel(section, figure, top):
    """(SVG, its height) of one figure of a section."""
    rows, columns = section["ratios"][figure], list(section["columns"])
    cell = max(CELL_MIN, (WIDTH - LABEL - 2 * EDGE) / max(len(columns), 5))
    by = "in the first column" if section["by"] == "column" else f"of {next(iter(rows))}"
    parts = [text(EDGE, top + 18, f"{section['title']}: {OF[figure]}, 1 = that {by}", 14, weight="bold")]
    bottom = top + HEAD + ROW * len(rows)
    loaded = [column for column in columns if section["columns"][column]["mode"] != IDLE]
    shared = Scale([row[column] for row in rows.values() for column in loaded if row.get(column)], cell - NUMBER)
    for i, column in enumerate(columns):
        left = EDGE + LABEL + i * cell
        is_idle = column not in loaded
        scale = Scale([row[column] for row in rows.values() if row.get(column)], cell - NUMBER) if is_idle else shared
        parts.append(text(left, top + HEAD - 10, column, 12, weight="bold"))
        parts += [bar(rows, name, column, left, top + HEAD + ROW * j, scale) for j, name in enumerate(rows)]
        if not is_idle:
            parts.append(f'<path d="M{left + scale.x(1):.1f} {top + HEAD - 4}V{bottom}" stroke="#5f6368"/>')
        goal = section["goals"].get(column)
        if goal and figure == next(iter(section["ratios"])):
            x = left + scale.x(goal)
            parts.append(f'<path d="M{x:.1f} {top + HEAD - 1:.1f}l-4 -7h8z" fill="{GOAL}"><title>goal {goal}</title></path>')
    parts += [text(EDGE + LABEL - 8, top + HEAD + ROW * j + 14, name, 12, "end",
                   weight="bold" if color_of(name, rows) == OURS else "normal") for j, name in enumerate(rows)]
    return parts, bottom - top + GAP, EDGE * 2 + LABEL + cell * len(columns)


def bar(rows, name, column, left, top, scale):
    value, color = rows[name].get(column), color_of(name, rows)
    if not value:
        return text(left + 2, top + 14, "-", 12)
    width = max(1.5, scale.x(value))
    number = scale.x(1) if scale.low <= 1 and width < scale.x(1) < width + NUMBER else width  # not on the line
    return (f'<rect x="{left:.1f}" y="{top + 3}" width="{width:.1f}" height="{ROW - 6}" fill="{color}">'
            f"<title>{html.escape(f'{name}, {column}: {shown(value)}')}</title></rect>" +
            text(left + number + 3, top + 14, shown(value), 12, weight="bold" if color == OURS else "normal"))


def draw(document):
    parts, top, width = [], 4, 820
    for section in document["sections"]:
        for figure, rows in section["ratios"].items():
            if any(value for row in rows.values() for value in row.values()):
                drawn, height, needed = panel(section, figure, top)
                parts, top, width = parts + drawn, top + height, max(width, needed)
    words = f"{document['rounds']} rounds of {document['ms']} ms, medians; logarithmic bars"
    if any(section["goals"] for section in document["sections"]):
        words += "; a green triangle is the goal"
    parts.append(text(EDGE, top, f"{words}. {document['machine']}, {document['at'][:10]}.", 11, color="#5f6368"))
    height = top + 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" font-family="sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n' +
            "\n".join(parts) + "\n</svg>\n")
