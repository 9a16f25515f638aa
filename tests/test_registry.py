from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from pliant import registry
from pliant.errors import MissingExtra, UsageError

PACKAGE = "some_family_of_plug_ins"
FILES = {
    "__init__": "",
    "zeta": "THING = 26",
    "alpha": "THING = 1",
    "base": "THING = 0",
    "_helper": "THING = 0",
    "needy": "import package_that_is_absent.inner",
    "broken": "import pliant.module_that_is_absent",
    "bare": "",
}


@pytest.fixture(autouse=True)
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / PACKAGE).mkdir()
    for name, text in FILES.items():
        (tmp_path / PACKAGE / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def load(name: str) -> object:
    return registry.load(PACKAGE, name, "THING", extra="zoo")


def test_names_are_sorted_files_without_base_and_helpers() -> None:
    assert registry.names(PACKAGE) == ["alpha", "bare", "broken", "needy", "zeta"]


def test_names_imports_no_member() -> None:
    registry.names(PACKAGE)
    assert not [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]


def test_a_new_file_is_a_new_member(tmp_path: Path) -> None:
    (tmp_path / PACKAGE / "beta.py").write_text("THING = 2")
    assert "beta" in registry.names(PACKAGE)
    assert load("beta") == 2


def test_load_gives_the_constant_and_imports_no_other_member() -> None:
    assert load("zeta") == 26
    assert {name for name in sys.modules if name.startswith(f"{PACKAGE}.")} == {f"{PACKAGE}.zeta"}


@pytest.mark.parametrize("name", ["nothing", "base", "_helper", "", "alpha.beta"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match=f"no thing named '{name}'; there are: alpha, bare, broken, needy, zeta"):
        load(name)


def test_a_missing_package_names_the_extra() -> None:
    with pytest.raises(MissingExtra, match=r"Thing 'needy' needs the package 'package_that_is_absent'.*pliant\[zoo\]"):
        load("needy")


def test_a_defect_of_pliant_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"pliant\.module_that_is_absent"):
        load("broken")


def test_a_file_without_the_constant_is_a_defect() -> None:
    with pytest.raises(AttributeError, match="THING"):
        load("bare")


@pytest.mark.parametrize(
    ("package", "constant"),
    [
        ("pliant.architectures", "ARCHITECTURE"),
        ("pliant.capture.families", "CAPTURE"),
        ("pliant.apps.cli.commands", "COMMAND"),
    ],
)
def test_every_member_of_the_real_families_has_its_constant(package: str, constant: str) -> None:
    members = registry.names(package)
    assert members
    if find_spec("spandrel") is None:  # it needs torchvision, which is not at hand for every version of torch
        members = [name for name in members if name != "spandrel"]
    assert all(registry.load(package, name, constant, extra="export") is not None for name in members)
