"""Counts of a user's folder: the pictures that are used, by class, and the files that are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NAMED = 10
"""The largest number of classes and kinds that are named; the others are counted."""


@dataclass(frozen=True)
class Contents:
    """How many files of a folder of pictures were used, and for what.

    train, test: class → the number of its pictures in that split; the only key is "" if the pictures have no
    classes. passed_over: kind → the number of files; files that systems leave behind are not counted.
    white: the value of white in 16-bit grey pictures with fewer significant bits; None otherwise.
    """

    train: Mapping[str, int]
    test: Mapping[str, int]
    passed_over: Mapping[str, int] = field(default_factory=dict)
    white: int | None = None

    @property
    def used(self) -> dict[str, int]:
        """Class → the number of its pictures in both splits."""
        return {name: count + self.test[name] for name, count in self.train.items()}

    @property
    def text(self) -> str:
        """`42 pictures of 112 files: 6 cats, 36 dogs; 36 to train on, …`, without a full stop."""
        used, passed_over = sum(self.used.values()), sum(self.passed_over.values())
        of_files = f" of {counted(used + passed_over, 'file')}" if passed_over else ""
        classes = "no classes" if list(self.used) == [""] else listed(self.used, "class", "classes")
        parts = [
            f"{counted(used, 'picture')}{of_files}: {classes}",
            f"{sum(self.train.values()):,} to train on, {sum(self.test.values()):,} to test on",
        ]
        if passed_over:
            kinds = dict(sorted(self.passed_over.items(), key=lambda kind: -kind[1]))
            parts.append(f"{counted(passed_over, 'file')} passed over: {listed(kinds, 'kind', 'kinds')}")
        if self.white is not None:
            parts.append(f"grey pictures of 16 bits are scaled from 0 … {self.white:,}, the range they use")
        return "; ".join(parts)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 file`, `1,200 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(counts: Mapping[str, int], noun: str, nouns: str) -> str:
    """Return a list such as `30 .heic, 40 in sub-folders`; after NAMED entries, the number of the others."""
    named = [f"{count:,} {' '.join(name.split())}" for name, count in counts.items()]
    if len(named) <= NAMED:
        return ", ".join(named)
    others = len(named) - NAMED
    rest = sum(list(counts.values())[NAMED:])
    return f"{', '.join(named[:NAMED])}, {rest:,} of {others:,} other {noun if others == 1 else nouns}"


def difference(before: Contents, after: Contents) -> str:
    """Return in words how many pictures were added and removed between two states of a folder."""
    names = {**before.used, **after.used}
    change = {name: after.used.get(name, 0) - before.used.get(name, 0) for name in names}
    came = {name: count for name, count in change.items() if count > 0}
    went = {name: -count for name, count in change.items() if count < 0}
    words = []
    for part, verb in ((came, "came"), (went, "went")):
        if part:
            of = "" if list(part) == [""] else f" ({listed(part, 'class', 'classes')})"
            words.append(f"{counted(sum(part.values()), 'picture')} {verb}{of}")
    if words:
        return " and ".join(words)
    if before.train != after.train:
        return "pictures changed places between training and testing"
    return "as many pictures of each class, but not the same ones"
