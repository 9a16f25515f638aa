"""Where the files for deployment lie, and how tests read them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent


def rehearse() -> Any:
    """`deploy/rehearse.py`, which is a script and no module."""
    spec = importlib.util.spec_from_file_location("rehearse", DEPLOY / "rehearse.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rehearse"] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def documents(name: str) -> list[Any]:
    """The documents of a YAML file."""
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))
