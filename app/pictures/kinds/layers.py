"""Pictures of what each layer keeps: of a test image, of the visitor's own image, or of a sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from app.atlases.subject import Subject, to_floats
from app.pictures.contact_sheet import COLUMNS, grid_sheet
from app.pictures.kind import Kind, decoded, picture, to_json
from app.pictures.queries import Seed
from app.pictures.your_image import OfImages

if TYPE_CHECKING:
    from torch import Tensor

MAX_ROWS = 8
DRAWS = COLUMNS - 1


REDRAWN_PYTHON = """\
e1 = {{model}}.noise(56, seed={{seed}})[0]
drawn = torch.cat([torch.zeros_like(e1[:8, None]), e1[:8, None], e1[8:].unflatten(0, (8, 6))], dim=1)
"""
"""As `_redrawn`: noise that draws z₁ again, (8, 8, *latent), the first of each row being 0."""


class Resample(OfImages):
    """z₂ kept, z₁ drawn again: each row has one z₂; in the first of 8 columns, z₁ is at its prior mean.

    The z₂ are those that `samples` draws for the same seed, and the second column shows the same samples; or
    they are the posterior means of images. The first k rows of n are those of rows = k.
    """

    seed: Seed = 0
    rows: Annotated[
        int, Field(ge=1, le=MAX_ROWS, description="How many z₂ are drawn where no images are given.")
    ] = 4

    @property
    def uses_images(self) -> bool:
        return bool(self.images)


def resample(subject: Subject, query: Resample) -> np.ndarray:
    model = subject.model
    if query.images or query.image:
        top = model.residuals(to_floats(query.given(subject, ())))[-1]
    else:
        top = model.noise(query.rows, query.seed)[-1]
    pictures = decoded(subject, _redrawn(subject, top, DRAWS, query.seed))
    return grid_sheet(np.split(pictures, len(top)))


RESAMPLE_PYTHON = (
    """\
{{?image}}
top = {{model}}.residuals(own_image)[-1]
{{/image}}
{{?images}}
top = {{model}}.residuals(images[[{{images}}]])[-1]
{{/images}}
{{^image}}
{{^images}}
top = {{model}}.noise({{rows}}, seed={{seed}})[-1]
{{/images}}
{{/image}}
"""
    + REDRAWN_PYTHON
    + """\
below = drawn[: len(top)].flatten(0, 1)
{{name}} = {{model}}.decode_residuals([below, top.repeat_interleave(8, 0)])
"""
)


class Layers(OfImages):
    """What each layer keeps of images: a row of up to 8 pictures for each image.

    The row shows the image; its reconstruction; what z₂ alone keeps, with z₂ at its posterior mean and z₁ at
    its prior mean given this z₂; then pictures with the same z₂ and z₁ drawn again from its prior.
    """

    seed: Seed = 0
    draws: Annotated[int, Field(ge=0, le=5, description="How often z₁ is drawn again.")] = 5


def layers(subject: Subject, query: Layers) -> np.ndarray:
    import torch

    originals = query.given(subject, [0])
    residuals = subject.model.residuals(to_floats(originals))
    redrawn = _redrawn(subject, residuals[-1], query.draws, query.seed)
    pictures = decoded(subject, [torch.cat(both) for both in zip(residuals, redrawn, strict=True)])
    reconstructions, drawn = np.split(pictures, [len(originals)])
    rows = zip(originals, reconstructions, np.split(drawn, len(originals)), strict=True)
    return grid_sheet([[original, again, *others] for original, again, others in rows])


LAYERS_PYTHON = (
    """\
{{?image}}
originals = own_image
{{/image}}
{{^image}}
originals = images[[{{?images}}{{images}}{{/images}}{{^images}}0{{/images}}]]
{{/image}}
residuals = {{model}}.residuals(originals)
reconstruction = {{model}}.decode_residuals(residuals)
top = residuals[-1]
"""
    + REDRAWN_PYTHON
    + """\
below = drawn[: len(top), : 1 + {{draws}}].flatten(0, 1)
again = {{model}}.decode_residuals([below, top.repeat_interleave(1 + {{draws}}, 0)])
{{name}} = torch.cat([originals, reconstruction, again])
"""
)


def _redrawn(subject: Subject, top: Tensor, draws: int, seed: int) -> list[Tensor]:
    """Residuals of N·(1 + draws) pictures for z_L (N, top_dim): first at the priors' means, then drawn."""
    import torch

    # Noise 0 … 7 is that of the samples with these z₂; further draws follow, row after row.
    noise = subject.model.noise(MAX_ROWS * DRAWS, seed)[:-1]
    below = []
    for part in noise:
        further = part[MAX_ROWS:].unflatten(0, (MAX_ROWS, DRAWS - 1))
        drawn = torch.cat([torch.zeros_like(part[:MAX_ROWS, None]), part[:MAX_ROWS, None], further], dim=1)
        below.append(drawn[: len(top), : 1 + draws].flatten(0, 1))
    return [*below, top.repeat_interleave(1 + draws, dim=0)]


class Rates(OfImages):
    """Rates of each layer and distortion of single images, as JSON.

    rate_z2 = KL(q(z₂|x) ‖ p(z₂)); rate_z1 = E_q(z₂|x) KL(q(z₁|z₂, x) ‖ p(z₁|z₂)); distortion =
    E_q[−log p(x|z)]; neg_elbo is their sum. Expectations are means over draws from the posterior.
    """

    seed: Seed = 0
    draws: Annotated[
        int, Field(ge=1, le=64, description="The number of draws from the posterior for each expectation.")
    ] = 16


def rates(subject: Subject, query: Rates) -> list[dict[str, float | None]]:
    from hvae.metrics.rates import image_rates

    elbo = image_rates(subject.model, to_floats(query.given(subject, [0])), query.draws, query.seed)
    names = [f"rate_z{layer}" for layer in range(1, elbo.rates.shape[1] + 1)]
    answers = []
    for by_layer, distortion in zip(elbo.rates.tolist(), elbo.distortion.tolist(), strict=True):
        numbers = {
            **dict(zip(names, by_layer, strict=True)),
            "distortion": distortion,
            "neg_elbo": distortion + sum(by_layer),
        }
        # JSON knows no NaN.
        answers.append({name: value if math.isfinite(value) else None for name, value in numbers.items()})
    return answers


def _as_json(answers: list[dict[str, float | None]]) -> bytes:
    return to_json({"unit": "nats", "images": answers})


_NUMBER = {"type": ["number", "null"], "description": "Nats; null where the model gives none."}
_SCHEMA = {
    "type": "object",
    "required": ["unit", "images"],
    "properties": {
        "unit": {"const": "nats"},
        "images": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["rate_z1", "distortion", "neg_elbo"],
                "properties": dict.fromkeys(("rate_z1", "rate_z2", "distortion", "neg_elbo"), _NUMBER),
            },
        },
    },
}

KINDS: tuple[Kind, ...] = (
    picture(Resample, resample, RESAMPLE_PYTHON),
    picture(Layers, layers, LAYERS_PYTHON),
    Kind("rates", "/rates/{atlas}/{point}.json", Rates, rates, _as_json, "application/json", _SCHEMA),
)
