"""What every engine makes of every operator, building block and corpus case, as docs/engines_matrix.md.

    python benchmarks/engine_matrix.py                  # all engines that are installed; results are kept in --results
    python benchmarks/engine_matrix.py --engine ncnn    # one engine again, the others' results as they were
    python benchmarks/engine_matrix.py --table          # only write the table

Each cell is "exact" (within 1e-5 of the range of eager PyTorch, at sizes and values the exporter has not seen),
"declared" with its figure (within 1e-4), "builds" for an engine that cannot run here, or "refused" with its reason.
The exit status is 1 if a cell is wrong or empty. The corpus is reference data, found through PLIANT_REFERENCE_DATA;
without it that part of the table is left out.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests import catalogue  # noqa: E402
from tests.engines.matrix import Cell, judge  # noqa: E402
from tests.samples import WITH_SAMPLES, alone, exported  # noqa: E402

import pliant  # noqa: E402
from pliant.contract import Contract  # noqa: E402
from pliant.engines.base import Engine, Options, engines  # noqa: E402
from pliant.errors import ExportError, PliantError  # noqa: E402

CORPUS = "Corpus of live values"
INTRODUCTION = """Written by `python benchmarks/engine_matrix.py`. *exact*: within 1e-5 of the range of eager PyTorch at
sizes and values that the exporter has not seen; *declared*: within 1e-4, with the figure; *builds*: the engine cannot
run on the machine that wrote this; *refused*: with the reason below. """
PAGE = ROOT / "docs" / "engines_matrix.md"


@dataclass(frozen=True)
class Row:
    """A row of one part of the table: a model, and runs as named arrays with what eager PyTorch gives.

    `refusal` says why there is no model: the export refuses it, for all engines.
    """

    part: str
    name: str
    model: bytes = b""
    contract: Contract = field(default_factory=lambda: Contract((), ()))
    runs: list[tuple[dict[str, Any], list[Any]]] = field(default_factory=list)
    refusal: str = ""


def blocks() -> Iterator[Row]:
    for group, names in catalogue.GROUPS.items():
        artifact, runs = catalogue.exported(group)
        for at, name in enumerate(names):
            model, contract = alone(artifact.model, artifact.contract, at)
            yield Row("Building blocks", name, model, contract, [({"x": x}, [y[at]]) for x, y in runs])


def samples() -> Iterator[Row]:
    for name in WITH_SAMPLES:
        found = exported(name)
        for at, label in enumerate(found.labels):
            model, contract = alone(found.model, found.contract, at)
            feeds = {entry.name: found.feeds[entry.name] for entry in contract.inputs}
            yield Row("Operators", f"{name}: {label}", model, contract, [(feeds, [found.expected[at]])])


def corpus() -> Iterator[Row]:
    data = os.environ.get("PLIANT_REFERENCE_DATA")
    folder = Path(data).resolve().parent / "corpus" if data else None
    if folder is None or not folder.is_dir():
        return
    sys.path.insert(0, str(folder))
    import live_values  # type: ignore[import-not-found]
    from harness import flatten  # type: ignore[import-not-found]

    for name, case in live_values.CASES.items():
        module = case.make().eval()
        try:
            artifact = pliant.export(module, case.args[0])
        except ExportError as error:
            yield Row(CORPUS, name, refusal="The export refuses it: " + str(error).partition("Reason: ")[2].strip())
            continue
        runs = []
        for args in case.args:
            with torch.no_grad():
                expected = [t.numpy() for t in flatten(module(*args))]
            entries = artifact.contract.inputs
            feeds = {e.name: np.asarray(a, e.dtype) for e, a in zip(entries, args, strict=True)}
            runs.append((feeds, expected))
        yield Row(CORPUS, name, artifact.model, artifact.contract, runs)


def cell(engine: Engine, row: Row) -> Cell:
    """The verdict on a row. An engine that cannot run here is asked to build."""
    if row.refusal:
        return Cell("refused", note=row.refusal)
    if engine.runs() is None:
        return judge(engine, row.model, row.contract, row.runs)
    try:
        assert engine.build is not None
        engine.build(row.model, row.contract, Options())
    except PliantError as error:
        return Cell("refused", note=str(error).split("; add")[0])
    return Cell("builds")


def measured(chosen: list[Engine], only: list[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Cells by part, row and engine."""
    table: dict[str, dict[str, dict[str, str]]] = {}
    for source in (blocks, samples, corpus):
        for row in source():
            if not any(text in row.name for text in only):
                continue
            cells = table.setdefault(row.part, {}).setdefault(row.name, {})
            for engine in chosen:
                cells[engine.name] = str(cell(engine, row))
                print(f"{row.part:22} {row.name[:50]:50} {engine.name:12} {cells[engine.name][:100]}", flush=True)
    return table


def page(table: dict[str, dict[str, dict[str, str]]], versions: dict[str, str]) -> str:
    """The table as Markdown; reasons are numbered below each part."""
    names = list(versions)
    lines = [
        "# Every engine on every operator",
        "",
        INTRODUCTION + ", ".join(f"{n} {versions[n]}" for n in names) + ".",
    ]
    for part, rows in table.items():
        reasons: dict[str, int] = {}
        counts = {n: sum(not c.get(n, "").startswith("refused") for c in rows.values()) for n in names}
        head = " | ".join(f"{n} ({counts[n]} of {len(rows)})" for n in names)
        lines += ["", f"## {part}", "", f"| | {head} |", "|---|" + "---|" * len(names)]
        for row, cells in rows.items():
            shown = [_short(cells.get(n, ""), reasons) for n in names]
            lines.append(f"| {_plain(row)} | " + " | ".join(shown) + " |")
        lines += ["", *(f"[{number}] {_plain(reason)}  " for reason, number in reasons.items())]
    return "\n".join(lines).rstrip() + "\n"


def _short(text: str, reasons: dict[str, int]) -> str:
    if not text.startswith("refused"):
        return text or "**empty**"
    reason = text.removeprefix("refused: ")
    return f"refused [{reasons.setdefault(reason, len(reasons) + 1)}]"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "/").replace("<", "&lt;").replace("_", r"\_").replace("*", r"\*")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="append", help="only this engine; may be given several times")
    parser.add_argument("--only", metavar="TEXT", nargs="+", default=[""], help="only rows whose name contains one")
    parser.add_argument("--table", action="store_true", help="only write the table from kept results")
    parser.add_argument("--results", type=Path, default=ROOT / "out" / "engine_matrix.json")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    kept = json.loads(options.results.read_text()) if options.results.is_file() else {"table": {}, "versions": {}}
    if not options.table:
        chosen = [e for e in engines() if e.available() is None and e.name != "pytorch"]
        chosen = [e for e in chosen if not options.engine or e.name in options.engine]
        for part, rows in measured(chosen, options.only).items():
            for row, cells in rows.items():
                kept["table"].setdefault(part, {}).setdefault(row, {}).update(cells)
        kept["versions"].update({e.name: e.version for e in chosen})
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text(json.dumps(kept, indent=1))
    PAGE.write_text(page(kept["table"], kept["versions"]))
    cells = [
        c
        for rows in kept["table"].values()
        for row in rows.values()
        for c in (row.get(n, "") for n in kept["versions"])
    ]
    return int(any(not c or c.startswith("wrong") for c in cells))


if __name__ == "__main__":
    raise SystemExit(main())
