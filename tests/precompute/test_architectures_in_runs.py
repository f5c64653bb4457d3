"""A run of another architecture, from the command line to a sound atlas with all metrics."""

import numpy as np
import pytest
from command_line import called

from hvae import Atlas
from hvae.atlas.verify import problems
from hvae.metrics.registry import metric_columns


@pytest.fixture(autouse=True)
def fast(quick_measuring, monkeypatch, tmp_path):
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("architecture", "options"),
    [("local", []), ("xiao-bamler", ["--model", "inference=ladder", "--model", "likelihood=bernoulli"])],
)
def test_it_ends_with_finite_metrics_and_goes_on_with_the_same_architecture_only(
    architecture, options, tmp_path
):
    out, small = tmp_path / "atlas", ["--model", "width=8", "--model", "channels=2", "--model", "top_dim=4"]
    usual = ["run", out, "--dataset", "digits", "--size", "16", "--betas", "1:1:1", "--epochs", "1"]
    usual += ["--jobs", "1", "--device", "cpu", *small, *options]
    told = called(*usual, "--model", f"architecture={architecture}")
    assert told.returncode == 0, told.stderr
    atlas = Atlas.open(out)
    assert atlas.config.architecture == architecture and not atlas.manifest.failures
    assert np.isfinite(atlas.metrics[list(metric_columns())].to_numpy(float)).all()
    assert problems(out) == []
    fold = atlas.load_parent().fold([1.0, 1.0])
    assert fold.sample(1).shape == (1, 1, 16, 16)
    told = called(*usual)
    assert told.returncode == 2 and told.stderr.count("\n") == 1 and "architecture" in told.stderr
