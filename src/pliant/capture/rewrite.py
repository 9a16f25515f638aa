"""Turning the model's own source into a form in which nothing asks a live number for its value.

Three things change, and nothing else; for ordinary values the result behaves as the source does.

- Every callee passes through a resolver: `int(x)` becomes `__pliant__.resolve(int)(x)`, so that a capture family can
  answer in place of a function that goes to C.
- Every truth is asked for by name: `if test:` becomes `if __pliant__.truth(test):`; `and`, `or`, `not`, chained
  comparisons, `==` and `in` become calls that can answer with a live truth.
- Statements that decide become small functions inside the function, so that both ways can be run: an `if` statement or
  a `try` from which nothing jumps out becomes `def _pliant_3(): nonlocal x; if ...` and `__pliant__.fork(_pliant_3)`.
  Where something jumps out, with `return` say, the whole function becomes such a piece. Loops get a second form, which
  is used when their number of iterations is live.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pliant.capture.names import Uses, bound, changed, declared, inside, jumps
from pliant.capture.nodes import (
    after_docstring,
    ask,
    at,
    catches_errors,
    define,
    has_walrus,
    is_delayed,
    is_private,
    load,
    looks_around,
    never,
    shared,
    thunk,
    without_jumps,
    words,
)
from pliant.capture.simpler import simpler

SCOPED = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec"})  # they look at their caller
SUSPENDING = (ast.Yield, ast.YieldFrom, ast.Await)
SYMBOLS: dict[type, str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


def rewritten(tree: ast.Module) -> ast.Module:
    """The tree of a source file in the other form; the tree that is given is used up."""
    return ast.fix_missing_locations(_Rewriter().visit(simpler(tree)))


@dataclass
class _Function:
    """The function that is being rewritten: `first` is its first argument, for `super()`."""

    first: str | None
    outer: frozenset[str] = frozenset()  # names declared global
    enclosing: frozenset[str] = frozenset()  # names declared nonlocal
    uses: Uses | None = None
    forks: bool = False  # something in it decides and is in no smaller piece
    tries: int = 0  # handlers around the current place
    blocks: int = 0  # pieces around the current place
    names: set[str] = field(default_factory=set)  # that its pieces share
    suspends: bool = False  # cannot be cut: it yields, or looks at its own variables


class _Rewriter(ast.NodeTransformer):
    def __init__(self) -> None:
        self.functions: list[_Function] = []
        self.count = 0
        self.owner = ""  # the class that is being rewritten

    # functions

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.args = self.visit(node.args)
        first = next((a.arg for a in (*node.args.posonlyargs, *node.args.args)), None)
        outer = frozenset(declared(node.body, ast.Global))
        suspends = any(isinstance(s, SUSPENDING) or looks_around(s) for s in inside(node.body))
        enclosing = frozenset(declared(node.body, ast.Nonlocal))
        function = _Function(first, outer, enclosing, Uses(node.body), suspends=suspends)
        self.functions.append(function)
        own = bound(node.body) - outer - enclosing
        node.body = self._statements(node.body)
        self.functions.pop()
        arguments = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        if function.forks and not suspends:
            node.body = self._whole(node, function, own & arguments)
        else:
            start = after_docstring(node.body)
            node.body[start:start] = never(node, function.names - arguments - enclosing)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self.visit(node.args)
        first = next((a.arg for a in node.args.args), None)
        self.functions.append(_Function(first, blocks=1))
        node.body = self.visit(node.body)
        self.functions.pop()
        return node

    def _whole(self, node: ast.FunctionDef, function: _Function, arguments: set[str]) -> list[ast.stmt]:
        """A function's body as one piece. `arguments` are those that it assigns; its other variables move with it."""
        start = after_docstring(node.body)
        inner = node.body[start:]
        own = function.names - {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)} - function.enclosing
        piece = define(self._name(), [*shared(arguments, ()), *never(node, own), *inner], node)
        return [*node.body[:start], piece, at(ast.Return(ask("fork", load(piece.name))), node)]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        outer, self.functions = self.functions, []
        around, self.owner = self.owner, node.name
        self.generic_visit(node)
        self.functions, self.owner = outer, around
        return node

    def _constant(self, names: Iterable[str]) -> ast.expr:
        """Names as the compiler will know them: those that begin with two underscores belong to their class."""
        mangled = {f"_{self.owner.lstrip('_')}{n}" if self.owner and is_private(n) else n for n in names}
        return words(sorted(mangled))

    def _name(self) -> str:
        self.count += 1
        return f"_pliant_{self.count}"

    # statements

    def _statements(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in body:
            visited: Any = self.visit(statement)
            result += visited if isinstance(visited, list) else [visited]
        return result

    def visit_If(self, node: ast.If) -> Any:
        if not self._local([node]):
            self._leave()
            return self._plain_if(node)
        return self._piece(node, lambda: [self._plain_if(node)])

    def _plain_if(self, node: ast.If) -> ast.If:
        node.test = self._truth(node.test)
        node.body, node.orelse = self._statements(node.body), self._statements(node.orelse)
        return node

    def visit_match_case(self, node: ast.match_case) -> Any:
        if node.guard is not None:
            self._leave()
            node.guard = self._truth(node.guard)
        node.body = self._statements(node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Without the annotation of a variable: nothing evaluates it, and a piece may not annotate what it shares."""
        if not self.functions or not isinstance(node.target, ast.Name):
            return self.generic_visit(node)
        if node.value is None:
            return at(ast.Pass(), node)
        return at(ast.Assign([node.target], self.visit(node.value)), node)

    def visit_Try(self, node: ast.Try) -> Any:
        if not self.functions:
            return self.generic_visit(node)
        if not catches_errors(node):
            return self._plain_try(node)
        if not self._local([node]):
            self._leave()
            return self._plain_try(node)
        return self._piece(node, lambda: [self._plain_try(node)])

    def _plain_try(self, node: ast.Try) -> ast.Try:
        function = self.functions[-1]
        function.tries += bool(node.handlers)
        node.body = self._statements(node.body)
        function.tries -= bool(node.handlers)
        if catches_errors(node):
            node.body = [at(ast.With([ast.withitem(ask("attempt"))], node.body), node.body[0])]
        for handler in node.handlers:
            check = at(ast.Expr(ask("pass_on")), handler.body[0])
            handler.body = [check, *self._statements(handler.body)]
        node.orelse, node.finalbody = self._statements(node.orelse), self._statements(node.finalbody)
        return node

    def visit_Assert(self, node: ast.Assert) -> Any:
        node.test = at(ask("assume", self.visit(node.test)), node.test)
        node.msg = self.visit(node.msg) if node.msg else None
        return node

    def _local(self, body: Sequence[ast.stmt]) -> bool:
        """Whether statements can be a piece: nothing jumps out of them, also not to a handler of this function."""
        if self.functions and self.functions[-1].tries and any(isinstance(s, ast.Raise) for s in inside(body)):
            return False
        return not jumps(body) and self._plain(body)

    def _plain(self, body: Sequence[ast.stmt]) -> bool:
        """Whether statements declare nothing, and are in a function that may be cut into pieces."""
        if not self.functions or self.functions[-1].suspends:
            return False
        return not any(isinstance(s, (ast.Global, ast.Nonlocal)) for s in inside(body))

    def _piece(self, node: ast.stmt, make: Callable[[], list[ast.stmt]]) -> list[ast.stmt]:
        """Statements as a function of their own, called at once."""
        function = self.functions[-1]
        name = self._name()
        header = self._header(bound([node]))
        function.blocks += 1
        body = make()
        function.blocks -= 1
        return [define(name, [*header, *body], node), at(ast.Expr(ask("fork", load(name))), node)]

    def _header(self, names: set[str]) -> list[ast.stmt]:
        """Declarations for a piece that binds `names`: they are the variables of the function around it."""
        function = self.functions[-1]
        function.names |= names - function.outer
        return shared(names - function.outer, names & function.outer)

    def visit_For(self, node: ast.For) -> Any:
        if node.orelse or not self._plain([node]) or jumps([node], returns_only=True):
            return self.generic_visit(node)
        names = changed([node])
        kept = self._needed_after(node, names)
        node.iter = self.visit(node.iter)
        item = at(ast.Name("_pliant_item", ast.Load()), node.target)
        first = at(ast.Assign([node.target], item), node)
        piece, name = self._body(node, [first, *node.body], "_pliant_item")
        call = ask("each", node.iter, load(name), self._constant(names), kept)
        return [piece, at(ast.Expr(call), node)]

    def visit_While(self, node: ast.While) -> Any:
        if node.orelse or not self._plain([node]) or jumps([node], returns_only=True) or has_walrus(node.test):
            self._leave()
            node.test = self._truth(node.test)
            node.body, node.orelse = self._statements(node.body), self._statements(node.orelse)
            return node
        names = changed(node.body)
        kept = self._needed_after(node, names)
        self.functions[-1].blocks += 1
        test = thunk(self.visit(node.test))
        self.functions[-1].blocks -= 1
        piece, name = self._body(node, node.body)
        call = ask("during", test, load(name), self._constant(names), kept)
        return [piece, at(ast.Expr(call), node)]

    def _needed_after(self, node: ast.stmt, names: set[str]) -> ast.expr:
        uses = self.functions[-1].uses
        return self._constant(uses.needed_after(node, names) if uses else names)

    def _body(self, node: ast.For | ast.While, body: list[ast.stmt], *arguments: str) -> tuple[ast.stmt, str]:
        """The body of a loop as a piece that returns whether to leave the loop."""
        header = self._header(bound([node]))
        self.functions[-1].blocks += 1
        name = self._name()
        statements = self._statements([without_jumps(s) for s in body])
        self.functions[-1].blocks -= 1
        end = at(ast.Return(ast.Constant(False)), body[-1])
        return define(name, [*header, *statements, end], node, *arguments), name

    def _leave(self) -> None:
        """Something here decides: if it is in no piece yet, the whole function becomes one."""
        if self.functions and not self.functions[-1].blocks:
            self.functions[-1].forks = True

    # expressions

    def _truth(self, test: ast.expr) -> ast.expr:
        return at(ask("truth", self.visit(test)), test)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args and self.functions:
            first = self.functions[-1].first
            if first is not None:
                node.args = [load("__class__"), load(first)]
            return node
        self.generic_visit(node)
        callee = node.func
        if isinstance(callee, ast.Attribute) or (isinstance(callee, ast.Name) and callee.id not in SCOPED):
            node.func = at(ask("resolve", callee), callee)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        if not self.functions or self.functions[-1].suspends or has_walrus(node):
            self._leave()
            node.test = self._truth(node.test)
            node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
            return node
        self.functions[-1].blocks += 1
        node.test = self._truth(node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        self.functions[-1].blocks -= 1
        return at(ask("fork", thunk(node)), node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if not self.functions or self.functions[-1].suspends or has_walrus(node):
            return self.generic_visit(node)
        self.functions[-1].blocks += 1
        values = [self.visit(v) for v in node.values]
        self.functions[-1].blocks -= 1
        which = "all_of" if isinstance(node.op, ast.And) else "any_of"
        return at(ask(which, *(thunk(v) for v in values)), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        node.operand = self.visit(node.operand)
        return at(ask("negation", node.operand), node) if isinstance(node.op, ast.Not) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        text = isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        self.generic_visit(node)
        return at(ask("remainder", node.left, node.right), node) if text and self.functions else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        plain = len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot))
        if plain or not self.functions or self.functions[-1].suspends or has_walrus(node):
            return self.generic_visit(node)
        self.functions[-1].blocks += 1
        values = [self.visit(v) for v in (node.left, *node.comparators)]
        self.functions[-1].blocks -= 1
        symbols = words(SYMBOLS[type(o)] for o in node.ops)
        return at(ask("comparison", symbols, *(thunk(v) for v in values)), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not self.functions or isinstance(node.slice, ast.Tuple) or not isinstance(node.ctx, ast.Load):
            return node
        if isinstance(node.slice, ast.Slice):
            bounds = [part or ast.Constant(None) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
            return at(ask("part", node.value, *bounds), node)
        return at(ask("at", node.value, node.slice), node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        fields = [v for v in node.values if isinstance(v, ast.FormattedValue)]
        if not self.functions or any(f.format_spec is not None or f.conversion not in (-1, ord("s")) for f in fields):
            return node
        return at(ask("text", *(v.value if isinstance(v, ast.FormattedValue) else v for v in node.values)), node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._comprehension(node, "generated")

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node, "listed")

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, helper: str) -> ast.AST:
        (generator, *others), inner = node.generators, ast.walk(node)
        plain = not others and not generator.ifs and isinstance(generator.target, ast.Name)
        if (
            not plain
            or not self.functions
            or is_delayed(node.elt)
            or any(isinstance(n, (ast.NamedExpr, ast.Await)) for n in inner)
        ):
            return self.generic_visit(node)
        target = generator.target.id  # type: ignore[attr-defined]
        iterable = self.visit(generator.iter)
        self.functions[-1].blocks += 1
        item = thunk(self.visit(node.elt), target)
        self.functions[-1].blocks -= 1
        return at(ask(helper, iterable, item), node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self.visit(node.iter)
        if node.ifs:
            self._leave()
        node.ifs = [self._truth(test) for test in node.ifs]
        return node
