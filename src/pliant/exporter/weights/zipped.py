"""Zip archives as `torch.save` writes them: `name/data.pkl` describes tensors, `name/data/0` and so on are numbers."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import BinaryIO

from pliant.exporter.weights.pickles import MOST_BYTES, read_pickle
from pliant.exporter.weights.stored import SPARE_BYTES, Content, Damaged, apart, read_exactly, shown

MOST_LISTED = 32 << 20  # bytes of the list of files, of which each takes about 100
MOST_GROWTH = 16  # times that a zip may be larger unpacked; weights shrink by a tenth
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
END, END64 = b"PK\5\6", b"PK\6\7"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError)
PROGRAM = (
    "{what}, which holds a program that would have to be run, so it was refused. Where you trust it, save its weights: "
    "torch.save({code}, 'new.pth'), then give the new file"
)
SCRIPT = PROGRAM.format(what="a TorchScript archive", code="torch.jit.load('old.pt').state_dict()")
EXPORTED = PROGRAM.format(what="an archive of torch.export", code="torch.export.load('old.pt2').state_dict")
PACKED = "an archive with weights in it; unpack it and give the weights file"
PARTS = {"/constants.pkl": SCRIPT, "/code/": SCRIPT}  # part of a name in the archive -> what that is
ENDS = {"models/model.json": EXPORTED, "serialized_exported_program.json": EXPORTED}
WITHOUT_PICKLE = {
    ".npy": "an archive of numpy arrays; save them with torch.save and give that file",
    **dict.fromkeys((".pth", ".pt", ".ckpt", ".safetensors"), PACKED),
}


class OtherArchive(Exception):  # noqa: N818 - a finding, which becomes a CheckpointError
    """A zip is whole and is not one of `torch.save`; the text says what it is and what to do."""


def read_zip(file: BinaryIO, size: int) -> Content:
    """The content of an archive of `size` bytes. Nothing is unpacked before it is known how much there is of it.

    Raises Damaged, OtherArchive or pickles.Foreign.
    """
    try:
        check_listing(file, size)
        archive = zipfile.ZipFile(file)
        check_entries(archive.infolist(), size)
        entries = {entry.filename: entry for entry in archive.infolist()}
        root = root_of(list(entries))

        def read(name: str) -> bytearray:
            try:
                with archive.open(entries[name]) as opened:
                    return read_exactly(opened, entries[name].file_size)  # type: ignore[arg-type]
            except BROKEN as error:
                raise Damaged(f"{shown(name)} in it cannot be unpacked: {error}") from error

        if f"{root}byteorder" in entries and bytes(read(f"{root}byteorder")).strip() != b"little":
            raise Damaged("its numbers are written most significant byte first")
        if entries[f"{root}data.pkl"].file_size > MOST_BYTES:
            raise Damaged(f"its description is longer than {MOST_BYTES >> 20} MiB")
        value = read_pickle(io.BytesIO(read(f"{root}data.pkl")))
    except (*BROKEN, OSError) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged(shown(error)) from error
    prefix = f"{root}data/"
    return Content(value, lambda key: entries[prefix + key].file_size, lambda key: read(prefix + key), {})


def check_listing(file: BinaryIO, size: int) -> None:
    """See that the list of files at the end of a zip is there, and no longer than it may be. Raises Damaged."""
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < 22:
        raise Damaged("a zip without its end")
    (listed,) = struct.unpack_from("<I", tail, at + 12)
    if tail[at - 20 : at - 16] == END64:
        (place,) = struct.unpack_from("<Q", tail, at - 12)
        before = size - len(tail) + at - 20 - 56  # readers differ in which of the two they believe
        for start in (min(place, size), max(before, 0)):
            file.seek(start)
            record = file.read(56)
            listed = max(listed, struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else 0)
    if listed > MOST_LISTED:
        raise Damaged(f"its list of files takes {listed} bytes")


def check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """See that files in a zip lie apart, under different names, and are not far more than the zip. Raises Damaged."""
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        raise Damaged("two files in it have the same name")
    for entry in entries:
        if entry.compress_type not in METHODS or entry.flag_bits & 1:
            raise Damaged(f"{shown(entry.filename)} in it is compressed in an unusual way, or encrypted")
        if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
            raise Damaged(f"{shown(entry.filename)} in it has two sizes")
    starts = ((e.header_offset, e.header_offset + 30 + e.compress_size, e.filename) for e in entries)
    apart(starts, size)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_GROWTH * size + SPARE_BYTES:
        raise Damaged(f"it would unpack from {size} to {unpacked} bytes, more than weights do: it may be a zip bomb")


def root_of(names: list[str]) -> str:
    """The folder, with a slash, that `torch.save` put everything in. Raises OtherArchive or Damaged."""
    found = [n.removesuffix("data.pkl") for n in names if n.endswith("/data.pkl") and n.count("/") == 1]
    ends = ENDS if found else {**ENDS, **WITHOUT_PICKLE}
    for name in names:
        other = [w for p, w in PARTS.items() if p in f"/{name}"] + [w for e, w in ends.items() if name.endswith(e)]
        if other:
            raise OtherArchive(other[0])
    if not found:
        raise OtherArchive(f"a zip of other things ({', '.join(map(shown, names[:3])) or 'none'})")
    if len(found) > 1:
        raise Damaged("it holds two checkpoints")
    return found[0]
