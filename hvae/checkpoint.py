"""One HVAE in one safetensors file that is usable alone: the config travels in its metadata."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from hvae.errors import UserError
from hvae.files import write_whole
from hvae.layers import HVAEConfig
from hvae.model import HVAE

# All metadata under one key: safetensors writes several in an order that changes from run to run, and the
# same model should give the same bytes.
_KEY = "hvae"


def write_tensors(path: Path, module: nn.Module, metadata: dict) -> None:
    """Write a module's weights and JSON-ready `metadata` to a safetensors file, whole or not at all."""
    # `contiguous` undoes channels_last, which safetensors does not store.
    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)
    write_whole(path, lambda aside: save_file(tensors, aside, {_KEY: text}))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file. Raises UserError where it is missing or no such file."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{_name(path)} cannot be read as a checkpoint ({_reason(error)}).") from None


def read_metadata(path: Path) -> dict:
    """The metadata of a file that `write_tensors` wrote; reads its header only.

    Raises UserError where the file is missing or is no such file.
    """
    try:
        with safe_open(path, framework="np") as file:
            metadata = json.loads((file.metadata() or {}).get(_KEY, "null"))
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise UserError(f"{_name(path)} cannot be read as a checkpoint ({_reason(error)}).") from None
    if not isinstance(metadata, dict):
        raise UserError(f"{_name(path)} was not written by this program: it says nothing about its model.")
    return metadata


def save_model(model: HVAE, path: Path, metadata: dict | None = None) -> None:
    """Write `model` and its config to `path`, whole or not at all.

    metadata: further JSON-ready values, given back by `read_metadata`.
    """
    write_tensors(path, model, {"config": model.config.to_dict(), **(metadata or {})})


def load_model(path: Path, device: str | torch.device = "cpu") -> HVAE:
    """The HVAE stored at `path`, in eval mode on `device`.

    Raises UserError where the file is missing, is no such checkpoint, or its weights do not fit its config.
    """
    config = read_metadata(path).get("config")
    try:
        model = HVAE(HVAEConfig(**config))
    except (TypeError, ValueError) as error:
        raise UserError(f"{_name(path)} has no usable model config ({_reason(error)}).") from None
    tensors = read_tensors(path)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(f"The weights in {_name(path)} do not fit its config ({_reason(error)}).") from None
    return model.eval().to(device)


def _name(path: Path) -> str:
    return "/".join(Path(path).parts[-2:])


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
