"""Every error pliant raises on purpose.

    PliantError
    ├── UsageError          the caller asked for something that does not exist or cannot be combined
    │   └── MissingExtra    a package that this feature needs is not installed
    ├── InputError          a file, picture or array is not what it should be
    │   ├── CheckpointError a weights file is unreadable, foreign or unsafe
    │   ├── PictureError    a picture cannot be read or written
    │   ├── VideoError      a video cannot be read or written
    │   ├── ContractError   arrays or values do not fit the model's contract
    │   ├── LoweringError   an engine cannot run the model with the same result
    │   └── OutOfMemory     an engine ran out of memory
    ├── ClusterError        the workers of a cluster cannot do what is asked of them
    ├── LossError           a model in another precision loses more than is allowed
    └── ExportError         a model cannot become a live ONNX file
        ├── CaptureError    PyTorch could not be traced with its values live
        ├── OperatorError   the shape or ONNX body of a user's operator is not what its reference computes
        └── AuditError      the traced file is not what eager PyTorch computes

Each message says what was got, what was expected and what to do next. The command line prints it and exits
with status 2, or with 1 for an `ExportError` or a `LossError`: the check failed.
"""

from __future__ import annotations


class PliantError(Exception):
    """Base of all errors raised on purpose; its text is one or more whole sentences."""

    exit_status = 2


class UsageError(PliantError):
    """The caller asked for something that does not exist or cannot be combined."""


class MissingExtra(UsageError):  # noqa: N818 - all end in Error but this, which reads better
    """A package that this feature needs is not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}, which is not installed: pip install 'pliant[{extra}]'."
        )


class InputError(PliantError):
    """A file, picture or array is not what it should be."""


class CheckpointError(InputError):
    """A weights file is unreadable, foreign or unsafe."""


class PictureError(InputError):
    """A picture cannot be read or written."""


class VideoError(InputError):
    """A video cannot be read or written."""


class ContractError(InputError):
    """Arrays or values do not fit the model's contract."""


class LoweringError(InputError):
    """An engine cannot run the model with the same result; the node, the reason and the missing rule are named."""


class OutOfMemory(InputError):  # noqa: N818 - as the built-in MemoryError is not one of ours
    """An engine, or pliant, ran out of memory."""


class ClusterError(PliantError):
    """The workers of a cluster cannot do what is asked of them."""


class LossError(PliantError):
    """A model in another precision loses more than is allowed."""

    exit_status = 1


class ExportError(PliantError):
    """A model cannot become a live ONNX file."""

    exit_status = 1


class CaptureError(ExportError):
    """PyTorch could not be traced with its values live."""


class OperatorError(ExportError):
    """The shape or ONNX body of a user's operator is missing, or not what its reference computes."""


class AuditError(ExportError):
    """The traced file is not what eager PyTorch computes."""


class UnverifiedWarning(UserWarning):
    """A model is loaded on an engine, and its file holds no record that it gives the right numbers there."""
