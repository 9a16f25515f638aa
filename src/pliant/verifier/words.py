"""A report in words: the cells of its table and its sentences, the same on a terminal and in a page."""

from __future__ import annotations

from collections import Counter
from math import inf

from pliant.verifier.report import Report, Row

HEADINGS = (
    "engine",
    "precision",
    "result",
    "cases",
    "max error",
    "mean error",
    "PSNR",
    "off by 1",
    "off by more",
    "time",
)


def cells(row: Row) -> tuple[str, ...]:
    """One text for each of HEADINGS. Errors are absolute, shares are of the elements of pictures in grey levels."""
    name = f"{row.engine} {row.version}".strip()
    if row.status == "yardstick":
        blank = [""] * (len(HEADINGS) - 5)
        return (name, row.precision, row.status, str(row.cases), *blank, f"{row.seconds:.2f} s")
    if not row.ran:
        return (name, row.precision, row.status, *[""] * (len(HEADINGS) - 3))
    figures = row.figures
    return (
        name,
        row.precision,
        row.status,
        str(row.cases),
        f"{figures.largest:.1e}",
        f"{figures.mean:.1e}",
        "equal" if figures.psnr == inf else f"{figures.psnr:.1f} dB",
        _share(figures.by_one, figures.pixels),
        _share(figures.by_more, figures.pixels),
        f"{row.seconds:.2f} s",
    )


def conclusion(report: Report) -> str:
    """One sentence: what was compared with what, and how it came out."""
    against = {"pytorch": "the module in eager PyTorch"}.get(report.yardstick, "ONNX Runtime on the same file")
    counts = Counter(row.status for row in report.rows)
    told = [f"{counts[status]} {status}" for status in ("passed", "failed", "refused", "absent") if counts[status]]
    if report.faults:
        told.append("the file has a fault")
    return (
        f"{', '.join(told) or 'nothing was compared'}; yardstick: {against} ({report.yardstick_version}), "
        f"{len(report.cases)} cases."
    )


def sentences(report: Report) -> list[str]:
    """What is to be said beside the table: faults, why an engine failed or cannot be used, and notes."""
    told = [f"The file has a fault: {fault}" for fault in report.faults]
    for row in report.rows:
        label = f"{row.engine} {row.precision}" if row.ran or row.status == "refused" else row.engine
        if row.reason:
            told.append(f"{label} {row.status}: {row.reason}")
        if row.finding:
            told.append(str(row.finding))
        if row.note:
            told.append(f"{label}: {row.note}")
    return [*told, *report.notes]


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.3g} %" if whole else "-"
