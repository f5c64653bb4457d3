"""One HVAE in one safetensors file that is usable alone: the config travels in its metadata."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from hvae.errors import UserError
from hvae.files import write_whole
from hvae.layers import HVAEConfig
from hvae.metadata import KEY, read_metadata, reason, short_name
from hvae.model import HVAE
from hvae.multirate import Parent


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: dict, dtype: torch.dtype = torch.float32
) -> None:
    """Write tensors and JSON-ready `metadata` to a safetensors file, whole or not at all.

    dtype: what floating-point numbers are stored as; integers stay as they are.
    Raises OSError where the file cannot be written.
    """
    # `contiguous` undoes channels_last, which safetensors does not store.
    stored = {
        name: value.detach().cpu().to(dtype if value.is_floating_point() else value.dtype).contiguous()
        for name, value in tensors.items()
    }
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)

    def write(aside: Path) -> None:
        try:
            save_file(stored, aside, {KEY: text})
        except SafetensorError as error:  # a full disk, for one
            raise OSError(errno.EIO, reason(error), str(path)) from None

    write_whole(path, write)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file. Raises UserError where it is missing or no such file."""
    try:
        with safe_open(path, framework="pt") as file:
            # Copied: in a file, tensors lie at any address, and the last bit of a product depends on theirs.
            return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{short_name(path)} cannot be read as a checkpoint ({reason(error)}).") from None


def save_model(
    model: HVAE, path: Path, metadata: dict | None = None, dtype: torch.dtype = torch.float32
) -> None:
    """Write `model` and its config to `path`, whole or not at all.

    metadata: further JSON-ready values, given back by `read_metadata`.
    dtype: what weights are stored as; a model that `rounded` returned is stored without loss.
    """
    write_tensors(path, model.state_dict(), {"config": model.config.to_dict(), **(metadata or {})}, dtype)


def rounded(model: HVAE, dtype: torch.dtype) -> HVAE:
    """The model, in eval mode and float32, that will be read back after it is stored as `dtype`.

    Weights that `dtype` has no number for become infinite. The model given is not changed.
    """
    weights = {name: value.detach().to(dtype).float() for name, value in model.state_dict().items()}
    return HVAE.from_weights(model.config, weights)


def save_parent(parent: Parent, path: Path, metadata: dict | None = None) -> None:
    """Write `parent`, its config and its range of β to `path`, whole or not at all; see `save_model`."""
    described = {"config": parent.config.to_dict(), "beta_range": list(parent.beta_range)}
    write_tensors(path, parent.state_dict(), {**described, **(metadata or {})})


def load_model(path: Path, device: str | torch.device = "cpu") -> HVAE:
    """The HVAE stored at `path`, in eval mode on `device`.

    Raises UserError where the file is missing, is no such checkpoint, or its weights do not fit its config.
    """
    config, tensors = read_config(path), read_tensors(path)
    try:
        model = HVAE.from_weights(config, tensors)
    except RuntimeError as error:
        raise do_not_fit(path, error) from None
    return model.float().to(device)


def load_parent(path: Path, device: str | torch.device = "cpu") -> Parent:
    """The Parent stored at `path`, in eval mode on `device`. Raises UserError as `load_model` does."""
    config, tensors = read_config(path), read_tensors(path)
    try:
        low, high = (float(beta) for beta in read_metadata(path)["beta_range"])
        with torch.device("meta"):
            parent = Parent(config, (low, high))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{short_name(path)} has no usable range of β ({reason(error)}).") from None
    try:
        parent.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise do_not_fit(path, error) from None
    return parent.float().eval().to(device)


def read_config(path: Path) -> HVAEConfig:
    """The model config in a checkpoint's metadata. Raises UserError where there is none that will do."""
    try:
        return HVAEConfig(**read_metadata(path).get("config"))
    except (TypeError, ValueError) as error:
        raise UserError(f"{short_name(path)} has no usable model config ({reason(error)}).") from None


def do_not_fit(path: Path, error: Exception) -> UserError:
    """What to raise where the tensors are not those of the config."""
    return UserError(f"The weights in {short_name(path)} do not fit its config ({reason(error)}).")
