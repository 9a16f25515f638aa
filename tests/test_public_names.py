from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pliant


def names_for_type_checkers() -> dict[str, str]:
    """Name -> home of everything imported under `if TYPE_CHECKING`."""
    tree = ast.parse(Path(pliant.__file__).read_text())
    blocks = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    imports = [n for block in blocks for n in block.body if isinstance(n, ast.ImportFrom)]
    return {alias.asname or alias.name: n.module or "" for n in imports for alias in n.names}


@pytest.mark.parametrize("name", pliant.__all__)
def test_every_public_name_resolves(name: str) -> None:
    value = getattr(pliant, name)
    assert callable(value)
    assert value.__name__ == name
    assert getattr(pliant, name) is value


def test_type_checkers_see_the_public_names() -> None:
    assert set(names_for_type_checkers()) == set(pliant.__all__)
    assert len(set(pliant.__all__)) == len(pliant.__all__)


@pytest.mark.parametrize("name", pliant.__all__)
def test_type_checkers_and_python_see_the_same_thing(name: str) -> None:
    assert getattr(pliant, name).__module__ == names_for_type_checkers()[name]


def test_dir_lists_the_public_names() -> None:
    assert set(pliant.__all__) <= set(dir(pliant))


def test_star_import_gives_exactly_the_public_names() -> None:
    found: dict[str, object] = {}
    exec("from pliant import *", found)
    assert set(found) - {"__builtins__"} == set(pliant.__all__)


@pytest.mark.parametrize(
    "order",
    [
        "import pliant.exporter.export\nimport pliant",
        "import pliant.exporter.export\nfrom pliant import export\npliant.export is export or exit(1)",
        "import pliant\npliant.export\nimport pliant.exporter.export",
    ],
)
def test_export_is_the_function_whatever_is_imported_first(order: str) -> None:
    code = f"{order}\nimport inspect\nassert inspect.isfunction(pliant.export), pliant.export"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'pliant' has no attribute 'nothing'"):
        pliant.nothing  # noqa: B018
    assert not hasattr(pliant, "_nothing")
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from pliant import nothing")
