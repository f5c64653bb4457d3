"""Many models of one architecture, trained in one program.

The weights of M models are the rows of one (M, P) matrix, and so are their gradients and AdamW's moments. All
models see the same minibatches. Noise, β and the clipping of gradients are separate for each model. So a
model gets the same weights alone or among others, to the bit on a CPU, to rounding on a GPU; and one that
diverges does not disturb the others.

Batches and noise are functions of the seed and the step. So the progress of a run is its step and three
matrices: `State`. A fleet made from a state continues as if it had never stopped.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from hvae.config import HVAEConfig
from hvae.datasets import Images
from hvae.model import HVAE, Elbo, split_noise
from hvae.numerics import full_float32
from hvae.parent import Parent
from hvae.training.cuda_steps import CudaSteps
from hvae.training.objective import training_loss
from hvae.training.recipe import Recipe
from hvae.training.stacked_convolutions import STACKED, usual_formulation

NOISE_STEPS = 16
FINITE_EVERY = 100


class State(NamedTuple):
    """Everything that a run needs to continue: the steps done, and (M, P) weights and moments, on the CPU."""

    step: int
    weights: Tensor
    mean: Tensor
    square: Tensor

    @classmethod
    def initial(cls, models: Sequence[nn.Module]) -> State:
        """Return the state before the first step, with these models' weights."""
        weights = torch.stack([flattened(model).cpu() for model in models])
        return cls(0, weights, torch.zeros_like(weights), torch.zeros_like(weights))

    def rows(self, chosen: Sequence[int]) -> State:
        """Return the state of some of the models."""
        index = torch.tensor(chosen, dtype=torch.int64)
        return State(self.step, *(matrix[index] for matrix in self[1:]))


class Inputs(NamedTuple):
    """The inputs of one step.

    x: (B, C, H, W). noise: (M, B, D). betas: (M, L) or (M, B, L). warmth, learning_rate: scalars.
    """

    x: Tensor
    noise: Tensor
    betas: Tensor
    warmth: Tensor
    learning_rate: Tensor


class Fleet:
    """M models in training.

    models: HVAEs or Parents of one config, at their initial weights; copied, not changed.
    names: M different names; a model's noise depends on its name and the seed.
    betas: β_1 … β_L of each model, layer 1 first; None for parents, which see a new β for every image,
        log-uniform over their range.
    images: the training images, on the device to train on.
    formulation, precision: names of `hvae.training.ways_to_compute`, by default the device's usual ones.
        Weights and moments are float32.
    state: from `state()`, to continue a run.
    Raises ValueError if the arguments do not fit together.
    """

    def __init__(
        self,
        models: Sequence[HVAE] | Sequence[Parent],
        names: Sequence[str],
        betas: Sequence[Sequence[float]] | None,
        images: Images,
        recipe: Recipe,
        seed: int = 0,
        formulation: str | None = None,
        state: State | None = None,
        precision: str | None = None,
    ) -> None:
        check_arguments(models, names, betas, images)
        self.config = models[0].config
        self.names, self.images, self.recipe, self.seed = list(names), images, recipe, seed
        self.device = images.images.device
        self.formulation = formulation or ("loop" if betas is None else usual_formulation(self.device))
        self.precision = precision or usual_precision(self.device)
        self.steps = recipe.steps(len(images))
        self._betas = None if betas is None else torch.tensor(betas, device=self.device)
        self._beta_range = getattr(models[0], "beta_range", None)
        self._batch_size = min(recipe.batch_size, len(images))
        self._order: tuple[int, Tensor] | None = None
        self._noise: tuple[int, Tensor, Tensor] | None = None
        self._cuda = CudaSteps(self.device, lone=len(names) == 1) if self.device.type == "cuda" else None
        state = state or State.initial(models)
        self._weights = state.weights.to(self.device, copy=True)
        self._gradients = torch.zeros_like(self._weights)
        # All but `loop` compute with one template, and rows of matrices for its weights.
        computing = models if self.formulation == "loop" else models[:1]
        self._models = [copy.deepcopy(model).to(self.device).train() for model in computing]
        for model, row, gradient in zip(self._models, self._weights, self._gradients, strict=False):
            for parameter, part, its_gradient in zip(
                model.parameters(), parts(model, row), parts(model, gradient), strict=True
            ):
                parameter.data, parameter.grad = part, its_gradient
        self.done = state.step
        self.alive = state.weights.isfinite().all(dim=1).tolist()
        self._optimizer = self._adamw(state)

    def _adamw(self, state: State) -> torch.optim.AdamW:
        matrix = nn.Parameter(self._weights)
        matrix.grad = self._gradients
        optimizer = torch.optim.AdamW(
            [matrix],
            # A tensor, because a number would be frozen into a CUDA graph.
            lr=torch.tensor(self.recipe.learning_rate, device=self.device),
            weight_decay=self.recipe.weight_decay,
            fused=True,
        )
        optimizer.state[matrix] = {
            "step": torch.tensor(float(state.step), device=self.device),
            "exp_avg": state.mean.to(self.device, copy=True),
            "exp_avg_sq": state.square.to(self.device, copy=True),
        }
        return optimizer

    @property
    def is_finished(self) -> bool:
        """Whether all steps are done, or no model has finite weights any more."""
        return self.done >= self.steps or not any(self.alive)

    def state(self) -> State:
        """Return a copy of the state."""
        matrices = (self._weights, self._moments["exp_avg"], self._moments["exp_avg_sq"])
        return State(self.done, *(matrix.detach().to("cpu", copy=True) for matrix in matrices))

    @property
    def _moments(self) -> dict[str, Tensor]:
        """AdamW's matrices, and how many steps it has taken."""
        return next(iter(self._optimizer.state.values()))

    def step(self) -> None:
        """One step of every model. Raises torch.OutOfMemoryError where the device's memory is too small."""
        inputs = self.inputs()
        if self._cuda is None:
            self._update(inputs)
        else:
            self._cuda.take(self._update, inputs, self._moments["step"])
        self.done += 1
        if self.done % FINITE_EVERY == 0 or self.done == self.steps:
            self.alive = self._weights.isfinite().all(dim=1).tolist()

    def gradients(self) -> Tensor:
        """Return the gradients of the step that comes next, which is not taken: a row a model, on the CPU."""
        self._differentiate(self.inputs())
        return self._gradients.to("cpu", copy=True)

    def _update(self, inputs: Inputs) -> None:
        self._differentiate(inputs)
        norm = torch.linalg.vector_norm(self._gradients, dim=1, keepdim=True)
        self._gradients.mul_((self.recipe.clip_norm / (norm + 1e-6)).clamp(max=1))
        group = self._optimizer.param_groups[0]
        group["lr"].copy_(inputs.learning_rate)
        # Only then: AdamW warns of a step that is capturable and is not captured.
        group["capturable"] = self._cuda is not None and torch.cuda.is_current_stream_capturing()
        self._optimizer.step()

    def _differentiate(self, inputs: Inputs) -> None:
        """Make the rows of gradients those of these inputs."""
        self._gradients.zero_()
        halved = self.precision == "bfloat16"
        exact = full_float32() if self._cuda is not None and not halved else nullcontext()
        with exact, torch.autocast(self.device.type, torch.bfloat16, enabled=halved, cache_enabled=False):
            self._backward(inputs)

    def _backward(self, inputs: Inputs) -> None:
        """Add the gradient of every model's loss to its row of gradients."""
        if self.formulation == "loop":
            for model, is_alive, noise, betas in zip(
                self._models, self.alive, inputs.noise, inputs.betas, strict=True
            ):
                if is_alive:
                    self._loss(model, inputs, noise, betas).backward()
            return
        template = self._models[0]

        def loss(weights: dict[str, Tensor], noise: Tensor, betas: Tensor) -> Tensor:
            def model(*arguments: object) -> Elbo:
                return functional_call(template, weights, arguments)

            return self._loss(model, inputs, noise, betas)

        names = [name for name, _ in template.named_parameters()]
        stacked = dict(zip(names, parts(template, self._weights), strict=True))
        for weight in stacked.values():
            weight.requires_grad_()
        with STACKED[self.formulation]():
            losses = torch.vmap(loss)(stacked, inputs.noise, inputs.betas)
        gradients = torch.autograd.grad(losses.sum(), list(stacked.values()))
        for part, gradient in zip(parts(template, self._gradients), gradients, strict=True):
            part.copy_(gradient)

    def _loss(self, model: Callable, inputs: Inputs, noise: Tensor, betas: Tensor) -> Tensor:
        noise = split_noise(noise, self.config.latent_shapes)
        elbo = model(inputs.x, noise, betas) if self._betas is None else model(inputs.x, noise)
        return training_loss(elbo.distortion, elbo.rates, betas, inputs.warmth)

    def inputs(self) -> Inputs:
        """Return the next step's inputs: a function of the seed, the names and the steps done."""
        per_epoch = max(1, len(self.images) // self._batch_size)
        epoch, place = divmod(self.done, per_epoch)
        if self._order is None or self._order[0] != epoch:
            generator = torch.Generator().manual_seed(number("order", self.seed, epoch))
            self._order = epoch, torch.randperm(len(self.images), generator=generator).to(self.device)
        index = self._order[1][place * self._batch_size : (place + 1) * self._batch_size]
        block, place = divmod(self.done, NOISE_STEPS)
        if self._noise is None or self._noise[0] != block:
            noise, betas = zip(*(self._draw(name, block) for name in self.names), strict=True)
            self._noise = block, torch.stack(noise, dim=1), torch.stack(betas, dim=1)
        step = self.done, self.steps
        return Inputs(
            self.images.batch(index).contiguous(memory_format=torch.channels_last),
            self._noise[1][place],
            self._noise[2][place] if self._betas is None else self._betas,
            # Filled in there: a copy from the CPU would wait for the device.
            torch.full((), self.recipe.warmth(*step), device=self.device),
            torch.full((), self.recipe.learning_rate_at(*step), device=self.device),
        )

    def _draw(self, name: str, block: int) -> tuple[Tensor, Tensor]:
        """Return one model's noise (K, B, D) for the K steps of a block, and a β for every image, (K, B, L).

        The values of β of a batch are log-uniform, and stratified: one in each of B equal parts of the range.
        """
        generator = torch.Generator(self.device).manual_seed(number("noise", self.seed, name, block))
        shape = (NOISE_STEPS, self._batch_size)
        size = sum(map(math.prod, self.config.latent_shapes))
        noise = torch.randn(*shape, size, generator=generator, device=self.device)
        if self._beta_range is None:
            return noise, noise.new_empty(NOISE_STEPS)
        shape = (*shape, self.config.layers)
        stratum = torch.rand(shape, generator=generator, device=self.device).argsort(dim=1)
        place = torch.rand(shape, generator=generator, device=self.device)
        low, high = self._beta_range
        return noise, low * (high / low) ** ((stratum + place) / self._batch_size)


def usual_precision(device: torch.device) -> str:
    """Return what products are computed in on a device, where nobody has chosen."""
    return "bfloat16" if device.type == "cuda" else "float32"


def number(*parts: object) -> int:
    """Return a seed for torch.Generator, made from anything that has a repr."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) >> 1


def parts(model: nn.Module, matrix: Tensor) -> list[Tensor]:
    """Return views of (…, P) weights as the model's parameters, (…, *shape) each.

    Convolutions are in channels_last.
    """
    views, start = [], 0
    for parameter in model.parameters():
        shape = parameter.shape
        part = matrix[..., start : start + parameter.numel()]
        start += parameter.numel()
        if parameter.ndim == 4:
            views.append(part.unflatten(-1, (shape[0], shape[2], shape[3], shape[1])).movedim(-1, -3))
        else:
            views.append(part.unflatten(-1, shape))
    return views


def flattened(model: nn.Module) -> Tensor:
    """Return a model's parameters as one vector (P,), in the order of `parts`."""
    weights = (weight.detach() for weight in model.parameters())
    return torch.cat([(w.movedim(1, -1) if w.ndim == 4 else w).flatten() for w in weights])


@torch.no_grad()
def with_weights(model: nn.Module, row: Tensor) -> nn.Module:
    """Return a copy of `model`, in eval mode, with the weights of one row of `State.weights`."""
    model = copy.deepcopy(model)
    for parameter, part in zip(model.parameters(), parts(model, row), strict=True):
        parameter.copy_(part)
    return model.eval()


def check_arguments(
    models: Sequence[nn.Module],
    names: Sequence[str],
    betas: Sequence[Sequence[float]] | None,
    images: Images,
) -> None:
    """Raise ValueError if the arguments of a Fleet do not fit together."""
    if not models or len(set(names)) != len(models) or len(names) != len(models):
        raise ValueError(f"{len(models)} models need as many different names, not {list(names)}")
    config = models[0].config
    if any(model.config != config for model in models):
        raise ValueError("the models of a fleet have one config")
    if (betas is None) != isinstance(models[0], Parent):
        raise ValueError("HVAEs need values of β; a parent draws its own")
    if betas is not None and len(betas) != len(models):
        raise ValueError(f"{len(models)} models need as many sets of β, not {len(betas)}")
    for its_betas in betas or []:
        if len(its_betas) != config.layers:
            raise ValueError(f"{config.layers} layers need {config.layers} values of β, not {len(its_betas)}")
    check_shape(images, config)


def check_shape(images: Images, config: HVAEConfig) -> None:
    """Raise ValueError if the images are not of the shape that the config is for."""
    if tuple(images.images.shape[1:]) != config.image_shape:
        raise ValueError(f"images are {tuple(images.images.shape[1:])}, the model takes {config.image_shape}")
