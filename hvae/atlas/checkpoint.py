"""One HVAE in one safetensors file that is usable alone: its metadata hold the config."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from hvae.atlas.metadata import KEY, SHA256, beta_range, metadata_in, opened_checkpoint, short_name
from hvae.config import HVAEConfig
from hvae.errors import UserError, one_line
from hvae.files import write_whole
from hvae.model import HVAE
from hvae.parent import Parent

Model = TypeVar("Model", HVAE, Parent)


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: dict, dtype: torch.dtype = torch.float32
) -> None:
    """Write tensors, JSON-ready `metadata` and a checksum of both to a safetensors file, whole or not at all.

    dtype: type of stored floating-point numbers; integers do not change.
    Raises OSError if the file cannot be written.
    """
    # `contiguous` undoes channels_last, which safetensors does not store.
    stored = {
        name: value.detach().cpu().to(dtype if value.is_floating_point() else value.dtype).contiguous()
        for name, value in tensors.items()
    }
    described = {**metadata, SHA256: digest(metadata, stored)}
    text = json.dumps(described, sort_keys=True, allow_nan=False)

    def write(aside: Path) -> None:
        try:
            save_file(stored, aside, {KEY: text})
        except SafetensorError as error:  # a full disk, for one: its number is in the text
            number = re.search(r"\(os error (\d+)\)", str(error))
            code = int(number[1]) if number else errno.EIO
            raise OSError(code, os.strerror(code) if number else one_line(error), str(path)) from None

    write_whole(path, write)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return all tensors of a file that `write_tensors` wrote; see `tensors_in`. Raises UserError."""
    return tensors_in(_content(path), short_name(path))


def tensors_in(data: bytes, name: str) -> dict[str, Tensor]:
    """Return all tensors in the bytes of a file that `write_tensors` wrote.

    Raises UserError, which calls the file `name`, if it is no such file or has changed since it was written.
    Older releases wrote no checksum: a caller without another checksum must look for SHA256 in the metadata.
    """
    metadata = _metadata(data, name)
    try:
        # Copied: tensors in a file lie at any address, and the last bit of a product depends on the address.
        tensors = {key: tensor.clone() for key, tensor in load(data).items()}
        is_as_written = SHA256 not in metadata or metadata.pop(SHA256) == digest(metadata, tensors)
    except (SafetensorError, AssertionError, LookupError, RuntimeError, ValueError) as error:
        raise UserError(f"{name} cannot be read as a checkpoint ({one_line(error)}).") from None
    if not is_as_written:
        raise UserError(f"{name} is damaged: its checksum is not the one that it carries.")
    return tensors


def digest(metadata: Mapping, tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of JSON-ready metadata and of contiguous CPU tensors.

    The names, types, shapes and bytes of tensors count.
    """
    found = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        found.update(value.reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def save_model(
    model: HVAE, path: Path, metadata: dict | None = None, dtype: torch.dtype = torch.float32
) -> None:
    """Write `model` and its config to `path`, whole or not at all.

    metadata: further JSON-ready values, which `read_metadata` returns.
    dtype: type of stored weights; a model from `rounded` is stored without loss.
    """
    write_tensors(path, model.state_dict(), {"config": model.config.to_dict(), **(metadata or {})}, dtype)


def rounded(model: HVAE, dtype: torch.dtype) -> HVAE:
    """Return the model, in eval mode and float32, as it will be read after it is stored as `dtype`.

    Weights beyond the range of `dtype` become infinite. The argument is not changed.
    """
    weights = {name: value.detach().to(dtype).float() for name, value in model.state_dict().items()}
    return HVAE.from_weights(model.config, weights)


def save_parent(parent: Parent, path: Path, metadata: dict | None = None) -> None:
    """Write `parent`, its config and its range of β to `path`, whole or not at all; see `save_model`."""
    described = {"config": parent.config.to_dict(), "beta_range": list(parent.beta_range)}
    write_tensors(path, parent.state_dict(), {**described, **(metadata or {})})


def load_model(path: Path, device: str | torch.device = "cpu") -> HVAE:
    """Return the HVAE stored at `path`, in eval mode on `device`.

    Raises UserError if the file is missing, is no such checkpoint, or has weights that do not fit its config.
    """
    name = short_name(path)
    data = _content(path)
    return _model(data, name, _config(_metadata(data, name), name)).to(device)


def load_parent(path: Path, device: str | torch.device = "cpu") -> Parent:
    """Return the Parent stored at `path`, in eval mode on `device`. Raises UserError as `load_model` does."""
    name = short_name(path)
    data = _content(path)
    return _parent(data, name, _config(_metadata(data, name), name)).to(device)


def model_in(data: bytes, name: str, config: HVAEConfig) -> HVAE:
    """Return the HVAE of this config in a checkpoint's bytes, in eval mode.

    Raises UserError, which calls the file `name`, if it is no such checkpoint, has another config, or has
    weights that do not fit the config or are not finite.
    """
    _refuse_other_config(data, name, config)
    return _finite(_model(data, name, config), name)


def parent_in(data: bytes, name: str, config: HVAEConfig) -> Parent:
    """Return the Parent of two-layer HVAEs of this config; see `model_in`."""
    _refuse_other_config(data, name, config)
    if config.layers != 2:
        raise UserError(f"{name} is a parent of models of {config.layers} layers, not of two.")
    return _finite(_parent(data, name, config), name)


def _model(data: bytes, name: str, config: HVAEConfig) -> HVAE:
    try:
        return HVAE.from_weights(config, tensors_in(data, name)).float()
    except RuntimeError as error:
        raise _do_not_fit(name, error) from None


def _parent(data: bytes, name: str, config: HVAEConfig) -> Parent:
    between = beta_range(_metadata(data, name), name)
    with torch.device("meta"):
        parent = Parent(config, between)
    try:
        parent.load_state_dict(tensors_in(data, name), assign=True)
        return parent.float().eval()
    except RuntimeError as error:
        raise _do_not_fit(name, error) from None


def _content(path: Path) -> bytes:
    with opened_checkpoint(path) as file:
        try:
            return file.read()
        except OSError as error:
            raise UserError(f"{short_name(path)} cannot be read ({error.strerror}).") from None


def _metadata(data: bytes, name: str) -> dict:
    return metadata_in(io.BytesIO(data), name)


def _config(metadata: dict, name: str) -> HVAEConfig:
    try:
        return HVAEConfig(**metadata.get("config"))
    except (TypeError, ValueError) as error:
        raise UserError(f"{name} has no usable model config ({one_line(error)}).") from None


def _refuse_other_config(data: bytes, name: str, config: HVAEConfig) -> None:
    # Before anything is built: an atlas's config is known to be small.
    if _config(_metadata(data, name), name) != config:
        raise UserError(f"{name} has another model config than atlas.json.")


def _finite(model: Model, name: str) -> Model:
    if not all(weight.isfinite().all() for weight in model.state_dict().values()):
        raise UserError(f"{name} has weights that are not finite numbers.")
    return model


def _do_not_fit(name: str, error: Exception) -> UserError:
    """Return the error to raise if the tensors do not fit the config."""
    return UserError(f"The weights in {name} do not fit its config ({one_line(error)}).")
