"""The worker's modules in a browser, and models to run there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from python_side import HVAE, HVAEConfig, save_model
from worker_modules import Modules


@pytest.fixture(scope="session")
def modules(browser) -> Iterator[Modules]:
    made = Modules(browser)
    yield made
    made.close()


@pytest.fixture(scope="session")
def random_model() -> Callable[[HVAEConfig], HVAE]:
    """An HVAE all of whose weights matter: those of an untrained one are zero in places."""

    def make(config: HVAEConfig, seed: int = 0) -> HVAE:
        model = HVAE(config)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in model.parameters():
                spread = 0.3 if parameter.ndim == 1 else 1.2 / parameter[0].numel() ** 0.5
                parameter.copy_(spread * torch.randn(parameter.shape, generator=generator))
        return HVAE.from_weights(config, model.state_dict())

    return make


@pytest.fixture
def file_of(tmp_path) -> Callable[..., dict]:
    """A model's file as the harness takes it."""

    def write(model: HVAE, dtype: torch.dtype = torch.float32, **metadata: object) -> dict:
        save_model(model, tmp_path / "model.safetensors", metadata, dtype)
        return {"name": "model.safetensors", "bytes": (tmp_path / "model.safetensors").read_bytes()}

    return write
