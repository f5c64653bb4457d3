"""Atlases of models that were trained elsewhere: Atlas.create and Atlas.add."""

import re

import numpy as np
import pytest
import torch
from small_runs import few

from app.server.build import create_app
from hvae import HVAE, Atlas, HVAEConfig, UserError, datasets
from hvae.atlas import writing
from hvae.atlas.verify import problems
from precompute.evaluate import evaluate_atlas

CONFIG = HVAEConfig(width=8, top_dim=4, channels=2)
load = datasets.load


@pytest.fixture(autouse=True)
def few_digits(monkeypatch):
    """256 training and 100 test images of digits, wherever they are loaded from."""
    counts = {"train": 256, "test": 100}
    monkeypatch.setattr(
        datasets, "load", lambda name, split, *args, **more: few(load(name, split), counts[split])
    )
    writing.loaded.cache_clear()
    yield
    writing.loaded.cache_clear()


def model(seed=0, config=CONFIG):
    torch.manual_seed(seed)
    return HVAE(config)


@pytest.fixture
def sweep(tmp_path):
    return Atlas.create(tmp_path / "sweep", dataset="digits", config=CONFIG, seed=3)


def test_it_holds_the_models_that_were_added_with_their_rates_and_psnr(sweep):
    first, second = model(1), model(2)
    longer = sweep.add(1.0, 0.1, first).add(0.1, 0.25, second)
    assert len(sweep.metrics) == 0 and len(longer.metrics) == 2
    again = longer.load(beta_2=0.1, beta_1=0.25, exact=True)
    for name, weight in second.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name
    x = few(load("digits", "test"), 100).images.float() / 255
    row = longer.metrics.set_index("beta_2").loc[1.0]
    expected = ((first.eval().reconstruct(x) - x) ** 2).flatten(1).mean(1)
    assert row["psnr"] == pytest.approx(10 * np.log10(1 / float(expected.mean())), abs=1e-3)
    rates = first.rates(x, seed=3).mean(0)
    assert [row["rate_z1"], row["rate_z2"]] == pytest.approx(rates.tolist(), rel=1e-4)
    assert problems(longer.path) == []


def test_evaluate_fills_in_the_rest_and_the_page_shows_it(sweep, quick_measuring):
    sweep.add(1.0, 0.1, model(1))
    evaluate_atlas(sweep.path, "data")
    atlas = Atlas.open(sweep.path)
    assert np.isfinite(atlas.metrics[["mi_z2", "acc_rbf_svm_z2", "inception_score"]]).all(axis=None)
    assert problems(sweep.path) == []
    app = create_app({"sweep": atlas})
    client = app.server.test_client()
    assert "were trained elsewhere" in client.get("/_dash-layout").text
    assert client.get("/pictures/sweep/beta2-1_beta1-0.1/samples.png").status_code == 200
    app.server.extensions["decoder"].close()


@pytest.mark.parametrize(
    ("betas", "other", "reason"),
    [
        ((1.0, 0.1), {}, "has a point at β₂ = 1, β₁ = 0.1 already"),
        ((1.0, 0.10000001), {}, "already"),
        ((0, 1), {}, "β must be from"),
        ((1, float("nan")), {}, "β must be from"),
        ((1e7, 1), {}, "β must be from"),
        ((2, 2), {"width": 10}, "another config"),
        ((2, 2), {"inference": "ladder"}, "another config"),
    ],
)
def test_a_model_that_does_not_belong_there_is_refused(sweep, betas, other, reason):
    atlas = sweep.add(1.0, 0.1, model())
    with pytest.raises(UserError, match=re.escape(reason)):
        atlas.add(*betas, model(config=HVAEConfig(**{**vars(CONFIG), **other})))
    assert len(Atlas.open(sweep.path).metrics) == 1


def test_weights_that_are_not_finite_are_refused(sweep):
    broken = model()
    with torch.no_grad():
        next(broken.parameters()).fill_(torch.nan)
    with pytest.raises(UserError, match="not finite"):
        sweep.add(1, 1, broken)


def test_an_atlas_of_a_run_takes_no_models_from_elsewhere(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    with pytest.raises(UserError, match="from precompute run"):
        atlas.add(0.5, 0.5, HVAE(atlas.config))


def test_a_folder_that_is_taken_and_pictures_of_another_shape_are_refused(sweep, tmp_path):
    with pytest.raises(UserError, match="is there already"):
        Atlas.create(sweep.path, dataset="digits", config=CONFIG)
    with pytest.raises(UserError, match=re.escape("image_shape=(1, 32, 32)")):
        Atlas.create(tmp_path / "other", dataset="digits", config=HVAEConfig(image_shape=(3, 32, 32)))
    assert not (tmp_path / "other").exists()
