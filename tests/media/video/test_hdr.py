from __future__ import annotations

import struct

from pliant.media.video import hdr

# red, green, blue and white of BT.2020 with D65, and 0.005 to 1000 cd/m^2, in the fractions that decoders give
NUMBERS = [35400, 14600, 8500, 39850, 6550, 2300, 15635, 16450]
DISPLAY = struct.pack("=20i2i", *(part for n in NUMBERS for part in (n, 50_000)), 50, 10_000, 10_000_000, 10_000, 1, 1)
FOUND = {hdr.MASTERING: DISPLAY, hdr.LIGHT: struct.pack("=2I", 1000, 400)}


def test_figures_for_each_encoder() -> None:
    expected = "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)"
    assert hdr.options(FOUND, "hevc") == {"master-display": expected, "max-cll": "1000,400"}
    assert hdr.options(FOUND, "h264") == {"mastering-display": expected, "cll": "1000,400"}
    shown = hdr.options(FOUND, "av1")["mastering-display"]
    assert shown.startswith("G(0.17000,0.79700)B(0.13100,0.04600)R(0.70800,0.29200)")
    assert hdr.options(FOUND, "ffv1") == {}


def test_what_is_lost_is_said() -> None:
    assert hdr.lost(FOUND, "hevc") == ()
    assert "HDR mastering figures" in hdr.lost(FOUND, "ffv1")[0]
    assert "HDR10+ dynamic metadata" in hdr.lost({"DYNAMIC_HDR_PLUS": b""}, "hevc")[0]
    assert hdr.options({hdr.MASTERING: b"short"}, "hevc") == {}
