"""What the metrics of one MNIST point cost: `python bench/metrics.py --data-dir data` prints a table.

- Every measurement of `precompute evaluate` on 10,000 test images: wall-clock seconds and its columns; for
  all of them core-seconds, and the peak memory of the process with its libraries and data sets. The samples
  are made and judged once, by the first measurement that reads them.
- Naive: the mutual information of z_2 as published code computes it, for 2,000 images: for each one,
  torch.distributions.Normal over all posteriors, log_prob, sum, logsumexp over all and over its class. A
  double loop, one pair at a time, would take some 40 µs for each of 4 million pairs, which is minutes; so
  this loops over rows.
- Classifier, with --classifier: trained from scratch as for an atlas, and its accuracy on the test set.
  Without it, an untrained one of the same size judges the samples: their scores mean nothing, the time is the
  same. The calibrated judge is always an untrained one.

Run nothing else at the same time.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import sys
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from hvae.atlas.atlas import Atlas
from hvae.atlas.checkpoint import load_model
from hvae.datasets import load
from hvae.gaussian import Gaussian
from hvae.metrics.batches import batches, rows_of
from hvae.metrics.classifier import Classifier, ClassifierConfig, accuracy, train_classifier
from hvae.metrics.mutual_information import mixture_information
from hvae.metrics.registry import EvaluationData, measurements

NAIVE_IMAGES = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", nargs="?", type=Path, help="default: (1, 1) of the atlas that ships")
    parser.add_argument("--data-dir", default="data", help="where MNIST is, or goes (default: data)")
    parser.add_argument("--threads", type=int, default=2, help="cores to use (default: 2)")
    parser.add_argument("--classifier", action="store_true", help="train the classifier: a minute or two")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = load_model(arguments.checkpoint) if arguments.checkpoint else Atlas.default().load(1.0, 1.0)
    train, test = (load("mnist", split, arguments.data_dir) for split in ("train", "test"))
    classifier = Classifier(ClassifierConfig()).eval()

    table = Table(
        "what", "measured", "target", "found", title=f"One MNIST point, {arguments.threads} threads"
    )
    if arguments.classifier:
        classifier, seconds = timed(lambda: train_classifier(train))
        table.add_row(
            "train the classifier", f"{seconds:.0f} s", "", f"{show(accuracy(classifier, test))} ≥ 0.993"
        )
        table.add_section()

    data = EvaluationData(train, test, 0, classifier, Classifier(ClassifierConfig()).eval())
    seconds_all, core_seconds = 0.0, time.process_time()
    for measurement in measurements():
        columns, seconds = timed(lambda measurement=measurement: measurement.measure(model, data))
        found = " ".join(f"{columns[name]:.4g}" for name in measurement.names)
        table.add_row(measurement.name, f"{seconds:.2f} s", "", found)
        seconds_all += seconds
    core_seconds = time.process_time() - core_seconds
    table.add_row("all of them", f"{seconds_all:.2f} s", "45 s")
    table.add_row("all of them, core-seconds", f"{core_seconds:.2f} s", "90 s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    table.add_row("peak memory", f"{peak:.2f} GiB", "2 GiB")
    table.add_section()

    latents, posteriors = top_draws(model, test, NAIVE_IMAGES)
    labels = test.labels[:NAIVE_IMAGES]
    naive = naive_information(latents, posteriors, labels)
    seconds_naive = min(timed(lambda: naive_information(latents, posteriors, labels))[1] for _ in range(3))
    seconds_ours = min(timed(lambda: mixture_information(latents, posteriors, labels))[1] for _ in range(3))
    ours = mixture_information(latents, posteriors, labels).value
    table.add_row(
        f"MI of z_2, {NAIVE_IMAGES:,} images, naive", f"{seconds_naive:.2f} s", "", f"{naive:.6f} nats"
    )
    table.add_row("the same, ours", f"{seconds_ours:.3f} s", "", f"{ours:.6f} nats")
    table.add_row("ratio", f"{seconds_naive / seconds_ours:.0f}", "20")
    table.caption = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    Console(width=120).print(table)


def timed(function):
    began = time.perf_counter()
    value = function()
    return value, time.perf_counter() - began


def show(estimate) -> str:
    return f"{estimate.value:.4f} ± {estimate.standard_error:.4f}"


@torch.inference_mode()
def top_draws(model, images, n):
    """Return a draw of z_L and its posterior for the first n images, n a multiple of 500."""
    noise = model.noise(len(images), seed=0)
    inferred = (
        model.infer(x, rows_of(noise, rows)) for rows, x in batches(images, 500, "cpu") if rows.stop <= n
    )
    latents, posteriors = zip(*((it.latents[-1], it.posteriors[-1]) for it in inferred), strict=True)
    return torch.cat(latents), Gaussian(*(torch.cat(part) for part in zip(*posteriors, strict=True)))


def naive_information(latents, posteriors, labels) -> float:
    density = torch.distributions.Normal(posteriors.mean, posteriors.std)
    terms = []
    for z, label in zip(latents, labels, strict=True):
        log_q = density.log_prob(z).sum(1)
        of_class = log_q[labels == label]
        log_q_y = of_class.logsumexp(0) - math.log(len(of_class))
        terms.append(log_q_y - log_q.logsumexp(0) + math.log(len(log_q)))
    return torch.stack(terms).double().mean().item()


if __name__ == "__main__":
    main()
