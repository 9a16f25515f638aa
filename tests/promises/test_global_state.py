"""Nothing stays changed after an export, however it ends; exports wait for each other; equal modules, equal bytes."""

from __future__ import annotations

import builtins
import contextvars
import functools
import hashlib
import logging
import math
import operator
import os
import random
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch._dynamo  # being imported changes torch.manual_seed and the environment: no part of an export
import torch.fx
import torch.nn.functional as F
import torch.onnx._internal.exporter._core  # imports more of them
import torch.utils._pytree as pytree
from torch import Tensor, nn
from torch.utils import _python_dispatch

import pliant
from pliant.errors import AuditError, CaptureError, ExportError, UsageError
from tests.idioms import Arithmetic, Branch, Item, Number, Stride, ToList, picture

OWNERS: tuple[Any, ...] = (
    *(builtins, math, operator, functools, random, contextvars, logging, warnings, threading, os, np),
    *(torch, torch.nn, F, torch.overrides, torch.fx, torch.fx.proxy, torch.utils, pytree, torch.jit, torch.compiler),
    *(torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool, torch.Size, nn.Module, nn.Conv2d, nn.Upsample),
    *(nn.Sequential, nn.ModuleList, torch.autograd.Function, torch.fx.Tracer, torch.fx.Graph, torch.fx.Node),
)
SHARED: dict[str, Any] = {}  # a cache of the kind that models keep beside themselves


def functions_of(owner: Any) -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(owner).items():
        for found in (value, getattr(value, "__func__", None), getattr(value, "fget", None)):
            if isinstance(found, FunctionType):
                yield name, found


def attributes(owner: Any) -> dict[str, Any]:
    """What an owner has, by name, and the code of its functions; modules that others import are nothing of its own."""
    own = {name: value for name, value in vars(owner).items() if not isinstance(value, ModuleType)}
    own.pop("__warningregistry__", None)  # which warnings were shown where: written by every warning
    own.pop("__annotations_cache__", None)
    code = {f"{name}()": (f.__code__, f.__defaults__, f.__kwdefaults__) for name, f in functions_of(owner)}
    return own | code


def process_state() -> dict[str, Any]:
    """What belongs to the process and to this thread."""
    logger = logging.getLogger()
    return {
        "streams": (sys.stdout, sys.stderr, sys.stdin, sys.excepthook, sys.displayhook),
        "tracing": (sys.gettrace(), sys.getprofile(), sys.getrecursionlimit()),
        "warnings": (list(warnings.filters), warnings.showwarning, warnings.formatwarning),
        "logging": (logging.root.manager.disable, logger.level, list(logger.handlers), list(logger.filters)),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "path": list(sys.path),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "defaults": (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads()),
        "determinism": (torch.are_deterministic_algorithms_enabled(), torch.backends.mkldnn.enabled),
        "modes": (
            torch.overrides._get_current_function_mode_stack(),
            _python_dispatch._get_current_dispatch_mode_stack(),
        ),
        "exporting": (torch.compiler.is_exporting(), torch.compiler.is_compiling(), torch.onnx.is_in_onnx_export()),
        "dynamo": torch._dynamo.config.get_config_copy(),
        "symbols": torch.fx.experimental._config.get_config_copy(),
        "containers": set(pytree.SUPPORTED_NODES),
        "random": (random.getstate(), torch.get_rng_state().tolist(), repr(np.random.get_state())),
        "numpy": (np.geterr(), np.get_printoptions()),
        "context": {v.name: value for v, value in contextvars.copy_context().items() if v.name in CONTEXT},
        "shared": dict(SHARED),
    }


CONTEXT = ("calls", "functions", "paths", "choices")  # pliant's own


def module_state(module: nn.Module) -> dict[str, Any]:
    """What a module and its parts hold, containers and elements of tensors included."""
    found: dict[str, Any] = {}
    for name, part in module.named_modules():
        for key, value in vars(part).items():
            found[f"{name}.{key}"] = value.copy() if isinstance(value, (dict, list, set)) else value
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        found[f"{name} elements"] = tensor.detach().numpy().tobytes()
        found[f"{name} gradient"] = (tensor.requires_grad, tensor.grad)
    return found


def snapshot(module: nn.Module) -> dict[str, Any]:
    kinds = {cls for part in module.modules() for cls in type(part).__mro__}
    owners = {*OWNERS, *kinds, *(sys.modules[cls.__module__] for cls in kinds)}
    found = {f"{getattr(owner, '__name__', owner)}": attributes(owner) for owner in owners}
    return found | {"process": process_state(), "module": module_state(module)}


def same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return isinstance(a, (str, bytes, int, float, complex, set, frozenset, torch.dtype, torch.device)) and a == b


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    told: list[str] = []
    for owner, held in before.items():
        now = after[owner]
        told += [f"{owner}: {k} is gone" for k in held if k not in now]
        told += [f"{owner}: {k} is new" for k in now if k not in held]
        told += [
            f"{owner}: {k} was {held[k]!r:.80}, is {now[k]!r:.80}"
            for k in held
            if k in now and not same(held[k], now[k])
        ]
    return told


class Keeping(nn.Module):
    """Keeps things: the last size, a cache of grids by size, a history, a count in a buffer, a cache of the file's."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.drop = nn.Dropout(0.5)
        self.frozen = nn.BatchNorm2d(3).eval()  # a part in another mode than the rest
        self.last: Any = None
        self.grids: dict[str, Any] = {}
        self.history: list[Any] = []
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor, factor: float) -> Tensor:
        self.last = x.shape[2]
        self.history.append(factor)
        self.calls += 1
        y = F.interpolate(self.frozen(self.drop(self.conv(x))), scale_factor=factor)
        self.grids["last"] = torch.arange(y.shape[3]) / 8
        return y + self.grids["last"]


class Frozen(nn.Module):
    """Does something else where it is exported: only running the file can show that."""

    def forward(self, x: Tensor, factor: float) -> Tensor:
        if torch.compiler.is_exporting():
            return F.interpolate(x, scale_factor=factor)
        return F.interpolate(x, scale_factor=factor) + 1


@torch.library.custom_op("pliant_tests::without_onnx", mutates_args=())
def without_onnx(x: Tensor) -> Tensor:
    """An operator that nobody has translated."""
    return x * 2


@without_onnx.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


class Untranslated(nn.Module):
    def forward(self, x: Tensor, factor: float) -> Tensor:
        return without_onnx(F.interpolate(x, scale_factor=factor))


class Broken(nn.Module):
    def forward(self, x: Tensor, factor: float) -> Tensor:
        raise RuntimeError("the model itself")


class Interrupted(nn.Module):
    """Ctrl-C while the model is traced."""

    def forward(self, x: Tensor, factor: float) -> Tensor:
        if torch.compiler.is_exporting():
            raise KeyboardInterrupt
        return x * factor


ENDS: list[tuple[Callable[[], nn.Module], Any, type[BaseException] | None]] = [
    (Number, 2.0, None),
    (Keeping, 2.0, None),
    (Branch, torch.tensor(3.0), None),
    (Stride, torch.tensor(2), CaptureError),
    (Untranslated, 2.0, ExportError),
    (Frozen, 2.0, AuditError),
    (Broken, 2.0, UsageError),
    (Interrupted, 2.0, KeyboardInterrupt),
]


@pytest.mark.parametrize(("make", "value", "error"), ENDS, ids=[e[0].__name__ for e in ENDS])
def test_everything_is_as_before(make: Callable[[], nn.Module], value: Any, error: Any) -> None:
    module = make().train()
    for part in module.modules():
        part.train(not isinstance(part, nn.BatchNorm2d))
    args = (picture(12, 10), value)
    before = snapshot(module)
    if error is None:
        pliant.export(module, args)
    else:
        with pytest.raises(error):
            pliant.export(module, args)
    assert not differences(before, snapshot(module))


def test_the_snapshot_sees_what_is_patched() -> None:
    """That the test above can fail: a code object, a method, a mode, a list, an element."""
    module = Keeping()
    before = snapshot(module)
    original = Keeping.forward.__code__
    state = random.getstate()
    try:
        Keeping.forward.__code__ = (lambda self, x, factor: x).__code__
        torch.SymInt.lent = 1  # type: ignore[attr-defined]
        module.history.append(1)
        module.calls += 1
        module.drop.eval()
        logging.disable(logging.ERROR)
        random.random()
        with torch.inference_mode():
            told = "\n".join(differences(before, snapshot(module)))
    finally:
        Keeping.forward.__code__ = original
        del torch.SymInt.lent  # type: ignore[attr-defined]
        logging.disable(logging.NOTSET)
        random.setstate(state)
    for word in (
        "forward()",
        "lent is new",
        ".history",
        "calls elements",
        "drop.training",
        "logging",
        "random",
        "gradients",
    ):
        assert word in told


def in_threads(*jobs: Callable[[], Any]) -> list[Any]:
    """The results, or errors, of jobs that begin at the same moment, in one thread each."""
    results: list[Any] = [None] * len(jobs)
    ready = threading.Barrier(len(jobs))

    def work(k: int) -> None:
        ready.wait()
        try:
            results[k] = jobs[k]()
        except Exception as error:  # noqa: BLE001 - handed to the test
            results[k] = error

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def exported(module: nn.Module, *args: Any, **options: Any) -> bytes:
    return pliant.export(module, args, **options).to_bytes()


def test_exports_in_threads_do_not_disturb_each_other() -> None:
    x = picture(12, 10)
    shared = Item()
    jobs: list[Callable[[], Any]] = [
        lambda: exported(shared, x, torch.tensor(3.0)),
        lambda: exported(shared, x, torch.tensor(3.0)),
        lambda: exported(Arithmetic(), x, torch.tensor(2.0)),
        lambda: exported(Stride(), x, torch.tensor(2)),
    ]
    *sound, refused = in_threads(*jobs)
    assert sound == [job() for job in jobs[:-1]]
    assert isinstance(refused, CaptureError)


def test_a_second_export_waits() -> None:
    stages: list[int] = []

    def job() -> bytes:
        return exported(Number(), picture(12, 10), 2.0, progress=lambda _: stages.append(threading.get_ident()))

    first, second = in_threads(job, job)
    assert first == second
    turns = [a for a, b in zip(stages, [*stages[1:], None], strict=True) if a != b]
    assert len(turns) == len(set(stages)) == 2


def fingerprints() -> str:
    """One line for what exports of several kinds of models are, byte for byte."""
    x = picture(12, 10)
    files = [
        exported(Item(), x, torch.tensor(3.0)),
        exported(Arithmetic(), x, torch.tensor(2.0)),
        exported(ToList(), x, torch.tensor([1.0, 1.0, 2.0, 2.0])),
        exported(Branch(), x, torch.tensor(3.0)),
        exported(Keeping(), x, 2.0),
    ]
    return " ".join(hashlib.sha256(file).hexdigest() for file in files)


def test_the_same_module_twice_is_the_same_bytes() -> None:
    module = Keeping()
    assert exported(module, picture(12, 10), 2.0) == exported(module, picture(12, 10), 2.0)


def test_bytes_depend_neither_on_the_process_nor_on_its_hash_seed() -> None:
    root = Path(__file__).parents[2]
    code = (
        "import torch; torch.manual_seed(0); from tests.promises.test_global_state import fingerprints as f; print(f())"
    )

    def of(seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert of("1") == of("2")
