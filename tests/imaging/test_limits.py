from __future__ import annotations

from pathlib import Path

import pytest

from pliant.errors import PictureError
from pliant.imaging import limits


def test_what_fits_passes() -> None:
    limits.check_memory(1000, 1000, available=16 * 1000 * 1000)
    limits.check_format(100, 65_535, "JPEG", 65_535)


def test_what_does_not_fit_is_said_with_its_size() -> None:
    expected = "The result would be 8,000 x 4,000 pixels (32 MP), which needs about 0.5 GiB of memory, but 0.4 GiB are"
    with pytest.raises(PictureError) as caught:
        limits.check_memory(8000, 4000, available=400 << 20)
    assert str(caught.value).startswith(expected)


def test_the_disk_of_a_result_that_is_written_strip_by_strip(tmp_path: Path) -> None:
    limits.check_disk(tmp_path, 1000, 1000, free=3_000_000)
    limits.check_disk(tmp_path, 10, 10)
    with pytest.raises(PictureError, match=r"30,000 x 30,000 pixels, for which up to 2\.5 GiB of disk"):
        limits.check_disk(tmp_path, 30_000, 30_000, free=1 << 30)


def test_numbers_of_any_length_are_readable() -> None:
    with pytest.raises(PictureError) as caught:
        limits.check_memory(10**300, 10**300, available=1)
    assert len(str(caught.value)) < 200
    assert "10^300 x 10^300" in str(caught.value)


def test_the_ceiling_of_a_format() -> None:
    with pytest.raises(PictureError, match="4 x 65,536, but JPEG stores at most 65,535"):
        limits.check_format(4, 65_536, "JPEG", 65_535)


def test_this_machine_has_memory() -> None:
    assert 1 << 20 < limits.available_memory() < 1 << 50


def _group(folder: Path, limit: str) -> Path:
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text("700\n")
    (folder / "memory.stat").write_text("anon 500\ninactive_file 150\nactive_file 50\n")
    return folder


def test_the_limit_of_a_container(tmp_path: Path) -> None:
    assert limits._container(_group(tmp_path, "1000")) == 450
    assert limits._container(_group(tmp_path, "max")) is None
    assert limits._container(tmp_path / "nowhere") is None


def test_the_limit_of_a_service(tmp_path: Path) -> None:
    """Of systemd's: its group lies below the root, and those between may have limits too."""
    own = tmp_path / "cgroup"
    own.write_text("4:memory:/elsewhere\n0::/system.slice/pliant.service\n")
    root = tmp_path / "groups"
    service = root / "system.slice" / "pliant.service"
    service.mkdir(parents=True)
    assert limits._container(root, own) is None
    _group(service, "1000")
    assert limits._container(root, own) == 450
    _group(root / "system.slice", "800")
    assert limits._container(root, own) == 250
    assert limits._container(root, tmp_path / "nowhere") is None
