"""The architectures of docs/network.md beside `residual`, in NumPy; see network_in_numpy.py."""

from __future__ import annotations

import math

import numpy as np
from network_in_numpy import Network, Normal, shuffle, silu


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def halved(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """conv 4/2."""
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), axis=(2, 3))[:, :, ::2, ::2]
    out = np.tensordot(windows, weight, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
    return out + bias.reshape(-1, 1, 1)


def doubled(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """deconv 4/2."""
    n, _, height, width = x.shape
    # One row or column more on each side, for what falls outside.
    out = np.zeros((n, weight.shape[1], 2 * height + 2, 2 * width + 2))
    for i in range(4):
        for j in range(4):
            part = np.tensordot(x, weight[:, :, i, j], axes=([1], [0])).transpose(0, 3, 1, 2)
            out[:, :, i : i + 2 * height : 2, j : j + 2 * width : 2] += part
    return out[:, :, 1:-1, 1:-1] + bias.reshape(-1, 1, 1)


def softplus_head(raw: np.ndarray) -> Normal:
    """Mean, and log of e^−5 + log(1 + e^r), at most 5."""
    mean, r = np.split(raw, 2, axis=1)
    return mean, np.minimum(np.log(math.exp(-5) + np.logaddexp(0, r)), 5)


def product(one: Normal, other: Normal) -> Normal:
    """The normalised product of two Gaussians."""
    precisions = [np.exp(-2 * log_std) for _, log_std in (one, other)]
    mean = sum(p * mean for p, (mean, _) in zip(precisions, (one, other), strict=True)) / sum(precisions)
    return mean, -0.5 * np.log(sum(precisions))


class XiaoBamler(Network):
    """The architecture `xiao-bamler`. What `grown` gives, the context of z₁, is z₂ itself."""

    @property
    def z1_shape(self) -> tuple[int, ...]:
        channels, (_, height, width) = self.config["channels"], self.config["image_shape"]
        return channels, height // 8, width // 8

    def halved(self, name: str, x: np.ndarray) -> np.ndarray:
        return halved(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def doubled(self, name: str, x: np.ndarray) -> np.ndarray:
        return doubled(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def features(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = {}
        for latent, places in (("z1", (0, 2)), ("z2", (0, 2, 4))):
            h = x
            for place in places:
                h = relu(self.halved(f"bottom_up.{latent}.{place}", h))
            found[latent] = h
        return found["z1"], found["z2"]

    def vector_posterior(self, layer: str, f2: np.ndarray) -> Normal:
        return softplus_head(self.linear(f"{layer}.posterior_head", f2.reshape(len(f2), -1)))

    def grown(self, name: str, vector: np.ndarray) -> np.ndarray:
        return vector

    def z1_prior(self, g: np.ndarray) -> Normal:
        channels, height, width = self.z1_shape
        raw = self.linear("layers.0.prior_head", relu(self.linear("layers.0.prior_hidden", g)))
        return softplus_head(raw.reshape(len(g), 2 * channels, height, width))

    def z1_posterior(self, f1: np.ndarray, g: np.ndarray) -> Normal:
        if self.config["inference"] == "ladder":
            return product(softplus_head(self.halved("layers.0.posterior_head", f1)), self.z1_prior(g))
        _, height, width = self.z1_shape
        u = relu(self.linear("layers.0.embed", g)).reshape(len(g), -1, height, width)
        u = relu(self.doubled("layers.0.up", u))
        return softplus_head(self.halved("layers.0.posterior_head", np.concatenate([f1, u], axis=1)))

    def logits(self, z1: np.ndarray, g: np.ndarray | None = None) -> np.ndarray:
        h = relu(self.doubled("picture_head.first", z1))
        return self.doubled("picture_head.out", relu(self.doubled("picture_head.second", h)))


class Local(Network):
    """The architecture `local`."""

    @property
    def z1_shape(self) -> tuple[int, ...]:
        channels, (_, height, width) = self.config["channels"], self.config["image_shape"]
        return channels, height // 2, width // 2

    def features(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f1 = self.conv("bottom_up.fine.2", silu(self.conv("bottom_up.fine.0", x, stride=2)))
        h = self.res("bottom_up.coarse.2", self.conv("bottom_up.coarse.1", silu(f1), stride=2))
        return f1, self.conv("bottom_up.coarse.4", silu(h), stride=2)

    def grown(self, name: str, vector: np.ndarray) -> np.ndarray:
        g = super().grown(name, vector)
        return self.res(f"{name}.fine", shuffle(self.conv(f"{name}.up", silu(g))))

    def logits(self, z1: np.ndarray, g: np.ndarray | None = None) -> np.ndarray:
        h = g + self.conv("grow.0.embed", z1)
        h = h + self.conv("grow.0.mix", silu(h))
        return shuffle(self.conv("picture_head.out", silu(h)))


def is_transposed(network: type[Network], name: str) -> bool:
    """Whether a map is a transposed convolution: its outputs are the second axis of its weight."""
    return network is XiaoBamler and (name == "layers.0.up" or name.startswith("picture_head."))


NETWORKS = {"xiao-bamler": XiaoBamler, "local": Local}
