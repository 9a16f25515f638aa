"""Published weights on Set5, in PyTorch and exported, as docs/set5.md.

    python benchmarks/set5.py                  # all rows; exported files and figures are kept in --results
    python benchmarks/set5.py --only dctlsa    # these rows again, the others as they were
    python benchmarks/set5.py --table          # only write the page

Weights and pictures are reference data, found through PLIANT_REFERENCE_DATA. The exit status is 1 if an engine is more
than 0.001 dB from PyTorch, or PyTorch more than 0.1 dB from what was published.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.architectures.set5 import ROWS, Measured, alone, eager, exported, quality  # noqa: E402

import pliant  # noqa: E402
from pliant.errors import PliantError  # noqa: E402

ENGINES = ("onnxruntime", "openvino")
PAGE = ROOT / "docs" / "set5.md"
INTRODUCTION = """# Published weights on Set5

Written by `make set5`. PSNR in dB over the five pictures, of eight-bit results: of the network in PyTorch, and of the
file that `pliant export` made of the weights, with the factor as an argument. Luma is that of MATLAB's rgb2ycbcr, and
a border as wide as the factor is left out; for CARN fractions of a level are cut off, as its own code does; DnCNN takes
away noise of 25 levels. *Published* is the same measure but for the networks of Nhat-Thanh, whose code counts Y, Cb and
Cr cut to [16, 240], before the network as well: the column *repeated* has this, of the weights in pliant's network
alone. The file cuts nothing, because black and white would be lost.
"""
HEAD = "| weights | factor | PyTorch | ONNX Runtime | OpenVINO | published | repeated | export, s |\n"


def measured(reference: Path, results: Path, row: Measured) -> dict[str, Any]:
    """The figures of one row, by column."""
    found: dict[str, Any] = {"eager": quality(reference, row, eager(reference, row))}
    if row.planes:
        found["alone"] = alone(reference, row)
    path = results / (Path(row.weights).stem + ".onnx")
    stamp = results / (Path(row.weights).stem + ".seconds")
    if not path.exists():
        start = time.perf_counter()
        artifact = exported(reference, row.weights)
        stamp.write_text(f"{time.perf_counter() - start:.0f}")
        artifact.save(path)
    found["seconds"] = stamp.read_text() if stamp.exists() else ""
    return found | {engine: _on_engine(path, engine, reference, row) for engine in ENGINES}


def _on_engine(path: Path, engine: str, reference: Path, row: Measured) -> float | str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the file is not verified on this engine: it is just being measured
            session = pliant.load(path, engine=engine)
        with session:
            return quality(reference, row, session)
    except PliantError as error:
        return str(error)


def page(figures: dict[str, dict[str, Any]]) -> str:
    """The page; rows that were not measured are left out."""
    lines = [INTRODUCTION, HEAD + "|---|---|" + "---:|" * 6]
    notes: list[str] = []
    for row in ROWS:
        if (found := figures.get(str(row))) is None:
            continue
        cells = [_number(found[column]) for column in ("eager", *ENGINES)]
        published = "" if row.published is None else f"{row.published:g}"
        if row.remark:
            notes.append(row.remark)
            published += f" [{len(notes)}]"
        repeated = _number(found.get("alone", ""))
        lines.append(
            "| " + " | ".join([row.weights, str(row.factor), *cells, published, repeated, found["seconds"]]) + " |"
        )
    lines += ["", *(f"[{k}] {note}.  " for k, note in enumerate(notes, 1)), ""]
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "refused" if value else ""


def wrong(row: Measured, found: dict[str, Any]) -> list[str]:
    """What is not as it must be."""
    said = [
        f"{row}: {engine} {found[engine]}, PyTorch {found['eager']:.4f}"
        for engine in ENGINES
        if not isinstance(found[engine], float) or abs(found[engine] - found["eager"]) > 0.001
    ]
    ours = found.get("alone", found["eager"])
    if row.published is not None and abs(ours - row.published) > 0.1:
        said.append(f"{row}: {ours:.4f}, published {row.published}")
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=ROOT / "out" / "set5")
    parser.add_argument("--only", help="rows whose weights have this in their path")
    parser.add_argument("--table", action="store_true", help="measure nothing")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    kept = options.results / "figures.json"
    figures: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    if not options.table:
        reference = Path(os.environ["PLIANT_REFERENCE_DATA"])
        for row in ROWS:
            if options.only is None or options.only in row.weights:
                figures[str(row)] = measured(reference, options.results, row)
                kept.write_text(json.dumps(figures, indent=1))
                sys.stderr.write(f"{row}: {figures[str(row)]}\n")
    PAGE.write_text(page(figures))
    said = [text for row in ROWS if str(row) in figures for text in wrong(row, figures[str(row)])]
    sys.stderr.write("".join(f"{text}\n" for text in said))
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
