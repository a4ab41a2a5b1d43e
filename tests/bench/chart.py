# SPDX-License-Identifier: MIT
"""Draws ratios as groups of bars on a logarithmic axis: one SVG, no library."""
import html
import math

COLORS = ["#9aa0a6", "#c3c7cb", "#1a73e8", "#e8710a", "#f9ab00", "#9334e6", "#188038", "#d93025"]
BAR, GAP, LEFT, TOP, HEIGHT = 14, 26, 48, 64, 260
LOWEST = 0.5


def text(x, y, words, size=11, anchor="middle"):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}">{html.escape(words)}</text>'


def draw(title, columns, ratios):
    """`ratios` is {name: {column: number or None}}."""
    group = BAR * len(ratios) + GAP
    width = LEFT + group * len(columns) + GAP
    highest = max([2, *(value for row in ratios.values() for value in row.values() if value)])

    def y_of(value):
        share = math.log(max(value, LOWEST) / LOWEST) / math.log(highest * 1.2 / LOWEST)
        return TOP + HEIGHT * (1 - share)

    parts = [f'<rect width="{width}" height="{TOP + HEIGHT + 40}" fill="white"/>', text(LEFT, 20, title, 15, "start")]
    for tick in (0.5, 1, 2, 5, 10, 20, 50, 100):
        if tick <= highest * 1.2:
            y = y_of(tick)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{width - GAP}" stroke="{"#555" if tick == 1 else "#ddd"}"/>')
            parts.append(text(LEFT - 6, y + 4, f"{tick:g}", anchor="end"))
    for i, (name, row) in enumerate(ratios.items()):
        color = COLORS[i % len(COLORS)]
        x = LEFT + i * (width - LEFT) / len(ratios)
        parts.append(f'<rect x="{x:.0f}" y="34" width="10" height="10" fill="{color}"/>{text(x + 14, 43, name, 11, "start")}')
        for j, column in enumerate(columns):
            if value := row[column]:
                x, y = LEFT + j * group + GAP / 2 + i * BAR, y_of(value)
                label = f"{name}, {column}: {value:.2f}"
                parts.append(f'<rect x="{x:.0f}" y="{y:.1f}" width="{BAR - 2}" height="{TOP + HEIGHT - y:.1f}" '
                             f'fill="{color}"><title>{html.escape(label)}</title></rect>')
    parts += [text(LEFT + (j + 0.5) * group, TOP + HEIGHT + 20, column, 12) for j, column in enumerate(columns)]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{TOP + HEIGHT + 40}" '
            f'font-family="sans-serif">\n' + "\n".join(parts) + "\n</svg>\n")
