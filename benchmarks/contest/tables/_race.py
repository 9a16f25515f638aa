"""What the two races have in common: rows of contenders, on pictures of several sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.contest.base import FACTOR, Array
from benchmarks.contest.pictures import picture
from benchmarks.contest.race import Entrant, Race
from benchmarks.contest.tables.base import Data, Options, grid, seconds

SIDES = (64, 128, 256, 512, 1024)  # of the source: results of 0.07, 0.26, 1, 4.2 and 17 megapixels
QUICK = (24, 48)
HEADLINE = 512
SECONDS, SECONDS_QUICK = 3.0, 0.2  # that a contender is timed on each picture, about


def megapixels(side: int) -> float:
    """Of the result."""
    return (side * FACTOR) ** 2 / 1e6


def run(
    options: Options, entrants: Sequence[Entrant], files: Mapping[str, str], prepare: Any, sides: Iterable[int]
) -> Data:
    """Figures of all contenders on pictures of these sides; `prepare` makes what contenders take of levels."""
    race = Race(entrants, files, options.folder, SECONDS_QUICK if options.quick else SECONDS, options.say)
    pictures: list[Data] = []
    try:
        for side in sides:
            given: Array = prepare(picture(side, side))
            pictures.append({"side": side, "megapixels": megapixels(side), "rows": race.on(given, megapixels(side))})
    finally:
        race.close()
    titles = {e.name: {"title": e.contender.title, "mine": e.contender.mine} for e in entrants}
    return {"contenders": titles, "pictures": pictures}


def headline(data: Data) -> Data:
    """The picture of which something is wanted, or the largest if it was not measured."""
    found = [p for p in data["pictures"] if p["side"] == HEADLINE]
    return (found or data["pictures"])[0 if found else -1]


def median(data: Data, name: str) -> float | None:
    """Of a contender on that picture, in seconds; None if it did not run."""
    return headline(data)["rows"].get(name, {}).get("median")


def ratio(data: Data, slow: str, quick: str) -> float | None:
    """How many times as long one takes as the other."""
    above, below = median(data, slow), median(data, quick)
    return above / below if above and below else None


def times(data: Data, base: str) -> str:
    """Medians of all contenders by size, and how many times as fast as `base` they are on the headline picture."""
    sizes = [f"{p['megapixels']:.2g} MP" for p in data["pictures"]]
    head = ["", *sizes, f"times {data['contenders'][base]['title']}"]
    rows: list[list[str]] = []
    for name, about in data["contenders"].items():
        cells = [_cell(p["rows"][name]) for p in data["pictures"]]
        if all("refused" in p["rows"][name] for p in data["pictures"]):
            continue
        times_base = ratio(data, base, name)
        rows.append([_title(about), *cells, f"{times_base:.2f}" if times_base else "-"])
    return grid(head, rows)


def differences(data: Data) -> str:
    """How far results are from the reference, over all sizes."""
    head = ["", "largest difference, levels", "pixels beyond one level", "without a frame of 40 pixels"]
    rows: list[list[str]] = []
    for name, about in data["contenders"].items():
        found = [c for p in data["pictures"] if (c := p["rows"][name].get("comparison"))]
        if found:
            worst = {key: max(c[key] for c in found) for key in ("largest", "beyond", "inside")}
            rows.append([_title(about), _level(worst["largest"]), f"{worst['beyond']:.2%}", _level(worst["inside"])])
    return grid(head, rows)


def missing(data: Data) -> str:
    """Who did not run, and why."""
    lines: list[str] = []
    for name, about in data["contenders"].items():
        refused = [(p["megapixels"], r) for p in data["pictures"] if (r := p["rows"][name].get("refused"))]
        if refused:
            where = "" if len(refused) == len(data["pictures"]) else f", from {refused[0][0]:.2g} MP on"
            lines.append(f"- {about['title']} did not run{where}: {refused[0][1].strip()}")
    return "\n".join(lines)


def _title(about: Mapping[str, Any]) -> str:
    return f"**{about['title']}**" if about["mine"] else about["title"]


def _cell(row: Mapping[str, Any]) -> str:
    if "median" not in row:
        return "-"
    return seconds(row["median"]) + ("" if row["comparison"]["largest"] <= 1 else " ≠")


def _level(value: float) -> str:
    return f"{value:.1e}" if 0 < value < 0.01 else f"{value:.3g}"
