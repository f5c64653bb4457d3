"""What the pages for readers hold: their blocks of code, their links, and what they say a command prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "bench/README.md", *ROOT.glob("docs/*.md")]
)

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class Command(NamedTuple):
    """A command line and what the page says that it prints, line by line."""

    line: str
    printed: list[str]


def name_of(page: Path) -> str:
    """The page's path within the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code in a page's text that are marked as of that language, in order."""
    return [code for marked, code in BLOCK.findall(text) if marked == language]


def prose(text: str) -> str:
    """A page's text without its blocks of code."""
    return BLOCK.sub("", text)


def section(text: str, title: str) -> str:
    """What stands below the heading `title` of a page, down to the next of the same rank."""
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def columns_in(text: str) -> list[str]:
    """The rows of docs/atlas-format.md about metrics: those between where a point is and its checkpoint."""
    rows = [line for line in section(text, "metrics.parquet").splitlines() if line.startswith("| `")]
    return rows[1:-1]


def commands(text: str) -> Iterator[Command]:
    """The commands in the `console` blocks of a page's text: lines that begin with `$`."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *printed = part.splitlines()
            yield Command(line, printed)


def is_printed(expected: list[str], output: str) -> bool:
    """Whether the lines that a page shows are lines of `output`, in that order.

    `…` stands for any text, a line of nothing else for any lines. Any number stands for any other.
    """
    lines = iter(output.splitlines())
    wanted = [line for line in expected if line.strip() != "…"]
    return all(any(pattern(line).fullmatch(there) for there in lines) for line in wanted)


def pattern(line: str) -> re.Pattern[str]:
    """What a line that a page shows may be in truth."""
    parts = (NUMBER.sub("0", part) for part in line.rstrip().split("…"))
    escaped = ".*".join(re.escape(part) for part in parts)
    return re.compile(escaped.replace("0", NUMBER.pattern))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
