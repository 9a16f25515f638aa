"""The public door: a module and example arguments become an audited artifact."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from pliant.artifact import Artifact
from pliant.capture.journey import Journey
from pliant.capture.live.choices import Choices
from pliant.capture.restoring import unchanged
from pliant.capture.source import reachable
from pliant.capture.trace import trace
from pliant.contract import Contract, Image, Input, Output, Provenance, Resize
from pliant.errors import AuditError, ExportError, UsageError
from pliant.exporter import audit
from pliant.exporter.alone import alone, suitable_threads
from pliant.exporter.explain import explain
from pliant.exporter.fixing import Fixed, fix
from pliant.exporter.formulas import Symbols, output_shapes, read_symbols, upscaling
from pliant.exporter.refusal import chain, refusal
from pliant.exporter.signature import Signature, read_signature
from pliant.exporter.to_onnx import quietly, serialise, to_onnx, unused_inputs
from pliant.operators.symbolic_function import recording
from pliant.version import VERSION

logger = logging.getLogger(__name__)
Progress = Callable[[str], None]
Judge = Callable[[Artifact], Contract]  # the contract of a sound artifact; raises AuditError for another


def export(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    dims: Mapping[str, str] | None = None,
    values: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Fixed = (),
    names: Sequence[str] | None = None,
    image: Image | None = None,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Artifact:
    """Turn a PyTorch module, as it is, into one ONNX model whose run-time values are live.

    Tensors of rank 4 are [n, c, h, w] with n, h and w live; other tensors keep their shape. Python ints and floats,
    and tensors of rank 0, are live values (int64 and float64 inputs for Python numbers). bool, str and None are
    fixed. The module is put into evaluation mode while it is exported and is not changed. Threads that export wait for
    each other; no other thread may run the module meanwhile.

    Args:
        args: example arguments; they must be ones that the module accepts.
        kwargs: example keyword arguments.
        dims: words per axis by input name, "n 3 h w": a name is live, a number is fixed, and the same name means
            the same length. "h<=512" is live up to 512; "n?" is live if the model allows it, else fixed to the
            example's length.
        values: inclusive (low, high) by name of a live value; None is unbounded.
        fixed: values that are constants of the file instead of inputs: {"step": 2}, or ["step"] for the example's.
        names: names of the inputs and of what is in `fixed`, in order; the parameter names of `forward` if None.
        image: conventions of a picture-to-picture model; RGB in [0, 1] is assumed if None.
        notes: sentences for people who use the file.
        progress: called with a word for each stage.

    Returns:
        The artifact, which was run against eager PyTorch on sizes and values other than the example's: shapes
        equal, float32 values within 1e-4 of the range. Its `explanation`, when printed, shows where each live value
        goes.

    Raises:
        UsageError: the options do not fit the arguments, or the module fails on its own example.
        CaptureError: a step cannot be kept live; the message has the source line, the reason and the fix.
        AuditError: the file would be wrong somewhere; nothing is returned or written.
    """
    if not isinstance(args, tuple):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        raise UsageError(f"args is a {type(args).__name__}; give a tuple of arguments, such as (x, 3.0).")
    args, filled, told = fix(module, args, kwargs or {}, names, fixed)
    describe = partial(read_signature, module, args, filled, dims or {}, values or {}, names, tuple(fixed))
    with alone(), unchanged(module):
        module.eval()
        candidates = [describe(), describe(fixed_batch=True)]
        _check_example(module, args, filled)
        return _first_sound(module, candidates, image, [*notes, *told], progress or logger.debug)


def export_checked_by(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    sound: Callable[[Artifact], bool],
    *,
    dims: Mapping[str, str],
    values: Mapping[str, tuple[float | None, float | None]],
    fixed: Fixed,
    names: Sequence[str] | None,
    progress: Progress,
) -> Artifact:
    """Like `export`, but `sound` takes the place of the audit, which costs more than the export itself.

    The artifact is right where `sound` looks, and perhaps only there: it is to compare with, not to ship.
    """
    args, filled, _ = fix(module, args, kwargs, names, fixed)
    signature = read_signature(module, args, filled, dims, values, names, tuple(fixed))
    with alone(), unchanged(module):
        module.eval()
        _check_example(module, args, filled)

        def judge(artifact: Artifact) -> Contract:
            if not sound(artifact):
                raise AuditError("The translation is not what PyTorch computes for this input either.")
            return artifact.contract

        return _first_sound(module, [signature, signature], None, (), progress, judge)


@dataclass(frozen=True)
class _Way:
    """One way to try: with which inputs, with the fallbacks of capture or without, with which kind of choices."""

    signature: Signature
    fallbacks: bool = False
    opaque: bool = False


def _first_sound(
    module: nn.Module,
    candidates: Sequence[Signature],
    image: Image | None,
    notes: Sequence[str],
    say: Progress,
    judge: Judge | None = None,
) -> Artifact:
    """The first attempt whose file is sound: as it is; with the fallbacks of capture; with a fixed batch.

    `candidates` are the signatures with a live and with a fixed batch; a fixed one is told in the contract. If all
    fail, the reason of the first is raised: it is about the model as it is.
    """
    signature, fixed = candidates
    ways = [_Way(signature), _Way(signature, opaque=True)]
    if _has_symbolic(module):
        ways.append(_Way(signature, fallbacks=True))
    if fixed.inputs != signature.inputs:
        ways += [replace(way, signature=fixed) for way in ways]
    errors: list[ExportError] = []
    claim: ExportError | None = None
    choices = Choices()
    for way in ways:
        if way.opaque and not choices.made:
            continue  # no number depends on a decision, so this would be the same again
        choices = Choices(way.opaque)
        told = [*notes, "The batch size is fixed: the model needs it."] if way.signature is fixed else list(notes)
        try:
            with recording():
                return _exported(module, way, choices, image, told, say, judge)
        except ExportError as error:
            errors.append(error)
            claim = error if way.fallbacks and claim is None else claim
            say("another attempt")
    if claim is not None:
        raise type(errors[0])(f"{errors[0]}\n  With `symbolic` in place of `forward`: {claim}") from errors[0]
    raise errors[0]


def _has_symbolic(module: nn.Module) -> bool:
    """Whether the model's source mentions an `autograd.Function` with a `symbolic` method."""
    names = {name for function in reachable(module) for name in function.__code__.co_names}
    pending = list(torch.autograd.Function.__subclasses__())
    while pending:
        function = pending.pop()
        pending += function.__subclasses__()
        if hasattr(function, "symbolic") and (function.__name__ in names or "apply" in names):
            return True
    return False


def _check_example(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    try:
        with torch.no_grad(), unchanged(module), suitable_threads(pytree.tree_leaves((args, dict(kwargs)))):
            module(*args, **kwargs)
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise UsageError(
            f"The model itself fails on the example arguments ({reason}). Give arguments that the model accepts."
        ) from error


def _exported(
    module: nn.Module,
    way: _Way,
    choices: Choices,
    image: Image | None,
    notes: Sequence[str],
    say: Progress,
    judge: Judge | None,
) -> Artifact:
    signature = way.signature
    say("tracing")
    journey = Journey()
    attempt = partial(_attempt, signature.inputs, journey)
    options: dict[str, Any] = {"fallbacks": way.fallbacks, "choices": choices, "journey": journey}
    with unchanged(module):
        traced = attempt("tracing", lambda: trace(module, signature.leaves, signature.assemble, **options))
    program = traced.program
    symbols = read_symbols(program, signature.inputs)
    outputs = _outputs(program, symbols)
    resizes = _resizes(program, signature.inputs)
    say("translating")
    model = attempt("translating to ONNX", lambda: to_onnx(program, signature.inputs, outputs, VERSION))
    audit.check_live(program, signature.inputs, symbols, unused_inputs(model))
    contract = _contract(module, signature.inputs, outputs, resizes, image, notes)
    artifact = Artifact(serialise(model), contract)
    say("checking against PyTorch")
    if judge is not None:
        return replace(artifact, contract=judge(artifact))
    sound, outcomes = audit.check_numbers(module, signature, program, symbols, artifact, traced.assumptions)
    logger.info(
        "audit: %d cases, %d of them refused by PyTorch", len(outcomes), sum(o.difference is None for o in outcomes)
    )
    return replace(artifact, contract=sound, explanation=explain(model, sound, signature.leaves))


def _attempt(inputs: Sequence[Input], journey: Journey, stage: str, step: Callable[[], Any]) -> Any:
    try:
        with quietly():
            return step()
    except Exception as error:
        told = next((cause for cause in chain(error) if isinstance(cause, ExportError)), None)
        raise told or refusal(error, stage, inputs, journey) from error


def _outputs(program: ExportedProgram, symbols: Symbols) -> tuple[Output, ...]:
    shapes = output_shapes(program, symbols)
    single = len(shapes) == 1
    return tuple(Output("output" if single else f"output_{k}", dtype, dims) for k, (dtype, dims) in enumerate(shapes))


def _resizes(program: ExportedProgram, inputs: Sequence[Input]) -> tuple[Resize, ...]:
    """What every resize in the traced program means, and which live values drive it."""
    names = dict(zip(program.graph_signature.user_inputs, (i.name for i in inputs), strict=True))
    found: list[Resize] = []
    for node in program.graph.nodes:
        if node.target is torch.ops.pliant.resize.default:
            _, scales, size, mode, *_ = node.args
            seen: set[Any] = set()
            pending = [n for n in (scales, *size) if isinstance(n, torch.fx.Node)]
            while pending:
                current = pending.pop()
                if current not in seen:
                    seen.add(current)
                    pending += current.all_input_nodes if "sym_size" not in str(current.target) else []
            driver = tuple(names[n.name] for n in program.graph.nodes if n in seen and n.name in names)
            found.append(Resize(node.name, mode, "size" if scales is None else "scale", driver))
    return tuple(found)


def _contract(
    module: nn.Module,
    inputs: tuple[Input, ...],
    outputs: tuple[Output, ...],
    resizes: tuple[Resize, ...],
    image: Image | None,
    notes: Sequence[str],
) -> Contract:
    picture = next((i for i in inputs if i.role == "image"), None)
    live = [i.name for i in inputs if i.role == "value"]
    factor, scale = None, None
    if picture is not None:
        factor, scale = upscaling(str(picture.dims[2].name), outputs[0].dims, live)
        channels = picture.dims[1].size
        if image is None and len(outputs[0].dims) == 4 and channels in (1, 3):
            image = Image(colours="RGB" if channels == 3 else "GREY")
    return Contract(inputs, outputs, image, factor, scale, resizes, _provenance(module), tuple(notes))


def weights_digest(module: nn.Module) -> str:
    """sha256 over the names, shapes, types and bytes of a module's weights, as a contract's provenance has it."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _provenance(module: nn.Module) -> Provenance:
    kind = type(module)
    packages = ("onnx", "onnxscript", "torch")
    versions = (("pliant", VERSION), *((package, version(package)) for package in packages))
    return Provenance(f"{kind.__module__}.{kind.__qualname__}", weights_digest(module), versions)
