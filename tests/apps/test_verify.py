"""Faults planted in copies are found, and the node is named; what is right passes and is stamped."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import pliant
from pliant.artifact import Artifact
from pliant.engines.base import engines, load
from pliant.errors import InputError, UnverifiedWarning, UsageError
from pliant.models import path as shipped
from pliant.stamps import fingerprint, stamps_in
from pliant.verifier.html import page
from pliant.verifier.report import Report
from tests import networks
from tests.faults import Fault, attribute, operator, plant, weight
from tests.support import fixed_model

NETWORKS = str(Path(networks.__file__))


def verified(path: Path, factory: str) -> Report:
    return pliant.verify(path, against=f"{NETWORKS}:{factory}", engines="onnxruntime", stamp=False)


def test_a_right_file_passes_with_figures(srcnn: Path, deciding: Path) -> None:
    for path, factory in ((srcnn, "srcnn"), (deciding, "deciding")):
        report = verified(path, factory)
        assert report.passed
        assert report.yardstick == "pytorch"
        assert not report.findings
        (row,) = report.rows
        assert row.status == "passed"
        assert row.cases == len(report.cases) >= 12
        assert row.figures.relative < 1e-5
        assert row.figures.by_more == 0
        assert row.figures.psnr > 100
        assert row.seconds > 0


def test_cases_cover_what_the_contract_admits(srcnn: Path) -> None:
    cases = verified(srcnn, "srcnn").cases
    assert any("factor = 0.5" in case for case in cases)
    assert any("factor = 8" in case for case in cases)
    assert any("n = 2" in case for case in cases)
    assert any("h = 1, w = 1" in case for case in cases)
    assert any("h = 17, w = 31" in case for case in cases)


FAULTS: list[tuple[str, Fault, str, str]] = [
    ("srcnn", attribute("Conv", "pads", [0, 0, 0, 0]), "Conv", "'pads'"),
    ("srcnn", attribute("resize_bicubic_scale", "align_corners", 1), "pliant::resize_bicubic_scale", "'align_corners'"),
    ("srcnn", attribute("Transpose", "perm", [1, 2, 3, 0], 1), "Transpose", "'perm'"),
    ("deciding", operator("Sin", "Cos"), "Cos", "inside iteration 1 of Loop"),
    ("deciding", weight("module.last.weight", 1.0), "Conv", "'module.last.weight'"),
]


@pytest.mark.parametrize(("model", "fault", "kind", "told"), FAULTS)
def test_a_planted_fault_is_found_and_its_node_named(
    model: str, fault: Fault, kind: str, told: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    copy = tmp_path / "copy.onnx"
    name = plant(request.getfixturevalue(model), copy, fault)
    report = verified(copy, model)
    assert not report.passed
    (finding,) = report.findings
    assert (finding.node, finding.operator) == (name, kind)
    assert told in str(finding)
    assert finding.source.startswith(("srcnn.py:", "networks.py:"))
    assert finding.case


def test_a_wrong_coordinate_mode_in_the_file_of_another_exporter(tmp_path: Path) -> None:
    path = tmp_path / "plain.onnx"
    shapes = ({0: "n", 2: "h", 3: "w"},)
    torch.onnx.export(
        networks.plain(), (torch.rand(1, 3, 12, 10),), path, dynamo=True, dynamic_shapes=shapes, external_data=False
    )
    assert verified(path, "plain").passed
    name = plant(path, path, attribute("Resize", "coordinate_transformation_mode", "asymmetric"))
    (finding,) = verified(path, "plain").findings
    assert (finding.node, finding.operator) == (name, "Resize")
    assert "coordinate_transformation_mode asymmetric" in str(finding)


def test_other_weights_are_named_one_by_one_only_where_the_file_claims_them(srcnn: Path) -> None:
    report = verified(srcnn, "other_srcnn")
    assert not report.passed
    assert not report.faults  # the file does not say that it was made from these weights
    (finding,) = report.findings
    assert finding.operator == "Conv"
    assert "'module.conv1.weight'" in str(finding)


def test_a_module_with_example_arguments_and_a_module_object(srcnn: Path) -> None:
    assert verified(srcnn, "nested").passed
    assert pliant.verify(srcnn, against=networks.srcnn(), engines=["onnxruntime"], stamp=False).passed
    assert pliant.verify(srcnn, against=networks.nested(), engines=["onnxruntime"], stamp=False).passed


def test_a_weight_that_changes_no_number_much_is_found_by_comparing_it(srcnn: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    name = plant(srcnn, copy, weight("module.conv1.weight", 1e-5))
    report = verified(copy, "srcnn")
    assert not report.passed
    assert report.rows[0].status == "passed"
    assert [fault.node for fault in report.faults] == [name]
    assert "'module.conv1.weight' differs" in str(report.faults[0])


def test_folded_weights_are_no_fault(tmp_path: Path) -> None:
    model = networks.Normalised()
    path = pliant.export(model, (torch.rand(1, 3, 24, 17),)).save(tmp_path / "normalised.onnx")
    report = pliant.verify(path, against=model, engines="onnxruntime", stamp=False)
    assert report.passed
    assert model.training  # as it was


def test_numbers_as_tensors_and_other_names(tmp_path: Path) -> None:
    model = networks.Padding()
    args = (torch.rand(1, 3, 24, 17), torch.tensor(2))
    path = pliant.export(model, args, values={"k": (0, 8)}, names=["x", "k"]).save(tmp_path / "padding.onnx")
    assert pliant.verify(path, against=model, engines="onnxruntime", stamp=False).passed


def test_a_fixed_value_is_given_or_asked_for(tmp_path: Path) -> None:
    model = networks.Stepped()
    path = pliant.export(model, (torch.rand(1, 3, 24, 17), 2), fixed=["step"]).save(tmp_path / "stepped.onnx")
    with pytest.raises(UsageError, match=r"needs 'step'.*--fixed step="):
        pliant.verify(path, against=model, engines="onnxruntime")
    assert pliant.verify(path, against=model, engines="onnxruntime", fixed={"step": 2}, stamp=False).passed
    assert not pliant.verify(path, against=model, engines="onnxruntime", fixed={"step": 3}, stamp=False).passed


@pytest.mark.parametrize(
    ("factory", "kind", "message"),
    [
        ("number", UsageError, "gave int"),
        ("nothing", UsageError, "no class or function 'nothing'"),
        ("Refusing", InputError, "PyTorch accepts none of .* raised ValueError"),
        ("Plain", UsageError, "does not fit the module: the file takes image, factor"),
    ],
)
def test_a_module_that_does_not_fit_is_an_error_of_the_caller(
    factory: str, kind: type[Exception], message: str, srcnn: Path
) -> None:
    with pytest.raises(kind, match=message):
        verified(srcnn, factory)


def test_engines_and_precisions_that_do_not_exist(srcnn: Path) -> None:
    with pytest.raises(UsageError, match=r"no engine named 'abacus'; there are: all, .*onnxruntime"):
        pliant.verify(srcnn, engines="abacus")
    with pytest.raises(UsageError, match="PyTorch is the yardstick"):
        pliant.verify(srcnn, engines="pytorch")
    with pytest.raises(UsageError, match="no precision 'f8'; there are: f32, f16, bf16"):
        pliant.verify(srcnn, precision="f8")


def test_without_a_module_onnx_runtime_is_the_yardstick_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "plain.onnx"
    path.write_bytes(fixed_model())
    report = pliant.verify(path, engines="onnxruntime")
    assert [row.status for row in report.rows] == ["yardstick"]
    assert not report.passed  # nothing was compared: that is no proof
    assert any("yardstick is ONNX Runtime" in note for note in report.notes)
    assert any("Nothing was compared" in note for note in report.notes)
    assert any("no contract" in note for note in report.notes)
    assert stamps_in(path.read_bytes()) == ()


def test_all_available_engines_are_run_and_the_others_listed(srcnn: Path) -> None:
    report = pliant.verify(srcnn, against=networks.srcnn(), stamp=False)
    assert report.passed
    rows = {row.engine: row for row in report.rows}
    expected = {engine.name: engine.available() or engine.runs() for engine in engines() if engine.name != "pytorch"}
    assert rows.keys() == expected.keys()
    for name, reason in expected.items():
        assert rows[name].status in (("passed", "refused") if reason is None else ("absent",))
        assert reason is None or rows[name].reason == reason
    assert rows["onnxruntime"].status == rows["openvino"].status == "passed"


def test_a_pass_is_stamped_and_counts_until_the_model_changes(srcnn: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.onnx"
    path.write_bytes(srcnn.read_bytes())
    before = Artifact.load(path)
    report = pliant.verify(path, against=networks.srcnn(), engines="onnxruntime")
    after = Artifact.load(path)
    assert before is not None
    assert after is not None
    assert report.stamped
    assert (after.model, after.contract, after.fingerprint) == (before.model, before.contract, before.fingerprint)
    (stamp,) = after.stamps
    assert stamp["engine"] == "onnxruntime"
    assert stamp["fingerprint"] == after.fingerprint == fingerprint(path.read_bytes())
    assert stamp["precision"] == "f32"
    assert stamp["max_error"] < 1e-4
    assert stamp["against"].startswith("pytorch ")
    pliant.verify(path, against=networks.srcnn(), engines="onnxruntime")
    again = Artifact.load(path)
    assert again is not None
    assert len(again.stamps) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_stamps_nothing(srcnn: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.onnx"
    plant(srcnn, path, weight("module.conv1.bias", 0.5))
    content = path.read_bytes()
    pliant.verify(path, against=networks.srcnn(), engines="onnxruntime")
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_written_is_said(srcnn: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.onnx"
    path.write_bytes(srcnn.read_bytes())
    path.chmod(0o444)
    report = pliant.verify(path, against=networks.srcnn(), engines="onnxruntime")
    assert report.passed
    assert not report.stamped
    assert any("read-only" in note for note in report.notes)
    assert path.read_bytes() == srcnn.read_bytes()


def test_onnx_runtime_needs_no_stamp(live: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnverifiedWarning)
        load(live, "onnxruntime").close()


def test_the_page_holds_pictures_and_nothing_from_outside(srcnn: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a<b.onnx"
    plant(srcnn, copy, weight("module.conv2.weight", 2.0))
    text = page(verified(copy, "srcnn"))
    assert text.count("data:image/png;base64,") == 3
    assert "a&lt;b.onnx" in text
    assert "module.conv2.weight" in text
    assert "http" not in text


def test_the_shipped_model_passes_on_every_engine_here() -> None:
    report = pliant.verify(shipped(), stamp=False)
    assert report.passed
    assert not report.faults


def test_the_tutorial_network_with_its_weights(reference: Path, tmp_path: Path) -> None:
    from pliant.apps.export import Request, run

    weights = reference / "tutorial/srcnn.pth"
    path = run(Request(str(weights))).save(tmp_path / "srcnn.onnx")
    report = pliant.verify(path, against=str(weights), engines="onnxruntime")
    assert report.passed
    assert report.rows[0].figures.relative < 1e-5
    name = plant(path, path, weight("module.conv3.weight", 0.5))
    (finding,) = pliant.verify(path, against=str(weights), engines="onnxruntime").findings
    assert finding.node == name


def test_nothing_wrong_with_infinite_numbers_is_hidden(srcnn: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    name = plant(srcnn, copy, weight("module.conv1.bias", float("nan")))
    report = verified(copy, "srcnn")
    assert not report.passed
    assert report.findings[0].node == name
    assert np.isfinite(report.rows[0].figures.largest)
