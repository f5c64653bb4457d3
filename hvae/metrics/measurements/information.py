"""The mutual information of each latent with the label (Eq. 7 of the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hvae.metrics.estimate import columns_of
from hvae.metrics.metric import LATENTS, Explanation, Measurement, Metric

if TYPE_CHECKING:
    from hvae.metrics.mutual_information import Draws
    from hvae.metrics.registry import EvaluationData
    from hvae.model import HVAE

WHAT_IT_IS = {
    "z2": "information about the label in z₂: an estimate, which errs upwards",
    "z1": "information about the label in z₁: a lower bound",
}

OF_Z2, OF_Z1, OF_Z2_BOUND = (
    Explanation(
        name,
        title,
        (rf"I_q(y; {latent}) = H[y] - H_q[y|{latent}]",),
        f"How much a draw of {sign} tells about the label y, in nats: the label’s entropy less what stays "
        f"unknown. {how}",
        words,
    )
    for name, title, latent, sign, how, words in (
        (
            "mi_z2",
            "Mutual information of z₂ and the label",
            "z_2",
            "z₂",
            "This is an estimate from the test images, which errs upwards.",
            ("I(y; z₂)", "mutual information"),
        ),
        (
            "mi_z1",
            "Mutual information of z₁ and the label",
            "z_1",
            "z₁",
            "A network that guesses the label from draws gives a lower bound of it, which is shown.",
            ("I(y; z₁)",),
        ),
        (
            "mi_z2_bound",
            "Mutual information of z₂ and the label, from below",
            "z_2",
            "z₂",
            "A network that guesses the label from draws gives a lower bound of it, which is shown.",
            (),
        ),
    )
)


def measure(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return I_q(y; z_ℓ) of both layers, nats, on the whole test set."""
    from hvae.metrics.mutual_information import information_of

    of_layers = information_of(_drawn(model, data))
    return columns_of({f"mi_z{layer}": estimate for layer, estimate in enumerate(of_layers, start=1)})


INFORMATION = Measurement(
    "mutual information",
    # No bounds: an estimate of 0 may be a little below 0, and log K depends on the data set.
    tuple(
        Metric(
            f"mi_{latent}",
            f"Mutual information with {sign}",
            WHAT_IT_IS[latent],
            unit="nats",
            short_title=f"I(y; {sign})",
            goal="representation",
            menu_place=30,
            explanation={"z2": OF_Z2, "z1": OF_Z1}[latent],
        )
        for latent, sign in LATENTS.items()
    ),
    measure,
    needs_labels=True,
    place=20,
)


def measure_bound(model: HVAE, data: EvaluationData) -> dict[str, float]:
    """Return a lower bound on I_q(y; z₂), nats, on the whole test set."""
    from hvae.metrics.mutual_information import top_bound_of

    return columns_of({"mi_z2_bound": top_bound_of(_drawn(model, data))})


def _drawn(model: HVAE, data: EvaluationData) -> Draws:
    """What both estimators need of a model, drawn once."""
    from hvae.metrics.mutual_information import latent_draws

    return data.kept(
        model,
        "draws",
        lambda: latent_draws(model, data.test, data.train, draws=data.budget.draws, seed=data.seed),
    )


INFORMATION_BOUND = Measurement(
    "bound of the information",
    (
        Metric(
            "mi_z2_bound",
            "Mutual information with z₂, lower bound",
            "information about the label in z₂: a lower bound, where `mi_z2` errs upwards",
            unit="nats",
            short_title="lower bound on I(y; z₂)",
            goal="representation",
            menu_place=30,
            explanation=OF_Z2_BOUND,
        ),
    ),
    measure_bound,
    needs_labels=True,
    place=21,
)
MEASUREMENTS = (INFORMATION, INFORMATION_BOUND)
