"""PyTorch's pass that writes down type promotion, without running the whole trace once more.

The pass needs the types of all values. It finds them by running every step with symbolic shapes; they are recorded with
the steps already.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from torch.fx import Interpreter, Node
from torch.onnx._internal.fx.passes import type_promotion


@contextmanager
def with_recorded_values() -> Generator[None]:
    """Within the block, the pass takes what a step gives from the record of the trace."""
    with patch.object(type_promotion._TypePromotionInterpreter, "run_node", _run_node):
        yield


def _run_node(self: Any, node: Node) -> Any:
    with self._set_current_node(node):
        if rule := type_promotion.get_type_promotion_rule(node, self.type_promotion_table):
            self._maybe_promote_node(node, rule)
    if node.op == "call_function" and "val" in node.meta:
        return node.meta["val"]
    return Interpreter.run_node(self, node)
