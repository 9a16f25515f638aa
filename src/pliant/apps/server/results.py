"""A result as an answer."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from pliant.apps.server.task import Made


def headers(made: Made) -> dict[str, str]:
    """What is to tell about a result; sizes as 1920x1080, notes as a list in JSON, all of it ASCII."""
    return {
        "Pliant-Source-Size": "{}x{}".format(*made.source_size),
        "Pliant-Size": "{}x{}".format(*made.size),
        "Pliant-Factor": repr(made.factor),
        "Pliant-Model": made.model,
        "Pliant-Engine": made.engine,
        "Pliant-Seconds": f"{made.seconds:.3f}",
        "Pliant-Notes": json.dumps(made.notes),
    }


def picture(made: Made, *remove: Path) -> FileResponse:
    """The file of a result; `remove` are files that go when it is sent."""

    def clean() -> None:
        for path in remove:
            path.unlink(missing_ok=True)

    return FileResponse(made.path, media_type=made.media, headers=headers(made), background=BackgroundTask(clean))
