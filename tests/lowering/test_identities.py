from __future__ import annotations

import onnx
import onnx_ir as ir
import pytest

from pliant.lowering.identities import leave_out_identities

MODELS = {
    "a branch that hands a value on": (
        "t (bool c, float[n] x) => (float[n] y) { a = Neg(x) y = If (c) "
        "<then_branch = g () => (float[n] p) { p = Identity(a) }, else_branch = h () => (float[n] q) { q = Abs(a) }> }",
        1,
    ),
    "inside a branch": (
        "t (bool c, float[n] x) => (float[n] y) { y = If (c) <then_branch = g () => (float[n] p) "
        "{ i = Identity(x) p = Neg(i) }, else_branch = h () => (float[n] q) { r = Abs(x) q = Identity(r) }> }",
        0,
    ),
    "an output": ("t (float[n] x) => (float[n] y) { a = Neg(x) b = Identity(a) y = Identity(b) }", 0),
    "an input that is an output": ("t (float[n] x) => (float[n] y) { y = Identity(x) }", 1),
    "two outputs of one value": ("t (float[n] x) => (float[n] y, float[n] z) { y = Neg(x) z = Identity(y) }", 1),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_is_left_is_valid_and_the_same(name: str) -> None:
    text, kept = MODELS[name]
    before = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}')
    model = ir.serde.deserialize_model(before)
    leave_out_identities(model)
    assert [n.op_type for n in ir.traversal.RecursiveGraphIterator(model.graph)].count("Identity") == kept
    model.graph.clone()  # refuses values that come from nowhere
    after = ir.serde.serialize_model(model)
    onnx.checker.check_model(after, full_check=True)
    assert [o.name for o in after.graph.output] == [o.name for o in before.graph.output]
