"""Settings from environment variables, if gunicorn or another server starts the page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from app.atlases.catalogue import served_atlases
from app.pictures.malloc import share_arenas
from app.server.build import create_app
from app.server.embedding import EMBED, checked_origins
from app.server.host_names import LOOPBACK_NAMES
from app.server.listening import files_allowed
from app.server.recorded_figures import FigureRecorder
from app.training.redis_broker import BROKER, checked_broker
from app.training.train_point import TrainingOptions
from hvae.architectures.plugin import load_named_plugin
from hvae.errors import UserError

ATLAS = "HVAE_APP_ATLAS"
DATA_DIR = "HVAE_APP_DATA_DIR"
HOSTS = "HVAE_APP_HOSTS"
ALLOW_TRAINING = "HVAE_APP_ALLOW_TRAINING"
VARIABLES = (ATLAS, DATA_DIR, HOSTS, ALLOW_TRAINING, BROKER, EMBED)
"""docs/serving.md says what they mean."""


def server(environment: Mapping[str, str]) -> Flask:
    """Return the WSGI application of one process of several. Raises UserError if a variable is invalid."""
    given = {name: text for name, text in environment.items() if name.startswith("HVAE_APP_") and text}
    for name in given:
        if name not in VARIABLES:
            raise UserError(f"There is no variable {name}: there are {', '.join(VARIABLES)}.")
    load_named_plugin()
    embed = checked_origins([given.get(EMBED, "")])
    share_arenas()
    files_allowed()
    folders, broker = given.get(ATLAS, "").split(os.pathsep), given.get(BROKER)
    training = TrainingOptions(
        Path(given.get(DATA_DIR, "data")),
        flag(given, ALLOW_TRAINING),
        broker and checked_broker(broker),
        True,
    )
    atlases = served_atlases([Path(folder) for folder in folders if folder])
    names = hosts(given.get(HOSTS, ""))
    return create_app(atlases, names, training, embed, FigureRecorder()).server


def hosts(names: str) -> list[str] | None:
    """Return the names that the page answers to: this machine's and those in `names`; None for any (*)."""
    if names == "*":
        return None
    return [*LOOPBACK_NAMES, *(name for part in names.split(",") if (name := part.strip()))]


def flag(given: Mapping[str, str], name: str) -> bool:
    """Return whether a variable is 1; it is 0 or not set otherwise. Raises UserError for other values."""
    value = given.get(name, "0")
    if value not in ("0", "1"):
        raise UserError(f"{name} is {value!r}: write 1 or 0.")
    return value == "1"
