"""What a verification found, as frozen data: it prints as sentences and turns into plain data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from pliant.contract import Contract
from pliant.verifier.figures import Figures

Status = Literal["passed", "failed", "refused", "absent", "yardstick"]


@dataclass(frozen=True)
class Finding:
    """The first node whose value departs, its inputs being right.

    `inside` names, from outside in, the function calls, branches and loops that the node is part of. `source` is
    "file.py:line" of the model's own source, or empty. `causes` are sentences: which attribute or weight differs.
    `difference` says by how much the value departs, `case` which input shows it.
    """

    node: str
    operator: str
    output: str
    difference: str
    case: str
    inside: tuple[str, ...] = ()
    source: str = ""
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = "".join(f", inside {place}" for place in self.inside)
        line = f" ({self.source})" if self.source else ""
        text = f"First to depart: node {self.node!r}, {self.operator}{where}{line}: its value {self.difference}"
        return " ".join([f"{text}, at {self.case}.", *self.causes])


@dataclass(frozen=True)
class Failure:
    """One case that an engine got wrong. `got` is None where it raised; `reason` says what is wrong."""

    case: str
    reason: str
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)
    got: tuple[NDArray[Any], ...] | None = field(default=None, repr=False)
    expected: tuple[NDArray[Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Row:
    """One engine at one precision.

    `reason` says why it failed, was refused or is absent. `seconds` is what all its runs took together. `worst` are
    the arrays (got, expected) of the case with the largest difference.
    """

    engine: str
    version: str
    precision: str
    status: Status
    reason: str = ""
    figures: Figures = field(default_factory=Figures)
    cases: int = 0
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    finding: Finding | None = None
    note: str = ""
    worst: tuple[str, NDArray[Any], NDArray[Any]] | None = field(default=None, repr=False, compare=False)

    @property
    def ran(self) -> bool:
        """Whether there are figures."""
        return self.status in ("passed", "failed")


@dataclass(frozen=True)
class Report:
    """A verification of one file.

    `yardstick` is "pytorch" if the file was held against a module, else "onnxruntime": then only the engines were
    compared, with each other. `faults` are what is wrong in the file itself, found without running it. `required` are
    the engines that were asked for by name, `stamped` those written into the file. `notes` are sentences for people.
    """

    model: str
    yardstick: str
    yardstick_version: str
    fingerprint: str
    contract: Contract = field(repr=False)
    rows: tuple[Row, ...] = ()
    cases: tuple[str, ...] = ()
    refused_cases: int = 0
    faults: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    yardstick_seconds: float = 0.0
    required: tuple[str, ...] = ()
    stamped: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the file has no fault, no engine failed, those in `required` took it, and one was compared."""
        wanted = all(row.status != "refused" for row in self.rows if row.engine in self.required)
        compared = any(row.status == "passed" for row in self.rows)
        return not self.faults and wanted and compared and all(row.status != "failed" for row in self.rows)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every node that was found, each once."""
        return tuple(dict.fromkeys([*self.faults, *(row.finding for row in self.rows if row.finding)]))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "model": self.model,
            "passed": self.passed,
            "yardstick": self.yardstick,
            "yardstick_version": self.yardstick_version,
            "yardstick_seconds": self.yardstick_seconds,
            "fingerprint": self.fingerprint,
            "cases": list(self.cases),
            "refused_cases": self.refused_cases,
            "engines": [_row(row) for row in self.rows],
            "faults": [asdict(fault) for fault in self.faults],
            "stamped": list(self.stamped),
            "notes": list(self.notes),
        }


def _row(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "engine": row.engine,
        "version": row.version or None,
        "precision": row.precision,
        "status": row.status,
        "reason": row.reason or None,
        "cases": row.cases,
        "seconds": row.seconds,
        "failures": [{"case": f.case, "reason": f.reason} for f in row.failures],
        "first_departure": asdict(row.finding) if row.finding else None,
        "note": row.note or None,
    }
    return told | (row.figures.as_dict() if row.ran else {})
