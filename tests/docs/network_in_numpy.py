"""docs/network.md and docs/metrics.md in NumPy: read an atlas without torch and without this project.

Names and order are those of the pages. Arrays are float64 (N, C, H, W); maps are looked up by NAME.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

Weights = dict[str, np.ndarray]
Normal = tuple[np.ndarray, np.ndarray]
"""Mean and log σ."""


# ------------------------------------------------------------------------------------------------------ files


def header(path: Path) -> dict:
    """What a safetensors file says about itself: the JSON under the key `hvae`."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(json.loads(file.read(length))["__metadata__"]["hvae"])


def weights_in(path: Path) -> Weights:
    """All tensors of a file, float64."""
    return {name: value.astype(np.float64) for name, value in load_file(path).items()}


def checksum(path: Path) -> str:
    """What a file's own `sha256` should be."""
    about = {key: value for key, value in header(path).items() if key != "sha256"}
    found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, value in sorted(load_file(path).items()):
        found.update(f"{name} torch.{value.dtype} {value.shape}".encode())
        found.update(value.tobytes())
    return found.hexdigest()


def split_digest(images: np.ndarray, labels: np.ndarray) -> str:
    """The digest of one split: pixels uint8 (N, C, H, W), then labels as int64."""
    return hashlib.sha256(images.tobytes() + labels.astype("<i8").tobytes()).hexdigest()


# ------------------------------------------------------------------------------------------------------- maps


def conv(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | float = 0.0, stride: int = 1) -> np.ndarray:
    """A convolution with zeros around its input."""
    side = weight.shape[-1]
    around = (side - 1) // 2
    padded = np.pad(x, [(0, 0), (0, 0), (around, around), (around, around)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    out = np.tensordot(windows, weight, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
    return out + np.reshape(bias, (-1, 1, 1))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^−x)."""
    return 0.5 * (1 + np.tanh(x / 2))


def silu(x: np.ndarray) -> np.ndarray:
    """x · sigmoid(x)."""
    return x * sigmoid(x)


def up(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """Repeat pixels, to a given size."""
    rows = np.arange(height) * x.shape[2] // height
    columns = np.arange(width) * x.shape[3] // width
    return x[:, :, rows][:, :, :, columns]


def shuffle(x: np.ndarray) -> np.ndarray:
    """(N, 4n, h, w) to (N, n, 2h, 2w)."""
    n, channels, height, width = x.shape
    out = np.empty((n, channels // 4, 2 * height, 2 * width))
    for i in (0, 1):
        for j in (0, 1):
            out[:, :, i::2, j::2] = x[:, 2 * i + j :: 4]
    return out


def head(raw: np.ndarray) -> Normal:
    """The first half of the channels is the mean, the second the softly bounded log σ."""
    mean, r = np.split(raw, 2, axis=1)
    return mean, 5 * np.tanh(r / 5)


# ---------------------------------------------------------------------------------------------------- network


@dataclass
class Network:
    """One point: its `config` and its weights."""

    config: dict
    weights: Weights

    @classmethod
    def of(cls, path: Path) -> Network:
        """The network in a point's file."""
        return cls(header(path)["config"], weights_in(path))

    @property
    def scale_1(self) -> tuple[int, int]:
        _, height, width = self.config["image_shape"]
        return height // 4, width // 4

    @property
    def scale_2(self) -> tuple[int, int]:
        return tuple(-(-side // 2) for side in self.scale_1)

    @property
    def has_z2(self) -> bool:
        return self.config["layers"] == 2

    @property
    def z1_shape(self) -> tuple[int, ...]:
        return (self.config["channels"], *self.scale_1) if self.has_z2 else (self.config["top_dim"],)

    def conv(self, name: str, x: np.ndarray, stride: int = 1) -> np.ndarray:
        return conv(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], stride)

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def res(self, name: str, x: np.ndarray) -> np.ndarray:
        return x + self.conv(f"{name}.conv2", silu(self.conv(f"{name}.conv1", silu(x))))

    def features(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        h = silu(self.conv("bottom_up.stem.0", x, stride=2))
        f1 = self.res("bottom_up.stem.3", self.conv("bottom_up.stem.2", h, stride=2))
        return f1, self.conv("bottom_up.downs.0", silu(f1), stride=2)

    def vector_posterior(self, layer: str, f2: np.ndarray) -> Normal:
        return head(self.linear(f"{layer}.posterior_head", silu(f2).reshape(len(f2), -1)))

    def grown(self, name: str, vector: np.ndarray) -> np.ndarray:
        """A vector latent as a map of the size of z₁'s."""
        h = self.linear(f"{name}.embed", vector).reshape(len(vector), -1, *self.scale_2)
        return self.res(f"{name}.block", up(h, *self.scale_1))

    def z1_prior(self, g: np.ndarray) -> Normal:
        return head(self.conv("layers.0.prior_head", silu(g)))

    def z1_posterior(self, f1: np.ndarray, g: np.ndarray) -> Normal:
        mean_p, log_std_p = self.z1_prior(g)
        if self.config["inference"] == "ladder":
            mean_d, log_std_d = head(self.conv("layers.0.posterior_head", silu(f1)))
            precision_p, precision_d = np.exp(-2 * log_std_p), np.exp(-2 * log_std_d)
            precision = precision_p + precision_d
            mean = (mean_p * precision_p + mean_d * precision_d) / precision
            return mean, -0.5 * np.log(precision)
        m = self.conv("layers.0.merge", np.concatenate([silu(f1), silu(g)], axis=1))
        delta, log_std_delta = head(
            self.conv("layers.0.posterior_head", silu(self.conv("layers.0.conv", silu(m))))
        )
        return mean_p + np.exp(log_std_p) * delta, log_std_p + log_std_delta

    def logits(self, z1: np.ndarray, g: np.ndarray | None = None) -> np.ndarray:
        """g, what z₂ has grown to, does not count: z₂ acts through z₁ alone."""
        if self.has_z2:
            h = self.res("grow.0.block", self.conv("grow.0.embed", z1))
        else:
            h = self.grown("grow.0", z1)
        h = shuffle(self.conv("picture_head.up", silu(h)))
        return shuffle(self.conv("picture_head.out", silu(h)))

    # -------------------------------------------------------------------------------------- ways through it

    def noise(self, n: int, seed: int) -> list[np.ndarray]:
        """ε of each layer, z₁'s first."""
        shapes = [self.z1_shape, (self.config["top_dim"],)][: self.config["layers"]]
        sizes = [math.prod(shape) for shape in shapes]
        row = sum(sizes) + -sum(sizes) % 16
        u = (mersenne_twister(seed, n * row) % 2**24 / 2**24).reshape(-1, 2, 8)
        r, phi = np.sqrt(-2 * np.log(1 - u[:, 0])), 2 * np.pi * u[:, 1]
        flat = np.stack([r * np.cos(phi), r * np.sin(phi)], axis=1).reshape(n, row)
        parts = np.split(flat[:, : sum(sizes)], np.cumsum(sizes)[:-1], axis=1)
        return [part.reshape(n, *shape) for part, shape in zip(parts, shapes, strict=True)]

    def sample(self, n: int, seed: int, temperature: float = 1.0) -> np.ndarray:
        """n pictures from the prior, pixel means."""
        noise = [temperature * layer for layer in self.noise(n, seed)]
        if not self.has_z2:
            return sigmoid(self.logits(noise[0]))
        g = self.grown("grow.1", noise[1])
        mean, log_std = self.z1_prior(g)
        return sigmoid(self.logits(mean + np.exp(log_std) * noise[0], g))

    def infer(self, x: np.ndarray, noise: list[np.ndarray] | None) -> list[tuple[np.ndarray, Normal, Normal]]:
        """Latent, posterior and prior of each layer, z₁'s first; without noise, latents are means."""
        f1, f2 = self.features(x)
        top = self.vector_posterior("layers.1" if self.has_z2 else "layers.0", f2)
        z_top = drawn(top, noise and noise[-1])
        of_top = (z_top, top, (np.zeros_like(z_top), np.zeros_like(z_top)))
        if not self.has_z2:
            return [of_top]
        g = self.grown("grow.1", z_top)
        posterior = self.z1_posterior(f1, g)
        return [(drawn(posterior, noise and noise[0]), posterior, self.z1_prior(g)), of_top]

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Pixel means, with posterior means all the way."""
        return sigmoid(self.logits_of(self.infer(x, None)))

    def logits_of(self, inferred: list[tuple[np.ndarray, Normal, Normal]]) -> np.ndarray:
        g = self.grown("grow.1", inferred[1][0]) if self.has_z2 else None
        return self.logits(inferred[0][0], g)

    def rates_and_distortion(self, x: np.ndarray, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
        """Rates of each layer, z₁'s first, each (N, numbers of the latent), and the distortion (N,), nats."""
        inferred = self.infer(x, self.noise(len(x), seed))
        rates = [kl(posterior, prior).reshape(len(x), -1) for _, posterior, prior in inferred]
        logits = self.logits_of(inferred)
        if self.config["likelihood"] == "bernoulli":
            terms = np.logaddexp(0, logits) - x * logits
        else:
            variance = self.config["variance"]
            terms = (x - sigmoid(logits)) ** 2 / (2 * variance) + 0.5 * np.log(2 * np.pi * variance)
        return rates, terms.reshape(len(x), -1).sum(1)


def mersenne_twister(seed: int, count: int) -> np.ndarray:
    """Outputs of MT19937, as float64: whole numbers below 2³²."""
    outputs = np.random.RandomState(seed).randint(0, 2**32, count, dtype=np.uint32)
    return outputs.astype(np.float64)


def permutation(n: int, seed: int) -> list[int]:
    """`torch.randperm(n)` of a generator with this seed."""
    order = list(range(n))
    for i, output in enumerate(mersenne_twister(seed, n - 1)):
        other = i + int(output) % (n - i)
        order[i], order[other] = order[other], order[i]
    return order


def drawn(normal: Normal, noise: np.ndarray | None) -> np.ndarray:
    """μ + σ ε, or μ."""
    return normal[0] if noise is None else normal[0] + np.exp(normal[1]) * noise


def kl(q: Normal, p: Normal) -> np.ndarray:
    """KL(q ‖ p) of each number, nats."""
    return p[1] - q[1] + (np.exp(2 * q[1]) + (q[0] - p[0]) ** 2) / (2 * np.exp(2 * p[1])) - 0.5


def to_bytes(pictures: np.ndarray) -> np.ndarray:
    """Pixel means as they are in a PNG."""
    return np.rint(255 * pictures).astype(np.uint8)


# ----------------------------------------------------------------------------------------------------- parent


def maps_in_order(config: dict) -> list[str]:
    """The NAMEs of the page's table that a network of this config has, in the order of the gates."""
    stem = ["bottom_up.stem.0", "bottom_up.stem.2", "bottom_up.stem.3.conv1", "bottom_up.stem.3.conv2"]
    between = [] if config["inference"] == "ladder" else ["layers.0.merge", "layers.0.conv"]
    layers = ["layers.0.prior_head", *between, "layers.0.posterior_head", "layers.1.posterior_head"]
    grow = [f"grow.{i}.{part}" for i in (0, 1) for part in ("embed", "block.conv1", "block.conv2")]
    return [*stem, "bottom_up.downs.0", *layers, *grow, "picture_head.up", "picture_head.out"]


def fold(path: Path, beta_2: float, beta_1: float) -> Network:
    """The HVAE that the parent in a file is at one β."""
    about, weights = header(path), weights_in(path)
    low, high = np.log(about["beta_range"])
    t = (2 * np.log([[beta_1, beta_2]]) - low - high) / (high - low)
    parent = Network(about["config"], weights)
    code = silu(parent.linear("code.2", silu(parent.linear("code.0", t))))
    (gates,) = parent.linear("gates", code)
    folded = {}
    for name in maps_in_order(about["config"]):
        weight, bias = (weights[f"hvae.{name}.inner.{part}"] for part in ("weight", "bias"))
        (a, b), gates = gates[: 2 * len(bias)].reshape(2, -1), gates[2 * len(bias) :]
        folded[f"{name}.weight"] = weight * (1 + a).reshape(-1, *[1] * (weight.ndim - 1))
        folded[f"{name}.bias"] = bias * (1 + a) + b
    assert len(gates) == 0
    return Network(about["config"], folded)


# ------------------------------------------------------------------------------------------------- classifier


def class_probabilities(path: Path, x: np.ndarray) -> np.ndarray:
    """p(y|x), (N, K), by the classifier in a file."""
    weights = weights_in(path)

    def normed(name: str, x: np.ndarray, stride: int = 1) -> np.ndarray:
        x = conv(x, weights[f"{name}.0.weight"], stride=stride)
        mean, variance, weight, bias = (
            weights[f"{name}.1.{part}"].reshape(-1, 1, 1)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / np.sqrt(variance + 1e-5) * weight + bias

    for down, block in (("body.0", "body.2"), ("body.3", "body.5"), ("body.6", "body.8")):
        x = np.maximum(normed(down, x, stride=2), 0)
        inner = np.maximum(normed(f"{block}.conv1", x), 0)
        x = np.maximum(x + normed(f"{block}.conv2", inner), 0)
    logits = x.mean(axis=(2, 3)) @ weights["head.weight"].T + weights["head.bias"]
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


# ---------------------------------------------------------------------------------------------------- metrics


def psnr(x: np.ndarray, reconstructions: np.ndarray) -> float:
    """dB, of one mean squared error over all pixels of all images."""
    return float(10 * np.log10(1 / np.mean((x - reconstructions) ** 2)))


def mi_z2(z: np.ndarray, posterior: Normal, labels: np.ndarray) -> float:
    """The mixture estimate of I(y; z₂), nats, from one draw z (N, d) per image."""
    mean, log_std = posterior
    standardised = (z[:, None] - mean) / np.exp(log_std)
    log_density = (-0.5 * standardised**2 - log_std).sum(2)
    log_density -= log_density.max(1, keepdims=True)
    density = np.exp(log_density)
    same = labels[:, None] == labels
    of_label = (density * same).sum(1) / same.sum(1)
    return float(np.mean(np.log(of_label / density.mean(1))))


def scores(probabilities: np.ndarray) -> dict[str, float]:
    """Inception score, diversity and sharpness from p(y|x), (N, K)."""

    def entropy(p: np.ndarray) -> np.ndarray:
        return -(p * np.log(p, out=np.zeros_like(p), where=p > 0)).sum(-1)

    diversity = float(np.exp(entropy(probabilities.mean(0))))
    sharpness = float(np.exp(-entropy(probabilities).mean()))
    return {"inception_score": diversity * sharpness, "diversity": diversity, "sharpness": sharpness}


# --------------------------------------------------------------------------------------------------- pictures


def bordered(images: np.ndarray) -> np.ndarray:
    """uint8 (N, 28, 28) with a black border of 2 pixels: (N, 1, 32, 32)."""
    return np.pad(images, [(0, 0), (2, 2), (2, 2)])[:, None]


def enlarged_digits(small: np.ndarray) -> np.ndarray:
    """scikit-learn's digits (N, 8, 8), 0 … 16, as uint8 (N, 1, 32, 32)."""
    place = np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7)
    left = np.minimum(place.astype(int), 6)
    blend = np.zeros((32, 8))
    blend[np.arange(32), left] = 1 - (place - left)
    blend[np.arange(32), left + 1] = place - left
    return np.rint(blend @ (small * 255 / 16) @ blend.T).astype(np.uint8)[:, None]
