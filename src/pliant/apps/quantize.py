"""Making the int8 form of a model: calibrated on pictures of the user's, and tried on others of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.apps.batch.find import find as find_pictures
from pliant.apps.batch.find import is_many, split
from pliant.apps.models import find
from pliant.artifact import Artifact, without
from pliant.choosing import forms
from pliant.choosing.samples import factors
from pliant.choosing.trials import Candidate, measure
from pliant.engines.base import Options, Session, Source, engines, load, opened
from pliant.engines.base import find as find_engine
from pliant.errors import LossError, UsageError
from pliant.imaging.network import Network
from pliant.imaging.picture import upscale_array
from pliant.imaging.pixels import to_network
from pliant.imaging.quality import levels, quality
from pliant.imaging.resample import reduced
from pliant.imaging.sizes import Plan, scaled
from pliant.media.read import read_picture
from pliant.models import path as shipped
from pliant.stamps import KEYS

Array = NDArray[Any]
PathLike = str | os.PathLike[str]
Tell = Callable[[str], None]

MAX_LOSS = 0.2  # dB, in the mean
SIDE = 128  # pixels of the part of a picture that the network sees
MOST, MOST_HELD = 32, 16  # pictures to calibrate on, and to try on
HELD = 4  # every so many-th picture is held out, if there are as many
EQUAL = 60.0  # dB: one level off in one value of fifteen, which nobody sees
RUNNER = "onnxruntime"


@dataclass(frozen=True)
class Loss:
    """What int8 costs on one picture, which was reduced and upscaled again.

    `f32` and `int8` are PSNRs in dB against the picture itself (RGB), `loss` is how much lower that of int8 is, where
    60 dB count as equal. `agreement` is the PSNR of int8 against f32. PSNRs are infinite for equal pictures.
    """

    picture: str
    f32: float
    int8: float
    agreement: float

    @property
    def loss(self) -> float:
        """In dB."""
        return min(self.f32, EQUAL) - min(self.int8, EQUAL)


@dataclass(frozen=True)
class Speed:
    """`ratio` is the time in int8 by that in f32 on one engine, and `largest` the largest deviation in grey levels.

    `reason` says why there are none.
    """

    engine: str
    ratio: float | None
    largest: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Quantized:
    """What was made: `layers` of `layers_of` compute in int8, calibrated on so many `pictures`.

    `losses` are those of `held_out` pictures, or of the same ones if there were too few. `remembered` says whether
    `--precision int8` and `fast` find the form. Sizes are in bytes.
    """

    path: Path
    layers: int
    layers_of: int
    pictures: int
    held_out: bool
    losses: tuple[Loss, ...]
    size_before: int
    size: int
    speeds: tuple[Speed, ...]
    remembered: bool

    @property
    def loss(self) -> float:
        """The mean, in dB."""
        return _mean(self.losses)


@dataclass(frozen=True)
class _Job:
    """A model with its network in f32, and parts of pictures to calibrate and to try on, as (name, uint8 [h, w, c])."""

    source: Source
    network: Network
    seen: list[tuple[str, Array]]
    held: list[tuple[str, Array]]


def quantize(
    model: PathLike,
    pictures: Sequence[PathLike] | PathLike,
    output: PathLike | None = None,
    *,
    max_loss: float = MAX_LOSS,
    report: Tell | None = None,
) -> Quantized:
    """Write the int8 form of a model: one ONNX file with the same contract, its live factor and provenance included.

    Ranges of activations are those that occur on the pictures. All layers are tried first, then all but those that make
    the result, then all but those and the ones that see the picture: the first that costs no more than `max_loss` is
    taken. The form is remembered for the precisions "int8" and "fast".

    Args:
        model: an ONNX file from picture to picture, or the name of a shipped model.
        pictures: files, folders or patterns; the more like those to be upscaled the better. From four on, every fourth
            is held out, to be tried on.
        output: the file to write; the model's name with `_int8` behind it, in this folder for a shipped one, if None.
        max_loss: how many dB of PSNR it may cost in the mean.
        report: called with a few words at the beginning of each step.

    Raises:
        UsageError: there is no picture, or output makes no sense.
        ContractError: the model is not from picture to picture.
        LoweringError: there is nothing in it that can compute in int8.
        LossError: it costs more than `max_loss`; nothing is written.
    """
    from pliant.lowering.quantised import Quantiser

    tell, path = report or _ignore, find(model)
    target = _target(path, output)
    source = Source.of(path)
    whole = replace(source, data=find_engine("openvino").whole(source.data, path))  # its weights in it
    with load(whole, RUNNER) as exact:
        network = Network.of(exact)
        tell("reading pictures")
        job = _job(whole, network, pictures)
        quantiser = Quantiser(without(whole.data, KEYS))
        form, layers, losses = _least(job, quantiser, max_loss, tell)
    form = _noted(form, len(layers), len(quantiser.layers), job, losses)
    form.save(target)
    return Quantized(
        path=target,
        layers=len(layers),
        layers_of=len(quantiser.layers),
        pictures=len(job.seen),
        held_out=job.held is not job.seen,
        losses=losses,
        size_before=len(whole.data),
        size=target.stat().st_size,
        speeds=_speeds(source, Source.of(target), tell),
        remembered=forms.keep(source.fingerprint, form),
    )


def _target(model: Path, output: PathLike | None) -> Path:
    folder = Path() if model.parent == shipped().parent else model.parent
    target = Path(output) if output is not None else folder / f"{model.stem}_int8.onnx"
    if target.is_dir() or not target.resolve().parent.is_dir():
        raise UsageError(f"{target} cannot be written: it is a folder, or its folder does not exist.")
    if target.exists() and target.samefile(model):
        raise UsageError(f"{target} is the model itself; give another file with -o.")
    return target


def _least(job: _Job, quantiser: Any, max_loss: float, tell: Tell) -> tuple[Artifact, list[str], tuple[Loss, ...]]:
    """The form with the most layers that costs no more than is allowed. Raises LossError if there is none."""
    best: tuple[float, int] = (inf, 0)
    for exact in ((), quantiser.last, (*quantiser.first, *quantiser.last)):
        layers = [name for name in quantiser.layers if name not in exact]
        if not layers or best[1] == len(layers):
            continue
        tell(f"calibrating {len(layers)} of {len(quantiser.layers)} layers on {len(job.seen)} pictures")
        form = Artifact(quantiser(layers, _examples(job)), job.source.contract)
        losses = _losses(job, form)
        if _mean(losses) <= max_loss:
            return form, layers, losses
        best = min(best, (_mean(losses), len(layers)))
    raise LossError(
        f"int8 costs {best[0]:.2f} dB of PSNR in the mean of the pictures tried ({len(job.held)}), even without the "
        f"first and last layers, and {max_loss:g} dB are allowed: nothing was written. Calibrate on more pictures like "
        "those to be upscaled, or allow more with --max-loss."
    )


def _noted(form: Artifact, layers: int, layers_of: int, job: _Job, losses: Sequence[Loss]) -> Artifact:
    """With a note in its contract about what was done."""
    tried = "others" if job.held is not job.seen else "the same"
    note = (
        f"Computes in int8: {layers} of {layers_of} layers, calibrated on {len(job.seen)} pictures; costs "
        f"{_mean(losses):.2f} dB of PSNR on {len(losses)} {tried}. Made of {job.source.fingerprint.split()[0]}."
    )
    return replace(form, contract=replace(form.contract, notes=(*form.contract.notes, note)))


def _job(source: Source, network: Network, given: Sequence[PathLike] | PathLike) -> _Job:
    single = isinstance(given, str | os.PathLike)
    paths = [path for entry in ([given] if single else given) for path in _paths(Path(entry))]
    if not paths:
        raise UsageError("There is no picture to calibrate on; give files, folders or patterns.")
    held = paths[HELD - 1 :: HELD][:MOST_HELD]
    seen = [path for path in paths if path not in held][:MOST]
    parts = [(path.name, _part(path, network)) for path in seen]
    tried = [(path.name, _part(path, network)) for path in held] if held else parts
    return _Job(source, network, parts, tried)


def _paths(given: Path) -> list[Path]:
    if not is_many(given):
        return [given]
    root, whole = split(given)
    return [root / name for name in find_pictures(root, whole, (), True, None).pictures]


def _part(path: Path, network: Network) -> Array:
    """The middle of a picture, so large that it can be reduced to what the network sees; uint8, RGB or grey."""
    pixels = read_picture(path).pixels
    colours = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1].repeat(3, axis=2)
    shown = levels(colours, "rgb") + 0.5
    if network.image.colours == "GREY":
        shown = shown.mean(axis=2, keepdims=True)
    side = round(SIDE * max(1.0, network.default_factor))
    top, left = (max(0, (length - side) // 2) for length in shown.shape[:2])
    return np.clip(shown[top : top + side, left : left + side], 0, 255).astype(np.uint8)


def _examples(job: _Job) -> Iterator[dict[str, Array]]:
    """What the network gets while ranges are looked for: each picture as it is and reduced, at all factors tried."""
    for _, pixels in job.seen:
        for shown in (_middle(pixels), _smaller(pixels, job.network)[0]):
            for factor in factors(job.source.contract):
                values = to_network(shown, job.network.image)
                taken = job.network.taken(*values.shape[2:])
                extra = [after - before for after, before in zip(taken, values.shape[2:], strict=True)]
                padded = np.pad(values, ((0, 0), (0, 0), (0, extra[0]), (0, extra[1])), mode="edge")
                yield job.network.arguments(padded, factor)


def _middle(pixels: Array) -> Array:
    top, left = (max(0, (length - SIDE) // 2) for length in pixels.shape[:2])
    return pixels[top : top + SIDE, left : left + SIDE]


def _smaller(pixels: Array, network: Network) -> tuple[Array, Array]:
    """A picture reduced by the network's factor, and the part of it that upscaling gives back."""
    factor = max(1.0, network.default_factor)
    size = (max(1, int(pixels.shape[0] / factor)), max(1, int(pixels.shape[1] / factor)))
    width, height = scaled((size[1], size[0]), factor)
    truth = pixels[:height, :width]
    if factor == 1:
        return truth, truth
    values = reduced(truth.astype(np.float32).transpose(2, 0, 1)[None], size)[0].transpose(1, 2, 0)
    return np.clip(values + 0.5, 0, 255).astype(np.uint8), truth


def _losses(job: _Job, form: Artifact) -> tuple[Loss, ...]:
    with opened(Source.of(form), find_engine(RUNNER), Options()) as session:
        return tuple(_loss(name, pixels, job.network, session) for name, pixels in job.held)


def _loss(name: str, pixels: Array, network: Network, form: Session) -> Loss:
    small, truth = _smaller(pixels, network)
    size = (small.shape[1], small.shape[0])
    made = scaled(size, network.default_factor)
    plan = Plan(size, network.default_factor, made, made)
    exact, short, right = (
        levels(p, "rgb")
        for p in (upscale_array(network, small, plan), upscale_array(Network.of(form), small, plan), truth)
    )
    return Loss(name, quality(exact, right).psnr, quality(short, right).psnr, quality(short, exact).psnr)


def _mean(losses: Sequence[Loss]) -> float:
    return float(np.mean([entry.loss for entry in losses]))


def _speeds(source: Source, form: Source, tell: Tell) -> tuple[Speed, ...]:
    """f32 against int8 on each engine, in turns."""
    found: list[Speed] = []
    for engine in engines():
        if engine.available() or engine.runs():
            continue
        tell(f"timing int8 on {engine.name}")
        pair = [Candidate(engine, "f32", source), Candidate(engine, "int8", form)]
        trials = {trial.precision: trial for trial in measure(source, pair).trials}
        exact, short = trials["f32"], trials["int8"]
        if exact.reason or short.reason:
            found.append(Speed(engine.name, None, reason=short.reason or exact.reason))
        else:
            off = short.deviation.largest if short.deviation else None
            found.append(Speed(engine.name, short.rate() / exact.rate(), off))
    return tuple(found)


def _ignore(step: str) -> None:
    del step
