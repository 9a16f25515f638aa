"""What a visitor of the page does and sees."""

from __future__ import annotations

import base64
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

PATIENCE = 120  # seconds
DROP = """([files]) => {
  const data = new DataTransfer();
  for (const [name, type, text] of files) {
    data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
  }
  for (const kind of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}"""


class Visit:
    """One tab. `requests` are pairs of method and address, workers included; `faults` what scripts threw."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.requests: list[tuple[str, str]] = []
        self.faults: list[str] = []
        page.context.on("request", lambda request: self.requests.append((request.method, request.url)))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: Any) -> None:
        # a refusal of the server is one line of the browser's own; a violated policy is one as well, and none is right
        if message.type == "error" and "status of 4" not in message.text:
            self.faults.append(message.text)

    def open(self) -> Visit:
        """The page, with the models that the server has."""
        self.page.goto(self.address)
        self.until("document.querySelector('#model').options.length > 0")
        return self

    def drop(self, *paths: Path) -> None:
        """Files dropped on the page, each of which appears in the list."""
        before = self.page.locator(".item").count()
        types = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
        files = [(p.name, types.get(p.suffix, ""), base64.b64encode(p.read_bytes()).decode()) for p in paths]
        self.page.evaluate(DROP, [files])
        self.page.locator(".item").nth(before + len(paths) - 1).wait_for()

    def in_browser(self) -> None:
        """Choose to compute here."""
        self.page.locator("label[for=place-browser]").click()

    def factor(self, value: float) -> None:
        """Typed into the field."""
        self.page.fill("#factor-number", str(value))

    def run(self) -> None:
        """Press the button, and wait until nothing runs."""
        self.page.click("#run")
        self.finished()

    def finished(self) -> None:
        """Wait until every picture has a result or failed."""
        self.until(
            """[...document.querySelectorAll('.item')].every(
                 (item) => ['done', 'failed', 'cancelled'].includes(item.dataset.state))
               && document.querySelector('#stop').hidden"""
        )

    def until(self, expression: str) -> None:
        """Wait for what is true some time; Playwright's own way needs `eval`, which the page's policy forbids."""
        end = monotonic() + PATIENCE
        while not self.page.evaluate(expression):
            assert monotonic() < end, f"not within {PATIENCE} s: {expression}"
            self.page.wait_for_timeout(30)

    def states(self) -> list[str]:
        """Of the pictures of the list."""
        return [item.get_attribute("data-state") for item in self.page.locator(".item").all()]

    def download(self, folder: Path, number: int = 0, selector: str = ".download") -> Path:
        """The file that a click on the nth link or button gives, by the name that the page proposes."""
        with self.page.expect_download() as coming:
            self.page.locator(selector).nth(number).click()
        path = folder / coming.value.suggested_filename
        coming.value.save_as(path)
        return path

    def check(self) -> None:
        """Nothing went to another host, and no script failed."""
        own = urlsplit(self.address).netloc
        foreign = [url for _, url in self.requests if urlsplit(url.removeprefix("blob:")).netloc != own]
        assert not foreign
        assert not self.faults


def pixels(path: Path) -> np.ndarray:
    """Levels as float64 in the range of 8 bits; 16 bits keep their fractions."""
    from pliant.media.read import read_picture

    levels = read_picture(path).pixels
    return levels.astype(np.float64) / (257 if levels.dtype == np.uint16 else 1)


def farthest(one: Path, other: Path) -> float:
    """The largest difference of two pictures of one shape, in grey levels of 255."""
    a, b = pixels(one), pixels(other)
    assert a.shape == b.shape
    return float(np.abs(a - b).max())


def picture(path: Path, width: int, height: int, mode: str = "RGB", seed: int = 0) -> Path:
    """A picture of smooth colours with sharp edges and some noise, in Pillow's mode; I;16 is deep grey."""
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(seed).integers(0, 24, (height, width, 4))
    edges = 90 * ((columns // 7 + rows // 11) % 2)
    planes = [60 + edges, 40 + columns * 150 // width, 200 - rows * 150 // height, 0 * rows]
    levels = np.stack(planes, axis=-1) + noise
    # transparency from nothing to all, with an empty corner and an opaque one
    levels[..., 3] = np.clip((columns + rows) * 380 // (width + height) - 60, 0, 255)
    if mode == "I;16":
        Image.fromarray((levels[..., 0] * 257 + noise[..., 1] * 9).astype(np.uint16)).save(path)
    elif mode in ("L", "LA"):
        Image.fromarray(
            levels[..., [1, 3]].astype(np.uint8)[..., 0] if mode == "L" else levels[..., [1, 3]].astype(np.uint8)
        ).save(path)
    else:
        Image.fromarray(levels[..., : len(mode)].astype(np.uint8)).save(path)
    return path
