"""`pliant serve` under load: throughput next to the bare session's, latency, memory, and what happens above the limits.

    python benchmarks/serve_load.py                       # ten minutes; for docs/serve_load.json and docs/serve.md
    python benchmarks/serve_load.py --seconds 5 --print   # a look, written nowhere

Server, clients and the bare session are processes of their own on one machine, and share its cores; clients take about
a hundredth of them. The bare session gets arrays and gives arrays, again and again: what the server does besides,
reading, decoding, encoding and sending, costs it nothing. Both take turns, so that what else the machine does meets
both. Arrivals for latency are open-loop: a request comes when its time has come, whether or not earlier ones are done,
and its latency counts from then. The exit status is 1 if a request failed that should not have.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.contest.apart import call  # noqa: E402

CLIENTS, PICTURES = 64, 8
LOADS = (0.5, 0.9)  # of the capacity
WARM = 3.0  # seconds that do not count
BEGIN, END = "<!-- load -->", "<!-- /load -->"  # of the figures in docs/serve.md
TOLD = "pliant serves on "
MIB = 1 << 20
Found = dict[str, Any]


def pictures(folder: Path, side: int) -> list[Path]:
    """Smooth waves with noise, each another."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    paths: list[Path] = []
    for k in range(PICTURES):
        waves = [np.sin(rows / a) * np.cos(columns / b) * 90 + 128 for a, b in ((7 + k, 11), (13, 5 + k), (29, 17 + k))]
        noise = np.random.default_rng(k).integers(-20, 20, (side, side, 3))
        paths.append(folder / f"{side}-{k}.png")
        Image.fromarray(np.clip(np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)).save(paths[-1])
    return paths


class Child:
    """A process that answers each line of JSON with one."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, __file__, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question: Found) -> Found:
        """What it answers."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)


class Server:
    """`pliant serve` in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        code = "import sys; from pliant.apps.cli.main import main; sys.exit(main())"
        command = [sys.executable, "-c", code, "serve", "--port", "0", "--jobs", str(folder), *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.lines: list[str] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(self._wait(TOLD).rsplit(":", 1)[1])
        self._wait('"event": "ready"')

    def resident(self) -> int:
        """Bytes of memory that it has now; 0 where the system does not tell."""
        try:
            return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def close(self) -> None:
        """End it as its supervisor would."""
        self._process.terminate()
        self._process.wait(60)

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self.lines.append(line)

    def _wait(self, text: str) -> str:
        end = time.monotonic() + 120
        while not (found := [line for line in self.lines if text in line]):
            if time.monotonic() > end or self._process.poll() is not None:
                sys.exit(f"The server did not start: {''.join(self.lines)}")
            time.sleep(0.05)
        return found[0]


def bare(model: str, factor: float) -> None:
    """Answer {"files", "seconds"} with the pictures that a session computed in that time."""
    import pliant
    from pliant.imaging.network import Network
    from pliant.imaging.pixels import to_network
    from pliant.models import path

    with pliant.load(path(model) if not model.endswith(".onnx") else model) as session:
        network = Network.of(session)
        for line in sys.stdin:
            asked = json.loads(line)
            given = [
                network.arguments(to_network(np.asarray(Image.open(file)), network.image), factor)
                for file in asked["files"]
            ]
            started, done = time.perf_counter(), 0
            while time.perf_counter() - started < asked["seconds"]:
                session(**given[done % len(given)])
                done += 1
            rate = done / (time.perf_counter() - started)
            print(json.dumps({"rate": rate, "engine": session.engine}), flush=True)


def rates(server: Server, clients: Child, alone: Child, question: Found, options: argparse.Namespace) -> Found:
    """Pictures each second of the bare session and of the server, in turns, and the ratio of each turn."""
    apart: list[float] = []
    served: list[float] = []
    for _ in range(options.rounds + 1):
        apart.append(alone.ask({"files": question["files"], "seconds": options.turn})["rate"])
        done = clients.ask({**question, "clients": 4, "port": server.port, "seconds": options.turn})
        served.append(done["statuses"].get("200", 0) / done["seconds"])
    pairs = list(zip(served, apart, strict=True))[1:]  # the first warms up
    ratios = [a / b for a, b in pairs]
    return {"bare": median(apart[1:]), "served": median(served[1:]), "ratio": median(ratios), "ratios": ratios}


def latencies(server: Server, clients: Child, question: Found, rate: float, seconds: float) -> list[Found]:
    """Latency with arrivals at shares of `rate`."""
    found: list[Found] = []
    for share in LOADS:
        asked = {**question, "port": server.port, "rate": rate * share, "seconds": seconds, "seed": 7}
        done = clients.ask(asked)
        times = sorted(done["latencies"])
        found.append(
            {"share": share, "rate": rate * share, **_summary(done), "p50": _at(times, 50), "p99": _at(times, 99)}
        )
    return found


def soak(server: Server, clients: Child, question: Found, seconds: float) -> Found:
    """64 clients, each of whom asks again as soon as it has its answer; memory is looked at all the time."""
    sizes: list[tuple[float, int]] = []
    started, going = time.monotonic(), True

    def watch() -> None:
        while going:
            sizes.append((time.monotonic() - started, server.resident()))
            time.sleep(0.2)

    watcher = Thread(target=watch)
    watcher.start()
    done = clients.ask({**question, "port": server.port, "clients": CLIENTS, "seconds": seconds})
    going = False
    watcher.join()
    warm = [size for at, size in sizes if at > seconds / 4]
    later = [size for at, size in sizes if at > seconds * 3 / 4]
    memory = {"peak": max(size for _, size in sizes), "warm": median(warm[: len(warm) // 3]), "end": median(later)}
    times = sorted(done["latencies"])
    return {
        **_summary(done),
        **memory,
        "rate": len(times) / done["seconds"],
        "p50": _at(times, 50),
        "p99": _at(times, 99),
    }


def _summary(done: Found) -> Found:
    return {name: done[name] for name in ("statuses", "failures", "without_retry")}


def _at(times: list[float], percent: float) -> float | None:
    return times[min(len(times) - 1, int(len(times) * percent / 100))] if times else None


def measured(folder: Path, options: argparse.Namespace) -> Found:
    """All figures."""
    with ExitStack() as stack:

        def kept(thing: Any) -> Any:
            stack.callback(thing.close)
            return thing

        alone = kept(Child("--bare", "--model", options.model, "--factor", str(options.factor)))
        clients = kept(Child("--clients"))
        wide = kept(Server(folder / "wide", "-m", options.model, "--queue", str(CLIENTS)))
        sides: list[Found] = []
        for side in options.sides:
            question = {"files": list(map(str, pictures(folder, side))), "factor": options.factor}
            sides.append({"side": side, **rates(wide, clients, alone, question, options)})
            _say(f"{side} pixels: {sides[-1]['ratio']:.2f} of the bare session")
        main = next(found for found in sides if found["side"] == options.side)
        question = {"files": list(map(str, pictures(folder, options.side))), "factor": options.factor}
        below = soak(wide, clients, question, options.seconds)
        _say(f"{CLIENTS} clients: {below}")
        paced = latencies(wide, clients, question, main["served"], options.seconds)
        _say(f"paced: {paced}")
        wide.close()
        narrow = kept(Server(folder / "narrow", "-m", options.model))
        above = soak(narrow, clients, question, options.seconds)
        _say(f"above the limits: {above}")
        engine = alone.ask({"files": question["files"][:1], "seconds": 0.1})["engine"]
    return {
        "date": date.today().isoformat(),
        "machine": call("machine:described"),
        "model": options.model,
        "engine": engine,
        "factor": options.factor,
        "side": options.side,
        "seconds": options.seconds,
        "sides": sides,
        "below": below,
        "paced": paced,
        "above": above,
    }


def page(found: Found) -> str:
    """The figures in Markdown."""
    machine, below, above = found["machine"], found["below"], found["above"]
    lines = [
        f"Measured {found['date']} with `python benchmarks/serve_load.py` on {machine['processor']}, "
        f"{machine['cores']} cores, at a load of {machine['load']:.1f} by others: {found['model']} on "
        f"{found['engine']}, factor {found['factor']:g}, with the default number of workers.",
        "",
        "| Source | Bare session, pictures/s | Server, pictures/s | Ratio (each turn) |",
        "|---|---:|---:|---|",
    ]
    for side in found["sides"]:
        turns = ", ".join(f"{ratio:.2f}" for ratio in side["ratios"])
        lines.append(
            f"| {side['side']} x {side['side']} | {side['bare']:.2f} | {side['served']:.2f} | "
            f"**{side['ratio']:.2f}** ({turns}) |"
        )
    lines += [
        "",
        f"With pictures of {found['side']} x {found['side']}, for {found['seconds']:g} s each:",
        "",
        "| | Answers | Other failures | p50, s | p99, s |",
        "|---|---|---:|---:|---:|",
    ]
    rows = [(f"{paced['share']:.0%} of the capacity, {paced['rate']:.2f}/s", paced) for paced in found["paced"]]
    rows += [(f"{CLIENTS} clients at once, queue {CLIENTS}", below), (f"{CLIENTS} clients at once, queue 16", above)]
    for name, row in rows:
        answers = ", ".join(f"{count:,} of {status}" for status, count in sorted(row["statuses"].items()))
        lines.append(
            f"| {name} | {answers} | {sum(row['failures'].values())} | {_time(row['p50'])} | {_time(row['p99'])} |"
        )
    growth = (below["end"] - below["warm"]) / MIB
    lines += [
        "",
        f"Memory with {CLIENTS} clients: {below['warm'] / MIB:,.0f} MiB when warm, {growth:+,.0f} MiB in the last "
        f"quarter, at most {below['peak'] / MIB:,.0f} MiB. 429s without Retry-After: {above['without_retry']}.",
    ]
    return "\n".join(lines) + "\n"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def faults(found: Found) -> list[str]:
    """What should not have happened."""
    parts = [("at " + format(paced["share"], ".0%"), paced) for paced in found["paced"]]
    parts += [("below the limits", found["below"]), ("above the limits", found["above"])]
    said = [f"{name}: {part['failures']}" for name, part in parts if part["failures"]]
    said += [f"{name}: {part['statuses']}" for name, part in parts[:-1] if set(part["statuses"]) != {"200"}]
    above = found["above"]
    if set(above["statuses"]) != {"200", "429"} or above["without_retry"]:
        said.append(f"above the limits: {above['statuses']}, {above['without_retry']} without Retry-After")
    return said


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of each run with many clients")
    parser.add_argument("--turn", type=float, default=8, help="seconds of a turn of the comparison")
    parser.add_argument("--rounds", type=int, default=5, help="turns of the comparison")
    parser.add_argument("--model", default="anyscale")
    parser.add_argument("--factor", type=float, default=2.7)
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 128, 256, 512], help="of sources, in pixels")
    parser.add_argument("--side", type=int, default=128, help="of the runs with many clients; one of --sides")
    parser.add_argument("--print", action="store_true", help="write nothing to docs/")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--clients", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare(options.model, options.factor)
        return 0
    if options.clients:
        from benchmarks.contest.clients import serve_questions

        serve_questions()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), options)
    text = page(found)
    if not options.print:
        (ROOT / "docs" / "serve_load.json").write_text(json.dumps(found, indent=1) + "\n")
        place = ROOT / "docs" / "serve.md"
        before, _, rest = place.read_text(encoding="utf-8").partition(BEGIN)
        place.write_text(f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(text)
    said = faults(found)
    _say("\n".join(said))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
