"""The choice of the device."""

from __future__ import annotations

import torch

from hvae.errors import UserError


def choose_device(name: str) -> torch.device:
    """Return the device of a name; `auto` is CUDA, else Apple's GPU, else the CPU.

    A CUDA device becomes the current one of this process. Raises UserError if it is missing.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda", "mps"):
            raise RuntimeError
        torch.zeros(1, device=device)
        if device.index is not None and device.type == "cuda":
            torch.cuda.set_device(device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UserError(f"--device {name} is not on this machine: use auto, cpu, cuda or mps.") from None
    return device
