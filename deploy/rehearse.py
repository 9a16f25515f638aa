"""Run what the Dockerfile says by hand, in a folder that stands for the file system of the image.

    python deploy/rehearse.py FOLDER             with packages from the index; some minutes and half a gigabyte
    python deploy/rehearse.py FOLDER --offline   with the packages of the Python that runs this, hatchling among them

It shows that the commands work, that the server starts from what they install, as another user if it is run by root,
that it refuses to listen to everybody without a token, that the health check finds it, and that SIGTERM ends it. It
shows nothing about Docker itself: layers, mounts and limits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import site
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
PLACES = ("/source", "/wheels", "/opt/pliant", "/data")  # in the image
USER = 10001
TOKEN = "rehearsal-of-the-image"
PATIENCE = 120.0  # seconds


@dataclass
class Stage:
    """The instructions of one stage in order, and what its variables are in the end."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def last(self, name: str) -> str:
        """The operand of the last instruction called `name`."""
        return [value for instruction, value in self.steps if instruction == name][-1]


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile. Each knows the arguments that are declared before the first."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.M))
    found, common = list[Stage](), dict[str, str]()
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, value = line.partition(" ")
        if name == "FROM":
            found.append(Stage(variables=dict(common)))
        elif name in ("ARG", "ENV"):
            target = found[-1].variables if found else common
            target.update(pair.split("=", 1) for pair in shlex.split(value))
        if found:
            found[-1].steps.append((name, value.strip()))
    return found


@dataclass
class Rehearsal:
    """The folder that stands for the image, and the packages that are taken without an index, if `offline`."""

    folder: Path
    offline: bool

    def here(self, text: str) -> str:
        """The same with the places of the image in the folder."""
        for place in PLACES:
            text = re.sub(rf"(?<![\w.-]){place}(?![\w.-])", f"{self.folder}{place}", text)
        return text

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Of a command in the image, with its Python found first."""
        python = Path(sys.executable).parent if self.offline else self.folder / "python" / "bin"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLIANT_", "PYTHON"))}
        given = {k: self.here(v) for k, v in variables.items() if k != "PATH"}
        if self.offline:
            given |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # 0: none, of all things
            given["PLIANT_ENGINE"] = "onnxruntime"  # the image has no other
            given["PYTHONPATH"] = os.pathsep.join(site.getsitepackages())
        return {**kept, **given, "PATH": f"{self.folder}/opt/pliant/bin{os.pathsep}{python}{os.pathsep}{kept['PATH']}"}

    def build(self, stage: Stage) -> None:
        """Do what the instructions of a stage say; those that only describe the image are left out."""
        for place in PLACES[:2]:
            (self.folder / place[1:]).mkdir(parents=True, exist_ok=True)
        for name, value in stage.steps:
            if name == "COPY" and not value.startswith("--from"):
                *sources, target = value.split()
                for source in sources:
                    self._copy(source, target)
            elif name == "RUN":
                self._run(self.here(value), stage)

    def _copy(self, source: str, target: str) -> None:
        base = self.folder / "source"
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, base / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (base / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, base / target)

    def _run(self, command: str, stage: Stage) -> None:
        if os.geteuid() != 0:  # only root gives folders away
            command = re.sub(r"-[og] \d+", "", command)
        print("RUN", command)
        subprocess.run(
            ["sh", "-ec", command], cwd=self.folder / "source", env=self.environment(stage.variables), check=True
        )

    def serve(self, stage: Stage) -> None:
        """Start the server as the image would, but on loopback; see that it is healthy; end it as Docker would."""
        entry, arguments = json.loads(stage.last("ENTRYPOINT")), json.loads(stage.last("CMD"))
        port = str(_free_port())
        environment = {**self.environment(stage.variables), "PLIANT_SERVE_PORT": port}
        refused = self._start([*entry, *arguments], environment)
        said = refused.communicate(timeout=PATIENCE)[0]
        print(f"Without a token: exit {refused.returncode}, {said.strip()}")
        assert refused.returncode == 2, "it has to refuse"
        arguments[arguments.index("0.0.0.0")] = "127.0.0.1"
        server = self._start([*entry, *arguments], {**environment, "PLIANT_SERVE_TOKENS": TOKEN})
        try:
            self._await_health(stage, environment, server)
            print("HEALTHCHECK passes")
        finally:
            server.terminate()
            said = server.communicate(timeout=PATIENCE)[0]
        print(f"SIGTERM: exit {server.returncode}")
        written = {entry.name for entry in (self.folder / "data").iterdir()}
        print("Written:", ", ".join(sorted(written)) or "nothing")
        assert written <= {"cache", "jobs"}, "nothing else has a place in the volume"
        assert server.returncode in (0, -signal.SIGTERM), said  # uvicorn ends in order, then by the signal it was sent

    def _start(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
        found = shutil.which(command[0], path=environment["PATH"])
        assert found == f"{self.folder}/opt/pliant/bin/pliant", found
        user = USER if os.geteuid() == 0 and not self.offline and _for_everybody(found) else None
        if user is None and not self.offline:
            print("Not as another user: not root, or not a Python that others can read")
        return subprocess.Popen(
            [found, *command[1:]],
            cwd=self.folder,
            env=environment,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _await_health(self, stage: Stage, environment: Mapping[str, str], server: subprocess.Popen[str]) -> None:
        check = health_check(stage)
        until = time.monotonic() + PATIENCE
        while subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
            assert server.poll() is None, server.communicate()[0]
            assert time.monotonic() < until, "it is not healthy"
            time.sleep(0.5)


def health_check(stage: Stage) -> list[str]:
    """The command of the health check."""
    return json.loads(stage.last("HEALTHCHECK").partition("CMD")[2])


def copied(stage: Stage) -> Iterator[str]:
    """What a stage takes from the repository."""
    for name, value in stage.steps:
        if name == "COPY" and not value.startswith("--from"):
            yield from value.split()[:-1]


def _for_everybody(script: str) -> bool:
    """Whether other users reach the Python that runs a script."""
    python = Path(script).with_name("python").resolve()
    return all(path.stat().st_mode & 0o001 for path in (python, *python.parents, *Path(script).parents))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Run the commands of deploy/Dockerfile by hand.")
    parser.add_argument("folder", type=Path, help="an empty folder, or one to be made")
    parser.add_argument("--offline", action="store_true", help="take the packages of this Python")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    assert not any(folder.iterdir()), f"{folder} is not empty"
    rehearsal = Rehearsal(folder, given.offline)
    if not given.offline:  # stands for the Python of the base image
        subprocess.run([sys.executable, "-m", "venv", str(folder / "python")], check=True)
    build, final = stages(DOCKERFILE.read_text(encoding="utf-8"))
    rehearsal.build(build)
    rehearsal.build(final)
    rehearsal.serve(final)


if __name__ == "__main__":
    main()
