"""Write what pliant prepares for whole factors of the models that ship into the package: no first run waits for it.

For the default model that are networks; for the tutorial's it is that ONNX Runtime has none which are less work, for
finding that out takes longer than the work.

    python training/prepare.py

To be run again whenever the model, or the way in which networks are prepared (`FORM`), changes; a test says so.
"""

from __future__ import annotations

import shutil
from hashlib import sha256

from pliant import cache
from pliant.artifact import Artifact
from pliant.lowering.whole.field import UnsuitedError
from pliant.lowering.whole.parts import files
from pliant.lowering.whole.session import REFUSED, name_of, without_blocks
from pliant.models import DEFAULT, path

FACTORS = (2, 3, 4)
TUTORIALS = "srcnn"


def main() -> None:
    """Write the files of every factor."""
    shutil.rmtree(cache.SHIPPED, ignore_errors=True)
    for model in (DEFAULT, TUTORIALS):
        for factor in FACTORS:
            name, made = prepared(model, factor)
            place = cache.SHIPPED / name
            place.mkdir(parents=True)
            cache.write(place, made)
            print(name, model, factor, sum(map(len, made.values())))


def prepared(model: str, factor: int) -> tuple[str, dict[str, bytes]]:
    """The name and the files, by suffix: for all engines a network, or for those without blocks why there is none."""
    data = path(model).read_bytes()
    artifact = Artifact.from_bytes(data, model)
    assert artifact is not None
    name = name_of(sha256(data).hexdigest(), factor)
    try:
        return name, files(data, artifact.contract, factor, in_blocks=False)
    except UnsuitedError as error:
        return without_blocks(name), {REFUSED: str(error).encode()}


if __name__ == "__main__":
    main()
