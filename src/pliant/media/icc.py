"""ICC profiles: colours of one brought to sRGB, and one made of what a PNG says about its colours.

Source: ICC.1:2022, https://www.color.org/specification/ICC.1-2022-05.pdf, clauses 7 (layout), 9 (tags), 10.6
(curveType) and 10.18 (parametricCurveType).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.media.picture import Chunks

Array = NDArray[Any]
Curve = Callable[[Array], Array]
ENOUGH = 12  # bytes of a tag that say what it is
PARAMETERS = (1, 3, 4, 5, 7)  # numbers of each kind of parametric curve
# sRGB to XYZ under D50, as the profiles of the ICC have it
SRGB = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_PLACES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)  # cHRM of sRGB
SRGB_GAMMA = 45455


def srgb_from(values: Array, icc: bytes) -> Array | None:
    """`values` [h, w, 1 or 3], 0 to 1, of a profile that is a matrix and curves, as sRGB; None for other profiles.

    What sRGB has not is cut off at 0 and 1.
    """
    try:
        return _converted(values, _tags(icc))
    except (struct.error, IndexError, KeyError, ValueError, np.linalg.LinAlgError):
        return None


def _converted(values: Array, tags: dict[bytes, bytes]) -> Array:
    if values.shape[2] == 1:
        return _encoded(_curve(tags[b"kTRC"])(values))
    if b"A2B0" in tags:
        raise ValueError("a table tells more than the matrix")
    curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    matrix = np.stack([_place(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
    linear = np.stack([curve(values[..., c]) for c, curve in enumerate(curves)], axis=-1)
    return _encoded(linear @ (np.linalg.inv(SRGB) @ matrix).T)


def _encoded(linear: Array) -> Array:
    """IEC 61966-2-1."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The contents of the tags by name. Raises struct.error or ValueError."""
    (count,) = struct.unpack_from(">I", icc, 128)
    if count > 200:
        raise ValueError("more tags than a profile has")
    found: dict[bytes, bytes] = {}
    for k in range(count):
        name, start, length = struct.unpack_from(">4sII", icc, 132 + 12 * k)
        found[name] = icc[start : start + length]
    return found


def _place(tag: bytes) -> Array:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    """From stored to linear values."""
    if tag[:4] == b"para":
        kind = struct.unpack_from(">H", tag, 8)[0]
        numbers = struct.unpack_from(f">{PARAMETERS[kind]}i", tag, ENOUGH)
        return _parametric(kind, [number / 65536 for number in numbers])
    if tag[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return lambda x: x
    if count == 1:
        gamma = struct.unpack_from(">H", tag, ENOUGH)[0] / 256
        return lambda x: np.clip(x, 0, None) ** gamma
    table = np.frombuffer(tag, ">u2", count, ENOUGH) / 65535
    return lambda x: np.interp(x, np.linspace(0, 1, count), table)


def _parametric(kind: int, numbers: Sequence[float]) -> Curve:
    g, a, b, c, d, e, f = [*numbers, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0][:7] if kind == 0 else [*numbers, *[0.0] * 7][:7]
    if kind in (1, 2):  # below -b/a there is nothing but the constant
        c, d, e, f = 0.0, -b / a, (c if kind == 2 else 0.0), (c if kind == 2 else 0.0)
    return lambda x: np.where(x >= d, np.clip(a * x + b, 0, None) ** g + e, c * x + f)


def of_png(chunks: Chunks, grey: bool) -> bytes | None:
    """A profile that says what gAMA and cHRM say; None if that is sRGB, or something else tells the colours."""
    known = dict(chunks)
    if b"sRGB" in known or b"cICP" in known or b"gAMA" not in known or len(known[b"gAMA"]) != 4:
        return None
    gamma = int.from_bytes(known[b"gAMA"], "big")
    places: tuple[int, ...] = SRGB_PLACES
    if len(known.get(b"cHRM", b"")) == 32:
        places = struct.unpack(">8I", known[b"cHRM"])
    close = all(abs(a - b) <= 50 for a, b in zip(places, SRGB_PLACES, strict=True))
    if gamma == 0 or (close and abs(gamma - SRGB_GAMMA) <= 50):
        return None
    try:
        return _profile(100_000 / gamma, None if grey else _matrix([n / 100_000 for n in places]))
    except (struct.error, ZeroDivisionError, np.linalg.LinAlgError):
        return None


def _matrix(places: Sequence[float]) -> Array:
    """The columns of red, green and blue, in XYZ under D50, of x and y of white, red, green and blue."""
    white, *primaries = (
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(places[::2], places[1::2], strict=True)
    )
    columns = np.stack(primaries, axis=1)
    columns = columns * np.linalg.solve(columns, white)
    cones = (BRADFORD @ D50) / (BRADFORD @ white)
    return np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ columns


def _profile(gamma: float, matrix: Array | None) -> bytes:
    """A display profile of version 4.2; of grey without a matrix."""
    curve = b"para" + bytes(8) + struct.pack(">i", round(gamma * 65536))
    tags = {b"desc": _text("gAMA and cHRM of a PNG"), b"cprt": _text("No copyright"), b"wtpt": _stored(D50)}
    if matrix is None:
        tags[b"kTRC"] = curve
    else:
        for k, name in enumerate((b"r", b"g", b"b")):
            tags[name + b"XYZ"], tags[name + b"TRC"] = _stored(matrix[:, k]), curve
    table, contents = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(contents), len(tag))
        contents += tag + bytes(-len(tag) % 4)
    space = b"GRAY" if matrix is None else b"RGB "
    head = struct.pack(
        ">I4sI4s4s4s12s4s",
        132 + 12 * len(tags) + len(contents),
        bytes(4),
        0x04200000,
        b"mntr",
        space,
        b"XYZ ",
        struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp",
    )
    head = head.ljust(68, b"\0") + _stored(D50)[8:]
    return head.ljust(128, b"\0") + table + contents


def _stored(place: Array) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(v) * 65536) for v in place))


def _text(text: str) -> bytes:
    content = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(content), 28) + content
