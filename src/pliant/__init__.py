"""pliant: a PyTorch image model as it is, with its run-time values live, as one standard ONNX file.

Public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pliant.version import VERSION

if TYPE_CHECKING:
    from pliant.apps.folder import upscale_folder as upscale_folder
    from pliant.apps.quantize import quantize as quantize
    from pliant.apps.upscale import upscale as upscale
    from pliant.apps.verify import verify as verify
    from pliant.apps.video import video as video
    from pliant.artifact import Artifact as Artifact
    from pliant.choosing.loading import load as load
    from pliant.contract import Contract as Contract
    from pliant.engines.base import Session as Session
    from pliant.errors import PliantError as PliantError
    from pliant.errors import UnverifiedWarning as UnverifiedWarning
    from pliant.exporter.export import export as export
    from pliant.importing.importer import import_onnx as import_onnx
    from pliant.kernels import Kernel as Kernel
    from pliant.operators.user import operator as operator

__version__ = VERSION

_HOMES = {
    "Artifact": "pliant.artifact",
    "Contract": "pliant.contract",
    "Kernel": "pliant.kernels",
    "PliantError": "pliant.errors",
    "Session": "pliant.engines.base",
    "export": "pliant.exporter.export",
    "import_onnx": "pliant.importing.importer",
    "load": "pliant.choosing.loading",
    "operator": "pliant.operators.user",
    "quantize": "pliant.apps.quantize",
    "UnverifiedWarning": "pliant.errors",
    "upscale": "pliant.apps.upscale",
    "upscale_folder": "pliant.apps.folder",
    "verify": "pliant.apps.verify",
    "video": "pliant.apps.video",
}
__all__ = [
    "Artifact",
    "Contract",
    "Kernel",
    "PliantError",
    "Session",
    "UnverifiedWarning",
    "export",
    "import_onnx",
    "load",
    "operator",
    "quantize",
    "upscale",
    "upscale_folder",
    "verify",
    "video",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pliant' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
