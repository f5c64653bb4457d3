"""The parent: one HVAE with gates that depend on β, so that one training run covers the whole plane.

Every convolution and linear map is followed by an affine gate per channel, h ↦ (1 + a(β)) ⊙ h + b(β). A small
network turns the normalised log β of each layer into a code; a and b are linear in it. At one β the gates are
constants and fold into the weights before them. The result is a plain HVAE.

The idea is from Multi-Rate VAE (Bae et al., ICLR 2023), with one β per layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from hvae.config import HVAEConfig
from hvae.model import HVAE, Elbo

CODE = 32


class Gated(nn.Module):
    """A convolution, transposed or not, or a linear map, with a gate.

    Its output h, for image n and channel c, becomes (1 + a) h + b.
    gates: (N, 2, channels), a and b; they are set for one pass.
    """

    def __init__(self, inner: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> None:
        super().__init__()
        self.inner = inner
        self.gates: Tensor | None = None

    @property
    def bias(self) -> Tensor:
        return self.inner.bias

    @property
    def channels(self) -> int:
        return len(self.bias)

    @property
    def output_axis(self) -> int:
        """The axis of the weight that counts output channels."""
        return 1 if isinstance(self.inner, nn.ConvTranspose2d) else 0

    def forward(self, x: Tensor) -> Tensor:
        h = self.inner(x)
        scale, shift = self.gates.reshape(len(h), 2, -1, *[1] * (h.ndim - 2)).unbind(1)
        return torch.addcmul(shift, h, 1 + scale)


class Parent(nn.Module):
    """A multi-rate HVAE, with p and q conditional on β; see the module's docstring.

    config: of the HVAEs that it folds to. beta_range: (low, high), the range of β of its training.
    Raises ValueError unless 0 < low < high.
    """

    def __init__(self, config: HVAEConfig, beta_range: tuple[float, float] = (0.1, 10.0)) -> None:
        super().__init__()
        low, high = beta_range
        if not 0 < low < high < math.inf:
            raise ValueError(f"beta_range must be (low, high) with 0 < low < high, not {beta_range}")
        self.config = config
        self.beta_range = (float(low), float(high))
        self.hvae = HVAE(config)
        for module in list(self.hvae.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                    setattr(module, name, Gated(child))
        self.code = nn.Sequential(nn.Linear(config.layers, CODE), nn.SiLU(), nn.Linear(CODE, CODE), nn.SiLU())
        self.gates = nn.Linear(CODE, 2 * sum(gated.channels for _, gated in self._gated()))
        nn.init.zeros_(self.gates.weight)
        nn.init.zeros_(self.gates.bias)

    def start_at_mean(self, mean: Tensor) -> None:
        """See HVAE.start_at_mean."""
        self.hvae.start_at_mean(mean)

    def _gated(self) -> Iterator[tuple[str, Gated]]:
        return ((name, module) for name, module in self.hvae.named_modules() if isinstance(module, Gated))

    def _gates(self, betas: Tensor) -> dict[str, Tensor]:
        """Return gates (N, 2, channels) of every gated map, for betas (N, L)."""
        low, high = (math.log(beta) for beta in self.beta_range)
        position = (2 * betas.log() - low - high) / (high - low)
        gated = dict(self._gated())
        sizes = [2 * module.channels for module in gated.values()]
        parts = self.gates(self.code(position)).split(sizes, dim=1)
        return {name: part.unflatten(1, (2, -1)) for name, part in zip(gated, parts, strict=True)}

    def forward(self, x: Tensor, noise: list[Tensor], betas: Tensor) -> Elbo:
        """Return the terms of `HVAE.forward` for images x (N, C, H, W), each at its own betas (N, L)."""
        gates = self._gates(betas)
        for name, module in self._gated():
            module.gates = gates[name]
        try:
            return self.hvae(x, noise)
        finally:
            for _, module in self._gated():
                module.gates = None

    @torch.no_grad()
    def fold(self, betas: Sequence[float]) -> HVAE:
        """Return the plain HVAE, in eval mode, with this parent's outputs at betas (β_1 … β_L)."""
        if len(betas) != self.config.layers or not all(0 < beta < math.inf for beta in betas):
            raise ValueError(f"fold needs {self.config.layers} positive values of β, not {list(betas)}")
        device = self.gates.weight.device
        gates = self._gates(torch.tensor([betas], dtype=torch.float32, device=device))
        weights = {name.replace(".inner.", "."): value for name, value in self.hvae.state_dict().items()}
        axes = {name: gated.output_axis for name, gated in self._gated()}
        for name, part in gates.items():
            scale, shift = part[0]
            weight = weights[f"{name}.weight"]
            shape = [1] * weight.ndim
            shape[axes[name]] = -1
            weights[f"{name}.weight"] = weight * (1 + scale).reshape(shape)
            weights[f"{name}.bias"] = torch.addcmul(shift, weights[f"{name}.bias"], 1 + scale)
        return HVAE.from_weights(self.config, weights)
