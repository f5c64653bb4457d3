"""Bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hvae.errors import printable_lines

LINE_EVERY_SECONDS = 30
LONGEST = 1e9


def duration(seconds: float) -> str:
    """Return H:MM:SS, with a limit of some thirty years: a damaged file may contain any number."""
    return str(timedelta(seconds=round(min(seconds, LONGEST))))


class PrintableConsole(Console):
    """A console on which the name of a class moves no cursor, changes no colour and turns no text."""

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich's, but of a text only what can be printed, and line breaks."""
        super().print(*(printable_lines(one) if isinstance(one, str) else one for one in objects), **options)


def stderr_console() -> PrintableConsole:
    """Return the console of a batch job.

    Stderr, without wrapping, so that a log keeps one line per message.
    """
    return PrintableConsole(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def progress_bar(console: Console) -> Progress:
    """Return a bar with progress and the time left; silent if the output is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.1f} / {task.total}"),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=600,
        transient=True,
        disable=not console.is_terminal,
    )


class Stage:
    """One bar: a part of the run, with its speed; without a terminal, a line every half minute.

    unit: the number of model·images in one unit of `total`.
    """

    def __init__(
        self, progress: Progress, console: Console, name: str, total: float, done: float, unit: float
    ) -> None:
        self._progress, self._console = progress, console
        self._name, self._total, self._first, self._unit = name, total, done, unit
        self._task = progress.add_task(name, total=total, completed=done, speed="")
        self._started = self._last_line = time.monotonic()

    def at(self, done: float) -> None:
        """Show how much of the total is done."""
        now = time.monotonic()
        speed = (done - self._first) * self._unit / max(now - self._started, 1e-9)
        text = f"{speed:,.0f} images/s" if self._unit else ""
        self._progress.update(self._task, completed=done, speed=text)
        is_time = now - self._last_line > LINE_EVERY_SECONDS
        if done > self._first and is_time and not self._console.is_terminal:
            self._last_line = now
            left = (self._total - done) * (now - self._started) / max(done - self._first, 1e-9)
            share = f"{done / self._total:.0%}" if self._total else "100%"
            self._console.print(f"{self._name} {share}, {text}, about {duration(left)} left.")
