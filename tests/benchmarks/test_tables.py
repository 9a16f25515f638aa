"""Tables of benchmarks/speed.py in their quick form; figures themselves are nothing for a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from benchmarks.contest import networks, probes
from benchmarks.contest.contenders import script_onnxruntime
from benchmarks.contest.page import page, plots
from benchmarks.contest.pictures import picture, tensor
from benchmarks.contest.plots import Bar, bars, lines
from benchmarks.contest.tables.base import Options, Table
from benchmarks.contest.tables.levels import AROUND, QUANTIZED, SAME
from benchmarks.speed import tables


@pytest.fixture(scope="module")
def every() -> dict[str, Table]:
    """All tables by name."""
    return tables()


def measured(table: Table, folder: Path) -> Any:
    """Data of a table, as they come back from the file."""
    return json.loads(json.dumps(table.measure(Options(folder, True, None, None, lambda what: None))))


@pytest.mark.parametrize("name", ["folder", "flat", "peers"])
def test_page_of_a_table(name: str, every: dict[str, Table], tmp_path: Path) -> None:
    entry: Any = {"data": measured(every[name], tmp_path), "date": "2026-01-02", "commit": "abc", "seconds": 90.0}
    machine = {
        "processor": "P",
        "cores": 2,
        "memory": None,
        "flags": [],
        "load": 0.5,
        "system": "S",
        "python": "3",
        "versions": {},
    }
    figures = {"tables": {name: {**entry, "machine": machine}}}
    text = page(figures, every)
    assert f"## {every[name].title}" in text
    assert f"--only {name}`, 2026-01-02, on P at a load of 0.5, commit abc, 1.5 minutes" in text
    assert "**P**, 2 cores" in text
    claims = every[name].claims(entry["data"], machine)
    assert claims
    assert all(claim.text in text for claim in claims)
    for drawing in plots(figures, every).values():
        ET.fromstring(drawing)


def test_wrapping_looks_into_the_engines(every: dict[str, Table], tmp_path: Path) -> None:
    rows = measured(every["wrapping"], tmp_path)["rows"]
    assert {row["engine"] for row in rows} == {"onnxruntime", "openvino"}
    assert all(row["inside"] > 0 for row in rows)


def test_bytes_in_the_graph_are_those_around_it(every: dict[str, Table], tmp_path: Path) -> None:
    """But for halves, which `QuantizeLinear` rounds to even, and what differs in the last bit."""
    data = measured(every["levels"], tmp_path)
    for found in data["engines"].values():
        assert {row["way"]: row["share"] < 1e-3 for row in found} == dict.fromkeys([AROUND, SAME, QUANTIZED], True)
    assert {row["way"]: row["share"] for row in data["engines"]["onnxruntime"]}[SAME] == 0
    assert SAME in every["levels"].text(data, {})


def test_profiles_name_nodes(every: dict[str, Table], tmp_path: Path) -> None:
    data = measured(every["profile"], tmp_path)
    for name, nodes in data["nodes"].items():
        assert any("Conv" in kind for kind, _, _ in nodes), name


def test_profile_of_onnxruntime_counts_the_second_run_alone(tmp_path: Path) -> None:
    files = networks.write(tmp_path)

    def opened() -> Callable[[], Any]:
        run = script_onnxruntime.CONTENDER.open(files)
        return lambda: run(tensor(picture(8, 8)))

    events: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes, "_longest", events.extend)
        probes.nodes_onnxruntime(opened)
    assert [kind for kind, _, _ in events].count("Conv") == 3


def test_plots_leave_out_what_is_missing() -> None:
    drawn = lines("t", [1, 4], {"a": [1.0, None], "b": [None, None]})
    assert len(ET.fromstring(drawn).findall("{*}circle")) == 1
    drawn = bars("t", [Bar("a < b", 2.0, True), Bar("c", 1.0, False)], ("mark", 4.0))
    widths = [float(r.get("width", "")) for r in ET.fromstring(drawn).findall("{*}rect")][1:]
    assert widths[0] == pytest.approx(2 * widths[1])
