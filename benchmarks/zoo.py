"""What pliant and plain torch.onnx make of every architecture, as docs/models.md.

    python benchmarks/zoo.py                     # all that have no result in --results yet, then the table
    python benchmarks/zoo.py --only SwinIR HAT   # these again
    python benchmarks/zoo.py --table             # only write the table

Networks are small and have random weights (tests/architectures/zoo.py). Each runs in a process of its own, for at most
--limit seconds: some exporters do not end. "right" means within 1e-3 of the largest value of what spandrel computes
with a fresh copy of the weights, at eight sizes from 1x1 and, with a live factor, at 1, 1.5, 2, 3 and the native one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

PAGE = ROOT / "docs" / "models.md"
UNKNOWN = "not measured"
FEW = ((1, 1), (7, 5), (57, 83))  # for the second engine
INTRODUCTION = """Written by `make zoo`. Small networks with random weights, every structural feature of the published
ones in them, exported from a weights file by `pliant export`. *Right* is within 1e-3 of the largest value of what
spandrel computes with a fresh copy, at eight sizes (1x1, 7x5, 64x64, 57x83, 128x40, 5x33, 24x17, 31x48) and, where the
factor is live, at 1, 1.5, 2, 3 and the native scale; *error* is the worst of all. The last column is PyTorch's own
`torch.onnx.export` of the same module with live height and width: at how many of those sizes its file is right.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="NAME")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--plain", action="store_true", help="also try torch.onnx.export")
    parser.add_argument("--limit", type=int, default=600, help="seconds for one network and exporter")
    parser.add_argument("--results", type=Path, default=ROOT / "out" / "zoo")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "NAME"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(CHILDREN[options.child[0]](options.child[1])))
        return
    from tests.architectures.zoo import ZOO

    options.results.mkdir(parents=True, exist_ok=True)
    for name in [] if options.table else options.only or ZOO:
        for kind in ("pliant", "plain") if options.plain else ("pliant",):
            file = options.results / f"{kind}_{name}.json"
            if not file.exists() or options.only:
                found = in_a_process(kind, name, options.limit)
                file.write_text(json.dumps(found))
                print(name, kind, found.get("problem") or found, flush=True)
    PAGE.write_text(table(options.results))


def in_a_process(kind: str, name: str, limit: int) -> dict[str, Any]:
    """What a child process found, or {"problem": why there is nothing}."""
    command = [sys.executable, __file__, "--child", kind, name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {"problem": f"did not end in {limit} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"problem": (done.stderr.strip().splitlines() or ["ended without a word"])[-1][:300]}
    return json.loads(lines[-1])


def with_pliant(name: str) -> dict[str, Any]:
    """Export and compare on both engines."""
    warnings.simplefilter("ignore")
    from tests.architectures.measured import SIZES, Measured, compared, exported

    from pliant.errors import PliantError

    with tempfile.TemporaryDirectory() as folder:
        try:
            artifact, weights, seconds = exported(name, Path(folder))
        except PliantError as error:
            return {"problem": f"refused: {' '.join(str(error).split())[:300]}"}
        size = artifact.save(Path(folder) / "model.onnx").stat().st_size
    first = compared(Measured(artifact, seconds), weights, SIZES, "onnxruntime")
    try:
        second = compared(Measured(artifact, seconds), weights, FEW, "openvino")
        openvino = f"{second.worst:.0e}" if not second.wrong else f"wrong: {second.wrong[0]}"
    except PliantError as error:
        openvino = f"refused: {' '.join(str(error).split())[:200]}"
    contract = artifact.contract
    network = contract.network
    assert network is not None
    return {
        "factor": "live" if contract.factor else "native",
        "scale": network.scale,
        "needs": needs(network),
        "tiling": network.tiling,
        "worst": first.worst,
        "lively": first.lively,
        "wrong": first.wrong,
        "openvino": openvino,
        "seconds": round(seconds, 1),
        "kib": round(size / 1024),
        "notes": list(contract.notes),
    }


def needs(network: Any) -> str:
    """The sizes that a network takes inside its file."""
    words = [f"at least {network.minimum}"] if network.minimum > 1 else []
    words += [f"multiples of {network.multiple}"] if network.multiple > 1 else []
    return ", ".join([*words, *(["square"] if network.square else [])])


def with_torch(name: str) -> dict[str, Any]:
    """Export the same module with torch.onnx.export and live height and width; run the file as it is."""
    warnings.simplefilter("ignore")
    import numpy as np
    import onnxruntime
    import torch
    from tests.architectures.measured import SIZES, TOLERANCE, runs
    from tests.architectures.zoo import ZOO

    from pliant.architectures.base import recognise

    weights = {key: value.clone() for key, value in ZOO[name].make().state_dict().items()}
    model = recognise({k: v.clone() for k, v in weights.items()}, {}, name)[1]
    live = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    begun = time.perf_counter()
    program = torch.onnx.export(
        model.module, model.example, dynamo=True, dynamic_shapes=tuple(live for _ in model.example), verbose=False
    )
    assert program is not None
    seconds = time.perf_counter() - begun
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    right = 0
    for pictures, native, _ in runs(weights, SIZES):
        feed = dict(zip((i.name for i in session.get_inputs()), pictures.values(), strict=True))
        try:
            result: Any = session.run(None, feed)[0]
        except Exception:  # noqa: BLE001 - any failure means: this size does not work
            continue
        expected = native.numpy()
        if result.shape == expected.shape:
            right += bool(np.abs(result - expected).max() <= TOLERANCE * max(1e-6, np.abs(expected).max()))
    return {"right": right, "of": len(SIZES), "seconds": round(seconds, 1)}


CHILDREN = {"pliant": with_pliant, "plain": with_torch}


def table(results: Path) -> str:
    """docs/models.md."""
    from tests.architectures.zoo import ZOO

    head = ["architecture", "factor", "scale", "needs inside", "ONNX Runtime", "error", "OpenVINO", "export", "file"]
    rows = [f"| {' | '.join([*head, 'torch.onnx'])} |", "|---" * (len(head) + 1) + "|"]
    right, problems = 0, list[str]()
    for name in ZOO:
        ours, plain = (read(results / f"{kind}_{name}.json") for kind in ("pliant", "plain"))
        problem = ours.get("problem") or "; ".join(ours.get("wrong", [])[:2])
        right += not problem
        problems += [f"- **{name}**: {problem}"] if problem else []
        problems += [f"- **{name}** on OpenVINO: {ours['openvino']}"] if ":" in ours.get("openvino", "") else []
        rows.append(f"| {name} | {' | '.join(cells(ours, problem))} | {plain_cell(plain)} |")
    told = "\n".join(problems)
    title = f"# Architectures\n\n{INTRODUCTION}\n**{right} of {len(ZOO)} right.**\n\n"
    return title + "\n".join(rows) + (f"\n\n## What is not right\n\n{told}\n" if told else "\n")


def cells(ours: dict[str, Any], problem: str) -> list[str]:
    if "worst" not in ours:
        return ["", "", "", "**no**", "", "", "", ""]
    openvino = ours["openvino"] if ":" not in ours["openvino"] else "**no**"
    verdict = "**no**" if problem else "right"
    size = [f"{ours['seconds']:.0f} s", f"{ours['kib']:,} KiB"]
    return [ours["factor"], f"{ours['scale']:g}", ours["needs"], verdict, f"{ours['worst']:.0e}", openvino, *size]


def plain_cell(plain: dict[str, Any]) -> str:
    if "right" in plain:
        return f"{plain['right']} of {plain['of']}, {plain['seconds']:.0f} s"
    return "not tried" if plain.get("problem") == UNKNOWN else "no file"


def read(file: Path) -> dict[str, Any]:
    """A stored result; {"problem": ...} where there is none."""
    return json.loads(file.read_text()) if file.exists() else {"problem": UNKNOWN}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
