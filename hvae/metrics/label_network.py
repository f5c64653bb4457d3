"""A small network that learns log p(z|y) − log p(z) from draws: the r(y|z) of a variational bound."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hvae.numerics import one_thread

_HIDDEN = 256
_DROPOUT = 0.3
_EPOCHS = 4
_BATCH_SIZE = 200
_LEARNING_RATE = 3e-3
_WEIGHT_DECAY = 0.1
# One draw in ten is held out: it decides how far to trust the network.
_HELD_OUT = 10


@torch.inference_mode(False)
@torch.enable_grad()
def label_log_ratios(
    train_z: Tensor, train_labels: Tensor, z: Tensor, *, classes: int, seed: int = 0
) -> Tensor:
    """Return τ · a(z), (N, K): r(y|z) ∝ p(y) exp(τ a_y(z)) for labels of any frequencies p(y).

    a is a perceptron with one hidden layer, trained on the cross-entropy of (train_z, train_labels), with
    p(y) their frequencies. τ in [0, 1] corrects overconfidence: it is the best value on the last tenth of
    `train_z`, which the network does not see. τ is 0 if the network has learned nothing that generalises.

    All tensors are on the CPU, float32 (M, D) and (N, D), labels (M,). The same arguments give the same
    result.
    """
    mean, std = train_z.mean(0), train_z.std(0, correction=0).clamp_min(1e-6)
    held_out = max(1, len(train_z) // _HELD_OUT)
    x, held_out_x = ((train_z - mean) / std).tensor_split([len(train_z) - held_out])
    y, held_out_y = train_labels.tensor_split([len(train_z) - held_out])
    # Half a draw more of each class: a class without draws is unlikely, not impossible.
    log_prior = torch.log(y.bincount(minlength=classes) + 0.5)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _train(x, y, log_prior, classes)
    with one_thread(), torch.no_grad():
        ratios = network(held_out_x)
        temperatures = torch.linspace(0, 1, 41)
        losses = [F.cross_entropy(t * ratios + log_prior, held_out_y) for t in temperatures]
        return temperatures[torch.stack(losses).argmin()] * network((z - mean) / std)


def _train(x: Tensor, y: Tensor, log_prior: Tensor, classes: int) -> nn.Module:
    """Train with AdamW and one cycle of the learning rate; uses torch's global random numbers."""
    network = nn.Sequential(
        nn.Linear(x.shape[1], _HIDDEN), nn.ReLU(), nn.Dropout(_DROPOUT), nn.Linear(_HIDDEN, classes)
    )
    nn.init.zeros_(network[-1].weight)
    nn.init.zeros_(network[-1].bias)
    optimizer = torch.optim.AdamW(
        network.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY, fused=True
    )
    batches = [index for _ in range(_EPOCHS) for index in torch.randperm(len(x)).split(_BATCH_SIZE)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, max(len(batches), 2))
    for index in batches:
        loss = F.cross_entropy(network(x[index]) + log_prior, y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()
