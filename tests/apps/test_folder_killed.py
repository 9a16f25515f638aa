"""A run over a folder may be killed at any moment, and goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import pliant
from pliant.apps.batch.log import NAME
from tests.support import save

PICTURES = 300
TIMES = 3
PATIENCE = 120  # seconds

# ends the process, as SIGKILL would, when the second result is about to be announced, renamed and put down
DIE = """
import os, sys
from pliant import upscale_folder
from pliant.apps.batch import keeping
from pliant.apps.batch.log import Log

home, name = {"announce": (Log, "announce"), "rename": (keeping.os, "replace"), "finish": (Log, "finish")}[sys.argv[4]]
usual, mine = getattr(home, name), []

def die(*given, **named):
    if name != "replace" or str(given[1]).endswith((".png",)) and "pliant-" not in str(given[1]):
        mine.append(1)
    if len(mine) == 2:
        os._exit(9)
    return usual(*given, **named)

setattr(home, name, die)
upscale_folder(sys.argv[1], sys.argv[2], 2, model=sys.argv[3], workers=1)
"""


def make(folder: Path, count: int, times: int = 1) -> Path:
    """Small pictures of noise, in three folders; `times` larger ones take longer."""
    noise = np.random.default_rng(0)
    for k in range(count):
        place = folder / f"{k % 3}"
        place.mkdir(parents=True, exist_ok=True)
        save(place, f"{k:03}.png", noise.integers(0, 256, (times * 16 + k % 7, times * 20, 3), np.uint8))
    return folder


def lines(folder: Path, event: str) -> list[str]:
    """The sources of all such lines that are whole."""
    path = folder / NAME
    whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    found = []
    for text in whole:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line["event"] == event:
            found.append(line["source"])
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def killed_after(done: int, command: list[str], target: Path, chance: random.Random) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    late = time.monotonic() + PATIENCE
    while len(lines(target, "done")) < done and process.poll() is None and time.monotonic() < late:
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.02))
    process.send_signal(signal.SIGKILL)
    _, complaint = process.communicate()
    assert process.returncode == -signal.SIGKILL, complaint


def test_three_hundred_pictures_killed_three_times(tmp_path: Path, live: Path) -> None:
    source, target = make(tmp_path / "in", PICTURES), tmp_path / "out"
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # shown if the test fails
    chance = random.Random(seed)
    command = [sys.executable, "-m", "pliant", "upscale", str(source), "-o", str(target), "-s", "2", "-m", str(live)]
    for k in range(TIMES):
        after = k * PICTURES // 4 + chance.randrange(1, PICTURES // 4)
        killed_after(after, [*command, *(["--resume"] if k else [])], target, chance)
        before = len(lines(target, "done"))
        assert after <= before < PICTURES
    ran = subprocess.run([*command, "--resume", "--json"], capture_output=True, text=True, check=True)
    last = json.loads(ran.stdout)
    assert (last["done"] + last["skipped"], last["failed"]) == (PICTURES, [])
    assert last["skipped"] >= before
    assert set(Counter(lines(target, "done")).values()) == {1}
    assert len(lines(target, "done")) == PICTURES
    undisturbed = contents(pliant.upscale_folder(source, tmp_path / "whole", 2, model=live).destination)
    found = contents(target)
    del found[NAME], undisturbed[NAME]
    assert len(undisturbed) == PICTURES
    assert found == undisturbed


@pytest.mark.parametrize(
    ("moment", "temporary", "whole", "then"),
    [("announce", 1, 1, (3, 1)), ("rename", 1, 1, (3, 1)), ("finish", 0, 2, (2, 2))],
)
def test_killed_between_two_steps(
    tmp_path: Path, live: Path, moment: str, temporary: int, whole: int, then: tuple[int, int]
) -> None:
    source, target = make(tmp_path / "in", 4), tmp_path / "out"
    died = subprocess.run([sys.executable, "-c", DIE, source, target, live, moment], check=False)
    assert died.returncode == 9
    names = [name for name in contents(target) if name != NAME]
    assert sum(".pliant-" in name for name in names) == temporary
    assert sum(".pliant-" not in name for name in names) == whole
    assert lines(target, "done") == ["0/000.png"]
    done = pliant.upscale_folder(source, target, 2, model=live, resume=True)
    assert (done.done, done.skipped) == then
    assert sorted(contents(target)) == sorted([NAME, "0/000.png", "0/003.png", "1/001.png", "2/002.png"])
    assert sorted(lines(target, "done")) == ["0/000.png", "0/003.png", "1/001.png", "2/002.png"]


def test_interrupted_from_the_keyboard(tmp_path: Path, live: Path) -> None:
    # so large that the run is not over before a busy machine lets this process look
    source, target = make(tmp_path / "in", PICTURES, times=24), tmp_path / "out"
    command = [sys.executable, "-m", "pliant", "upscale", str(source), "-o", str(target), "-s", "4", "-m", str(live)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    late = time.monotonic() + PATIENCE
    while len(lines(target, "done")) < 5 and process.poll() is None and time.monotonic() < late:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    out, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, "")
    assert [line for line in complaint.splitlines() if line] == [
        "note: What is done stays done; the same command with --resume goes on from there.",
        "pliant: interrupted.",
    ]
    done = lines(target, "done")
    assert 5 <= len(done) < PICTURES
    assert sorted(contents(target)) == sorted([NAME, *done])
