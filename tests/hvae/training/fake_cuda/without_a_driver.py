"""What torch asks a driver or cuDNN for, in Python: formats of convolutions, modules, autograd.

torch's autograd engine asks the driver for its devices; `run_backward` walks the same graph of the same
nodes.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import torch


def _layout(tensor: torch.Tensor) -> torch.memory_format:
    """Tensor::suggest_memory_format: in doubt, where a side is 1, it is contiguous."""
    stride, shape, least = tensor.stride(), tensor.shape, 0
    if tensor.dim() != 4 or stride[1] == 0:
        return torch.contiguous_format
    for dim in (1, 3, 2, 0):
        if shape[dim] == 0 or stride[dim] < least or (dim == 0 and least == stride[1]):
            return torch.contiguous_format
        least = stride[dim] * max(shape[dim], 1)
    return torch.channels_last


def cudnn_format(x: torch.Tensor, weight: torch.Tensor, _: object) -> torch.memory_format:
    last = torch.channels_last in (_layout(x), _layout(weight)) and x.dtype != torch.float64
    return torch.channels_last if last else torch.contiguous_format


def apply(module: torch.nn.Module, change, recurse: bool = True) -> torch.nn.Module:
    """Module._apply without its ways to keep a parameter's identity, which fake tensors do not allow."""
    for child in module.children():
        child._apply(change)
    for key, parameter in module._parameters.items():
        if parameter is not None:
            with torch.no_grad():
                changed = change(parameter.detach())
            module._parameters[key] = torch.nn.Parameter(changed, parameter.requires_grad)
    for key, buffer in module._buffers.items():
        if buffer is not None:
            module._buffers[key] = change(buffer)
    return module


@torch.no_grad()
def run_backward(roots, grads, targets=()):
    """Gradients of `targets`, edges (node, number); with none, into the leaves' `.grad`."""
    wanted = dict.fromkeys(targets)
    dependencies, seen, stack = Counter(), set(), [root for root, _ in roots]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        for following, _ in node.next_functions:
            if following is not None:
                dependencies[following] += 1
                stack.append(following)
    buffers: dict = defaultdict(dict)

    def add(node, number, grad):
        if grad is None:
            return
        like = node._input_metadata[number]
        if tuple(grad.shape) != tuple(like.shape):
            grad = grad.sum_to_size(tuple(like.shape))
        grad = grad.to(like.dtype)
        there = buffers[node].get(number)
        buffers[node][number] = grad if there is None else there + grad

    for (node, number), grad in zip(roots, grads, strict=True):
        add(node, number, grad)
    ready = [node for node in {root for root, _ in roots} if not dependencies[node]]
    while ready:
        node = ready.pop()
        buffer, results = buffers.pop(node, {}), ()
        for number, grad in buffer.items():
            if (node, number) in wanted:
                wanted[node, number] = grad
        is_leaf = type(node).__name__ == "AccumulateGrad"
        if buffer and is_leaf and not targets:
            if node.variable.grad is None:
                node.variable.grad = buffer[0].clone()
            else:
                node.variable.grad.add_(buffer[0])
        elif buffer and not is_leaf:
            call = node if callable(node) else node.apply  # the latter a torch.autograd.Function's
            results = call(*[buffer.get(number) for number in range(len(node._input_metadata))])
            results = results if isinstance(results, tuple) else (results,)
        for position, (following, number) in enumerate(node.next_functions):
            if following is None:
                continue
            if position < len(results):
                add(following, number, results[position])
            dependencies[following] -= 1
            if not dependencies[following]:
                ready.append(following)
    return [wanted[edge] for edge in targets]


_real_grad, _real_backward = torch.autograd.grad, torch.Tensor.backward


def _edge(tensor: torch.Tensor):
    edge = torch.autograd.graph.get_gradient_edge(tensor)
    return edge.node, edge.output_nr


def grad(output, inputs, *options, **named):
    if output.device.type != "cuda":
        return _real_grad(output, inputs, *options, **named)
    with torch.no_grad():
        one = torch.ones_like(output)
    return tuple(run_backward([_edge(output)], [one], [_edge(tensor) for tensor in inputs]))


def backward(tensor, *options, **named):
    if tensor.device.type != "cuda":
        return _real_backward(tensor, *options, **named)
    with torch.no_grad():
        one = torch.ones_like(tensor)
    run_backward([_edge(tensor)], [one])
