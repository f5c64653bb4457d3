"""Forgeries that no honest run can make, and the first check that must notice each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from ways_to_forge import (
    Forge,
    brighter,
    everywhere,
    in_turn,
    of_another_atlas,
    on_headers,
    on_manifest,
    on_table,
    on_tensors,
    on_text,
    put,
    renamed,
    rotated,
    scaled,
    silent,
    summed,
)

SEEN_BY = ("opening", "verify", "verify --deep", "nobody")


class Forgery(NamedTuple):
    """A way to forge an atlas, by name. seen_by: the first check of SEEN_BY that must notice it."""

    name: str
    forge: Forge
    seen_by: str = "opening"


def of_columns() -> Iterator[Forgery]:
    """Yield forgeries of every measured column and its error: negative, or a hundred thousand.

    Nothing says how large a Fréchet distance can be: it is in the units of a classifier's features.
    """
    from hvae.metrics.registry import metric_columns

    for column in metric_columns():
        yield Forgery(f"{column} is −7", put(**{column: -7.0}))
        yield Forgery(f"{column}_se is −0.1", put(**{f"{column}_se": -0.1}))
        if column != "frechet":
            yield Forgery(f"{column} is 10⁵", put(**{column: 1e5}))
            yield Forgery(f"{column}_se is 10⁵", put(**{f"{column}_se": 1e5}))


BETWEEN_COLUMNS = [
    Forgery("the total is no sum", scaled("rate_total", by=1.1)),
    Forgery("−ELBO below the distortion", on_table(lambda t: t.assign(neg_elbo=t["distortion"] - 5))),
    Forgery("−ELBO is no sum", scaled("neg_elbo", by=0.99)),
    Forgery(
        "rates swapped", on_table(lambda t: t.rename(columns={"rate_z2": "rate_z1", "rate_z1": "rate_z2"}))
    ),
    Forgery(
        "rates swapped in a row", on_table(lambda t: t.assign(rate_z2=t["rate_z1"], rate_z1=t["rate_z2"]))
    ),
    Forgery("rates of the next point", summed(lambda t: t.assign(rate_z2=np.roll(t["rate_z2"], 1)))),
    Forgery("negative rates", summed(lambda t: t.assign(rate_z1=-t["rate_z1"]))),
    Forgery("an accuracy of 170 %", put(acc_rbf_svm_z2=1.7)),
    Forgery("a share of other images", put(acc_knn_z1=0.9)),
    Forgery("all accuracies higher, errors as they were", scaled("acc_logistic_z2", by=1.5)),
    Forgery("the score is no product", put(inception_score=1.5)),
    Forgery("diversity beyond the classes", put(diversity=40.0, sharpness=0.25, inception_score=10.0)),
    Forgery("sharpness below chance", put(sharpness=0.05, diversity=20.0, inception_score=1.0)),
    Forgery("a score below 1", put(inception_score=0.5, diversity=1.0, sharpness=0.5)),
    Forgery("information beyond H[y]", put(mi_z2=2.4)),
    Forgery("information beyond log K", put(mi_z1=9.0)),
    Forgery("information far below 0", put(mi_z2=-4.0)),
    Forgery("distortion below that of perfect pictures", summed(lambda t: t.assign(distortion=500.0))),
    Forgery("distortion beyond that of any picture", summed(lambda t: t.assign(distortion=1e4))),
    Forgery("a PSNR below 0", put(psnr=-3.0)),
    Forgery("errors of rates ten times as large", scaled("rate_z1_se", by=1e3)),
    Forgery("errors that do not add up", scaled("rate_total_se", by=3)),
    Forgery("errors of another number of images", put(acc_linear_svm_z2_se=0.001)),
    Forgery("an accuracy without doubt", put(acc_linear_svm_z2_se=0.0)),
    Forgery("an accuracy of half an image", put(acc_rbf_svm_z2_draw=10.5 / 48)),
    Forgery("errors that no three fits have", put(acc_knn_z2_draw_se=0.4)),
    Forgery(
        "errors of three fits, called those of one",
        on_manifest(lambda c: c["evaluation"].update(probes='{"version": 1}')),
    ),
    Forgery("infinite information", put(mi_z2=np.inf), "verify"),
    Forgery("an infinite rate", put(rate_z2=np.inf), "verify"),
    Forgery("a rate that is no number", put(rate_z2=np.nan), "verify"),
]

OF_PLACES = [
    Forgery("another atlas's table", of_another_atlas("metrics.parquet")),
    Forgery("another atlas's checkpoints", of_another_atlas("models/*")),
    Forgery("another atlas's table and checkpoints", of_another_atlas("metrics.parquet", "models/*")),
    Forgery("another atlas's parent", of_another_atlas("parent.safetensors"), "verify"),
    Forgery("checkpoints rotated on the disk", rotated),
    Forgery("checkpoints rotated in the table", on_table(renamed)),
    Forgery("β swapped", on_table(lambda t: t.assign(beta_2=t["beta_1"], beta_1=t["beta_2"]))),
    Forgery("a point twice", put(beta_2=0.5, beta_1=0.5)),
    Forgery("a point off the grid, at another's name", put(beta_2=0.7)),
    Forgery("a point beyond the parent", put(beta_2=50.0)),
    Forgery("another grid", on_manifest(lambda c: c["betas"].update(beta_2=[0.5, 3.0]))),
    Forgery("a β twice in the grid", on_manifest(lambda c: c["betas"].update(beta_2=[0.5, 0.5, 2.0]))),
    Forgery("a checkpoint of other β", on_headers("point", lambda a: a["betas"].update(beta_2=3.0))),
    Forgery("a checkpoint of no β", on_headers("point", lambda a: a.update(betas="x"))),
    Forgery(
        "a checkpoint of other rates",
        on_headers("point", lambda a: a.update(dimension_rates_z2=[9.0, 8.0, 7.0])),
    ),
    Forgery(
        "a checkpoint of another name", on_headers("point", lambda a: a["made_from"].update(names=["x"]))
    ),
    Forgery(
        "a checkpoint of other data",
        on_headers("point", lambda a: a["made_from"].update(data={"train": "2" * 64})),
    ),
    Forgery("a checkpoint of another seed", on_headers("point", lambda a: a["made_from"].update(seed=7))),
    Forgery(
        "a checkpoint of another recipe",
        on_headers("point", lambda a: a["made_from"]["recipe"].update(epochs=9)),
    ),
    Forgery(
        "a checkpoint of another model",
        on_headers("point", lambda a: a["made_from"]["model"].update(variance=0.1)),
    ),
    Forgery("a checkpoint made from nothing", on_headers("point", lambda a: a.update(made_from=[]))),
    Forgery("a checkpoint of another precision", on_headers("point", lambda a: a.update(weights="float16"))),
    Forgery(
        "the headers' config changed",
        on_headers("models", lambda a: a["config"].update(variance=0.4)),
        "verify",
    ),
    Forgery(
        "a key twice in a checkpoint",
        on_text("point", '"betas"', '"betas": {"beta_2": 9, "beta_1": 9}, "betas"'),
        "verify",
    ),
]

OF_THE_MANIFEST = [
    *(
        Forgery(
            f"a ceiling's {name} of {value:g}",
            on_manifest(lambda c, name=name, value=value: c["ceiling"].update({name: value})),
        )
        for name in ("inception_score", "diversity", "sharpness", "classifier_accuracy")
        for value in (1e5, -1.0, 0.01)
        if (name, value) != ("classifier_accuracy", 0.01)
    ),
    Forgery("a ceiling's error of 10⁵", on_manifest(lambda c: c["ceiling"].update(diversity_se=1e5))),
    Forgery(
        "a ceiling that is no product",
        on_manifest(lambda c: c["ceiling"].update(inception_score=1.01 * c["ceiling"]["inception_score"])),
    ),
    Forgery("another seed", on_manifest(lambda c: c.update(seed=5))),
    Forgery("another data set", on_manifest(lambda c: c.update(dataset="mnist"))),
    Forgery("other data", on_manifest(lambda c: c["data"].update(train="3" * 64))),
    Forgery("another recipe", on_manifest(lambda c: c["recipe"].update(epochs=50))),
    Forgery("another parent's recipe", on_manifest(lambda c: c["parent_recipe"].update(epochs=50))),
    Forgery("another variance", on_manifest(lambda c: c["model"].update(variance=0.25))),
    Forgery("another width", on_manifest(lambda c: c["model"].update(width=8))),
    Forgery("another precision", on_manifest(lambda c: c.update(weights="float16"))),
    Forgery("a key twice", on_text("atlas.json", '"seed": 0', '"seed": 0, "seed": 0')),
    Forgery(
        "a class fewer",
        on_manifest(lambda c: c.update(classes=c["classes"][:9], label_frequencies=[])),
        "verify",
    ),
    Forgery("labels that do not add up", on_manifest(lambda c: c.update(label_frequencies=[0.5] * 10))),
    Forgery(
        "a version that is none", on_manifest(lambda c: c["made_with"].update(torch="of yesterday")), "verify"
    ),
    Forgery(
        "a definition from the future",
        on_manifest(lambda c: c["evaluation"].update(reconstruction='{"version": 99}')),
        "verify",
    ),
    Forgery(
        "a definition of no version",
        on_manifest(lambda c: c["evaluation"].update(probes='{"version": "1"}')),
        "verify",
    ),
    Forgery(
        "a definition that is no JSON",
        on_manifest(lambda c: c["evaluation"].update(probes="today's")),
        "verify",
    ),
    Forgery(
        "a definition with a key twice",
        on_manifest(lambda c: c["evaluation"].update(probes='{"version": 1, "version": 1}')),
        "verify",
    ),
    Forgery(
        "scores by another judge",
        on_manifest(
            lambda c: c["evaluation"].update(generation='{"version": 1, "samples": 500, "classifier": "x"}')
        ),
        "verify",
    ),
]

OF_OTHER_WEIGHTS = [
    Forgery(
        "a judge for seven classes",
        on_headers("classifier", lambda a: a["classifier"].update(classes=7)),
        "verify",
    ),
    Forgery(
        "a judge of colours",
        on_headers("classifier", lambda a: a["classifier"].update(in_channels=3)),
        "verify",
    ),
    Forgery("no judge in its place", on_headers("classifier", lambda a: a.pop("classifier")), "verify"),
    Forgery(
        "a judge that is no number",
        on_tensors(
            "classifier",
            lambda t: t.update({n: a * np.float16("nan") for n, a in t.items() if a.dtype == np.float16}),
        ),
        "verify",
    ),
    Forgery(
        "a parent of another range",
        on_headers("parent", lambda a: a.update(beta_range=[0.01, 100.0])),
        "verify",
    ),
    Forgery(
        "a parent of another seed", on_headers("parent", lambda a: a["made_from"].update(seed=9)), "verify"
    ),
    Forgery(
        "a parent of another config", on_headers("parent", lambda a: a["config"].update(top_dim=5)), "verify"
    ),
    Forgery("a parent that lost a tensor", on_tensors("parent", lambda t: t.pop(sorted(t)[0])), "verify"),
]

MEASURED_FALSELY = [
    Forgery("a variance changed everywhere", everywhere(variance=0.45), "verify --deep"),
    Forgery(
        "checkpoints rotated, their headers silent",
        in_turn(on_headers("models", silent), rotated),
        "verify --deep",
    ),
    Forgery(
        "another atlas's checkpoints, their headers silent",
        in_turn(of_another_atlas("models/*"), on_headers("models", silent)),
        "verify --deep",
    ),
    Forgery("other weights under the same header", on_tensors("point", brighter), "verify --deep"),
    Forgery(
        "R(z₁|z₂) halved, sums and errors with it",
        summed(lambda t: t.assign(rate_z1=t["rate_z1"] / 2)),
        "verify --deep",
    ),
    Forgery(
        "distortion 20 nats lower",
        summed(lambda t: t.assign(distortion=t["distortion"] - 20)),
        "verify --deep",
    ),
    Forgery("3 dB more", on_table(lambda t: t.assign(psnr=t["psnr"] + 3)), "verify --deep"),
    Forgery("scores 1 % higher", scaled("diversity", "inception_score", by=1.01), "verify --deep"),
    Forgery(
        "a ceiling's accuracy of 97 %",
        on_manifest(lambda c: c["ceiling"].update(classifier_accuracy=0.97, classifier_accuracy_se=0.0246)),
        "verify --deep",
    ),
    Forgery(
        "labels of other frequencies",
        on_manifest(lambda c: c.update(label_frequencies=[0.2, 0.0, *[0.1] * 8])),
        "verify --deep",
    ),
    Forgery("information 0.1 nats higher", on_table(lambda t: t.assign(mi_z1=t["mi_z1"] + 0.1)), "nobody"),
    Forgery("an accuracy with its error", put(acc_knn_z2=0.5, acc_knn_z2_se=(0.25 / 48) ** 0.5), "nobody"),
]


OTHERS = [*BETWEEN_COLUMNS, *OF_PLACES, *OF_THE_MANIFEST, *OF_OTHER_WEIGHTS, *MEASURED_FALSELY]
"""All forgeries except those of single columns."""
