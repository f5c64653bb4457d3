"""How fast points train: this project's fleet against plain loops, in one run.

    python bench/fleet.py --data-dir DIR [--device auto] [--seconds 5] [--research-steps 200] [--warm-up 5]
                          [--turns 2]

Speeds are model·images per second: the number of models times the number of images that each is trained on in
a second. First a plain research loop (DataLoader, ToTensor, eager, Adam, `.item()` every step) trains one
point at a time, at four places of the plane. Then the fleet trains in every formulation. On a CUDA device
there are also an eager loop over 64 points with its data on the device, and the share of the card's measured
bf16 peak that the fleet reaches.

Measurements take turns, twice, and the better one counts: other work on the machine can only slow one down.
Takes a quarter of an hour on two cores. To see that it runs, in a minute of CPU, on a busy machine with
OMP_NUM_THREADS=1: --seconds 0.05 --research-steps 3 --warm-up 1 --turns 1. What is measured now is on stderr.

With OMP_NUM_THREADS=1 on a CPU, seconds are CPU seconds, which other work disturbs little. The research loop
first trains for 200 steps: if a latent collapses, gradients become denormal numbers, on which a CPU is slow.
The fleet flushes them to zero; some lines show the effect of this alone, measured in a separate process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from hvae import HVAE, HVAEConfig
from hvae.datasets import Images, load
from hvae.training.fleet import Fleet
from hvae.training.objective import objective
from hvae.training.recipe import REFINEMENT
from hvae.training.stacked_convolutions import usual_formulation
from hvae.training.train import initial_model
from hvae.training.ways_to_compute import FORMULATIONS
from precompute.device import choose_device

PLACES = [[1.0, 1.0], [1.0, 0.1], [0.1, 1.0], [10.0, 10.0]]  # β₁, β₂
MANY = 64
SIZES = {"cpu": [1, 4], "mps": [1, 4], "cuda": [1, 8, MANY]}  # points of a fleet
EAGER = f"eager loop on the device, {MANY} points"


def speed(step, images_per_step: int, seconds: float, device: torch.device, warm_up: int) -> float:
    """Return model·images/s of calling `step` for so many seconds, after `warm_up` calls."""
    one_thread = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if one_thread else time.perf_counter
    for _ in range(warm_up):
        step()
    synchronise(device)
    calls, started = 0, clock()
    while clock() - started < seconds:
        step()
        calls += 1
    synchronise(device)
    return calls * images_per_step / (clock() - started)


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def research_loop(data_dir: Path, device: torch.device, place: list[float]):
    """Return one step of a model, as published code trains it."""
    from torchvision.datasets import MNIST
    from torchvision.transforms import Compose, Pad, ToTensor

    data = MNIST(data_dir, train=True, transform=Compose([Pad(2), ToTensor()]))
    batch_size = REFINEMENT.batch_size
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True, drop_last=True)
    torch.manual_seed(0)
    model = HVAE(HVAEConfig()).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    betas = torch.tensor(place, device=device)
    batches, total = iter(loader), 0.0

    def step() -> None:
        nonlocal batches, total
        x = next(batches, None)
        if x is None:
            batches = iter(loader)
            x = next(batches)
        noise = [torch.randn(batch_size, *s, device=device) for s in model.config.latent_shapes]
        elbo = model(x[0].to(device), noise)
        loss = objective(elbo.distortion, elbo.rates, betas)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()

    return step


def resident_loop(images: Images, models: int):
    """Return one eager step of each of many models, one after another, the data on the device."""
    device, batch_size = images.images.device, REFINEMENT.batch_size
    trained = [HVAE(HVAEConfig()).to(device) for _ in range(models)]
    optimizers = [torch.optim.Adam(model.parameters(), lr=1e-3, fused=True) for model in trained]
    betas = torch.tensor(PLACES[0], device=device)

    def step() -> None:
        for model, optimizer in zip(trained, optimizers, strict=True):
            x = images.batch(torch.randint(len(images), (batch_size,), device=device))
            noise = [torch.randn(batch_size, *s, device=device) for s in model.config.latent_shapes]
            elbo = model(x, noise)
            loss = objective(elbo.distortion, elbo.rates, betas)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return step


def fleet(images: Images, models: int, formulation: str) -> Fleet:
    names = [str(number) for number in range(models)]
    recipe = replace(REFINEMENT, epochs=1000)
    initial = initial_model(HVAEConfig(), images, 0)
    betas = [PLACES[number % len(PLACES)] for number in range(models)]
    return Fleet([initial] * models, names, betas, images, recipe, formulation=formulation)


_runs: dict[str, tuple[Callable[[], None], int]] = {}
"""The measurements of this process: a step, and its number of model·images."""


def process_of_its_own(flush: bool) -> ProcessPoolExecutor:
    """Return a process that flushes denormal numbers to zero, or not, from its start.

    Each thread has this setting. torch's other threads take it over when they begin, and not later.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, context, initializer=torch.set_flush_denormal, initargs=(flush,))


def prepare(data_dir: Path, device: torch.device, flush: bool, research_steps: int) -> list[str]:
    """Make the measurements of this process, and return their names."""
    batch_size = REFINEMENT.batch_size
    for place in PLACES:
        show_progress(f"{research_name(place, flush)}: {research_steps} steps first")
        step = research_loop(data_dir, device, place)
        for _ in range(research_steps):
            step()
        _runs[research_name(place, flush)] = step, batch_size
    images = load("mnist", "train", data_dir, device=device)
    if device.type == "cuda":
        _runs[EAGER] = resident_loop(images, MANY), MANY * batch_size
    if flush or device.type != "cpu":
        for formulation in FORMULATIONS:
            for size in SIZES[device.type]:
                step = fleet(images, size, formulation).step
                _runs[f"fleet, {formulation}, {size} points"] = step, size * batch_size
    return list(_runs)


def show_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measure(name: str, seconds: float, device: torch.device, warm_up: int) -> float:
    """Return model·images/s of one measurement."""
    show_progress(name)
    step, images_per_step = _runs[name]
    return speed(step, images_per_step, seconds, device, warm_up)


def research_name(place: list[float], flush: bool) -> str:
    zero = ", denormals flushed to zero" if flush else ""
    return f"research loop, β₂ = {place[1]:g}, β₁ = {place[0]:g}{zero}"


def over_the_plane(speeds: dict[str, float], flush: bool) -> float:
    """Return the research loop's model·images/s over all places.

    A harmonic mean, for as many images at each.
    """
    return len(PLACES) / sum(1 / speeds[research_name(place, flush)] for place in PLACES)


def flops_per_image() -> float:
    """Return the floating-point operations of training for one image and model."""
    model, n = HVAE(HVAEConfig()), 16
    with FlopCounterMode(display=False) as counter:
        elbo = model(torch.rand(n, 1, 32, 32), model.noise(n))
        objective(elbo.distortion, elbo.rates, torch.tensor(PLACES[0])).backward()
    return counter.get_total_flops() / n


def bf16_peak(device: torch.device, seconds: float) -> float:
    """Return the FLOP/s of a large bf16 matrix product."""
    side = 8192
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    return speed(lambda: a @ b, 2 * side**3, seconds, device, warm_up=5)


def report(arguments: argparse.Namespace, device: torch.device) -> None:
    """Measure everything, and print the table. arguments: those of `parser_of_fleet`."""
    seconds, warm_up = arguments.seconds, arguments.warm_up
    sizes = SIZES[device.type]
    with ExitStack() as stack:
        processes = {
            flush: stack.enter_context(process_of_its_own(flush))
            for flush in ((False, True) if device.type == "cpu" else (False,))
        }
        runs = {
            name: process
            for flush, process in processes.items()
            for name in process.submit(
                prepare, arguments.data_dir, device, flush, arguments.research_steps
            ).result()
        }
        best = dict.fromkeys(runs, 0.0)
        for _ in range(arguments.turns):
            for name, process in runs.items():
                speed_now = process.submit(measure, name, seconds, device, warm_up).result()
                best[name] = max(best[name], speed_now)

    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    print(f"{device}{threads}, torch {torch.__version__}; model·images/s, and times the plain research loop")
    plain = over_the_plane(best, flush=False)
    for name, value in best.items():
        print(f"{name:56} {value:10,.0f} {value / plain:7.2f}")
    print(f"{'research loop, all four':56} {plain:10,.0f} {1:7.2f}")
    chosen = {size: best[f"fleet, {usual_formulation(device)}, {size} points"] for size in sizes}
    ours = max(chosen.values())
    print(f"\nThe project trains with {usual_formulation(device)}: {ours / plain:.2f} × the research loop.")
    if device.type == "cpu":
        flushed = over_the_plane(best, flush=True)
        print(f"Against a research loop that flushes denormals to zero: {ours / flushed:.2f} ×.")
    if device.type == "cuda":
        reached = chosen[MANY] * flops_per_image()
        peak = bf16_peak(device, seconds)
        print(f"{chosen[MANY] / best[EAGER]:.1f} × the eager loop over the same {MANY} points.")
        print(f"{reached / 1e12:.1f} of the card's {peak / 1e12:.0f} bf16 TFLOP/s: {reached / peak:.1%}.")


def parser_of_fleet(text: str) -> argparse.ArgumentParser:
    """Return a parser of this script's options. text: the docstring of the script that is run."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement (default: 5)")
    parser.add_argument(
        "--research-steps", type=int, default=200, help="before its speed counts (default: 200)"
    )
    parser.add_argument("--warm-up", type=int, default=5, help="steps that do not count (default: 5)")
    parser.add_argument("--turns", type=int, default=2, help="the best one counts (default: 2)")
    return parser


def main() -> None:
    arguments = parser_of_fleet(__doc__).parse_args()
    report(arguments, choose_device(arguments.device))


if __name__ == "__main__":
    main()
