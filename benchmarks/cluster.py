"""A folder upscaled by a local Ray cluster, next to this machine alone on as many cores.

    python benchmarks/cluster.py [--count 200] [--size 320x240] [--factor 4] [--repeats 3] [--cores 2] [--model NAME]

First a worker is killed (SIGKILL) in the middle of a run; what is printed is whether the results are complete, put down
once each, and equal to those of this machine alone. Then both ways run in turns, each in a process of its own bound to
the same cores. The overhead is told with everything, and without the time until the first worker is ready. Others who
use the cores make such figures worthless, and take more from few threads than from many: so the load is told beside
them, and what both ways cost in seconds of processors for each picture beyond the first two, which load hardly changes.
Last come the figures that docs/scale.md reckons with. Linux only, for it looks into /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter, process_time, sleep
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console

LOG = ".pliant.jsonl"
RECORDS = 20_000  # on which the process that keeps results is measured
PORTIONS = 500
FEW = 2  # pictures of a run that tells what starting takes
WORKER, TICKS = b"ray::MapWorker", os.sysconf("SC_CLK_TCK")
COLUMNS = ("load", "alone/s", "cluster/s", "slower", "alone-s", "cluster-s", "longer")
COLUMNS += ("alone-cpu", "cluster-cpu", "costlier", "start")
Watch = Callable[[int, Path], None]


def pictures(folder: Path, count: int, width: int, height: int) -> None:
    """Smooth waves with some noise, other ones in each file, as JPEG of quality 90."""
    folder.mkdir()
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    noise = np.random.default_rng(0)
    for k in range(count):
        waves = [np.sin(rows / (a + k % 7)) * np.cos(columns / b) * 90 + 128 for a, b in ((7, 11), (13, 5), (29, 17))]
        pixels = np.stack(waves, axis=-1) + noise.integers(-8, 8, (height, width, 3))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{k:05}.jpg", quality=90)


def processes() -> dict[int, tuple[int, bytes]]:
    """The parent and the command of each process."""
    found: dict[int, tuple[int, bytes]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                status, command = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found[int(entry.name)] = int(status.rpartition(")")[2].split()[1]), command
    return found


def below(above: int) -> dict[int, bytes]:
    """A process with all that were started below it, and their commands."""
    found = processes()

    def reaches(process: int) -> bool:
        while process in found and process != above:
            process = found[process][0]
        return process == above

    return {process: command for process, (_, command) in found.items() if reaches(process)}


def workers(above: int) -> list[int]:
    """The actors that were started below a process."""
    return [process for process, command in below(above).items() if command.startswith(WORKER)]


@dataclass
class Meter:
    """What a run has used: the most bytes of any worker, and seconds of processors by process."""

    memory: int = 0
    processor: dict[int, float] = field(default_factory=dict[int, float])

    def watch(self, above: int, target: Path) -> None:
        """Look at a process, and all below it, until it ends."""
        del target
        while found := below(above):
            for process, command in found.items():
                try:
                    status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                    text = Path(f"/proc/{process}/status").read_text()
                except OSError:
                    continue
                if "VmHWM:" not in text:  # it has ended, and waits to be asked why
                    if process == above:
                        return
                    continue
                self.processor[process] = (int(status[11]) + int(status[12])) / TICKS
                if command.startswith(WORKER):
                    self.memory = max(self.memory, int(text.split("VmHWM:")[1].split()[0]) * 1024)
            sleep(0.1)

    @property
    def seconds(self) -> float:
        """Of all processors."""
        return sum(self.processor.values())


def logged(folder: Path, event: str) -> list[dict[str, Any]]:
    """Lines of a log that may be growing."""
    path = folder / LOG
    rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []
    return [row for row in rows if row["event"] == event]


def upscaled(options: argparse.Namespace, source: Path, target: Path, cluster: bool, watch: Watch | None) -> Any:
    """The summary of a run in a process of its own; `watch` is called with that process while it runs."""
    command = [sys.executable, "-m", "pliant", "upscale", str(source), "-o", str(target), "-s", str(options.factor)]
    command += ["--engine", "onnxruntime", "--json", *(["-m", options.model] if options.model else [])]
    command += ["--cluster", "auto"] if cluster else []
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )
    watching = threading.Thread(target=watch, args=(process.pid, target)) if watch else None
    if watching:
        watching.start()
    out, _ = process.communicate()
    if watching:
        watching.join()
    if process.returncode:
        raise SystemExit(f"pliant ended with status {process.returncode}.")
    return json.loads(out)


def kill_one(count: int, killed: list[int]) -> Watch:
    """Kill a worker when half of the pictures are done."""

    def watch(process: int, target: Path) -> None:
        late = monotonic() + 600
        while len(logged(target, "done")) < count // 2 and monotonic() < late:
            sleep(0.02)
        for worker in workers(process)[:1]:
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)

    return watch


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the log."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOG}


def killed(options: argparse.Namespace, base: Path, source: Path) -> None:
    """Print what became of a run one of whose workers was killed."""
    dead: list[int] = []
    alone = base / "undisturbed"
    upscaled(options, source, alone, cluster=False, watch=None)
    done = upscaled(options, source, base / "killed", cluster=True, watch=kill_one(options.count, dead))
    once = Counter(row["source"] for row in logged(base / "killed", "done"))
    found, wanted = contents(base / "killed"), contents(alone)
    say = Console().print
    say(f"killed: {len(dead)} worker after {options.count // 2} of {options.count} pictures")
    say(f"complete: {done['done'] == options.count and not done['failed']} ({done['done']} done)")
    say(f"put down once each: {set(once.values()) == {1} and len(once) == options.count}")
    say(f"equal to this machine alone, byte for byte: {found == wanted} ({len(found)} files)")


def raced(options: argparse.Namespace, base: Path, source: Path) -> None:
    """Print the times of both ways in turns."""
    few, say = base / "few", Console(width=140).print
    few.mkdir()
    for path in sorted(source.iterdir())[:FEW]:
        os.link(path, few / path.name)
    rows: list[list[float]] = []
    memory = 0
    for k in range(options.repeats):
        order = (False, True) if k % 2 == 0 else (True, False)
        meters: dict[tuple[bool, bool], Meter] = {}
        found: dict[bool, Any] = {}
        for way in order:
            for short in (True, False):
                meter = meters[way, short] = Meter()
                target = base / f"{k}-{way}-{short}"
                found[way] = upscaled(options, few if short else source, target, way, meter.watch)
        memory = max(memory, meters[True, False].memory)
        alone, cluster = found[False], found[True]
        spent = [(meters[way, False].seconds - meters[way, True].seconds) / (options.count - FEW) for way in order]
        spent = spent if order[0] is False else spent[::-1]
        row = [os.getloadavg()[0], alone["pictures_per_second"], cluster["pictures_per_second"]]
        row += [row[1] / row[2] - 1, alone["seconds"], cluster["seconds"], cluster["seconds"] / alone["seconds"] - 1]
        row += [*spent, spent[1] / spent[0] - 1, meters[True, True].seconds - meters[False, True].seconds]
        rows.append(row)
        say(" ".join(f"{name} {value:.3g}" for name, value in zip(COLUMNS, row, strict=True)), highlight=False)
    middle = dict(zip(COLUMNS, (median(column) for column in zip(*rows, strict=True)), strict=True))
    say(f"median overhead in throughput, without starting and loading: {middle['slower']:+.1%}")
    say(f"median overhead in seconds, with everything: {middle['longer']:+.1%}")
    say(f"median overhead in seconds of processors for each picture more: {middle['costlier']:+.1%}")
    say(f"seconds of processors that starting and ending Ray takes: {middle['start']:.1f}")
    size = [sum(path.stat().st_size for path in folder.iterdir()) for folder in (source, base / "undisturbed")]
    say(
        f"for each picture: {size[0] / options.count / 1e3:.1f} kB read, {size[1] / options.count / 1e3:.1f} kB written"
    )
    say(f"most memory of a worker: {memory / 1e6:.0f} MB")


def head(options: argparse.Namespace, base: Path, source: Path) -> None:
    """Print what the process that hands out and keeps can do; nothing is computed."""
    from pliant.apps.batch.find import find
    from pliant.apps.batch.jobs import Planner, checked, digest
    from pliant.apps.batch.jobs import options as deciding
    from pliant.apps.batch.keeping import Keeper, Made
    from pliant.apps.batch.log import Log
    from pliant.apps.batch.outcome import Failures
    from pliant.apps.batch.places import FolderResults, FolderSources
    from pliant.apps.models import find as model
    from pliant.apps.steps import Wish
    from pliant.engines.base import Source, load
    from pliant.imaging.memory import resident
    from pliant.imaging.network import Network

    many, results, say = base / "many", base / "kept", Console(width=140).print
    many.mkdir()
    results.mkdir()
    names = sorted(path.name for path in source.iterdir())
    for k in range(RECORDS):
        os.link(source / names[k % len(names)], many / f"{k}-{names[k % len(names)]}")
    network = Network.of(load(model(options.model), "onnxruntime"))
    wish = checked(Wish(options.factor), network)
    log, key = Log(results / LOG, results), digest(deciding(network, wish))
    before, started = resident() or 0, Clock()
    found = find(many, None, (), True, None)
    sources, place = FolderSources(found), FolderResults(results)
    jobs = Planner(network, wish, key, log, sources, place, False, Failures(log)).jobs(found.pictures)
    say(f"planning: {started.text(RECORDS)}, {((resident() or 0) - before) / RECORDS:.0f} bytes of memory for each")
    keeper, parts = Keeper(log, key), [job.path.with_suffix(".part") for job in jobs]
    for part in parts:
        part.touch()
    started = Clock()
    for job, part in zip(jobs, parts, strict=True):
        keeper(Made(job, part, 0, 0, job.plan.source, job.plan.result, 0.1, ()))
    size = (results / LOG).stat().st_size / RECORDS
    say(f"putting in place and down in the log: {started.text(RECORDS)}, {size:.0f} bytes of log for each")
    log.close()
    handed(Source.of(model(options.model)), wish)


def handed(model: Any, wish: Any) -> None:
    """Print how many portions Ray Data hands out and takes back, if there is nothing to do for them."""
    from pliant.apps.batch.worker import Setup
    from pliant.apps.clusters.base import Wanted, find
    from pliant.imaging.upscaling import Limits
    from pliant.version import VERSION

    setup = Setup(VERSION, model, "onnxruntime", "f32", wish, Limits(), 1)
    with find("auto").open(Wanted(None, PORTIONS)) as crew:
        list(crew.answers(setup, [[]] * 10))
        took = [Clock(), Clock()]
        for k, count in enumerate((10, PORTIONS)):
            took[k] = Clock()
            assert len(list(crew.answers(setup, [[]] * count))) == count
            took[k].stop()
    rate = (PORTIONS - 10) / (took[1].seconds - took[0].seconds)
    Console(width=140).print(f"portions through Ray Data with nothing to do: {rate:,.0f} per second")


class Clock:
    """Seconds of the clock, and of this process's share of a processor."""

    def __init__(self) -> None:
        self._began = perf_counter(), process_time()
        self.seconds = 0.0

    def stop(self) -> float:
        """Seconds of the clock so far."""
        self.seconds = perf_counter() - self._began[0]
        return self.seconds

    def text(self, count: int) -> str:
        """A rate by the clock, and what a core that did nothing else would do."""
        clock, own = self.stop(), process_time() - self._began[1]
        return f"{count / clock:,.0f} pictures per second, {count / own:,.0f} by the time of the processor"


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--factor", type=float, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--model")
    parser.add_argument("--head", action="store_true", help="only what the process that hands out and keeps can do")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base, (width, height) = Path(folder), map(int, options.size.split("x"))
        source = base / "in"
        pictures(source, options.count, width, height)
        Console(width=120).print(
            f"{options.count} pictures of {options.size} x {options.factor:g} on {options.cores} cores, load "
            f"{os.getloadavg()[0]:.1f} when it began"
        )
        if options.head:
            head(options, base, source)
            return
        killed(options, base, source)
        raced(options, base, source)
        head(options, base, source)


if __name__ == "__main__":
    main()
