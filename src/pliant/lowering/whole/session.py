"""What a session asks before it runs a network as it is: whether it can be computed in parts for this factor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from pliant import cache
from pliant.arguments import Array
from pliant.contract import Contract
from pliant.dataflow import is_resize
from pliant.errors import PliantError
from pliant.onnxfile import read
from pliant.version import VERSION
from pliant.window import Placed, Window

if TYPE_CHECKING:
    from pliant.lowering.runtime import Network
    from pliant.lowering.whole.blocks import Blocks
    from pliant.lowering.whole.forms import Shortened
    from pliant.lowering.whole.later import Later

FACTORS = range(2, 9)
LEAST = 200_000  # pixels of a result from which it is worth it: the first time on a machine takes a second
FORM = 1  # of the files; another number when they are made otherwise
NEAR = 512  # pixels of a side up to which positions that PyTorch rounds are near enough
KEPT = 4  # factors
SHIPPED = 4 << 20  # bytes of a model that may ship
REFUSED = ".refused"  # the file that says why
EXACT = 2e-5  # of the range; measured: 2e-7
Feeds = Mapping[str, Array]


class Wholes:
    """The parts of one model on one engine, for each whole factor that is asked for. Safe to call from several threads.

    `reasons` says for factors why there are none.
    """

    def __init__(
        self,
        model: Callable[[], bytes],
        contract: Contract,
        compile_: Callable[[bytes], Network],
        ordinary: Later,
        engine: str,
        tolerance: float = EXACT,
        *,
        in_blocks: bool = True,
    ) -> None:
        """`model` gives the content of the file, `compile_` makes a network of such, `ordinary` is the model as it is,
        and `engine` names the engine, its version and precision. `tolerance` is how far results may be apart, as a
        share of the range: a network that differs by more is computed as it is. `in_blocks` says whether phases put in
        place cost this engine less than what they spare.
        """
        self._model, self._contract, self._compile = model, contract, compile_
        self._ordinary, self._engine, self._tolerance = ordinary, engine, tolerance
        self._in_blocks = in_blocks
        self._picture = next((i.name for i in contract.inputs if i.role == "image"), "")
        self._kept: OrderedDict[int, Blocks | Shortened | None] = OrderedDict()
        self._shipped: dict[int, bool] = {}
        self._lock = Lock()
        self.reasons: dict[int, str] = {}

    @property
    def ships(self) -> bool:
        """Whether the parts for some factor are in the package: then the model is one that ships too, and sound."""
        return self._seen[0]

    @property
    def refused(self) -> str:
        """Why there are no parts for any factor, as a phrase; empty where there may be some."""
        return self._seen[1]

    @cached_property
    def _seen(self) -> tuple[bool, str]:
        if reason := _unsuited(self._contract):
            return False, reason
        model = self._model()  # once: it may be large
        # larger ones do not ship: no need to find out what they are called
        known = sha256(model).hexdigest() if len(model) <= SHIPPED else ""
        ships = bool(known) and any(cache.ships(name_of(known, factor)) for factor in FACTORS)
        resizes = ships or any(is_resize(node) for node in read(model).body.nodes)
        return ships, "" if resizes else "nothing is resized"

    def at(self, feeds: Feeds, whole: tuple[int, int] | None = None) -> Blocks | Shortened | None:
        """The parts for the factor in `feeds`, if the network can be computed so; for a small picture only what ships.

        `whole` is the size of the whole picture where `feeds` hold a part of it.
        """
        if self.refused:
            return None
        picture, factor = feeds[self._picture], self._factor(feeds)
        height, width = whole or picture.shape[2:]
        if factor is None or not _as_pytorch(factor, max(height, width)):
            return None
        if height * width * factor * factor < LEAST and not self._ships(factor):
            return None
        found = self._for(factor)
        return found if found is not None and found.fits(*picture.shape[2:]) else None

    def picture(self, feeds: Feeds) -> Array:
        """The picture among `feeds`."""
        return feeds[self._picture]

    def _for(self, factor: int) -> Blocks | Shortened | None:
        with self._lock:
            if factor not in self._kept:
                self._kept[factor] = self._made(factor)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(factor)
            return self._kept[factor]

    def _ships(self, factor: int) -> bool:
        """Whether the parts need not be made: then they are worth it for the smallest picture too."""
        if factor not in self._shipped:
            self._shipped[factor] = self.ships and cache.ships(_name(self._model(), factor))
        return self._shipped[factor]

    def _factor(self, feeds: Feeds) -> int | None:
        number = self._contract.scale if self._contract.factor is None else feeds[self._contract.factor]
        if number is None or np.size(number) != 1:
            return None
        factor = float(np.asarray(number).reshape(()))
        return int(factor) if factor in FACTORS else None

    def _made(self, factor: int) -> Blocks | Shortened | None:
        """From files that were kept or that ship, or made and compared with the network as it is."""
        from pliant.lowering.whole import forms

        model = self._model()
        name = _name(model, factor)
        if not cache.ships(name) and not self._in_blocks:
            name = without_blocks(name)
        files, _ = cache.files(name, lambda: self._files(model, factor))
        if REFUSED not in files and not cache.ships(name):
            checked = cache.key("whole checked", VERSION, self._engine, name)
            compared, _ = cache.files(checked, lambda: self._compared(files, factor))
            files = {**files, **compared}
        if REFUSED in files:
            self.reasons[factor] = files[REFUSED].decode()
            return None
        return forms.loaded(files, self._compile)

    def _files(self, model: bytes, factor: int) -> dict[str, bytes]:
        from pliant.lowering.whole import parts
        from pliant.lowering.whole.field import UnsuitedError

        try:
            return parts.files(model, self._contract, factor, in_blocks=self._in_blocks)
        except (UnsuitedError, PliantError) as error:
            return {REFUSED: str(error).encode()}

    def _compared(self, files: Mapping[str, bytes], factor: int) -> dict[str, bytes]:
        from pliant.lowering.whole import forms

        try:
            made = forms.loaded(files, self._compile)
            apart = forms.deviation(made, self._contract, lambda picture: self._plainly(picture, factor))
        except PliantError as error:
            return {REFUSED: str(error).encode()}
        return {} if apart <= self._tolerance else {REFUSED: f"its result is {apart:.1g} of the range off".encode()}

    def _plainly(self, picture: Array, factor: int) -> Array:
        feeds: dict[str, Array] = {self._picture: picture}
        if self._contract.factor is not None:
            entry = self._contract.input(self._contract.factor)
            feeds[entry.name] = np.full([dim.size or 1 for dim in entry.dims], factor, entry.dtype)
        return self._ordinary.run(feeds)[0]


def name_of(fingerprint: str, factor: int) -> str:
    """The name under which the files of a model are kept, by the SHA-256 of its content."""
    return cache.key("whole", FORM, fingerprint, factor)


def without_blocks(name: str) -> str:
    """The name of what such files are for engines that do not compute in blocks, where the others have blocks."""
    return cache.key("without blocks", name)


def _name(model: bytes, factor: int) -> str:
    return name_of(sha256(model).hexdigest(), factor)


def _as_pytorch(factor: int, side: int) -> bool:
    """Whether positions are those of PyTorch, which has them in float32: rounded unless the factor is 2, 4 or 8.

    Rounding moves what is far from the corner: on noise, a factor of 3 and a side of 300 pixels, parts are 3.5e-5 of
    the range away from PyTorch, and more in proportion beyond.
    """
    return factor & (factor - 1) == 0 or side <= NEAR


def _unsuited(contract: Contract) -> str:
    """Why no part of a model is computed otherwise, as far as its contract tells; "" if it may be."""
    images = [i for i in contract.inputs if i.role == "image"]
    others = [i.name for i in contract.inputs if i.role != "image" and i.name != contract.factor]
    if len(images) != 1 or others or len(contract.outputs) != 1 or not contract.resizes:
        return "it is not from one picture to one, by a resize"
    return ""


class InParts:
    """A backend that computes in parts where that is less work, and else as `backend` does.

    That is opened now only if it is wanted `at_once`, or the model may be unsound: of one that ships it is known that
    the processor can run it, and often its parts are all that is needed.
    """

    def __init__(self, backend: Later, wholes: Wholes, *, at_once: bool) -> None:
        self._backend, self.wholes = backend, wholes
        if at_once or not wholes.ships:
            backend.opened()

    def run(self, feeds: Feeds) -> Sequence[Array]:
        """See `Backend.run`."""
        found = self.wholes.at(feeds)
        return self._backend.run(feeds) if found is None else [found(self.wholes.picture(feeds))]

    def ready(self) -> None:
        """See `Session.ready`."""
        self._backend.opened()

    def windowed(self) -> Any:
        """See `Session.windowed`."""
        made = self._backend.windowed()
        return None if made is None else _Crops(made, self.wholes)

    def close(self) -> None:
        """See `Backend.close`."""
        self._backend.close()


class _Crops:
    """The same for crops: see `Windowed` of the engines."""

    def __init__(self, windowed: Any, wholes: Wholes) -> None:
        self._windowed, self._wholes = windowed, wholes

    def place(self, feeds: Feeds, window: Window) -> Placed:
        return self._windowed.place(feeds, window)

    def run(self, feeds: Feeds, window: Window) -> Array:
        found = self._wholes.at(feeds, window.whole)
        if found is None:
            return self._windowed.run(feeds, window)
        (top, left), (bottom, right) = window.start, window.end
        real = (top == 0, left == 0, bottom == window.whole[0], right == window.whole[1])
        return found(self._wholes.picture(feeds), real)
