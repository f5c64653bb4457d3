"""What jobs in training had reached, kept in OUT/.training so that a kill costs at most one interval."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hvae.atlas import TRAINING, Manifest
from hvae.checkpoint import read_tensors, write_tensors
from hvae.errors import UserError
from hvae.fleet import State
from hvae.metadata import SHA256, read_metadata
from hvae.point import made_from_plan
from precompute.jobs import Job


class Saved(NamedTuple):
    """A job's state: the names of its models, and the seconds spent on it."""

    names: list[str]
    state: State
    seconds: float


def save(out: Path, manifest: Manifest, job: Job, state: State, steps: int, seconds: float) -> None:
    """Keep what a job has reached in place of what it had reached before."""
    (out / TRAINING).mkdir(exist_ok=True)
    tensors = {"weights": state.weights, "mean": state.mean, "square": state.square}
    progress = {"step": state.step, "steps": steps, "seconds": seconds}
    made_from = made_from_plan(manifest, *job.names)
    write_tensors(file_of(out, job.names[0]), tensors, {**progress, "made_from": made_from})


def saved(out: Path, manifest: Manifest) -> Iterator[Saved]:
    """Everything that was kept, and is as it was written, by a run of the same plan."""
    for path in sorted((out / TRAINING).glob("*.safetensors")):
        try:
            metadata, tensors = read_metadata(path), read_tensors(path)
            names = metadata["made_from"]["names"]
            if SHA256 in metadata and metadata["made_from"] == made_from_plan(manifest, *names):
                yield Saved(names, State(metadata["step"], **tensors), metadata["seconds"])
        except (UserError, KeyError, TypeError):
            continue  # damaged, or another program's: it is only a shortcut


def remove(out: Path, name: str) -> None:
    """Forget the job whose first model has this name."""
    file_of(out, name).unlink(missing_ok=True)


def remove_all(out: Path) -> None:
    """Forget everything that was kept."""
    for path in (out / TRAINING).glob("*.safetensors"):
        path.unlink()
    with suppress(OSError):  # not there, or another program has put something in it
        (out / TRAINING).rmdir()


def file_of(out: Path, name: str) -> Path:
    """Where the state of the job whose first model has this name is kept."""
    return out / TRAINING / f"{name}.safetensors"
