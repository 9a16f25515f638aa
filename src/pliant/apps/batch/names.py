"""What results are called: as their sources, in the same folders, with the suffix of what is written."""

from __future__ import annotations

from collections.abc import Mapping


def result_names(suffixes: Mapping[str, str]) -> dict[str, str]:
    """The path of the result of each source; `suffixes` has that of what is written, by path of the source.

    Paths have slashes. No two results have one path, also where upper and lower case are the same. Of sources that
    would share one, that with the suffix already keeps it, and the others get their own suffix before it as often as
    is needed: of a.jpg and a.png, written as PNG, a.jpg.png and a.png. This depends on which sources there are, not on
    their order.
    """
    level = dict.fromkeys(sorted(suffixes), 0)
    while True:
        named = {source: _named(source, suffix, level[source]) for source, suffix in sorted(suffixes.items())}
        sharing: dict[str, list[str]] = {}
        for source, name in named.items():
            sharing.setdefault(name.casefold(), []).append(source)
        moving = [source for group in sharing.values() for source in _moving(group, named, level)]
        if not moving:
            return named
        for source in moving:
            level[source] += 1


def _named(source: str, suffix: str, level: int) -> str:
    stem, _, own = source.rpartition(".")
    return stem + f".{own}" * level + suffix


def _moving(group: list[str], named: Mapping[str, str], level: Mapping[str, int]) -> list[str]:
    """Those of a sorted group with one name that need a longer one."""
    if len(group) == 1:
        return []
    keeping = [source for source in group if named[source] == source]
    if not keeping and all(level[source] == 0 for source in group):
        return group
    keeper = (keeping or group)[0]
    return [source for source in group if source != keeper]
