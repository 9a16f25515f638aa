"""Write what pliant prepares for whole factors of the default model into the package: no first run waits for it.

    python training/prepare.py

To be run again whenever the model, or the way in which networks are prepared (`FORM`), changes; a test says so.
"""

from __future__ import annotations

import shutil
from hashlib import sha256

from pliant import cache
from pliant.artifact import Artifact
from pliant.lowering.whole.parts import files
from pliant.lowering.whole.session import name_of
from pliant.models import DEFAULT, path

FACTORS = (2, 3, 4)


def main() -> None:
    """Write the files of every factor, which all engines share."""
    data = path(DEFAULT).read_bytes()
    artifact = Artifact.from_bytes(data, DEFAULT)
    assert artifact is not None
    shutil.rmtree(cache.SHIPPED, ignore_errors=True)
    for factor in FACTORS:
        made = files(data, artifact.contract, factor, in_blocks=False)
        place = cache.SHIPPED / name_of(sha256(data).hexdigest(), factor)
        place.mkdir(parents=True)
        cache.write(place, made)
        print(place.name, factor, sum(map(len, made.values())))


if __name__ == "__main__":
    main()
