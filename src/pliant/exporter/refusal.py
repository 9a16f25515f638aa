"""Turning what PyTorch raises into what a user can act on: the line, the way to it, the reason, the fix."""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from torch.fx import Graph, Node
from torch.overrides import get_testing_overrides
from torch.utils import _pytree as pytree

from pliant.capture.journey import Failure, Journey
from pliant.capture.paths import Undecidable
from pliant.capture.places import place, users_own
from pliant.contract import Input
from pliant.errors import CaptureError
from pliant.exporter.paths import NUMBERS, Path, Step, Traced, users_place
from pliant.exporter.rules import Rule, construct_for, rule_for

NOWHERE = Path((), ())
GUARDS = ("GuardOnDataDependentSymNode", "PendingUnbackedSymbolNotFound")


@dataclass(frozen=True)
class Scene:
    """What is known about a failure.

    `line` is in the user's source; `function` failed, with the live parameters `live` (formulas by name), of which
    the first that `rule` is about matters; `path` leads there.
    """

    line: str
    path: Path = NOWHERE
    function: str = ""
    live: Mapping[str, str] = field(default_factory=dict)
    rule: Rule | None = None


def refusal(error: Exception, stage: str, inputs: Sequence[Input] = (), journey: Journey | None = None) -> CaptureError:
    """The reason why `stage` failed, as one error. `inputs` and `journey` tell the way of the value that failed."""
    scene = _scene(error, inputs, journey or Journey())
    undecidable = next((e for e in chain(error) if isinstance(e, Undecidable)), None)
    if undecidable is not None and undecidable.line is not None:
        scene = replace(scene, line=place(*undecidable.line))
    reason, instead = _explain(error, scene)
    lines = [f"The model cannot be exported with its values live ({stage})."]
    lines += [f"at {scene.line}"] if scene.line else []
    lines += _told(scene, inputs)
    lines += [f"Reason: {reason}.", f"Fix: {_fix(scene.path, inputs, instead)}."]
    return CaptureError("\n  ".join(lines))


def users_line(error: BaseException) -> str:
    """ "file:line: source" of the innermost frame in the user's own code, or an empty text."""
    found = ""
    for current in chain(error):
        for frame in _frames(current.__traceback__):
            filename = frame.tb_frame.f_code.co_filename
            if users_own(filename):
                found = place(filename, frame.tb_lineno)
        if found:
            break
    return found


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        inner = None if isinstance(current, Undecidable) else current.__context__  # which it explains
        current = current.__cause__ or inner


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from; not what was being handled at the time."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _scene(error: Exception, inputs: Sequence[Input], journey: Journey) -> Scene:
    line = users_line(error)
    if node := _translated(error):
        traced = _traced(node.graph, inputs)
        path = traced.path(node.all_input_nodes) if traced is not None else NOWHERE
        return Scene(line or users_place(node), path, getattr(node.target, "__name__", str(node.target)))
    traced = _traced(journey.graph, inputs)
    if traced is None:
        return Scene(line)
    failure = journey.failure
    if failure is None or failure.error not in _causes(error):  # the model caught it itself
        return Scene(line, _path(traced, _asked(error)))
    numbers = {name: n for name, value in _arguments(failure).items() if (n := _numbers(value))}
    rule, about = rule_for(failure.function.__name__, numbers) or (None, "")
    numbers = {about: numbers[about]} if rule is not None else numbers
    live = {name: ", ".join(dict.fromkeys(traced.read(n) for n in found)) for name, found in numbers.items()}
    expressions = [n.node.expr for found in numbers.values() for n in found]
    return Scene(line, _path(traced, expressions or _asked(error)), failure.function.__name__, live, rule)


def _path(traced: Traced, expressions: Sequence[Any]) -> Path:
    return traced.path([node for e in expressions for node in traced.making(e)], expressions)


def _asked(error: BaseException) -> list[Any]:
    """What was to be decided; else the live numbers whose names stand in the line that failed."""
    conditions = [c for e in chain(error) if (c := getattr(e, "cond", None)) is not None]
    if conditions:
        return conditions[:1]
    frames = [f for e in chain(error) for f in _frames(e.__traceback__) if users_own(f.tb_frame.f_code.co_filename)]
    if not frames:
        return []
    frame = frames[-1].tb_frame
    words = re.findall(r"\w+", linecache.getline(frame.f_code.co_filename, frames[-1].tb_lineno))
    return [n.node.expr for word in dict.fromkeys(words) for n in _numbers(frame.f_locals.get(word))]


def _translated(error: Exception) -> Node | None:
    """The node that could not be translated to ONNX, if that is what failed."""
    for current in chain(error):
        for frame in _frames(current.__traceback__):
            if "torch/onnx/" in frame.tb_frame.f_code.co_filename.replace("\\", "/"):
                node = frame.tb_frame.f_locals.get("node")
                if isinstance(node, Node) and type(current).__name__ == "ConversionError":
                    return node
    return None


def _traced(graph: Graph | None, inputs: Sequence[Input]) -> Traced | None:
    placeholders = sum(node.op == "placeholder" for node in graph.nodes) if graph is not None else 0
    return Traced(graph, inputs) if graph is not None and inputs and placeholders >= len(inputs) else None


def _arguments(failure: Failure) -> dict[str, Any]:
    """Arguments by the names of the function's parameters; by position where those are not known."""
    known: Any = get_testing_overrides().get(failure.function, failure.function)
    try:
        bound = inspect.signature(known).bind_partial(*failure.args, **failure.kwargs).arguments
    except (TypeError, ValueError):
        return {f"argument {k + 1}": value for k, value in enumerate(failure.args)} | dict(failure.kwargs)
    extra = bound.pop("kwargs", {})
    return {**bound, **(extra if isinstance(extra, dict) else {})}


def _numbers(value: Any) -> list[Any]:
    """The live numbers in an argument."""
    leaves: list[Any] = pytree.tree_leaves(value)
    leaves += [part for leaf in leaves if isinstance(leaf, slice) for part in (leaf.start, leaf.stop, leaf.step)]
    return [leaf for leaf in leaves if isinstance(leaf, NUMBERS)]


def _told(scene: Scene, inputs: Sequence[Input]) -> list[str]:
    """The way from the argument to the line."""
    if not scene.path.origins:
        return []
    examples = {entry.name: entry.example for entry in inputs if entry.role == "value"}
    shown = [f"{name} (here {_show(examples[name])})" if name in examples else name for name in scene.path.origins]
    steps = [step for step in scene.path.steps if step.line != scene.line]
    given = ", ".join(f"{name} = {formula}" for name, formula in scene.live.items())
    steps.append(Step(scene.line, f"{scene.function}: {given}" if given else ""))
    lines = [f"{step.line}{f'   [{step.formula}]' if step.formula else ''}" for step in steps if step.line]
    return ["Path: " + ", ".join(shown), *(f"  -> {line}" for line in lines)]


def _show(example: Sequence[float]) -> str:
    return f"{example[0]:g}" if len(example) == 1 else "[" + ", ".join(f"{v:g}" for v in example) + "]"


def _fix(path: Path, inputs: Sequence[Input], instead: str) -> str:
    """What to do: fix the value, or write it differently."""
    values = {entry.name: _show(entry.example) for entry in inputs if entry.role == "value"}
    fixed = [name for name in path.origins if name in values]
    axes = [name for name in path.origins if any(d.name == name for entry in inputs for d in entry.dims)]
    ways: list[str] = []
    if fixed:
        pairs = ", ".join(f'"{name}": {values[name]}' for name in fixed)
        options = " ".join(f"--fixed {name}={values[name].strip('[]').replace(' ', '')}" for name in fixed)
        options = options if all("[" not in values[name] for name in fixed) else ""
        ways.append(f"declare it fixed with fixed={{{pairs}}}" + (f" ({options} for pliant export)" if options else ""))
    elif axes:
        entry = next(e for e in inputs if any(d.name == axes[0] for d in e.dims))
        words = " ".join("LENGTH" if d.name == axes[0] else str(d) for d in entry.dims)
        ways.append(f'declare the length of {axes[0]} fixed with dims={{"{entry.name}": "{words}"}}')
    return ", or ".join([*ways, *([instead] if instead else [])]) or "declare the value that reaches it fixed"


def _explain(error: Exception, scene: Scene) -> tuple[str, str]:
    """Why, and what to do apart from fixing the value."""
    source = scene.line.partition(": ")[2]
    if scene.rule is not None:
        return f"{scene.rule.why} (`{next(iter(scene.live))}` of {scene.function})", scene.rule.instead
    for current in chain(error):
        text = _text(current)
        kind = type(current).__name__
        if kind in GUARDS or "data-dependent" in text:
            construct = construct_for(source)
            return construct.why, construct.instead
        if match := re.search(r"No ONNX function found for <OpOverload\(op='([\w:.]+)'", text):
            return (
                f"the operator {match.group(1)} has no ONNX translation in this version of torch and onnxscript",
                "write the step with other operators, or give an autograd.Function a `symbolic` method",
            )
        if isinstance(current, Undecidable):
            return str(current), "let both ways, or all iterations, end in the same kind of thing"
        if kind == "ValueError" and "ONNX form" in text:
            return text, "change the call"
    last = _text(list(chain(error))[-1])
    kind = type(list(chain(error))[-1]).__name__
    construct = construct_for(source) if re.search(r"Sym(Int|Float|Bool)", last) else None
    if construct is not None and construct.pattern:
        return f"{construct.why} ({kind}: {last[:200].rstrip('.')})", construct.instead
    doing = f"{scene.function} failed with " if scene.function else ""
    return f"{doing}{kind}: {last[:300].rstrip('.')}", "change the line"


def _text(error: BaseException) -> str:
    return re.sub(r"\x1b\[\d+m", "", " ".join(str(error).split()))
