"""Mutual information between a layer's latent and the labels, I_q(y; z_ℓ): the middle of Eq. 7.

There are two estimators, because only the top layer's posterior has a density in closed form.
`mixture_information` is for z_L, and exact up to sampling. `variational_information` is a lower bound that
needs only draws, for the layers below, whose q(z_ℓ|x) = E_q(z_>ℓ|x) q(z_ℓ|z_>ℓ, x) is an integral.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hvae.datasets import Images
from hvae.gaussian import Gaussian
from hvae.metrics.batches import batch, rows_of, slices
from hvae.metrics.estimate import NOT_A_NUMBER, Estimate
from hvae.metrics.label_network import label_log_ratios
from hvae.metrics.metric import Budget
from hvae.model import HVAE

# Rows at a time: against 10,000 columns of float64 a block of 10 MB, which stays in most processors' caches.
_ROWS = 128


class Draws(NamedTuple):
    """One draw of all latents for each image, and those that the variational estimator learns from.

    posteriors: q(z_L|x) of the images. latents: per layer, layer 1 first, (N, *latent). labels: (N,).
    learned_from, learned_labels: the same of training images, (M, *latent) and (M,). classes: K. seed: of the
    estimator's network.
    """

    posteriors: Gaussian
    latents: list[Tensor]
    labels: Tensor
    learned_from: list[Tensor]
    learned_labels: Tensor
    classes: int
    seed: int


@torch.inference_mode()
def latent_draws(
    model: HVAE,
    images: Images,
    train: Images,
    *,
    draws: int = Budget.draws,
    batch_size: int = 500,
    seed: int = 0,
) -> Draws:
    """Return what both estimators need of a model: draws of `images` by `seed`, and `draws` of `train`."""
    posteriors, latents = _draws(model, images, torch.arange(len(images)), batch_size, seed)
    learned_from, learned_labels = [z[:0] for z in latents], train.labels
    if len(train):
        index = _learned_from(train, draws, seed)
        _, learned_from = _draws(model, train, index, batch_size, seed + 1)
        learned_labels = train.labels[index.to(train.labels.device)]
    classes = max(len(images.classes), len(train.classes))
    return Draws(posteriors, latents, images.labels, learned_from, learned_labels, classes, seed)


def mutual_information(model: HVAE, images: Images, train: Images, **options: int) -> list[Estimate]:
    """Return `information_of` a model's draws, with the options of `latent_draws`.

    train: images from whose draws the variational estimator learns.
    """
    return information_of(latent_draws(model, images, train, **options))


def top_information_bound(model: HVAE, images: Images, train: Images, **options: int) -> Estimate:
    """Return `top_bound_of` a model's draws; arguments as for `mutual_information`."""
    return top_bound_of(latent_draws(model, images, train, **options))


@torch.inference_mode()
def information_of(drawn: Draws) -> list[Estimate]:
    """Return I_q(y; z_ℓ) of every layer, nats, layer 1 first, each with its standard error.

    With it, accuracy ≤ f⁻¹(I_q(y; z_ℓ)) ≤ f⁻¹(E[R(z_≥ℓ)]) (Xiao & Bamler, 2023, Eq. 7; f⁻¹ is
    `hvae.bounds.best_accuracy`). The estimates are:

    * z_L: I(y; z_L) for images drawn from `images` alone, see `mixture_information`. In expectation
      0 ≤ I ≤ min(R(z_L), log K).
    * z_ℓ below: a lower bound on I_q(y; z_ℓ), see `variational_information`. So in expectation
      0 ≤ I ≤ I_q(y; z_ℓ) ≤ min(E[R(z_≥ℓ)], log K). Each draw of z_ℓ has its own draws of the latents above,
      and the network sees only z_ℓ. A mixture of q(z_ℓ|z_>ℓ^j, x_j), with one draw z_>ℓ^j per image j, would
      use these draws and measure I(y; z_ℓ | draws) instead. That upper bound is useless: z_ℓ reveals z_>ℓ^j,
      which reveals j and its label. For three MNIST models it was H[y] = 2.30 nats each time, even for one
      with a total rate of 0.07 nats.

    The result is NaN for every layer in which a latent is not finite.
    """
    if not all(bool(z.isfinite().all()) for z in drawn.latents):
        return [NOT_A_NUMBER] * len(drawn.latents)
    below = [_bound(drawn, layer) for layer in range(len(drawn.latents) - 1)]
    return [*below, mixture_information(drawn.latents[-1], drawn.posteriors, drawn.labels)]


@torch.inference_mode()
def top_bound_of(drawn: Draws) -> Estimate:
    """Return a lower bound on I_q(y; z_L), nats, and its standard error: `variational_information` of z_L.

    It is of the draws that `information_of` measures on, and learns from draws of the same training images.
    With the estimate of `mixture_information`, which errs upwards, it brackets I_q(y; z_L). NaN if a latent
    is not finite.
    """
    return _bound(drawn, -1)


def _bound(drawn: Draws, layer: int) -> Estimate:
    return variational_information(
        drawn.latents[layer],
        drawn.labels,
        drawn.learned_from[layer],
        drawn.learned_labels,
        classes=drawn.classes,
        seed=drawn.seed,
    )


def _learned_from(train: Images, draws: int, seed: int) -> Tensor:
    """Return the indices of the training images of whose draws the variational estimator learns, (draws,).

    Draws of one image are neighbours, so the held-out draws at the end are of other images.
    """
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    return order.repeat_interleave(-(-draws // len(train)))[:draws]


def mixture_information(latents: Tensor, posteriors: Gaussian, labels: Tensor) -> Estimate:
    """Return I(y; z) between labels and draws z_i ~ q(z|x_i), nats, as if there were only these N images.

        I = 1/N Σ_i [log q(z_i|y_i) − log q(z_i)],
        q(z) = 1/N Σ_j q(z|x_j),    q(z|y) = 1/N_y Σ_{j: y_j=y} q(z|x_j),

    with the frequencies N_y/N as class priors. The term j = i belongs in both mixtures: then q(z) is
    exactly the density that z_i was drawn from, for i uniform over these images, and in expectation
    0 ≤ I(y; z) ≤ I(i; z) ≤ min(log N, E[KL(q(z|x_i) ‖ r(z))]) for every density r, the prior among them.
    I ≤ H[y] ≤ log K holds for each draw. Without that term (leave-one-out) a sharp posterior, far from all
    others, would give a difference of two tiny densities, thousands of nats of noise. The price is that other
    images do not count. If a latent identifies single images, from some log N nats on, I is H[y], even if the
    latent of a new image would not show its label.

    All N² log-densities are one matrix product of [z², z] with [−½σ⁻², μσ⁻²], in blocks of rows. It runs in
    float64: for σ = 0.01 the summands reach 10⁶ and the result is about 1, which float32 does not resolve.
    The product takes 1.6 times as long as in float32.

    Args:
        latents: z, (N, *latent).
        posteriors: q(z|x_j), mean and log_std each (N, *latent).
        labels: integers (N,); any values.

    Returns:
        The mean over images, nats, and its standard error, s/√N of the N terms: the scatter of images and
        of their noise. NaN if a latent or a posterior is not finite.
    """
    n = len(latents)
    z, mean, log_std = (_on_float64_device(t).reshape(n, -1).double() for t in (latents, *posteriors))
    if n == 0 or not all(bool(t.isfinite().all()) for t in (z, mean, log_std)):
        return NOT_A_NUMBER
    _, labels, counts = labels.to(z.device).unique(return_inverse=True, return_counts=True)
    of_class = torch.nn.functional.one_hot(labels).to(z.dtype)
    precision = torch.exp(-2 * log_std)
    # What is the same for every i and j (D/2 · log 2π) cancels between the two mixtures.
    constants = -(0.5 * mean.square() * precision + log_std).sum(1)
    parameters = torch.cat([-0.5 * precision, mean * precision], dim=1).T
    terms = []
    for rows in slices(n, _ROWS):
        densities = torch.addmm(constants, torch.cat([z[rows].square(), z[rows]], dim=1), parameters)
        # A latent's own density is, but for a chance of N·e^−t, within t nats of the largest one, so the
        # sum over its own class does not underflow.
        densities.sub_(densities.amax(1, keepdim=True)).exp_()
        sums = densities @ of_class
        own = sums.gather(1, labels[rows, None]).squeeze(1)
        terms.append(torch.log(own / counts[labels[rows]]) - torch.log(sums.sum(1) / n))
    return Estimate.mean_of(torch.cat(terms).cpu())


def variational_information(
    latents: Tensor,
    labels: Tensor,
    train_latents: Tensor,
    train_labels: Tensor,
    *,
    classes: int,
    seed: int = 0,
) -> Estimate:
    """Return a lower bound on I(y; z), nats, from draws alone (Barber & Agakov, 2003).

        I(y; z) = H[y] − H(y|z) ≥ H[y] + E log r(y|z) = E[log r(y|z) − log p(y)]   for every r(y|z),

    the gap being E KL(p(y|z) ‖ r(y|z)). r is a small network that learned from other draws, of other images
    (`label_log_ratios`), so the mean over draws estimates the right side without bias, and is at most
    min(I(y; z), H[y]) in expectation. p(y) are the frequencies among `labels`. If z has no information, r is
    p(y), and the bound 0. For z_L both estimators work, and bracket I(y; z_L): this one errs downwards,
    `mixture_information` upwards. Where z_L identifies single images the other one is H[y], and the gap is
    wide: 1.80 against 2.30 nats for a model of street digits.

    Args:
        latents: the draws to measure on, (N, *latent).
        labels: their labels, (N,).
        train_latents: the draws to learn from, (M, *latent); no image should be in both.
        train_labels: their labels, (M,).
        classes: K; labels are 0 … K − 1.
        seed: of the network's initial weights and its order of learning.

    Returns:
        The mean over draws, nats, and its standard error s/√N. NaN if a latent is not finite.
    """
    z, train_z = (t.detach().flatten(1).float().cpu() for t in (latents, train_latents))
    if len(z) == 0 or len(train_z) == 0 or not bool(z.isfinite().all() and train_z.isfinite().all()):
        return NOT_A_NUMBER
    labels = labels.cpu()
    log_ratios = label_log_ratios(train_z, train_labels.cpu(), z, classes=classes, seed=seed)
    frequencies = labels.bincount(minlength=classes).double() / len(labels)
    log_r = torch.log_softmax(log_ratios.double() + frequencies.log(), dim=1)
    terms = log_r.gather(1, labels[:, None]).squeeze(1) - frequencies.log()[labels]
    return Estimate.mean_of(terms)


def _draws(
    model: HVAE, images: Images, index: Tensor, batch_size: int, seed: int
) -> tuple[Gaussian, list[Tensor]]:
    """Return one draw of all latents for each image at `index`: the posteriors of z_L, and z per layer.

    If the draws of an image are neighbours, its features are computed once.
    """
    noise = model.noise(len(index), seed)
    top, latents = [], []
    for rows in slices(len(index), batch_size):
        chosen, place = index[rows].unique_consecutive(return_inverse=True)
        features = model.bottom_up(batch(images, chosen, model.device))
        inference = model.top_down([part[place.to(part.device)] for part in features], rows_of(noise, rows))
        top.append(inference.posteriors[-1])
        latents.append(inference.latents)
    joined = [torch.cat(layer) for layer in zip(*latents, strict=True)]
    return Gaussian(*(torch.cat(part) for part in zip(*top, strict=True))), joined


def _on_float64_device(tensor: Tensor) -> Tensor:
    """Return the tensor on a device with float64: the CPU for Apple's GPUs, which have none."""
    return tensor.cpu() if tensor.device.type == "mps" else tensor
