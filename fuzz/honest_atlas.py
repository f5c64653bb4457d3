"""A small atlas with measured numbers: untrained models on random pictures, stored as by a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hvae.datasets import Images
    from hvae.metrics.estimate import Estimate

SAMPLES = 500
BETAS = (0.5, 2.0)


def honest_atlas(folder: Path, seed: int = 0, test: Images | None = None) -> Path:
    """Write a 2 × 2 atlas of untrained models with parent, classifier and examples; returns `folder`.

    test: the images to measure on, of ten classes; by default 48 random pictures. Information and accuracies
    are made up, but possible.
    """
    import torch

    from hvae.atlas.checkpoint import save_parent
    from hvae.atlas.manifest import Betas, Manifest, made_from_plan
    from hvae.atlas.metrics_table import metrics_table, write_table
    from hvae.atlas.point import Point
    from hvae.atlas.untrusted_files import CLASSIFIER, EXAMPLES, PARENT
    from hvae.config import HVAEConfig
    from hvae.files import sha256
    from hvae.metrics.classifier import (
        Classifier,
        ClassifierConfig,
        accuracy,
        image_probabilities,
        save_classifier,
    )
    from hvae.metrics.estimate import columns_of
    from hvae.metrics.inception import sample_probabilities
    from hvae.metrics.measurements.generation import GENERATION, generation_scores
    from hvae.metrics.registry import measurements
    from hvae.model import HVAE
    from hvae.parent import Parent
    from hvae.training.finish import finished, save_finished
    from hvae.training.recipe import PARENT as PARENT_RECIPE
    from hvae.training.recipe import REFINEMENT

    torch.manual_seed(seed)
    (folder / "models").mkdir(parents=True)
    test = test or random_images()
    images = len(test)
    chosen = torch.randperm(images, generator=torch.Generator().manual_seed(0))[:256]
    np.savez_compressed(
        folder / EXAMPLES, images=test.images[chosen].numpy(), labels=test.labels[chosen].numpy()
    )
    config = HVAEConfig(width=4, top_dim=3, channels=1)
    judge = Classifier(ClassifierConfig(width=2)).half().float().eval()
    save_classifier(judge, folder / CLASSIFIER)
    scores = generation_scores(image_probabilities(judge, test))
    definitions = {one.name: one.fingerprint() for one in measurements()}
    judged = {"version": GENERATION.version, "samples": SAMPLES, "classifier": sha256(folder / CLASSIFIER)}
    definitions[GENERATION.name] = json.dumps(judged)
    manifest = Manifest(
        schema_version=1,
        dataset="digits",
        classes=list(test.classes),
        model=config.to_dict(),
        betas=Betas(beta_2=list(BETAS), beta_1=list(BETAS)),
        recipe=vars(REFINEMENT),
        parent_recipe=vars(PARENT_RECIPE),
        seed=seed,
        made_with={
            "command": "python -m precompute run OUT",
            "torch": torch.__version__,
            "device_hours": 0.1,
        },
        evaluation=definitions,
        label_frequencies=(test.labels.bincount(minlength=10) / images).double().tolist(),
        ceiling=columns_of({**scores, "classifier_accuracy": accuracy(judge, test)}),
        data={"train": "0" * 64, "test": test.digest()},
        files={},
    )
    save_parent(Parent(config, BETAS), folder / PARENT, {"made_from": made_from_plan(manifest, "parent")})
    rows = []
    for number, point in enumerate(
        Point(*betas) for betas in np.stack(np.meshgrid(BETAS, BETAS), -1).reshape(-1, 2).tolist()
    ):
        model = wild(HVAE(config))
        done = finished(point, model, test, manifest)
        save_finished(folder, point, done)
        samples = sample_probabilities(done.model, judge, n=SAMPLES, seed=seed)
        rows.append(done.row | made_up(number, done.row, images) | scored(generation_scores(samples)))
    names = [row["checkpoint"] for row in rows]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_table(folder, manifest, metrics_table(rows, columns), EXAMPLES, PARENT, CLASSIFIER, *names)
    return folder


def random_images() -> Images:
    """Return 48 pictures of noise, with labels."""
    import torch

    from hvae.datasets import Images

    pixels = torch.randint(0, 256, (48, 1, 32, 32), dtype=torch.uint8)
    return Images(pixels, torch.arange(48) % 10, tuple(str(digit) for digit in range(10)))


def wild(model):
    """Return the model with new weights, so that rates, pictures and points differ."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 10
            parameter.copy_(torch.randn(parameter.shape) * 0.9 / fan_in**0.5)
    return model.eval()


def scored(scores: dict[str, Estimate]) -> dict[str, float]:
    """Return scores by the judge of an atlas, and by a calibrated one that would agree with it."""
    from hvae.metrics.estimate import columns_of

    return columns_of({**scores, **{f"{name}_calibrated": score for name, score in scores.items()}})


def made_up(number: int, row: dict, images: int) -> dict[str, float]:
    """Return information and accuracies that are possible with these rates."""
    from hvae.metrics.estimate import Estimate, columns_of
    from hvae.metrics.measurements.accuracy import PROBES

    found = {"mi_z2": min(0.3, row["rate_z2"]), "mi_z2_bound": min(0.2, row["rate_z2"])}
    found |= {"mi_z1": min(0.5, row["rate_total"])}
    found |= {"frechet": 3.0 + number, "precision": 0.6, "recall": 0.4}
    found |= {f"{name}_se": 0.01 for name in found}
    for latent in ("z2", "z1"):
        for place, probe in enumerate(PROBES):
            right = 10 + 3 * number + place + np.arange(-1, 2)
            # The fits of each point agree on fewer images than those of the last.
            places = (np.arange(images) + 2 * number * np.arange(3)[:, None]) % images
            accuracy = Estimate.share_over_fits(places < right[:, None])
            for column in (f"acc_{probe}_{latent}", f"acc_{probe}_{latent}_draw"):
                found |= columns_of({column: accuracy})
    return found
