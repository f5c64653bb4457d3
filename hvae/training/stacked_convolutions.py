"""Ways to compute the gradients of many models of one architecture on one minibatch.

`loop` runs one model after another. The others run all models at once with torch.func.vmap over stacked
weights. They differ in how they compute a convolution: `grouped` leaves it to vmap, which makes it a grouped
convolution; `grouped_last` makes that of activations that stay in channels_last order; `matmul` gathers
patches in channels_last order and takes one batched matrix product; `einsum` gathers patches with `unfold`
and contracts with torch.einsum. Transposed convolutions are left to vmap by all four. bench/README.md has
their speeds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from hvae.training.ways_to_compute import Formulation

Pair = tuple[int, int]


class ConvolutionsAs(TorchFunctionMode):
    """In this context, `convolution` computes every torch.conv2d, with the same arguments."""

    def __init__(self, convolution: Callable[..., Tensor]) -> None:
        super().__init__()
        self.convolution = convolution

    def __torch_function__(
        self, function: Callable, types: tuple, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        function = self.convolution if function is torch.conv2d else function
        return function(*args, **(kwargs or {}))


def matmul_convolution(
    x: Tensor, weight: Tensor, bias: Tensor, stride: Pair, padding: Pair, *_: object
) -> Tensor:
    """Return conv2d of x (N, C, H, W) and weight (C', C, k, k) as one product of patches, channels last."""
    n, out, k = len(x), len(weight), weight.shape[-1]
    if k == 1:
        patches, height, width = x, *x.shape[2:]
    else:
        x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        height, width = ((side - k) // step + 1 for side, step in zip(x.shape[2:], stride, strict=True))
        patches = torch.cat(
            [
                x[:, :, i : i + stride[0] * (height - 1) + 1 : stride[0]][
                    :, :, :, j : j + stride[1] * (width - 1) + 1 : stride[1]
                ]
                for i in range(k)
                for j in range(k)
            ],
            dim=1,
        )
    rows = patches.permute(0, 2, 3, 1).reshape(n * height * width, -1)
    product = rows @ weight.permute(2, 3, 1, 0).reshape(-1, out) + bias
    return product.reshape(n, height, width, out).permute(0, 3, 1, 2)


def einsum_convolution(
    x: Tensor, weight: Tensor, bias: Tensor, stride: Pair, padding: Pair, *_: object
) -> Tensor:
    """Return conv2d of x (N, C, H, W) and weight (C', C, k, k) as a contraction of unfolded patches."""
    k = weight.shape[-1]
    height, width = (
        (side + 2 * pad - k) // step + 1 for side, pad, step in zip(x.shape[2:], padding, stride, strict=True)
    )
    patches = F.unfold(x, k, padding=padding, stride=stride)
    product = torch.einsum("nkl,ok->nol", patches, weight.flatten(1)) + bias.unsqueeze(-1)
    return product.unflatten(2, (height, width))


class _Grouped(torch.autograd.Function):
    """A convolution that vmap makes one of all models, a group of channels for each.

    vmap's own has the channels of a model side by side in its memory only where it copies them there.
    """

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor, stride: Pair, padding: Pair) -> Tensor:
        return torch.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def setup_context(*_: object) -> None:
        """Keep nothing: below vmap, autograd sees the operations of `vmap` instead."""

    @staticmethod
    def vmap(
        info: object, dims: tuple, x: Tensor, weight: Tensor, bias: Tensor, stride: Pair, padding: Pair
    ) -> tuple[Tensor, int]:
        """Return the convolutions (N, M, C', H, W) of all models, and where M is in it."""
        groups = info.batch_size
        weight, bias = (
            part.expand(groups, *part.shape) if dim is None else part.movedim(dim, 0)
            for part, dim in ((weight, dims[1]), (bias, dims[2]))
        )
        kind = x.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype
        # The same images for all models need no copies: all their channels are of one group.
        x, of_one = (x, True) if dims[0] is None else (x.movedim(dims[0], 1).flatten(1, 2), False)
        x, weight = (
            part.to(dtype).contiguous(memory_format=torch.channels_last) for part in (x, weight.flatten(0, 1))
        )
        bias = bias.flatten().to(dtype)
        out = torch.conv2d(x, weight, bias, stride, padding, groups=1 if of_one else groups)
        return out.unflatten(1, (groups, -1)), 1


def grouped_convolution(
    x: Tensor, weight: Tensor, bias: Tensor, stride: Pair, padding: Pair, *_: object
) -> Tensor:
    """Return conv2d of x (N, C, H, W) and weight (C', C, k, k), within vmap as one of all models."""
    return _Grouped.apply(x, weight, bias, stride, padding)


STACKED: dict[str, Callable[[], object]] = {
    Formulation.grouped: nullcontext,
    Formulation.grouped_last: lambda: ConvolutionsAs(grouped_convolution),
    Formulation.matmul: lambda: ConvolutionsAs(matmul_convolution),
    Formulation.einsum: lambda: ConvolutionsAs(einsum_convolution),
}


def usual_formulation(device: torch.device) -> str:
    """Return the formulation of points on a device, where nobody has chosen or measured."""
    return "loop" if device.type == "cpu" else "matmul"
