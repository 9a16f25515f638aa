"""A job's changes as server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator

from pliant.apps.server.jobs.job import Job

MEDIA = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would keep events back
RETRY = "retry: 2000\n\n"  # milliseconds, after which a client whose connection broke comes back
COMMENT = ": the server is here, nothing has changed\n\n"


async def stream(jobs: AsyncIterator[Job | None], keep: float) -> AsyncGenerator[str]:
    """An event for each of `jobs`, a comment for each None. The id of an event is the state of the job."""
    yield RETRY
    async for job in jobs:
        if job is None:
            yield COMMENT
        else:
            yield f"event: job\nid: {job.state}\ndata: {json.dumps(job.as_json(keep))}\n\n"
