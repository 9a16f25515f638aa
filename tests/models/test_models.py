from __future__ import annotations

from pathlib import Path

import pytest

from pliant import models
from pliant.apps.models import find
from pliant.artifact import Artifact
from pliant.errors import UsageError


@pytest.mark.parametrize("name", models.names())
def test_every_shipped_model_has_a_contract(name: str) -> None:
    artifact = Artifact.load(models.path(name))
    assert artifact is not None
    assert not artifact.contract.inferred
    assert artifact.contract.image is not None


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=f"no model named 'nothing'; there are: {', '.join(models.names()) or 'none'}"):
        models.path("nothing")


def test_what_a_user_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "srcnn").touch()
    assert find("srcnn") == Path("srcnn")
    assert find("m.onnx") == Path("m.onnx")
    assert find("folder/m") == Path("folder/m")
    with pytest.raises(UsageError, match="no model named 'nothing'"):
        find("nothing")
