"""The networks of the architecture `xiao-bamler`: the source's own, from its description.

Described are, for pictures of 32 × 32:

* q(z₂|x): three 4 × 4 convolutions of stride 2 with 32 channels, each followed by a ReLU, then linear maps to
  the mean and to the standard deviation before a softplus, 32 dimensions each;
* z₁ of 32 × 4 × 4. p(z₁|z₂): a ReLU network with one hidden layer of half z₁'s size. q(z₁|z₂, x): from the
  concatenated features of x (two such convolutions) and of z₂ (a linear map and a transposed convolution);
* p(x|z₁): three transposed convolutions. σ = 0.71.

Inferred are:

* padding 1 everywhere, so that a side n becomes n/2, and 2n in transposed convolutions, which are 4 × 4 of
  stride 2 as well;
* for q(z₁|z₂, x), two convolutions lead to 8 × 8. So the linear map of z₂ is to 32 × 4 × 4, the transposed
  convolution to 32 × 8 × 8, each followed by a ReLU, and a third 4 × 4 convolution of stride 2 leads from the
  64 concatenated channels to mean and standard deviation of z₁;
* in ladder inference, that last convolution sees the features of x alone, and its Gaussian is multiplied by
  the prior;
* the features for z₁ and those for z₂ share no weights;
* a standard deviation is at least e^−5 and at most e^5, as everywhere in this project;
* the first weights: He et al. (2015) for ReLUs, narrow posteriors, and a prior and pictures that hardly
  depend on the latents.

Not of the source: pixel means are sigmoids, so that they lie in [0, 1].
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hvae.architectures.architecture import Maps
from hvae.architectures.known.xiao_bamler import latent_shapes
from hvae.architectures.residual import start_head
from hvae.config import HVAEConfig
from hvae.gaussian import LOG_STD_BOUND, Gaussian


def halving(inputs: int, outputs: int) -> nn.Conv2d:
    """Return a convolution that halves height and width."""
    return nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)


def doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)


class BottomUp(nn.Module):
    """Features of x for z_1, (N, width, H/4, W/4), and for z_2, (N, width · H/8 · W/8)."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        colours, width = config.image_shape[0], config.width
        self.z1 = nn.Sequential(halving(colours, width), nn.ReLU(), halving(width, width), nn.ReLU())
        self.z2 = nn.Sequential(
            halving(colours, width),
            nn.ReLU(),
            halving(width, width),
            nn.ReLU(),
            halving(width, width),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        return [self.z1(x), self.z2(x).flatten(1)]


class TopLayer(nn.Module):
    """z_2, a vector: prior N(0, I), posterior a linear map of its features."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        _, height, width = latent_shapes(config)[0]
        self.top_dim = config.top_dim
        self.posterior_head = nn.Linear(config.width * height * width, 2 * config.top_dim)

    def prior(self, context: Tensor) -> Gaussian:
        zeros = context.new_zeros(context.shape[0], self.top_dim)
        return Gaussian(zeros, zeros)

    def posterior(self, features: Tensor, context: Tensor | None, prior: Gaussian) -> Gaussian:
        return Gaussian.from_softplus(self.posterior_head(features))


class BottomLayer(nn.Module):
    """z_1, (channels, H/8, W/8). Its context is z_2 itself."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        channels, height, width = latent_shapes(config)[0]
        size = channels * height * width
        self.inference = config.inference
        self.raw = (2 * channels, height, width)
        self.prior_hidden = nn.Linear(config.top_dim, max(1, size // 2))
        self.prior_head = nn.Linear(max(1, size // 2), 2 * size)
        if config.inference == "generalized":
            self.start = (config.width, height, width)
            self.embed = nn.Linear(config.top_dim, math.prod(self.start))
            self.up = doubling(config.width, config.width)
            self.posterior_head = halving(2 * config.width, 2 * channels)
        else:
            self.posterior_head = halving(config.width, 2 * channels)

    def prior(self, context: Tensor) -> Gaussian:
        raw = self.prior_head(F.relu(self.prior_hidden(context)))
        return Gaussian.from_softplus(raw.unflatten(1, self.raw))

    def posterior(self, features: Tensor, context: Tensor, prior: Gaussian) -> Gaussian:
        """Fig. 1a: q from features of x and of z_2. Fig. 1b: d_1 merged with the prior."""
        if self.inference == "ladder":
            return Gaussian.from_softplus(self.posterior_head(features)).merge(prior)
        of_z2 = F.relu(self.up(F.relu(self.embed(context)).unflatten(1, self.start)))
        return Gaussian.from_softplus(self.posterior_head(torch.cat([features, of_z2], dim=1)))


class Itself(nn.Module):
    """A latent is the context of the next layer, and z_1 what the picture is made of, as it is."""

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        return z


class PictureHead(nn.Module):
    """From z_1 to (N, C, H, W) logits of pixel means."""

    def __init__(self, config: HVAEConfig) -> None:
        super().__init__()
        width = config.width
        self.first = doubling(config.channels, width)
        self.second = doubling(width, width)
        self.out = doubling(width, config.image_shape[0])

    def forward(self, z_1: Tensor) -> Tensor:
        return self.out(F.relu(self.second(F.relu(self.first(z_1)))))

    @torch.no_grad()
    def start_at_mean(self, mean: Tensor) -> None:
        """Make the data's mean (C,), in [0, 1], the first picture."""
        self.out.bias.copy_(torch.logit(mean, eps=0.01))


def build(config: HVAEConfig) -> Maps:
    """Return the maps of an HVAE of two layers."""
    layers = nn.ModuleList([BottomLayer(config), TopLayer(config)])
    return Maps(BottomUp(config), layers, nn.ModuleList([Itself(), Itself()]), PictureHead(config))


def initialise(maps: Maps) -> None:
    """Draw the first weights; see the module's docstring."""
    for part in maps:
        part.apply(keep_scale)
    bottom, top = maps.layers
    for layer in (bottom, top):
        start_head(layer.posterior_head, mean_scale=0.5, raw_std=before_softplus(math.exp(-2)))
    start_head(bottom.prior_head, mean_scale=0.1, raw_std=before_softplus(1.0))
    with torch.no_grad():
        maps.picture_head.out.weight.mul_(0.1)


def keep_scale(module: nn.Module) -> None:
    """Initialise a map behind a ReLU so that signals keep their scale."""
    if isinstance(module, nn.ConvTranspose2d):
        # Each output sees a quarter of the kernel: stride 2 in both directions.
        inputs = module.weight[:, 0].numel() / math.prod(module.stride)
    elif isinstance(module, nn.Conv2d | nn.Linear):
        inputs = module.weight[0].numel()
    else:
        return
    nn.init.normal_(module.weight, std=math.sqrt(2 / inputs))
    nn.init.zeros_(module.bias)


def before_softplus(std: float) -> float:
    """Return the raw number whose standard deviation, by `Gaussian.from_softplus`, is `std`."""
    return math.log(math.expm1(std - math.exp(-LOG_STD_BOUND)))
