"""What is chosen: among engines by construction fast, slow or wrong, by a clock that only they move."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pliant
from pliant.artifact import Artifact
from pliant.choosing import loading, trials
from pliant.choosing.choice import Work, choose
from pliant.choosing.loading import Wish, chosen, record_of
from pliant.choosing.machine import machine
from pliant.choosing.record import Record
from pliant.errors import UsageError
from tests.choosing.fakes import Clock, Fake, install, slow_reference
from tests.support import live_model

IMAGE = np.random.default_rng(0).random((1, 3, 7, 5), np.float32)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def model() -> Artifact:
    return live_model(1, 4)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def measured(model: Artifact, clock: Clock, precision: str = "f32", **options: bool) -> Record:
    return record_of(model, precision=precision, clock=clock, **options)


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.json"))


def test_the_fastest_that_is_exact(model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = Fake("slow", clock, {"f32": 3.0}), Fake("fast", clock, {"f32": 1.0})
    wrong = Fake("wrong", clock, {"f32": 0.1}, off={"f32": 1.0})
    absent = Fake("absent", clock, {"f32": 0.1}, missing="It is not at home.")
    install(monkeypatch, [slow, wrong, fast, absent])
    found = choose(measured(model, clock))
    assert found.trial.engine == "fast"
    assert found.trial.rate() == pytest.approx(1.0, rel=1e-6)
    assert [trial.engine for trial in found.slower] == ["slow"]
    assert "fast in f32 takes 1,000 ms for a megapixel, slow in f32 3,000 ms" in found.why
    reasons = {trial.engine: reason for trial, reason in found.left_out}
    assert "of the range; 1e-04 is the most that f32 may" in reasons["wrong"]
    assert reasons["absent"] == "It is not at home."


def test_equal_ones_are_taken_in_the_order_of_preference(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, [Fake("zither", clock, {"f32": 1.03}), Fake("accordion", clock, {"f32": 1.0})])
    assert choose(measured(model, clock)).trial.engine == "accordion"  # none is preferred: by name
    monkeypatch.setattr("pliant.choosing.choice.PREFERENCE", ("zither", "accordion"))
    found = choose(measured(model, clock))
    assert found.trial.engine == "zither"
    assert "hardly differs" in found.why


def test_the_start_counts_where_there_is_little_to_do(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, swift = Fake("ready", clock, {"f32": 2.0}), Fake("swift", clock, {"f32": 1.0}, start=4.0, rest=1.0)
    install(monkeypatch, [ready, swift])
    record = measured(model, clock)
    assert choose(record, work=Work(1, 4)).trial.engine == "ready"
    assert choose(record, work=Work(100, 4)).trial.engine == "swift"
    assert choose(record).trial.engine == "swift"
    start = {trial.engine: trial.start for trial in record.trials}
    assert start["swift"] - start["ready"] == pytest.approx(5)


def test_it_is_remembered(model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fakes = [Fake("slow", clock, {"f32": 3.0}), Fake("fast", clock, {"f32": 1.0})]
    install(monkeypatch, fakes)
    first = measured(model, clock)
    assert [len(fake.opened) for fake in fakes] == [1, 1]
    assert measured(model, clock) == first
    assert [len(fake.opened) for fake in fakes] == [1, 1]
    assert len(kept(tmp_path)) == 1
    with pliant.load(model) as session:  # one engine is opened, to run
        assert session.engine == "fast"
        assert session(IMAGE, 2).shape == (1, 3, 14, 10)
    assert [len(fake.opened) for fake in fakes] == [1, 2]
    measured(model, clock, again=True)
    assert [len(fake.opened) for fake in fakes] == [2, 3]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": 1}',
        '{"format": 1, "facts": {}, "trials": [], "shapes": [], "seconds": 0, "tries": 1}',
    ],
)
def test_a_broken_file_is_measured_anew(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    fake = Fake("only", clock, {"f32": 1.0})
    install(monkeypatch, [fake])
    first = measured(model, clock)
    (path,) = kept(tmp_path)
    path.write_text(content)
    assert measured(model, clock).trials[0].rates == pytest.approx(first.trials[0].rates)
    assert len(fake.opened) == 2
    assert json.loads(path.read_text())["facts"]["model"] == model.fingerprint


def test_a_file_with_a_trial_cut_off_is_measured_anew(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = Fake("only", clock, {"f32": 1.0})
    install(monkeypatch, [fake])
    measured(model, clock)
    (path,) = kept(tmp_path)
    data = json.loads(path.read_text())
    data["trials"][0]["rates"] = {}
    path.write_text(json.dumps(data))
    measured(model, clock)
    assert len(fake.opened) == 2


@pytest.mark.parametrize("change", ["machine", "version", "model", "precision"])
def test_it_holds_for_the_same_only(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: str
) -> None:
    fake = Fake("only", clock, {"f32": 1.0, "bf16": 0.5})
    install(monkeypatch, [fake])
    measured(model, clock)
    if change == "machine":
        monkeypatch.setattr(loading, "machine", lambda: replace(machine(), processor="Analytical Engine"))
    if change == "version":
        monkeypatch.setattr("pliant.engines.base.Engine.version", "another")
    other = replace(model, model=_renamed(model.model)) if change == "model" else model
    measured(other, clock, "bf16" if change == "precision" else "f32")
    assert len(fake.opened) == 2
    assert len(kept(tmp_path)) == 2


def _renamed(model: bytes) -> bytes:
    import onnx

    proto = onnx.load_from_string(model)
    proto.graph.name = "another"
    return proto.SerializeToString()


def test_a_folder_that_cannot_be_written_is_no_error(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PLIANT_CACHE", str(tmp_path / "file"))
    fake = Fake("only", clock, {"f32": 1.0})
    install(monkeypatch, [fake])
    assert choose(measured(model, clock)).trial.engine == "only"
    assert choose(measured(model, clock)).trial.engine == "only"
    assert len(fake.opened) == 2


def test_a_lower_precision_where_it_wins_within_the_error(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Fake("both", clock, {"f32": 1.0, "bf16": 0.5}, off={"bf16": 2.0})
    install(monkeypatch, [both])
    record = measured(model, clock, "fast")
    assert choose(record, "fast").trial.precision == "bf16"
    assert choose(record, "fast", max_error=3).trial.precision == "bf16"
    strict = choose(record, "fast", max_error=1)
    assert strict.trial.precision == "f32"
    assert [reason for _, reason in strict.left_out] == [
        "It is off by up to 2 grey levels; 1 are allowed (--max-error)."
    ]


def test_a_change_of_brightness_is_no_rounding(model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    shifted = Fake("shifted", clock, {"f32": 1.0, "bf16": 0.5}, off={"bf16": 2.0}, everywhere=True)
    install(monkeypatch, [shifted])
    found = choose(measured(model, clock, "fast"), "fast")
    assert found.trial.precision == "f32"
    assert "2 grey levels on average; 0.5 are allowed" in found.left_out[0][1]


def test_a_lower_precision_has_to_be_worth_it(model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, [Fake("same", clock, {"f32": 1.0, "bf16": 0.95})])
    assert choose(measured(model, clock, "fast"), "fast").trial.precision == "f32"


def test_a_session_says_what_its_precision_costs(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, [Fake("both", clock, {"f32": 1.0, "bf16": 0.5}, off={"bf16": 2.0})])
    measured(model, clock, "fast")
    with pliant.load(model, precision="fast") as session:
        assert session.precision == "bf16"
        assert session.fingerprint == f"{model.fingerprint} bf16"
        (note,) = session.notes
        assert note.startswith("Computed in bf16 on both, which differs from f32 by at most 2 grey levels, 0.04 on")
        assert "2.00% of the values beyond one" in note
    with pliant.load(model, max_error=1) as session:  # which means fast
        assert session.precision == "f32"
        assert session.notes[0].startswith("Computed in f32, without any loss: ")


def test_a_named_precision_is_held_to_the_error(model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, [Fake("both", clock, {"f32": 1.0, "bf16": 0.5}, off={"bf16": 2.0})])
    with pliant.load(model, precision="bf16") as session:
        assert session.precision == "bf16"
    with pytest.raises(UsageError, match=r"No engine here.*in bf16.*both in bf16: It is off by up to 2 grey levels; 1"):
        pliant.load(model, precision="bf16", max_error=1)
    with pytest.raises(UsageError, match=r"both in f16: It computes in f32, bf16\."):
        pliant.load(model, precision="f16")


def test_where_no_result_is_like_another_the_preferred_engine_runs(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a network that draws random numbers."""
    any_, other = (Fake(name, clock, {"f32": 1.0}, off={"f32": 3.0}) for name in ("any", "other"))
    install(monkeypatch, [any_, other])
    with pliant.load(model) as session:
        assert session.engine == "any"
    with pytest.raises(UsageError, match=r"No engine here runs the model in fast"):
        pliant.load(model, precision="fast")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "f64"}, "no precision 'f64'; there are: f32, fast, bf16"),
        ({"precision": "f32", "max_error": 2}, "f32 is exact"),
        ({"max_error": 0}, "The largest error is 0 grey levels"),
        ({"max_error": float("nan")}, "The largest error is nan"),
        ({"precision": "int8"}, "no int8 form of the model here; make one with: pliant quantize"),
        ({"precision": "fast", "device": "GPU"}, "measured on the processor"),
    ],
)
def test_what_makes_no_sense(model: Artifact, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pliant.load(model, **options)


def test_the_environment_says_what_auto_means(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow, fast = Fake("slow", clock, {"f32": 3.0}), Fake("fast", clock, {"f32": 1.0})
    install(monkeypatch, [slow, fast])
    monkeypatch.setenv("PLIANT_ENGINE", "slow")
    with pliant.load(model) as session:
        assert session.engine == "slow"
    assert (len(slow.opened), fast.opened, kept(tmp_path)) == (1, [], [])
    with pliant.load(model, "fast") as session:  # a name is a name
        assert session.engine == "fast"


def test_an_engine_in_the_environment_that_there_is_not(model: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIANT_ENGINE", "warp")
    with pytest.raises(UsageError, match="no engine named 'warp'"):
        pliant.load(model)


def test_little_work_is_not_worth_measuring(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    preferred, other = Fake("preferred", clock, {"f32": 3.0}), Fake("other", clock, {"f32": 1.0})
    install(monkeypatch, [preferred, other])
    said: list[str] = []
    with chosen(model, Wish(work=Work(1, 4)), report=said.append) as session:
        assert session.engine == "preferred"
    assert (other.opened, kept(tmp_path), said) == ([], [], [])
    with chosen(model, Wish(work=Work(100, 4)), report=said.append) as session:
        assert session.engine in ("preferred", "other")
    assert len(kept(tmp_path)) == 1
    assert said[0] == "measuring which engine is fastest"
    measured(model, clock, again=True)
    with chosen(model, Wish(work=Work(1, 4))) as session:  # what is known is used
        assert session.engine == "other"


def test_a_slow_network_is_measured_on_a_small_picture(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference takes as long as the engines do here: 100 seconds for a megapixel."""
    install(monkeypatch, [Fake("one", clock, {"f32": 100.0}), Fake("other", clock, {"f32": 120.0})])
    slow_reference(monkeypatch, clock, rate=100)
    record = measured(model, clock)
    assert record.shapes[0] == "[1, 3, 16, 16] to [1, 3, 64, 64]"
    assert record.seconds < 10
    assert choose(record).trial.engine == "one"


def test_what_each_call_costs_makes_no_network_slow(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run takes 30 ms, and 20 seconds for a megapixel: the largest picture 0.36 s, four of the smallest 0.45."""
    install(monkeypatch, [Fake("one", clock, {"f32": 1.0})])
    monkeypatch.setattr(trials, "SIDES", (32, 24, 16))
    slow_reference(monkeypatch, clock, rate=20, once=0.03)
    assert measured(model, clock).shapes[0] == "[1, 3, 32, 32] to [1, 3, 128, 128]"


def test_no_further_engine_is_tried_when_it_takes_too_long(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Fake("late", clock, {"f32": 0.1})
    install(monkeypatch, [Fake("heavy", clock, {"f32": 1.0}, start=9.0), late])
    found = choose(measured(model, clock))
    assert (found.trial.engine, late.opened) == ("heavy", [])
    assert "There was no time to try it" in found.left_out[0][1]


def test_what_was_measured_on_a_busy_machine_is_measured_again(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = Fake("early", clock, {"f32": 1.0}, start=9.0), Fake("late", clock, {"f32": 0.5})
    install(monkeypatch, [early, late])
    assert measured(model, clock).disturbed
    early.start, early.rate = 0.0, {"f32": 2.0}
    second = measured(model, clock)
    assert (second.disturbed, second.tries, choose(second).trial.engine) == (False, 2, "late")
    assert choose(second).slower[0].rate() == pytest.approx(1.0)  # the better time counts
    measured(model, clock)
    assert [len(fake.opened) for fake in (early, late)] == [2, 1]


def test_a_machine_that_is_always_busy_is_left_alone(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = Fake("early", clock, {"f32": 1.0}, start=9.0)
    install(monkeypatch, [early, Fake("late", clock, {"f32": 0.5})])
    tries = [measured(model, clock).tries for _ in range(5)]
    assert tries == [1, 2, 3, 3, 3]
    assert len(early.opened) == 3


def test_threads_are_tried_on_the_fastest(model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    spread = Fake("spread", clock, {"f32": 1.0}, threaded=True)
    install(monkeypatch, [spread, Fake("slow", clock, {"f32": 3.0}, threaded=True)])
    monkeypatch.setattr(loading, "machine", lambda: replace(machine(), cores=16, allowed=8))
    found = choose(measured(model, clock))
    assert (found.trial.engine, found.trial.threads) == ("spread", 8)
    with pliant.load(model) as session:
        assert session.engine == "spread"
    assert spread.opened[-1].threads == 8
    with pliant.load(model, threads=1):
        assert spread.opened[-1].threads == 1


def test_a_whole_factor_and_others_have_their_own_times(
    model: Artifact, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pliant.choosing.record import Trial

    install(monkeypatch, [Fake("any", clock, {"f32": 1.0})])
    deviation = measured(model, clock).trials[0].deviation
    whole = Trial("whole", "1", "f32", rates={"4": 1.0, "2.5": 3.0}, deviation=deviation)
    broken = Trial("broken", "1", "f32", rates={"4": 2.0, "2.5": 1.0}, deviation=deviation)
    record = Record({}, (whole, broken))
    assert choose(record, work=Work(100, 3)).trial.engine == "whole"
    assert choose(record, work=Work(100, 1.7)).trial.engine == "broken"
    unknown = choose(record)  # sqrt(2 * 1) against sqrt(1 * 3)
    assert unknown.trial.engine == "broken"
    assert unknown.why.startswith("broken in f32 takes 1,414 ms for a megapixel, whole in f32 1,732 ms")
    assert "means over those that were measured" in unknown.why


def test_the_machine_is_this_one() -> None:
    here = machine()
    assert here.processor
    assert 1 <= here.allowed <= here.cores == os.cpu_count()
