"""The race of benchmarks/speed.py: what is wrong is marked, what does not run is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.contest import networks
from benchmarks.contest.equality import compare
from benchmarks.contest.pictures import picture, tensor
from benchmarks.contest.race import entrants
from benchmarks.contest.tables import _race
from benchmarks.contest.tables.base import Claim, Options

from pliant.registry import load

FAMILY = "tests.benchmarks.family"
EXACT = ("pytorch_eager", "script_onnxruntime", "script_openvino", "script_ncnn", "pliant_auto", "pliant_openvino")


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Data of a race of the family beside this file, on pictures of 6 and 8 pixels."""
    options = Options(tmp_path_factory.mktemp("race"), True, None, None, lambda what: None)
    return _race.run(options, entrants(FAMILY), {}, tensor, (6, 8))


def test_a_wrong_result_is_marked_and_timed_as_wrong(race: Any) -> None:
    for measured in race["pictures"]:
        right, wrong = measured["rows"]["repeated"], measured["rows"]["wrong"]
        assert right["comparison"]["largest"] == 0
        assert wrong["comparison"]["largest"] == pytest.approx(3, abs=1e-3)
        assert wrong["comparison"]["beyond"] == pytest.approx(1 / (16 * measured["side"] ** 2))
        assert len(right["seconds"]) >= 1
    lines = {line.split("|")[1].strip(): line for line in _race.times(race, "repeated").splitlines()}
    assert "≠" in lines["**wrong**"]
    assert "≠" not in lines["repeated"]
    assert "| 3 |" in _race.differences(race)


def test_what_does_not_run_is_told(race: Any) -> None:
    for measured in race["pictures"]:
        assert measured["rows"]["missing"] == {"refused": "needs more than 0 files"}
        assert measured["rows"]["ending"] == {"refused": "the process ended with status 4"}
        assert "GB of memory" in measured["rows"]["greedy"]["refused"]
    told = _race.missing(race)
    assert "- missing did not run: needs more than 0 files" in told
    assert "- ending did not run: the process ended with status 4" in told


def test_comparison_of_levels_and_of_broken_results() -> None:
    levels = picture(100, 120)
    other = levels.copy()
    other[0, 0, 2] ^= 2
    found = compare(other, levels)
    assert (found.largest, found.inside, found.equal) == (2, 0, False)
    assert compare(levels, levels).equal
    assert not compare(levels[:50], levels).equal
    broken = tensor(levels)
    broken[0, 0, 0, 0] = np.nan
    assert not compare(broken, tensor(levels)).equal


@pytest.mark.parametrize("name", EXACT)
def test_contenders_compute_the_same_network(name: str, tmp_path: Path) -> None:
    files, image = networks.write(tmp_path), tensor(picture(19, 23))
    contender, eager = (load("benchmarks.contest.contenders", n, "CONTENDER", extra="bench") for n in (name, EXACT[0]))
    result = contender.open(files)(image)
    assert result.shape == (1, 3, 76, 92)
    assert compare(result, eager.open(files)(image)).largest <= 0.01


def test_arithmetic_of_the_graph() -> None:
    assert networks.multiply_adds(networks.weights()) == 20_096


def test_verdicts() -> None:
    verdicts = [
        Claim("", 2, value, most=most).verdict for value, most in ((2, False), (1, False), (1, True), (3, True))
    ]
    assert verdicts == ["reached", "falls short", "reached", "falls short"]
    assert Claim("", 2, None).verdict == "not measured"
    assert Claim("", 2, 1, asked=False).verdict == "not wanted here"
