"""Two kinds of plots as SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log

WIDTH, ROW, LABELS, RIGHT = 760, 24, 270, 90
TALL, LEFT, TOP, BOTTOM = 360, 60, 40, 40
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")
MINE, OTHER = "#228833", "#99aabb"


@dataclass(frozen=True)
class Bar:
    """A bar, drawn in another colour if it is pliant's."""

    title: str
    value: float
    mine: bool


def bars(title: str, shown: Sequence[Bar], mark: tuple[str, float]) -> str:
    """Bars below each other, and a dashed line at the value of `mark`."""
    height = TOP + ROW * len(shown) + 30
    scale = (WIDTH - LABELS - RIGHT) / max(mark[1], *(bar.value for bar in shown))
    parts = [_text(10, 20, title, "start", 15)]
    for k, bar in enumerate(shown):
        y, wide = TOP + ROW * k, bar.value * scale
        parts.append(_text(LABELS - 8, y + 15, bar.title, "end"))
        parts.append(
            f'<rect x="{LABELS}" y="{y}" width="{wide:.1f}" height="{ROW - 6}" fill="{MINE if bar.mine else OTHER}"/>'
        )
        parts.append(_text(LABELS + wide + 6, y + 15, f"{bar.value:.0f}", "start"))
    at, end = LABELS + mark[1] * scale, TOP + ROW * len(shown)
    parts.append(f'<path d="M{at:.1f} {TOP - 6}V{end}" stroke="#cc3311" stroke-dasharray="4 3"/>')
    parts.append(_text(min(at, WIDTH - 110), end + 16, f"{mark[0]}: {mark[1]:.0f}", "middle"))
    return _picture(height, parts)


def lines(title: str, across: Sequence[float], series: Mapping[str, Sequence[float | None]]) -> str:
    """A line for each of the series, its values above those of `across`; both axes are logarithmic.

    None leaves a point out, and a line without any is not named.
    """
    values = [value for line in series.values() for value in line if value]
    if not values:
        return _picture(TOP, [_text(10, 20, f"{title}: nothing was measured", "start", 15)])
    xs = _scale(across, LEFT, WIDTH - LABELS - 20)
    ys = _scale(values, TALL - BOTTOM, TOP)
    parts = [_text(10, 20, title, "start", 15)]
    parts += [_text(xs(x), TALL - BOTTOM + 18, f"{x:.2g}", "middle") for x in across]
    for value in (min(values), (min(values) * max(values)) ** 0.5, max(values)):
        parts.append(_text(LEFT - 14, ys(value) + 4, f"{value:.2g}", "end"))
        parts.append(f'<path d="M{LEFT - 8} {ys(value):.1f}H{WIDTH - LABELS - 12}" stroke="#dddddd"/>')
    for k, (name, line) in enumerate((name, line) for name, line in series.items() if any(line)):
        colour, points = COLOURS[k % len(COLOURS)], [(xs(x), ys(y)) for x, y in zip(across, line, strict=True) if y]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(_text(WIDTH - LABELS + 12, TOP + 10 + 22 * k, name, "start", colour=colour))
    return _picture(TALL, parts)


def _scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    """Places between `first` and `last` for the logarithms of values."""
    low = log(min(values))
    slope = (last - first) / ((log(max(values)) - low) or 1)
    return lambda value: first + (log(value) - low) * slope


def _text(x: float, y: float, what: str, anchor: str, size: int = 12, colour: str = "#222222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(what)}</text>'
    )


def _picture(height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *parts, "</svg>", ""])
