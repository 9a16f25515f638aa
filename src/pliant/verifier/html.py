"""A report as one self-contained HTML page: nothing is loaded from anywhere, pictures are in it as PNG data."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pliant.verifier.report import Report, Row
from pliant.verifier.words import HEADINGS, cells, conclusion, sentences

MOST_SIDE = 512  # pixels of a picture in the page; larger ones are thinned out
LEAST_SIDE = 128  # smaller ones are enlarged, pixel by pixel

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; } th, td { padding: .25rem .8rem; text-align: left; border-bottom: 1px solid #ddd; }
td { font-variant-numeric: tabular-nums; } .passed { color: #176f2c; } .failed { color: #b3261e; font-weight: 600; }
figure { display: inline-block; margin: .5rem 1rem .5rem 0; vertical-align: top; } img { image-rendering: pixelated; }
figcaption { color: #555; } pre { white-space: pre-wrap; background: #f6f6f6; padding: .6rem; }
"""


def page(report: Report) -> str:
    """The whole page."""
    title = f"{report.model}: {conclusion(report)}"
    head = "".join(f"<th>{html.escape(name)}</th>" for name in HEADINGS)
    rows = "".join(_line(row) for row in report.rows)
    told = "".join(f"<pre>{html.escape(text)}</pre>" for text in sentences(report))
    pictures = "".join(_pictures(row) for row in report.rows if row.ran and row.worst is not None)
    cases = "".join(f"<li>{html.escape(case)}</li>" for case in report.cases)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{html.escape(report.model)}</h1><p>{html.escape(conclusion(report))}"
        f"</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{told}{pictures}"
        f"<h2>Cases</h2><ol>{cases}</ol><p>Fingerprint {report.fingerprint}</p></body></html>\n"
    )


def _line(row: Row) -> str:
    parts = "".join(f"<td>{html.escape(text)}</td>" for text in cells(row))
    return f'<tr class="{row.status}">{parts}</tr>'


def _pictures(row: Row) -> str:
    assert row.worst is not None
    label, got, expected = row.worst
    a, b = _plane(got), _plane(expected)
    low, high = float(b.min()), float(b.max())
    if low >= 0 and high <= 1.05:
        low, high = 0.0, 1.0
    error = np.abs(a - b)
    most = float(error.max())
    shown = [
        (f"{row.engine} {row.precision}", _scaled(a, low, high)),
        ("expected", _scaled(b, low, high)),
        (f"difference, white is {most:.2g}", _scaled(error, 0.0, most)),
    ]
    figures = "".join(f"<figure>{_image(p)}<figcaption>{html.escape(name)}</figcaption></figure>" for name, p in shown)
    return f"<h2>{html.escape(row.engine)} {row.precision}, largest difference: {html.escape(label)}</h2>{figures}"


def _plane(array: NDArray[Any]) -> NDArray[np.float64]:
    """The first picture in an array as [h, w, c] with 1 or 3 channels, finite."""
    while array.ndim > 3:
        array = array[0]
    if array.ndim == 2:
        array = array[None]
    channels = array if array.shape[0] == 3 else array[:1]
    return np.nan_to_num(channels.astype(np.float64), posinf=0.0, neginf=0.0).transpose(1, 2, 0)


def _scaled(plane: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    unit = (plane - low) / (high - low) if high > low else np.zeros_like(plane)
    return np.round(np.clip(unit, 0, 1) * 255).astype(np.uint8)


def _image(pixels: NDArray[np.uint8]) -> str:
    step = max(1, -(-max(pixels.shape[:2]) // MOST_SIDE))
    thin = np.ascontiguousarray(pixels[::step, ::step])
    picture = Image.fromarray(thin[..., 0] if thin.shape[2] == 1 else thin)
    times = max(1, LEAST_SIDE // max(picture.size))
    data = io.BytesIO()
    picture.save(data, "PNG")
    coded = base64.b64encode(data.getvalue()).decode()
    width, height = (side * times for side in picture.size)
    return f'<img width="{width}" height="{height}" alt="" src="data:image/png;base64,{coded}">'
