"""The arithmetic that the shape rules of `pliant.lowering.shapes` use, on polynomials instead of nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import onnx_ir as ir

from pliant.importing import symbols
from pliant.importing.symbols import Inconsistent, Length, text
from pliant.lowering.lengths import Lengths

BATCH = "n"


class Arithmetic(Lengths):
    """Lengths of axes that are at least `least`, which grows where a comparison needs it, up to `most`.

    `elements_of` gives the elements of a vector of whole numbers, or None where they are not known; `text` writes a
    length in messages.
    """

    def __init__(
        self,
        elements_of: Callable[[ir.Value], list[Length] | None],
        most: int,
        least: int = 1,
        text: Callable[[Length], str] = text,
    ) -> None:
        self.elements_of, self.most, self.least, self.text = elements_of, most, least, text

    def elements(self, vector: ir.Value, count: int) -> list[Any]:
        """See `Lengths.elements`. Raises Inconsistent where they are not known."""
        found = self.elements_of(vector)
        if found is None:
            raise Inconsistent(f"what {vector.name!r} holds depends on the picture's content or is not understood")
        return found[:count]

    def add(self, a: Any, b: Any) -> Any:
        """a + b."""
        return symbols.add(a, b)

    def sub(self, a: Any, b: Any) -> Any:
        """a - b."""
        return symbols.minus(a, b)

    def mul(self, a: Any, b: Any) -> Any:
        """a * b."""
        return symbols.times(a, b)

    def floor(self, a: Any, b: Any) -> Any:
        """The largest whole number that is at most a / b. Raises Inconsistent for lengths that do not divide."""
        if isinstance(b, int) and b > 0:
            return symbols.floor(a, b)
        found = symbols.divided(a, b)
        if found is None:
            raise Inconsistent(f"{self.text(a)} is no multiple of {self.text(b)}")
        return found

    def smaller(self, a: Any, b: Any) -> Any:
        """The smaller of two."""
        return b if self._reaches(a, b) else a if self._reaches(b, a) else symbols.derived("min", a, b)

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of two."""
        return a if self._reaches(a, b) else b if self._reaches(b, a) else symbols.derived("max", a, b)

    def where(self, a: Any, comparison: str, b: Any, yes: Any, no: Any) -> Any:
        """`yes` or `no`. Raises Inconsistent where that depends on the size."""
        if comparison == "Equal" and a == b:
            return yes
        if self._reaches(b, symbols.add(a, 1)):
            return yes if comparison == "Less" else no
        if self._reaches(a, b if comparison == "Less" else symbols.add(b, 1)):
            return no
        raise Inconsistent(f"whether {self.text(a)} is {comparison.lower()} {self.text(b)} depends on the size")

    def broadcast(self, a: Any, b: Any) -> Any:
        """The length of an axis on which two operands meet. Raises Inconsistent if they cannot at every size."""
        if a == b or b == 1:
            return a
        if a == 1:
            return b
        raise Inconsistent(f"a length of {self.text(a)} meets one of {self.text(b)}")

    def product(self, lengths: Sequence[Any]) -> Any:
        """All of them multiplied."""
        total: Length = 1
        for length in lengths:
            total = symbols.times(total, length)
        return total

    def _reaches(self, a: Length, b: Length) -> bool:
        """Whether a >= b at every size of at least `least`, which may have to grow for that."""
        difference = symbols.minus(a, b)
        if isinstance(difference, int):
            return difference >= 0
        bound = self.least
        while bound <= self.most:
            if symbols.at_least(difference, 0, lambda name, low=bound: 1 if name == BATCH else low):
                self.least = bound
                return True
            bound *= 2
        return False
