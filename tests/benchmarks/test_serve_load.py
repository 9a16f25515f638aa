"""benchmarks/serve_load.py counts what it should; figures themselves are nothing for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from benchmarks.contest import clients

from benchmarks import serve_load
from tests.apps.server.process import running
from tests.apps.server.test_wire import until
from tests.support import live_model

GOOD: dict[str, Any] = {"statuses": {"200": 30}, "failures": {}, "without_retry": 0, "p50": 0.1, "p99": 0.25}
MEMORY = {"peak": 3 << 20, "warm": 2 << 20, "end": 2 << 20}


def found(**changed: Any) -> dict[str, Any]:
    return {
        "date": "2026-01-02",
        "machine": {"processor": "P", "cores": 2, "load": 0.5},
        "model": "anyscale",
        "engine": "onnxruntime",
        "factor": 2.7,
        "side": 128,
        "seconds": 60.0,
        "sides": [{"side": 128, "bare": 10.0, "served": 9.5, "ratio": 0.95, "ratios": [0.94, 0.95, 0.96]}],
        "below": {**GOOD, **MEMORY},
        "paced": [{**GOOD, "share": 0.5, "rate": 4.7}, {**GOOD, "share": 0.9, "rate": 8.5}],
        "above": {**GOOD, **MEMORY, "statuses": {"200": 20, "429": 400}},
        **changed,
    }


def test_the_page() -> None:
    text = serve_load.page(found())
    assert "| 128 x 128 | 10.00 | 9.50 | **0.95** (0.94, 0.95, 0.96) |" in text
    assert "| 90% of the capacity, 8.50/s | 30 of 200 | 0 | 0.10 | 0.25 |" in text
    assert "| 64 clients at once, queue 16 | 20 of 200, 400 of 429 | 0 |" in text
    assert serve_load.page(json.loads(json.dumps(found()))) == text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"below": {**GOOD, **MEMORY, "statuses": {"200": 3, "429": 1}}}, "below the limits"),
        ({"below": {**GOOD, **MEMORY, "failures": {"TimeoutError": 1}}}, "below the limits"),
        ({"above": {**GOOD, **MEMORY}}, "above the limits"),
        ({"above": {**GOOD, **MEMORY, "statuses": {"200": 1, "429": 1, "503": 1}}}, "above the limits"),
        ({"above": {**GOOD, **MEMORY, "statuses": {"200": 1, "429": 1}, "without_retry": 1}}, "without Retry-After"),
    ],
)
def test_what_counts_as_a_fault(changed: dict[str, Any], said: str | None) -> None:
    faults = serve_load.faults(found(**changed))
    assert faults == [] if said is None else said in faults[0]


def test_clients_count_what_comes(tmp_path: Path) -> None:
    files = list(map(str, serve_load.pictures(tmp_path, 16)))
    model = live_model().save(tmp_path / "live.onnx")
    with running(tmp_path / "jobs", model, "--queue", "1") as server:
        until(lambda: server.log("ready"))  # loading the model is work too, and takes a place
        port = int(server.url.rsplit(":", 1)[1])
        asked: dict[str, Any] = {"port": port, "files": files, "factor": 2.7, "seconds": 1.0}
        few = clients.answer({**asked, "clients": 2})
        many = clients.answer({**asked, "clients": 12})
        paced = clients.answer({**asked, "rate": 5.0, "seed": 7, "seconds": 0.5})
        every = [few, many, paced]
        counted = sum(sum(part["statuses"].values()) for part in every)
        until(lambda: len(server.log("request")) >= counted)  # lines come a little later than answers
        answered = [fact["status"] for fact in server.log("request")]
    assert set(few["statuses"]) == {"200"}
    assert len(few["latencies"]) == few["statuses"]["200"]
    assert set(many["statuses"]) <= {"200", "429"}
    assert paced["statuses"]
    assert not any(part["failures"] for part in every)
    assert many["without_retry"] == 0
    for status in ("200", "429"):
        assert sum(part["statuses"].get(status, 0) for part in every) == answered.count(int(status))
