"""What TensorRT accepts, as its ONNX parser says.

The operators are those for which `OnnxParser.supports_operator` of TensorRT-RTX 1.7.1 is true (a test compares them
with the parser that is installed), the checks are what parsing and building showed with that version.
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir
from onnx_ir.traversal import RecursiveGraphIterator

from pliant.errors import LoweringError
from pliant.lowering.builder import attribute
from pliant.lowering.dialect import Check, Dialect, accept, check_legal, key_of
from pliant.lowering.rules.resize_all_axes import is_partly
from pliant.lowering.rules.single_rows import is_single

OPERATORS = frozenset(
    """
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization
    BlackmanWindow Cast CastLike CausalConvWithState Ceil Celu Clip Concat Constant ConstantOfShape Conv
    ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike
    Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater
    GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If
    InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual LinearAttention Log
    LogSoftmax Loop LpNormalization LpPool MatMul Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg
    NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QuantizeLinear RMSNormalization RNN RandomNormal
    RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence RoiAlign
    RotaryEmbedding Round STFT Scan Scatter ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size
    Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan Tanh TensorScatter
    ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Upsample Where Xor
    """.split()  # noqa: SIM905 - one word a line would fill pages
)

TYPES = frozenset({"float32", "float16", "bfloat16", "int64", "int32", "bool", "uint8"})

# operands that say how long something is, by operator
SIZES = {
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "Pad": (1,),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (2, 3),
    "Slice": (1, 2, 4),
    "Split": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Upsample": (1,),
}


def _resize(node: ir.Node) -> str | None:
    transformation = attribute(node, "coordinate_transformation_mode", "half_pixel")
    if attribute(node, "antialias", 0):
        return "has antialias=1, which TensorRT's resize layer has not"
    if transformation in ("half_pixel_symmetric", "tf_crop_and_resize"):
        return f"has coordinate_transformation_mode={transformation!r}, which TensorRT's resize layer has not"
    if attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        return "keeps the aspect ratio, which TensorRT's resize layer does not"
    sizes = node.inputs[3] if len(node.inputs) > 3 else None
    if transformation == "tf_half_pixel_for_nn" and sizes is not None:
        return "has coordinate_transformation_mode='tf_half_pixel_for_nn' with sizes, which TensorRT's parser refuses"
    return (
        "has constant sizes for some axes and live others, which TensorRT's parser gets wrong"
        if is_partly(node)
        else None
    )


def _product(node: ir.Node) -> str | None:
    return "multiplies single rows in float32, which TensorRT for RTX does not on SM 75" if is_single(node) else None


CHECKS: dict[str, Check] = {"MatMul": _product, "Resize": _resize}


def dialect(native_resize: bool = True) -> Dialect:
    """The dialect; `native_resize` says whether resizes by a fraction p / q become resize layers or gathered pixels."""
    return Dialect(
        "tensorrt",
        operators={name: CHECKS.get(name, accept) for name in OPERATORS},
        dtypes=TYPES,
        claims=frozenset({"pliant::resize_*"} if native_resize else ()),
        flow=frozenset({"If", "Loop"}),
    )


def check_body(model: ir.Model, rules: Dialect) -> None:
    """Raise LoweringError if TensorRT cannot take a graph as it is: a size, a type, an operator, or an attribute."""
    if found := _driven(model.graph) or _foreign(model.graph):
        raise LoweringError(found)
    check_legal(model.graph, rules)


def refusal(model: bytes) -> str | None:
    """Why an ONNX file cannot be given to TensorRT as it is, in sentences; None if nothing speaks against it.

    That is asked of the file itself, not of what pliant makes of it: a model that is refused here can often be built by
    `pliant.engines.tensorrt.build`. Raises InputError if `model` is no ONNX model.
    """
    from pliant.lowering.lower import infer, read

    known = dialect(native_resize=False)
    rules = replace(known, operators={**known.operators, "MatMul": accept})  # that some GPUs lack it is no reason
    graph = read(model, known)
    infer(graph)
    try:
        check_body(graph, rules)
    except LoweringError as error:
        return str(error)
    return None


def _foreign(graph: ir.Graph) -> str | None:
    """A sentence about an input or output of a type that TensorRT does not have; None if there is none."""
    known = TYPES
    for value in (*graph.inputs, *graph.outputs):
        if value.dtype is not None and _type_of(value) not in known:
            return (
                f"{value.name!r} is {_type_of(value)}, and TensorRT computes in {', '.join(sorted(known))}: export the "
                "model with float32 pictures, or use the engine 'onnxruntime'."
            )
    return None


def _driven(graph: ir.Graph) -> str | None:
    """A sentence about an input of another type than int32 or int64 that decides a length; None if there is none."""
    for node in RecursiveGraphIterator(graph):
        for at in SIZES.get(key_of(node), ()):
            value = node.inputs[at] if len(node.inputs) > at else None
            source = _float_source(value) if value is not None else None
            if source is not None:
                return (
                    f"Input {source.name!r} ({_type_of(source)}) decides a size, at {node.op_type} "
                    f"{node.name or node.outputs[0].name!r}: TensorRT takes sizes only from int32 and int64 inputs. "
                    "Let pliant compute the sizes beforehand: pliant.engines.tensorrt.build does, and so does "
                    "pliant.load(..., engine='tensorrt')."
                )
    return None


def _type_of(value: ir.Value) -> str:
    return value.dtype.numpy().name if value.dtype is not None else "of unknown type"


def _float_source(value: ir.Value) -> ir.Value | None:
    """The first input of another type than int32 or int64 whose content `value` depends on; shapes are no content."""
    seen: set[ir.Value] = set()
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current.is_graph_input() and current.dtype not in (ir.DataType.INT64, ir.DataType.INT32, None):
            return current
        made = current.producer()
        if made is not None and made.op_type not in ("Shape", "Size"):
            waiting.extend(v for v in made.inputs if v is not None)
    return None
