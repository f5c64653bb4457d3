"""Train a point of the user's own from the parent's fold: the job, and who may start it."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from app.atlases.folds import beta_range, covers
from app.training.process import stop_when_orphaned, take_last_steps
from hvae.atlas.atlas import PARENT, Atlas
from hvae.atlas.point import Point
from hvae.errors import UserError
from hvae.training.finish import Finished

REPORT_SECONDS = 0.2
PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")
NOT_HERE = (
    "This page is served from another computer, and there only its owner may train points: "
    "ask for it to be started with --allow-training."
)
NO_BROKER = "Several processes serve this page, and training there takes a broker: ask for one to be set up."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingOptions:
    """The server's settings of training.

    data_dir: the folder of data sets. allow_training: whether everybody may train. broker: the address of the
    Redis through which workers get trainings; None if this process trains by itself.
    several: whether other processes serve the same page, and must know of its jobs and their points.
    """

    data_dir: Path = Path("data")
    allow_training: bool = False
    broker: str | None = None
    several: bool = False


@dataclass(frozen=True)
class TrainingSetting:
    """A job's information from the server: the atlas's folder, and the folder of data sets."""

    atlas: Path
    data_dir: Path


def may_train(remote: str | None, headers: Mapping[str, str], options: TrainingOptions) -> bool:
    """Return whether a request may start training: only from this machine, unless everybody may.

    remote: the address of its sender. Requests through a proxy on this machine come from elsewhere.
    """
    if options.allow_training:
        return True
    if any(header in headers for header in PROXY_HEADERS):
        return False
    try:
        address = ipaddress.ip_address((remote or "").split("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def train_point(report: Callable, setting: TrainingSetting, wish: dict[str, Any]) -> dict[str, str]:
    """Train the point that `wish` names by `beta_2` and `beta_1`, and add it to the user's copy of the atlas.

    report: called with {"stage", "step", "steps", "seconds_left"} while it goes on. Returns the new point's
    name; until then the atlas stays as it is. A training that was stopped goes on from where it was when it
    is wished for again, unless another was since. Raises UserError in one sentence without the server's
    folders: those are in the log.
    """
    try:
        return {"point": _added_point(report, setting, wish)}
    except UserError as error:
        log.warning("%s", error)
        raise UserError(_without_folders(str(error), setting)) from error
    except OSError as error:
        log.warning("%s: %s.", error.filename or "The system", error.strerror or error)
        raise UserError(f"The new point cannot be kept: {error.strerror or 'the system refuses'}.") from error


def _added_point(report: Callable, setting: TrainingSetting, wish: dict[str, Any]) -> str:
    from app.atlases.user_copy import (
        add_point,
        existing_copy,
        extending,
        refuse_known_point,
        unfinished_folder,
    )

    atlas = Atlas.open(setting.atlas)
    point = wished_point(atlas, wish)
    with extending(atlas) as folder:
        grown = existing_copy(atlas) or atlas
        refuse_known_point(grown.path, grown.metrics, point)
        from hvae.training import resume  # only now: it imports torch, and a refusal needs none

        aside = unfinished_folder(atlas)
        resume.remove_all(aside, but=point.name)
        point_finished = trained(report, atlas, point, setting.data_dir, aside)
        report({"stage": "writing"})
        take_last_steps()
        add_point(atlas, folder, point, point_finished)
        resume.remove_all(aside)
    log.warning(
        "%s has a new point. To open that copy later: python -m app %s", atlas.name, quote(str(folder))
    )
    return point.name


def _without_folders(sentence: str, setting: TrainingSetting) -> str:
    """Return the sentence with words in place of the folders of the server that it may name."""
    from app.atlases.user_copy import data_folder
    from hvae.files import user_path

    called = {Path(setting.data_dir): "the folder of data sets", data_folder(): "the data folder"}
    with suppress(UserError):
        atlas = Atlas.open(setting.atlas)
        called[atlas.path] = f"the atlas {atlas.name}"
        called[user_path(atlas.manifest.dataset.removeprefix("folder:"))] = "the folder of pictures"
    places = {
        str(way): words for folder, words in called.items() for way in (folder.absolute(), folder.resolve())
    }
    for place in sorted(places, key=len, reverse=True):  # one may be within another
        sentence = sentence.replace(place, places[place])
    return sentence


def wished_point(atlas: Atlas, wish: object) -> Point:
    """Return the point that a page asks for. Raises UserError unless it is one that the parent covers."""
    atlas.checked_file(PARENT)
    low, high = beta_range(atlas)
    try:
        point = Point(float(wish["beta_2"]), float(wish["beta_1"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UserError("Training needs β₂ and β₁: pick a place in the plane.") from None
    if not covers((low, high), point):
        raise UserError(f"The parent covers β from {low:g} to {high:g}: pick a place in between.")
    return point


def trained(
    report: Callable, atlas: Atlas, point: Point, data_dir: Path, folder: Path | None = None
) -> Finished:
    """Return the point, trained and measured; what it has reached meanwhile is kept in `folder`."""
    report({"stage": "loading"})
    import torch

    from hvae.training.finish import finished
    from hvae.training.refinement import refined

    # As `precompute run` does, whose numbers these are to be.
    torch.set_flush_denormal(True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dataset = atlas.manifest.dataset
    size = atlas.manifest.side
    train, test = (load_images(dataset, split, data_dir, size).to(device) for split in ("train", "test"))
    first, told = None, 0.0

    def on_step(step: int, steps: int) -> None:
        nonlocal first, told
        now = time.monotonic()
        # The first step takes longer than any other.
        first = first or (now, step)
        if now - told < REPORT_SECONDS and step < steps:
            return
        told = now
        stop_when_orphaned()
        seconds_left = (now - first[0]) / (step - first[1]) * (steps - step) if step > first[1] else None
        report({"stage": "training", "step": step, "steps": steps, "seconds_left": seconds_left})

    model = refined(atlas.load_parent(str(device)), point, atlas.manifest, train, on_step, folder)
    report({"stage": "measuring"})
    return finished(point, model, test, atlas.manifest)


def load_images(dataset: str, split: str, data_dir: Path, size: int) -> Any:
    """Return one split of the atlas's data set, which must be on this machine. Raises UserError."""
    from app.page.words import dataset_title
    from hvae import datasets
    from hvae.datasets.folder import located
    from hvae.datasets.registry import find
    from hvae.files import user_path

    try:
        where = located(dataset, user_path(data_dir))
        return datasets.load(where, split, data_dir, download=False, size=size)
    except UserError as error:
        known, _ = find(dataset)
        if known is None or not known.files:
            raise  # --data-dir would not help
        raise UserError(
            f"{dataset_title(dataset)} cannot be read from {Path(data_dir).absolute()}: start the page with "
            "--data-dir and the folder that holds it."
        ) from error
