"""Files as `torch.save` wrote them before 1.6: four pickles, the names of the storages, and the storages themselves."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from pliant.exporter.weights.pickles import Machine, read_pickle
from pliant.exporter.weights.stored import Content, Damaged, read_exactly

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


class PlainPickle(Exception):  # noqa: N818 - a finding, which becomes a CheckpointError
    """A file is a pickle of plain data, which `torch.save` did not write."""


def read_legacy(file: BinaryIO, size: int) -> Content:
    """The content of a file of `size` bytes that starts with a pickle.

    Raises Damaged, PlainPickle or pickles.Foreign.
    """
    if read_pickle(file) != MAGIC:
        raise PlainPickle
    if read_pickle(file) != PROTOCOL:
        raise Damaged("it has a protocol that PyTorch never used")
    system = read_pickle(file)
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise Damaged("its numbers are written most significant byte first")
    machine = Machine()
    value = machine.run(file)
    places = locate(file, size, read_pickle(file), machine.widths)

    def fetch(key: str) -> bytearray:
        start, length = places[key]
        file.seek(start)
        return read_exactly(file, length)

    return Content(value, lambda key: places[key][1], fetch, {})


def locate(file: BinaryIO, size: int, keys: Any, width: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Where the numbers of each storage are, as (first byte, number of bytes). Raises Damaged if they are not there."""
    if not isinstance(keys, list):
        raise Damaged("it has no list of storages")
    places: dict[str, tuple[int, int]] = {}
    for key in keys:
        (count,) = struct.unpack("<q", read_exactly(file, 8))
        if key not in width or key in places:
            raise Damaged("its list of storages is not that of its tensors")
        length = count * width[key]
        if not 0 <= length <= size - file.tell():
            raise Damaged(f"a storage of {length} bytes should follow, and {size - file.tell()} are left")
        places[key] = (file.tell(), length)
        file.seek(length, 1)
    return places
