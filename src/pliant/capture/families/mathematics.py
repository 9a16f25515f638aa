"""Functions of `math` on a value that is known only at run time.

`math.floor(f)` asks the object and stays symbolic. Nearly all others are C functions of a double, which ask for the
number. Each becomes one operator on 0-d float64 tensors.

Two calls with the same arguments give the same symbol, so that sizes computed from them twice are known to be equal.
"""

from __future__ import annotations

from pliant.capture.base import Capture
from pliant.capture.live.mathematics import REPLACEMENTS

CAPTURE = Capture(calls=REPLACEMENTS)
