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
from hvae.metadata import KEY, read_metadata, reason, short_name
from hvae.model import HVAE


def write_tensors(path: Path, module: nn.Module, metadata: dict, dtype: torch.dtype = torch.float32) -> None:
    """Write a module's weights and JSON-ready `metadata` to a safetensors file, whole or not at all.

    dtype: what floating-point weights are stored as; integers stay as they are.
    """
    # `contiguous` undoes channels_last, which safetensors does not store.
    tensors = {
        name: value.detach().cpu().to(dtype if value.is_floating_point() else value.dtype).contiguous()
        for name, value in module.state_dict().items()
    }
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)
    write_whole(path, lambda aside: save_file(tensors, aside, {KEY: text}))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file. Raises UserError where it is missing or no such file."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{short_name(path)} cannot be read as a checkpoint ({reason(error)}).") from None


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
        # Without storage: a config may claim more than the file holds, and more than fits in memory.
        with torch.device("meta"):
            model = HVAE(HVAEConfig(**config))
    except (TypeError, ValueError) as error:
        raise UserError(f"{short_name(path)} has no usable model config ({reason(error)}).") from None
    tensors = read_tensors(path)
    try:
        model.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise UserError(
            f"The weights in {short_name(path)} do not fit its config ({reason(error)})."
        ) from None
    return model.float().eval().to(device)
