"""Jobs of `pliant serve` on a local Ray cluster, next to the same server alone on as many cores.

    python benchmarks/serve_cluster.py [--count 60] [--side 256] [--factor 2.7] [--turns 3] [--cores 2] [--model NAME]

Each way runs in a process of its own, in turns, and gets jobs until as many replicas are there as cores (Ray Serve adds
one when requests have waited for half a minute); only then the jobs are counted, from the first POST to the end of the
last. Linux only, for it looks into /proc.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, sleep

import httpx
import numpy as np
from PIL import Image
from rich.console import Console

REPLICA = b"ray::ServeReplica:pliant:"
PATIENCE = 300.0  # seconds
LOOKS = 0.05  # seconds between two looks at a job
WAYS = ("alone", "cluster")


def picture(side: int) -> bytes:
    """Smooth waves with some noise, as PNG."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    noise = np.random.default_rng(0)
    waves = [np.sin(rows / a) * np.cos(columns / b) * 90 + 128 for a, b in ((7, 11), (13, 5), (29, 17))]
    pixels = np.stack(waves, axis=-1) + noise.integers(-8, 8, (side, side, 3))
    made = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(made, "PNG")
    return made.getvalue()


def replicas() -> int:
    """How many run on this machine."""
    return sum(_command(entry).startswith(REPLICA) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return b""


@contextmanager
def served(way: str, cores: int, model: str) -> Generator[httpx.Client]:
    """A client of a server of that way."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        options = ["--workers", str(cores)] if way == "alone" else ["--cluster", "auto", "--replicas", str(cores)]
        command = [sys.executable, "-m", "pliant", "serve", "--json", "--port", str(port), "-m", model, *options]
        command += ["--jobs", f"{folder}/jobs", "--jobs-queue", "10000"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            with httpx.Client(base_url=url, timeout=PATIENCE) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def done(client: httpx.Client, body: bytes, factor: float, count: int) -> float:
    """Seconds for so many jobs."""
    started = monotonic()
    paths = [_posted(client, body, factor) for _ in range(count)]
    for path in paths:
        while (job := client.get(path).json())["state"] != "done":
            assert job["state"] != "failed", job
            sleep(LOOKS)
    taken = monotonic() - started
    for path in paths:
        client.delete(path)
    return taken


def _posted(client: httpx.Client, body: bytes, factor: float) -> str:
    for _ in range(100):
        got = client.post(f"/v1/jobs?factor={factor}", content=body)
        if got.status_code != 503:  # what keeps the jobs starts last
            return got.raise_for_status().headers["location"]
        sleep(LOOKS)
    raise TimeoutError("the server takes no jobs")


def turn(way: str, body: bytes, given: argparse.Namespace) -> tuple[float, float]:
    """Jobs a second, and the seconds until there were as many replicas as cores."""
    with served(way, given.cores, given.model) as client:
        began = monotonic()
        done(client, body, given.factor, 2 * given.cores)
        while way == "cluster" and replicas() < given.cores:
            assert monotonic() - began < PATIENCE, "no replica was added"
            done(client, body, given.factor, 5 * given.cores)
        grown = monotonic() - began
        done(client, body, given.factor, 2 * given.cores)
        return given.count / done(client, body, given.factor, given.count), grown


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--factor", type=float, default=2.7)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--model", default="anyscale")
    given = parser.parse_args(arguments)
    console, body = Console(), picture(given.side)
    ratios = list[float]()
    for k in range(given.turns):
        rates = dict[str, float]()
        for way in WAYS if k % 2 == 0 else reversed(WAYS):
            rates[way], grown = turn(way, body, given)
            note = f", {grown:.0f} s until there were {given.cores} replicas" if way == "cluster" else ""
            console.print(f"turn {k + 1}: {way} {rates[way]:.2f} jobs/s (load {os.getloadavg()[0]:.1f}{note})")
        ratios.append(rates["cluster"] / rates["alone"])
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    console.print(f"{given.side} x {given.side}, factor {given.factor}: cluster / alone {median(ratios):.2f} ({shown})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
