"""Draws the pictures of docs/page.md anew: `python -m tests.apps.server.page.screenshots [ADDRESS]`."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from tests.apps.server.page.conftest import OPTIONS, serving, visiting
from tests.apps.server.page.visit import Visit

ROOT = Path(__file__).parents[4]
WREN = ROOT / "examples" / "canyon-wren.png"
MOST = 300_000  # bytes of a picture


def keep(name: str, visit: Visit) -> None:
    """What is seen now, in 256 colours."""
    image = Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB")
    image.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(ROOT / "docs" / name, optimize=True)
    size = (ROOT / "docs" / name).stat().st_size
    assert size < MOST, f"{name} has {size} bytes"


def upscaled(visit: Visit, factor: float, here: bool = False) -> Any:
    """The page with the wren done, and nothing focused."""
    visit.open().drop(WREN)
    visit.factor(factor)
    if here:
        visit.in_browser()
    visit.run()
    visit.page.wait_for_timeout(500)  # the pictures are decoded
    visit.page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    return visit.page


def draw(browser: Any, address: str) -> None:
    """All of them."""
    size = {"width": 1280, "height": 1000}
    with visiting(browser, address, viewport=size) as visit:
        page = upscaled(visit, 2.7)
        keep("page_light.png", visit)
        box = page.locator("#stage").bounding_box()
        page.mouse.move(box["x"] + 0.47 * box["width"], box["y"] + 0.2 * box["height"])  # the eye
        page.mouse.wheel(0, -750)
        page.locator("#split").fill("45")
        page.wait_for_timeout(500)
        keep("page_compare.png", visit)
    with visiting(browser, address, viewport=size, locale="zh-CN", color_scheme="dark") as visit:
        upscaled(visit, 3.3, here=True)
        keep("page_dark_zh.png", visit)
    phone = {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 1.5,
    }
    with visiting(browser, address, **phone) as visit:
        page = upscaled(visit, 2.7)
        page.evaluate("() => document.querySelector('#viewer').scrollIntoView({ block: 'start' })")
        keep("page_phone.png", visit)


def main(address: str | None) -> None:
    """Against a server that runs, or one of the tests' own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
        if address is not None:
            draw(browser, address)
        else:
            with TemporaryDirectory() as folder, serving(None, Path(folder)) as own:
                draw(browser, own)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
