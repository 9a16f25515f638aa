"""Which line of the model made a step of its traced graph.

PyTorch writes down the whole stack for each step, with the text of all its lines, which is a tenth of an export, and
leaves out functions that are not called `forward`. Here a step keeps the innermost line of the model's own source, in
PyTorch's form: no other is ever asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

from torch.fx import config
from torch.fx.proxy import TracerBase

from pliant.capture.places import users_own

ENTRY = str(Path(__file__).with_name("trace.py"))  # its `forward` calls the model's


@contextmanager
def innermost_lines() -> Generator[None]:
    """Within the block, steps have one line as their `stack_trace`, or none where no source of the model is at work."""
    create = TracerBase.create_node

    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        node = create(self, *args, **kwargs)
        if not node.stack_trace and (frame := _innermost(sys._getframe(1))) is not None:
            code = frame.f_code
            node.stack_trace = f'File "{code.co_filename}", line {frame.f_lineno}, in {code.co_name}'
        return node

    with patch.object(config, "do_not_emit_stack_traces", True), patch.object(TracerBase, "create_node", noting):
        yield


def _innermost(frame: FrameType | None) -> FrameType | None:
    """Of `frame` and those around it the first that is the model's; whoever called pliant is not."""
    while frame is not None and not users_own(frame.f_code.co_filename):
        if frame.f_code.co_filename == ENTRY and frame.f_code.co_name == "forward":
            return None
        frame = frame.f_back
    return frame
