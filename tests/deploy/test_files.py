"""The files for deployment, each read by the tool that knows its kind, and compared with each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pliant.version import VERSION
from tests.deploy.files import DEPLOY, ROOT, TOOLS, documents, rehearse

USER = 10001
EXPOSURE = 20  # tenths, as `systemd-analyze security` counts; below 2 is "OK"


def ran(*command: str | Path) -> str:
    """What a tool says, which has to be content."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def final() -> Any:
    """The last stage of the Dockerfile."""
    return rehearse().stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))[-1]


def test_hadolint_is_content_with_the_dockerfile() -> None:
    tool = shutil.which("hadolint", path=f"{TOOLS}:/usr/bin:/usr/local/bin")
    if tool is None:
        pytest.skip("hadolint is not installed")
    assert ran(tool, DEPLOY / "Dockerfile") == ""


def test_what_the_dockerfile_copies_is_sent_to_docker() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines, "nothing is sent that is not named"
    sent = {line[1:] for line in lines if line.startswith("!")}
    build, _ = rehearse().stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    assert set(rehearse().copied(build)) == sent
    assert all((ROOT / name).exists() for name in sent)


def test_packages_are_pinned_to_what_pliant_takes() -> None:
    tomllib = pytest.importorskip("tomllib")
    requirements = pytest.importorskip("packaging.requirements")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned: dict[str, str] = {}
    for line in (DEPLOY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, version = line.split("==")
            pinned[name] = version
    for text in (*project["dependencies"], *project["optional-dependencies"]["serve"]):
        wanted = requirements.Requirement(text)
        assert wanted.specifier.contains(pinned.get(wanted.name, "")), f"renew deploy/constraints.txt for {text}"


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    if int(ran(tool, "--version").split()[1]) < 252:
        pytest.skip("this systemd-analyze cannot judge a file that is not installed")
    text = (DEPLOY / "pliant.service").read_text(encoding="utf-8")
    unit = tmp_path / "pliant.service"
    unit.write_text(text.replace("/opt/pliant/bin/pliant", sys.executable))  # it has to be there
    assert ran(tool, "verify", unit) == ""
    ran(tool, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", unit)


def test_the_compose_file_fits_the_specification() -> None:
    pytest.importorskip("check_jsonschema")
    ran(
        sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"
    )  # fmt: skip


def test_the_compose_file_is_hardened_and_fits_the_image() -> None:
    (document,) = documents("compose.yaml")
    service = document["services"]["pliant"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == f"{USER}:{USER}" == final().last("USER")
    assert service["volumes"] == [f"data:{final().last('VOLUME')}"]
    assert service["healthcheck"]["test"] == ["CMD", *rehearse().health_check(final())]
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_kubernetes_takes_the_manifest() -> None:
    pytest.importorskip("kubernetes_validate")
    said = ran(TOOLS / "kubernetes-validate", "--strict", DEPLOY / "kubernetes.yaml")
    assert said.count("passed for resource") == len(documents("kubernetes.yaml"))


def test_the_manifest_is_hardened_and_fits_the_image() -> None:
    deployment, service, scaler, budget = documents("kubernetes.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, USER)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert {m["mountPath"] for m in container["volumeMounts"]} == {"/data", "/tmp", "/etc/pliant"}
    assert str(container["ports"][0]["containerPort"]) == final().last("EXPOSE")
    selector = deployment["spec"]["selector"]["matchLabels"]
    assert selector.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert selector == service["spec"]["selector"] == budget["spec"]["selector"]["matchLabels"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]


def test_probes_are_routes_of_the_server() -> None:
    pytest.importorskip("fastapi")
    from pliant.apps.server.routes import health

    source = Path(health.__file__).read_text(encoding="utf-8")
    probed = re.findall(r"/health/\w+", "".join(p.read_text(encoding="utf-8") for p in every_file()))
    assert set(probed) == {"/health/live", "/health/ready"}
    assert all(f'"{path}"' in source for path in probed)


def every_file() -> list[Path]:
    """The files that say how the server is started."""
    return [DEPLOY / name for name in ("Dockerfile", "compose.yaml", "kubernetes.yaml", "pliant.service")]


def test_the_server_knows_every_setting() -> None:
    from pliant.apps.cli.commands.serve import COMMAND

    known = {str(parameter.envvar) for parameter in COMMAND.params if parameter.envvar}
    files = [*every_file(), ROOT / "docs" / "deploy.md"]
    named = set(re.findall(r"PLIANT_SERVE_\w+", "".join(p.read_text(encoding="utf-8") for p in files)))
    assert named - known == {"PLIANT_SERVE_TOKENS"}  # which no option has: the command line is seen by others


def test_versions_agree() -> None:
    found = set[str]()
    for path in every_file():
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r'(?:image: pliant:|image\.version="|app\.kubernetes\.io/version: ")([\d.]+)', text))
    assert found == {VERSION}


def test_nothing_secret_is_in_the_image() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assigned = re.findall(r"(?:ENV|ARG|^\s+)\s*(\w*(?:TOKEN|SECRET|PASSWORD|KEY)\w*)=", text, re.M)
    assert assigned == []
    assert (ROOT / ".gitignore").read_text().splitlines().count("deploy/tokens") == 1
