"""`verify --deep`: what was measured matches when it is measured again, and what was not is named."""

import re
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from atlas_builder import as_made_from
from documents import ROOT

from hvae import Atlas, UserError
from hvae.atlas.checks.measured_again import spread
from hvae.datasets import load
from hvae.files import sha256, write_json
from precompute.__main__ import main, with_all_points
from precompute.deep import verify_deep


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A 2 × 2 atlas measured on the test images of digits, of which it carries 256; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "fuzz"))
        from honest_atlas import honest_atlas

        return honest_atlas(tmp_path_factory.mktemp("deep") / "honest", test=load("digits", "test"))


def change(folder, **columns):
    """Scale columns of the table, totals following; returns `folder`."""
    table = pd.read_parquet(folder / "metrics.parquet")
    for name, factor in columns.items():
        table.loc[2, name] *= factor
    total = table["rate_z2"] + table["rate_z1"]
    table = table.assign(rate_total=total, neg_elbo=table["distortion"] + total)
    table.to_parquet(folder / "metrics.parquet", index=False)
    content = Atlas.open(folder.parent / "honest").manifest.model_dump()
    content["files"]["metrics.parquet"] = sha256(folder / "metrics.parquet")
    write_json(folder / "atlas.json", content)
    return folder


def verified(folder, points=10_000, data_dir=None):
    """Whether it is sound, what was printed, and the problems."""
    said, problems = [], []
    sound = verify_deep(
        folder, points, data_dir, lambda line, err=False: (problems if err else said).append(line)
    )
    return sound, "\n".join(said), problems


def test_an_honest_atlas_matches_on_its_own_images_and_it_is_said_what_would_not_show(honest):
    sound, said, problems = verified(honest)
    assert sound and problems == []
    assert "256 test images, a sample" in said and said.count("as in the table") == 4
    sizes = re.search(r"half of the points R\(z₂\) by ([\d.]+) nats, .*, PSNR by ([\d.]+) dB", said)
    assert 0.05 < float(sizes[1]) < 50 and 0.02 < float(sizes[2]) < 2


def test_an_honest_atlas_matches_on_the_whole_test_set(honest, tmp_path):
    sound, said, problems = verified(honest, points=2, data_dir=tmp_path)
    assert sound and problems == [] and said.count("as in the table") == 2
    assert f"all {len(load('digits', 'test'))} test images" in said and "may have passed" not in said


def test_a_small_lie_shows_on_the_test_set_and_a_large_one_on_a_sample(honest, tmp_path):
    folder = shutil.copytree(honest, tmp_path / "honest")  # `change` looks for it beside its copy
    small = change(shutil.copytree(folder, tmp_path / "small"), rate_z1=1.02)
    assert verified(small)[0]
    sound, _, problems = verified(small, data_dir=tmp_path)
    assert not sound and any("rate_z1" in line and "on the same images" in line for line in problems)
    large = change(shutil.copytree(folder, tmp_path / "large"), distortion=1.05)
    sound, _, problems = verified(large)
    assert not sound and any("distortion" in line and "256 test images" in line for line in problems)


def test_other_test_images_are_a_sentence(honest, tmp_path):
    folder = shutil.copytree(honest, tmp_path / "other")
    as_made_from(folder, data={"train": "0" * 64, "test": "7" * 64})
    with pytest.raises(UserError, match="holds other test images of digits"):
        verified(folder, data_dir=tmp_path)


def test_points_that_are_chosen_lie_far_from_each_other_and_are_always_the_same():
    atlas = Atlas.default()
    four = spread(atlas.metrics, 4)
    corners = {f"models/beta2-{b}_beta1-{a}.safetensors" for b in ("0.1", "10") for a in ("0.1", "10")}
    assert set(four) == corners and spread(atlas.metrics, 4) == four
    for n in (1, 9, 50):
        chosen = spread(atlas.metrics, n)
        assert len(set(chosen)) == n and chosen == sorted(chosen, key=list(atlas.metrics["checkpoint"]).index)
    assert spread(atlas.metrics, 9999) == list(atlas.metrics["checkpoint"])
    rows = atlas.metrics.set_index("checkpoint").loc[spread(atlas.metrics, 13)]
    assert len(np.unique(rows["beta_2"])) > 3 and len(np.unique(rows["beta_1"])) > 3


def test_deep_takes_a_number_or_none():
    assert with_all_points(["verify", "x", "--deep"]) == ["verify", "x", "--deep=10000"]
    assert with_all_points(["verify", "--deep", "x"]) == ["verify", "--deep=10000", "x"]
    for given in (["verify", "x", "--deep", "5"], ["verify", "--deep=5", "x"], ["verify", "x"], []):
        assert with_all_points(given) == given


def test_the_command_says_each_point_and_fails_where_one_does_not_match(
    honest, tmp_path, monkeypatch, capsys
):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["precompute", "verify", *map(str, arguments)])
        return main()

    assert command(honest, "--deep", 1, "--data-dir", tmp_path) == 0
    out = capsys.readouterr().out
    assert "1/1  beta2-0.5_beta1-0.5" in out and "1 of its 4 points measure as its table says" in out
    folder = shutil.copytree(honest, tmp_path / "honest")
    false = change(shutil.copytree(folder, tmp_path / "false"), psnr=1.5)
    assert command(false) == 0
    assert command(false, "--deep") == 1
    said = capsys.readouterr()
    assert "psnr is" in said.err and "is not sound: 1 number" in said.err and "1 differ" in said.out
    assert command(honest, "--data-dir", tmp_path) == 2
    assert "add --deep" in capsys.readouterr().err
