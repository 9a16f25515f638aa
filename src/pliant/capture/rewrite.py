"""Turning the model's own source into a form in which nothing asks a live number for its value.

Three things change, and nothing else; for ordinary values the result behaves as the source does.

- Every callee passes through a resolver: `int(x)` becomes `__pliant__.resolve(int)(x)`, so that a capture family can
  answer in place of a function that goes to C.
- Every truth is asked for by name: `if test:` becomes `if __pliant__.truth(test):`; `and`, `or`, `not`, chained
  comparisons, `==` and `in` become calls that can answer with a live truth.
- Statements that decide become small functions inside the function, so that both ways can be run: an `if` statement
  from which nothing jumps out becomes `def _pliant_3(): nonlocal x; if ...` and `__pliant__.fork(_pliant_3)`. Where
  something jumps out, with `return` say, the whole function becomes such a piece. Loops get a second form, which is
  used when their number of iterations is live.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pliant.capture.names import SCOPES, Uses, bound, changed, declared, inside, jumps

HELPER = "__pliant__"
THUNK = "_pliant_thunk"  # a variable of the lambdas that are made here, which tells them from the model's own
SCOPED = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec"})  # they look at their caller
LOOKING = frozenset({"locals", "vars", "dir", "eval", "exec"})  # they see the variables of the function as it is cut
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
    return ast.fix_missing_locations(_Rewriter().visit(tree))


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
        suspends = any(isinstance(s, SUSPENDING) or _looks(s) for s in inside(node.body))
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
            start = _after_docstring(node.body)
            node.body[start:start] = _never(node, function.names - arguments - enclosing)
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
        start = _after_docstring(node.body)
        inner = node.body[start:]
        own = function.names - {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)} - function.enclosing
        piece = _define(self._name(), [*_shared(arguments, ()), *_never(node, own), *inner], node)
        return [*node.body[:start], piece, _at(ast.Return(_helper("fork", _load(piece.name))), node)]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        outer, self.functions = self.functions, []
        around, self.owner = self.owner, node.name
        self.generic_visit(node)
        self.functions, self.owner = outer, around
        return node

    def _constant(self, names: Iterable[str]) -> ast.expr:
        """Names as the compiler will know them: those that begin with two underscores belong to their class."""
        mangled = {f"_{self.owner.lstrip('_')}{n}" if self.owner and _private(n) else n for n in names}
        return _tuple(sorted(mangled))

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
            return _at(ast.Pass(), node)
        return _at(ast.Assign([node.target], self.visit(node.value)), node)

    def visit_Try(self, node: ast.Try) -> Any:
        function = self.functions[-1] if self.functions else None
        if function is None:
            return self.generic_visit(node)
        function.tries += bool(node.handlers)
        node.body = self._statements(node.body)
        function.tries -= bool(node.handlers)
        for handler in node.handlers:
            check = _at(ast.Expr(_helper("pass_on")), handler.body[0])
            handler.body = [check, *self._statements(handler.body)]
        node.orelse, node.finalbody = self._statements(node.orelse), self._statements(node.finalbody)
        return node

    def visit_Assert(self, node: ast.Assert) -> Any:
        node.test = _at(_helper("assume", self.visit(node.test)), node.test)
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
        return [_define(name, [*header, *body], node), _at(ast.Expr(_helper("fork", _load(name))), node)]

    def _header(self, names: set[str]) -> list[ast.stmt]:
        """Declarations for a piece that binds `names`: they are the variables of the function around it."""
        function = self.functions[-1]
        function.names |= names - function.outer
        return _shared(names - function.outer, names & function.outer)

    def visit_For(self, node: ast.For) -> Any:
        if node.orelse or not self._plain([node]) or jumps([node], returns_only=True):
            return self.generic_visit(node)
        names = changed([node])
        kept = self._needed_after(node, names)
        node.iter = self.visit(node.iter)
        item = _at(ast.Name("_pliant_item", ast.Load()), node.target)
        first = _at(ast.Assign([node.target], item), node)
        piece, name = self._body(node, [first, *node.body], "_pliant_item")
        call = _helper("each", node.iter, _load(name), self._constant(names), kept)
        return [piece, _at(ast.Expr(call), node)]

    def visit_While(self, node: ast.While) -> Any:
        if node.orelse or not self._plain([node]) or jumps([node], returns_only=True) or _walrus(node.test):
            self._leave()
            node.test = self._truth(node.test)
            node.body, node.orelse = self._statements(node.body), self._statements(node.orelse)
            return node
        names = changed(node.body)
        kept = self._needed_after(node, names)
        self.functions[-1].blocks += 1
        test = _thunk(self.visit(node.test))
        self.functions[-1].blocks -= 1
        piece, name = self._body(node, node.body)
        call = _helper("during", test, _load(name), self._constant(names), kept)
        return [piece, _at(ast.Expr(call), node)]

    def _needed_after(self, node: ast.stmt, names: set[str]) -> ast.expr:
        uses = self.functions[-1].uses
        return self._constant(uses.needed_after(node, names) if uses else names)

    def _body(self, node: ast.For | ast.While, body: list[ast.stmt], *arguments: str) -> tuple[ast.stmt, str]:
        """The body of a loop as a piece that returns whether to leave the loop."""
        header = self._header(bound([node]))
        self.functions[-1].blocks += 1
        name = self._name()
        statements = self._statements([_without_jumps(s) for s in body])
        self.functions[-1].blocks -= 1
        end = _at(ast.Return(ast.Constant(False)), body[-1])
        return _define(name, [*header, *statements, end], node, *arguments), name

    def _leave(self) -> None:
        """Something here decides: if it is in no piece yet, the whole function becomes one."""
        if self.functions and not self.functions[-1].blocks:
            self.functions[-1].forks = True

    # expressions

    def _truth(self, test: ast.expr) -> ast.expr:
        return _at(_helper("truth", self.visit(test)), test)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args and self.functions:
            first = self.functions[-1].first
            if first is not None:
                node.args = [_load("__class__"), _load(first)]
            return node
        self.generic_visit(node)
        callee = node.func
        if isinstance(callee, ast.Attribute) or (isinstance(callee, ast.Name) and callee.id not in SCOPED):
            node.func = _at(_helper("resolve", callee), callee)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        if not self.functions or self.functions[-1].suspends or _walrus(node):
            self._leave()
            node.test = self._truth(node.test)
            node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
            return node
        self.functions[-1].blocks += 1
        node.test = self._truth(node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        self.functions[-1].blocks -= 1
        return _at(_helper("fork", _thunk(node)), node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if not self.functions or self.functions[-1].suspends or _walrus(node):
            return self.generic_visit(node)
        self.functions[-1].blocks += 1
        values = [self.visit(v) for v in node.values]
        self.functions[-1].blocks -= 1
        which = "all_of" if isinstance(node.op, ast.And) else "any_of"
        return _at(_helper(which, *(_thunk(v) for v in values)), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        node.operand = self.visit(node.operand)
        return _at(_helper("negation", node.operand), node) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        plain = len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot))
        if plain or not self.functions or self.functions[-1].suspends or _walrus(node):
            return self.generic_visit(node)
        self.functions[-1].blocks += 1
        values = [self.visit(v) for v in (node.left, *node.comparators)]
        self.functions[-1].blocks -= 1
        symbols = _tuple(SYMBOLS[type(o)] for o in node.ops)
        return _at(_helper("comparison", symbols, *(_thunk(v) for v in values)), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        sliced = isinstance(node.slice, (ast.Slice, ast.Tuple)) or not isinstance(node.ctx, ast.Load)
        self.generic_visit(node)
        return node if sliced or not self.functions else _at(_helper("at", node.value, node.slice), node)

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
            or _delayed(node.elt)
            or any(isinstance(n, (ast.NamedExpr, ast.Await)) for n in inner)
        ):
            return self.generic_visit(node)
        target = generator.target.id  # type: ignore[attr-defined]
        iterable = self.visit(generator.iter)
        self.functions[-1].blocks += 1
        item = _thunk(self.visit(node.elt), target)
        self.functions[-1].blocks -= 1
        return _at(_helper(helper, iterable, item), node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self.visit(node.iter)
        if node.ifs:
            self._leave()
        node.ifs = [self._truth(test) for test in node.ifs]
        return node


def _private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def _at(node: Any, place: ast.AST) -> Any:
    return ast.copy_location(node, place)


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _tuple(words: Iterable[str]) -> ast.expr:
    return ast.Tuple([ast.Constant(word) for word in words], ast.Load())


def _helper(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(_load(HELPER), name, ast.Load()), list(arguments), [])


def _thunk(body: ast.expr, *arguments: str) -> ast.Lambda:
    parameters = _parameters(arguments)
    parameters.vararg = ast.arg(THUNK)
    return _at(ast.Lambda(parameters, body), body)


def _parameters(names: Sequence[str]) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


class _Jumps(ast.NodeTransformer):
    """`break` and `continue` of one loop as `return True` and `return False` of its body."""

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return _at(ast.Return(ast.Constant(True)), node)

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return _at(ast.Return(ast.Constant(False)), node)

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.For, ast.While)):  # the jumps in its `else` are those of the loop around it
            node.orelse = [self.visit(statement) for statement in node.orelse]  # type: ignore[misc]
            return node
        return node if isinstance(node, SCOPES) else super().visit(node)


def _without_jumps(statement: ast.stmt) -> Any:
    return _Jumps().visit(statement)


def _define(name: str, body: list[ast.stmt], place: ast.AST, *arguments: str) -> ast.FunctionDef:
    made: Any = ast.FunctionDef(name=name, args=_parameters(arguments), body=body, decorator_list=[], returns=None)
    made.type_params = []
    for statement in body:
        if not hasattr(statement, "lineno"):
            _at(statement, place)
    return _at(made, place)


def _shared(names: Iterable[str], outer: Iterable[str]) -> list[ast.stmt]:
    """Declarations for a piece: the variables are those of the function around it."""
    result: list[ast.stmt] = []
    if names := sorted(names):
        result.append(ast.Nonlocal(names))
    if outer := sorted(outer):
        result.append(ast.Global(outer))
    return result


def _never(place: ast.AST, names: Iterable[str]) -> list[ast.stmt]:
    """`if __pliant__ is None: a = b = None`: never true, but it tells the compiler whose variables these are."""
    targets: list[ast.expr] = [ast.Name(n, ast.Store()) for n in sorted(names)]
    test = ast.Compare(_load(HELPER), [ast.Is()], [ast.Constant(None)])
    return [_at(ast.If(test, [ast.Assign(targets, ast.Constant(None))], []), place)] if targets else []


def _after_docstring(body: Sequence[ast.stmt]) -> int:
    first = body[0] if body else None
    return int(
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )


def _looks(node: ast.AST) -> bool:
    """Whether something that looks at its caller's variables is called."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LOOKING


def _delayed(node: ast.AST) -> bool:
    """Whether an element of a comprehension reads the comprehension's variable later, when it has its last value."""
    if isinstance(node, (ast.Lambda, ast.GeneratorExp)):
        return True
    return not isinstance(node, ast.Call) and any(_delayed(part) for part in ast.iter_child_nodes(node))


def _walrus(node: ast.AST) -> bool:
    return any(isinstance(n, ast.NamedExpr) for n in ast.walk(node))
