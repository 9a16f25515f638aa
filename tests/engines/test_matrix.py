"""Every engine on every building block and on every sample of every operator, at sizes the exporter has not seen."""

from __future__ import annotations

from functools import cache

import pytest

from pliant.engines.base import Engine, engines
from tests import catalogue
from tests.catalogue import GROUPS
from tests.engines.matrix import judge
from tests.samples import WITH_SAMPLES, Exported, alone, exported

# Verdicts that are not "exact": (engine, block or operator) -> how a cell may begin. All else must be exact.
OTHERWISE: dict[tuple[str, str], str] = {
    ("ncnn", "argmax"): "refused: Engine 'ncnn' cannot run this model: ArgMax",
    ("ncnn", "top 2 of the channels"): "refused: Engine 'ncnn' cannot run this model: TopK",
    ("ncnn", "roll.default((2, 3), 4)"): "refused: Engine 'ncnn' cannot run this model: Reshape 'roll_flat/",  # int64
    ("ncnn", "roll.default((2, 3), 2, 1)"): "refused: Engine 'ncnn' cannot run this model: Slice 'roll_1/",  # int64
    # by the name of the file, for all samples of an operator
    ("ncnn", "nms"): "refused: Engine 'ncnn' cannot run this model: NonMaxSuppression",
    ("ncnn", "roi_align"): "refused: Engine 'ncnn' cannot run this model: Cast 'roi_align/",  # index of a picture
    ("ncnn", "deform_conv"): "refused: Engine 'ncnn' cannot run this model: Conv",  # the weight is no constant
}


def runnable() -> list[Engine]:
    """The engines that compute here. One that is installed in this environment and does not is a failure elsewhere."""
    return [engine for engine in engines() if engine.available() is None and engine.runs() is None]


@cache
def samples(name: str) -> Exported:
    return exported(name)


@pytest.mark.parametrize("engine", runnable(), ids=lambda engine: engine.name)
@pytest.mark.parametrize("group", GROUPS)
def test_building_blocks(engine: Engine, group: str) -> None:
    artifact, runs = catalogue.exported(group)
    cells = {}
    for at, name in enumerate(GROUPS[group]):
        model, contract = alone(artifact.model, artifact.contract, at)
        cells[name] = judge(engine, model, contract, [({"x": x}, [expected[at]]) for x, expected in runs])
    off = {n: str(c) for n, c in cells.items() if not str(c).startswith(OTHERWISE.get((engine.name, n), "exact"))}
    assert not off


@pytest.mark.parametrize("engine", runnable(), ids=lambda engine: engine.name)
@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_operators(engine: Engine, name: str) -> None:
    found = samples(name)
    off = {}
    for at, label in enumerate(found.labels):
        model, contract = alone(found.model, found.contract, at)
        feeds = {entry.name: found.feeds[entry.name] for entry in contract.inputs}
        cell = str(judge(engine, model, contract, [(feeds, [found.expected[at]])]))
        if not cell.startswith(OTHERWISE.get((engine.name, label), OTHERWISE.get((engine.name, name), "exact"))):
            off[label] = cell
    assert not off
