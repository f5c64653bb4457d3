"""Pictures that are decoded together are those that are decoded alone, to the last bit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from app.atlases.models import Models
from app.pictures import batches
from app.pictures.batches import Undecoded, images_enough, make_together
from app.pictures.kinds import KINDS
from app.pictures.queries import QueryError
from app.pictures.queue import Job
from hvae.atlas.atlas import Atlas

QUERIES = [
    *(("samples", {"n": n, "seed": n, "temperature": 1.3}) for n in (1, 2, 16, 32, 61)),
    *(("traversal", {"seed": 3, "shifts": shifts}) for shifts in ({}, {"z2.1": 2.0}, {"z1.0": -1.0})),
    *(("reconstructions", {"images": images}) for images in (range(10), (4,))),
    ("mix", {}),
    ("interpolation", {}),
    ("dimensions", {}),
    ("resample", {"rows": 3}),
    ("layers", {"images": (1, 2)}),
    ("examples", {}),
]


def asked(name, values):
    """The `make` of a request."""
    kind = next(kind for kind in KINDS if kind.name == name)
    query = kind.query.model_validate(values)
    return lambda subject: kind.make(subject, query)


def made(subject, makes):
    """What is made of requests that come together."""
    jobs = [Job(("", ""), make) for make in makes]
    make_together(subject, jobs)
    return [job.made.result(0) for job in jobs]


@pytest.fixture(scope="module", params=["tiny", "mnist"])
def subject(request, tiny_atlas):
    atlas = Atlas.open(tiny_atlas) if request.param == "tiny" else Atlas.default()
    models = Models({"atlas": atlas})
    return models.subject("atlas", next(models.points("atlas")))


def test_a_picture_is_the_same_alone_and_with_others(subject):
    makes = [asked(name, values) for name, values in QUERIES]
    alone = [made(subject, [make])[0] for make in makes]
    for order in (makes, makes[::-1], makes[1::3]):
        together = made(subject, order)
        for make, sheet in zip(order, together, strict=True):
            assert np.array_equal(sheet, alone[makes.index(make)])


def test_requests_of_one_model_are_decoded_in_one_go(subject, monkeypatch):
    monkeypatch.setattr(batches, "images_enough", lambda model: 2)
    counts = decoded_counts(subject, monkeypatch)
    made(subject, [asked("samples", {"n": n}) for n in (1, 4, 16)] + [asked("traversal", {})])
    assert counts == [1, 4 + 16 + 16]


def test_no_more_are_decoded_in_one_go_than_the_largest_request_asks_for(subject, monkeypatch):
    monkeypatch.setattr(batches, "images_enough", lambda model: 2)
    counts = decoded_counts(subject, monkeypatch)
    made(subject, [asked("samples", {"n": n}) for n in (40, 24, 64, 8, 1)])
    assert counts == [1, 40 + 24, 64, 8]


def test_where_last_bits_would_differ_each_is_decoded_alone(subject, monkeypatch):
    monkeypatch.setattr(batches, "images_enough", lambda model: batches.MOST_IMAGES + 1)
    counts = decoded_counts(subject, monkeypatch)
    made(subject, [asked("samples", {"n": n}) for n in (4, 16, 64)])
    assert counts == [4, 16, 64]


def decoded_counts(subject, monkeypatch):
    counts, decode = [], subject.model.decode_residuals

    def counting(residuals):
        counts.append(len(residuals[0]))
        return decode(residuals)

    monkeypatch.setattr(subject.model, "decode_residuals", counting)
    return counts


@pytest.mark.parametrize("last", [0, 1, 7, 56])
def test_it_is_tried_from_how_many_images_on_their_number_does_not_matter(last, monkeypatch):
    monkeypatch.setattr(batches, "_enough", {})
    model = SimpleNamespace(
        config="of no use",
        noise=lambda n: [torch.ones(n, 2), torch.ones(n, 3)],
        decode_residuals=lambda parts: parts[0] + (1e-7 if len(parts[0]) <= last else 0),
    )
    assert images_enough(model) == last + 1


def test_an_error_in_one_request_fails_no_other(subject):
    def wrong_sheet(pictures):
        raise ZeroDivisionError

    jobs = [
        Job(("", ""), make)
        for make in (
            asked("samples", {"n": 16}),
            asked("reconstructions", {"images": (99_999,)}),
            lambda _: Undecoded(subject.model.noise(16), wrong_sheet),
            asked("rates", {"draws": 1}),
            asked("traversal", {}),
        )
    ]
    make_together(subject, jobs)
    assert isinstance(jobs[1].made.exception(0), QueryError)
    assert isinstance(jobs[2].made.exception(0), ZeroDivisionError)
    assert jobs[0].made.result(0).shape == jobs[4].made.result(0).shape
    assert len(jobs[3].made.result(0)) == 1
