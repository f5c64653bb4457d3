"""One HVAE in one safetensors file that is usable alone: the config travels in its metadata."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from hvae.errors import UserError
from hvae.files import write_whole
from hvae.layers import HVAEConfig
from hvae.model import HVAE


def save_model(model: HVAE, path: Path, metadata: dict | None = None) -> None:
    """Write `model` and its config to `path`, whole or not at all.

    metadata: further JSON-ready values, given back by `read_metadata`.
    """
    # `contiguous` undoes channels_last, which safetensors does not store.
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    texts = {"config": model.config.to_dict(), **(metadata or {})}
    write_whole(
        path,
        lambda aside: save_file(tensors, aside, {name: json.dumps(value) for name, value in texts.items()}),
    )


def read_metadata(path: Path) -> dict:
    """The metadata of a checkpoint, values decoded from JSON; reads the file's header only.

    Raises UserError where the file is missing or is no such checkpoint.
    """
    try:
        with safe_open(path, framework="np") as file:
            texts = file.metadata() or {}
        return {name: json.loads(text) for name, text in texts.items()}
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(f"{_name(path)} cannot be read as a checkpoint ({_reason(error)}).") from None


def load_model(path: Path, device: str | torch.device = "cpu") -> HVAE:
    """The HVAE stored at `path`, in eval mode on `device`.

    Raises UserError where the file is missing, is no such checkpoint, or its weights do not fit its config.
    """
    config = read_metadata(path).get("config")
    try:
        model = HVAE(HVAEConfig(**config))
    except (TypeError, ValueError) as error:
        raise UserError(f"{_name(path)} has no usable model config ({_reason(error)}).") from None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        model.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(f"The weights in {_name(path)} do not fit its config ({_reason(error)}).") from None
    return model.eval().to(device)


def _name(path: Path) -> str:
    return "/".join(Path(path).parts[-2:])


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
