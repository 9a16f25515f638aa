"""Running needs no torch and no onnx; importing costs nothing.

Timings are never tested: which modules are imported is what decides them, and that is the same everywhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from pkgutil import walk_packages

import pytest

import pliant
from tests.support import gradient, save

AUTHORING = ("pliant.architectures", "pliant.capture", "pliant.exporter", "pliant.operators", "pliant.__main__")
LOWERING = ("pliant.lowering", "pliant.importing.")  # need onnx; what uses them loads them when it does
HEAVY = ("numpy", "PIL", "onnxruntime", "rich", "torch", "onnx", "onnxscript", "onnx_ir", "av")
BLOCK = "import sys\nfor name in ('torch', 'onnx', 'onnxscript', 'onnx_ir'): sys.modules[name] = None\n"


def _run(code: str, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _running_modules() -> list[str]:
    found = (module.name for module in walk_packages(pliant.__path__, "pliant."))
    return [name for name in found if not name.startswith((*AUTHORING, *LOWERING))]


def test_the_running_half_imports_without_torch_and_onnx() -> None:
    names = _running_modules()
    assert "pliant.engines.onnxruntime" in names
    assert "pliant.apps.cli.commands.upscale" in names
    _run(BLOCK + f"from importlib import import_module\nfor name in {names!r}: import_module(name)")


def test_a_picture_is_upscaled_without_torch_and_onnx(tmp_path: Path, live: Path) -> None:
    source = save(tmp_path, "a.png", gradient(4, 4))
    _run(BLOCK + "import pliant\npliant.upscale(sys.argv[1], factor=2, model=sys.argv[2])", str(source), str(live))
    assert (tmp_path / "a_x2.png").exists()


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import pliant", HEAVY),
        ("import pliant\ndir(pliant)\npliant.PliantError\npliant.Contract\npliant.Artifact", HEAVY),
        ("from pliant.apps.cli.main import main\nmain(['--help'])", HEAVY),
        ("from pliant.apps.cli.main import main\nmain(['upscale', '--help'])", HEAVY),
        ("from pliant.apps.cli.main import main\nmain(['video', '--help'])", HEAVY),
        ("from pliant.apps.cli.main import main\nmain(['inspect', sys.argv[1]])", HEAVY),
        ("import pliant\npliant.load(sys.argv[1])", ("PIL", "rich", "torch", "onnx")),
        ("from pliant.apps.cli.main import main\nmain(['engines'])", ("PIL", "rich", "torch", "onnx")),
    ],
)
def test_only_what_is_needed_is_imported(live: Path, code: str, absent: tuple[str, ...]) -> None:
    shown = _run(f"import sys\n{code}\nprint('modules:', *sys.modules)", str(live))
    imported = set(shown.rsplit("modules:", 1)[1].split())
    assert imported & set(absent) == set()


def test_public_names_exist() -> None:
    for name in set(pliant.__all__) - {"export", "operator"}:  # which need torch
        assert getattr(pliant, name) is not None
    assert set(pliant.__all__) <= set(dir(pliant))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pliant.nothing  # noqa: B018


def test_onnx_runtime_reports_to_nobody(tmp_path: Path, live: Path) -> None:
    """Builds of it that write an identity of the machine, and send it to their maker, are told not to."""
    code = f"import pliant, numpy; pliant.load({str(live)!r}, 'onnxruntime')(numpy.zeros((1, 3, 8, 8), 'float32'), 2.0)"
    environment = {name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY",)}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "caches"), "PLIANT_CACHE": str(tmp_path / "pliant")}
    subprocess.run([sys.executable, "-c", code], env={**environment, **home}, check=True, capture_output=True)
    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    assert written <= {"pliant"}, written
