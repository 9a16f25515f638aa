from __future__ import annotations

import os
from pathlib import Path

import pytest

from pliant.apps.batch import find as home
from pliant.apps.batch.find import find, fits, is_many, split
from pliant.apps.batch.log import NAME
from pliant.errors import UsageError

FILES = (
    "b.JPG",
    "a.png",
    "text.txt",
    ".c.png",
    "2023/d.png",
    "2024/e.png",
    "2024/05/f.webp",
    "2024/06/f.png",
    ".h/g.png",
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("patterns", "recursive", "names"),
    [
        ((), True, ["2023/d.png", "2024/05/f.webp", "2024/06/f.png", "2024/e.png", "a.png", "b.JPG"]),
        ((), False, ["a.png", "b.JPG"]),
        (("*.jpg",), True, ["b.JPG"]),
        (("*.jpg", "F*"), True, ["2024/05/f.webp", "2024/06/f.png", "b.JPG"]),
        (("2024/*.png",), True, ["2024/e.png"]),
        (("2024/**/*.png",), True, ["2024/06/f.png", "2024/e.png"]),
        (("2024/**",), True, ["2024/05/f.webp", "2024/06/f.png", "2024/e.png"]),
        (("*/d.png",), False, []),
        (("*.gif",), True, []),
    ],
)
def test_patterns(photos: Path, patterns: tuple[str, ...], recursive: bool, names: list[str]) -> None:
    assert find(photos, None, patterns, recursive, None).pictures == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("photos/*", ["a.png", "b.JPG"]),
        ("photos/*.jpg", ["b.JPG"]),
        ("photos/**/*.png", ["2023/d.png", "2024/06/f.png", "2024/e.png", "a.png"]),
        ("photos/2024/*/f.*", ["05/f.webp", "06/f.png"]),
        ("photos/202[34]/[de].png", ["2023/d.png", "2024/e.png"]),
        ("p*/a.png", ["photos/a.png"]),
    ],
)
def test_a_pattern_as_the_source(photos: Path, monkeypatch: pytest.MonkeyPatch, source: str, names: list[str]) -> None:
    monkeypatch.chdir(photos.parent)
    assert is_many(source)
    root, whole = split(source)
    assert find(root, whole, (), True, None).pictures == names
    assert all((root / name).is_file() for name in names)


def test_a_pattern_looks_only_as_deep_as_it_reaches(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    scandir = os.scandir

    def looking(path: Path) -> object:
        looked.append(path.name)
        return scandir(path)

    monkeypatch.setattr(home.os, "scandir", looking)
    find(photos, "*/e.png", (), True, None)
    assert sorted(looked) == ["2023", "2024", "photos"]


def test_what_is_left_out_is_counted(photos: Path) -> None:
    assert find(photos, None, (), True, None).ignored == 2  # text.txt and .c.png; hidden folders are not looked into


@pytest.mark.parametrize(("source", "many"), [("photos", True), ("photos/a.png", False), ("no", False), ("no*", True)])
def test_folders_and_patterns_are_many(photos: Path, monkeypatch: pytest.MonkeyPatch, source: str, many: bool) -> None:
    monkeypatch.chdir(photos.parent)
    assert is_many(source) is many


def test_a_name_with_brackets_that_exists_is_no_pattern(photos: Path) -> None:
    (photos / "a[1].png").touch()
    assert not is_many(photos / "a[1].png")
    (photos / "b[1]").mkdir()
    assert split(photos / "b[1]") == (photos / "b[1]", None)


@pytest.mark.parametrize(
    ("source", "message"),
    [("photos/a.png", "is no folder; give a folder, or a pattern"), ("no/*.png", "There is no folder no, in which")],
)
def test_what_is_no_folder(photos: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str) -> None:
    monkeypatch.chdir(photos.parent)
    with pytest.raises(UsageError, match=message):
        split(source)


def test_links_to_folders_are_not_followed_and_named(photos: Path) -> None:
    (photos / "2023/loop").symlink_to(photos)
    (photos / "itself").symlink_to(photos / "itself")
    (photos / "link.png").symlink_to(photos / "a.png")
    found = find(photos, None, (), True, None)
    assert found.notes == ["2023/loop is a link to a folder, which is not followed."]
    assert found.pictures[-2:] == ["b.JPG", "link.png"]


def test_the_folder_of_results_is_no_input(photos: Path) -> None:
    assert "2024/e.png" not in find(photos, None, (), True, photos / "2024").pictures


def test_results_of_another_run_are_no_input(photos: Path) -> None:
    (photos / "2024" / NAME).touch()
    found = find(photos, None, (), True, None)
    assert found.pictures == ["2023/d.png", "a.png", "b.JPG"]
    assert found.notes == ["2024 holds results of pliant and was left out; to upscale those, give it as the source."]
    assert find(photos / "2024", None, (), True, None).pictures == ["05/f.webp", "06/f.png", "e.png"]


def test_a_folder_that_cannot_be_read_is_named(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "2023":  # root may read everything
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(home.os, "scandir", refusing)
    found = find(photos, None, (), True, None)
    assert found.unreadable == [("2023", "The folder cannot be read: Permission denied.")]
    assert "2024/e.png" in found.pictures


def test_two_stars_are_any_number_of_folders() -> None:
    for path, pattern, expected in (
        ("", "**", True),
        ("a", "**/a", True),
        ("a/b/c", "a/**/c", True),
        ("a/b", "**/a", False),
    ):
        assert fits([part for part in path.split("/") if part], pattern.split("/")) is expected
