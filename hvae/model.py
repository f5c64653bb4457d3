"""The hierarchical VAE: p(z_L) ∏ p(z_ℓ | z_>ℓ) p(x | z_1) with top-down inference, any L ≥ 1.

Its networks are those of an architecture (`hvae.architectures`). Where that has a direct path, the last
factor is p(x | z_1, …, z_L).

Layers count from the data: z_1 is the bottom latent (spatial), z_L the top one (a vector). Lists over
layers are in that order, so `rates[:, 0]` is layer 1. A pass through the model goes the other way, from
layer L down to layer 1, and computes the KL of each layer when it draws the latent.

Source: Xiao & Bamler, Trading Information between Latents in Hierarchical Variational Autoencoders
(ICLR 2023), Fig. 1 and Eq. 1–5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hvae.architectures.registry import find
from hvae.config import HVAEConfig
from hvae.gaussian import Gaussian, at_least_float32


class Elbo(NamedTuple):
    """The two terms of the ELBO for images (N, C, H, W): distortion (N,) and rates (N, L), nats per image."""

    distortion: Tensor
    rates: Tensor


class Inference(NamedTuple):
    """Top-down inference: one entry per layer, layer 1 first. `kl` holds (N, *latent) nats per dimension.

    context: what the latents above z_1 gave it as its context; None if there are none.
    """

    posteriors: list[Gaussian]
    priors: list[Gaussian]
    latents: list[Tensor]
    kl: list[Tensor]
    context: Tensor | None = None

    @property
    def rates(self) -> Tensor:
        """KL(q(z_ℓ|z_>ℓ, x) ‖ p(z_ℓ|z_>ℓ)) per image and layer, shape (N, L), nats."""
        return torch.stack([kl.flatten(1).sum(1) for kl in self.kl], dim=1)


def split_noise(flat: Tensor, shapes: list[tuple[int, ...]]) -> list[Tensor]:
    """Return (N, D) numbers as one (N, *shape) tensor for each latent shape."""
    parts = flat.split([math.prod(shape) for shape in shapes], dim=1)
    return [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]


class HVAE(nn.Module):
    """A hierarchical VAE with L layers of latents.

    Parameters: `config`, or its fields by name, as in HVAE(inference="ladder"); see HVAEConfig.
    Raises UserError if the config's architecture is not registered.

    Images are float (N, C, H, W) in [0, 1]. The noise of a method with a `seed` is drawn on the CPU and is a
    function of (seed, image index) alone. So two models with the same latent shapes get the same noise on any
    device.
    """

    def __init__(self, config: HVAEConfig | None = None, **fields: object) -> None:
        super().__init__()
        self.config = replace(config, **fields) if config else HVAEConfig.of(**fields)
        architecture = find(self.config.architecture)
        maps = architecture.build(self.config)
        self.bottom_up, self.layers, self.grow, self.picture_head = maps
        # Without storage nothing can be initialised, and the attempt makes torch import its compiler.
        if self.device.type != "meta":
            architecture.initialise(maps)

    def start_at_mean(self, mean: Tensor) -> None:
        """Make the data's mean (C,), in [0, 1], the first picture for all latents; call it before training.

        If pictures start mid-grey, the first steps push all pixels down together, and the decoder's features
        with them. On MNIST the model then never used a latent.
        """
        self.picture_head.start_at_mean(mean)

    @classmethod
    def from_weights(cls, config: HVAEConfig, weights: Mapping[str, Tensor]) -> HVAE:
        """Return an HVAE in eval mode with these weights. Raises RuntimeError if they do not fit.

        Convolutions are in channels_last, which is faster on a CPU. It is the same on every device, since
        another layout gives other last bits.
        """
        # Without storage: a config may ask for more weights than there are, and more than fit in memory.
        with torch.device("meta"):
            model = cls(config)
        model.load_state_dict(weights, assign=True)
        return model.eval().to(memory_format=torch.channels_last)

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def noise(self, n: int, seed: int = 0) -> list[Tensor]:
        """Return standard normal noise for n images: one (n, *latent) tensor per layer, layer 1 first."""
        generator = torch.Generator().manual_seed(seed)
        size = sum(map(math.prod, self.config.latent_shapes))
        # One row per image: with more images, the first ones stay the same. The padding is there because
        # torch fills tensors in blocks of 16 numbers.
        flat = torch.randn(n, size + -size % 16, generator=generator)[:, :size].to(self.device)
        return split_noise(flat, self.config.latent_shapes)

    def infer(self, x: Tensor, noise: list[Tensor] | None = None) -> Inference:
        """Return the top-down inference q(z_L|x) ∏ q(z_ℓ|z_>ℓ, x) for images x (N, C, H, W).

        `noise` is as from `noise()`; None gives posterior means in all layers.
        """
        return self.top_down(self.bottom_up(x), noise)

    def top_down(self, features: list[Tensor], noise: list[Tensor] | None = None) -> Inference:
        """Return the inference from the features that `bottom_up` gives for images, layer 1 first."""
        posteriors, priors, latents, kl = [], [], [], []
        context = None
        for layer in range(self.config.layers, 0, -1):
            part, its_features = self.layers[layer - 1], features[layer - 1]
            prior = part.prior(its_features if context is None else context)
            posterior = part.posterior(its_features, context, prior)
            z = posterior.mean if noise is None else posterior.sample(noise[layer - 1])
            for collected, value in (
                (posteriors, posterior),
                (priors, prior),
                (latents, z),
                (kl, posterior.kl(prior)),
            ):
                collected.insert(0, value)
            if layer > 1:
                context = self.grow[layer - 1](z, context)
        return Inference(posteriors, priors, latents, kl, context)

    def logits(self, z_1: Tensor, *above: Tensor) -> Tensor:
        """Return logits (N, C, H, W) of the pixel means of p(x|z_1), or of p(x|z_1, …, z_L).

        above: z_2, …, z_L. They count, and have to be given, only if the architecture has a direct path.
        Raises ValueError if they are missing.
        """
        context = None
        if self.config.has_direct_path:
            if len(above) != self.config.layers - 1:
                raise ValueError(f"the picture depends on {self.config.layers} latents: give all of them")
            for grow, z in zip(reversed(self.grow[1:]), reversed(above), strict=True):
                context = grow(z, context)
        return self._logits(z_1, context)

    def _logits(self, z_1: Tensor, context: Tensor | None) -> Tensor:
        """Return logits, given the context that z_1 has from the latents above."""
        h = self.grow[0](z_1, context if self.config.has_direct_path else None)
        return at_least_float32(self.picture_head(h))

    def negative_log_likelihood(self, x: Tensor, logits: Tensor) -> Tensor:
        """Return −log p(x|z) per image, shape (N,), nats, constants included.

        Gaussian: Σ (x − μ)² / 2σ² + ½ log 2πσ². Bernoulli: the cross-entropy of grey values in [0, 1].
        """
        if self.config.likelihood == "bernoulli":
            return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
        variance = self.config.variance
        squared_error = (x - logits.sigmoid()).square().flatten(1).sum(1)
        constant = 0.5 * math.log(2 * math.pi * variance) * math.prod(self.config.image_shape)
        return squared_error / (2 * variance) + constant

    def forward(self, x: Tensor, noise: list[Tensor]) -> Elbo:
        """Return one-sample estimates of both terms of the ELBO for each image of x (N, C, H, W), Eq. 4."""
        inference = self.infer(x, noise)
        logits = self._logits(inference.latents[0], inference.context)
        return Elbo(self.negative_log_likelihood(x, logits), inference.rates)

    @torch.inference_mode()
    def rates(self, x: Tensor, seed: int = 0) -> Tensor:
        """Return the rate of every layer for each image, shape (N, L), nats; column ℓ−1 is layer ℓ (Eq. 4).

        KL(q(z_ℓ|z_>ℓ, x) ‖ p(z_ℓ|z_>ℓ)) in closed form, given one draw of the latents above.
        """
        return self.infer(x, self.noise(len(x), seed)).rates

    @torch.inference_mode()
    def distortion(self, x: Tensor, seed: int = 0) -> Tensor:
        """Return −log p(x|z) for one posterior draw of z, per image, shape (N,), nats (Eq. 3)."""
        return self(x, self.noise(len(x), seed)).distortion

    @torch.inference_mode()
    def encode(self, x: Tensor, seed: int | None = None) -> list[Gaussian]:
        """Return the posterior of each layer (mean and std, each (N, *latent)), layer 1 first.

        The layers above are at their posterior means, or, given a `seed`, drawn from their posteriors.
        """
        return self.infer(x, None if seed is None else self.noise(len(x), seed)).posteriors

    @torch.inference_mode()
    def reconstruct(self, x: Tensor) -> Tensor:
        """Return pixel means (N, C, H, W) in [0, 1], with posterior means in all layers."""
        inference = self.infer(x)
        return self._logits(inference.latents[0], inference.context).sigmoid()

    @torch.inference_mode()
    def sample(self, n: int, seed: int = 0, temperature: float = 1.0) -> Tensor:
        """Return n pictures from the prior: pixel means (n, C, H, W) in [0, 1].

        `temperature` scales the standard deviation of every layer's prior. The first k of n samples are
        those of sample(k) with the same seed.
        """
        return self.decode({}, n=n, fill="sample", seed=seed, temperature=temperature)

    @torch.inference_mode()
    def decode(
        self,
        latents: Mapping[int, Tensor],
        *,
        n: int | None = None,
        fill: Literal["mean", "sample"] = "mean",
        seed: int = 0,
        temperature: float = 1.0,
    ) -> Tensor:
        """Return pixel means (N, C, H, W) in [0, 1] for the given latents, with the others from their prior.

        latents: layer number → (N, *latent); `{2: z2}` keeps z_2, and with fill="sample" each seed draws
        z_1 again.
        n: the number of pictures, needed only if `latents` is empty.
        fill: the prior's mean or, with `seed` and `temperature`, a draw from it.
        Raises ValueError for a layer that does not exist, a wrong shape, or no way to know N.
        """
        n = self._batch_size(latents, n)
        return self._decode(latents, n, self.noise(n, seed) if fill == "sample" else None, temperature)

    @torch.inference_mode()
    def residuals(self, x: Tensor) -> list[Tensor]:
        """Return the posterior means of images x (N, C, H, W) relative to their priors, layer 1 first.

        ε_ℓ = (E q(z_ℓ|z_>ℓ, x) − E p(z_ℓ|z_>ℓ)) / std p(z_ℓ|z_>ℓ), each (N, *latent), with the layers above
        at their posterior means: what layer ℓ adds to the layers above, in units of its prior. For the top
        layer, with prior N(0, I), it is the posterior mean.
        """
        inference = self.infer(x)
        pairs = zip(inference.posteriors, inference.priors, strict=True)
        return [(posterior.mean - prior.mean) / prior.std for posterior, prior in pairs]

    @torch.inference_mode()
    def decode_residuals(self, residuals: list[Tensor]) -> Tensor:
        """Return pixel means (N, C, H, W) in [0, 1] for z_ℓ = E p(z_ℓ|z_>ℓ) + std p(z_ℓ|z_>ℓ) · ε_ℓ.

        residuals: one ε_ℓ (N, *latent) for each layer, layer 1 first. The inverse of `residuals`:
        decode_residuals(residuals(x)) = reconstruct(x). Standard normal noise in their place gives
        a sample, zeros the priors' means.
        """
        return self._decode({}, self._batch_size(dict(enumerate(residuals, start=1)), None), residuals, 1.0)

    def _decode(
        self, latents: Mapping[int, Tensor], n: int, noise: list[Tensor] | None, temperature: float
    ) -> Tensor:
        context, z = None, None
        for layer in range(self.config.layers, 0, -1):
            z = latents.get(layer)
            if z is None:
                start = torch.empty(n, 0, device=self.device) if context is None else context
                prior = self.layers[layer - 1].prior(start)
                z = prior.mean if noise is None else prior.sample(noise[layer - 1], temperature)
            if layer > 1:
                context = self.grow[layer - 1](z, context)
        return self._logits(z, context).sigmoid()

    def _batch_size(self, latents: Mapping[int, Tensor], n: int | None) -> int:
        shapes = dict(enumerate(self.config.latent_shapes, start=1))
        for layer, z in latents.items():
            if layer not in shapes:
                raise ValueError(f"this HVAE has layers 1 to {len(shapes)}, not {layer}")
            n = len(z) if n is None else n
            if tuple(z.shape) != (n, *shapes[layer]):
                raise ValueError(f"z_{layer} must have shape {(n, *shapes[layer])}, not {tuple(z.shape)}")
        if n is None:
            raise ValueError("decode needs n, or the latents of at least one layer")
        return n
