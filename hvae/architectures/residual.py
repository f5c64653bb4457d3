"""The networks of the architecture `residual`.

Feature maps are (N, width, height, width). Nothing here normalises over a batch: every image is independent
of the others, and a per-channel affine map can be folded into the convolution before it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hvae.architectures.architecture import Maps
from hvae.config import HVAEConfig
from hvae.gaussian import Gaussian

# 1 / √E[silu(z)²] for standard normal z.
SILU_GAIN = 1.68


def keep_scale(module: nn.Module) -> None:
    """Initialise a map behind a SiLU so that signals keep their scale (He et al., 2015).

    With torch's default they shrink at every layer. Without normalisation, the first pictures are then the
    same for all latents, and training stays there: all posteriors collapse to their priors.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.normal_(module.weight, std=SILU_GAIN / math.sqrt(module.weight[0].numel()))
        nn.init.zeros_(module.bias)


def start_head(head: nn.Conv2d | nn.Linear, mean_scale: float, raw_std: float) -> None:
    """Initialise a Gaussian head: means of about `mean_scale`, all raw standard deviations at `raw_std`."""
    with torch.no_grad():
        weight, bias = head.weight.chunk(2), head.bias.chunk(2)
        weight[0].mul_(mean_scale)
        weight[1].zero_()
        bias[1].fill_(raw_std)


class ResidualBlock(nn.Module):
    """x + conv(act(conv(act(x)))), channels unchanged; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


class BottomUp(nn.Module):
    """Deterministic features of x for every layer, layer 1 first: (N, width, h_ℓ, w_ℓ)."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        width = config.width
        self.stem = nn.Sequential(
            nn.Conv2d(config.image_shape[0], width // 2, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(width // 2, width, 3, stride=2, padding=1),
            ResidualBlock(width),
        )
        self.downs = nn.ModuleList(nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in config.scales[1:])
        self.layers = config.layers

    def forward(self, x: Tensor) -> list[Tensor]:
        features = [self.stem(x)]
        for down in self.downs:
            features.append(down(F.silu(features[-1])))
        return features[-self.layers :]


class TopLayer(nn.Module):
    """z_L, a vector: prior N(0, I), posterior a linear map of the flattened features."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        height, width = config.scales[-1]
        self.top_dim = config.top_dim
        self.posterior_head = nn.Linear(config.width * height * width, 2 * config.top_dim)

    def prior(self, context: Tensor) -> Gaussian:
        zeros = context.new_zeros(context.shape[0], self.top_dim)
        return Gaussian(zeros, zeros)

    def posterior(self, features: Tensor, context: Tensor, prior: Gaussian) -> Gaussian:
        return Gaussian.from_raw(self.posterior_head(F.silu(features).flatten(1)))


class SpatialLayer(nn.Module):
    """z_ℓ for ℓ < L, (channels, h_ℓ, w_ℓ); its prior depends on the latents above through `context`.

    width: channels of `features` and `context`, maps of the latent's height and width.
    """

    def __init__(self, width: int, channels: int, inference: str) -> None:
        super().__init__()
        raw = 2 * channels
        self.inference = inference
        self.prior_head = nn.Conv2d(width, raw, 1)
        if inference == "generalized":
            self.merge = nn.Conv2d(2 * width, width, 1)
            self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.posterior_head = nn.Conv2d(width, raw, 1)

    def prior(self, context: Tensor) -> Gaussian:
        return Gaussian.from_raw(self.prior_head(F.silu(context)))

    def posterior(self, features: Tensor, context: Tensor, prior: Gaussian) -> Gaussian:
        """Fig. 1a: q from features of x and of the latents above. Fig. 1b: d_ℓ merged with the prior."""
        if self.inference == "ladder":
            return Gaussian.from_raw(self.posterior_head(F.silu(features))).merge(prior)
        # SiLU before the concatenation: after it, autograd would have to work on strided gradients.
        merged = self.merge(torch.cat([F.silu(features), F.silu(context)], dim=1))
        # Relative to the prior: at the start, a posterior that agrees with the layers above costs no rate.
        relative = Gaussian.from_raw(self.posterior_head(F.silu(self.conv(F.silu(merged)))))
        return Gaussian(prior.mean + prior.std * relative.mean, prior.log_std + relative.log_std)


class Grow(nn.Module):
    """From a latent, and the context of the latents above it, to a feature map of the next layer's size.

    A linear map makes a feature map of a vector. A spatial latent is embedded and added to its context.
    """

    def __init__(self, config: HVAEConfig, layer: int) -> None:
        super().__init__()
        width = config.width
        self.is_vector = layer == config.layers
        if self.is_vector:
            self.start = (width, *config.scales[-1])
            self.embed = nn.Linear(config.top_dim, math.prod(self.start))
        else:
            self.embed = nn.Conv2d(config.channels, width, 3, padding=1)
        # Layer 1 grows into the picture's decoder, which starts at its own, finest scale.
        self.size = config.scales[max(layer - 2, 0)]
        self.block = ResidualBlock(width)

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        h = self.embed(z)
        if self.is_vector:
            h = h.unflatten(1, self.start)
        elif context is not None:
            h = h + context
        if h.shape[2:] != self.size:
            h = F.interpolate(h, size=self.size, mode="nearest")
        return self.block(h)


class FourPixelsEach(nn.Module):
    """Base of picture heads: each place of the last convolution, `out`, becomes 2 × 2 pixels."""

    out: nn.Conv2d

    @torch.no_grad()
    def start_at_mean(self, mean: Tensor) -> None:
        """Make the data's mean (C,), in [0, 1], the first picture."""
        self.out.bias.copy_(torch.logit(mean, eps=0.01).repeat_interleave(4))


class PictureHead(FourPixelsEach):
    """From an (N, width, H/4, W/4) feature map of z_1 alone to (N, C, H, W) logits of pixel means."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        width = config.width
        self.up = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.out = nn.Conv2d(width // 2, 4 * config.image_shape[0], 3, padding=1)

    def forward(self, h: Tensor) -> Tensor:
        h = double(self.up(F.silu(h)))
        return double(self.out(F.silu(h)))


def double(h: Tensor) -> Tensor:
    """Return `pixel_shuffle(h, 2)`, (N, 4C, H, W) → (N, C, 2H, 2W), in a channels_last layout if h has it."""
    n, _, height, width = h.shape
    cells = h.permute(0, 2, 3, 1).reshape(n, height, width, -1, 2, 2)
    return cells.permute(0, 1, 4, 2, 5, 3).reshape(n, 2 * height, 2 * width, -1).permute(0, 3, 1, 2)


def build(config: HVAEConfig) -> Maps:
    """Return the maps of an HVAE of any L ≥ 1."""
    bottom_up = BottomUp(config)
    spatial = [
        SpatialLayer(config.width, config.channels, config.inference) for _ in range(config.layers - 1)
    ]
    layers = nn.ModuleList([*spatial, TopLayer(config)])
    grow = nn.ModuleList(Grow(config, layer) for layer in range(1, config.layers + 1))
    return Maps(bottom_up, layers, grow, PictureHead(config))


def initialise(maps: Maps) -> None:
    """Draw the first weights."""
    for part in maps:
        part.apply(keep_scale)
    for module in (module for part in maps for module in part.modules()):
        if isinstance(module, ResidualBlock):
            nn.init.zeros_(module.conv2.weight)
    for layer in maps.layers:
        # Posteriors start sharper than priors: a latent that starts as noise is soon ignored for ever.
        start_head(layer.posterior_head, mean_scale=0.5, raw_std=-2.0)
        if isinstance(layer, SpatialLayer):
            start_head(layer.prior_head, mean_scale=0.1, raw_std=0.0)
    with torch.no_grad():
        maps.picture_head.out.weight.mul_(0.1)
        # z_L starts with little influence on the layers below, and gains it in training if it is useful.
        # If its rate collapses, its mean and its draws then give the same picture.
        maps.grow[-1].embed.weight.mul_(0.1)
