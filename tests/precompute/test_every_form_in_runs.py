"""Runs of 3 × 3 points of every architecture, inference and likelihood, from the command line to the page.

They take minutes, and other tests show their parts. So they run only where HVAE_TEST_FORMS is 1:

    HVAE_TEST_FORMS=1 pytest tests/precompute/test_every_form_in_runs.py
"""

import os

import numpy as np
import pytest
from command_line import called

from app.server.build import create_app
from hvae import Atlas
from hvae.architectures.registry import names
from hvae.atlas.verify import problems
from hvae.metrics.registry import metric_columns

pytestmark = pytest.mark.skipif(
    os.environ.get("HVAE_TEST_FORMS") != "1", reason="takes minutes: HVAE_TEST_FORMS=1 runs it"
)


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
@pytest.mark.parametrize("inference", ["generalized", "ladder"])
@pytest.mark.parametrize("architecture", names())
def test_a_run_ends_with_finite_metrics_is_sound_and_shown(
    quick_measuring, monkeypatch, tmp_path, architecture, inference, likelihood
):
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))
    out = tmp_path / "atlas"
    chosen = {"architecture": architecture, "inference": inference, "likelihood": likelihood}
    chosen |= {"width": 8, "channels": 2, "top_dim": 4}
    models = [part for name, value in chosen.items() for part in ("--model", f"{name}={value}")]
    told = called(
        *("run", out, "--dataset", "digits", "--size", "16", "--betas", "0.1:10:3", "--epochs", "1"),
        *("--jobs", "1", "--device", "cpu", *models),
    )
    assert told.returncode == 0, told.stderr
    atlas = Atlas.open(out)
    config = atlas.config
    assert (config.architecture, config.inference, config.likelihood) == (architecture, inference, likelihood)
    assert len(atlas.metrics) == 9 and not atlas.manifest.failures and problems(out) == []
    assert np.isfinite(atlas.metrics[list(metric_columns())].to_numpy(float)).all()
    server = create_app({"atlas": atlas}).server
    client = server.test_client()
    point = atlas.metrics["checkpoint"][0].removeprefix("models/").removesuffix(".safetensors")
    assert client.get("/").status_code == 200
    assert client.get(f"/pictures/atlas/{point}/reconstructions.png?images=0,1").mimetype == "image/png"
    server.extensions["decoder"].close()
