"""The states of models in training, saved in FOLDER/.training: a kill costs at most one interval of work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hvae.atlas.checkpoint import read_tensors, write_tensors
from hvae.atlas.manifest import Manifest, made_from_plan
from hvae.atlas.metadata import SHA256, read_metadata
from hvae.atlas.untrusted_files import TRAINING
from hvae.errors import UserError
from hvae.training.fleet import State


class Saved(NamedTuple):
    """The state of models that are trained together: their names, and the seconds spent on them.

    precision: what their products are computed in; None if that is the atlas's.
    """

    names: list[str]
    state: State
    seconds: float
    precision: str | None = None


def save(
    folder: Path,
    manifest: Manifest,
    names: Sequence[str],
    state: State,
    steps: int,
    seconds: float,
    precision: str | None = None,
) -> None:
    """Save the state of the named models, in place of the one before. precision: see Saved."""
    (folder / TRAINING).mkdir(parents=True, exist_ok=True)
    tensors = {"weights": state.weights, "mean": state.mean, "square": state.square}
    progress = {"step": state.step, "steps": steps, "seconds": seconds}
    progress |= {"precision": precision} if precision else {}
    made_from = made_from_plan(manifest, *names)
    write_tensors(file_of(folder, names[0]), tensors, {**progress, "made_from": made_from})


def saved(folder: Path, manifest: Manifest) -> Iterator[Saved]:
    """Return every undamaged state that a run of the same plan saved."""
    for path in sorted((folder / TRAINING).glob("*.safetensors")):
        try:
            metadata, tensors = read_metadata(path), read_tensors(path)
            names = metadata["made_from"]["names"]
            if SHA256 in metadata and metadata["made_from"] == made_from_plan(manifest, *names):
                yield Saved(
                    names, State(metadata["step"], **tensors), metadata["seconds"], metadata.get("precision")
                )
        except (UserError, KeyError, TypeError):
            continue  # damaged, or another program's: it only saves time


def remove(folder: Path, name: str) -> None:
    """Delete the state of the models whose first one has this name."""
    file_of(folder, name).unlink(missing_ok=True)


def remove_all(folder: Path, but: str | None = None) -> None:
    """Delete all states, except that of the models whose first one is `but`."""
    for path in (folder / TRAINING).glob("*.safetensors"):
        if path.stem != but:
            path.unlink()
    with suppress(OSError):  # it does not exist, or holds another program's files
        (folder / TRAINING).rmdir()


def file_of(folder: Path, name: str) -> Path:
    """Return the folder for the state of the models whose first one has this name."""
    return folder / TRAINING / f"{name}.safetensors"
