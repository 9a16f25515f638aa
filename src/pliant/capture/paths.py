"""Both ways of every decision on a live value.

While PyTorch traces, `if factor > 2:` asks a number that is not known yet. The model's own source (see `rewrite.py`)
asks `Paths.truth` instead. `Paths.fork` runs a piece of code once for each sequence of answers, from the same state,
and merges what comes out; all ways end up in the traced program, and `exporter/structure.py` turns them into `If`
nodes.

A fork is as small as the source allows: one `if` statement, or the whole function if the statement returns from it.
Where two ways leave things behind that no single value can stand for (lists of different lengths, say), the decision is
left to the fork around it, and in the end to the model as a whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import CodeType, FunctionType, TracebackType
from typing import Any

import sympy
from torch import SymBool, Tensor, nn
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.utils import _pytree as pytree

from pliant.capture.changes import Changes
from pliant.capture.live.choices import expression, in_example, known, truth_of
from pliant.capture.merging import REFUSED, Apart, merged
from pliant.capture.modules import Modules
from pliant.capture.places import users_own
from pliant.capture.state import State

DEEPEST = 60  # forks within one another that decide something
MOST_PATHS = 64  # through one piece of code; more would be a file that nobody wants


class Undecidable(Exception):  # noqa: N818 - becomes a CaptureError with the line
    """A decision that has no ONNX form; the text is a reason, `line` is where it is if the traceback does not say."""

    def __init__(self, reason: str, line: tuple[str, int] | None = None) -> None:
        super().__init__(reason)
        self.line = line


class Outwards(BaseException):
    """The fork around must take the decision."""


@dataclass(frozen=True)
class Decision:
    """A truth that was asked for, where, and the answer on this way."""

    condition: SymBool
    line: tuple[str, int]
    answer: bool


@dataclass(frozen=True)
class Assumption:
    """A way that could not be traced: the truth is assumed to be `answer`. Whoever exports has to test that."""

    condition: Any
    answer: bool
    line: tuple[str, int]
    reason: str


@dataclass
class _Frame:
    """One run of a piece of code: `script` are the answers that it has to give, `asked` those that it gave."""

    script: Sequence[Decision]
    asked: list[Decision] = field(default_factory=list)


@dataclass(frozen=True)
class _Outcome:
    """What a way gives and leaves behind.

    `tensors` are those it changed in place: (tensor, before, after); `shown` all tensors that show such memory, and
    what they show at its end.
    """

    value: Any
    state: State
    tensors: dict[int, tuple[Tensor, Tensor, Tensor]]
    shown: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Piece:
    """A piece of code: the function whose variables it changes, and what is run."""

    block: FunctionType
    run: Callable[[], Any]

    @property
    def key(self) -> tuple[CodeType, CodeType | None]:
        """The same for every run of this piece."""
        return self.block.__code__, getattr(self.run, "__code__", None)


class Paths:
    """The decisions of one trace. `module` is the model, whose attributes may be changed on the way."""

    def __init__(self, module: nn.Module) -> None:
        self.modules = Modules(module)
        self.frames: list[_Frame] = []
        self.facts: list[Decision] = []  # of all frames, outermost first
        self.wide: set[tuple[CodeType, CodeType | None]] = set()  # code whose decisions are left to the fork around it
        self.assumptions: list[Assumption] = []
        self.examples: dict[str, Tensor] = {}  # of the inputs, by the name of their step
        self.elements: dict[Any, Any] = {}  # live numbers by the way they are read from tensors
        self.origins: dict[Any, Any] = {}
        self.changes: list[Changes] = []  # of everything that may have to be taken back, outermost first
        self.sites = 0
        self.loops = 0
        self.runs = 0  # of the innermost fork
        self.attempts = 0  # `try` statements around the current step

    def truth(self, value: Any) -> bool:
        """`bool(value)`, on the way that is being taken."""
        condition = truth_of(value)
        if not isinstance(condition, SymBool):
            return bool(condition)
        static = known(condition)
        static = self._fact(condition) if static is None else static
        if static is not None or not self.frames:
            return bool(condition) if static is None else static
        frame = self.frames[-1]
        position = len(frame.asked)
        if position < len(frame.script):
            decision = frame.script[position]
        else:
            answer = in_example(condition)
            decision = Decision(condition, asked_at(), answer is None or answer)
        frame.asked.append(decision)
        self.facts.append(decision)
        return decision.answer

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Within the block an error is a way of its own, since the model may catch it."""
        self.attempts += 1
        try:
            yield
        finally:
            self.attempts -= 1

    def chosen(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """`then if condition else otherwise` of two values of one kind."""
        condition = truth_of(condition)
        if not isinstance(condition, SymBool):
            return then if condition else otherwise
        self.sites += 1
        return merged(condition, then, otherwise, self.sites)

    def _fact(self, condition: SymBool) -> bool | None:
        wanted = expression(condition)
        for fact in self.facts:
            if expression(fact.condition) == wanted:
                return fact.answer
            if sympy.Not(expression(fact.condition)) == wanted:
                return not fact.answer
        return None

    def known(self) -> list[Any]:
        """The formulas of all truths that were decided on this way, as they are here."""
        return [expression(f.condition) if f.answer else sympy.Not(expression(f.condition)) for f in self.facts]

    def fork(self, block: FunctionType, run: Callable[[], Any] | None = None) -> Any:
        """Call `run` on every way through it; what it returns and leaves behind stands for all of them.

        `block` is the function whose variables it changes, and what is called if `run` is None.

        Raises Undecidable if the ways have nothing in common, and what `block` itself raises on all of them.
        """
        piece = _Piece(block, run or block)
        if piece.key in self.wide and self.frames:
            return piece.run()
        while True:
            before = State.of(block, self.modules)
            depth, facts, outer = len(self.frames), len(self.facts), self.runs
            changes = len(self.changes)
            try:
                self.runs = 0
                outcome = self._explore(piece, before, ())
                if outcome.state is not before:
                    outcome.state.restore()
                for tensor, _, after in outcome.tensors.values():
                    self.will_change(tensor)
                    tensor.copy_(after)
                return outcome.value
            except Outwards:
                if piece.key in self.wide:
                    raise
                # a fork inside this one gave up: begin again, and take its decisions here
            finally:
                self.runs = outer
                del self.frames[depth:], self.facts[facts:], self.changes[changes:]
            before.restore()

    def _explore(self, piece: _Piece, before: State, script: Sequence[Decision]) -> _Outcome:
        """The ways that begin with the answers of `script`, merged; everything is in the state `before`."""
        if sum(bool(frame.asked) for frame in self.frames) > DEEPEST:
            raise Undecidable("a function calls itself for as long as a live value says so")
        self.runs += 1
        if self.runs > MOST_PATHS:
            raise Undecidable(f"the decisions of one function lead to more than {MOST_PATHS} different ways")
        frame, facts = _Frame(script), len(self.facts)
        self.frames.append(frame)
        changes = Changes()
        self.changes.append(changes)
        refusal: Exception | None = None
        value: Any = REFUSED
        stack = _module_stack()
        called = None if stack is None else stack.copy()
        try:
            value = piece.run()
        except BaseException as error:
            if stack is not None and called is not None:  # torch.fx leaves it as it was where the error arose
                stack.clear()
                stack.update(called)
            if not isinstance(error, Exception):
                changes.take_back()
                raise
            refusal = error  # sorted out below, once it is clear which way this is
        finally:
            self.frames.pop()
            del self.facts[facts:], self.changes[self.changes.index(changes) :]
        if refusal is not None:
            self._sort_out(refusal, piece, frame, script)
        if not frame.asked:
            return _Outcome(value, before, {})  # one way: what it left behind stays where it is
        now = before.now()
        shown = _shown((value, *now.tensors()), changes)
        outcome = _Outcome(value, now, changes.take_back(), shown)
        error = refusal
        for k in reversed(range(len(script), len(frame.asked))):
            decision = frame.asked[k]
            flipped = Decision(decision.condition, decision.line, not decision.answer)
            before.restore()
            other = self._explore(piece, before, (*frame.asked[:k], flipped))
            outcome = self._merged(piece, decision, outcome, other)
        if outcome.value is REFUSED and not script and error is not None:
            raise error
        return outcome

    def _sort_out(self, error: Exception, piece: _Piece, frame: _Frame, script: Sequence[Decision]) -> None:
        """Let an error pass if it is the model's own refusal; if it is not, assume that this way is never taken.

        On the example's own way it is a real error. Which way that is, is not known where a decision is about values
        that tracing does not have: `if (std == 0).any(): raise`, in a library. Where a `try` is around this piece, the
        error may lead to its handler, and the decision belongs to the piece that has both.
        """
        if isinstance(error, (Undecidable, RecursionError)) or not frame.asked:
            raise error
        if self.attempts and self.frames:
            self.wide.add(piece.key)
            raise Outwards from error
        if raised_on_purpose(error):
            return
        unknown = [decision for decision in frame.asked if in_example(decision.condition) is None]
        if not script and not unknown:
            raise error
        last = script[-1] if script else unknown[-1]
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        self.assumptions.append(Assumption(expression(last.condition), not last.answer, last.line, reason))

    def will_change(self, tensor: Tensor) -> None:
        """A tensor is about to be changed in place."""
        for changes in self.changes:
            changes.note(tensor)

    def _merged(self, piece: _Piece, decision: Decision, own: _Outcome, other: _Outcome) -> _Outcome:
        if other.value is REFUSED:
            return own
        if own.value is REFUSED:
            return other
        then, otherwise = (own, other) if decision.answer else (other, own)
        self.sites += 1
        site = self.sites

        def join(a: Any, b: Any) -> Any:
            if a is not b:
                a, b = _as_shown(a, then.shown), _as_shown(b, otherwise.shown)
            return merged(decision.condition, a, b, site)

        try:
            shown = {**own.shown, **other.shown}
            for key, (tensor, _) in shown.items():
                a, b = (way.shown[key][1] if key in way.shown else tensor for way in (then, otherwise))
                shown[key] = (tensor, merged(decision.condition, a, b, site))
            tensors = {**own.tensors, **other.tensors}
            for key, (tensor, before, _) in tensors.items():
                ends = [way.tensors[key][2] if key in way.tensors else before for way in (then, otherwise)]
                tensors[key] = (tensor, before, join(*ends))
            state = then.state.joined(otherwise.state, join)
            return _Outcome(join(then.value, otherwise.value), state, tensors, shown)
        except Apart as apart:
            if self.frames:
                self.wide.add(piece.key)
                raise Outwards from None
            reason = f"the two ways of this decision end in different things: {apart}"
            raise Undecidable(reason, decision.line) from None


def _shown(values: Any, changes: Changes) -> dict[int, tuple[Tensor, Tensor]]:
    """Tensors among `values` that show memory that was changed in place, by identity, and what they show now."""
    memory = {tensor.untyped_storage()._cdata for tensor, _ in changes.before.values()}
    if not memory:
        return {}
    found = [v for v in pytree.tree_leaves(values) if isinstance(v, Tensor) and v.untyped_storage()._cdata in memory]
    return {id(tensor): (tensor, tensor.clone()) for tensor in found}


def _as_shown(value: Any, shown: dict[int, tuple[Tensor, Tensor]]) -> Any:
    """`value` with what its tensors showed at the end of their way."""

    def now(part: Any) -> Any:
        return shown[id(part)][1] if id(part) in shown else part

    return pytree.tree_map(now, value) if shown else value


def _module_stack() -> Any:
    """torch.fx's record of the modules that are being called."""
    mode = get_proxy_mode()
    return None if mode is None else getattr(mode.tracer, "module_stack", None)


def raised_on_purpose(error: Exception) -> bool:
    """Whether the model's own source raised `error`, with `raise` or `assert`, and not a library that it called."""
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and users_own(traceback.tb_frame.f_code.co_filename)


def asked_at() -> tuple[str, int]:
    """Where in the model's source something was asked for."""
    frame = sys._getframe(1)
    while frame.f_back is not None and not users_own(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


_current: ContextVar[Paths] = ContextVar("paths")


@contextmanager
def deciding(paths: Paths) -> Generator[None]:
    """Within the block, `current()` gives `paths`."""
    token = _current.set(paths)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Paths:
    """The decisions of the trace that is running in this thread."""
    return _current.get()
