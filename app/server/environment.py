"""What environment variables say, where others than `python -m app` start the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from app.atlases.catalogue import served_atlases
from app.pictures.malloc import share_arenas
from app.server.build import create_app
from app.server.embedding import EMBED, checked_origins
from app.server.host_names import LOOPBACK_NAMES
from app.server.listening import files_allowed
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
    """The WSGI application of one process of several. Raises UserError where a variable is invalid."""
    said = {name: text for name, text in environment.items() if name.startswith("HVAE_APP_") and text}
    for name in said:
        if name not in VARIABLES:
            raise UserError(f"There is no variable {name}: there are {', '.join(VARIABLES)}.")
    load_named_plugin()
    embed = checked_origins([said.get(EMBED, "")])
    share_arenas()
    files_allowed()
    atlas, broker = said.get(ATLAS), said.get(BROKER)
    training = TrainingOptions(
        Path(said.get(DATA_DIR, "data")), flag(said, ALLOW_TRAINING), broker and checked_broker(broker), True
    )
    atlases = served_atlases(Path(atlas) if atlas else None)
    return create_app(atlases, hosts(said.get(HOSTS, "")), training, embed).server


def hosts(names: str) -> list[str] | None:
    """The names that the page answers to: this machine's, and `names` between commas; None for any (*)."""
    if names == "*":
        return None
    return [*LOOPBACK_NAMES, *(name for part in names.split(",") if (name := part.strip()))]


def flag(said: Mapping[str, str], name: str) -> bool:
    """Whether a variable is 1 and not 0, which is what it is when it is not set. Raises UserError."""
    value = said.get(name, "0")
    if value not in ("0", "1"):
        raise UserError(f"{name} is {value!r}: write 1 or 0.")
    return value == "1"
