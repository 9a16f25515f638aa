"""How an exporter keeps run-time values live: a corpus of idioms by exporter, as docs/live_values.md.

    python benchmarks/live_values.py                             # run pliant, dynamo and torchscript, write the table
    python benchmarks/live_values.py --exporter pliant           # run pliant again, keep the others' results
    python benchmarks/live_values.py --table                     # only write the table
    python benchmarks/live_values.py --case tolist --exporter pliant

The corpus and its harness are reference data, not part of the project: `--corpus`, or `corpus` beside the folder that
PLIANT_REFERENCE_DATA names. Results are kept per exporter and version of torch in `--results`, each with the
versions of the packages it was made with, so that a run in another environment adds columns instead of replacing any.
The exit status is 1 if pliant does not keep every case live.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXPORTERS = ("pliant", "dynamo", "torchscript")
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")
REASON = 100  # characters of a reason


def default_corpus() -> Path | None:
    """`corpus` beside the reference data, if that is set."""
    data = os.environ.get("PLIANT_REFERENCE_DATA")
    return Path(data).resolve().parent / "corpus" if data else None


def versions() -> dict[str, str]:
    """Of the packages that matter, here; pliant's is that of this checkout."""
    text = (ROOT / "src" / "pliant" / "version.py").read_text()
    found = {package: version(package) for package in PACKAGES}
    return found | {"pliant": text.split('"')[-2]}


def run(corpus: Path, exporter: str, case: str | None) -> dict[str, Any]:
    """What the harness says about an exporter: by case, whether it passed and why not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        command = [
            sys.executable,
            str(corpus / "harness.py"),
            "live_values",
            "--exporter",
            exporter,
            "--json",
            str(path),
        ]
        command += ["--case", case, "--verbose"] if case else []
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        }
        done = subprocess.run(command, env=environment)
        if not path.is_file():
            raise SystemExit(f"the harness ended with status {done.returncode} and wrote no results")
        return {"exporter": exporter, "versions": versions(), "cases": json.loads(path.read_text())}


def short(note: str) -> str:
    """A reason in a few words, without what would break a table or differs from run to run."""
    text = (
        re.sub(r"\x1b\[\d*m|0x[0-9a-f]+", "", note)
        .partition(" This is step")[0]
        .replace("|", "/")
        .replace("`", "'")
        .replace("<", "&lt;")
    )
    text = re.sub(r"\S*/(\w+\.py)", r"\1", " ".join(text.split()))
    return text if len(text) <= REASON else text[: REASON - 1].rstrip() + "…"


def by_number(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]


def table(results: Sequence[dict[str, Any]]) -> str:
    """The page."""
    columns = sorted(results, key=lambda r: (EXPORTERS.index(r["exporter"]), by_number(r["versions"]["torch"])))
    cases = list(dict.fromkeys(name for column in columns for name in column["cases"]))
    heads = [f"{c['exporter']}, torch {c['versions']['torch'].partition('+')[0]}" for c in columns]
    lines = [
        "# Live values, by exporter",
        "",
        f"{len(cases)} ways in which code uses a value or a size known only at run time. A case passes when the file, "
        "made from one example, gives what eager PyTorch gives for other values and sizes, in plain ONNX Runtime: "
        "shapes equal, numbers within 1e-4. Where no file can be right (a stride by value), a refusal passes.",
        "",
        "`dynamo` is `torch.onnx.export(dynamo=True)`, `torchscript` the deprecated `dynamo=False`, both with height "
        "and width dynamic. This page is written by `benchmarks/live_values.py`; see CONTRIBUTING.md.",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---|" + "---|" * len(columns),
        "| live | " + " | ".join(f"**{count(c)} of {len(c['cases'])}**" for c in columns) + " |",
    ]
    lines += [f"| {p} | " + " | ".join(c["versions"][p] for c in columns) + " |" for p in ("pliant", *PACKAGES[1:])]
    lines += ["", "| case | " + " | ".join(heads) + " |", "|---|" + "---|" * len(columns)]
    lines += [f"| {case} | " + " | ".join(mark(c["cases"].get(case)) for c in columns) + " |" for case in cases]
    return "\n".join(lines) + "\n"


def count(column: dict[str, Any]) -> int:
    return sum(passed for passed, _ in column["cases"].values())


def mark(result: Any) -> str:
    if result is None:
        return "not run"
    passed, note = result
    if passed:
        return "yes" if note == "ok" else "yes, refused"
    return f"no: {short(note)}"


def stored(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=default_corpus(), help="folder with harness.py")
    parser.add_argument("--exporter", action="append", choices=EXPORTERS, help="all if not given; may be repeated")
    parser.add_argument("--case", help="run one case and write nothing")
    parser.add_argument("--results", type=Path, default=ROOT / "out" / "live_values", help="where results are kept")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "live_values.md")
    parser.add_argument("--table", action="store_true", help="run nothing, write the table")
    parser.add_argument(
        "--add", nargs=2, metavar=("EXPORTER", "JSON"), help="take results that the harness has written"
    )
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    exporters = [] if options.table or options.add else options.exporter or EXPORTERS
    if exporters and (options.corpus is None or not (options.corpus / "harness.py").is_file()):
        parser.error("the corpus is reference data: set PLIANT_REFERENCE_DATA, or give its folder with --corpus")
    found = [run(options.corpus, exporter, options.case) for exporter in exporters]
    if options.add:
        exporter, path = options.add
        found = [{"exporter": exporter, "versions": versions(), "cases": json.loads(Path(path).read_text())}]
    if not options.case:
        for result in found:
            name = f"{result['exporter']}-{result['versions']['torch'].partition('+')[0]}.json"
            (options.results / name).write_text(json.dumps(result, indent=1))
        options.page.write_text(table(stored(options.results)), encoding="utf-8")
    short_of = [r for r in found if r["exporter"] == "pliant" and count(r) < len(r["cases"])]
    raise SystemExit(1 if short_of else 0)


if __name__ == "__main__":
    main()
